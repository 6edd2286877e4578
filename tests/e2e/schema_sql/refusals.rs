//! What is refused or fails, and what the caller is told of it.

use super::*;

#[tokio::test]
async fn what_no_migration_may_hold_is_refused() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let before = (fleet.agree().await, fleet.migrations().await.len());
    for (statement, reasons) in [
        ("INSERT INTO item (price) VALUES (random())", &["MIGRATION_NOT_ALLOWED"][..]),
        ("CREATE TEMP TABLE z (x)", &["MIGRATION_NOT_ALLOWED"]),
        (
            "CREATE TEMP TABLE z (x); INSERT INTO item (name) VALUES ('z')",
            &["MIGRATION_NOT_ALLOWED"],
        ),
        ("INSERT INTO item (name) VALUES ('x'); SELEC 1", &["SQL_ERROR"]),
        ("INSERT INTO nowhere VALUES (1)", &["SQL_ERROR"]),
        ("INSERT INTO item (name) VALUES ('pen')", &["CONSTRAINT", "MIGRATION_FAILED"]),
        ("BEGIN; DELETE FROM item; COMMIT", &["MIGRATION_NOT_ALLOWED", "TRANSACTION_STATE"]),
        (
            "SAVEPOINT s; DELETE FROM item; RELEASE s",
            &["MIGRATION_NOT_ALLOWED", "TRANSACTION_STATE"],
        ),
        ("DELETE FROM item; ROLLBACK", &["MIGRATION_NOT_ALLOWED", "TRANSACTION_STATE"]),
        ("PRAGMA user_version = 9", &["MIGRATION_NOT_ALLOWED", "OPERATION_BLOCKED"]),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM item",
            &["MIGRATION_NOT_ALLOWED", "OPERATION_BLOCKED"],
        ),
        ("VACUUM", &["OPERATION_BLOCKED", "MIGRATION_NOT_ALLOWED"]),
        ("INSERT OR ROLLBACK INTO item (name) VALUES ('pen')", &["CONSTRAINT", "MIGRATION_FAILED"]),
    ] {
        let status = fleet.parent().try_exec(statement).await.expect_err(statement);
        assert!(reasons.contains(&reason(&status).as_str()), "{statement}: {status:?}");
        let mut tx = fleet.parent().begin(TransactionMode::Immediate).await;
        let status = match tx.ask(statement).await {
            Ok(Ok(_)) => tx.commit().await.expect_err(statement),
            Ok(Err(status)) => {
                tx.rollback().await;
                status
            }
            Err(status) => status,
        };
        assert!(reasons.contains(&reason(&status).as_str()), "Transact: {statement}: {status:?}");
    }
    let recorded = fleet.migrations().await;
    let failed = recorded.iter().filter(|migration| migration.state() == MigrationState::Failed);
    assert_eq!((fleet.agree().await, recorded.len() - failed.count()), before);
}

#[tokio::test]
async fn a_child_that_it_fails_on_is_named() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    fleet.child("a").exec("INSERT INTO item (name) VALUES ('cup')").await;
    let before = fleet.agree().await;
    let insert = "INSERT INTO item (name) VALUES ('can'); INSERT INTO item (name) VALUES ('cup')";
    let told = [
        fleet.parent().try_exec(insert).await.map(|_| ()),
        batch(
            &fleet.parent(),
            vec![step("SELECT 1"), step("INSERT INTO item (name) VALUES ('cup')")],
        )
        .await
        .map(|_| ()),
        {
            let mut tx = fleet.parent().begin(TransactionMode::Immediate).await;
            tx.exec("INSERT INTO item (name) VALUES ('cup')").await;
            tx.commit().await
        },
    ];
    for told in told {
        let status = expect_error(told, Code::FailedPrecondition, "MIGRATION_FAILED");
        assert_eq!(metadata(&status, "database"), world.reference("a"));
        assert!(status.message().contains("UNIQUE constraint failed: item.name"), "{status:?}");
        let id = metadata(&status, "migration");
        let migration = fleet.migration(&id).await.expect("it is recorded");
        assert_eq!(migration.state(), MigrationState::Failed);
    }
    assert_eq!(fleet.agree().await, before);
    assert_eq!(fleet.parent().text("SELECT name FROM item ORDER BY id").await, "pen\nink");
}

#[tokio::test]
async fn it_needs_the_right_to_migrate() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let on = |access: Access, ddl: bool| CreateTokenRequest {
        databases: vec![fleet.reference()],
        access: access.into(),
        ddl,
        ..Default::default()
    };
    for (request, may) in [
        (on(Access::ReadOnly, false), false),
        (on(Access::ReadWrite, false), false),
        (on(Access::ReadWrite, true), true),
    ] {
        let parent = fleet.parent().with_token(&world.mint(request).await.token);
        assert_eq!(parent.text("SELECT count(*) FROM item").await, "2");
        for write in ["UPDATE item SET price = 0", "CREATE TABLE IF NOT EXISTS t (x)"] {
            let mut told = vec![
                parent.try_exec(write).await.map(|_| ()),
                batch(&parent, vec![step(write)]).await.map(|_| ()),
            ];
            let mut tx = parent.begin(TransactionMode::Deferred).await;
            told.push(match tx.ask(write).await {
                Ok(Ok(_)) => tx.commit().await,
                Ok(Err(status)) | Err(status) => Err(status),
            });
            for told in told {
                match told {
                    Ok(()) => assert!(may, "{write}"),
                    Err(status) => {
                        assert!(!may, "{write}: {status:?}");
                        assert_eq!(status.code(), Code::PermissionDenied, "{write}: {status:?}");
                    }
                }
            }
        }
    }
    let migrated = fleet.agree().await.generation;
    assert!(migrated > 1);
}

#[tokio::test]
async fn a_parent_whose_owner_blocks_writes_is_not_written() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    world.configure(&fleet.parent(), "block_writes", |database| database.block_writes = true).await;
    let refused = fleet.parent().try_exec("DELETE FROM item").await;
    expect_error(refused, Code::FailedPrecondition, "WRITES_BLOCKED");
    assert_eq!(fleet.agree().await.generation, 1);
}

#[tokio::test]
async fn what_is_too_large_for_one_migration_is_told_and_nothing_is_done() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let parent = fleet.parent();
    // Written into the script, its digits are twice as many.
    let blob =
        |bytes: usize| sql("INSERT INTO item (price) VALUES (?)", vec![vec![7_u8; bytes].into()]);
    for bytes in [600_000, 3_000_000] {
        let told = parent.try_exec(blob(bytes)).await;
        expect_error(told, Code::InvalidArgument, "STATEMENT_TOO_LARGE");
    }
    let mut tx = parent.begin(TransactionMode::Immediate).await;
    let mut told = None;
    for _ in 0..5 {
        if let Err(status) = tx.ask(blob(120_000)).await.expect("the stream goes on") {
            told = Some(status);
        }
    }
    let told = match told {
        Some(status) => status,
        None => tx.commit().await.expect_err("together they are too large"),
    };
    assert_eq!(reason(&told), "STATEMENT_TOO_LARGE", "{told:?}");
    assert_eq!(fleet.agree().await.generation, 1);
    assert_eq!(parent.text("SELECT count(*) FROM item").await, "2");
    parent.exec(blob(400_000)).await;
    for name in ["a", "b"] {
        let found = fleet.child(name).text("SELECT max(length(price)) FROM item").await;
        assert_eq!(found, "400000", "{name}");
    }
}
