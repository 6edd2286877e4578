//! What went wrong with a shared schema elsewhere, and must not go wrong here.

mod branches;
mod chance;
mod child_ddl;
mod failures;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tenantry_client::v1::{
    self, ApplyMigrationRequest, BatchStep, Database, Encoding, ForeignKeys, Migration,
    MigrationState, TransactionMode, WaitFor,
};
use tokio::sync::watch;

use crate::support::client::{metadata, reason};
use crate::support::fleet::{is_committed, is_final};
use crate::support::{Code, Db, Fleet, Server, Status, World, bounded, expect_error, sql, until};

const ITEMS: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
    INSERT INTO item VALUES (1, 'pen', 3), (2, 'ink', 5);";
const UNIQUE: &str = "CREATE UNIQUE INDEX item_name ON item (name)";
const DOUBLE: &str = "INSERT INTO item (name) VALUES ('pen')";

async fn fleet(world: &World, used: &[&str]) -> Fleet {
    let fleet = Fleet::create(world, "parent").await;
    // To its end, so that what a test does to its own migration meets no other.
    fleet.migrate_all(ITEMS).await;
    fleet.create_children(used.iter().copied()).await;
    fleet.exec_all(used, "UPDATE item SET price = price + 1").await;
    fleet
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("c{i:03}")).collect()
}

#[tokio::test]
async fn more_children_than_may_be_open_do_not_stall_it() {
    let server = Server::with(&["--open-databases-max", "3"]);
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate(ITEMS).await;
    let all = names(50);
    fleet.create_children(&all).await;
    fleet.exec_all(&all, "UPDATE item SET price = price + 1").await;
    // Some are held open by their users all the while.
    let mut open = Vec::new();
    for name in &all[..8] {
        let mut tx = fleet.child(name).apart().begin(TransactionMode::ReadOnly).await;
        tx.text("SELECT count(*) FROM item").await;
        open.push(tx);
    }
    let began = Instant::now();
    for (step, script) in [
        UNIQUE,
        "ALTER TABLE item ADD COLUMN code",
        "UPDATE item SET code = name",
        "CREATE INDEX item_code ON item (code)",
    ]
    .into_iter()
    .enumerate()
    {
        let migration = fleet.migrate_all(script).await;
        assert_eq!(migration.children_applied, 50, "{step}");
        assert_eq!(migration.state(), MigrationState::Applied);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    for tx in open {
        tx.rollback().await;
    }
    assert_eq!(fleet.agree().await.generation, 5);
}

#[tokio::test]
async fn a_parent_with_rows_gives_them_to_its_children_and_goes_on_from_there() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    // As data that was there before comes in: table by table, many rows at once.
    fleet.migrate("CREATE TABLE band (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").await;
    let rows: Vec<_> = (1..=5_000).map(|id| format!("({id}, 'band {id}')")).collect();
    for chunk in rows.chunks(1_000) {
        fleet.migrate(format!("INSERT INTO band VALUES {}", chunk.join(","))).await;
    }
    fleet.create_children(["early"]).await;
    fleet.child("early").exec("DELETE FROM band WHERE id > 4990").await;
    fleet.create_children(["late"]).await;
    fleet
        .migrate(
            "CREATE TABLE album (id INTEGER PRIMARY KEY, band INTEGER NOT NULL REFERENCES band);
         INSERT INTO album SELECT id * 2, id FROM band;
         CREATE UNIQUE INDEX band_name ON band (name)",
        )
        .await;
    for (name, bands) in [("parent", "5000|5000"), ("early", "4990|4990"), ("late", "5000|5000")] {
        let count = "SELECT (SELECT count(*) FROM band), (SELECT count(*) FROM album)";
        assert_eq!(fleet.child(name).text(count).await, bands, "{name}");
        assert_eq!(fleet.child(name).text("PRAGMA integrity_check").await, "ok", "{name}");
    }
    assert_eq!(fleet.agree().await.generation, 7);
}

