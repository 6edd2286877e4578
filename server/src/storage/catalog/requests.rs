//! What requests with a `request_id` answered, so that a repeat answers the same.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;
use super::{Database, RequestKey};
use crate::env::Timestamp;
use crate::error::{Error, Reason};

/// How long an answer is kept at least.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// How many answers that are older go whenever one comes.
const FORGOTTEN_AT_ONCE: i64 = 16;

/// What the first request of this key answered. Errors: `REQUEST_ID_REUSED`.
pub(super) fn answered(
    connection: &Connection,
    key: &RequestKey,
) -> Result<Option<Vec<Arc<Database>>>, Failure> {
    let sql = "SELECT fingerprint, response FROM requests WHERE id = ?";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, String>(1)?));
    let Some((fingerprint, response)) =
        connection.prepare_cached(sql)?.query_row([key.id], read).optional()?
    else {
        return Ok(None);
    };
    if fingerprint != key.fingerprint {
        return Err(reused().into());
    }
    let databases: Vec<Database> = serde_json::from_str(&response).map_err(Error::internal)?;
    Ok(Some(databases.into_iter().map(Arc::new).collect()))
}

/// A `request_id` that came with another request before.
pub(super) fn reused() -> Error {
    let message = "this request_id was used for another request; take a fresh one";
    Error::new(Reason::RequestIdReused, message)
        .with_field("request_id", "was used for another request")
}

/// Notes an answer, and forgets some old ones.
pub(super) fn note(
    connection: &Connection,
    key: &RequestKey,
    databases: &[Arc<Database>],
    now: Timestamp,
) -> Result<(), Failure> {
    let forget = "DELETE FROM requests WHERE id IN
        (SELECT id FROM requests WHERE create_time < ? ORDER BY create_time LIMIT ?)";
    let kept_since = now.0.saturating_sub(KEPT_MS);
    connection.prepare_cached(forget)?.execute([kept_since, FORGOTTEN_AT_ONCE])?;

    let rows: Vec<&Database> = databases.iter().map(Arc::as_ref).collect();
    let response = serde_json::to_string(&rows).map_err(Error::internal)?;
    let insert =
        "INSERT INTO requests (id, fingerprint, response, create_time) VALUES (?, ?, ?, ?)";
    connection.prepare_cached(insert)?.execute(params![
        key.id,
        key.fingerprint,
        response,
        now.0
    ])?;
    Ok(())
}
