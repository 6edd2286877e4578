//! A migration of children that are open and written, until it is in all files,
//! against a loop that migrates as many files under the same load.

use std::time::Instant;

use super::data::Data;
use super::load::{Load, Window, longest};
use super::plain::{self, Synced};
use crate::ratio::{Bound, Figure, median};

/// Rounds, each of one turn of either side.
const ROUNDS: usize = 5;
/// Writers, which share all children out among them.
const WRITERS: usize = 8;

pub(super) async fn run(data: &Data) -> Vec<Figure> {
    let (used, fleet) = (&data.used, &data.used.fleet);
    let count = used.len();
    let lanes = used.lanes(count, WRITERS);
    for db in lanes.iter().flatten() {
        db.exec("SELECT 1").await;
    }
    let (mut ratios, mut servers, mut loops) = (Vec::new(), Vec::new(), Vec::new());
    let (mut refusals, mut waits, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        plain::settle();
        let sql = |column: &str| format!("ALTER TABLE orders ADD COLUMN {column}_{round} TEXT");
        let load = Load::writers(lanes.clone());
        let from = Instant::now();
        let migration = fleet.migrate_all(sql("added")).await;
        let during = Window { from, to: Instant::now() };
        let server = count as f64 / during.len().as_secs_f64();
        assert_eq!(migration.children_applied, count as u64, "{migration:?}");

        let (copies, sql) = (used.copies.clone(), sql("plain"));
        let alone = tokio::task::spawn_blocking(move || {
            plain::migrate(&copies, &sql, round as u64 + 2, Synced::Each)
        });
        let alone = alone.await.expect("ends");
        let calls = load.end().await;
        // The first round warms both sides up.
        if round > 0 {
            let calls = during.of(&calls);
            let (done, refused): (Vec<_>, Vec<_>) =
                calls.into_iter().partition(|call| call.refused.is_none());
            ratios.push(server / alone);
            servers.push(server);
            loops.push(alone);
            refusals.push(refused.len() as f64);
            waits.push(longest(&done).as_secs_f64() * 1e3);
            writes.push(done.len() as f64);
        }
    }
    vec![
        Figure {
            name: "a nullable column in the files of 1,000 used children / a plain loop with \
                   syncs, both beside writers, children per second",
            rounds: ratios,
            bound: Bound::AtLeast(1.0),
            detail: format!("[{:.0} / {:.0} per second]", median(&servers), median(&loops)),
        },
        Figure {
            name: "writes refused during it",
            rounds: refusals,
            bound: Bound::AtMost(0.0),
            detail: format!(
                "[of {:.0}, the longest took {:.1} ms]",
                median(&writes),
                median(&waits)
            ),
        },
    ]
}