#[tokio::test]
async fn there_is_no_bookkeeping_that_sql_could_reach() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"]).await;
    let (child, parent) = (fleet.child("a"), fleet.parent());
    // All that there is in a tenant's file is the tenant's.
    for db in [&child, &parent] {
        let objects = db.text("SELECT name FROM sqlite_schema ORDER BY name").await;
        assert_eq!(objects, "item", "{}", db.name());
    }
    let before = fleet.agree().await;
    for statement in [
        "PRAGMA user_version = 0",
        "PRAGMA main.user_version = 99",
        "PRAGMA user_version(99)",
        "PRAGMA application_id = 99",
        "PRAGMA schema_version = 99",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = DELETE",
        "UPDATE sqlite_schema SET sql = ''",
        "DELETE FROM sqlite_schema",
        "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'CREATE TABLE x (y)')",
        "ATTACH '../catalog.db' AS c",
        "ATTACH 'file:catalog.db' AS c",
        "SELECT load_extension('x')",
        "SELECT writefile('x', 'y')",
    ] {
        for db in [&child, &parent] {
            let status = db.try_exec(statement).await.expect_err(statement);
            let refused = matches!(
                status.code(),
                Code::FailedPrecondition | Code::InvalidArgument | Code::PermissionDenied
            );
            assert!(refused, "{}: {statement}: {status:?}", db.name());
        }
    }
    assert_eq!(fleet.agree().await, before);
    fleet.migrate("ALTER TABLE item ADD COLUMN code").await;
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_come_and_go_in_the_middle() {
    let world = World::shared().await;
    let fleet = Arc::new(fleet(&world, &["a", "b", "c"]).await);
    let (stop, stopped) = watch::channel(false);
    let churn = (0..3).map(|worker| {
        let (fleet, stopped) = (fleet.clone(), stopped.clone());
        tokio::spawn(async move {
            let own = fleet.apart();
            let mut kept = Vec::new();
            for round in 0.. {
                if *stopped.borrow() {
                    break;
                }
                let name = format!("w{worker}-{round}");
                own.create_children([&name]).await;
                if round % 3 > 0 {
                    own.child(&name).exec("UPDATE item SET price = 7 WHERE id = 1").await;
                }
                match round % 4 {
                    0 => own.try_delete(&name).await.expect("it is deleted"),
                    1 => {
                        own.try_delete(&name).await.expect("it is deleted");
                        match own.try_undelete(&name).await {
                            Ok(_) => kept.push(name),
                            Err(status) => assert_eq!(reason(&status), "MIGRATION_IN_PROGRESS"),
                        }
                    }
                    _ => kept.push(name),
                }
            }
            kept
        })
    });
    let churn: Vec<_> = churn.collect();
    for step in 2..22 {
        let script = match step % 2 {
            0 => format!("ALTER TABLE item ADD COLUMN c{step}"),
            _ => format!(
                "CREATE UNIQUE INDEX i{step} ON item (id, name); UPDATE item SET name = name || '.'"
            ),
        };
        assert_eq!(fleet.migrate(script).await.generation, step);
    }
    stop.send_replace(true);
    let mut expected = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    for worker in churn {
        expected.extend(worker.await.expect("children come and go"));
    }
    expected.sort();
    assert_eq!(fleet.names().await, expected);
    assert_eq!(fleet.agree().await.generation, 21);
    for migration in fleet.all_ended().await {
        assert_eq!(migration.state(), MigrationState::Applied);
    }
}

