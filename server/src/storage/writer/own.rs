//! What the server itself does on a database's writer: to see whether a script
//! passes, and to bring the file up. It comes before all requests that wait, and
//! the fence does not hold it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Job, Lease, Writer};
use crate::env::Failpoint;
use crate::error::{Error, Result};
use crate::names::{DatabaseId, Generation};
use crate::storage::catalog::MigrationScript;
use crate::storage::conn::{Conn, log_bytes};
use crate::storage::migration::{ScriptRun, given_up, run_scripts};
use crate::storage::open_database::blocking;
use crate::storage::row_independence::is_row_independent;
use crate::storage::schema_text::schema_rows;

/// A run that was undone and has taken more of the log gives it back: on a full
/// disk there would be no room to note that it failed.
pub(in crate::storage) const LOG_GROWTH_BYTES_MAX: u64 = 128 * 1024;

/// A script to run and undo.
pub(in crate::storage) struct Prepare {
    pub(in crate::storage) script: MigrationScript,
    pub(in crate::storage) cancel: CancellationToken,
    /// A run that takes longer stays open.
    pub(in crate::storage) hold_if_slower: Option<Duration>,
    /// Whether to find out if rows can make it fail.
    pub(in crate::storage) classifies: bool,
}

/// What came of it.
pub(in crate::storage) struct Prepared {
    pub(in crate::storage) run: ScriptRun,
    pub(in crate::storage) took: Duration,
    /// Where it passes here, rows cannot make it fail elsewhere.
    pub(in crate::storage) row_independent: bool,
    pub(in crate::storage) held: Option<Held>,
}

/// A script that has run and is neither committed nor undone. Its database is
/// read as before, and its writes wait. Dropping this undoes it.
pub struct Held {
    lease: Lease,
    id: DatabaseId,
    generation: Generation,
}

/// A script that waits for the writer. Either it begins or it is taken back, and
/// never both.
pub(super) struct Waiting {
    prepare: Prepare,
    is_taken: Arc<AtomicBool>,
    reply: oneshot::Sender<Result<Prepared>>,
}

/// A job of the server's own.
pub(super) enum Own {
    Prepare(Box<Waiting>),
    /// Brings the file up.
    CatchUp(oneshot::Sender<Result<()>>),
}

/// The connection, unless it is with a holder, who will go on with the queue.
pub(super) type Left = ControlFlow<(), Option<Conn>>;

impl Writer {
    /// Runs a script and undoes it. Errors: those of the script, and
    /// `CHILD_QUARANTINED`. Where it is cancelled it does not wait for whoever
    /// holds the writer, and does not run later.
    pub(in crate::storage) async fn prepare(
        self: &Arc<Self>,
        prepare: Prepare,
    ) -> Result<Prepared> {
        let (reply, mut answer) = oneshot::channel();
        let (cancel, is_taken) = (prepare.cancel.clone(), Arc::new(AtomicBool::new(false)));
        let waiting = Waiting { prepare, is_taken: is_taken.clone(), reply };
        self.enqueue(Job::Own(Own::Prepare(Box::new(waiting))))?;
        let answered = match cancel.run_until_cancelled(&mut answer).await {
            Some(answered) => answered,
            None if !is_taken.swap(true, Ordering::AcqRel) => return Err(given_up()),
            // It runs, and sees for itself that it is to end.
            None => answer.await,
        };
        answered.map_err(|_| Error::internal("the writer went away"))?
    }

    /// Brings the file to its schema's generation. Errors: `CHILD_QUARANTINED`.
    pub(in crate::storage) async fn catch_up(self: &Arc<Self>) -> Result<()> {
        if let Some(fleet) = self.fleet() {
            // So that no thread has to wait for the catalog.
            let reached = self.reached.load(Ordering::Acquire);
            fleet.load_scripts(Generation(reached)).await?;
        }
        let (reply, answer) = oneshot::channel();
        self.enqueue(Job::Own(Own::CatchUp(reply)))?;
        answer.await.map_err(|_| Error::internal("the writer went away"))?
    }

