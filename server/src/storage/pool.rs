//! The databases in use, and when they are closed.
//!
//! A database is opened by its first request and closed when it was not used
//! for a while, or when too many are open and nobody uses this one. Requests
//! are never refused for the number of open databases: while more are in use
//! at once than the limit says, more are open.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use lru::LruCache;
use tokio::sync::OnceCell;

use super::catalog::{Catalog, Database};
use super::data_dir::{DataDir, write_secret};
use super::files::Files;
use super::heap;
use super::open_database::{DatabaseConfig, OpenDatabase, blocking};
use super::sql_error::from_rusqlite;
use crate::env::Failpoint;
use crate::error::{Error, Reason, Result};
use crate::names::DatabaseId;

/// What a pool keeps to.
#[derive(Clone)]
pub struct PoolConfig {
    /// What each database keeps to.
    pub database: DatabaseConfig,
    /// How many databases stay open, as far as they are not in use.
    pub open_databases_max: usize,
    /// After what time without use a database is closed.
    pub idle_close_after: Duration,
}

/// The databases in use.
pub struct Pool {
    data_dir: Arc<DataDir>,
    catalog: Arc<dyn Catalog>,
    config: PoolConfig,
    /// What a new database's file is copied from: creating one with SQLite
    /// takes about ten syncs, and a copy takes none.
    empty: Vec<u8>,
    slots: Mutex<LruCache<DatabaseId, Slot>>,
}

struct Slot {
    database: Arc<OpenDatabase>,
    /// Set when the file is known to exist.
    ready: Arc<OnceCell<()>>,
    last_used: Instant,
}

impl Slot {
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.database) == 1
            && Arc::strong_count(&self.ready) == 1
            && self.database.writer.is_idle()
    }
}

impl Pool {
    /// A pool of the databases in a data directory.
    pub fn new(
        data_dir: Arc<DataDir>,
        catalog: Arc<dyn Catalog>,
        config: PoolConfig,
    ) -> Result<Arc<Self>> {
        let empty = empty_database(&data_dir)?;
        Ok(Arc::new(Self {
            data_dir,
            catalog,
            config,
            empty,
            slots: Mutex::new(LruCache::unbounded()),
        }))
    }

    fn slots(&self) -> MutexGuard<'_, LruCache<DatabaseId, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a database, or finds it open. It stays open for as long as the
    /// answer is held.
    pub async fn open(self: &Arc<Self>, row: &Database) -> Result<Arc<OpenDatabase>> {
        let id = row.id;
        let (database, ready, closing) = {
            let mut slots = self.slots();
            let slot = slots.get_or_insert_mut(id, || Slot {
                database: Arc::new(OpenDatabase::new(
                    id,
                    self.data_dir.database_file(id),
                    &self.config.database,
                )),
                ready: Arc::default(),
                last_used: Instant::now(),
            });
            slot.last_used = Instant::now();
            let (database, ready) = (slot.database.clone(), slot.ready.clone());
            (database, ready, self.take_surplus(&mut slots))
        };
        close(closing);
        if !ready.initialized() {
            let (pool, path) = (self.clone(), database.path().to_owned());
            let used = row.used;
            // In a task of its own: a caller that gives up must not leave work
            // under way that the next one would begin again beside it.
            let first_use = tokio::spawn(async move {
                ready.get_or_try_init(|| pool.ready(id, path, used)).await.map(|_| ())
            });
            first_use.await.map_err(Error::internal)??;
        }
        Ok(database)
    }

    /// Closes what was not used for a while. To be called now and then.
    pub fn close_idle(&self) {
        let closing = {
            let mut slots = self.slots();
            let unused: Vec<_> = slots
                .iter()
                .rev()
                .take_while(|(_, slot)| slot.last_used.elapsed() >= self.config.idle_close_after)
                .filter(|(_, slot)| slot.is_idle())
                .map(|(&id, _)| id)
                .collect();
            let mut closing: Vec<_> = unused.iter().filter_map(|id| slots.pop(id)).collect();
            closing.extend(self.take_surplus(&mut slots));
            closing
        };
        close(closing);
    }

