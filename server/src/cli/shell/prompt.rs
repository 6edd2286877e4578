//! The interactive prompt: line editing, history, and Ctrl-C.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use tenantry_client::v1::Attachment;

use super::complete;
use super::dot::{self, Next};
use super::lexer::{Kind, Tokens};
use super::names::{self, Names};
use super::session::Session;
use super::statements;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, Mode, is_hostile, visible};

/// How many statements the history keeps.
const HISTORY_ENTRIES_MAX: usize = 1_000;
/// How terminals are told to write faintly, and as usual. The editor uses neither
/// where `NO_COLOR` is set.
const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";
/// How the first two parts of a token of ours begin: the letters of `{"`.
const TOKEN_PART: &str = "eyJ";

/// Reads and runs statements until the user leaves.
pub(super) async fn run(mut session: Session<'_>, state_home: Option<PathBuf>) -> Outcome {
    session.is_chatty = true;
    let mut editor =
        editor(&session).map_err(|error| Failure::new(format!("no prompt here: {error}")))?;
    let history = history_file(state_home);
    if let Some(path) = &history {
        // An unreadable history is none; it is no reason not to work.
        let _ = editor.load_history(path);
    }
    let mut out = output::stdout();
    writeln!(out, "Statements end with a semicolon; .help tells more.")?;
    out.flush()?;
    loop {
        if let Some(assistant) = editor.helper_mut() {
            assistant.renew(&session);
        }
        let mark = if session.is_in_transaction() { "*" } else { "" };
        match editor.readline(&format!("{}{mark}> ", visible(session.database()))) {
            Ok(input) => {
                if !holds_token(&input) {
                    let _ = editor.add_history_entry(input.trim_end());
                    if let Some(path) = &history {
                        let _ = editor.append_history(path);
                    }
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

fn editor<'a>(session: &Session<'a>) -> rustyline::Result<Editor<Assistant<'a>, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY_ENTRIES_MAX)?
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Assistant::new(session)));
    Ok(editor)
}

/// Whether a token has been typed or pasted, which no file shall keep.
fn holds_token(input: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    input.split(|c| !is_part(c)).any(|word| {
        let parts: Vec<_> = word.split('.').collect();
        parts.windows(2).any(|pair| pair.iter().all(|part| part.starts_with(TOKEN_PART)))
    })
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

/// Helps while a line is being edited: tells when the input is whole, and what a
/// word can become.
struct Assistant<'a> {
    client: &'a Client,
    database: String,
    attachments: Vec<Attachment>,
    /// What was asked for since the last input.
    names: RefCell<Option<Names>>,
    files: FilenameCompleter,
}

impl<'a> Assistant<'a> {
    fn new(session: &Session<'a>) -> Self {
        Self {
            client: session.client(),
            database: session.database().to_owned(),
            attachments: Vec::new(),
            names: RefCell::default(),
            files: FilenameCompleter::new(),
        }
    }

    /// For a new input.
    fn renew(&mut self, session: &Session<'_>) {
        self.attachments = session.attachments().to_vec();
        self.names = RefCell::default();
    }

    /// The tables and columns, asked for where they are not known yet.
    fn with_names<T>(&self, use_them: impl FnOnce(&Names) -> T) -> T {
        let mut names = self.names.borrow_mut();
        let names = names.get_or_insert_with(|| {
            let load = names::load(self.client, &self.database, &self.attachments);
            // The editor knows nothing of async, and this thread may wait.
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(load))
        });
        use_them(names)
    }

    /// What the words of a dot-command can become.
    fn command(&self, line: &str, position: usize) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = &line[..position];
        let start = last_word(before);
        let prefix = &before[start..];
        let typed: Vec<_> = before[..start].split_whitespace().collect();
        let of = |words: &[&str]| complete::matching(prefix, words.iter().copied());
        let offered = match typed[..] {
            [] => of(&dot::COMMANDS),
            [".mode"] => of(&Mode::NAMES),
            [".timer"] => of(&["on", "off"]),
            [".dump" | ".schema"] => self.tables(prefix),
            [".read"] => return self.files.complete_path(line, position),
            [".import", ..] if typed[1..].iter().all(|word| word.starts_with("--")) => {
                return self.files.complete_path(line, position);
            }
            [".import", ..] => self.tables(prefix),
            _ => Vec::new(),
        };
        Ok((start, offered.into_iter().map(pair).collect()))
    }

    fn tables(&self, prefix: &str) -> Vec<String> {
        self.with_names(|names| {
            let tables = names.tables.iter().filter(|table| table.schema == "main");
            complete::matching(prefix, tables.map(|table| table.name.as_str()))
        })
    }
}

/// Where the last word starts; a space may have several bytes.
fn last_word(text: &str) -> usize {
    let space = text.char_indices().rfind(|(_, c)| c.is_whitespace());
    space.map_or(0, |(index, c)| index + c.len_utf8())
}

fn pair(text: String) -> Pair {
    Pair { display: text.clone(), replacement: text }
}

impl Validator for Assistant<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_whole =
            input.trim_start().starts_with('.') || statements::split(input).rest.is_empty();
        Ok(if is_whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Completer for Assistant<'_> {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, mut offered) = if line.trim_start().starts_with('.') {
            self.command(line, position)?
        } else {
            let (start, offered) =
                complete::sql(line, position, |complete| self.with_names(complete));
            (start, offered.into_iter().map(pair).collect())
        };
        // Names of tables and files are data, and are shown as they are.
        offered.retain(|pair| !pair.replacement.chars().any(is_hostile));
        Ok((start, offered))
    }
}

impl Highlighter for Assistant<'_> {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("{DIM}{hint}{PLAIN}"))
    }
}

impl Hinter for Assistant<'_> {
    type Hint = Advice;

    /// On a new line of a statement: why it has not run.
    fn hint(&self, line: &str, position: usize, _context: &Context<'_>) -> Option<Advice> {
        let is_new_line = position == line.len() && line.ends_with('\n');
        let rest = statements::split(line).rest;
        if !is_new_line || rest.is_empty() {
            return None;
        }
        let last = Tokens::new(rest).last()?;
        Some(Advice(match last.kind {
            Kind::Unfinished if last.text.starts_with("/*") => "  the comment is still open",
            Kind::Unfinished => "  the quote is still open; Ctrl-C drops the statement",
            _ => "  a semicolon ends the statement; Ctrl-C drops it",
        }))
    }
}

/// What is shown behind the cursor and is no part of the input.
struct Advice(&'static str);

impl Hint for Advice {
    fn display(&self) -> &str {
        self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Helper for Assistant<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_starts_behind_any_space() {
        for (text, word) in [
            ("", ""),
            (".mode", ".mode"),
            (".mode c", "c"),
            (".mode ", ""),
            (".dump\u{3000}ü", "ü"),
        ] {
            assert_eq!(&text[last_word(text)..], word, "{text:?}");
        }
    }

    #[test]
    fn tokens_are_told_from_sql() {
        for token in [
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln",
            "INSERT INTO t VALUES ('eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln');",
            ".read eyJh.eyJz",
        ] {
            assert!(holds_token(token), "{token}");
        }
        for plain in ["SELECT 1;", "SELECT eyJ.x FROM eyJ;", "SELECT 'a.b.c';"] {
            assert!(!holds_token(plain), "{plain}");
        }
    }
}
