//! The one writer of a database: its queue, and commits in groups.
//!
//! Requests that write stand in one queue, first come, first served. Those that
//! wait together share one transaction, a savepoint each, and one sync; each is
//! atomic by itself and is answered only when the commit is durable. A request
//! that breaks the shared transaction (`OR ROLLBACK`, an interrupt) harms no
//! neighbour: the others are run again, each alone.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::conn::{Conn, Dress, Synchronous};
use super::durability::Durability;
use super::guard::Control;
use super::script::{Place, Ran};
use super::statement::has_deferred_violations;
use crate::env::{Env, Failpoint};
use crate::error::{Error, Reason, Result};
use crate::names::DatabaseId;

/// The most requests that share a commit.
const GROUP_SIZE_MAX: usize = 64;
/// The most that the waiting requests of one database take, in bytes; one
/// alone may take more.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A shared transaction takes in no more requests after this time, so that the
/// first of them do not wait for a long tail.
const GROUP_MS_MAX: u64 = 10;

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
    Lease(oneshot::Sender<Lease>),
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Self::Work(work) => work.bytes(),
            Self::Lease(_) => 0,
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
}

/// The writer of one database.
pub(super) struct Writer {
    config: WriterConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    /// What the queue takes, in bytes.
    queued_bytes: usize,
    /// The connection, while nobody uses it.
    conn: Option<Conn>,
    /// Someone works through the queue, or holds the lease.
    busy: bool,
}

impl State {
    fn pop(&mut self) -> Option<Job> {
        let job = self.queue.pop_front()?;
        self.queued_bytes -= job.bytes();
        Some(job)
    }
}

