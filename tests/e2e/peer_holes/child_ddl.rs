//! DDL on a child, in every disguise; and what of it is temporary and allowed.

use super::*;

/// SQL that would change the schema of a child, or the ground it stands on.
const DDL: &[&str] = &[
    "CREATE TABLE t (x)",
    "CREATE TABLE IF NOT EXISTS item (x)",
    "CREATE TABLE t AS SELECT * FROM item",
    "CREATE TABLE main.t (x)",
    "CREATE INDEX i ON item (price)",
    "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON item (price)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER g AFTER INSERT ON item BEGIN DELETE FROM item; END",
    "CREATE TRIGGER main.g INSTEAD OF INSERT ON shown BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE w USING fts5 (word)",
    "CREATE VIRTUAL TABLE r USING rtree (id, a, b)",
    "ALTER TABLE item ADD COLUMN x",
    "ALTER TABLE item RENAME TO items",
    "ALTER TABLE item RENAME COLUMN name TO title",
    "ALTER TABLE item DROP COLUMN price",
    "ALTER TABLE words RENAME TO word",
    "DROP TABLE item",
    "DROP TABLE words",
    "DROP TABLE words_data",
    "DROP VIEW shown",
    "DROP INDEX by_price",
    "DROP TRIGGER firing",
    "REINDEX",
    "REINDEX item",
    "ANALYZE",
    "ANALYZE item",
];

async fn child_with_everything(world: &World) -> (Fleet, Db) {
    let fleet = fleet(world, &[]).await;
    fleet
        .migrate(
            "CREATE INDEX by_price ON item (price);
             CREATE VIEW shown AS SELECT name FROM item;
             CREATE TRIGGER firing AFTER DELETE ON item BEGIN SELECT 1; END;
             CREATE VIRTUAL TABLE words USING fts5 (word)",
        )
        .await;
    let child = Database { allow_attach: true, ..fleet.new_child("child") };
    let child = world.create(child).await;
    child.exec("UPDATE item SET price = 1").await;
    (fleet, child)
}

#[track_caller]
fn blocked<T: std::fmt::Debug>(what: &str, result: Result<T, Status>) {
    let status = result.expect_err(what);
    let told = (status.code(), reason(&status), status.message().to_owned());
    let expected = (
        Code::FailedPrecondition,
        "OPERATION_BLOCKED".to_owned(),
        "operation was blocked".to_owned(),
    );
    assert_eq!(told, expected, "{what}");
}

#[tokio::test]
async fn ddl_on_a_child_is_blocked_in_every_disguise() {
    let world = World::shared().await;
    let (fleet, child) = child_with_everything(&world).await;
    let group_admin = child.with_token(&world.group_admin().await);
    let owner = world.token(&child, v1::Access::ReadWrite, &[]).await;
    let owner = child.with_token(&owner);
    let before = (fleet.agree().await, child.digest().await);
    for ddl in DDL {
        for db in [&child, &group_admin, &owner] {
            blocked(ddl, db.try_exec(*ddl).await);
        }
        blocked(ddl, child.try_exec(format!("SELECT 1; {ddl}; SELECT 2")).await);
        blocked(
            ddl,
            child.try_exec(format!("BEGIN; UPDATE item SET price = 2; {ddl}; COMMIT")).await,
        );
        blocked(ddl, child.try_exec(format!("SAVEPOINT s; {ddl}; RELEASE s")).await);
        blocked(ddl, child.try_exec(format!("EXPLAIN {ddl}")).await);
        blocked(ddl, child.try_exec(format!("EXPLAIN QUERY PLAN {ddl}")).await);
        blocked(ddl, child.try_exec(format!("/* {ddl} */ {ddl}")).await);
        blocked(ddl, child.describe(ddl).await);
        blocked(ddl, child.describe(&format!("EXPLAIN {ddl}")).await);
        blocked(ddl, child.streamed(*ddl, Encoding::Rows).await);
        blocked(ddl, child.streamed(format!("EXPLAIN QUERY PLAN {ddl}"), Encoding::Columns).await);
        let step = |text: &str| BatchStep { statement: Some(sql(text, vec![]).0), condition: None };
        for mode in [TransactionMode::Immediate, TransactionMode::Deferred] {
            let steps = vec![step("UPDATE item SET price = 2"), step(ddl)];
            blocked(ddl, child.batch(mode, steps).await);
            let mut tx = child.begin(mode).await;
            blocked(ddl, tx.fails(*ddl).await);
            blocked(ddl, tx.fails(format!("EXPLAIN {ddl}")).await);
            // The transaction goes on, and its writes are its own.
            assert_eq!(tx.text("SELECT count(*) FROM item").await, "2");
            tx.rollback().await;
        }
    }
    assert_eq!((fleet.agree().await, child.digest().await), before);
}

