//! How work on the catalog fails.

use rusqlite::ffi;

use crate::error::{Error, Reason};

/// Why a read or a change did not work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The catalog's state or the request forbids it.
    Refused(Error),
    /// SQLite failed: nobody's fault but the server's.
    Sqlite(rusqlite::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Sqlite(error) => fault(&error),
        }
    }
}

/// A failure of SQLite for the caller, who can do something about none but a
/// full disk.
pub(super) fn fault(error: &rusqlite::Error) -> Error {
    let full =
        error.sqlite_error().is_some_and(|failure| failure.extended_code == ffi::SQLITE_FULL);
    let source = error.to_string();
    if full {
        let message = "the server has no room left for this change; make room on its disk";
        Error::new(Reason::StorageFull, message).with_source(source)
    } else {
        Error::internal(source)
    }
}

/// Whether a name that must be unique is taken.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    let unique = ffi::SQLITE_CONSTRAINT_UNIQUE;
    error.sqlite_error().is_some_and(|failure| failure.extended_code == unique)
}
