//! What a migration asks of the files of its schema and its children.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::vec;

use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::first_use::Found;
use super::pace::{Pace, let_requests_run};
use super::{Pool, Slot, Wanted};
use crate::env::Failpoint;
use crate::error::{Error, Result};
use crate::names::{DatabaseId, Generation};
use crate::storage::catalog::{Database, Member, MigrationScript};
use crate::storage::conn::{Conn, Sharing};
use crate::storage::fleet::Fleet;
use crate::storage::migration::given_up;
use crate::storage::open_database::{OpenDatabase, blocking};
use crate::storage::schema_text;
use crate::storage::templates::sync_all;
use crate::storage::writer::{Held, Prepare};

/// What a script did to its schema's own database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Its statements.
    pub statements: usize,
    /// Rows that they inserted, updated and deleted.
    pub rows_written: u64,
    /// Where it passes on the parent, rows cannot make it fail on a child.
    pub row_independent: bool,
}

/// How a child is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidateHow {
    /// Run and undone.
    Undo,
    /// The same, but a run that takes longer than this stays open: its database
    /// takes no writes until the run is committed or dropped.
    HoldIfSlower(Duration),
}

/// What a script did to a child.
pub struct Validated {
    /// Rows that it inserted, updated and deleted.
    pub rows_written: u64,
    /// How long that took.
    pub took: Duration,
    /// The run, where it stays open.
    pub held: Option<Held>,
}

/// Children that several workers take from.
#[derive(Clone)]
pub struct Queue(Arc<Mutex<vec::IntoIter<Member>>>);

impl Queue {
    /// One that hands them out in their order.
    #[must_use]
    pub fn new(children: Vec<Member>) -> Self {
        Self(Arc::new(Mutex::new(children.into_iter())))
    }

