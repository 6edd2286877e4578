//! A database in use: its readers and its writer, and where a request's SQL
//! runs on them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::attach_statement::{first_word, leading_blank};
use super::batch::{Batch, BatchSink, Step};
use super::conn::{Attached, Conn, Dress, Recording, Synchronous};
use super::durability::Durability;
use super::fleet::Fleet;
use super::guard::Control;
use super::reader::Readers;
use super::script::{Attacher, Place, Ran, Script, Sink, not_one_statement};
use super::snapshot::{begin_reading, begin_writing};
use super::value::{Column, Sql};
use super::writer::{Work, Writer, WriterConfig};
use crate::env::Env;
use crate::error::{Error, Reason, Result};
use crate::names::{Alias, DatabaseId, Generation};

/// What each database in use keeps to.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// How commits are made durable.
    pub synchronous: Synchronous,
    /// How many requests read it at once.
    pub readers_max: usize,
    /// How many writes may wait for it.
    pub write_queue_max: usize,
    /// What stands between a commit and its acknowledgement.
    pub durability: Arc<dyn Durability>,
    /// The clock and what tests make fail.
    pub env: Env,
}

/// A database in use. Connections are opened when they are first needed.
pub struct OpenDatabase {
    id: DatabaseId,
    path: PathBuf,
    pub(super) readers: Arc<Readers>,
    pub(super) writer: Arc<Writer>,
}

/// SQL on its way into a database.
#[derive(Clone)]
pub struct Call {
    /// What to run.
    pub sql: Sql,
    /// Where in its text to begin: behind the ATTACH statements at its head,
    /// which the dress has attached already.
    pub start: usize,
    /// In whose right.
    pub dress: Dress,
    /// Finds the databases of further ATTACH statements.
    pub attacher: Arc<dyn Attacher>,
}

/// A prepared statement, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The parameters' names with their sigils, in the order of their numbers;
    /// `None` for a parameter without a name.
    pub parameters: Vec<Option<String>>,
    /// The columns that it returns.
    pub columns: Vec<Column>,
    /// Whether it leaves the database as it is.
    pub read_only: bool,
    /// Whether it is an EXPLAIN.
    pub explain: bool,
}

/// A request that has run.
pub struct Executed<S> {
    /// Took its results.
    pub sink: S,
    /// The generation that it ran on; 0 where its database follows no schema.
    pub generation: Generation,
    /// What it would write, on a SCHEMA database: it was undone, and is to be
    /// applied as a migration.
    pub rehearsed: Option<Recording>,
}

impl OpenDatabase {
    pub(super) fn new(
        id: DatabaseId,
        path: PathBuf,
        fleet: Option<Arc<Fleet>>,
        config: &DatabaseConfig,
    ) -> Self {
        let readers = Readers::new(path.clone(), config.synchronous, config.readers_max);
        let writer = Writer::new(WriterConfig {
            id,
            path: path.clone(),
            synchronous: config.synchronous,
            queue_max: config.write_queue_max,
            durability: config.durability.clone(),
            env: config.env.clone(),
            fleet,
        });
        Self { id, path, readers, writer }
    }

    /// Whether it holds a schema: everything that is written to it is undone.
    pub(super) fn is_schema(&self) -> bool {
        self.writer.fleet().is_some_and(|fleet| fleet.schema() == self.id)
    }

    pub(super) fn id(&self) -> DatabaseId {
        self.id
    }

    /// The file that it is in.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The database as an attachment of another.
    #[must_use]
    pub fn attached_as(self: &Arc<Self>, alias: Alias) -> Attached {
        let follows = self.writer.fleet().map(|_| self.writer.clone());
        Attached { alias, id: self.id, path: self.path.clone(), _pin: self.clone(), follows }
    }

