//! Reads of the catalog: a few connections, each used by one read at a time on
//! a thread where blocking is allowed.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::failure::Failure;
use crate::error::{Error, Result};

/// How many reads run at once; the others wait in the order of their coming.
pub(super) const READERS: usize = 4;

/// The reading connections.
#[derive(Clone)]
pub(super) struct Readers {
    /// As many permits as there are connections.
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// A connection in use; it goes back when this is dropped.
struct Turn {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.idle).extend(self.connection.take());
    }
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let turns = Arc::new(Semaphore::new(connections.len()));
        Self { turns, idle: Arc::new(Mutex::new(connections)) }
    }

    /// Runs a read that sees every change acknowledged before this call.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.turns).acquire_owned().await.map_err(Error::internal)?;
        let idle = Arc::clone(&self.idle);
        let run = move || {
            // The permit outlives the turn, so that its holder finds a
            // connection: locals are dropped last first.
            let _permit = permit;
            let connection = lock(&idle).pop();
            let turn = Turn { connection, idle };
            match &turn.connection {
                Some(connection) => {
                    // One snapshot for all statements of the read.
                    let snapshot = connection.unchecked_transaction().map_err(Failure::from)?;
                    Ok(read(&snapshot)?)
                }
                None => Err(Error::internal("no reading connection is left")),
            }
        };
        tokio::task::spawn_blocking(run).await.map_err(Error::internal)?
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
