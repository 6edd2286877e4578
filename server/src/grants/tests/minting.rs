//! Who may mint, see and withdraw what.

use std::time::Duration;

use super::*;
use crate::error::Result;
use crate::grants::testing::{START, databases, groups};
use crate::grants::{
    AccessLevel, Grant, PageRequest, Permission, TokenQuery, TokenScopes, TokenSpec, TokenTarget,
};
use crate::names::{DatabaseRef, GroupName, TokenId};
use crate::storage::TableAction;

fn on(references: &[&str]) -> TokenSpec {
    TokenSpec { databases: databases(references), ..TokenSpec::default() }
}

fn inside(names: &[&str], access: AccessLevel) -> TokenSpec {
    TokenSpec { groups: groups(names), access, ..TokenSpec::default() }
}

fn reason_of<T>(result: Result<T>) -> Option<Reason> {
    result.err().map(|error| error.reason())
}

/// `shop` and `eu/shop`, and an admin of the group `eu`.
async fn world_with_eu_admin() -> (World, Grant) {
    let world = World::new().await;
    world.database("shop").await;
    world.database("eu/shop").await;
    let admin = world.grant(inside(&["eu"], AccessLevel::Admin)).await;
    (world, admin)
}

#[tokio::test]
async fn a_spec_keeps_its_limits() {
    let world = World::new().await;
    world.database("shop").await;
    let days = |days: u64| Some(Duration::from_secs(days * 24 * 60 * 60));
    let many = |count: usize| vec![DatabaseRef::parse("shop").expect("valid"); count];
    let read =
        |table: &str| Permission { table: table.to_owned(), actions: vec![TableAction::DataRead] };
    let admin = |spec: TokenSpec| TokenSpec { access: AccessLevel::Admin, ..spec };
    let server = |spec: TokenSpec| TokenSpec { server_admin: true, ..spec };
    for (field, spec) in [
        ("databases", TokenSpec::default()),
        ("databases", TokenSpec { attach: databases(&["shop"]), ..TokenSpec::default() }),
        ("databases", TokenSpec { databases: many(101), ..TokenSpec::default() }),
        ("groups", TokenSpec { groups: vec![GroupName::default(); 101], ..TokenSpec::default() }),
        ("attach", TokenSpec { attach: many(101), ..on(&["shop"]) }),
        ("permissions", TokenSpec { permissions: vec![read("t"); 101], ..on(&["shop"]) }),
        ("permissions", TokenSpec { permissions: vec![read("")], ..on(&["shop"]) }),
        ("permissions", TokenSpec { permissions: vec![read(&"t".repeat(257))], ..on(&["shop"]) }),
        (
            "permissions",
            TokenSpec {
                permissions: vec![Permission { table: "t".to_owned(), actions: vec![] }],
                ..on(&["shop"])
            },
        ),
        ("subject", TokenSpec { subject: "ü".repeat(257), ..on(&["shop"]) }),
        ("ttl", TokenSpec { ttl: Some(Duration::ZERO), ..on(&["shop"]) }),
        ("ttl", TokenSpec { ttl: Some(Duration::from_micros(999)), ..on(&["shop"]) }),
        (
            "ttl",
            TokenSpec { ttl: days(3650).map(|ttl| ttl + Duration::from_nanos(1)), ..on(&["shop"]) },
        ),
        ("ttl", TokenSpec { ttl: Some(Duration::MAX), ..on(&["shop"]) }),
        ("ttl", TokenSpec { ttl: days(1), never_expires: true, ..on(&["shop"]) }),
        ("groups", admin(TokenSpec::default())),
        ("groups", admin(on(&["shop"]))),
        ("databases", admin(TokenSpec { groups: groups(&["default"]), ..on(&["shop"]) })),
        (
            "permissions",
            admin(TokenSpec {
                permissions: vec![read("t")],
                groups: groups(&["default"]),
                ..TokenSpec::default()
            }),
        ),
        ("server_admin", server(on(&["shop"]))),
        (
            "server_admin",
            server(TokenSpec { groups: groups(&["default"]), ..TokenSpec::default() }),
        ),
        (
            "server_admin",
            server(TokenSpec { attach: databases(&["shop"]), ..TokenSpec::default() }),
        ),
        (
            "server_admin",
            server(TokenSpec { permissions: vec![read("t")], ..TokenSpec::default() }),
        ),
        ("server_admin", server(TokenSpec { ddl: true, ..TokenSpec::default() })),
    ] {
        let error = world.tokens.mint(&world.admin, spec).await.err().expect(field);
        assert_eq!(error.reason(), Reason::InvalidArgument, "{field}: {error}");
        assert_eq!(error.fields()[0].field, field, "{error}");
    }
    let largest = TokenSpec {
        databases: many(100),
        permissions: vec![read(&"t".repeat(10)); 100],
        subject: "ü".repeat(256),
        ttl: days(3650),
        ..TokenSpec::default()
    };
    let grant = world.grant(largest).await;
    assert_eq!(grant.subject(), "ü".repeat(256));
    let too_long = TokenSpec { permissions: vec![read(&"t".repeat(256)); 100], ..on(&["shop"]) };
    let error = world.tokens.mint(&world.admin, too_long).await.err().expect("too long");
    assert!(error.message().contains("16 KiB"), "{error}");
}

