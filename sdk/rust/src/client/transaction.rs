//! Interactive transactions.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, stream};
use tokio::sync::{Mutex, mpsc};
use tonic::{Code, Streaming};

use super::call::Method;
use super::database::{Options, options, statement};
use super::{Call, Client, Error, ExecuteResult, IntoArgs, Result, TransactionMode, raw};
use crate::v1::transact_request::Request;
use crate::v1::transact_response::Response;
use crate::v1::{
    TransactBegin, TransactCommit, TransactExecute, TransactRequest, TransactResponse,
    TransactRollback,
};

/// A transaction to run; `.await` runs it.
#[derive(Clone, Debug)]
#[must_use = "nothing is run without `.await`"]
pub struct Transact<'a, F> {
    options: Options,
    mode: TransactionMode,
    function: F,
    /// How long what the function borrows lives.
    borrows: PhantomData<&'a ()>,
}

options!(Transact<'a, F>: "The deadline of each request in it, in place of the client's.");

impl<F> Transact<'_, F> {
    pub(super) fn new(options: Options, function: F) -> Self {
        Self { options, mode: TransactionMode::Immediate, function, borrows: PhantomData }
    }

    /// How it starts. Default: IMMEDIATE.
    pub fn mode(mut self, mode: TransactionMode) -> Self {
        self.mode = mode;
        self
    }
}

impl IntoFuture for Transact<'_, ()> {
    type Output = Result<Transaction>;
    type IntoFuture = Call<Transaction>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { options, mode, .. } = self;
        async move { begin(&options, mode).await }.boxed()
    }
}

impl<'a, F, Fut, T, E> IntoFuture for Transact<'a, F>
where
    F: FnMut(Transaction) -> Fut + Send + 'a,
    Fut: Future<Output = Result<T, E>> + Send + 'a,
    E: From<Error> + Send + 'a,
    T: Send + 'a,
{
    type Output = Result<T, E>;
    type IntoFuture = BoxFuture<'a, Result<T, E>>;

    fn into_future(mut self) -> Self::IntoFuture {
        async move {
            let retry = self.options.client.inner.retry.clone();
            for attempt in 1.. {
                let transaction = begin(&self.options, self.mode).await?;
                let kept = transaction.clone();
                let (outcome, cause) = match (self.function)(transaction).await {
                    Ok(value) => match kept.commit().await {
                        Ok(()) => return Ok(value),
                        Err(error) => (error.clone().into(), Some(error)),
                    },
                    Err(error) => {
                        let cause = kept.cause().await;
                        // The error of the function is told, not that of the rollback; and
                        // the end of the stream is a rollback too.
                        let _ = kept.rollback().await;
                        (error, cause)
                    }
                };
                let again = cause.filter(Error::wants_another_transaction);
                match again.and_then(|cause| retry.pause(attempt, &cause)) {
                    Some(pause) => {
                        tracing::debug!(attempt, ?pause, "running the transaction again");
                        self.options.client.rest(pause).await?;
                    }
                    None => return Err(outcome),
                }
            }
            unreachable!("the attempts are counted by the policy")
        }
        .boxed()
    }
}

async fn begin(options: &Options, mode: TransactionMode) -> Result<Transaction> {
    let client = &options.client;
    // Nothing has happened until the caller has the answer.
    let method = Method::safe("Transact").within(options.timeout);
    let first = TransactBegin {
        database: options.database.clone(),
        mode: mode.into(),
        attachments: options.attachments.clone(),
        min_generation: options.min_generation,
    };
    // The deadline is of the beginning alone, and not for the server to hold the
    // whole stream to.
    let open = |request: tonic::Request<()>| {
        let first = TransactRequest { request: Some(Request::Begin(first.clone())) };
        let (requests, sent) = mpsc::channel(1);
        let sent = stream::unfold(sent, |mut sent: mpsc::Receiver<_>| async {
            sent.recv().await.map(|request| (request, sent))
        });
        let mut request = request.map(|()| sent);
        request.metadata_mut().remove("grpc-timeout");
        let mut stub = raw::query(client.channel());
        async move {
            requests.try_send(first).map_err(|_| Error::malformed())?;
            let mut answers = stub.transact(request).await?.into_inner();
            match answers.message().await? {
                Some(TransactResponse { response: Some(Response::Began(began)) }) => {
                    Ok((began.generation, Wire { requests, answers }))
                }
                Some(_) => Err(Error::malformed()),
                None => Err(broken()),
            }
        }
    };
    let begun = client.attempts(method, open).await;
    let (generation, wire) = begun.map_err(Error::with_nothing_done)?;
    Ok(Transaction(Arc::new(Shared {
        client: client.clone(),
        method,
        generation,
        state: Mutex::new(State { wire: Some(wire), cause: None }),
    })))
}

