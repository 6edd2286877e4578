//! The body of a response: kept to its bounds where it is a stream, and watched
//! for how it ends.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio_util::task::AbortOnDropHandle;
use tonic::body::Body;
use tonic::{Code, Status};

use super::limits::Bounds;
use super::request_log::RequestLog;
use super::{code, complete};
use crate::error::Error;

/// The body of a response.
pub(crate) struct FrontBody {
    inner: Inner,
    log: RequestLog,
}

enum Inner {
    /// One message, which is there already.
    Whole(Body),
    /// A stream.
    Bounded(BoundedBody),
}

impl FrontBody {
    /// A body that ends when `bounds` are passed, where given.
    pub(super) fn new(body: Body, bounds: Option<Bounds>, log: RequestLog) -> Self {
        let inner = match bounds {
            Some(bounds) if !http_body::Body::is_end_stream(&body) => {
                Inner::Bounded(BoundedBody::new(body, bounds))
            }
            _ => Inner::Whole(body),
        };
        Self { inner, log }
    }
}

impl http_body::Body for FrontBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { inner, log } = self.get_mut();
        let polled = log.span().in_scope(|| match inner {
            Inner::Whole(body) => Pin::new(body).poll_frame(cx),
            Inner::Bounded(body) => body.poll_frame(cx),
        });
        let mut frame = ready!(polled);
        match &mut frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    complete(trailers);
                    log.end(code(trailers).unwrap_or(Code::Unknown));
                }
            }
            Some(Err(status)) => log.end(status.code()),
            None => log.end(Code::Unknown),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Whole(body) => body.is_end_stream(),
            Inner::Bounded(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Whole(body) => body.size_hint(),
            Inner::Bounded(_) => SizeHint::default(),
        }
    }
}

/// A stream that ends when its bounds are passed.
///
/// The inner body is dropped at that moment by a task of its own, since nobody
/// polls the body of a client that does not read, and what it holds, a reader of
/// a database perhaps, is to be given back all the same.
struct BoundedBody {
    state: Arc<Mutex<State>>,
    _watch: AbortOnDropHandle<()>,
}

enum State {
    Open(Body, Option<Waker>),
    Cut(Error),
    Ended,
}

impl BoundedBody {
    fn new(body: Body, bounds: Bounds) -> Self {
        let state = Arc::new(Mutex::new(State::Open(body, None)));
        let watched = Arc::clone(&state);
        let watch = tokio::spawn(async move {
            let error = bounds.passed().await;
            let cut = mem::replace(&mut *lock(&watched), State::Cut(error));
            if let State::Open(body, waker) = cut {
                drop(body);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
        });
        Self { state, _watch: AbortOnDropHandle::new(watch) }
    }

    fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut state = lock(&self.state);
        if let State::Open(body, waker) = &mut *state {
            let frame = http_body::Body::poll_frame(Pin::new(body), cx);
            if frame.is_pending() {
                waker.get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
            }
            return frame;
        }
        match mem::replace(&mut *state, State::Ended) {
            State::Cut(error) => Poll::Ready(Some(trailers(error).map(Frame::trailers))),
            State::Open(..) | State::Ended => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &*lock(&self.state) {
            State::Open(body, _) => http_body::Body::is_end_stream(body),
            State::Cut(_) => false,
            State::Ended => true,
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn trailers(error: Error) -> Result<HeaderMap, Status> {
    let mut trailers = HeaderMap::new();
    Status::from(error).add_header(&mut trailers)?;
    Ok(trailers)
}
