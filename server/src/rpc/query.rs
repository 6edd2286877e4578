//! `QueryService`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Either;
use tenantry_client::v1;
use tenantry_client::v1::query_response::Part;
use tenantry_client::v1::query_service_server::QueryService;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument as _;

use super::results::{Results, StepResults, StreamChunk, columns, stats};
use super::{admitted, schema_sql, sql, transact, unimplemented};
use crate::error::{Error, Reason, Result};
use crate::names::DatabaseRef;
use crate::query::{Queries, QueryStream, TransactionLimits, timed_out};
use crate::schema::Schemas;
use crate::storage::{Args, Sql};

/// Queries over gRPC.
pub(super) struct QueryRpc {
    queries: Queries,
    schemas: Arc<Schemas>,
}

impl QueryRpc {
    pub(super) fn new(queries: Queries, schemas: Arc<Schemas>) -> Self {
        Self { queries, schemas }
    }
}

#[tonic::async_trait]
impl QueryService for QueryRpc {
    async fn execute(
        &self,
        request: Request<v1::ExecuteRequest>,
    ) -> Result<Response<v1::ExecuteResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let target = sql::target(&request.database, request.attachments, request.min_generation)?;
        let sql = sql::sql(request.statement)?;
        let outcome = self.queries.execute(&grant, &target, sql, Results::default()).await?;
        let (results, generation) =
            schema_sql::settle(&self.schemas, &grant, &target.database, outcome).await?;
        Ok(Response::new(v1::ExecuteResponse {
            results: results.into_messages(),
            generation: generation.0,
        }))
    }

    async fn execute_batch(
        &self,
        request: Request<v1::ExecuteBatchRequest>,
    ) -> Result<Response<v1::ExecuteBatchResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let target = sql::target(&request.database, request.attachments, request.min_generation)?;
        let (steps, mode) = (sql::steps(request.steps)?, sql::mode(request.mode)?);
        let results = StepResults::default();
        let outcome = self.queries.execute_batch(&grant, &target, steps, mode, results).await?;
        let (results, generation) =
            schema_sql::settle(&self.schemas, &grant, &target.database, outcome).await?;
        Ok(Response::new(v1::ExecuteBatchResponse {
            results: results.into_messages(),
            generation: generation.0,
        }))
    }

    type QueryStream = ReceiverStream<Result<v1::QueryResponse, Status>>;

    async fn query(
        &self,
        request: Request<v1::QueryRequest>,
    ) -> Result<Response<Self::QueryStream>, Status> {
        let (grant, request) = admitted(request)?;
        let target = sql::target(&request.database, request.attachments, request.min_generation)?;
        let encoding = sql::encoding(request.encoding)?;
        let sql = sql::sql(request.statement)?;
        let limits = self.queries.limits();
        let stream = in_time(limits.total, self.queries.query(&grant, &target, sql)).await?;
        // One piece waits here for a reader that has stalled, and none is made
        // before there is room for it.
        let (sender, receiver) = mpsc::channel(1);
        let end = Instant::now() + limits.total;
        let pump = Pump { stream, encoding, sender, limits, end };
        tokio::spawn(pump.run().in_current_span());
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    type TransactStream = ReceiverStream<Result<v1::TransactResponse, Status>>;

    async fn transact(
        &self,
        request: Request<Streaming<v1::TransactRequest>>,
    ) -> Result<Response<Self::TransactStream>, Status> {
        let (grant, asks) = admitted(request)?;
        let (sender, receiver) = mpsc::channel(1);
        let (queries, schemas) = (self.queries.clone(), self.schemas.clone());
        let session = transact::Session::new(queries, schemas, grant, asks, sender);
        tokio::spawn(session.run().in_current_span());
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn describe(
        &self,
        request: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let target = sql::target(&request.database, request.attachments, 0)?;
        let sql = Sql { text: request.sql, args: Args::default() };
        let description = self.queries.describe(&grant, &target, sql).await?;
        let name = |name: Option<String>| match name {
            // A number is no name.
            Some(name) if !name.starts_with('?') => name[1..].to_owned(),
            _ => String::new(),
        };
        Ok(Response::new(v1::DescribeResponse {
            parameters: description
                .parameters
                .into_iter()
                .map(|of| v1::Parameter { name: name(of) })
                .collect(),
            columns: columns(description.columns),
            read_only: description.read_only,
            explain: description.explain,
        }))
    }

    type QueryFleetStream = ReceiverStream<Result<v1::QueryFleetResponse, Status>>;

    async fn query_fleet(
        &self,
        request: Request<v1::QueryFleetRequest>,
    ) -> Result<Response<Self::QueryFleetStream>, Status> {
        let (grant, request) = admitted(request)?;
        if !request.schema.is_empty() {
            self.queries.find(&grant, &DatabaseRef::parse(&request.schema)?).await?;
        }
        Err(unimplemented("QueryFleet"))?
    }
}

/// Bounds the work on one piece of a stream: it holds a thread, and a stream has
/// no time limit of its own. Errors: `DEADLINE`.
async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        Err(Error::new(
            Reason::Deadline,
            "the statement worked for too long without a row; ask for less at a time",
        )
        .with("limit_ms", limit.as_millis()))
    })
}

