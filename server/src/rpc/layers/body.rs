//! The body of a response: kept to its bounds where it is a stream or large, and
//! watched for how it ends.

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
    /// One message, and the bounds that it gets should it be large.
    Whole(Body, Option<Bounds>),
    /// A stream, or what is left of a large message.
    Bounded(BoundedBody),
}

/// A message goes out in slices of this size. Whatever is handed to the
/// connection stays there until its client reads, so what a slow one has not
/// read yet stays here, where the call's bounds end it.
const SLICE_BYTES: usize = 64 * 1024;

impl FrontBody {
    /// A body that ends when `bounds` are passed, where given and as far as it
    /// `streams` or is large.
    pub(super) fn new(body: Body, bounds: Option<Bounds>, streams: bool, log: RequestLog) -> Self {
        let inner = match bounds {
            Some(bounds) if streams && !http_body::Body::is_end_stream(&body) => {
                Inner::Bounded(BoundedBody::new(body, bounds))
            }
            bounds => Inner::Whole(body, bounds),
        };
        Self { inner, log }
    }

    /// Puts what is left of a large message under the bounds of its call, and
    /// answers its first slice.
    fn slice(inner: &mut Inner, frame: Frame<Bytes>) -> Frame<Bytes> {
        let Inner::Whole(body, bounds) = inner else { return frame };
        let large = frame.data_ref().is_some_and(|data| data.len() > SLICE_BYTES);
        let Some(bounds) = bounds.take_if(|_| large) else { return frame };
        let Ok(mut rest) = frame.into_data() else { return Frame::data(Bytes::new()) };
        let first = rest.split_to(SLICE_BYTES);
        let body = mem::replace(body, Body::empty());
        *inner = Inner::Bounded(BoundedBody::new(Body::new(Rest { rest, body }), bounds));
        Frame::data(first)
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
            Inner::Whole(body, _) => Pin::new(body).poll_frame(cx),
            Inner::Bounded(body) => body.poll_frame(cx),
        });
        let mut frame = ready!(polled).map(|frame| frame.map(|frame| Self::slice(inner, frame)));
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
            Inner::Whole(body, _) => body.is_end_stream(),
            Inner::Bounded(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Whole(body, _) => body.size_hint(),
            Inner::Bounded(_) => SizeHint::default(),
        }
    }
}

/// What is left of a large message, and what comes after it.
struct Rest {
    rest: Bytes,
    body: Body,
}

impl http_body::Body for Rest {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { rest, body } = self.get_mut();
        if rest.is_empty() {
            return Pin::new(body).poll_frame(cx);
        }
        let slice = rest.split_to(rest.len().min(SLICE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(slice))))
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
