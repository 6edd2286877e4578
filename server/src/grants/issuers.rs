//! The issuers outside that config trusts, and their public keys.
//!
//! Keys come from a JWKS file alone, never from a token and never from the
//! network. The file is read again when it has changed, so that an issuer can
//! rotate its keys, and withdraw one, without a restart here.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use super::claims::OWN_ISSUER;
use crate::env::Timestamp;
use crate::error::{Error, Reason, Result};

/// How long a look at the file is good for.
const CHECK_INTERVAL_MS: i64 = 1_000;
/// The largest JWKS file that is read.
const JWKS_BYTES_MAX: u64 = 1 << 20;

/// An issuer outside, as config names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideIssuer {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` that its tokens for this server have.
    pub audience: String,
    /// The file with its public keys: a JWKS, of which the Ed25519 keys with a
    /// `kid` are used.
    pub jwks_path: PathBuf,
}

/// The issuers outside.
pub(super) struct Issuers(Vec<Issuer>);

/// One issuer with its keys.
pub(super) struct Issuer {
    config: OutsideIssuer,
    last_check_ms: AtomicI64,
    keys: RwLock<Keys>,
}

/// The keys of a file as it was read last.
struct Keys {
    stamp: Stamp,
    /// Counts the readings, so that what was verified with an earlier one is
    /// verified again.
    version: u64,
    by_id: HashMap<String, DecodingKey>,
}

/// What tells that a file has changed; `None` without one. Its time and size may
/// stay the same, as where a tool sets the times of all files to one; then it is
/// another file, or at least the system has noted a change.
type Stamp = Option<(SystemTime, u64, u64, (i64, i64))>;

impl Issuers {
    /// Reads the keys of each. Errors: `INVALID_ARGUMENT`, for the operator.
    pub(super) fn open(issuers: &[OutsideIssuer], now: Timestamp) -> Result<Self> {
        for (index, OutsideIssuer { issuer, audience, .. }) in issuers.iter().enumerate() {
            let problem = if issuer.is_empty() || audience.is_empty() {
                "needs a name and an audience"
            } else if issuer == OWN_ISSUER {
                "has the name of this server's own tokens"
            } else if issuers[..index].iter().any(|earlier| earlier.issuer == *issuer) {
                "is configured twice"
            } else {
                continue;
            };
            let message =
                format!("the outside issuer '{issuer}' {problem}; correct the configuration");
            return Err(Error::new(Reason::InvalidArgument, message));
        }
        issuers.iter().map(|config| Issuer::open(config, now)).collect::<Result<_>>().map(Self)
    }

    /// The issuer of this name.
    pub(super) fn get(&self, issuer: &str) -> Option<&Issuer> {
        self.0.iter().find(|known| known.config.issuer == issuer)
    }

    /// Whether what was verified with this version of the issuer's keys still
    /// stands.
    pub(super) fn is_current(&self, issuer: &str, version: u64, now: Timestamp) -> bool {
        self.get(issuer).is_some_and(|issuer| issuer.version(now) == version)
    }
}

impl Issuer {
    fn open(config: &OutsideIssuer, now: Timestamp) -> Result<Self> {
        let stamp = stamp(config);
        let by_id = read(config).and_then(|keys| match keys.is_empty() {
            true => {
                Err("the JWKS has no Ed25519 key (kty OKP, crv Ed25519, with a kid)".to_owned())
            }
            false => Ok(keys),
        });
        let by_id = by_id.map_err(|problem| {
            let OutsideIssuer { issuer, jwks_path, .. } = config;
            let path = jwks_path.display();
            let message =
                format!("cannot use {path}, the keys of the issuer '{issuer}': {problem}");
            Error::new(Reason::InvalidArgument, message)
        })?;
        Ok(Self {
            config: config.clone(),
            last_check_ms: AtomicI64::new(now.0),
            keys: RwLock::new(Keys { stamp, version: 0, by_id }),
        })
    }

    /// The `aud` that its tokens must have.
    pub(super) fn audience(&self) -> &str {
        &self.config.audience
    }

