//! From the token that came with a request to a [`Grant`].
//!
//! Only EdDSA is accepted. The key is looked up by the token's issuer and key
//! id, among keys that this server holds: `jwk`, `jku`, `x5u` and `x5c` in a
//! header are ignored. Nothing that a token says counts before its signature is
//! checked. Times are judged by the injected clock, so `jsonwebtoken` is asked
//! for the signature alone.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous};
use lru::LruCache;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::claims::{Claims, OWN_ISSUER, Object};
use super::grant::{Grant, Revocations};
use super::issuers::{Issuer, Issuers};
use super::keys::SigningKeys;
use crate::env::{Env, Timestamp};
use crate::error::{Error, Reason, Result};

/// The longest token that is looked at; none longer is minted.
pub(super) const TOKEN_BYTES_MAX: usize = 16 << 10;
/// How far an outside issuer's clock may be ahead of this server's, for `nbf`
/// and `iat`. There is no leeway for `exp`.
pub(super) const CLOCK_SKEW_MS_MAX: i64 = 5_000;
/// How many verified tokens are remembered.
const CACHE_TOKENS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// The longest part of a description of malformed claims, in characters.
const DETAIL_CHARS_MAX: usize = 200;

/// Turns tokens into grants.
pub struct Verifier {
    env: Env,
    audience: String,
    keys: Arc<SigningKeys>,
    issuers: Issuers,
    revocations: Arc<Revocations>,
    /// Verified tokens by their SHA-256. An entry saves the check of the
    /// signature alone: whether the token lives is asked every time.
    cache: Mutex<LruCache<[u8; 32], Verified>>,
}

#[derive(Clone)]
struct Verified {
    grant: Grant,
    /// The issuer outside, and the version of its keys.
    outside: Option<(Arc<str>, u64)>,
}

impl Verifier {
    pub(super) fn new(
        env: Env,
        audience: String,
        keys: Arc<SigningKeys>,
        issuers: Issuers,
        revocations: Arc<Revocations>,
    ) -> Self {
        let cache = Mutex::new(LruCache::new(CACHE_TOKENS_MAX));
        Self { env, audience, keys, issuers, revocations, cache }
    }

    /// What the `authorization` metadata of a request grants. Errors:
    /// `TOKEN_MISSING`, and those of [`Verifier::verify`].
    pub fn authenticate(&self, authorization: Option<&str>) -> Result<Grant> {
        let Some(authorization) = authorization.filter(|text| !text.is_empty()) else {
            let message =
                "no token came with the request; send metadata 'authorization: Bearer <token>'";
            return Err(Error::new(Reason::TokenMissing, message));
        };
        match authorization.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.verify(token.trim())
            }
            _ => Err(invalid("the authorization metadata must read 'Bearer <token>'")),
        }
    }

    /// What a token grants. Errors: `TOKEN_INVALID`, `TOKEN_EXPIRED`,
    /// `TOKEN_REVOKED`.
    pub fn verify(&self, token: &str) -> Result<Grant> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(invalid(
                "the token is longer than 16 KiB; name groups in it instead of databases",
            ));
        }
        let now = self.env.now();
        let digest = Sha256::digest(token).into();
        if let Some(grant) = self.remembered(&digest, now) {
            grant.check_alive(now)?;
            return Ok(grant);
        }
        let verified = self.check(token, now)?;
        verified.grant.check_alive(now)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.put(digest, verified.clone());
        Ok(verified.grant)
    }

    fn remembered(&self, digest: &[u8; 32], now: Timestamp) -> Option<Grant> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let Verified { grant, outside } = cache.get(digest)?.clone();
        drop(cache);
        let is_current =
            outside.is_none_or(|(issuer, version)| self.issuers.is_current(&issuer, version, now));
        is_current.then_some(grant)
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<Verified> {
        /// What chooses the key. Not to be believed for anything else.
        #[derive(Deserialize)]
        struct Unverified {
            iss: String,
        }

        let malformed =
            || invalid("the token is not a JWT signed with EdDSA; send it whole, as it was minted");
        let header = jsonwebtoken::decode_header(token).map_err(|_| malformed())?;
        if header.alg != Algorithm::EdDSA {
            return Err(malformed());
        }
        if header.crit.is_some() {
            return Err(invalid(
                "the token's header has critical extensions, which this server does not know",
            ));
        }
        let Unverified { iss } =
            dangerous::insecure_decode_claims(token).map_err(|_| malformed())?;
        let kid = header.kid.ok_or_else(unknown_key)?;
        if iss == OWN_ISSUER {
            let key = self.keys.decoding(&kid).ok_or_else(unknown_key)?;
            return self.check_own(&decode(token, &key)?);
        }
        let issuer = self.issuers.get(&iss).ok_or_else(|| {
            invalid("the token's issuer is not trusted by this server; mint a token here or configure its issuer")
        })?;
        let (key, version) = issuer.key(&kid, now).ok_or_else(unknown_key)?;
        let grant = self.check_outside(issuer, &decode(token, &key)?, now)?;
        Ok(Verified { grant, outside: Some((iss.into(), version)) })
    }

    fn check_own(&self, claims: &Claims) -> Result<Verified> {
        if !claims.aud.contains(&self.audience) {
            return Err(wrong_audience());
        }
        let grant = Grant::own(claims, Arc::clone(&self.revocations))?;
        Ok(Verified { grant, outside: None })
    }

    fn check_outside(&self, issuer: &Issuer, claims: &Claims, now: Timestamp) -> Result<Grant> {
        if !claims.aud.contains(issuer.audience()) {
            return Err(wrong_audience());
        }
        let latest_start = Timestamp(now.0 + CLOCK_SKEW_MS_MAX);
        if [claims.nbf, claims.iat].into_iter().flatten().any(|start| start.0 > latest_start) {
            let message =
                "the token is not valid yet; compare its issuer's clock with this server's";
            return Err(invalid(message));
        }
        Grant::outside(claims, Arc::clone(&self.revocations), CLOCK_SKEW_MS_MAX)
    }
}

/// The claims of a token whose signature holds.
fn decode(token: &str, key: &DecodingKey) -> Result<Claims> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode::<Object<Claims>>(token, key, &validation);
    decoded.map(|data| data.claims.0).map_err(|error| match error.kind() {
        // The header was read before, so this is about the claims, and the
        // signature holds: those who read the detail know the token's content.
        ErrorKind::Json(detail) => {
            let detail: String = detail.to_string().chars().take(DETAIL_CHARS_MAX).collect();
            Error::new(Reason::TokenInvalid, format!("the token's claims are malformed: {detail}"))
        }
        _ => invalid("the token's signature does not hold; send it whole, as it was minted"),
    })
}

fn invalid(message: &'static str) -> Error {
    Error::new(Reason::TokenInvalid, message)
}

fn unknown_key() -> Error {
    invalid("the token is signed by a key that this server does not know; mint a new one")
}

fn wrong_audience() -> Error {
    invalid("the token was made for another server; mint one for this server")
}
