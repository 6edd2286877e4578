//! SCHEMA and CHILD databases: which may be created, deleted and undeleted.

use super::*;

fn named(error: &Error, key: &str) -> Option<String> {
    let found = error.metadata().iter().find(|(known, _)| *known == key);
    found.map(|(_, value)| value.clone())
}

#[tokio::test]
async fn a_child_is_at_its_parents_generation_and_knows_its_name() {
    let fixture = fixture();
    let schema = fixture.schema("eu/shop").await;
    fixture.migrate(schema).await;
    let created = fixture.create_kind("eu/a", Kind::Child { schema }).await.expect("creates");
    assert_eq!(created.schema_name, DatabaseName::new("shop").ok());
    assert_eq!((created.generation, created.file_generation), (Generation(1), Generation(0)));
    fixture.migrate(schema).await;
    let fixture = fixture.reopen();
    let found = fixture.find("eu/a").await.expect("is there");
    assert_eq!(*found, Database { generation: Generation(2), ..Database::clone(&created) });
    let parent = fixture.find("eu/shop").await.expect("is there");
    assert_eq!((parent.kind, parent.schema_name.as_ref()), (Kind::Schema, None));
    assert_eq!((parent.generation, parent.file_generation), (Generation(2), Generation(0)));
}

#[tokio::test]
async fn a_parent_must_be_an_active_schema_of_the_group() {
    let fixture = fixture();
    let schema = fixture.schema("eu/shop").await;
    let regular = fixture.create("eu/plain").await.expect("creates").id;
    let child = fixture.child("eu/a", schema).await;
    let deleted = fixture.schema("eu/old").await;
    fixture.delete(deleted).await.expect("deletes");
    let unknown = DatabaseId::new(fixture.env.uuid());
    for (reference, parent, expected) in [
        ("eu/b", regular, Reason::WrongKind),
        ("eu/b", child, Reason::WrongKind),
        ("eu/b", deleted, Reason::DatabaseNotFound),
        ("eu/b", unknown, Reason::DatabaseNotFound),
        ("us/b", schema, Reason::InvalidArgument),
    ] {
        let kind = Kind::Child { schema: parent };
        is_refused(fixture.create_kind(reference, kind).await, expected);
        assert_eq!(fixture.find(reference).await, None);
    }
    let error = fixture.create_kind("eu/b", Kind::Child { schema: child }).await.expect_err("kind");
    assert_eq!(named(&error, "kind").as_deref(), Some("CHILD"));

    // Of many the culprit is told, and none is there.
    let mut batch = Vec::new();
    for (name, kind) in [("x", Kind::Child { schema }), ("y", Kind::Child { schema: regular })] {
        let (id, new) = fixture.new_database(&format!("eu/{name}"), Settings::default()).await;
        batch.push((id, NewDatabase { kind, ..new }));
    }
    let refused = fixture.catalog.create_databases(batch, None, START).await;
    let error = is_refused(refused, Reason::WrongKind);
    assert_eq!(named(&error, "index").as_deref(), Some("1"));
    assert_eq!(fixture.find("eu/x").await, None);
}

#[tokio::test]
async fn a_schema_goes_after_its_children() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let child = fixture.child("a", schema).await;
    is_refused(fixture.delete(schema).await, Reason::SchemaNotEmpty);
    fixture.delete(child).await.expect("deletes");
    let migration = fixture.prepare(schema).await.expect("records");
    let error = is_refused(fixture.delete(schema).await, Reason::MigrationInProgress);
    assert_eq!(named(&error, "migration"), Some(migration.id.to_string()));
    assert!(error.retry_after().is_some());
    fixture.end(migration.id, MigrationEnd::Cancelled).await.expect("ends");
    fixture.delete(schema).await.expect("deletes");

    // The child comes back only behind its parent.
    let undelete = async |id| fixture.catalog.undelete_database(id, fixture.now()).await;
    is_refused(undelete(child).await, Reason::DatabaseNotFound);
    undelete(schema).await.expect("undeletes");
    undelete(child).await.expect("undeletes");
    is_refused(fixture.delete(schema).await, Reason::SchemaNotEmpty);
}

#[tokio::test]
async fn a_child_with_a_file_comes_back_before_or_after_a_migration_is_prepared() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let used = fixture.child("used", schema).await;
    fixture.catalog.mark_used(used, Generation(0)).await.expect("marks");
    let unused = fixture.child("unused", schema).await;
    for id in [used, unused] {
        fixture.delete(id).await.expect("deletes");
    }
    let migration = fixture.prepare(schema).await.expect("records");
    let undelete = async |id| fixture.catalog.undelete_database(id, fixture.now()).await;
    let error = is_refused(undelete(used).await, Reason::MigrationInProgress);
    assert_eq!(named(&error, "migration"), Some(migration.id.to_string()));
    assert!(error.retry_after().is_some());
    undelete(unused).await.expect("has no file to validate");
    fixture.commit(migration.id).await.expect("commits");
    let back = undelete(used).await.expect("undeletes");
    assert_eq!((back.generation, back.file_generation), (Generation(1), Generation(0)));
}

#[tokio::test]
async fn a_child_outlives_the_row_of_its_parent() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    fixture.migrate(schema).await;
    let child = fixture.child("a", schema).await;
    fixture.catalog.mark_used(child, Generation(1)).await.expect("marks");
    fixture.migrate(schema).await;
    fixture.delete(child).await.expect("deletes");
    fixture.catalog.delete_database(schema, None, START, Duration::ZERO).await.expect("deletes");
    let purged = fixture.catalog.purge_databases(START, 9).await.expect("marks");
    fixture.catalog.forget_databases(purged).await.expect("forgets");

    let by_id = parse(&child.to_string());
    let left = fixture.catalog.deleted_database(&by_id).await.expect("reads").expect("is there");
    assert_eq!((left.kind, left.schema_name.as_ref()), (Kind::Child { schema }, None));
    assert_eq!(left.generation, Generation(1), "that of its file");
    let refused = fixture.catalog.undelete_database(child, START).await;
    is_refused(refused, Reason::DatabaseNotFound);
    let filter = DatabaseFilter { show_deleted: true, ..Default::default() };
    assert_eq!(fixture.catalog.databases(filter, None, 9).await.expect("reads"), [left]);
}

#[tokio::test]
async fn the_generation_of_a_file_is_noted_at_its_first_use_and_never_falls() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let child = fixture.child("a", schema).await;
    for (noted, expected) in [(3, 3), (2, 3), (4, 4)] {
        fixture.catalog.mark_used(child, Generation(noted)).await.expect("marks");
        let found = fixture.find("a").await.expect("is there");
        assert_eq!((found.used, found.file_generation), (true, Generation(expected)));
    }
}
