//! Rows of SQLite as messages: whole results for unary responses, and pieces
//! of streams. Cells go straight from SQLite into the message.

use tenantry_client::v1;
use tenantry_client::v1::step_result::Outcome;
use tenantry_client::v1::value::Kind;

use super::status::in_band;
use crate::error::{Error, Reason, Result};
use crate::storage::{BatchSink, Cell, Chunk, Column, Row, Sink, Summary};

/// The largest result of a unary response, in bytes as [`Cell::wire_bytes`]
/// counts them: most clients refuse a message of more than 4 MiB.
const RESPONSE_BYTES_MAX: usize = 4_000_000;
/// A piece of a stream is sent when it has grown to this many bytes; one row
/// can make it larger.
const CHUNK_BYTES: usize = 128 * 1024;
/// The most rows of a piece: rows without columns have no bytes.
const CHUNK_ROWS_MAX: usize = 16 * 1024;
/// The largest row of a stream, as [`Cell::wire_bytes`] counts it: two of the
/// largest values.
const STREAM_ROW_BYTES_MAX: usize = 17 * 1024 * 1024;
/// What a row costs beside its cells.
const ROW_BYTES: usize = 6;

/// What a row takes, as far as it is within `limit_bytes`; `None` past that.
/// Cells are looked at one by one: some take their memory only when they are.
fn row_bytes(row: &Row<'_>, limit_bytes: usize) -> Option<usize> {
    row.cells().try_fold(ROW_BYTES, |bytes, cell| {
        Some(bytes + cell.wire_bytes()).filter(|&bytes| bytes <= limit_bytes)
    })
}

fn value(cell: Cell<'_>) -> v1::Value {
    let kind = match cell {
        Cell::Null => Kind::Null(true),
        Cell::Integer(value) => Kind::Integer(value),
        Cell::Real(value) => Kind::Real(value),
        Cell::Text(text) => Kind::Text(text.to_owned()),
        Cell::Blob(bytes) => Kind::Blob(bytes.to_vec().into()),
    };
    v1::Value { kind: Some(kind) }
}

fn row_message(row: &Row<'_>) -> v1::Row {
    v1::Row { values: row.cells().map(value).collect() }
}

/// Columns as messages.
pub(super) fn columns(columns: Vec<Column>) -> Vec<v1::Column> {
    columns
        .into_iter()
        .map(|column| v1::Column { name: column.name, declared_type: column.declared_type })
        .collect()
}

/// What a statement cost, as a message.
pub(super) fn stats(summary: &Summary) -> v1::ResultStats {
    v1::ResultStats {
        rows_read: summary.rows_read,
        rows_written: summary.rows_written,
        duration: prost_types::Duration::try_from(summary.duration).ok(),
    }
}

/// Collects whole results, up to what a unary response may hold.
#[derive(Default)]
pub(super) struct Results {
    done: Vec<v1::ResultSet>,
    open: v1::ResultSet,
    bytes: usize,
}

impl Results {
    /// One result per statement.
    pub(super) fn into_messages(self) -> Vec<v1::ResultSet> {
        self.done
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= RESPONSE_BYTES_MAX {
            return Ok(());
        }
        Err(Error::new(
            Reason::ResultTooLarge,
            "the result is larger than a response may be; use Query, which streams it",
        )
        .with("limit_bytes", RESPONSE_BYTES_MAX))
    }
}

impl Sink for Results {
    fn restart(&mut self) {
        *self = Self::default();
    }

    fn begin(&mut self, names: Vec<Column>) -> Result<()> {
        let bytes = names
            .iter()
            .map(|column| column.name.len() + column.declared_type.len() + ROW_BYTES)
            .sum();
        self.open = v1::ResultSet { columns: columns(names), ..Default::default() };
        self.count(bytes)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        self.count(row_bytes(row, RESPONSE_BYTES_MAX).unwrap_or(usize::MAX))?;
        self.open.rows.push(row_message(row));
        Ok(())
    }

    fn end(&mut self, summary: Summary) -> Result<()> {
        let mut result = std::mem::take(&mut self.open);
        result.affected_row_count = summary.affected_rows;
        result.last_insert_rowid = summary.last_insert_rowid;
        result.stats = Some(stats(&summary));
        self.done.push(result);
        // The summary's own fields.
        self.count(8 * ROW_BYTES)
    }
}

/// Collects the outcomes of a batch's steps.
#[derive(Default)]
pub(super) struct StepResults {
    results: Results,
    outcomes: Vec<Outcome>,
}

impl StepResults {
    /// One outcome per step.
    pub(super) fn into_messages(self) -> Vec<v1::StepResult> {
        self.outcomes.into_iter().map(|outcome| v1::StepResult { outcome: Some(outcome) }).collect()
    }
}

