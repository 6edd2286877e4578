//! The service over a real catalog, with tokens that were really minted.

mod branching;
mod creating;
mod kinds;
mod listing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use futures_util::future::BoxFuture;

use super::*;
use crate::grants::testing::{World, groups};
use crate::grants::{AccessLevel, PageRequest, TokenSpec};
use crate::names::{DatabaseId, DatabaseName, GroupName};
use crate::storage::catalog::{Kind, KindFilter, Settings, State};
use crate::storage::files::Branch;

const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
const TOKEN_TTL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Remembers what it was asked to do.
#[derive(Default)]
struct FakeFiles {
    sizes: BTreeMap<DatabaseId, u64>,
    closed: Vec<DatabaseId>,
    removed: Vec<DatabaseId>,
    stuck: BTreeSet<DatabaseId>,
    branched: Vec<DatabaseId>,
}

impl Files for Mutex<FakeFiles> {
    fn close(&self, id: DatabaseId) -> BoxFuture<'_, ()> {
        self.lock().expect("not poisoned").closed.push(id);
        Box::pin(std::future::ready(()))
    }

    fn remove(&self, mut ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<DatabaseId>> {
        let mut files = self.lock().expect("not poisoned");
        ids.retain(|id| !files.stuck.contains(id));
        files.removed.extend(&ids);
        Box::pin(std::future::ready(ids))
    }

    fn branch(self: Arc<Self>, branch: Branch) -> BoxFuture<'static, Result<Arc<Database>>> {
        Box::pin(async move {
            self.lock().expect("not poisoned").branched.push(branch.staged.id);
            Err(Error::internal("these files cannot be copied"))
        })
    }

    fn sizes(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<u64>> {
        let files = self.lock().expect("not poisoned");
        let sizes = ids.iter().map(|id| files.sizes.get(id).copied().unwrap_or_default());
        Box::pin(std::future::ready(sizes.collect()))
    }
}

struct Fixture {
    world: World,
    files: Arc<Mutex<FakeFiles>>,
    databases: Databases,
}

async fn fixture() -> Fixture {
    let world = World::new().await;
    let files = Arc::<Mutex<FakeFiles>>::default();
    let databases = Databases::new(
        Arc::clone(&world.catalog),
        Arc::<Mutex<FakeFiles>>::clone(&files),
        world.env.clone(),
        WINDOW,
    );
    Fixture { world, files, databases }
}

impl Fixture {
    fn files(&self) -> MutexGuard<'_, FakeFiles> {
        self.files.lock().expect("not poisoned")
    }

    fn admin(&self) -> &Grant {
        &self.world.admin
    }

    /// A grant that is admin of a group.
    async fn group_admin(&self, group: &str) -> Grant {
        self.world.group(group).await;
        let access = AccessLevel::Admin;
        self.world.grant(TokenSpec { groups: groups(&[group]), access, ..token() }).await
    }

    /// A grant that reads and writes one database.
    async fn writer(&self, database: &str) -> Grant {
        self.world.database(database).await;
        let databases = vec![parse(database)];
        let access = AccessLevel::ReadWrite;
        self.world.grant(TokenSpec { databases, access, ..token() }).await
    }
}

fn token() -> TokenSpec {
    TokenSpec { ttl: Some(TOKEN_TTL), ..TokenSpec::default() }
}

fn parse(reference: &str) -> DatabaseRef {
    DatabaseRef::parse(reference).expect("valid")
}

fn spec(reference: &str) -> DatabaseSpec {
    let DatabaseRef { group, database } = parse(reference);
    let name = DatabaseName::new(database.to_string()).expect("valid");
    DatabaseSpec { name, group, kind: KindSpec::Regular, settings: Settings::default() }
}

/// A SCHEMA database.
fn schema_spec(reference: &str) -> DatabaseSpec {
    DatabaseSpec { kind: KindSpec::Schema, ..spec(reference) }
}

/// A CHILD of this parent.
fn child_spec(reference: &str, parent: &str) -> DatabaseSpec {
    DatabaseSpec { kind: KindSpec::Child { schema: parse(parent) }, ..spec(reference) }
}

