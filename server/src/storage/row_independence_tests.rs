//! What the classifier says of scripts, one by one.

use rusqlite::Connection;
use rusqlite::limits::Limit;

use super::catalog::{ForeignKeys, MigrationScript};
use super::row_independence::is_row_independent;
use super::schema_text::schema_rows;
use super::statement::Statement;
use crate::names::Generation;

pub(super) fn open(sql: &str) -> Connection {
    let db = Connection::open_in_memory().expect("opens");
    db.execute_batch(sql).unwrap_or_else(|error| panic!("{error} in\n{sql}"));
    db
}

fn script(sql: &str, foreign_keys: ForeignKeys) -> MigrationScript {
    MigrationScript {
        generation: Generation::default(),
        sql: sql.into(),
        foreign_keys,
        allow_nondeterministic: false,
        time: crate::env::Timestamp::default(),
    }
}

/// Runs the statements of a script one by one; answers how many there were.
fn run(db: &Connection, sql: &str) -> Result<usize, String> {
    let (mut at, mut statements) = (0, 0);
    while at < sql.len() {
        let (statement, length) =
            Statement::prepare(db, &sql[at..]).map_err(|failure| failure.message)?;
        at += length;
        if let Some(mut statement) = statement {
            while statement.step(db).map_err(|failure| failure.message)? {}
            statements += 1;
        }
    }
    Ok(statements)
}

/// Runs a script and undoes it, as a validation does.
pub(super) fn validate(
    db: &Connection,
    sql: &str,
    foreign_keys: ForeignKeys,
) -> Result<usize, String> {
    let enforced = foreign_keys == ForeignKeys::Enforced;
    db.pragma_update(None, "foreign_keys", enforced).expect("is outside of a transaction");
    db.execute_batch("BEGIN IMMEDIATE").expect("begins");
    let ran = run(db, sql).and_then(|statements| {
        let check = "SELECT count(*) FROM pragma_foreign_key_check";
        let violations = if enforced { Ok(0) } else { db.query_row(check, [], |row| row.get(0)) };
        match violations {
            Ok(0_i64) => Ok(statements),
            Ok(count) => Err(format!("{count} foreign keys are violated")),
            Err(error) => Err(error.to_string()),
        }
    });
    if !db.is_autocommit() {
        db.execute_batch("ROLLBACK").expect("rolls back");
    }
    ran
}

/// Asks as the parent's writer does.
pub(super) fn passes_unseen(
    parent: &Connection,
    sql: &str,
    foreign_keys: ForeignKeys,
) -> Result<bool, String> {
    let before = schema_rows(parent).expect("can be read");
    let statements = validate(parent, sql, foreign_keys)?;
    Ok(is_row_independent(&script(sql, foreign_keys), statements, &before))
}

const SCHEMA: &str = "
    CREATE TABLE plain (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b INTEGER, 'odd name');
    CREATE INDEX plain_a ON plain (a);
    CREATE UNIQUE INDEX plain_b ON plain (b);
    CREATE TABLE strict (a INT, b TEXT) STRICT;
    CREATE TABLE checked (a, b CHECK (b > 0));
    CREATE TABLE generated (a, b AS (a + 1));
    CREATE VIEW seen AS SELECT a FROM plain;
    CREATE TRIGGER told AFTER INSERT ON plain BEGIN SELECT 1; END;
";

fn check(schema: &str, sql: &str, foreign_keys: ForeignKeys, expected: bool) {
    let answer = passes_unseen(&open(schema), sql, foreign_keys);
    assert_eq!(answer, Ok(expected), "{sql}");
}

