//! Who is answered what, and when.

use super::*;
use crate::grants::{AccessLevel, TokenSpec};

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_answers_as_the_first_request_did() {
    let fixture = Fixture::new().await;
    let once = |sql: &str| ApplySpec { request_id: "once".to_owned(), ..spec(sql) };
    let first = fixture.apply_as(once("CREATE TABLE t (x)")).await.expect("applies");
    let fixture = fixture.restart().await;
    for wait_for in [WaitFor::Commit, WaitFor::Apply, WaitFor::Nothing] {
        let again = ApplySpec { wait_for, ..once("CREATE TABLE t (x)") };
        let again = fixture.apply_as(again).await.expect("answers");
        assert_eq!(again.migration.id, first.migration.id);
    }
    refused(fixture.apply_as(once("CREATE TABLE u (x)")).await, Reason::RequestIdReused);
    refused(fixture.apply_as(once("CREATE TABLE t (y)")).await, Reason::RequestIdReused);
    let long = ApplySpec { request_id: "x".repeat(129), ..spec("CREATE TABLE u (x)") };
    refused(fixture.apply_as(long).await, Reason::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_a_failed_one_fails_the_same_way() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x); INSERT INTO t VALUES (1), (1)").await;
    let once = || ApplySpec {
        request_id: "once".to_owned(),
        expected_generation: Some(Generation(1)),
        ..spec("CREATE UNIQUE INDEX i ON t (x)")
    };
    let first = refused(fixture.apply_as(once()).await, Reason::MigrationFailed);
    fixture.applied("DELETE FROM t").await;
    let again = refused(fixture.apply_as(once()).await, Reason::MigrationFailed);
    assert_eq!(metadata(&again, "migration"), metadata(&first, "migration"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_not_recorded() {
    let fixture = Fixture::new().await;
    let behind = ApplySpec { expected_generation: Some(Generation(1)), ..spec("SELECT") };
    refused(fixture.apply_as(behind).await, Reason::GenerationMismatch);
    let large = format!("-- {}", "x".repeat(1_000_000));
    let wrong = [
        ("", Reason::MigrationNotAllowed),
        ("-- nothing", Reason::MigrationNotAllowed),
        ("SELECT 1", Reason::MigrationNotAllowed),
        ("CREATE TABLE t (x); COMMIT", Reason::MigrationNotAllowed),
        ("CREATE TABLE t (x); CREATE TABEL u (x)", Reason::SqlError),
        (&large, Reason::StatementTooLarge),
    ];
    let (admin, schema) = (&fixture.world.admin, parse(PARENT));
    for (sql, reason) in wrong {
        refused(fixture.apply(sql).await, reason);
        refused(fixture.schemas.validate_only(admin, &schema, spec(sql)).await, reason);
    }
    let page = PageRequest::default();
    let listed = fixture.schemas.list(admin, &schema, None, &page).await;
    assert!(listed.expect("lists").items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_migration_at_a_time_until_it_is_cancelled() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    fixture.used("child").await;
    // Nothing can be validated there for as long as this is open.
    let transaction = fixture.hold_writer("child").await;
    let script = "CREATE UNIQUE INDEX i ON t (x)";
    let begun = ApplySpec { wait_for: WaitFor::Nothing, ..spec(script) };
    let id = fixture.apply_as(begun).await.expect("is recorded").migration.id;
    let other = refused(fixture.apply("CREATE TABLE u (x)").await, Reason::MigrationInProgress);
    assert_eq!(metadata(&other, "migration"), Some(&*id.to_string()));
    let (admin, schema) = (&fixture.world.admin, parse(PARENT));
    let dry = fixture.schemas.validate_only(admin, &schema, spec(script)).await;
    refused(dry, Reason::MigrationInProgress);
    let mut watch = fixture.watch(id).await;
    let first = watch.next().await.expect("tells").expect("has begun");
    assert_eq!(first.migration.state, MigrationState::Preparing);
    let cancelled = fixture.schemas.cancel(admin, &schema, id).await.expect("is cancelled");
    assert_eq!(cancelled.migration.state, MigrationState::Cancelled);
    fixture.schemas.cancel(admin, &schema, id).await.expect("stays so");
    let last = watch.next().await.expect("tells").expect("has ended");
    assert_eq!(last.migration.state, MigrationState::Cancelled);
    assert!(watch.next().await.expect("tells").is_none());
    drop(transaction);
    fixture.ask("child", "INSERT INTO t VALUES (1), (1)").await.expect("nothing has changed");
    let applied = fixture.applied("CREATE TABLE u (x)").await.migration.id;
    let late =
        refused(fixture.schemas.cancel(admin, &schema, applied).await, Reason::MigrationDecided);
    assert_eq!(metadata(&late, "state"), Some("APPLIED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_goes_on_without_its_caller() {
    let fixture = Fixture::new().await;
    fixture.applied("CREATE TABLE t (x)").await;
    fixture.used("child").await;
    let transaction = fixture.hold_writer("child").await;
    let (admin, schema) = (&fixture.world.admin, parse(PARENT));
    let script = spec("CREATE UNIQUE INDEX i ON t (x)");
    let applying = fixture.schemas.apply(admin, &schema, script);
    let gave_up = tokio::time::timeout(Duration::from_millis(100), applying).await;
    assert!(gave_up.is_err());
    drop(transaction);
    assert_eq!(fixture.newest().await.migration.state, MigrationState::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_migrate_is_answered() {
    let fixture = Fixture::new().await;
    fixture.world.database("default/plain").await;
    fixture.child("child").await;
    let ttl = Some(Duration::from_secs(365 * 24 * 60 * 60));
    let on = |databases: &[&str], access, ddl| TokenSpec {
        databases: databases.iter().map(|name| parse(name)).collect(),
        access,
        ddl,
        ttl,
        ..TokenSpec::default()
    };
    let world = &fixture.world;
    let reader = world.grant(on(&[PARENT], AccessLevel::ReadOnly, false)).await;
    let migrator = world.grant(on(&[PARENT], AccessLevel::ReadWrite, true)).await;
    let stranger = world.grant(on(&["default/plain"], AccessLevel::ReadWrite, false)).await;
    let (schemas, schema) = (&fixture.schemas, parse(PARENT));
    let (page, id) = (PageRequest::default(), MigrationId::new(world.env.uuid()));
    macro_rules! all {
        ($grant:expr, $schema:expr, $reason:expr) => {{
            let (grant, schema, reason) = ($grant, $schema, $reason);
            let script = || spec("CREATE TABLE t (x)");
            refused(schemas.apply(grant, schema, script()).await, reason);
            refused(schemas.validate_only(grant, schema, script()).await, reason);
            refused(schemas.get(grant, schema, id).await, reason);
            refused(schemas.list(grant, schema, None, &page).await, reason);
            refused(schemas.watch(grant, schema, id).await, reason);
            refused(schemas.cancel(grant, schema, id).await, reason);
            refused(schemas.children(grant, schema, None, &page).await, reason);
            refused(schemas.retry_children(grant, schema, Vec::new()).await, reason);
        }};
    }
    all!(&stranger, &schema, Reason::DatabaseNotFound);
    all!(&reader, &schema, Reason::PermissionDenied);
    for wrong in ["default/plain", "default/child"] {
        all!(&world.admin, &parse(wrong), Reason::WrongKind);
        refused(schemas.schema_text(&world.admin, &parse(wrong)).await, Reason::WrongKind);
    }
    refused(schemas.schema_text(&stranger, &schema).await, Reason::DatabaseNotFound);
    refused(schemas.get(&migrator, &schema, id).await, Reason::MigrationNotFound);
    schemas.apply(&migrator, &schema, spec("CREATE TABLE t (x)")).await.expect("may");
    let text = schemas.schema_text(&reader, &schema).await.expect("may read");
    assert_eq!((text.generation, text.hash.len()), (Generation(1), 64));
    assert!(text.ddl.contains("CREATE TABLE t"), "{}", text.ddl);
}
