//! The end of a token: expiry, revocation, invalidation.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::env::{Env, ManualClock};
use crate::grants::testing::{START, databases, groups};
use crate::grants::{AccessLevel, TokenSpec, TokenTarget, resolve};
use crate::names::{DatabaseRef, GroupName};
use crate::storage::catalog::{Catalog, SqliteCatalog, TokenFilter};

fn on(references: &[&str]) -> TokenSpec {
    TokenSpec { databases: databases(references), ..TokenSpec::default() }
}

fn target(reference: &str) -> TokenTarget {
    TokenTarget::Database(DatabaseRef::parse(reference).expect("valid"))
}

/// What a token gets on a database: nothing wrong, or the reason.
async fn outcome(world: &World, token: &str, reference: &str) -> Option<Reason> {
    let found = async {
        let grant = world.verifier.verify(token)?;
        resolve(&*world.catalog, &grant, &DatabaseRef::parse(reference)?).await
    };
    found.await.err().map(|error| error.reason())
}

#[tokio::test]
async fn expiry_is_to_the_millisecond_and_outlived_by_no_memory() {
    let world = World::new().await;
    world.database("shop").await;
    let ttl = Some(Duration::from_millis(1_500));
    let minted = world.tokens.mint(&world.admin, TokenSpec { ttl, ..on(&["shop"]) }).await;
    let minted = minted.expect("mints");
    let end = minted.info.expire_time.expect("expires");
    assert_eq!(end.0 - minted.info.create_time.0, 1_500);
    let grant = world.verifier.verify(&minted.token).expect("lives");
    let left = end.0 - world.env.now().0;
    world.clock.advance(Duration::from_millis(left.unsigned_abs() - 1));
    assert_eq!(reason(&world.verifier, &minted.token), None);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(reason(&world.verifier, &minted.token), Some(Reason::TokenExpired));
    let error = grant.check_alive(world.env.now()).expect_err("inside a stream too");
    assert_eq!(error.reason(), Reason::TokenExpired);
}

#[tokio::test]
async fn revocation_acts_at_once_and_after_a_restart() {
    let world = World::new().await;
    world.database("shop").await;
    let minted = world.tokens.mint(&world.admin, on(&["shop"])).await.expect("mints");
    let other = world.token(on(&["shop"])).await;
    let grant = world.verifier.verify(&minted.token).expect("lives");
    assert_eq!(grant.check_alive(world.env.now()).err().map(|error| error.reason()), None);
    let info = world.tokens.revoke(&world.admin, minted.info.id).await.expect("revokes");
    assert_eq!(info.revoke_time, Some(world.env.now()));
    assert_eq!(reason(&world.verifier, &minted.token), Some(Reason::TokenRevoked));
    let error = grant.check_alive(world.env.now()).expect_err("inside a stream too");
    assert_eq!(error.reason(), Reason::TokenRevoked);
    assert_eq!(reason(&world.verifier, &other), None);

    world.clock.advance(Duration::from_secs(1));
    let again = world.tokens.revoke(&world.admin, minted.info.id).await.expect("changes nothing");
    assert_eq!(again, info);
    let world = world.restart(START, &[]).await;
    assert_eq!(reason(&world.verifier, &minted.token), Some(Reason::TokenRevoked));
    assert_eq!(reason(&world.verifier, &other), None);
}

#[tokio::test]
async fn invalidation_strikes_what_came_before_on_a_clock_that_stands() {
    let world = World::new().await;
    for reference in ["shop", "eu/shop"] {
        world.database(reference).await;
    }
    let wide = world.token(on(&["shop", "eu/shop"])).await;
    let group = TokenSpec { groups: groups(&["default"]), ..TokenSpec::default() };
    let group = world.token(group).await;
    for round in 0..3 {
        let old = world.token(on(&["shop"])).await;
        let time = world.tokens.invalidate(&world.admin, &target("shop")).await.expect("strikes");
        let new = world.token(on(&["shop"])).await;
        assert!(time > START, "{round}");
        assert_eq!(outcome(&world, &old, "shop").await, Some(Reason::TokenRevoked), "{round}");
        assert_eq!(outcome(&world, &new, "shop").await, None, "{round}");
    }
    // A token loses what was invalidated, and no more.
    assert_eq!(outcome(&world, &wide, "shop").await, Some(Reason::TokenRevoked));
    assert_eq!(outcome(&world, &wide, "eu/shop").await, None);
    assert_eq!(outcome(&world, &group, "shop").await, Some(Reason::TokenRevoked));
    world.database("other").await;
    assert_eq!(outcome(&world, &group, "other").await, None);

    let eu = TokenTarget::Group(GroupName::new("eu").expect("valid"));
    world.tokens.invalidate(&world.admin, &eu).await.expect("strikes");
    assert_eq!(outcome(&world, &wide, "eu/shop").await, Some(Reason::TokenRevoked));
    world.database("eu/later").await;
    assert_eq!(outcome(&world, &wide, "eu/later").await, Some(Reason::DatabaseNotFound));
    let grant = world.verifier.verify(&wide).expect("lives");
    let nothing = grant.visible(&*world.catalog).await.expect("reads").expect("is bounded");
    assert!(nothing.groups.is_empty() && nothing.databases.is_empty(), "{nothing:?}");
    // Server admins are exempt.
    assert!(world.admin.rights_on(&*world.database("eu/shop").await).is_some());
}

