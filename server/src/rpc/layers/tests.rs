//! The layer over a service that does what each test wants of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tenantry_client::errors::info;
use tokio::time::{Instant, sleep};
use tower::{ServiceExt as _, service_fn};

use super::*;
use crate::grants::Grant;
use crate::grants::testing::World;

const UNARY: &str = "/tenantry.v1.QueryService/Execute";
const STREAM: &str = "/tenantry.v1.QueryService/Query";
const CHECK: &str = "/grpc.health.v1.Health/Check";

/// A layer, and a token that it takes.
struct Setup {
    layer: FrontLayer,
    token: String,
    drain: Drain,
    /// Holds the files of the world.
    _dir: tempfile::TempDir,
}

impl Setup {
    async fn new() -> Self {
        let World { dir, env, verifier, .. } = World::new().await;
        let token = std::fs::read_to_string(dir.path().join("admin.token")).expect("is there");
        let drain = Drain::default();
        let limits = Limits { request_max: Duration::from_secs(30), drain: drain.clone() };
        let layer = FrontLayer::new(env, Arc::new(verifier), limits);
        Self { layer, token: token.trim().to_owned(), drain, _dir: dir }
    }

    fn request(&self, path: &str) -> Request<Body> {
        Request::builder()
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::empty())
            .expect("a request")
    }

    /// What comes of a request where the service behind answers with `answer`.
    async fn call<F>(
        &self,
        request: Request<Body>,
        answer: impl FnOnce(Request<Body>) -> F + Clone + Send + 'static,
    ) -> Response<FrontBody>
    where
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let service = service_fn(move |request| {
            let answer = (answer.clone())(request);
            async move { Ok(answer.await) }
        });
        let Ok(response) = self.layer.layer(service).oneshot(request).await;
        response
    }
}

/// A stream that has one message now and then nothing for ever, and tells when
/// it is dropped; or ends with trailers.
struct Stream {
    message: Option<Bytes>,
    trailers: Option<HeaderMap>,
    dropped: Arc<AtomicBool>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let message = self.message.take().map(Frame::data);
        match message.or_else(|| self.trailers.take().map(Frame::trailers)) {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Poll::Pending,
        }
    }
}

async fn endless(dropped: Arc<AtomicBool>) -> Response<Body> {
    let message = Some(Bytes::from_static(b"row"));
    Response::new(Body::new(Stream { message, trailers: None, dropped }))
}

async fn never(_: Request<Body>) -> Response<Body> {
    std::future::pending().await
}

async fn next(response: &mut Response<FrontBody>) -> Option<Result<Frame<Bytes>, Status>> {
    std::future::poll_fn(|cx| std::pin::Pin::new(response.body_mut()).poll_frame(cx)).await
}

/// The trailers that end a response.
async fn last(response: &mut Response<FrontBody>) -> Status {
    let frame = next(response).await.expect("a frame").expect("no error");
    Status::from_header_map(frame.trailers_ref().expect("trailers")).expect("a status")
}

fn refusal(response: &Response<FrontBody>) -> (Code, String) {
    assert!(response.headers().contains_key(REQUEST_ID));
    assert!(response.body().is_end_stream(), "headers say it all");
    let status = Status::from_header_map(response.headers()).expect("a status");
    (status.code(), info(&status).expect("an ErrorInfo").reason)
}

fn reason(status: &Status) -> Option<String> {
    info(status).map(|info| info.reason)
}

#[tokio::test]
async fn a_handler_gets_the_grant_and_its_answer_an_id() {
    let setup = Setup::new().await;
    let mut request = setup.request(UNARY);
    request.headers_mut().insert(REQUEST_ID, http::HeaderValue::from_static("mine"));
    let response = setup
        .call(request, async |request| {
            let grant = request.extensions().get::<Grant>().expect("a grant");
            assert!(grant.is_server_admin());
            Response::new(Body::empty())
        })
        .await;
    assert_eq!(response.headers()[REQUEST_ID], "mine");
}

#[tokio::test]
async fn nobody_passes_without_a_token_but_to_health() {
    let setup = Setup::new().await;
    let anonymous = |path: &str| {
        let mut request = setup.request(path);
        request.headers_mut().remove(AUTHORIZATION);
        request
    };
    for path in [UNARY, STREAM] {
        let refused = setup.call(anonymous(path), async |_| panic!("nobody passes")).await;
        assert_eq!(refusal(&refused), (Code::Unauthenticated, "TOKEN_MISSING".to_owned()));
    }
    let mut forged = setup.request(UNARY);
    forged.headers_mut().insert(AUTHORIZATION, http::HeaderValue::from_static("Bearer x.y.z"));
    let refused = setup.call(forged, async |_| panic!("nobody passes")).await;
    assert_eq!(refusal(&refused), (Code::Unauthenticated, "TOKEN_INVALID".to_owned()));
    let open = setup.call(anonymous(CHECK), async |_| Response::new(Body::empty())).await;
    assert!(!open.headers().contains_key(Status::GRPC_STATUS));
}

