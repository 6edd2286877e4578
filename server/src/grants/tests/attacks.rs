//! Tokens that must be refused.

use std::path::Path;

use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::grants::TokenSpec;
use crate::grants::testing::databases;

/// The key with which a server signs, taken from its file.
fn stolen_key(keys_dir: &Path) -> (String, SigningKey) {
    let file = keys_dir.read_dir().expect("reads").next().expect("has one").expect("reads").path();
    let jwk: Value = serde_json::from_slice(&std::fs::read(file).expect("reads")).expect("is JSON");
    let secret = URL_SAFE_NO_PAD.decode(jwk["d"].as_str().expect("text")).expect("is base64");
    let kid = jwk["kid"].as_str().expect("text").to_owned();
    (kid, SigningKey::from_bytes(&secret.try_into().expect("32 bytes")))
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().expect("three")
}

fn payload(token: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(&parts(token)[1]).expect("is base64");
    serde_json::from_slice(&bytes).expect("is JSON")
}

async fn shop_token(world: &World) -> String {
    world.database("shop").await;
    world.token(TokenSpec { databases: databases(&["shop"]), ..TokenSpec::default() }).await
}

#[track_caller]
fn check_invalid(world: &World, what: &str, token: &str) {
    let error = world.verifier.verify(token).expect_err(what);
    assert_eq!(error.reason(), Reason::TokenInvalid, "{what}: {error}");
    let longest = token.split('.').max_by_key(|part| part.len()).expect("has one");
    let leaks = longest.len() > 3 && error.message().contains(longest);
    assert!(!leaks, "{what}: the message quotes the token");
}

#[tokio::test]
async fn a_missing_token_is_told_from_a_bad_one() {
    let world = World::new().await;
    let token = shop_token(&world).await;
    let verifier = &world.verifier;
    let reason = |text: Option<&str>| verifier.authenticate(text).err().map(|error| error.reason());
    assert_eq!(reason(None), Some(Reason::TokenMissing));
    assert_eq!(reason(Some("")), Some(Reason::TokenMissing));
    for bad in ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", token.as_str(), "Bearer a b"] {
        assert_eq!(reason(Some(bad)), Some(Reason::TokenInvalid), "{bad}");
    }
    for good in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER  {token} ")]
    {
        assert_eq!(reason(Some(&good)), None);
    }
}

#[tokio::test]
async fn only_eddsa_counts() {
    let world = World::new().await;
    let token = shop_token(&world).await;
    let [header, claims, signature] = parts(&token);
    let (kid, key) = stolen_key(&world.keys_dir());
    for alg in ["none", "None", "NONE", "HS256", "HS512", "RS256", "PS256", "ES256", "ES384", ""] {
        let header = b64(json!({ "alg": alg, "typ": "JWT", "kid": kid }).to_string());
        for signature in ["", signature.as_str()] {
            check_invalid(&world, alg, &format!("{header}.{claims}.{signature}"));
        }
    }
    let header_without = b64(json!({ "typ": "JWT", "kid": kid }).to_string());
    check_invalid(&world, "no alg", &format!("{header_without}.{claims}.{signature}"));

    // The public key in the role of an HMAC secret, in the forms it comes in.
    let public = key.verifying_key();
    let x = b64(public.as_bytes());
    let secrets = [
        public.as_bytes().to_vec(),
        x.clone().into_bytes(),
        jwk(&kid, &key).to_string().into_bytes(),
    ];
    for secret in secrets {
        for alg in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(alg);
            header.kid = Some(kid.clone());
            let secret = EncodingKey::from_secret(&secret);
            let forged = jsonwebtoken::encode(&header, &payload(&token), &secret).expect("signs");
            check_invalid(&world, "HMAC with the public key", &forged);
        }
    }
    assert_eq!(reason(&world.verifier, &format!("{header}.{claims}.{signature}")), None);
}

