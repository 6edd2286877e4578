//! What a verified token permits.
//!
//! A [`Grant`] is made from claims whose signature was checked, and nowhere
//! else: its fields are private and its constructor ends at this directory. It
//! answers from memory, since it is asked on every request; only what needs the
//! names of things behind it asks the catalog.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;

use super::claims::{Claims, Names, Permission};
use crate::env::Timestamp;
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, DatabaseRef, GroupId, GroupName, NameOrId, TokenId};
use crate::storage::catalog::{Catalog, Database, DatabaseFilter, Group, Kind, Visible};
use crate::storage::{Access, TableRules};

/// The longest subject that is kept, in characters; the rest is cut off.
pub(super) const SUBJECT_CHARS_MAX: usize = 256;

/// What a verified token permits. Cheap to clone.
#[derive(Clone)]
pub struct Grant(Arc<Inner>);

struct Inner {
    subject: String,
    token_id: Option<TokenId>,
    issue_time: Option<Timestamp>,
    expire_time: Option<Timestamp>,
    revocations: Arc<Revocations>,
    scopes: Scopes,
    rules: Option<Arc<TableRules>>,
}

/// The rights of a grant on one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Rows may be read, by a request to the database itself.
    pub read: bool,
    /// Rows may be written; the schema too where the database is REGULAR.
    pub write: bool,
    /// The schema may be changed, by a migration where the database is SCHEMA.
    pub ddl: bool,
    /// The database may be configured and deleted, and tokens minted for it.
    pub admin: bool,
    /// The database may be attached to another one, if it allows that.
    pub attach: bool,
    /// What the tables allow, where the token has rules for tables.
    pub rules: Option<Arc<TableRules>>,
}

impl Rights {
    /// What SQL may do with these rights in a database of this kind. Whether it
    /// may be sent there at all is told by [`Rights::read`].
    #[must_use]
    pub fn access(&self, kind: Kind) -> Access {
        let rules = self.rules.as_deref().cloned();
        match kind {
            Kind::Regular => {
                Access { write: self.write, ddl: self.write || self.ddl, ddl_blocked: false, rules }
            }
            // Every write to a SCHEMA database is a migration.
            Kind::Schema => Access { write: self.ddl, ddl: self.ddl, ddl_blocked: false, rules },
            Kind::Child { .. } => {
                Access { write: self.write, ddl: false, ddl_blocked: true, rules }
            }
        }
    }
}

impl Grant {
    /// What the server's own token permits. Errors: `TOKEN_INVALID`.
    pub(super) fn own(claims: &Claims, revocations: Arc<Revocations>) -> Result<Self> {
        let id = claims.jti.as_deref().and_then(|jti| jti.parse().ok());
        let (Some(id), Some(issued)) = (id, claims.iat) else {
            return Err(malformed("an own token has a UUID as 'jti', and an 'iat'"));
        };
        if claims.exp.is_some() == claims.never {
            return Err(malformed("an own token has either 'exp' or 'never'"));
        }
        Self::new(claims, Some(id), Some(issued.0), Scopes::by_id(claims)?, revocations)
    }

    /// What an outside issuer's token permits. Its issuer's clock may be ahead
    /// by `clock_skew_ms`, so it counts as issued that much earlier: what
    /// invalidation strikes stays struck. Errors: `TOKEN_INVALID`.
    pub(super) fn outside(
        claims: &Claims,
        revocations: Arc<Revocations>,
        clock_skew_ms: i64,
    ) -> Result<Self> {
        if claims.exp.is_none() {
            return Err(malformed("a token of an outside issuer has an 'exp'"));
        }
        let issued = claims.iat.map(|date| Timestamp(date.0.0 - clock_skew_ms));
        Self::new(claims, None, issued, Scopes::by_name(claims)?, revocations)
    }

    fn new(
        claims: &Claims,
        token_id: Option<TokenId>,
        issue_time: Option<Timestamp>,
        scopes: Scopes,
        revocations: Arc<Revocations>,
    ) -> Result<Self> {
        if claims.perms.is_some() && scopes.has_admin() {
            return Err(malformed("the rights of an admin cannot be narrowed by 'perms'"));
        }
        Ok(Self(Arc::new(Inner {
            subject: claims
                .sub
                .iter()
                .flat_map(|sub| sub.chars())
                .take(SUBJECT_CHARS_MAX)
                .collect(),
            token_id,
            issue_time,
            expire_time: claims.exp.map(|date| date.0),
            revocations,
            scopes,
            rules: claims.perms.as_deref().map(|perms| Arc::new(table_rules(perms))),
        })))
    }

