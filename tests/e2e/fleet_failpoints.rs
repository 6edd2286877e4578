//! The server fails at each of its points while a fleet is migrated, written,
//! created, branched and deleted: by an error, by a panic, and by `kill -9`. Afterwards
//! every child answers from one generation, no acknowledged write is lost, every
//! migration that was recorded comes to its end by itself, and the next one
//! works.
//!
//! The points are the server's own list; one that no run reaches is a failure.
//! The fleet is made once, and each case begins with a copy of its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use tempfile::TempDir;
use tenantry_client::v1::{self, ApplyMigrationRequest, Migration, MigrationState, WaitFor};
use tonic::{Code, Status};

use crate::failpoints::{ACTIONS, AT_FIRST_START, AT_ONCE, WINDOW, points};
use crate::support::client::reason;
use crate::support::fleet::{Look, is_committed};
use crate::support::{Fleet, Server, World, sql, until};

/// The fleet: as many children of each sort.
const EACH: usize = 67;
/// The rest of two hundred.
const COLD: usize = 66;
/// Writers that run at once; they share the busy children.
const WRITERS: usize = 4;
/// Children that are asked at once.
const ASKED_AT_ONCE: usize = 8;
/// Where all were asked before a restart, one in so many is asked after it.
const ASKED_AGAIN_ONE_IN: usize = 5;
const GROUP: &str = "fleet";
const PARENT: &str = "parent";
/// On this child a unique index cannot be made.
const SPOILT: &str = "idle-0";
/// On this child the slow script is slow.
const SLOW: &str = "idle-1";
/// How long it takes there: longer than a child may take that is not held.
const SLOW_MS: u128 = 450;
/// Rows by which the speed of this machine is found.
const PROBE_ROWS: u128 = 200_000;
const PROBES: usize = 8;

/// What the fleet begins with.
const BEGIN: &str = "CREATE TABLE t (value INTEGER NOT NULL, extra);
    CREATE TABLE twice (x);
    CREATE TABLE slow (weight INTEGER NOT NULL, counted)";
/// Passes on every child, and must be validated on each.
const GOOD: &str = "CREATE UNIQUE INDEX t_value ON t (value)";
/// Fails on one.
const BAD: &str = "CREATE UNIQUE INDEX twice_x ON twice (x)";
/// Takes long on one.
const LONG: &str = "UPDATE slow SET counted = (WITH RECURSIVE n(i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < weight) SELECT count(*) FROM n)";
/// Can fail nowhere.
const FREE: &str = "ALTER TABLE t ADD COLUMN later TEXT DEFAULT 'later'";
/// What comes after the failure.
const NEXT: &str = "CREATE TABLE next (x); UPDATE t SET extra = 2 * value";

/// A stopped server's files, with the fleet.
struct Prepared(TempDir);

impl Prepared {
    async fn make() -> Self {
        let mut server = Server::with(&WINDOW);
        let world = World::again(&server, GROUP);
        world.create_group(GROUP).await;
        let fleet = Fleet::create(&world, PARENT).await;
        fleet.migrate(BEGIN).await;
        let of = |sort: &str, count| (0..count).map(|i| format!("{sort}-{i}")).collect::<Vec<_>>();
        let (idle, busy) = (of("idle", EACH), of("busy", EACH));
        for names in [&idle, &busy, &of("cold", COLD)] {
            fleet.create_children(names).await;
        }
        fleet.exec_all(&idle, "INSERT INTO t (value) VALUES (0), (1)").await;
        fleet.exec_all(&busy, "INSERT INTO t (value) VALUES (0), (1)").await;
        fleet.child(SPOILT).exec("INSERT INTO twice VALUES (7), (7)").await;
        let slow = fleet.child(SLOW);
        slow.exec(format!("INSERT INTO slow VALUES ({PROBE_ROWS}, NULL)")).await;
        // The quickest of some runs: it may be slower then, and not quicker.
        let mut took = Duration::MAX;
        for _ in 0..PROBES {
            let began = Instant::now();
            slow.exec(LONG).await;
            took = took.min(began.elapsed());
        }
        let weight = PROBE_ROWS * SLOW_MS * 1_000 / took.as_micros().max(1);
        slow.exec(format!("UPDATE slow SET weight = {weight}, counted = NULL")).await;
        assert!(server.stop().success(), "{}", server.log());
        let dir = tempfile::Builder::new().prefix("tenantry-").tempdir().expect("a directory");
        copy(&server.data_dir(), dir.path());
        Self(dir)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it is copied");
        }
    }
}

/// Which migrations are applied while the server fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Good,
    Bad,
    Long,
}

