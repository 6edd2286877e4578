//! The one writer of a database: its queue, and who works through it.
//!
//! Requests that write stand in one queue, first come, first served. A database
//! that follows a schema has two more rules: its file is brought to the schema's
//! generation before anything else happens to it, and while the schema's fence
//! is up its queue waits. What the server itself does here comes first.

mod group;
mod lease;
mod own;

pub(super) use lease::Lease;
pub use own::Held;
pub(super) use own::{LOG_GROWTH_BYTES_MAX, Prepare};

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use self::own::Own;
use super::conn::{Conn, Dress, Sharing, Synchronous};
use super::durability::Durability;
use super::fleet::{Entry, Fleet};
use super::guard::Control;
use super::migration::redo;
use super::script::{Place, Ran};
use crate::env::{Env, Failpoint};
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, Generation};

/// The most that the waiting requests of one database take, in bytes; one
/// alone may take more.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A request that writes.
pub(super) trait Work: Send {
    /// What it takes while it waits, in bytes.
    fn bytes(&self) -> usize;
    /// In whose right it runs.
    fn dress(&self) -> &Dress;
    /// Runs it; from its start each time that it is called.
    fn run(&mut self, conn: &mut Conn, place: Place, control: Control) -> Result<Ran>;
    /// Tells the caller how it ended.
    fn answer(self: Box<Self>, result: Result<()>);
}

enum Job {
    Work(Box<dyn Work>),
    Lease { cancel: CancellationToken, reply: oneshot::Sender<Lease> },
    Own(Own),
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Self::Work(work) => work.bytes(),
            Self::Lease { .. } | Self::Own(_) => 0,
        }
    }
}

/// What a writer needs to know of its database.
pub(super) struct WriterConfig {
    pub(super) id: DatabaseId,
    pub(super) path: PathBuf,
    pub(super) synchronous: Synchronous,
    pub(super) queue_max: usize,
    pub(super) durability: Arc<dyn Durability>,
    pub(super) env: Env,
    /// The schema that the database holds or follows, where it does.
    pub(super) fleet: Option<Arc<Fleet>>,
}

/// The writer of one database.
pub(super) struct Writer {
    config: WriterConfig,
    state: Mutex<State>,
    /// The generation that the file has reached at least.
    reached: AtomicU64,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    /// What the queue takes, in bytes.
    queued_bytes: usize,
    /// The connection, while nobody uses it.
    conn: Option<Conn>,
    /// Someone works through the queue, or holds the lease.
    busy: bool,
    /// Since when the queue waits for the fence to go down.
    parked: Option<Instant>,
}

struct Queued {
    job: Job,
    since: Instant,
}

impl State {
    fn pop(&mut self) -> Option<Job> {
        let Queued { job, .. } = self.queue.pop_front()?;
        self.queued_bytes -= job.bytes();
        Some(job)
    }
}

/// What a writer does next.
enum Next {
    Own(Own),
    Work(Box<dyn Work>, Option<Entry>),
    Lease(oneshot::Sender<Lease>, Option<Entry>),
}

