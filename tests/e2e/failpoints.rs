//! The server fails before and after everything that it makes durable: by an
//! error, by a panic, and by `kill -9`. What was acknowledged is there, what was
//! not is there whole or not at all, and everything works again afterwards.
//!
//! The points are the server's own list; one that no run reaches is a failure.
//! Those of a schema and its children are for `fleet_failpoints.rs`, which also
//! comes back to most of these.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use tenantry_client::v1::{self, TransactionMode};

use crate::support::server::tenantry;
use crate::support::{Db, Server, World, sql};

/// Servers that run at once.
pub(crate) const AT_ONCE: usize = 4;
/// What a point can do.
pub(crate) const ACTIONS: [&str; 3] = ["error", "panic", "kill"];
/// Reached at the very first start, before there is anything else.
pub(crate) const AT_FIRST_START: &str = "admin-token-written";
/// Deleted databases are purged at once.
pub(crate) const WINDOW: [&str; 2] = ["--undelete-window-seconds", "0"];
/// How the points begin that nothing but a schema with children reaches.
const OF_A_FLEET: [&str; 6] = ["migration-", "fence-", "redo-", "held-", "sweep-", "template-"];

/// The points, as the server tells them to whoever asks for another one.
pub(crate) fn points() -> Vec<String> {
    let asked = tenantry().args(["serve", "--failpoint", "?"]).output().expect("it answers");
    let told = String::from_utf8(asked.stderr).expect("text");
    let (_, list) = told.trim().rsplit_once(": ").expect("a list of points");
    list.split_whitespace().map(str::to_owned).collect()
}

/// What is known of pairs of rows and of databases, by what was answered.
#[derive(Default)]
struct Known {
    /// By database: the pairs, and whether each was acknowledged.
    pairs: BTreeMap<String, BTreeMap<i64, bool>>,
    /// Databases whose deletion was acknowledged.
    deleted: Vec<String>,
}

impl Known {
    /// Does everything that makes something durable, in a database of its own;
    /// answers whether all of it was acknowledged.
    async fn work(&mut self, world: &World, name: &str) -> bool {
        let created = v1::CreateDatabaseRequest {
            database: Some(v1::Database {
                name: name.to_owned(),
                group: world.group.clone(),
                ..Default::default()
            }),
            request_id: name.to_owned(),
        };
        // A repeat is answered as the first time, whatever became of that.
        let mut all = false;
        for _ in 0..2 {
            all = world.admin.databases().create_database(created.clone()).await.is_ok();
        }
        let db = world.db(name);
        let schema = "CREATE TABLE IF NOT EXISTS t (pair INTEGER, half INTEGER)";
        all &= db.try_exec(schema).await.is_ok();
        for (pair, way) in (0..).zip([Way::Plain, Way::Temporary, Way::Own, Way::Returning]) {
            all &= self.pair(&db, pair, way).await;
        }
        for (pair, mode) in [(4, TransactionMode::Immediate), (5, TransactionMode::Deferred)] {
            all &= self.pair(&db, pair, Way::Transact(mode)).await;
        }
        all &= self.branch(world, name).await;
        let mut tokens = world.admin.tokens();
        all &= tokens.rotate_signing_key(v1::RotateSigningKeyRequest {}).await.is_ok();
        let request =
            v1::CreateTokenRequest { databases: vec![world.reference(name)], ..Default::default() };
        match tokens.create_token(request).await {
            Ok(minted) => {
                let reader = db.with_token(&minted.into_inner().token);
                all &= reader.try_text("SELECT 1").await.is_ok_and(|one| one == "1");
            }
            Err(_) => all = false,
        }
        all
    }

    /// Makes a branch, which has what its source has.
    async fn branch(&mut self, world: &World, name: &str) -> bool {
        let branch = format!("{name}-branch");
        let request = v1::BranchDatabaseRequest {
            source: world.reference(name),
            database: Some(v1::Database { name: branch.clone(), ..Default::default() }),
            request_id: branch.clone(),
        };
        let mut made = false;
        for _ in 0..2 {
            made = world.admin.databases().branch_database(request.clone()).await.is_ok();
        }
        let pairs = self.pairs.get(name).into_iter().flatten();
        let pairs = pairs.map(|(&pair, &acknowledged)| (pair, made && acknowledged)).collect();
        self.pairs.insert(branch, pairs);
        made
    }

