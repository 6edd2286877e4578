//! Migrations: one schema for many databases, changed on all or on none.
//!
//! A migration is a row of the catalog, and one record there decides it. Around
//! that record stand three tasks: a [`runner::Runner`] per migration, which
//! prepares it and writes the record; a sweep per schema, which brings files up
//! afterwards; and whoever called, who may wait or go away. What is to be done
//! next is told by a pure state machine (`state.rs`), and everything that it can
//! lose, a crash can lose too: nothing here is the truth.
//!
//! Every method takes the caller's [`Grant`] and decides itself what it may. A
//! database of another kind is told as such to whoever may know of it. Nothing
//! here knows gRPC or SQLite.

mod apply;
mod validate_only;

mod children;
mod watch;

mod runner;
mod runs;
mod state;

mod prepare;
mod sweep;

mod gate;
mod members;
mod progress;
mod validate;
mod verdict;

#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod tests;

pub use apply::{ApplySpec, WaitFor};
pub use children::Child;
pub use validate_only::ValidationReport;
pub use watch::MigrationWatch;

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use self::gate::Gates;
use self::runs::Runs;
use self::sweep::Sweeps;
use crate::env::{Env, Timestamp};
use crate::error::{Error, Reason, Result};
use crate::grants::{self, Grant, Page, PageRequest};
use crate::names::{DatabaseId, DatabaseRef, Generation, MigrationId};
use crate::storage::Pool;
use crate::storage::catalog::{
    Catalog, Database, DatabaseFilter, Kind, Migration, MigrationState, Visible,
};

/// How long the server waits at its end for migrations to let go of their files.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// What migrations keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaConfig {
    /// How many children one migration validates at the same time.
    pub prepare_workers: usize,
    /// How many batches of files are brought up at the same time.
    pub apply_workers: usize,
    /// How long writes that are open when the fence goes up may take to end.
    pub fence_wait_max: Duration,
    /// How many slow children are held open until the decision.
    pub held_max: usize,
}

/// The service for schemas and their migrations.
pub struct Schemas(Arc<Shared>);

/// A migration as callers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationView {
    /// Its row, with the counts of this moment while it runs.
    pub migration: Arc<Migration>,
    /// Its schema, as `group/name`.
    pub schema: String,
}

/// The schema of a SCHEMA database as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaText {
    /// The generation that it is of.
    pub generation: Generation,
    /// The statements that make it.
    pub ddl: String,
    /// The SHA-256 of `ddl`, in hexadecimal digits.
    pub hash: String,
}

/// What the tasks of this floor share.
struct Shared {
    catalog: Arc<dyn Catalog>,
    pool: Arc<Pool>,
    env: Env,
    config: SchemaConfig,
    runs: Runs,
    sweeps: Sweeps,
    gates: Gates,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Schemas {
    /// The service over a catalog and the databases in it.
    #[must_use]
    pub fn new(catalog: Arc<dyn Catalog>, pool: Arc<Pool>, env: Env, config: SchemaConfig) -> Self {
        Self(Arc::new(Shared {
            catalog,
            pool,
            env,
            config,
            runs: Runs::default(),
            sweeps: Sweeps::default(),
            gates: Gates::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Takes up what the last end of the server left: migrations that have not
    /// ended, and files that are behind. Returns when every schema is known to be
    /// at its generation; the rest goes on in the background.
    pub async fn resume(&self) -> Result<()> {
        self.0.drive_unfinished().await?;
        let shared = Arc::clone(&self.0);
        self.0.spawn(async move {
            if let Err(error) = shared.sweep_all().await {
                error!(?error, "cannot look for files that are behind");
            }
        });
        Ok(())
    }

    /// Tries again what could not be done: files that could not be brought up,
    /// and migrations that nobody drives. To be called now and then.
    pub async fn retry_due(&self) {
        for schema in self.0.sweeps.lagging() {
            self.0.sweep(schema);
        }
        if let Err(error) = self.0.drive_unfinished().await {
            error!(?error, "cannot look for unfinished migrations; trying again");
        }
    }

    /// Stops everything in the background, as a crash would. What is not decided
    /// is taken up by the next server.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(STOP_WAIT_MAX, self.0.tasks.wait()).await.is_err() {
            warn!("shutting down: migrations are still busy");
        }
    }

    /// Looks a migration up. Errors: `MIGRATION_NOT_FOUND`.
    pub async fn get(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        id: MigrationId,
    ) -> Result<MigrationView> {
        let parent = self.0.migratable(grant, schema).await?;
        let migration = self.0.migration_of(&parent, id).await?;
        Ok(view(&parent, self.0.live(migration)))
    }

    /// Lists the migrations of a schema, newest first. Errors:
    /// `INVALID_ARGUMENT`, `INVALID_PAGE_TOKEN`.
    pub async fn list(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        state: Option<MigrationState>,
        page: &PageRequest,
    ) -> Result<Page<MigrationView>> {
        let parent = self.0.migratable(grant, schema).await?;
        let limit = page.items()?;
        let filter = format!("migrations {} {state:?}", parent.id);
        let after = page.after(&filter, read_cursor)?;
        let rows = self.0.catalog.migrations(parent.id, state, after, limit + 1).await?;
        let Page { items, next_token } = Page::cut(rows, limit, &filter, write_cursor);
        let items = items.into_iter().map(|row| view(&parent, self.0.live(row))).collect();
        Ok(Page { items, next_token })
    }

    /// Cancels a migration, and answers when it is; one that is cancelled already
    /// stays so. Errors: `MIGRATION_NOT_FOUND`, `MIGRATION_DECIDED`.
    pub async fn cancel(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        id: MigrationId,
    ) -> Result<MigrationView> {
        let parent = self.0.migratable(grant, schema).await?;
        let row = self.0.migration_of(&parent, id).await?;
        let decided = match row.state {
            MigrationState::Preparing => {
                if let Some(run) = self.0.drive(&row, &parent, None) {
                    run.cancel.cancel();
                }
                self.0.wait(&parent, row, WaitFor::Commit).await?
            }
            MigrationState::Committed
            | MigrationState::Applied
            | MigrationState::Failed
            | MigrationState::Cancelled => row,
        };
        if decided.state == MigrationState::Cancelled {
            return Ok(view(&parent, decided));
        }
        let state = state_word(decided.state);
        let message = format!("the migration is already {state}, and cannot be cancelled any more");
        Err(Error::new(Reason::MigrationDecided, message)
            .with("migration", id)
            .with("state", state))
    }

    /// The schema as text. Errors: `READS_BLOCKED`, and those of reading it.
    pub async fn schema_text(&self, grant: &Grant, schema: &DatabaseRef) -> Result<SchemaText> {
        let (parent, rights) = grants::resolve(&*self.0.catalog, grant, schema).await?;
        require_schema(&parent)?;
        if !rights.read {
            let message = "the token does not permit reading this database; mint one that does";
            return Err(Error::new(Reason::PermissionDenied, message));
        }
        if parent.settings.block_reads {
            let message = "reads are switched off for this database; its owner can allow them";
            return Err(Error::new(Reason::ReadsBlocked, message).with("database", schema));
        }
        let (generation, ddl) = self.0.pool.schema_text(&parent).await?;
        let digest = Sha256::digest(&ddl);
        let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(SchemaText { generation, ddl, hash })
    }
}

impl Drop for Schemas {
    fn drop(&mut self) {
        self.0.stop.cancel();
    }
}

impl Shared {
    /// Does work in the background until the server stops.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            // What it has done by then is taken up by the next server.
            let _ = stop.run_until_cancelled(work).await;
        });
    }

