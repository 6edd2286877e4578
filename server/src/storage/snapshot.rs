//! The beginning of a request's transaction: one snapshot of the main database
//! and of all that is attached, in which each schema has one generation.
//!
//! SQLite takes the snapshot of an attached file with the first look at it. So
//! each that follows a schema is looked at right away: what it is asked for is
//! its generation.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::conn::{Attached, Conn};
use super::fleet::gave_way;
use super::writer::{Writer, check_not_ahead};
use crate::error::Result;
use crate::names::{DatabaseId, Generation};

/// How often a write begins anew because a migration of what it has attached was
/// decided meanwhile.
const TRIES_MAX: u32 = 16;

/// A database whose file is behind its schema, and has to be brought up first.
pub(super) type Behind = Option<Arc<Writer>>;

/// Begins to read on a reader of the database with this writer, on no earlier
/// generation than the one that is needed. Begins no transaction where neither
/// it nor what is attached follows a schema, or where a file is behind.
pub(super) fn begin_reading(
    writer: &Arc<Writer>,
    conn: &mut Conn,
    needed: Option<Generation>,
    attached: &[Attached],
) -> Result<Behind> {
    let mut seen = Vec::new();
    match (needed, writer.fleet()) {
        (Some(needed), Some(fleet)) => {
            let found = conn.begin_snapshot()?;
            check_not_ahead(found, fleet.generation())?;
            if found < needed {
                conn.rollback();
                writer.note_behind(found);
                return Ok(Some(writer.clone()));
            }
            seen.push((fleet.schema(), found, writer.clone()));
        }
        _ if attached.iter().any(|file| file.follows.is_some()) => conn.server("BEGIN")?,
        _ => return Ok(None),
    }
    let behind = look_at(conn, attached, seen)?;
    if behind.is_some() {
        conn.rollback();
    }
    Ok(behind)
}

/// Begins to write. Called where blocking is allowed, and where the database's
/// own file is at its generation and cannot leave it.
pub(super) fn begin_writing(conn: &mut Conn, attached: &[Attached]) -> Result<()> {
    for _ in 0..TRIES_MAX {
        conn.server("BEGIN IMMEDIATE")?;
        let Some(behind) = look_at(conn, attached, Vec::new())? else { return Ok(()) };
        conn.rollback();
        // It waits for nobody who waits here: whoever holds that writer has
        // brought its file up.
        Handle::current().block_on(behind.catch_up())?;
    }
    Err(gave_way())
}

/// Takes the snapshots of what is attached, beside those that were taken. Answers
/// one that is behind its schema, or behind another one of the same.
pub(super) fn look_at(
    conn: &Conn,
    attached: &[Attached],
    mut seen: Vec<(DatabaseId, Generation, Arc<Writer>)>,
) -> Result<Behind> {
    for file in attached {
        let Some(writer) = &file.follows else { continue };
        let Some(fleet) = writer.fleet() else { continue };
        let found = conn.attached_generation(&file.alias)?;
        let newest = fleet.generation();
        check_not_ahead(found, newest)?;
        if found < newest {
            writer.note_behind(found);
            return Ok(Some(writer.clone()));
        }
        let schema = fleet.schema();
        if let Some((_, before, other)) = seen.iter().find(|(of, ..)| *of == schema)
            && *before != found
        {
            other.note_behind(*before);
            return Ok(Some(other.clone()));
        }
        seen.push((schema, found, writer.clone()));
    }
    Ok(None)
}
