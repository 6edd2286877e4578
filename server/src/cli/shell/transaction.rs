//! An interactive transaction: one stream, on which statements go one by one.

use tenantry_client::errors;
use tenantry_client::v1::transact_request::Request;
use tenantry_client::v1::transact_response::Response;
use tenantry_client::v1::{
    ResultSet, Statement, TransactBegin, TransactCommit, TransactExecute, TransactRequest,
    TransactResponse, TransactRollback,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};

/// How many requests can wait to be sent. Each one is answered before the next.
const REQUESTS_WAITING_MAX: usize = 1;

/// An open transaction. Dropping it rolls it back.
pub(super) struct Transaction {
    requests: mpsc::Sender<TransactRequest>,
    responses: Streaming<TransactResponse>,
}

impl Transaction {
    /// Starts a transaction.
    pub(super) async fn begin(client: &Client, begin: TransactBegin) -> Result<Self, Failure> {
        let (requests, receiver) = mpsc::channel(REQUESTS_WAITING_MAX);
        // The server may answer only after the first message, so it goes first.
        let begin = TransactRequest { request: Some(Request::Begin(begin)) };
        requests.send(begin).await.map_err(|_| Failure::incomplete())?;
        let responses = client.query().transact(ReceiverStream::new(receiver)).await?.into_inner();
        let mut transaction = Self { requests, responses };
        match transaction.answer().await? {
            Response::Began(_) => Ok(transaction),
            other => Err(unexpected(other)),
        }
    }

    /// Runs statements. The inner error is theirs, and the transaction goes on;
    /// after the outer one it is over.
    pub(super) async fn execute(
        &mut self,
        statement: Statement,
    ) -> Result<Result<Vec<ResultSet>, Status>, Failure> {
        let execute = TransactExecute { statement: Some(statement) };
        match self.ask(Request::Execute(execute)).await? {
            Response::Result(result) => Ok(Ok(result.results)),
            Response::Error(status) => Ok(Err(errors::from_in_band(&status))),
            other => Err(unexpected(other)),
        }
    }

    /// Makes it durable.
    pub(super) async fn commit(mut self) -> Outcome {
        match self.ask(Request::Commit(TransactCommit {})).await? {
            Response::Committed(_) => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// Undoes it.
    pub(super) async fn rollback(mut self) -> Outcome {
        match self.ask(Request::Rollback(TransactRollback {})).await? {
            Response::RolledBack(_) => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    async fn ask(&mut self, request: Request) -> Result<Response, Failure> {
        // When the server has ended the stream, the answer tells why.
        let _ = self.requests.send(TransactRequest { request: Some(request) }).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<Response, Failure> {
        let message = self.responses.message().await?;
        message.and_then(|message| message.response).ok_or_else(|| {
            Failure::new("the server ended the transaction without an answer; it was rolled back")
        })
    }
}

fn unexpected(response: Response) -> Failure {
    match response {
        Response::Error(status) => errors::from_in_band(&status).into(),
        Response::Began(_)
        | Response::Result(_)
        | Response::Committed(_)
        | Response::RolledBack(_) => Failure::new("the server answered out of turn"),
    }
}
