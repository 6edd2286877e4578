//! Transactions on a SCHEMA database: what they collect is one migration.

use super::*;

#[tokio::test]
async fn a_transaction_collects_and_commits_one_migration() {
    for mode in [TransactionMode::Immediate, TransactionMode::Deferred] {
        let world = World::shared().await;
        let fleet = fleet(&world).await;
        let parent = fleet.parent();
        // As a migration tool does: it looks, writes, looks again, and notes.
        let mut tx = parent.begin(mode).await;
        assert_eq!(
            tx.text("SELECT count(*) FROM sqlite_schema WHERE name = 'versions'").await,
            "0"
        );
        tx.exec("CREATE TABLE versions (version INTEGER PRIMARY KEY)").await;
        tx.exec("ALTER TABLE item ADD COLUMN code").await;
        tx.exec(sql("UPDATE item SET code = name || ?", cells!["'s"])).await;
        assert_eq!(tx.text("SELECT code FROM item ORDER BY id").await, "pen's\nink's");
        let again = tx.fails("ALTER TABLE item ADD COLUMN code").await;
        expect_error(again, Code::InvalidArgument, "SQL_ERROR");
        tx.exec(sql("INSERT INTO versions VALUES (?)", cells![1_i64])).await;
        // Nobody else sees any of it, and children go on.
        assert_eq!(fleet.try_look("a").await.expect("it answers").generation, 1);
        fleet.child("a").exec("UPDATE item SET price = 100").await;
        assert_eq!(parent.apart().text("PRAGMA user_version").await, "1");
        tx.commit().await.expect("it is applied");
        let look = fleet.agree().await;
        assert_eq!(look.generation, 2, "{mode:?}");
        for name in ["a", "b", "parent"] {
            let found = fleet.child(name).text("SELECT code FROM item ORDER BY id").await;
            assert_eq!(found, "pen's\nink's", "{mode:?}: {name}");
            assert_eq!(fleet.child(name).text("SELECT version FROM versions").await, "1");
        }
        assert_eq!(fleet.child("a").text("SELECT DISTINCT price FROM item").await, "100");
        assert_eq!(fleet.migrations().await.len(), 2);
    }
}

#[tokio::test]
async fn a_commit_that_takes_longer_than_a_transaction_may_is_not_told_as_undone() {
    let server = Server::with(&["--transaction-ms-max", "1500", "--drain-ms-max", "50"]);
    let world = World::on(&server).await;
    let fleet = fleet(&world).await;
    fleet.child("a").exec("INSERT INTO item VALUES (99, 'trap', 1)").await;
    let mut tx = fleet.parent().begin(TransactionMode::Immediate).await;
    // It never ends on that one child.
    tx.exec(
        "WITH RECURSIVE n (i) AS (SELECT 1 FROM item WHERE id = 99 UNION ALL SELECT i + 1 FROM n)
        INSERT INTO item (name) SELECT i FROM n WHERE i < 0",
    )
    .await;
    let late = expect_error(tx.commit().await, Code::DeadlineExceeded, "DEADLINE");
    assert_eq!(metadata(&late, "outcome"), "unknown");
    assert!(late.get_details_retry_info().is_none(), "it would be done twice: {late:?}");
    let going_on = fleet.migrations().await.remove(0);
    assert_eq!(going_on.state(), MigrationState::Preparing, "it goes on");
    fleet.cancel(&going_on.id).await.expect("it is cancelled");
}

#[tokio::test]
async fn a_transaction_without_commit_has_not_happened() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let before = fleet.agree().await;
    let mut tx = fleet.parent().begin(TransactionMode::Immediate).await;
    tx.exec("CREATE TABLE gone (x)").await;
    tx.rollback().await;
    let mut tx = fleet.parent().apart().begin(TransactionMode::Deferred).await;
    tx.exec("CREATE TABLE gone (x)").await;
    drop(tx);
    let mut tx = fleet.parent().begin(TransactionMode::Immediate).await;
    tx.exec("CREATE TABLE gone (x)").await;
    assert!(tx.close().await.is_ok_and(|answer| answer.is_none()));
    // One that only read is no migration, and one in READ_ONLY mode cannot write.
    let mut tx = fleet.parent().begin(TransactionMode::Immediate).await;
    assert_eq!(tx.text("SELECT count(*) FROM item").await, "2");
    tx.commit().await.expect("there is nothing to apply");
    let mut tx = fleet.parent().begin(TransactionMode::ReadOnly).await;
    let refused = tx.fails("CREATE TABLE gone (x)").await;
    assert!(refused.is_err_and(|status| reason(&status) == "READ_ONLY"));
    tx.rollback().await;
    assert_eq!(fleet.agree().await, before);
    assert_eq!(fleet.migrations().await.len(), 1);
}

#[tokio::test]
async fn of_two_transactions_one_is_told_to_run_again() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let mut first = fleet.parent().apart().begin(TransactionMode::Deferred).await;
    first.exec("SELECT count(*) FROM item").await;
    fleet.migrate("CREATE TABLE other (x)").await;
    // What it has seen is over: it cannot write on top of that.
    let told = match first.ask("CREATE TABLE mine (x)").await {
        Ok(Ok(_)) => first.commit().await.expect_err("another came first"),
        Ok(Err(status)) | Err(status) => status,
    };
    assert_eq!((told.code(), reason(&told).as_str()), (Code::Aborted, "BUSY"), "{told:?}");
    assert_eq!(fleet.agree().await.generation, 2);
    let mut again = fleet.parent().begin(TransactionMode::Deferred).await;
    again.exec("CREATE TABLE mine (x)").await;
    again.commit().await.expect("it is its turn now");
    assert_eq!(fleet.agree().await.generation, 3);
}

#[tokio::test]
async fn a_transaction_on_the_parent_is_in_no_decisions_way() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let mut held = fleet.child("a").apart().begin(TransactionMode::Immediate).await;
    held.exec("UPDATE item SET price = price").await;
    let running = fleet.try_start("CREATE UNIQUE INDEX i ON item (price)").await.expect("starts");
    // It begins while the other is prepared, and is open when that is decided.
    let mut late = fleet.parent().apart().begin(TransactionMode::Immediate).await;
    late.exec("INSERT INTO item (name) VALUES ('late')").await;
    held.rollback().await;
    fleet.watch_until(&running.id, is_committed).await.expect("it is watched");
    let began = Instant::now();
    for name in ["parent", "a", "b"] {
        let look = fleet.try_look(name).await.expect("it answers");
        assert_eq!(look.generation, 2, "{name}");
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "a request waits for the redo alone: {took:?}");
    let told = match late.ask("INSERT INTO item (name) VALUES ('later')").await {
        Ok(Ok(_)) => late.commit().await.expect_err("another came first"),
        Ok(Err(status)) | Err(status) => status,
    };
    assert_eq!((told.code(), reason(&told).as_str()), (Code::Aborted, "BUSY"), "{told:?}");
    assert_eq!(fleet.agree().await.generation, 2);
}
