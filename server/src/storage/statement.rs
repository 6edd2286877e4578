//! A prepared statement that owns itself.
//!
//! `rusqlite`'s statements borrow their connection, so they can neither wait
//! in a cache keyed by more than their text nor rest between two chunks of a
//! stream. This one can, at the price of the only `unsafe` code of the crate,
//! all of it calls into SQLite's C interface.
//!
//! A statement must be used only by the thread that holds its connection:
//! [`Conn`](super::conn::Conn) owns both and hands out neither.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::ptr::NonNull;

use rusqlite::{Connection, ffi};

use super::sql_error::{SqlFailure, failure};
use super::value::{Cell, Column, Value};

/// A compiled statement. Dropping it finalizes it.
pub(super) struct Statement {
    raw: NonNull<ffi::sqlite3_stmt>,
    /// Whether it takes little enough memory to be kept, once that was asked.
    pub(super) is_small: Option<bool>,
    /// Whether its program is a lookup, once that was asked.
    pub(super) is_lookup: Option<bool>,
}

// SAFETY: SQLite is compiled thread-safe, and a statement is used only by the
// thread that holds its connection exclusively (see the head of this file).
unsafe impl Send for Statement {}

impl Statement {
    /// Compiles the first statement of `sql`; answers it, or `None` where there
    /// is only white space and comments, and how many bytes it took.
    pub(super) fn prepare(db: &Connection, sql: &str) -> Result<(Option<Self>, usize), SqlFailure> {
        let mut raw = std::ptr::null_mut();
        let mut tail: *const c_char = std::ptr::null();
        let length = c_int::try_from(sql.len()).unwrap_or(c_int::MAX);
        // SAFETY: the handle is open for as long as `db` is borrowed, and `sql`
        // is readable for `length` bytes.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                db.handle(),
                sql.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &raw mut raw,
                &raw mut tail,
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(failure(db, code));
        }
        // SQLite sets the tail to a place inside `sql` or to its end.
        let used = if tail.is_null() { sql.len() } else { tail.addr() - sql.as_ptr().addr() };
        Ok((NonNull::new(raw).map(|raw| Self { raw, is_small: None, is_lookup: None }), used))
    }

    fn as_ptr(&self) -> *mut ffi::sqlite3_stmt {
        self.raw.as_ptr()
    }

    /// Whether the statement leaves the database as it is.
    pub(super) fn is_read_only(&self) -> bool {
        // SAFETY: the statement is alive.
        unsafe { ffi::sqlite3_stmt_readonly(self.as_ptr()) != 0 }
    }

    /// Whether it is an EXPLAIN.
    pub(super) fn is_explain(&self) -> bool {
        // SAFETY: the statement is alive.
        unsafe { ffi::sqlite3_stmt_isexplain(self.as_ptr()) != 0 }
    }

    /// The number of columns; 0 for a statement that returns no rows.
    pub(super) fn column_count(&self) -> usize {
        // SAFETY: the statement is alive.
        unsafe { ffi::sqlite3_column_count(self.as_ptr()) as usize }
    }

    /// The columns that it returns.
    pub(super) fn columns(&self) -> Vec<Column> {
        (0..self.column_count() as c_int)
            .map(|i| {
                // SAFETY: the statement is alive and `i` is one of its columns.
                let (name, declared) = unsafe {
                    (
                        ffi::sqlite3_column_name(self.as_ptr(), i),
                        ffi::sqlite3_column_decltype(self.as_ptr(), i),
                    )
                };
                Column { name: text_of(name), declared_type: text_of(declared) }
            })
            .collect()
    }

    /// What it takes of memory, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        // SAFETY: the statement is alive.
        let bytes =
            unsafe { ffi::sqlite3_stmt_status(self.as_ptr(), ffi::SQLITE_STMTSTATUS_MEMUSED, 0) };
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// The largest parameter number.
    pub(super) fn parameter_count(&self) -> usize {
        // SAFETY: the statement is alive.
        unsafe { ffi::sqlite3_bind_parameter_count(self.as_ptr()) as usize }
    }

    /// The name of a parameter with its sigil, counted from 1; `None` for `?`.
    pub(super) fn parameter_name(&self, index: usize) -> Option<&str> {
        // SAFETY: SQLite answers null for an index without a name; the name
        // lives as long as the statement.
        unsafe {
            let name = ffi::sqlite3_bind_parameter_name(self.as_ptr(), index as c_int);
            (!name.is_null()).then(|| CStr::from_ptr(name).to_str().unwrap_or_default())
        }
    }

    /// Binds a parameter, counted from 1.
    pub(super) fn bind(
        &mut self,
        db: &Connection,
        index: usize,
        value: &Value,
    ) -> Result<(), SqlFailure> {
        let (stmt, index) = (self.as_ptr(), index as c_int);
        // SAFETY: the statement is alive; SQLite copies text and blobs before
        // the call returns (SQLITE_TRANSIENT).
        let code = unsafe {
            match value {
                Value::Null => ffi::sqlite3_bind_null(stmt, index),
                Value::Integer(value) => ffi::sqlite3_bind_int64(stmt, index, *value),
                Value::Real(value) => ffi::sqlite3_bind_double(stmt, index, *value),
                Value::Text(text) => ffi::sqlite3_bind_text64(
                    stmt,
                    index,
                    text.as_ptr().cast(),
                    text.len() as u64,
                    ffi::SQLITE_TRANSIENT(),
                    ffi::SQLITE_UTF8 as u8,
                ),
                // An empty slice may have no address, and null would bind NULL.
                Value::Blob(bytes) if bytes.is_empty() => {
                    ffi::sqlite3_bind_zeroblob(stmt, index, 0)
                }
                Value::Blob(bytes) => ffi::sqlite3_bind_blob64(
                    stmt,
                    index,
                    bytes.as_ptr().cast(),
                    bytes.len() as u64,
                    ffi::SQLITE_TRANSIENT(),
                ),
            }
        };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(failure(db, code)) }
    }

    /// The text of the statement with its arguments in the place of its
    /// parameters, as SQLite writes them for a log; `None` where that is longer
    /// than a value may be.
    pub(super) fn expanded_sql(&self) -> Option<String> {
        // SAFETY: the statement is alive. The text is ours, ends with a NUL, and
        // is freed after it was copied; SQLite takes null.
        unsafe {
            let text = ffi::sqlite3_expanded_sql(self.as_ptr());
            let copy = (!text.is_null()).then(|| text_of(text));
            ffi::sqlite3_free(text.cast());
            copy
        }
    }

    /// Goes to the next row; `false` at the end.
    pub(super) fn step(&mut self, db: &Connection) -> Result<bool, SqlFailure> {
        // SAFETY: the statement is alive.
        match unsafe { ffi::sqlite3_step(self.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            code => Err(failure(db, code)),
        }
    }

    /// The row that the statement stands on.
    pub(super) fn row(&self) -> Row<'_> {
        Row { statement: self, columns: self.column_count() }
    }

    /// Makes the statement ready to run again, without arguments.
    pub(super) fn reset(&mut self) {
        // SAFETY: the statement is alive. The codes repeat what the last step
        // said already.
        unsafe {
            ffi::sqlite3_reset(self.as_ptr());
            ffi::sqlite3_clear_bindings(self.as_ptr());
        }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: the statement is alive and is not used again.
        unsafe { ffi::sqlite3_finalize(self.as_ptr()) };
    }
}