    /// For whom the token was made, in its minter's words: for logs.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The id of a token that this server minted.
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        self.0.token_id
    }

    /// Fails when the token's time is over or it was revoked. Cheap: no I/O.
    /// Called on every request and again and again inside long streams; those
    /// also ask [`Grant::rights_on`] again, with a fresh row. Errors:
    /// `TOKEN_EXPIRED`, `TOKEN_REVOKED`.
    pub fn check_alive(&self, now: Timestamp) -> Result<()> {
        // A token is not to be accepted on its `exp`; there is no leeway.
        if self.0.expire_time.is_some_and(|end| now >= end) {
            return Err(Error::new(Reason::TokenExpired, "the token has expired; mint a new one"));
        }
        if self.0.token_id.is_some_and(|id| self.0.revocations.contains(id)) {
            return Err(Error::new(Reason::TokenRevoked, "the token was revoked; mint a new one"));
        }
        Ok(())
    }

    /// Whether everything on the server is permitted.
    #[must_use]
    pub fn is_server_admin(&self) -> bool {
        self.0.scopes.everything
    }

    /// Whether everything inside the group is permitted.
    #[must_use]
    pub fn is_admin_of(&self, group: &Group) -> bool {
        self.bits_in(group).is_some_and(|bits| bits.has(Bits::ADMIN))
    }

    /// Whether the token may know that the group exists: it has any right in it.
    #[must_use]
    pub fn knows_group(&self, group: &Group) -> bool {
        self.bits_in(group).is_some()
    }

    /// The rights on a database; `None` where the token may not know that it
    /// exists.
    #[must_use]
    pub fn rights_on(&self, database: &Database) -> Option<Rights> {
        let bits = self.bits_on(database)?;
        Some(Rights {
            read: bits.has(Bits::READ),
            write: bits.has(Bits::WRITE),
            ddl: bits.has(Bits::DDL),
            admin: bits.has(Bits::ADMIN),
            attach: bits.has(Bits::ATTACH),
            rules: self.0.rules.clone(),
        })
    }

    /// Whether the token names the database and was invalidated for it.
    pub(super) fn was_struck_on(&self, database: &Database) -> bool {
        self.is_struck(database.tokens_not_before) && self.0.scopes.on(database).is_some()
    }

    /// Whether the token names the group and was invalidated for it.
    pub(super) fn was_struck_in(&self, group: &Group) -> bool {
        self.is_struck(group.tokens_not_before) && self.0.scopes.inside(group).is_some()
    }

    /// What of the catalog the token may know; `None` for everything. Errors
    /// are those of the catalog.
    pub async fn visible(&self, catalog: &dyn Catalog) -> Result<Option<Visible>> {
        if self.is_server_admin() {
            return Ok(None);
        }
        let has_rights = |group: &Group| self.bits_in(group).is_some_and(|bits| bits != Bits::NONE);
        let groups = self.known_groups(catalog).await?;
        let groups =
            groups.iter().filter(|group| has_rights(group)).map(|group| group.id).collect();
        let mut databases = Vec::new();
        for reference in self.0.scopes.named_databases() {
            databases.extend(catalog.database(&reference).await?);
        }
        let ids: Vec<_> = self.0.scopes.databases.keys().copied().collect();
        databases.extend(databases_by_id(catalog, ids).await?);
        databases.retain(|database| self.bits_on(database).is_some());
        let databases = databases.iter().map(|database| database.id).collect();
        Ok(Some(Visible { groups, databases }))
    }

    /// The groups that the token names and may know; a server admin names none.
    pub(super) async fn known_groups(&self, catalog: &dyn Catalog) -> Result<Vec<Arc<Group>>> {
        let mut groups = Vec::new();
        for name in self.0.scopes.named.keys() {
            groups.extend(catalog.group(name).await?);
        }
        let ids = self.0.scopes.groups.keys().copied().collect();
        groups.extend(groups_by_id(catalog, ids).await?);
        groups.retain(|group| self.knows_group(group));
        Ok(groups)
    }

    fn bits_in(&self, group: &Group) -> Option<Bits> {
        if self.is_server_admin() {
            return Some(Bits::ALL);
        }
        self.0.scopes.inside(group).filter(|_| !self.is_struck(group.tokens_not_before))
    }

    fn bits_on(&self, database: &Database) -> Option<Bits> {
        if self.is_server_admin() {
            return Some(Bits::ALL);
        }
        self.0.scopes.on(database).filter(|_| !self.is_struck(database.tokens_not_before))
    }

    /// Whether an invalidation at this time strikes the token. One that does not
    /// tell when it was issued is struck by any.
    fn is_struck(&self, not_before: Timestamp) -> bool {
        not_before > Timestamp::default()
            && self.0.issue_time.is_none_or(|issued| issued <= not_before)
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("token_id", &self.0.token_id).finish_non_exhaustive()
    }
}

