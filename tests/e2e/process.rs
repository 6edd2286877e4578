//! The server as a process: how it starts, stops, and what it tells of itself.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tenantry_client::v1::{Access, Encoding, TransactionMode};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use crate::support::server::serve;
use crate::support::wait::until_blocking;
use crate::support::{Client, Code, Server, World, cells, expect_error, sql, until};

/// The services of Tenantry's own.
const SERVICES: [&str; 4] = [
    "tenantry.v1.DatabasesService",
    "tenantry.v1.QueryService",
    "tenantry.v1.SchemaService",
    "tenantry.v1.TokensService",
];

/// Runs a server that cannot start; answers how it ended and what it said.
fn refused(data_dir: &Path, listen: &str, flags: &[&str]) -> (ExitStatus, String) {
    let mut child = serve(data_dir, listen)
        .args(flags)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be run");
    let status = until_blocking("it gives up", || child.try_wait().expect("it can be asked"));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().expect("piped"), &mut said)
        .expect("text");
    (status, said)
}

#[test]
fn a_port_in_use_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let (status, said) = refused(&dir.path().join("data"), &address, &[]);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_data_directory_in_use_is_told_and_left_alone() {
    let server = Server::start();
    let (status, said) = refused(&server.data_dir(), "127.0.0.1:0", &[]);
    assert_eq!(status.code(), Some(1), "{said}");
    let shown = server.data_dir().display().to_string();
    assert!(said.contains(&shown) && said.contains("another process"), "{said}");
    let world = World::on(&server).await;
    assert_eq!(world.database("alice").await.text("SELECT 1").await, "1");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "not a directory").expect("written");
    // Tests may run as root, whom permissions do not stop: a file does.
    for data_dir in [file.clone(), file.join("data")] {
        let (status, said) = refused(&data_dir, "127.0.0.1:0", &[]);
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains(&file.display().to_string()), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "not a directory");
}

#[test]
fn data_of_a_newer_format_is_told_and_left_alone() {
    let mut server = Server::start();
    server.stop();
    let format = server.data_dir().join("format");
    fs::write(&format, "999\n").expect("written");
    let (status, said) = refused(&server.data_dir(), "127.0.0.1:0", &[]);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("999") && said.contains("newer"), "{said}");
    assert_eq!(fs::read_to_string(&format).expect("it is there"), "999\n");
}

#[test]
fn wrong_settings_are_told_all_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let flags = ["--synchronous", "off", "--drain-ms-max", "soon"];
    let (status, said) = refused(&dir.path().join("data"), "nowhere", &flags);
    assert_eq!(status.code(), Some(2), "{said}");
    for flag in ["--listen", "--synchronous", "--drain-ms-max"] {
        assert!(said.contains(flag), "{flag} is missing: {said}");
    }
}

#[tokio::test]
async fn told_to_stop_the_server_lets_open_work_end() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    let finite = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n";
    let mut stream = db.apart().stream(finite, Encoding::Rows).await.expect("it opens");
    stream.chunk().await.expect("it streams");

    server.terminate();
    let newcomer = world.db("alice").apart();
    until("newcomers are turned away", async || newcomer.apart().try_exec("SELECT 1").await.err())
        .await;
    // Both go on as if nothing had happened.
    tx.exec("INSERT INTO t VALUES (2)").await;
    tx.commit().await.expect("it commits");
    stream.all().await.expect("it streams to its end");
    let status = server.wait();
    assert!(status.success(), "{status:?}");

    server.restart();
    let again = World::again(&server, &world.group).db("alice");
    assert_eq!(again.text("SELECT count(*) FROM t").await, "2");
}

