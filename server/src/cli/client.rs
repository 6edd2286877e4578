//! The connection to the server, and the token that goes with every call.

use std::error::Error as _;
use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use tenantry_client::v1::databases_service_client::DatabasesServiceClient;
use tenantry_client::v1::query_service_client::QueryServiceClient;
use tenantry_client::v1::schema_service_client::SchemaServiceClient;
use tenantry_client::v1::tokens_service_client::TokensServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::Options;
use super::failure::Failure;

/// How long to wait for a server to accept the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest message to accept: one row can be as large as SQLite's largest
/// value, which is a little less than this.
const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// The file in the data directory that holds the first admin token.
const ADMIN_TOKEN_FILE: &str = "admin.token";

/// A channel that adds the token to each call.
type Service = InterceptedService<Channel, Bearer>;

/// A connected server.
pub(super) struct Client {
    channel: Channel,
    bearer: Bearer,
}

impl Client {
    /// Connects. It fails at once when no server answers.
    pub(super) async fn connect(options: &Options) -> Result<Self, Failure> {
        let (endpoint, is_local) = parse_endpoint(&options.endpoint)?;
        let bearer = Bearer::new(options, is_local)?;
        let channel = endpoint.connect().await.map_err(|error| {
            Failure::with_hint(
                format!("no server answers at {}{}", options.endpoint, root_cause(&error)),
                "start one with `tenantry serve`, or name another by --endpoint or \
                 TENANTRY_ENDPOINT",
            )
        })?;
        Ok(Self { channel, bearer })
    }

    /// The service for groups and databases.
    pub(super) fn databases(&self) -> DatabasesServiceClient<Service> {
        DatabasesServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The service for tokens.
    pub(super) fn tokens(&self) -> TokensServiceClient<Service> {
        TokensServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The service for SQL.
    pub(super) fn query(&self) -> QueryServiceClient<Service> {
        QueryServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The service for migrations.
    pub(super) fn schemas(&self) -> SchemaServiceClient<Service> {
        SchemaServiceClient::with_interceptor(self.channel.clone(), self.bearer.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// Reads the address of a server, and tells whether it is on this machine.
fn parse_endpoint(text: &str) -> Result<(Endpoint, bool), Failure> {
    let (scheme, address) = text.split_once("://").unwrap_or(("http", text));
    if scheme != "http" {
        return Err(Failure::Usage(format!(
            "--endpoint {text}: only http:// is spoken; put a proxy that ends TLS before it"
        )));
    }
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|_| Failure::Usage(format!("--endpoint {text} is not a URL")))?;
    let is_local = endpoint.uri().host().is_some_and(is_loopback);
    let endpoint = endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("tenantry/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok((endpoint, is_local))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The innermost cause of an error, which is what the system said.
fn root_cause(error: &tonic::transport::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(|cause| cause.source()) {
        cause = Some(inner);
    }
    cause.map(|cause| format!(": {cause}")).unwrap_or_default()
}

/// Adds the token to a call.
#[derive(Clone)]
pub(super) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    fn new(options: &Options, is_local: bool) -> Result<Self, Failure> {
        let given = options.token.as_deref().map(str::trim).filter(|token| !token.is_empty());
        // The admin token of this machine never goes to another one.
        let token = match given {
            Some(token) => Some(token.to_owned()),
            None if is_local => fs::read_to_string(options.data_dir.join(ADMIN_TOKEN_FILE)).ok(),
            None => None,
        };
        let Some(token) = token else { return Ok(Self(None)) };
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.trim())
            .parse()
            .map_err(|_| Failure::Usage("the token holds characters that no token has".into()))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_gets_its_own_admin_token() {
        for local in
            ["127.0.0.1:50051", "http://127.9.9.9:1", "http://[::1]:1", "http://LocalHost:1"]
        {
            assert!(parse_endpoint(local).is_ok_and(|(_, is_local)| is_local), "{local}");
        }
        for remote in ["http://10.0.0.1:1", "db.example:50051", "http://localhost.example:1"] {
            assert!(parse_endpoint(remote).is_ok_and(|(_, is_local)| !is_local), "{remote}");
        }
    }

    #[test]
    fn what_cannot_be_spoken_to_is_refused_as_usage() {
        for bad in ["https://127.0.0.1:1", "unix:///run/x", "http://", "a b"] {
            assert!(matches!(parse_endpoint(bad), Err(Failure::Usage(_))), "{bad}");
        }
    }
}
