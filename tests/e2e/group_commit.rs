//! Writers of one database share commits, and nothing else: not a failure, not
//! a count, not a rowid.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tenantry_client::v1::TransactionMode;
use tonic_types::StatusExt as _;

use crate::support::cells::cells_of;
use crate::support::client::reason;
use crate::support::{Code, Db, Server, World, bounded, cells, expect_error, sql, text, until};

/// How many write at once, and how often each.
const WRITERS: i64 = 16;
const WRITES: i64 = 25;

/// What ends a whole transaction in plain SQLite, and so must not reach a
/// neighbour.
const POISON: [(&str, &str); 5] = [
    ("INSERT OR ROLLBACK INTO unique_words VALUES ('taken')", "CONSTRAINT"),
    ("INSERT INTO trap VALUES (1)", "CONSTRAINT"),
    ("INSERT INTO child VALUES (404)", "CONSTRAINT"),
    ("INSERT INTO acked VALUES (-1, -1); INSERT INTO unique_words VALUES ('taken')", "CONSTRAINT"),
    ("INSERT INTO acked VALUES (-2, -2); SELECT abs(-9223372036854775808)", "SQL_ERROR"),
];

async fn prepared(world: &World) -> Db {
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE acked (writer INTEGER, number INTEGER);
         CREATE TABLE unique_words (word UNIQUE);
         INSERT INTO unique_words VALUES ('taken');
         CREATE TABLE trap (x);
         CREATE TRIGGER sprung BEFORE INSERT ON trap BEGIN SELECT RAISE(ROLLBACK, 'sprung'); END;
         CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED);",
    )
    .await;
    db
}

#[tokio::test]
async fn a_neighbour_that_fails_does_no_harm() {
    let world = World::shared().await;
    let db = prepared(&world).await;
    let good = (0..WRITERS).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            for number in 0..WRITES {
                let insert = "INSERT INTO acked VALUES (?, ?) RETURNING writer, number";
                let answer = db.text(sql(insert, cells![writer, number])).await;
                assert_eq!(answer, format!("{writer}|{number}"));
            }
        })
    });
    let bad = (0..WRITERS as usize).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            for number in 0..WRITES as usize {
                let (poison, expected) = POISON[(writer + number) % POISON.len()];
                let status = db.try_exec(poison).await.expect_err(poison);
                assert_eq!(reason(&status), expected, "{poison}: {status:?}");
            }
        })
    });
    for writer in bounded("all writers", join_all(good.chain(bad))).await {
        writer.expect("each gets its own answer");
    }
    let expected = format!("{}|{WRITERS}|{WRITES}", WRITERS * WRITES);
    let found =
        db.text("SELECT count(*), count(DISTINCT writer), count(DISTINCT number) FROM acked").await;
    assert_eq!(found, expected, "what was acknowledged is there, once, and nothing else");
    assert_eq!(db.text("SELECT count(*) FROM unique_words").await, "1");
    assert_eq!(db.text("SELECT count(*) FROM child").await, "0");
    assert_eq!(db.text("PRAGMA integrity_check").await, "ok");
}

#[tokio::test]
async fn counts_and_rowids_tell_of_ones_own_work() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, writer, number)").await;
    let writers = (0..WRITERS).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            let mut ids = BTreeSet::new();
            for number in 0..WRITES {
                let rows = 1 + (writer + number) % 5;
                let values = vec!["(?1, ?2)"; rows as usize].join(", ");
                let insert = format!("INSERT INTO t (writer, number) VALUES {values}");
                let result = db.exec(sql(insert, cells![writer, number])).await.remove(0);
                assert_eq!(result.affected_row_count, rows as u64);
                ids.insert(result.last_insert_rowid);
                let check = "SELECT writer, number FROM t WHERE id = ?";
                let own = db.text(sql(check, cells![result.last_insert_rowid])).await;
                assert_eq!(own, format!("{writer}|{number}"), "the rowid is one's own");

                let script = "UPDATE t SET number = number WHERE writer = -1;
                              SELECT changes(), total_changes(), last_insert_rowid()";
                let results = db.exec(script).await;
                assert_eq!(results[0].affected_row_count, 0);
                assert_eq!(text(&cells_of(results[1].rows.clone())), "0|0|0");
            }
            ids
        })
    });
    let mut ids = BTreeSet::new();
    for writer in bounded("all writers", join_all(writers)).await {
        ids.extend(writer.expect("each gets its own answer"));
    }
    assert_eq!(ids.len() as i64, WRITERS * WRITES);
}

