//! Tokens: minted, listed, withdrawn; and what each level of them permits.

use std::os::unix::fs::PermissionsExt as _;

use tenantry_client::v1::create_token_request::Lifetime;
use tenantry_client::v1::invalidate_tokens_request::Target;
use tenantry_client::v1::{
    self, Access, CreateGroupRequest, CreateTokenRequest, Database, Encoding, GetTokenRequest,
    Group, InvalidateTokensRequest, ListSigningKeysRequest, ListTokensRequest, Permission,
    RevokeTokenRequest, RotateSigningKeyRequest, SigningKey, TokenInfo, TransactionMode,
};

use crate::support::{
    Client, Code, Db, RowStream, Server, Status, World, expect_error, forge, until,
};

/// A stream that does not end by itself.
const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, zeroblob(100) FROM n";

async fn list(client: &Client, request: ListTokensRequest) -> Result<Vec<TokenInfo>, Status> {
    Ok(client.tokens().list_tokens(request).await?.into_inner().tokens)
}

fn of(db: &Db) -> ListTokensRequest {
    ListTokensRequest { database: db.reference().to_owned(), ..Default::default() }
}

fn for_database(db: &Db) -> CreateTokenRequest {
    CreateTokenRequest { databases: vec![db.reference().to_owned()], ..Default::default() }
}

async fn revoke(client: &Client, id: &str) -> Result<TokenInfo, Status> {
    let response = client.tokens().revoke_token(RevokeTokenRequest { id: id.to_owned() }).await?;
    Ok(response.into_inner().metadata.expect("a token"))
}

async fn invalidate(client: &Client, target: Target) {
    let request = InvalidateTokensRequest { target: Some(target) };
    let done = client.tokens().invalidate_tokens(request).await.expect("they are invalidated");
    assert!(done.into_inner().invalidate_time.is_some());
}

/// Reads until the stream ends with an error.
async fn error_of(mut stream: RowStream) -> Status {
    loop {
        match stream.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an endless stream ended"),
            Err(status) => return status,
        }
    }
}

#[tokio::test]
async fn a_minted_token_is_described_and_found_again() {
    let world = World::shared().await;
    let (alice, catalogue) = (world.database("alice").await, world.attachable("catalogue").await);
    let minted = world
        .mint(CreateTokenRequest {
            access: Access::ReadOnly.into(),
            attach: vec![catalogue.reference().to_owned()],
            permissions: vec![Permission {
                table: "orders".into(),
                actions: vec![v1::Action::DataRead.into()],
            }],
            lifetime: Some(Lifetime::Ttl(prost_types::Duration { seconds: 3600, nanos: 0 })),
            subject: "checkout".into(),
            ..for_database(&alice)
        })
        .await;
    let info = minted.metadata.expect("its description");
    assert!(uuid::Uuid::parse_str(&info.id).is_ok(), "{}", info.id);
    assert_eq!(info.subject, "checkout");
    let scopes = info.scopes.clone().expect("scopes");
    assert_eq!(scopes.databases, [alice.reference()]);
    assert_eq!(scopes.attach, [catalogue.reference()]);
    assert_eq!(
        (scopes.access(), scopes.ddl, scopes.server_admin),
        (Access::ReadOnly, false, false)
    );
    assert_eq!(scopes.permissions[0].table, "orders");
    let (from, to) = (info.create_time.expect("a time"), info.expire_time.expect("a time"));
    assert_eq!(to.seconds - from.seconds, 3600);
    assert!(info.revoke_time.is_none());
    let claims = forge::part(&minted.token, 1);
    assert_eq!(claims["jti"], info.id.as_str());
    assert!(!claims.to_string().contains("alice"), "own tokens hold ids and no names: {claims}");
    assert_eq!(forge::part(&minted.token, 0)["kid"], info.signing_key_id.as_str());

    let request = GetTokenRequest { id: info.id.clone() };
    let got = world.admin.tokens().get_token(request).await.expect("it is found").into_inner();
    assert_eq!(got.metadata.expect("a token"), info);
    assert_eq!(list(&world.admin, of(&alice)).await.expect("a list"), std::slice::from_ref(&info));
    let request = GetTokenRequest { id: uuid::Uuid::new_v4().to_string() };
    let unknown = world.admin.tokens().get_token(request).await;
    expect_error(unknown, Code::NotFound, "TOKEN_NOT_FOUND");
}

