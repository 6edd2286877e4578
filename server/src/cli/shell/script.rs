//! Statements and dot-commands from a pipe or a file, one after the other.

use std::fs::File;
use std::io::{self, BufRead, Write};

use super::dot::{self, Next};
use super::lexer::Tokens;
use super::session::Session;
use super::statements::Splitter;
use crate::cli::failure::{Failure, Outcome};

/// How deep files may read each other.
const DEPTH_MAX: u32 = 16;

/// Runs what a reader holds, until its end or the first error, which is told with
/// its line. `name` is the file's; a pipe has none.
pub(super) async fn run(
    lines: &mut dyn BufRead,
    name: Option<&str>,
    session: &mut Session<'_>,
    out: &mut dyn Write,
) -> Result<Next, Failure> {
    let place = |line: u64| match name {
        Some(name) => format!("{name}, line {line}"),
        None => format!("line {line}"),
    };
    let mut input = String::new();
    let mut splitter = Splitter::default();
    // The line at which `input` starts, and the one that is read next.
    let (mut first_line, mut next_line) = (1_u64, 1_u64);
    loop {
        let line_start = input.len();
        let line_number = next_line;
        let read = lines.read_line(&mut input);
        let is_end = read.map_err(|error| unreadable(&place(line_number), &error))? == 0;
        next_line += 1;
        let line = input[line_start..].trim();
        // A dot-command stands at the start of a line between statements.
        if line.starts_with('.') && splitter.is_between() {
            let next = dot::run(line, session, out).await;
            if next.map_err(|failure| failure.within(&place(line_number)))? == Next::Quit {
                return Ok(Next::Quit);
            }
            (input, splitter, first_line) = (String::new(), Splitter::default(), next_line);
            continue;
        }
        let mut statements = splitter.read_on(&input);
        // What has no semicolon at the end of the input is a statement all the same.
        let last = splitter.rest(&input);
        if is_end && !last.is_empty() {
            statements.push(last);
        }
        let (mut position, mut line) = (0, first_line);
        for statement in statements {
            let start = position + input[position..].find(statement).unwrap_or(0);
            let first = start + first_token(statement);
            line += newlines(&input[position..first]);
            session.run(statement, out).await.map_err(|failure| failure.within(&place(line)))?;
            position = start + statement.len();
            line += newlines(&input[first..position]);
        }
        if is_end {
            return Ok(Next::GoOn);
        }
        first_line += splitter.drop_read(&mut input);
    }
}

/// Runs a file. A transaction that it has opened and not ended at an error is
/// rolled back: nobody shall commit half of it.
pub(super) async fn run_file(
    name: &str,
    session: &mut Session<'_>,
    out: &mut dyn Write,
) -> Result<Next, Failure> {
    if session.depth >= DEPTH_MAX {
        return Err(Failure::new(format!("more than {DEPTH_MAX} files read each other")));
    }
    let file = File::open(name).map_err(|error| unreadable(name, &error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(name, &io::ErrorKind::IsADirectory.into()));
    }
    let was_open = session.is_in_transaction();
    session.depth += 1;
    let mut lines = io::BufReader::new(file);
    // On the heap, because a file may read another one.
    let next = Box::pin(run(&mut lines, Some(name), session, out)).await;
    session.depth -= 1;
    if next.is_err() && !was_open {
        session.abandon();
    }
    next
}

/// A transaction that the end of the input leaves open is lost.
pub(super) fn check_end(session: &Session<'_>) -> Outcome {
    if session.is_in_transaction() {
        return Err(Failure::with_hint(
            "the input ended inside a transaction, which has been rolled back",
            "end it with COMMIT",
        ));
    }
    Ok(())
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read {name}: {error}"))
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|&byte| byte == b'\n').count() as u64
}

/// Where the first token stands, behind comments.
fn first_token(statement: &str) -> usize {
    Tokens::new(statement).next().map_or(0, |token| token.end - token.text.len())
}