#[tokio::test]
async fn nobody_mints_more_than_they_have() {
    let (world, eu_admin) = world_with_eu_admin().await;
    let eu_writer = world.grant(inside(&["eu"], AccessLevel::ReadWrite)).await;
    let shop_writer = world.grant(on(&["shop"])).await;
    let server_admin = TokenSpec { server_admin: true, ..TokenSpec::default() };
    let attach =
        |references: &[&str]| TokenSpec { attach: databases(references), ..on(&["eu/shop"]) };
    use Reason::{DatabaseNotFound, GroupNotFound, PermissionDenied};
    for (who, grant, what, spec, expected) in [
        ("eu admin", &eu_admin, "eu/shop", on(&["eu/shop"]), None),
        ("eu admin", &eu_admin, "eu", inside(&["eu"], AccessLevel::ReadOnly), None),
        ("eu admin", &eu_admin, "admin of eu", inside(&["eu"], AccessLevel::Admin), None),
        ("eu admin", &eu_admin, "attach eu/shop", attach(&["eu/shop"]), None),
        ("eu admin", &eu_admin, "shop", on(&["eu/shop", "shop"]), Some(DatabaseNotFound)),
        ("eu admin", &eu_admin, "attach shop", attach(&["shop"]), Some(DatabaseNotFound)),
        ("eu admin", &eu_admin, "absent", on(&["eu/absent"]), Some(DatabaseNotFound)),
        (
            "eu admin",
            &eu_admin,
            "default",
            inside(&["eu", "default"], AccessLevel::ReadOnly),
            Some(GroupNotFound),
        ),
        (
            "eu admin",
            &eu_admin,
            "nowhere",
            inside(&["nowhere"], AccessLevel::ReadOnly),
            Some(GroupNotFound),
        ),
        ("eu admin", &eu_admin, "server admin", server_admin.clone(), Some(PermissionDenied)),
        ("eu writer", &eu_writer, "eu/shop", on(&["eu/shop"]), Some(PermissionDenied)),
        (
            "eu writer",
            &eu_writer,
            "eu",
            inside(&["eu"], AccessLevel::ReadOnly),
            Some(PermissionDenied),
        ),
        (
            "eu writer",
            &eu_writer,
            "admin of eu",
            inside(&["eu"], AccessLevel::Admin),
            Some(PermissionDenied),
        ),
        ("shop writer", &shop_writer, "shop", on(&["shop"]), Some(PermissionDenied)),
        (
            "shop writer",
            &shop_writer,
            "default",
            inside(&["default"], AccessLevel::ReadOnly),
            Some(PermissionDenied),
        ),
        ("shop writer", &shop_writer, "eu/shop", on(&["eu/shop"]), Some(DatabaseNotFound)),
        ("server admin", &world.admin, "both", on(&["eu/shop", "shop"]), None),
        ("server admin", &world.admin, "server admin", server_admin.clone(), None),
    ] {
        let outcome = world.tokens.mint(grant, spec).await;
        assert_eq!(reason_of(outcome), expected, "{who} mints for {what}");
    }
    let target =
        |reference: &str| TokenTarget::Database(DatabaseRef::parse(reference).expect("valid"));
    let group = |name: &str| TokenTarget::Group(GroupName::new(name).expect("valid"));
    for (who, grant, target, expected) in [
        ("eu writer", &eu_writer, target("eu/shop"), Some(PermissionDenied)),
        ("eu writer", &eu_writer, group("eu"), Some(PermissionDenied)),
        ("eu writer", &eu_writer, target("shop"), Some(DatabaseNotFound)),
        ("eu writer", &eu_writer, group("default"), Some(GroupNotFound)),
        ("eu admin", &eu_admin, target("shop"), Some(DatabaseNotFound)),
        ("eu admin", &eu_admin, group("default"), Some(GroupNotFound)),
        ("eu admin", &eu_admin, target("eu/shop"), None),
        // It strikes its own token too.
        ("eu admin", &eu_admin, group("eu"), None),
    ] {
        let outcome = world.tokens.invalidate(grant, &target).await;
        assert_eq!(reason_of(outcome), expected, "{who} invalidates {target:?}");
    }
    assert_eq!(
        reason_of(world.tokens.mint(&eu_admin, on(&["eu/shop"])).await),
        Some(Reason::TokenRevoked)
    );
    for grant in [&eu_writer, &shop_writer, &eu_admin] {
        let page = PageRequest::default();
        assert_eq!(reason_of(world.tokens.rotate_signing_key(grant).await), Some(PermissionDenied));
        assert_eq!(reason_of(world.tokens.signing_keys(grant, &page)), Some(PermissionDenied));
        let listed = world.tokens.list(grant, TokenQuery::default(), &page).await;
        assert_eq!(reason_of(listed), Some(PermissionDenied));
    }
}