    /// A SCHEMA database that the grant may migrate. Errors:
    /// `DATABASE_NOT_FOUND`, `WRONG_KIND`, `PERMISSION_DENIED`.
    async fn migratable(&self, grant: &Grant, reference: &DatabaseRef) -> Result<Arc<Database>> {
        let (database, rights) = grants::resolve(&*self.catalog, grant, reference).await?;
        require_schema(&database)?;
        if rights.admin || (rights.ddl && rights.rules.is_none()) {
            return Ok(database);
        }
        if rights.ddl {
            let message = "a token with rules for tables cannot migrate: they do not bind a script";
            return Err(Error::new(Reason::PermissionDenied, message));
        }
        let message = "this needs a token that permits ddl on the schema, or is admin of its group";
        Err(Error::new(Reason::PermissionDenied, message).with("group", &database.group))
    }

    /// A migration of this schema. Errors: `MIGRATION_NOT_FOUND`.
    async fn migration_of(&self, parent: &Database, id: MigrationId) -> Result<Arc<Migration>> {
        let found = self.catalog.migration(id).await?;
        found.filter(|migration| migration.schema == parent.id).ok_or_else(|| {
            let message = "the schema has no migration of this id; list those that it has";
            Error::new(Reason::MigrationNotFound, message)
                .with("schema", full_name(parent))
                .with("migration", id)
        })
    }

    /// A row with the counts of this moment.
    fn live(&self, row: Arc<Migration>) -> Arc<Migration> {
        let live = self.runs.get(row.id).map(|run| run.progress.now());
        live.filter(|live| live.state == row.state).unwrap_or(row)
    }

    /// The row of an active SCHEMA database.
    async fn schema_row(&self, id: DatabaseId) -> Result<Option<Arc<Database>>> {
        let visible = Visible { groups: Vec::new(), databases: vec![id] };
        let filter = DatabaseFilter { visible: Some(visible), ..DatabaseFilter::default() };
        Ok(self.catalog.databases(filter, None, 1).await?.pop())
    }
}

fn require_schema(database: &Database) -> Result<()> {
    let (kind, advice) = match database.kind {
        Kind::Schema => return Ok(()),
        Kind::Regular => ("REGULAR", "change its schema with SQL"),
        Kind::Child { .. } => ("CHILD", "migrate its schema"),
    };
    let message = format!("migrations are for SCHEMA databases, and this one is {kind}; {advice}");
    Err(Error::new(Reason::WrongKind, message)
        .with("database", full_name(database))
        .with("kind", kind))
}

fn full_name(database: &Database) -> String {
    format!("{}/{}", database.group, database.name)
}

fn view(parent: &Database, migration: Arc<Migration>) -> MigrationView {
    MigrationView { migration, schema: full_name(parent) }
}

fn state_word(state: MigrationState) -> &'static str {
    match state {
        MigrationState::Preparing => "PREPARING",
        MigrationState::Committed => "COMMITTED",
        MigrationState::Applied => "APPLIED",
        MigrationState::Failed => "FAILED",
        MigrationState::Cancelled => "CANCELLED",
    }
}

fn write_cursor(migration: &Arc<Migration>) -> Vec<u8> {
    format!("{}/{}", migration.create_time.0, migration.id).into_bytes()
}

fn read_cursor(key: &[u8]) -> Option<(Timestamp, MigrationId)> {
    let (time, id) = str::from_utf8(key).ok()?.split_once('/')?;
    Some((Timestamp(time.parse().ok()?), id.parse().ok()?))
}
