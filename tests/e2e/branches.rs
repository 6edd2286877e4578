//! Branches: a database that begins as one snapshot of another, is its own from
//! then on, and is made whole or not at all.

mod failing;
mod fleets;
mod given_up;
mod refusals;
mod repeated;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use futures_util::future::join_all;
use tenantry_client::v1::{
    self, BranchDatabaseRequest, Database, DatabaseKind, DatabaseState, GetDatabaseRequest,
    ListDatabasesRequest, TransactionMode,
};
use tokio::task::JoinHandle;

use crate::support::{Client, Code, Db, Server, Status, World, bounded, expect_error, sql, until};

/// A schema of every kind of object, with rows.
const SHOP: &str = "
    CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER DEFAULT 1);
    CREATE INDEX item_name ON item (name);
    CREATE TABLE sale (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item);
    CREATE VIEW sold AS SELECT name FROM sale JOIN item ON item.id = sale.item;
    CREATE TABLE log (line TEXT);
    CREATE TRIGGER logging AFTER INSERT ON sale BEGIN INSERT INTO log VALUES (NEW.item); END;
    CREATE VIRTUAL TABLE words USING fts5 (word);
    INSERT INTO item (id, name) VALUES (1, 'pen'), (2, 'ink');
    INSERT INTO words VALUES ('found it');";

/// What all of a database's objects are.
const SCHEMA: &str = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";

/// The client's idle connection does not keep the server from its end.
const QUICK_STOP: [&str; 2] = ["--drain-ms-max", "50"];

fn named(name: &str) -> Database {
    Database { name: name.to_owned(), ..Default::default() }
}

/// The request for a branch of a database of the world's group.
fn request(world: &World, source: &str, database: Database) -> BranchDatabaseRequest {
    BranchDatabaseRequest {
        source: world.reference(source),
        database: Some(database),
        request_id: String::new(),
    }
}

async fn ask(client: &Client, request: BranchDatabaseRequest) -> Result<Database, Status> {
    let answer = bounded("BranchDatabase", client.databases().branch_database(request)).await?;
    Ok(answer.into_inner().database.expect("a database"))
}

async fn try_branch(world: &World, source: &str, name: &str) -> Result<Database, Status> {
    ask(&world.admin, request(world, source, named(name))).await
}

/// A branch; it must be made.
#[track_caller]
fn branch(world: &World, source: &str, name: &str) -> impl Future<Output = Db> {
    let caller = std::panic::Location::caller();
    async move {
        let made = try_branch(world, source, name).await;
        let made = made.unwrap_or_else(|status| panic!("{caller}: {source} to {name}: {status:?}"));
        world.handle(&made)
    }
}

/// Asks for a branch, by a connection of its own.
fn start(world: &World, source: &str, name: &str) -> JoinHandle<Result<Database, Status>> {
    let (client, request) = (world.admin.apart(), request(world, source, named(name)));
    tokio::spawn(async move { ask(&client, request).await })
}

/// Awaits that it has begun to be copied.
async fn being_copied(server: &Server, branch: &JoinHandle<Result<Database, Status>>) {
    until("it is being copied", async || {
        let drafted = files(server).iter().any(|file| file.ends_with(".new"));
        (drafted || branch.is_finished()).then_some(())
    })
    .await;
}

async fn try_get(world: &World, name: &str) -> Result<Database, Status> {
    let request = GetDatabaseRequest { name: world.reference(name) };
    let answer = bounded("GetDatabase", world.admin.databases().get_database(request)).await?;
    Ok(answer.into_inner().database.expect("a database"))
}

async fn get(world: &World, name: &str) -> Database {
    try_get(world, name).await.expect("it is there")
}

/// The names of all databases of the group, deleted ones too.
async fn names(world: &World) -> Vec<String> {
    world.listing().await.into_iter().map(|database| database.name).collect()
}

/// A database of so many MiB.
async fn large(world: &World, name: &str, size_mib: u64) -> Db {
    let db = world.database(name).await;
    db.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('kept'); CREATE TABLE ballast (x)").await;
    // In transactions that do not keep the writer for long.
    for _ in 0..size_mib.div_ceil(16) {
        db.exec(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16)
             INSERT INTO ballast SELECT zeroblob(1 << 20) FROM n",
        )
        .await;
    }
    db
}

