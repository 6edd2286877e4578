//! The connection to the server, and the token that goes with every call.

use std::error::Error;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use tenantry_client::v1::databases_service_client::DatabasesServiceClient;
use tenantry_client::v1::query_service_client::QueryServiceClient;
use tenantry_client::v1::schema_service_client::SchemaServiceClient;
use tenantry_client::v1::tokens_service_client::TokensServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use super::failure::{Failure, Outcome};
use super::target::Target;

/// How long to wait for a server to accept the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest message to accept: one row can be as large as SQLite's largest
/// value, which is a little less than this.
const MESSAGE_BYTES_MAX: usize = 1 << 30;
/// The file in the data directory that holds the first admin token.
const ADMIN_TOKEN_FILE: &str = "admin.token";
/// What a file of certificates has in it.
const PEM_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
/// What to do where TLS fails.
const CA_HINT: &str = "https:// needs a server with TLS, by the name that its certificate has; an authority \
     that this system does not trust is named by --ca or TENANTRY_CA";

/// A channel that adds the token to each call.
type Service = InterceptedService<Channel, Bearer>;

/// A connected server.
pub(super) struct Client {
    channel: Channel,
    bearer: Bearer,
}

impl Client {
    /// Connects. It fails at once when no server answers.
    pub(super) async fn connect(target: &Target) -> Result<Self, Failure> {
        let (endpoint, is_local) = parse_endpoint(&target.endpoint, target.ca.as_deref())?;
        let bearer = Bearer::new(target, is_local)?;
        let channel = endpoint.connect().await.map_err(|error| {
            Failure::with_hint(
                format!("no server answers at {}{}", target.endpoint, root_cause(&error)),
                connect_hint(&error),
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

/// Refuses an address that no server can have.
pub(super) fn check_endpoint(text: &str, ca: Option<&Path>) -> Outcome {
    parse_endpoint(text, ca).map(drop)
}

/// Reads the address of a server, and tells whether it is on this machine.
/// Without a scheme only a server on this machine is spoken to without TLS.
fn parse_endpoint(text: &str, ca: Option<&Path>) -> Result<(Endpoint, bool), Failure> {
    let not_a_url = || Failure::Usage(format!("--endpoint {text} is not a URL"));
    let parse = |url: String| Endpoint::from_shared(url).map_err(|_| not_a_url());
    let is_local = |endpoint: &Endpoint| endpoint.uri().host().is_some_and(is_loopback);
    let (scheme, address) = match text.split_once("://") {
        Some((scheme, address)) => (scheme, address),
        None if is_local(&parse(format!("http://{text}"))?) => ("http", text),
        None => ("https", text),
    };
    let mut endpoint = match scheme {
        "http" | "https" => parse(format!("{scheme}://{address}"))?,
        _ => {
            return Err(Failure::Usage(format!(
                "--endpoint {text}: only http:// and https:// are spoken"
            )));
        }
    };
    let is_local = is_local(&endpoint);
    if scheme == "https" {
        endpoint = endpoint.tls_config(tls(ca)?).map_err(|error| {
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            Failure::with_hint(format!("TLS cannot be used{cause}"), CA_HINT)
        })?;
    }
    let endpoint = endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("tenantry/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok((endpoint, is_local))
}

/// Whom to trust: the authorities of the file, or those of the system.
fn tls(ca: Option<&Path>) -> Result<ClientTlsConfig, Failure> {
    let tls = ClientTlsConfig::new().timeout(CONNECT_TIMEOUT);
    let Some(ca) = ca.filter(|ca| !ca.as_os_str().is_empty()) else {
        return Ok(tls.with_native_roots());
    };
    let shown = ca.display();
    let pem = fs::read(ca)
        .map_err(|error| Failure::Usage(format!("cannot read --ca {shown}: {error}")))?;
    if !String::from_utf8_lossy(&pem).contains(PEM_CERTIFICATE) {
        return Err(Failure::Usage(format!("--ca {shown} holds no certificate in PEM")));
    }
    Ok(tls.ca_certificate(Certificate::from_pem(pem)))
}

/// What to do where no connection came about.
fn connect_hint(error: &tonic::transport::Error) -> &'static str {
    let is_tls = |cause: &io::Error| cause.kind() == io::ErrorKind::InvalidData;
    match causes(error).any(|cause| cause.downcast_ref().is_some_and(is_tls)) {
        true => CA_HINT,
        false => {
            "start one with `tenantry serve`, or name another by --endpoint, TENANTRY_ENDPOINT or \
             `tenantry context use`"
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The innermost cause of an error, which is what the system said.
fn root_cause(error: &tonic::transport::Error) -> String {
    causes(error).last().map(|cause| format!(": {cause}")).unwrap_or_default()
}

fn causes(error: &tonic::transport::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// Adds the token to a call.
#[derive(Clone)]
pub(super) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    fn new(target: &Target, is_local: bool) -> Result<Self, Failure> {
        let given = target.token.as_deref().map(str::trim).filter(|token| !token.is_empty());
        // The admin token of this machine never goes to another one.
        let token = match given {
            Some(token) => Some(token.to_owned()),
            None if is_local => fs::read_to_string(target.data_dir.join(ADMIN_TOKEN_FILE)).ok(),
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

    const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/tls/ca.pem");

    #[test]
    fn only_this_machine_gets_its_own_admin_token() {
        for local in
            ["127.0.0.1:50051", "http://127.9.9.9:1", "http://[::1]:1", "http://LocalHost:1"]
        {
            assert!(parse_endpoint(local, None).is_ok_and(|(_, is_local)| is_local), "{local}");
        }
        let ca = Some(Path::new(CA));
        for remote in [
            "http://10.0.0.1:1",
            "db.example:50051",
            "https://db.example",
            "http://localhost.example:1",
        ] {
            assert!(parse_endpoint(remote, ca).is_ok_and(|(_, is_local)| !is_local), "{remote}");
        }
    }

    #[test]
    fn what_cannot_be_spoken_to_is_refused_as_usage() {
        for bad in ["unix:///run/x", "http://", "https://", "a b"] {
            assert!(matches!(parse_endpoint(bad, None), Err(Failure::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn tls_is_spoken_where_the_scheme_says_so_or_the_way_is_long() {
        for (endpoint, scheme) in [
            ("127.0.0.1:1", "http"),
            ("localhost:1", "http"),
            ("http://db.example:1", "http"),
            ("https://localhost:1", "https"),
            ("db.example:1", "https"),
        ] {
            let (parsed, _) = parse_endpoint(endpoint, Some(Path::new(CA))).expect("an endpoint");
            assert_eq!(parsed.uri().scheme_str(), Some(scheme), "{endpoint}");
        }
        for bad in ["missing.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            let refused = parse_endpoint("https://localhost:1", Some(Path::new(bad)));
            assert!(matches!(refused, Err(Failure::Usage(_))), "{bad}");
        }
    }
}
