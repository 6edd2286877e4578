//! Tokens that nobody entitled to it has made, and those of outside issuers.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tenantry_client::v1::Access;

use crate::support::forge::{encode, now_seconds, part, sign};
use crate::support::{Code, Db, Server, Status, World, expect_error, until};

async fn asks(db: &Db, token: &str) -> Result<String, Status> {
    db.with_token(token).try_text("SELECT 1").await
}

#[tokio::test]
async fn only_a_token_of_our_own_making_is_accepted() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let token = world.token(&alice, Access::ReadWrite, &[]).await;
    let forge = world.forge();
    let (kid, key) = forge.any_key();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(header["alg"], "EdDSA");

    // The forge itself is good: what it changes is what is refused below.
    let remade = forge.resign(&token, |claims| claims["sub"] = json!("somebody"));
    assert_eq!(asks(&alice, &remade).await.expect("it is well signed"), "1");

    let stranger = SigningKey::from_bytes(&[7; 32]);
    let with_header = |change: fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        header
    };
    let pieces: Vec<&str> = token.split('.').collect();
    let mut wider = claims.clone();
    wider["p"] = json!({ "srv": true });
    let none = with_header(|header| header["alg"] = json!("none"));
    // With the public key as the secret of an HMAC, as confused verifiers do.
    let hmac = with_header(|header| header["alg"] = json!("HS256"));
    let hmac = format!("{}.{}", encode(&hmac), encode(&claims));
    let hmac = format!("{hmac}.{}", hmac_sha256(key.verifying_key().as_bytes(), hmac.as_bytes()));
    let resigned = |change: fn(&mut Value)| forge.resign(&token, change);

    let hostile = [
        ("unsigned", format!("{}.{}.", encode(&none), encode(&claims))),
        ("unsigned, with a signature", sign(&none, &claims, &key)),
        ("signed by HMAC with the public key", hmac),
        ("its signature is cut off", format!("{}.{}.", pieces[0], pieces[1])),
        ("its signature is another's", sign(&header, &claims, &stranger)),
        ("its claims were changed", format!("{}.{}.{}", pieces[0], encode(&wider), pieces[2])),
        (
            "its key is unknown",
            sign(&with_header(|header| header["kid"] = json!("who")), &claims, &stranger),
        ),
        ("it brings its own key", {
            let mut header = header.clone();
            let x = base64_url(stranger.verifying_key().as_bytes());
            header["jwk"] = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid });
            sign(&header, &claims, &stranger)
        }),
        ("it names no key", {
            let mut header = header.clone();
            header.as_object_mut().expect("a header").remove("kid");
            sign(&header, &claims, &key)
        }),
        (
            "it never expires and does not say so",
            resigned(|claims| {
                claims.as_object_mut().expect("claims").remove("exp");
            }),
        ),
        ("its time is no number", resigned(|claims| claims["exp"] = json!("never"))),
        ("it is for another server", resigned(|claims| claims["aud"] = json!("another"))),
        (
            "it is for nobody",
            resigned(|claims| {
                claims.as_object_mut().expect("claims").remove("aud");
            }),
        ),
        ("its issuer is unknown", resigned(|claims| claims["iss"] = json!("somebody"))),
        (
            "its issuer is missing",
            resigned(|claims| {
                claims.as_object_mut().expect("claims").remove("iss");
            }),
        ),
        (
            "it has no id",
            resigned(|claims| {
                claims.as_object_mut().expect("claims").remove("jti");
            }),
        ),
        ("its scopes are malformed", resigned(|claims| claims["p"] = json!("everything"))),
        (
            "it names databases by name",
            resigned(|claims| {
                claims["p"] = json!({ "rw": { "ns": ["alice"] } });
            }),
        ),
        ("it is no JSON", {
            let part = encode(&json!("x"));
            format!("{part}.{part}.{part}")
        }),
        ("it is garbage", "garbage".to_owned()),
        ("it has four parts", format!("{token}.x")),
        ("it is too long", format!("{token}{}", "x".repeat(20_000))),
    ];
    for (what, token) in hostile {
        let answer = asks(&alice, &token).await;
        assert!(answer.is_err(), "{what}: it was accepted");
        let status = expect_error(answer, Code::Unauthenticated, "TOKEN_INVALID");
        assert!(!status.message().contains(&token), "{what}: an error repeats no token");
    }
}

#[tokio::test]
async fn a_token_must_be_sent_as_the_bearer() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let token = world.token(&alice, Access::ReadOnly, &[]).await;
    let with = |word: &str| {
        let client = world.admin.with_authorization(word);
        Db::new(client, alice.reference().to_owned(), String::new())
    };
    assert_eq!(with(&format!("bearer {token}")).text("SELECT 1").await, "1");
    for word in [token.clone(), format!("Basic {token}"), "Bearer".to_owned(), "Bearer ".to_owned()]
    {
        let refused = with(&word).try_exec("SELECT 1").await;
        let status = refused.expect_err("it is no bearer");
        assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    }
    let none = Db::new(
        crate::support::Client::anonymous(world.admin.address()),
        alice.reference().to_owned(),
        String::new(),
    );
    expect_error(none.try_exec("SELECT 1").await, Code::Unauthenticated, "TOKEN_MISSING");
}

