//! How results look: as tables, JSON and CSV, for SQL and for resources alike.
//!
//! Nothing else of the command line decides on the look of data. Text for
//! reading is escaped, so that no stored value can drive the terminal.

mod json;
mod migration;
mod resource;
mod rows;
mod table;
mod text;

use std::io::{self, Write};

pub(super) use json::Fields;
pub(super) use migration::{
    child, migration, show_migration, show_schema, show_validation, statement_number,
};
pub(super) use resource::{Listing, confirm, database, group, show, token};
pub(super) use rows::{Mode, RowWriter};
pub(super) use text::{blob_text, is_hostile, plain, visible};

/// How commands print what they found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Tables and short lines, for reading
    Table,
    /// JSON with the field names of the API, for programs
    Json,
}

/// How many bytes of output are gathered before they are written.
const OUTPUT_BUFFER_BYTES: usize = 64 * 1024;

/// Standard output, for any amount of data. It must be flushed.
pub(super) fn stdout() -> impl Write {
    io::BufWriter::with_capacity(OUTPUT_BUFFER_BYTES, io::stdout())
}

#[cfg(test)]
mod tests;
