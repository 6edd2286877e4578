//! `Transact`: an interactive transaction lives and dies with its stream.

use std::time::{Duration, Instant};

use tenantry_client::v1::transact_request::Request;
use tenantry_client::v1::transact_response::Response;
use tenantry_client::v1::{
    Access, TransactBegin, TransactCommit, TransactExecute, TransactionMode,
};

use crate::support::client::{metadata, reason};
use crate::support::{
    Client, Code, Db, Server, Tx, World, bounded, cells, expect_error, sql, until,
};

async fn counting(world: &World) -> Db {
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x UNIQUE)").await;
    db
}

async fn count(db: &Db) -> String {
    db.text("SELECT count(*) FROM t").await
}

#[tokio::test]
async fn a_transaction_is_seen_by_others_when_it_commits() {
    let world = World::shared().await;
    let db = counting(&world).await;
    for mode in
        [TransactionMode::Unspecified, TransactionMode::Deferred, TransactionMode::Immediate]
    {
        db.exec("DELETE FROM t").await;
        let mut tx = db.begin(mode).await;
        tx.exec(sql("INSERT INTO t VALUES (?)", cells![1])).await;
        let results = tx.exec("INSERT INTO t VALUES (2), (3); SELECT count(*) FROM t").await;
        assert_eq!((results.len(), results[0].affected_row_count), (2, 2));
        assert_eq!(tx.text("SELECT count(*) FROM t").await, "3");
        assert_eq!(count(&db).await, "0", "{mode:?}: nobody else sees it yet");
        tx.commit().await.expect("it commits");
        assert_eq!(count(&db).await, "3", "{mode:?}");
    }
}

#[tokio::test]
async fn a_rollback_leaves_nothing() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Deferred).await;
    tx.exec("CREATE TABLE u (y); INSERT INTO t VALUES (1)").await;
    tx.rollback().await;
    assert_eq!(db.digest().await, "t|CREATE TABLE t (x UNIQUE)\nt:\n");
}

#[tokio::test]
async fn a_failing_statement_is_undone_alone_and_the_transaction_goes_on() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    let failed = tx.fails("INSERT INTO t VALUES (2), (1)").await;
    expect_error(failed, Code::FailedPrecondition, "CONSTRAINT");
    let status = expect_error(tx.fails("SELECT nobody").await, Code::InvalidArgument, "SQL_ERROR");
    assert_eq!(metadata(&status, "offset"), "7");
    let misfit = tx.fails(sql("SELECT ?", cells![1, 2])).await;
    expect_error(misfit, Code::InvalidArgument, "ARGUMENT_MISMATCH");
    // Of several statements those before the failing one stay.
    let failed = tx
        .fails("INSERT INTO t VALUES (3); INSERT INTO t VALUES (1); INSERT INTO t VALUES (4)")
        .await;
    let status = expect_error(failed, Code::FailedPrecondition, "CONSTRAINT");
    assert_eq!(metadata(&status, "statement_index"), "1");
    let large = tx.fails("SELECT hex(zeroblob(4000000))").await;
    expect_error(large, Code::ResourceExhausted, "RESULT_TOO_LARGE");
    assert_eq!(tx.text("SELECT group_concat(x) FROM (SELECT x FROM t ORDER BY x)").await, "1,3");
    tx.commit().await.expect("it commits");
    assert_eq!(count(&db).await, "2");
}

#[tokio::test]
async fn a_cut_stream_rolls_back_and_frees_the_writer() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.apart().begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    drop(tx);
    db.exec("INSERT INTO t VALUES (2)").await;
    assert_eq!(db.text("SELECT x FROM t").await, "2");

    // The same by the half of it that the client sends.
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (3)").await;
    let end = tx.close().await;
    assert!(!matches!(end, Ok(Some(_))), "nothing is answered that was not asked: {end:?}");
    db.exec("INSERT INTO t VALUES (4)").await;
    assert_eq!(db.text("SELECT x FROM t ORDER BY x").await, "2\n4");
}

#[tokio::test]
async fn a_stream_cut_inside_a_statement_interrupts_it() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let tx = db.apart().begin(TransactionMode::Immediate).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                   INSERT INTO t SELECT i FROM n";
    let statement = Some(sql(endless, vec![]).0);
    tx.send(Request::Execute(TransactExecute { statement })).await;
    drop(tx);
    db.exec("INSERT INTO t VALUES (-1)").await;
    assert_eq!(count(&db).await, "1");
}

