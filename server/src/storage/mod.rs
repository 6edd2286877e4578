//! SQLite files: where they lie, how they are opened, what SQL may do in them,
//! and the catalog of them. The only user of `rusqlite` and `sqlite3_parser`.
//! Nothing here knows tokens or gRPC.

pub(crate) mod catalog;
pub(crate) mod data_dir;
pub(crate) mod files;

mod pool;

mod open_database;

mod batch;
mod cursor;
mod transaction;

mod script;

mod reader;
mod writer;

mod conn;

mod attach_statement;
mod counters;
mod guard;
mod heap;
mod lookup;
mod row_watch;
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
mod writer_tests;

pub(crate) use access::{Access, TableAction, TableRules};
pub(crate) use batch::{Batch, BatchSink, Condition, Mode, Step};
pub(crate) use conn::{ATTACHED_MAX, Attached, Blocks, Dress, Synchronous};
pub(crate) use cursor::{Chunk, Cursor, Progress};
pub(crate) use durability::Local;
pub(crate) use open_database::{Call, DatabaseConfig, Description, OpenDatabase};
pub(crate) use pool::{Pool, PoolConfig};
pub(crate) use script::{Attacher, Sink, attach_head, check_alias, check_text};
pub(crate) use statement::Row;
pub(crate) use transaction::Transaction;
pub(crate) use value::{Args, Cell, Column, Sql, Summary, Value};
