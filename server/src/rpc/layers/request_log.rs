//! The id of a call, the span that it is known by in the log, and the one line
//! that tells how it ended. Neither holds a token, SQL or a value.

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tonic::Code;
use tracing::field::{Empty, display};
use tracing::{Span, debug, error_span, info};

use super::method::Method;
use crate::env::Env;
use crate::grants::Grant;

/// The metadata that carries the id of a call, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken from a caller.
const REQUEST_ID_BYTES_MAX: usize = 128;
/// By what name the log's filter knows the lines of requests.
const TARGET: &str = "tenantry::request";

/// Logs a call once: when it ends, or when its caller has gone away.
pub(super) struct RequestLog {
    id: HeaderValue,
    span: Span,
    start: Instant,
    ended: bool,
}

impl RequestLog {
    /// Takes the caller's id for the call, if it is fit for a log, or makes one.
    pub(super) fn begin(headers: &HeaderMap, method: Option<&Method>, env: &Env) -> Self {
        let id = match headers.get(REQUEST_ID).filter(|id| is_fit(id)) {
            Some(id) => id.clone(),
            None => HeaderValue::try_from(env.uuid().to_string())
                .unwrap_or_else(|_| HeaderValue::from_static("unknown")),
        };
        // What is no method of ours is a text of the caller's, unfit for a log.
        let method = method.map_or("unknown", |method| method.path.as_str());
        // At the highest level, so that every line of the log has the id.
        let id_text = id.to_str().unwrap_or_default();
        let (token, subject) = (Empty, Empty);
        let span = error_span!(target: TARGET, "request", id = id_text, method, token, subject);
        Self { id, span, start: Instant::now(), ended: false }
    }

    pub(super) fn id(&self) -> &HeaderValue {
        &self.id
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Notes whose token the call came with, by what is no secret of it.
    pub(super) fn caller(&self, grant: &Grant) {
        match grant.token_id() {
            Some(id) => self.span.record("token", display(id)),
            None => self.span.record("subject", grant.subject()),
        };
    }

    /// Writes the line. Only the first end counts.
    pub(super) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let duration_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let _entered = self.span.enter();
        if code == Code::Ok {
            debug!(target: TARGET, ?code, duration_us, "request ended");
        } else {
            info!(target: TARGET, ?code, duration_us, "request failed");
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

fn is_fit(id: &HeaderValue) -> bool {
    (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(sent: Option<&[u8]>) -> HeaderValue {
        let mut headers = HeaderMap::new();
        if let Some(sent) = sent {
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(sent).expect("a header"));
        }
        RequestLog::begin(&headers, None, &Env::system()).id().clone()
    }

    #[test]
    fn takes_an_id_that_is_fit_and_makes_one_otherwise() {
        let longest = [b'x'; REQUEST_ID_BYTES_MAX];
        for good in [&b"a"[..], b"trace/7:{x}", &longest] {
            assert_eq!(id_for(Some(good)).as_bytes(), good);
        }
        let too_long = [b'x'; REQUEST_ID_BYTES_MAX + 1];
        for bad in [&b""[..], b"two words", b"t\tab", "ü".as_bytes(), &too_long] {
            let made = id_for(Some(bad));
            assert_eq!(made.len(), 36, "{bad:?} got {made:?}");
        }
        assert_ne!(id_for(None), id_for(None));
    }
}
