//! What becomes of a fleet whose files or disk are bad: a validation fails and
//! names the child, and after a commit no child answers from before.

use std::fs;
use std::path::{Path, PathBuf};

use tenantry_client::v1::{
    self, ApplyMigrationRequest, ChildState, DatabaseState, GetDatabaseRequest, MigrationState,
    TransactionMode, WaitFor,
};

use crate::support::client::{metadata, reason};
use crate::support::fleet::is_final;
use crate::support::{Code, Fleet, Server, Status, World, bounded, expect_error, until};

const ITEMS: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
    INSERT INTO item VALUES (1, 'pen', 3), (2, 'ink', 5);";

/// The client's idle connection does not keep the server from its end.
const QUICK_STOP: [&str; 2] = ["--drain-ms-max", "50"];

async fn retry(fleet: &Fleet, children: &[&str]) -> Result<(u64, u64), Status> {
    let children = children.iter().map(ToString::to_string).collect();
    let request = v1::RetryChildrenRequest { schema: fleet.reference(), children };
    let mut client = fleet.client().schemas();
    let answer = bounded("RetryChildren", client.retry_children(request)).await?.into_inner();
    Ok((answer.recovered_count, answer.quarantined_count))
}

/// The file of a database.
fn file_of(server: &Server, id: &str) -> PathBuf {
    let dir = server.data_dir().join("shard-0000").join("databases");
    let found = fs::read_dir(dir)
        .expect("it is there")
        .flatten()
        .find_map(|entry| Some(entry.path().join(format!("{id}.db"))).filter(|file| file.exists()));
    found.expect("a used database has a file")
}

/// How a file is damaged.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Overwritten,
    Removed,
}

impl Damage {
    fn inflict(self, file: &Path) {
        match self {
            Self::Overwritten => {
                let length = fs::metadata(file).expect("it is there").len();
                fs::write(file, vec![0x5a; usize::try_from(length).expect("it fits")])
            }
            Self::Removed => fs::remove_file(file),
        }
        .expect("it is damaged");
    }
}

#[tokio::test]
async fn a_damaged_child_fails_a_validation_and_is_quarantined_by_a_commit() {
    for damage in [Damage::Overwritten, Damage::Removed] {
        let mut server = Server::with(&QUICK_STOP);
        let world = World::on(&server).await;
        let of = Fleet::create(&world, "parent").await;
        of.migrate_all(ITEMS).await;
        let created = of.create_children(["a", "bad", "c", "unused"]).await;
        of.exec_all(&["a", "bad", "c"], "UPDATE item SET price = 9 WHERE id = 1").await;
        let id = created.into_iter().find(|child| child.name == "bad").expect("it is there").id;
        server.stop();
        let file = file_of(&server, &id);
        let sound = fs::read(&file).expect("it can be read");
        damage.inflict(&file);
        server.restart();
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");

        // What depends on rows cannot be validated there.
        let bad = world.reference("bad");
        let refused = of.try_apply(of.request("CREATE UNIQUE INDEX u ON item (name)")).await;
        let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
        assert_eq!(metadata(&status, "database"), bad, "{damage:?}: {status:?}");
        let info = tenantry_client::errors::info(&status).expect("an ErrorInfo");
        assert!(!info.metadata.contains_key("statement_index"), "{damage:?}: {info:?}");
        let (_, validation) = of.validate("UPDATE item SET price = 0").await.expect("answered");
        let told: Vec<_> =
            validation.failures.iter().map(|it| (&it.database, it.statement_failed)).collect();
        assert_eq!(told, [(&bad, false)], "{damage:?}");
        let others = || ["a", "c", "unused"].map(str::to_owned).to_vec();
        assert_eq!(of.agree_among(others()).await.generation, 1);

        // What does not, commits; and the child does not answer as before.
        let migration = of.migrate_all("ALTER TABLE item ADD COLUMN code DEFAULT 'x'").await;
        assert_eq!(migration.state(), MigrationState::Applied, "{damage:?}");
        let counts = (migration.children_applied, migration.children_quarantined);
        assert_eq!(counts, (3, 1), "{damage:?}");
        assert_eq!(of.agree_among(others()).await.generation, 2);
        for statement in ["SELECT * FROM item", "DELETE FROM item", "PRAGMA user_version"] {
            let refused = of.child("bad").try_exec(statement).await;
            let status = expect_error(refused, Code::FailedPrecondition, "CHILD_QUARANTINED");
            assert_eq!(metadata(&status, "database"), bad, "{damage:?}");
            assert_eq!(metadata(&status, "generation"), "2", "{damage:?}");
        }
        of.child("bad").try_begin(TransactionMode::Immediate).await.err().expect("nor that way");
        let quarantined = of.children(ChildState::Quarantined).await;
        assert_eq!(quarantined.len(), 1);
        assert!(quarantined[0].name == "bad" && !quarantined[0].reason.is_empty());
        let request = GetDatabaseRequest { name: bad.clone() };
        let described = world.admin.databases().get_database(request).await.expect("found");
        let described = described.into_inner().database.expect("a database");
        assert_eq!(described.state(), DatabaseState::Quarantined);
        assert!(!described.state_reason.is_empty());
        // Another can commit on top of it, as long as it need not look at it.
        of.migrate_all("CREATE TABLE more (x)").await;
        let refused = of.try_apply(of.request("UPDATE item SET price = 0")).await;
        let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
        assert_eq!(metadata(&status, "database"), bad);
        assert_eq!(retry(&of, &["bad"]).await.expect("it is tried"), (0, 1));

        // Put back, it has all of its rows, on the generation of now.
        server.stop();
        let file = file.with_extension("db");
        for beside in ["db-wal", "db-shm"] {
            let _ = fs::remove_file(file.with_extension(beside));
        }
        fs::write(&file, &sound).expect("it is put back");
        server.restart();
        let world = World::again(&server, &world.group);
        let of = Fleet::again(&world, "parent");
        let (_, quarantined) = retry(&of, &[]).await.expect("it is tried");
        assert_eq!(quarantined, 0, "{damage:?}");
        assert_eq!(of.agree().await.generation, 3, "{damage:?}");
        assert_eq!(of.child("bad").text("SELECT price, code FROM item").await, "9|x\n5|x");
        assert!(of.children(ChildState::Quarantined).await.is_empty());
        of.migrate("UPDATE item SET price = 0").await;
    }
}