#[tokio::test]
async fn what_is_refused_to_all_is_refused_on_a_child() {
    let world = World::shared().await;
    let (fleet, child) = child_with_everything(&world).await;
    let before = (fleet.agree().await, child.digest().await);
    for (statement, expected) in [
        ("PRAGMA writable_schema = ON", &["OPERATION_BLOCKED"][..]),
        ("EXPLAIN PRAGMA writable_schema = ON", &["OPERATION_BLOCKED"]),
        ("EXPLAIN QUERY PLAN PRAGMA writable_schema = ON", &["OPERATION_BLOCKED"]),
        ("PRAGMA main.writable_schema = 1", &["OPERATION_BLOCKED"]),
        ("SELECT * FROM pragma_writable_schema", &["OPERATION_BLOCKED", "SQL_ERROR"]),
        ("UPDATE sqlite_schema SET sql = ''", &["OPERATION_BLOCKED", "SQL_ERROR"]),
        ("UPDATE sqlite_master SET rootpage = 9", &["OPERATION_BLOCKED", "SQL_ERROR"]),
        ("DELETE FROM main.sqlite_schema", &["OPERATION_BLOCKED", "SQL_ERROR"]),
        (
            "WITH x AS (SELECT 1) UPDATE sqlite_schema SET sql = ''",
            &["OPERATION_BLOCKED", "SQL_ERROR"],
        ),
        ("WITH x AS (SELECT 1) CREATE TABLE t (x)", &["SQL_ERROR", "OPERATION_BLOCKED"]),
        ("WITH x AS (ALTER TABLE item ADD COLUMN y) SELECT * FROM x", &["SQL_ERROR"]),
        ("INSERT INTO words_data VALUES (99, x'00')", &["SQL_ERROR", "OPERATION_BLOCKED"]),
        ("DELETE FROM words_config", &["SQL_ERROR", "OPERATION_BLOCKED"]),
        ("VACUUM", &["OPERATION_BLOCKED"]),
        ("EXPLAIN VACUUM", &["OPERATION_BLOCKED"]),
        ("VACUUM INTO 'x.db'", &["OPERATION_BLOCKED"]),
        ("CREATE VIRTUAL TABLE x USING dbstat", &["OPERATION_BLOCKED"]),
        ("CREATE VIRTUAL TABLE temp.x USING csv (data = '')", &["OPERATION_BLOCKED"]),
    ] {
        let status = child.try_exec(statement).await.expect_err(statement);
        assert!(expected.contains(&reason(&status).as_str()), "{statement}: {status:?}");
        // What a table-valued pragma asks for is known when it runs.
        if !statement.contains("VIRTUAL") && !statement.contains("pragma_") {
            child.describe(statement).await.expect_err(statement);
        }
        child.streamed(statement, Encoding::Rows).await.expect_err(statement);
    }
    // Its own name, attached to a sibling or to anything else, is only read.
    fleet.create_children(["sibling"]).await;
    let attached = fleet.child("sibling").attach("child", "c");
    for ddl in [
        "CREATE TABLE c.t (x)",
        "DROP TABLE c.item",
        "ALTER TABLE c.item ADD COLUMN x",
        "REINDEX c.item",
    ] {
        let status = attached.try_exec(ddl).await.expect_err(ddl);
        assert!(
            matches!(reason(&status).as_str(), "READ_ONLY" | "OPERATION_BLOCKED"),
            "{ddl}: {status:?}"
        );
        let by_sql = format!("ATTACH 'child' AS c; {ddl}");
        fleet.child("sibling").try_exec(by_sql).await.expect_err(ddl);
    }
    assert_eq!((fleet.agree().await, child.digest().await), before);
}

