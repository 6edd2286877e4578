//! Migrations through `SchemaService`: applied, validated only, read, watched,
//! cancelled and retried, by whom that is permitted, and over restarts.

mod calls;
mod scripts;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tenantry_client::v1::{
    self, Access, ApplyMigrationRequest, ChildState, CreateTokenRequest, ForeignKeys,
    ListMigrationsRequest, Migration, MigrationState, RevokeTokenRequest, TransactionMode, WaitFor,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic_types::StatusExt as _;

use crate::support::client::{metadata, reason};
use crate::support::fleet::{is_committed, is_final, new_request_id};
use crate::support::{Code, Db, Fleet, Server, Status, Tx, World, bounded, expect_error, until};

/// What the fleets of these tests begin with.
const ITEMS: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
    INSERT INTO item VALUES (1, 'pen', 3), (2, 'ink', 5);";
/// A script whose success depends on rows.
const UNIQUE: &str = "CREATE UNIQUE INDEX item_name ON item (name)";
/// A row that is in its way.
const DOUBLE: &str = "INSERT INTO item (name) VALUES ('pen')";

/// A fleet whose first children are used.
async fn fleet(world: &World, used: &[&str], unused: &[&str]) -> Fleet {
    let fleet = Fleet::create(world, "parent").await;
    fleet.migrate_all(ITEMS).await;
    fleet.create_children(used.iter().chain(unused).copied()).await;
    fleet.exec_all(used, "UPDATE item SET price = price + 1").await;
    fleet
}

/// Starts a migration that depends on rows and cannot be validated on `child`
/// before the transaction that comes with it is over.
async fn held(fleet: &Fleet, child: &str, sql: &str) -> (Migration, Tx) {
    let mut tx = fleet.child(child).apart().begin(TransactionMode::Immediate).await;
    tx.exec("UPDATE item SET price = price + 100").await;
    let migration = fleet.try_start(sql).await.expect("it starts");
    assert_eq!(migration.state(), MigrationState::Preparing);
    (migration, tx)
}

/// Applies a migration in the background.
fn apply(fleet: &Fleet, request: ApplyMigrationRequest) -> JoinHandle<Result<Migration, Status>> {
    let fleet = fleet.apart();
    tokio::spawn(async move { fleet.try_apply(request).await })
}

#[track_caller]
fn failed(result: Result<Migration, Status>, database: &str, index: Option<u32>) -> Status {
    let status = expect_error(result, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), database, "{status:?}");
    let info = tenantry_client::errors::info(&status).expect("it has an ErrorInfo");
    let told = info.metadata.get("statement_index").map(|index| index.parse().expect("a number"));
    assert_eq!(told, index, "{status:?}");
    status
}

/// Everything that must not change when a migration does not happen.
async fn state(fleet: &Fleet, names: &[&str]) -> String {
    let mut state =
        format!("{:?}", fleet.agree_among(names.iter().map(ToString::to_string).collect()).await);
    for name in names.iter().chain(&["parent"]) {
        state += &format!("\n{name}: {}", fleet.child(name).digest().await);
    }
    state
}

