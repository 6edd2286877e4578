//! SQLite's pre-update hook, by which rules for tables see each deleted row.
//!
//! The declaration is ours: `rusqlite`'s needs its bindings to be generated at
//! build time. A SQLite compiled without the hook does not link.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use rusqlite::{Connection, ffi};

use super::guard::Guard;

type Callback = unsafe extern "C" fn(
    *mut c_void,
    *mut ffi::sqlite3,
    c_int,
    *const c_char,
    *const c_char,
    i64,
    i64,
);

unsafe extern "C" {
    fn sqlite3_preupdate_hook(
        db: *mut ffi::sqlite3,
        callback: Option<Callback>,
        context: *mut c_void,
    ) -> *mut c_void;
}

/// Tells `guard` of each row that is deleted from now on, or stops that.
///
/// The owner of the connection keeps the guard for as long as the connection.
pub(super) fn watch_deletions(db: &Connection, guard: &Arc<Guard>, watch: bool) {
    let callback: Option<Callback> = watch.then_some(on_change);
    let context = Arc::as_ptr(guard).cast_mut().cast();
    // SAFETY: the handle is open for as long as `db` is borrowed, and the
    // guard outlives the connection (see above).
    unsafe { sqlite3_preupdate_hook(db.handle(), callback, context) };
}

unsafe extern "C" fn on_change(
    context: *mut c_void,
    _: *mut ffi::sqlite3,
    operation: c_int,
    schema: *const c_char,
    table: *const c_char,
    _: i64,
    _: i64,
) {
    if operation != ffi::SQLITE_DELETE {
        return;
    }
    // SAFETY: the context is the guard that was registered, and SQLite's names
    // end with a NUL and live during the call.
    let (guard, schema, table) =
        unsafe { (&*context.cast::<Guard>(), CStr::from_ptr(schema), CStr::from_ptr(table)) };
    guard.see_deletion(&schema.to_string_lossy(), &table.to_string_lossy());
}
