//! What a token shall permit, in the words of who asks for it, and the claims
//! that say so. Whether the caller may give it away is checked in `tokens.rs`.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::claims::{Claims, Groups, Names, Permission, Permits};
use super::grant::SUBJECT_CHARS_MAX;
use crate::env::Timestamp;
use crate::error::{Error, Result};
use crate::names::{DatabaseId, DatabaseRef, GroupId, GroupName};

/// How many databases, groups, attachable databases or permissions a token
/// names at most, of each.
const NAMES_MAX: usize = 100;
/// The longest name of a table in a permission, in bytes.
const TABLE_NAME_BYTES_MAX: usize = 256;
/// How long a token lives where the request leaves it open.
const LIFETIME_DEFAULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The longest life of a token that expires: 3650 days.
const LIFETIME_MAX: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
/// How far a token reaches into what it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccessLevel {
    /// Reads.
    ReadOnly,
    /// Reads and writes, and changes the schema of REGULAR databases.
    #[default]
    ReadWrite,
    /// Everything inside the groups that it names.
    Admin,
}

/// What a new token shall permit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenSpec {
    /// The databases that it covers.
    pub databases: Vec<DatabaseRef>,
    /// The groups that it covers, with every database in them.
    pub groups: Vec<GroupName>,
    /// How far it reaches into those.
    pub access: AccessLevel,
    /// Whether it may migrate the SCHEMA databases among them.
    pub ddl: bool,
    /// The databases that it may attach.
    pub attach: Vec<DatabaseRef>,
    /// What it may do to which tables; empty for everything.
    pub permissions: Vec<Permission>,
    /// How long it lives; `None` leaves it open.
    pub ttl: Option<Duration>,
    /// Whether it lives until it is revoked.
    pub never_expires: bool,
    /// For whom it is.
    pub subject: String,
    /// Whether it may do everything.
    pub server_admin: bool,
}

/// What a minted token permits, in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenScopes {
    /// Databases as `group/name`; as UUID those that are gone.
    pub databases: Vec<String>,
    /// Groups by name; as UUID those that are gone.
    pub groups: Vec<String>,
    /// How far it reaches into those.
    pub access: AccessLevel,
    /// Whether it may migrate the SCHEMA databases among them.
    pub ddl: bool,
    /// Databases that it may attach, as in `databases`.
    pub attach: Vec<String>,
    /// What it may do to which tables; empty for everything.
    pub permissions: Vec<Permission>,
    /// Whether it may do everything.
    pub server_admin: bool,
}

/// What a token names, resolved.
#[derive(Default)]
pub(super) struct Named {
    pub(super) databases: BTreeSet<DatabaseId>,
    pub(super) groups: BTreeSet<GroupId>,
    pub(super) attach: BTreeSet<DatabaseId>,
    /// The groups of the databases above.
    pub(super) within: BTreeSet<GroupId>,
    /// When the tokens of any of these were invalidated last.
    pub(super) not_before: Timestamp,
}