    fn take_surplus(&self, slots: &mut LruCache<DatabaseId, Slot>) -> Vec<Slot> {
        let surplus = slots.len().saturating_sub(self.config.open_databases_max);
        if surplus == 0 {
            return Vec::new();
        }
        let idle: Vec<_> = slots
            .iter()
            .rev()
            .filter(|(_, slot)| slot.is_idle())
            .map(|(&id, _)| id)
            .take(surplus)
            .collect();
        idle.iter().filter_map(|id| slots.pop(id)).collect()
    }

    /// Makes sure that the file is there, once for all who wait.
    async fn ready(self: Arc<Self>, id: DatabaseId, path: PathBuf, used: bool) -> Result<()> {
        let pool = self.clone();
        blocking(move || match (path.exists(), used) {
            (true, _) => Ok(()),
            (false, false) => {
                pool.config.database.env.failpoint(Failpoint::FirstUse)?;
                pool.materialise(&path)
            }
            (false, true) => Err(Error::new(
                Reason::DatabaseCorrupt,
                "the database's file is missing; put it back from a backup",
            )
            .with("id", id)),
        })
        .await?;
        if used {
            return Ok(());
        }
        self.config.database.env.failpoint(Failpoint::FirstUseMade)?;
        self.catalog.mark_used(id).await
    }

    /// Makes the file of a database that was never used, durable before
    /// anything is written to it: SQLite takes an empty file beside a
    /// write-ahead log for a reason to delete the log.
    fn materialise(&self, path: &Path) -> Result<()> {
        write_secret(path, &self.empty).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Error::new(Reason::StorageFull, "the server has no room left for this database")
                    .with_source(error)
            }
            _ => Error::internal(error),
        })
    }
}

/// Closing a database may copy its log into the file: not on a thread that
/// others wait for.
fn close(slots: Vec<Slot>) {
    if !slots.is_empty() {
        tokio::task::spawn_blocking(move || drop(slots));
    }
}

impl Files for Pool {
    fn close(&self, id: DatabaseId) -> BoxFuture<'_, ()> {
        close(self.slots().pop(&id).into_iter().collect());
        Box::pin(std::future::ready(()))
    }

    fn remove(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<DatabaseId>> {
        let data_dir = self.data_dir.clone();
        let slots: Vec<_> = {
            let mut open = self.slots();
            ids.iter().filter_map(|id| open.pop(id)).collect()
        };
        Box::pin(async move {
            let removed = blocking(move || {
                drop(slots);
                Ok(data_dir.remove_databases(&ids))
            });
            removed.await.unwrap_or_default()
        })
    }

    fn sizes(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<u64>> {
        let data_dir = self.data_dir.clone();
        let count = ids.len();
        Box::pin(async move {
            let sizes = blocking(move || {
                Ok(ids.into_iter().map(|id| data_dir.database_size(id)).collect())
            });
            sizes.await.unwrap_or_else(|_| vec![0; count])
        })
    }
}

/// The bytes of a database with nothing in it, in WAL mode.
fn empty_database(data_dir: &DataDir) -> Result<Vec<u8>> {
    let path: PathBuf = data_dir.scratch_file();
    let make = || -> Result<Vec<u8>> {
        remove_if_there(&path)?;
        heap::install();
        #[expect(clippy::disallowed_methods, reason = "this is the opener of a file of its own")]
        let db = rusqlite::Connection::open(&path).map_err(from_rusqlite)?;
        db.execute_batch(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA user_version = 0;",
        )
        .map_err(from_rusqlite)?;
        db.close().map_err(|(_, error)| from_rusqlite(error))?;
        let bytes = std::fs::read(&path).map_err(Error::internal)?;
        remove_if_there(&path)?;
        Ok(bytes)
    };
    make()
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::internal(error)),
        _ => Ok(()),
    }
}