    /// Writes both halves of a pair at once.
    async fn pair(&mut self, db: &Db, pair: i64, way: Way) -> bool {
        let insert = format!("INSERT INTO t VALUES ({pair}, 1), ({pair}, 2)");
        let acknowledged = match way {
            Way::Plain => db.try_exec(sql(&insert, vec![])).await.is_ok(),
            Way::Temporary => {
                let text = format!("CREATE TEMP TABLE z (x); {insert}");
                db.try_exec(sql(text, vec![])).await.is_ok()
            }
            Way::Own => {
                let text = format!("BEGIN; {insert}; COMMIT");
                db.try_exec(sql(text, vec![])).await.is_ok()
            }
            Way::Returning => {
                let text = format!("{insert} RETURNING half");
                match db.stream(sql(text, vec![]), v1::Encoding::Rows).await {
                    Ok(mut stream) => stream.all().await.is_ok(),
                    Err(_) => false,
                }
            }
            Way::Transact(mode) => match db.try_begin(mode).await {
                Ok(mut tx) => {
                    tx.fails(sql(&insert, vec![])).await.is_ok() && tx.commit().await.is_ok()
                }
                Err(_) => false,
            },
        };
        let known = self.pairs.entry(db.name().to_owned()).or_default().entry(pair).or_default();
        *known |= acknowledged;
        acknowledged
    }

    /// Holds the server to what is known.
    async fn check(&self, world: &World, case: &str) {
        for (name, pairs) in &self.pairs {
            let db = world.db(name);
            let rows = match db.try_text("SELECT pair FROM t ORDER BY pair, half").await {
                Ok(rows) => rows,
                Err(status) => {
                    assert!(pairs.values().all(|&known| !known), "{case}: {name}: {status:?}");
                    continue;
                }
            };
            for (pair, &acknowledged) in pairs {
                let pair = pair.to_string();
                let halves = rows.lines().filter(|&row| row == pair).count();
                assert!(halves % 2 == 0, "{case}: {name}: {halves} halves of pair {pair}");
                assert!(halves > 0 || !acknowledged, "{case}: {name}: pair {pair} is lost");
            }
            assert_eq!(db.text("PRAGMA integrity_check").await, "ok", "{case}: {name}");
        }
        for name in &self.deleted {
            assert!(world.db(name).try_exec("SELECT 1").await.is_err(), "{case}: {name}");
        }
    }

    async fn delete(&mut self, world: &World, name: &str) {
        world.delete(&world.db(name)).await;
        self.pairs.remove(name);
        self.deleted.push(name.to_owned());
    }
}

/// How a pair is written: each way commits at another place.
#[derive(Clone, Copy)]
enum Way {
    Plain,
    Temporary,
    Own,
    Returning,
    Transact(TransactionMode),
}

async fn fail_at(point: &str, action: &str) {
    let case = format!("{point}={action}");
    let flags = |failpoint: Option<&str>| -> Vec<String> {
        let failpoint = failpoint.into_iter().flat_map(|case| ["--failpoint", case]);
        WINDOW.into_iter().chain(failpoint).map(str::to_owned).collect()
    };
    let mut server = Server::idle();
    let mut known = Known::default();
    let group = "shop";
    if point != AT_FIRST_START {
        assert!(server.restart_with(&flags(None)), "{case}");
        let world = World::again(&server, group);
        world.create_group(group).await;
        assert!(known.work(&world, "before").await, "{case}: nothing fails yet");
        assert!(known.work(&world, "gone").await, "{case}: nothing fails yet");
        known.delete(&world, "gone").await;
    }
    if server.restart_with(&flags(Some(&case))) && point != AT_FIRST_START {
        let world = World::again(&server, group);
        known.work(&world, "during").await;
        known.work(&world, "after").await;
        if action != "kill" {
            known.check(&world, &case).await;
            assert!(known.work(&world, "then").await, "{case}: it works on");
        }
    }
    let log = server.log();
    assert!(log.contains("failpoint reached"), "{case} was not reached; the log:\n{log}");

    assert!(server.restart_with(&flags(None)), "{case}: it starts again:\n{}", server.log());
    let world = World::again(&server, group);
    if point == AT_FIRST_START {
        world.create_group(group).await;
    }
    known.check(&world, &case).await;
    assert!(known.work(&world, "again").await, "{case}: it works again");
    known.check(&world, &case).await;
}

#[tokio::test]
async fn whatever_fails_when_nothing_acknowledged_is_lost_and_nothing_is_half_done() {
    let mut points = points();
    points.retain(|point| !OF_A_FLEET.iter().any(|prefix| point.starts_with(prefix)));
    assert!(points.len() > 10, "{points:?}");
    let cases = points.iter().flat_map(|point| ACTIONS.map(|action| (point, action)));
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |(point, action)| fail_at(point, action))
        .await;
}
