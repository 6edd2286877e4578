//! The gap of a dry run: a row that breaks a unique index comes after its child
//! was validated and before the migration commits. Either the migration fails,
//! names that child and has changed nothing anywhere, or it commits and the row
//! is refused. Never both, never neither, and never half a fleet.
//!
//! A run takes about as long as the validation of a thousand children, so that
//! the usual test does [`RUNS`] of them. With `TENANTRY_LONG` set it does
//! [`RUNS_LONG`].

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tenantry_client::v1::{Migration, MigrationState};
use tokio::time::sleep;

use crate::support::fleet::is_retryable;
use crate::support::{Code, Fleet, Server, World, bounded, expect_error};

/// How often it is tried, and how often in a long test.
const RUNS: usize = 40;
const RUNS_LONG: usize = 500;
/// Asks for a long test.
const LONG_VARIABLE: &str = "TENANTRY_LONG";
/// Replays the choices; the timing is as it comes.
const SEED_VARIABLE: &str = "TENANTRY_SEED";
/// The fleet.
const CHILDREN: usize = 1_000;
/// Children that are asked after each run, beside the one that it is about.
const ASKED: usize = 12;
/// All are asked after each so many runs.
const ALL_ASKED_EVERY: usize = 20;
/// Tasks that write to the other children all the time.
const WRITERS: usize = 2;
/// How long the row waits, at most, when enough were validated.
const DELAY_MAX: Duration = Duration::from_millis(200);
/// How often it is looked at how many were.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// The row that each child has, and the one that breaks the index.
const TAKEN: i64 = 7;

/// What became of the two.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    /// Migrations that committed, and rows that were refused.
    committed: usize,
    /// Migrations that failed, by the row.
    failed: usize,
    /// Those among them whose children had all been validated when the row came.
    failed_late: usize,
}

/// Rows that break nothing, on all children.
struct Noise {
    over: AtomicBool,
    next: AtomicU64,
}

impl Noise {
    async fn make(&self, fleet: &Fleet, names: &[String], seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        while !self.over.load(Ordering::SeqCst) {
            let name = names.choose(&mut rng).expect("a child");
            let k = 1_000 + self.next.fetch_add(1, Ordering::SeqCst);
            let written = fleet.child(name).try_exec(format!("INSERT INTO t VALUES ({k})")).await;
            if let Err(status) = written {
                assert!(is_retryable(&status), "{name}: {status:?}");
            }
        }
    }
}

/// Migrates, and writes the row on one child when so many were validated, and a
/// while after.
async fn run(
    fleet: &Fleet,
    victim: usize,
    names: &[String],
    when: (u64, Duration),
    ends: &mut Ends,
) {
    let started = fleet.try_start("CREATE UNIQUE INDEX t_k ON t (k)").await;
    let started = started.expect("it is recorded");
    let before = started.generation - 1;
    let name = &names[victim];
    let (validated, delay) = when;
    let enough = async {
        loop {
            let seen = fleet.migration(&started.id).await.expect("it is there");
            if is_decided(&seen) || seen.children_validated >= validated {
                return seen;
            }
            sleep(LOOK_EVERY).await;
        }
    };
    let seen = bounded("validation", enough).await;
    let late = seen.children_validated >= CHILDREN as u64;
    sleep(delay).await;
    let insert = format!("INSERT INTO t VALUES ({TAKEN})");
    let written = loop {
        match fleet.try_ask(name, insert.as_str()).await {
            Err(status) if is_retryable(&status) => {}
            other => break other,
        }
    };
    let done = fleet.watch_until(&started.id, is_decided).await.expect("it is watched");
    let generation = match written {
        Ok((on, _)) => {
            assert_eq!(
                done.state(),
                MigrationState::Failed,
                "{name} holds the row twice: {done:?}"
            );
            assert_eq!(on, before, "{name}: what broke it was written before");
            let failure = done.failure.as_ref().expect("it tells why");
            assert!(failure.database.ends_with(&format!("/{name}")), "{failure:?}");
            assert!(failure.statement_failed && failure.statement_index == 0, "{failure:?}");
            assert!(failure.message.contains("UNIQUE"), "{failure:?}");
            ends.failed += 1;
            ends.failed_late += usize::from(late);
            before
        }
        Err(status) => {
            expect_error::<()>(Err(status), Code::FailedPrecondition, "CONSTRAINT");
            assert_ne!(done.state(), MigrationState::Failed, "{name}: neither: {done:?}");
            ends.committed += 1;
            before + 1
        }
    };
    let look = fleet.try_look("parent").await.expect("the parent answers");
    assert_eq!(look.generation, generation, "{done:?}");
}

fn is_decided(migration: &Migration) -> bool {
    migration.state() != MigrationState::Preparing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_in_the_gap_fails_the_migration_or_is_refused() {
    let seed = match env::var(SEED_VARIABLE) {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => rand::random::<u64>(),
    };
    println!("replay with {SEED_VARIABLE}={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let runs = if env::var_os(LONG_VARIABLE).is_some() { RUNS_LONG } else { RUNS };

    let server = Server::start();
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate("CREATE TABLE t (k INTEGER NOT NULL)").await;
    let mut created = fleet.create_children((0..CHILDREN).map(|i| format!("c{i}"))).await;
    created.sort_by(|a, b| a.id.cmp(&b.id));
    let names: Vec<_> = created.into_iter().map(|child| child.name).collect();
    fleet.exec_all(&names, &format!("INSERT INTO t VALUES ({TAKEN})")).await;

    let noise = std::sync::Arc::new(Noise { over: false.into(), next: 0.into() });
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (fleet, noise, names) = (fleet.apart(), noise.clone(), names.clone());
            let seed = rng.random();
            tokio::spawn(async move { noise.make(&fleet, &names, seed).await })
        })
        .collect();

    let mut ends = Ends::default();
    let began = Instant::now();
    for number in 0..runs {
        let committed = ends.committed;
        let victim = rng.random_range(0..CHILDREN);
        // Most come when all were validated, about the time of the decision; the
        // first one comes at once, and the last one when it was decided.
        let validated = match number {
            0 => 0,
            _ if number + 1 == runs => u64::MAX,
            _ if rng.random() => CHILDREN as u64,
            _ => rng.random_range(0..=CHILDREN) as u64,
        };
        let delay = DELAY_MAX.mul_f64(2_f64.powf(rng.random_range(-8.0..0.0)));
        run(&fleet, victim, &names, (validated, delay), &mut ends).await;
        let mut asked: Vec<_> = names.choose_multiple(&mut rng, ASKED).cloned().collect();
        asked.push(names[victim].clone());
        match number % ALL_ASKED_EVERY {
            0 => fleet.agree().await,
            _ => fleet.agree_among(asked).await,
        };
        if ends.committed > committed {
            fleet.migrate("DROP INDEX t_k").await;
        } else {
            let twice = "DELETE FROM t WHERE rowid = (SELECT max(rowid) FROM t WHERE k = 7)";
            fleet.child(&names[victim]).exec(twice).await;
        }
    }
    noise.over.store(true, Ordering::SeqCst);
    for writer in bounded("the writers", join_all(writers)).await {
        writer.expect("what breaks nothing is written");
    }
    println!(
        "{runs} runs in {:?}: {ends:?}, {} other rows were written",
        began.elapsed(),
        noise.next.load(Ordering::SeqCst)
    );
    fleet.agree().await;
    assert!(ends.failed > 0 && ends.committed > 0, "the gap was not hit: {ends:?}");
}