impl Writer {
    pub(super) fn new(config: WriterConfig) -> Arc<Self> {
        Arc::new(Self { config, state: Mutex::default(), reached: AtomicU64::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The schema that the database holds or follows, where it does.
    pub(super) fn fleet(&self) -> Option<&Arc<Fleet>> {
        self.config.fleet.as_ref()
    }

    /// Whether the file is known to be at its schema's generation.
    pub(super) fn is_current(&self) -> bool {
        self.fleet()
            .is_none_or(|fleet| self.reached.load(Ordering::Acquire) >= fleet.generation().0)
    }

    /// Notes that the file has reached a generation.
    pub(super) fn note_reached(&self, generation: Generation) {
        self.reached.fetch_max(generation.0, Ordering::AcqRel);
    }

    /// Notes that the file is behind what was known of it.
    pub(super) fn note_behind(&self, generation: Generation) {
        self.reached.store(generation.0, Ordering::Release);
    }

    /// Puts work into the queue. Errors: `OVERLOADED`.
    pub(super) fn submit(self: &Arc<Self>, work: Box<dyn Work>) -> Result<()> {
        self.enqueue(Job::Work(work))
    }

    /// Whether nobody writes or waits to.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        !state.busy && state.queue.is_empty()
    }

    /// Waits for the writer to be free and takes it, for a request that ends
    /// with `cancel`. Errors: `OVERLOADED`.
    pub(super) async fn lease(self: &Arc<Self>, cancel: CancellationToken) -> Result<Lease> {
        let (reply, receiver) = oneshot::channel();
        self.enqueue(Job::Lease { cancel, reply })?;
        receiver.await.map_err(|_| Error::internal("the writer went away"))
    }

    fn enqueue(self: &Arc<Self>, job: Job) -> Result<()> {
        let mut state = self.state();
        let queued = Queued { since: Instant::now(), job };
        if let Job::Own(_) = queued.job {
            state.queue.push_front(queued);
        } else {
            let bytes = state.queued_bytes + queued.job.bytes();
            let too_large = bytes > QUEUE_BYTES_MAX && !state.queue.is_empty();
            if state.queue.len() >= self.config.queue_max || too_large {
                return Err(Error::new(
                    Reason::Overloaded,
                    "too many writes wait for this database; try again later",
                )
                .with_retry_after(Duration::from_millis(100)));
            }
            state.queued_bytes = bytes;
            state.queue.push_back(queued);
            if state.parked.is_some() {
                return Ok(());
            }
        }
        self.start(&mut state);
        Ok(())
    }

    /// Lets someone work through the queue, unless someone does.
    fn start(self: &Arc<Self>, state: &mut State) {
        if !std::mem::replace(&mut state.busy, true) {
            let writer = self.clone();
            tokio::task::spawn_blocking(move || writer.drain());
        }
    }

    /// The fence is down.
    pub(super) fn resume(self: &Arc<Self>) {
        let mut state = self.state();
        if let (Some(since), Some(fleet)) = (state.parked.take(), self.fleet()) {
            fleet.note_pause(since.elapsed());
        }
        if !state.queue.is_empty() {
            self.start(&mut state);
        }
    }

    /// Works until the queue is empty, waits for the fence, or the lease is
    /// given away.
    fn drain(self: Arc<Self>) {
        let _rescue = Rescue(self.clone());
        let mut conn = self.state().conn.take();
        while let Some(next) = self.next(&mut conn) {
            conn = match next {
                Next::Work(work, entry) => self.run_group(conn, work, entry.as_ref()),
                Next::Lease(reply, entry) => {
                    match reply.send(Lease::new(self.clone(), conn, entry)) {
                        Ok(()) => return,
                        Err(mut unwanted) => unwanted.take(),
                    }
                }
                Next::Own(own) => match self.run_own(conn, own) {
                    ControlFlow::Continue(conn) => conn,
                    ControlFlow::Break(()) => return,
                },
            }
        }
    }

    /// What is to be done next; nothing where the queue is empty or has to wait,
    /// and then the connection rests.
    fn next(self: &Arc<Self>, conn: &mut Option<Conn>) -> Option<Next> {
        let mut state = self.state();
        let cancel = match state.queue.front().map(|queued| &queued.job) {
            Some(Job::Own(_)) => None,
            Some(Job::Work(work)) => Some(work.dress().cancel.clone()),
            Some(Job::Lease { cancel, .. }) => Some(cancel.clone()),
            None => {
                state.conn = conn.take();
                state.busy = false;
                return None;
            }
        };
        let entry = match (cancel, self.fleet()) {
            (Some(cancel), Some(fleet)) => {
                let is_parked = state.parked.is_some();
                let Some(entry) = fleet.enter(self.config.id, cancel, self, is_parked) else {
                    state.parked.get_or_insert_with(Instant::now);
                    state.conn = conn.take();
                    state.busy = false;
                    return None;
                };
                Some(entry)
            }
            _ => None,
        };
        state.pop().map(|job| match job {
            Job::Own(own) => Next::Own(own),
            Job::Work(work) => Next::Work(work, entry),
            Job::Lease { reply, .. } => Next::Lease(reply, entry),
        })
    }

    /// The connection if it may serve another request, else a fresh one.
    fn fresh(&self, conn: Option<Conn>) -> Result<Conn> {
        match conn {
            Some(conn) if conn.is_clean() => Ok(conn),
            stale => {
                drop(stale);
                Conn::open(&self.config.path, Sharing::Shared(self.config.synchronous))
            }
        }
    }

    /// As [`Writer::fresh`], and the file is at its schema's generation. Errors:
    /// also `CHILD_QUARANTINED`.
    fn current(&self, conn: Option<Conn>) -> Result<Conn> {
        let Some(fleet) = &self.config.fleet else { return self.fresh(conn) };
        let (id, target) = (self.config.id, fleet.generation());
        // One that is opened anew does not know the file yet.
        let conn = conn.filter(Conn::is_clean);
        let is_known = conn.as_ref().is_some_and(|conn| conn.known_generation() == Some(target));
        // A reader may have found the file behind what this connection knows.
        if is_known && self.is_current() {
            return self.fresh(conn);
        }
        fleet.check_quarantine(id)?;
        match self.fresh(conn).and_then(|conn| self.bring_up(conn, fleet, target)) {
            Ok(conn) => {
                fleet.release(id);
                self.note_reached(target);
                Ok(conn)
            }
            Err(error) => Err(fleet.quarantine(id, &error)),
        }
    }

    fn bring_up(&self, mut conn: Conn, fleet: &Fleet, target: Generation) -> Result<Conn> {
        let began = Instant::now();
        let from = conn.file_generation()?;
        conn.set_generation(from);
        check_not_ahead(from, target)?;
        if from < target {
            // Nothing can be detached inside the transaction.
            conn.set_attached(&[])?;
            redo(&mut conn, &fleet.scripts(from, target)?, target, &self.config.env)?;
            fleet.note_pause(began.elapsed());
        }
        Ok(conn)
    }

    fn commit(&self, conn: &Conn, before: Failpoint) -> Result<()> {
        self.config.env.failpoint(before)?;
        conn.server("COMMIT")
    }

    /// Hands the last commit over, see [`Durability`].
    fn hand_over(&self, after: Failpoint) -> Result<()> {
        self.config.env.failpoint(after)?;
        self.config.durability.hand_over(self.config.id)
    }
}

/// Refuses a file that is further than its schema: one of the two came from an
/// older backup.
pub(super) fn check_not_ahead(file: Generation, schema: Generation) -> Result<()> {
    if file > schema {
        return Err(Error::new(
            Reason::DatabaseCorrupt,
            format!(
                "the file is at generation {file} and its schema at {schema}; restore both from one backup"
            ),
        ));
    }
    Ok(())
}

/// Lets the queue go on when work has panicked: what ran is rolled back with
/// its connection, and its callers learn of it by their closed channels.
struct Rescue(Arc<Writer>);

impl Drop for Rescue {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let queue = {
            let mut state = self.0.state();
            state.busy = false;
            state.queued_bytes = 0;
            std::mem::take(&mut state.queue)
        };
        for Queued { job, .. } in queue {
            // Whoever does not fit any more learns of it by the closed channel.
            let _ = self.0.enqueue(job);
        }
    }
}
