//! The databases in use, and when they are closed.
//!
//! A database is opened by its first request and closed when it was not used
//! for a while, or when too many are open and nobody uses this one. Requests
//! are never refused for the number of open databases: while more are in use
//! at once than the limit says, more are open.
//!
//! One that follows a schema is handed out only when its file is at the schema's
//! generation.

mod branch;
mod cold;
mod first_use;
mod migrate;
mod pace;

pub use migrate::{Proof, Queue, ValidateHow, Validated};

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use lru::LruCache;
use tokio::sync::{OnceCell, Semaphore};

use self::branch::COPIES_MAX;
use self::cold::ColdWork;
use self::first_use::Found;
use self::pace::Requests;
use super::catalog::{Catalog, Database, Kind};
use super::data_dir::DataDir;
use super::files::{Branch, Files};
use super::fleet::Fleet;
use super::open_database::{DatabaseConfig, OpenDatabase, blocking};
use super::templates::Templates;
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, Generation};

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
    templates: Templates,
    slots: Mutex<Slots>,
    fleets: Mutex<HashMap<DatabaseId, Arc<Fleet>>>,
    /// Whose turn it is to copy a whole file.
    copies: Semaphore,
    requests: Requests,
}

struct Slots {
    open: LruCache<DatabaseId, Slot>,
    /// Closed databases on whose files the server works by itself.
    cold: HashMap<DatabaseId, ColdWork>,
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

/// What is known of a database that is to be opened.
struct Wanted {
    id: DatabaseId,
    fleet: Option<Arc<Fleet>>,
    /// The generation that its file has reached for sure.
    reached: Generation,
    found: Found,
}

impl Pool {
    /// A pool of the databases in a data directory.
    pub fn new(
        data_dir: Arc<DataDir>,
        catalog: Arc<dyn Catalog>,
        config: PoolConfig,
    ) -> Result<Arc<Self>> {
        let templates = Templates::new(data_dir.clone(), config.database.env.clone())?;
        let slots = Slots { open: LruCache::unbounded(), cold: HashMap::new() };
        Ok(Arc::new(Self {
            data_dir,
            catalog,
            config,
            templates,
            slots: Mutex::new(slots),
            fleets: Mutex::default(),
            copies: Semaphore::new(COPIES_MAX),
            requests: Requests::default(),
        }))
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state in memory of a schema, which is at least at this generation.
    pub fn fleet(&self, schema: DatabaseId, generation: Generation) -> Arc<Fleet> {
        let mut fleets = self.fleets.lock().unwrap_or_else(PoisonError::into_inner);
        let fleet = fleets
            .entry(schema)
            .or_insert_with(|| Fleet::new(schema, generation, self.catalog.clone()));
        fleet.advance(generation);
        fleet.clone()
    }

    /// Opens a database, or finds it open. It stays open for as long as the
    /// answer is held. Errors: `DATABASE_CORRUPT`, `STORAGE_FULL`,
    /// `CHILD_QUARANTINED`.
    pub async fn open(self: &Arc<Self>, row: &Database) -> Result<Arc<OpenDatabase>> {
        self.requests.note();
        let fleet = match row.kind {
            Kind::Regular => None,
            Kind::Schema => Some(self.fleet(row.id, row.generation)),
            Kind::Child { schema } => Some(self.fleet(schema, row.generation)),
        };
        let found = match (row.used, &fleet) {
            (true, _) => Found::Used,
            (false, Some(fleet)) if fleet.schema() != row.id => {
                Found::NewChild { fleet: fleet.clone(), group: row.group.clone() }
            }
            (false, _) => Found::New,
        };
        let wanted = Wanted { id: row.id, fleet, reached: row.file_generation, found };
        self.open_wanted(wanted).await.map_err(|error| name_quarantined(error, row))
    }

    async fn open_wanted(self: &Arc<Self>, wanted: Wanted) -> Result<Arc<OpenDatabase>> {
        let Wanted { id, fleet, reached, found } = wanted;
        let (database, ready, closing) = loop {
            let busy = {
                let mut slots = self.slots();
                match slots.give_way(id) {
                    Some(busy) => busy,
                    None => break self.take_slot(&mut slots, id, fleet, reached),
                }
            };
            busy.over().await;
        };
        close(closing);
        if !ready.initialized() {
            let (pool, opened) = (self.clone(), database.clone());
            // In a task of its own: a caller that gives up must not leave work
            // under way that the next one would begin again beside it.
            let first_use = tokio::spawn(async move {
                ready.get_or_try_init(|| pool.ready(&opened, found)).await.map(|_| ())
            });
            first_use.await.map_err(Error::internal)??;
        }
        if !database.writer.is_current() {
            database.writer.catch_up().await?;
        }
        Ok(database)
    }

    fn take_slot(
        &self,
        slots: &mut Slots,
        id: DatabaseId,
        fleet: Option<Arc<Fleet>>,
        reached: Generation,
    ) -> (Arc<OpenDatabase>, Arc<OnceCell<()>>, Vec<Slot>) {
        let slot = slots.open.get_or_insert_mut(id, || {
            let path = self.data_dir.database_file(id);
            let database = OpenDatabase::new(id, path, fleet, &self.config.database);
            database.writer.note_reached(reached);
            Slot { database: Arc::new(database), ready: Arc::default(), last_used: Instant::now() }
        });
        slot.last_used = Instant::now();
        let (database, ready) = (slot.database.clone(), slot.ready.clone());
        (database, ready, self.take_surplus(&mut slots.open))
    }

    /// Closes what was not used for a while. To be called now and then.
    pub fn close_idle(&self) {
        let closing = {
            let slots = &mut self.slots().open;
            let unused: Vec<_> = slots
                .iter()
                .rev()
                .take_while(|(_, slot)| slot.last_used.elapsed() >= self.config.idle_close_after)
                .filter(|(_, slot)| slot.is_idle())
                .map(|(&id, _)| id)
                .collect();
            let mut closing: Vec<_> = unused.iter().filter_map(|id| slots.pop(id)).collect();
            closing.extend(self.take_surplus(slots));
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
}

/// Names the database by its name in an error that knows only its id.
fn name_quarantined(error: Error, row: &Database) -> Error {
    match error.reason() {
        Reason::ChildQuarantined => error.with("database", format!("{}/{}", row.group, row.name)),
        _ => error,
    }
}

/// Closing a database may copy its log into the file: not on a thread that
/// others wait for.
fn close(slots: Vec<Slot>) {
    if !slots.is_empty() {
        tokio::task::spawn_blocking(move || drop(slots));
    }
}

/// What is told of a file that should be there.
fn missing(id: DatabaseId) -> Error {
    Error::new(Reason::DatabaseCorrupt, "the database's file is missing; put it back from a backup")
        .with("id", id)
}

/// The error of a file that could not be opened or read.
fn file_error(path: &Path, id: DatabaseId, error: Error) -> Error {
    if path.exists() { error } else { missing(id) }
}

impl Files for Pool {
    fn close(&self, id: DatabaseId) -> BoxFuture<'_, ()> {
        let closing = {
            let open = &mut self.slots().open;
            // One in use ends with its use: two at once of one file must not be,
            // should it be undeleted meanwhile.
            let is_idle = open.peek(&id).is_some_and(Slot::is_idle);
            if is_idle { open.pop(&id) } else { None }
        };
        close(closing.into_iter().collect());
        Box::pin(std::future::ready(()))
    }

    fn remove(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<DatabaseId>> {
        let data_dir = self.data_dir.clone();
        let slots: Vec<_> = {
            let open = &mut self.slots().open;
            ids.iter().filter_map(|id| open.pop(id)).collect()
        };
        {
            let mut fleets = self.fleets.lock().unwrap_or_else(PoisonError::into_inner);
            fleets.retain(|schema, _| !ids.contains(schema));
        }
        Box::pin(async move {
            let removed = blocking(move || {
                drop(slots);
                Ok(data_dir.remove_databases(&ids))
            });
            removed.await.unwrap_or_default()
        })
    }

    fn branch(self: Arc<Self>, branch: Branch) -> BoxFuture<'static, Result<Arc<Database>>> {
        Box::pin(self.make_branch(branch))
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
