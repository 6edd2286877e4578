//! A migration that rows cannot make fail: how long it takes until it has
//! happened, and until it is in all files.

use std::time::{Duration, Instant};

use super::WORKERS;
use super::data::{Children, Data};
use super::plain::{self, Synced};
use crate::ratio::{Bound, Figure, median};
use crate::support::v1::MigrationState;

/// Rounds, each of one turn of every side.
const ROUNDS: usize = 5;
/// Files that the loop with syncs is run on, which takes much longer for each.
const SYNCED_FILES: usize = 1_000;

pub(super) async fn run(data: &Data) -> Vec<Figure> {
    let (mut commits, mut smalls, mut larges) = (Vec::new(), Vec::new(), Vec::new());
    let (mut over_synced, mut over_unsynced) = (Vec::new(), Vec::new());
    let (mut sweeps, mut synced, mut unsynced) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        plain::settle();
        let (small, _) = add_column(&data.small, round).await;
        plain::settle();
        let (large, sweep) = add_column(&data.large, round).await;
        plain::settle();
        let copies = &data.large.copies;
        let sql = sql(&format!("plain_{round}"));
        let generation = round as u64 + 2;
        let off = plain::migrate(copies, &sql, generation, Synced::Never);
        plain::settle();
        // Other files in each round; what they hold in the end is the same.
        let from = round * SYNCED_FILES;
        let sql = self::sql(&format!("synced_{round}"));
        let files = &copies[from..from + SYNCED_FILES];
        let full = plain::migrate(files, &sql, generation, Synced::Each);
        // The first round warms all sides up.
        if round > 0 {
            commits.push(large.as_secs_f64() / small.as_secs_f64());
            smalls.push(small.as_secs_f64() * 1e3);
            larges.push(large.as_secs_f64() * 1e3);
            over_synced.push(sweep / full);
            over_unsynced.push(sweep / off);
            sweeps.push(sweep);
            synced.push(full);
            unsynced.push(off);
        }
    }
    let rates = |of: &[f64]| {
        format!("[{:.0} with {WORKERS} workers / {:.0} per second]", median(&sweeps), median(of))
    };
    vec![
        Figure {
            name: "a nullable column until its commit, 10,000 children / 100",
            rounds: commits,
            bound: Bound::AtMost(2.0),
            detail: format!("[{:.1} / {:.1} ms]", median(&larges), median(&smalls)),
        },
        Figure {
            name: "sweep of 10,000 children / a plain loop with syncs, children per second",
            rounds: over_synced,
            bound: Bound::AtLeast(10.0),
            detail: rates(&synced),
        },
        Figure {
            name: "sweep of 10,000 children / a plain loop without syncs, children per second",
            rounds: over_unsynced,
            bound: Bound::AtLeast(0.8),
            detail: rates(&unsynced),
        },
    ]
}

fn sql(column: &str) -> String {
    format!("ALTER TABLE orders ADD COLUMN {column} TEXT")
}

/// Answers how long the commit took, and how many children a second the sweep
/// then brought up.
async fn add_column(children: &Children, round: usize) -> (Duration, f64) {
    let fleet = &children.fleet;
    let started = Instant::now();
    let migration = fleet.migrate(sql(&format!("added_{round}"))).await;
    let committed = started.elapsed();
    let migration = fleet.ended(&migration.id).await;
    assert_eq!(migration.state(), MigrationState::Applied, "{migration:?}");
    assert_eq!(migration.children_applied, children.len() as u64, "{migration:?}");
    let metrics = migration.metrics.expect("was measured");
    assert!(metrics.row_independent, "rows cannot make it fail");
    let took = metrics.apply_duration.expect("was measured");
    let took = Duration::try_from(took).expect("is positive");
    (committed, children.len() as f64 / took.as_secs_f64())
}
