//! SQLite files: where they lie, how they are opened, what SQL may do in them,
//! and the catalog of them. The only user of `rusqlite` and `sqlite3_parser`.
//! Nothing here knows tokens or gRPC.

pub(crate) mod catalog;
pub(crate) mod data_dir;
pub(crate) mod files;

mod pool;

mod copy;
mod fleet;
mod migration;
mod snapshot;
mod templates;

mod open_database;

mod batch;
mod cursor;
mod transaction;

mod script;

mod reader;
mod writer;

mod conn;

mod attach_statement;
mod chance;
mod clock_watch;
mod counters;
mod guard;
mod heap;
mod inline;
mod lookup;
mod row_independence;
mod row_watch;
mod schema_text;
mod sql_error;
mod statement;
mod text_functions;
mod trim_set;

mod access;
mod durability;
mod value;

#[cfg(test)]
mod guard_tests;
#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod row_independence_properties;
#[cfg(test)]
mod row_independence_tests;
#[cfg(test)]
mod writer_tests;

pub(crate) use access::{Access, TableAction, TableRules};
pub(crate) use batch::{Batch, BatchSink, Condition, Mode, Step};
pub(crate) use conn::{ATTACHED_MAX, Attached, Blocks, Dress, Recording, Synchronous};
pub(crate) use cursor::{Chunk, Cursor, Progress};
pub(crate) use durability::Local;
pub(crate) use fleet::{Fleet, gave_way};
pub(crate) use open_database::{Call, DatabaseConfig, Description, Executed, OpenDatabase};
pub(crate) use pool::{Pool, PoolConfig, Proof, Queue, ValidateHow, Validated};
pub(crate) use script::{Attacher, Sink, attach_head, check_alias, check_text};
pub(crate) use statement::Row;
pub(crate) use transaction::Transaction;
pub(crate) use value::{Args, Cell, Column, Sql, Summary, Value};
pub(crate) use writer::Held;
