//! What was acknowledged is there after `kill -9`, whenever it comes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use rand::Rng as _;
use rusqlite::{Connection, OpenFlags};
use tenantry_client::v1::{BatchStep, CreateDatabaseRequest, Database, TransactionMode};
use tokio::sync::watch;

use crate::support::{Code, Db, Server, World, bounded, cells, expect_error, sql, until};

/// How often the server is killed.
const ROUNDS: i64 = 50;
/// Databases, and writers of each.
const DATABASES: usize = 3;
const WRITERS: i64 = 3;

/// What was acknowledged: (database, round, writer, number).
type Row = (usize, i64, i64, i64);

/// What a round has seen.
#[derive(Default)]
struct Seen {
    acked: Mutex<BTreeSet<Row>>,
    count: AtomicUsize,
    /// The server is gone: a failure is none.
    killed: watch::Sender<bool>,
}

/// Writes two rows at a time, in each of the ways there are, until the server
/// is gone.
async fn write(db: Db, database: usize, round: i64, writer: i64, seen: Arc<Seen>) {
    const INSERT: &str = "INSERT INTO t VALUES (?, ?, ?)";
    for number in 0.. {
        let (first, second) =
            (cells![round, writer, 2 * number], cells![round, writer, 2 * number + 1]);
        let both = || sql("INSERT INTO t VALUES (?1, ?2, ?3), (?1, ?2, ?3 + 1)", first.clone());
        let written = match (number + writer) % 3 {
            0 => db.try_exec(both()).await.map(|_| ()),
            1 => {
                let step =
                    |args| BatchStep { statement: Some(sql(INSERT, args).0), condition: None };
                let steps = vec![step(first.clone()), step(second)];
                db.batch(TransactionMode::Immediate, steps).await.map(|_| ())
            }
            _ => match db.try_begin(TransactionMode::Immediate).await {
                Ok(mut tx) => match tx.ask(both()).await {
                    Ok(answer) => {
                        answer.expect("it is written");
                        tx.commit().await
                    }
                    Err(status) => Err(status),
                },
                Err(status) => Err(status),
            },
        };
        match written {
            Ok(()) => {
                let rows =
                    [2 * number, 2 * number + 1].map(|number| (database, round, writer, number));
                seen.acked.lock().expect("unpoisoned").extend(rows);
                seen.count.fetch_add(1, Ordering::SeqCst);
            }
            // A writer may see the kill before the killer has said so.
            Err(status) => {
                let what = format!("the kill that would explain {status:?}");
                let mut killed = seen.killed.subscribe();
                bounded(&what, killed.wait_for(|killed| *killed)).await.expect("it is told");
                return;
            }
        }
    }
}

/// The rows of a database, of one round or of all.
async fn rows(db: &Db, database: usize, round: Option<i64>) -> BTreeSet<Row> {
    let filter = round.map_or(String::new(), |round| format!("WHERE round = {round}"));
    let text = db.text(format!("SELECT round, writer, number FROM t {filter}")).await;
    let row = |line: &str| {
        let numbers: Vec<i64> = line.split('|').map(|n| n.parse().expect("a number")).collect();
        (database, numbers[0], numbers[1], numbers[2])
    };
    text.lines().map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_row_is_lost_in_fifty_kills() {
    let mut server = Server::start();
    let mut world = World::on(&server).await;
    let names: Vec<String> = (0..DATABASES).map(|i| format!("db-{i}")).collect();
    for name in &names {
        let db = world.database(name).await;
        db.exec("CREATE TABLE t (round, writer, number, UNIQUE (round, writer, number))").await;
    }
    let mut acked = BTreeSet::new();
    for round in 0..ROUNDS {
        let seen = Arc::new(Seen::default());
        let mut writers = Vec::new();
        for (database, name) in names.iter().enumerate() {
            for writer in 0..WRITERS {
                let db = world.db(name).apart();
                writers.push(tokio::spawn(write(db, database, round, writer, seen.clone())));
            }
        }
        // The catalog is written too.
        let created = Database {
            group: world.group.clone(),
            name: format!("new-{round}"),
            ..Default::default()
        };
        let request = CreateDatabaseRequest { database: Some(created), ..Default::default() };
        world.admin.databases().create_database(request).await.expect("it is created");
        let enough = rand::rng().random_range(5..60);
        until("enough is written", async || {
            (seen.count.load(Ordering::SeqCst) >= enough).then_some(())
        })
        .await;
        server.kill();
        seen.killed.send_replace(true);
        for writer in join_all(writers).await {
            writer.expect("a writer fails only when the server is gone");
        }
        server.restart();
        world = World::again(&server, &world.group);
        let of_round = std::mem::take(&mut *seen.acked.lock().expect("unpoisoned"));
        let mut found = BTreeSet::new();
        for (database, name) in names.iter().enumerate() {
            found.extend(rows(&world.db(name), database, Some(round)).await);
        }
        let missing: Vec<_> = of_round.difference(&found).collect();
        assert!(missing.is_empty(), "round {round}: acknowledged and lost: {missing:?}");
        for (database, round, writer, number) in &found {
            let twin = (*database, *round, *writer, number ^ 1);
            assert!(found.contains(&twin), "round {round}: half of a write: {twin:?}");
        }
        // At most what was on its way came without an acknowledgement.
        let extra = found.difference(&of_round).count();
        assert!(extra <= 2 * DATABASES * WRITERS as usize, "{extra} rows from nowhere");
        acked.extend(of_round);
    }
    let mut found = BTreeSet::new();
    for (database, name) in names.iter().enumerate() {
        let db = world.db(name);
        assert_eq!(db.text("PRAGMA integrity_check").await, "ok", "{name}");
        found.extend(rows(&db, database, None).await);
    }
    assert!(acked.is_subset(&found), "later kills lose nothing either");
    let listed: BTreeSet<_> =
        world.listing().await.into_iter().map(|database| database.name).collect();
    for round in 0..ROUNDS {
        assert!(listed.contains(&format!("new-{round}")), "a database of round {round} is lost");
    }
    server.stop();
    for file in databases_in(&server.data_dir()) {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let db = Connection::open_with_flags(&file, flags).expect("it opens");
        let check: String =
            db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is checked");
        assert_eq!(check, "ok", "{}", file.display());
    }
    println!("{} rows were acknowledged and all of them are there", acked.len());
}

#[tokio::test]
async fn a_damaged_file_is_told_and_harms_no_other() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let (damaged, sound) = (world.database("damaged").await, world.attachable("sound").await);
    for db in [&damaged, &sound] {
        db.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('kept')").await;
    }
    server.stop();
    let mut files = databases_in(&server.data_dir()).into_iter();
    let file = files.find(|file| file.to_string_lossy().contains(damaged.id()));
    let file = file.expect("a used database has a file");
    let length = std::fs::metadata(&file).expect("it is there").len();
    std::fs::write(&file, vec![0x5a; length as usize]).expect("it is overwritten");
    server.restart();

    let world = World::again(&server, &world.group);
    let refused = world.db("damaged").try_exec("SELECT x FROM t").await;
    expect_error(refused, Code::DataLoss, "DATABASE_CORRUPT");
    assert_eq!(world.db("sound").text("SELECT x FROM t").await, "kept");
    let listed = world.listing().await.len();
    assert_eq!(listed, 2, "it can still be seen, and deleted");
    world.delete(&world.db("damaged")).await;
}

/// All SQLite files below a directory.
fn databases_in(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(databases_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "db") {
            found.push(path);
        }
    }
    found
}