/// The files below the directory of databases, by name.
fn files(server: &Server) -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => walk(&path, found),
                _ => found.push(entry.file_name().to_string_lossy().into_owned()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&server.data_dir().join("shard-0000").join("databases"), &mut found);
    found
}

/// The files that belong to none of the databases that are listed, or to no
/// finished one.
async fn orphans(server: &Server, world: &World) -> Vec<String> {
    let ids: Vec<_> = world.listing().await.into_iter().map(|database| database.id).collect();
    let is_known = |file: &String| {
        let owner = ids.iter().find_map(|id| file.strip_prefix(id.as_str()));
        owner.is_some_and(|rest| [".db", ".db-wal", ".db-shm"].contains(&rest))
    };
    let mut files = files(server);
    files.retain(|file| !is_known(file));
    files
}

/// Awaits that what was given up is gone from the disk.
async fn nothing_left(server: &Server, world: &World) {
    until("no file of a branch that was given up is there", async || {
        orphans(server, world).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_branch_has_all_of_its_source_and_is_its_own_from_then_on() {
    let world = World::shared().await;
    let source = world.database("source").await;
    source.exec(SHOP).await;
    source.exec("PRAGMA user_version = 7").await;
    source.exec("INSERT INTO sale VALUES (1, 2)").await;
    let before = source.digest().await;
    let made = try_branch(&world, "source", "copy").await.expect("it is made");
    assert_eq!(made.generation, 0, "it follows no schema, whatever its tenant's number is");
    let copy = world.handle(&made);
    assert_eq!(copy.digest().await, before);
    assert_eq!(copy.text(SCHEMA).await, source.text(SCHEMA).await);
    assert_eq!(copy.text("PRAGMA user_version").await, "7");
    assert_eq!(copy.text("PRAGMA integrity_check").await, "ok");
    assert_eq!(copy.text("SELECT word FROM words WHERE words MATCH 'found'").await, "found it");

    // The trigger, the view, the foreign key and the index do what they do.
    copy.exec("INSERT INTO sale VALUES (2, 1); UPDATE item SET price = 9 WHERE name = 'pen'").await;
    assert_eq!(copy.text("SELECT line FROM log").await, "2\n1");
    assert_eq!(copy.text("SELECT name FROM sold ORDER BY name").await, "ink\npen");
    let refused = copy.try_exec("INSERT INTO sale VALUES (3, 77)").await;
    expect_error(refused, Code::FailedPrecondition, "CONSTRAINT");
    copy.exec("DROP INDEX item_name; CREATE TABLE more (x)").await;
    assert_eq!(source.digest().await, before, "what the branch writes is its own");
    let of_copy = copy.digest().await;
    source.exec("DROP VIEW sold; DELETE FROM sale; INSERT INTO item VALUES (3, 'cup', 2)").await;
    assert_eq!(copy.digest().await, of_copy, "what the source writes is its own");

    // One of a branch, and without those that it came from.
    let again = branch(&world, "copy", "again").await;
    world.delete(&source).await;
    world.delete(&copy).await;
    assert_eq!(again.digest().await, of_copy);
    again.exec("DELETE FROM log").await;
}

#[tokio::test]
async fn a_branch_is_described_as_asked_for_and_not_as_its_source() {
    let world = World::shared().await;
    let labels = |value: &str| BTreeMap::from([("of".to_owned(), value.to_owned())]);
    let source = Database {
        allow_attach: true,
        delete_protection: true,
        block_writes: true,
        size_limit_bytes: 1 << 20,
        labels: labels("source"),
        ..named("source")
    };
    world.create(source).await;
    // A branch of one that cannot be written, with a file.
    world.configure(&world.db("source"), "block_writes", |new| new.block_writes = false).await;
    world.db("source").exec(SHOP).await;
    world.configure(&world.db("source"), "block_writes", |new| new.block_writes = true).await;
    let source = get(&world, "source").await;

    let plain = try_branch(&world, "source", "plain").await.expect("it is made");
    assert_eq!(plain, get(&world, "plain").await);
    assert!(plain.size_bytes > 0 && !plain.etag.is_empty(), "{plain:?}");
    assert!(plain.id != source.id && uuid::Uuid::parse_str(&plain.id).is_ok(), "{}", plain.id);
    let expected = Database {
        id: plain.id.clone(),
        group: world.group.clone(),
        kind: DatabaseKind::Regular.into(),
        size_bytes: plain.size_bytes,
        create_time: plain.create_time,
        update_time: plain.create_time,
        state: DatabaseState::Active.into(),
        etag: plain.etag.clone(),
        ..named("plain")
    };
    assert_eq!(plain, expected);
    let moment = |database: &Database| {
        database.create_time.map(|time| (time.seconds, time.nanos)).expect("a time")
    };
    assert!(moment(&plain) >= moment(&source));

    let wanted = Database {
        group: world.group.clone(),
        kind: DatabaseKind::Regular.into(),
        allow_attach: true,
        delete_protection: true,
        block_writes: true,
        // Smaller than it is already.
        size_limit_bytes: 8_192,
        labels: labels("branch"),
        // Output only: ignored.
        id: "not read".into(),
        generation: 7,
        ..named("set")
    };
    let made = ask(&world.admin, request(&world, "source", wanted.clone())).await;
    let made = made.expect("it is made");
    let expected = Database {
        id: made.id.clone(),
        generation: 0,
        size_bytes: made.size_bytes,
        create_time: made.create_time,
        update_time: made.update_time,
        state: DatabaseState::Active.into(),
        etag: made.etag.clone(),
        ..wanted
    };
    assert_eq!(made, expected);
    let set = world.handle(&made);
    assert_eq!(set.text("SELECT name FROM item ORDER BY id").await, "pen\nink");
    let refused = set.try_exec("DELETE FROM item").await;
    expect_error(refused, Code::FailedPrecondition, "WRITES_BLOCKED");
    world.configure(&set, "block_writes", |new| new.block_writes = false).await;
    let refused = set.try_exec("INSERT INTO log VALUES (zeroblob(100000))").await;
    expect_error(refused, Code::ResourceExhausted, "SIZE_LIMIT");
    let request = v1::DeleteDatabaseRequest { name: set.reference().into(), ..Default::default() };
    let refused = world.admin.databases().delete_database(request).await;
    expect_error(refused, Code::FailedPrecondition, "DELETE_PROTECTED");
    let beside = world.db("plain").attach("set", "s");
    assert_eq!(beside.text("SELECT count(*) FROM s.item").await, "2");

    for (value, found) in [("source", "source"), ("branch", "set")] {
        let group = world.group.clone();
        let request = ListDatabasesRequest { group, labels: labels(value), ..Default::default() };
        let listed = world.admin.databases().list_databases(request).await.expect("listed");
        let listed: Vec<_> =
            listed.into_inner().databases.into_iter().map(|database| database.name).collect();
        assert_eq!(listed, [found]);
    }
    assert_eq!(get(&world, "source").await.etag, source.etag, "the source is as it was");
}

#[tokio::test]
async fn a_branch_does_not_wait_for_open_transactions_and_has_nothing_of_them() {
    let world = World::shared().await;
    let source = world.database("source").await;
    source.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('kept')").await;
    let mut writing = source.begin(TransactionMode::Immediate).await;
    let mut reading = source.begin(TransactionMode::Deferred).await;
    assert_eq!(reading.text("SELECT x FROM t").await, "kept");
    // More than stays in memory, so that it is in the file's log.
    writing.exec("INSERT INTO t VALUES ('open'), (zeroblob(4 << 20)); CREATE TABLE u (y)").await;
    let copy = branch(&world, "source", "copy").await;
    assert_eq!(copy.text("SELECT x FROM t").await, "kept");
    assert_eq!(copy.text("SELECT name FROM sqlite_schema").await, "t");
    copy.exec("INSERT INTO t VALUES ('of the copy')").await;
    writing.exec("INSERT INTO t VALUES ('later')").await;
    writing.commit().await.expect("the source was not disturbed");
    assert_eq!(reading.text("SELECT x FROM t").await, "kept");
    reading.rollback().await;
    assert_eq!(source.text("SELECT x FROM t WHERE typeof(x) = 'text'").await, "kept\nopen\nlater");
    assert_eq!(copy.text("SELECT x FROM t").await, "kept\nof the copy");
    assert_eq!(copy.text("PRAGMA integrity_check").await, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_is_one_moment_among_the_writers_of_its_source() {
    const WRITERS: usize = 3;
    const BRANCHES: usize = 4;
    let world = World::shared().await;
    let source = large(&world, "source", 16).await;
    source.exec("CREATE TABLE a (writer, number); CREATE TABLE b (writer, number)").await;
    let over = Arc::new(AtomicBool::new(false));
    let acked: Arc<[AtomicI64; WRITERS]> = Arc::default();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, over, acked) = (source.apart(), over.clone(), acked.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let values = format!("VALUES ({writer}, {number})");
                    db.exec(sql(format!("INSERT INTO a {values}; INSERT INTO b {values}"), vec![]))
                        .await;
                    acked[writer].store(number + 1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let counted = || acked.each_ref().map(|count| count.load(Ordering::SeqCst));
    for i in 0..BRANCHES {
        let start = counted();
        until("every writer goes on", async || {
            counted().iter().zip(start).all(|(now, then)| *now > then).then_some(())
        })
        .await;
        let before = counted();
        let copy = branch(&world, "source", &format!("copy-{i}")).await;
        assert_eq!(copy.text("PRAGMA integrity_check").await, "ok");
        let of = |table| {
            format!(
                "SELECT writer, count(*), count(DISTINCT number), max(number) + 1 FROM {table}
                GROUP BY writer ORDER BY writer"
            )
        };
        let rows = copy.text(of("a")).await;
        assert_eq!(rows, copy.text(of("b")).await, "both are of one transaction");
        assert_eq!(rows.lines().count(), WRITERS);
        for (line, before) in rows.lines().zip(before) {
            let numbers: Vec<i64> = line.split('|').map(|n| n.parse().expect("a number")).collect();
            assert!(numbers[1] >= before, "all that was acknowledged before: {before} and {line}");
            assert!(numbers[1] == numbers[2] && numbers[1] == numbers[3], "without a gap: {line}");
        }
    }
    over.store(true, Ordering::SeqCst);
    for writer in bounded("all writers", join_all(writers)).await {
        writer.expect("no write was refused");
    }
}

#[tokio::test]
async fn a_branch_of_a_database_that_was_never_used_is_as_empty() {
    let world = World::shared().await;
    world.database("source").await;
    let made = try_branch(&world, "source", "copy").await.expect("it is made");
    assert_eq!((made.kind(), made.size_bytes, made.generation), (DatabaseKind::Regular, 0, 0));
    let copy = world.handle(&made);
    copy.exec("CREATE TABLE t (x)").await;
    assert_eq!(world.db("source").text("SELECT name FROM sqlite_schema").await, "");
    // Used, and empty all the same.
    let copy = branch(&world, "source", "of-an-empty-file").await;
    copy.exec("CREATE TABLE t (x)").await;
    assert_eq!(world.db("source").text("SELECT name FROM sqlite_schema").await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_can_be_deleted_meanwhile() {
    let server = Server::start();
    let world = World::on(&server).await;
    let source = large(&world, "source", 64).await;
    let copying = start(&world, "source", "copy");
    being_copied(&server, &copying).await;
    world.delete(&source).await;
    let copied = bounded("the branch", copying).await.expect("it is answered");
    match copied {
        Ok(made) => {
            let copy = world.handle(&made);
            assert_eq!(copy.text("SELECT x FROM t; PRAGMA integrity_check").await, "ok");
            assert_eq!(copy.text("SELECT count(*) FROM ballast").await, "64");
        }
        // It is not there any more.
        refused => drop(expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND")),
    }
    let request = v1::UndeleteDatabaseRequest { name: source.reference().into() };
    world.admin.databases().undelete_database(request).await.expect("it comes back");
    assert_eq!(source.text("PRAGMA integrity_check").await, "ok");
    nothing_left(&server, &world).await;
}