#[tokio::test]
async fn a_migration_is_described_whole() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &["c"]).await;
    let request = ApplyMigrationRequest {
        wait_for: WaitFor::Apply.into(),
        foreign_keys: ForeignKeys::CheckAtEnd.into(),
        ..fleet.request(UNIQUE)
    };
    let migration = fleet.try_apply(request).await.expect("it is applied");
    assert_eq!(migration.schema, fleet.reference());
    assert_eq!((migration.generation, migration.sql.as_str()), (2, UNIQUE));
    assert_eq!(migration.state(), MigrationState::Applied);
    let counts = (migration.children_total, migration.children_validated);
    assert_eq!((counts, migration.children_applied), ((3, 3), 3));
    assert_eq!((migration.children_quarantined, &migration.failure), (0, &None));
    let times = [migration.create_time, migration.commit_time, migration.finish_time];
    let times = times.map(|time| time.map(|time| (time.seconds, time.nanos)).expect("it is told"));
    assert!(times.is_sorted(), "{times:?}");
    assert!(migration.max_write_pause.is_some());
    let options = migration.options.expect("options");
    assert_eq!(options.foreign_keys(), ForeignKeys::CheckAtEnd);
    assert!(!options.allow_nondeterministic);
    let metrics = migration.metrics.clone().expect("metrics");
    assert!(!metrics.row_independent);
    assert_eq!(metrics.validated_per_round.first(), Some(&2), "{metrics:?}");
    assert_eq!(metrics.dirty_at_fence, 0);
    assert!(metrics.fence_duration.is_some() && metrics.apply_duration.is_some());
    assert_eq!(fleet.migration(&migration.id).await.expect("it is found"), migration);
    assert_eq!(fleet.migrations().await[0], migration);

    // One that rows cannot make fail is validated on no child.
    let plain = fleet.migrate_all("ALTER TABLE item ADD COLUMN code TEXT").await;
    let metrics = plain.metrics.expect("metrics");
    assert!(metrics.row_independent && metrics.validated_per_round.is_empty(), "{metrics:?}");
    assert_eq!(plain.options.expect("options").foreign_keys(), ForeignKeys::Enforced);
    assert_eq!((plain.children_total, plain.children_validated, plain.children_applied), (3, 3, 3));
    assert_eq!(fleet.agree().await.generation, 3);
}

#[tokio::test]
async fn one_waits_for_what_one_asks_for() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &[]).await;
    let (migration, tx) = held(&fleet, "a", UNIQUE).await;
    assert!(migration.commit_time.is_none() && migration.finish_time.is_none());
    assert_eq!(
        fleet.migration(&migration.id).await.expect("found").state(),
        MigrationState::Preparing
    );
    assert_eq!(fleet.try_look("b").await.expect("it answers").generation, 1);
    tx.commit().await.expect("it commits");
    let ended = fleet.ended(&migration.id).await;
    assert_eq!((ended.state(), ended.children_applied), (MigrationState::Applied, 2));

    // What was answered as committed is seen at once, everywhere.
    for generation in 3..13 {
        let committed = fleet.migrate("UPDATE item SET price = price + 1").await;
        assert!(is_committed(&committed) && committed.commit_time.is_some());
        for name in ["a", "parent", "b"] {
            assert_eq!(fleet.try_look(name).await.expect("it answers").generation, generation);
        }
    }
    let applied = fleet.migrate_all("UPDATE item SET price = price + 1").await;
    assert_eq!(applied.state(), MigrationState::Applied);
    for child in fleet.children(ChildState::Unspecified).await {
        assert_eq!((child.generation, child.state()), (13, ChildState::Current));
    }
}

#[tokio::test]
async fn a_dry_run_tells_every_child_that_fails_and_changes_nothing() {
    const CHILDREN: usize = 130;
    const BAD: usize = 110;
    let world = World::shared().await;
    let fleet = fleet(&world, &[], &["unused"]).await;
    let names: Vec<_> = (0..CHILDREN).map(|i| format!("c{i:03}")).collect();
    fleet.create_children(&names).await;
    let good: Vec<_> = names[BAD..].iter().map(String::as_str).collect();
    fleet.exec_all(&good, "SELECT 1").await;
    fleet.exec_all(&names[..BAD], DOUBLE).await;
    let before = state(&fleet, &["c000", "c129"]).await;

    let script = format!("INSERT INTO item VALUES (NULL, 'cup', 1), (NULL, 'can', 1); {UNIQUE}");
    let (migration, validation) = fleet.validate(&script).await.expect("it is answered");
    assert_eq!((migration.id.as_str(), migration.state()), ("", MigrationState::Failed));
    assert_eq!((migration.generation, migration.sql), (2, script));
    assert_eq!((migration.create_time, migration.finish_time), (None, None));
    assert_eq!(migration.failure.as_ref(), validation.failures.first());
    assert_eq!((validation.failures.len(), validation.failures_total), (100, BAD as u64));
    assert_eq!(validation.children_validated, CHILDREN as u64);
    for failure in &validation.failures {
        let name = failure.database.strip_prefix(&format!("{}/c", world.group)).expect("a child");
        assert!(name.parse::<usize>().expect("its number") < BAD, "{failure:?}");
        assert_eq!((failure.statement_failed, failure.statement_index), (true, 1));
        assert_eq!(failure.message, "UNIQUE constraint failed: item.name");
    }
    let mut told: Vec<_> = validation.failures.iter().map(|failure| &failure.database).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 100, "each is told once");
    assert!(validation.duration.is_some_and(|took| took.seconds > 0 || took.nanos > 0));

    let (migration, validation) =
        fleet.validate("UPDATE item SET price = 0").await.expect("it is answered");
    assert_eq!((migration.state(), migration.failure), (MigrationState::Preparing, None));
    assert_eq!((validation.failures_total, validation.failures.len()), (0, 0));
    // Two rows on the parent and on each child, and a third where there is one.
    assert_eq!(validation.rows_written, (2 + 2 * CHILDREN + BAD) as u64);
    assert_eq!(fleet.migrations().await.len(), 1, "nothing is recorded");
    assert_eq!(state(&fleet, &["c000", "c129"]).await, before);
    // And nothing is in the way of the next.
    fleet.migrate("UPDATE item SET price = 0").await;
}

