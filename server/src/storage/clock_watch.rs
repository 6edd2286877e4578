//! Notices when SQL asks for the current time, and holds it still.
//!
//! The authorizer sees the name of a function and not its arguments, and
//! `date(column)` asks for the time where the column holds `'now'`. SQLite asks
//! its VFS, so connections are opened with one of ours: the default one, value
//! for value, but for the two calls that tell the time.
//!
//! What of SQLite 3.54 this relies on:
//! - The VFS is asked for the time by `sqlite3StmtCurrentTime` alone, which
//!   serves the date functions and `CURRENT_*`; other calls belong to tracing,
//!   which nobody here switches on. Sleep, random bytes and names of temporary
//!   files have calls of their own.
//! - It is asked at the first need in each run of a statement, not once for a
//!   compiled one.
//! - The Unix VFS keeps no state in its struct: it reads `pAppData` and compares
//!   `zName` with `unix-excl`. Temporary and in-memory databases use the VFS of
//!   their connection, and `ATTACH` does unless told otherwise.
//!
//! The modifiers `localtime` and `utc` do not count: they ask the machine for
//! its time zone, which is the same for each database of a server.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::sync::OnceLock;

use rusqlite::ffi;

use super::heap;
use crate::env::Timestamp;

/// What `vfs=` says in the URI of a connection whose SQL is watched.
pub(super) const VFS_NAME: &str = match VFS_NAME_C.to_str() {
    Ok(name) => name,
    Err(_) => panic!("is ASCII"),
};
const VFS_NAME_C: &CStr = c"tenantry";

thread_local! {
    /// Whether the time was asked for on this thread.
    static ASKED: Cell<bool> = const { Cell::new(false) };
    /// What time it is on this thread, where that is held, in milliseconds since
    /// 1970.
    static HELD: Cell<Option<i64>> = const { Cell::new(None) };
}

/// 1970 began so many milliseconds after the Julian day 0 of SQLite's clocks.
const JULIAN_MS_1970: i64 = 210_866_760_000_000;
const MS_PER_DAY: f64 = 86_400_000.0;

/// The VFS that ours is a copy of.
struct Original(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite itself calls a VFS from every thread; the struct is static and
// is not written to after it was registered, but for the link to the next one.
unsafe impl Send for Original {}
// SAFETY: as above.
unsafe impl Sync for Original {}

/// Set by [`install`]; none where there was nothing to copy.
static ORIGINAL: OnceLock<Option<Original>> = OnceLock::new();

/// Registers the VFS, once. To be called before a connection names it.
pub(super) fn install() {
    // Looking for a VFS starts SQLite, and then it takes no other allocator.
    heap::install();
    ORIGINAL.get_or_init(|| {
        let original = register();
        if original.is_none() {
            tracing::error!("SQLite has no file system to watch: no database can be opened");
        }
        original
    });
}

fn register() -> Option<Original> {
    // SAFETY: a registered VFS stays where it is, and a copy of the struct is
    // all that SQLite's own wrappers start from. The copy lives for ever, as
    // SQLite demands; it sets the link to the next one itself.
    unsafe {
        let original = ffi::sqlite3_vfs_find(std::ptr::null());
        let mut copy = Box::new(std::ptr::read(original.as_ref()?));
        copy.xCurrentTime?;
        if copy.iVersion >= 2 {
            copy.xCurrentTimeInt64?;
            copy.xCurrentTimeInt64 = Some(current_time_int64);
        }
        copy.zName = VFS_NAME_C.as_ptr();
        copy.xCurrentTime = Some(current_time);
        let code = ffi::sqlite3_vfs_register(Box::leak(copy), 0);
        (code == ffi::SQLITE_OK).then_some(Original(original))
    }
}

/// The time that SQL is told on this thread, until this is dropped.
pub(super) struct HeldTime(());

/// Holds the time still on this thread.
pub(super) fn hold(time: Timestamp) -> HeldTime {
    HELD.set(Some(time.0));
    HeldTime(())
}

impl Drop for HeldTime {
    fn drop(&mut self) {
        HELD.set(None);
    }
}

/// Forgets what was asked on this thread.
pub(super) fn reset() {
    ASKED.set(false);
}

/// Whether SQL that ran on this thread has asked for the time since [`reset`].
pub(super) fn was_asked() -> bool {
    ASKED.get()
}

fn original() -> Option<&'static Original> {
    ORIGINAL.get()?.as_ref()
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    ASKED.set(true);
    if let Some(held) = HELD.get() {
        // SAFETY: SQLite wants the answer there.
        unsafe { *days = (JULIAN_MS_1970 + held) as f64 / MS_PER_DAY };
        return ffi::SQLITE_OK;
    }
    let Some(original) = original() else { return ffi::SQLITE_ERROR };
    // SAFETY: the arguments are SQLite's, for the VFS that it had at first;
    // `register` made sure of the call.
    unsafe {
        match (*original.0).xCurrentTime {
            Some(ask) => ask(original.0, days),
            None => ffi::SQLITE_ERROR,
        }
    }
}