fn is_refused<T: std::fmt::Debug>(result: Result<T>, reason: Reason) -> Error {
    let error = result.expect_err("is refused");
    assert_eq!(error.reason(), reason, "{error:?}");
    error
}

#[tokio::test]
async fn what_is_foreign_is_answered_like_what_is_not_there() {
    let fixture = fixture().await;
    let stranger = fixture.group_admin("us").await;
    fixture.world.database("eu/shop").await;
    let service = &fixture.databases;
    for (there, missing) in [("eu/shop", "eu/none"), ("eu/shop", "none/shop")] {
        let [there, missing] = [there, missing].map(parse);
        let told = |error: Error, name: &DatabaseRef| {
            assert_eq!(error.reason(), Reason::DatabaseNotFound);
            format!("{error:?}").replace(&name.to_string(), "NAME")
        };
        macro_rules! same_answer {
            ($name:ident => $call:expr) => {{
                let ask =
                    async |$name: &DatabaseRef| told($call.await.expect_err("foreign"), $name);
                assert_eq!(ask(&there).await, ask(&missing).await);
            }};
        }
        same_answer!(name => service.get(&stranger, name));
        same_answer!(name => service.update(&stranger, name, SettingsPatch::default(), ""));
        same_answer!(name => service.delete(&stranger, name, "x"));
        same_answer!(name => service.undelete(&stranger, name));
    }
    for group in ["eu", "none"] {
        let name = GroupName::new(group).expect("valid");
        is_refused(service.get_group(&stranger, &name).await, Reason::GroupNotFound);
        is_refused(service.delete_group(&stranger, &name).await, Reason::GroupNotFound);
        let new = spec(&format!("{group}/new"));
        is_refused(service.create(&stranger, new, "").await, Reason::GroupNotFound);
    }
}

#[tokio::test]
async fn a_right_that_is_not_enough_is_told() {
    let fixture = fixture().await;
    let writer = fixture.writer("eu/shop").await;
    let group_admin = fixture.group_admin("eu").await;
    let (service, name) = (&fixture.databases, parse("eu/shop"));
    let denied = Reason::PermissionDenied;
    service.get(&writer, &name).await.expect("may know of it");
    is_refused(service.update(&writer, &name, SettingsPatch::default(), "").await, denied);
    is_refused(service.delete(&writer, &name, "").await, denied);
    is_refused(service.undelete(&writer, &name).await, denied);
    is_refused(service.create(&writer, spec("eu/new"), "").await, denied);

    let group = GroupName::new("eu").expect("valid");
    service.get_group(&writer, &group).await.expect("may know of it");
    for grant in [&writer, &group_admin] {
        is_refused(service.create_group(grant, group.clone()).await, denied);
        is_refused(service.delete_group(grant, &group).await, denied);
    }
    service.delete(&group_admin, &name, "").await.expect("may");
    is_refused(service.undelete(&writer, &name).await, denied);
}

#[tokio::test]
async fn groups_live_and_end() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let eu = GroupName::new("eu").expect("valid");
    let created = service.create_group(admin, eu.clone()).await.expect("creates");
    assert_eq!(service.get_group(admin, &eu).await.expect("is there"), created);
    is_refused(service.create_group(admin, eu.clone()).await, Reason::AlreadyExists);
    let shop = service.create(admin, spec("eu/shop"), "").await.expect("creates");
    is_refused(service.delete_group(admin, &eu).await, Reason::GroupNotEmpty);
    service.delete(admin, &parse("eu/shop"), "").await.expect("deletes");
    service.delete_group(admin, &eu).await.expect("deletes");
    is_refused(service.get_group(admin, &eu).await, Reason::GroupNotFound);
    let default = GroupName::default();
    is_refused(service.delete_group(admin, &default).await, Reason::InvalidArgument);
    // What was deleted in it goes with it.
    service.purge_due().await.expect("purges");
    assert_eq!(fixture.files().removed, [shop.database.id]);
}

