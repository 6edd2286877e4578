//! From tokens to what they permit, and back.
//!
//! A [`Grant`] comes from a verified token and from nowhere else, and nothing
//! reaches a tenant's data without one. Closed by default: what no claim names
//! is not permitted, and what is not permitted at all does not exist. The only
//! user of `jsonwebtoken`. Nothing here knows gRPC or SQLite.

mod grant;
mod spec;
mod tokens;
mod verify;

mod claims;
mod issuers;
mod keys;
mod page;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use claims::Permission;
pub use grant::{Grant, Rights};
pub use issuers::OutsideIssuer;
pub use keys::SigningKeyInfo;
pub use page::{Page, PageRequest};
pub use spec::{AccessLevel, TokenScopes, TokenSpec};
pub use tokens::{TokenInfo, TokenQuery, TokenTarget, Tokens};
pub use verify::Verifier;

use std::path::Path;
use std::sync::Arc;

use crate::env::Env;
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseRef, GroupName};
use crate::storage::catalog::{Catalog, Database, Group};

/// The catalog's word for who this server is: the audience of its tokens.
const INSTANCE_ID: &str = "instance_id";

/// Opens what checks tokens and what mints them. Reads the signing keys and
/// those of the outside issuers from files. Errors are for the operator.
pub async fn open(
    catalog: Arc<dyn Catalog>,
    env: Env,
    keys_dir: &Path,
    issuers: &[OutsideIssuer],
) -> Result<(Verifier, Tokens)> {
    let audience = catalog.init_meta(INSTANCE_ID, env.uuid().to_string()).await?;
    let revocations = grant::Revocations::new(catalog.revoked_tokens(env.now()).await?);
    let revocations = Arc::new(revocations);
    let issuers = issuers::Issuers::open(issuers, env.now())?;
    let keys = Arc::new(keys::SigningKeys::open(keys_dir, &env)?);
    let verifier = Verifier::new(
        env.clone(),
        audience.clone(),
        Arc::clone(&keys),
        issuers,
        Arc::clone(&revocations),
    );
    let tokens = Tokens::new(catalog, env, audience, keys, revocations).await?;
    Ok((verifier, tokens))
}

/// Looks a database up as far as the grant may know of it. Errors:
/// `DATABASE_NOT_FOUND`, the same and as fast whether there is none or the grant
/// has no right on it; `TOKEN_REVOKED` where the grant was invalidated for it.
pub async fn resolve(
    catalog: &dyn Catalog,
    grant: &Grant,
    reference: &DatabaseRef,
) -> Result<(Arc<Database>, Rights)> {
    let may_know = |database: &Database| grant.rights_on(database).is_some();
    if let Some(database) = catalog.database_for(reference, &may_know).await? {
        if let Some(rights) = grant.rights_on(&database) {
            return Ok((database, rights));
        }
        if grant.was_struck_on(&database) {
            return Err(invalidated());
        }
    }
    Err(database_not_found(reference))
}

/// Looks a group up as far as the grant may know of it. Errors:
/// `GROUP_NOT_FOUND`, the same and as fast whether there is none or the grant has
/// no right in it; `TOKEN_REVOKED` where the grant was invalidated for it.
pub async fn resolve_group(
    catalog: &dyn Catalog,
    grant: &Grant,
    name: &GroupName,
) -> Result<Arc<Group>> {
    let may_know = |group: &Group| grant.knows_group(group);
    if let Some(group) = catalog.group_for(name, &may_know).await? {
        if grant.knows_group(&group) {
            return Ok(group);
        }
        if grant.was_struck_in(&group) {
            return Err(invalidated());
        }
    }
    Err(group_not_found(name))
}

/// What everybody is told of a database that is not there for them. The same
/// words for all, so that they tell nothing else.
pub fn database_not_found(reference: &DatabaseRef) -> Error {
    let message = format!("there is no database '{reference}'; check its name and its group's");
    Error::new(Reason::DatabaseNotFound, message).with("database", reference)
}

/// What everybody is told of a group that is not there for them.
pub fn group_not_found(name: &GroupName) -> Error {
    let message = format!("there is no group '{name}'; check its name");
    Error::new(Reason::GroupNotFound, message).with("group", name)
}

fn invalidated() -> Error {
    Error::new(Reason::TokenRevoked, "all earlier tokens were invalidated here; mint a new one")
}
