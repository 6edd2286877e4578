//! What a request would write to a SCHEMA database, written down as SQL while it
//! runs there: the script of the migration that it becomes.

use super::{Conn, SQL_BYTES_MAX};
use crate::error::{Error, Reason, Result};
use crate::storage::inline::inlined;
use crate::storage::migration::check_chance;
use crate::storage::statement::Statement;
use crate::storage::value::Value;
use crate::storage::{chance, clock_watch};

/// What a request has written, as SQL, where nothing of it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Its statements, each with its arguments in it and a `;` at its end.
    pub statements: Vec<String>,
    /// One of them has asked for the current time.
    pub asks_time: bool,
    bytes: usize,
}

impl Recording {
    /// Refuses what was written where other databases were attached: no child
    /// would find them. Errors: `INVALID_ATTACHMENT`.
    pub(in crate::storage) fn check_attached(&self, conn: &Conn) -> Result<()> {
        if self.statements.is_empty() || conn.attached.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Reason::InvalidAttachment,
            "what is written to a SCHEMA database is a migration, which can attach nothing",
        ))
    }
}

impl Conn {
    /// Begins to write down, as SQL, every statement that writes.
    pub(in crate::storage) fn start_recording(&mut self) {
        self.recording = Some(Recording::default());
    }

    /// Whether what is written is written down, and nothing of it kept.
    pub(in crate::storage) fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// What was written down; nothing more is.
    pub(in crate::storage) fn take_recording(&mut self) -> Recording {
        self.recording.take().unwrap_or_default()
    }

    /// The text of a statement with its arguments in it, where it is to be
    /// written down if it succeeds.
    pub(in crate::storage) fn to_record(
        &self,
        statement: &mut Statement,
        args: &[&Value],
    ) -> Result<Option<String>> {
        let Some(recording) = &self.recording else { return Ok(None) };
        if statement.is_read_only() || statement.is_explain() {
            return Ok(None);
        }
        clock_watch::reset();
        chance::reset();
        let text = inlined(&self.db, statement, args)?;
        if recording.bytes + text.len() > SQL_BYTES_MAX {
            return Err(Error::new(
                Reason::StatementTooLarge,
                format!("a migration may have {SQL_BYTES_MAX} bytes; send it in parts"),
            )
            .with("limit_bytes", SQL_BYTES_MAX));
        }
        Ok(Some(text))
    }

    /// Writes a statement down that has succeeded. Errors: `MIGRATION_NOT_ALLOWED`;
    /// then all is undone, since it has run.
    pub(in crate::storage) fn record(&mut self, text: Option<String>) -> Result<()> {
        if text.is_some() {
            check_chance().inspect_err(|_| self.rollback())?;
        }
        if let (Some(recording), Some(text)) = (&mut self.recording, text) {
            recording.bytes += text.len() + 1;
            recording.statements.push(text);
            recording.asks_time |= clock_watch::was_asked();
        }
        Ok(())
    }
}