#[tokio::test]
async fn a_dry_run_needs_no_shortcut_and_refuses_what_a_migration_would() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &["c"]).await;
    let (_, validation) =
        fleet.validate("ALTER TABLE item ADD COLUMN x").await.expect("it is answered");
    assert_eq!(validation.children_validated, 2, "every child that has a file");
    for (sql, reason) in [
        ("SELECT 1", "MIGRATION_NOT_ALLOWED"),
        ("CREATE TABLE u (x); SELEC", "SQL_ERROR"),
        ("INSERT INTO item VALUES (random(), 'x', 1)", "MIGRATION_NOT_ALLOWED"),
    ] {
        expect_error(fleet.validate(sql).await, Code::InvalidArgument, reason);
    }
    let request = ApplyMigrationRequest {
        validate_only: true,
        expected_generation: Some(0),
        ..fleet.request("CREATE TABLE u (x)")
    };
    let refused = fleet.try_apply(request.clone()).await;
    expect_error(refused, Code::FailedPrecondition, "GENERATION_MISMATCH");
    // The id of a dry run is not used up by it.
    let request = ApplyMigrationRequest {
        expected_generation: Some(1),
        request_id: "an-id".to_owned(),
        ..request
    };
    let dry = fleet.try_apply(request.clone()).await.expect("it passes");
    assert_eq!(dry.id, "");
    let real = ApplyMigrationRequest { validate_only: false, ..request };
    assert!(is_committed(&fleet.try_apply(real).await.expect("it is applied")));
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_failure_names_child_statement_and_cause_and_nothing_has_changed() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b", "c"], &["d"]).await;
    fleet.child("b").exec(DOUBLE).await;
    let names = ["a", "b", "c", "d"];
    let before = state(&fleet, &names).await;
    let script = format!("CREATE TABLE more (x); INSERT INTO more VALUES (1); {UNIQUE}");
    let refused = fleet.try_apply(fleet.request(&script)).await;
    let bad = world.reference("b");
    let status = failed(refused, &bad, Some(2));
    assert!(status.message().contains("UNIQUE constraint failed: item.name"), "{status:?}");
    assert_eq!(state(&fleet, &names).await, before);

    let recorded = fleet.migration(&metadata(&status, "migration")).await.expect("it is recorded");
    assert_eq!((recorded.state(), recorded.generation), (MigrationState::Failed, 2));
    assert_eq!(recorded.sql, script);
    let failure = recorded.failure.clone().expect("it tells why");
    assert_eq!((failure.database, failure.statement_index), (bad, 2));
    assert!(failure.statement_failed);
    assert_eq!(failure.message, "UNIQUE constraint failed: item.name");
    assert!(recorded.commit_time.is_none() && recorded.finish_time.is_some());
    // Everything that was waiting goes on, and the fixed one succeeds.
    fleet.exec_all(&names, "UPDATE item SET price = 9").await;
    fleet.child("b").exec("DELETE FROM item WHERE id > 2").await;
    fleet.migrate(&script).await;
    assert_eq!(fleet.agree().await.generation, 2);
    let states: Vec<_> = fleet.migrations().await.iter().map(Migration::state).collect();
    assert_eq!(states.len(), 3);
    assert_eq!(states[1], MigrationState::Failed);
}

