//! Copies of databases that become databases of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Pool;
use crate::env::Failpoint;
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, DatabaseRef, Generation, NameOrId};
use crate::storage::catalog::{Database, Kind};
use crate::storage::conn::{Conn, Sharing};
use crate::storage::copy::{copy_snapshot, given_up};
use crate::storage::files::Branch;
use crate::storage::fleet::{Entry, Fleet};
use crate::storage::open_database::blocking;

/// How many copies are made at a time: each is a whole file to read and to write.
pub(super) const COPIES_MAX: usize = 2;
/// How often a copy is made anew because a migration of its schema was decided
/// meanwhile.
const TRIES_MAX: u32 = 16;
/// A copy that took no longer is made anew while no migration can be decided.
const QUICK_COPY_MAX: Duration = Duration::from_millis(50);
/// When it may be worth to try once more.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Pool {
    /// See [`Files::branch`](crate::storage::files::Files::branch).
    pub(super) async fn make_branch(self: Arc<Self>, branch: Branch) -> Result<Arc<Database>> {
        let Branch { source, staged, request, cancel } = branch;
        let turn = cancel.run_until_cancelled(self.copies.acquire()).await;
        let _turn = turn.ok_or_else(given_up)?.map_err(Error::internal)?;
        let joins = match source.kind {
            Kind::Child { schema } => Some(self.fleet(schema, source.generation)),
            Kind::Regular | Kind::Schema => None,
        };
        let mut took = Duration::MAX;
        for _ in 0..TRIES_MAX {
            let mut joining = None;
            if took <= QUICK_COPY_MAX {
                joining = join(joins.as_ref(), &cancel).await?;
            }
            let began = Instant::now();
            let copied = self.copy_of(&source, staged.id, &cancel).await;
            self.check_kept(&source).await?;
            let generation = copied?;
            took = began.elapsed();
            self.config.database.env.failpoint(Failpoint::BranchMade)?;
            if joining.is_none() {
                joining = join(joins.as_ref(), &cancel).await?;
            }
            // A small copy is made before anybody looks.
            if cancel.is_cancelled() {
                return Err(given_up());
            }
            let (staged, request) = (Arc::clone(&staged), request.clone());
            let id = staged.id;
            let now = self.config.database.env.now();
            let published = self.catalog.publish_database(staged, generation, request, now).await;
            // Whatever became of it: a validation that looks for it in vain does no harm.
            if let Some(fleet) = &joins {
                fleet.note_written(id);
            }
            drop(joining);
            if let Some(active) = published? {
                return Ok(active);
            }
            // A migration was decided that what was copied may not pass.
        }
        let message =
            "the schema was migrated again and again while its child was copied; try again";
        Err(Error::new(Reason::Busy, message).with_retry_after(RETRY_AFTER))
    }

    /// Refuses what was read of a database that has been purged: its files go one
    /// by one, the log first. Errors: `DATABASE_NOT_FOUND`.
    async fn check_kept(&self, source: &Database) -> Result<()> {
        let Database { group, name, id, .. } = source;
        let reference = DatabaseRef { group: group.clone(), database: NameOrId::Id(*id) };
        let is_kept = self.catalog.database(&reference).await?.is_some()
            || self.catalog.deleted_database(&reference).await?.is_some();
        if is_kept {
            return Ok(());
        }
        let message = "the database was deleted meanwhile";
        Err(Error::new(Reason::DatabaseNotFound, message)
            .with("database", format!("{group}/{name}")))
    }

    /// Copies a snapshot to the file of another database; answers the generation
    /// that it is at.
    async fn copy_of(
        self: &Arc<Self>,
        source: &Database,
        to: DatabaseId,
        cancel: &CancellationToken,
    ) -> Result<Generation> {
        // Its file may have to be brought up first, which takes as long as it takes.
        let opened = cancel.run_until_cancelled(self.open(source)).await;
        let database = opened.ok_or_else(given_up)??;
        let (pool, cancel) = (Arc::clone(self), cancel.clone());
        let is_regular = source.kind == Kind::Regular;
        blocking(move || {
            let database_config = &pool.config.database;
            let sharing = Sharing::Shared(database_config.synchronous);
            let mut conn = Conn::open(database.path(), sharing)?;
            let generation = conn.begin_snapshot()?;
            let copied = || database_config.env.failpoint(Failpoint::BranchCopied);
            copy_snapshot(&conn, &pool.data_dir.database_file(to), &cancel, copied)?;
            conn.rollback();
            // What its tenant wrote there is no generation.
            Ok(if is_regular { Generation::default() } else { generation })
        })
        .await
    }
}

/// Waits until a branch may join its fleet, if it has one.
async fn join(fleet: Option<&Arc<Fleet>>, cancel: &CancellationToken) -> Result<Option<Entry>> {
    let Some(fleet) = fleet else { return Ok(None) };
    let joining = cancel.run_until_cancelled(fleet.enter_joining()).await;
    joining.map(Some).ok_or_else(given_up)
}
