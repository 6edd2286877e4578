//! Which statements are lookups: a few rows by a key, at a cost that the
//! statement's text already bounds.
//!
//! A lookup takes a few microseconds, and handing it to another thread and back
//! takes longer. So a reader runs lookups where it stands, on a thread that
//! other requests wait for. That is safe only for programs whose every step is
//! cheap whatever the arguments and rows: SQLite's own compiled program is
//! asked, and an unknown step means no. Whoever calls bounds the number of steps.

use rusqlite::Connection;

/// The steps of programs that seek and read. No functions, no text work, no
/// sorting, no loops that build something up.
const LOOKUP_STEPS: &[&str] = &[
    "Affinity",
    "BlobEnd",
    "Column",
    "Copy",
    "DeferredSeek",
    "Explain",
    "FinishSeek",
    "Goto",
    "Halt",
    "IdxGE",
    "IdxGT",
    "IdxLE",
    "IdxLT",
    "IdxRowid",
    "Init",
    "Int64",
    "Integer",
    "IsNull",
    "Last",
    "MustBeInt",
    "Next",
    "Noop",
    "NotExists",
    "NotNull",
    "Null",
    "OpenRead",
    "Prev",
    "Real",
    "RealAffinity",
    "ResultRow",
    "Rewind",
    "Rowid",
    "SCopy",
    "SeekGE",
    "SeekGT",
    "SeekHit",
    "SeekLE",
    "SeekLT",
    "SeekRowid",
    "String8",
    "Transaction",
    "Variable",
];

/// Whether a statement that compiles is a lookup.
pub(super) fn is_lookup(db: &Connection, sql: &str) -> bool {
    let steps = || -> rusqlite::Result<bool> {
        let mut explain = db.prepare(&format!("EXPLAIN {sql}"))?;
        let mut rows = explain.raw_query();
        while let Some(row) = rows.next()? {
            let step = row.get_ref(1)?.as_str()?;
            if !LOOKUP_STEPS.contains(&step) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    steps().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeks_are_lookups_and_work_is_not() {
        crate::storage::heap::install();
        let db = Connection::open_in_memory().expect("opens");
        db.execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b); CREATE INDEX ta ON t (a)",
        )
        .expect("a schema");
        for yes in [
            "SELECT * FROM t WHERE id = ?",
            "SELECT b FROM t WHERE a = ?1",
            "SELECT a FROM t WHERE a > ? LIMIT 3",
            "SELECT t.b FROM t JOIN t AS u ON u.id = t.b WHERE t.id = 3",
        ] {
            // LIMIT counts, and is left out for its kind of step.
            assert_eq!(is_lookup(&db, yes), !yes.contains("LIMIT"), "{yes}");
        }
        for no in [
            "SELECT replace(a, ?, ?) FROM t WHERE id = ?",
            "SELECT a || b FROM t WHERE id = ?",
            "SELECT * FROM t WHERE a LIKE ?",
            "SELECT * FROM t ORDER BY b",
            "SELECT count(*) FROM t",
            "SELECT a = ? FROM t WHERE id = ?",
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
            "INSERT INTO t VALUES (1, 2, 3)",
            "PRAGMA integrity_check",
            "no sql",
        ] {
            assert!(!is_lookup(&db, no), "{no}");
        }
    }
}
