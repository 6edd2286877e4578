//! The conversation of `Transact`.

use std::future::Future;
use std::time::Duration;

use tenantry_client::v1;
use tenantry_client::v1::transact_request::Request as Ask;
use tenantry_client::v1::transact_response::Response as Answer;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

use super::results::Results;
use super::sql;
use super::status::in_band;
use crate::error::{Error, Reason, Result};
use crate::grants::Grant;
use crate::query::{OpenTransaction, Queries, timed_out};

type Sender = mpsc::Sender<Result<v1::TransactResponse, Status>>;

/// One stream of `Transact`. Dropping its work rolls back.
pub(super) struct Session {
    queries: Queries,
    grant: Grant,
    asks: Streaming<v1::TransactRequest>,
    sender: Sender,
}

impl Session {
    pub(super) fn new(
        queries: Queries,
        grant: Grant,
        asks: Streaming<v1::TransactRequest>,
        sender: Sender,
    ) -> Self {
        Self { queries, grant, asks, sender }
    }

    /// Talks until the transaction is over or the caller is gone.
    pub(super) async fn run(mut self) {
        let sender = self.sender.clone();
        let ended = tokio::select! {
            ended = self.talk() => ended,
            // The caller is gone, and with this future goes the transaction.
            () = sender.closed() => return,
        };
        if let Err(error) = ended {
            // Nobody may be there to hear it.
            let _ = sender.send(Err(error.into())).await;
        }
    }

    async fn talk(&mut self) -> Result<()> {
        let limits = self.queries.limits();
        let Some(ask) = self.next(Instant::now() + limits.idle, limits.idle).await? else {
            return Ok(());
        };
        let Ask::Begin(begin) = ask else {
            return Err(out_of_order("the first message must be `begin`"));
        };
        let deadline = Instant::now() + limits.total;
        let mut transaction = until(deadline, limits.total, self.begin(begin)).await?;
        self.answer(Answer::Began(v1::TransactBegan { generation: transaction.generation().0 }))
            .await?;
        loop {
            let idle = Instant::now() + limits.idle;
            let (end, limit) =
                if idle < deadline { (idle, limits.idle) } else { (deadline, limits.total) };
            // Without another message the end of the stream is a rollback.
            let Some(ask) = self.next(end, limit).await? else { return Ok(()) };
            match ask {
                Ask::Begin(_) => return Err(out_of_order("the transaction has begun already")),
                Ask::Execute(execute) => self.execute(&mut transaction, execute, deadline).await?,
                Ask::Commit(_) => {
                    until(deadline, limits.total, transaction.commit()).await?;
                    return self.answer(Answer::Committed(v1::TransactCommitted {})).await;
                }
                Ask::Rollback(_) => {
                    transaction.rollback().await?;
                    return self.answer(Answer::RolledBack(v1::TransactRolledBack {})).await;
                }
            }
        }
    }

    async fn begin(&self, begin: v1::TransactBegin) -> Result<OpenTransaction> {
        let target = sql::target(&begin.database, begin.attachments, begin.min_generation)?;
        self.queries.begin(&self.grant, &target, sql::mode(begin.mode)?).await
    }

    /// Runs SQL and answers it. Errors: those that end the transaction.
    async fn execute(
        &self,
        transaction: &mut OpenTransaction,
        execute: v1::TransactExecute,
        deadline: Instant,
    ) -> Result<()> {
        let ran = match sql::sql(execute.statement) {
            Ok(sql) => transaction.execute(sql, Results::default(), deadline).await,
            Err(error) => Err(error),
        };
        match ran {
            Ok(results) => {
                self.answer(Answer::Result(v1::TransactResult { results: results.into_messages() }))
                    .await
            }
            Err(error) if transaction.is_open() => self.answer(Answer::Error(in_band(error))).await,
            Err(error) => Err(error),
        }
    }

    async fn next(&mut self, deadline: Instant, limit: Duration) -> Result<Option<Ask>> {
        let message = match timeout_at(deadline, self.asks.message()).await {
            Ok(Ok(message)) => message,
            Ok(Err(status)) => {
                return Err(Error::new(Reason::Cancelled, "the stream of requests broke")
                    .with_source(status));
            }
            Err(_) => return Err(timed_out(limit)),
        };
        match message {
            None => Ok(None),
            Some(v1::TransactRequest { request: Some(ask) }) => Ok(Some(ask)),
            Some(v1::TransactRequest { request: None }) => {
                Err(Error::field("request", "one must be set"))
            }
        }
    }

    async fn answer(&self, answer: Answer) -> Result<()> {
        let message = v1::TransactResponse { response: Some(answer) };
        self.sender
            .send(Ok(message))
            .await
            .map_err(|_| Error::new(Reason::Cancelled, "the caller has gone away"))
    }
}

async fn until<T>(
    deadline: Instant,
    limit: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    timeout_at(deadline, work).await.unwrap_or_else(|_| Err(timed_out(limit)))
}

fn out_of_order(message: &'static str) -> Error {
    Error::new(Reason::TransactionState, message)
}
