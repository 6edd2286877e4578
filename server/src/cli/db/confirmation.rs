//! Asks before data is deleted.

use std::io::{self, IsTerminal as _};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::visible;

/// Whether the user has agreed.
#[derive(clap::Args)]
pub struct Confirmation {
    /// Do not ask; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Asks, unless `--yes` was given. Where standard input is no terminal,
    /// nothing is deleted without it.
    pub(in crate::cli) fn ask(&self, question: &str) -> Outcome {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::Usage("there is nobody to ask: agree with --yes".into()));
        }
        eprint!("{} [y/N] ", visible(question));
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if is_yes(&answer) { Ok(()) } else { Err(Failure::new("nothing was deleted")) }
    }
}

/// Whether the answer to a question is yes.
pub(in crate::cli) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