#[tokio::test]
async fn tokens_are_listed_newest_first_and_page_by_page() {
    let world = World::shared().await;
    let (alice, bob) = (world.database("alice").await, world.database("bob").await);
    let mut ids = Vec::new();
    for i in 0..7 {
        let subject = if i % 2 == 0 { "even" } else { "odd" }.to_owned();
        let minted = world.mint(CreateTokenRequest { subject, ..for_database(&alice) }).await;
        ids.insert(0, minted.metadata.expect("its description").id);
    }
    world.token(&bob, Access::ReadOnly, &[]).await;
    let ids_of =
        |tokens: Vec<TokenInfo>| tokens.into_iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(ids_of(list(&world.admin, of(&alice)).await.expect("a list")), ids);
    let odd = ListTokensRequest { subject: "odd".into(), ..of(&alice) };
    assert_eq!(list(&world.admin, odd).await.expect("a list").len(), 3);
    let group = ListTokensRequest { group: world.group.clone(), ..Default::default() };
    assert_eq!(list(&world.admin, group).await.expect("a list").len(), 8);

    let mut request = ListTokensRequest { page_size: 3, ..of(&alice) };
    let mut paged = Vec::new();
    for _ in 0..3 {
        let page = world.admin.tokens().list_tokens(request.clone()).await.expect("a page");
        let page = page.into_inner();
        paged.extend(ids_of(page.tokens));
        // One minted meanwhile stands before the first page.
        world.mint(for_database(&alice)).await;
        request.page_token = page.next_page_token;
    }
    assert_eq!((paged, request.page_token.as_str()), (ids, ""));
    let strange = ListTokensRequest { page_token: "garbage".into(), ..of(&alice) };
    expect_error(list(&world.admin, strange).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
}

#[tokio::test]
async fn a_revoked_token_opens_nothing_also_after_a_restart() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let alice = world.database("alice").await;
    let gone = world.mint(for_database(&alice)).await;
    let other = world.mint(for_database(&alice)).await;
    let id = gone.metadata.expect("its description").id;
    assert_eq!(alice.with_token(&gone.token).text("SELECT 1").await, "1");

    let revoked = revoke(&world.admin, &id).await.expect("it is revoked");
    let time = revoked.revoke_time.expect("a time");
    let refused = alice.with_token(&gone.token).try_exec("SELECT 1").await;
    expect_error(refused, Code::Unauthenticated, "TOKEN_REVOKED");
    let again = revoke(&world.admin, &id).await.expect("again changes nothing");
    assert_eq!(again.revoke_time, Some(time));
    assert_eq!(alice.with_token(&other.token).text("SELECT 1").await, "1");
    assert_eq!(list(&world.admin, of(&alice)).await.expect("a list").len(), 1);
    let all = ListTokensRequest { show_inactive: true, ..of(&alice) };
    assert_eq!(list(&world.admin, all).await.expect("a list").len(), 2);
    let unknown = revoke(&world.admin, &uuid::Uuid::new_v4().to_string()).await;
    expect_error(unknown, Code::NotFound, "TOKEN_NOT_FOUND");

    server.restart();
    let alice = World::again(&server, &world.group).db("alice");
    let refused = alice.with_token(&gone.token).try_exec("SELECT 1").await;
    expect_error(refused, Code::Unauthenticated, "TOKEN_REVOKED");
    assert_eq!(alice.with_token(&other.token).text("SELECT 1").await, "1");
}

#[tokio::test]
async fn invalidation_strikes_earlier_tokens_of_a_database_and_spares_the_rest() {
    let world = World::shared().await;
    let (alice, bob) = (world.attachable("alice").await, world.database("bob").await);
    let single = world.token(&alice, Access::ReadWrite, &[]).await;
    let group = world
        .mint(CreateTokenRequest { groups: vec![world.group.clone()], ..Default::default() })
        .await
        .token;
    let attaching = world.token(&bob, Access::ReadOnly, &[&alice]).await;
    let from_bob = bob.with_token(&attaching).attach("alice", "a");
    assert_eq!(from_bob.text("SELECT 1").await, "1");

    invalidate(&world.admin, Target::Database(alice.reference().into())).await;
    for token in [&single, &group] {
        let refused = alice.with_token(token).try_exec("SELECT 1").await;
        expect_error(refused, Code::Unauthenticated, "TOKEN_REVOKED");
    }
    // A token that covers more loses this part only.
    assert_eq!(bob.with_token(&group).text("SELECT 1").await, "1");
    let refused = from_bob.try_exec("SELECT 1").await.expect_err("alice was struck");
    assert!(
        matches!(refused.code(), Code::Unauthenticated | Code::PermissionDenied),
        "{refused:?}"
    );
    assert_eq!(bob.with_token(&attaching).text("SELECT 1").await, "1");
    let fresh = world.token(&alice, Access::ReadWrite, &[]).await;
    assert_eq!(alice.with_token(&fresh).text("SELECT 1").await, "1");
}