#[tokio::test]
async fn a_token_of_another_server_opens_nothing() {
    let world = World::shared().await;
    let alice = world.database("alice").await;
    let other = Server::start();
    let refused = asks(&alice, &other.admin_token()).await;
    expect_error(refused, Code::Unauthenticated, "TOKEN_INVALID");
    // Not even where the two have the same keys.
    let twin = crate::support::Forge::of(&crate::support::world::shared_server().data_dir());
    let (kid, key) = twin.any_key();
    let mut header = part(&other.admin_token(), 0);
    header["kid"] = json!(kid);
    let remade = sign(&header, &part(&other.admin_token(), 1), &key);
    expect_error(asks(&alice, &remade).await, Code::Unauthenticated, "TOKEN_INVALID");
}

#[tokio::test]
async fn outside_issuers_are_trusted_by_their_keys_in_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let jwks = dir.path().join("jwks.json");
    let (old, new) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let write = |keys: &[(&str, &SigningKey)]| {
        let keys: Vec<Value> = keys
            .iter()
            .map(|(kid, key)| {
                let x = base64_url(key.verifying_key().as_bytes());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "alg": "EdDSA" })
            })
            .collect();
        // Whole at once, as careful issuers do.
        let next = dir.path().join("next.json");
        std::fs::write(&next, json!({ "keys": keys }).to_string()).expect("it is written");
        std::fs::rename(&next, &jwks).expect("it is put in place");
    };
    write(&[("old", &old)]);
    let issuer = format!("iss=https://login.example,aud=shop,jwks={}", jwks.display());
    let server = Server::with(&["--issuer", &issuer]);
    let world = World::on(&server).await;
    let (alice, bob) = (world.database("alice").await, world.database("bob").await);
    alice.exec("CREATE TABLE t (x)").await;

    let claims = |change: fn(&mut Value), ns: &[&str]| {
        let mut claims = json!({
            "iss": "https://login.example",
            "aud": "shop",
            "sub": "alice",
            "exp": now_seconds() + 60.0,
            "p": { "ro": { "ns": ns } },
        });
        change(&mut claims);
        claims
    };
    let header = |kid: &str| json!({ "alg": "EdDSA", "typ": "JWT", "kid": kid });
    let names = [alice.reference()];
    let good = sign(&header("old"), &claims(|_| {}, &names), &old);
    assert_eq!(asks(&alice, &good).await.expect("its issuer is trusted"), "1");
    expect_error(asks(&bob, &good).await, Code::NotFound, "DATABASE_NOT_FOUND");
    let written = alice.with_token(&good).try_exec("INSERT INTO t VALUES (1)").await;
    assert_eq!(written.expect_err("it reads only").code(), Code::PermissionDenied);
    let by_id = format!("{}/{}", world.group, alice.id());
    let good = sign(&header("old"), &claims(|_| {}, &[&by_id]), &old);
    assert_eq!(asks(&alice, &good).await.expect("a UUID is good too"), "1");

    let hostile = [
        sign(&header("old"), &claims(|claims| claims["aud"] = json!("bar"), &names), &old),
        sign(
            &header("old"),
            &claims(|claims| claims["iss"] = json!("https://evil.example"), &names),
            &old,
        ),
        sign(&header("old"), &claims(|claims| claims["iss"] = json!("tenantry"), &names), &old),
        sign(&header("old"), &claims(|_| {}, &names), &new),
        sign(&header("new"), &claims(|_| {}, &names), &new),
        sign(
            &header("old"),
            &claims(
                |claims| {
                    claims.as_object_mut().expect("claims").remove("exp");
                },
                &names,
            ),
            &old,
        ),
        sign(
            &header("old"),
            &claims(|claims| claims["nbf"] = json!(now_seconds() + 60.0), &names),
            &old,
        ),
    ];
    for token in &hostile {
        expect_error(asks(&alice, token).await, Code::Unauthenticated, "TOKEN_INVALID");
    }
    // Only the server's own tokens can be server admins.
    let admin =
        sign(&header("old"), &claims(|claims| claims["p"] = json!({ "srv": true }), &names), &old);
    assert!(asks(&bob, &admin).await.is_err());
    let late = sign(
        &header("old"),
        &claims(|claims| claims["exp"] = json!(now_seconds() - 1.0), &names),
        &old,
    );
    expect_error(asks(&alice, &late).await, Code::Unauthenticated, "TOKEN_EXPIRED");

    // The issuer takes its key back and brings another, without a restart here.
    let withdrawn = sign(&header("old"), &claims(|_| {}, &names), &old);
    assert_eq!(asks(&alice, &withdrawn).await.expect("it is good yet"), "1");
    write(&[("new", &new)]);
    let next = sign(&header("new"), &claims(|_| {}, &names), &new);
    until("the new key is known", async || asks(&alice, &next).await.ok()).await;
    expect_error(asks(&alice, &withdrawn).await, Code::Unauthenticated, "TOKEN_INVALID");
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 2104 for a key of at most a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let padded = |with: u8| -> Vec<u8> {
        (0..64).map(|i| key.get(i).copied().unwrap_or_default() ^ with).collect()
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    base64_url(&Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}