#[tokio::test]
async fn a_method_that_is_not_there_is_unimplemented() {
    let setup = Setup::new().await;
    let request = setup.request("/tenantry.v1.QueryService/Nothing");
    let refused = setup.call(request, async |_| panic!("nothing is called")).await;
    assert_eq!(refusal(&refused), (Code::Unimplemented, "UNIMPLEMENTED".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_and_with_the_server() {
    let setup = Setup::new().await;
    let start = Instant::now();
    let late = setup.call(setup.request(UNARY), never).await;
    assert_eq!(refusal(&late), (Code::DeadlineExceeded, "DEADLINE".to_owned()));
    assert!(start.elapsed() <= Duration::from_secs(30));
    setup.drain.end();
    for path in [UNARY, STREAM] {
        let cut = setup.call(setup.request(path), never).await;
        assert_eq!(refusal(&cut), (Code::Unavailable, "UNAVAILABLE".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_its_callers_deadline_although_nobody_reads() {
    let setup = Setup::new().await;
    let dropped = Arc::new(AtomicBool::new(false));
    let mut request = setup.request(STREAM);
    request.headers_mut().insert("grpc-timeout", http::HeaderValue::from_static("1S"));
    let watched = Arc::clone(&dropped);
    let mut response = setup.call(request, |_| endless(watched)).await;
    assert!(!dropped.load(Ordering::SeqCst));
    sleep(Duration::from_secs(2)).await;
    assert!(dropped.load(Ordering::SeqCst), "what the stream holds is given back");
    let status = last(&mut response).await;
    assert_eq!(
        (status.code(), reason(&status).as_deref()),
        (Code::DeadlineExceeded, Some("DEADLINE"))
    );
    assert!(next(&mut response).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_is_told_when_the_server_goes_down() {
    let setup = Setup::new().await;
    let dropped = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&dropped);
    let mut response = setup.call(setup.request(STREAM), |_| endless(watched)).await;
    let row = next(&mut response).await.expect("a frame").expect("no error");
    assert_eq!(row.into_data().expect("data"), "row");
    let (status, ()) = tokio::join!(last(&mut response), async {
        tokio::task::yield_now().await;
        setup.drain.end();
    });
    assert_eq!(
        (status.code(), reason(&status).as_deref()),
        (Code::Unavailable, Some("UNAVAILABLE"))
    );
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn trailers_without_details_get_them() {
    let setup = Setup::new().await;
    let mut response = setup
        .call(setup.request(STREAM), async |_| {
            let mut trailers = HeaderMap::new();
            Status::out_of_range("too large").add_header(&mut trailers).expect("fits");
            let dropped = Arc::default();
            Response::new(Body::new(Stream { message: None, trailers: Some(trailers), dropped }))
        })
        .await;
    let status = last(&mut response).await;
    assert_eq!(reason(&status).as_deref(), Some("STATEMENT_TOO_LARGE"));
}

async fn large(message: Bytes) -> Response<Body> {
    let trailers = HeaderMap::from_iter([(Status::GRPC_STATUS, "0".parse().expect("is one"))]);
    let body = Stream { message: Some(message), trailers: Some(trailers), dropped: Arc::default() };
    Response::new(Body::new(body))
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_goes_out_in_slices_and_ends_at_the_deadline_where_nobody_reads() {
    const BYTES: usize = 1_000_000;
    let setup = Setup::new().await;
    let answer = |_| large(Bytes::from(vec![7; BYTES]));

    let mut response = setup.call(setup.request(UNARY), answer).await;
    let (mut bytes, mut frames) = (0, 0);
    let trailers = loop {
        let frame = next(&mut response).await.expect("goes on").expect("a frame");
        match frame.into_data() {
            Ok(data) => (bytes, frames) = (bytes + data.len(), frames + 1),
            Err(frame) => break frame.into_trailers().expect("trailers"),
        }
    };
    assert_eq!((bytes, trailers[Status::GRPC_STATUS].as_bytes()), (BYTES, &b"0"[..]));
    assert!(frames > 10, "{frames} slices");

    let mut response = setup.call(setup.request(UNARY), answer).await;
    let first = next(&mut response).await.expect("goes on").expect("a frame");
    assert!(first.into_data().expect("data").len() < BYTES / 10);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(reason(&last(&mut response).await).as_deref(), Some("DEADLINE"));
}