#[tokio::test]
async fn a_request_id_makes_it_happen_once_also_over_a_restart() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let of = fleet(&world, &["a", "bad"], &["c"]).await;
    of.child("bad").exec("INSERT INTO item VALUES (3, 'pen', 0)").await;
    let add = ApplyMigrationRequest {
        request_id: new_request_id(),
        ..of.request("UPDATE item SET price = price + 10")
    };
    let fail = ApplyMigrationRequest { request_id: new_request_id(), ..of.request(UNIQUE) };
    let first = of.try_apply(add.clone()).await.expect("it is applied");
    let refused = failed(of.try_apply(fail.clone()).await, &world.reference("bad"), Some(0));
    let prices = of.child("a").text("SELECT price FROM item").await;

    for is_restarted in [false, true] {
        if is_restarted {
            server.restart();
        }
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let again = of.try_apply(add.clone()).await.expect("it is answered again");
        assert_eq!((&again.id, again.generation), (&first.id, 2));
        assert!(is_committed(&again));
        let again = failed(of.try_apply(fail.clone()).await, &world.reference("bad"), Some(0));
        assert_eq!(metadata(&again, "migration"), metadata(&refused, "migration"));
        assert_eq!(again.message(), refused.message());
        // What it stands for is one request, on one schema.
        for other in [
            ApplyMigrationRequest { sql: "CREATE TABLE other (x)".into(), ..add.clone() },
            ApplyMigrationRequest { allow_nondeterministic: true, ..add.clone() },
            ApplyMigrationRequest { foreign_keys: ForeignKeys::CheckAtEnd.into(), ..add.clone() },
            ApplyMigrationRequest { expected_generation: Some(1), ..add.clone() },
        ] {
            let refused = of.try_apply(other).await;
            expect_error(refused, Code::InvalidArgument, "REQUEST_ID_REUSED");
        }
        assert_eq!(of.child("a").text("SELECT price FROM item").await, prices);
        assert_eq!(of.migrations().await.len(), 3);
    }
}

#[tokio::test]
async fn repeats_at_the_same_time_are_one_migration() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let request = ApplyMigrationRequest {
        request_id: new_request_id(),
        expected_generation: Some(1),
        ..fleet.request("UPDATE item SET price = price + 10")
    };
    let all = join_all((0..8).map(|_| apply(&fleet, request.clone()))).await;
    let ids: Vec<_> = all
        .into_iter()
        .map(|answer| answer.expect("it is asked").expect("it is applied").id)
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(fleet.child("a").text("SELECT price FROM item").await, "14\n16");
}

#[tokio::test]
async fn a_refused_script_leaves_its_request_id_free() {
    let world = World::shared().await;
    let fleet = fleet(&world, &[], &[]).await;
    let request =
        |sql: &str| ApplyMigrationRequest { request_id: "fresh".to_owned(), ..fleet.request(sql) };
    for (sql, reason) in [("SELEC", "SQL_ERROR"), ("SELECT 1", "MIGRATION_NOT_ALLOWED")] {
        let refused = fleet.try_apply(request(sql)).await;
        expect_error(refused, Code::InvalidArgument, reason);
    }
    fleet.try_apply(request("CREATE TABLE t (x)")).await.expect("it is applied");
    for bad in ["x".repeat(129), "no\nline".to_owned(), "ä".to_owned()] {
        let request =
            ApplyMigrationRequest { request_id: bad, ..fleet.request("CREATE TABLE u (x)") };
        let refused = fleet.try_apply(request).await;
        expect_error(refused, Code::InvalidArgument, "INVALID_ARGUMENT");
    }
    assert_eq!(fleet.migrations().await.len(), 2);
}

#[tokio::test]
async fn an_expected_generation_is_a_condition_also_after_a_restart() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let mut fleet = Fleet::create(&world, "parent").await;
    let mut world = world;
    for generation in 0..4_u64 {
        if generation == 2 {
            server.restart();
            world = World::again(&server, &world.group);
            fleet = Fleet::again(&world, "parent");
        }
        let request = |expected| ApplyMigrationRequest {
            expected_generation: Some(expected),
            ..fleet.request(format!("CREATE TABLE t{generation} (x)"))
        };
        for wrong in [generation + 1, generation.wrapping_sub(1), u64::MAX] {
            let refused = fleet.try_apply(request(wrong)).await;
            let status = expect_error(refused, Code::FailedPrecondition, "GENERATION_MISMATCH");
            assert_eq!(metadata(&status, "generation"), generation.to_string());
        }
        let migration = fleet.try_apply(request(generation)).await.expect("it is the one");
        assert_eq!(migration.generation, generation + 1);
    }
    assert_eq!(fleet.migrations().await.len(), 4, "those that were refused are not recorded");
}

