//! gRPC-web: calls as pages in a browser make them, and what their browser asks
//! before it lets them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::poll_fn;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::Message as _;
use tenantry_client::v1::query_response::Part;
use tenantry_client::v1::query_service_client::QueryServiceClient;
use tenantry_client::v1::{Attachment, Encoding, ExecuteRequest, QueryResponse};
use tonic::body::Body;
use tonic::{Request, Streaming};
use tonic_web::{GrpcWebCall, GrpcWebClientService};

use crate::support::server::serve;
use crate::support::wait::PATIENCE;
use crate::support::{Code, Db, Server, Status, World, bounded, expect_error};

const ORIGIN: &str = "http://app.example:8080";
const FOREIGN: &str = "http://app.example";
/// The path of a call.
const EXECUTE: &str = "/tenantry.v1.QueryService/Execute";
/// Never yields a row and never ends.
const BARREN: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";
/// Never ends.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
/// Some rows, and then an error.
const BROKEN: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90000)
     SELECT iif(i < 90000, i, abs(-9223372036854775807 - 1)) FROM n";
/// More than the readers that one database has.
const PAGES: usize = 40;

/// What a browser has instead of a connection of gRPC.
type Fetch = GrpcWebClientService<Http<HttpConnector, GrpcWebCall<Body>>>;

/// A page in a browser, in which its user has put a token.
#[derive(Clone)]
struct Page {
    query: QueryServiceClient<Fetch>,
    origin: &'static str,
    token: String,
}

impl Page {
    /// By HTTP/1.1, as a browser calls where there is no TLS.
    fn of(server: &Server, origin: &'static str) -> Self {
        Self::by(false, server, origin)
    }

    fn by(http2: bool, server: &Server, origin: &'static str) -> Self {
        let http = Http::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let uri = format!("http://{}", server.address()).parse().expect("an address");
        let query = QueryServiceClient::with_origin(GrpcWebClientService::new(http), uri)
            .max_encoding_message_size(usize::MAX);
        Self { query, origin, token: server.admin_token() }
    }

    /// A request with what the browser and the page add to it.
    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.token);
        for (name, value) in [("origin", self.origin), ("authorization", &bearer)] {
            request.metadata_mut().insert(name, value.parse().expect("metadata is ASCII"));
        }
        request
    }

    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<HeaderMap, Status> {
        let answer = bounded("Execute", self.query.clone().execute(request)).await?;
        assert!(answer.get_ref().results.len() == 1, "{answer:?}");
        Ok(answer.metadata().clone().into_headers())
    }

    async fn stream(
        &self,
        db: &Db,
        text: &str,
        deadline: Option<Duration>,
    ) -> Result<Streaming<QueryResponse>, Status> {
        let mut request = self.request(db.query_request(text, Encoding::Rows));
        if let Some(deadline) = deadline {
            request.set_timeout(deadline);
        }
        let opened = bounded("Query", self.query.clone().query(request)).await?;
        Ok(opened.into_inner())
    }
}

/// Reads a stream to its end; answers whether rows came, and how it ended.
async fn read(mut stream: Streaming<QueryResponse>) -> (bool, Result<(), Status>) {
    let mut rows = false;
    loop {
        match bounded("a message", stream.message()).await {
            Ok(Some(message)) => rows |= matches!(message.part, Some(Part::Rows(_))),
            Ok(None) => return (rows, Ok(())),
            Err(status) => return (rows, Err(status)),
        }
    }
}

/// Sends a plain request of HTTP; answers its status, headers and body.
async fn send(
    address: SocketAddr,
    http2: bool,
    method: Method,
    headers: &[(&str, &str)],
    body: Body,
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let http = Http::builder(TokioExecutor::new()).http2_only(http2).build_http();
    let mut request =
        http::Request::builder().method(method).uri(format!("http://{address}{EXECUTE}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body).expect("a request");
    let answer = bounded("the answer", http.request(request)).await.expect("an answer");
    let (head, mut body) = answer.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes.extend(frame.expect("a frame").into_data().unwrap_or_default());
    }
    (head.status, head.headers, bytes)
}

/// What a browser asks before the first call of a page.
async fn preflight(address: SocketAddr, http2: bool, origin: &str) -> (StatusCode, HeaderMap) {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,grpc-timeout,x-grpc-web"),
    ];
    let answer = send(address, http2, Method::OPTIONS, &headers, Body::empty()).await;
    (answer.0, answer.1)
}