#[tokio::test]
async fn a_child_that_is_deleted_while_it_is_validated_is_left_out() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b", "bad"]).await;
    fleet.child("bad").exec(DOUBLE).await;
    let mut tx = fleet.child("a").apart().begin(TransactionMode::Immediate).await;
    tx.exec("UPDATE item SET price = 0").await;
    // One transaction holds the one that is to be deleted, one another.
    let mut held = fleet.child("bad").apart().begin(TransactionMode::Immediate).await;
    held.exec("UPDATE item SET price = 0").await;
    let running = fleet.try_start(UNIQUE).await.expect("it starts");
    fleet.try_delete("bad").await.expect("it is deleted");
    // Without any child the parent still cannot go: somebody is at it.
    let alone = Fleet::create(&world, "alone").await;
    alone.migrate_all(ITEMS).await;
    alone.create_children(["only"]).await;
    let mut only = alone.child("only").apart().begin(TransactionMode::Immediate).await;
    only.exec("UPDATE item SET price = 0").await;
    let busy = alone.try_start(UNIQUE).await.expect("it starts");
    alone.try_delete("only").await.expect("it is deleted");
    let refused = alone.try_delete("alone").await;
    expect_error(refused, Code::FailedPrecondition, "MIGRATION_IN_PROGRESS");
    only.rollback().await;
    assert_eq!(alone.ended(&busy.id).await.state(), MigrationState::Applied);
    alone.try_delete("alone").await.expect("now it can");
    drop(held);
    tx.commit().await.expect("it commits");
    let ended = fleet.ended(&running.id).await;
    assert_eq!(ended.state(), MigrationState::Applied, "{ended:?}");
    assert_eq!((ended.children_total, ended.children_applied), (2, 2));
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_migration_without_children_works() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    for script in [ITEMS, UNIQUE, "UPDATE item SET price = 0"] {
        let migration = fleet.migrate_all(script).await;
        assert_eq!(migration.state(), MigrationState::Applied);
        let counts = [
            migration.children_total,
            migration.children_validated,
            migration.children_applied,
            migration.children_quarantined,
        ];
        assert_eq!(counts, [0; 4]);
    }
    let refused = fleet.try_apply(fleet.request("INSERT INTO item (name) VALUES ('pen')")).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), fleet.reference());
    let (_, validation) = fleet.validate("DELETE FROM item").await.expect("it is answered");
    assert_eq!((validation.children_validated, validation.rows_written), (0, 2));
    assert_eq!(fleet.agree().await.generation, 3);
    fleet.create_children(["first"]).await;
    assert_eq!(fleet.child("first").text("SELECT price FROM item").await, "0\n0");
}

#[tokio::test]
async fn foreign_keys_are_not_switched_off_by_a_pragma() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    let schema = "CREATE TABLE band (id INTEGER PRIMARY KEY);
        CREATE TABLE album (id INTEGER PRIMARY KEY, band INTEGER NOT NULL REFERENCES band);";
    fleet.migrate(schema).await;
    fleet.create_children(["a"]).await;
    fleet.child("a").exec("INSERT INTO band VALUES (1); INSERT INTO album VALUES (1, 1)").await;
    let before = fleet.agree().await;
    for head in [
        "PRAGMA foreign_keys = OFF;",
        "pragma foreign_keys=0;",
        "/* first */ PRAGMA main.foreign_keys(false);",
        "-- first\nPRAGMA foreign_keys = no;",
        "PRAGMA defer_foreign_keys = ON;",
        ";PRAGMA foreign_keys = OFF;",
        "PRAGMA legacy_alter_table = ON;",
        "PRAGMA ignore_check_constraints = ON;",
        "SELECT * FROM pragma_foreign_keys; PRAGMA foreign_keys = OFF;",
        "CREATE TABLE x (y); PRAGMA foreign_keys = OFF;",
    ] {
        for foreign_keys in [ForeignKeys::Enforced, ForeignKeys::CheckAtEnd] {
            let request = ApplyMigrationRequest {
                foreign_keys: foreign_keys.into(),
                ..fleet.request(format!("{head} DELETE FROM band"))
            };
            println!("{head}");
            let refused = fleet.try_apply(request).await;
            expect_error(refused, Code::InvalidArgument, "MIGRATION_NOT_ALLOWED");
        }
        // Nor on the way of SQL, on the parent or a child.
        for db in [fleet.parent(), fleet.child("a")] {
            let refused = db.try_exec(format!("{head} DELETE FROM band")).await.expect_err(head);
            let is_refused = ["MIGRATION_NOT_ALLOWED", "OPERATION_BLOCKED", "TRANSACTION_STATE"]
                .contains(&reason(&refused).as_str());
            // A child may defer what it writes itself, and it is checked at its end.
            let is_checked =
                db.name() == "a" && head.contains("defer") && reason(&refused) == "CONSTRAINT";
            assert!(is_refused || is_checked, "{}: {head}: {refused:?}", db.name());
        }
    }
    assert_eq!(fleet.agree().await, before);
    // And they hold for requests and migrations that come after a rebuild.
    let rebuild = ApplyMigrationRequest {
        foreign_keys: ForeignKeys::CheckAtEnd.into(),
        ..fleet.request(
            "CREATE TABLE new_band (id INTEGER PRIMARY KEY, name); INSERT INTO new_band (id)
             SELECT id FROM band; DROP TABLE band; ALTER TABLE new_band RENAME TO band",
        )
    };
    fleet.try_apply(rebuild).await.expect("it is rebuilt");
    let broken = fleet.child("a").try_exec("DELETE FROM band").await;
    expect_error(broken, Code::FailedPrecondition, "CONSTRAINT");
    let broken = fleet.try_apply(fleet.request("DELETE FROM band")).await;
    expect_error(broken, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(fleet.child("a").text("PRAGMA foreign_key_check").await, "");
}

