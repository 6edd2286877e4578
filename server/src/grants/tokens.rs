//! Minting tokens, listing and withdrawing them, and the keys that sign them.
//!
//! Each function takes the caller's grant first and checks it. Nobody mints more
//! than they have. A token is noted in the catalog before it is shown, so that
//! there is none that cannot be listed and revoked.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::RwLock;

use super::claims::{Audience, Claims, Date, OWN_ISSUER};
use super::grant::{Grant, Revocations, databases_by_id, groups_by_id};
use super::keys::{SigningKeyInfo, SigningKeys};
use super::page::{Page, PageRequest};
use super::spec::{Named, TokenScopes, TokenSpec, groups_of, permits, scopes};
use super::verify::TOKEN_BYTES_MAX;
use super::{resolve, resolve_group};
use crate::env::{Env, Failpoint, Timestamp};
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseRef, GroupId, GroupName, TokenId};
use crate::storage::catalog::{Catalog, State, TokenFilter, TokenRow, TokenScope, Visible};
use crate::storage::data_dir::write_secret;

/// The catalog's word for the first admin token's id.
const ADMIN_TOKEN_ID: &str = "admin_token_id";
/// The catalog's word for that token's file having been written.
const ADMIN_TOKEN_WRITTEN: &str = "admin_token_written";

/// A new token.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    /// The token: a JWT, which is never shown again.
    pub token: String,
    /// What is known of it.
    pub info: TokenInfo,
}

/// What is known of a minted token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its `jti`.
    pub id: TokenId,
    /// For whom it was minted.
    pub subject: String,
    /// What it permits.
    pub scopes: TokenScopes,
    /// When it was minted.
    pub create_time: Timestamp,
    /// When its time is over; `None` for never.
    pub expire_time: Option<Timestamp>,
    /// When it was revoked.
    pub revoke_time: Option<Timestamp>,
    /// The id of the key that signed it.
    pub signing_key_id: String,
}

/// A database or group, as what tokens are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenTarget {
    /// A database.
    Database(DatabaseRef),
    /// A group and every database in it.
    Group(GroupName),
}

/// Which tokens to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenQuery {
    /// Those that name this; `None` for all.
    pub target: Option<TokenTarget>,
    /// Those with this subject.
    pub subject: Option<String>,
    /// Also those that were revoked or have expired.
    pub show_inactive: bool,
}

/// The server's tokens and signing keys.
pub struct Tokens {
    catalog: Arc<dyn Catalog>,
    env: Env,
    audience: String,
    keys: Arc<SigningKeys>,
    revocations: Arc<Revocations>,
    /// The latest time at which a token was issued or invalidated.
    last_issue: Mutex<Timestamp>,
    /// Held by who mints and, alone, by who invalidates: a caller whose own
    /// token is just being struck must not mint one that is younger than that.
    invalidating: RwLock<()>,
}

impl Tokens {
    pub(super) async fn new(
        catalog: Arc<dyn Catalog>,
        env: Env,
        audience: String,
        keys: Arc<SigningKeys>,
        revocations: Arc<Revocations>,
    ) -> Result<Self> {
        // The clock may have been set back while the server was down.
        let newest = catalog.tokens(TokenFilter::default(), None, 1).await?;
        let last_issue = Mutex::new(newest.first().map(|row| row.create_time).unwrap_or_default());
        let invalidating = RwLock::default();
        Ok(Self { catalog, env, audience, keys, revocations, last_issue, invalidating })
    }

    /// Mints a token. For admins of everything that it names. Errors:
    /// `INVALID_ARGUMENT`, `DATABASE_NOT_FOUND`, `GROUP_NOT_FOUND`,
    /// `PERMISSION_DENIED`.
    pub async fn mint(&self, grant: &Grant, spec: TokenSpec) -> Result<Minted> {
        let lifetime = spec.check()?;
        if spec.server_admin && !grant.is_server_admin() {
            return Err(denied("to mint a server admin's token, be a server admin"));
        }
        let _turn = self.invalidating.read().await;
        let named = self.name(grant, &spec).await?;
        let id = TokenId::new(self.env.uuid());
        let (token, row) = self.issue(id, spec, named, lifetime).await?;
        Ok(Minted { token, info: self.describe_one(row).await? })
    }

