//! How a client is made.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tonic::transport::ClientTlsConfig;

use super::endpoint::endpoint;
use super::token::{TokenError, TokenSource};
use super::{Client, Error, Inner, Result};

/// How many connections a client has.
const CHANNELS: usize = 2;

/// The deadline of calls that are no streams.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often and how quickly calls are tried again, where that is safe.
///
/// The pause before an attempt is a random part of `backoff`, which doubles each
/// time up to `backoff_max`; it is never shorter than what the server asked for.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// How often a call is made at most; 1 never tries again. Default: 5.
    pub max_attempts: u32,
    /// The longest first pause. Default: 50 ms.
    pub backoff: Duration,
    /// The longest pause. Default: 2 s.
    pub backoff_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            backoff: Duration::from_millis(50),
            backoff_max: Duration::from_secs(2),
        }
    }
}

/// Makes a [`Client`].
#[must_use]
pub struct ClientBuilder {
    endpoint: String,
    token: TokenSource,
    ca_certificate: Option<Vec<u8>>,
    tls: Option<ClientTlsConfig>,
    channels: usize,
    timeout: Duration,
    retry: RetryPolicy,
}

impl ClientBuilder {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            token: TokenSource::none(),
            ca_certificate: None,
            tls: None,
            channels: CHANNELS,
            timeout: TIMEOUT,
            retry: RetryPolicy::default(),
        }
    }

    /// The token to show to the server.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = TokenSource::fixed(token.into());
        self
    }

    /// Asks for a token before the first call, and again when the server refuses
    /// the one that it gave: at most once for each call that fails, and once for
    /// all that fail at the same time.
    pub fn token_callback<F, Fut, E>(mut self, callback: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<TokenError> + 'static,
    {
        self.token = TokenSource::callback(Box::new(move || {
            callback().map(|token| token.map_err(Into::into)).boxed()
        }));
        self
    }

    /// Trusts servers whose certificates this authority (PEM) signed, and no others.
    /// Without it those count that the system trusts.
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificate = Some(pem.into());
        self
    }

    /// More about TLS, such as a certificate of the client's own.
    pub fn tls(mut self, tls: ClientTlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How many connections calls are spread over, at least 1. Default: 2.
    pub fn channels(mut self, channels: usize) -> Self {
        self.channels = channels.max(1);
        self
    }

    /// The deadline of calls that are no streams, all attempts together. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often calls are tried again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Makes the client, inside of a Tokio runtime. It connects with its first call.
    /// Errors: the endpoint, the token or the certificate cannot be read.
    pub fn build(self) -> Result<Client> {
        let endpoint = endpoint(&self.endpoint, self.ca_certificate, self.tls)?;
        self.token.check()?;
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::invalid("there is no Tokio runtime here; build the client in one"));
        }
        let inner = Inner {
            channels: (0..self.channels).map(|_| endpoint.connect_lazy()).collect(),
            next: AtomicUsize::new(0),
            token: self.token,
            retry: self.retry,
            closed: CancellationToken::new(),
        };
        Ok(Client { inner: Arc::new(inner), timeout: self.timeout })
    }
}
