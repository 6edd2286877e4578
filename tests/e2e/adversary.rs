//! What a hostile caller tries that plain SQLite would let pass: to take the
//! server's memory, and to leave something behind for the next request.

use futures_util::future::join_all;
use tonic::Code;

use crate::support::client::reason;
use crate::support::v1::{Encoding, TransactionMode};
use crate::support::{Server, World, bounded, cells, expect_error, sql, until};

/// That many of the largest values.
fn blobs(count: usize) -> String {
    vec!["randomblob(8000000)"; count].join(", ")
}

#[tokio::test]
async fn one_statement_cannot_take_the_memory_of_all() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    for hog in [
        format!("SELECT {}", blobs(200)),
        format!("SELECT length(max({}))", blobs(200)),
        format!("INSERT INTO t VALUES (1); INSERT INTO t SELECT max({})", blobs(200)),
    ] {
        let refused = db.try_exec(&*hog).await;
        expect_error(refused, Code::ResourceExhausted, "OVERLOADED");
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");

    for encoding in [Encoding::Rows, Encoding::Columns] {
        let row = format!("SELECT {}", blobs(2));
        assert_eq!(db.streamed(&*row, encoding).await.expect("two fit").len(), 1);
        let wide = db.streamed(&*format!("SELECT {}", blobs(3)), encoding).await;
        expect_error(wide, Code::ResourceExhausted, "RESULT_TOO_LARGE");
        let zeros = format!("SELECT {}", vec!["zeroblob(8000000)"; 2_000].join(", "));
        let refused = db.streamed(&*zeros, encoding).await;
        assert_eq!(refused.expect_err("does not fit").code(), Code::ResourceExhausted);
    }
}

