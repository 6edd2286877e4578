//! How ids, names and lists of ids go into SQL and come out of it.

use rusqlite::Row;
use rusqlite::types::{Type, Value};
use uuid::Uuid;

use crate::error::Result;

/// An id as it is kept.
pub(super) fn blob(id: Uuid) -> Value {
    Value::Blob(id.into_bytes().to_vec())
}

/// Ids for `SELECT unhex(value) FROM json_each(?)`: one parameter for however
/// many there are.
pub(super) fn ids_json(ids: impl Iterator<Item = Uuid>) -> String {
    let ids: Vec<String> = ids.map(|id| format!("\"{}\"", id.simple())).collect();
    format!("[{}]", ids.join(","))
}

/// Reads a name, which keeps its rules on disk too.
pub(super) fn read_name<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(String) -> Result<T>,
) -> rusqlite::Result<T> {
    parse(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}
