//! `.import`: rows of a CSV file into a table.
//!
//! All of it happens or nothing: the rows go in one transaction, or inside a
//! savepoint of the one that is open. The file is read as the rows are sent, so
//! that its size needs no memory.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};

use tenantry_client::v1::value::Kind;
use tenantry_client::v1::{Statement, TransactionMode, Value};

use super::csv::{Problem, Reader, Record};
use super::session::Session;
use super::words::quoted;
use crate::cli::failure::{Failure, Outcome};

/// How many rows are sent together.
const BATCH_ROWS_MAX: usize = 500;
/// How many values are sent together: SQLite takes 32,766 of one statement.
const BATCH_VALUES_MAX: usize = 30_000;
/// From how many bytes on a batch is sent.
const BATCH_BYTES_MIN: usize = 1 << 20;
/// What some programs put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The savepoint inside an open transaction.
const SAVEPOINT: &str = "tenantry_import";

const USAGE: &str = ".import [--no-header] [--null TEXT] FILE TABLE";

/// What to import.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Import {
    file: String,
    table: String,
    /// The first line is data already.
    has_no_header: bool,
    /// Fields of exactly this text are NULL.
    null: Option<String>,
}

impl Import {
    /// Reads the words behind `.import`.
    pub(super) fn parse(words: &[String]) -> Result<Self, Failure> {
        let mut import = Self::default();
        let mut names = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--no-header" => import.has_no_header = true,
                "--null" => import.null = Some(words.next().ok_or_else(usage)?.clone()),
                // sqlite3's shell must be told what is the only way here.
                "--csv" => {}
                word if word.starts_with("--") => return Err(usage()),
                word => names.push(word),
            }
        }
        let [file, table] = names[..] else { return Err(usage()) };
        (import.file, import.table) = (file.to_owned(), table.to_owned());
        Ok(import)
    }

    /// Imports the file.
    pub(super) async fn run(&self, session: &mut Session<'_>, out: &mut dyn Write) -> Outcome {
        let mut reader = self.open()?;
        let names = if self.has_no_header { None } else { self.header(&mut reader)? };
        let is_nested = session.is_in_transaction();
        if is_nested {
            session.command(&format!("SAVEPOINT {SAVEPOINT}")).await?;
        } else {
            session.open(TransactionMode::Immediate).await?;
        }
        let imported = match self.columns(names, session).await {
            Ok(columns) => {
                reader.set_columns(columns.len());
                self.rows(&mut reader, &columns, session).await
            }
            Err(failure) => Err(failure),
        };
        match imported {
            Ok(count) => {
                if is_nested {
                    session.command(&format!("RELEASE {SAVEPOINT}")).await?;
                } else {
                    session.commit().await?;
                }
                let rows = if count == 1 { "row" } else { "rows" };
                session.say(&format!("{count} {rows} imported"), out)
            }
            Err(failure) if is_nested && session.is_in_transaction() => {
                let back = format!("ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}");
                session.command(&back).await?;
                Err(failure)
            }
            Err(failure) => {
                session.abandon();
                Err(failure)
            }
        }
    }

    fn open(&self) -> Result<Reader<BufReader<File>>, Failure> {
        let open = || -> io::Result<_> {
            let mut file = BufReader::new(File::open(&self.file)?);
            if file.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
                file.consume(BYTE_ORDER_MARK.len());
            }
            Ok(file)
        };
        let file =
            open().map_err(|error| Failure::new(format!("cannot read {}: {error}", self.file)))?;
        Ok(Reader::new(file))
    }

    /// The names in the first line.
    fn header(&self, reader: &mut Reader<BufReader<File>>) -> Result<Option<Vec<String>>, Failure> {
        let Some(record) = self.read(reader)? else {
            return Err(Failure::new(format!("{} is empty: not even a header", self.file)));
        };
        let mut known = HashSet::new();
        let mut names = Vec::with_capacity(record.fields.len());
        for index in 0..record.fields.len() {
            let name = self.text(&record, index)?;
            if name.is_empty() {
                return Err(self.wrong(&record, index, "the header has no name here"));
            }
            if !known.insert(name.to_lowercase()) {
                return Err(self.wrong(&record, index, &format!("a second column '{name}'")));
            }
            names.push(name.to_owned());
        }
        Ok(Some(names))
    }

    /// The columns to fill, in the order of the file. Makes the table where there
    /// is none, with columns of text.
    async fn columns(
        &self,
        names: Option<Vec<String>>,
        session: &mut Session<'_>,
    ) -> Result<Vec<String>, Failure> {
        let sql = "SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0";
        let rows = session.rows(sql, vec![text_value(&self.table)]).await?;
        let existing: Vec<String> =
            rows.iter().map(|row| super::dot::text(row).to_owned()).collect();
        let Some(names) = names else {
            return match existing.is_empty() {
                true => Err(Failure::with_hint(
                    format!("there is no table {}", self.table),
                    "create it first: without a header its columns have no names",
                )),
                false => Ok(existing),
            };
        };
        if existing.is_empty() {
            let columns: Vec<_> =
                names.iter().map(|name| format!("{} TEXT", quoted(name))).collect();
            let create = format!("CREATE TABLE {} ({})", quoted(&self.table), columns.join(", "));
            session.command(&create).await?;
            return Ok(names);
        }
        for (index, name) in names.iter().enumerate() {
            if !existing.iter().any(|column| column.to_lowercase() == name.to_lowercase()) {
                let place = format!("{}, line 1, column {}", self.file, index + 1);
                return Err(Failure::with_hint(
                    format!("table {} has no column '{name}'", self.table),
                    format!(
                        "it has {}; --no-header takes the first line as data",
                        existing.join(", ")
                    ),
                )
                .within(&place));
            }
        }
        Ok(names)
    }

    /// Sends the rows, and counts them.
    async fn rows(
        &self,
        reader: &mut Reader<BufReader<File>>,
        columns: &[String],
        session: &mut Session<'_>,
    ) -> Result<u64, Failure> {
        let rows_max = (BATCH_VALUES_MAX / columns.len().max(1)).clamp(1, BATCH_ROWS_MAX);
        let insert = Insert::new(&self.table, columns);
        let mut batch = Batch::default();
        let mut count = 0;
        while let Some(record) = self.read(reader)? {
            if record.fields.len() != columns.len() {
                let (found, wanted) = (record.fields.len(), columns.len());
                let s = if found == 1 { "" } else { "s" };
                let message = format!("the line has {found} field{s} for {wanted} columns");
                return Err(Failure::new(message).within(&self.line(&record)));
            }
            for (index, field) in record.fields.iter().enumerate() {
                let text = self.text(&record, index)?;
                let is_null = !field.is_quoted && self.null.as_deref() == Some(text);
                batch.bytes += text.len();
                batch.values.push(if is_null { Value { kind: None } } else { text_value(text) });
            }
            batch.lines.push(record.line);
            count += 1;
            if batch.lines.len() >= rows_max || batch.bytes >= BATCH_BYTES_MIN {
                self.send(&insert, std::mem::take(&mut batch), session).await?;
            }
        }
        self.send(&insert, batch, session).await?;
        Ok(count)
    }

    /// Sends rows together. Where that fails, one by one, to know the line.
    async fn send(&self, insert: &Insert, batch: Batch, session: &mut Session<'_>) -> Outcome {
        if batch.lines.is_empty() {
            return Ok(());
        }
        let together = insert.statement(batch.lines.len(), batch.values.clone());
        let Err(failure) = session.send(together).await else { return Ok(()) };
        // The error of a statement leaves the transaction open; any other ended it.
        if !session.is_in_transaction() {
            return Err(failure.without_sql());
        }
        for (values, line) in batch.values.chunks(insert.columns).zip(batch.lines) {
            let alone = session.send(insert.statement(1, values.to_vec())).await;
            let place = format!("{}, line {line}", self.file);
            alone.map_err(|failure| failure.without_sql().within(&place))?;
        }
        Err(failure.without_sql())
    }

    fn read(&self, reader: &mut Reader<BufReader<File>>) -> Result<Option<Record>, Failure> {
        reader.next().map_err(|problem| match problem {
            Problem::Io(error) => Failure::new(format!("cannot read {}: {error}", self.file)),
            Problem::Text { line, column, what } => {
                let place = format!("{}, line {line}, column {column}", self.file);
                Failure::new(what).within(&place)
            }
        })
    }

    fn text<'a>(&self, record: &'a Record, index: usize) -> Result<&'a str, Failure> {
        std::str::from_utf8(&record.fields[index].bytes)
            .map_err(|_| self.wrong(record, index, "this is no UTF-8"))
    }

    fn line(&self, record: &Record) -> String {
        format!("{}, line {}", self.file, record.line)
    }

    fn wrong(&self, record: &Record, index: usize, message: &str) -> Failure {
        Failure::new(message).within(&format!("{}, column {}", self.line(record), index + 1))
    }
}