#[tokio::test]
async fn a_damaged_parent_is_told_and_its_children_work_on() {
    let mut server = Server::with(&QUICK_STOP);
    let world = World::on(&server).await;
    let of = Fleet::create(&world, "parent").await;
    of.migrate_all(ITEMS).await;
    of.create_children(["a", "unused"]).await;
    of.exec_all(&["a"], "UPDATE item SET price = 9").await;
    let request = GetDatabaseRequest { name: of.reference() };
    let described = world.admin.databases().get_database(request).await.expect("found");
    let id = described.into_inner().database.expect("a database").id;
    server.stop();
    let file = file_of(&server, &id);
    let sound = fs::read(&file).expect("it can be read");
    Damage::Overwritten.inflict(&file);
    server.restart();
    let world = World::again(&server, &world.group);
    let of = Fleet::again(&world, "parent");
    let refused = of.try_apply(of.request("CREATE TABLE u (x)")).await;
    let status = refused.expect_err("it cannot be proved");
    assert!(
        matches!(reason(&status).as_str(), "DATABASE_CORRUPT" | "MIGRATION_FAILED"),
        "{status:?}"
    );
    assert_eq!(of.child("a").text("SELECT price FROM item").await, "9\n9");
    server.stop();
    for beside in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(file.with_extension(beside));
    }
    fs::write(&file, &sound).expect("it is put back");
    server.restart();
    let world = World::again(&server, &world.group);
    let of = Fleet::again(&world, "parent");
    of.migrate_all("CREATE TABLE u (x)").await;
    assert_eq!(of.agree().await.generation, 2);
}

/// A large file that takes the disk's room.
struct Ballast(PathBuf);

impl Ballast {
    /// Leaves so many bytes of the server's disk free.
    fn leaving(server: &Server, bytes: u64) -> Self {
        let path = server.data_dir().join("ballast");
        let stat = rustix::fs::statvfs(server.data_dir()).expect("the disk tells");
        let fill = (stat.f_bavail * stat.f_frsize).saturating_sub(bytes);
        fs::write(&path, vec![1; usize::try_from(fill).expect("it is small")])
            .expect("there is room");
        Self(path)
    }

    fn remove(self) {
        fs::remove_file(self.0).expect("it is removed");
    }
}

