//! What every call passes before and after its handler, in one tower layer.
//!
//! On the way in a call gets an id, must be for a method that there is, must
//! show a token that holds, and gets its bounds: a deadline and the end of the
//! server. On the way out it is given its id and, where it failed without one,
//! an `ErrorInfo`, and is logged. Nothing here knows what a method does.
//!
//! tonic has a timer of its own, outside of this layer, that cannot be switched
//! off: at the client's `grpc-timeout` it answers CANCELLED, without details. It
//! polls what is inside before it looks at its clock, and [`limits`] looks at
//! its own clock at each poll, so that ours is always first.

mod body;
mod limits;
mod method;
mod request_body;
mod request_log;

#[cfg(test)]
mod tests;

pub(crate) use limits::{Drain, Limits};

use std::convert::Infallible;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument as _;

use self::body::FrontBody;
use self::limits::Bounds;
use self::method::Method;
use self::request_log::{REQUEST_ID, RequestLog};
use super::status::complete;
use crate::env::Env;
use crate::error::{Error, Reason, Result};
use crate::grants::Verifier;

/// The metadata that a token travels in.
const AUTHORIZATION: &str = "authorization";

/// Puts a [`Front`] before all services.
#[derive(Clone)]
pub(crate) struct FrontLayer(Arc<Shared>);

struct Shared {
    env: Env,
    verifier: Arc<Verifier>,
    limits: Limits,
}

impl FrontLayer {
    /// A layer that checks tokens with `verifier` and keeps calls to `limits`.
    pub(crate) fn new(env: Env, verifier: Arc<Verifier>, limits: Limits) -> Self {
        Self(Arc::new(Shared { env, verifier, limits }))
    }
}

impl<S> Layer<S> for FrontLayer {
    type Service = Front<S>;

    fn layer(&self, inner: S) -> Front<S> {
        Front { inner, shared: Arc::clone(&self.0) }
    }
}

/// All services, with what stands before them.
#[derive(Clone)]
pub(crate) struct Front<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request<Body>> for Front<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<FrontBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that was found ready is the one to call.
        let next = self.inner.clone();
        let inner = mem::replace(&mut self.inner, next);
        let shared = Arc::clone(&self.shared);
        let method = method::find(request.uri().path());
        let log = RequestLog::begin(request.headers(), method, &shared.env);
        let span = log.span().clone();
        Box::pin(
            async move { Ok(shared.answer(inner, request, method, log).await) }.instrument(span),
        )
    }
}

impl Shared {
    async fn answer<S>(
        &self,
        mut inner: S,
        mut request: Request<Body>,
        method: Option<&Method>,
        mut log: RequestLog,
    ) -> Response<FrontBody>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let admitted = self.admit(method, &mut request, &log);
        let (mut response, bounds) = match admitted {
            Err(error) => (Status::from(error).into_http(), None),
            Ok(bounds) => {
                let response = tokio::select! {
                    biased;
                    Ok(response) = inner.call(request) => response,
                    error = bounds.passed() => Status::from(error).into_http(),
                };
                (response, Some(bounds))
            }
        };
        let headers = response.headers_mut();
        complete(headers);
        headers.insert(REQUEST_ID, log.id().clone());
        if let Some(code) = code(headers) {
            log.end(code);
        }
        let streams = method.is_some_and(|method| method.streams);
        response.map(|body| FrontBody::new(body, bounds, streams, log))
    }

    /// Lets a call pass to its handler: with a grant, where the method needs
    /// one, and within bounds.
    fn admit(
        &self,
        method: Option<&Method>,
        request: &mut Request<Body>,
        log: &RequestLog,
    ) -> Result<Bounds> {
        let method = method.ok_or_else(|| {
            let message = "there is no such method; ask the server's reflection for what there is";
            Error::new(Reason::Unimplemented, message)
        })?;
        if method.needs_grant {
            let token = request.headers().get(AUTHORIZATION);
            let grant =
                self.verifier.authenticate(token.map(|value| value.to_str().unwrap_or("?")))?;
            log.caller(&grant);
            request.extensions_mut().insert(grant);
            let body = mem::replace(request.body_mut(), Body::empty());
            *request.body_mut() = request_body::counted(body);
        }
        Ok(self.limits.bounds(method, request.headers()))
    }
}

/// The status in the headers of a response or in its trailers.
fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()))
}