#[tokio::test]
async fn a_writer_that_gives_up_takes_nobody_along() {
    let world = World::shared().await;
    let db = prepared(&world).await;
    let slow = "INSERT INTO acked WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n";
    let quitters: Vec<_> = (0..5)
        .map(|_| {
            let db = db.apart();
            tokio::spawn(async move {
                let patience = std::time::Duration::from_millis(100);
                let _ = tokio::time::timeout(patience, db.try_exec(slow)).await;
            })
        })
        .collect();
    let writers = (0..WRITERS).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            db.exec(sql("INSERT INTO acked VALUES (?, 0)", cells![writer])).await
        })
    });
    for writer in bounded("all writers", join_all(writers)).await {
        writer.expect("it is written");
    }
    bounded("the quitters", join_all(quitters)).await;
    assert_eq!(db.text("SELECT count(*), max(number) FROM acked").await, format!("{WRITERS}|0"));
}

#[tokio::test]
async fn past_a_full_queue_writers_are_told_to_come_again() {
    let server = Server::with(&["--write-queue-max", "3"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let tx = db.begin(TransactionMode::Immediate).await;
    let writers: Vec<_> = (0..12_i64)
        .map(|writer| {
            let db = db.apart();
            tokio::spawn(async move {
                db.try_exec(sql("INSERT INTO t VALUES (?)", cells![writer])).await
            })
        })
        .collect();
    // None but the ones in the queue waits for the transaction.
    until("the rest is turned away", async || {
        (writers.iter().filter(|writer| writer.is_finished()).count() >= 8).then_some(())
    })
    .await;
    tx.commit().await.expect("it commits");
    let mut written = 0;
    for answer in bounded("all writers", join_all(writers)).await {
        match answer.expect("it is answered") {
            Ok(_) => written += 1,
            Err(status) => {
                let status = expect_error::<()>(Err(status), Code::ResourceExhausted, "OVERLOADED");
                assert!(status.get_details_retry_info().is_some(), "it may come again: {status:?}");
            }
        }
    }
    assert!((1..=4).contains(&written), "{written} were in the queue");
    assert_eq!(db.text("SELECT count(*) FROM t").await, written.to_string());
}

#[tokio::test]
async fn schema_changes_among_writers_are_theirs_alone() {
    let world = World::shared().await;
    let db = prepared(&world).await;
    let ddl = (0..WRITERS).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            db.exec(format!("CREATE TABLE t{writer} (x); INSERT INTO t{writer} VALUES ({writer})"))
                .await;
            let again = db.try_exec(format!("CREATE TABLE t{writer} (x)")).await;
            assert_eq!(reason(&again.expect_err("it is there")), "SQL_ERROR");
            db.exec(format!("ALTER TABLE t{writer} ADD COLUMN y DEFAULT 'y'")).await;
            db.text(format!("SELECT x, y FROM t{writer}")).await
        })
    });
    let dml = (0..WRITERS).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            db.text(sql("INSERT INTO acked VALUES (?, 1) RETURNING writer || '|y'", cells![writer]))
                .await
        })
    });
    for (index, writer) in bounded("all", join_all(ddl.chain(dml))).await.into_iter().enumerate() {
        let expected = format!("{}|y", index as i64 % WRITERS);
        assert_eq!(writer.expect("each gets its own answer"), expected);
    }
}