#[tokio::test]
async fn invalidation_of_a_group_strikes_every_database_in_it() {
    let world = World::shared().await;
    let (alice, bob) = (world.database("alice").await, world.database("bob").await);
    let old = [world.token(&alice, Access::ReadOnly, &[]).await, world.group_admin().await];
    let another = world.another_group().await;
    let beside =
        world.create(Database { name: "carol".into(), group: another, ..Default::default() }).await;
    let spared = world.token(&beside, Access::ReadOnly, &[]).await;
    invalidate(&world.admin, Target::Group(world.group.clone())).await;
    for token in &old {
        let refused = alice.with_token(token).try_exec("SELECT 1").await;
        expect_error(refused, Code::Unauthenticated, "TOKEN_REVOKED");
    }
    assert_eq!(beside.with_token(&spared).text("SELECT 1").await, "1");
    let fresh = world.group_admin().await;
    assert_eq!(bob.with_token(&fresh).text("SELECT 1").await, "1");
}

#[tokio::test]
async fn rotation_breaks_no_token() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let alice = world.database("alice").await;
    let before = world.token(&alice, Access::ReadOnly, &[]).await;
    let rotated = world.admin.tokens().rotate_signing_key(RotateSigningKeyRequest {}).await;
    let key = rotated.expect("a new key").into_inner().signing_key.expect("a key");
    let after = world.token(&alice, Access::ReadOnly, &[]).await;
    assert_eq!(forge::part(&after, 0)["kid"], key.id.as_str());
    assert_ne!(forge::part(&before, 0)["kid"], key.id.as_str());

    let request = ListSigningKeysRequest::default();
    let keys = world.admin.tokens().list_signing_keys(request).await.expect("a list");
    let keys: Vec<SigningKey> = keys.into_inner().signing_keys;
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], key, "newest first");
    assert_eq!(keys.iter().map(|key| key.active).collect::<Vec<_>>(), [true, false]);
    for SigningKey { kty, crv, alg, r#use, x, .. } in &keys {
        assert_eq!([kty, crv, alg, r#use], ["OKP", "Ed25519", "EdDSA", "sig"]);
        assert_eq!(x.len(), 43, "32 bytes in base64url");
    }
    let both = [before, after];
    for token in &both {
        assert_eq!(alice.with_token(token).text("SELECT 1").await, "1");
    }
    server.restart();
    let alice = World::again(&server, &world.group).db("alice");
    for token in &both {
        assert_eq!(alice.with_token(token).text("SELECT 1").await, "1");
    }
}

#[tokio::test]
async fn the_first_admin_token_and_the_keys_are_for_the_servers_user_alone() {
    let mut server = Server::start();
    let first = server.admin_token();
    let mode =
        |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&server.data_dir().join("admin.token")), 0o600);
    for key in std::fs::read_dir(server.data_dir().join("keys")).expect("keys") {
        assert_eq!(mode(&key.expect("a key").path()), 0o600);
    }
    server.restart();
    assert_eq!(server.admin_token(), first, "it is written at the first start only");
}

