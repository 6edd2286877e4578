//! `tenantry db shell`: SQL from an argument, from a pipe, or at a prompt.
//!
//! An argument is sent as one unit. From a pipe and at the prompt statements run
//! one after the other, so that a script of any length needs no memory and a
//! transaction can be open across lines.

mod complete;
mod csv;
mod dot;
mod dump;
mod import;
mod lexer;
mod lift;
mod names;
mod prompt;
mod script;
mod session;
mod statements;
mod transaction;
mod words;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use super::client::Client;
use super::failure::Outcome;
use super::output::{self, Format};
use session::Session;

const HELP: &str = "\
With SQL, the text is sent as one unit: all of it happens or nothing, unless it
has BEGIN and COMMIT of its own. Without SQL, statements are read from standard
input and run one by one; from a pipe the first error ends it, at a terminal
there is a prompt. Lines that start with a dot are for the shell itself, as an
argument too: `tenantry db shell NAME .dump`; .help lists them.

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

    /// Where programs keep their state: the history is in `tenantry` in it
    // A flag only because flags are what reads the environment.
    #[arg(long, env = "XDG_STATE_HOME", hide = true)]
    state_home: Option<PathBuf>,
}

impl Args {
    /// Whether statements come from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.sql.is_none()
    }
}

/// Runs the shell.
pub(super) async fn run(args: Args, client: &Client, format: Format) -> Outcome {
    let mut session = Session::new(client, args.name, args.attach, format.into());
    let mut out = output::stdout();
    match args.sql {
        Some(line) if line.trim_start().starts_with('.') => {
            dot::run(&line, &mut session, &mut out).await?;
        }
        Some(sql) => return session.run_script(&sql, &mut out).await,
        None if io::stdin().is_terminal() && io::stdout().is_terminal() => {
            return prompt::run(session, args.state_home).await;
        }
        None => {
            // Not locked: a file that is read meanwhile may be this one.
            let mut lines = io::BufReader::new(io::stdin());
            script::run(&mut lines, None, &mut session, &mut out).await?;
        }
    }
    script::check_end(&session)
}
