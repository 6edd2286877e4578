//! Durable inserts by many writers of one database, against a plain loop that
//! commits each one by itself: what sharing a commit is worth.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::ratio::{Bound, Figure, median};
use crate::support::{Db, Server, World};

/// Writers at once.
const WRITERS: usize = 64;
/// Rounds, each of one turn of either side.
const ROUNDS: usize = 5;
/// How long a turn takes.
const TURN: Duration = Duration::from_millis(1_500);
/// What each write is.
const INSERT: &str = "INSERT INTO t (x) VALUES ('a row of twenty chars')";
const SCHEMA: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)";

pub(crate) async fn run() -> Figure {
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("writes").await;
    db.exec(SCHEMA).await;
    // Beside the server's own files, so that both sync the same disk.
    let path = server.data_dir().join("plain.db");
    let (mut ratios, mut shared, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let alone = commit_one_by_one(&path);
        let together = write_together(&db).await;
        // The first round warms both sides up.
        if round > 0 {
            ratios.push(together / alone);
            shared.push(together);
            plain.push(alone);
        }
    }
    Figure {
        name: "durable inserts of 64 writers / a plain loop with a commit each, per second",
        rounds: ratios,
        bound: Bound::AtLeast(1.0),
        detail: format!("[{:.0} / {:.0} per second]", median(&shared), median(&plain)),
    }
}

fn commit_one_by_one(path: &Path) -> f64 {
    #[expect(clippy::disallowed_methods, reason = "the side without a server opens its own file")]
    let db = Connection::open(path).expect("opens");
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").expect("is set");
    db.execute_batch("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x TEXT)")
        .expect("a table");
    let mut insert = db.prepare(INSERT).expect("compiles");
    let (started, mut writes) = (Instant::now(), 0_u32);
    while started.elapsed() < TURN {
        insert.execute([]).expect("inserts");
        writes += 1;
    }
    f64::from(writes) / started.elapsed().as_secs_f64()
}

async fn write_together(db: &Db) -> f64 {
    let started = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (mut query, request) = (db.client().query(), db.request(INSERT));
            tokio::spawn(async move {
                let mut writes = 0_u32;
                while started.elapsed() < TURN {
                    query.execute(request.clone()).await.expect("is acknowledged");
                    writes += 1;
                }
                writes
            })
        })
        .collect();
    let mut writes = 0;
    for writer in writers {
        writes += writer.await.expect("ends");
    }
    f64::from(writes) / started.elapsed().as_secs_f64()
}