impl Plan {
    /// Those under which a point is tried.
    fn of(point: &str) -> Vec<Self> {
        match point {
            "held-commit" | "held-committed" => vec![Self::Long],
            "migration-recorded" | "migration-end" | "migration-ended" => {
                vec![Self::Good, Self::Bad]
            }
            _ => vec![Self::Good],
        }
    }

    fn scripts(self) -> [&'static str; 2] {
        match self {
            Self::Good => [GOOD, FREE],
            Self::Bad => [BAD, FREE],
            Self::Long => [LONG, FREE],
        }
    }
}

/// What is known of the fleet by what was answered.
#[derive(Default)]
struct Known {
    /// By child: pairs of values, and whether they were acknowledged.
    pairs: Mutex<BTreeMap<String, BTreeMap<i64, bool>>>,
    created: Mutex<BTreeSet<String>>,
    /// Those whose creation or deletion was not answered well.
    unsure: Mutex<BTreeSet<String>>,
    deleted: Mutex<BTreeSet<String>>,
    /// The newest generation that any answer was given on: none that is asked for
    /// later may be given on an older one.
    seen: AtomicU64,
    /// Counts the pairs.
    next: AtomicU64,
    over: AtomicBool,
}

impl Known {
    /// Writes a pair, in one of the ways there are.
    async fn write(&self, fleet: &Fleet, name: &str, case: &str) -> bool {
        let pair = 2 + 2 * self.next.fetch_add(1, Ordering::SeqCst).cast_signed();
        self.note(name, pair, false);
        let insert = format!("INSERT INTO t (value) VALUES ({pair}), ({})", pair + 1);
        let done = match pair / 2 % 4 {
            0 => self.ask(fleet, name, &insert, case).await.is_ok(),
            1 => {
                let text = format!("CREATE TEMP TABLE z (x); {insert}");
                self.ask(fleet, name, &text, case).await.is_ok()
            }
            2 => {
                let text = format!("BEGIN; {insert}; COMMIT");
                self.ask(fleet, name, &text, case).await.is_ok()
            }
            _ => match fleet.child(name).try_begin(v1::TransactionMode::Immediate).await {
                Ok(mut tx) => match tx.ask(sql(insert, vec![])).await {
                    Ok(Ok(_)) => tx.commit().await.is_ok(),
                    _ => false,
                },
                Err(_) => false,
            },
        };
        if done {
            self.note(name, pair, true);
        }
        done
    }

    fn note(&self, name: &str, pair: i64, acknowledged: bool) {
        let mut pairs = self.pairs.lock().expect("unpoisoned");
        pairs.entry(name.to_owned()).or_default().insert(pair, acknowledged);
    }

    /// Runs SQL, and holds the answer to be no older than any before.
    async fn ask(
        &self,
        fleet: &Fleet,
        name: &str,
        text: &str,
        case: &str,
    ) -> Result<Vec<String>, Status> {
        let seen = self.seen.load(Ordering::SeqCst);
        let (generation, rows) = fleet.try_ask(name, text).await?;
        assert!(generation >= seen, "{case}: {name} answers on {generation} after {seen}");
        self.seen.fetch_max(generation, Ordering::SeqCst);
        Ok(rows)
    }

    /// Everything at once, until the migrations are through.
    async fn work(&self, fleet: &Fleet, plan: Plan, case: &str) {
        let writers = (0..WRITERS).map(async |writer| {
            let fleet = fleet.apart();
            let mut turn = writer;
            while !self.over.load(Ordering::SeqCst) {
                self.write(&fleet, &format!("busy-{}", turn % EACH), case).await;
                turn += WRITERS;
            }
        });
        let migrations = async {
            for script in plan.scripts() {
                let wait_for = WaitFor::Apply.into();
                let request = ApplyMigrationRequest { wait_for, ..fleet.request(script) };
                match fleet.try_apply(request).await {
                    Ok(migration) => assert!(is_committed(&migration), "{case}: {migration:?}"),
                    Err(status) if status.code() == Code::FailedPrecondition => {
                        assert_eq!(reason(&status), "MIGRATION_FAILED", "{case}: {status:?}");
                        assert_eq!(script, BAD, "{case}: {status:?}");
                    }
                    Err(_) => {}
                }
                // It is copied from the newest template.
                let cold = format!("cold-{}", script.len() % COLD);
                self.write(fleet, &cold, case).await;
            }
            self.over.store(true, Ordering::SeqCst);
        };
        let lives = async {
            for round in 0..3 {
                self.create(fleet, [format!("one-{round}")]).await;
                self.create(fleet, ["a", "b"].map(|half| format!("two-{round}-{half}"))).await;
                self.write(fleet, &format!("two-{round}-a"), case).await;
                self.delete(fleet, &format!("two-{round}-b")).await;
                let branch = format!("branch-{round}");
                self.branch(fleet, &format!("busy-{round}"), &branch).await;
                self.write(fleet, &branch, case).await;
            }
            self.write(fleet, "cold-1", case).await;
            for name in ["cold-0", "idle-9", "two-0-a"] {
                self.delete(fleet, name).await;
            }
            let mut tokens = fleet.client().tokens();
            let _ = tokens.rotate_signing_key(v1::RotateSigningKeyRequest {}).await;
        };
        tokio::join!(join_all(writers), migrations, lives);
    }