    /// Lists tokens, newest first. A server admin sees all, a group admin those
    /// that name nothing outside its groups. Errors: `DATABASE_NOT_FOUND`,
    /// `GROUP_NOT_FOUND`, `PERMISSION_DENIED`, `INVALID_PAGE_TOKEN`.
    pub async fn list(
        &self,
        grant: &Grant,
        query: TokenQuery,
        page: &PageRequest,
    ) -> Result<Page<TokenInfo>> {
        let filter_text = format!("tokens {query:?}");
        let limit = page.items()?;
        let after = page.after(&filter_text, read_cursor)?;
        let scope = match &query.target {
            Some(target) => Some(self.administered(grant, target).await?.0),
            None => None,
        };
        let filter = TokenFilter {
            scope,
            subject: query.subject,
            active_at: (!query.show_inactive).then(|| self.env.now()),
            visible: self.listable(grant).await?,
        };
        let rows = self.catalog.tokens(filter, after, limit + 1).await?;
        let Page { items, next_token } = Page::cut(rows, limit, &filter_text, cursor);
        Ok(Page { items: self.describe(items).await?, next_token })
    }

    /// What is known of a token. Errors: `TOKEN_NOT_FOUND`.
    pub async fn get(&self, grant: &Grant, id: TokenId) -> Result<TokenInfo> {
        let row = self.find(grant, id).await?;
        self.describe_one(row).await
    }

    /// Revokes a token, from the next request on and inside running streams.
    /// Errors: `TOKEN_NOT_FOUND`.
    pub async fn revoke(&self, grant: &Grant, id: TokenId) -> Result<TokenInfo> {
        self.find(grant, id).await?;
        let (catalog, revocations) = (Arc::clone(&self.catalog), Arc::clone(&self.revocations));
        let now = self.env.now();
        // A task of its own: a caller who goes away must not leave the token
        // revoked in the catalog and alive in memory.
        let revoked = tokio::spawn(async move {
            let row = catalog.revoke_token(id, now).await?;
            revocations.add(id);
            Ok::<_, Error>(row)
        });
        let row = revoked.await.map_err(Error::internal)??;
        self.describe_one(row).await
    }

    /// Strikes every token, as far as it opens the target, that was issued
    /// until now: answers until when. For admins of the target; server admins'
    /// tokens are exempt. Errors: `DATABASE_NOT_FOUND`, `GROUP_NOT_FOUND`,
    /// `PERMISSION_DENIED`.
    pub async fn invalidate(&self, grant: &Grant, target: &TokenTarget) -> Result<Timestamp> {
        let _turn = self.invalidating.write().await;
        let (scope, not_before) = self.administered(grant, target).await?;
        let time = self.issue_time(not_before);
        self.catalog.invalidate_tokens(scope, time).await?;
        Ok(time)
    }

    /// Makes a new signing key the active one; the others stay valid. For
    /// server admins. Errors: `PERMISSION_DENIED`.
    pub async fn rotate_signing_key(&self, grant: &Grant) -> Result<SigningKeyInfo> {
        require_server_admin(grant)?;
        let (keys, env) = (Arc::clone(&self.keys), self.env.clone());
        tokio::task::spawn_blocking(move || keys.rotate(&env)).await.map_err(Error::internal)?
    }

    /// The public parts of the signing keys, newest first. For server admins.
    /// Errors: `PERMISSION_DENIED`, `INVALID_PAGE_TOKEN`.
    pub fn signing_keys(&self, grant: &Grant, page: &PageRequest) -> Result<Page<SigningKeyInfo>> {
        /// Tells this list's page tokens from others.
        const LIST: &str = "signing keys";

        require_server_admin(grant)?;
        let limit = page.items()?;
        let after = page.after(LIST, |key| String::from_utf8(key.to_vec()).ok())?;
        let mut keys = self.keys.list();
        if let Some(after) = after {
            let seen =
                keys.iter().position(|key| key.id == after).map_or(keys.len(), |index| index + 1);
            keys.drain(..seen);
        }
        Ok(Page::cut(keys, limit, LIST, |key| key.id.clone().into_bytes()))
    }