#[tokio::test]
async fn told_to_stop_the_server_waits_no_longer_than_its_limit() {
    let mut server = Server::with(&["--drain-ms-max", "700"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    db.exec("INSERT INTO t VALUES ('acknowledged')").await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES ('not committed')").await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let mut stream = db.apart().stream(endless, Encoding::Rows).await.expect("it opens");
    stream.chunk().await.expect("it streams");
    let stalled = db.apart().stream(endless, Encoding::Columns).await.expect("it opens");

    let start = Instant::now();
    server.terminate();
    let reader = tokio::spawn(async move {
        loop {
            match stream.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("an endless stream ended"),
                Err(status) => return status,
            }
        }
    });
    let status = tokio::task::spawn_blocking(move || (server.wait(), server)).await;
    let (status, mut server) = status.expect("it is awaited");
    let took = start.elapsed();
    assert!(status.success(), "{status:?}");
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    let cut = reader.await.expect("it ends");
    expect_error::<()>(Err(cut), Code::Unavailable, "UNAVAILABLE");
    drop((tx, stalled));

    server.restart();
    let again = World::again(&server, &world.group).db("alice");
    assert_eq!(again.text("SELECT x FROM t").await, "acknowledged");
}

#[tokio::test]
async fn health_is_told_for_every_service_to_anyone() {
    let world = World::shared().await;
    let mut health = HealthClient::new(Client::anonymous(world.admin.address()).channel());
    for service in SERVICES.into_iter().chain([""]) {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.expect("it is known").into_inner().status;
        assert_eq!(status, i32::from(ServingStatus::Serving), "'{service}'");
    }
    let unknown = HealthCheckRequest { service: "tenantry.v1.NoSuchService".into() };
    let answer = health.check(unknown).await.expect_err("it is not known");
    assert_eq!(answer.code(), Code::NotFound);
}

#[tokio::test]
async fn reflection_tells_all_services_in_both_versions() {
    let world = World::shared().await;
    let channel = Client::anonymous(world.admin.address()).channel();

    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let ask = |request| {
        tokio_stream::once(v1::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(request),
        })
    };
    let answer =
        client.server_reflection_info(ask(MessageRequest::ListServices(String::new()))).await;
    let answer = answer.expect("it answers").into_inner().message().await.expect("an answer");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.expect("one").message_response
    else {
        panic!("a list of services");
    };
    let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    for service in SERVICES.into_iter().chain(["grpc.health.v1.Health"]) {
        assert!(names.contains(&service.to_owned()), "{service} in {names:?}");
    }
    for symbol in ["tenantry.v1.QueryService", "tenantry.v1.Value", "google.rpc.ErrorInfo"] {
        let ask = ask(MessageRequest::FileContainingSymbol(symbol.into()));
        let answer = client.server_reflection_info(ask).await.expect("it answers");
        let answer = answer.into_inner().message().await.expect("an answer").expect("one");
        let is_file =
            matches!(answer.message_response, Some(MessageResponse::FileDescriptorResponse(_)));
        assert!(is_file, "{symbol}: {answer:?}");
    }

    use v1alpha::server_reflection_request::MessageRequest as AlphaRequest;
    use v1alpha::server_reflection_response::MessageResponse as AlphaResponse;
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let ask = tokio_stream::once(v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(AlphaRequest::ListServices(String::new())),
    });
    let answer = client.server_reflection_info(ask).await.expect("it answers");
    let answer = answer.into_inner().message().await.expect("an answer").expect("one");
    let Some(AlphaResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("a list of services");
    };
    let alpha: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    for service in SERVICES {
        assert!(alpha.contains(&service.to_owned()), "{service} in {alpha:?}");
    }
}

/// Whether a line of the log tells which request it is about.
fn is_of_a_request(line: &str) -> bool {
    let words = line.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    line.contains("request") && words.into_iter().any(|word| uuid::Uuid::parse_str(word).is_ok())
}

#[tokio::test]
async fn logs_hold_request_ids_and_no_secrets() {
    const VALUE: &str = "bound-value-8d1f0c";
    for format in ["text", "json"] {
        let server = Server::with(&["--log", "debug,tenantry=trace", "--log-format", format]);
        let world = World::on(&server).await;
        let db = world.database("alice").await;
        db.exec("CREATE TABLE t (x UNIQUE)").await;
        let token = world.token(&db, Access::ReadWrite, &[]).await;
        let tenant = db.with_token(&token);
        let insert = || sql("INSERT INTO t VALUES (?)", cells![VALUE]);
        tenant.exec(insert()).await;
        tenant.try_exec(insert()).await.expect_err("it is there");
        tenant.try_exec(sql("SELECT ? FROM nowhere", cells![VALUE])).await.expect_err("no table");
        tenant.rows(crate::support::Sql::from("SELECT :x").named("x", VALUE)).await;
        tenant.streamed(sql("SELECT ?", cells![VALUE]), Encoding::Columns).await.expect("rows");
        let mut tx = tenant.begin(TransactionMode::Immediate).await;
        tx.fails(insert()).await.expect_err("it is there");
        tx.rollback().await;
        let forged = format!("{token}x");
        db.with_token(&forged).try_exec("SELECT 1").await.expect_err("it is forged");
        let expired = crate::support::Forge::of(&server.data_dir()).expired(&token);
        db.with_token(&expired).try_exec("SELECT 1").await.expect_err("it is over");

        let log = server.log();
        let secrets = [VALUE, &token, &expired, &server.admin_token()];
        for secret in secrets {
            // A token's signature alone would be too much.
            let end = &secret[secret.len().saturating_sub(40)..];
            let line = log.lines().find(|line| line.contains(end));
            assert!(line.is_none(), "{format}: a secret is in the log: {line:?}");
        }
        let requests = log.lines().filter(|line| is_of_a_request(line)).count();
        assert!(requests >= 8, "{format}: {requests} lines have a request id:\n{log}");
        if format == "json" {
            for line in log.lines() {
                serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON");
            }
        }
    }
}