/// The row that a statement stands on.
pub struct Row<'stmt> {
    statement: &'stmt Statement,
    columns: usize,
}

impl Row<'_> {
    /// The cells in the order of the columns.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        (0..self.columns as c_int).map(|i| self.cell(i))
    }

    fn cell(&self, i: c_int) -> Cell<'_> {
        let stmt = self.statement.as_ptr();
        // SAFETY: the statement stands on a row while this row borrows it, and
        // text and blobs stay where they are until its next step. The pointer
        // is asked for before the length, as SQLite demands.
        unsafe {
            match ffi::sqlite3_column_type(stmt, i) {
                ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_column_int64(stmt, i)),
                ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_column_double(stmt, i)),
                ffi::SQLITE_TEXT => {
                    let text = ffi::sqlite3_column_text(stmt, i);
                    let bytes = slice_of(text, ffi::sqlite3_column_bytes(stmt, i));
                    std::str::from_utf8(bytes).map_or(Cell::Blob(bytes), Cell::Text)
                }
                ffi::SQLITE_BLOB => {
                    let blob = ffi::sqlite3_column_blob(stmt, i).cast();
                    Cell::Blob(slice_of(blob, ffi::sqlite3_column_bytes(stmt, i)))
                }
                _ => Cell::Null,
            }
        }
    }
}

/// # Safety
/// `start` is null, or readable for `length` bytes for the lifetime asked for.
pub(super) unsafe fn slice_of<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    if start.is_null() || length <= 0 {
        return &[];
    }
    // SAFETY: as the caller promised.
    unsafe { std::slice::from_raw_parts(start, length as usize) }
}

fn text_of(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: SQLite's names end with a NUL and outlive this copy.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Forgets the last inserted rowid, so that a request never sees another's.
pub(super) fn forget_last_insert_rowid(db: &Connection) {
    // SAFETY: the handle is open for as long as `db` is borrowed.
    unsafe { ffi::sqlite3_set_last_insert_rowid(db.handle(), 0) };
}

/// Whether the open transaction holds violated foreign keys that SQLite would
/// find only at COMMIT.
pub(super) fn has_deferred_violations(db: &Connection) -> bool {
    let (mut current, mut highest) = (0, 0);
    // SAFETY: the handle is open for as long as `db` is borrowed.
    let code = unsafe {
        ffi::sqlite3_db_status(
            db.handle(),
            ffi::SQLITE_DBSTATUS_DEFERRED_FKS,
            &raw mut current,
            &raw mut highest,
            0,
        )
    };
    code != ffi::SQLITE_OK || current != 0
}
