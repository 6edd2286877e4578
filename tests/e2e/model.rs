//! Random interleavings of everything that happens to a fleet, against a plain
//! model of it: writes, reads, transactions that stay open over migrations,
//! creations, branches, deletions and undeletions, migrations that pass, fail or are
//! refused, dry runs, cancels, evictions, restarts, and `kill -9` in the middle of
//! all that.
//!
//! The model is one SQLite database in memory for each one of the fleet, see
//! `oracle.rs`; what can happen is in `step.rs`, and what must come of it in
//! `play.rs`. Steps one after another have exact expectations. Where things happen
//! at once, what was acknowledged restricts what may have happened, see
//! `play/together.rs`.
//!
//! A seed is printed and replays the choices, by `TENANTRY_SEED`. With
//! `TENANTRY_LONG` set it runs for as many times longer as that says.

mod oracle;
mod play;
mod step;

use std::cell::RefCell;
use std::env;
use std::ops::RangeInclusive;
use std::time::Instant;

use proptest::collection::vec;
use proptest::strategy::Strategy as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::play::{Counts, Play};
use self::step::step;
use crate::support::Server;

/// How many steps are done at least.
const STEPS: usize = 10_000;
/// How many a sequence has, which begins with a new fleet.
const SEQUENCE_STEPS: RangeInclusive<usize> = 50..=450;
/// How much is spent on making a failing sequence shorter.
const SHRINKS_MAX: u32 = 60;
const SHRINK_MS_MAX: u32 = 60_000;
/// Fewer databases stay open than there are children, so that they are closed and
/// opened all the time. A transaction cannot keep a migration from its commit
/// for long, and is not ended by a slow machine.
const FLAGS: [&str; 8] = [
    "--open-databases-max",
    "4",
    "--fence-wait-ms-max",
    "50",
    "--transaction-idle-ms-max",
    "600000",
    "--transaction-ms-max",
    "600000",
];
/// Asks for a long test.
const LONG_VARIABLE: &str = "TENANTRY_LONG";
/// Replays the choices.
const SEED_VARIABLE: &str = "TENANTRY_SEED";

fn number_of(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn a_fleet_does_what_a_plain_model_of_it_does() {
    let seed = number_of(SEED_VARIABLE).unwrap_or_else(rand::random);
    println!("replay with {SEED_VARIABLE}={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let steps_min = STEPS * number_of(LONG_VARIABLE).map_or(1, |times| times.max(1) as usize);
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: SHRINKS_MAX,
        max_shrink_time: SHRINK_MS_MAX,
        ..Default::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");

    let server = Server::with(&FLAGS);
    let (server, counts) = (RefCell::new(server), RefCell::new(Counts::default()));
    let began = Instant::now();
    let (steps, mut sequences) = (vec(step(), SEQUENCE_STEPS), 0);
    while counts.borrow().steps < steps_min {
        let sequence = steps.new_tree(&mut runner).expect("a sequence");
        sequences += 1;
        let outcome = runner.run_one(sequence, |steps| {
            let (mut server, mut counts) = (server.borrow_mut(), counts.borrow_mut());
            runtime.block_on(async {
                let mut play = Play::begin(&mut server).await;
                for (number, step) in steps.into_iter().enumerate() {
                    play.step(number, step).await;
                }
                counts.add(&play.end().await);
            });
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{SEED_VARIABLE}={seed}, sequence {sequences}: {error}");
        }
    }
    println!("{sequences} sequences in {:?}: {:?}", began.elapsed(), counts.borrow());
}