fn broken() -> Error {
    Error::unavailable("the connection broke before the transaction was over; run it again")
}

fn over() -> Error {
    Error::new(
        Code::FailedPrecondition,
        "TRANSACTION_STATE",
        "the transaction is over; begin another",
    )
}

/// A transaction that is open.
#[derive(Clone)]
pub struct Transaction(Arc<Shared>);

struct Shared {
    client: Client,
    method: Method,
    generation: u64,
    state: Mutex<State>,
}

struct State {
    /// `None` when the transaction is over.
    wire: Option<Wire>,
    /// Why the last request failed, or the transaction ended; after a lost `commit`
    /// with an unknown outcome.
    cause: Option<Error>,
}

struct Wire {
    requests: mpsc::Sender<TransactRequest>,
    answers: Streaming<TransactResponse>,
}

impl Transaction {
    /// The generation of the database on which it runs; 0 of a REGULAR database.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// Runs one or several statements. One that fails is undone alone and leaves the
    /// transaction open, so that the caller may go on.
    pub async fn execute(
        &self,
        sql: impl Into<String>,
        args: impl IntoArgs,
    ) -> Result<ExecuteResult> {
        let statement = Some(statement(sql.into(), args.into_args()));
        match self.exchange(Request::Execute(TransactExecute { statement })).await? {
            Response::Result(result) => Ok(ExecuteResult::new(result.results, self.0.generation)),
            _ => Err(Error::malformed()),
        }
    }

    /// Makes it durable. When the answer is lost the error has
    /// [`Error::is_outcome_unknown`].
    pub async fn commit(self) -> Result<()> {
        if let Some(error) = self.ended().await {
            return Err(error);
        }
        match self.exchange(Request::Commit(TransactCommit {})).await? {
            Response::Committed(_) => Ok(()),
            _ => Err(Error::malformed().with_outcome_unknown()),
        }
    }

    /// Undoes it.
    pub async fn rollback(self) -> Result<()> {
        match self.exchange(Request::Rollback(TransactRollback {})).await? {
            Response::RolledBack(_) => Ok(()),
            _ => Err(Error::malformed()),
        }
    }

    /// Why it is over; `None` while it is open.
    async fn ended(&self) -> Option<Error> {
        let state = self.0.state.lock().await;
        state.wire.is_none().then(|| state.cause.clone().unwrap_or_else(over))
    }

    /// Why the last request failed.
    async fn cause(&self) -> Option<Error> {
        self.0.state.lock().await.cause.clone()
    }

    /// Sends a request and takes its answer.
    async fn exchange(&self, request: Request) -> Result<Response> {
        let last = !matches!(request, Request::Execute(_));
        let commit = matches!(request, Request::Commit(_));
        let mut state = self.0.state.lock().await;
        // Taken out, so that a future that is dropped half-way leaves nobody with an
        // answer that is not his.
        let Some(mut wire) = state.wire.take() else { return Err(over()) };
        state.cause = None;
        let request = TransactRequest { request: Some(request) };
        let exchanged = async {
            // A stream that has ended takes no more; its answer tells why.
            let _ = wire.requests.send(request).await;
            wire.answers.message().await?.ok_or_else(broken)
        };
        let client = &self.0.client;
        let outcome = client.bound(client.deadline(&self.0.method), exchanged).await;
        let outcome = match outcome.and_then(|it| it.response.ok_or_else(Error::malformed)) {
            Ok(Response::Error(status)) => {
                state.wire = Some(wire);
                Err(Error::in_band(&status))
            }
            Ok(response) => {
                state.wire = (!last).then_some(wire);
                Ok(response)
            }
            Err(error) => Err(error),
        };
        let outcome = outcome.map_err(|error| match commit {
            true if error.tells_outcome() => error,
            true => error.with_outcome_unknown(),
            false => error.with_nothing_done(),
        });
        state.cause = outcome.as_ref().err().cloned();
        outcome
    }
}