#[tokio::test]
async fn a_word_of_the_search_index_is_data_and_not_schema() {
    let world = World::shared().await;
    let (_, child) = child_with_everything(&world).await;
    child.exec("INSERT INTO words VALUES ('hello')").await;
    assert_eq!(child.text("SELECT word FROM words WHERE words MATCH 'hello'").await, "hello");
    child.exec("INSERT INTO words (words) VALUES ('optimize')").await;
    child.exec("DELETE FROM words").await;
}

#[tokio::test]
async fn temporary_objects_live_for_one_request_or_transaction() {
    let world = World::shared().await;
    let (fleet, child) = child_with_everything(&world).await;
    let before = child.digest().await;
    let make =
        "CREATE TEMP TABLE z (x); INSERT INTO z VALUES (1), (2); CREATE INDEX temp.zx ON z (x);
        CREATE TEMP VIEW zv AS SELECT sum(x) AS n FROM z;
        CREATE TEMP TRIGGER zt AFTER UPDATE ON item BEGIN INSERT INTO z VALUES (NEW.price); END;
        UPDATE item SET price = 10 WHERE id = 1";
    // In one request, and gone with it; on every way that reaches the writer.
    for _ in 0..3 {
        let text = format!("{make}; SELECT n FROM zv");
        assert_eq!(child.text(&text).await, "13");
        let gone = ["SELECT * FROM z", "SELECT * FROM temp.z", "SELECT * FROM zv", "DELETE FROM z"];
        for gone in gone {
            let status = child.try_exec(gone).await;
            expect_error(status, Code::InvalidArgument, "SQL_ERROR");
        }
        // The trigger is gone: nothing is added anywhere.
        child.exec("UPDATE item SET price = 1 WHERE id = 1").await;
        assert_eq!(child.text("SELECT count(*) FROM sqlite_temp_schema").await, "0");
    }
    for mode in [TransactionMode::Immediate, TransactionMode::Deferred] {
        let mut tx = child.begin(mode).await;
        tx.exec(make).await;
        assert_eq!(tx.text("SELECT n FROM zv").await, "13");
        blocked("main", tx.fails("CREATE TABLE main.z (x)").await);
        blocked("under cover", tx.fails("ALTER TABLE item RENAME TO z").await);
        tx.rollback().await;
        let mut tx = child.begin(mode).await;
        let status = tx.fails("SELECT * FROM z").await.expect_err("it is gone");
        assert_eq!(reason(&status), "SQL_ERROR");
        tx.exec("CREATE TEMP TABLE item (id, name, price)").await;
        tx.exec("INSERT INTO item VALUES (9, 'x', 9)").await;
        tx.commit().await.expect("it commits");
    }
    assert_eq!(child.digest().await, before, "the rows went to the one that was temporary");
    // They are in no migration's way, and a migration finds none.
    let mut tx = child.begin(TransactionMode::Immediate).await;
    tx.exec("CREATE TEMP TABLE words_of (x)").await;
    tx.commit().await.expect("it commits");
    fleet.migrate("CREATE TABLE words_of (x); ALTER TABLE item ADD COLUMN y").await;
    assert_eq!(fleet.agree().await.generation, 3);
}
