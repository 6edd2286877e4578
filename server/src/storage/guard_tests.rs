//! What each kind of access lets SQL do: the same statements by every way.

use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::access::{Access, TableAction, TableRules};
use super::conn::{Attached, Blocks, Conn, Dress, Sharing, Synchronous};
use super::guard::Control;
use super::script::{Attacher, Place, Ran, Script, Sink};
use super::statement::Row;
use super::value::{Column, Sql, Summary};
use crate::error::{Error, Reason, Result};
use crate::names::Alias;

/// Counts rows and forgets them.
#[derive(Default)]
struct Count(usize);

impl Sink for Count {
    fn restart(&mut self) {
        self.0 = 0;
    }
    fn begin(&mut self, _: Vec<Column>) -> Result<()> {
        Ok(())
    }
    fn row(&mut self, _: &Row<'_>) -> Result<()> {
        self.0 += 1;
        Ok(())
    }
    fn end(&mut self, _: Summary) -> Result<()> {
        Ok(())
    }
}

struct Nobody;

impl Attacher for Nobody {
    fn attach(&self, database: &str, _: Alias) -> Result<Attached> {
        Err(Error::new(Reason::AttachNotAllowed, database.to_owned()))
    }
}

struct Fixture {
    conn: Conn,
    dir: TempDir,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a b%?#.db");
    std::fs::write(&path, []).expect("a file");
    let conn = Conn::open(&path, Sharing::Shared(Synchronous::Normal)).expect("opens");
    conn.db()
        .execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b');
             CREATE TABLE secret (s); INSERT INTO secret VALUES ('x');
             CREATE VIEW peek AS SELECT s FROM secret;
             CREATE TABLE log (l); CREATE TRIGGER noted AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END;",
        )
        .expect("a schema");
    Fixture { conn, dir }
}

fn dress(access: Access) -> Dress {
    Dress {
        access: Arc::new(access),
        blocks: Blocks::default(),
        attached: Vec::new(),
        cancel: CancellationToken::new(),
        size_limit_bytes: 0,
    }
}

fn run_with(fixture: &mut Fixture, access: Access, control: Control, text: &str) -> Result<Ran> {
    let dress = dress(access);
    fixture.conn.dress(&dress, control)?;
    if control != Control::Full {
        fixture.conn.server("BEGIN")?;
    }
    let sql = Sql { text: text.to_owned(), ..Sql::default() };
    let mut attached = Vec::new();
    let script = Script {
        sql: &sql,
        start: 0,
        single: false,
        attached: &mut attached,
        attacher: &Nobody,
        index: 0,
    };
    let ran = script.run(&mut fixture.conn, Place::Alone, control, &mut Count::default());
    fixture.conn.undress();
    fixture.conn.rollback();
    ran
}

fn reason(fixture: &mut Fixture, access: Access, text: &str) -> Option<Reason> {
    run_with(fixture, access, Control::None, text).err().map(|error| error.reason())
}

#[test]
fn nobody_reaches_beyond_the_database() {
    let hostile = [
        "SELECT load_extension('x')",
        "PRAGMA journal_mode",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON",
        "PRAGMA writable_schema",
        "PRAGMA synchronous = OFF",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA trusted_schema = ON",
        "PRAGMA database_list",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA max_page_count = 1000000",
        "PRAGMA query_only = OFF",
        "PRAGMA mmap_size = 1000000000",
        "PRAGMA cache_size = 1000000",
        "PRAGMA hard_heap_limit = 1",
        "PRAGMA schema_version = 7",
        "PRAGMA nosuch",
        "CREATE VIRTUAL TABLE x USING dbstat",
        "CREATE VIRTUAL TABLE x USING fts3(a)",
    ];
    let mut fixture = fixture();
    for statement in hostile {
        for prefix in ["", "EXPLAIN ", "EXPLAIN QUERY PLAN ", "/* x */ "] {
            let text = format!("{prefix}{statement}");
            let reason = reason(&mut fixture, Access::full(), &text);
            assert!(
                matches!(reason, Some(Reason::OperationBlocked | Reason::SqlError)),
                "{text}: {reason:?}"
            );
        }
    }
    let kept: String =
        fixture.conn.db().query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("tells");
    assert_eq!(kept, "delete", "nothing acted while it was compiled");

    // What these hide is compiled when it runs, and refused then.
    for text in [
        "SELECT * FROM pragma_database_list",
        "CREATE TRIGGER bad AFTER INSERT ON t BEGIN SELECT load_extension('x'); END;
         INSERT INTO t VALUES (3, 'c')",
        "CREATE VIEW bad AS SELECT load_extension('x'); SELECT * FROM bad",
    ] {
        let reason = reason(&mut fixture, Access::full(), text);
        assert!(
            matches!(reason, Some(Reason::OperationBlocked | Reason::SqlError)),
            "{text}: {reason:?}"
        );
    }
}

