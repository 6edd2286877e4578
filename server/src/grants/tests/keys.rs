//! Signing keys and outside keys over time.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::grants::testing::{START, groups};
use crate::grants::{PageRequest, TokenSpec};

fn for_default() -> TokenSpec {
    TokenSpec { groups: groups(&["default"]), ..TokenSpec::default() }
}

#[tokio::test]
async fn rotation_breaks_no_token_and_survives_a_restart() {
    let world = World::new().await;
    let page = PageRequest::default();
    let first_key = world.tokens.signing_keys(&world.admin, &page).expect("lists").items.remove(0);
    let first = world.tokens.mint(&world.admin, for_default()).await.expect("mints");
    let second_key = world.tokens.rotate_signing_key(&world.admin).await.expect("rotates");
    let second = world.tokens.mint(&world.admin, for_default()).await.expect("mints");
    assert_eq!(first.info.signing_key_id, first_key.id);
    assert_eq!(second.info.signing_key_id, second_key.id);
    assert!(first_key.active && second_key.active && first_key.id != second_key.id);

    // The clock was set back meanwhile: the newest key stays the newest.
    let world = world.restart(Timestamp(START.0 - 60_000), &[]).await;
    for token in [&first.token, &second.token] {
        assert_eq!(reason(&world.verifier, token), None);
    }
    let third_key = world.tokens.rotate_signing_key(&world.admin).await.expect("rotates");
    let world = world.restart(START, &[]).await;
    let listed = world.tokens.signing_keys(&world.admin, &page).expect("lists").items;
    let listed: Vec<_> = listed.into_iter().map(|key| (key.id, key.active)).collect();
    assert_eq!(listed, [(third_key.id, true), (second_key.id, false), (first_key.id, false)]);
    for token in [&first.token, &second.token] {
        assert_eq!(reason(&world.verifier, token), None);
    }
    for file in world.keys_dir().read_dir().expect("reads") {
        let mode = file.expect("reads").metadata().expect("reads").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let world = World::new().await;
    for _ in 0..4 {
        world.tokens.rotate_signing_key(&world.admin).await.expect("rotates");
    }
    let all = world.tokens.signing_keys(&world.admin, &PageRequest::default()).expect("lists");
    assert_eq!((all.items.len(), all.next_token.as_str()), (5, ""));
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = PageRequest { size: 2, token };
        let page = world.tokens.signing_keys(&world.admin, &page).expect("lists");
        seen.extend(page.items);
        token = page.next_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, all.items);
    for (page, reason) in [
        (PageRequest { size: -1, token: String::new() }, Reason::InvalidArgument),
        (PageRequest { size: 0, token: "x".to_owned() }, Reason::InvalidPageToken),
    ] {
        let error = world.tokens.signing_keys(&world.admin, &page).expect_err("refused");
        assert_eq!(error.reason(), reason);
    }
}

#[tokio::test]
async fn a_broken_key_file_is_named_and_not_quoted() {
    let world = World::new().await;
    let keys = world.keys_dir();
    let file = keys.read_dir().expect("reads").next().expect("one").expect("reads").path();
    let text = std::fs::read_to_string(&file).expect("reads");
    let mut other: Value = serde_json::from_str(&text).expect("is JSON");
    other["x"] = jwk("", &foreign_key(1))["x"].clone();
    for broken in ["{}".to_owned(), text[..text.len() / 2].to_owned(), other.to_string()] {
        std::fs::write(&file, broken).expect("writes");
        let opened =
            crate::grants::open(world.catalog.clone(), world.env.clone(), &keys, &[]).await;
        let error = opened.err().expect("refused");
        assert!(error.message().contains(file.to_str().expect("UTF-8")), "{error}");
        let secret = serde_json::from_str::<Value>(&text).expect("is JSON")["d"].clone();
        assert!(!format!("{error:?}").contains(secret.as_str().expect("text")));
    }
}

#[tokio::test]
async fn outside_keys_come_and_go_with_their_file() {
    let world = world_with_issuer().await;
    let with = |kid: &str, seed: u8| {
        let header = json!({ "alg": "EdDSA", "kid": kid });
        jwt(&header, &claims(&world, &json!({})), &foreign_key(seed))
    };
    let (one, two) = (with("one", 1), with("two", 2));
    assert_eq!(reason(&world.verifier, &one), None);
    assert_eq!(reason(&world.verifier, &two), Some(Reason::TokenInvalid));

    // Seen a second later, and not before.
    let dir = world.dir.path();
    write_jwks(dir, &[jwk("one", &foreign_key(1)), jwk("two", &foreign_key(2))]);
    assert_eq!(reason(&world.verifier, &two), Some(Reason::TokenInvalid));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &two), None);
    assert_eq!(reason(&world.verifier, &one), None);

    // A key that is withdrawn takes its tokens with it, remembered or not.
    write_jwks(dir, &[jwk("two", &foreign_key(2))]);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &one), Some(Reason::TokenInvalid));
    assert_eq!(reason(&world.verifier, &two), None);

    // An id that is given to another key too.
    write_jwks(dir, &[jwk("two", &foreign_key(3))]);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &two), Some(Reason::TokenInvalid));
    assert_eq!(reason(&world.verifier, &with("two", 3)), None);

    // What cannot be read changes nothing, until it can.
    let path = write_jwks(dir, &[]).jwks_path;
    std::fs::write(&path, r#"{"keys": ["#).expect("writes");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &with("two", 3)), None);
    std::fs::remove_file(path).expect("removes");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &with("two", 3)), None);
    write_jwks(dir, &[jwk("one", &foreign_key(1)), jwk("ten", &foreign_key(10))]);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &with("ten", 10)), None);
    assert_eq!(reason(&world.verifier, &with("two", 3)), Some(Reason::TokenInvalid));
}

#[tokio::test]
async fn the_last_outside_key_can_be_withdrawn() {
    let world = world_with_issuer().await;
    let token = outside(&world, &json!({}));
    assert_eq!(reason(&world.verifier, &token), None);
    let dir = world.dir.path();
    for empty in [&[][..], &[json!({ "kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB" })]] {
        write_jwks(dir, empty);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(reason(&world.verifier, &token), Some(Reason::TokenInvalid), "{empty:?}");
        write_jwks(dir, &[jwk("one", &foreign_key(1))]);
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(reason(&world.verifier, &token), None);
    }
}

#[tokio::test]
async fn a_change_that_keeps_time_and_size_is_seen() {
    let world = world_with_issuer().await;
    let token = outside(&world, &json!({}));
    assert_eq!(reason(&world.verifier, &token), None);
    let dir = world.dir.path();
    let before = dir.join("jwks.json").metadata().expect("is there");
    // As a tool does that copies times, or sets them all to the same.
    let beside = dir.join("new");
    std::fs::create_dir(&beside).expect("creates");
    let new = write_jwks(&beside, &[jwk("one", &foreign_key(2))]).jwks_path;
    let file = std::fs::File::options().write(true).open(&new).expect("opens");
    file.set_modified(before.modified().expect("has one")).expect("sets");
    std::fs::rename(new, dir.join("jwks.json")).expect("renames");
    let after = dir.join("jwks.json").metadata().expect("is there");
    assert_eq!(after.modified().expect("has one"), before.modified().expect("has one"));
    assert_eq!(after.len(), before.len());
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(reason(&world.verifier, &token), Some(Reason::TokenInvalid));
}
