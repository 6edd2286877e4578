//! What must hold of tokens and grants, and what attackers must not get.

mod attacks;
mod keys;
mod life;
mod minting;
mod rights;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use super::testing::World;
use super::{OutsideIssuer, Verifier};
use crate::env::Timestamp;
use crate::error::Reason;

/// The name of the outside issuer of these tests.
const ISSUER: &str = "https://id.example";
/// What its tokens name as their audience.
const AUDIENCE: &str = "tenantry-test";

/// A signing key that is no server's.
fn foreign_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A JWT with whatever header and claims, signed with Ed25519.
fn jwt(header: &Value, claims: &str, key: &SigningKey) -> String {
    let message = format!("{}.{}", b64(header.to_string()), b64(claims));
    let signature = b64(key.sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

/// The public part of a key as a JWK.
fn jwk(kid: &str, key: &SigningKey) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(key.verifying_key().as_bytes()) })
}

/// Writes the issuer's JWKS. The time of the file is counted on, since a clock
/// of the file system may stand still between two writes.
fn write_jwks(world_dir: &std::path::Path, keys: &[Value]) -> OutsideIssuer {
    let jwks_path = world_dir.join("jwks.json");
    let later = jwks_path.metadata().map_or(std::time::UNIX_EPOCH, |metadata| {
        metadata.modified().expect("has one") + std::time::Duration::from_secs(1)
    });
    std::fs::write(&jwks_path, json!({ "keys": keys }).to_string()).expect("writes");
    let file = std::fs::File::options().write(true).open(&jwks_path).expect("opens");
    file.set_modified(later).expect("sets");
    OutsideIssuer { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), jwks_path }
}

/// A world that trusts [`ISSUER`] with `foreign_key(1)` as its key "one".
async fn world_with_issuer() -> World {
    let world = World::new().await;
    let issuer = write_jwks(world.dir.path(), &[jwk("one", &foreign_key(1))]);
    world.restart(super::testing::START, &[issuer]).await
}

/// Claims of [`ISSUER`], valid for a minute, with changes: `null` removes one.
fn claims(world: &World, changes: &Value) -> String {
    let now = world.env.now().0 / 1000;
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "somebody", "iat": now, "exp": now + 60,
        "p": { "ro": { "ns": ["shop"] } },
    });
    merge(&mut claims, changes);
    claims.to_string()
}

fn merge(claims: &mut Value, changes: &Value) {
    let members = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

/// A token of [`ISSUER`] with its right header and key.
fn outside(world: &World, changes: &Value) -> String {
    jwt(&json!({ "alg": "EdDSA", "kid": "one" }), &claims(world, changes), &foreign_key(1))
}

fn reason(verifier: &Verifier, token: &str) -> Option<Reason> {
    verifier.verify(token).err().map(|error| error.reason())
}