#[test]
fn vacuum_writes_no_file() {
    let mut fixture = fixture();
    let stolen = fixture.dir.path().join("stolen.db");
    let into = format!("VACUUM INTO '{}'", stolen.display());
    for text in ["VACUUM", into.as_str()] {
        let error = run_with(&mut fixture, Access::full(), Control::Full, text).expect_err(text);
        assert_eq!(error.reason(), Reason::OperationBlocked, "{text}");
        // The guard would have held without that check.
        let dress = dress(Access::full());
        fixture.conn.dress(&dress, Control::Full).expect("dresses");
        assert!(fixture.conn.db().execute_batch(text).is_err(), "{text}");
        fixture.conn.undress();
    }
    assert!(!stolen.exists());
}

#[test]
fn attach_reaches_sqlite_in_no_disguise() {
    let mut fixture = fixture();
    for text in [
        "EXPLAIN ATTACH '/tmp/x.db' AS a",
        "EXPLAIN QUERY PLAN ATTACH '/tmp/x.db' AS a",
        "EXPLAIN ATTACH ?1 AS a",
        "EXPLAIN ATTACH 'a'||'b' AS a",
        "EXPLAIN DETACH main",
    ] {
        assert_eq!(
            reason(&mut fixture, Access::full(), text),
            Some(Reason::OperationBlocked),
            "{text}"
        );
    }
    assert_eq!(
        reason(&mut fixture, Access::full(), "ATTACH shop AS s"),
        Some(Reason::AttachNotAllowed)
    );
}

#[test]
fn reading_alone_writes_nothing() {
    let mut fixture = fixture();
    for text in [
        "INSERT INTO t VALUES (3, 'c')",
        "UPDATE t SET v = 'z'",
        "DELETE FROM t",
        "REPLACE INTO t VALUES (1, 'z')",
        "CREATE TABLE u (x)",
        "DROP TABLE t",
        "ALTER TABLE t RENAME TO u",
        "CREATE TEMP TABLE u (x)",
        "PRAGMA user_version = 3",
        "WITH c AS (SELECT 1) INSERT INTO t SELECT 9, 9 FROM c",
        "EXPLAIN DELETE FROM t",
        "REINDEX",
        "ANALYZE",
    ] {
        assert_eq!(
            reason(&mut fixture, Access::read_only(), text),
            Some(Reason::ReadOnly),
            "{text}"
        );
    }
    assert_eq!(
        reason(&mut fixture, Access::read_only(), "SELECT * FROM peek; PRAGMA table_info(t)"),
        None
    );
}

#[test]
fn a_blocked_schema_says_so() {
    let access = Access { ddl: false, ddl_blocked: true, ..Access::full() };
    let mut fixture = fixture();
    for text in [
        "CREATE TABLE u (x)",
        "DROP VIEW peek",
        "ALTER TABLE t ADD COLUMN w",
        "PRAGMA user_version = 2",
    ] {
        let error = run_with(&mut fixture, access.clone(), Control::None, text).expect_err(text);
        assert_eq!(
            (error.reason(), error.message()),
            (Reason::OperationBlocked, "operation was blocked"),
            "{text}"
        );
    }
    assert_eq!(reason(&mut fixture, access, "INSERT INTO t VALUES (3, 'c')"), None);
}

fn rules(allowed: &[(&str, &[TableAction])]) -> Access {
    let mut rules = TableRules::default();
    for (table, actions) in allowed {
        actions.iter().for_each(|&action| rules.allow(table, action));
    }
    Access { rules: Some(rules), ..Access::full() }
}