/// The values of a header that is a list.
fn listed(headers: &HeaderMap, name: &str) -> Vec<String> {
    let list = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    list.split(',').map(|part| part.trim().to_lowercase()).collect()
}

fn may_read(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|value| value.to_str().expect("text"))
}

async fn start() -> (Server, World, Db) {
    let server = Server::with(&["--web-origins", ORIGIN, "--drain-ms-max", "0"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x UNIQUE)").await;
    (server, world, db)
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_calls_as_any_client() {
    let (server, _world, db) = start().await;
    let page = Page::of(&server, ORIGIN);
    for http2 in [false, true] {
        let (status, headers) = preflight(server.address(), http2, ORIGIN).await;
        assert_eq!((status, may_read(&headers)), (StatusCode::OK, Some(ORIGIN)));
        let allowed = listed(&headers, "access-control-allow-headers");
        for name in ["authorization", "content-type", "grpc-timeout", "x-grpc-web", "x-user-agent"]
        {
            assert!(allowed.iter().any(|allowed| allowed == name), "{name} in {allowed:?}");
        }
        assert_eq!(listed(&headers, "access-control-allow-methods"), ["post"]);
        assert!(headers.get("access-control-allow-credentials").is_none());
    }

    let insert = page.request(db.request("INSERT INTO t VALUES (1) RETURNING x"));
    let headers = page.execute(insert).await.expect("it runs");
    assert_eq!(may_read(&headers), Some(ORIGIN));
    assert!(listed(&headers, "vary").contains(&"origin".to_owned()));
    let readable = listed(&headers, "access-control-expose-headers");
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"] {
        assert!(readable.iter().any(|readable| readable == name), "{name} in {readable:?}");
    }

    let stream = page.stream(&db, "SELECT x FROM t", None).await.expect("it opens");
    let (rows, end) = read(stream).await;
    assert!(rows && end.is_ok(), "{end:?}");
}

#[tokio::test]
async fn other_origins_get_no_leave_and_a_star_is_all() {
    let (server, _world, db) = start().await;
    let page = Page::of(&server, FOREIGN);
    for origin in [FOREIGN, "null", "http://app.example:8080.evil.example"] {
        let (_, headers) = preflight(server.address(), false, origin).await;
        assert_eq!(may_read(&headers), None, "{origin}");
    }
    // A browser does not even make this call.
    let headers = page.execute(page.request(db.request("SELECT 1"))).await.expect("it runs");
    assert_eq!(may_read(&headers), None);

    let open = Server::with(&["--web-origins", "*"]);
    let (status, headers) = preflight(open.address(), false, FOREIGN).await;
    assert_eq!((status, may_read(&headers)), (StatusCode::OK, Some("*")));
}

#[tokio::test]
async fn errors_come_with_their_details() {
    let (server, _world, db) = start().await;
    let mut page = Page::of(&server, ORIGIN);
    db.exec("INSERT INTO t VALUES (1)").await;
    let again = page.request(db.request("INSERT INTO t VALUES (1)"));
    expect_error(page.execute(again).await, Code::FailedPrecondition, "CONSTRAINT");
    // In the trailers, which are a frame of the body.
    let stream = page.stream(&db, BROKEN, None).await.expect("it opens");
    let (rows, end) = read(stream).await;
    assert!(rows, "the error comes after rows");
    expect_error(end, Code::InvalidArgument, "SQL_ERROR");

    page.token = "x.y.z".to_owned();
    let refused = page.execute(page.request(db.request("SELECT 1"))).await;
    let status = expect_error(refused, Code::Unauthenticated, "TOKEN_INVALID");
    let headers = status.metadata().clone().into_headers();
    assert_eq!(may_read(&headers), Some(ORIGIN), "the page can read the refusal");
}

#[tokio::test]
async fn deadlines_and_the_end_of_the_server_hold_for_pages_too() {
    let (mut server, _world, db) = start().await;
    let page = Page::of(&server, ORIGIN);
    let start = Instant::now();
    let mut late = page.request(db.request(BARREN));
    late.set_timeout(Duration::from_millis(300));
    expect_error(page.execute(late).await, Code::DeadlineExceeded, "DEADLINE");
    let stream = page.stream(&db, ENDLESS, Some(Duration::from_millis(300))).await;
    let (rows, end) = read(stream.expect("it opens")).await;
    assert!(rows);
    expect_error(end, Code::DeadlineExceeded, "DEADLINE");
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());

    let mut stream = page.stream(&db, ENDLESS, None).await.expect("it opens");
    bounded("a message", stream.message()).await.expect("it streams").expect("a header");
    server.terminate();
    let (_, end) = read(stream).await;
    expect_error(end, Code::Unavailable, "UNAVAILABLE");
    assert!(server.wait().success());
}

