//! An interactive transaction on its stream.

use tenantry_client::errors;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::cells::{Sql, cells_of, text};
use super::client::Client;
use super::v1::transact_request::Request;
use super::v1::transact_response::Response;
use super::v1::{self, TransactRequest, TransactResponse};
use super::wait::bounded;

/// An open transaction. Dropping it cuts the stream.
pub(crate) struct Tx {
    requests: mpsc::Sender<TransactRequest>,
    responses: Streaming<TransactResponse>,
}

impl Tx {
    /// Opens the stream and says nothing yet but `first`.
    pub(crate) async fn open(client: &Client, first: Request) -> Result<Self, Status> {
        let (requests, receiver) = mpsc::channel(16);
        requests.send(TransactRequest { request: Some(first) }).await.expect("there is room");
        let stream = ReceiverStream::new(receiver);
        let responses = bounded("Transact", client.query().transact(stream)).await?.into_inner();
        Ok(Self { requests, responses })
    }

    pub(crate) async fn begin(client: &Client, begin: v1::TransactBegin) -> Result<Self, Status> {
        let mut tx = Self::open(client, Request::Begin(begin)).await?;
        match tx.answer().await? {
            Some(Response::Began(_)) => Ok(tx),
            other => panic!("began, not {other:?}"),
        }
    }

    /// Sends a request without awaiting its answer.
    pub(crate) async fn send(&self, request: Request) {
        let request = TransactRequest { request: Some(request) };
        // A stream that the server ended takes no more; its status tells why.
        let _ = self.requests.send(request).await;
    }

    /// The next answer; `None` at the end of the stream.
    pub(crate) async fn answer(&mut self) -> Result<Option<Response>, Status> {
        let answer = bounded("an answer", self.responses.message()).await?;
        Ok(answer.map(|answer| answer.response.expect("an answer")))
    }

    /// Runs SQL; an in-band error is the inner one, the end of the stream the
    /// outer one.
    pub(crate) async fn ask(
        &mut self,
        sql: impl Into<Sql>,
    ) -> Result<Result<Vec<v1::ResultSet>, Status>, Status> {
        let statement = Some(sql.into().0);
        self.send(Request::Execute(v1::TransactExecute { statement })).await;
        match self.answer().await? {
            Some(Response::Result(result)) => Ok(Ok(result.results)),
            Some(Response::Error(error)) => Ok(Err(errors::from_in_band(&error))),
            other => panic!("a result, not {other:?}"),
        }
    }

    /// Runs SQL that must succeed.
    pub(crate) async fn exec(&mut self, sql: impl Into<Sql>) -> Vec<v1::ResultSet> {
        self.ask(sql).await.expect("the stream goes on").expect("the SQL succeeds")
    }

    /// Runs SQL that must fail in-band.
    pub(crate) async fn fails(&mut self, sql: impl Into<Sql>) -> Result<(), Status> {
        self.ask(sql).await.expect("the stream goes on").map(|_| ())
    }

    /// The rows of the last statement of some SQL, as text.
    pub(crate) async fn text(&mut self, sql: impl Into<Sql>) -> String {
        text(&cells_of(self.exec(sql).await.pop().expect("a statement").rows))
    }

    /// Commits, and awaits the end of the stream.
    pub(crate) async fn commit(mut self) -> Result<(), Status> {
        self.send(Request::Commit(v1::TransactCommit {})).await;
        match self.answer().await? {
            Some(Response::Committed(_)) => {
                assert!(self.answer().await?.is_none(), "the stream ends with the commit");
                Ok(())
            }
            Some(Response::Error(error)) => Err(errors::from_in_band(&error)),
            other => panic!("committed, not {other:?}"),
        }
    }

    /// Rolls back, and awaits the end of the stream.
    pub(crate) async fn rollback(mut self) {
        self.send(Request::Rollback(v1::TransactRollback {})).await;
        let answer = self.answer().await.expect("the stream is whole");
        assert!(matches!(answer, Some(Response::RolledBack(_))), "rolled back, not {answer:?}");
        assert!(self.answer().await.expect("the stream is whole").is_none());
    }

    /// Awaits the error with which the server ends the stream by itself.
    pub(crate) async fn ended(&mut self) -> Status {
        match self.answer().await {
            Err(status) => status,
            Ok(other) => panic!("the end of the stream, not {other:?}"),
        }
    }

    /// Says that nothing more will come, and awaits how the stream ends.
    pub(crate) async fn close(self) -> Result<Option<Response>, Status> {
        let Self { requests, mut responses } = self;
        drop(requests);
        let answer = bounded("the end", responses.message()).await?;
        Ok(answer.and_then(|answer| answer.response))
    }
}