#[tokio::test]
async fn invalidation_strikes_after_the_clock_was_set_back() {
    let world = World::new().await;
    world.database("shop").await;
    let old = world.token(on(&["shop"])).await;
    let world = world.restart(Timestamp(START.0 - 3_600_000), &[]).await;
    assert_eq!(outcome(&world, &old, "shop").await, None);
    world.tokens.invalidate(&world.admin, &target("shop")).await.expect("strikes");
    assert_eq!(outcome(&world, &old, "shop").await, Some(Reason::TokenRevoked));
    let world = world.restart(Timestamp(START.0 - 7_200_000), &[]).await;
    let new = world.token(on(&["shop"])).await;
    assert_eq!(outcome(&world, &old, "shop").await, Some(Reason::TokenRevoked));
    assert_eq!(outcome(&world, &new, "shop").await, None);
}

#[tokio::test]
async fn invalidation_strikes_outside_tokens() {
    let world = world_with_issuer().await;
    world.database("shop").await;
    let now = world.env.now().0 / 1000;
    let undated = outside(&world, &json!({ "iat": null }));
    let ahead = outside(&world, &json!({ "iat": now + 5 }));
    for token in [&undated, &ahead] {
        assert_eq!(outcome(&world, token, "shop").await, None);
    }
    world.tokens.invalidate(&world.admin, &target("shop")).await.expect("strikes");
    for token in [&undated, &ahead] {
        assert_eq!(outcome(&world, token, "shop").await, Some(Reason::TokenRevoked));
    }
    world.clock.advance(Duration::from_secs(10));
    let fresh = outside(&world, &json!({}));
    assert_eq!(outcome(&world, &fresh, "shop").await, None);
}

#[tokio::test]
async fn the_first_admin_token_is_written_once() {
    let world = World::new().await;
    let file = world.dir.path().join("admin.token");
    let first = std::fs::read_to_string(&file).expect("is there");
    let mode = file.metadata().expect("reads").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(world.admin.is_server_admin());
    assert_eq!(world.admin.subject(), "first admin");

    // Written once: neither replaced nor brought back.
    let world = world.restart(START, &[]).await;
    assert_eq!(std::fs::read_to_string(&file).expect("is there"), first);
    std::fs::remove_file(&file).expect("removes");
    world.tokens.ensure_admin_token(&file).await.expect("has nothing to do");
    assert!(!file.exists());
    assert_eq!(reason(&world.verifier, first.trim()), None);
}

#[tokio::test]
async fn a_crash_on_the_way_to_the_first_admin_token_is_made_up_for() {
    /// Starts on a copy of a directory, as often as a server that crashes does.
    async fn start(from: &std::path::Path, file: &str) -> (Result<(), Reason>, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("temp dir");
        let keys = dir.path().join("keys");
        std::fs::create_dir(&keys).expect("creates");
        for (from, to) in [(from, dir.path()), (&from.join("keys"), &keys)] {
            for entry in from.read_dir().expect("reads").map(|entry| entry.expect("reads").path()) {
                if entry.is_file() {
                    std::fs::copy(&entry, to.join(entry.file_name().expect("has one")))
                        .expect("copies");
                }
            }
        }
        let env = Env::with_clock(std::sync::Arc::new(ManualClock::new(START)));
        let catalog = SqliteCatalog::open(&dir.path().join("catalog.db"), &env).expect("opens");
        let catalog: std::sync::Arc<dyn Catalog> = std::sync::Arc::new(catalog);
        let (verifier, tokens) =
            crate::grants::open(catalog.clone(), env, &keys, &[]).await.expect("opens");
        let file = dir.path().join(file);
        let written = tokens.ensure_admin_token(&file).await.map_err(|error| error.reason());
        if written.is_ok() {
            let token = std::fs::read_to_string(file).expect("is there");
            assert!(verifier.verify(token.trim()).expect("is valid").is_server_admin());
        }
        let minted = catalog.tokens(TokenFilter::default(), None, 10).await.expect("lists");
        assert_eq!(minted.len(), 1, "no token is left over");
        (written, dir)
    }

    let empty = tempfile::tempdir().expect("temp dir");
    std::fs::create_dir(empty.path().join("keys")).expect("creates");
    // Noted, and the file could not be written.
    let (written, crashed) = start(empty.path(), "missing/admin.token").await;
    assert_eq!(written, Err(Reason::Internal));
    // Twice from there, since a crash may also come right behind the file.
    let (written, one) = start(crashed.path(), "admin.token").await;
    assert_eq!(written, Ok(()));
    let (written, two) = start(crashed.path(), "admin.token").await;
    assert_eq!(written, Ok(()));
    let read =
        |dir: &tempfile::TempDir| std::fs::read(dir.path().join("admin.token")).expect("reads");
    assert_eq!(read(&one), read(&two), "it is the same token");
}

#[tokio::test]
async fn nothing_is_minted_past_an_invalidation_that_is_under_way() {
    let world = World::new().await;
    world.database("eu/shop").await;
    let admin =
        TokenSpec { groups: groups(&["eu"]), access: AccessLevel::Admin, ..TokenSpec::default() };
    let admin = world.grant(admin).await;
    let spec = on(&["eu/shop"]);
    // Once before, so that all that it needs to know is in memory.
    world.tokens.mint(&admin, spec.clone()).await.expect("mints");
    let group = TokenTarget::Group(GroupName::new("eu").expect("valid"));
    let (invalidated, minted) = tokio::join!(
        biased;
        world.tokens.invalidate(&world.admin, &group),
        world.tokens.mint(&admin, spec),
    );
    invalidated.expect("invalidates");
    if let Ok(minted) = minted {
        let outcome = outcome(&world, &minted.token, "eu/shop").await;
        assert_eq!(outcome, Some(Reason::TokenRevoked), "it lives on");
    }
}