#[tokio::test]
async fn pages_that_are_closed_free_their_readers() {
    let (server, _world, db) = start().await;
    for _ in 0..PAGES {
        let page = Page::of(&server, ORIGIN);
        let mut stream = page.stream(&db, ENDLESS, None).await.expect("it opens");
        bounded("a message", stream.message()).await.expect("it streams").expect("a header");
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn requests_of_pages_have_the_same_bounds() {
    let (server, _world, db) = start().await;
    // By HTTP/1.1 a client that still writes may not see what was answered.
    let page = Page::by(true, &server, ORIGIN);
    let mut many = db.request("SELECT 1");
    many.attachments = vec![Attachment::default(); 20_000];
    expect_error(page.execute(page.request(many)).await, Code::InvalidArgument, "INVALID_ARGUMENT");
    let large = db.request(" ".repeat(17 << 20));
    expect_error(
        page.execute(page.request(large)).await,
        Code::InvalidArgument,
        "STATEMENT_TOO_LARGE",
    );
    page.execute(page.request(db.request("SELECT 1"))).await.expect("the server goes on");
}

#[tokio::test]
async fn the_text_form_is_spoken_too() {
    let (server, _world, db) = start().await;
    let message = db.request("SELECT 'tea'").encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).expect("fits").to_be_bytes());
    framed.extend(message);
    let headers = [
        ("content-type", "application/grpc-web-text"),
        ("accept", "application/grpc-web-text"),
        ("origin", ORIGIN),
        ("authorization", &format!("Bearer {}", server.admin_token())),
    ];
    let body = Body::new(STANDARD.encode(framed));
    let (status, _, body) = send(server.address(), false, Method::POST, &headers, body).await;
    assert_eq!(status, StatusCode::OK);
    // Each frame is padded by itself.
    let text = String::from_utf8(body).expect("text");
    let fours = text.as_bytes().chunks(4);
    let decoded: Vec<u8> = fours.flat_map(|four| STANDARD.decode(four).expect("base64")).collect();
    let decoded = String::from_utf8_lossy(&decoded);
    assert!(decoded.contains("tea") && decoded.contains("grpc-status:0"), "{decoded}");
}

#[tokio::test]
async fn without_the_setting_there_is_neither_gprc_web_nor_http_1() {
    let server = Server::start();
    let mut connection = TcpStream::connect(server.address()).expect("it connects");
    connection.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    let request =
        format!("OPTIONS {EXECUTE} HTTP/1.1\r\nhost: localhost\r\norigin: {ORIGIN}\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = Vec::new();
    // Whether it ends with a goodbye of HTTP/2 or with a reset.
    let _ = connection.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1"), "{}", String::from_utf8_lossy(&answer));
    let (_, headers) = preflight(server.address(), true, ORIGIN).await;
    assert_eq!(may_read(&headers), None);
    assert_eq!(headers["grpc-status"], "16");
}

#[test]
fn what_no_browser_sends_is_no_origin() {
    let dir = tempfile::tempdir().expect("a directory");
    for wrong in ["https://app.example/", "app.example", "*,https://app.example"] {
        let mut command = serve(&dir.path().join("data"), "127.0.0.1:0");
        let output = command.args(["--web-origins", wrong]).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{wrong}: {said}");
        assert!(said.contains("--web-origins (TENANTRY_WEB_ORIGINS)"), "{said}");
    }
}
