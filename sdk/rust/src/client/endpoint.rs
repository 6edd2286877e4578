//! Where the server is, and whether the way there is encrypted.

use std::net::IpAddr;
use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Uri};

use super::{Error, Result};

/// The name that the server's log has for this client.
const USER_AGENT: &str = concat!("tenantry-rust/", env!("CARGO_PKG_VERSION"));

/// How often a connection with open calls is tested.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// How long such a test may take until the connection counts as broken.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An endpoint of tonic for what the user wrote.
pub(super) fn endpoint(
    written: &str,
    ca_certificate: Option<Vec<u8>>,
    tls: Option<ClientTlsConfig>,
) -> Result<Endpoint> {
    let wrong = |why: &str| {
        Error::invalid(format!(
            "the endpoint '{written}' {why}; write http:// or https://, host and port"
        ))
    };
    // `localhost:@host` would look like this machine. Told without what may be a password.
    if written.contains('@') {
        return Err(Error::invalid(
            "an endpoint has no user and no password; write http:// or https://, host and port",
        ));
    }
    let uri = match written.split_once("://") {
        Some(("http" | "https", _)) => written.to_owned(),
        Some(_) => return Err(wrong("has a scheme that is neither http nor https")),
        None if is_loopback(written) => format!("http://{written}"),
        None => format!("https://{written}"),
    };
    let uri: Uri = uri.parse().map_err(|_| wrong("cannot be read"))?;
    let encrypted = uri.scheme_str() == Some("https");
    let mut endpoint = Endpoint::from(uri)
        .user_agent(USER_AGENT)
        .map_err(|_| wrong("cannot be used"))?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT);
    if encrypted {
        let mut tls = tls.unwrap_or_default();
        tls = match ca_certificate {
            Some(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
            None => tls.with_enabled_roots(),
        };
        endpoint = endpoint
            .tls_config(tls)
            .map_err(|error| Error::invalid(format!("TLS cannot be used: {error:?}")))?;
    }
    Ok(endpoint)
}

/// Whether `host:port` means this machine.
fn is_loopback(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(written: &str) -> String {
        endpoint(written, None, None)
            .map_or_else(|error| error.to_string(), |it| it.uri().to_string())
    }

    #[test]
    fn without_a_scheme_only_loopback_is_plaintext() {
        assert_eq!(uri("127.0.0.1:1"), "http://127.0.0.1:1/");
        assert_eq!(uri("localhost:1"), "http://localhost:1/");
        assert_eq!(uri("[::1]:1"), "http://[::1]:1/");
        assert_eq!(uri("db.example:1"), "https://db.example:1/");
        assert_eq!(uri("localhost.example:1"), "https://localhost.example:1/");
        assert_eq!(uri("http://db.example:1"), "http://db.example:1/");
    }

    #[test]
    fn what_is_no_endpoint_is_told() {
        assert!(uri("ftp://db.example").contains("neither http nor https"));
        assert!(uri("http://").contains("cannot be read"));
    }

    #[test]
    fn a_user_or_password_is_refused_and_not_repeated() {
        for written in ["localhost:@db.example", "http://me:secret@db.example", "me@[::1]:1"] {
            let told = uri(written);
            assert!(told.contains("no user"), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
