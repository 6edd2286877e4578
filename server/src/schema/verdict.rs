//! What an error means for a migration: a verdict on its script and the tenants'
//! data, or a fault of the server, after which one tries again.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::error::{Error, ErrorKind, Result};
use crate::names::{DatabaseName, GroupName};
use crate::storage::catalog::MigrationFailure;

/// SQLite's code for RAISE() in a trigger, SQLITE_CONSTRAINT_TRIGGER
/// (<https://sqlite.org/rescode.html#constraint_trigger>).
const RAISED_BY_TRIGGER: &str = "1811";

/// Whether trying again would end the same way.
pub(super) fn is_verdict(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::InvalidArgument
        | ErrorKind::NotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::PermissionDenied
        | ErrorKind::Unauthenticated
        | ErrorKind::FailedPrecondition
        | ErrorKind::ResourceExhausted
        | ErrorKind::Unimplemented
        | ErrorKind::DataLoss => true,
        ErrorKind::Aborted
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Cancelled
        | ErrorKind::Unavailable
        | ErrorKind::Internal => false,
    }
}

/// The failure that an error on a database is.
pub(super) fn failure_on(
    group: &GroupName,
    name: &DatabaseName,
    error: &Error,
) -> MigrationFailure {
    failure(format!("{group}/{name}"), error)
}

/// The same, where the database is named already.
pub(super) fn failure(database: String, error: &Error) -> MigrationFailure {
    let mut metadata = error.metadata().iter();
    let index = metadata.find(|(key, _)| *key == "statement_index");
    MigrationFailure {
        database,
        statement_index: index.and_then(|(_, index)| index.parse().ok()),
        message: message(error),
    }
}

/// The words of a failure. A trigger's own words can be made of any rows, and
/// whoever may migrate may not therefore read.
fn message(error: &Error) -> String {
    let of_trigger =
        |(key, code): &(&str, String)| *key == "sqlite_code" && code == RAISED_BY_TRIGGER;
    if error.metadata().iter().any(of_trigger) {
        return "a trigger has refused it".to_owned();
    }
    error.message().to_owned()
}

/// Does work in which a panic is an error like others: what it left behind is
/// held by nobody but the one who now hears of it.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(Error::internal("a task of a migration panicked")),
    }
}