impl TokenSpec {
    /// Checks what can be told without the catalog; answers how long the token
    /// lives, `None` for ever. Errors: `INVALID_ARGUMENT`.
    pub(super) fn check(&self) -> Result<Option<Duration>> {
        let counts = [
            ("databases", self.databases.len()),
            ("groups", self.groups.len()),
            ("attach", self.attach.len()),
            ("permissions", self.permissions.len()),
        ];
        if let Some((field, _)) = counts.iter().find(|(_, count)| *count > NAMES_MAX) {
            return Err(Error::field(*field, format!("may hold at most {NAMES_MAX}")));
        }
        if self.subject.chars().count() > SUBJECT_CHARS_MAX {
            return Err(Error::field(
                "subject",
                format!("may have at most {SUBJECT_CHARS_MAX} characters"),
            ));
        }
        for Permission { table, actions } in &self.permissions {
            if table.is_empty() || table.len() > TABLE_NAME_BYTES_MAX || actions.is_empty() {
                let description = format!(
                    "each needs a table of 1 to {TABLE_NAME_BYTES_MAX} bytes, '*' for every, and an action"
                );
                return Err(Error::field("permissions", description));
            }
        }
        let names_others = counts.iter().any(|(_, count)| *count > 0) || self.ddl;
        match (self.server_admin, self.access) {
            (true, _) if names_others => {
                return Err(Error::field(
                    "server_admin",
                    "covers everything already; leave the other scopes empty",
                ));
            }
            (true, _) => {}
            (false, AccessLevel::Admin) => self.check_admin()?,
            (false, AccessLevel::ReadOnly | AccessLevel::ReadWrite) => {
                if self.databases.is_empty() && self.groups.is_empty() {
                    return Err(Error::field("databases", "name at least one database or group"));
                }
            }
        }
        match (self.ttl, self.never_expires) {
            (Some(_), true) => Err(Error::field("ttl", "give either this or never_expires")),
            (None, true) => Ok(None),
            (None, false) => Ok(Some(LIFETIME_DEFAULT)),
            // Times have milliseconds: a shorter life would be none.
            (Some(ttl), false) if ttl < Duration::from_millis(1) || ttl > LIFETIME_MAX => {
                Err(Error::field("ttl", "must be more than 0 and at most 3650 days"))
            }
            (Some(ttl), false) => Ok(Some(ttl)),
        }
    }

    fn check_admin(&self) -> Result<()> {
        if self.groups.is_empty() {
            return Err(Error::field("groups", "ADMIN access needs at least one group"));
        }
        if !self.databases.is_empty() {
            return Err(Error::field(
                "databases",
                "ADMIN access is for groups; name their groups instead",
            ));
        }
        if !self.permissions.is_empty() {
            return Err(Error::field("permissions", "ADMIN access cannot be restricted to tables"));
        }
        Ok(())
    }
}

/// The `p` claim for what a token shall permit.
pub(super) fn permits(spec: &TokenSpec, named: &Named) -> Permits {
    let covered = Names { ns: texts(&named.databases), tags: texts(&named.groups) };
    let mut p = Permits {
        roa: Names { ns: texts(&named.attach), tags: Vec::new() },
        within: texts(&named.within),
        srv: spec.server_admin,
        ..Permits::default()
    };
    if spec.ddl {
        p.ddl = covered.clone();
    }
    match spec.access {
        AccessLevel::ReadOnly => p.ro = covered,
        AccessLevel::ReadWrite => p.rw = covered,
        AccessLevel::Admin => p.adm = Groups { tags: covered.tags },
    }
    p
}

/// What [`permits`] made its claim from, with names for ids.
pub(super) fn scopes(claims: Claims, names: &HashMap<String, String>) -> TokenScopes {
    let p = claims.p;
    let named = |ids: Vec<String>| -> Vec<String> {
        ids.into_iter().map(|id| names.get(&id).cloned().unwrap_or(id)).collect()
    };
    let (access, covered) = if p.srv || !p.adm.is_empty() {
        (AccessLevel::Admin, Names { ns: Vec::new(), tags: p.adm.tags })
    } else if p.rw.is_empty() {
        (AccessLevel::ReadOnly, p.ro)
    } else {
        (AccessLevel::ReadWrite, p.rw)
    };
    TokenScopes {
        databases: named(covered.ns),
        groups: named(covered.tags),
        access,
        ddl: !p.ddl.is_empty(),
        attach: named(p.roa.ns),
        permissions: claims.perms.unwrap_or_default(),
        server_admin: p.srv,
    }
}

/// Every group that a token reaches into; none for a server admin's.
pub(super) fn groups_of(p: &Permits) -> Result<BTreeSet<GroupId>> {
    let tags = [&p.ro, &p.rw, &p.roa, &p.ddl].into_iter().flat_map(|names| &names.tags);
    let all = tags.chain(&p.adm.tags).chain(&p.within);
    all.map(|id| id.parse().map_err(Error::internal)).collect()
}

fn texts<T: ToString>(ids: &BTreeSet<T>) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
