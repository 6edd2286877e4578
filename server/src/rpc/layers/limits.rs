//! How long a call may go on: until its deadline, and no longer than the server.

use std::future::{self, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use http::HeaderMap;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::method::Method;
use crate::error::{Error, Reason};

/// The metadata that carries what time a caller gives.
const GRPC_TIMEOUT: &str = "grpc-timeout";
/// The most digits of a timeout, by the standard.
const TIMEOUT_DIGITS_MAX: usize = 8;
/// How much of its time is taken from a call so that our answer, which tells the
/// reason, comes before the caller and tonic give up.
const ANSWER_MARGIN: Duration = Duration::from_millis(10);
/// At most this part of its time is taken from a short call.
const ANSWER_MARGIN_PART: u32 = 10;

/// Ends the calls when the server goes down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drain {
    started: CancellationToken,
    ended: CancellationToken,
}

impl Drain {
    /// Ends what has no end of its own: streams of health and of reflection, and
    /// watches.
    pub(crate) fn start(&self) {
        self.started.cancel();
    }

    /// Waits for [`Drain::start`].
    pub(crate) async fn started(&self) {
        self.started.cancelled().await;
    }

    /// Ends every call that is still open.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }
}

/// The limits of all calls.
#[derive(Debug)]
pub(crate) struct Limits {
    /// The longest time that a call without streams may take.
    pub(crate) request_max: Duration,
    /// The end of the server.
    pub(crate) drain: Drain,
}

impl Limits {
    /// The bounds of one call that comes in now.
    pub(super) fn bounds(&self, method: &Method, headers: &HeaderMap) -> Bounds {
        // A stream goes on for as long as its caller wants.
        let longest = if method.streams { Duration::MAX } else { self.request_max };
        let limit = timeout(headers).map_or(longest, |timeout| timeout.min(longest));
        let margin = ANSWER_MARGIN.min(limit / ANSWER_MARGIN_PART);
        let deadline = Instant::now().checked_add(limit - margin);
        let stop = if method.needs_grant { &self.drain.ended } else { &self.drain.started };
        Bounds { deadline, limit, stop: stop.clone() }
    }
}

/// The bounds of one call.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    deadline: Option<Instant>,
    limit: Duration,
    stop: CancellationToken,
}

impl Bounds {
    /// Waits until the call may not go on, and tells why.
    pub(super) async fn passed(&self) -> Error {
        tokio::select! {
            biased;
            () = reached(self.deadline) => {
                Error::new(Reason::Deadline, "the request ran longer than its deadline; give it more time or less to do")
                    .with("limit_ms", self.limit.as_millis())
            }
            () = self.stop.cancelled() => {
                Error::new(Reason::Unavailable, "the server is shutting down; try again when it is back")
            }
        }
    }
}

async fn reached(deadline: Option<Instant>) {
    let Some(deadline) = deadline else {
        return future::pending().await;
    };
    let mut alarm = pin!(sleep_until(deadline));
    // The alarm may be late where the clock is not: see the head of `layers`.
    poll_fn(|cx| match Instant::now() >= deadline {
        true => Poll::Ready(()),
        false => alarm.as_mut().poll(cx),
    })
    .await;
}

/// What time the caller gives; `None` for any, as for a text that says nothing.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=TIMEOUT_DIGITS_MAX).contains(&digits.len())
        || !digits.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 60 * 60)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::super::method;
    use super::*;

    const UNARY: &str = "/tenantry.v1.QueryService/Execute";
    const STREAM: &str = "/tenantry.v1.QueryService/Query";
    const WATCH: &str = "/grpc.health.v1.Health/Watch";

    fn headers(timeout: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            http::HeaderName::from_static(GRPC_TIMEOUT),
            HeaderValue::from_str(timeout).expect("a header"),
        )])
    }

    fn limits() -> Limits {
        Limits { request_max: Duration::from_secs(30), drain: Drain::default() }
    }

    fn bounds(limits: &Limits, path: &str, timeout: Option<&str>) -> Bounds {
        let headers = timeout.map(headers).unwrap_or_default();
        limits.bounds(method::find(path).expect("a method"), &headers)
    }

    #[test]
    fn reads_timeouts() {
        for (text, expected) in [
            ("3H", Some(Duration::from_secs(3 * 3600))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("1M", Some(Duration::from_secs(60))),
            ("42S", Some(Duration::from_secs(42))),
            ("13m", Some(Duration::from_millis(13))),
            ("2u", Some(Duration::from_micros(2))),
            ("0n", Some(Duration::ZERO)),
            ("", None),
            ("S", None),
            ("5", None),
            ("5s", None),
            ("+5S", None),
            ("-5S", None),
            ("1.5S", None),
            ("123456789S", None),
        ] {
            assert_eq!(timeout(&headers(text)), expected, "{text:?}");
        }
        assert_eq!(timeout(&HeaderMap::new()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_is_the_shorter_of_the_callers_and_the_servers() {
        for (path, timeout, limit_ms) in [
            (UNARY, None, 30_000),
            (UNARY, Some("2S"), 2_000),
            (UNARY, Some("1H"), 30_000),
            (STREAM, Some("1H"), 3_600_000),
            (UNARY, Some("0m"), 0),
        ] {
            let start = Instant::now();
            let error = bounds(&limits(), path, timeout).passed().await;
            assert_eq!(error.reason(), Reason::Deadline);
            assert_eq!(error.metadata(), [("limit_ms", limit_ms.to_string())]);
            let left = Duration::from_millis(limit_ms).saturating_sub(start.elapsed());
            assert!(left <= ANSWER_MARGIN, "{timeout:?} was cut {left:?} early");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_has_no_deadline_but_its_callers() {
        let limits = limits();
        let passed = bounds(&limits, STREAM, None);
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        assert!(tokio::time::timeout(year, passed.passed()).await.is_err());
        limits.drain.start();
        assert!(tokio::time::timeout(year, passed.passed()).await.is_err());
        limits.drain.end();
        assert_eq!(passed.passed().await.reason(), Reason::Unavailable);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_is_ended_first() {
        let limits = limits();
        limits.drain.start();
        assert_eq!(bounds(&limits, WATCH, None).passed().await.reason(), Reason::Unavailable);
    }
}
