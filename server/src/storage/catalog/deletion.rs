//! SQL for databases that go, and come back.
//!
//! A row is deleted, then purged, then forgotten: its files go in between.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use uuid::Uuid;

use super::databases::{active, by_id, delete_labels, gone, name_taken, one, reference, store};
use super::failure::{Failure, is_taken};
use super::sql::row_limit;
use super::{Database, Kind, State, children, migrations};
use crate::env::Timestamp;
use crate::error::{Error, Reason};
use crate::names::DatabaseId;

pub(super) fn delete(
    connection: &Connection,
    id: DatabaseId,
    revision: Option<u64>,
    now: Timestamp,
    retention: Duration,
) -> Result<Arc<Database>, Failure> {
    let before = active(connection, id, revision)?;
    if before.settings.delete_protection {
        let name = reference(&before);
        let message =
            format!("the database '{name}' is protected; switch delete_protection off first");
        return Err(Error::new(Reason::DeleteProtected, message).with("database", name).into());
    }
    if before.kind == Kind::Schema {
        if children::has_active(connection, id)? {
            let name = reference(&before);
            let message = format!("the schema '{name}' still has children; delete them first");
            return Err(Error::new(Reason::SchemaNotEmpty, message).with("database", name).into());
        }
        migrations::refuse_while_preparing(connection, id)?;
    }
    let after = Database {
        state: State::Deleted,
        revision: before.revision + 1,
        update_time: now,
        delete_time: Some(now),
        purge_time: Some(now.saturating_add(retention)),
        ..Database::clone(&before)
    };
    store(connection, &after)?;
    Ok(Arc::new(after))
}

pub(super) fn undelete(
    connection: &Connection,
    id: DatabaseId,
    now: Timestamp,
) -> Result<Arc<Database>, Failure> {
    let before = by_id(connection, id)?.ok_or_else(|| gone(id))?;
    if before.state == State::Active {
        let name = reference(&before);
        let message = format!("the database '{name}' is not deleted");
        return Err(Error::new(Reason::NotDeleted, message).with("database", name).into());
    }
    if let Kind::Child { schema } = before.kind {
        check_parent(connection, &before, schema)?;
    }
    let after = Database {
        state: State::Active,
        revision: before.revision + 1,
        update_time: now,
        delete_time: None,
        purge_time: None,
        ..Database::clone(&before)
    };
    match store(connection, &after) {
        Ok(()) => Ok(Arc::new(after)),
        Err(error) if is_taken(&error) => Err(name_taken(&after).into()),
        Err(error) => Err(error.into()),
    }
}

/// Checks that a deleted child can follow its schema again.
fn check_parent(
    connection: &Connection,
    child: &Database,
    schema: DatabaseId,
) -> Result<(), Failure> {
    if one(connection, "d.id = ? AND d.state = 0", [schema.uuid().into_bytes()])?.is_none() {
        let message = "the schema of this database was deleted; undelete the schema first";
        let error = Error::new(Reason::DatabaseNotFound, message);
        return Err(error.with("database", schema).into());
    }
    if child.used {
        // What is in its file was not validated.
        migrations::refuse_while_preparing(connection, schema)?;
    }
    Ok(())
}

/// See [`super::Catalog::purge_databases`].
pub(super) fn purge(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<DatabaseId>, Failure> {
    let limit = row_limit(limit);
    let mark = "UPDATE databases SET state = 2, purge_time = 0 WHERE id IN
        (SELECT id FROM databases WHERE purge_time <= ? AND state = 1 ORDER BY purge_time LIMIT ?)";
    connection.prepare_cached(mark)?.execute([now.0, limit])?;
    let marked = "SELECT id FROM databases WHERE purge_time = 0 AND state = 2 LIMIT ?";
    let mut statement = connection.prepare_cached(marked)?;
    let ids =
        statement.query_map([limit], |row| Ok(DatabaseId::new(Uuid::from_bytes(row.get(0)?))))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn forget(connection: &Connection, ids: &[DatabaseId]) -> Result<(), Failure> {
    let sql = "DELETE FROM databases WHERE id = ? AND state = 2";
    for &id in ids {
        if connection.prepare_cached(sql)?.execute([id.uuid().into_bytes()])? > 0 {
            delete_labels(connection, id)?;
            migrations::forget_of(connection, id)?;
        }
    }
    Ok(())
}
