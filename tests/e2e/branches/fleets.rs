//! Branches of schemas and of their children.

use tenantry_client::v1::{ChildState, MigrationState, WaitFor};

use super::*;
use crate::failpoints::ACTIONS;
use crate::support::Fleet;
use crate::support::client::metadata;

/// How many migrations are tried until a branch comes between a commit and the
/// file that it reaches later.
const ROUNDS_MAX: usize = 20;

/// A schema with tables, and one child of it that was used.
async fn pair(world: &World) -> (Fleet, Db) {
    let fleet = Fleet::create(world, "parent").await;
    fleet.migrate(SHOP).await;
    fleet.create_children(["child"]).await;
    let child = fleet.child("child");
    child.exec("INSERT INTO sale VALUES (1, 2)").await;
    (fleet, child)
}

#[tokio::test]
async fn a_branch_of_a_child_is_a_child_like_it() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    let made = try_branch(&world, "child", "copy").await.expect("it is made");
    let expected = (DatabaseKind::Child, "parent", 1, DatabaseState::Active);
    assert_eq!((made.kind(), made.schema.as_str(), made.generation, made.state()), expected);
    assert_eq!(made, get(&world, "copy").await);
    let copy = fleet.child("copy");
    assert_eq!(copy.digest().await, child.digest().await);
    assert_eq!(copy.text("SELECT name FROM sold").await, "ink");
    for ddl in ["CREATE TABLE x (y)", "DROP VIEW sold", "ALTER TABLE item ADD COLUMN z"] {
        expect_error(copy.try_exec(ddl).await, Code::FailedPrecondition, "OPERATION_BLOCKED");
    }
    copy.exec("INSERT INTO sale VALUES (2, 1)").await;
    assert_eq!(child.text("SELECT count(*) FROM sale").await, "1");
    assert_eq!(fleet.names().await, ["child", "copy"]);
    let states = fleet.children(ChildState::Current).await;
    assert_eq!(states.len(), 2, "{states:?}");

    // It follows like any other, by rows and by schema.
    let script = "ALTER TABLE item ADD COLUMN code TEXT; UPDATE sale SET item = 3 - item";
    let migration = fleet.migrate_all(script).await;
    assert_eq!((migration.children_total, migration.children_applied), (2, 2));
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(copy.text("SELECT name FROM sold ORDER BY name").await, "ink\npen");
    assert_eq!(child.text("SELECT name FROM sold").await, "pen");

    // What it may be told to be is what it is.
    let parent = get(&world, "parent").await.id;
    for (name, schema) in
        [("by-name", "parent".to_owned()), ("by-id", parent), ("by-reference", fleet.reference())]
    {
        let kind = DatabaseKind::Child.into();
        let database = Database { kind, schema, ..named(name) };
        let made = ask(&world.admin, request(&world, "child", database)).await.expect(name);
        assert_eq!((made.schema.as_str(), made.generation), ("parent", 2), "{name}");
    }
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_migration_is_validated_on_the_rows_of_a_branch() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    branch(&world, "child", "copy").await;
    let unique = "CREATE UNIQUE INDEX sale_item ON sale (item)";
    fleet.child("copy").exec("INSERT INTO sale VALUES (2, 2)").await;
    let refused = fleet.try_apply(fleet.request(unique)).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), world.reference("copy"));
    assert_eq!(fleet.agree().await.generation, 1);
    // A branch of that, in whose file nothing was ever written but by the copy.
    branch(&world, "copy", "copy-2").await;
    fleet.try_delete("copy").await.expect("it is deleted");
    let refused = fleet.try_apply(fleet.request(unique)).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), world.reference("copy-2"));
    fleet.child("copy-2").exec("DELETE FROM sale WHERE id = 2").await;
    fleet.migrate_all(unique).await;
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_branch_that_comes_while_a_migration_is_prepared_is_validated_too() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    fleet.create_children(["busy"]).await;
    for (spoilt, state) in [(true, MigrationState::Failed), (false, MigrationState::Applied)] {
        let mut busy = fleet.child("busy").begin(TransactionMode::Immediate).await;
        busy.exec("INSERT INTO sale VALUES (1, 1)").await;
        let index = "CREATE UNIQUE INDEX sale_item ON sale (item)";
        let started = fleet.try_start(index).await.expect("it is recorded");
        let copy = branch(&world, "child", &format!("copy-{spoilt}")).await;
        let preparing = fleet.migration(&started.id).await.expect("it is there");
        assert_eq!(preparing.state(), MigrationState::Preparing, "{preparing:?}");
        if spoilt {
            copy.exec("INSERT INTO sale VALUES (2, 2)").await;
        }
        busy.rollback().await;
        let ended = fleet.ended(&started.id).await;
        assert_eq!(ended.state(), state, "{ended:?}");
        if state == MigrationState::Applied {
            let counts = (ended.children_total, ended.children_applied);
            assert_eq!(counts, (4, 4), "{ended:?}");
        }
        if spoilt {
            let failure = ended.failure.expect("it is told");
            assert_eq!(failure.database, copy.reference(), "{failure:?}");
            copy.exec("DELETE FROM sale WHERE id = 2").await;
        }
    }
    assert_eq!(fleet.names().await.len(), 4);
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_branch_of_a_child_whose_file_is_behind_is_not() {
    const CHILDREN: usize = 150;
    let server = Server::with(&["--apply-workers", "1"]);
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all("CREATE TABLE t (x); INSERT INTO t VALUES ('of the parent')").await;
    let names: Vec<_> = (0..CHILDREN).map(|i| format!("c{i:03}")).collect();
    fleet.create_children(&names).await;
    fleet.exec_all(&names, "INSERT INTO t VALUES ('mine')").await;
    let mut was_behind = false;
    for round in 0..ROUNDS_MAX {
        let migration = fleet.migrate(format!("ALTER TABLE t ADD COLUMN y{round} DEFAULT 5")).await;
        // The parent's own file may be behind as well.
        let fork = branch(&world, "parent", &format!("fork-{round}")).await;
        assert_eq!(get(&world, fork.name()).await.generation, migration.generation);
        assert_eq!(fork.text(format!("SELECT x, y{round} FROM t")).await, "of the parent|5");
        let pending = fleet.children(ChildState::Pending).await;
        let Some(behind) = pending.last() else { continue };
        let name = format!("copy-{round}");
        let made = try_branch(&world, &behind.name, &name).await.expect("it is made");
        assert_eq!(made.generation, migration.generation);
        let look = fleet.try_look(&name).await.expect("it answers");
        assert_eq!((look.generation, look.user_version), (made.generation, made.generation));
        let rows = fleet.child(&name).text(format!("SELECT x, y{round} FROM t")).await;
        assert_eq!(rows, "of the parent|5\nmine|5");
        was_behind = true;
        if round > 2 {
            break;
        }
    }
    assert!(was_behind, "in none of {ROUNDS_MAX} rounds was a file behind");
    fleet.all_current().await;
    fleet.agree().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_amid_migrations_are_of_the_generation_of_all() {
    const MIGRATIONS: usize = 8;
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    let over = Arc::new(AtomicBool::new(false));
    let migrating = {
        let (fleet, over) = (fleet.apart(), over.clone());
        tokio::spawn(async move {
            for i in 0..MIGRATIONS {
                // Of the sort that is validated on each child, and of the other.
                let script = match i % 2 {
                    0 => format!("CREATE UNIQUE INDEX unique_{i} ON sale (item, id)"),
                    _ => format!("ALTER TABLE sale ADD COLUMN c{i} DEFAULT {i}"),
                };
                fleet.migrate(script).await;
            }
            over.store(true, Ordering::SeqCst);
        })
    };
    let mut made = 0;
    while !over.load(Ordering::SeqCst) && !migrating.is_finished() {
        let source = if made == 0 { "child".to_owned() } else { format!("copy-{}", made - 1) };
        let copy = branch(&world, &source, &format!("copy-{made}")).await;
        copy.exec(format!("INSERT INTO sale (id, item) VALUES ({}, 1)", 10 + made)).await;
        made += 1;
    }
    migrating.await.expect("all were applied");
    assert!(made > 0);
    assert_eq!(fleet.agree().await.generation, 1 + MIGRATIONS as u64);
    let last = fleet.child(&format!("copy-{}", made - 1));
    assert_eq!(last.text("SELECT count(*) FROM sale").await, (1 + made).to_string());
}

#[tokio::test]
async fn a_branch_of_a_child_that_was_never_used_starts_as_its_parent_is() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    fleet.create_children(["unused"]).await;
    let made = try_branch(&world, "unused", "copy").await.expect("it is made");
    assert_eq!((made.kind(), made.size_bytes, made.generation), (DatabaseKind::Child, 0, 1));
    fleet.migrate_all("INSERT INTO item VALUES (3, 'cup', 3)").await;
    for name in ["unused", "copy"] {
        assert_eq!(
            fleet.child(name).text("SELECT name FROM item ORDER BY id").await,
            "pen\nink\ncup"
        );
    }
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_branch_of_a_schema_is_a_schema_of_its_own() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    fleet.migrate_all("INSERT INTO item VALUES (3, 'cup', 3)").await;
    let database = Database { kind: DatabaseKind::Schema.into(), ..named("fork") };
    let made = ask(&world.admin, request(&world, "parent", database)).await.expect("it is made");
    let described = (made.kind(), made.schema.as_str(), made.generation);
    assert_eq!(described, (DatabaseKind::Schema, "", 2));
    assert_eq!(made, get(&world, "fork").await);
    let fork = Fleet::again(&world, "fork");
    assert_eq!(fork.names().await, Vec::<String>::new());
    assert_eq!(fork.migrations().await, Vec::new());
    assert_eq!(fork.schema_text().await, fleet.schema_text().await);
    assert_eq!(fork.parent().text("SELECT name FROM item ORDER BY id").await, "pen\nink\ncup");
    let look = fork.try_look("fork").await.expect("it answers");
    assert_eq!((look.generation, look.user_version), (2, 2));
    let unknown = fork.migration(&fleet.migrations().await[0].id).await;
    expect_error(unknown, Code::NotFound, "MIGRATION_NOT_FOUND");

    // Children of it, before and after its own next migration.
    fork.create_children(["early"]).await;
    assert_eq!(get(&world, "early").await.generation, 2);
    fork.child("early").exec("INSERT INTO sale VALUES (7, 3)").await;
    assert_eq!(fork.child("early").text("SELECT name FROM sold").await, "cup");
    let conditional = v1::ApplyMigrationRequest {
        expected_generation: Some(2),
        wait_for: WaitFor::Apply.into(),
        ..fork.request("ALTER TABLE item ADD COLUMN code; INSERT INTO item VALUES (4, 'jar', 4, 0)")
    };
    let migration = fork.try_apply(conditional).await.expect("it is applied");
    let counts = (migration.children_total, migration.children_applied);
    assert_eq!((migration.generation, counts), (3, (1, 1)));
    let listed: Vec<_> = fork.migrations().await.into_iter().map(|found| found.id).collect();
    assert_eq!(listed, [migration.id]);
    fork.create_children(["late"]).await;
    for name in ["early", "late"] {
        assert_eq!(fork.child(name).text("SELECT count(code) FROM item").await, "1", "{name}");
    }
    assert_eq!(fork.agree().await.generation, 3);

    // The source and its child are as they were, and go their own way.
    assert_eq!(fleet.names().await, ["child"]);
    assert_eq!(fleet.migrations().await.len(), 2);
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(child.text("SELECT count(*) FROM item").await, "3");
    // By SQL, which is a migration too.
    fleet.parent().exec("CREATE TABLE only_here (x)").await;
    assert_eq!(fleet.agree().await.generation, 3);
    assert!(!fork.schema_text().await.ddl.contains("only_here"));
    fleet.try_delete("child").await.expect("it is deleted");
    fleet.try_delete("parent").await.expect("nobody follows it any more");
    fork.migrate_all("DROP TABLE log").await;
    assert_eq!(fork.agree().await.generation, 4);
}

