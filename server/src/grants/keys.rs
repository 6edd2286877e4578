//! The keys that this server signs its tokens with.
//!
//! Each is an Ed25519 key in a file of its own, `<kid>.json`, a JWK with its
//! private part, for the server's user alone. The newest signs; all of them
//! verify, so that rotation breaks no token. A key is taken out of use by
//! removing its file while the server is down. Nothing here knows what a token
//! says.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::claims::Claims;
use crate::env::{Env, Failpoint, Timestamp};
use crate::error::{Error, Reason, Result};
use crate::storage::data_dir::write_secret;

/// How many keys there may be at once.
const KEYS_MAX: usize = 1_000;
/// How a key's file ends.
const FILE_EXTENSION: &str = "json";

/// The public part of a signing key, with the members of a JWK of type `OKP`,
/// curve `Ed25519`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeyInfo {
    /// The key id: the RFC 7638 thumbprint, and the `kid` of the tokens.
    pub id: String,
    /// The public key, in base64url without padding.
    pub x: String,
    /// When it was created.
    pub create_time: Timestamp,
    /// Whether new tokens are signed with it.
    pub active: bool,
}

/// The signing keys, all of them at hand.
pub(super) struct SigningKeys {
    dir: PathBuf,
    ring: RwLock<Arc<Ring>>,
}

/// The keys of one moment. There is always one at least.
struct Ring {
    /// Newest first.
    keys: Vec<Arc<Key>>,
    by_id: HashMap<String, Arc<Key>>,
}

struct Key {
    id: String,
    x: String,
    create_time: Timestamp,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

/// A key's file.
#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    d: String,
    kid: String,
    alg: String,
    #[serde(rename = "use")]
    usage: String,
    created_ms: Timestamp,
}

impl SigningKeys {
    /// Reads the keys of a directory; makes the first one where there is none.
    /// Reads and writes files. Errors: `INTERNAL`, naming the file.
    pub(super) fn open(dir: &Path, env: &Env) -> Result<Self> {
        let mut keys = Vec::new();
        for entry in dir.read_dir().map_err(|error| unreadable(dir, error))? {
            let path = entry.map_err(|error| unreadable(dir, error))?.path();
            if path.extension().is_some_and(|extension| extension == FILE_EXTENSION) {
                keys.push(Arc::new(read_key(&path)?));
            }
        }
        if keys.is_empty() {
            keys.push(Arc::new(create_key(dir, env, env.tick())?));
        }
        Ok(Self { dir: dir.to_owned(), ring: RwLock::new(Arc::new(Ring::new(keys))) })
    }

    /// Signs claims with the active key. Answers the token and the key's id.
    pub(super) fn sign(&self, claims: &Claims) -> Result<(String, String)> {
        let ring = self.ring();
        let key = &ring.keys[0];
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.id.clone());
        let token =
            jsonwebtoken::encode(&header, claims, &key.encoding).map_err(Error::internal)?;
        Ok((token, key.id.clone()))
    }

    /// The key of this id, to check signatures with.
    pub(super) fn decoding(&self, id: &str) -> Option<DecodingKey> {
        self.ring().by_id.get(id).map(|key| key.decoding.clone())
    }

    /// Makes a new key the active one. Writes a file.
    pub(super) fn rotate(&self, env: &Env) -> Result<SigningKeyInfo> {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if ring.keys.len() >= KEYS_MAX {
            let dir = self.dir.display();
            let message = format!(
                "there are {KEYS_MAX} signing keys already; stop the server and remove those that no token needs from {dir}"
            );
            return Err(Error::new(Reason::Overloaded, message));
        }
        // Later than the newest also after the clock was set back.
        let create_time = env.tick().max(Timestamp(ring.keys[0].create_time.0 + 1));
        let key = Arc::new(create_key(&self.dir, env, create_time)?);
        env.failpoint(Failpoint::KeyWritten)?;
        let info = key.info(true);
        *ring = Arc::new(Ring::new(ring.keys.iter().cloned().chain([key]).collect()));
        Ok(info)
    }

    /// The public parts, newest first.
    pub(super) fn list(&self) -> Vec<SigningKeyInfo> {
        let ring = self.ring();
        ring.keys.iter().enumerate().map(|(index, key)| key.info(index == 0)).collect()
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ring {
    fn new(mut keys: Vec<Arc<Key>>) -> Self {
        keys.sort_by(|a, b| (b.create_time, &b.id).cmp(&(a.create_time, &a.id)));
        let by_id = keys.iter().map(|key| (key.id.clone(), Arc::clone(key))).collect();
        Self { keys, by_id }
    }
}

impl Key {
    fn new(secret: &[u8; 32], create_time: Timestamp) -> Result<Self> {
        let signing = ed25519_dalek::SigningKey::from_bytes(secret);
        let public = signing.verifying_key();
        let private = signing.to_pkcs8_der().map_err(Error::internal)?;
        let x = URL_SAFE_NO_PAD.encode(public.as_bytes());
        Ok(Self {
            id: thumbprint(&x),
            x,
            create_time,
            encoding: EncodingKey::from_ed_der(private.as_bytes()),
            decoding: DecodingKey::from_ed_der(public.as_bytes()),
        })
    }

    fn info(&self, active: bool) -> SigningKeyInfo {
        SigningKeyInfo {
            id: self.id.clone(),
            x: self.x.clone(),
            create_time: self.create_time,
            active,
        }
    }
}

/// The RFC 7638 thumbprint of an Ed25519 public key.
fn thumbprint(x: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
}

fn create_key(dir: &Path, env: &Env, create_time: Timestamp) -> Result<Key> {
    let secret = env.secret();
    let key = Key::new(&secret, create_time)?;
    let jwk = Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: key.x.clone(),
        d: URL_SAFE_NO_PAD.encode(secret),
        kid: key.id.clone(),
        alg: "EdDSA".to_owned(),
        usage: "sig".to_owned(),
        created_ms: create_time,
    };
    let path = dir.join(&key.id).with_extension(FILE_EXTENSION);
    let content = serde_json::to_vec_pretty(&jwk).map_err(Error::internal)?;
    write_secret(&path, &content).map_err(|error| {
        Error::new(
            Reason::Internal,
            format!("cannot write the signing key {}: {error}", path.display()),
        )
        .with_source(error)
    })?;
    Ok(key)
}

fn read_key(path: &Path) -> Result<Key> {
    let content = std::fs::read(path).map_err(|error| unreadable(path, error))?;
    // What is wrong inside is not told: a message must not quote a secret.
    let broken = || {
        let path = path.display();
        Error::new(
            Reason::Internal,
            format!("{path} is not a signing key; restore it or move it away"),
        )
    };
    let jwk: Jwk = serde_json::from_slice(&content).map_err(|_| broken())?;
    let secret = URL_SAFE_NO_PAD.decode(&jwk.d).map_err(|_| broken())?;
    let key = Key::new(&secret.try_into().map_err(|_| broken())?, jwk.created_ms)?;
    if key.x == jwk.x && key.id == jwk.kid { Ok(key) } else { Err(broken()) }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let message = format!("cannot read {}, where signing keys are kept: {error}", path.display());
    Error::new(Reason::Internal, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_thumbprints() {
        // RFC 8037, appendices A.1 to A.3.
        let secret = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let secret: [u8; 32] = secret.expect("is base64").try_into().expect("32 bytes");
        let key = Key::new(&secret, Timestamp::default()).expect("is a key");
        assert_eq!(key.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