/// How many ids the catalog is asked about at once.
const CHUNK_IDS: usize = 500;

/// The groups of these ids, as far as they exist.
pub(super) async fn groups_by_id(
    catalog: &dyn Catalog,
    ids: Vec<GroupId>,
) -> Result<Vec<Arc<Group>>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK_IDS) {
        let visible = Visible { groups: chunk.to_vec(), databases: Vec::new() };
        found.extend(catalog.groups(None, chunk.len(), Some(visible)).await?);
    }
    Ok(found)
}

/// The databases of these ids, as far as they exist, also deleted ones.
pub(super) async fn databases_by_id(
    catalog: &dyn Catalog,
    ids: Vec<DatabaseId>,
) -> Result<Vec<Arc<Database>>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK_IDS) {
        let visible = Visible { groups: Vec::new(), databases: chunk.to_vec() };
        let filter =
            DatabaseFilter { show_deleted: true, visible: Some(visible), ..Default::default() };
        found.extend(catalog.databases(filter, None, chunk.len()).await?);
    }
    Ok(found)
}

/// The tokens that were revoked. Grows by an id with each revocation; those
/// that have expired are left out at the next start.
#[derive(Debug, Default)]
pub(super) struct Revocations(RwLock<HashSet<TokenId>>);

impl Revocations {
    pub(super) fn new(ids: Vec<TokenId>) -> Self {
        Self(RwLock::new(ids.into_iter().collect()))
    }