#[tokio::test]
async fn nobody_mints_more_than_they_have() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let other = world.another_group().await;
    let foreign = world
        .create(Database { name: "x".into(), group: other.clone(), ..Default::default() })
        .await;
    let group_admin = world.admin.with_token(&world.group_admin().await);
    let tenant = world.admin.with_token(&world.token(&alice, Access::ReadWrite, &[]).await);
    let mint = async |client: &Client, request| client.tokens().create_token(request).await;

    let own = CreateTokenRequest {
        groups: vec![world.group.clone()],
        access: Access::Admin.into(),
        ..Default::default()
    };
    mint(&group_admin, own.clone()).await.expect("an admin of the group may");
    mint(&group_admin, for_database(&alice)).await.expect("an admin of the group may");
    expect_error(
        mint(&tenant, for_database(&alice)).await,
        Code::PermissionDenied,
        "PERMISSION_DENIED",
    );
    expect_error(mint(&tenant, own).await, Code::PermissionDenied, "PERMISSION_DENIED");

    let everything = CreateTokenRequest { server_admin: true, ..Default::default() };
    for client in [&group_admin, &tenant] {
        let refused = mint(client, everything.clone()).await;
        expect_error(refused, Code::PermissionDenied, "PERMISSION_DENIED");
    }
    let elsewhere = CreateTokenRequest { groups: vec![other], ..Default::default() };
    expect_error(mint(&group_admin, elsewhere).await, Code::NotFound, "GROUP_NOT_FOUND");
    expect_error(
        mint(&group_admin, for_database(&foreign)).await,
        Code::NotFound,
        "DATABASE_NOT_FOUND",
    );
    let attaching =
        CreateTokenRequest { attach: vec![foreign.reference().into()], ..for_database(&alice) };
    expect_error(mint(&group_admin, attaching).await, Code::NotFound, "DATABASE_NOT_FOUND");
    mint(&world.admin, everything).await.expect("a server admin may");

    let group = Some(Group { name: "new".into(), ..Default::default() });
    let refused = group_admin.databases().create_group(CreateGroupRequest { group }).await;
    expect_error(refused, Code::PermissionDenied, "PERMISSION_DENIED");
    let refused = group_admin.tokens().rotate_signing_key(RotateSigningKeyRequest {}).await;
    expect_error(refused, Code::PermissionDenied, "PERMISSION_DENIED");
}

#[tokio::test]
async fn an_admin_of_a_group_sees_and_revokes_its_tokens_only() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let other = world.another_group().await;
    let foreign =
        world.create(Database { name: "x".into(), group: other, ..Default::default() }).await;
    let own = world.mint(for_database(&alice)).await.metadata.expect("its description").id;
    let hidden = world.mint(for_database(&foreign)).await.metadata.expect("its description").id;
    let mixed = CreateTokenRequest {
        databases: vec![alice.reference().into(), foreign.reference().into()],
        ..Default::default()
    };
    let mixed = world.mint(mixed).await.metadata.expect("its description").id;
    let admin = world.admin.with_token(&world.group_admin().await);
    let seen = list(&admin, ListTokensRequest::default()).await.expect("a list");
    let seen: Vec<_> = seen.into_iter().map(|token| token.id).collect();
    assert!(seen.contains(&own) && !seen.contains(&hidden) && !seen.contains(&mixed), "{seen:?}");
    for id in [&hidden, &mixed] {
        expect_error(revoke(&admin, id).await, Code::NotFound, "TOKEN_NOT_FOUND");
        let request = GetTokenRequest { id: id.clone() };
        let got = admin.tokens().get_token(request).await;
        expect_error(got, Code::NotFound, "TOKEN_NOT_FOUND");
    }
    revoke(&admin, &own).await.expect("its own it may");
}

#[tokio::test]
async fn what_cannot_be_meant_is_not_minted() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let ttl = |seconds, nanos| Some(Lifetime::Ttl(prost_types::Duration { seconds, nanos }));
    let base = || for_database(&alice);
    let strange = [
        CreateTokenRequest::default(),
        CreateTokenRequest { lifetime: ttl(0, 0), ..base() },
        CreateTokenRequest { lifetime: ttl(-1, 0), ..base() },
        CreateTokenRequest { lifetime: ttl(3651 * 86_400, 0), ..base() },
        CreateTokenRequest { access: Access::Admin.into(), ..base() },
        CreateTokenRequest { access: 99, ..base() },
        CreateTokenRequest { server_admin: true, ..base() },
        CreateTokenRequest { subject: "x".repeat(257), ..base() },
        CreateTokenRequest { databases: vec![alice.reference().into(); 101], ..Default::default() },
        CreateTokenRequest {
            permissions: vec![Permission { table: String::new(), actions: vec![1] }],
            ..base()
        },
        CreateTokenRequest {
            permissions: vec![Permission { table: "t".into(), actions: vec![] }],
            ..base()
        },
        CreateTokenRequest {
            permissions: vec![Permission { table: "t".into(), actions: vec![0] }],
            ..base()
        },
    ];
    for request in strange {
        let refused = world.admin.tokens().create_token(request.clone()).await;
        assert!(refused.is_err(), "{request:?}");
        expect_error(refused, Code::InvalidArgument, "INVALID_ARGUMENT");
    }
    assert_eq!(list(&world.admin, of(&alice)).await.expect("a list"), []);
}

