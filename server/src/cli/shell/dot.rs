//! Dot-commands: what the shell itself can do.

use std::io::Write;

use clap::ValueEnum as _;
use tenantry_client::v1::Value;
use tenantry_client::v1::value::Kind;

use super::dump;
use super::import::Import;
use super::script;
use super::session::Session;
use super::words::{quoted, words};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{Mode, plain, visible};

/// The commands that there are, for completion.
pub(super) const COMMANDS: [&str; 11] = [
    ".databases",
    ".dump",
    ".exit",
    ".help",
    ".import",
    ".mode",
    ".quit",
    ".read",
    ".schema",
    ".tables",
    ".timer",
];

const HELP: &str = "\
.databases           the database and what is attached
.tables              tables and views, those of attached databases included
.schema [TABLE]      the CREATE statements, of one table or of all
.dump [TABLE]        SQL that makes all of it again, or one table
.read FILE           run the statements and commands in a file
.import FILE TABLE   add the rows of a CSV file: all of them or none. Its first line
                     names the columns; a table that is not there is created.
                     --no-header: the first line is data; --null TEXT: fields of
                     this text are NULL
.mode [MODE]         how rows are shown: table, json, csv, markdown, list or line
.timer [on|off]      tell how long each statement took
.help                this
.quit                leave, as Ctrl-D does

A statement ends with a semicolon and may take several lines. Tab completes names
and keywords. Ctrl-C cancels the running statement, or the one being typed. BEGIN
opens a transaction, COMMIT or ROLLBACK ends it; ATTACH 'other' AS o and DETACH o work
as in SQLite.";

/// What comes after a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next statement.
    GoOn,
    /// The end of the shell.
    Quit,
}

/// Runs a line that starts with a dot.
pub(super) async fn run(
    line: &str,
    session: &mut Session<'_>,
    out: &mut dyn Write,
) -> Result<Next, Failure> {
    let all = words(line);
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    match words[..] {
        [".quit" | ".exit"] => return Ok(Next::Quit),
        [".help"] => writeln!(out, "{HELP}")?,
        [".databases"] => databases(session, out)?,
        [".tables"] => tables(session, out).await?,
        [".schema"] => schema(session, None, out).await?,
        [".schema", table] => schema(session, Some(table), out).await?,
        [".dump"] => dump::run(session, None, out).await?,
        [".dump", table] => dump::run(session, Some(table), out).await?,
        [".read", file] => return script::run_file(file, session, out).await,
        [".import", ..] => Import::parse(&all[1..])?.run(session, out).await?,
        [".timer"] => writeln!(out, "{}", if session.is_timed { "on" } else { "off" })?,
        [".timer", "on"] => session.is_timed = true,
        [".timer", "off"] => session.is_timed = false,
        [".mode"] => {
            let name = session.mode.to_possible_value();
            writeln!(out, "{}", name.as_ref().map_or("", |name| name.get_name()))?;
        }
        [".mode", name] => {
            session.mode = Mode::from_str(name, true).map_err(|_| {
                Failure::new(format!(
                    "there is no mode {name}: table, json, csv, markdown, list or line"
                ))
            })?;
        }
        [command, ..] => {
            let message = format!("{command} is unknown, or not used like this");
            return Err(Failure::with_hint(message, ".help lists the commands"));
        }
        [] => {}
    }
    out.flush()?;
    Ok(Next::GoOn)
}

fn databases(session: &Session<'_>, out: &mut dyn Write) -> Outcome {
    writeln!(out, "main: {}", visible(session.database()))?;
    for attachment in session.attachments() {
        let (alias, database) = (visible(&attachment.alias), visible(&attachment.database));
        writeln!(out, "{alias}: {database}")?;
    }
    Ok(())
}

/// The schemas that can be asked for their tables, each with what comes before
/// a name of it.
fn schemas(session: &Session<'_>) -> Vec<(String, String)> {
    let attached = session
        .attachments()
        .iter()
        .map(|attachment| (quoted(&attachment.alias), format!("{}.", attachment.alias)));
    [("main".to_owned(), String::new())].into_iter().chain(attached).collect()
}

async fn tables(session: &mut Session<'_>, out: &mut dyn Write) -> Outcome {
    for (schema, prefix) in schemas(session) {
        let sql = format!(
            "SELECT name FROM {schema}.sqlite_schema WHERE type IN ('table', 'view') \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        );
        for row in session.rows(&sql, Vec::new()).await? {
            writeln!(out, "{}{}", visible(&prefix), visible(text(&row)))?;
        }
    }
    Ok(())
}

async fn schema(session: &mut Session<'_>, table: Option<&str>, out: &mut dyn Write) -> Outcome {
    let (wanted_schema, wanted) = match table.and_then(|table| table.split_once('.')) {
        Some((schema, table)) => (Some(schema), Some(table)),
        None => (None, table),
    };
    let mut is_found = false;
    for (schema, prefix) in schemas(session) {
        let alias = prefix.trim_end_matches('.');
        if wanted_schema.is_some_and(|wanted| alias != wanted) {
            continue;
        }
        let filter = if wanted.is_some() { "AND tbl_name = ? COLLATE NOCASE" } else { "" };
        let sql = format!(
            "SELECT sql FROM {schema}.sqlite_schema WHERE sql NOT NULL {filter} ORDER BY rowid"
        );
        let args = wanted.map(|table| Value { kind: Some(Kind::Text(table.to_owned())) });
        let rows = session.rows(&sql, Vec::from_iter(args)).await?;
        if !rows.is_empty() && !alias.is_empty() {
            writeln!(out, "-- {}", visible(alias))?;
        }
        for row in &rows {
            writeln!(out, "{};", plain(text(row)))?;
        }
        is_found |= !rows.is_empty();
    }
    match table {
        Some(table) if !is_found => {
            Err(Failure::new(format!("there is no table {table}: see .tables")))
        }
        _ => Ok(()),
    }
}

/// The first value of a row as text.
pub(super) fn text(row: &[Value]) -> &str {
    match row.first().and_then(|value| value.kind.as_ref()) {
        Some(Kind::Text(text)) => text,
        _ => "",
    }
}