#[tokio::test]
async fn one_at_a_time_and_schemas_do_not_wait_for_each_other() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let (running, tx) = held(&fleet, "a", UNIQUE).await;
    let refused = fleet.try_apply(fleet.request("CREATE TABLE t (x)")).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_IN_PROGRESS");
    assert_eq!(metadata(&status, "migration"), running.id);
    assert!(status.get_details_retry_info().is_some(), "{status:?}");

    let other = Fleet::create(&world, "other").await;
    other.create_children(["c"]).await;
    other.child("c").exec("SELECT 1").await;
    other.migrate_all(ITEMS).await;
    other.migrate_all(UNIQUE).await;
    assert_eq!(
        fleet.migration(&running.id).await.expect("found").state(),
        MigrationState::Preparing
    );
    tx.rollback().await;
    assert!(is_committed(&fleet.ended(&running.id).await));
    fleet.migrate("CREATE TABLE t (x)").await;
    // At most one of many at once is recorded at a time; all that are commit.
    let all: Vec<_> =
        (0..6).map(|i| apply(&fleet, fleet.request(format!("CREATE TABLE m{i} (x)")))).collect();
    let mut done = 0;
    for answer in join_all(all).await {
        match answer.expect("it is asked") {
            Ok(migration) => {
                assert!(is_committed(&migration));
                done += 1;
            }
            Err(status) => assert_eq!(reason(&status), "MIGRATION_IN_PROGRESS", "{status:?}"),
        }
    }
    assert_eq!(fleet.agree().await.generation, 3 + done);
}

#[tokio::test]
async fn a_migration_goes_on_after_kill_minus_nine() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let of = fleet(&world, &["a", "b"], &["unused"]).await;
    let request = ApplyMigrationRequest {
        request_id: new_request_id(),
        ..of.request("UPDATE item SET price = price + 10; CREATE UNIQUE INDEX u ON item (name)")
    };
    let mut tx = of.child("a").apart().begin(TransactionMode::Immediate).await;
    tx.exec("UPDATE item SET price = 0").await;
    let nothing = ApplyMigrationRequest { wait_for: WaitFor::Nothing.into(), ..request.clone() };
    let running = of.try_apply(nothing).await.expect("it starts");
    server.restart();
    let world = World::again(&server, &world.group);
    let of = Fleet::again(&world, "parent");
    let found = of.migration(&running.id).await.expect("it is found");
    assert_eq!(found.sql, running.sql);
    // Whoever asked may ask again.
    let again = of.try_apply(request).await.expect("it is applied");
    assert_eq!(again.id, running.id);
    let ended = of.ended(&running.id).await;
    assert_eq!((ended.state(), ended.children_applied), (MigrationState::Applied, 3));
    assert_eq!(of.agree().await.generation, 2);
    assert_eq!(of.child("a").text("SELECT price FROM item").await, "14\n16");
    of.migrate("CREATE TABLE t (x)").await;
}

#[tokio::test]
async fn a_caller_who_goes_away_leaves_the_migration_behind() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let mut tx = fleet.child("a").apart().begin(TransactionMode::Immediate).await;
    tx.exec("UPDATE item SET price = price").await;
    let mut request = tonic::Request::new(fleet.request(UNIQUE));
    request.set_timeout(Duration::from_millis(300));
    let mut client = fleet.apart().client().schemas();
    let gone = bounded("the deadline", client.apply_migration(request)).await;
    let status = gone.expect_err("its time is over");
    // Either side may be the first to notice.
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    let running = fleet.migrations().await.remove(0);
    assert_eq!(running.state(), MigrationState::Preparing);
    tx.commit().await.expect("it commits");
    assert_eq!(fleet.ended(&running.id).await.state(), MigrationState::Applied);
}
