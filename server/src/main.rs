//! The binary: parses, builds, serves and drains. Everything else is in the
//! library.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _};
use tenantry::app::{self, Env};
use tenantry::cli;
use tenantry::config::{Config, Flags, LogFormat};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::prelude::*;

/// How long work that was cut has to notice.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);
/// Threads that wait for SQLite, at most: the readers of many busy databases.
const BLOCKING_THREADS_MAX: usize = 2048;
/// How a process tells that it was used wrongly.
const USAGE: u8 = 2;

/// A database for every tenant: a gRPC server of SQLite databases, and its client
#[derive(clap::Parser)]
#[command(name = "tenantry", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    client: cli::Options,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<Flags>),
    #[command(flatten)]
    Client(cli::Command),
}

fn main() -> ExitCode {
    let matches = Args::command().get_matches();
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let flags = match args.command {
        Command::Serve(flags) => flags,
        Command::Client(command) => {
            return cli::run(command, &args.client, Args::command(), &matches);
        }
    };
    let config = match flags.read() {
        Ok(config) => config,
        Err(problems) => return fail(problems, ExitCode::from(USAGE)),
    };
    init_log(&config);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().max_blocking_threads(BLOCKING_THREADS_MAX).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(error, ExitCode::FAILURE),
    };
    let served = runtime.block_on(serve(config));
    runtime.shutdown_timeout(SHUTDOWN_GRACE);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error, ExitCode::FAILURE),
    }
}

async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let app = app::build(config, Env::system()).await?;
    let (address, token) = (app.address(), app.admin_token_file());
    // Whoever reads this may have gone away; the server has not.
    let mut stdout = io::stdout().lock();
    let _ = match token.exists() {
        true => writeln!(stdout, "listening on {address} (first admin token: {})", token.display()),
        false => writeln!(stdout, "listening on {address}"),
    };
    drop(stdout);
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(app.serve(stop).await?)
}

fn init_log(config: &Config) {
    let lines = layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let log = tracing_subscriber::registry().with(config.log.clone());
    match config.log_format {
        LogFormat::Text => log.with(lines).init(),
        LogFormat::Json => log.with(lines.json().with_span_list(false)).init(),
    }
}

fn fail(error: impl Display, code: ExitCode) -> ExitCode {
    for line in error.to_string().lines() {
        // Where nobody reads it, the exit code still tells.
        let _ = writeln!(io::stderr(), "tenantry: {line}");
    }
    code
}
