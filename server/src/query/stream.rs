//! A result that goes to its caller in pieces.

use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::Watch;
use super::attach::Attachments;
use crate::error::{Error, Result};
use crate::names::Generation;
use crate::storage::{Chunk, Column, Cursor, OpenDatabase, Progress, Summary, gave_way};

/// A result that goes to its caller in pieces. Dropping it stops its work.
pub struct QueryStream {
    cursor: Option<Box<Cursor>>,
    columns: Vec<Column>,
    generation: Generation,
    is_writing: bool,
    watch: Watch,
    attachments: Attachments,
    cancel: CancellationToken,
    _open: Arc<OpenDatabase>,
    _guard: DropGuard,
}

/// The next piece of a stream.
pub struct Piece<C> {
    /// The rows; may be empty in the last piece.
    pub chunk: C,
    /// What the statement did, in the last piece.
    pub summary: Option<Summary>,
}

impl QueryStream {
    pub(super) fn new(
        cursor: Cursor,
        open: Arc<OpenDatabase>,
        watch: Watch,
        attachments: Attachments,
        cancel: CancellationToken,
        guard: DropGuard,
    ) -> Self {
        Self {
            columns: cursor.columns().to_vec(),
            is_writing: cursor.is_writing(),
            generation: cursor.generation(),
            cursor: Some(Box::new(cursor)),
            watch,
            attachments,
            cancel,
            _open: open,
            _guard: guard,
        }
    }

    /// The columns of the rows.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The generation that the statement runs on.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether it holds the database's writer until its end.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// Waits until it has to end, because it holds the writer and a migration of
    /// its schema needs it; answers what its caller is told.
    pub fn sent_away(&self) -> impl Future<Output = Error> + use<> {
        let cancel = self.cancel.clone();
        async move {
            cancel.cancelled().await;
            gave_way()
        }
    }

    /// Reads the next piece. Errors: those of the statement, and those of a
    /// token or an attachment that expired or was withdrawn meanwhile.
    pub async fn next<C: Chunk>(&mut self, chunk: C) -> Result<Piece<C>> {
        self.watch.look().await?;
        self.attachments.look().await?;
        let cursor = self.cursor.take().ok_or_else(|| Error::internal("the stream has ended"))?;
        let (progress, chunk) = cursor.fill(chunk).await.map_err(|error| self.watch.name(error))?;
        let summary = match progress {
            Progress::More(cursor) => {
                self.cursor = Some(cursor);
                None
            }
            Progress::Done(summary) => Some(summary),
        };
        Ok(Piece { chunk, summary })
    }
}
