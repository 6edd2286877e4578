//! What migrations do to a fleet.

use super::*;
use crate::storage::catalog::ChildState;

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_reaches_all_children_and_costs_the_unused_nothing() {
    let fixture = Fixture::new().await;
    fixture.used("used").await;
    fixture.child("unused").await;
    let view = fixture.applied("CREATE TABLE t (x); INSERT INTO t VALUES (7)").await;
    assert_eq!(view.schema, PARENT);
    let Migration { generation, state, figures, .. } = &*view.migration;
    assert_eq!((*generation, *state), (Generation(1), MigrationState::Applied));
    assert_eq!((figures.children_total, figures.children_validated), (2, 2));
    assert_eq!((figures.children_applied, figures.children_quarantined), (2, 0));
    for child in ["used", "unused", "parent"] {
        assert_eq!(fixture.ask(child, "SELECT x FROM t").await.expect("reads"), ["7"]);
    }
    assert!(fixture.row("used").await.file_generation == Generation(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rows_cannot_break_asks_the_parent_alone() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    fixture.used("child").await;
    let figures = fixture.applied("ALTER TABLE t ADD COLUMN y").await.migration.figures.clone();
    assert!(figures.row_independent && figures.validated_per_round.is_empty(), "{figures:?}");
    assert_eq!(figures.children_validated, 1);
    let figures = fixture.applied("CREATE UNIQUE INDEX i ON t (x)").await.migration.figures.clone();
    assert!(!figures.row_independent, "{figures:?}");
    assert_eq!(figures.validated_per_round, [1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_does_not_pass_is_named_and_nothing_changes() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    for child in ["good", "bad"] {
        fixture.used(child).await;
    }
    fixture.ask("bad", "INSERT INTO t VALUES (1), (1)").await.expect("writes");
    let script = "CREATE TABLE u (x); CREATE UNIQUE INDEX i ON t (x)";
    for _ in 0..2 {
        let error = refused(fixture.apply(script).await, Reason::MigrationFailed);
        assert_eq!(metadata(&error, "database"), Some("default/bad"));
        assert_eq!(metadata(&error, "statement_index"), Some("1"));
        assert!(error.message().contains("UNIQUE"), "{error:?}");
        let newest = fixture.newest().await;
        assert_eq!(metadata(&error, "migration"), Some(&*newest.migration.id.to_string()));
        assert_eq!(newest.migration.state, MigrationState::Failed);
        assert_eq!(fixture.row("good").await.generation, Generation(1));
        refused(fixture.ask("good", "SELECT * FROM u").await, Reason::SqlError);
    }
    fixture.ask("bad", "DELETE FROM t").await.expect("writes");
    fixture.applied(script).await;
    for child in ["good", "bad"] {
        fixture.ask(child, "SELECT * FROM u").await.expect("is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_waits_for_no_other_child() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    for child in ["bad", "busy"] {
        fixture.used(child).await;
    }
    fixture.ask("bad", "INSERT INTO t VALUES (1), (1)").await.expect("writes");
    let transaction = fixture.hold_writer("busy").await;
    let error =
        refused(fixture.apply("CREATE UNIQUE INDEX i ON t (x)").await, Reason::MigrationFailed);
    assert_eq!(metadata(&error, "database"), Some("default/bad"));
    drop(transaction);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parents_own_rows_can_fail_it() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x); INSERT INTO t VALUES (1), (1)").await;
    let error = fixture.apply("CREATE UNIQUE INDEX i ON t (x)").await;
    let error = refused(error, Reason::MigrationFailed);
    assert_eq!(metadata(&error, "database"), Some(PARENT));
    fixture.applied("DELETE FROM t").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_child_is_held_until_the_decision() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE load (n); CREATE TABLE done (n)").await;
    for child in ["slow", "quick"] {
        fixture.used(child).await;
    }
    fixture.ask("slow", "INSERT INTO load VALUES (3000000)").await.expect("writes");
    let work = "INSERT INTO done SELECT count(*) FROM (WITH RECURSIVE c (n) AS (
        SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < (SELECT n FROM load)) SELECT n FROM c)";
    let figures = fixture.applied(work).await.migration.figures.clone();
    // All, the slow one again, and nothing behind the fence.
    assert_eq!(figures.validated_per_round, [2, 1, 0], "{figures:?}");
    assert_eq!(fixture.ask("slow", "SELECT n FROM done").await.expect("reads"), ["3000000"]);
    assert_eq!(fixture.ask("quick", "SELECT n FROM done").await.expect("reads"), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_brought_up_is_quarantined_and_recovers() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    let id = fixture.used("child").await;
    let (file, aside) = (fixture.file(id), fixture.file(id).with_extension("aside"));
    crate::storage::files::Files::close(&*fixture.pool, id).await;
    std::fs::rename(&file, &aside).expect("is there");
    let view = fixture.applied("ALTER TABLE t ADD COLUMN y").await;
    assert_eq!(view.migration.state, MigrationState::Applied);
    assert_eq!(view.migration.figures.children_quarantined, 1);
    let (admin, schema) = (&fixture.world.admin, parse(PARENT));
    let quarantined = async || {
        let (state, page) = (Some(ChildState::Quarantined), PageRequest::default());
        let page = fixture.schemas.children(admin, &schema, state, &page).await;
        page.expect("lists").items
    };
    let listed = quarantined().await;
    assert!(listed[0].database.quarantine.is_some() && listed.len() == 1);
    fixture.ask("child", "SELECT 1").await.expect_err("is not there");
    let retry = async || fixture.schemas.retry_children(admin, &schema, Vec::new()).await;
    assert_eq!(retry().await.expect("tries"), (0, 1));
    std::fs::rename(&aside, &file).expect("is back");
    assert_eq!(retry().await.expect("tries"), (1, 0));
    assert!(quarantined().await.is_empty());
    fixture.ask("child", "SELECT y FROM t").await.expect("answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_of_every_child_and_changes_nothing() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    for child in ["a", "b", "c"] {
        fixture.used(child).await;
        fixture.ask(child, "INSERT INTO t VALUES (1), (2)").await.expect("writes");
    }
    for child in ["a", "c"] {
        fixture.ask(child, "INSERT INTO t VALUES (2)").await.expect("writes");
    }
    let (admin, schema) = (&fixture.world.admin, parse(PARENT));
    let script = "UPDATE t SET x = x + 1; CREATE UNIQUE INDEX i ON t (x)";
    let report = fixture.schemas.validate_only(admin, &schema, spec(script)).await.expect("runs");
    let mut failed: Vec<_> = report.failures.iter().map(|failure| &*failure.database).collect();
    failed.sort_unstable();
    assert_eq!(failed, ["default/a", "default/c"]);
    assert_eq!((report.failures_total, report.children_validated, report.rows_written), (2, 3, 2));
    assert_eq!((report.generation, report.row_independent), (Generation(2), false));
    assert_eq!(fixture.newest().await.migration.generation, Generation(1));
    assert_eq!(fixture.ask("b", "SELECT max(x) FROM t").await.expect("reads"), ["2"]);
    let wrong = ApplySpec { expected_generation: Some(Generation(0)), ..spec(script) };
    let wrong = fixture.schemas.validate_only(admin, &schema, wrong).await;
    refused(wrong, Reason::GenerationMismatch);
}