#[test]
fn what_looks_at_no_row_passes_unseen() {
    for sql in [
        "ALTER TABLE plain ADD c",
        "ALTER TABLE plain ADD COLUMN c TEXT NULL COLLATE NOCASE",
        "alter table main.[PLAIN] add \"c\" int not null default 0",
        "ALTER TABLE plain ADD c NOT NULL DEFAULT -1.5",
        "ALTER TABLE plain ADD c DEFAULT x'00' NOT NULL",
        "ALTER TABLE plain ADD c BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE plain ADD c DEFAULT NULL",
        "ALTER TABLE plain ADD c REFERENCES plain",
        "ALTER TABLE plain ADD c DEFAULT NULL REFERENCES plain (id) ON DELETE CASCADE DEFERRABLE",
        "ALTER TABLE plain ADD c DEFAULT 'CHECK (1) UNIQUE' /* NOT NULL */ COLLATE -- AS (1)\n NOCASE",
        "CREATE TABLE new (a PRIMARY KEY, b UNIQUE CHECK (b > 0), c AS (a), d NOT NULL REFERENCES plain)",
        "CREATE TABLE new (a INT DEFAULT CURRENT_TIMESTAMP) STRICT; ALTER TABLE new ADD b INT NOT NULL DEFAULT 1;",
        "CREATE TABLE IF NOT EXISTS plain (x CHECK (x)); ALTER TABLE plain ADD c",
        "CREATE INDEX i ON plain (a, b DESC, 'odd name' COLLATE NOCASE)"
            .replace('\'', "\"")
            .as_str(),
        "CREATE INDEX IF NOT EXISTS main.i ON strict (a); CREATE INDEX j ON checked (b)",
        "CREATE VIEW v AS SELECT random(), date('now') FROM nowhere WHERE 1 IN (SELECT 2)",
        "CREATE TRIGGER t AFTER UPDATE ON plain BEGIN DELETE FROM checked; END",
        "CREATE TRIGGER t INSTEAD OF DELETE ON seen WHEN old.a > 0 BEGIN SELECT RAISE(ABORT, 'no'); END",
        "DROP VIEW seen; DROP TRIGGER told; DROP INDEX plain_a; DROP INDEX IF EXISTS nought",
        "ALTER TABLE plain RENAME TO \"plainer\"; ALTER TABLE plainer ADD c; CREATE INDEX i ON plainer (c)",
        "ALTER TABLE plain RENAME a TO aa; ALTER TABLE strict RENAME COLUMN b TO 'bb'",
        "ALTER TABLE generated RENAME TO g; ALTER TABLE checked RENAME b TO c",
        ";;\u{20}/* x */ CREATE TABLE new (a) -- y\n;-- z",
    ] {
        check(SCHEMA, sql, ForeignKeys::Enforced, true);
        // Nothing here refers to other rows yet.
        check(SCHEMA, sql, ForeignKeys::CheckAtEnd, true);
    }
}

