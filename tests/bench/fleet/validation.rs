//! Validating a script on every child, against a loop that does.

use std::time::Instant;

use super::WORKERS;
use super::data::Data;
use super::plain;
use crate::ratio::{Bound, Figure, median};
use crate::support::process;

/// Rounds, each of one turn of either side.
const ROUNDS: usize = 5;
/// A script that rows can make fail.
const SCRIPT: &str = "CREATE UNIQUE INDEX orders_by_reference ON orders (reference)";

pub(super) async fn run(data: &Data) -> Figure {
    let (fleet, copies) = (&data.large.fleet, &data.large.copies);
    let (mut ratios, mut servers, mut loops) = (Vec::new(), Vec::new(), Vec::new());
    let mut cpu_ratios = Vec::new();
    for round in 0..=ROUNDS {
        plain::settle();
        // A dry run changes nothing, so that every round finds the same fleet; it
        // is the first phase of a migration and nothing else.
        let (started, cpu) = (Instant::now(), cpu_ms(data.server.pid()));
        let (_, validation) = fleet.validate(SCRIPT).await.expect("is validated");
        let server = data.large.len() as f64 / started.elapsed().as_secs_f64();
        let server_cpu = cpu_ms(data.server.pid()) - cpu;
        assert_eq!(validation.failures, [], "it passes");
        assert_eq!(validation.children_validated, data.large.len() as u64);

        plain::settle();
        let cpu = cpu_ms(std::process::id());
        let alone = plain::validate(copies, SCRIPT);
        let loop_cpu = cpu_ms(std::process::id()) - cpu;
        // The first round warms both sides up.
        if round > 0 {
            ratios.push(server / WORKERS as f64 / alone);
            servers.push(server);
            loops.push(alone);
            cpu_ratios.push(loop_cpu / server_cpu);
        }
    }
    Figure {
        name: "validation of 10,000 children, per core used / a plain loop, children per second",
        rounds: ratios,
        bound: Bound::AtLeast(0.8),
        detail: format!(
            "[{:.0} with {WORKERS} workers / {:.0} per second; by processor time {:.2}]",
            median(&servers),
            median(&loops),
            median(&cpu_ratios)
        ),
    }
}

fn cpu_ms(pid: u32) -> f64 {
    process::cpu_ms(pid).map_or(f64::NAN, |ms| ms as f64)
}
