//! Branches: what they may be, and what is left of those that fail.

use super::*;
use crate::names::Generation;

fn branch_spec(name: &str) -> BranchSpec {
    BranchSpec {
        name: DatabaseName::new(name).expect("valid"),
        group: None,
        kind: None,
        schema: None,
        settings: Settings::default(),
    }
}

#[tokio::test]
async fn a_branch_is_what_its_source_is() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    fixture.world.group("eu").await;
    for spec in [schema_spec("eu/shop"), child_spec("eu/a", "eu/shop"), spec("eu/plain")] {
        service.create(admin, spec, "").await.expect("creates");
    }
    let other = service.create(admin, schema_spec("eu/other"), "").await.expect("creates");
    let same = BranchSpec {
        group: GroupName::new("eu").ok(),
        kind: Some(KindFilter::Child),
        schema: Some(parse("eu/shop")),
        ..branch_spec("b")
    };
    let view = service.branch(admin, &parse("eu/a"), same.clone(), "").await.expect("branches");
    assert!(matches!(view.database.kind, Kind::Child { .. }) && !view.database.used);
    for (field, wrong) in [
        ("database.group", BranchSpec { group: GroupName::new("us").ok(), ..same.clone() }),
        ("database.kind", BranchSpec { kind: Some(KindFilter::Schema), ..same.clone() }),
        ("database.schema", BranchSpec { schema: Some(parse("eu/other")), ..same.clone() }),
    ] {
        let refused = service.branch(admin, &parse("eu/a"), wrong, "").await;
        let error = is_refused(refused, Reason::InvalidArgument);
        assert_eq!(error.fields()[0].field, field);
    }
    let wrong = BranchSpec { schema: Some(parse("eu/shop")), ..branch_spec("b") };
    is_refused(service.branch(admin, &parse("eu/plain"), wrong, "").await, Reason::InvalidArgument);
    let taken = service.branch(admin, &parse("eu/plain"), branch_spec("other"), "").await;
    is_refused(taken, Reason::AlreadyExists);
    assert_eq!(other.database.generation, Generation::default());
}

#[tokio::test]
async fn an_admin_of_the_group_makes_them_where_reads_are_allowed() {
    let fixture = fixture().await;
    let service = &fixture.databases;
    let [writer, stranger] = [fixture.writer("eu/shop").await, fixture.group_admin("us").await];
    let source = parse("eu/shop");
    for (grant, expected) in
        [(&writer, Reason::PermissionDenied), (&stranger, Reason::DatabaseNotFound)]
    {
        is_refused(service.branch(grant, &source, branch_spec("b"), "").await, expected);
    }
    let patch = SettingsPatch { block_reads: Some(true), ..SettingsPatch::default() };
    service.update(fixture.admin(), &source, patch, "").await.expect("updates");
    let refused = service.branch(fixture.admin(), &source, branch_spec("b"), "").await;
    is_refused(refused, Reason::ReadsBlocked);
}

#[tokio::test]
async fn what_fails_leaves_nothing_but_files_to_be_purged() {
    let fixture = fixture().await;
    let (service, admin, source) = (&fixture.databases, fixture.admin(), parse("eu/shop"));
    let row = fixture.world.database("eu/shop").await;
    fixture.world.catalog.mark_used(row.id, Generation::default()).await.expect("marks");
    let failed = service.branch(admin, &source, branch_spec("b"), "try").await;
    is_refused(failed, Reason::Internal);
    let staged = fixture.files().branched.clone();
    assert_eq!(staged.len(), 1);
    is_refused(service.get(admin, &parse("eu/b")).await, Reason::DatabaseNotFound);
    service.purge_due().await.expect("purges");
    assert_eq!(fixture.files().removed, staged);
    // The name and the id of the request are free.
    service.create(admin, spec("eu/b"), "try").await.expect("creates");
}

#[tokio::test]
async fn a_repeat_answers_the_first_branch() {
    let fixture = fixture().await;
    let (service, admin, source) = (&fixture.databases, fixture.admin(), parse("eu/shop"));
    fixture.world.database("eu/shop").await;
    fixture.world.database("eu/blog").await;
    let ask = async |source: &DatabaseRef, name| {
        service.branch(admin, source, branch_spec(name), "once").await
    };
    let first = ask(&source, "b").await.expect("branches");
    assert_eq!(ask(&source, "b").await.expect("answers"), first);
    is_refused(ask(&source, "c").await, Reason::RequestIdReused);
    is_refused(ask(&parse("eu/blog"), "b").await, Reason::RequestIdReused);
    let created = service.create(admin, spec("eu/b"), "once").await;
    is_refused(created, Reason::RequestIdReused);
}
