//! Children that come as branches of others while a migration is under way.

use futures_util::future::join_all;
use tenantry_client::v1::{Migration, MigrationState, TransactionMode};
use tokio::sync::watch;

use super::{DOUBLE, UNIQUE};
use crate::support::fleet::is_retryable;
use crate::support::{Code, Fleet, Server, Tx, World, expect_error, until};

/// One child is waited for, and the others are validated.
const TWO_WORKERS: [&str; 2] = ["--prepare-workers", "2"];

/// A migration that waits for a transaction on one of its two children, and has
/// validated the other.
struct Waiting {
    fleet: Fleet,
    tx: Tx,
    id: String,
    /// That it leads to.
    generation: u64,
}

impl Waiting {
    async fn begin(server: &Server) -> Self {
        let world = World::on(server).await;
        let fleet = super::fleet(&world, &["source", "held"]).await;
        let mut tx = fleet.child("held").apart().begin(TransactionMode::Immediate).await;
        tx.exec("UPDATE item SET price = 0").await;
        let started = fleet.try_start(UNIQUE).await.expect("it is recorded");
        let waiting = Self { tx, id: started.id, generation: started.generation, fleet };
        until("the source is validated", async || (waiting.validated().await == 1).then_some(()))
            .await;
        waiting
    }

    async fn validated(&self) -> u64 {
        let seen = self.fleet.migration(&self.id).await.expect("it is there");
        assert_eq!(seen.state(), MigrationState::Preparing, "{seen:?}");
        seen.children_validated
    }

    /// Lets it go on, to its end.
    async fn end(self) -> Migration {
        self.validated().await;
        self.tx.rollback().await;
        self.fleet.ended(&self.id).await
    }
}

#[tokio::test]
async fn a_branch_is_validated_whose_source_has_changed_since() {
    let server = Server::with(&TWO_WORKERS);
    let waiting = Waiting::begin(&server).await;
    let (fleet, generation) = (waiting.fleet.clone(), waiting.generation);
    // Its source was valid before this, and is after it.
    fleet.child("source").exec(DOUBLE).await;
    let branch = fleet.try_branch("source", "branch").await.expect("it is made");
    assert_eq!(branch.generation, generation - 1);
    fleet.child("source").exec("DELETE FROM item WHERE id > 2").await;
    let ended = waiting.end().await;
    assert_eq!(ended.state(), MigrationState::Failed, "{ended:?}");
    let failure = ended.failure.expect("it tells why");
    assert!(failure.database.ends_with("/branch"), "{failure:?}");
    assert_eq!(fleet.agree().await.generation, generation - 1);

    // And once it is in order, it is as all others.
    fleet.child("branch").exec("DELETE FROM item WHERE id > 2").await;
    let migration = fleet.migrate_all(UNIQUE).await;
    assert_eq!((migration.children_total, migration.children_applied), (3, 3), "{migration:?}");
    assert_eq!(fleet.agree().await.generation, generation);
    let refused = fleet.try_ask("branch", DOUBLE).await;
    expect_error(refused, Code::FailedPrecondition, "CONSTRAINT");
}

#[tokio::test]
async fn branches_that_pass_are_migrated_with_the_others() {
    const BRANCHES: usize = 8;

    let server = Server::with(&TWO_WORKERS);
    let waiting = Waiting::begin(&server).await;
    let (fleet, generation) = (waiting.fleet.clone(), waiting.generation);
    join_all((0..BRANCHES).map(async |i| {
        let name = format!("branch-{i}");
        let branch = fleet.try_branch("source", &name).await.expect("it is made");
        assert_eq!(branch.generation, generation - 1);
        fleet.child(&name).exec(format!("UPDATE item SET price = {i}")).await;
    }))
    .await;
    let ended = waiting.end().await;
    assert_eq!(ended.state(), MigrationState::Applied, "{ended:?}");
    assert_eq!(ended.children_applied, 2 + BRANCHES as u64, "{ended:?}");
    assert_eq!(fleet.agree().await.generation, generation);
    for i in 0..BRANCHES {
        let prices = fleet.try_ask(&format!("branch-{i}"), "SELECT DISTINCT price FROM item").await;
        assert_eq!(prices.expect("it answers").1, [i.to_string()]);
    }
}

#[tokio::test]
async fn branches_that_are_made_all_the_time_are_of_one_generation() {
    let world = World::shared().await;
    let fleet = super::fleet(&world, &["a", "b"]).await;
    let (stop, stopped) = watch::channel(false);
    let branching = (0..3).map(|worker| {
        let (fleet, stopped) = (fleet.apart(), stopped.clone());
        tokio::spawn(async move {
            let mut made = vec!["a".to_owned()];
            while !*stopped.borrow() {
                let name = format!("w{worker}-{}", made.len());
                let source = &made[made.len() / 2];
                fleet.try_branch(source, &name).await.expect("it is made");
                let write = format!("INSERT INTO item (name) VALUES ('{name}')");
                while let Err(status) = fleet.try_ask(&name, write.as_str()).await {
                    assert!(is_retryable(&status), "{name}: {status:?}");
                }
                made.push(name);
            }
            made.len() - 1
        })
    });
    let branching: Vec<_> = branching.collect();
    for step in 2..22 {
        let script = match step % 3 {
            0 => format!("ALTER TABLE item ADD COLUMN c{step}"),
            1 => format!("CREATE UNIQUE INDEX i{step} ON item (id, name)"),
            _ => "UPDATE item SET price = price + 1".to_owned(),
        };
        assert_eq!(fleet.migrate(script).await.generation, step);
    }
    stop.send_replace(true);
    let mut made = 0;
    for worker in branching {
        made += worker.await.expect("it ends");
    }
    assert!(made > 0);
    let names = fleet.names().await;
    assert_eq!(names.len(), made + 2);
    assert_eq!(fleet.agree().await.generation, 21);
    for name in names.iter().filter(|name| name.starts_with('w')) {
        let own = format!("SELECT count(*) FROM item WHERE name = '{name}'");
        assert_eq!(fleet.try_ask(name, own).await.expect("it answers").1, ["1"], "{name}");
    }
    fleet.all_current().await;
}