/// Brings the pieces of a stream to its reader.
struct Pump {
    stream: QueryStream,
    encoding: v1::Encoding,
    sender: mpsc::Sender<Result<v1::QueryResponse, Status>>,
    /// How long a stream that holds the writer waits for its reader, each time
    /// and in all.
    limits: TransactionLimits,
    end: Instant,
}

impl Pump {
    async fn run(mut self) {
        let sender = self.sender.clone();
        let ended = tokio::select! {
            ended = self.send_all() => ended,
            // The reader is gone, and with this future goes the work.
            () = sender.closed() => return,
        };
        // The work ends here, however long the reader takes to hear of it.
        drop(self);
        if let Err(error) = ended {
            // Nobody may be there to hear it.
            let _ = sender.send(Err(error.into())).await;
        }
    }

    async fn send_all(&mut self) -> Result<()> {
        let column_count = self.stream.columns().len();
        let header = v1::QueryHeader {
            columns: columns(self.stream.columns().to_vec()),
            generation: self.stream.generation().0,
        };
        self.send(Part::Header(header)).await?;
        loop {
            self.room().await?;
            let next = self.stream.next(StreamChunk::new(self.encoding, column_count));
            let piece = in_time(self.limits.total, next).await?;
            if let Some(part) = piece.chunk.into_part() {
                self.send(part).await?;
            }
            if let Some(summary) = piece.summary {
                return self
                    .send(Part::Summary(v1::QuerySummary {
                        stats: Some(stats(&summary)),
                        affected_row_count: summary.affected_rows,
                        last_insert_rowid: summary.last_insert_rowid,
                    }))
                    .await;
            }
        }
    }

    /// Waits until the reader has taken the last piece.
    async fn room(&mut self) -> Result<()> {
        let room = self.sender.reserve();
        let room = if self.stream.is_writing() {
            let idle = Instant::now() + self.limits.idle;
            let (end, limit) = if idle < self.end {
                (idle, self.limits.idle)
            } else {
                (self.end, self.limits.total)
            };
            let sent_away = self.stream.sent_away();
            Either::Left(async move {
                tokio::select! {
                    room = timeout_at(end, room) => room.map_err(|_| timed_out(limit)),
                    error = sent_away => Err(error),
                }
            })
        } else {
            Either::Right(async { Ok(room.await) })
        };
        match room.await? {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::new(Reason::Cancelled, "the reader has gone away")),
        }
    }

    async fn send(&mut self, part: Part) -> Result<()> {
        self.room().await?;
        let message = v1::QueryResponse { part: Some(part) };
        self.sender
            .send(Ok(message))
            .await
            .map_err(|_| Error::new(Reason::Cancelled, "the reader has gone away"))
    }
}
