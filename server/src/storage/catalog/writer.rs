//! Changes of the catalog: one thread, and one commit for all who wait.
//!
//! Each change runs in a savepoint of the shared transaction, so that it is
//! done whole or not at all whatever its neighbours do. Nobody is answered
//! before the commit is durable and the cache has forgotten the old rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::cache::Cache;
use super::children::Place;
use super::failure::{Failure, fault};
use crate::env::{Env, Failpoint};
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, DatabaseName, GroupName};

/// How many changes wait for the thread; further callers wait to get in.
const WAITING_MAX: usize = 1024;
/// How many changes share a commit.
const COMMIT_CHANGES_MAX: usize = 256;

/// What a change did.
pub(super) struct Changed<T> {
    /// The answer to the caller.
    pub(super) answer: T,
    /// What the cache must forget.
    pub(super) stale: Stale,
}

/// Rows that a change made stale.
pub(super) enum Stale {
    /// None that can be in the cache.
    Nothing,
    /// A group, and with it every database in it.
    Group(GroupName),
    /// A database.
    Database(GroupName, DatabaseName, DatabaseId),
    /// Many of them.
    Databases(Vec<Place>),
}

impl Stale {
    fn strike(&self, cache: &Cache) {
        match self {
            Self::Nothing => {}
            Self::Group(name) => cache.strike_group(name),
            Self::Database(group, name, id) => cache.strike_database(group, name, *id),
            Self::Databases(places) => {
                for (group, name, id) in places {
                    cache.strike_database(group, name, *id);
                }
            }
        }
    }
}

/// The writing thread. Dropping this ends it, after what is waiting is done.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<thread::JoinHandle<()>>,
    cache: Arc<Cache>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        connection: Connection,
        cache: Arc<Cache>,
        env: Env,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let struck = Arc::clone(&cache);
        let thread = thread::Builder::new()
            .name("catalog-writer".to_owned())
            .spawn(move || write(&connection, waiting, &struck, &env))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), cache })
    }

    /// Runs a change; it is durable when this answers. Where the caller gives
    /// up waiting, the change may still happen.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<Changed<T>, Failure> + Send + 'static,
    ) -> Result<T> {
        let (caller, answer) = oneshot::channel();
        let job =
            Change { change: Some(change), outcome: None, cache: Arc::clone(&self.cache), caller };
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Box::new(job)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            thread.join().ok();
        }
    }
}

/// A change on its way through the thread.
trait Job: Send {
    /// Makes the change in the open transaction. An error means that the
    /// transaction itself is lost.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Tells the caller, once it is known what became of the transaction.
    fn answer(self: Box<Self>, committed: Result<(), &rusqlite::Error>);
}

struct Change<T, F> {
    change: Option<F>,
    outcome: Option<Result<Changed<T>, Failure>>,
    cache: Arc<Cache>,
    caller: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Change<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<Changed<T>, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(change) = self.change.take() else { return Ok(()) };
        execute(connection, "SAVEPOINT change")?;
        match change(connection) {
            // A full disk or the like ends the whole transaction.
            Err(Failure::Sqlite(error)) if connection.is_autocommit() => return Err(error),
            Err(failure) => {
                execute(connection, "ROLLBACK TO change")?;
                self.outcome = Some(Err(failure));
            }
            changed => self.outcome = Some(changed),
        }
        execute(connection, "RELEASE change")
    }

    fn answer(self: Box<Self>, committed: Result<(), &rusqlite::Error>) {
        let answer = match (committed, self.outcome) {
            (Err(error), _) => Err(fault(error)),
            (Ok(()), None) => Err(stopped()),
            (Ok(()), Some(Err(failure))) => Err(failure.into()),
            (Ok(()), Some(Ok(changed))) => {
                changed.stale.strike(&self.cache);
                Ok(changed.answer)
            }
        };
        // Nobody listens where the caller has given up.
        self.caller.send(answer).ok();
    }
}

fn write(
    connection: &Connection,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    cache: &Cache,
    env: &Env,
) {
    while let Some(first) = waiting.blocking_recv() {
        let mut jobs = vec![first];
        // One change that panics must not end all others that will come.
        let group = AssertUnwindSafe(|| run_group(connection, &mut jobs, &mut waiting, env));
        let committed = catch_unwind(group);
        if !matches!(committed, Ok(Ok(()))) {
            if !connection.is_autocommit() {
                execute(connection, "ROLLBACK").ok();
            }
            // It may have been committed before it failed.
            cache.strike_all();
        }
        // After a panic the callers learn of it by their closed channels.
        let Ok(committed) = committed else { continue };
        if let Err(error) = &committed {
            tracing::error!(%error, changes = jobs.len(), "a commit of the catalog failed");
        }
        for job in jobs {
            job.answer(committed.as_ref().copied());
        }
    }
}