#[test]
fn rules_hold_through_every_disguise() {
    use TableAction::{DataAdd, DataDelete, DataRead, DataUpdate};

    let denied = Some(Reason::PermissionDenied);
    let read_t = || rules(&[("T", &[DataRead]), ("peek", &[DataRead])]);
    let mut fixture = fixture();
    for text in [
        "SELECT s FROM secret",
        "SELECT * FROM peek",
        "SELECT count(*) FROM secret",
        "WITH c AS (SELECT s FROM secret) SELECT * FROM c",
        "SELECT (SELECT s FROM secret) FROM t",
        "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM secret WHERE s > 'm')",
        "SELECT * FROM t UNION SELECT 1, s FROM secret",
        "INSERT INTO t VALUES (3, 'c')",
    ] {
        assert_eq!(reason(&mut fixture, read_t(), text), denied, "{text}");
    }
    assert_eq!(
        reason(&mut fixture, read_t(), "SELECT * FROM t; SELECT name FROM sqlite_schema"),
        None
    );

    let add = || rules(&[("t", &[DataAdd]), ("log", &[DataAdd])]);
    for text in [
        "INSERT INTO t VALUES (3, 'c') RETURNING v",
        "INSERT OR REPLACE INTO t VALUES (1, 'z')",
        "REPLACE INTO t VALUES (9, 'a')",
        "INSERT INTO t VALUES (1, 'z') ON CONFLICT DO UPDATE SET v = 'z'",
        "UPDATE t SET v = 'z'",
        "DELETE FROM t",
        "INSERT INTO t SELECT 7, s FROM secret",
    ] {
        assert_eq!(reason(&mut fixture, add(), text), denied, "{text}");
    }
    assert_eq!(
        reason(&mut fixture, add(), "REPLACE INTO t VALUES (5, 'e')"),
        None,
        "it replaces nothing"
    );
    assert_eq!(
        reason(&mut fixture, rules(&[("t", &[DataAdd])]), "INSERT INTO t VALUES (6, 'f')"),
        denied,
        "the trigger"
    );

    let update = || rules(&[("t", &[DataRead, DataUpdate])]);
    assert_eq!(
        reason(&mut fixture, update(), "UPDATE OR REPLACE t SET v = 'a' WHERE id = 2"),
        denied
    );
    assert_eq!(reason(&mut fixture, update(), "UPDATE t SET v = 'k' WHERE id = 2"), None);
    let all = || rules(&[("*", &[DataRead, DataAdd, DataUpdate, DataDelete])]);
    assert_eq!(
        reason(
            &mut fixture,
            all(),
            "REPLACE INTO t VALUES (1, 'y'); DELETE FROM log; SELECT * FROM peek"
        ),
        None
    );
    assert_eq!(reason(&mut fixture, all(), "CREATE TABLE u (x)"), denied);
    let rows: i64 = fixture
        .conn
        .db()
        .query_row("SELECT count(*) FROM secret", [], |row| row.get(0))
        .expect("counts");
    assert_eq!(rows, 1);
}

#[test]
fn transactions_are_managed_only_where_they_may_be() {
    let mut fixture = fixture();
    let ran = run_with(
        &mut fixture,
        Access::full(),
        Control::None,
        "INSERT INTO t VALUES (8, 'h'); COMMIT",
    );
    assert_eq!(ran.expect("is asked for"), Ran::NeedsControl);
    let ran = run_with(
        &mut fixture,
        Access::full(),
        Control::Full,
        "BEGIN; INSERT INTO t VALUES (8, 'h'); COMMIT",
    );
    assert_eq!(ran.expect("runs"), Ran::Done);
    let error = run_with(&mut fixture, Access::full(), Control::Savepoints, "COMMIT")
        .expect_err("is refused");
    assert_eq!(error.reason(), Reason::TransactionState);
}

#[test]
fn a_pragma_that_outlasts_its_request_retires_the_connection() {
    for text in ["PRAGMA defer_foreign_keys = ON", "EXPLAIN PRAGMA defer_foreign_keys = ON"] {
        let mut fixture = fixture();
        run_with(&mut fixture, Access::full(), Control::Full, text).expect("runs");
        assert!(!fixture.conn.is_clean(), "{text}");
    }
}

