//! From the product's errors to gRPC statuses: the one place where a kind
//! becomes a code.
//!
//! Every status carries exactly one `ErrorInfo`. What an error keeps private
//! goes to the log here, under the request's id, and no further. Statuses that
//! tonic makes by itself, before or beside our handlers, are put into the same
//! form by [`complete`].

use std::collections::HashMap;

use http::HeaderMap;
use prost::Message as _;
use tenantry_client::errors::DOMAIN;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _, pb};
use tracing::{error, info};

use crate::error::{Error, ErrorKind, Reason};

/// The largest message that is decoded.
pub(super) const REQUEST_BYTES_MAX: usize = 16 << 20;
/// The longest message of a status; the rest is cut off. Statuses travel in
/// HTTP headers, of which some clients take no more than 8 KiB.
const MESSAGE_BYTES_MAX: usize = 1024;
/// The longest description of a field or value of a variable.
const DETAIL_BYTES_MAX: usize = 256;
/// The variable that says that the work may have been done all the same.
const OUTCOME: &str = "outcome";
/// How many wrong fields are told at most.
const FIELDS_MAX: usize = 8;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        log_source(&error);
        status(&error)
    }
}

/// The status of an error inside a response, where the call itself goes on.
pub(super) fn in_band(error: Error) -> pb::Status {
    // The details of a status are the encoded message.
    pb::Status::decode(Status::from(error).details()).unwrap_or_default()
}

/// Puts a failure that tonic reported by itself into the form that all others
/// have. `headers` are those of a response or its trailers.
pub(super) fn complete(headers: &mut HeaderMap) {
    if !headers.contains_key(Status::GRPC_STATUS)
        || headers.contains_key(Status::GRPC_STATUS_DETAILS)
    {
        return;
    }
    let Some(error) = Status::from_header_map(headers).and_then(|status| of_tonic(&status)) else {
        return;
    };
    if let Err(unsent) = status(&error).add_header(headers) {
        error!(code = ?unsent.code(), "cannot write a status into headers");
    }
}

/// What a status that tonic made means; `None` for one that is to be left as it
/// is. Handlers of ours never make one without details.
fn of_tonic(status: &Status) -> Option<Error> {
    match status.code() {
        Code::OutOfRange => Some(
            Error::new(
                Reason::StatementTooLarge,
                format!("the request is larger than {REQUEST_BYTES_MAX} bytes: send it in parts"),
            )
            .with("limit_bytes", REQUEST_BYTES_MAX),
        ),
        // A message that does not decode, or is cut off.
        Code::Internal => Some(Error::new(
            Reason::InvalidArgument,
            format!("the request is malformed: {}", status.message()),
        )),
        // A compression that is not offered.
        Code::Unimplemented => Some(Error::new(Reason::Unimplemented, status.message().to_owned())),
        Code::Cancelled => Some(Error::new(Reason::Cancelled, "the request was cancelled")),
        // The health service says `NOT_FOUND` by the standard, reflection too.
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}

fn status(error: &Error) -> Status {
    let mut variables: HashMap<_, _> = error
        .metadata()
        .iter()
        .map(|(key, value)| ((*key).to_owned(), shorten(value, DETAIL_BYTES_MAX)))
        .collect();
    if !error.is_certainly_not_done() {
        variables.insert(OUTCOME.to_owned(), "unknown".to_owned());
    }
    let mut details = ErrorDetails::with_error_info(error.reason().as_str(), DOMAIN, variables);
    for field in error.fields().iter().take(FIELDS_MAX) {
        details.add_bad_request_violation(
            shorten(&field.field, DETAIL_BYTES_MAX),
            shorten(&field.description, DETAIL_BYTES_MAX),
        );
    }
    if let Some(after) = error.retry_after() {
        details.set_retry_info(Some(after));
    }
    let message = shorten(error.message(), MESSAGE_BYTES_MAX);
    Status::with_error_details(code(error.kind()), message, details)
}

fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::InvalidArgument => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::AlreadyExists => Code::AlreadyExists,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::FailedPrecondition => Code::FailedPrecondition,
        ErrorKind::Aborted => Code::Aborted,
        ErrorKind::ResourceExhausted => Code::ResourceExhausted,
        ErrorKind::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Unimplemented => Code::Unimplemented,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Internal => Code::Internal,
        ErrorKind::DataLoss => Code::DataLoss,
    }
}

/// Tells the log what the caller is not told. The span has the request's id.
fn log_source(error: &Error) {
    let reason = error.reason();
    let cause = error.private_source().map(tracing::field::display);
    match reason {
        Reason::Internal | Reason::DatabaseCorrupt | Reason::StorageFull => {
            error!(reason = reason.as_str(), cause, "{}", error.message());
        }
        _ if cause.is_some() => info!(reason = reason.as_str(), cause, "{}", error.message()),
        _ => {}
    }
}

