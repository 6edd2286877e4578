//! A tonic server whose `Execute` does nothing: what any server on this stack
//! takes for a call of that size. It runs as a process of its own, as the real
//! one does, and with the same transport settings.

use tenantry_client::v1::query_service_server::{QueryService, QueryServiceServer};
use tenantry_client::v1::{self, value::Kind};
use tokio::net::TcpListener;
use tokio_stream::Empty;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

struct Noop(v1::ExecuteResponse);

/// The response to the benchmark's point SELECT, without the work.
pub(crate) fn response() -> v1::ExecuteResponse {
    let column = |name: &str, declared: &str| v1::Column {
        name: name.into(),
        declared_type: declared.into(),
    };
    let value = |kind| v1::Value { kind: Some(kind) };
    let row = v1::Row {
        values: vec![value(Kind::Integer(4_321)), value(Kind::Text("name of number 04321".into()))],
    };
    v1::ExecuteResponse {
        results: vec![v1::ResultSet {
            columns: vec![column("id", "INTEGER"), column("name", "TEXT")],
            rows: vec![row],
            stats: Some(v1::ResultStats {
                rows_read: 1,
                rows_written: 0,
                duration: Some(prost_types::Duration { seconds: 0, nanos: 12_345 }),
            }),
            ..Default::default()
        }],
        generation: 0,
    }
}

/// Serves on a free port of loopback, which it prints, until it is killed.
pub(crate) async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let incoming = TcpListenerStream::new(listener).map_nodelay();
    tonic::transport::Server::builder()
        .add_service(QueryServiceServer::new(Noop(response())))
        .serve_with_incoming(incoming)
        .await
        .expect("serves");
}

trait Nodelay {
    fn map_nodelay(
        self,
    ) -> impl tokio_stream::Stream<Item = std::io::Result<tokio::net::TcpStream>>;
}

impl Nodelay for TcpListenerStream {
    fn map_nodelay(
        self,
    ) -> impl tokio_stream::Stream<Item = std::io::Result<tokio::net::TcpStream>> {
        tokio_stream::StreamExt::map(self, |stream| {
            let stream = stream?;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
    }
}

#[tonic::async_trait]
impl QueryService for Noop {
    type QueryStream = Empty<Result<v1::QueryResponse, Status>>;
    type TransactStream = Empty<Result<v1::TransactResponse, Status>>;
    type QueryFleetStream = Empty<Result<v1::QueryFleetResponse, Status>>;

    async fn execute(
        &self,
        _: Request<v1::ExecuteRequest>,
    ) -> Result<Response<v1::ExecuteResponse>, Status> {
        Ok(Response::new(self.0.clone()))
    }

    async fn execute_batch(
        &self,
        _: Request<v1::ExecuteBatchRequest>,
    ) -> Result<Response<v1::ExecuteBatchResponse>, Status> {
        Err(Status::unimplemented("Execute alone"))
    }

    async fn query(
        &self,
        _: Request<v1::QueryRequest>,
    ) -> Result<Response<Self::QueryStream>, Status> {
        Err(Status::unimplemented("Execute alone"))
    }

    async fn transact(
        &self,
        _: Request<Streaming<v1::TransactRequest>>,
    ) -> Result<Response<Self::TransactStream>, Status> {
        Err(Status::unimplemented("Execute alone"))
    }

    async fn describe(
        &self,
        _: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeResponse>, Status> {
        Err(Status::unimplemented("Execute alone"))
    }

    async fn query_fleet(
        &self,
        _: Request<v1::QueryFleetRequest>,
    ) -> Result<Response<Self::QueryFleetStream>, Status> {
        Err(Status::unimplemented("Execute alone"))
    }
}
