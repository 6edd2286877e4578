//! `.dump`: SQL text that makes the database again, here or in any SQLite.
//!
//! The rows of all tables are read by one statement, and so from one snapshot.
//! Tables and indexes come first, views and triggers after the rows: nothing
//! fires, and a foreign key finds its parent. Text with characters that could
//! drive a terminal is written as bytes, so that a dump can be looked at.

mod literal;
mod schema;

use std::io::{self, IsTerminal as _, Write};

use tenantry_client::v1::Value;
use tenantry_client::v1::value::Kind;

use super::session::Session;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{plain, visible};
use literal::Values;
use schema::{Rows, Schema, Table};

/// From how many bytes on an INSERT ends.
const INSERT_BYTES_MIN: usize = 32 * 1024;
/// How many rows one INSERT has.
const INSERT_ROWS_MAX: usize = 250;

/// Writes the dump of the whole database, or of one table with what belongs to it.
pub(super) async fn run(
    session: &mut Session<'_>,
    table: Option<&str>,
    out: &mut dyn Write,
) -> Outcome {
    if session.is_in_transaction() {
        return Err(Failure::with_hint(
            "a dump is not made inside a transaction",
            "COMMIT or ROLLBACK first",
        ));
    }
    let schema = Schema::read(session, table).await?;
    if let Some(table) = table
        && schema.is_empty()
    {
        return Err(Failure::new(format!("there is no table {table}: see .tables")));
    }
    let mut dump = Dump { out, is_escaped: io::stdout().is_terminal() };
    let groups = schema.groups();
    if groups.is_empty() {
        dump.head(&schema)?;
    }
    for (index, tables) in groups.into_iter().enumerate() {
        dump.rows(session, &schema, tables, index == 0).await?;
    }
    dump.tail(&schema)
}

struct Dump<'o> {
    out: &'o mut dyn Write,
    is_escaped: bool,
}

impl Dump<'_> {
    /// A line of its own; a terminal must not be driven by names.
    fn line(&mut self, line: &str) -> Outcome {
        let escaped;
        let line = if self.is_escaped {
            escaped = plain(line);
            &escaped
        } else {
            line
        };
        self.out.write_all(line.as_bytes())?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn head(&mut self, schema: &Schema) -> Outcome {
        self.line("BEGIN TRANSACTION;")?;
        // Rows may come before the rows they refer to.
        self.line("PRAGMA defer_foreign_keys=ON;")?;
        let tables = schema.tables.iter().map(|table| &table.sql);
        for sql in tables.filter(|sql| !sql.is_empty()).chain(&schema.indexes) {
            self.line(&format!("{sql};"))?;
        }
        Ok(())
    }

    fn tail(&mut self, schema: &Schema) -> Outcome {
        for table in &schema.tables {
            let name = &table.quoted;
            match table.rows {
                Rows::Rebuild => {
                    self.line(&format!("INSERT INTO {name}({name}) VALUES('rebuild');"))?;
                }
                Rows::Lost => {
                    self.line(&format!(
                        "-- {} keeps no rows that could be read back",
                        // All of it is on the line of the comment.
                        visible(name)
                    ))?;
                }
                Rows::Kept | Rows::KeptByRowid | Rows::Derived => {}
            }
        }
        for sql in schema.views.iter().chain(&schema.triggers) {
            self.line(&format!("{sql};"))?;
        }
        self.line("COMMIT;")?;
        Ok(self.out.flush()?)
    }

    /// Reads tables and writes their rows; before the first row comes the head,
    /// once it is certain that the schema is still the same.
    async fn rows(
        &mut self,
        session: &mut Session<'_>,
        schema: &Schema,
        tables: &[Table],
        is_first: bool,
    ) -> Outcome {
        let mut writing: Option<Insert> = None;
        let mut is_begun = false;
        session
            .stream(&schema.select(tables), |row| {
                if !is_begun {
                    is_begun = true;
                    schema.check(&row)?;
                    return if is_first { self.head(schema) } else { Ok(()) };
                }
                let Some(Kind::Integer(index)) = row.first().and_then(|value| value.kind.as_ref())
                else {
                    return Err(Failure::incomplete());
                };
                let index = usize::try_from(*index).unwrap_or_default();
                let table = tables.get(index).ok_or_else(Failure::incomplete)?;
                let is_next = writing.as_ref().is_none_or(|insert| insert.index != index);
                if writing.as_ref().is_some_and(|insert| is_next || insert.is_full())
                    && let Some(insert) = writing.take()
                {
                    self.line(&insert.end())?;
                }
                if is_next && let Some(sql) = &table.before_rows {
                    self.line(sql)?;
                }
                let insert = writing.get_or_insert_with(|| Insert::begin(index, table));
                insert.add(table, &row[1..]);
                Ok(())
            })
            .await?;
        match writing {
            Some(insert) => self.line(&insert.end()),
            None => Ok(()),
        }
    }
}

/// An INSERT of several rows.
struct Insert {
    index: usize,
    sql: String,
    rows: usize,
}

impl Insert {
    fn begin(index: usize, table: &Table) -> Self {
        Self { index, sql: table.insert_head(), rows: 0 }
    }

    fn is_full(&self) -> bool {
        self.rows >= INSERT_ROWS_MAX || self.sql.len() >= INSERT_BYTES_MIN
    }

    /// Adds a row: its values, and behind them which of them are text.
    fn add(&mut self, table: &Table, row: &[Value]) {
        let count = table.value_count();
        let (values, flags) = row.split_at(count.min(row.len()));
        self.sql.push_str(if self.rows == 0 { "(" } else { ",\n(" });
        Values::new(values, flags).write(&mut self.sql);
        self.sql.push(')');
        self.rows += 1;
    }

    fn end(mut self) -> String {
        self.sql.push(';');
        self.sql
    }
}
