//! Copies of whole files, made of one snapshot while their databases go on.

use std::io;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use tokio_util::sync::CancellationToken;

use super::conn::Conn;
use super::data_dir::put_in_place;
use super::sql_error::from_rusqlite;
use crate::error::{Error, Reason, Result};

/// Pages that are copied between two looks at whether somebody still waits.
const PAGES_AT_ONCE: i32 = 1_000;

/// Puts a copy of the snapshot that a connection reads, its log included, at
/// `to`. `copied` is called when it is made and not in its place yet. After a
/// crash it is there whole or not at all; on return it is durable. Errors:
/// `STORAGE_FULL`, `CANCELLED`.
pub(super) fn copy_snapshot(
    source: &Conn,
    to: &Path,
    cancel: &CancellationToken,
    copied: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let put = put_in_place(to, |draft| {
        if !copy_pages(source.db(), draft, cancel).map_err(from_rusqlite)? {
            return Err(given_up());
        }
        copied()
    });
    put?.map_err(no_room)
}

/// `false` where it was given up.
fn copy_pages(
    source: &Connection,
    to: &Path,
    cancel: &CancellationToken,
) -> rusqlite::Result<bool> {
    #[expect(clippy::disallowed_methods, reason = "this is the opener of a file of its own")]
    let mut target = Connection::open(to)?;
    target.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY")?;
    {
        let backup = Backup::new(source, &mut target)?;
        loop {
            match backup.step(PAGES_AT_ONCE)? {
                StepResult::Done => break,
                StepResult::More if cancel.is_cancelled() => return Ok(false),
                StepResult::More => {}
                // It had to wait: nobody knows the target, and the source has its snapshot.
                _ => {
                    return Err(rusqlite::Error::SqliteFailure(
                        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                        None,
                    ));
                }
            }
        }
    }
    target.close().map(|()| true).map_err(|(_, error)| error)
}

/// What is told of a copy that nobody waits for any more.
pub(super) fn given_up() -> Error {
    Error::new(Reason::Cancelled, "the copy was given up")
}

/// What is told of a file that cannot be made.
pub(super) fn no_room(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(Reason::StorageFull, "the server has no room left for this database")
                .with_source(error)
        }
        _ => Error::internal(error),
    }
}