#[tokio::test]
async fn a_disk_that_fills_in_prepare_fails_the_migration() {
    let Some(server) = Server::on_disk_of(96 << 20, &[]) else { return };
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all(ITEMS).await;
    fleet.create_children(["a", "b"]).await;
    fleet.exec_all(&["a", "b"], "UPDATE item SET price = 9").await;
    // Rows that the parent has none of: it is the child that has no room. They are
    // so many that they stand in its file and no more in its log.
    let rows = "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
        INSERT INTO item (id, name) SELECT i, hex(zeroblob(50)) FROM n";
    fleet.child("b").exec(rows).await;
    let before = fleet.agree().await;
    let ballast = Ballast::leaving(&server, 512 << 10);
    let script = "UPDATE item SET name = name || hex(zeroblob(100))";
    let refused = fleet.try_apply(fleet.request(script)).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), world.reference("b"), "{status:?}");
    assert_eq!(fleet.agree().await, before);
    assert_eq!(fleet.child("b").text("SELECT max(length(name)) FROM item").await, "100");
    // What was undone takes no room from anybody.
    fleet.exec_all(&["a", "b"], "INSERT INTO item (name) VALUES ('written')").await;
    ballast.remove();
    fleet.migrate_all(script).await;
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(fleet.child("b").text("SELECT max(length(name)) FROM item").await, "300");
}

#[tokio::test]
async fn a_disk_that_fills_in_apply_quarantines_and_never_answers_from_before() {
    const CHILDREN: usize = 60;
    let flags = ["--open-databases-max", "2"];
    let Some(server) = Server::on_disk_of(24 << 20, &flags) else { return };
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all(ITEMS).await;
    let names: Vec<_> = (0..CHILDREN).map(|i| format!("c{i:02}")).collect();
    fleet.create_children(&names).await;
    fleet.exec_all(&names, "UPDATE item SET price = 9").await;
    let ballast = Ballast::leaving(&server, 192 << 10);
    // No child is validated; each will have to write some pages of its own.
    let tables: Vec<_> =
        (0..8).map(|i| format!("CREATE TABLE t{i} (id INTEGER PRIMARY KEY, x UNIQUE)")).collect();
    let migration = fleet.migrate(tables.join(";")).await;
    assert!(migration.metrics.is_some_and(|metrics| metrics.row_independent));
    let mut refused = 0;
    for name in &names {
        match fleet.try_look(name).await {
            Ok(look) => assert_eq!((look.generation, look.user_version), (2, 2), "{name}"),
            Err(status) => {
                // Without any room it may not be noted, and yet it is not answered.
                let told = reason(&status);
                assert!(
                    matches!(told.as_str(), "CHILD_QUARANTINED" | "STORAGE_FULL"),
                    "{status:?}"
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "the disk was to fill up");
    ballast.remove();
    let ended = fleet.ended(&migration.id).await;
    assert_eq!(ended.state(), MigrationState::Applied);
    until("all are back", async || {
        retry(&fleet, &[]).await.is_ok_and(|(_, quarantined)| quarantined == 0).then_some(())
    })
    .await;
    assert_eq!(fleet.agree().await.generation, 2);
    for name in &names {
        assert_eq!(fleet.child(name).text("SELECT price FROM item").await, "9\n9", "{name}");
        assert_eq!(fleet.child(name).text("PRAGMA integrity_check").await, "ok", "{name}");
    }
    assert!(fleet.children(ChildState::Quarantined).await.is_empty());
    fleet.migrate_all("UPDATE item SET price = 1").await;
}

#[tokio::test]
async fn a_disk_that_is_full_of_all_leaves_one_generation() {
    let Some(server) = Server::on_disk_of(16 << 20, &[]) else { return };
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all(ITEMS).await;
    fleet.create_children(["a", "b"]).await;
    fleet.exec_all(&["a", "b"], "UPDATE item SET price = 9").await;
    let ballast = Ballast::leaving(&server, 0);
    // The catalog itself may have no room: then nothing has happened, or all of it.
    let request = ApplyMigrationRequest {
        wait_for: WaitFor::Nothing.into(),
        ..fleet.request("UPDATE item SET name = hex(zeroblob(2000))")
    };
    let told = fleet.try_apply(request).await;
    if let Err(status) = &told {
        assert_ne!(reason(status), "", "{status:?}");
    }
    for name in ["a", "b"] {
        assert_eq!(fleet.child(name).text("SELECT price FROM item").await, "9\n9");
    }
    ballast.remove();
    until("it has ended", async || fleet.migrations().await.iter().all(is_final).then_some(()))
        .await;
    let look = fleet.agree().await;
    fleet.migrate_all("UPDATE item SET price = 1").await;
    assert_eq!(fleet.agree().await.generation, look.generation + 1);
}