#[tokio::test]
async fn keys_in_headers_are_ignored() {
    let world = World::new().await;
    let claims = payload(&shop_token(&world).await).to_string();
    let (kid, server) = stolen_key(&world.keys_dir());
    let attacker = foreign_key(66);
    let own = jwk("attacker", &attacker);
    for kid in [kid.as_str(), "attacker"] {
        for extra in [
            json!({ "jwk": own }),
            json!({ "jku": "https://attacker.example/jwks.json" }),
            json!({ "x5u": "https://attacker.example/cert.pem" }),
            json!({ "x5c": ["MIIB"] }),
        ] {
            let mut header = json!({ "alg": "EdDSA", "kid": kid });
            merge(&mut header, &extra);
            check_invalid(&world, "key in header", &jwt(&header, &claims, &attacker));
        }
    }
    // With the right signature they do no harm.
    let header = json!({ "alg": "EdDSA", "kid": kid, "jku": "https://attacker.example/" });
    assert_eq!(reason(&world.verifier, &jwt(&header, &claims, &server)), None);
    let header = json!({ "alg": "EdDSA", "kid": kid, "crit": ["exp"] });
    check_invalid(&world, "critical extension", &jwt(&header, &claims, &server));
}

#[tokio::test]
async fn the_key_must_be_the_issuers_own() {
    let world = world_with_issuer().await;
    let own = payload(&shop_token(&world).await).to_string();
    let (kid, server) = stolen_key(&world.keys_dir());
    let foreign = foreign_key(1);
    let theirs = claims(&world, &json!({}));
    let header = |kid: &str| json!({ "alg": "EdDSA", "kid": kid });
    check_invalid(&world, "unknown kid", &jwt(&header("two"), &theirs, &foreign));
    check_invalid(&world, "unknown kid of ours", &jwt(&header("two"), &own, &server));
    check_invalid(&world, "no kid", &jwt(&json!({ "alg": "EdDSA" }), &theirs, &foreign));
    check_invalid(
        &world,
        "kid is no text",
        &jwt(&json!({ "alg": "EdDSA", "kid": 1 }), &theirs, &foreign),
    );
    check_invalid(&world, "another's key", &jwt(&header("one"), &theirs, &foreign_key(2)));
    check_invalid(&world, "issuer signs as us", &jwt(&header("one"), &own, &foreign));
    check_invalid(&world, "issuer signs with our kid", &jwt(&header(&kid), &own, &foreign));
    check_invalid(&world, "we sign as issuer", &jwt(&header(&kid), &theirs, &server));
    assert_eq!(reason(&world.verifier, &jwt(&header("one"), &theirs, &foreign)), None);
}

#[tokio::test]
async fn every_changed_byte_is_noticed() {
    let world = World::new().await;
    let token = shop_token(&world).await;
    for index in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        check_invalid(&world, &format!("byte {index}"), &changed);
    }
    let [header, claims, signature] = parts(&token);
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "Ünïcödé.x.y".to_owned(),
        claims.clone(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{token}.{signature}"),
        format!("{token}="),
        format!("{token}A"),
        format!("{header}.{claims}.{}", &signature[..84]),
        format!("{header}.{claims}.{}", b64([0; 64])),
        format!("{header}.{claims}.{}", b64([0xff; 64])),
    ] {
        check_invalid(&world, &bad, &bad);
    }
    assert_eq!(reason(&world.verifier, &token), None);
}

#[tokio::test]
async fn a_token_is_not_looked_at_past_its_limit() {
    let world = world_with_issuer().await;
    let padded = |bytes| outside(&world, &json!({ "padding": "x".repeat(bytes) }));
    let spare = 16 * 1024 - padded(0).len();
    assert_eq!(reason(&world.verifier, &padded(spare * 3 / 4 - 4)), None);
    check_invalid(&world, "too long", &padded(spare * 3 / 4 + 4));
    check_invalid(&world, "far too long", &"a.b.c".repeat(1 << 20));
}

