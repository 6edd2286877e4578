//! The catalog as its callers see it, on a file that is closed and opened again.

mod cache;
mod children;
mod databases;
mod kinds;
mod listing;
mod migrations;
mod staged;
mod tokens;
mod upgrade;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::env::{Env, ManualClock};
use crate::error::{Error, Reason};
use crate::names::NameOrId;
use crate::storage::data_dir::DataDirError;

/// A catalog in a directory of its own.
struct Fixture {
    catalog: SqliteCatalog,
    clock: Arc<ManualClock>,
    env: Env,
    dir: tempfile::TempDir,
}

const START: Timestamp = Timestamp(1_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn open(dir: &Path, env: &Env) -> Result<SqliteCatalog, DataDirError> {
    SqliteCatalog::open(&dir.join("catalog.db"), env)
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().expect("temp dir");
    let clock = Arc::new(ManualClock::new(START));
    let env = Env::with_clock(Arc::<ManualClock>::clone(&clock));
    let catalog = open(dir.path(), &env).expect("opens");
    Fixture { catalog, clock, env, dir }
}

impl Fixture {
    fn now(&self) -> Timestamp {
        self.env.now()
    }

    /// Ends the catalog and starts it again on the same file.
    fn reopen(self) -> Self {
        let Self { catalog, clock, env, dir } = self;
        drop(catalog);
        let catalog = open(dir.path(), &env).expect("opens again");
        Self { catalog, clock, env, dir }
    }

    async fn group(&self, name: &str) -> Arc<Group> {
        let name = group_name(name);
        if let Some(group) = self.catalog.group(&name).await.expect("reads") {
            return group;
        }
        let id = GroupId::new(self.env.uuid());
        let (create_time, tokens_not_before) = (self.now(), Timestamp::default());
        let group = Group { id, name, create_time, tokens_not_before };
        self.catalog.create_group(group).await.expect("creates")
    }

    /// Creates `group/name`, or `name` in the default group.
    async fn create(&self, reference: &str) -> Result<Arc<Database>> {
        self.create_with(reference, Settings::default()).await
    }

    async fn create_with(&self, reference: &str, settings: Settings) -> Result<Arc<Database>> {
        let new = self.new_database(reference, settings).await;
        let created = self.catalog.create_databases(vec![new], None, self.now()).await?;
        Ok(Arc::clone(&created[0]))
    }

    async fn new_database(&self, reference: &str, settings: Settings) -> (DatabaseId, NewDatabase) {
        let DatabaseRef { group, database } = parse(reference);
        let NameOrId::Name(name) = database else { panic!("{reference} is no name") };
        let group_id = self.group(group.as_str()).await.id;
        let new = NewDatabase { name, group_id, kind: Kind::Regular, settings };
        (DatabaseId::new(self.env.uuid()), new)
    }

    async fn create_kind(&self, reference: &str, kind: Kind) -> Result<Arc<Database>> {
        let (id, new) = self.new_database(reference, Settings::default()).await;
        let new = vec![(id, NewDatabase { kind, ..new })];
        Ok(self.catalog.create_databases(new, None, self.now()).await?.remove(0))
    }

    async fn schema(&self, reference: &str) -> DatabaseId {
        self.create_kind(reference, Kind::Schema).await.expect("creates").id
    }

    async fn child(&self, reference: &str, schema: DatabaseId) -> DatabaseId {
        self.create_kind(reference, Kind::Child { schema }).await.expect("creates").id
    }

    async fn delete(&self, id: DatabaseId) -> Result<Arc<Database>> {
        self.catalog.delete_database(id, None, self.now(), DAY).await
    }

    /// Purges whatever was deleted.
    async fn purge_all(&self) {
        self.clock.advance(DAY);
        let due = self.catalog.purge_databases(self.now(), usize::MAX).await.expect("marks");
        self.catalog.forget_databases(due).await.expect("forgets");
    }

    fn new_migration(&self, schema: DatabaseId) -> NewMigration {
        NewMigration {
            id: MigrationId::new(self.env.uuid()),
            schema,
            expected_generation: None,
            sql: "CREATE TABLE t (x)".into(),
            foreign_keys: ForeignKeys::Enforced,
            allow_nondeterministic: false,
        }
    }

    /// Records a migration.
    async fn prepare(&self, schema: DatabaseId) -> Result<Arc<Migration>> {
        let new = self.new_migration(schema);
        let (migration, is_new) = self.catalog.create_migration(new, None, self.now()).await?;
        assert!(is_new);
        Ok(migration)
    }

    async fn commit(&self, id: MigrationId) -> Result<Arc<Migration>> {
        self.catalog.commit_migration(id, MigrationFigures::default(), self.now()).await
    }

    async fn end(&self, id: MigrationId, end: MigrationEnd) -> Result<Arc<Migration>> {
        self.catalog.end_migration(id, end, MigrationFigures::default(), self.now()).await
    }

    /// Records a migration and commits it.
    async fn migrate(&self, schema: DatabaseId) -> Arc<Migration> {
        let id = self.prepare(schema).await.expect("records").id;
        self.commit(id).await.expect("commits")
    }

    async fn find(&self, reference: &str) -> Option<Arc<Database>> {
        self.catalog.database(&parse(reference)).await.expect("reads")
    }
}

fn parse(reference: &str) -> DatabaseRef {
    DatabaseRef::parse(reference).expect("valid")
}

fn key(id: u8, fingerprint: u8) -> Option<RequestKey> {
    Some(RequestKey { id: [id; 32], fingerprint: [fingerprint; 32] })
}

fn group_name(name: &str) -> GroupName {
    GroupName::new(name).expect("valid")
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn reason<T: std::fmt::Debug>(result: Result<T>) -> Reason {
    result.expect_err("fails").reason()
}

fn is_refused<T: std::fmt::Debug>(result: Result<T>, reason: Reason) -> Error {
    let error = result.expect_err("fails");
    assert_eq!(error.reason(), reason, "{error:?}");
    error
}

#[tokio::test]
async fn starts_with_the_default_group_and_keeps_its_id() {
    let fixture = fixture();
    let first = fixture.group("default").await;
    let again = fixture.reopen();
    assert_eq!(again.group("default").await, first);
}

#[tokio::test]
async fn refuses_what_it_cannot_read() {
    let fixture = fixture();
    let file = fixture.dir.path().join("catalog.db");
    drop(fixture.catalog);
    crate::storage::heap::install();
    #[expect(clippy::disallowed_methods, reason = "no tenant's file")]
    let connection = rusqlite::Connection::open(&file).expect("opens");
    connection.pragma_update(None, "user_version", 99).expect("sets");
    drop(connection);
    let error = open(fixture.dir.path(), &fixture.env).err().expect("newer").to_string();
    assert!(error.contains("format 99") && error.contains("newer"), "{error}");

    std::fs::write(&file, "this is no database, however long one looks at it").expect("writes");
    let error = open(fixture.dir.path(), &fixture.env).err().expect("unreadable").to_string();
    assert!(error.contains("catalog.db") && error.contains("not a database"), "{error}");
}

#[tokio::test]
async fn acknowledged_is_on_disk() {
    let fixture = fixture();
    fixture.create("shop").await.expect("creates");
    // What the files hold now is what a killed server leaves.
    let copy = tempfile::tempdir().expect("temp dir");
    for name in ["catalog.db", "catalog.db-wal"] {
        std::fs::copy(fixture.dir.path().join(name), copy.path().join(name)).expect("copies");
    }
    let found = open(copy.path(), &fixture.env).expect("opens").database(&parse("shop")).await;
    assert!(found.expect("reads").is_some());
}

#[tokio::test]
async fn groups_come_and_go() {
    let fixture = fixture();
    let group = fixture.group("eu").await;
    is_refused(fixture.catalog.create_group(Group::clone(&group)).await, Reason::AlreadyExists);
    let database = fixture.create("eu/shop").await.expect("creates");
    is_refused(fixture.catalog.delete_group(group.id).await, Reason::GroupNotEmpty);

    let (now, day) = (fixture.now(), Duration::from_secs(86_400));
    fixture.catalog.delete_database(database.id, None, now, day).await.expect("deletes");
    fixture.catalog.delete_group(group.id).await.expect("deletes");
    is_refused(fixture.catalog.delete_group(group.id).await, Reason::GroupNotFound);
    assert_eq!(fixture.catalog.group(&group.name).await.expect("reads"), None);
    is_refused(fixture.catalog.undelete_database(database.id, now).await, Reason::DatabaseNotFound);

    let fixture = fixture.reopen();
    let again = fixture.group("eu").await;
    assert_ne!(again.id, group.id);
    let filter = DatabaseFilter { show_deleted: true, ..Default::default() };
    assert_eq!(fixture.catalog.databases(filter, None, 10).await.expect("reads"), []);
    // Its file is to go at once, not at the end of its day.
    assert_eq!(fixture.catalog.purge_databases(now, 10).await.expect("marks"), [database.id]);
}

#[tokio::test]
async fn lists_groups_by_name_and_by_what_is_visible() {
    let fixture = fixture();
    let group = fixture.group("b").await;
    let inside = fixture.create("c/x").await.expect("creates");
    fixture.group("a").await;
    let list = async |after: Option<&str>, limit, visible| {
        let after = after.map(group_name);
        let groups = fixture.catalog.groups(after, limit, visible).await.expect("reads");
        groups.iter().map(|group| group.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 3, None).await, ["a", "b", "c"]);
    assert_eq!(list(Some("b"), 3, None).await, ["c", "default"]);
    let visible = Visible { groups: vec![group.id], databases: vec![inside.id] };
    assert_eq!(list(None, 9, Some(visible.clone())).await, ["b", "c"]);
    assert_eq!(list(None, 1, Some(visible)).await, ["b"]);
    assert_eq!(list(None, 9, Some(Visible::default())).await, [""; 0]);
}

#[tokio::test]
async fn meta_keeps_its_first_word() {
    let fixture = fixture();
    assert_eq!(fixture.catalog.meta("k").await.expect("reads"), None);
    assert_eq!(fixture.catalog.init_meta("k", "1".to_owned()).await.expect("sets"), "1");
    let fixture = fixture.reopen();
    assert_eq!(fixture.catalog.init_meta("k", "2".to_owned()).await.expect("sets"), "1");
    assert_eq!(fixture.catalog.meta("k").await.expect("reads").as_deref(), Some("1"));
}