#[tokio::test]
async fn savepoints_nest() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Deferred).await;
    tx.exec("INSERT INTO t VALUES (1); SAVEPOINT a").await;
    tx.exec("INSERT INTO t VALUES (2); SAVEPOINT b").await;
    tx.exec("INSERT INTO t VALUES (3)").await;
    tx.exec("ROLLBACK TO b").await;
    tx.exec("RELEASE a; SAVEPOINT c; INSERT INTO t VALUES (4)").await;
    tx.exec("ROLLBACK TO SAVEPOINT c; RELEASE c").await;
    assert_eq!(tx.text("SELECT group_concat(x) FROM t").await, "1,2");
    tx.commit().await.expect("it commits");
    assert_eq!(count(&db).await, "2");
    // The names are the user's alone: ours are not to be reached.
    let mut tx = db.begin(TransactionMode::Deferred).await;
    tx.exec("INSERT INTO t VALUES (9)").await;
    expect_error(tx.fails("RELEASE nothing").await, Code::InvalidArgument, "SQL_ERROR");
    tx.commit().await.expect("it commits");
    assert_eq!(count(&db).await, "3");
}

#[tokio::test]
async fn an_open_savepoint_is_committed_with_the_rest() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Deferred).await;
    tx.exec("SAVEPOINT a; INSERT INTO t VALUES (1)").await;
    tx.commit().await.expect("it commits");
    assert_eq!(count(&db).await, "1");
}

#[tokio::test]
async fn the_transaction_is_begun_and_ended_by_the_stream_alone() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    for control in ["BEGIN", "COMMIT", "END TRANSACTION", "ROLLBACK", "BEGIN IMMEDIATE"] {
        expect_error(tx.fails(control).await, Code::FailedPrecondition, "TRANSACTION_STATE");
    }
    assert_eq!(count(&db).await, "0");
    // A statement that ends the transaction all the same ends the stream or
    // nothing, and half of it is never committed.
    match tx.ask("INSERT OR ROLLBACK INTO t VALUES (1)").await {
        Ok(answer) => {
            expect_error(answer, Code::FailedPrecondition, "CONSTRAINT");
            match tx.commit().await {
                Ok(()) => assert_eq!(count(&db).await, "1"),
                Err(_) => assert_eq!(count(&db).await, "0"),
            }
        }
        Err(status) => {
            assert_eq!(reason(&status), "CONSTRAINT");
            assert_eq!(count(&db).await, "0");
        }
    }
}

#[tokio::test]
async fn a_deferred_foreign_key_fails_the_commit() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO child VALUES (1)").await;
    expect_error(tx.commit().await, Code::FailedPrecondition, "CONSTRAINT");
    assert_eq!(db.text("SELECT count(*) FROM child").await, "0");
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1)").await;
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn messages_out_of_order_end_the_stream() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let execute = || {
        let statement = Some(sql("INSERT INTO t VALUES (1)", vec![]).0);
        Request::Execute(TransactExecute { statement })
    };
    let begin =
        || Request::Begin(TransactBegin { database: db.reference().into(), ..Default::default() });
    for first in [execute(), Request::Commit(TransactCommit {})] {
        let early = match Tx::open(db.client(), first).await {
            Ok(mut tx) => tx.ended().await,
            Err(status) => status,
        };
        expect_error::<()>(Err(early), Code::FailedPrecondition, "TRANSACTION_STATE");
    }
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    tx.send(begin()).await;
    let status = tx.ended().await;
    expect_error::<()>(Err(status), Code::FailedPrecondition, "TRANSACTION_STATE");
    assert_eq!(count(&db).await, "0", "it was rolled back");
}

#[tokio::test]
async fn a_read_only_transaction_reads_one_snapshot() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::ReadOnly).await;
    assert_eq!(tx.text("SELECT count(*) FROM t").await, "0");
    db.exec("INSERT INTO t VALUES (1)").await;
    assert_eq!(tx.text("SELECT count(*) FROM t").await, "0");
    for write in ["INSERT INTO t VALUES (2)", "CREATE TABLE u (y)"] {
        expect_error(tx.fails(write).await, Code::PermissionDenied, "READ_ONLY");
    }
    tx.commit().await.expect("it ends");
    assert_eq!(count(&db).await, "1");
}

#[tokio::test]
async fn a_deferred_transaction_that_comes_too_late_to_write_is_told() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Deferred).await;
    assert_eq!(tx.text("SELECT count(*) FROM t").await, "0");
    db.exec("INSERT INTO t VALUES (1)").await;
    let status = match tx.ask("INSERT INTO t VALUES (2)").await {
        Ok(answer) => answer.map(|_| ()).expect_err("others have written past it"),
        Err(status) => status,
    };
    expect_error::<()>(Err(status), Code::Aborted, "BUSY");
    drop(tx);
    assert_eq!(count(&db).await, "1");
}