#[tokio::test]
async fn group_admins_see_what_lies_within_their_groups() {
    let (world, eu_admin) = world_with_eu_admin().await;
    let mint = async |name: &str, spec: TokenSpec| {
        world
            .tokens
            .mint(&world.admin, TokenSpec { subject: name.to_owned(), ..spec })
            .await
            .expect("mints")
            .info
            .id
    };
    let attach = TokenSpec { attach: databases(&["shop"]), ..on(&["eu/shop"]) };
    let within = [
        mint("database", on(&["eu/shop"])).await,
        mint("group", inside(&["eu"], AccessLevel::ReadOnly)).await,
    ];
    let beyond = [
        mint("other", on(&["shop"])).await,
        mint("both", on(&["eu/shop", "shop"])).await,
        mint("attach", attach).await,
        mint("groups", inside(&["eu", "default"], AccessLevel::ReadOnly)).await,
        mint("server", TokenSpec { server_admin: true, ..TokenSpec::default() }).await,
    ];
    let subjects = async |grant: &Grant, target| {
        let query = TokenQuery { target, ..TokenQuery::default() };
        let page = world.tokens.list(grant, query, &PageRequest::default()).await.expect("lists");
        assert_eq!(page.next_token, "");
        page.items.into_iter().map(|info| info.subject).collect::<Vec<_>>()
    };
    let group = |name: &str| Some(TokenTarget::Group(GroupName::new(name).expect("valid")));
    let database =
        |text: &str| Some(TokenTarget::Database(DatabaseRef::parse(text).expect("valid")));
    // The newest first; the admin of the group has no subject.
    assert_eq!(subjects(&eu_admin, None).await, ["group", "database", ""]);
    assert_eq!(subjects(&eu_admin, group("eu")).await, ["group", "database", ""]);
    assert_eq!(subjects(&eu_admin, database("eu/shop")).await, ["database"]);
    let all =
        ["server", "groups", "attach", "both", "other", "group", "database", "", "first admin"];
    assert_eq!(subjects(&world.admin, None).await, all);
    assert_eq!(
        subjects(&world.admin, group("eu")).await,
        ["groups", "attach", "both", "group", "database", ""]
    );
    assert_eq!(subjects(&world.admin, database("shop")).await, ["attach", "both", "other"]);
    for id in within {
        assert_eq!(reason_of(world.tokens.get(&eu_admin, id).await), None);
    }
    let absent = TokenId::new(world.env.uuid());
    for id in beyond.into_iter().chain([absent]) {
        assert_eq!(reason_of(world.tokens.get(&eu_admin, id).await), Some(Reason::TokenNotFound));
        assert_eq!(
            reason_of(world.tokens.revoke(&eu_admin, id).await),
            Some(Reason::TokenNotFound)
        );
    }
    assert_eq!(reason_of(world.tokens.revoke(&eu_admin, within[0]).await), None);
    assert_eq!(subjects(&eu_admin, None).await, ["group", ""]);
    let query = TokenQuery { show_inactive: true, ..TokenQuery::default() };
    let page = world.tokens.list(&eu_admin, query, &PageRequest::default()).await.expect("lists");
    assert_eq!(page.items.len(), 3);
    let query = TokenQuery { subject: Some("group".to_owned()), ..TokenQuery::default() };
    let page = world.tokens.list(&eu_admin, query, &PageRequest::default()).await.expect("lists");
    assert_eq!(page.items.iter().map(|info| info.id).collect::<Vec<_>>(), [within[1]]);
}

