//! What tokens permit where, and what they may not know.

use std::sync::Arc;

use futures_util::FutureExt as _;

use super::*;
use crate::grants::testing::{databases, groups};
use crate::grants::{AccessLevel, Grant, Permission, Rights, TokenSpec, resolve, resolve_group};
use crate::names::{DatabaseId, DatabaseRef, GroupName};
use crate::storage::catalog::{Database, Kind};
use crate::storage::{Access, TableAction};

/// Rights as letters: read, write, ddl, admin, attach.
fn letters(grant: &Grant, database: &Database) -> String {
    let Some(rights) = grant.rights_on(database) else { return "none".to_owned() };
    let Rights { read, write, ddl, admin, attach, .. } = rights;
    let letters = [(read, 'r'), (write, 'w'), (ddl, 'd'), (admin, 'a'), (attach, 't')];
    letters.iter().map(|(has, letter)| if *has { *letter } else { '-' }).collect()
}

#[tokio::test]
async fn a_matrix_of_roles() {
    let world = world_with_issuer().await;
    let shop = world.database("shop").await;
    let other = world.database("other").await;
    let eu = world.database("eu/shop").await;
    let mut table = Vec::new();
    let mut row = |role: &str, grant: &Grant| {
        let rights = [&shop, &other, &eu].map(|database| letters(grant, database));
        table.push(format!("{role:<28} {}", rights.join(" ")));
    };

    row("server admin", &world.admin);
    let spec = |databases_: &[&str], groups_: &[&str], access| TokenSpec {
        databases: databases(databases_),
        groups: groups(groups_),
        access,
        ..TokenSpec::default()
    };
    use AccessLevel::{Admin, ReadOnly, ReadWrite};
    for (role, spec) in [
        ("group admin", spec(&[], &["default"], Admin)),
        ("group read-write", spec(&[], &["default"], ReadWrite)),
        ("group read-only", spec(&[], &["default"], ReadOnly)),
        ("database read-write", spec(&["shop"], &[], ReadWrite)),
        ("database read-only", spec(&["shop"], &[], ReadOnly)),
        ("database and group", spec(&["shop"], &["eu"], ReadOnly)),
        ("ddl", TokenSpec { ddl: true, ..spec(&["shop"], &[], ReadOnly) }),
        ("attach", TokenSpec { attach: databases(&["other"]), ..spec(&["shop"], &[], ReadWrite) }),
    ] {
        row(role, &world.grant(spec).await);
    }
    for (role, p) in [
        ("outside: nothing", json!({})),
        ("outside: by name", json!({ "ro": { "ns": ["shop"] }, "rw": { "ns": ["eu/shop"] } })),
        ("outside: by UUID", json!({ "ro": { "ns": [shop.id] }, "rw": { "ns": [eu.id] } })),
        ("outside: by group and UUID", json!({ "rw": { "ns": [format!("eu/{}", eu.id)] } })),
        ("outside: by wrong group", json!({ "rw": { "ns": [format!("eu/{}", shop.id)] } })),
        ("outside: group by name", json!({ "rw": { "tags": ["eu"] } })),
        ("outside: group by UUID", json!({ "rw": { "tags": [shop.group_id] } })),
        ("outside: admin", json!({ "adm": { "tags": ["eu"] } })),
        ("outside: attach alone", json!({ "roa": { "ns": ["shop"], "tags": ["eu"] } })),
        ("outside: ddl alone", json!({ "ddl": { "ns": ["shop"] } })),
        ("outside: server admin", json!({ "srv": true })),
    ] {
        let grant = world.verifier.verify(&outside(&world, &json!({ "p": p })));
        row(role, &grant.expect("is valid"));
    }

    let expected = "\
server admin                 rwdat rwdat rwdat
group admin                  rwdat rwdat none
group read-write             rw--- rw--- none
group read-only              r---- r---- none
database read-write          rw--- none none
database read-only           r---- none none
database and group           r---- none r----
ddl                          r-d-- none none
attach                       rw--- ----t none
outside: nothing             none none none
outside: by name             r---- none rw---
outside: by UUID             r---- none rw---
outside: by group and UUID   none none rw---
outside: by wrong group      none none none
outside: group by name       none none rw---
outside: group by UUID       rw--- rw--- none
outside: admin               none none rwdat
outside: attach alone        ----t none ----t
outside: ddl alone           --d-- none none
outside: server admin        none none none";
    assert_eq!(table.join("\n"), expected);
}