    pub(super) fn run_own(self: &Arc<Self>, conn: Option<Conn>, own: Own) -> Left {
        match own {
            Own::CatchUp(reply) => {
                let (conn, outcome) = match self.current(conn) {
                    Ok(conn) => (Some(conn), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                // Nobody listens where the request was given up.
                let _ = reply.send(outcome);
                Left::Continue(conn)
            }
            Own::Prepare(waiting) => {
                let Waiting { prepare, is_taken, reply } = *waiting;
                if is_taken.swap(true, Ordering::AcqRel) {
                    return Left::Continue(conn);
                }
                let began = Instant::now();
                let left = self.run_prepare(conn, prepare, reply);
                self.note_pause_since(began);
                left
            }
        }
    }

    /// The longest that a request in the queue has waited since then.
    fn note_pause_since(&self, began: Instant) {
        let waits_since = self.state().queue.front().map(|queued| queued.since);
        if let (Some(since), Some(fleet)) = (waits_since, self.fleet()) {
            fleet.note_pause(since.max(began).elapsed());
        }
    }

    fn run_prepare(
        self: &Arc<Self>,
        conn: Option<Conn>,
        prepare: Prepare,
        reply: oneshot::Sender<Result<Prepared>>,
    ) -> Left {
        let mut conn = match self.current(conn) {
            Ok(conn) => conn,
            Err(error) => {
                let _ = reply.send(Err(error));
                return Left::Continue(None);
            }
        };
        let began = Instant::now();
        let log_before = log_bytes(&self.config.path);
        let ran = self.try_prepare(&mut conn, &prepare);
        let took = began.elapsed();
        let holds = ran.is_ok() && prepare.hold_if_slower.is_some_and(|limit| took > limit);
        if !holds {
            conn.rollback();
            conn.shorten_log(&self.config.path, log_before + LOG_GROWTH_BYTES_MAX);
            let answer = ran.map(|(run, row_independent)| Prepared {
                run,
                took,
                row_independent,
                held: None,
            });
            let _ = reply.send(answer);
            return Left::Continue(Some(conn));
        }
        let lease = Lease::new(self.clone(), Some(conn), None);
        let generation = prepare.script.generation;
        let held = Some(Held { lease, id: self.config.id, generation });
        let answer =
            ran.map(|(run, row_independent)| Prepared { run, took, row_independent, held });
        // Where nobody listens it is dropped, and so undone.
        let _ = reply.send(answer);
        Left::Break(())
    }

    fn try_prepare(&self, conn: &mut Conn, prepare: &Prepare) -> Result<(ScriptRun, bool)> {
        if let Some(fleet) = self.fleet() {
            fleet.note_clean(self.config.id);
        }
        // Nothing can be detached inside the transaction.
        conn.set_attached(&[])?;
        conn.server("BEGIN IMMEDIATE")?;
        let before = prepare.classifies.then(|| schema_rows(conn.db())).transpose()?;
        let script = &prepare.script;
        let run = run_scripts(conn, std::slice::from_ref(script), &prepare.cancel)?;
        let row_independent =
            before.is_some_and(|before| is_row_independent(script, run.statements, &before));
        Ok((run, row_independent))
    }
}

impl Held {
    /// The database.
    #[must_use]
    pub fn id(&self) -> DatabaseId {
        self.id
    }

    /// Commits it, after the migration has been decided. Durable on return. Where
    /// it fails, the file is brought up later like any other.
    pub async fn commit(self) -> Result<()> {
        blocking(move || {
            let Self { mut lease, generation, .. } = self;
            lease.commit_held(generation)
        })
        .await
    }
}

impl Lease {
    fn commit_held(&mut self, generation: Generation) -> Result<()> {
        let writer = self.writer()?;
        let conn = self.conn()?;
        conn.set_file_generation(generation)?;
        writer.commit(conn, Failpoint::HeldCommit)?;
        conn.set_generation(generation);
        writer.note_reached(generation);
        writer.config.env.failpoint(Failpoint::HeldCommitted)?;
        writer.config.durability.hand_over(writer.config.id)
    }
}