    pub(super) fn add(&self, id: TokenId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    fn contains(&self, id: TokenId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bits(u8);

impl Bits {
    /// Known, and no more.
    const NONE: Self = Self(0);
    const READ: Self = Self(1);
    const WRITE: Self = Self(2);
    const DDL: Self = Self(4);
    const ATTACH: Self = Self(8);
    const ADMIN: Self = Self(16);
    const READ_WRITE: Self = Self(Self::READ.0 | Self::WRITE.0);
    const ALL: Self = Self(Self::READ_WRITE.0 | Self::DDL.0 | Self::ATTACH.0 | Self::ADMIN.0);

    fn has(self, right: Self) -> bool {
        self.0 & right.0 == right.0
    }

    fn add(&mut self, rights: Self) {
        self.0 |= rights.0;
    }
}

impl Default for Bits {
    fn default() -> Self {
        Self::NONE
    }
}

/// Where the rights are. What is named here may be known to exist.
#[derive(Default)]
struct Scopes {
    everything: bool,
    databases: HashMap<DatabaseId, Bits>,
    groups: HashMap<GroupId, Bits>,
    /// By group name: of outside tokens alone.
    named: HashMap<GroupName, Named>,
}

/// What an outside token says of a group that it names.
#[derive(Default)]
struct Named {
    group: Bits,
    /// By name, or by UUID in its usual form, which no name has.
    databases: HashMap<String, Bits>,
}

impl Scopes {
    /// The scopes of an own token, which names by UUID alone.
    fn by_id(claims: &Claims) -> Result<Self> {
        let mut scopes = Self { everything: claims.p.srv, ..Self::default() };
        scopes.add_all(claims, Self::add_database_id, Self::add_group_id)?;
        Ok(scopes)
    }

    /// The scopes of an outside token. It can never make a server admin.
    fn by_name(claims: &Claims) -> Result<Self> {
        let mut scopes = Self::default();
        scopes.add_all(claims, Self::add_database, Self::add_group)?;
        Ok(scopes)
    }

    fn add_all(
        &mut self,
        claims: &Claims,
        database: impl Fn(&mut Self, &str, Bits) -> Result<()>,
        group: impl Fn(&mut Self, &str, Bits) -> Result<()>,
    ) -> Result<()> {
        let p = &claims.p;
        let both: [(&Names, Bits); 4] = [
            (&p.ro, Bits::READ),
            (&p.rw, Bits::READ_WRITE),
            (&p.roa, Bits::ATTACH),
            (&p.ddl, Bits::DDL),
        ];
        for (names, bits) in both {
            names.ns.iter().try_for_each(|name| database(self, name, bits))?;
            names.tags.iter().try_for_each(|name| group(self, name, bits))?;
        }
        p.adm.tags.iter().try_for_each(|name| group(self, name, Bits::ALL))?;
        p.within.iter().try_for_each(|name| group(self, name, Bits::NONE))
    }

    fn add_database_id(&mut self, text: &str, bits: Bits) -> Result<()> {
        let id = text.parse().map_err(|_| malformed("an own token names databases by UUID"))?;
        self.databases.entry(id).or_default().add(bits);
        Ok(())
    }

    fn add_group_id(&mut self, text: &str, bits: Bits) -> Result<()> {
        let id = text.parse().map_err(|_| malformed("an own token names groups by UUID"))?;
        self.groups.entry(id).or_default().add(bits);
        Ok(())
    }

    fn add_database(&mut self, text: &str, bits: Bits) -> Result<()> {
        if Uuid::try_parse(text).is_ok() {
            return self.add_database_id(text, bits);
        }
        let DatabaseRef { group, database } = DatabaseRef::parse(text)
            .map_err(|_| malformed("'ns' holds 'group/name', 'group/UUID', 'name' or a UUID"))?;
        let databases = &mut self.named.entry(group).or_default().databases;
        databases.entry(database.to_string()).or_default().add(bits);
        Ok(())
    }

    fn add_group(&mut self, text: &str, bits: Bits) -> Result<()> {
        if Uuid::try_parse(text).is_ok() {
            return self.add_group_id(text, bits);
        }
        let name =
            GroupName::new(text).map_err(|_| malformed("'tags' holds names of groups or UUIDs"))?;
        self.named.entry(name).or_default().group.add(bits);
        Ok(())
    }

    /// The rights in a group, as far as they are the group's; `None` if it is
    /// not named.
    fn inside(&self, group: &Group) -> Option<Bits> {
        let by_id = self.groups.get(&group.id).copied();
        let by_name = self.named.get(&group.name).map(|named| named.group);
        union([by_id, by_name])
    }

    /// The rights on a database; `None` if there are none.
    fn on(&self, database: &Database) -> Option<Bits> {
        let own = self.databases.get(&database.id).copied();
        let group = self.groups.get(&database.group_id).copied();
        let named = self.named.get(&database.group);
        let by_group_name = named.map(|named| named.group);
        let by_name = named.and_then(|named| named.databases.get(database.name.as_str()).copied());
        let mut buffer = Uuid::encode_buffer();
        let by_id = named.and_then(|named| {
            let id: &str = database.id.uuid().as_hyphenated().encode_lower(&mut buffer);
            named.databases.get(id).copied()
        });
        union([own, group, by_group_name, by_name, by_id]).filter(|bits| *bits != Bits::NONE)
    }

    fn named_databases(&self) -> impl Iterator<Item = DatabaseRef> + '_ {
        self.named.iter().flat_map(|(group, named)| {
            // The texts were made from valid references.
            let parsed = named.databases.keys().filter_map(|text| NameOrId::parse(text).ok());
            parsed.map(|database| DatabaseRef { group: group.clone(), database })
        })
    }

    fn has_admin(&self) -> bool {
        let mut groups =
            self.groups.values().copied().chain(self.named.values().map(|named| named.group));
        self.everything || groups.any(|bits| bits.has(Bits::ADMIN))
    }
}

fn union<const N: usize>(rights: [Option<Bits>; N]) -> Option<Bits> {
    rights.into_iter().flatten().reduce(|mut all, bits| {
        all.add(bits);
        all
    })
}

fn table_rules(permissions: &[Permission]) -> TableRules {
    let mut rules = TableRules::default();
    for permission in permissions {
        for action in &permission.actions {
            rules.allow(&permission.table, *action);
        }
    }
    rules
}

fn malformed(what: &'static str) -> Error {
    Error::new(Reason::TokenInvalid, format!("the token's claims are malformed: {what}"))
}