#[tokio::test]
async fn a_branch_of_a_schema_that_was_never_used_begins_at_zero() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    let made = try_branch(&world, "parent", "fork").await.expect("it is made");
    assert_eq!((made.kind(), made.generation), (DatabaseKind::Schema, 0));
    let fork = Fleet::again(&world, "fork");
    fork.create_children(["child"]).await;
    fork.migrate_all(SHOP).await;
    assert_eq!(fork.agree().await.generation, 1);
    assert_eq!(fleet.agree().await.generation, 0);
    assert_eq!(fleet.schema_text().await.ddl, "");
}

#[tokio::test]
async fn branches_of_a_fleet_are_there_after_a_crash() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    pair(&world).await;
    branch(&world, "child", "copy").await;
    branch(&world, "parent", "fork").await;
    Fleet::again(&world, "fork").create_children(["of-fork"]).await;
    server.kill();
    server.restart();
    let world = World::again(&server, &world.group);
    for (parent, child, sold) in [("parent", "copy", "ink"), ("fork", "of-fork", "")] {
        let fleet = Fleet::again(&world, parent);
        assert_eq!(fleet.child(child).text("SELECT name FROM sold").await, sold);
        assert_eq!(fleet.agree().await.generation, 1);
        fleet.migrate_all("CREATE UNIQUE INDEX sale_item ON sale (item)").await;
        assert_eq!(fleet.agree().await.generation, 2);
    }
}

