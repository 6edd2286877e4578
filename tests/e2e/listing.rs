//! Lists: every database once, in order, while others come and go.

use std::collections::BTreeMap;

use tenantry_client::v1::{
    self, BatchCreateDatabasesRequest, Database, DatabaseKind, ListDatabasesRequest,
    ListGroupsRequest,
};

use crate::support::{Client, Code, Fleet, Status, World, expect_error};

type Page = (Vec<String>, String);

async fn page(client: &Client, request: &ListDatabasesRequest) -> Result<Page, Status> {
    let page = client.databases().list_databases(request.clone()).await?.into_inner();
    let names = page.databases.into_iter().map(|database| database.name).collect();
    Ok((names, page.next_page_token))
}

/// All names that a list has, page by page.
async fn names(client: &Client, mut request: ListDatabasesRequest) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let (names, next) = page(client, &request).await.expect("a page");
        all.extend(names);
        if next.is_empty() {
            return all;
        }
        request.page_token = next;
    }
}

async fn create_many(world: &World, names: impl Iterator<Item = String>) {
    let databases = names
        .map(|name| Database { name, group: world.group.clone(), ..Default::default() })
        .collect();
    let request = BatchCreateDatabasesRequest { databases, ..Default::default() };
    world.admin.databases().batch_create_databases(request).await.expect("they are created");
}

fn of(world: &World) -> ListDatabasesRequest {
    ListDatabasesRequest { group: world.group.clone(), ..Default::default() }
}

#[tokio::test]
async fn pages_have_every_database_once_and_in_order() {
    let world = World::shared().await;
    create_many(&world, (0..250).rev().map(|i| format!("db-{i:03}"))).await;
    let expected: Vec<String> = (0..250).map(|i| format!("db-{i:03}")).collect();
    for page_size in [0, 1, 7, 100, 249, 250, 251, 1_000, 5_000] {
        let request = ListDatabasesRequest { page_size, ..of(&world) };
        if page_size != 1 {
            assert_eq!(names(&world.admin, request.clone()).await, expected, "{page_size}");
        }
        let (first, _) = page(&world.admin, &request).await.expect("a page");
        let full = if page_size == 0 { 100 } else { page_size as usize };
        assert_eq!(first.len(), full.min(250), "{page_size}");
    }
    let (last, next) = page(&world.admin, &ListDatabasesRequest { page_size: 250, ..of(&world) })
        .await
        .expect("a page");
    assert_eq!((last.len(), next.as_str()), (250, ""), "no empty page follows");
}

#[tokio::test]
async fn pages_are_stable_while_databases_come_and_go() {
    let world = World::shared().await;
    create_many(&world, (0..200).map(|i| format!("db-{i:03}"))).await;
    let mut request = ListDatabasesRequest { page_size: 20, ..of(&world) };
    let mut all: Vec<String> = Vec::new();
    for round in 0.. {
        let (names, next) = page(&world.admin, &request).await.expect("a page");
        all.extend(names);
        if next.is_empty() {
            break;
        }
        // Before, at and behind the place where the list stands.
        let last = all.last().expect("a name").clone();
        create_many(
            &world,
            [format!("aa-{round}"), format!("{last}-a"), format!("zz-{round}")].into_iter(),
        )
        .await;
        world.delete(&world.db(&last)).await;
        world.delete(&world.db(&format!("aa-{round}"))).await;
        request.page_token = next;
        assert!(round < 50, "the list has an end");
    }
    let stayed: Vec<_> =
        all.iter().filter(|name| name.starts_with("db-") && name.len() == 6).collect();
    assert_eq!(stayed.len(), 200, "each once");
    let mut sorted = all.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted, all, "in order and none twice");
}

