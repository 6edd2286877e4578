//! TLS: with the certificate of `tests/fixtures/tls`, which was made once for
//! localhost and is good until 2120.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tenantry_client::v1::ListGroupsRequest;
use tenantry_client::v1::databases_service_client::DatabasesServiceClient;
use tonic::Request;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use crate::support::server::{serve, tenantry};
use crate::support::{Server, bounded};

/// Where a file of the fixture is.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name)
}

fn shown(name: &str) -> String {
    fixture(name).display().to_string()
}

fn start() -> Server {
    let (cert, key) = (shown("server.pem"), shown("server-key.pem"));
    Server::with(&["--tls-cert", &cert, "--tls-key", &key])
}

async fn connect(host: &str, address: SocketAddr, ca: &str) -> Result<Channel, String> {
    let ca = Certificate::from_pem(fs::read(fixture(ca)).expect("it is there"));
    let endpoint = Endpoint::from_shared(format!("https://{host}:{}", address.port()))
        .expect("an address")
        .tls_config(ClientTlsConfig::new().ca_certificate(ca))
        .expect("a configuration");
    bounded("the connection", endpoint.connect()).await.map_err(|error| format!("{error:?}"))
}

/// Lists groups by the command line.
fn list_groups(server: &Server, endpoint: &str, ca: Option<&Path>) -> Output {
    let mut command = tenantry();
    command.args(["group", "list", "--endpoint", endpoint]);
    if let Some(ca) = ca {
        command.env("TENANTRY_CA", ca);
    }
    command.env("TENANTRY_TOKEN", server.admin_token()).output().expect("it runs")
}

#[tokio::test]
async fn the_certificate_is_accepted_and_everything_is_behind_it() {
    let server = start();
    for host in ["localhost", "127.0.0.1"] {
        let channel = connect(host, server.address(), "ca.pem").await.expect("it is trusted");
        let mut request = Request::new(ListGroupsRequest::default());
        let bearer = format!("Bearer {}", server.admin_token()).parse().expect("ASCII");
        request.metadata_mut().insert("authorization", bearer);
        let mut databases = DatabasesServiceClient::new(channel.clone());
        let listed = bounded("ListGroups", databases.list_groups(request)).await.expect("listed");
        assert_eq!(listed.get_ref().groups.len(), 1);

        let mut health = HealthClient::new(channel.clone());
        let health = bounded("Check", health.check(HealthCheckRequest::default())).await;
        assert_eq!(health.expect("checked").get_ref().status(), ServingStatus::Serving);

        let asked = ServerReflectionRequest {
            message_request: Some(MessageRequest::ListServices(String::new())),
            ..Default::default()
        };
        let mut reflection = ServerReflectionClient::new(channel);
        let told = reflection.server_reflection_info(tokio_stream::iter([asked]));
        let told = bounded("reflection", told).await.expect("told").into_inner().message().await;
        assert!(told.expect("told").is_some());
    }
}

#[tokio::test]
async fn who_does_not_trust_it_or_speaks_without_tls_is_told_what_to_do() {
    let server = start();
    // A certificate of a server is nobody's authority.
    let refused = connect("localhost", server.address(), "server.pem").await;
    assert!(refused.is_err(), "an unknown authority");

    let port = server.address().port();
    let by_tls = format!("https://localhost:{port}");
    let trusted = list_groups(&server, &by_tls, Some(&fixture("ca.pem")));
    assert!(trusted.status.success(), "{trusted:?}");
    let fails = |endpoint: &str, ca: Option<&Path>, code, hint: &str| {
        let output = list_groups(&server, endpoint, ca);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(hint), "no {hint:?} in {said}");
    };
    fails(&by_tls, None, 1, "TENANTRY_CA");
    fails(&format!("http://localhost:{port}"), None, 1, "https://");
    fails(&by_tls, Some(&fixture("server-key.pem")), 2, "no certificate");
    fails(&by_tls, Some(&fixture("missing.pem")), 2, "cannot read");

    let plain = Server::start();
    let by_tls = format!("https://{}", plain.address());
    fails(&by_tls, Some(&fixture("ca.pem")), 1, "a server with TLS");
}

/// What openssl says to a connection of this version, where it is installed.
fn openssl(address: SocketAddr, version: &str) -> Option<String> {
    let output = Command::new("openssl")
        .args(["s_client", "-alpn", "h2", version, "-cipher", "DEFAULT:@SECLEVEL=0"])
        .args(["-connect", &address.to_string(), "-CAfile", &shown("ca.pem")])
        .stdin(std::process::Stdio::null())
        .output();
    let output = output.ok()?;
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn nothing_older_than_tls_1_2_is_spoken() {
    let server = start();
    let Some(old) = openssl(server.address(), "-tls1_1") else {
        println!("skipped: openssl is not installed");
        return;
    };
    assert!(old.contains("Cipher is (NONE)"), "{old}");
    for version in ["-tls1_2", "-tls1_3"] {
        let said = openssl(server.address(), version).expect("it is installed");
        assert!(said.contains("Verify return code: 0"), "{version}: {said}");
        assert!(!said.contains("Cipher is (NONE)"), "{version}: {said}");
        assert!(said.contains("ALPN protocol: h2"), "{version}: {said}");
    }
}

#[test]
fn files_that_cannot_be_used_are_told_at_the_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let (cert, key, ca) = (shown("server.pem"), shown("server-key.pem"), shown("ca.pem"));
    for (flags, code, told) in [
        (vec!["--tls-cert", &cert], 2, "--tls-key (TENANTRY_TLS_KEY)"),
        (vec!["--tls-key", &key], 2, "--tls-cert (TENANTRY_TLS_CERT)"),
        (vec!["--tls-cert", &cert, "--tls-key", "missing.pem"], 1, "--tls-key missing.pem"),
        (vec!["--tls-cert", &ca, "--tls-key", &key], 1, "its own private key"),
        (vec!["--tls-cert", &key, "--tls-key", &key], 1, "a certificate in PEM"),
        (vec!["--tls-cert", &cert, "--tls-key", &cert], 1, "its own private key"),
    ] {
        let mut command = serve(&dir.path().join("data"), "127.0.0.1:0");
        let output = command.args(&flags).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {said}");
        assert!(said.contains(told), "no {told:?} in {said}");
    }
}
