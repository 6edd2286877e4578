//! The readers of a database: a few connections that wait for the next request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::conn::{Conn, Dress, Sharing, Synchronous};
use crate::error::{Error, Result};

/// A run where others wait that takes longer is an affront: a lookup reads few
/// rows, but they and the keys between them can be large.
const QUICK_RUN_BORNE_MAX: Duration = Duration::from_millis(20);
/// After one, none of this database is run where others wait for this time.
const QUICK_RUNS_BARRED_FOR: Duration = Duration::from_secs(60);

/// The readers of one database.
pub(super) struct Readers {
    path: PathBuf,
    synchronous: Synchronous,
    idle: Mutex<Vec<Conn>>,
    /// Until when nothing is run where others wait.
    quick_runs_barred_until: Mutex<Option<Instant>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// At most `readers_max` read at once; the others wait, first come, first
    /// served.
    pub(super) fn new(path: PathBuf, synchronous: Synchronous, readers_max: usize) -> Arc<Self> {
        Arc::new(Self {
            path,
            synchronous,
            idle: Mutex::default(),
            quick_runs_barred_until: Mutex::default(),
            permits: Arc::new(Semaphore::new(readers_max)),
        })
    }

    /// Whether a lookup may be run where others wait.
    pub(super) fn may_be_quick(&self) -> bool {
        let barred = self.quick_runs_barred_until.lock().unwrap_or_else(PoisonError::into_inner);
        barred.is_none_or(|until| until <= Instant::now())
    }

    /// Takes note of how long a run took where others waited.
    pub(super) fn note_quick_run(&self, took: Duration) {
        if took > QUICK_RUN_BORNE_MAX {
            let mut barred =
                self.quick_runs_barred_until.lock().unwrap_or_else(PoisonError::into_inner);
            *barred = Instant::now().checked_add(QUICK_RUNS_BARRED_FOR);
        }
    }

    /// Waits for a reader, if possible one that wears what is needed.
    pub(super) async fn checkout(self: &Arc<Self>, dress: &Dress) -> Result<Reader> {
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = idle.iter().rposition(|conn| conn.wears(dress));
        let conn = match fitting {
            Some(at) => Some(idle.swap_remove(at)),
            None => idle.pop(),
        };
        Ok(Reader { conn, readers: self.clone(), _permit: permit })
    }
}

/// A reader in use; goes back when it is dropped.
pub(super) struct Reader {
    conn: Option<Conn>,
    readers: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The connection, where it is open already.
    pub(super) fn opened(&mut self) -> Option<&mut Conn> {
        self.conn.as_mut()
    }

    /// The connection. Does I/O where it has to be opened first.
    pub(super) fn conn(&mut self) -> Result<&mut Conn> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => Conn::open(&self.readers.path, Sharing::Shared(self.readers.synchronous))?,
        };
        Ok(self.conn.insert(conn))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        conn.undress();
        conn.rollback();
        if conn.is_clean() {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_that_made_others_wait_is_not_trusted_again() {
        let readers = Readers::new(PathBuf::new(), Synchronous::Full, 1);
        readers.note_quick_run(QUICK_RUN_BORNE_MAX);
        assert!(readers.may_be_quick());
        readers.note_quick_run(QUICK_RUN_BORNE_MAX * 2);
        assert!(!readers.may_be_quick());
    }
}
