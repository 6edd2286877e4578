//! One call: its deadline, its token, and when it is made again.

#![allow(
    clippy::disallowed_methods,
    reason = "a client has no env/: chance only spreads its attempts and names its requests"
)]

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tracing::{Instrument as _, debug, debug_span};
use uuid::Uuid;

use super::raw::AUTHORIZATION;
use super::token::Token;
use super::{Client, Error, Result, RetryPolicy};
use crate::v1::ErrorReason;

/// A call of a method: what to do when it fails, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Method {
    /// For logs.
    name: &'static str,
    /// Sending it twice does no more than sending it once.
    safe: bool,
    timeout: Timeout,
}

#[derive(Clone, Copy, Debug)]
enum Timeout {
    OfClient,
    Within(Duration),
    Never,
}

impl Method {
    /// One that may not be sent twice.
    pub(super) fn write(name: &'static str) -> Self {
        Self { name, safe: false, timeout: Timeout::OfClient }
    }

    /// One that may be sent twice: it reads, or the server knows it again.
    pub(super) fn safe(name: &'static str) -> Self {
        Self { name, safe: true, timeout: Timeout::OfClient }
    }

    /// Safe when the caller or the request says so.
    pub(super) fn safe_if(self, safe: bool) -> Self {
        Self { safe, ..self }
    }

    /// With a deadline of its own, where there is one.
    pub(super) fn within(self, timeout: Option<Duration>) -> Self {
        Self { timeout: timeout.map_or(self.timeout, Timeout::Within), ..self }
    }

    /// Without the client's deadline: a stream may take any time.
    pub(super) fn stream(self) -> Self {
        Self { timeout: Timeout::Never, ..self }
    }
}

/// Sends with a method of a generated stub.
macro_rules! stub {
    ($service:ident.$method:ident) => {
        |channel, request| async move {
            $crate::client::raw::$service(channel).$method(request).await
        }
    };
}
pub(super) use stub;

impl Client {
    /// Makes a call that has one answer.
    pub(super) async fn call<Req, Res, F, Fut>(
        &self,
        method: Method,
        message: Req,
        send: F,
    ) -> Result<Res>
    where
        Req: Clone,
        F: Fn(Channel, Request<Req>) -> Fut,
        Fut: Future<Output = Result<Response<Res>, Status>>,
    {
        self.attempts(method, |request: Request<()>| {
            let request = request.map(|()| message.clone());
            let answer = send(self.channel(), request);
            async { Ok(answer.await?.into_inner()) }
        })
        .await
    }

    /// Makes attempts, each with the present token and what is left of the deadline,
    /// until one succeeds or no other makes sense.
    pub(super) async fn attempts<T, F, Fut>(&self, method: Method, attempt: F) -> Result<T>
    where
        F: Fn(Request<()>) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let deadline = self.deadline(&method);
        let attempts = self.attempts_until(method, deadline, attempt);
        let span = debug_span!("tenantry", rpc = method.name);
        self.bound(deadline, attempts).instrument(span).await
    }

    async fn attempts_until<T, F, Fut>(
        &self,
        method: Method,
        deadline: Option<Instant>,
        attempt: F,
    ) -> Result<T>
    where
        F: Fn(Request<()>) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let mut token = self.inner.token.get().await?;
        let mut refreshed = false;
        let mut made = 0;
        loop {
            let error = match attempt(request(&token, deadline)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.is_of_token() && !refreshed {
                refreshed = true;
                if let Some(other) = self.inner.token.replace(&token).await? {
                    debug!(reason = error.reason(), "asked for another token");
                    token = other;
                    continue;
                }
            }
            made += 1;
            let wanted = match error.known_reason() {
                // How long a migration takes is for the caller to judge.
                Some(ErrorReason::MigrationInProgress) => false,
                _ if error.retry_after().is_some() => true,
                _ => method.safe && error.code() == Code::Unavailable,
            };
            match self.inner.retry.pause(made, &error) {
                Some(pause) if wanted && in_time(pause, deadline) => {
                    debug!(attempt = made, %error, ?pause, "trying again");
                    sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    /// Ends work at its deadline and with the client.
    pub(super) async fn bound<T>(
        &self,
        deadline: Option<Instant>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        if self.inner.closed.is_cancelled() {
            return Err(Error::closed());
        }
        let work = async {
            match deadline {
                None => work.await,
                Some(deadline) => match timeout_at(deadline, work).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err(Error::deadline()),
                },
            }
        };
        tokio::select! {
            biased;
            () = self.inner.closed.cancelled() => Err(Error::cancelled()),
            outcome = work => outcome,
        }
    }

    /// Waits before another attempt.
    pub(super) async fn rest(&self, pause: Duration) -> Result<()> {
        let pause = async {
            sleep(pause).await;
            Ok(())
        };
        self.bound(None, pause).await
    }

    /// When a call that begins now must have ended.
    pub(super) fn deadline(&self, method: &Method) -> Option<Instant> {
        let timeout = match method.timeout {
            Timeout::OfClient => self.timeout,
            Timeout::Within(timeout) => timeout,
            Timeout::Never => return None,
        };
        Instant::now().checked_add(timeout)
    }
}

impl RetryPolicy {
    /// How long to wait after so many attempts; `None` when there were enough.
    pub(super) fn pause(&self, made: u32, error: &Error) -> Option<Duration> {
        if made >= self.max_attempts {
            return None;
        }
        let doubled = self.backoff.saturating_mul(1 << (made - 1).min(16));
        let pause = doubled.min(self.backoff_max).mul_f64(rand::random());
        Some(error.retry_after().map_or(pause, |asked| asked.max(pause)))
    }
}

/// Whether there is time left after a pause.
fn in_time(pause: Duration, deadline: Option<Instant>) -> bool {
    deadline.is_none_or(|deadline| Instant::now() + pause < deadline)
}

/// The request of one attempt, without its message.
fn request(token: &Token, deadline: Option<Instant>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(header) = &token.header {
        request.metadata_mut().insert(AUTHORIZATION, header.clone());
    }
    if let Some(deadline) = deadline {
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    request
}

/// A fresh `request_id`, unless the caller has chosen one.
pub(super) fn request_id(chosen: Option<String>) -> String {
    chosen.unwrap_or_else(|| Uuid::new_v4().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_end() {
        let policy = RetryPolicy { max_attempts: 40, ..RetryPolicy::default() };
        let error = Error::unavailable("away");
        for (made, longest_ms) in [(1, 50), (2, 100), (6, 1600), (7, 2000), (39, 2000)] {
            let pause = policy.pause(made, &error).expect("another attempt");
            assert!(pause <= Duration::from_millis(longest_ms), "{made}: {pause:?}");
        }
        assert_eq!(policy.pause(40, &error), None);
    }
}
