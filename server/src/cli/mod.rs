//! The command line, apart from `serve`.
//!
//! Everything here is a client of a running server: it speaks gRPC through
//! `tenantry_client` and uses nothing else of this crate, so that whatever the
//! command line can do, any other client can do too.

mod client;
mod context;
mod db;
mod failure;
mod group;
mod manual;
mod migrate;
mod output;
mod parse;
mod secret;
mod shell;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;

use client::Client;
use context::Store;
use failure::{Failure, Outcome};
use output::Format;
use target::Said;

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

    /// Contexts: servers and their tokens, kept under names
    #[command(subcommand)]
    Context(context::Command),

    /// Print what completes this command in your shell
    Completions(manual::Completions),

    /// Print the manual, or write its pages
    Man(manual::Man),
}

/// What every client command needs to know. There is no `Debug`: it would print
/// the token.
#[derive(clap::Args)]
pub struct Options {
    /// The server to talk to, by http:// or https://. Without a scheme: https://,
    /// but for a server on this machine [default: the context in use, or
    /// http://127.0.0.1:50051]
    #[arg(
        long,
        global = true,
        env = "TENANTRY_ENDPOINT",
        value_name = "URL",
        help_heading = "Client options"
    )]
    endpoint: Option<String>,

    /// The authorities to trust instead of the system's, in PEM, where the
    /// endpoint is https://
    #[arg(
        long,
        global = true,
        env = "TENANTRY_CA",
        value_name = "FILE",
        help_heading = "Client options"
    )]
    ca: Option<PathBuf>,

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

    /// The token in a file, which no list of processes shows; - is standard input
    #[arg(
        long,
        global = true,
        env = "TENANTRY_TOKEN_FILE",
        value_name = "FILE",
        help_heading = "Client options"
    )]
    token_file: Option<PathBuf>,

    /// The server and token that `tenantry context` keeps under this name. What
    /// flags say goes before it
    #[arg(
        long,
        global = true,
        env = "TENANTRY_CONTEXT",
        value_name = "NAME",
        help_heading = "Client options"
    )]
    context: Option<String>,

    /// Where programs keep their configuration: contexts are in `tenantry` in it
    // A flag only because flags are what reads the environment.
    #[arg(long, global = true, env = "XDG_CONFIG_HOME", hide = true)]
    config_home: Option<PathBuf>,

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
/// wrongly, 130 left by Ctrl-C while the server goes on. `program` is the whole
/// command line, and `matches` are what was understood of it.
#[must_use]
pub fn run(
    command: Command,
    options: &Options,
    program: clap::Command,
    matches: &clap::ArgMatches,
) -> ExitCode {
    let store = Store::new(options.config_home.as_deref());
    let said = Said::new(options, matches);
    let outcome = match command {
        Command::Completions(completions) => completions.run(program),
        Command::Man(man) => man.run(program),
        Command::Context(command) => {
            context::run(command, &store, said.layer(true), options.output)
        }
        Command::Group(command) => call(Call::Group(command), &said, &store, options.output),
        Command::Db(command) => call(Call::Db(command), &said, &store, options.output),
        Command::Migrate(command) => call(Call::Migrate(command), &said, &store, options.output),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// A command that a server carries out.
enum Call {
    Group(group::Command),
    Db(db::Command),
    Migrate(migrate::Command),
}

impl Call {
    /// What can be refused without a server is refused before it is asked.
    fn check(&self) -> Outcome {
        match self {
            Self::Group(command) => command.check(),
            Self::Db(command) => command.check(),
            Self::Migrate(command) => command.check(),
        }
    }

    /// Whether SQL comes from standard input, and nothing else can.
    fn reads_stdin(&self) -> bool {
        match self {
            Self::Group(_) => false,
            Self::Db(command) => command.reads_stdin(),
            Self::Migrate(command) => command.reads_stdin(),
        }
    }
}

fn call(call: Call, said: &Said<'_>, store: &Store, format: Format) -> Outcome {
    call.check()?;
    let target = said.target(store, call.reads_stdin())?;
    // The one worker keeps the connection alive while the main thread waits for
    // input at a prompt.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let client = Client::connect(&target).await?;
        match call {
            Call::Group(command) => group::run(command, &client, format).await,
            Call::Db(command) => db::run(command, &client, format).await,
            Call::Migrate(command) => migrate::run(command, &client, format).await,
        }
    })
}

#[cfg(test)]
mod tests;
