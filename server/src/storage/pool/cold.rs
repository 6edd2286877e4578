//! Work of the server's own on the files of databases that nobody uses.
//!
//! Such a file is opened by one connection alone, without the index of its log
//! in shared memory and without any sync: that is what makes it fast to go
//! through a fleet. A request that comes meanwhile is not kept waiting: a
//! validation gives way to it at once, and is done again on the open database.

use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Pool, Slots, Validated, file_error};
use crate::error::{Reason, Result};
use crate::names::DatabaseId;
use crate::storage::catalog::MigrationScript;
use crate::storage::conn::{Conn, Sharing, log_bytes};
use crate::storage::fleet::Fleet;
use crate::storage::migration::{redo, run_decided, run_scripts};
use crate::storage::writer::{LOG_GROWTH_BYTES_MAX, check_not_ahead};

/// A log that is longer is copied into its file: of a database that is never
/// opened, nothing else would shorten it.
const LOG_BYTES_MAX: u64 = 1024 * 1024;

/// Work on a closed database, as others see it.
pub(super) struct ColdWork {
    give_way: CancellationToken,
    over: watch::Receiver<()>,
}

/// The end of work on a closed database.
pub(super) struct Busy(watch::Receiver<()>);

impl Busy {
    /// Waits for it.
    pub(super) async fn over(mut self) {
        // The sender sends nothing; it goes.
        let _ = self.0.changed().await;
    }
}

/// A closed database in the hands of the server alone, until this is dropped.
pub(super) struct Cold {
    pool: Arc<Pool>,
    id: DatabaseId,
    path: PathBuf,
    /// Cancelled when a request waits.
    give_way: CancellationToken,
    _over: watch::Sender<()>,
}

impl Slots {
    /// Sends the server's own work away, where there is some on this database.
    pub(super) fn give_way(&self, id: DatabaseId) -> Option<Busy> {
        let work = self.cold.get(&id)?;
        work.give_way.cancel();
        Some(Busy(work.over.clone()))
    }
}

impl Drop for Cold {
    fn drop(&mut self) {
        self.pool.slots().cold.remove(&self.id);
    }
}

impl Pool {
    /// Takes a database for the server's own work, where nobody uses it.
    /// `cancel` ends the work too.
    pub(super) fn claim(
        self: &Arc<Self>,
        id: DatabaseId,
        cancel: &CancellationToken,
    ) -> Option<Cold> {
        let mut slots = self.slots();
        if slots.open.contains(&id) || slots.cold.contains_key(&id) {
            return None;
        }
        let (sender, over) = watch::channel(());
        let give_way = cancel.child_token();
        slots.cold.insert(id, ColdWork { give_way: give_way.clone(), over });
        let path = self.data_dir.database_file(id);
        Some(Cold { pool: self.clone(), id, path, give_way, _over: sender })
    }
}

impl Cold {
    /// Runs a script behind those that the file lacks, and undoes all of it;
    /// nothing where it had to give way.
    pub(super) fn validate(
        &self,
        fleet: &Fleet,
        script: &MigrationScript,
    ) -> Result<Option<Validated>> {
        let began = Instant::now();
        if self.give_way.is_cancelled() {
            return Ok(None);
        }
        // Nobody can write it before this is dropped.
        fleet.note_clean(self.id);
        let bytes_max = log_bytes(&self.path) + LOG_GROWTH_BYTES_MAX;
        let run = self.with_conn(bytes_max, |conn| {
            conn.server_once("BEGIN IMMEDIATE")?;
            let target = fleet.generation();
            let from = conn.file_generation()?;
            check_not_ahead(from, target)?;
            run_decided(conn, &fleet.scripts(from, target)?, &self.give_way)?;
            run_scripts(conn, slice::from_ref(script), &self.give_way)
        })?;
        let took = began.elapsed();
        Ok(run.map(|run| Validated { rows_written: run.rows_written, took, held: None }))
    }

    /// Brings the file to its schema's generation, without making that durable;
    /// `false` where the file is not free.
    pub(super) fn apply(&self, fleet: &Fleet) -> Result<bool> {
        let applied = self.with_conn(LOG_BYTES_MAX, |conn| {
            let target = fleet.generation();
            let from = conn.file_generation()?;
            check_not_ahead(from, target)?;
            if from == target {
                return Ok(());
            }
            let scripts = fleet.scripts(from, target)?;
            redo(conn, &scripts, target, &self.pool.config.database.env)
        })?;
        Ok(applied.is_some())
    }

    /// Works on the file, and copies a log into it that is longer than that
    /// afterwards. Nothing where another connection has the file open, as an attachment can,
    /// or the work had to give way.
    fn with_conn<T>(
        &self,
        log_bytes_max: u64,
        work: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut log_bytes = 0;
        let worked = Conn::open(&self.path, Sharing::Exclusive).and_then(|mut conn| {
            let worked = work(&mut conn);
            conn.rollback();
            log_bytes = conn.shorten_log(&self.path, log_bytes_max);
            worked
        });
        match worked {
            // The log is the other one's.
            Err(error) if error.reason() == Reason::Busy => return Ok(None),
            _ if log_bytes == 0 => remove_empty_log(&self.path),
            _ => {}
        }
        match worked {
            Ok(worked) => Ok(Some(worked)),
            Err(error) if error.reason() == Reason::Cancelled => Ok(None),
            Err(error) => Err(file_error(&self.path, self.id, error)),
        }
    }
}

/// An exclusive connection leaves its log behind, also where it is empty.
fn remove_empty_log(path: &Path) {
    let log = path.with_extension("db-wal");
    if log.metadata().is_ok_and(|log| log.len() == 0)
        && let Err(error) = std::fs::remove_file(&log)
    {
        tracing::debug!(file = %log.display(), %error, "cannot remove an empty log");
    }
}