#[tokio::test]
async fn issuer_audience_and_times_are_checked() {
    let world = world_with_issuer().await;
    world.database("shop").await;
    let now = world.env.now().0 / 1000;
    for (what, changes) in [
        ("no issuer", json!({ "iss": null })),
        ("another issuer", json!({ "iss": "https://id.example.org" })),
        ("issuer is a list", json!({ "iss": [ISSUER, "tenantry"] })),
        ("no audience", json!({ "aud": null })),
        ("another audience", json!({ "aud": "another" })),
        ("no audience in the list", json!({ "aud": [] })),
        ("not in the list of audiences", json!({ "aud": ["another"] })),
        ("audience is an object", json!({ "aud": { AUDIENCE: true } })),
        ("no exp", json!({ "exp": null })),
        ("never is for own tokens", json!({ "exp": null, "never": true })),
        ("exp is text", json!({ "exp": "9999999999" })),
        ("exp is negative", json!({ "exp": -1 })),
        ("exp is beyond time", json!({ "exp": 1e300 })),
        ("not valid yet", json!({ "nbf": now + 6 })),
        ("issued in the future", json!({ "iat": now + 6 })),
        ("iat is text", json!({ "iat": "0" })),
    ] {
        check_invalid(&world, what, &outside(&world, &changes));
    }
    for (what, changes) in [
        ("in the list of audiences", json!({ "aud": ["another", AUDIENCE] })),
        ("the issuer's clock is ahead", json!({ "nbf": now + 5, "iat": now + 5 })),
        ("without iat, jti and sub", json!({ "iat": null, "sub": null })),
        ("exp with a fraction", json!({ "exp": now as f64 + 0.25 })),
        ("unknown claims", json!({ "scope": "admin", "roles": ["root"], "never": true })),
    ] {
        assert_eq!(reason(&world.verifier, &outside(&world, &changes)), None, "{what}");
    }
    for exp in [now, now - 1, 0] {
        let token = outside(&world, &json!({ "exp": exp }));
        assert_eq!(reason(&world.verifier, &token), Some(Reason::TokenExpired), "{exp}");
    }
}

#[tokio::test]
async fn own_tokens_keep_their_form() {
    let world = World::new().await;
    let good = payload(&shop_token(&world).await);
    let (kid, key) = stolen_key(&world.keys_dir());
    let header = json!({ "alg": "EdDSA", "kid": kid });
    for (what, changes) in [
        ("another server's", json!({ "aud": world.env.uuid().to_string() })),
        ("no id", json!({ "jti": null })),
        ("id is no UUID", json!({ "jti": "one" })),
        ("no iat", json!({ "iat": null })),
        ("neither exp nor never", json!({ "exp": null })),
        ("exp and never", json!({ "never": true })),
        ("a database by name", json!({ "p": { "ro": { "ns": ["shop"] } } })),
        ("a group by name", json!({ "p": { "adm": { "tags": ["default"] } } })),
        ("a narrowed admin", json!({ "p": { "srv": true }, "perms": [] })),
    ] {
        let mut claims = good.clone();
        merge(&mut claims, &changes);
        check_invalid(&world, what, &jwt(&header, &claims.to_string(), &key));
    }
}

