//! How ids, names, lists of ids and limits go into SQL and come out of it.

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

/// How many rows a list may have, for `LIMIT`.
pub(super) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// How SQLite reads: what keeps a list fast does not show in its rows.
#[cfg(test)]
pub(super) mod plans {
    use rusqlite::{Connection, params_from_iter};

    use super::*;
    use crate::env::Env;
    use crate::storage::catalog::schema;

    /// The steps in which SQLite runs a query on a catalog.
    pub(in super::super) fn explain((sql, values): (String, Vec<Value>)) -> String {
        crate::storage::heap::install();
        let connection = Connection::open_in_memory().expect("opens");
        assert!(schema::bring_up(&connection, 0, &Env::system()).expect("creates"));
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = connection.prepare(&sql).expect("valid");
        let read = |row: &Row<'_>| row.get::<_, String>(3);
        let steps = statement.query_map(params_from_iter(values), read).expect("runs");
        steps.collect::<rusqlite::Result<Vec<_>>>().expect("reads").join("\n")
    }

    /// Checks that a page is entered at its cursor, by an index in its order.
    pub(in super::super) fn is_from_cursor(plan: &str, bound: &str) {
        let first = plan.lines().next().expect("has steps");
        assert!(first.starts_with("SEARCH") && first.contains(bound), "{plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{plan}");
    }
}
