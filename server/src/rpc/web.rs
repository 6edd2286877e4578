//! gRPC-web: the protocol in which pages in a browser call, and what browsers ask
//! before they let a page do so. It stands before all other layers: those see
//! calls of gRPC alone. No page is let in here: a token does that, as for all.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tonic_web::GrpcWebLayer;
use tower::layer::util::Stack;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// What stands for every origin.
const EVERY_ORIGIN: &str = "*";
/// What a page may send: what the clients of gRPC-web do, and our request id.
const REQUEST_HEADERS: [&str; 6] =
    ["authorization", "content-type", "grpc-timeout", "x-grpc-web", "x-request-id", "x-user-agent"];
/// What a page may read: the status of a call that failed without a body.
const RESPONSE_HEADERS: [&str; 4] =
    ["grpc-message", "grpc-status", "grpc-status-details-bin", "x-request-id"];
/// How long a browser may remember what it was told. None does for longer.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// The layers that let the pages of these origins call by gRPC-web.
pub(super) fn layer(origins: &[String]) -> Stack<GrpcWebLayer, CorsLayer> {
    let allowed = if origins.iter().any(|origin| origin == EVERY_ORIGIN) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    // No credentials: a browser never sends a token by itself, so that a page has
    // only what its user has given it.
    let cors = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::POST])
        .allow_headers(REQUEST_HEADERS.map(HeaderName::from_static))
        .expose_headers(RESPONSE_HEADERS.map(HeaderName::from_static))
        .max_age(PREFLIGHT_MAX_AGE)
        .vary([header::ORIGIN]);
    Stack::new(GrpcWebLayer::new(), cors)
}
