//! Reads the identity of an error out of a status.
//!
//! Programs decide by the reason, never by the message: see
//! [`ErrorReason`] for what each one means.

use std::collections::BTreeMap;

use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{StatusExt as _, pb};

use crate::v1::ErrorReason;

/// Who defines the reasons: the `domain` of every Tenantry `ErrorInfo`.
pub const DOMAIN: &str = "tenantry";

/// What precedes a reason in the name of its [`ErrorReason`].
const PREFIX: &str = "ERROR_REASON_";

/// The identity of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorInfo {
    /// The reason, such as `DATABASE_NOT_FOUND`.
    pub reason: String,
    /// The variables of the error, by name.
    pub metadata: BTreeMap<String, String>,
}

impl ErrorInfo {
    /// The reason as an enum; `None` for one that is newer than this client.
    #[must_use]
    pub fn known_reason(&self) -> Option<ErrorReason> {
        ErrorReason::from_str_name(&format!("{PREFIX}{}", self.reason))
    }
}

/// The identity of the error in `status`; `None` when Tenantry did not send it,
/// as for a broken connection.
#[must_use]
pub fn info(status: &Status) -> Option<ErrorInfo> {
    let info = status.get_details_error_info()?;
    (info.domain == DOMAIN)
        .then(|| ErrorInfo { reason: info.reason, metadata: info.metadata.into_iter().collect() })
}

/// Turns the status inside a response, as `Transact` and `ExecuteBatch` send it,
/// into the form that failed calls have.
#[must_use]
pub fn from_in_band(status: &pb::Status) -> Status {
    let details = status.encode_to_vec().into();
    Status::with_details(Code::from_i32(status.code), status.message.clone(), details)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn not_found(domain: &str) -> Status {
        let metadata = HashMap::from([("database".to_owned(), "shop/alice".to_owned())]);
        let details = ErrorDetails::with_error_info("DATABASE_NOT_FOUND", domain, metadata);
        Status::with_error_details(Code::NotFound, "not found", details)
    }

    #[test]
    fn a_status_tells_its_reason_and_variables() {
        let info = info(&not_found(DOMAIN)).expect("it has an ErrorInfo");
        assert_eq!(info.known_reason(), Some(ErrorReason::DatabaseNotFound));
        assert_eq!(info.metadata["database"], "shop/alice");
    }

    #[test]
    fn another_domain_or_none_is_not_ours() {
        assert_eq!(info(&not_found("example")), None);
        assert_eq!(info(&Status::unavailable("connection refused")), None);
    }

    #[test]
    fn an_in_band_status_reads_like_a_failed_call() {
        let call = not_found(DOMAIN);
        let in_band = pb::Status::decode(call.details()).expect("details are a Status");
        let status = from_in_band(&in_band);
        assert_eq!((status.code(), status.message()), (call.code(), call.message()));
        assert_eq!(info(&status), info(&call));
    }
}