#[tokio::test]
async fn a_page_token_fits_its_own_list_only() {
    let world = World::shared().await;
    create_many(&world, (0..5).map(|i| format!("db-{i}"))).await;
    let request = ListDatabasesRequest { page_size: 2, ..of(&world) };
    let (_, token) = page(&world.admin, &request).await.expect("a page");

    // Another page size is no other list.
    let wider = ListDatabasesRequest { page_size: 3, page_token: token.clone(), ..of(&world) };
    let (rest, _) = page(&world.admin, &wider).await.expect("a page");
    assert_eq!(rest, ["db-2", "db-3", "db-4"]);

    let labels = BTreeMap::from([("plan".to_owned(), "gold".to_owned())]);
    let strange = [
        ListDatabasesRequest { labels, page_token: token.clone(), ..of(&world) },
        ListDatabasesRequest { show_deleted: true, page_token: token.clone(), ..of(&world) },
        ListDatabasesRequest {
            kind: DatabaseKind::Regular.into(),
            page_token: token.clone(),
            ..of(&world)
        },
        ListDatabasesRequest { page_token: token.clone(), ..Default::default() },
        ListDatabasesRequest { page_token: format!("{token}x"), ..of(&world) },
        ListDatabasesRequest { page_token: "garbage".into(), ..of(&world) },
    ];
    for request in strange {
        let refused = page(&world.admin, &request).await;
        expect_error(refused, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
    for page_size in [-1, i32::MIN] {
        let refused = page(&world.admin, &ListDatabasesRequest { page_size, ..of(&world) }).await;
        expect_error(refused, Code::InvalidArgument, "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn labels_and_kinds_narrow_a_list() {
    let world = World::shared().await;
    for (name, plan, region) in [("a", "gold", "eu"), ("b", "gold", "us"), ("c", "iron", "eu")] {
        let labels = [("plan", plan), ("region", region)];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        world.create(Database { name: name.into(), labels, ..Default::default() }).await;
    }
    world.database("d").await;
    let labelled = async |labels: &[(&str, &str)]| {
        let labels =
            labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        names(&world.admin, ListDatabasesRequest { labels, ..of(&world) }).await
    };
    assert_eq!(labelled(&[]).await, ["a", "b", "c", "d"]);
    assert_eq!(labelled(&[("plan", "gold")]).await, ["a", "b"]);
    assert_eq!(labelled(&[("plan", "gold"), ("region", "eu")]).await, ["a"]);
    assert_eq!(labelled(&[("plan", "")]).await, [""; 0]);
    assert_eq!(labelled(&[("no-such-label", "gold")]).await, [""; 0]);

    let kind = async |kind: DatabaseKind| {
        names(&world.admin, ListDatabasesRequest { kind: kind.into(), ..of(&world) }).await
    };
    assert_eq!(kind(DatabaseKind::Regular).await.len(), 4);
    assert_eq!(kind(DatabaseKind::Child).await.len(), 0);

    for (parent, children) in [("p", ["p1", "p2"]), ("q", ["q1", "q2"])] {
        let fleet = Fleet::create(&world, parent).await;
        fleet.create_children(children).await;
    }
    assert_eq!(kind(DatabaseKind::Schema).await, ["p", "q"]);
    assert_eq!(kind(DatabaseKind::Child).await, ["p1", "p2", "q1", "q2"]);
    assert_eq!(kind(DatabaseKind::Regular).await, ["a", "b", "c", "d"]);
    let following = async |schema: &str, kind: DatabaseKind, page_size| {
        let (schema, kind) = (schema.to_owned(), kind.into());
        names(&world.admin, ListDatabasesRequest { schema, kind, page_size, ..of(&world) }).await
    };
    for page_size in [0, 1] {
        assert_eq!(following("p", DatabaseKind::Unspecified, page_size).await, ["p1", "p2"]);
        assert_eq!(following("q", DatabaseKind::Child, page_size).await, ["q1", "q2"]);
        assert_eq!(following("q", DatabaseKind::Regular, page_size).await, [""; 0]);
        assert_eq!(following("a", DatabaseKind::Unspecified, page_size).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_token_lists_what_it_covers_and_nothing_else() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    world.database("bob").await;
    let attachable = world.attachable("catalogue").await;
    let token = world.token(&alice, v1::Access::ReadOnly, &[&attachable]).await;
    let client = world.admin.with_token(&token);
    let seen = names(&client, ListDatabasesRequest::default()).await;
    assert!(seen.contains(&"alice".to_owned()) && !seen.contains(&"bob".to_owned()), "{seen:?}");
    assert_eq!(names(&client, of(&world)).await, seen);

    let admin = world.admin.with_token(&world.group_admin().await);
    let seen = names(&admin, ListDatabasesRequest::default()).await;
    assert_eq!(seen, ["alice", "bob", "catalogue"], "a group's admin sees the group");

    // The list of a group that the token may not know of answers as for one
    // that does not exist.
    let other = world.another_group().await;
    let foreign = |group: &str| ListDatabasesRequest { group: group.into(), ..Default::default() };
    for group in [other.as_str(), "no-such-group"] {
        expect_error(page(&client, &foreign(group)).await, Code::NotFound, "GROUP_NOT_FOUND");
    }
}

#[tokio::test]
async fn groups_are_listed_by_name_and_only_those_that_a_token_covers() {
    let world = World::shared().await;
    let other = world.another_group().await;
    let list = async |client: &Client, page_size: i32| {
        let mut all = Vec::new();
        let mut request = ListGroupsRequest { page_size, page_token: String::new() };
        loop {
            let page = client.databases().list_groups(request.clone()).await.expect("a page");
            let page = page.into_inner();
            all.extend(page.groups.into_iter().map(|group| group.name));
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    };
    let all = list(&world.admin, 3).await;
    assert!(all.is_sorted(), "{all:?}");
    for name in ["default", &world.group, &other] {
        assert_eq!(all.iter().filter(|group| *group == name).count(), 1, "{name} in {all:?}");
    }
    let admin = world.admin.with_token(&world.group_admin().await);
    assert_eq!(list(&admin, 0).await, [world.group.as_str()]);
}
