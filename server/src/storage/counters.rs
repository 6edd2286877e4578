//! `changes()` and `total_changes()` as a request may see them.
//!
//! Requests follow one another on one connection, and SQLite's counters do not
//! start anew between them. These functions take the place of the built-in
//! ones and count from the start of the request.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

/// Where the counters of a connection stood when the request began.
#[derive(Debug, Default)]
pub(super) struct Counters {
    total_before: AtomicU64,
}

impl Counters {
    /// Puts the functions in place of the built-in ones.
    pub(super) fn install(db: &Connection) -> rusqlite::Result<Arc<Self>> {
        let counters = Arc::new(Self::default());
        // Views and triggers may use them, as they may the built-in ones.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        let of = counters.clone();
        db.create_scalar_function("changes", 0, flags, move |context| {
            Ok(of.changes(&*connection(context)?))
        })?;
        let of = counters.clone();
        db.create_scalar_function("total_changes", 0, flags, move |context| {
            Ok(of.total(&*connection(context)?))
        })?;
        Ok(counters)
    }

    /// Counts from here on.
    pub(super) fn start(&self, db: &Connection) {
        self.total_before.store(db.total_changes(), Ordering::Relaxed);
        super::statement::forget_last_insert_rowid(db);
    }

    /// Rows changed by the last statement, if it was one of this request.
    fn changes(&self, db: &Connection) -> i64 {
        if self.total(db) == 0 { 0 } else { i64::try_from(db.changes()).unwrap_or(i64::MAX) }
    }

    /// Rows changed since the request began.
    fn total(&self, db: &Connection) -> i64 {
        let since = db.total_changes().wrapping_sub(self.total_before.load(Ordering::Relaxed));
        i64::try_from(since).unwrap_or(i64::MAX)
    }
}

fn connection<'a>(
    context: &'a Context<'_>,
) -> rusqlite::Result<impl std::ops::Deref<Target = Connection> + use<'a>> {
    // SAFETY: the connection is only asked for two numbers, and not kept.
    unsafe { context.get_connection() }
}
