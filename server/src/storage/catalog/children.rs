//! SQL for the children of a schema, and for how far their files are.
//!
//! Each query names its index: what a migration asks again and again must not
//! come to look at the rows of every child by the choice of a planner.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};
use uuid::Uuid;

use super::databases::{COLUMNS, JOINED, read_database};
use super::failure::Failure;
use super::sql::{blob, ids_json, read_name, row_limit};
use super::{ChildCounts, ChildState, Database, Member, MemberFilter};
use crate::names::{DatabaseId, DatabaseName, Generation, GroupName};

/// Where a database is.
pub(super) type Place = (GroupName, DatabaseName, DatabaseId);

/// What makes a row one of the index `databases_members`.
const IS_MEMBER: &str = "d.schema_id = ? AND d.state = 0 AND d.used = 1";

pub(super) fn has_active(connection: &Connection, schema: DatabaseId) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM databases INDEXED BY databases_of_schema
        WHERE schema_id = ? AND state = 0";
    connection.prepare_cached(sql)?.exists([schema.uuid().into_bytes()])
}

/// See [`super::Catalog::children`].
pub(super) fn list(
    connection: &Connection,
    schema: DatabaseId,
    state: Option<ChildState>,
    after: Option<&(DatabaseName, DatabaseId)>,
    limit: usize,
) -> Result<Vec<Arc<Database>>, Failure> {
    let (sql, values) = select_children(schema, state, after, limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read_database)?;
    Ok(rows.map(|row| row.map(Arc::new)).collect::<rusqlite::Result<_>>()?)
}

fn select_children(
    schema: DatabaseId,
    state: Option<ChildState>,
    after: Option<&(DatabaseName, DatabaseId)>,
    limit: usize,
) -> (String, Vec<Value>) {
    let (index, condition) = match state {
        None => ("databases_of_schema", ""),
        Some(ChildState::Current) => (
            "databases_of_schema",
            "AND d.quarantine IS NULL AND (d.used = 0 OR d.file_generation >= p.generation)",
        ),
        Some(ChildState::Pending) => (
            "databases_of_schema",
            "AND d.quarantine IS NULL AND d.used = 1 AND d.file_generation < p.generation",
        ),
        Some(ChildState::Quarantined) => ("databases_quarantined", "AND d.quarantine IS NOT NULL"),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM databases d INDEXED BY {index} {JOINED}
         WHERE d.schema_id = ? AND d.state = 0 AND (d.name, d.id) > (?, ?) {condition}
         ORDER BY d.name, d.id LIMIT ?"
    );
    // Before every name, as no name is empty.
    let (name, id) =
        after.map_or((String::new(), Uuid::nil()), |(name, id)| (name.to_string(), id.uuid()));
    let values = vec![blob(schema.uuid()), name.into(), blob(id), row_limit(limit).into()];
    (sql, values)
}

