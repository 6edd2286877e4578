//! SCHEMA and CHILD databases: who makes which of which.

use super::*;
use crate::storage::catalog::{ForeignKeys, MigrationFigures, NewMigration};

impl Fixture {
    /// Creates these databases, as the first admin.
    async fn create(&self, specs: impl IntoIterator<Item = DatabaseSpec>) -> Vec<View> {
        let mut created = Vec::new();
        for spec in specs {
            created.push(self.databases.create(self.admin(), spec, "").await.expect("creates"));
        }
        created
    }

    /// Commits a migration of a schema.
    async fn migrate(&self, schema: DatabaseId) {
        let (catalog, env) = (&self.world.catalog, &self.world.env);
        let new = NewMigration {
            id: crate::names::MigrationId::new(env.uuid()),
            schema,
            expected_generation: None,
            sql: "CREATE TABLE t (x)".into(),
            foreign_keys: ForeignKeys::Enforced,
            allow_nondeterministic: false,
        };
        let id = new.id;
        catalog.create_migration(new, None, env.now()).await.expect("records");
        let figures = MigrationFigures::default();
        catalog.commit_migration(id, figures, env.now()).await.expect("commits");
    }
}

#[tokio::test]
async fn a_child_names_its_parent_by_name_or_id() {
    let fixture = fixture().await;
    fixture.world.group("eu").await;
    let parent = fixture.create([schema_spec("eu/shop")]).await.remove(0).database;
    assert_eq!((parent.kind, parent.generation.0), (Kind::Schema, 0));
    let by_id = format!("eu/{}", parent.id);
    let specs = [child_spec("eu/a", "eu/shop"), child_spec("eu/b", &by_id)];
    for view in fixture.create(specs).await {
        assert_eq!(view.database.kind, Kind::Child { schema: parent.id });
        assert_eq!(view.database.schema_name.as_ref(), Some(&parent.name));
    }
    fixture.migrate(parent.id).await;
    for name in ["eu/shop", "eu/a"] {
        let view = fixture.databases.get(fixture.admin(), &parse(name)).await.expect("is there");
        assert_eq!(view.database.generation.0, 1);
    }
}

#[tokio::test]
async fn a_parent_is_a_schema_of_the_same_group() {
    let fixture = fixture().await;
    let service = &fixture.databases;
    let group_admin = fixture.group_admin("eu").await;
    fixture.world.group("us").await;
    fixture.create([schema_spec("eu/shop"), schema_spec("us/shop"), spec("eu/plain")]).await;
    for (parent, expected) in [
        ("eu/plain", Reason::WrongKind),
        ("eu/none", Reason::DatabaseNotFound),
        ("us/shop", Reason::InvalidArgument),
        ("us/none", Reason::InvalidArgument),
    ] {
        let refused = service.create(&group_admin, child_spec("eu/a", parent), "").await;
        let error = is_refused(refused, expected);
        if expected == Reason::InvalidArgument {
            assert_eq!(error.fields()[0].field, "database.schema");
        }
        let batch = vec![child_spec("eu/b", "eu/shop"), child_spec("eu/a", parent)];
        let refused = service.create_batch(&group_admin, batch, "").await;
        let error = is_refused(refused, expected);
        assert!(error.metadata().contains(&("index", "1".to_owned())), "{error:?}");
    }
    is_refused(service.get(&group_admin, &parse("eu/b")).await, Reason::DatabaseNotFound);
    service.create(&group_admin, child_spec("eu/a", "eu/shop"), "").await.expect("creates");
}

#[tokio::test]
async fn a_repeat_is_of_the_same_kind_and_parent() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let parents = fixture.create([schema_spec("shop"), schema_spec("other")]).await;
    let ask = async |spec: DatabaseSpec| service.create(admin, spec, "id").await;
    let first = ask(child_spec("a", "shop")).await.expect("creates");
    let by_id = format!("default/{}", parents[0].database.id);
    for parent in ["shop", &by_id] {
        assert_eq!(ask(child_spec("a", parent)).await.expect("repeats"), first);
    }
    for other in [child_spec("a", "other"), schema_spec("a"), spec("a")] {
        is_refused(ask(other).await, Reason::RequestIdReused);
    }
}

#[tokio::test]
async fn lists_narrow_to_a_kind_and_to_a_schema() {
    let fixture = fixture().await;
    fixture.world.group("eu").await;
    let specs = [schema_spec("eu/shop"), schema_spec("eu/other"), spec("eu/plain"), spec("x")];
    fixture.create(specs).await;
    let children = [("eu/a", "eu/shop"), ("eu/b", "eu/other"), ("eu/c", "eu/shop")];
    fixture.create(children.map(|(child, parent)| child_spec(child, parent))).await;
    fixture.databases.delete(fixture.admin(), &parse("eu/c"), "").await.expect("deletes");
    let listed = async |kind, schema: Option<&str>, group: Option<&str>, show_deleted| {
        let query = DatabaseQuery {
            kind,
            schema: schema.map(parse),
            group: group.and_then(|name| GroupName::new(name).ok()),
            show_deleted,
            ..DatabaseQuery::default()
        };
        fixture.listed(fixture.admin(), query).await.join(" ")
    };
    let kind = Some;
    assert_eq!(listed(kind(KindFilter::Regular), None, None, false).await, "default/x eu/plain");
    assert_eq!(listed(kind(KindFilter::Schema), None, None, false).await, "eu/other eu/shop");
    assert_eq!(listed(kind(KindFilter::Child), None, None, true).await, "eu/a eu/b eu/c");
    assert_eq!(listed(kind(KindFilter::Regular), None, Some("eu"), false).await, "eu/plain");
    assert_eq!(listed(None, Some("eu/shop"), None, false).await, "eu/a");
    assert_eq!(listed(None, Some("eu/shop"), Some("eu"), true).await, "eu/a eu/c");
    assert_eq!(listed(None, Some("eu/shop"), Some("default"), true).await, "");
    assert_eq!(listed(kind(KindFilter::Schema), Some("eu/shop"), None, true).await, "");
    assert_eq!(listed(None, Some("eu/plain"), None, true).await, "");
}

#[tokio::test]
async fn a_schema_goes_after_its_children_and_comes_back_before_them() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let created = fixture.create([schema_spec("shop"), child_spec("a", "shop")]).await;
    let [parent, child] = ["shop", "a"].map(parse);
    is_refused(service.delete(admin, &parent, "").await, Reason::SchemaNotEmpty);
    service.delete(admin, &child, "").await.expect("deletes");
    service.delete(admin, &parent, "").await.expect("deletes");
    is_refused(service.undelete(admin, &child).await, Reason::DatabaseNotFound);
    service.undelete(admin, &parent).await.expect("undeletes");
    service.undelete(admin, &child).await.expect("undeletes");

    for name in [&child, &parent] {
        service.delete(admin, name, "").await.expect("deletes");
    }
    fixture.world.clock.advance(WINDOW);
    service.purge_due().await.expect("purges");
    let ids = created.iter().map(|view| view.database.id).collect::<BTreeSet<_>>();
    assert_eq!(fixture.files().removed.iter().copied().collect::<BTreeSet<_>>(), ids);
}
