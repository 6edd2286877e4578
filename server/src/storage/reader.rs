//! The readers of a database: a few connections that wait for the next request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::conn::{Conn, Dress, Synchronous};
use crate::error::{Error, Result};

/// The readers of one database.
pub(super) struct Readers {
    path: PathBuf,
    synchronous: Synchronous,
    idle: Mutex<Vec<Conn>>,
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
            permits: Arc::new(Semaphore::new(readers_max)),
        })
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
            None => Conn::open(&self.readers.path, self.readers.synchronous)?,
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
