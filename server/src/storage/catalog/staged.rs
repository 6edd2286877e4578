//! SQL for databases that get their files before anybody sees them.
//!
//! Such a row counts as purged, so that no other query finds it, with a time that
//! never comes: a row first and files later, as always, and whatever ends the
//! work in between leaves what the next purge takes up.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::databases::{active, create_under_parent, gone, name_taken};
use super::failure::{Failure, is_taken};
use super::{Database, Kind, NewDatabase, RequestKey, groups, requests};
use crate::env::Timestamp;
use crate::names::{DatabaseId, Generation};

/// When staged databases are purged.
const NEVER: i64 = i64::MAX;

/// See [`super::Catalog::stage_database`].
pub(super) fn stage(
    connection: &Connection,
    id: DatabaseId,
    new: NewDatabase,
    now: Timestamp,
) -> Result<Arc<Database>, Failure> {
    let group = groups::by_id(connection, new.group_id)?;
    // As one that is active, so that all is checked that will be.
    let staged = create_under_parent(connection, id, new, &group, &mut HashMap::new(), now)?;
    let sql = "UPDATE databases SET state = 2, purge_time = ? WHERE id = ?";
    connection.prepare_cached(sql)?.execute(params![NEVER, id.uuid().into_bytes()])?;
    Ok(Arc::new(staged))
}

/// See [`super::Catalog::publish_database`].
pub(super) fn publish(
    connection: &Connection,
    staged: &Database,
    generation: Generation,
    request: Option<&RequestKey>,
    now: Timestamp,
) -> Result<Option<Arc<Database>>, Failure> {
    if let Some(key) = request
        && let Some(first) = requests::answered(connection, key)?
    {
        abandon(connection, staged.id)?;
        return Ok(first.into_iter().next());
    }
    groups::by_id(connection, staged.group_id)?;
    if let Kind::Child { schema } = staged.kind
        && active(connection, schema, None)?.generation != generation
    {
        return Ok(None);
    }
    let published = Arc::new(Database {
        generation,
        file_generation: generation,
        used: true,
        ..Database::clone(staged)
    });
    let sql = "UPDATE databases SET state = 0, purge_time = NULL, used = 1, file_generation = ?1,
            generation = CASE kind WHEN 1 THEN ?1 ELSE generation END
        WHERE id = ?2 AND state = 2 AND purge_time = ?3";
    let values = params![generation.0.cast_signed(), staged.id.uuid().into_bytes(), NEVER];
    match connection.prepare_cached(sql)?.execute(values) {
        Ok(0) => return Err(gone(staged.id).into()),
        Ok(_) => {}
        Err(error) if is_taken(&error) => return Err(name_taken(staged).into()),
        Err(error) => return Err(error.into()),
    }
    if let Some(key) = request {
        requests::note(connection, key, &[Arc::clone(&published)], now)?;
    }
    Ok(Some(published))
}

/// See [`super::Catalog::abandon_database`].
pub(super) fn abandon(connection: &Connection, id: DatabaseId) -> Result<(), Failure> {
    let sql = "UPDATE databases SET purge_time = 0 WHERE id = ? AND state = 2";
    connection.prepare_cached(sql)?.execute([id.uuid().into_bytes()])?;
    Ok(())
}

/// Gives up all that are staged.
pub(super) fn abandon_all(connection: &Connection) -> rusqlite::Result<()> {
    // By the index of what is to be purged.
    let sql = "UPDATE databases SET purge_time = 0 WHERE purge_time = ? AND state = 2";
    connection.execute(sql, [NEVER]).map(drop)
}