fn run_group(
    connection: &Connection,
    jobs: &mut Vec<Box<dyn Job>>,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
    env: &Env,
) -> rusqlite::Result<()> {
    let failpoint = |point| {
        env.failpoint(point).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))
    };
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut done = 0;
    while let Some(job) = jobs.get_mut(done) {
        job.run(connection)?;
        done += 1;
        if done < COMMIT_CHANGES_MAX {
            jobs.extend(waiting.try_recv().ok());
        }
    }
    failpoint(Failpoint::CatalogCommit)?;
    execute(connection, "COMMIT")?;
    failpoint(Failpoint::CatalogCommitted)
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn stopped() -> Error {
    Error::new(Reason::Unavailable, "the server is stopping; try again")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    struct Fixture {
        writer: Writer,
        commits: Arc<AtomicUsize>,
        refuse: Arc<AtomicBool>,
        // Deleted when the writer is done with it.
        file: tempfile::NamedTempFile,
    }

    fn connect(file: &tempfile::NamedTempFile) -> Connection {
        crate::storage::heap::install();
        #[expect(clippy::disallowed_methods, reason = "no tenant's file")]
        let connection = Connection::open(file.path()).expect("opens");
        connection
    }

    fn fixture() -> Fixture {
        let file = tempfile::NamedTempFile::new().expect("temp file");
        let mut connection = connect(&file);
        connection.execute_batch("CREATE TABLE t (x INTEGER PRIMARY KEY)").expect("creates");
        let (commits, refuse) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counted, refused) = (Arc::clone(&commits), Arc::clone(&refuse));
        let hook = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            refused.load(Ordering::SeqCst)
        };
        connection.commit_hook(Some(hook)).expect("sets the hook");
        let writer =
            Writer::start(connection, Arc::new(Cache::new()), Env::system()).expect("starts");
        Fixture { writer, commits, refuse, file }
    }

    impl Fixture {
        /// Runs these changes in one commit: the thread is held until all wait.
        async fn run_together(&self, sqls: &[&'static str]) -> Vec<Result<()>> {
            let (go, held) = std::sync::mpsc::channel::<()>();
            let hold = self.writer.run(move |_| {
                held.recv().ok();
                Ok(Changed { answer: (), stale: Stale::Nothing })
            });
            let changes = sqls.iter().copied().map(|sql| {
                self.writer.run(move |connection| {
                    connection.execute_batch(sql)?;
                    Ok(Changed { answer: (), stale: Stale::Nothing })
                })
            });
            let all = futures_util::future::join_all(changes);
            // Polled in this order: when the last one runs, all are waiting.
            let release = async { go.send(()).expect("is held") };
            tokio::join!(biased; hold, all, release).1
        }

        fn rows(&self) -> Vec<i64> {
            let connection = connect(&self.file);
            let mut statement = connection.prepare("SELECT x FROM t ORDER BY x").expect("valid");
            let rows = statement.query_map([], |row| row.get(0)).expect("runs");
            rows.collect::<rusqlite::Result<_>>().expect("reads")
        }
    }

    #[tokio::test]
    async fn changes_that_wait_share_a_commit() {
        let fixture = fixture();
        let sqls = ["INSERT INTO t DEFAULT VALUES"; 100];
        assert!(fixture.run_together(&sqls).await.iter().all(Result::is_ok));
        assert_eq!(fixture.rows().len(), 100);
        assert_eq!(fixture.commits.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failing_change_harms_no_neighbour() {
        let fixture = fixture();
        let half_done = "INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)";
        let sqls = ["INSERT INTO t VALUES (1)", half_done, "INSERT INTO t VALUES (3)"];
        let answers = fixture.run_together(&sqls).await;
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(fixture.rows(), [1, 3]);
    }

    #[tokio::test]
    async fn a_failed_commit_fails_all_of_it_and_nothing_after_it() {
        let fixture = fixture();
        fixture.refuse.store(true, Ordering::SeqCst);
        let answers = fixture.run_together(&["INSERT INTO t VALUES (1)", "SELECT 1"]).await;
        assert!(answers.iter().all(Result::is_err));
        // As a full disk does in the middle of a change.
        let answers = fixture.run_together(&["INSERT INTO t VALUES (1)", "ROLLBACK"]).await;
        assert!(answers.iter().all(Result::is_err));
        fixture.refuse.store(false, Ordering::SeqCst);
        let answers = fixture.run_together(&["INSERT INTO t VALUES (2)"]).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(fixture.rows(), [2]);
    }
}