    /// The key of this id, with the version of the keys that it is from.
    pub(super) fn key(&self, id: &str, now: Timestamp) -> Option<(DecodingKey, u64)> {
        self.refresh(now);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.by_id.get(id).map(|key| (key.clone(), keys.version))
    }

    fn version(&self, now: Timestamp) -> u64 {
        self.refresh(now);
        self.keys.read().unwrap_or_else(PoisonError::into_inner).version
    }

    /// Reads the file again if it has changed, and looks whether it has at most
    /// once in [`CHECK_INTERVAL_MS`]. That is a small file's worth of blocking,
    /// rarely. While the file is missing or malformed the keys stay as they are; a
    /// set without any that can be used withdraws them all.
    fn refresh(&self, now: Timestamp) {
        let last = self.last_check_ms.load(Ordering::Relaxed);
        // The distance, so that a clock that was set back does not stop it.
        let is_due = now.0.abs_diff(last) >= CHECK_INTERVAL_MS.unsigned_abs();
        let swap = |last| {
            self.last_check_ms.compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed)
        };
        if !is_due || swap(last).is_err() {
            return;
        }
        let found = stamp(&self.config);
        if found == self.keys.read().unwrap_or_else(PoisonError::into_inner).stamp {
            return;
        }
        let result = read(&self.config);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        // Also when it cannot be read: it is read again when it has changed.
        keys.stamp = found;
        match result {
            Ok(by_id) => {
                if by_id.is_empty() {
                    let issuer = &self.config.issuer;
                    tracing::warn!(issuer, "an issuer has no Ed25519 keys any more");
                }
                keys.by_id = by_id;
                keys.version += 1;
            }
            Err(problem) => {
                let OutsideIssuer { issuer, jwks_path, .. } = &self.config;
                let path = jwks_path.display();
                tracing::warn!(issuer, %path, problem, "keeping the earlier keys of an issuer");
            }
        }
    }
}

fn stamp(config: &OutsideIssuer) -> Stamp {
    let metadata = std::fs::metadata(&config.jwks_path).ok()?;
    let noted = (metadata.ctime(), metadata.ctime_nsec());
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino(), noted))
}

/// A JWKS. Sets hold keys of all sorts, so each is looked at by itself.
#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

/// The members of a JWK that decide whether it can be used here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
}

fn read(config: &OutsideIssuer) -> Result<HashMap<String, DecodingKey>, String> {
    let mut content = Vec::new();
    let read = File::open(&config.jwks_path)
        .and_then(|file| file.take(JWKS_BYTES_MAX + 1).read_to_end(&mut content));
    let bytes = read.map_err(|error| error.to_string())?;
    if bytes as u64 > JWKS_BYTES_MAX {
        return Err(format!("the file is larger than {JWKS_BYTES_MAX} bytes"));
    }
    let set: JwkSet =
        serde_json::from_slice(&content).map_err(|error| format!("not a JWKS: {error}"))?;
    let mut keys = HashMap::new();
    for key in set.keys {
        let Some((id, key)) = usable_key(key) else { continue };
        if keys.insert(id, key).is_some() {
            return Err("two Ed25519 keys have the same 'kid'".to_owned());
        }
    }
    Ok(keys)
}

/// The id and key of a JWK that is an Ed25519 key for signatures.
fn usable_key(jwk: serde_json::Value) -> Option<(String, DecodingKey)> {
    let jwk: Jwk = serde_json::from_value(jwk).ok()?;
    let is_ed25519 = jwk.kty == "OKP" && jwk.crv == "Ed25519";
    let is_for_signatures = jwk.usage.is_none_or(|usage| usage == "sig")
        && jwk.alg.is_none_or(|alg| alg == "EdDSA" || alg == "Ed25519");
    // The point is checked here: `jsonwebtoken` panics on one that is short, and
    // takes a weak one, under which anybody's signature holds.
    let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(&jwk.x).ok()?.try_into().ok()?;
    let is_sound = VerifyingKey::from_bytes(&bytes).is_ok_and(|point| !point.is_weak());
    (is_ed25519 && is_for_signatures && is_sound)
        .then(|| (jwk.kid, DecodingKey::from_ed_der(&bytes)))
}
