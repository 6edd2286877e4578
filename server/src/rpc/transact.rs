//! The conversation of `Transact`.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tenantry_client::v1;
use tenantry_client::v1::transact_request::Request as Ask;
use tenantry_client::v1::transact_response::Response as Answer;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

use super::results::Results;
use super::status::in_band;
use super::{schema_sql, sql};
use crate::error::{Error, Reason, Result};
use crate::grants::Grant;
use crate::names::DatabaseRef;
use crate::query::{OpenTransaction, Queries, timed_out};
use crate::schema::Schemas;

type Sender = mpsc::Sender<Result<v1::TransactResponse, Status>>;

/// One stream of `Transact`. Dropping its work rolls back.
pub(super) struct Session {
    queries: Queries,
    schemas: Arc<Schemas>,
    grant: Grant,
    asks: Streaming<v1::TransactRequest>,
    sender: Sender,
}

impl Session {
    pub(super) fn new(
        queries: Queries,
        schemas: Arc<Schemas>,
        grant: Grant,
        asks: Streaming<v1::TransactRequest>,
        sender: Sender,
    ) -> Self {
        Self { queries, schemas, grant, asks, sender }
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
        let database = DatabaseRef::parse(&begin.database)?;
        let mut transaction = until(deadline, limits.total, self.begin(begin)).await?;
        let generation = transaction.generation();
        let began = Answer::Began(v1::TransactBegan { generation: generation.0 });
        self.answer_in_time(transaction.sent_away(), began, deadline).await?;
        loop {
            let (end, limit) = self.patience(deadline);
            // Without another message the end of the stream is a rollback.
            let next = tokio::select! {
                next = self.next(end, limit) => next,
                error = transaction.sent_away() => Err(error),
            };
            let Some(ask) = next? else { return Ok(()) };
            match ask {
                Ask::Begin(_) => return Err(out_of_order("the transaction has begun already")),
                Ask::Execute(execute) => self.execute(&mut transaction, execute, deadline).await?,
                Ask::Commit(_) => {
                    // What has begun to commit is awaited: nobody could say that it was
                    // rolled back.
                    if let Some(written) = transaction.commit().await? {
                        let (schemas, grant) = (&self.schemas, &self.grant);
                        let applied =
                            schema_sql::apply(schemas, grant, &database, written, generation);
                        let applied = timeout_at(deadline, applied).await;
                        applied.unwrap_or_else(|_| Err(goes_on(limits.total)))?;
                    }
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
                let results = v1::TransactResult { results: results.into_messages() };
                self.answer_in_time(transaction.sent_away(), Answer::Result(results), deadline)
                    .await
            }
            Err(error) if transaction.is_open() => {
                let answer = Answer::Error(in_band(error));
                self.answer_in_time(transaction.sent_away(), answer, deadline).await
            }
            Err(error) => Err(error),
        }
    }

    /// Until when a caller is waited for, and why not longer.
    fn patience(&self, deadline: Instant) -> (Instant, Duration) {
        let limits = self.queries.limits();
        let idle = Instant::now() + limits.idle;
        if idle < deadline { (idle, limits.idle) } else { (deadline, limits.total) }
    }

    /// Answers while the transaction is open: a caller who does not read keeps
    /// it no longer than one who does not write.
    async fn answer_in_time(
        &self,
        sent_away: impl Future<Output = Error>,
        answer: Answer,
        deadline: Instant,
    ) -> Result<()> {
        let (end, limit) = self.patience(deadline);
        tokio::select! {
            sent = timeout_at(end, self.answer(answer)) => {
                sent.unwrap_or_else(|_| Err(timed_out(limit)))
            }
            error = sent_away => Err(error),
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

/// What is told of a migration that takes longer than a transaction may.
fn goes_on(limit: Duration) -> Error {
    let message = "the migration takes longer than a transaction may and goes on; look for it with ListMigrations";
    Error::new(Reason::Deadline, message).with("limit_ms", limit.as_millis())
}

fn out_of_order(message: &'static str) -> Error {
    Error::new(Reason::TransactionState, message)
}