#[tokio::test]
async fn a_child_of_a_branch_works_whose_file_was_made_and_not_noted() {
    for action in ACTIONS {
        let mut server = Server::start();
        let world = World::on(&server).await;
        pair(&world).await;
        branch(&world, "parent", "fork").await;
        Fleet::again(&world, "fork").create_children(["of-fork"]).await;
        let failpoint = ["--failpoint".to_owned(), format!("first-use-made={action}")];
        assert!(server.restart_with(&failpoint), "{action}");
        let mut world = World::again(&server, &world.group);
        world.db("of-fork").try_exec("DELETE FROM log").await.expect_err(action);
        let log = server.log();
        assert!(log.contains("failpoint reached"), "{action} was not reached; the log:\n{log}");
        if action == "kill" {
            assert!(server.restart_with(&[]), "{action}: it starts again");
            world = World::again(&server, &world.group);
        }
        // The way from generation 0 to that of its file is in no migration of its schema.
        let of_fork = world.db("of-fork");
        of_fork.exec("INSERT INTO sale VALUES (1, 1)").await;
        assert_eq!(of_fork.text("SELECT name FROM sold").await, "pen", "{action}");
        let fork = Fleet::again(&world, "fork");
        fork.migrate_all("CREATE UNIQUE INDEX sale_item ON sale (item)").await;
        assert_eq!(fork.agree().await.generation, 2, "{action}");
    }
}