/// See [`super::Catalog::members`].
pub(super) fn members(
    connection: &Connection,
    schema: DatabaseId,
    filter: &MemberFilter,
    after: Option<DatabaseId>,
    limit: usize,
) -> Result<Vec<Member>, Failure> {
    let (sql, values) = select_members(schema, filter, after, limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        Ok(Member {
            id: DatabaseId::new(Uuid::from_bytes(row.get(0)?)),
            name: read_name(row, 1, DatabaseName::new)?,
            file_generation: Generation(row.get::<_, i64>(2)?.cast_unsigned()),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn select_members(
    schema: DatabaseId,
    filter: &MemberFilter,
    after: Option<DatabaseId>,
    limit: usize,
) -> (String, Vec<Value>) {
    // The plus sign keeps SQLite from walking through all members to a few of them.
    let (condition, value) = match filter {
        MemberFilter::All => ("d.id > ?", None),
        MemberFilter::Behind(generation) => {
            ("d.id > ? AND d.file_generation < ?", Some(generation.0.cast_signed().into()))
        }
        MemberFilter::Among(ids) => (
            "+d.id > ? AND d.id IN (SELECT unhex(value) FROM json_each(?))",
            Some(ids_json(ids.iter().map(|id| id.uuid())).into()),
        ),
    };
    let sql = format!(
        "SELECT d.id, d.name, d.file_generation FROM databases d INDEXED BY databases_members
         WHERE {IS_MEMBER} AND {condition} ORDER BY d.id LIMIT ?"
    );
    // Before every id, as none is empty.
    let after = after.map_or(Value::Blob(Vec::new()), |id| blob(id.uuid()));
    let mut values = vec![blob(schema.uuid()), after];
    values.extend(value);
    values.push(row_limit(limit).into());
    (sql, values)
}

/// See [`super::Catalog::child_counts`].
pub(super) fn counts(connection: &Connection, schema: DatabaseId) -> Result<ChildCounts, Failure> {
    let sql = "SELECT
        (SELECT count(*) FROM databases INDEXED BY databases_of_schema
         WHERE schema_id = ?1 AND state = 0),
        members.used,
        members.behind,
        (SELECT count(*) FROM databases INDEXED BY databases_quarantined
         WHERE schema_id = ?1 AND state = 0 AND quarantine IS NOT NULL)
        FROM (SELECT count(*) AS used, count(*) FILTER (WHERE
                file_generation < (SELECT generation FROM databases WHERE id = ?1)) AS behind
            FROM databases INDEXED BY databases_members
            WHERE schema_id = ?1 AND state = 0 AND used = 1) AS members";
    let count = |row: &Row<'_>, column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let counts = connection.prepare_cached(sql)?.query_row([schema.uuid().into_bytes()], |row| {
        Ok(ChildCounts {
            total: count(row, 0)?,
            used: count(row, 1)?,
            behind: count(row, 2)?,
            quarantined: count(row, 3)?,
        })
    });
    Ok(counts?)
}

/// Notes how far files are; answers whose rows that changed. What only says that
/// a file is behind would do no harm in the cache, but a quarantine that is over
/// would, and the cache is exact: all of them are struck.
pub(super) fn note_generation(
    connection: &Connection,
    ids: &[DatabaseId],
    generation: Generation,
) -> Result<Vec<Place>, Failure> {
    let sql = "UPDATE databases SET file_generation = max(file_generation, ?1), quarantine = NULL
        WHERE id IN (SELECT unhex(value) FROM json_each(?2))
          AND (file_generation < ?1 OR quarantine IS NOT NULL)
        RETURNING group_name, name, id";
    let noted = params![generation.0.cast_signed(), ids_json(ids.iter().map(|id| id.uuid()))];
    let mut statement = connection.prepare_cached(sql)?;
    let changed = statement.query_map(noted, read_place)?;
    Ok(changed.collect::<rusqlite::Result<_>>()?)
}

/// Notes that a file cannot be brought up; answers whose row that changed.
pub(super) fn note_quarantine(
    connection: &Connection,
    id: DatabaseId,
    reason: &str,
) -> Result<Vec<Place>, Failure> {
    let sql = "UPDATE databases SET quarantine = ?1
        WHERE id = ?2 AND state = 0 AND quarantine IS NOT ?1 RETURNING group_name, name, id";
    let noted = params![reason, id.uuid().into_bytes()];
    let mut statement = connection.prepare_cached(sql)?;
    let changed = statement.query_map(noted, read_place)?;
    Ok(changed.collect::<rusqlite::Result<_>>()?)
}

fn read_place(row: &Row<'_>) -> rusqlite::Result<Place> {
    let (group, name) = (read_name(row, 0, GroupName::new)?, read_name(row, 1, DatabaseName::new)?);
    Ok((group, name, DatabaseId::new(Uuid::from_bytes(row.get(2)?))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::catalog::sql::plans::{explain, is_from_cursor};

    const SCHEMA: DatabaseId = DatabaseId::new(Uuid::nil());

    #[test]
    fn a_page_of_children_is_read_from_its_cursor_and_in_order() {
        let after = (DatabaseName::new("m").expect("valid"), SCHEMA);
        for (state, index) in [
            (None, "databases_of_schema"),
            (Some(ChildState::Current), "databases_of_schema"),
            (Some(ChildState::Pending), "databases_of_schema"),
            (Some(ChildState::Quarantined), "databases_quarantined"),
        ] {
            let plan = explain(select_children(SCHEMA, state, Some(&after), 100));
            is_from_cursor(&plan, &format!("{index} (schema_id=? AND (name,id)>(?,?))"));
        }
    }

    #[test]
    fn members_are_read_from_an_index_alone() {
        for (filter, bound) in [
            (MemberFilter::All, "(schema_id=? AND id>?)"),
            (MemberFilter::Behind(Generation(1)), "(schema_id=? AND id>?)"),
            (MemberFilter::Among(vec![SCHEMA]), "(schema_id=? AND id=?)"),
        ] {
            let plan = explain(select_members(SCHEMA, &filter, Some(SCHEMA), 100));
            let step = format!("SEARCH d USING COVERING INDEX databases_members {bound}");
            assert!(plan.starts_with(&step), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}