#[test]
fn access_depends_on_the_kind() {
    let child = Kind::Child { schema: DatabaseId::new(uuid::Uuid::nil()) };
    let none = Rights { read: true, ..Rights::default() };
    let write = Rights { write: true, ..none.clone() };
    let ddl = Rights { ddl: true, ..none.clone() };
    let both = Rights { write: true, ddl: true, ..none.clone() };
    let seen = |rights: &Rights, kind| {
        let Access { write, ddl, ddl_blocked, rules } = rights.access(kind);
        assert_eq!(rules, None);
        (write, ddl, ddl_blocked)
    };
    for (rights, regular, schema, child_) in [
        (&none, (false, false, false), (false, false, false), (false, false, true)),
        (&write, (true, true, false), (false, false, false), (true, false, true)),
        (&ddl, (false, true, false), (true, true, false), (false, false, true)),
        (&both, (true, true, false), (true, true, false), (true, false, true)),
    ] {
        assert_eq!(seen(rights, Kind::Regular), regular, "{rights:?}");
        assert_eq!(seen(rights, Kind::Schema), schema, "{rights:?}");
        assert_eq!(seen(rights, child), child_, "{rights:?}");
    }
}

#[tokio::test]
async fn rules_for_tables_reach_the_access() {
    let world = world_with_issuer().await;
    let shop = world.database("shop").await;
    let permissions = vec![
        Permission {
            table: "Orders".to_owned(),
            actions: vec![TableAction::DataRead, TableAction::DataAdd],
        },
        Permission { table: "*".to_owned(), actions: vec![TableAction::SchemaAdd] },
    ];
    let spec = TokenSpec { databases: databases(&["shop"]), permissions, ..TokenSpec::default() };
    let grant = world.grant(spec).await;
    let access = grant.rights_on(&shop).expect("has rights").access(Kind::Regular);
    let rules = access.rules.expect("has rules");
    assert!(
        rules.allows("orders", TableAction::DataAdd) && rules.allows("x", TableAction::SchemaAdd)
    );
    assert!(
        !rules.allows("orders", TableAction::DataDelete)
            && !rules.allows("x", TableAction::DataRead)
    );

    // An empty list allows nothing; none at all leaves everything.
    let rules = |perms: Value| {
        let token = outside(&world, &json!({ "perms": perms }));
        let grant = world.verifier.verify(&token).expect("is valid");
        grant.rights_on(&shop).expect("has rights").rules
    };
    let nothing = rules(json!([])).expect("has rules");
    assert!(TableAction::ALL.iter().all(|action| !nothing.allows("orders", *action)));
    assert_eq!(rules(json!(null)), None);
}

#[tokio::test]
async fn what_one_may_not_know_is_what_is_not_there() {
    let world = world_with_issuer().await;
    let [shop, secret] = [world.database("shop").await, world.database("eu/secret").await];
    let grant =
        world.grant(TokenSpec { databases: databases(&["shop"]), ..TokenSpec::default() }).await;
    let catalog = &*world.catalog;
    let refused = async |text: &str| {
        let reference = DatabaseRef::parse(text).expect("valid");
        let error = resolve(catalog, &grant, &reference).await.expect_err(text);
        assert_eq!(error.reason(), Reason::DatabaseNotFound);
        assert_eq!(error.metadata(), [("database", text.to_owned())]);
        assert!(error.private_source().is_none());
        error.message().replace(text, "X")
    };
    let absent = refused("eu/absent").await;
    for text in
        ["eu/secret", "nowhere/secret", &format!("eu/{}", secret.id), &format!("eu/{}", shop.id)]
    {
        assert_eq!(refused(text).await, absent, "{text}");
    }
    let mut messages = Vec::new();
    for name in ["eu", "nowhere"] {
        let error = resolve_group(catalog, &grant, &GroupName::new(name).expect("valid")).await;
        let error = error.expect_err(name);
        assert_eq!(error.reason(), Reason::GroupNotFound);
        messages.push(error.message().replace(name, "X"));
    }
    assert_eq!(messages[0], messages[1]);
    // The group of a database that one knows is known, and no more.
    let group = resolve_group(catalog, &grant, &GroupName::default()).await.expect("is known");
    assert!(!grant.is_admin_of(&group));
    let (found, rights) = resolve(catalog, &grant, &DatabaseRef::parse("shop").expect("valid"))
        .await
        .expect("is known");
    assert_eq!((found, rights.admin), (shop, false));
}

