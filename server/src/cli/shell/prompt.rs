//! The interactive prompt: line editing, history, and Ctrl-C.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Editor, Helper};

use super::dot::{self, Next};
use super::session::Session;
use super::statements;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, visible};

/// How many statements the history keeps.
const HISTORY_ENTRIES_MAX: usize = 1_000;

/// Reads and runs statements until the user leaves.
pub(super) async fn run(mut session: Session<'_>, state_home: Option<PathBuf>) -> Outcome {
    session.is_chatty = true;
    let mut editor = editor().map_err(|error| Failure::new(format!("no prompt here: {error}")))?;
    let history = history_file(state_home);
    if let Some(path) = &history {
        // An unreadable history is none; it is no reason not to work.
        let _ = editor.load_history(path);
    }
    let mut out = output::stdout();
    writeln!(out, "Statements end with a semicolon; .help tells more.")?;
    out.flush()?;
    loop {
        let mark = if session.is_in_transaction() { "*" } else { "" };
        match editor.readline(&format!("{}{mark}> ", visible(session.database()))) {
            Ok(input) => {
                let _ = editor.add_history_entry(input.trim_end());
                if let Some(path) = &history {
                    let _ = editor.append_history(path);
                }
                match interruptible(&input, &mut session, &mut out).await {
                    Ok(Next::GoOn) => {}
                    Ok(Next::Quit) => break,
                    Err(failure @ Failure::Output(_)) => return Err(failure),
                    Err(failure) => {
                        out.flush()?;
                        failure.print();
                    }
                }
            }
            // Ctrl-C drops what is being typed.
            Err(ReadlineError::Interrupted) => {}
            // Ctrl-D leaves.
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(Failure::new(format!("cannot read the input: {error}"))),
        }
    }
    if session.is_in_transaction() {
        writeln!(out, "the open transaction has been rolled back")?;
    }
    Ok(out.flush()?)
}

/// Runs what was typed until Ctrl-C, which gives up the call that is under way
/// and leaves the shell as it is.
async fn interruptible(
    input: &str,
    session: &mut Session<'_>,
    out: &mut dyn Write,
) -> Result<Next, Failure> {
    tokio::select! {
        result = run_input(input, session, out) => return result,
        _ = tokio::signal::ctrl_c() => {}
    }
    let hint = if session.is_in_transaction() {
        "its transaction was rolled back"
    } else {
        "a write that was being committed may have been done"
    };
    session.abandon();
    Err(Failure::with_hint("the statement was cancelled", hint))
}

async fn run_input(
    input: &str,
    session: &mut Session<'_>,
    out: &mut dyn Write,
) -> Result<Next, Failure> {
    if input.trim_start().starts_with('.') {
        return dot::run(input, session, out).await;
    }
    for statement in statements::split(input).statements {
        session.run(statement, out).await?;
    }
    Ok(Next::GoOn)
}

fn editor() -> rustyline::Result<Editor<Lines, FileHistory>> {
    let config = Config::builder().max_history_size(HISTORY_ENTRIES_MAX)?.build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Lines));
    Ok(editor)
}

/// The history file, made so that only its owner can read it; `None` when there
/// is no place for it.
fn history_file(state_home: Option<PathBuf>) -> Option<PathBuf> {
    let state_home = state_home
        .filter(|path| path.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    let directory = state_home.join("tenantry");
    let path = directory.join("history");
    make_private(&directory, &path).ok()?;
    Some(path)
}

#[cfg(unix)]
fn make_private(directory: &Path, file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(directory: &Path, _file: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)
}

/// Tells the editor when the input is whole: other lines can follow until then.
struct Lines;

impl Validator for Lines {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_whole =
            input.trim_start().starts_with('.') || statements::split(input).rest.is_empty();
        Ok(if is_whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Lines {
    type Candidate = String;
}
impl Highlighter for Lines {}
impl Hinter for Lines {
    type Hint = String;
}
impl Helper for Lines {}
