//! Migrations that fail or are killed on their way, and what comes after.

use super::*;

#[tokio::test]
async fn killed_between_the_last_child_and_the_parent_all_are_of_one_generation() {
    // Whichever file is the last to be brought up: the decision was one record.
    for point in [
        "migration-committed=kill",
        "redo-commit=kill",
        "redo-committed=kill",
        "sweep-applied=kill",
        "sweep-synced=kill",
        "migration-end=kill",
    ] {
        let mut server = Server::start();
        let world = World::on(&server).await;
        fleet(&world, &["a", "b", "c"]).await;
        assert!(server.restart_with(&["--failpoint".to_owned(), point.to_owned()]), "{point}");
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let request = ApplyMigrationRequest {
            wait_for: WaitFor::Apply.into(),
            ..of.request("UPDATE item SET price = price * 2")
        };
        // The connection breaks with the server.
        of.try_apply(request).await.expect_err(point);
        until("the server is gone", async || of.apart().try_look("a").await.err()).await;
        assert!(server.restart_with(&[]), "{point}");
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let look = of.agree().await;
        assert_eq!(look.generation, 2, "{point}");
        for (name, prices) in [("parent", "6\n10"), ("a", "8\n12"), ("c", "8\n12")] {
            assert_eq!(of.child(name).text("SELECT price FROM item").await, prices, "{point}");
        }
        let last = of.all_ended().await.remove(0);
        assert_eq!(last.state(), MigrationState::Applied, "{point}");
        of.migrate("CREATE TABLE t (x)").await;
    }
}

#[tokio::test]
async fn killed_before_the_decision_nothing_has_happened_and_it_goes_on() {
    for point in ["migration-round=kill", "fence-raised=kill", "migration-commit=kill"] {
        let mut server = Server::start();
        let world = World::on(&server).await;
        fleet(&world, &["a", "b", "c"]).await;
        assert!(server.restart_with(&["--failpoint".to_owned(), point.to_owned()]), "{point}");
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        of.try_apply(of.request(UNIQUE)).await.expect_err(point);
        until("the server is gone", async || of.apart().try_look("a").await.err()).await;
        assert!(server.restart_with(&[]), "{point}");
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let last = of.all_ended().await.remove(0);
        assert_eq!((last.state(), last.generation), (MigrationState::Applied, 2), "{point}");
        assert_eq!(of.agree().await.generation, 2, "{point}");
    }
}

#[tokio::test]
async fn the_parents_own_failure_fails_the_migration() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"]).await;
    // What is in the way stands in the parent, and in no child.
    fleet.migrate("CREATE TABLE code (n); INSERT INTO code VALUES (1), (1)").await;
    fleet.exec_all(&["a", "b"], "DELETE FROM code").await;
    let before = fleet.agree().await;
    let refused = fleet.try_apply(fleet.request("CREATE UNIQUE INDEX code_n ON code (n)")).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), fleet.reference());
    assert_eq!(metadata(&status, "statement_index"), "0");
    let recorded = fleet.migration(&metadata(&status, "migration")).await.expect("recorded");
    assert_eq!(recorded.state(), MigrationState::Failed);
    assert_eq!(fleet.agree().await, before);
    let (_, validation) =
        fleet.validate("CREATE UNIQUE INDEX code_n ON code (n)").await.expect("it is answered");
    let told: Vec<_> = validation.failures.iter().map(|failure| &failure.database).collect();
    assert_eq!(told, [&fleet.reference()]);
    // Children answer and are written; the next migration works.
    fleet.exec_all(&["a", "b"], "INSERT INTO code VALUES (7)").await;
    fleet.migrate("DELETE FROM code; CREATE UNIQUE INDEX code_n ON code (n)").await;
    assert_eq!(fleet.agree().await.generation, before.generation + 1);
}

#[tokio::test]
async fn of_a_failed_migration_there_is_nothing_to_undo() {
    for point in ["migration-end=kill", "migration-ended=kill", "migration-round=kill"] {
        let mut server = Server::start();
        let world = World::on(&server).await;
        let of = fleet(&world, &["a", "b", "bad"]).await;
        of.child("bad").exec(DOUBLE).await;
        assert!(server.restart_with(&["--failpoint".to_owned(), point.to_owned()]), "{point}");
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let script = format!("DELETE FROM item WHERE id = 2; CREATE TABLE more (x); {UNIQUE}");
        // A round that fails is none that is over.
        let refused = of.try_apply(of.request(&script)).await.expect_err(point);
        if refused.code() != Code::FailedPrecondition {
            until("the server is gone", async || of.apart().try_look("a").await.err()).await;
        }
        assert!(server.restart_with(&[]), "{point}");
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let last = of.all_ended().await.remove(0);
        assert_eq!(last.state(), MigrationState::Failed, "{point}");
        assert_eq!(last.failure.expect("why").database, world.reference("bad"), "{point}");
        assert_eq!(of.agree().await.generation, 1, "{point}");
        assert_eq!(of.child("a").text("SELECT price FROM item").await, "4\n6", "{point}");
        of.child("bad").exec("DELETE FROM item WHERE id > 2").await;
        of.migrate(&script).await;
    }
}

#[tokio::test]
async fn when_the_error_arrives_the_fleet_is_free() {
    let world = World::shared().await;
    let all = names(12);
    let of: Vec<_> = all.iter().map(String::as_str).collect();
    let fleet = fleet(&world, &of).await;
    fleet.child("c007").exec(DOUBLE).await;
    for _ in 0..10 {
        let refused = fleet.try_apply(fleet.request(UNIQUE)).await;
        expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
        // The next one is not in the way of the last, and no writer is either.
        let began = Instant::now();
        let written = join_all(of.iter().map(async |name| {
            fleet.child(name).try_exec("UPDATE item SET price = price + 1").await
        }));
        let applied = fleet.apart();
        let (written, applied) = tokio::join!(
            written,
            applied.try_apply(applied.request("UPDATE item SET price = price + 1"))
        );
        applied.expect("the next one starts at once");
        for written in written {
            written.expect("nobody holds the writer");
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert_eq!(fleet.agree().await.generation, 11);
}

#[tokio::test]
async fn a_retry_right_after_a_failure_works() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b", "bad"]).await;
    fleet.child("bad").exec(DOUBLE).await;
    for request_id in ["", "with-an-id"] {
        let request =
            ApplyMigrationRequest { request_id: request_id.to_owned(), ..fleet.request(UNIQUE) };
        let refused = fleet.try_apply(request.clone()).await;
        expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
        let again = fleet.try_apply(request).await;
        expect_error(again, Code::FailedPrecondition, "MIGRATION_FAILED");
    }
    // Without an id, each was a migration of its own.
    assert_eq!(fleet.migrations().await.len(), 1 + 2 + 1);
    fleet.child("bad").exec("DELETE FROM item WHERE id > 2").await;
    let migration = fleet.migrate(UNIQUE).await;
    assert_eq!(migration.generation, 2);
    assert_eq!(fleet.agree().await.generation, 2);
}