#[tokio::test]
async fn a_new_database_of_an_old_name_stays_closed() {
    let world = World::new().await;
    let old = world.database("shop").await;
    let by_id =
        world.grant(TokenSpec { databases: databases(&["shop"]), ..TokenSpec::default() }).await;
    let deleted =
        world.catalog.delete_database(old.id, None, world.env.now(), std::time::Duration::MAX);
    deleted.await.expect("deletes");
    let new = world.database("shop").await;
    assert_ne!(old.id, new.id);
    assert!(by_id.rights_on(&new).is_none());
    let error = resolve(&*world.catalog, &by_id, &DatabaseRef::parse("shop").expect("valid")).await;
    assert_eq!(error.expect_err("closed").reason(), Reason::DatabaseNotFound);
}

#[tokio::test]
async fn visible_is_what_is_known() {
    let world = world_with_issuer().await;
    let [shop, other, eu] = [
        world.database("shop").await,
        world.database("other").await,
        world.database("eu/shop").await,
    ];
    let us = world.group("us").await;
    let seen = async |grant: &Grant| {
        let visible = grant.visible(&*world.catalog).await.expect("reads")?;
        let mut databases = visible.databases;
        databases.sort_unstable();
        let mut groups = visible.groups;
        groups.sort_unstable();
        Some((groups, databases))
    };
    let sorted = |mut ids: Vec<DatabaseId>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(seen(&world.admin).await, None);
    let spec = TokenSpec {
        databases: databases(&["shop"]),
        groups: groups(&["us"]),
        attach: databases(&["other"]),
        ..TokenSpec::default()
    };
    let grant = world.grant(spec).await;
    assert_eq!(seen(&grant).await, Some((vec![us.id], sorted(vec![shop.id, other.id]))));
    let p = json!({
        "ro": { "ns": ["eu/shop", "absent", other.id, format!("default/{}", shop.id)], "tags": ["us", "nowhere"] },
    });
    let grant = world.verifier.verify(&outside(&world, &json!({ "p": p }))).expect("is valid");
    assert_eq!(seen(&grant).await, Some((vec![us.id], sorted(vec![shop.id, other.id, eu.id]))));
}

#[test]
fn grants_are_cheap_to_carry() {
    fn is_send_and_sync<T: Clone + Send + Sync + 'static>() {}
    is_send_and_sync::<Grant>();
    is_send_and_sync::<Arc<Verifier>>();
    assert_eq!(size_of::<Grant>(), size_of::<usize>());
}

/// What is in memory answers at once, and the difference can be measured: what
/// may not be known has to take the way of what is not there.
#[test]
fn what_may_not_be_known_is_not_answered_from_memory() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // One thread for reads, so that one that is held lets no other through.
    let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("starts");
    runtime.block_on(async {
        let world = World::new().await;
        for reference in ["shop", "other", "eu/shop"] {
            world.database(reference).await;
        }
        let spec = TokenSpec { databases: databases(&["shop"]), ..TokenSpec::default() };
        let grant = world.grant(spec).await;
        for (reference, at_once) in
            [("shop", true), ("other", false), ("none", false), ("eu/shop", false)]
        {
            let reference = DatabaseRef::parse(reference).expect("valid");
            let first = resolve(&*world.catalog, &grant, &reference).await;
            let again = without_reads(resolve(&*world.catalog, &grant, &reference)).await;
            assert_eq!((first.is_ok(), again), (at_once, at_once), "{reference}");
        }
        for (name, at_once) in [("default", true), ("eu", false), ("none", false)] {
            let name = GroupName::new(name).expect("valid");
            let first = resolve_group(&*world.catalog, &grant, &name).await;
            let again = without_reads(resolve_group(&*world.catalog, &grant, &name)).await;
            assert_eq!((first.is_ok(), again), (at_once, at_once), "{name}");
        }
    });
}

/// Whether the answer comes without a read of the catalog.
async fn without_reads<T>(answer: impl Future<Output = T>) -> bool {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holding = tokio::task::spawn_blocking(move || held.recv());
    let came = answer.now_or_never().is_some();
    drop(release);
    holding.await.expect("ends").expect_err("was let go");
    came
}