#[tokio::test]
async fn etags_guard_changes() {
    let fixture = fixture().await;
    let (service, admin, name) = (&fixture.databases, fixture.admin(), parse("shop"));
    let first = service.create(admin, spec("shop"), "").await.expect("creates");
    let other = service.create(admin, spec("other"), "").await.expect("creates");
    assert_ne!(first.etag(), other.etag());
    let patch = SettingsPatch { block_reads: Some(true), ..Default::default() };
    let update = async |etag: &str| service.update(admin, &name, patch.clone(), etag).await;
    is_refused(update(&other.etag()).await, Reason::EtagMismatch);
    let second = update(&first.etag()).await.expect("updates");
    assert!(second.database.settings.block_reads);
    assert_ne!(second.etag(), first.etag());
    is_refused(update(&first.etag()).await, Reason::EtagMismatch);
    is_refused(service.delete(admin, &name, &first.etag()).await, Reason::EtagMismatch);
    assert_eq!(service.get(admin, &name).await.expect("is there").etag(), second.etag());
    service.delete(admin, &name, &second.etag()).await.expect("deletes");
}

#[tokio::test]
async fn deleting_closes_and_undeleting_brings_back() {
    let fixture = fixture().await;
    let (service, admin, name) = (&fixture.databases, fixture.admin(), parse("shop"));
    let first = service.create(admin, spec("shop"), "").await.expect("creates").database;
    fixture.files().sizes.insert(first.id, 4096);
    is_refused(service.undelete(admin, &name).await, Reason::NotDeleted);
    let deleted = service.delete(admin, &name, "").await.expect("deletes");
    assert_eq!((deleted.database.state, deleted.size_bytes), (State::Deleted, 4096));
    assert_eq!(fixture.files().closed, [first.id]);
    is_refused(service.get(admin, &name).await, Reason::DatabaseNotFound);
    let by_id = parse(&first.id.to_string());
    assert_eq!(service.get(admin, &by_id).await.expect("until it is purged"), deleted);

    let second = service.create(admin, spec("shop"), "").await.expect("creates").database;
    is_refused(service.undelete(admin, &by_id).await, Reason::AlreadyExists);
    fixture.world.clock.advance(Duration::from_secs(1));
    service.delete(admin, &name, "").await.expect("deletes");
    let back = service.undelete(admin, &name).await.expect("undeletes").database;
    assert_eq!((back.id, back.state), (second.id, State::Active));
    is_refused(service.undelete(admin, &name).await, Reason::AlreadyExists);
}

#[tokio::test]
async fn files_go_after_the_window_and_the_row_after_the_files() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        ids.push(service.create(admin, spec(name), "").await.expect("creates").database.id);
        service.delete(admin, &parse(name), "").await.expect("deletes");
    }
    let [a, b] = ids[..] else { panic!("two were created") };
    service.purge_due().await.expect("purges");
    assert_eq!(fixture.files().removed, []);

    fixture.world.clock.advance(WINDOW);
    fixture.files().stuck.insert(a);
    service.purge_due().await.expect("purges");
    assert_eq!(fixture.files().removed, [b]);
    is_refused(service.undelete(admin, &parse("a")).await, Reason::DatabaseNotFound);
    fixture.files().stuck.clear();
    service.purge_due().await.expect("purges");
    service.purge_due().await.expect("has nothing to do");
    assert_eq!(fixture.files().removed, [b, a]);
}

#[tokio::test]
async fn many_are_purged_in_turns() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let count = 2 * PURGED_AT_ONCE + 1;
    let group = GroupName::new("eu").expect("valid");
    service.create_group(admin, group.clone()).await.expect("creates");
    let specs: Vec<_> = (0..count).map(|n| spec(&format!("eu/n{n}"))).collect();
    service.create_batch(admin, specs.clone(), "").await.expect("creates");
    let deletions = specs.iter().map(|spec| {
        let database = NameOrId::Name(spec.name.clone());
        async move {
            let name = DatabaseRef { group: spec.group.clone(), database };
            service.delete(admin, &name, "").await
        }
    });
    let deleted = futures_util::future::join_all(deletions).await;
    assert!(deleted.iter().all(Result::is_ok));
    service.delete_group(admin, &group).await.expect("deletes");
    service.purge_due().await.expect("purges");
    assert_eq!(fixture.files().removed.len(), count);
}