    /// Runs a text as one transaction, unless it manages its own.
    pub async fn execute<S: Sink + 'static>(&self, call: Call, sink: S) -> Result<Executed<S>> {
        let mut work = ScriptWork { call, sink };
        if !begins_like_a_write(&work.call.sql.text[work.call.start..]) {
            let (ran, returned, generation) = self.try_reading(work).await?;
            if ran == Ran::Done {
                return Ok(Executed { sink: returned.sink, generation, rehearsed: None });
            }
            work = returned;
        }
        Ok(self.write(work).await?.map(|work| work.sink))
    }

    /// Runs the steps of a batch as one transaction.
    pub async fn execute_batch<S: BatchSink + 'static>(
        &self,
        batch: Batch<S>,
    ) -> Result<Executed<S>> {
        let mut batch = batch;
        let reads = |step: &Step| !begins_like_a_write(&step.sql.text);
        if !batch.mode.writes_at_once() && batch.steps.iter().all(reads) {
            let (ran, returned, generation) = self.try_reading(batch).await?;
            if ran == Ran::Done {
                return Ok(Executed { sink: returned.sink, generation, rehearsed: None });
            }
            batch = returned;
        }
        batch.mode.check_writable()?;
        Ok(self.write(batch).await?.map(|batch| batch.sink))
    }

    /// Prepares one statement and describes it.
    pub async fn describe(&self, call: Call) -> Result<Description> {
        let mut reader = self.readers.checkout(&call.dress).await?;
        blocking(move || {
            let conn = reader.conn()?;
            // BEGIN and its kin can be described, and do nothing by that.
            conn.dress(&call.dress, Control::Full)?;
            let text = &call.sql.text;
            let at = call.start + leading_blank(&text[call.start..]);
            let (statement, length) = conn.prepare(&text[at..], at)?;
            let Some(statement) = statement else { return Err(not_one_statement()) };
            let after = at + length;
            if leading_blank(&text[after..]) < text.len() - after {
                return Err(not_one_statement());
            }
            Ok(Description {
                parameters: (1..=statement.parameter_count())
                    .map(|index| statement.parameter_name(index).map(str::to_owned))
                    .collect(),
                columns: statement.columns(),
                read_only: statement.is_read_only(),
                explain: statement.is_explain(),
            })
        })
        .await
    }

    /// The generation that a request which comes now must run on.
    pub(super) fn needed(&self) -> Option<Generation> {
        self.writer.fleet().map(|fleet| fleet.generation())
    }

    /// Runs work on a reader, as far as it only reads; answers on which
    /// generation.
    async fn try_reading<W: ReadWork>(&self, work: W) -> Result<(Ran, W, Generation)> {
        let mut work = work;
        loop {
            match self.read_once(work).await? {
                (Read::Ran(ran, generation), work) => return Ok((ran, work, generation)),
                (Read::Behind(behind), returned) => {
                    work = returned;
                    behind.catch_up().await?;
                }
            }
        }
    }

    async fn read_once<W: ReadWork>(&self, work: W) -> Result<(Read, W)> {
        let mut reader = self.readers.checkout(work.dress()).await?;
        let mut work = work;
        let needed = self.needed();
        if self.readers.may_be_quick()
            && let Some(conn) = reader.opened()
            && work.statement().is_some_and(|sql| conn.is_quick(work.dress(), sql))
        {
            conn.dress(work.dress(), Control::None)?;
            let attached = &work.dress().attached;
            if let Some(behind) = begin_reading(&self.writer, conn, needed, attached)? {
                return Ok((Read::Behind(behind), work));
            }
            conn.bound_quick_run(true);
            let started = Instant::now();
            let ran = work.run(conn, Place::Reader, Control::None);
            self.readers.note_quick_run(started.elapsed());
            if !conn.bound_quick_run(false) {
                return Ok((Read::Ran(ran?, conn.generation()), work));
            }
        }
        let writer = self.writer.clone();
        blocking(move || {
            let conn = reader.conn()?;
            conn.rollback();
            conn.dress(work.dress(), Control::None)?;
            let attached = &work.dress().attached;
            if let Some(behind) = begin_reading(&writer, conn, needed, attached)? {
                return Ok((Read::Behind(behind), work));
            }
            let ran = work.run(conn, Place::Reader, Control::None)?;
            Ok((Read::Ran(ran, conn.generation()), work))
        })
        .await
    }

    /// Runs work on the writer and waits for its commit to be durable. On a
    /// SCHEMA database it is undone and written down.
    async fn write<W: ReadWork>(&self, work: W) -> Result<Executed<W>> {
        if self.is_schema() {
            return self.rehearse(work).await;
        }
        let (reply, answer) = oneshot::channel();
        let generation = Generation::default();
        self.writer.submit(Box::new(Answered { work, generation, reply }))?;
        answer.await.map_err(|_| Error::internal("the writer went away"))?
    }

    async fn rehearse<W: ReadWork>(&self, work: W) -> Result<Executed<W>> {
        let mut lease = self.writer.lease(work.dress().cancel.clone()).await?;
        let mut work = work;
        blocking(move || {
            let conn = lease.fresh()?;
            conn.set_attached(&work.dress().attached)?;
            begin_writing(conn, &work.dress().attached)?;
            conn.dress(work.dress(), Control::Migration)?;
            conn.start_recording();
            match work.run(conn, Place::Alone, Control::None)? {
                Ran::Done => {}
                Ran::NeedsControl => return Err(one_migration()),
                _ => return Err(Error::internal("a request could not be placed")),
            }
            let recording = conn.take_recording();
            recording.check_attached(conn)?;
            let generation = conn.generation();
            let rehearsed = (!recording.statements.is_empty()).then_some(recording);
            Ok(Executed { sink: work, generation, rehearsed })
        })
        .await
    }
}