#[tokio::test]
async fn no_pragma_reaches_the_next_request() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent)",
    )
    .await;
    let passing = "INSERT INTO child VALUES (404); DELETE FROM child";
    for leave in ["PRAGMA defer_foreign_keys = ON", "EXPLAIN PRAGMA defer_foreign_keys = ON"] {
        db.exec(leave).await;
        db.describe(leave).await.expect("is described");
        expect_error(db.try_exec(passing).await, Code::FailedPrecondition, "CONSTRAINT");
        let mut tx = db.begin(TransactionMode::Deferred).await;
        let refused = tx.fails(passing).await;
        expect_error(refused, Code::FailedPrecondition, "CONSTRAINT");
        tx.rollback().await;
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_right_to_what_it_has_attached() {
    let world = World::shared().await;
    let (main, beside) = (world.database("main").await, world.attachable("beside").await);
    beside.exec("CREATE TABLE b (x); INSERT INTO b VALUES (1)").await;
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT i, x FROM n, c.b";
    let mut stream =
        main.attach("beside", "c").stream(numbers, Encoding::Columns).await.expect("it opens");
    stream.chunk().await.expect("it streams");
    world.configure(&beside, "allow_attach", |database| database.allow_attach = false).await;
    expect_error(stream.all().await, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
}

#[tokio::test]
async fn a_slow_reader_does_not_keep_the_writer_for_ever() {
    let server =
        Server::with(&["--transaction-ms-max", "3000", "--transaction-idle-ms-max", "2500"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let insert = "INSERT INTO t WITH RECURSIVE n(i) AS
        (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT hex(zeroblob(50)) FROM n
        RETURNING x";
    let mut stream = db.stream(insert, Encoding::Rows).await.expect("it opens");
    // It reads just fast enough not to be idle.
    let ended = loop {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        match stream.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the writer was held until the end"),
            Err(status) => break status,
        }
    };
    expect_error::<()>(Err(ended), Code::Aborted, "TRANSACTION_TIMEOUT");
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
}

/// What upsets a writer: each leaves it in another state.
const UPSETS: [&str; 12] = [
    "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT -1 FROM n",
    "CREATE TEMP TABLE u (x); INSERT INTO u VALUES (1); INSERT INTO t SELECT -x FROM u; SELECT * FROM v",
    "BEGIN; INSERT INTO t VALUES (-1)",
    "BEGIN; INSERT INTO t VALUES (-1); ROLLBACK; SAVEPOINT a; INSERT INTO t VALUES (-1)",
    "SELECT 1; ATTACH beside AS b; INSERT INTO t SELECT -x FROM b.b; INSERT INTO b.b VALUES (1)",
    "INSERT OR ROLLBACK INTO once VALUES (1)",
    "INSERT INTO child VALUES (404)",
    "PRAGMA defer_foreign_keys = ON; INSERT INTO t VALUES (-1); SELECT * FROM v",
    "ALTER TABLE once ADD COLUMN y; INSERT INTO t VALUES (-1); SELECT * FROM v",
    "INSERT INTO t SELECT -length(max(randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000), randomblob(8000000)))",
    "DELETE FROM t; INSERT INTO t VALUES (-1); INSERT INTO once VALUES (1)",
    "EXPLAIN DROP TABLE t; INSERT INTO t VALUES (-1) RETURNING abs(-9223372036854775808)",
];

#[tokio::test]
async fn nothing_upsets_the_writer_of_others() {
    let world = World::shared().await;
    let (db, beside) = (world.database("alice").await, world.attachable("beside").await);
    beside.exec("CREATE TABLE b (x); INSERT INTO b VALUES (1)").await;
    db.exec(
        "CREATE TABLE t (x); CREATE TABLE once (x UNIQUE); INSERT INTO once VALUES (1);
         CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (p REFERENCES parent DEFERRABLE INITIALLY DEFERRED);",
    )
    .await;
    let upsetting = (0..UPSETS.len() * 2).map(|index| {
        let db = db.apart();
        tokio::spawn(async move {
            for round in 0..6 {
                let upset = UPSETS[(index + round) % UPSETS.len()];
                let patience = std::time::Duration::from_millis(20 + 30 * round as u64);
                // Some give up, and some hear what went wrong.
                if let Ok(answer) = tokio::time::timeout(patience, db.try_exec(upset)).await {
                    answer.expect_err(upset);
                }
                let mut tx = db.begin(TransactionMode::Deferred).await;
                let _ = tokio::time::timeout(patience, tx.ask("INSERT INTO t VALUES (-1)")).await;
            }
        })
    });
    let writing = (0..8_i64).map(|writer| {
        let db = db.apart();
        tokio::spawn(async move {
            for number in 0..25_i64 {
                let x = writer * 100 + number;
                let insert = format!("INSERT INTO t VALUES ({x}) RETURNING x");
                assert_eq!(db.text(insert).await, x.to_string());
            }
        })
    });
    for task in bounded("everybody", join_all(upsetting.chain(writing))).await {
        task.expect("each gets its own answer");
    }
    let left = db.text("SELECT count(*), count(DISTINCT x), min(x) FROM t").await;
    assert_eq!(left, "200|200|0", "what was acknowledged is there, and nothing else");
    assert_eq!(db.text("SELECT count(*) FROM once; PRAGMA integrity_check").await, "ok");
}

#[tokio::test]
async fn a_text_that_defers_its_foreign_keys_is_still_one_transaction() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent)",
    )
    .await;
    let defer = "PRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (7);";
    db.exec(format!("{defer} INSERT INTO parent VALUES (7)")).await;
    for (rest, expected) in [
        ("INSERT INTO parent VALUES (8); INSERT INTO child VALUES (9)", "CONSTRAINT"),
        ("INSERT INTO parent VALUES (8); SELECT * FROM nowhere", "SQL_ERROR"),
    ] {
        let status = db.try_exec(format!("{defer} {rest}")).await.expect_err(rest);
        assert_eq!(reason(&status), expected, "{status:?}");
    }
    assert_eq!(db.text("SELECT count(*), max(id) FROM parent, child").await, "1|7");
}

#[tokio::test]
async fn waiting_writes_take_no_more_memory_than_they_may() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    // Nobody else writes while this is open.
    let tx = db.begin(TransactionMode::Immediate).await;
    let large = || sql("INSERT INTO t VALUES (?)", cells![vec![0_u8; 7_000_000]]);
    let writes: Vec<_> = (0..14)
        .map(|_| {
            let (db, large) = (db.clone(), large());
            tokio::spawn(async move { db.try_exec(large).await.map(|_| ()) })
        })
        .collect();
    until("a write is refused", async || {
        writes.iter().any(tokio::task::JoinHandle::is_finished).then_some(())
    })
    .await;

    tx.rollback().await;
    let mut written = 0;
    for write in writes {
        match write.await.expect("it is answered") {
            Ok(()) => written += 1,
            refused => drop(expect_error(refused, Code::ResourceExhausted, "OVERLOADED")),
        }
    }
    assert!((9..14).contains(&written), "{written} of 14 were let in");
    assert_eq!(db.text("SELECT count(*) FROM t").await, written.to_string());
}
