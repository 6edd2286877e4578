//! SQLite's result codes as errors that a caller understands.
#![allow(unsafe_code)]

use std::ffi::CStr;

use rusqlite::{Connection, ffi};

use crate::error::{Error, Reason};

/// What SQLite said when a call failed.
#[derive(Clone, Debug)]
pub(super) struct SqlFailure {
    /// The extended result code.
    pub(super) code: i32,
    /// SQLite's own words.
    pub(super) message: String,
    /// Where in the statement, in bytes, where SQLite can tell.
    pub(super) offset: Option<usize>,
}

/// Reads what the connection says of the call that just failed with `code`.
pub(super) fn failure(db: &Connection, code: i32) -> SqlFailure {
    // SAFETY: the handle is open for as long as `db` is borrowed, and the
    // message is copied before anything else is asked of the connection.
    let (code, message, offset) = unsafe {
        let db = db.handle();
        let extended = ffi::sqlite3_extended_errcode(db);
        let message = CStr::from_ptr(ffi::sqlite3_errmsg(db)).to_string_lossy().into_owned();
        // The connection may tell of another call where the failing one did
        // not reach it.
        let code = if extended & 0xff == code & 0xff { extended } else { code };
        (code, message, ffi::sqlite3_error_offset(db))
    };
    SqlFailure { code, message, offset: usize::try_from(offset).ok() }
}

impl SqlFailure {
    fn primary(&self) -> i32 {
        self.code & 0xff
    }

    /// Whether the progress handler ended the statement.
    pub(super) fn is_interrupt(&self) -> bool {
        self.primary() == ffi::SQLITE_INTERRUPT
    }

    /// Whether the guard refused the statement.
    pub(super) fn is_refusal(&self) -> bool {
        self.primary() == ffi::SQLITE_AUTH
    }

    /// The failure for the caller, at `base` bytes into the request's text.
    pub(super) fn into_error(self, base: usize) -> Error {
        let code = self.code;
        let error = match self.primary() {
            ffi::SQLITE_CONSTRAINT => Error::new(Reason::Constraint, self.message),
            ffi::SQLITE_READONLY => Error::new(Reason::ReadOnly, "this cannot be written here")
                .with_source(self.message),
            ffi::SQLITE_INTERRUPT => Error::new(Reason::Cancelled, "the statement was interrupted"),
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Error::new(
                Reason::Busy,
                "another writer changed the database first; run the transaction again",
            )
            .with_retry_after(std::time::Duration::from_millis(10)),
            ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
                Error::new(Reason::DatabaseCorrupt, "the database's file cannot be read")
                    .with_source(self.message)
            }
            ffi::SQLITE_FULL => {
                Error::new(Reason::StorageFull, "the server has no room left for this write")
                    .with_source(self.message)
            }
            ffi::SQLITE_NOMEM => {
                Error::new(Reason::Overloaded, "the statement needs more memory than it may have")
                    .with_source(self.message)
            }
            ffi::SQLITE_IOERR
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_MISUSE
            | ffi::SQLITE_PROTOCOL
            | ffi::SQLITE_NOLFS
            | ffi::SQLITE_INTERNAL => Error::internal(self.message),
            _ => Error::new(Reason::SqlError, self.message),
        };
        let error = error.with("sqlite_code", code);
        match self.offset {
            Some(offset) => error.with("offset", base + offset),
            None => error,
        }
    }
}

impl From<SqlFailure> for Error {
    fn from(failure: SqlFailure) -> Self {
        failure.into_error(0)
    }
}

/// For the statements that the server itself issues through `rusqlite`.
pub(super) fn from_rusqlite(error: rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => SqlFailure {
            code: failure.extended_code,
            message: message.unwrap_or_else(|| failure.to_string()),
            offset: None,
        }
        .into_error(0),
        other => Error::internal(other),
    }
}