impl Writer {
    pub(super) fn new(config: WriterConfig) -> Arc<Self> {
        Arc::new(Self { config, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts work into the queue. Errors: `OVERLOADED`.
    pub(super) fn submit(self: &Arc<Self>, work: Box<dyn Work>) -> Result<()> {
        self.enqueue(Job::Work(work))
    }

    /// Whether nobody writes or waits to.
    pub(super) fn is_idle(&self) -> bool {
        !self.state().busy
    }

    /// Waits for the writer to be free and takes it. Errors: `OVERLOADED`.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease> {
        let (sender, receiver) = oneshot::channel();
        self.enqueue(Job::Lease(sender))?;
        receiver.await.map_err(|_| Error::internal("the writer went away"))
    }

    fn enqueue(self: &Arc<Self>, job: Job) -> Result<()> {
        let mut state = self.state();
        let bytes = state.queued_bytes + job.bytes();
        let too_large = bytes > QUEUE_BYTES_MAX && !state.queue.is_empty();
        if state.queue.len() >= self.config.queue_max || too_large {
            return Err(Error::new(
                Reason::Overloaded,
                "too many writes wait for this database; try again later",
            )
            .with_retry_after(Duration::from_millis(100)));
        }
        state.queued_bytes = bytes;
        state.queue.push_back(job);
        if !std::mem::replace(&mut state.busy, true) {
            let writer = self.clone();
            tokio::task::spawn_blocking(move || writer.drain());
        }
        Ok(())
    }

    /// Works until the queue is empty or the lease is given away.
    fn drain(self: Arc<Self>) {
        let _rescue = Rescue(self.clone());
        let mut conn = self.state().conn.take();
        loop {
            let job = {
                let mut state = self.state();
                let Some(job) = state.pop() else {
                    state.conn = conn;
                    state.busy = false;
                    return;
                };
                job
            };
            match job {
                Job::Lease(reply) => {
                    let lease = Lease { conn, writer: Some(self.clone()) };
                    match reply.send(lease) {
                        Ok(()) => return,
                        Err(mut unwanted) => conn = unwanted.take(),
                    }
                }
                Job::Work(work) => conn = self.run_group(conn, work),
            }
        }
    }

    /// The connection if it may serve another request, else a fresh one.
    fn fresh(&self, conn: Option<Conn>) -> Result<Conn> {
        match conn {
            Some(conn) if conn.is_clean() => Ok(conn),
            stale => {
                drop(stale);
                Conn::open(&self.config.path, self.config.synchronous)
            }
        }
    }

    /// The next work that fits into a transaction with these attachments.
    fn next_like(&self, conn: &Conn) -> Option<Box<dyn Work>> {
        let mut state = self.state();
        match state.queue.front() {
            Some(Job::Work(work)) if conn.has_attached(&work.dress().attached) => {}
            _ => return None,
        }
        match state.pop() {
            Some(Job::Work(work)) => Some(work),
            _ => None,
        }
    }

    fn run_group(&self, conn: Option<Conn>, first: Box<dyn Work>) -> Option<Conn> {
        let begun = self.fresh(conn).and_then(|mut conn| {
            conn.set_attached(&first.dress().attached)?;
            conn.server("BEGIN IMMEDIATE")?;
            Ok(conn)
        });
        let mut conn = match begun {
            Ok(conn) => conn,
            Err(error) => {
                first.answer(Err(error));
                return None;
            }
        };
        let started = Instant::now();
        let mut done = Vec::new();
        let mut again = Vec::new();
        let mut next = Some(first);
        while let Some(mut work) = next.take() {
            match run_member(&mut conn, &mut *work) {
                Member::Done => done.push(work),
                Member::Failed(error) => work.answer(Err(error)),
                Member::Again(control) => again.push((work, control)),
            }
            let full = done.len() >= GROUP_SIZE_MAX
                || started.elapsed() >= Duration::from_millis(GROUP_MS_MAX);
            if !full && !conn.is_autocommit() && !conn.has_temp() {
                next = self.next_like(&conn);
            }
        }
        self.end_group(&mut conn, done, &mut again);
        let mut conn = Some(conn);
        for (work, control) in again {
            conn = self.run_alone(conn, work, control);
        }
        conn
    }

    /// Commits the shared transaction and answers its members; those who have
    /// to run again because of another are added to `again`.
    fn end_group(
        &self,
        conn: &mut Conn,
        done: Vec<Box<dyn Work>>,
        again: &mut Vec<(Box<dyn Work>, Control)>,
    ) {
        if conn.is_autocommit() || done.is_empty() {
            conn.rollback();
            again.extend(done.into_iter().map(|work| (work, Control::None)));
            return;
        }
        match self.commit(conn, Failpoint::GroupCommit) {
            Ok(()) => {
                let handed_over = self.hand_over(Failpoint::GroupCommitted);
                for work in done {
                    // Each gets the one outcome; the cause is for the log.
                    let outcome = handed_over.as_ref().copied();
                    work.answer(outcome.map_err(|error| Error::internal(format!("{error:?}"))));
                }
            }
            Err(error) => {
                conn.rollback();
                let mut done = done.into_iter();
                match (done.next(), done.len()) {
                    (Some(only), 0) => only.answer(Err(error)),
                    (first, _) => again
                        .extend(first.into_iter().chain(done).map(|work| (work, Control::None))),
                }
            }
        }
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

    fn run_alone(
        &self,
        conn: Option<Conn>,
        mut work: Box<dyn Work>,
        mut control: Control,
    ) -> Option<Conn> {
        let mut conn = conn;
        loop {
            let mut fresh = match self.fresh(conn) {
                Ok(fresh) => fresh,
                Err(error) => {
                    work.answer(Err(error));
                    return None;
                }
            };
            let ran = self.try_alone(&mut fresh, &mut *work, control);
            fresh.undress();
            fresh.rollback();
            conn = Some(fresh);
            match ran {
                Ok(Ran::NeedsControl) if control == Control::None => control = Control::Full,
                Ok(Ran::Done) => {
                    work.answer(self.hand_over(Failpoint::AloneCommitted));
                    return conn;
                }
                Ok(_) => {
                    work.answer(Err(Error::internal("a request could not be placed")));
                    return conn;
                }
                Err(error) => {
                    work.answer(Err(error));
                    return conn;
                }
            }
        }
    }

    fn try_alone(&self, conn: &mut Conn, work: &mut dyn Work, control: Control) -> Result<Ran> {
        if control == Control::None {
            conn.dress(work.dress(), Control::Deferral)?;
            conn.server("BEGIN IMMEDIATE")?;
        } else {
            conn.dress(work.dress(), control)?;
        }
        let ran = work.run(conn, Place::Alone, control)?;
        conn.undress();
        if ran != Ran::Done {
            return Ok(ran);
        }
        match (control, conn.is_autocommit()) {
            (Control::None, false) => self.commit(conn, Failpoint::AloneCommit)?,
            (Control::None, true) => {
                return Err(Error::internal("a request ended a transaction that was not its own"));
            }
            (_, true) => {}
            (_, false) => {
                return Err(Error::new(
                    Reason::TransactionState,
                    "the SQL left a transaction open, which was rolled back; end it with COMMIT, or use Transact",
                ));
            }
        }
        Ok(Ran::Done)
    }
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
        for job in queue {
            // Whoever does not fit any more learns of it by the closed channel.
            let _ = self.0.enqueue(job);
        }
    }
}

enum Member {
    Done,
    Failed(Error),
    Again(Control),
}

/// Runs one request inside the shared transaction.
fn run_member(conn: &mut Conn, work: &mut dyn Work) -> Member {
    if work.dress().cancel.is_cancelled() {
        return Member::Failed(Error::new(
            Reason::Cancelled,
            "the request was given up before it ran",
        ));
    }
    let begun = conn
        .dress(work.dress(), Control::None)
        .and_then(|()| conn.server("SAVEPOINT tenantry_member"));
    if let Err(error) = begun {
        return Member::Failed(error);
    }
    let mut ran = work.run(conn, Place::Group, Control::None);
    conn.undress();
    if matches!(ran, Ok(Ran::Done)) && has_deferred_violations(conn.db()) {
        // At COMMIT it would be everybody's failure.
        ran = Err(Error::new(Reason::Constraint, "FOREIGN KEY constraint failed")
            .with("sqlite_code", rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY));
    }
    let member = match ran {
        // Temporary objects would be seen by the neighbours.
        _ if conn.has_temp() => Member::Again(Control::None),
        Ok(Ran::Done) => Member::Done,
        Ok(Ran::NeedsAlone | Ran::NeedsWriter | Ran::NeedsControl) => Member::Again(Control::None),
        Err(error) => Member::Failed(error),
    };
    if conn.is_autocommit() {
        return member;
    }
    let undone = match member {
        Member::Done => Ok(()),
        _ => conn.server("ROLLBACK TO tenantry_member"),
    };
    match undone.and_then(|()| conn.server("RELEASE tenantry_member")) {
        Ok(()) => member,
        Err(error) => {
            // Without its savepoint the request cannot be told from the others.
            conn.rollback();
            Member::Failed(error)
        }
    }
}

/// The writer, taken by one holder until it is dropped.
pub(super) struct Lease {
    conn: Option<Conn>,
    writer: Option<Arc<Writer>>,
}

impl Lease {
    /// The connection, clean. Does I/O where it has to be opened first.
    pub(super) fn fresh(&mut self) -> Result<&mut Conn> {
        let writer =
            self.writer.as_ref().ok_or_else(|| Error::internal("the lease was given back"))?;
        let conn = writer.fresh(self.conn.take())?;
        Ok(self.conn.insert(conn))
    }

    /// The connection as the holder left it.
    pub(super) fn conn(&mut self) -> Result<&mut Conn> {
        self.conn.as_mut().ok_or_else(no_connection)
    }

    /// Commits what the holder did on the lease's own connection.
    pub(super) fn commit(&self) -> Result<()> {
        let conn = self.conn.as_ref().ok_or_else(no_connection)?;
        self.commit_on(conn)
    }

    /// Commits what the holder did on another connection while it kept all
    /// others from writing.
    pub(super) fn commit_on(&self, conn: &Conn) -> Result<()> {
        let writer = self.writer.as_ref().ok_or_else(no_connection)?;
        writer.commit(conn, Failpoint::LeaseCommit)?;
        writer.hand_over(Failpoint::LeaseCommitted)
    }

    /// Gives the connection up without waking the queue.
    fn take(&mut self) -> Option<Conn> {
        self.writer = None;
        self.conn.take()
    }
}

fn no_connection() -> Error {
    Error::internal("the lease has no connection")
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let conn = self.conn.take();
        let go_on = move || {
            if let Some(conn) = conn {
                conn.undress();
                conn.rollback();
                writer.state().conn = Some(conn);
            }
            writer.drain();
        };
        // Outside the runtime the process is ending, and the queue with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(go_on);
        }
    }
}
