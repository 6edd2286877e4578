//! What a hostile caller tries that plain SQLite would let pass: to take the
//! server's memory, and to leave something behind for the next request.

use tonic::Code;

use crate::support::v1::Encoding;
use crate::support::{World, expect_error};

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
        let mut tx = db.begin(crate::support::v1::TransactionMode::Deferred).await;
        let refused = tx.fails(passing).await;
        expect_error(refused, Code::FailedPrecondition, "CONSTRAINT");
        tx.rollback().await;
    }
}
