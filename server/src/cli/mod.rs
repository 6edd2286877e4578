//! The command line, apart from `serve`.
//!
//! Everything here is a client of a running server: it speaks gRPC through
//! `tenantry_client` and uses nothing else of this crate, so that whatever the
//! command line can do, any other client can do too.

mod client;
mod db;
mod failure;
mod group;
mod migrate;
mod output;
mod parse;
mod shell;

use std::path::PathBuf;
use std::process::ExitCode;

use client::Client;
use failure::{Failure, Outcome};
use output::Format;

/// The commands that are clients of a server.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Groups: where databases live together
    #[command(subcommand)]
    Group(group::Command),

    /// Databases: their life, configuration, tokens, and a shell for SQL
    #[command(subcommand)]
    Db(db::Command),

    /// Schemas: change one on a SCHEMA database and all its children, or on none
    #[command(subcommand)]
    Migrate(migrate::Command),
}

/// What every client command needs to know. There is no `Debug`: it would print
/// the token.
#[derive(clap::Args)]
pub struct Options {
    /// The server to talk to
    #[arg(
        long,
        global = true,
        env = "TENANTRY_ENDPOINT",
        default_value = "http://127.0.0.1:50051",
        value_name = "URL",
        help_heading = "Client options"
    )]
    endpoint: String,

    /// The token to show to the server. Without one, a server on this machine
    /// gets its own first admin token, DATA-DIR/admin.token
    #[arg(
        long,
        global = true,
        env = "TENANTRY_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Client options"
    )]
    token: Option<String>,

    /// How results are printed
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Format::Table,
        value_name = "FORMAT",
        help_heading = "Client options"
    )]
    output: Format,

    /// The data directory of a server on this machine
    #[arg(
        long,
        global = true,
        env = "TENANTRY_DATA_DIR",
        default_value = "./tenantry-data",
        value_name = "DIR",
        help_heading = "Client options"
    )]
    data_dir: PathBuf,
}

/// Runs one command to its end and reports how it went: 0 done, 1 failed, 2 used
/// wrongly, 130 left by Ctrl-C while the server goes on.
#[must_use]
pub fn run(command: Command, options: Options) -> ExitCode {
    // The one worker keeps the connection alive while the main thread waits for
    // input at a prompt.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(command, &options)),
        Err(error) => Err(Failure::new(format!("cannot start: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn dispatch(command: Command, options: &Options) -> Outcome {
    // What can be refused without a server is refused before it is asked.
    match &command {
        Command::Group(command) => command.check()?,
        Command::Db(command) => command.check()?,
        Command::Migrate(command) => command.check()?,
    }
    let client = Client::connect(options).await?;
    match command {
        Command::Group(command) => group::run(command, &client, options.output).await,
        Command::Db(command) => db::run(command, &client, options.output).await,
        Command::Migrate(command) => migrate::run(command, &client, options.output).await,
    }
}

#[cfg(test)]
mod tests;
