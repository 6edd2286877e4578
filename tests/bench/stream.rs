//! A million rows by `Query`, against stepping the same SELECT in process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tenantry_client::v1::{self, query_response::Part};
use tokio::task::JoinHandle;

use crate::ratio::{Bound, Figure, median};
use crate::support::process::resident_bytes;
use crate::support::{Db, Server, World};

/// Rows in the table: an integer, 20 characters and a real each.
const ROWS: u64 = 1_000_000;
/// Rounds, each of one turn of either side.
const ROUNDS: usize = 5;
/// The query of both sides.
const SELECT: &str = "SELECT i, s, r FROM t";
/// How often the server's memory is looked at.
const MEMORY_INTERVAL: Duration = Duration::from_millis(10);

fn fill() -> String {
    format!(
        "CREATE TABLE t (i INTEGER NOT NULL, s TEXT NOT NULL, r REAL NOT NULL);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
         INSERT INTO t SELECT i * 7919 % 1000003, format('text of row %08d', i), i / 7.0 FROM n;"
    )
}

/// What both sides must have read.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    rows: u64,
    integers: i64,
    text_bytes: u64,
    reals: f64,
}

pub(crate) async fn run() -> Vec<Figure> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("plain.db");
    {
        #[expect(
            clippy::disallowed_methods,
            reason = "the side without a server opens its own file"
        )]
        let plain = Connection::open(&path).expect("opens");
        plain.execute_batch("PRAGMA journal_mode = WAL").expect("is set");
        plain.execute_batch(&fill()).expect("fills");
    }
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("stream").await;
    db.exec(fill().as_str()).await;

    let (mut ratios, mut streams, mut plains, mut memory) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let idle = resident_bytes(server.pid()).unwrap_or(0);
    for round in 0..=ROUNDS {
        let started = Instant::now();
        let in_process = step(&path);
        let plain = ROWS as f64 / started.elapsed().as_secs_f64();

        let watch = MemoryWatch::start(server.pid(), idle);
        let started = Instant::now();
        let streamed = receive(&db).await;
        let stream = ROWS as f64 / started.elapsed().as_secs_f64();
        let grown = watch.end();
        assert_eq!(streamed, in_process, "both sides read the same");
        // The first round warms both sides up.
        if round > 0 {
            ratios.push(stream / plain);
            streams.push(stream);
            plains.push(plain);
            memory.push(grown as f64 / f64::from(1 << 20));
        }
    }
    let detail = format!("[{:.0} / {:.0} rows per second]", median(&streams), median(&plains));
    vec![
        Figure {
            name: "Query of 1,000,000 rows / stepping in process, rows per second",
            rounds: ratios,
            bound: Bound::AtLeast(0.3),
            detail,
        },
        Figure {
            name: "the server's memory above idle during it, MiB",
            rounds: memory,
            bound: Bound::Below(32.0),
            detail: String::new(),
        },
    ]
}

/// Looks at the memory of a process again and again.
struct MemoryWatch {
    idle: u64,
    most: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl MemoryWatch {
    fn start(pid: u32, idle: u64) -> Self {
        let most = Arc::new(AtomicU64::new(idle));
        let seen = most.clone();
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(MEMORY_INTERVAL);
            loop {
                ticks.tick().await;
                seen.fetch_max(resident_bytes(pid).unwrap_or(0), Ordering::Relaxed);
            }
        });
        Self { idle, most, task }
    }

    /// By how much the process had grown at most, in bytes.
    fn end(self) -> u64 {
        self.task.abort();
        self.most.load(Ordering::Relaxed).saturating_sub(self.idle)
    }
}

fn step(path: &std::path::Path) -> Sum {
    #[expect(clippy::disallowed_methods, reason = "the side without a server opens its own file")]
    let plain = Connection::open(path).expect("opens");
    let mut statement = plain.prepare(SELECT).expect("compiles");
    let mut rows = statement.query([]).expect("starts");
    let mut sum = Sum::default();
    while let Some(row) = rows.next().expect("steps") {
        sum.rows += 1;
        sum.integers += row.get_ref(0).and_then(|cell| Ok(cell.as_i64()?)).expect("an integer");
        sum.text_bytes +=
            row.get_ref(1).and_then(|cell| Ok(cell.as_str()?.len() as u64)).expect("text");
        sum.reals += row.get_ref(2).and_then(|cell| Ok(cell.as_f64()?)).expect("a real");
    }
    sum
}

async fn receive(db: &Db) -> Sum {
    let request = v1::QueryRequest {
        database: db.reference().to_owned(),
        statement: Some(v1::Statement { sql: SELECT.into(), ..Default::default() }),
        encoding: v1::Encoding::Columns.into(),
        ..Default::default()
    };
    let mut stream = db.client().query().query(request).await.expect("starts").into_inner();
    let mut sum = Sum::default();
    let mut complete = false;
    while let Some(response) = stream.message().await.expect("goes on") {
        match response.part.expect("has a part") {
            Part::Columns(chunk) => {
                sum.rows += u64::from(chunk.row_count);
                sum.integers += chunk.columns[0].integers.iter().sum::<i64>();
                let mut data = &chunk.columns[1].data[..];
                for &length in &chunk.columns[1].lengths {
                    let (text, rest) = data.split_at(length as usize);
                    sum.text_bytes += std::str::from_utf8(text).expect("is UTF-8").len() as u64;
                    data = rest;
                }
                for real in &chunk.columns[2].reals {
                    sum.reals += real;
                }
            }
            Part::Summary(_) => complete = true,
            Part::Header(_) | Part::Rows(_) => {}
        }
    }
    assert!(complete, "the summary came");
    sum
}