#[tokio::test]
async fn pages_go_on_while_tokens_come() {
    let (world, _) = world_with_eu_admin().await;
    for number in 0..7 {
        world.token(TokenSpec { subject: number.to_string(), ..on(&["shop"]) }).await;
    }
    let query = TokenQuery {
        target: Some(TokenTarget::Group(GroupName::default())),
        ..TokenQuery::default()
    };
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = PageRequest { size: 3, token };
        let page = world.tokens.list(&world.admin, query.clone(), &page).await.expect("lists");
        seen.extend(page.items.into_iter().map(|info| info.subject));
        token = page.next_token;
        if token.is_empty() {
            break;
        }
        world.token(TokenSpec { subject: "late".to_owned(), ..on(&["shop"]) }).await;
        let other = TokenQuery { show_inactive: true, ..query.clone() };
        let page = PageRequest { size: 3, token: token.clone() };
        let outcome = world.tokens.list(&world.admin, other, &page).await;
        assert_eq!(reason_of(outcome), Some(Reason::InvalidPageToken));
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn a_token_is_described_in_names() {
    let world = World::new().await;
    for reference in ["shop", "eu/shop", "gone"] {
        world.database(reference).await;
    }
    world.group("us").await;
    let gone = world.database("gone").await;
    let permissions =
        vec![Permission { table: "orders".to_owned(), actions: vec![TableAction::DataRead] }];
    let spec = TokenSpec {
        databases: databases(&["shop", "gone", "shop"]),
        groups: groups(&["us"]),
        access: AccessLevel::ReadOnly,
        ddl: true,
        attach: databases(&["eu/shop"]),
        permissions: permissions.clone(),
        ttl: None,
        never_expires: false,
        subject: "checkout".to_owned(),
        server_admin: false,
    };
    let minted = world.tokens.mint(&world.admin, spec).await.expect("mints").info;
    let week = 7 * 24 * 60 * 60 * 1000;
    assert_eq!(minted.expire_time, Some(Timestamp(minted.create_time.0 + week)));
    assert_eq!((minted.subject.as_str(), minted.revoke_time), ("checkout", None));
    world.catalog.delete_database(gone.id, None, START, Duration::MAX).await.expect("deletes");
    let mut scopes = world.tokens.get(&world.admin, minted.id).await.expect("is there").scopes;
    scopes.databases.sort_unstable_by_key(|name| !name.contains('/'));
    let expected = TokenScopes {
        databases: vec!["default/shop".to_owned(), gone.id.to_string()],
        groups: vec!["us".to_owned()],
        access: AccessLevel::ReadOnly,
        ddl: true,
        attach: vec!["eu/shop".to_owned()],
        permissions,
        server_admin: false,
    };
    assert_eq!(scopes, expected);
    let spec = TokenSpec { never_expires: true, ..inside(&["us"], AccessLevel::Admin) };
    let info = world.tokens.mint(&world.admin, spec).await.expect("mints").info;
    assert_eq!((info.expire_time, info.scopes.access), (None, AccessLevel::Admin));
    assert_eq!(info.scopes.groups, ["us"]);
}

#[test]
fn futures_can_move_between_threads() {
    fn is_send<T: Send>(_: impl Fn(&'static super::super::Tokens, &'static Grant) -> T) {}
    is_send(|tokens, grant| tokens.mint(grant, TokenSpec::default()));
    is_send(|tokens, grant| tokens.revoke(grant, TokenId::new(uuid::Uuid::nil())));
    is_send(|tokens, grant| async {
        tokens.list(grant, TokenQuery::default(), &PageRequest::default()).await
    });
}
