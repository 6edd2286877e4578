//! What a token says: the claims of the JWTs that this server mints and of
//! those that it accepts from outside issuers.
//!
//! ```json
//! {
//!   "iss": "tenantry",           // or the outside issuer
//!   "aud": "<instance id>",      // or what the issuer is configured with; a list may hold it
//!   "sub": "checkout service",   // optional, for people and logs
//!   "jti": "<UUID>",             // own tokens: what revocation names
//!   "iat": 1760000000.123,       // seconds; invalidation strikes what was issued before
//!   "nbf": 1760000000,           // optional, outside tokens
//!   "exp": 1760604800.123,       // required, but for own tokens that say "never": true
//!   "p": {
//!     "ro":  { "ns": ["<database>"], "tags": ["<group>"] },  // read
//!     "rw":  { "ns": [], "tags": [] },                       // read, write, DDL on REGULAR
//!     "roa": { "ns": [], "tags": [] },                       // attach, read-only
//!     "ddl": { "ns": [], "tags": [] },                       // migrate SCHEMA, DDL on REGULAR
//!     "adm": { "tags": [] },                                 // everything in these groups
//!     "in":  ["<group>"],                                    // own tokens: groups of the databases above
//!     "srv": true                                            // own tokens: everything
//!   },
//!   "perms": [{ "t": "orders", "a": ["data_read", "data_add"] }]
//! }
//! ```
//!
//! `ns` names databases and `tags` names groups: by UUID in own tokens, so that
//! a token never opens a later database of the same name; from outside also as
//! `group/name`, `group/UUID` or `name` (in the group `default`).
//!
//! `perms` narrows what `p` gives, table by table (`*` is every table); without
//! it the rights hold for all tables, with an empty list for none. Rights of
//! admins cannot be narrowed. The actions are `data_read`, `data_add`,
//! `data_update`, `data_delete`, `schema_add`, `schema_update` and
//! `schema_delete`.
//!
//! The clock of an outside issuer may be a few seconds ahead. So that nothing
//! slips past an invalidation, its tokens count as issued that much earlier:
//! after one, it has to wait as long before it mints anew. A token without
//! `iat` is struck by any invalidation.
//!
//! An unknown claim grants nothing. A known one in another form than above, or
//! given twice, spoils the token. This file reads and writes the form alone;
//! what it is worth is decided in `verify.rs` and `grant.rs`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::env::Timestamp;
use crate::storage::TableAction;

/// The issuer of the tokens that this server mints.
pub(super) const OWN_ISSUER: &str = "tenantry";
/// The latest time that a claim can name: the end of the year 9999.
const DATE_SECONDS_MAX: f64 = 253_402_300_799.0;

/// The payload of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    /// Who signed it.
    pub(super) iss: String,
    /// For which server.
    pub(super) aud: Audience,
    /// For whom, in the minter's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<String>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) jti: Option<String>,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) iat: Option<Date>,
    /// Not valid before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<Date>,
    /// Not valid from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exp: Option<Date>,
    /// Valid for ever.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) never: bool,
    /// What it permits.
    #[serde(default, deserialize_with = "object")]
    pub(super) p: Permits,
    /// What it permits on tables; `None` for everything that `p` gives.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "objects")]
    pub(super) perms: Option<Vec<Permission>>,
}

/// The `p` claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Permits {
    /// May be read.
    #[serde(skip_serializing_if = "Names::is_empty", deserialize_with = "object")]
    pub(super) ro: Names,
    /// May be read and written.
    #[serde(skip_serializing_if = "Names::is_empty", deserialize_with = "object")]
    pub(super) rw: Names,
    /// May be attached.
    #[serde(skip_serializing_if = "Names::is_empty", deserialize_with = "object")]
    pub(super) roa: Names,
    /// May have their schema changed.
    #[serde(skip_serializing_if = "Names::is_empty", deserialize_with = "object")]
    pub(super) ddl: Names,
    /// May be administered.
    #[serde(skip_serializing_if = "Groups::is_empty", deserialize_with = "object")]
    pub(super) adm: Groups,
    /// May be known: the groups that hold the databases named.
    #[serde(rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub(super) within: Vec<String>,
    /// Everything may be done.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) srv: bool,
}

/// Databases and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Names {
    /// Databases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ns: Vec<String>,
    /// Groups, with every database in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.ns.is_empty() && self.tags.is_empty()
    }
}

/// Groups alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Groups {
    /// Groups, with every database in them.
    pub(super) tags: Vec<String>,
}

impl Groups {
    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
}

/// What may be done to a table.
///
/// An unknown member would most likely narrow the permission, so it may not be
/// ignored as elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The table's name, or `*` for every table.
    #[serde(rename = "t")]
    pub table: String,
    /// What may be done to it.
    #[serde(rename = "a", with = "actions")]
    pub actions: Vec<TableAction>,
}

/// Actions by their names.
mod actions {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        actions: &[TableAction],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(actions.iter().map(|action| action.as_str()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<TableAction>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let known = names.iter().map(|name| TableAction::parse(name));
        known.collect::<Option<_>>().ok_or_else(|| de::Error::custom("unknown action"))
    }
}

/// The `aud` claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    /// One server.
    One(String),
    /// Any of these.
    Many(Vec<String>),
}

impl Audience {
    pub(super) fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// A time in a claim: seconds since 1970, kept to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date(pub(super) Timestamp);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Timestamp(ms) = self.0;
        if ms % 1000 == 0 {
            serializer.serialize_i64(ms / 1000)
        } else {
            serializer.serialize_f64(ms as f64 / 1000.0)
        }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..=DATE_SECONDS_MAX).contains(&seconds) {
            return Err(de::Error::custom("time out of range"));
        }
        // The range above fits: the cast loses nothing.
        Ok(Self(Timestamp((seconds * 1000.0).round() as i64)))
    }
}

/// A struct that is written as an object. Derived structs alone would also be
/// read from a list of their members, which nobody means.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(Some(objects.into_iter().map(|Object(value)| value).collect()))
}

fn is_false(value: &bool) -> bool {
    !*value
}
