//! `tenantry db shell`: SQL from an argument, from a pipe, or at a prompt.
//!
//! An argument is sent as one unit. From a pipe and at the prompt statements run
//! one after the other, so that a script of any length needs no memory and a
//! transaction can be open across lines.

mod dot;
mod lexer;
mod prompt;
mod session;
mod statements;
mod transaction;

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use super::client::Client;
use super::failure::{Failure, Outcome};
use super::output::{self, Format};
use dot::Next;
use session::Session;

const HELP: &str = "\
With SQL, the text is sent as one unit: all of it happens or nothing, unless it
has BEGIN and COMMIT of its own. Without SQL, statements are read from standard
input and run one by one; from a pipe the first error ends it, at a terminal
there is a prompt (.help tells more).

An attached database is called by its name: SELECT * FROM catalogue.tracks.
ATTACH 'catalogue' AS c and DETACH c work as well, for the rest of the shell.

With --output json each statement that returns rows prints one array of objects:
  integers are numbers with all their digits; use a reader that keeps 64 bits
  reals   are numbers; infinities are \"Infinity\" and \"-Infinity\"
  blobs   are {\"base64\": \"…\"}, and so is text that is not UTF-8
  NULL    is null
A column name that stands twice gets _2, _3 and so on. Tables show NULL as NULL,
blobs as x'00ff' and escape control characters; JSON is exact, and CSV is in a file.";

/// Which database, and what to run there.
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// The database: NAME, GROUP/NAME or GROUP/UUID
    name: String,

    /// What to run; without it standard input is read
    sql: Option<String>,

    /// Databases to attach, read-only, each under its name (or UUID, where it is
    /// named so); without a group they are of the group of the database
    #[arg(long, value_name = "DB[,DB…]", value_delimiter = ',')]
    attach: Vec<String>,

    /// Where programs keep their state: the history is in `tenantry/history` in
    /// it. It is a flag only because flags are what reads the environment.
    #[arg(long, env = "XDG_STATE_HOME", hide = true)]
    state_home: Option<PathBuf>,
}

/// Runs the shell.
pub(super) async fn run(args: Args, client: &Client, format: Format) -> Outcome {
    let mut session = Session::new(client, args.name, args.attach, format.into());
    if let Some(sql) = args.sql {
        return session.run_script(&sql, &mut output::stdout()).await;
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        prompt::run(session, args.state_home).await
    } else {
        read(session).await
    }
}

/// Runs what standard input holds, until its end or the first error.
async fn read(mut session: Session<'_>) -> Outcome {
    let mut out = output::stdout();
    let mut input = String::new();
    let mut lines = io::stdin().lock();
    loop {
        let line_start = input.len();
        let is_end = read_line(&mut lines, &mut input)? == 0;
        let line = input[line_start..].trim();
        if !is_end && !line.ends_with(';') && !line.starts_with('.') {
            continue;
        }
        // A dot-command stands at the start of a line between statements.
        let is_command =
            line.starts_with('.') && statements::split(&input[..line_start]).rest.is_empty();
        let command = is_command.then(|| line.to_owned());
        if is_command {
            input.truncate(line_start);
        }
        let split = statements::split(&input);
        for statement in split.statements {
            session.run(statement, &mut out).await?;
        }
        // What has no semicolon at the end of the input is a statement all the same.
        if is_end && !split.rest.is_empty() {
            session.run(split.rest, &mut out).await?;
        }
        let rest = split.rest.to_owned();
        input = rest;
        if let Some(command) = command
            && dot::run(&command, &mut session, &mut out).await? == Next::Quit
        {
            break;
        }
        if is_end {
            break;
        }
    }
    if session.is_in_transaction() {
        return Err(Failure::with_hint(
            "the input ended inside a transaction, which has been rolled back",
            "end it with COMMIT",
        ));
    }
    Ok(())
}

fn read_line(lines: &mut io::StdinLock<'_>, input: &mut String) -> Result<usize, Failure> {
    lines.read_line(input).map_err(|error| Failure::new(format!("cannot read the input: {error}")))
}
