//! How much memory SQLite may take for one statement.
//!
//! A statement can hold thousands of values of the largest size at a time, so
//! the limit on their length does not bound it. SQLite's own limit counts the
//! whole process, behind one lock, and would make all pay for one. So its
//! allocator is wrapped: it counts on the thread that a statement runs on, and
//! has nothing left to give when the statement has had its part.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use rusqlite::ffi;

/// The most memory that a statement may take, in bytes: beside a few of the
/// largest values, the program of the longest SQL text must find room.
const STATEMENT_BYTES_MAX: i64 = 96 * 1024 * 1024;
/// What the server itself may take.
const UNBOUNDED: i64 = i64::MAX;

thread_local! {
    /// How many bytes SQLite may still take on this thread.
    static LEFT: Cell<i64> = const { Cell::new(UNBOUNDED) };
}

/// What one statement may still take.
#[derive(Debug)]
pub(super) struct Allowance(Cell<i64>);

impl Allowance {
    /// The allowance of a statement that was not compiled yet.
    pub(super) fn new() -> Self {
        Self(Cell::new(STATEMENT_BYTES_MAX))
    }

    /// Another statement begins.
    pub(super) fn renew(&self) {
        self.0.set(STATEMENT_BYTES_MAX);
    }

    /// Takes the memory of what runs in here out of the allowance.
    pub(super) fn charge<T>(&self, run: impl FnOnce() -> T) -> T {
        LEFT.set(self.0.get());
        let ran = run();
        self.0.set(LEFT.replace(UNBOUNDED));
        ran
    }
}

/// SQLite's own allocator.
struct Methods {
    malloc: unsafe extern "C" fn(c_int) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void),
    realloc: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
    size: unsafe extern "C" fn(*mut c_void) -> c_int,
}

/// Set by [`install`]; none where SQLite could not be told.
static METHODS: OnceLock<Option<Methods>> = OnceLock::new();

/// Wraps the allocator, once. To be called before the process opens its first
/// connection: SQLite takes no other allocator later.
pub(super) fn install() {
    METHODS.get_or_init(|| {
        let installed = wrap();
        if installed.is_none() {
            tracing::error!("SQLite was in use too early: the memory of statements is not bounded");
        }
        installed
    });
}

fn wrap() -> Option<Methods> {
    let mut methods = ffi::sqlite3_mem_methods {
        xMalloc: None,
        xFree: None,
        xRealloc: None,
        xSize: None,
        xRoundup: None,
        xInit: None,
        xShutdown: None,
        pAppData: std::ptr::null_mut(),
    };
    // SAFETY: SQLite fills the struct that it is given, and copies it back.
    // Nothing is allocated through it before this function has answered: the
    // caller opens no connection until then.
    unsafe {
        if ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods) != ffi::SQLITE_OK {
            return None;
        }
        let own = Methods {
            malloc: methods.xMalloc?,
            free: methods.xFree?,
            realloc: methods.xRealloc?,
            size: methods.xSize?,
        };
        methods.xMalloc = Some(malloc);
        methods.xFree = Some(free);
        methods.xRealloc = Some(realloc);
        let code = ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw mut methods);
        (code == ffi::SQLITE_OK).then_some(own)
    }
}

fn own() -> Option<&'static Methods> {
    METHODS.get()?.as_ref()
}

fn count(bytes_freed: i64) {
    LEFT.set(LEFT.get().saturating_add(bytes_freed));
}

unsafe extern "C" fn malloc(bytes: c_int) -> *mut c_void {
    let Some(own) = own() else { return std::ptr::null_mut() };
    if i64::from(bytes) > LEFT.get() {
        return std::ptr::null_mut();
    }
    // SAFETY: the arguments are SQLite's, for its own allocator.
    unsafe {
        let start = (own.malloc)(bytes);
        if !start.is_null() {
            count(-i64::from((own.size)(start)));
        }
        start
    }
}

unsafe extern "C" fn free(start: *mut c_void) {
    let Some(own) = own() else { return };
    // SAFETY: as in `malloc`.
    unsafe {
        if !start.is_null() {
            count(i64::from((own.size)(start)));
        }
        (own.free)(start);
    }
}

unsafe extern "C" fn realloc(start: *mut c_void, bytes: c_int) -> *mut c_void {
    let Some(own) = own() else { return std::ptr::null_mut() };
    // SAFETY: as in `malloc`; SQLite gives the place of an earlier allocation.
    unsafe {
        let before = i64::from((own.size)(start));
        if i64::from(bytes) - before > LEFT.get() {
            return std::ptr::null_mut();
        }
        let moved = (own.realloc)(start, bytes);
        if !moved.is_null() {
            count(before - i64::from((own.size)(moved)));
        }
        moved
    }
}
