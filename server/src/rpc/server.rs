//! The server on its port: which services stand behind it, how its connections
//! are tuned, and how it goes down.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tenantry_client::FILE_DESCRIPTOR_SET;
use tenantry_client::v1::databases_service_server::{self, DatabasesServiceServer};
use tenantry_client::v1::query_service_server::{self, QueryServiceServer};
use tenantry_client::v1::schema_service_server::{self, SchemaServiceServer};
use tenantry_client::v1::tokens_service_server::{self, TokensServiceServer};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tracing::{info, warn};

use super::databases::DatabasesRpc;
use super::layers::{Drain, FrontLayer, Limits};
use super::query::QueryRpc;
use super::schema::SchemaRpc;
use super::status::REQUEST_BYTES_MAX;
use super::tokens::TokensRpc;
use super::web;
use crate::databases::Databases;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::grants::{Tokens, Verifier};
use crate::query::Queries;
use crate::schema::Schemas;

/// How many calls one connection may have open.
const STREAMS_PER_CONNECTION_MAX: u32 = 1_024;
/// How much of one call's messages a client may send ahead of us.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// The same for a whole connection: more, so that one call which is not read
/// does not hold up the others.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// The largest set of headers of a call. The longest token has 16 KiB.
const HEADERS_BYTES_MAX: u32 = 32 << 10;
/// After what silence a client is asked whether it is still there.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long it may take to answer that before its calls are dropped.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long no connection is accepted after one could not be, as when there are
/// no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a client may take to agree on TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the last calls have to take their answers when they were cut.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// What is served.
pub(crate) struct Services {
    /// Groups and databases.
    pub(crate) databases: Arc<Databases>,
    /// Tokens and keys.
    pub(crate) tokens: Arc<Tokens>,
    /// SQL.
    pub(crate) queries: Queries,
    /// Schemas and migrations.
    pub(crate) schemas: Arc<Schemas>,
    /// Checks the token of every call.
    pub(crate) verifier: Arc<Verifier>,
}

/// Where and how clients come in.
pub(crate) struct Door {
    /// What they connect to.
    pub(crate) listener: TcpListener,
    /// The origins whose pages may call by gRPC-web, or `*`; none for no gRPC-web.
    pub(crate) web_origins: Vec<String>,
    /// What is shown to them of the server's identity; none for no TLS.
    pub(crate) tls: Option<Tls>,
}

/// The identity of the server in TLS, checked.
pub(crate) struct Tls(ServerTlsConfig);

impl Tls {
    /// Takes a certificate and its private key, both in PEM. Errors: why they
    /// cannot be used.
    pub(crate) fn new(cert: &[u8], key: &[u8]) -> std::result::Result<Self, String> {
        let identity = Identity::from_pem(cert, key);
        let tls = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE_TIMEOUT);
        match Server::builder().tls_config(tls.clone()) {
            Ok(_) => Ok(Self(tls)),
            Err(error) => Err(error.source().map_or_else(String::new, ToString::to_string)),
        }
    }
}

/// How long calls may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimits {
    /// The longest time of a call without streams.
    pub(crate) request_max: Duration,
    /// How long open calls may go on when the server goes down.
    pub(crate) drain_max: Duration,
}

/// Serves until `stop` is ready and then for as long as calls are open, within
/// limits. Errors are for the operator.
pub(crate) async fn serve(
    door: Door,
    services: Services,
    limits: TimeLimits,
    env: Env,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let drain = Drain::default();
    let call_limits = Limits { request_max: limits.request_max, drain: drain.clone() };
    let front = FrontLayer::new(env, Arc::clone(&services.verifier), call_limits);
    let (routes, health) = routes(services, drain.clone()).await?;
    // HTTP/1.1 has no pings of its own: there TCP asks.
    let incoming = TcpIncoming::from(door.listener)
        .with_nodelay(Some(true))
        .with_keepalive(Some(KEEPALIVE_INTERVAL))
        .then(|accepted| async {
            if let Err(error) = &accepted {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
            accepted
        });
    let stopped = async {
        stop.await;
        info!("shutting down: open calls may end");
        set_health(&health, ServingStatus::NotServing).await;
        drain.start();
    };
    let mut server = Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_adaptive_window(Some(false))
        .http2_max_header_list_size(HEADERS_BYTES_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT));
    if let Some(Tls(tls)) = door.tls {
        server = server.tls_config(tls).map_err(Error::internal)?;
    }
    let serving = async {
        if door.web_origins.is_empty() {
            let mut server = server.layer(front);
            server.add_routes(routes).serve_with_incoming_shutdown(incoming, stopped).await
        } else {
            let mut server =
                server.accept_http1(true).layer(web::layer(&door.web_origins)).layer(front);
            server.add_routes(routes).serve_with_incoming_shutdown(incoming, stopped).await
        }
    };
    tokio::select! {
        served = serving => served.map_err(Error::internal),
        () = cut(&drain, limits.drain_max) => Ok(()),
    }
}

/// Ends the calls that are still open when their time to end is over.
async fn cut(drain: &Drain, drain_max: Duration) {
    drain.started().await;
    sleep(drain_max).await;
    warn!("shutting down: calls that are still open are cut");
    drain.end();
    sleep(CUT_GRACE).await;
}

async fn routes(services: Services, drain: Drain) -> Result<(Routes, HealthReporter)> {
    let (reporter, health) = health_reporter();
    set_health(&reporter, ServingStatus::Serving).await;

    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let databases = DatabasesRpc::new(services.databases);
    let tokens = TokensRpc::new(services.tokens);
    let queries = QueryRpc::new(services.queries, Arc::clone(&services.schemas));
    let schema = SchemaRpc::new(services.schemas, drain);
    let routes = Routes::new(health)
        .add_service(reflection().build_v1().map_err(Error::internal)?)
        .add_service(reflection().build_v1alpha().map_err(Error::internal)?)
        .add_service(
            DatabasesServiceServer::new(databases).max_decoding_message_size(REQUEST_BYTES_MAX),
        )
        .add_service(TokensServiceServer::new(tokens).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(QueryServiceServer::new(queries).max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(SchemaServiceServer::new(schema).max_decoding_message_size(REQUEST_BYTES_MAX));
    Ok((routes, reporter))
}

/// Tells the health of each service and, without a name, of the whole server.
async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for name in [
        "",
        databases_service_server::SERVICE_NAME,
        tokens_service_server::SERVICE_NAME,
        query_service_server::SERVICE_NAME,
        schema_service_server::SERVICE_NAME,
    ] {
        health.set_service_status(name, status).await;
    }
}