/// The first `bytes_max` bytes of a text, with a sign where some were cut off.
pub(super) fn shorten(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|&end| text.is_char_boundary(end));
    format!("{}…", &text[..end.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tenantry_client::errors::{from_in_band, info};
    use tenantry_client::v1;

    use super::*;

    #[test]
    fn every_reason_is_one_of_the_contract() {
        for &reason in Reason::ALL {
            let status = Status::from(Error::new(reason, "why").with("key", "value"));
            let info = info(&status).expect("an ErrorInfo of ours");
            assert!(info.known_reason().is_some(), "{reason:?} is not in errors.proto");
            assert_eq!(info.reason, reason.as_str());
            assert_eq!(info.metadata["key"], "value");
            assert_eq!(status.code(), code(reason.kind()), "{reason:?}");
            assert_ne!(status.code(), Code::Ok, "{reason:?}");
            let details = pb::Status::decode(status.details()).expect("decodes").details;
            assert_eq!(details.len(), 1, "{reason:?} has one detail and no more");
        }
        let of_contract = (0..).map_while(|number| v1::ErrorReason::try_from(number).ok()).skip(1);
        for reason in of_contract {
            let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
            let is_known = Reason::ALL.iter().any(|known| known.as_str() == name);
            assert!(is_known, "{name} of errors.proto is not in error.rs");
        }
    }

    #[test]
    fn fields_and_retries_travel_as_details() {
        let error =
            Error::field("page_size", "must be positive").with_retry_after(Duration::from_secs(2));
        let details = Status::from(error).get_error_details();
        let violation = &details.bad_request().expect("a BadRequest").field_violations[0];
        assert_eq!(
            (violation.field.as_str(), violation.description.as_str()),
            ("page_size", "must be positive")
        );
        let retry = details.retry_info().expect("a RetryInfo");
        assert_eq!(retry.retry_delay, Some(Duration::from_secs(2)));
    }

    #[test]
    fn the_private_cause_is_never_sent() {
        let status = Status::from(Error::internal("the key of the safe"));
        assert!(!format!("{status:?}").contains("safe"));
    }

    #[test]
    fn in_band_is_the_same_status() {
        let error = || Error::new(Reason::Constraint, "UNIQUE failed: ü").with("sqlite_code", 2067);
        let [call, band] = [Status::from(error()), from_in_band(&in_band(error()))];
        assert_eq!((call.code(), call.message()), (band.code(), band.message()));
        assert_eq!(info(&call), info(&band));
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let message = "ü".repeat(MESSAGE_BYTES_MAX);
        let error = Error::new(Reason::SqlError, message.clone()).with("sql", &message);
        let status = Status::from(error);
        assert_eq!(status.message().len(), MESSAGE_BYTES_MAX + "…".len());
        let info = info(&status).expect("an ErrorInfo");
        assert_eq!(info.metadata["sql"].len(), DETAIL_BYTES_MAX + "…".len());
    }

    #[test]
    fn statuses_of_tonic_get_the_same_form() {
        let cases = [
            (
                Status::out_of_range("too large"),
                Some((Code::InvalidArgument, "STATEMENT_TOO_LARGE")),
            ),
            (
                Status::internal("invalid wire type"),
                Some((Code::InvalidArgument, "INVALID_ARGUMENT")),
            ),
            (Status::unimplemented("gzip"), Some((Code::Unimplemented, "UNIMPLEMENTED"))),
            (Status::cancelled("reset"), Some((Code::Cancelled, "CANCELLED"))),
            (Status::not_found("service not registered"), None),
            (Status::ok(""), None),
            (Status::from(Error::internal("secret")), Some((Code::Internal, "INTERNAL"))),
        ];
        for (status, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-accept-encoding", http::HeaderValue::from_static("identity"));
            status.add_header(&mut headers).expect("fits");
            complete(&mut headers);
            let completed = Status::from_header_map(&headers).expect("a status");
            let (code, reason) =
                expected.map_or((status.code(), None), |(code, reason)| (code, Some(reason)));
            assert_eq!(completed.code(), code, "{status:?}");
            assert_eq!(info(&completed).map(|info| info.reason).as_deref(), reason, "{status:?}");
            assert!(headers.contains_key("grpc-accept-encoding"), "other headers stay");
        }
        let mut none = HeaderMap::new();
        complete(&mut none);
        assert!(none.is_empty());
    }
}
