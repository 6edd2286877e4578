//! `random()` and `randomblob()`, which notice that they were asked.
//!
//! A migration must do the same in each of its runs. The authorizer cannot tell:
//! it sees these names where a DEFAULT is declared, which runs nothing, and does
//! not see them where a row gets that DEFAULT.

use std::cell::Cell;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

use super::conn::ROW_BYTES_MAX;

thread_local! {
    /// Whether SQL that ran on this thread has asked for chance.
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// Puts the functions in place of the built-in ones.
pub(super) fn install(db: &Connection) -> rusqlite::Result<()> {
    // Views, triggers and defaults may use them, as they may the built-in ones.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("random", 0, flags, |_| {
        ASKED.set(true);
        let mut bytes = [0; 8];
        rand::fill(&mut bytes[..]);
        Ok(i64::from_ne_bytes(bytes))
    })?;
    db.create_scalar_function("randomblob", 1, flags, |context| blob(context))
}

/// As SQLite has it, of at least one byte.
fn blob(context: &Context<'_>) -> rusqlite::Result<Vec<u8>> {
    ASKED.set(true);
    let wanted = match context.get_raw(0) {
        ValueRef::Integer(length) => length,
        ValueRef::Real(length) => length as i64,
        ValueRef::Null => 1,
        ValueRef::Text(text) | ValueRef::Blob(text) => leading_number(text),
    };
    if wanted > i64::from(ROW_BYTES_MAX) {
        return Err(Error::UserFunctionError("string or blob too big".into()));
    }
    let mut blob = vec![0; usize::try_from(wanted).unwrap_or_default().max(1)];
    rand::fill(&mut blob[..]);
    Ok(blob)
}

fn leading_number(text: &[u8]) -> i64 {
    let text = str::from_utf8(text).unwrap_or_default().trim_start();
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

/// Forgets what was asked on this thread.
pub(super) fn reset() {
    ASKED.set(false);
}

/// Whether SQL that ran on this thread has asked for chance since [`reset`].
pub(super) fn was_asked() -> bool {
    ASKED.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_noticed_where_it_is_used_and_not_where_it_is_declared() {
        crate::storage::heap::install();
        let db = Connection::open_in_memory().expect("opens");
        install(&db).expect("is installed");
        let asks = |sql: &str| {
            reset();
            db.execute_batch(sql).expect(sql);
            was_asked()
        };
        for (sql, expected) in [
            ("CREATE TABLE t (id DEFAULT (hex(randomblob(16))), x)", false),
            ("CREATE VIEW v AS SELECT random()", false),
            ("INSERT INTO t VALUES (1, 2)", false),
            ("INSERT INTO t (x) VALUES (2)", true),
            ("SELECT * FROM v", true),
            ("CREATE TRIGGER r AFTER UPDATE ON t BEGIN UPDATE t SET x = random(); END", false),
            ("UPDATE t SET x = 3", true),
        ] {
            assert_eq!(asks(sql), expected, "{sql}");
        }
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).expect(sql);
        let lengths = "SELECT length(randomblob(16)) * 1000 + length(randomblob(-1)) * 100
            + length(randomblob(NULL)) * 10 + length(randomblob('3x'))";
        assert_eq!(one(lengths), 16_000 + 100 + 10 + 3);
        let different = "SELECT count(DISTINCT r)
            FROM (SELECT random() AS r UNION ALL SELECT random())";
        assert_eq!(one(different), 2);
        assert!(db.query_row("SELECT randomblob(100000000)", [], |_| Ok(())).is_err());
    }
}