#[tokio::test]
async fn a_token_that_never_expires_works_until_it_is_revoked() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let request =
        CreateTokenRequest { lifetime: Some(Lifetime::NeverExpires(true)), ..for_database(&alice) };
    let minted = world.mint(request).await;
    let info = minted.metadata.expect("its description");
    assert!(info.expire_time.is_none());
    assert!(forge::part(&minted.token, 1).get("exp").is_none());
    assert_eq!(alice.with_token(&minted.token).text("SELECT 1").await, "1");
    revoke(&world.admin, &info.id).await.expect("it is revoked");
    let refused = alice.with_token(&minted.token).try_exec("SELECT 1").await;
    expect_error(refused, Code::Unauthenticated, "TOKEN_REVOKED");
}

#[tokio::test]
async fn expiry_ends_streams_and_transactions() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    alice.exec("CREATE TABLE t (x)").await;
    let token = world.token(&alice, Access::ReadWrite, &[]).await;
    let short = alice.with_token(&world.forge().expiring(&token, 1.5));
    let stream = short.stream(ENDLESS, Encoding::Rows).await.expect("it opens");
    let mut tx = short.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;

    let status = error_of(stream).await;
    expect_error::<()>(Err(status), Code::Unauthenticated, "TOKEN_EXPIRED");
    let status = until("the transaction ends", async || tx.ask("SELECT 1").await.err()).await;
    expect_error::<()>(Err(status), Code::Unauthenticated, "TOKEN_EXPIRED");
    // It was rolled back, and the writer is free.
    assert_eq!(alice.text("INSERT INTO t VALUES (2); SELECT count(*) FROM t").await, "1");
}

#[tokio::test]
async fn revocation_ends_streams_and_transactions() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    alice.exec("CREATE TABLE t (x)").await;
    let minted = world.mint(for_database(&alice)).await;
    let db = alice.with_token(&minted.token);
    let stream = db.stream(ENDLESS, Encoding::Columns).await.expect("it opens");
    let mut tx = db.begin(TransactionMode::Immediate).await;
    tx.exec("INSERT INTO t VALUES (1)").await;
    revoke(&world.admin, &minted.metadata.expect("its description").id)
        .await
        .expect("it is revoked");

    let status = error_of(stream).await;
    expect_error::<()>(Err(status), Code::Unauthenticated, "TOKEN_REVOKED");
    let status = until("the transaction ends", async || tx.ask("SELECT 1").await.err()).await;
    expect_error::<()>(Err(status), Code::Unauthenticated, "TOKEN_REVOKED");
    assert_eq!(alice.text("INSERT INTO t VALUES (2); SELECT count(*) FROM t").await, "1");
}

#[tokio::test]
async fn invalidation_ends_streams_too() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let db = alice.with_token(&world.token(&alice, Access::ReadOnly, &[]).await);
    let stream = db.stream(ENDLESS, Encoding::Rows).await.expect("it opens");
    invalidate(&world.admin, Target::Database(alice.reference().into())).await;
    let status = error_of(stream).await;
    expect_error::<()>(Err(status), Code::Unauthenticated, "TOKEN_REVOKED");
}

#[tokio::test]
async fn what_a_token_may_not_know_answers_as_what_is_not_there() {
    let world = World::shared().await;
    let (alice, bob) = (world.database("alice").await, world.database("bob").await);
    let client = alice.with_token(&world.token(&alice, Access::ReadWrite, &[]).await);
    let ask = async |name: &str| {
        let db = Db::new(client.client().clone(), world.reference(name), String::new());
        let status =
            expect_error(db.try_exec("SELECT 1").await, Code::NotFound, "DATABASE_NOT_FOUND");
        status.message().replace(name, "NAME")
    };
    assert_eq!(ask("bob").await, ask("nobody-at-all").await);
    let unknown = uuid::Uuid::new_v4().to_string();
    assert_eq!(ask(bob.id()).await, ask(&unknown).await);
    // The same by reference to another group, there or not.
    let other = world.another_group().await;
    for group in [other.as_str(), "no-such-group"] {
        let db = Db::new(client.client().clone(), format!("{group}/alice"), String::new());
        expect_error(db.try_exec("SELECT 1").await, Code::NotFound, "DATABASE_NOT_FOUND");
    }
}
