//! An interactive transaction and how long it may take.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::DropGuard;

use super::{Watch, blocks};
use crate::error::{Error, Reason, Result};
use crate::names::Generation;
use crate::storage::{Dress, OpenDatabase, Sink, Sql, Transaction, check_text};

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
    dress: Dress,
    watch: Watch,
    _open: Arc<OpenDatabase>,
    _guard: DropGuard,
}

impl OpenTransaction {
    pub(super) fn new(
        transaction: Transaction,
        open: Arc<OpenDatabase>,
        generation: Generation,
        dress: Dress,
        watch: Watch,
        guard: DropGuard,
    ) -> Self {
        Self {
            transaction: Some(transaction),
            generation,
            dress,
            watch,
            _open: open,
            _guard: guard,
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
        let mut transaction = self.take()?;
        // Rights and blocks may have changed since the last statement.
        let (database, rights) = self.watch.look().await?;
        self.dress.access = Arc::new(rights.access(database.kind));
        self.dress.blocks = blocks(&database);
        transaction.set_dress(self.dress.clone());
        let Ok((open, result)) = timeout_at(deadline, transaction.execute(sql, sink)).await else {
            return Err(timed_out());
        };
        self.transaction = open;
        result
    }

    /// Makes it durable.
    pub async fn commit(mut self) -> Result<()> {
        self.watch.look().await?;
        self.take()?.commit().await
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

/// What a transaction is told that took too long.
#[must_use]
pub fn timed_out() -> Error {
    Error::new(
        Reason::TransactionTimeout,
        "the transaction was idle or open for too long and was rolled back; run it again",
    )
    .with_retry_after(Duration::ZERO)
}
