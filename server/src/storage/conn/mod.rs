//! One connection to one database's file, and what it wears for a request.
//!
//! A request's rights and attachments are put on a connection before its SQL
//! is compiled; they stay on until the next request needs others. So a
//! connection serves many requests of the same kind with the same compiled
//! statements, and no statement compiled for one set of rights is ever run
//! for another.

mod generation;
mod recording;

pub(super) use generation::log_bytes;
pub use recording::Recording;

use std::any::Any;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::attach_statement::is_vacuum;
use super::counters::Counters;
use super::guard::{Control, Guard, Notes};
use super::heap::{self, Allowance};
use super::lookup;
use super::row_watch::watch_deletions;
use super::sql_error::{SqlFailure, from_rusqlite};
use super::statement::Statement;
use super::text_functions;
use super::writer::Writer;
use super::{chance, clock_watch};
use crate::error::{Error, Reason, Result};
use crate::names::{Alias, DatabaseId, Generation};

/// Virtual machine steps of SQLite between two looks at whether the request was given up: about
/// 20 µs of work.
pub(super) const PROGRESS_STEPS: i32 = 1_000;
/// The longest SQL text, in bytes: SQLite's own default.
pub const SQL_BYTES_MAX: usize = 1_000_000;
/// The largest row, and so the largest value, in bytes.
pub const ROW_BYTES_MAX: i32 = 8 * 1024 * 1024;
/// The most databases that can be attached: SQLite's own default.
pub const ATTACHED_MAX: usize = 10;
/// The longest LIKE or GLOB pattern, in bytes: matching can take the product of its length and
/// the text's, and is not interrupted. Against the largest value that is at worst some 5 s with
/// this one, and over 20 s with 1,000.
const LIKE_PATTERN_BYTES_MAX: i32 = 200;
/// How deep triggers may call triggers: each level takes stack.
const TRIGGER_DEPTH_MAX: i32 = 100;
/// Compiled statements that a connection keeps.
const STATEMENTS_KEPT_MAX: NonZeroUsize = NonZeroUsize::new(64).expect("is not zero");
/// What one of them may take of memory, in bytes; its text is bounded likewise.
const STATEMENT_KEPT_BYTES_MAX: usize = 64 * 1024;
/// A statement whose last run took longer is not run where others wait.
const QUICK_RUN_MAX: Duration = Duration::from_micros(500);
/// After so many times [`PROGRESS_STEPS`] a run where others wait is ended. The
/// first can come at once: SQLite counts on from the statement's last run.
const QUICK_LOOKS_MAX: u32 = 2;
/// The page cache of a connection, in KiB.
const CACHE_KIB: u32 = 1_024;

/// A database that a request attaches, open and ready to be read.
#[derive(Clone)]
pub struct Attached {
    pub(super) alias: Alias,
    pub(super) id: DatabaseId,
    pub(super) path: PathBuf,
    /// Keeps the database open for as long as the request needs it.
    pub(super) _pin: Arc<dyn Any + Send + Sync>,
    /// Its writer, where it follows or holds a schema.
    pub(super) follows: Option<Arc<Writer>>,
}

impl Attached {
    /// Which database.
    #[must_use]
    pub fn id(&self) -> DatabaseId {
        self.id
    }
}

/// What the owner of a database has switched off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Statements that only read, or return rows.
    pub reads: bool,
    /// Statements that write.
    pub writes: bool,
}

/// What a request wears: in whose right its SQL runs.
#[derive(Clone)]
pub struct Dress {
    /// Its rights.
    pub access: Arc<Access>,
    /// What is switched off for it.
    pub blocks: Blocks,
    /// What it has attached, in order.
    pub attached: Vec<Attached>,
    /// Whether it was given up.
    pub cancel: CancellationToken,
    /// The largest size of the main file in bytes; 0 for no limit.
    pub size_limit_bytes: u64,
}

impl Sharing {
    fn level(self) -> &'static str {
        match self {
            Self::Shared(Synchronous::Full) => "FULL",
            Self::Shared(Synchronous::Normal) => "NORMAL",
            Self::Exclusive => "OFF",
        }
    }
}

/// How a commit is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// A sync for each commit: an acknowledged write survives power loss.
    Full,
    /// No sync for a commit: an acknowledged write survives `kill -9`.
    Normal,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Beside other connections.
    Shared(Synchronous),
    /// By this connection alone, which needs no index of the log in shared
    /// memory. Nothing is synced, so nothing is copied from the log into the
    /// file either: neither after a commit nor when it is closed.
    Exclusive,
}

