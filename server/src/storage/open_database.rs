//! A database in use: its readers and its writer, and where a request's SQL
//! runs on them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::attach_statement::{first_word, leading_blank};
use super::batch::{Batch, BatchSink, Step};
use super::conn::{Attached, Conn, Dress, Synchronous};
use super::durability::Durability;
use super::guard::Control;
use super::reader::Readers;
use super::script::{Attacher, Place, Ran, Script, Sink, not_one_statement};
use super::value::{Column, Sql};
use super::writer::{Work, Writer, WriterConfig};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::names::{Alias, DatabaseId};

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

impl OpenDatabase {
    pub(super) fn new(id: DatabaseId, path: PathBuf, config: &DatabaseConfig) -> Self {
        let readers = Readers::new(path.clone(), config.synchronous, config.readers_max);
        let writer = Writer::new(WriterConfig {
            id,
            path: path.clone(),
            synchronous: config.synchronous,
            queue_max: config.write_queue_max,
            durability: config.durability.clone(),
            env: config.env.clone(),
        });
        Self { id, path, readers, writer }
    }

    /// The file that it is in.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The database as an attachment of another.
    #[must_use]
    pub fn attached_as(self: &Arc<Self>, alias: Alias) -> Attached {
        Attached { alias, id: self.id, path: self.path.clone(), _pin: self.clone() }
    }

    /// Runs a text as one transaction, unless it manages its own.
    pub async fn execute<S: Sink + 'static>(&self, call: Call, sink: S) -> Result<S> {
        let mut work = ScriptWork { call, sink };
        if !begins_like_a_write(&work.call.sql.text[work.call.start..]) {
            let (ran, returned) = self.try_reading(work).await?;
            if ran == Ran::Done {
                return Ok(returned.sink);
            }
            work = returned;
        }
        Ok(self.write(work).await?.sink)
    }

    /// Runs the steps of a batch as one transaction.
    pub async fn execute_batch<S: BatchSink + 'static>(&self, batch: Batch<S>) -> Result<S> {
        let mut batch = batch;
        let reads = |step: &Step| !begins_like_a_write(&step.sql.text);
        if !batch.mode.writes_at_once() && batch.steps.iter().all(reads) {
            let (ran, returned) = self.try_reading(batch).await?;
            if ran == Ran::Done {
                return Ok(returned.sink);
            }
            batch = returned;
        }
        batch.mode.check_writable()?;
        Ok(self.write(batch).await?.sink)
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

    /// Runs work on a reader, as far as it only reads.
    async fn try_reading<W: ReadWork>(&self, work: W) -> Result<(Ran, W)> {
        let mut reader = self.readers.checkout(work.dress()).await?;
        let mut work = work;
        if self.readers.may_be_quick()
            && let Some(conn) = reader.opened()
            && work.statement().is_some_and(|sql| conn.is_quick(work.dress(), sql))
        {
            conn.dress(work.dress(), Control::None)?;
            conn.bound_quick_run(true);
            let started = Instant::now();
            let ran = work.run(conn, Place::Reader, Control::None);
            self.readers.note_quick_run(started.elapsed());
            if !conn.bound_quick_run(false) {
                return Ok((ran?, work));
            }
        }
        blocking(move || {
            let conn = reader.conn()?;
            conn.dress(work.dress(), Control::None)?;
            let ran = work.run(conn, Place::Reader, Control::None)?;
            Ok((ran, work))
        })
        .await
    }

    /// Runs work on the writer and waits for its commit to be durable.
    async fn write<W: ReadWork>(&self, work: W) -> Result<W> {
        let (reply, answer) = oneshot::channel();
        self.writer.submit(Box::new(Answered { work, reply }))?;
        answer.await.map_err(|_| Error::internal("the writer went away"))?
    }
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
    reply: oneshot::Sender<Result<W>>,
}

impl<W: ReadWork> Work for Answered<W> {
    fn bytes(&self) -> usize {
        self.work.bytes()
    }

    fn dress(&self) -> &Dress {
        self.work.dress()
    }

    fn run(&mut self, conn: &mut Conn, place: Place, control: Control) -> Result<Ran> {
        self.work.run(conn, place, control)
    }

    fn answer(self: Box<Self>, result: Result<()>) {
        let Self { work, reply } = *self;
        // Nobody listens any more where the request was given up.
        let _ = reply.send(result.map(|()| work));
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