#[test]
fn what_may_look_at_rows_does_not_pass_unseen() {
    for sql in [
        "ALTER TABLE plain ADD c NOT NULL",
        "ALTER TABLE plain ADD c NOT NULL DEFAULT NULL",
        "ALTER TABLE plain ADD c DEFAULT 1 DEFAULT NULL NOT NULL",
        "ALTER TABLE plain ADD c DEFAULT (1 + 1)",
        "ALTER TABLE plain ADD c DEFAULT (1)",
        "ALTER TABLE plain ADD c DEFAULT CURRENT_TIME",
        "ALTER TABLE plain ADD c DEFAULT (random())",
        "ALTER TABLE plain ADD c DEFAULT 1 REFERENCES plain",
        "ALTER TABLE plain ADD c CHECK (c > 0)",
        "ALTER TABLE plain ADD c AS (a)",
        "ALTER TABLE plain ADD c GENERATED ALWAYS AS (a) STORED",
        "ALTER TABLE plain ADD c TEXT /* */ NOT/**/NULL",
        "ALTER TABLE plain ADD c x \u{feff}NOT NULL",
        "ALTER TABLE strict ADD c INT",
        "ALTER TABLE STRICT ADD c INT DEFAULT 1",
        "ALTER TABLE \"checked\" ADD c",
        "ALTER TABLE `generated` ADD c",
        "CREATE INDEX i ON generated (a)",
        "CREATE INDEX i ON generated (b)",
        "CREATE INDEX i ON plain (a, A)",
        "CREATE INDEX i ON plain (a, \"a\" COLLATE NOCASE)",
        "CREATE INDEX i ON plain (abs(b))",
        "CREATE INDEX i ON plain ((a))",
        "CREATE INDEX i ON plain ('a')",
        "CREATE INDEX i ON plain (a) WHERE b > 0",
        "CREATE UNIQUE INDEX i ON plain (a)",
        "CREATE TABLE new AS SELECT * FROM plain",
        "CREATE TEMP TABLE new (a)",
        "CREATE TABLE temp.new (a)",
        "CREATE TEMP VIEW v AS SELECT 1",
        "CREATE TEMP TRIGGER t AFTER UPDATE ON plain BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE v USING fts5(a)",
        "DROP TABLE plain",
        "ALTER TABLE plain DROP COLUMN 'odd name'",
        "ALTER TABLE plain ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE plain ADD CONSTRAINT n CHECK (b > 0)",
        "ALTER TABLE strict RENAME TO other; ALTER TABLE other ADD c INT",
        "ALTER TABLE strict RENAME TO other; ALTER TABLE plain RENAME TO strict; ALTER TABLE other ADD c INT",
        "CREATE TABLE IF NOT EXISTS checked (a); ALTER TABLE checked ADD c",
        "CREATE TABLE new (a); INSERT INTO new VALUES (1)",
        "UPDATE plain SET a = 1",
        "DELETE FROM plain",
        "SELECT 1",
        "REINDEX",
        "ANALYZE",
        "PRAGMA user_version = 1",
        "EXPLAIN CREATE TABLE new (a)",
        "CREATE TABLE new (a); /* unterminated",
        "CREATE TABLE new (a); -- x\r DROP TABLE plain \n; DELETE FROM strict",
        "CREATE TABLE new (a)\u{c};",
        "",
        "-- nothing",
    ] {
        check(SCHEMA, sql, ForeignKeys::Enforced, false);
    }
    let long = format!("CREATE TABLE new (a) /* {} */", "x".repeat(64 * 1024));
    let nested = |depth| format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    let deep = format!("CREATE VIEW v AS {}", nested(900));
    let deeper = format!("CREATE VIEW v AS {0}; CREATE VIEW w AS {0}", nested(1_100));
    check(SCHEMA, &long, ForeignKeys::Enforced, false);
    check(SCHEMA, &deep, ForeignKeys::Enforced, true);
    check(SCHEMA, &deeper, ForeignKeys::Enforced, false);
}

#[test]
fn a_statement_that_our_parser_did_not_see_counts() {
    let db = open(SCHEMA);
    let before = schema_rows(&db).expect("can be read");
    let one = script("CREATE TABLE new (a)", ForeignKeys::Enforced);
    assert!(is_row_independent(&one, 1, &before));
    assert!(!is_row_independent(&one, 2, &before));
}

#[test]
fn the_check_of_foreign_keys_looks_at_rows() {
    let schema = format!("{SCHEMA} CREATE TABLE child (a REFERENCES plain)");
    let sql = "CREATE TABLE new (a)";
    check(&schema, sql, ForeignKeys::Enforced, true);
    check(&schema, sql, ForeignKeys::CheckAtEnd, false);
}

#[test]
fn a_rename_compiles_views_and_these_may_read_virtual_tables() {
    let schema = format!("{SCHEMA} CREATE VIRTUAL TABLE words USING fts5(body)");
    for (sql, expected) in [
        ("ALTER TABLE plain RENAME TO p", false),
        ("ALTER TABLE words RENAME TO w", false),
        ("ALTER TABLE plain RENAME a TO aa", false),
        ("ALTER TABLE plain ADD c; CREATE INDEX i ON plain (c); DROP VIEW seen", true),
    ] {
        check(&schema, sql, ForeignKeys::Enforced, expected);
    }
}

/// Why such a script is applied with a larger limit than rows are written with.
#[test]
fn an_index_can_need_a_little_more_than_the_row() {
    let db = open("CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID");
    let limit = 2_000;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, limit).expect("is a limit");
    db.execute_batch("INSERT INTO t VALUES (zeroblob(1900), 1)").expect("is short enough");
    let sql =
        "ALTER TABLE t ADD c DEFAULT 'a long text'; CREATE INDEX i ON t (c, b, a COLLATE NOCASE)";
    assert!(validate(&db, sql, ForeignKeys::Enforced).is_err());
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, 4 * limit).expect("is a limit");
    assert_eq!(validate(&db, sql, ForeignKeys::Enforced), Ok(2));
}
