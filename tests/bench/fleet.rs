//! What a migration costs a fleet: the server with its default settings, but
//! for [`WORKERS`], against plain loops in process over copies of the same
//! files, and a large fleet against a small one.
//!
//! The loops are those that one would write by hand: open a file, run the script
//! in a transaction, close it, one file after another on one core. Each side has
//! the machine to itself in its turns, and begins when everything that the other
//! one wrote is on disk.
//!
//! The loads that run beside a migration are such that a machine of two cores
//! has time left for it: writers that each wait for their answer and then write
//! again, which spend their time waiting for the disk; and readers that each read
//! at their own steady beat. A load that takes all of both cores would measure how the
//! system shares them out, with a migration or without.

mod data;
mod load;
mod plain;
mod sweep;
mod used;
mod validation;
mod waits;

use crate::Measured;

/// The groups of figures, as they are chosen by name.
pub(crate) const NAMES: [&str; 5] =
    ["fleet-validation", "fleet-sweep", "fleet-used", "fleet-writes", "fleet-reads"];
/// Children that the server works on at a time: one for each of two cores.
const WORKERS: usize = 2;

/// Measures the groups of these names. How long others wait is measured with the
/// number of workers that a server takes by itself.
pub(crate) async fn run(names: &[&str], measured: &mut Measured) {
    let (waits, rates): (Vec<_>, Vec<_>) =
        names.iter().copied().partition(|name| ["fleet-writes", "fleet-reads"].contains(name));
    for (names, workers) in [(rates, Some(WORKERS)), (waits, None)] {
        if names.is_empty() {
            continue;
        }
        let data = data::Data::build(workers).await;
        for name in names {
            match name {
                "fleet-validation" => measured.tell([validation::run(&data).await]),
                "fleet-sweep" => measured.tell(sweep::run(&data).await),
                "fleet-used" => measured.tell(used::run(&data).await),
                "fleet-writes" => measured.tell([waits::writes(&data).await]),
                "fleet-reads" => measured.tell([waits::reads(&data).await]),
                other => unreachable!("'{other}' is not in NAMES"),
            }
        }
    }
}