#[tokio::test]
async fn malformed_permits_spoil_the_token_and_unknown_ones_grant_nothing() {
    let world = world_with_issuer().await;
    let shop = world.database("shop").await;
    for p in [
        json!([]),
        json!("rw"),
        json!([{ "ns": ["shop"] }]),
        json!({ "rw": ["shop"] }),
        json!({ "rw": [["shop"]] }),
        json!({ "rw": null }),
        json!({ "rw": { "ns": "shop" } }),
        json!({ "rw": { "ns": [1] } }),
        json!({ "rw": { "ns": ["../shop"] } }),
        json!({ "rw": { "ns": ["*"] } }),
        json!({ "rw": { "ns": ["a/b/c"] } }),
        json!({ "rw": { "tags": [""] } }),
        json!({ "rw": { "tags": ["DEFAULT"] } }),
        json!({ "adm": true }),
        json!({ "srv": "yes" }),
    ] {
        check_invalid(&world, &p.to_string(), &outside(&world, &json!({ "p": p })));
    }
    for perms in [
        json!({}),
        json!([["orders", ["data_read"]]]),
        json!([{ "t": "orders" }]),
        json!([{ "a": ["data_read"] }]),
        json!([{ "t": "orders", "a": "data_read" }]),
        json!([{ "t": "orders", "a": ["data_read", "data_everything"] }]),
        json!([{ "t": "orders", "a": ["DATA_READ"] }]),
        json!([{ "t": "orders", "a": ["data_read"], "where": "mine" }]),
    ] {
        check_invalid(&world, &perms.to_string(), &outside(&world, &json!({ "perms": perms })));
    }
    let twice =
        claims(&world, &json!({})).replacen('{', r#"{"p":{"adm":{"tags":["default"]}},"#, 1);
    let header = json!({ "alg": "EdDSA", "kid": "one" });
    check_invalid(&world, "p twice", &jwt(&header, &twice, &foreign_key(1)));

    for p in [
        json!({}),
        json!({ "admin": true, "everything": { "tags": ["default"] } }),
        json!({ "rw": { "databases": ["shop"] } }),
        json!({ "adm": { "ns": ["shop"] } }),
        json!({ "srv": true }),
        json!({ "rw": { "ns": ["shop2", "eu/shop"], "tags": ["eu"] } }),
    ] {
        let grant = world.verifier.verify(&outside(&world, &json!({ "p": p }))).expect("is valid");
        assert!(!grant.is_server_admin(), "{p}");
        assert_eq!(grant.rights_on(&shop), None, "{p}");
    }
    let grant = world.verifier.verify(&outside(&world, &json!({ "p": null }))).expect("is valid");
    assert_eq!(grant.rights_on(&shop), None);
}

#[tokio::test]
async fn keys_that_cannot_be_trusted_are_not_loaded() {
    let world = World::new().await;
    let catalog = &world.catalog;
    let good = jwk("one", &foreign_key(1));
    let with = |changes: Value| {
        let mut key = good.clone();
        merge(&mut key, &changes);
        key
    };
    let identity: Vec<u8> = [1].into_iter().chain([0; 31]).collect();
    for (what, key) in [
        ("a short point", with(json!({ "x": b64([1; 31]) }))),
        ("a long point", with(json!({ "x": b64([1; 33]) }))),
        ("no point of the curve", with(json!({ "x": b64([2; 32]) }))),
        ("a weak point", with(json!({ "x": b64(identity) }))),
        ("another curve", with(json!({ "crv": "Ed448" }))),
        ("another type", with(json!({ "kty": "EC" }))),
        ("no id", with(json!({ "kid": null }))),
        ("for encryption", with(json!({ "use": "enc" }))),
        ("for another algorithm", with(json!({ "alg": "HS256" }))),
        ("a secret", json!({ "kty": "oct", "kid": "one", "k": "AAAA" })),
    ] {
        let issuer = write_jwks(world.dir.path(), &[key]);
        let keys = world.keys_dir();
        let opened =
            crate::grants::open(catalog.clone(), world.env.clone(), &keys, &[issuer]).await;
        let error = opened.err().expect(what);
        assert!(error.message().contains("no Ed25519 key"), "{what}: {error}");
    }
    let mixed = [json!({ "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" }), good.clone()];
    let issuer = write_jwks(world.dir.path(), &mixed);
    let configs = [
        (vec![issuer.clone(), issuer.clone()], "twice"),
        (vec![OutsideIssuer { issuer: "tenantry".to_owned(), ..issuer.clone() }], "own tokens"),
        (vec![OutsideIssuer { audience: String::new(), ..issuer.clone() }], "an audience"),
        (vec![OutsideIssuer { jwks_path: "/nowhere".into(), ..issuer.clone() }], "/nowhere"),
    ];
    for (issuers, problem) in configs {
        let keys = world.keys_dir();
        let opened = crate::grants::open(catalog.clone(), world.env.clone(), &keys, &issuers).await;
        let error = opened.err().expect(problem);
        assert!(error.message().contains(problem), "{error}");
    }
    let world = world.restart(crate::grants::testing::START, &[issuer]).await;
    assert_eq!(reason(&world.verifier, &outside(&world, &json!({}))), None);
}
