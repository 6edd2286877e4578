//! Tokens that no honest server would mint, signed with its own key.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

/// The signing keys of a server.
pub(crate) struct Forge {
    dir: PathBuf,
}

impl Forge {
    /// Of a server with this data directory.
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("keys") }
    }

    /// The keys by their ids, as they are now: another test may rotate them.
    fn keys(&self) -> BTreeMap<String, SigningKey> {
        let mut keys = BTreeMap::new();
        for entry in fs::read_dir(&self.dir).expect("keys are there") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let jwk: Value =
                    serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
                let member = |name: &str| jwk[name].as_str().expect("a JWK").to_owned();
                let seed = URL_SAFE_NO_PAD.decode(member("d")).expect("base64url");
                let seed: [u8; 32] = seed.try_into().expect("32 bytes");
                keys.insert(member("kid"), SigningKey::from_bytes(&seed));
            }
        }
        keys
    }

    /// One of the keys with its id.
    pub(crate) fn any_key(&self) -> (String, SigningKey) {
        self.keys().pop_first().expect("there is one")
    }

    /// The token with other claims, signed as the real one was.
    pub(crate) fn resign(&self, token: &str, change: impl FnOnce(&mut Value)) -> String {
        let (header, mut claims) = (part(token, 0), part(token, 1));
        change(&mut claims);
        let kid = header["kid"].as_str().expect("a key id");
        sign(&header, &claims, &self.keys()[kid])
    }

    /// The token as it would be if its time had been over for a minute.
    pub(crate) fn expired(&self, token: &str) -> String {
        self.resign(token, |claims| expire(claims, -60.0))
    }

    /// The token as it would be if its time were over in some seconds.
    pub(crate) fn expiring(&self, token: &str, seconds: f64) -> String {
        self.resign(token, |claims| expire(claims, seconds))
    }
}

fn expire(claims: &mut Value, seconds: f64) {
    let members = claims.as_object_mut().expect("claims");
    members.remove("never");
    members.insert("exp".to_owned(), json!(now_seconds() + seconds));
}

/// The time now, as claims tell it.
pub(crate) fn now_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970").as_secs_f64()
}

/// A token signed with a key of the test's own choice.
pub(crate) fn sign(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = key.sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// JSON as a part of a token.
pub(crate) fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The header (0) or the claims (1) of a token.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