/// A compiled statement that waits for its next run.
struct Kept {
    statement: Statement,
    /// It may run where others wait, see [`lookup`](super::lookup).
    is_quick: bool,
}

/// A connection.
pub(super) struct Conn {
    // Statements go before the connection that they belong to.
    statements: LruCache<Box<str>, Kept>,
    db: Connection,
    guard: Arc<Guard>,
    counters: Arc<Counters>,
    /// What the running statement may still take of memory.
    allowance: Allowance,
    access: Option<Arc<Access>>,
    blocks: Blocks,
    attached: Vec<(Alias, DatabaseId)>,
    size_limit_bytes: u64,
    sharing: Sharing,
    /// The generation of the file, as far as it is known.
    generation: Option<Generation>,
    /// What was written, statement by statement, where that is wanted.
    recording: Option<Recording>,
}

impl Conn {
    /// Opens an existing file.
    pub(super) fn open(path: &Path, sharing: Sharing) -> Result<Self> {
        Self::configure(path, sharing).map_err(from_rusqlite)
    }

    fn configure(path: &Path, sharing: Sharing) -> rusqlite::Result<Self> {
        heap::install();
        clock_watch::install();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        #[expect(clippy::disallowed_methods, reason = "this is the opener of tenants' files")]
        let mut db = Connection::open_with_flags(file_uri(path, "rw"), flags)?;
        db.set_prepared_statement_cache_capacity(16);
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX)?;
        db.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX as i32)?;
        db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, ATTACHED_MAX as i32)?;
        db.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIKE_PATTERN_BYTES_MAX)?;
        db.set_limit(Limit::SQLITE_LIMIT_TRIGGER_DEPTH, TRIGGER_DEPTH_MAX)?;
        db.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
        if sharing == Sharing::Exclusive {
            db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            // Whoever else has the file open keeps it, and a request may wait.
            db.busy_timeout(Duration::ZERO)?;
            // Only before the first look at the file does it spare the index.
            db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0")?;
        }
        db.execute_batch(&format!("PRAGMA synchronous = {}", sharing.level()))?;
        if sharing != Sharing::Exclusive {
            // One that is gone soon never fills the cache.
            db.execute_batch(&format!("PRAGMA cache_size = -{CACHE_KIB}"))?;
        }
        let counters = Counters::install(&db)?;
        text_functions::install(&db)?;
        chance::install(&db)?;
        let guard = Arc::new(Guard::new());
        let of = guard.clone();
        db.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            of.authorize(context)
        }))?;
        let of = guard.clone();
        db.progress_handler(PROGRESS_STEPS, Some(move || of.should_stop()))?;
        Ok(Self {
            statements: LruCache::new(STATEMENTS_KEPT_MAX),
            db,
            guard,
            counters,
            allowance: Allowance::new(),
            access: None,
            blocks: Blocks::default(),
            attached: Vec::new(),
            size_limit_bytes: 0,
            sharing,
            generation: None,
            recording: None,
        })
    }

    /// The connection itself, for what only SQLite knows.
    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        self.db.is_autocommit()
    }

    /// Whether the connection may serve another request: none of the last
    /// one's temporary objects or transactions is left on it.
    pub(super) fn is_clean(&self) -> bool {
        !self.has_temp() && self.is_autocommit()
    }

    /// Whether the request that it works for was given up.
    pub(super) fn is_given_up(&self) -> bool {
        self.guard.is_given_up()
    }

    /// Whether something was left on it that outlasts a transaction.
    pub(super) fn has_temp(&self) -> bool {
        self.guard.temp_used()
    }

    /// Whether exactly these databases are attached.
    pub(super) fn has_attached(&self, attached: &[Attached]) -> bool {
        same_attached(&self.attached, attached)
    }

    /// Whether it wears these rights and attachments already.
    pub(super) fn wears(&self, dress: &Dress) -> bool {
        self.access.as_ref() == Some(&dress.access) && self.has_attached(&dress.attached)
    }

    /// Puts a request's rights and attachments on, and begins to count for it.
    pub(super) fn dress(&mut self, dress: &Dress, control: Control) -> Result<()> {
        self.counters.start(&self.db);
        self.recording = None;
        self.redress(dress, control)
    }

    /// Puts other rights on in the middle of a request.
    pub(super) fn redress(&mut self, dress: &Dress, control: Control) -> Result<()> {
        if self.access.as_ref() != Some(&dress.access) {
            self.statements.clear();
            watch_deletions(&self.db, &self.guard, dress.access.rules.is_some());
            self.access = Some(dress.access.clone());
        }
        self.set_attached(&dress.attached)?;
        self.set_size_limit(dress.size_limit_bytes)?;
        self.blocks = dress.blocks;
        self.guard.take_notes();
        self.guard.set_cancel(Some(dress.cancel.clone()));
        self.guard.let_request_speak(dress.access.clone(), control);
        Ok(())
    }

    /// The request is over: nothing that runs from here on is its own.
    pub(super) fn undress(&self) {
        self.guard.end_request();
    }

    /// Refuses a statement that the owner has switched off. Errors:
    /// `READS_BLOCKED`, `WRITES_BLOCKED`.
    pub(super) fn check_blocks(&self, statement: &Statement) -> Result<()> {
        let read_only = statement.is_read_only();
        if self.blocks.writes && !read_only {
            return Err(Error::new(
                Reason::WritesBlocked,
                "writes are switched off for this database",
            ));
        }
        if self.blocks.reads && (read_only || statement.column_count() > 0) {
            return Err(Error::new(
                Reason::ReadsBlocked,
                "reads are switched off for this database",
            ));
        }
        Ok(())
    }

    /// Whether rules for tables are in force, so that each writing statement
    /// must be looked at after its run, and undone where it broke them.
    pub(super) fn watches_rows(&self) -> bool {
        self.access.as_ref().is_some_and(|access| access.rules.is_some())
    }

    /// What the guard noticed since the last time it was asked.
    pub(super) fn take_notes(&self) -> Notes {
        self.guard.take_notes()
    }

    /// Attaches these databases and no others.
    pub(super) fn set_attached(&mut self, wanted: &[Attached]) -> Result<()> {
        if self.has_attached(wanted) {
            return Ok(());
        }
        self.statements.clear();
        // The order counts: SQL finds a bare table name in the first database
        // that has it.
        let kept =
            self.attached.iter().zip(wanted).take_while(|(have, file)| is_same(have, file)).count();
        // What fails to go must stay known: the next request is not to find it.
        while self.attached.len() > kept
            && let Some((alias, _)) = self.attached.last()
        {
            self.server(&format!("DETACH \"{alias}\""))?;
            self.attached.pop();
        }
        wanted.iter().skip(kept).try_for_each(|file| self.attach(file))
    }

    fn attach(&mut self, file: &Attached) -> Result<()> {
        let restore = self.guard.let_server_speak();
        let attach = format!("ATTACH ?1 AS \"{}\"", file.alias);
        let attached =
            self.db.execute(&attach, [file_uri(&file.path, "ro")]).map_err(from_rusqlite);
        restore(&self.guard);
        attached?;
        self.attached.push((file.alias.clone(), file.id));
        Ok(())
    }

    /// Runs statements of the server's own.
    pub(super) fn server(&self, sql: &str) -> Result<()> {
        let restore = self.guard.let_server_speak();
        let ran = self.db.prepare_cached(sql).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(())
        });
        restore(&self.guard);
        ran.map_err(from_rusqlite).map_err(|error| self.name_full(error))
    }

    /// Runs a statement of the server's own that is not worth keeping.
    pub(super) fn server_once(&self, sql: &str) -> Result<()> {
        let restore = self.guard.let_server_speak();
        let ran = self.db.execute_batch(sql);
        restore(&self.guard);
        ran.map_err(from_rusqlite).map_err(|error| self.name_full(error))
    }

    /// Ends a transaction that was left open, if there is one.
    pub(super) fn rollback(&self) {
        self.guard.set_cancel(None);
        if !self.is_autocommit()
            && let Err(error) = self.server("ROLLBACK")
        {
            tracing::error!(%error, "rollback failed");
        }
    }

    fn set_size_limit(&mut self, size_limit_bytes: u64) -> Result<()> {
        if self.size_limit_bytes == size_limit_bytes {
            return Ok(());
        }
        // SQLite's own largest number of pages stands for no limit.
        const PAGES_MAX: u64 = 0xffff_fffe;
        let pages = match size_limit_bytes {
            0 => PAGES_MAX,
            bytes => (bytes / self.page_bytes()?).clamp(1, PAGES_MAX),
        };
        let restore = self.guard.let_server_speak();
        let set = self.db.pragma_update_and_check(None, "max_page_count", pages as i64, |_| Ok(()));
        restore(&self.guard);
        self.size_limit_bytes = size_limit_bytes;
        set.map_err(from_rusqlite)
    }

    fn page_bytes(&self) -> Result<u64> {
        let restore = self.guard.let_server_speak();
        let bytes = self.db.query_row("PRAGMA page_size", [], |row| row.get::<_, i64>(0));
        restore(&self.guard);
        bytes.map(i64::unsigned_abs).map_err(from_rusqlite)
    }

    /// Takes a compiled statement out of the cache, or compiles the first one
    /// of `sql`; answers how much of the text it took. `base` is where `sql`
    /// stands in the request's text.
    pub(super) fn prepare(&mut self, sql: &str, base: usize) -> Result<(Option<Statement>, usize)> {
        self.allowance.renew();
        if let Some(kept) = self.statements.pop(sql) {
            return Ok((Some(kept.statement), sql.len()));
        }
        // SQLite refuses it too, by the guard, but only when it runs and in
        // words about the file that it attaches.
        if is_vacuum(sql) {
            return Err(Error::new(Reason::OperationBlocked, "VACUUM is not allowed"));
        }
        self.allowance
            .charge(|| Statement::prepare(&self.db, sql))
            .map_err(|failure| self.explain(failure, base))
    }

    /// Goes to the next row of a statement; `false` at its end.
    pub(super) fn step(&self, statement: &mut Statement) -> Result<bool, SqlFailure> {
        self.allowance.charge(|| statement.step(&self.db))
    }

    /// Keeps a statement for the next request with the very same text. `took`
    /// is what its run took.
    pub(super) fn keep(&mut self, sql: &str, mut statement: Statement, took: Duration) {
        statement.reset();
        if statement.is_small.is_none() {
            let bytes = sql.len().max(statement.memory_bytes());
            statement.is_small = Some(bytes <= STATEMENT_KEPT_BYTES_MAX);
        }
        if statement.is_small == Some(false) {
            return;
        }
        let is_quick = took < QUICK_RUN_MAX && self.is_lookup(sql, &mut statement);
        self.statements.put(sql.into(), Kept { statement, is_quick });
    }

    fn is_lookup(&self, sql: &str, statement: &mut Statement) -> bool {
        if statement.is_lookup.is_none() {
            let restore = self.guard.let_server_speak();
            statement.is_lookup = Some(lookup::is_lookup(&self.db, sql));
            restore(&self.guard);
        }
        statement.is_lookup == Some(true)
    }

    /// Whether a request with these clothes and this one statement may run
    /// where others wait.
    pub(super) fn is_quick(&self, dress: &Dress, sql: &str) -> bool {
        self.statements.peek(sql).is_some_and(|kept| kept.is_quick) && self.wears(dress)
    }

    /// Bounds what runs next to what may run where others wait, or ends that.
    /// Answers whether the bound was reached.
    pub(super) fn bound_quick_run(&self, bound: bool) -> bool {
        self.guard.allow_looks(bound.then_some(QUICK_LOOKS_MAX))
    }

    /// Turns a failure into the error that names its true cause.
    pub(super) fn explain(&self, failure: SqlFailure, base: usize) -> Error {
        let refusal = self.guard.take_notes().refusal;
        match refusal {
            // SQLite reports a refusal inside a view or trigger as an error of
            // its own, so the note counts, whatever the code.
            Some(refusal) if failure.is_refusal() || !failure.is_interrupt() => {
                refusal.into_error()
            }
            _ => self.name_full(failure.into_error(base)),
        }
    }

    /// Tells a database at its own limit from a machine without room.
    fn name_full(&self, error: Error) -> Error {
        if error.reason() != Reason::StorageFull || self.size_limit_bytes == 0 {
            return error;
        }
        Error::new(
            Reason::SizeLimit,
            "the database has reached its size limit; delete rows or raise size_limit_bytes",
        )
        .with("size_limit_bytes", self.size_limit_bytes)
    }
}

fn same_attached(attached: &[(Alias, DatabaseId)], wanted: &[Attached]) -> bool {
    attached.len() == wanted.len()
        && attached.iter().zip(wanted).all(|(have, file)| is_same(have, file))
}

fn is_same((alias, id): &(Alias, DatabaseId), file: &Attached) -> bool {
    *alias == file.alias && *id == file.id
}

/// The path as a URI that SQLite opens in `mode`.
fn file_uri(path: &Path, mode: &str) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02x}");
        }
    }
    uri.push_str("?mode=");
    uri.push_str(mode);
    uri.push_str("&vfs=");
    uri.push_str(clock_watch::VFS_NAME);
    uri
}