unsafe extern "C" fn current_time_int64(
    _: *mut ffi::sqlite3_vfs,
    milliseconds: *mut ffi::sqlite3_int64,
) -> c_int {
    ASKED.set(true);
    if let Some(held) = HELD.get() {
        // SAFETY: SQLite wants the answer there.
        unsafe { *milliseconds = JULIAN_MS_1970 + held };
        return ffi::SQLITE_OK;
    }
    let Some(original) = original() else { return ffi::SQLITE_ERROR };
    // SAFETY: as in `current_time`.
    unsafe {
        match (*original.0).xCurrentTimeInt64 {
            Some(ask) => ask(original.0, milliseconds),
            None => ffi::SQLITE_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, OpenFlags};

    use super::*;

    fn open(path: &str) -> Connection {
        install();
        let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_URI;
        let separator = if path.contains('?') { '&' } else { '?' };
        let uri = format!("file:{path}{separator}vfs={VFS_NAME}");
        #[expect(clippy::disallowed_methods, reason = "a test of the opener's own ground")]
        Connection::open_with_flags(uri, flags).expect("the VFS is registered")
    }

    fn asks(db: &Connection, sql: &str) -> bool {
        reset();
        let mut statement = db.prepare(sql).expect(sql);
        let mut rows = statement.query([]).expect(sql);
        while rows.next().expect(sql).is_some() {}
        was_asked()
    }

    const SCHEMA: &str = "
        CREATE TABLE t (a, at TEXT DEFAULT CURRENT_TIMESTAMP);
        CREATE TABLE plain (a, at TEXT DEFAULT '2020-01-01');
        CREATE TABLE triggered (a);
        CREATE TRIGGER clock AFTER INSERT ON triggered BEGIN
            UPDATE triggered SET a = date(new.a) WHERE rowid = new.rowid;
        END;
        INSERT INTO plain VALUES ('now', 'now'), ('2020-01-01', 'x');
    ";

    /// Each is asked twice: the time is no part of a compiled statement.
    fn check(db: &Connection, sql: &str, expected: bool) {
        for _ in 0..2 {
            assert_eq!(asks(db, sql), expected, "{sql}");
        }
    }

    #[test]
    fn whoever_asks_for_the_time_is_noticed() {
        let db = open(":memory:");
        db.execute_batch(SCHEMA).expect("is valid");
        for sql in [
            "SELECT date('now')",
            "SELECT time()",
            "SELECT CURRENT_TIMESTAMP",
            "SELECT CURRENT_DATE",
            "SELECT current_time",
            "SELECT unixepoch('now', 'subsec')",
            "SELECT timediff('now', '2020-01-01')",
            "INSERT INTO t (a) VALUES (1)",
            "INSERT INTO t DEFAULT VALUES",
            "INSERT INTO triggered VALUES ('now')",
            "SELECT strftime('%s', a) FROM plain",
            "UPDATE plain SET at = julianday(a) WHERE a = 'now'",
            "SELECT a FROM plain WHERE a < datetime('now', 'localtime')",
        ] {
            check(&db, sql, true);
        }
    }

    #[test]
    fn whoever_does_not_ask_is_left_alone() {
        let db = open(":memory:");
        db.execute_batch(SCHEMA).expect("is valid");
        for sql in [
            "SELECT 1",
            "SELECT date('2020-01-01', '+1 day')",
            "SELECT strftime('%s', a) FROM plain WHERE a <> 'now'",
            "SELECT datetime('2020-01-01', 'localtime')",
            "SELECT datetime('2020-01-01', 'utc')",
            "INSERT INTO t VALUES (1, '2020-01-01')",
            "INSERT INTO plain (a) VALUES (random())",
            "INSERT INTO triggered VALUES ('2020-01-01')",
            "CREATE INDEX IF NOT EXISTS i ON plain (a, at)",
            "CREATE TABLE IF NOT EXISTS u (at DEFAULT CURRENT_TIMESTAMP)",
            "SELECT * FROM plain ORDER BY random()",
        ] {
            check(&db, sql, false);
        }
    }

    #[test]
    fn files_are_the_same_for_both_vfs() {
        let dir = tempfile::tempdir().expect("has room");
        let path = dir.path().join("a.db");
        let path = path.to_str().expect("is UTF-8");
        let ours = open(&format!("{path}?mode=rwc"));
        reset();
        ours.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA temp_store = FILE; PRAGMA cache_size = 10;
             CREATE TABLE t (a); BEGIN;
             INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)
                 SELECT hex(randomblob(100)) FROM n;
             COMMIT; CREATE INDEX i ON t (a); CREATE TEMP TABLE u AS SELECT * FROM t ORDER BY a;
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .expect("runs on a file");
        assert!(!was_asked());
        #[expect(clippy::disallowed_methods, reason = "a test of the opener's own ground")]
        let theirs = Connection::open(path).expect("is a database");
        let count = |db: &Connection| {
            db.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).expect("counts")
        };
        assert_eq!(count(&theirs), 5_000);
        theirs.execute_batch("INSERT INTO t VALUES (1)").expect("locks are shared");
        assert_eq!(count(&ours), 5_001);
        assert!(ours.execute_batch("ATTACH 'file:/nowhere/x.db?mode=ro' AS x").is_err());
        let attach = format!("ATTACH 'file:{path}?mode=ro' AS x");
        ours.execute_batch(&attach).expect("attaches by its own VFS");
        check(&ours, "SELECT date(a) FROM x.t LIMIT 1", false);
        check(&ours, "SELECT date('now') FROM x.t LIMIT 1", true);
    }

    #[test]
    fn time_can_be_held() {
        let db = open(":memory:");
        let now = || {
            let sql = "SELECT CURRENT_TIMESTAMP || strftime(' %f', 'now') || unixepoch('now')";
            db.query_row(sql, [], |row| row.get::<_, String>(0)).expect("runs")
        };
        {
            let _held = hold(Timestamp(1_000_000_000_123));
            assert_eq!(now(), "2001-09-09 01:46:40 40.1231000000000");
            std::thread::spawn(|| assert!(HELD.get().is_none())).join().expect("is not held there");
        }
        assert!(!now().starts_with("2001"));
    }

    #[test]
    fn threads_do_not_see_each_other() {
        let db = open(":memory:");
        assert!(asks(&db, "SELECT date('now')"));
        std::thread::spawn(|| assert!(!was_asked())).join().expect("was not asked there");
        assert!(was_asked());
        reset();
        assert!(!was_asked());
    }
}