impl Sink for StepResults {
    fn restart(&mut self) {
        *self = Self::default();
    }

    fn begin(&mut self, columns: Vec<Column>) -> Result<()> {
        self.results.begin(columns)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        self.results.row(row)
    }

    fn end(&mut self, summary: Summary) -> Result<()> {
        self.results.end(summary)?;
        self.outcomes.extend(self.results.done.pop().map(Outcome::Result));
        Ok(())
    }
}

impl BatchSink for StepResults {
    fn skipped(&mut self) -> Result<()> {
        self.outcomes.push(Outcome::Skipped(true));
        Ok(())
    }

    fn failed(&mut self, error: Error) -> Result<()> {
        self.outcomes.push(Outcome::Error(in_band(error)));
        Ok(())
    }
}

/// A piece of a stream in either encoding.
pub(super) enum StreamChunk {
    /// Row by row.
    Rows { rows: Vec<v1::Row>, bytes: usize },
    /// Column by column.
    Columns { columns: Vec<ColumnBuilder>, rows: usize, bytes: usize },
}

impl StreamChunk {
    /// An empty piece.
    pub(super) fn new(encoding: v1::Encoding, column_count: usize) -> Self {
        match encoding {
            v1::Encoding::Unspecified | v1::Encoding::Rows => {
                Self::Rows { rows: Vec::new(), bytes: 0 }
            }
            v1::Encoding::Columns => {
                let columns = (0..column_count).map(|_| ColumnBuilder::default()).collect();
                Self::Columns { columns, rows: 0, bytes: 0 }
            }
        }
    }

    /// The piece as a message; `None` where it has no rows.
    pub(super) fn into_part(self) -> Option<v1::query_response::Part> {
        match self {
            Self::Rows { rows, .. } => {
                (!rows.is_empty()).then(|| v1::query_response::Part::Rows(v1::RowChunk { rows }))
            }
            Self::Columns { columns, rows, .. } => (rows > 0).then(|| {
                v1::query_response::Part::Columns(v1::ColumnChunk {
                    row_count: u32::try_from(rows).unwrap_or(u32::MAX),
                    columns: columns.into_iter().map(ColumnBuilder::into_message).collect(),
                })
            }),
        }
    }
}

impl Chunk for StreamChunk {
    fn row(&mut self, row: &Row<'_>) -> Result<bool> {
        let Some(row_bytes) = row_bytes(row, STREAM_ROW_BYTES_MAX) else {
            return Err(Error::new(
                Reason::ResultTooLarge,
                "a row is larger than a stream may carry; ask for fewer columns or parts of them",
            )
            .with("limit_bytes", STREAM_ROW_BYTES_MAX));
        };
        match self {
            Self::Rows { rows, bytes } => {
                *bytes += row_bytes;
                rows.push(row_message(row));
                Ok(*bytes >= CHUNK_BYTES || rows.len() >= CHUNK_ROWS_MAX)
            }
            Self::Columns { columns, rows, bytes } => {
                *rows += 1;
                for (column, cell) in columns.iter_mut().zip(row.cells()) {
                    *bytes += column.push(cell);
                }
                Ok(*bytes >= CHUNK_BYTES || *rows >= CHUNK_ROWS_MAX)
            }
        }
    }
}

/// One column of a piece: a type byte per cell, and the values packed by type.
#[derive(Default)]
pub(super) struct ColumnBuilder {
    types: Vec<u8>,
    integers: Vec<i64>,
    reals: Vec<f64>,
    lengths: Vec<u32>,
    data: Vec<u8>,
}

impl ColumnBuilder {
    /// Adds a cell; answers what it takes in bytes.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        let (kind, bytes) = match cell {
            Cell::Null => (0, 0),
            Cell::Integer(value) => {
                self.integers.push(value);
                (1, size_of::<i64>())
            }
            Cell::Real(value) => {
                self.reals.push(value);
                (2, size_of::<f64>())
            }
            Cell::Text(text) => (3, self.push_bytes(text.as_bytes())),
            Cell::Blob(bytes) => (4, self.push_bytes(bytes)),
        };
        self.types.push(kind);
        1 + bytes
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> usize {
        // SQLite's own limit on a value is below this type's.
        self.lengths.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.data.extend_from_slice(bytes);
        size_of::<u32>() + bytes.len()
    }

    fn into_message(self) -> v1::ColumnData {
        v1::ColumnData {
            types: self.types.into(),
            integers: self.integers,
            reals: self.reals,
            lengths: self.lengths,
            data: self.data.into(),
        }
    }
}