/// Rows that wait to be sent.
#[derive(Default)]
struct Batch {
    values: Vec<Value>,
    /// Where each row comes from.
    lines: Vec<u64>,
    bytes: usize,
}

/// How rows are inserted.
struct Insert {
    head: String,
    row: String,
    columns: usize,
}

impl Insert {
    fn new(table: &str, columns: &[String]) -> Self {
        let names: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
        Self {
            head: format!("INSERT INTO main.{} ({}) VALUES ", quoted(table), names.join(", ")),
            row: format!("({})", vec!["?"; columns.len()].join(",")),
            columns: columns.len(),
        }
    }

    fn statement(&self, rows: usize, values: Vec<Value>) -> Statement {
        let sql = format!("{}{}", self.head, vec![self.row.as_str(); rows].join(","));
        Statement { sql, args: values, ..Statement::default() }
    }
}

fn text_value(text: &str) -> Value {
    Value { kind: Some(Kind::Text(text.to_owned())) }
}

fn usage() -> Failure {
    Failure::with_hint(format!("use it as {USAGE}"), ".help tells more")
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn parse(line: &str) -> Result<Import, Failure> {
        Import::parse(&words(line))
    }

    #[test]
    fn what_to_import_is_understood() {
        let import = parse("a.csv t").expect("it is understood");
        assert_eq!((import.file.as_str(), import.table.as_str()), ("a.csv", "t"));
        assert!(!import.has_no_header && import.null.is_none());
        let import = parse("--null '' --csv 'a b.csv' \"t\" --no-header").expect("understood");
        assert_eq!((import.file.as_str(), import.null.as_deref()), ("a b.csv", Some("")));
        assert!(import.has_no_header);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["", "a.csv", "a b c", "--skip 1 a t", "a t --null"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
