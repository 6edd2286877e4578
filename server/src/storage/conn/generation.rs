//! What the migrations of a schema need of a connection: the generation of its
//! file, and other rules for the time in which that changes.

use std::path::Path;
use std::time::Duration;

use rusqlite::OptionalExtension as _;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use super::{Conn, Sharing};
use crate::error::Result;
use crate::names::{Alias, Generation};
use crate::storage::sql_error::from_rusqlite;

/// After how many pages in the log a commit copies them into the file:
/// SQLite's own default.
const CHECKPOINT_PAGES: u32 = 1_000;
/// How long a statement waits for a lock of another connection: rusqlite's own default.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(5);

impl Conn {
    /// The generation that the running request runs on; 0 where its database
    /// follows no schema.
    pub(in crate::storage) fn generation(&self) -> Generation {
        self.generation.unwrap_or_default()
    }

    /// The generation of the file, as far as this connection has seen to it.
    pub(in crate::storage) fn known_generation(&self) -> Option<Generation> {
        self.generation
    }

    /// Notes the generation of the file.
    pub(in crate::storage) fn set_generation(&mut self, generation: Generation) {
        self.generation = Some(generation);
    }

    /// The generation of the file, as the present snapshot has it.
    pub(in crate::storage) fn file_generation(&self) -> Result<Generation> {
        self.generation_of("PRAGMA user_version")
    }

    /// The same of an attached file.
    pub(in crate::storage) fn attached_generation(&self, alias: &Alias) -> Result<Generation> {
        self.generation_of(&format!("PRAGMA \"{alias}\".user_version"))
    }

    fn generation_of(&self, pragma: &str) -> Result<Generation> {
        let restore = self.guard.let_server_speak();
        let read = self
            .db
            .prepare_cached(pragma)
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)));
        restore(&self.guard);
        Ok(Generation(u64::try_from(read.map_err(from_rusqlite)?).unwrap_or_default()))
    }

    /// Writes the generation of the file, inside the open transaction.
    pub(in crate::storage) fn set_file_generation(&self, generation: Generation) -> Result<()> {
        self.server_once(&format!("PRAGMA user_version = {generation}"))
    }

    /// Begins to read: all that follows sees one snapshot, until a rollback.
    pub(in crate::storage) fn begin_snapshot(&mut self) -> Result<Generation> {
        self.server("BEGIN")?;
        let generation = self.file_generation()?;
        self.generation = Some(generation);
        Ok(generation)
    }

    /// From here on a commit is not synced, and nothing copied from the log into
    /// the file: what commits may be lost with the machine's power, but not torn.
    /// Or ends that. A log that is begun anew is still synced once, as NORMAL has
    /// it: its old frames must not come back over a newer file.
    pub(in crate::storage) fn relax(&self, relaxed: bool) -> Result<()> {
        if self.sharing == Sharing::Exclusive {
            return Ok(());
        }
        if relaxed {
            self.server("PRAGMA wal_autocheckpoint = 0")?;
            return self.server("PRAGMA synchronous = NORMAL");
        }
        self.server(&format!("PRAGMA synchronous = {}", self.sharing.level()))?;
        self.server(&format!("PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}"))
    }

    /// Whether foreign keys are enforced, from the next statement on; inside a
    /// transaction too, where the pragma has no effect.
    pub(in crate::storage) fn enforce_foreign_keys(&self, enforced: bool) -> Result<()> {
        self.db
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, enforced)
            .map(drop)
            .map_err(from_rusqlite)
    }

    /// The first row that refers to no row: its table, its rowid where it has
    /// one, and the table that it refers to.
    pub(in crate::storage) fn foreign_key_violation(
        &self,
    ) -> Result<Option<(String, Option<i64>, String)>> {
        let restore = self.guard.let_server_speak();
        let sql = "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1";
        let found = self
            .db
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional();
        restore(&self.guard);
        found.map_err(from_rusqlite)
    }

    /// Bounds the size of a row; SQLite's own bound is never exceeded.
    pub(in crate::storage) fn bound_rows(&self, bytes: i32) -> Result<()> {
        self.db.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes).map(drop).map_err(from_rusqlite)
    }

    /// Copies the log into the file and empties it, where it is longer than this
    /// and nobody reads it: what was undone keeps its room there otherwise. Answers
    /// its length then.
    pub(in crate::storage) fn shorten_log(&self, file: &Path, bytes_max: u64) -> u64 {
        let bytes = log_bytes(file);
        if bytes <= bytes_max {
            return bytes;
        }
        let is_exclusive = self.sharing == Sharing::Exclusive;
        let shorten = || {
            if is_exclusive {
                self.server_once("PRAGMA synchronous = FULL")?;
            }
            // Writes wait for this, and a reader may take long.
            self.db.busy_timeout(Duration::ZERO).map_err(from_rusqlite)?;
            let shortened = self.server_once("PRAGMA wal_checkpoint(TRUNCATE)");
            let restored = if is_exclusive {
                self.server_once("PRAGMA synchronous = OFF")
            } else {
                self.db.busy_timeout(BUSY_WAIT_MAX).map_err(from_rusqlite)
            };
            shortened.and(restored)
        };
        if let Err(error) = shorten() {
            tracing::debug!(file = %file.display(), ?error, "cannot shorten a log");
        }
        log_bytes(file)
    }
}

/// What the write-ahead log of a file takes, in bytes.
pub(in crate::storage) fn log_bytes(file: &Path) -> u64 {
    file.with_extension("db-wal").metadata().map_or(0, |log| log.len())
}