    /// Writes the first admin token to `path`, for the server's user alone,
    /// unless that was done at an earlier start. A crash on the way leaves work
    /// that the next start does again, to the same token. An operator who
    /// removes the file later keeps it removed.
    pub async fn ensure_admin_token(&self, path: &Path) -> Result<()> {
        if self.catalog.meta(ADMIN_TOKEN_WRITTEN).await?.is_some() {
            return Ok(());
        }
        let id = self.catalog.init_meta(ADMIN_TOKEN_ID, self.env.uuid().to_string()).await?;
        let id = id.parse().map_err(Error::internal)?;
        let token = match self.catalog.token(id).await? {
            Some(row) => self.keys.sign(&read_claims(&row)?)?.0,
            None => {
                let spec = TokenSpec {
                    subject: "first admin".to_owned(),
                    server_admin: true,
                    ..TokenSpec::default()
                };
                self.issue(id, spec, Named::default(), None).await?.0
            }
        };
        write_secret(path, format!("{token}\n").as_bytes()).map_err(|error| {
            let message =
                format!("cannot write the first admin token to {}: {error}", path.display());
            Error::new(Reason::Internal, message).with_source(error)
        })?;
        self.env.failpoint(Failpoint::AdminTokenWritten)?;
        self.catalog.init_meta(ADMIN_TOKEN_WRITTEN, true.to_string()).await?;
        Ok(())
    }

    /// Signs a token that has been permitted, and notes it.
    async fn issue(
        &self,
        id: TokenId,
        spec: TokenSpec,
        named: Named,
        lifetime: Option<Duration>,
    ) -> Result<(String, TokenRow)> {
        let create_time = self.issue_time(named.not_before);
        let expire_time = lifetime.map(|lifetime| create_time.saturating_add(lifetime));
        let claims = Claims {
            iss: OWN_ISSUER.to_owned(),
            aud: Audience::One(self.audience.clone()),
            sub: Some(spec.subject.clone()).filter(|subject| !subject.is_empty()),
            jti: Some(id.to_string()),
            iat: Some(Date(create_time)),
            nbf: None,
            exp: expire_time.map(Date),
            never: expire_time.is_none(),
            p: permits(&spec, &named),
            perms: Some(spec.permissions).filter(|permissions| !permissions.is_empty()),
        };
        let (token, key_id) = self.keys.sign(&claims)?;
        if token.len() > TOKEN_BYTES_MAX {
            let message = "the token would be longer than 16 KiB; name groups instead of databases";
            return Err(Error::field("databases", message));
        }
        let row = TokenRow {
            id,
            subject: spec.subject,
            claims: serde_json::to_string(&claims).map_err(Error::internal)?,
            databases: named.databases.union(&named.attach).copied().collect(),
            groups: named.groups.into_iter().collect(),
            key_id,
            create_time,
            expire_time,
            revoke_time: None,
        };
        self.catalog.add_token(row.clone()).await?;
        Ok((token, row))
    }

    /// A time for a token or an invalidation: later than every earlier one, and
    /// than `after`, whatever the clock does. So an invalidation strikes what
    /// was minted before it, and nothing that is minted after it.
    fn issue_time(&self, after: Timestamp) -> Timestamp {
        let mut last = self.last_issue.lock().unwrap_or_else(PoisonError::into_inner);
        *last = self.env.tick().max(Timestamp(last.0 + 1)).max(Timestamp(after.0 + 1));
        *last
    }

    /// Resolves what a token shall name, all of it administered by the caller.
    async fn name(&self, grant: &Grant, spec: &TokenSpec) -> Result<Named> {
        let mut named = Named::default();
        for (references, attach) in [(&spec.databases, false), (&spec.attach, true)] {
            for reference in references {
                let (database, rights) = resolve(&*self.catalog, grant, reference).await?;
                if !rights.admin {
                    return Err(not_admin_of(&database.group));
                }
                let ids = if attach { &mut named.attach } else { &mut named.databases };
                ids.insert(database.id);
                named.within.insert(database.group_id);
                named.not_before = named.not_before.max(database.tokens_not_before);
            }
        }
        for name in &spec.groups {
            let group = resolve_group(&*self.catalog, grant, name).await?;
            if !grant.is_admin_of(&group) {
                return Err(not_admin_of(name));
            }
            named.groups.insert(group.id);
            named.not_before = named.not_before.max(group.tokens_not_before);
        }
        Ok(named)
    }