    /// Whether all were taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting().as_slice().is_empty()
    }

    fn take(&self) -> Option<Member> {
        self.waiting().next()
    }

    fn waiting(&self) -> MutexGuard<'_, vec::IntoIter<Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Runs a script on a SCHEMA database and undoes it. Errors: those of the
    /// script, with the `statement_index` where one of its statements failed.
    pub async fn prove(
        self: &Arc<Self>,
        parent: &Database,
        script: &MigrationScript,
    ) -> Result<Proof> {
        // What could not be brought up a moment ago may be by now, and a migration
        // that is refused for it is not tried again by itself.
        self.fleet(parent.id, parent.generation).retry_now(parent.id);
        let database = self.open(parent).await?;
        let cancel = CancellationToken::new();
        let _given_up = cancel.clone().drop_guard();
        let prepared = database.writer.prepare(Prepare {
            script: script.clone(),
            cancel,
            hold_if_slower: None,
            classifies: true,
        });
        let prepared = prepared.await?;
        Ok(Proof {
            statements: prepared.run.statements,
            rows_written: prepared.run.rows_written,
            row_independent: prepared.row_independent,
        })
    }

    /// Takes children from a queue, runs a script on each, and undoes it; answers the
    /// first that is in use, which is for [`validate`](Self::validate), or none at the
    /// end of the queue. Each child counts as not written from the start of its run
    /// on. Tells of each run; errors of it are those of the script and of the file.
    /// Ends early when nobody listens. Errors: it cannot be said what became of a child
    /// that was taken.
    pub fn validate_closed(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        queue: Queue,
        script: &MigrationScript,
        cancel: &CancellationToken,
        tell: mpsc::Sender<(Member, Result<Validated>)>,
    ) -> impl Future<Output = Result<Option<Member>>> + Send + use<> {
        let (pool, fleet, script, cancel) =
            (Arc::clone(self), Arc::clone(fleet), script.clone(), cancel.clone());
        // Begun at once, and not when somebody asks for its end.
        let work = spawn_blocking(move || {
            while let Some(child) = queue.take() {
                let_requests_run();
                let cold = pool.claim(child.id, &cancel);
                let run = cold.and_then(|cold| cold.validate(&fleet, &script).transpose());
                let Some(run) = run else { return Some(child) };
                if tell.blocking_send((child, run)).is_err() {
                    break;
                }
            }
            None
        });
        async { work.await.map_err(Error::internal) }
    }

    /// Runs a script on a child, which is opened like for a request, and undoes it.
    /// The child counts as not written from the start of the run on. Errors: those
    /// of the script and of the file; `CANCELLED`.
    pub async fn validate(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        child: &Member,
        script: &MigrationScript,
        how: ValidateHow,
        cancel: &CancellationToken,
    ) -> Result<Validated> {
        fleet.retry_now(child.id);
        let opened = cancel.run_until_cancelled(self.open_member(fleet, child)).await;
        let database = opened.ok_or_else(given_up)??;
        let prepared = database.writer.prepare(Prepare {
            script: script.clone(),
            cancel: cancel.clone(),
            hold_if_slower: match how {
                ValidateHow::Undo => None,
                ValidateHow::HoldIfSlower(limit) => Some(limit),
            },
            classifies: false,
        });
        let prepared = prepared.await?;
        let (rows_written, took) = (prepared.run.rows_written, prepared.took);
        Ok(Validated { rows_written, took, held: prepared.held })
    }

    /// Brings the open files of a fleet to its generation, so many at a time, so that
    /// their next requests find that done. Leaves out those in use and those that are
    /// still being made, which are brought up by whoever does that, and leaves errors
    /// to [`apply`](Self::apply).
    pub async fn apply_to_open(&self, fleet: &Fleet, workers: usize) {
        let follows = |slot: &Slot| {
            let of = slot.database.writer.fleet();
            slot.ready.initialized() && of.is_some_and(|of| of.schema() == fleet.schema())
        };
        let open: Vec<_> = {
            let slots = self.slots();
            let open = slots.open.iter().map(|(_, slot)| slot).filter(|slot| follows(slot));
            open.map(|slot| slot.database.clone()).collect()
        };
        let catch_up = |database: Arc<OpenDatabase>| async move {
            // Seen when its turn comes: a transaction that began meanwhile may take long.
            if database.writer.is_current() || !database.writer.is_idle() {
                return;
            }
            if let Err(error) = database.writer.catch_up().await {
                debug!(id = %database.id(), %error, "cannot bring an open file up");
            }
        };
        stream::iter(open).for_each_concurrent(workers, catch_up).await;
    }

    /// Brings the files of some children to their schema's generation, durable with
    /// the next [`make_durable`](Self::make_durable). Answers for each in their
    /// order, with `CHILD_QUARANTINED` for those that cannot be; they are tried again
    /// after a while, or `now`.
    pub async fn apply(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        batch: &[Member],
        now: bool,
    ) -> Result<Vec<Result<()>>> {
        if now {
            batch.iter().for_each(|child| fleet.retry_now(child.id));
        }
        let mut applied = Vec::with_capacity(batch.len());
        for (child, closed) in batch.iter().zip(self.apply_closed(fleet, batch).await?) {
            applied.push(match closed {
                Some(result) => result,
                None => self.apply_open(fleet, child).await,
            });
        }
        Ok(applied)
    }

    /// The same for those that nobody uses; `None` for the others.
    async fn apply_closed(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        batch: &[Member],
    ) -> Result<Vec<Option<Result<()>>>> {
        let ids: Vec<_> = batch.iter().map(|child| child.id).collect();
        let (pool, fleet) = (Arc::clone(self), Arc::clone(fleet));
        blocking(move || {
            let mut pace = Pace::new(&pool.requests);
            let apply_one = |id| {
                pace.keep();
                pool.apply_one_closed(&fleet, id)
            };
            Ok(ids.into_iter().map(apply_one).collect())
        })
        .await
    }

    fn apply_one_closed(self: &Arc<Self>, fleet: &Fleet, id: DatabaseId) -> Option<Result<()>> {
        if let Err(quarantined) = fleet.check_quarantine(id) {
            return Some(Err(quarantined));
        }
        let cold = self.claim(id, &CancellationToken::new())?;
        match cold.apply(fleet) {
            Ok(true) => {
                fleet.release(id);
                Some(Ok(()))
            }
            Ok(false) => None,
            Err(error) => Some(Err(fleet.quarantine(id, &error))),
        }
    }

    /// Brings the file of a SCHEMA database to its generation, durable on return.
    pub async fn apply_parent(self: &Arc<Self>, parent: &Database) -> Result<()> {
        let database = self.open(parent).await?;
        drop(database);
        self.make_durable().await
    }

    /// Makes everything durable that was applied before, with one sync. Errors:
    /// nothing of it is known to be.
    pub async fn make_durable(&self) -> Result<()> {
        let env = &self.config.database.env;
        env.failpoint(Failpoint::SweepApplied)?;
        let data_dir = self.data_dir.clone();
        blocking(move || sync_all(&data_dir)).await?;
        env.failpoint(Failpoint::SweepSynced)
    }

    async fn apply_open(self: &Arc<Self>, fleet: &Arc<Fleet>, child: &Member) -> Result<()> {
        match self.open_member(fleet, child).await {
            Ok(_) => Ok(()),
            Err(error) => {
                fleet.check_quarantine(child.id)?;
                Err(fleet.quarantine(child.id, &error))
            }
        }
    }

    async fn open_member(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        child: &Member,
    ) -> Result<Arc<OpenDatabase>> {
        self.open_wanted(Wanted {
            id: child.id,
            fleet: Some(fleet.clone()),
            reached: child.file_generation,
            found: Found::Used,
        })
        .await
    }

    /// The generation of a SCHEMA database and the statements that make it.
    pub async fn schema_text(self: &Arc<Self>, parent: &Database) -> Result<(Generation, String)> {
        let database = self.open(parent).await?;
        let synchronous = self.config.database.synchronous;
        blocking(move || {
            let mut conn = Conn::open(database.path(), Sharing::Shared(synchronous))?;
            let generation = conn.begin_snapshot()?;
            let text = schema_text::schema_text(conn.db())?;
            Ok((generation, text))
        })
        .await
    }
}
