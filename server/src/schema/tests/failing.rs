//! A server that fails at every step, and one that is started again.

use super::*;
use crate::names::MigrationId;
use crate::storage::catalog::NewMigration;

/// What this floor passes on its way through a migration that validates.
const POINTS: [Failpoint; 8] = [
    Failpoint::MigrationRecorded,
    Failpoint::MigrationValidated,
    Failpoint::MigrationRound,
    Failpoint::FenceRaised,
    Failpoint::MigrationCommit,
    Failpoint::MigrationCommitted,
    Failpoint::MigrationEnd,
    Failpoint::MigrationEnded,
];

async fn survives(point: &str) {
    let fixture = Fixture::failing_at(point).await;
    for child in ["a", "b"] {
        fixture.used(child).await;
    }
    fixture.child("unused").await;
    let view = fixture.applied("CREATE TABLE t (x); INSERT INTO t VALUES (1)").await;
    let figures = &view.migration.figures;
    assert_eq!((figures.children_applied, figures.children_quarantined), (3, 0), "{point}");
    for child in ["a", "b", "unused", "parent"] {
        let rows = fixture.ask(child, "SELECT count(*) FROM t").await.expect("reads");
        assert_eq!(rows, ["1"], "{child} after {point}");
    }
    // The fence is down, and the next one finds a free fleet.
    fixture.ask("a", "INSERT INTO t VALUES (2)").await.expect("writes");
    fixture.applied("CREATE UNIQUE INDEX i ON t (x)").await;
    fixture.ask("b", "INSERT INTO t VALUES (2)").await.expect("writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_survives_an_error_at_every_point() {
    for point in POINTS {
        survives(&format!("{}=error", point.as_str())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_survives_a_panic_at_every_point() {
    for point in POINTS {
        survives(&format!("{}=panic", point.as_str())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_taken_up_again() {
    let fixture = Fixture::new().await;
    fixture.used("child").await;
    let recorded = async |sql: &str| {
        let id = MigrationId::new(fixture.world.env.uuid());
        let new = NewMigration {
            id,
            schema: fixture.parent,
            expected_generation: None,
            sql: sql.into(),
            foreign_keys: ForeignKeys::Enforced,
            allow_nondeterministic: false,
        };
        let catalog = &fixture.world.catalog;
        catalog.create_migration(new, None, fixture.world.env.now()).await.expect("is recorded");
        id
    };
    let committed = recorded("CREATE TABLE t (x)").await;
    let figures = crate::storage::catalog::MigrationFigures::default();
    let (catalog, now) = (&fixture.world.catalog, fixture.world.env.now());
    catalog.commit_migration(committed, figures, now).await.expect("commits");
    let preparing = recorded("ALTER TABLE t ADD COLUMN y").await;
    let fixture = fixture.restart().await;
    for id in [committed, preparing] {
        assert_eq!(fixture.ended(id).await.migration.state, MigrationState::Applied);
    }
    fixture.ask("child", "SELECT y FROM t").await.expect("is there");
    assert_eq!(fixture.row("child").await.file_generation, Generation(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_nobody_drives_is_found() {
    let fixture = Fixture::new().await;
    let id = MigrationId::new(fixture.world.env.uuid());
    let new = NewMigration {
        id,
        schema: fixture.parent,
        expected_generation: None,
        sql: "CREATE TABEL t (x)".into(),
        foreign_keys: ForeignKeys::Enforced,
        allow_nondeterministic: false,
    };
    let (catalog, now) = (&fixture.world.catalog, fixture.world.env.now());
    catalog.create_migration(new, None, now).await.expect("is recorded");
    fixture.schemas.retry_due().await;
    let ended = fixture.ended(id).await.migration;
    assert_eq!(ended.state, MigrationState::Failed);
    assert_eq!(ended.failure.as_ref().map(|failure| &*failure.database), Some(PARENT));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_tells_who_waits() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    fixture.used("child").await;
    let transaction = fixture.hold_writer("child").await;
    let applying = tokio::spawn({
        let (schemas, admin) = (Arc::clone(&fixture.schemas), fixture.world.admin.clone());
        let script = spec("CREATE UNIQUE INDEX i ON t (x)");
        async move { schemas.apply(&admin, &parse(PARENT), script).await }
    });
    let id = loop {
        let unfinished = fixture.world.catalog.unfinished_migrations().await.expect("reads");
        match unfinished.first() {
            Some(migration) => break migration.id,
            None => tokio::task::yield_now().await,
        }
    };
    fixture.schemas.stop().await;
    refused(applying.await.expect("ends"), Reason::Unavailable);
    drop(transaction);
    let fixture = fixture.restart().await;
    assert_eq!(fixture.ended(id).await.migration.state, MigrationState::Applied);
}
