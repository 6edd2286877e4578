//! What those who use a fleet feel of a migration that is validated on every
//! child: the longest wait of a write, and how long reads take.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::data::{Children, Data};
use super::load::{Load, Window, longest, p99};
use super::plain;
use crate::ratio::{Bound, Figure, median};
use crate::support::v1::{Migration, MigrationState};

/// Rounds, each of one turn of either side.
const ROUNDS: usize = 5;
/// Writers, each on a child of its own.
const WRITERS: usize = 32;
/// Readers, each on a child of its own.
const READERS: usize = 32;
/// How often a reader reads: 1,600 reads per second of all of them, a small part of
/// what two cores can do.
const READER_BEAT: Duration = Duration::from_millis(20);
/// Files that the loop beside the readers goes through between two looks at the time.
const FILES_AT_ONCE: usize = 100;
/// For how long a load runs before anything is measured.
const WARM_UP: Duration = Duration::from_millis(500);
/// A script that rows can make fail, and that can be applied again and again.
const SCRIPT: &str = "DROP INDEX IF EXISTS orders_by_reference;
    CREATE UNIQUE INDEX orders_by_reference ON orders (reference)";

/// A migration from its start until it is in all files.
struct Run {
    window: Window,
    migration: Migration,
}

impl Run {
    async fn of(children: &Children) -> Self {
        let from = Instant::now();
        let migration = children.fleet.migrate(SCRIPT).await;
        let migration = children.fleet.ended(&migration.id).await;
        assert_eq!(migration.state(), MigrationState::Applied, "{migration:?}");
        assert_eq!(migration.children_applied, children.len() as u64, "{migration:?}");
        Self { window: Window { from, to: Instant::now() }, migration }
    }

    /// The longest wait as the server has measured it, in milliseconds.
    fn pause_ms(&self) -> f64 {
        let pause = self.migration.max_write_pause.expect("was measured");
        Duration::try_from(pause).expect("is positive").as_secs_f64() * 1e3
    }
}

pub(super) async fn writes(data: &Data) -> Figure {
    let (mut ratios, mut larges, mut smalls) = (Vec::new(), Vec::new(), Vec::new());
    let (mut large_pauses, mut small_pauses) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (large, run) = longest_write(&data.large, Duration::ZERO).await;
        // Watched for the same time: the longest of more calls is longer.
        let (small, small_run) = longest_write(&data.small, run.window.len()).await;
        // The first round warms both sides up.
        if round > 0 {
            ratios.push(large.as_secs_f64() / small.as_secs_f64());
            larges.push(large.as_secs_f64() * 1e3);
            smalls.push(small.as_secs_f64() * 1e3);
            large_pauses.push(run.pause_ms());
            small_pauses.push(small_run.pause_ms());
        }
    }
    Figure {
        name: "the longest write of 32 writers during a migration, 10,000 children / 100",
        rounds: ratios,
        bound: Bound::AtMost(2.0),
        detail: format!(
            "[{:.1} / {:.1} ms; paused by the server {:.1} / {:.1} ms]",
            median(&larges),
            median(&smalls),
            median(&large_pauses),
            median(&small_pauses)
        ),
    }
}

async fn longest_write(children: &Children, watched_min: Duration) -> (Duration, Run) {
    plain::settle();
    let load = Load::writers(children.lanes(WRITERS, WRITERS));
    tokio::time::sleep(WARM_UP).await;
    let run = Run::of(children).await;
    tokio::time::sleep(watched_min.saturating_sub(run.window.len())).await;
    let watched = Window { from: run.window.from, to: Instant::now() };
    let calls = load.end().await;
    (longest(&watched.of(&calls)), run)
}

pub(super) async fn reads(data: &Data) -> Figure {
    let children = &data.large;
    let (mut ratios, mut during, mut without) = (Vec::new(), Vec::new(), Vec::new());
    let mut beside_loop = Vec::new();
    for round in 0..=ROUNDS {
        plain::settle();
        let load = Load::readers(children.lanes(READERS, READERS), READER_BEAT);
        tokio::time::sleep(WARM_UP).await;
        let run = Run::of(children).await;
        // As long without one as with one, and beside a loop that validates by hand.
        let quiet = Window::of_work(tokio::time::sleep(run.window.len())).await;
        let plain = Window::of_work(loop_for(run.window.len(), &children.copies)).await;
        let calls = load.end().await;
        let p99_ms = |window: &Window| p99(&window.of(&calls)).as_secs_f64() * 1e3;
        let (busy, quiet) = (p99_ms(&run.window), p99_ms(&quiet));
        // The first round warms all sides up.
        if round > 0 {
            ratios.push(busy / quiet);
            during.push(busy);
            without.push(quiet);
            beside_loop.push(p99_ms(&plain));
        }
    }
    Figure {
        name: "p99 of point reads during a migration of 10,000 children / without one",
        rounds: ratios,
        bound: Bound::AtMost(1.5),
        detail: format!(
            "[{:.2} / {:.2} ms; beside a plain loop instead {:.2} ms]",
            median(&during),
            median(&without),
            median(&beside_loop)
        ),
    }
}

/// Validates files by hand for so long, in this process: what the machine itself
/// makes of any such work.
async fn loop_for(time: Duration, files: &[PathBuf]) {
    let (until, files) = (Instant::now() + time, files.to_vec());
    let work = move || {
        let mut some = files.chunks(FILES_AT_ONCE).cycle();
        while Instant::now() < until {
            plain::validate(some.next().expect("there are files"), SCRIPT);
        }
    };
    tokio::task::spawn_blocking(work).await.expect("the script passes");
}