    /// A target that the caller administers, with the time of its last
    /// invalidation.
    async fn administered(
        &self,
        grant: &Grant,
        target: &TokenTarget,
    ) -> Result<(TokenScope, Timestamp)> {
        match target {
            TokenTarget::Database(reference) => {
                let (database, rights) = resolve(&*self.catalog, grant, reference).await?;
                let found = (TokenScope::Database(database.id), database.tokens_not_before);
                if rights.admin { Ok(found) } else { Err(not_admin_of(&database.group)) }
            }
            TokenTarget::Group(name) => {
                let group = resolve_group(&*self.catalog, grant, name).await?;
                let found = (TokenScope::Group(group.id), group.tokens_not_before);
                if grant.is_admin_of(&group) { Ok(found) } else { Err(not_admin_of(name)) }
            }
        }
    }

    /// The bound on the tokens that the caller may list; `None` for all.
    async fn listable(&self, grant: &Grant) -> Result<Option<Visible>> {
        if grant.is_server_admin() {
            return Ok(None);
        }
        let groups = self.admin_groups(grant).await?;
        if groups.is_empty() {
            return Err(denied("to list tokens, be an admin of a group or of the server"));
        }
        Ok(Some(Visible { groups: groups.into_iter().collect(), databases: Vec::new() }))
    }

    async fn admin_groups(&self, grant: &Grant) -> Result<BTreeSet<GroupId>> {
        let groups = grant.known_groups(&*self.catalog).await?;
        Ok(groups.iter().filter(|group| grant.is_admin_of(group)).map(|group| group.id).collect())
    }

    /// A token that the caller may list.
    async fn find(&self, grant: &Grant, id: TokenId) -> Result<TokenRow> {
        if let Some(row) = self.catalog.token(id).await? {
            if grant.is_server_admin() {
                return Ok(row);
            }
            let groups = groups_of(&read_claims(&row)?.p)?;
            if !groups.is_empty() && groups.is_subset(&self.admin_groups(grant).await?) {
                return Ok(row);
            }
        }
        Err(Error::new(
            Reason::TokenNotFound,
            format!("there is no token {id}; list those that there are"),
        )
        .with("token", id))
    }

    async fn describe_one(&self, row: TokenRow) -> Result<TokenInfo> {
        let described = self.describe(vec![row]).await?.pop();
        described.ok_or_else(|| Error::internal("a token was lost on the way to its description"))
    }

    async fn describe(&self, rows: Vec<TokenRow>) -> Result<Vec<TokenInfo>> {
        let claims = rows.iter().map(read_claims).collect::<Result<Vec<_>>>()?;
        let databases: BTreeSet<_> = rows.iter().flat_map(|row| &row.databases).copied().collect();
        let groups: BTreeSet<_> = rows.iter().flat_map(|row| &row.groups).copied().collect();
        let mut names = HashMap::new();
        for database in databases_by_id(&*self.catalog, databases.into_iter().collect()).await? {
            if database.state == State::Active {
                names.insert(
                    database.id.to_string(),
                    format!("{}/{}", database.group, database.name),
                );
            }
        }
        for group in groups_by_id(&*self.catalog, groups.into_iter().collect()).await? {
            names.insert(group.id.to_string(), group.name.to_string());
        }
        let describe = |(row, claims): (TokenRow, Claims)| TokenInfo {
            id: row.id,
            subject: row.subject,
            scopes: scopes(claims, &names),
            create_time: row.create_time,
            expire_time: row.expire_time,
            revoke_time: row.revoke_time,
            signing_key_id: row.key_id,
        };
        Ok(rows.into_iter().zip(claims).map(describe).collect())
    }
}

fn read_claims(row: &TokenRow) -> Result<Claims> {
    serde_json::from_str(&row.claims).map_err(Error::internal)
}

fn cursor(row: &TokenRow) -> Vec<u8> {
    [&row.create_time.0.to_be_bytes()[..], row.id.uuid().as_bytes()].concat()
}

fn read_cursor(bytes: &[u8]) -> Option<(Timestamp, TokenId)> {
    let (time, id) = bytes.split_at_checked(8)?;
    let id = uuid::Uuid::from_slice(id).ok()?;
    Some((Timestamp(i64::from_be_bytes(time.try_into().ok()?)), TokenId::new(id)))
}

fn require_server_admin(grant: &Grant) -> Result<()> {
    if grant.is_server_admin() {
        Ok(())
    } else {
        Err(denied("only server admins may use signing keys"))
    }
}

fn not_admin_of(group: &GroupName) -> Error {
    denied(format!("to manage tokens here, be an admin of the group '{group}'"))
}

fn denied(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Reason::PermissionDenied, message)
}
