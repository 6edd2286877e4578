//! Calls in JSON, as grpcurl makes them: from the descriptors alone, and over
//! a connection that enforces no deadline of its own, so that what comes back
//! is the server's word.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use http::uri::PathAndQuery;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

use super::wait::bounded;

/// The most answers that are read of a stream.
const ANSWERS_MAX: usize = 1_000;

/// Everything that the protos describe.
pub(crate) static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(tenantry_client::FILE_DESCRIPTOR_SET).expect("valid descriptors")
});

/// The RPCs of Tenantry's own services.
pub(crate) fn rpcs() -> Vec<MethodDescriptor> {
    let own = POOL.services().filter(|service| service.full_name().starts_with("tenantry."));
    own.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// The RPC of this name, as in `Execute`.
pub(crate) fn rpc(name: &str) -> MethodDescriptor {
    let mut found = rpcs().into_iter().filter(|rpc| rpc.name() == name);
    found.next().unwrap_or_else(|| panic!("no RPC is called {name}"))
}

/// A caller without typed messages.
#[derive(Clone)]
pub(crate) struct Raw {
    http: Http<HttpConnector, tonic::body::Body>,
    address: SocketAddr,
}

/// One call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) token: Option<String>,
    pub(crate) deadline: Option<Duration>,
    /// The messages to send, in JSON; one for most RPCs.
    pub(crate) messages: Vec<Value>,
}

impl Raw {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = Http::builder(TokioExecutor::new()).http2_only(true).build_http();
        Self { http, address }
    }

    /// Makes a call and reads its answers to the end.
    pub(crate) async fn call(
        &self,
        rpc: &MethodDescriptor,
        call: Call,
    ) -> Result<Vec<Value>, Status> {
        let message = |json: &Value| {
            DynamicMessage::deserialize(rpc.input(), json)
                .unwrap_or_else(|error| panic!("{json} is no {}: {error}", rpc.input().name()))
        };
        let messages: Vec<_> = call.messages.iter().map(message).collect();
        let mut request = Request::new(tokio_stream::iter(messages));
        if let Some(token) = &call.token {
            let bearer = format!("Bearer {token}").parse().expect("metadata is ASCII");
            request.metadata_mut().insert("authorization", bearer);
        }
        if let Some(deadline) = call.deadline {
            request.set_timeout(deadline);
        }
        let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
        let path: PathAndQuery = path.parse().expect("a path");
        let origin = format!("http://{}", self.address).parse().expect("an address");
        let mut grpc = Grpc::with_origin(self.http.clone(), origin);
        let answers = async {
            grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
            let response = grpc.streaming(request, path, Json(rpc.output())).await?;
            let mut stream = response.into_inner();
            let mut answers = Vec::new();
            while answers.len() < ANSWERS_MAX
                && let Some(answer) = stream.message().await?
            {
                answers.push(serde_json::to_value(&answer).expect("messages are JSON"));
            }
            Ok(answers)
        };
        bounded(rpc.name(), answers).await
    }
}

/// Messages that only their descriptor is known of.
struct Json(MessageDescriptor);

impl Codec for Json {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

impl Encoder for Json {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Json {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.0.clone(), buffer);
        decoded.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