/// A migration that began while a stream of a child was being read.
#[tokio::test]
async fn an_open_stream_of_a_child_ends_on_the_generation_that_it_began_with() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"]).await;
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
        INSERT INTO item (name, price) SELECT 'row ' || i, 7 FROM n";
    fleet.child("a").exec(rows).await;
    let select = "SELECT * FROM item";
    let mut stream = fleet.child("a").apart().stream(select, Encoding::Rows).await.expect("opens");
    let first = stream.chunk().await.expect("it streams").expect("rows");
    fleet.migrate("ALTER TABLE item ADD COLUMN late DEFAULT 'late'").await;
    fleet.migrate("UPDATE item SET price = 0").await;
    let rest = stream.all().await.expect("it streams to its end");
    assert_eq!(stream.header.generation, 1);
    assert_eq!(first.len() + rest.len(), 60_002);
    assert!(rest.iter().all(|row| row.len() == 3 && row[2] == 7.into()));
    let found = fleet.child("a").text("SELECT count(*), sum(price), max(late) FROM item").await;
    assert_eq!(found, "60002|0|late");
}

/// Slow children are validated last and held: their transaction is committed and
/// not run a second time.
#[tokio::test]
async fn a_slow_child_is_read_and_written_around() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["slow", "quick"]).await;
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
        INSERT INTO item (name, price) SELECT 'row ' || (i * 7919 % 1000003), i FROM n";
    fleet.child("slow").exec(rows).await;
    let running = fleet.try_start(UNIQUE).await.expect("it starts");
    let mut reads = 0;
    let ended = loop {
        let look = fleet.try_look("slow").await.expect("it is read");
        assert!(look.generation <= 2);
        fleet.child("quick").exec("UPDATE item SET price = price + 1").await;
        reads += 1;
        let now = fleet.migration(&running.id).await.expect("found");
        if is_final(&now) {
            break now;
        }
    };
    assert!(reads > 0 && is_committed(&ended), "{ended:?}");
    let doubled = fleet.child("slow").try_exec("INSERT INTO item (name) VALUES ('pen')").await;
    expect_error(doubled, Code::FailedPrecondition, "CONSTRAINT");
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn schemas_of_two_groups_know_nothing_of_each_other() {
    let (one, two) = (World::shared().await, World::shared().await);
    let (of_one, of_two) = (fleet(&one, &["a"]).await, fleet(&two, &["a"]).await);
    let token = one.group_admin().await;
    let foreign = of_two.with_token(&token);
    let refused = foreign.try_apply(foreign.request("CREATE TABLE stolen (x)")).await;
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
    of_one.migrate("CREATE TABLE own (x)").await;
    assert_eq!(of_one.agree().await.generation, 2);
    assert_eq!(of_two.agree().await.generation, 1);
    let listed: Vec<Migration> = of_two.migrations().await;
    assert_eq!(listed.len(), 1);
    let refused = bounded("GetMigration", foreign.migration(&listed[0].id)).await;
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
}