#[tokio::test]
async fn a_deferred_transaction_waits_for_its_turn_to_write() {
    let world = World::shared().await;
    let db = counting(&world).await;
    for committed in [false, true] {
        let mut first = db.begin(TransactionMode::Immediate).await;
        first.exec("INSERT INTO t VALUES (1)").await;
        let mut second = db.begin(TransactionMode::Deferred).await;
        assert_eq!(second.text("SELECT count(*) FROM t").await, "0");
        let statement = Some(sql("INSERT INTO t VALUES (2)", vec![]).0);
        second.send(Request::Execute(TransactExecute { statement })).await;
        match committed {
            true => first.commit().await.expect("it commits"),
            false => first.rollback().await,
        }
        let answer = second.answer().await;
        if committed {
            // In-band, or as the end of the stream.
            let busy = match answer {
                Ok(Some(Response::Error(error))) => tenantry_client::errors::from_in_band(&error),
                Ok(other) => panic!("others have written past it, and {other:?}"),
                Err(status) => status,
            };
            expect_error::<()>(Err(busy), Code::Aborted, "BUSY");
            drop(second);
            assert_eq!(db.text("SELECT x FROM t").await, "1");
        } else {
            assert!(matches!(answer, Ok(Some(Response::Result(_)))), "{answer:?}");
            second.commit().await.expect("it commits");
            assert_eq!(db.text("DELETE FROM t RETURNING x").await, "2");
        }
    }
}

#[tokio::test]
async fn writers_of_one_database_take_turns() {
    let world = World::shared().await;
    let db = counting(&world).await;
    db.exec("INSERT INTO t VALUES (0)").await;
    // Each reads, thinks and writes; none fails and no update is lost.
    let writers = (0..20).map(|_| {
        let db = db.apart();
        tokio::spawn(async move {
            let mut tx = db.begin(TransactionMode::Immediate).await;
            let x: i64 = tx.text("SELECT x FROM t").await.parse().expect("a number");
            tokio::task::yield_now().await;
            tx.exec(sql("UPDATE t SET x = ?", cells![x + 1])).await;
            tx.commit().await.expect("it commits");
        })
    });
    for writer in bounded("all writers", futures_util::future::join_all(writers)).await {
        writer.expect("none fails");
    }
    assert_eq!(db.text("SELECT x FROM t").await, "20");
}

#[tokio::test]
async fn readers_do_not_wait_for_an_open_writer_and_writers_of_others_neither() {
    let world = World::shared().await;
    let db = counting(&world).await;
    let other = world.database("bob").await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    assert_eq!(count(&db).await, "0");
    other.exec("CREATE TABLE t (x)").await;
    // A writer of the same database waits, at most for its own deadline.
    let mut request = tonic::Request::new(db.request("INSERT INTO t VALUES (2)"));
    request.set_timeout(Duration::from_millis(300));
    let late = db.client().query().execute(request).await;
    let status = late.expect_err("the writer is taken");
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    tx.commit().await.expect("it commits");
    assert_eq!(db.text("SELECT x FROM t").await, "1");
    db.exec("INSERT INTO t VALUES (3)").await;
}

#[tokio::test]
async fn an_idle_transaction_is_rolled_back_in_time() {
    let server = Server::with(&["--transaction-idle-ms-max", "300"]);
    let world = World::on(&server).await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    let start = Instant::now();
    let status = tx.ended().await;
    let status = expect_error::<()>(Err(status), Code::Aborted, "TRANSACTION_TIMEOUT");
    assert_eq!(metadata(&status, "limit_ms"), "300");
    assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
    db.exec("INSERT INTO t VALUES (2)").await;
    assert_eq!(db.text("SELECT x FROM t").await, "2");
}

#[tokio::test]
async fn a_transaction_does_not_stay_open_for_ever() {
    let server = Server::with(&["--transaction-ms-max", "700", "--transaction-idle-ms-max", "600"]);
    let world = World::on(&server).await;
    let db = counting(&world).await;
    let mut tx = db.begin(TransactionMode::Immediate).await;
    // Never idle, and still over at its time.
    let status = until("it is over", async || tx.ask("SELECT 1").await.err()).await;
    let status = expect_error::<()>(Err(status), Code::Aborted, "TRANSACTION_TIMEOUT");
    assert_eq!(metadata(&status, "limit_ms"), "700");
    db.exec("INSERT INTO t VALUES (2)").await;
}

#[tokio::test]
async fn a_transaction_needs_a_right_on_its_database() {
    let world = World::shared().await;
    let (db, other) = (counting(&world).await, world.database("bob").await);
    let reader = db.with_token(&world.token(&db, Access::ReadOnly, &[]).await);
    let mut tx = reader.begin(TransactionMode::ReadOnly).await;
    assert_eq!(tx.text("SELECT count(*) FROM t").await, "0");
    let status = tx.fails("INSERT INTO t VALUES (1)").await.expect_err("it reads only");
    assert_eq!(status.code(), Code::PermissionDenied);
    let foreign = Db::new(reader.client().clone(), other.reference().into(), String::new());
    let refused = foreign.try_begin(TransactionMode::Deferred).await.map(|_| ());
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
    let nobody =
        Db::new(Client::anonymous(world.admin.address()), db.reference().into(), String::new());
    let refused = nobody.try_begin(TransactionMode::Deferred).await.map(|_| ());
    expect_error(refused, Code::Unauthenticated, "TOKEN_MISSING");
}