    async fn create<const N: usize>(&self, fleet: &Fleet, names: [String; N]) {
        let created = fleet.try_create(names.clone()).await.is_ok();
        let known = if created { &self.created } else { &self.unsure };
        known.lock().expect("unpoisoned").extend(names);
    }

    /// Makes a child of what another one has, whole pairs alone.
    async fn branch(&self, fleet: &Fleet, source: &str, name: &str) {
        let acknowledged = self.pairs_of(source);
        let made = fleet.try_branch(source, name).await.is_ok();
        for pair in self.pairs_of(source).into_keys() {
            let was_there = acknowledged.get(&pair) == Some(&true);
            self.note(name, pair, made && was_there);
        }
        let known = if made { &self.created } else { &self.unsure };
        known.lock().expect("unpoisoned").insert(name.to_owned());
    }

    fn pairs_of(&self, name: &str) -> BTreeMap<i64, bool> {
        let pairs = self.pairs.lock().expect("unpoisoned");
        pairs.get(name).cloned().unwrap_or_default()
    }

    async fn delete(&self, fleet: &Fleet, name: &str) {
        let deleted = fleet.try_delete(name).await.is_ok();
        let known = if deleted { &self.deleted } else { &self.unsure };
        known.lock().expect("unpoisoned").insert(name.to_owned());
    }

    /// Holds the server to what is known, and asks one child in so many; answers
    /// the generation.
    async fn check(&self, fleet: &Fleet, case: &str, one_in: usize) -> u64 {
        let names = fleet.names().await;
        self.check_names(&names, case);
        let names: Vec<_> = names.into_iter().step_by(one_in).collect();
        let looks: Vec<(String, Look, String)> = stream::iter(names)
            .map(async |name| {
                let more = "SELECT value FROM t ORDER BY value; SELECT integrity_check FROM pragma_integrity_check";
                let seen = self.seen.load(Ordering::SeqCst);
                // One that could not be brought up is tried again by and by.
                let waited = format!("{case}: {name} answers");
                let answer = until(&waited, async || {
                    match fleet.try_look_and(&name, more).await {
                        Ok(answer) => Some(answer),
                        Err(status) => {
                            let reason = reason(&status);
                            assert_eq!(reason, "CHILD_QUARANTINED", "{case}: {name}: {status:?}");
                            None
                        }
                    }
                });
                let (look, rows) = answer.await;
                assert!(look.generation >= seen, "{case}: {name}: {look:?} after {seen}");
                assert_eq!(rows[1], "ok", "{case}: {name}");
                (name, look, rows.into_iter().next().expect("the values"))
            })
            .buffer_unordered(ASKED_AT_ONCE)
            .collect()
            .await;
        let parent = fleet.try_look(PARENT).await.expect("the parent answers");
        assert_eq!(parent.generation, parent.user_version, "{case}: the parent's file");
        for (name, look, values) in &looks {
            assert_eq!(look, &parent, "{case}: {name} is not as the parent");
            self.check_values(name, values, case);
        }
        self.seen.fetch_max(parent.generation, Ordering::SeqCst);
        parent.generation
    }

    fn check_names(&self, names: &[String], case: &str) {
        let names: BTreeSet<_> = names.iter().cloned().collect();
        let (created, deleted) = (self.created.lock().unwrap(), self.deleted.lock().unwrap());
        let unsure = self.unsure.lock().unwrap();
        let sorts = [("idle", EACH), ("busy", EACH), ("cold", COLD)];
        let first = sorts
            .into_iter()
            .flat_map(|(sort, count)| (0..count).map(move |i| format!("{sort}-{i}")));
        let all: BTreeSet<_> = first.chain(created.iter().cloned()).collect();
        let lost: Vec<_> =
            all.iter().filter(|name| !names.contains(*name) && !deleted.contains(*name)).collect();
        assert!(lost.iter().all(|name| unsure.contains(*name)), "{case}: lost: {lost:?}");
        let back: Vec<_> = deleted.intersection(&names).collect();
        assert!(back.is_empty(), "{case}: deleted, and there again: {back:?}");
        let made_up: Vec<_> = names.difference(&all).collect();
        assert!(made_up.iter().all(|name| unsure.contains(*name)), "{case}: {made_up:?}");
    }

