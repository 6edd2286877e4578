//! The one error of the client. No status of gRPC leaves the client as it is.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Status, TimeoutExpired};
use tonic_types::{StatusExt as _, pb};

use crate::errors::{self, DOMAIN, ErrorInfo};
use crate::v1::ErrorReason;

/// The reason of calls of a client that was closed.
pub const CLIENT_CLOSED: &str = "CLIENT_CLOSED";

/// The reason where a value is not of the type that was asked for, or no column
/// has the name.
pub const WRONG_TYPE: &str = "WRONG_TYPE";

/// The entry of the metadata that tells whether a write was done.
const OUTCOME: &str = "outcome";

/// Its value where nobody knows.
const UNKNOWN: &str = "unknown";

/// What the client's calls answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Programs decide by [`Error::reason`], or where it is unknown to them by
/// [`Error::code`]; messages are for people and may change.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    info: ErrorInfo,
    message: String,
    violations: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// A field of a request that breaks its constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// The field's path in the request.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

impl Error {
    /// The gRPC code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The reason, such as `DATABASE_NOT_FOUND`; also one that is newer than this
    /// client. Empty where the server told none, as for a broken connection.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.info.reason
    }

    /// The reason as an enum; `None` for one that this client does not know.
    #[must_use]
    pub fn known_reason(&self) -> Option<ErrorReason> {
        self.0.info.known_reason()
    }

    /// Whether this is the reason.
    #[must_use]
    pub fn is(&self, reason: ErrorReason) -> bool {
        self.known_reason() == Some(reason)
    }

    /// The variables of the message, by name.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.info.metadata
    }

    /// The message, for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The fields of the request that are wrong.
    #[must_use]
    pub fn field_violations(&self) -> &[FieldViolation] {
        &self.0.violations
    }

    /// After which time the request may succeed; then it certainly had no effect.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the call may succeed when it is made again: the server said so and
    /// it had no effect, or there was no server to be reached. In the second case
    /// a write may have been done all the same.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retry_after.is_some() || self.0.code == Code::Unavailable
    }

    /// Whether a write may have been done all the same. Read it back before it is
    /// made again.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.info.metadata.get(OUTCOME).is_some_and(|outcome| outcome == UNKNOWN)
    }

    /// An error of the server inside an answer.
    pub(super) fn in_band(status: &pb::Status) -> Self {
        errors::from_in_band(status).into()
    }

    pub(super) fn new(code: Code, reason: &str, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            code,
            info: ErrorInfo { reason: reason.to_owned(), metadata: BTreeMap::new() },
            message: message.into(),
            violations: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, "", message)
    }

    pub(super) fn wrong_type(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, WRONG_TYPE, message)
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, "", message)
    }

    pub(super) fn malformed() -> Self {
        Self::new(Code::Internal, "", "the server's answer cannot be read")
    }

    pub(super) fn closed() -> Self {
        Self::new(Code::FailedPrecondition, CLIENT_CLOSED, "the client is closed; build a new one")
    }

    pub(super) fn cancelled() -> Self {
        Self::new(Code::Cancelled, "", "the client was closed during the call")
    }

    pub(super) fn deadline() -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "",
            "the call ran longer than its deadline; give it more time or less to do",
        )
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.info.metadata.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn with_source(mut self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        Arc::make_mut(&mut self.0).source = Some(source);
        self
    }

    pub(super) fn with_outcome_unknown(self) -> Self {
        self.with(OUTCOME, UNKNOWN)
    }

    /// For a transaction whose `commit` was not sent: the server, which ends all its
    /// streams alike, may have called the outcome unknown.
    pub(super) fn with_nothing_done(mut self) -> Self {
        Arc::make_mut(&mut self.0).info.metadata.remove(OUTCOME);
        self
    }

    /// Whether the server itself tells what became of the request.
    pub(super) fn tells_outcome(&self) -> bool {
        let told = !self.reason().is_empty() && self.0.code != Code::Unavailable;
        told || self.0.retry_after.is_some()
    }

    /// Whether a new token may help.
    pub(super) fn is_of_token(&self) -> bool {
        matches!(
            self.known_reason(),
            Some(ErrorReason::TokenExpired | ErrorReason::TokenRevoked | ErrorReason::TokenInvalid)
        )
    }

    /// Whether a transaction that ended so may be run again as a whole.
    pub(super) fn wants_another_transaction(&self) -> bool {
        match self.0.code {
            Code::Aborted => self.0.retry_after.is_some(),
            Code::Unavailable => !self.is_outcome_unknown(),
            _ => false,
        }
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let info = info.map_or_else(
            || ErrorInfo { reason: String::new(), metadata: BTreeMap::new() },
            |info| ErrorInfo {
                reason: info.reason.clone(),
                metadata: info.metadata.clone().into_iter().collect(),
            },
        );
        let violations = details.bad_request().map(|request| &request.field_violations);
        let violations = violations.into_iter().flatten().map(|violation| FieldViolation {
            field: violation.field.clone(),
            description: violation.description.clone(),
        });
        let (code, message) = match StdError::source(&status) {
            None => (status.code(), status.message().to_owned()),
            Some(source) => of_connection(status.code(), source),
        };
        Self(Arc::new(Inner {
            code,
            info,
            message,
            violations: violations.collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            source: StdError::source(&status).is_some().then(|| Arc::new(status) as _),
        }))
    }
}

/// The code and message of what went wrong on this side, before or without an
/// answer of the server. The layers below tell a broken connection by many codes.
fn of_connection(code: Code, source: &(dyn StdError + 'static)) -> (Code, String) {
    let mut innermost = source;
    let mut timeout = innermost.is::<TimeoutExpired>();
    while let Some(next) = innermost.source() {
        innermost = next;
        timeout |= innermost.is::<TimeoutExpired>();
    }
    match code {
        _ if timeout => (Code::DeadlineExceeded, Error::deadline().message().to_owned()),
        Code::Unknown | Code::Internal | Code::Cancelled | Code::Unavailable => {
            (Code::Unavailable, format!("the server cannot be reached: {innermost}"))
        }
        code => (code, source.to_string()),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            "" => write!(f, "{} ({:?})", self.0.message, self.0.code),
            reason => write!(f, "{} ({reason})", self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("reason", &self.0.info.reason)
            .field("message", &self.0.message)
            .field("metadata", &self.0.info.metadata)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}
