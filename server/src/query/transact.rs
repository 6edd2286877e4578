//! An interactive transaction and how long it may take.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::DropGuard;

use super::attach::RequestAttacher;
use super::{Admitted, Watch, blocks};
use crate::error::{Error, Reason, Result};
use crate::names::Generation;
use crate::storage::{
    Dress, OpenDatabase, Recording, Sink, Sql, Transaction, check_text, gave_way,
};

/// How long an interactive transaction may take.
#[derive(Clone, Copy, Debug)]
pub struct TransactionLimits {
    /// Between two statements.
    pub idle: Duration,
    /// In all.
    pub total: Duration,
}

/// An interactive transaction. Dropping it rolls it back.
pub struct OpenTransaction {
    transaction: Option<Transaction>,
    generation: Generation,
    /// What is written happens as a migration.
    is_schema: bool,
    dress: Dress,
    watch: Watch,
    attacher: Arc<RequestAttacher>,
    total: Duration,
    _open: Arc<OpenDatabase>,
    _guard: DropGuard,
}

impl OpenTransaction {
    pub(super) fn new(transaction: Transaction, admitted: Admitted, total: Duration) -> Self {
        Self {
            generation: transaction.generation(),
            is_schema: transaction.is_rehearsal(),
            transaction: Some(transaction),
            dress: admitted.dress,
            watch: admitted.watch,
            attacher: admitted.attacher,
            total,
            _open: admitted.open,
            _guard: admitted.guard,
        }
    }

    /// The generation that it runs on.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether it is still open: an error of a statement may have ended it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.transaction.is_some()
    }

    /// Runs a text inside the transaction, until `deadline`. After an error
    /// that leaves it open, the failing statement alone is undone.
    pub async fn execute<S: Sink + 'static>(
        &mut self,
        sql: Sql,
        sink: S,
        deadline: Instant,
    ) -> Result<S> {
        check_text(&sql.text)?;
        let transaction = self.take()?;
        // Rights and blocks may have changed since the last statement.
        let (database, rights) = self.watch.look().await?;
        self.dress.access = Arc::new(rights.access(database.kind));
        self.dress.blocks = blocks(&database);
        for id in transaction.attached() {
            if let Err(error) = self.attacher.check(id).await {
                self.transaction = Some(transaction);
                return Err(error);
            }
        }
        let ran = transaction.execute(sql, self.dress.clone(), sink);
        let Ok((open, result)) = timeout_at(deadline, ran).await else {
            return Err(timed_out(self.total));
        };
        self.transaction = open;
        result.map_err(|error| self.watch.name(error))
    }

    /// Waits until it has to end, because a migration of its schema needs the
    /// writer that it holds; answers what its caller is told.
    pub fn sent_away(&self) -> impl Future<Output = Error> + use<> {
        let cancel = self.dress.cancel.clone();
        async move {
            cancel.cancelled().await;
            gave_way()
        }
    }

    /// Makes it durable. On a SCHEMA database it is undone instead, and answers
    /// what it has written, to be applied as a migration.
    pub async fn commit(mut self) -> Result<Option<Recording>> {
        self.watch.look().await?;
        let watch = self.watch.clone();
        let transaction = self.take()?;
        let ended = if self.is_schema {
            let rehearsed = transaction.rehearsed().await;
            rehearsed.map(|done| (!done.statements.is_empty()).then_some(done))
        } else {
            transaction.commit().await.map(|()| None)
        };
        ended.map_err(|error| watch.name(error))
    }

    /// Undoes it.
    pub async fn rollback(mut self) -> Result<()> {
        self.take()?.rollback().await
    }

    fn take(&mut self) -> Result<Transaction> {
        self.transaction.take().ok_or_else(|| {
            Error::new(Reason::TransactionState, "the transaction was rolled back; begin another")
        })
    }
}

/// What a transaction is told that took longer than `limit`.
#[must_use]
pub fn timed_out(limit: Duration) -> Error {
    Error::new(
        Reason::TransactionTimeout,
        "the transaction was idle or open for too long and was rolled back; run it again",
    )
    .with("limit_ms", limit.as_millis())
    .with_retry_after(Duration::ZERO)
}