    fn check_values(&self, name: &str, values: &str, case: &str) {
        let found: Vec<i64> = values.lines().map(|value| value.parse().expect("a value")).collect();
        let pairs = self.pairs.lock().unwrap();
        let empty = BTreeMap::new();
        let pairs = pairs.get(name).unwrap_or(&empty);
        for (&pair, &acknowledged) in pairs {
            let halves = [pair, pair + 1].map(|half| found.iter().filter(|&&v| v == half).count());
            assert!(halves == [1, 1] || halves == [0, 0], "{case}: {name}: {pair}: {halves:?}");
            assert!(halves == [1, 1] || !acknowledged, "{case}: {name}: pair {pair} is lost");
        }
        let strange: Vec<_> = found
            .iter()
            .filter(|&&value| value > 1 && !pairs.contains_key(&(value & !1)))
            .collect();
        assert!(strange.is_empty(), "{case}: {name}: {strange:?} come from nowhere");
    }

    /// Every migration has ended as it had to; answers how many have happened.
    async fn check_migrations(&self, fleet: &Fleet, case: &str) -> u64 {
        let all = fleet.all_ended().await;
        for migration in &all {
            let expected = match &*migration.sql {
                BAD => MigrationState::Failed,
                _ => MigrationState::Applied,
            };
            assert_eq!(migration.state(), expected, "{case}: {migration:?}");
            if let Some(failure) = &migration.failure {
                assert_eq!(failure.database, format!("{GROUP}/{SPOILT}"), "{case}: {failure:?}");
            }
        }
        all.iter().filter(|migration| is_committed(migration)).count() as u64
    }

    /// What still holds after another restart.
    async fn check_again(&self, fleet: &Fleet, case: &str) {
        let committed = self.check_migrations(fleet, case).await;
        assert_eq!(self.check(fleet, case, ASKED_AGAIN_ONE_IN).await, committed, "{case}");
    }

    /// All that must hold, and the next migration.
    async fn check_all(&self, fleet: &Fleet, case: &str) {
        let committed = self.check_migrations(fleet, case).await;
        assert_eq!(self.check(fleet, case, 1).await, committed, "{case}");
        let next: Migration = fleet.migrate_all(NEXT).await;
        assert_eq!(next.generation, committed + 1, "{case}: {next:?}");
        self.seen.fetch_max(next.generation, Ordering::SeqCst);
        for name in ["busy-0", "idle-2", "cold-3"] {
            assert!(self.write(fleet, name, case).await, "{case}: {name} can be written");
            let doubled = "SELECT count(*) FROM t WHERE value < 2 AND extra IS NOT 2 * value";
            let rows = self.ask(fleet, name, doubled, case).await.expect("it answers");
            assert_eq!(rows, ["0"], "{case}: {name}");
        }
    }
}

/// Fails at a point, and looks what is left.
async fn fail_at(prepared: &Prepared, point: &str, action: &str, plan: Plan) {
    let case = format!("{point}={action}");
    let mut server = Server::idle_in_memory();
    copy(prepared.0.path(), &server.data_dir());
    let flags: Vec<String> = WINDOW.map(str::to_owned).into();
    let armed = [&flags[..], &["--failpoint".to_owned(), case.clone()]].concat();
    let case = format!("{case} ({plan:?})");
    let known = Known::default();
    if server.restart_with(&armed) {
        let world = World::again(&server, GROUP);
        let fleet = Fleet::again(&world, PARENT);
        known.work(&fleet, plan, &case).await;
        if action != "kill" {
            until(&format!("{case} is reached"), async || {
                server.log().contains("failpoint reached").then_some(())
            })
            .await;
            known.check_all(&fleet, &case).await;
        }
    }
    let log = server.log();
    assert!(log.contains("failpoint reached"), "{case} was not reached; the log:\n{log}");

    assert!(server.restart_with(&flags), "{case}: it starts again:\n{}", server.log());
    let world = World::again(&server, GROUP);
    let fleet = Fleet::again(&world, PARENT);
    match action {
        "kill" => known.check_all(&fleet, &case).await,
        _ => known.check_again(&fleet, &case).await,
    }
}

#[tokio::test]
async fn whatever_fails_when_a_fleet_stays_of_one_generation() {
    let prepared = Prepared::make().await;
    let points: Vec<_> = points().into_iter().filter(|point| point != AT_FIRST_START).collect();
    assert!(points.len() > 25, "{points:?}");
    let cases = points.iter().flat_map(|point| {
        let plans = Plan::of(point).into_iter();
        plans.flat_map(move |plan| ACTIONS.map(|action| (point, action, plan)))
    });
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |(point, action, plan)| {
            fail_at(&prepared, point, action, plan)
        })
        .await;
}
