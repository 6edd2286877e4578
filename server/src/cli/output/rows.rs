//! The rows of a statement, in any of the modes of the shell.

use std::io::{self, IsTerminal as _, Write};

use tenantry_client::v1::value::Kind;
use tenantry_client::v1::{Column, Value};

use super::table::TableWriter;
use super::text::{blob_text, cell, is_number, real_text, visible};
use super::{Format, json};

/// How rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Mode {
    /// Aligned columns
    Table,
    /// One array of objects for each statement
    Json,
    /// Comma-separated values with a header, as RFC 4180 has them
    Csv,
    /// A table as Markdown has it
    Markdown,
    /// Values with `|` between them
    List,
    /// A line for each value
    Line,
}

impl Mode {
    /// What they are called, in the order in which they are listed.
    pub(in crate::cli) const NAMES: [&str; 6] =
        ["table", "json", "csv", "markdown", "list", "line"];
}

impl From<Format> for Mode {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
        }
    }
}

/// Writes the rows of one statement as they come.
pub(in crate::cli) struct RowWriter {
    form: Form,
    rows: u64,
}

enum Form {
    Table(TableWriter),
    Json { names: Vec<String> },
    Csv { is_escaped: bool },
    Markdown,
    List,
    Line { names: Vec<String>, width: usize },
}

impl RowWriter {
    /// Begins a result with these columns.
    pub(in crate::cli) fn begin(
        out: &mut dyn Write,
        mode: Mode,
        columns: &[Column],
    ) -> io::Result<Self> {
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let shown = || names.iter().map(|name| visible(name)).collect::<Vec<_>>();
        let form = match mode {
            Mode::Table => Form::Table(TableWriter::new(shown())),
            Mode::Json => Form::Json { names: json::member_names(&names) },
            Mode::Csv => {
                // A file gets the exact text; a terminal must not be driven by it.
                let is_escaped = io::stdout().is_terminal();
                let header = names.iter().map(|name| csv_text(name, is_escaped));
                writeln!(out, "{}", header.collect::<Vec<_>>().join(","))?;
                Form::Csv { is_escaped }
            }
            Mode::Markdown => {
                writeln!(out, "{}", markdown_row(shown().iter().map(String::as_str)))?;
                writeln!(out, "{}", markdown_row(names.iter().map(|_| "---")))?;
                Form::Markdown
            }
            Mode::List => {
                writeln!(out, "{}", shown().join("|"))?;
                Form::List
            }
            Mode::Line => {
                let names = shown();
                let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
                Form::Line { names, width }
            }
        };
        Ok(Self { form, rows: 0 })
    }

    /// Adds a row.
    pub(in crate::cli) fn row(&mut self, out: &mut dyn Write, values: &[Value]) -> io::Result<()> {
        match &mut self.form {
            Form::Table(table) => {
                table.row(
                    out,
                    values.iter().map(|value| (cell(value), is_number(value))).collect(),
                )?;
            }
            Form::Json { names } => {
                let members = names.iter().map(String::as_str).zip(values.iter().map(json::value));
                let before = if self.rows == 0 { "[" } else { ",\n" };
                write!(out, "{before}{}", json::object(members))?;
            }
            Form::Csv { is_escaped } => {
                let values = values.iter().map(|value| csv_value(value, *is_escaped));
                writeln!(out, "{}", values.collect::<Vec<_>>().join(","))?;
            }
            Form::Markdown => {
                let cells: Vec<_> = values.iter().map(cell).collect();
                writeln!(out, "{}", markdown_row(cells.iter().map(String::as_str)))?;
            }
            Form::List => {
                writeln!(out, "{}", values.iter().map(cell).collect::<Vec<_>>().join("|"))?;
            }
            Form::Line { names, width } => {
                if self.rows > 0 {
                    writeln!(out)?;
                }
                for (name, value) in names.iter().zip(values) {
                    writeln!(out, "{name:>width$} = {}", cell(value))?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends the result, and tells how many rows it had.
    pub(in crate::cli) fn end(self, out: &mut dyn Write) -> io::Result<u64> {
        match self.form {
            Form::Table(table) => table.finish(out)?,
            Form::Json { .. } => writeln!(out, "{}", if self.rows == 0 { "[]" } else { "]" })?,
            Form::Csv { .. } | Form::Markdown | Form::List | Form::Line { .. } => {}
        }
        Ok(self.rows)
    }
}

/// A line of a table; what Markdown would take as its own is escaped.
fn markdown_row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::from("|");
    for cell in cells {
        line.push(' ');
        for c in cell.chars() {
            if matches!(c, '\\' | '|' | '<' | '`' | '*' | '_' | '[' | ']') {
                line.push('\\');
            }
            line.push(c);
        }
        line.push_str(" |");
    }
    line
}

/// A value as a CSV field. NULL is nothing, and an empty text is `""`.
fn csv_value(value: &Value, is_escaped: bool) -> String {
    match &value.kind {
        None | Some(Kind::Null(_)) => String::new(),
        Some(Kind::Integer(integer)) => integer.to_string(),
        Some(Kind::Real(real)) => real_text(*real),
        Some(Kind::Text(text)) => csv_text(text, is_escaped),
        Some(Kind::Blob(blob)) => blob_text(blob),
    }
}

fn csv_text(text: &str, is_escaped: bool) -> String {
    let text = if is_escaped { visible(text) } else { text.to_owned() };
    let is_plain = !text.is_empty() && !text.contains(['"', ',', '\n', '\r']);
    if is_plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