#[test]
fn a_statement_takes_its_part_of_memory_and_no_more() {
    let mut fixture = fixture();
    let blobs = |count: usize| vec!["randomblob(8000000)"; count].join(", ");
    for hog in [
        format!("SELECT {}", blobs(20)),
        format!("SELECT max({})", blobs(20)),
        format!("CREATE TABLE u AS SELECT {}", blobs(20)),
        format!("SELECT 1 IN ({})", vec!["1"; 490_000].join(",")),
    ] {
        let reason = reason(&mut fixture, Access::full(), &hog);
        assert_eq!(reason, Some(Reason::Overloaded), "{}", &hog[..40]);
    }
    // Each has its own, and the connection goes on.
    let text = vec![format!("SELECT {}", blobs(5)); 5].join("; ");
    assert_eq!(reason(&mut fixture, Access::full(), &text), None);
    let many = format!("SELECT 1 IN ({})", vec!["1"; 100_000].join(","));
    assert_eq!(reason(&mut fixture, Access::full(), &many), None);
}

#[test]
fn what_was_given_up_ends_between_short_statements() {
    let mut fixture = fixture();
    let dress = dress(Access::full());
    dress.cancel.cancel();
    fixture.conn.dress(&dress, Control::None).expect("dresses");
    let sql = Sql { text: "SELECT 1; SELECT 2".to_owned(), ..Sql::default() };
    let script = Script {
        sql: &sql,
        start: 0,
        single: false,
        attached: &mut Vec::new(),
        attacher: &Nobody,
        index: 0,
    };
    let ran = script.run(&mut fixture.conn, Place::Reader, Control::None, &mut Count::default());
    assert_eq!(ran.expect_err("was given up").reason(), Reason::Cancelled);
}

#[test]
fn rules_hold_where_sqlite_acts_by_itself() {
    use TableAction::{DataAdd, DataDelete, DataRead, DataUpdate, SchemaAdd};

    let mut fixture = fixture();
    fixture
        .conn
        .db()
        .execute_batch(
            "CREATE TABLE p (id INTEGER PRIMARY KEY, k UNIQUE); INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c');
             CREATE TABLE cascading (k REFERENCES p (k) ON UPDATE CASCADE ON DELETE CASCADE); INSERT INTO cascading VALUES ('a');
             CREATE TABLE nulling (k REFERENCES p (k) ON UPDATE SET NULL ON DELETE SET NULL); INSERT INTO nulling VALUES ('b');
             CREATE VIRTUAL TABLE words USING fts5 (w); INSERT INTO words VALUES ('hidden');",
        )
        .expect("a schema");
    let on_p = || rules(&[("p", &[DataRead, DataAdd, DataUpdate, DataDelete])]);
    let denied = Some(Reason::PermissionDenied);
    for text in [
        "DELETE FROM p WHERE id = 1",
        "DELETE FROM p WHERE id = 2",
        "UPDATE p SET k = 'x' WHERE id = 1",
        "UPDATE p SET k = 'x' WHERE id = 2",
        "REPLACE INTO p VALUES (1, 'z')",
        "DELETE FROM p",
        "SELECT * FROM dbstat",
        "SELECT * FROM words",
        "SELECT * FROM words_content",
        "SELECT block FROM words_data",
    ] {
        assert_eq!(reason(&mut fixture, on_p(), text), denied, "{text}");
    }
    // A view of the words of a table needs the right to read that table.
    let index = "CREATE VIRTUAL TABLE v USING fts5vocab (words, row); SELECT term FROM v";
    let maker = rules(&[("v", &[SchemaAdd, DataRead])]);
    assert_eq!(reason(&mut fixture, maker, index), denied);
    // A foreign key tells whether a value is there.
    let oracle = "CREATE TABLE o (s REFERENCES p (k)); INSERT INTO o VALUES ('a')";
    let maker = rules(&[("o", &[SchemaAdd, DataAdd, DataRead])]);
    assert_eq!(reason(&mut fixture, maker, oracle), denied);
    let rows: i64 = fixture
        .conn
        .db()
        .query_row(
            "SELECT count(*) FROM p, cascading USING (k), nulling AS n WHERE n.k = 'b'",
            [],
            |row| row.get(0),
        )
        .expect("counts");
    assert_eq!(rows, 1, "nothing has changed");
}