impl<S> Executed<S> {
    fn map<T>(self, with: impl FnOnce(S) -> T) -> Executed<T> {
        let Self { sink, generation, rehearsed } = self;
        Executed { sink: with(sink), generation, rehearsed }
    }
}

/// How a try to read ended.
enum Read {
    Ran(Ran, Generation),
    /// This one's file has to be brought up first.
    Behind(Arc<Writer>),
}

/// What a text is told that manages transactions on a SCHEMA database.
fn one_migration() -> Error {
    Error::new(
        Reason::TransactionState,
        "a request that writes to a SCHEMA database is one migration: leave BEGIN, COMMIT and SAVEPOINT out, or use Transact",
    )
}

/// Work that gives its sink back.
trait ReadWork: Send + 'static {
    fn dress(&self) -> &Dress;
    /// What it takes while it waits, in bytes.
    fn bytes(&self) -> usize;
    /// The one statement that it may consist of.
    fn statement(&self) -> Option<&str>;
    fn run(&mut self, conn: &mut Conn, place: Place, control: Control) -> Result<Ran>;
}

/// Work with somebody who waits for it.
struct Answered<W> {
    work: W,
    generation: Generation,
    reply: oneshot::Sender<Result<Executed<W>>>,
}

impl<W: ReadWork> Work for Answered<W> {
    fn bytes(&self) -> usize {
        self.work.bytes()
    }

    fn dress(&self) -> &Dress {
        self.work.dress()
    }

    fn run(&mut self, conn: &mut Conn, place: Place, control: Control) -> Result<Ran> {
        self.generation = conn.generation();
        self.work.run(conn, place, control)
    }

    fn answer(self: Box<Self>, result: Result<()>) {
        let Self { work, generation, reply } = *self;
        let executed = result.map(|()| Executed { sink: work, generation, rehearsed: None });
        // Nobody listens any more where the request was given up.
        let _ = reply.send(executed);
    }
}

struct ScriptWork<S> {
    call: Call,
    sink: S,
}

impl<S: Sink + 'static> ReadWork for ScriptWork<S> {
    fn bytes(&self) -> usize {
        self.call.sql.bytes()
    }

    fn dress(&self) -> &Dress {
        &self.call.dress
    }

    fn statement(&self) -> Option<&str> {
        let text = &self.call.sql.text[self.call.start..];
        Some(&text[leading_blank(text)..])
    }

    fn run(&mut self, conn: &mut Conn, place: Place, control: Control) -> Result<Ran> {
        self.sink.restart();
        let mut attached = self.call.dress.attached.clone();
        let script = Script {
            sql: &self.call.sql,
            start: self.call.start,
            single: false,
            attached: &mut attached,
            attacher: &*self.call.attacher,
            index: 0,
        };
        script.run(conn, place, control, &mut self.sink)
    }
}

impl<S: BatchSink + 'static> ReadWork for Batch<S> {
    fn bytes(&self) -> usize {
        self.steps.iter().map(|step| step.sql.bytes()).sum()
    }

    fn dress(&self) -> &Dress {
        &self.dress
    }

    fn statement(&self) -> Option<&str> {
        None
    }

    fn run(&mut self, conn: &mut Conn, place: Place, _: Control) -> Result<Ran> {
        self.run_steps(conn, place)
    }
}

/// Runs what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// A guess from the first word, so that most writes are not tried on a reader
/// first. A wrong guess costs time and nothing else.
fn begins_like_a_write(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "alter",
        "analyze",
        "begin",
        "commit",
        "create",
        "delete",
        "drop",
        "end",
        "insert",
        "reindex",
        "release",
        "replace",
        "rollback",
        "savepoint",
        "update",
    ];
    let word = first_word(&text[leading_blank(text)..]);
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}
