//! Names and ids that are valid by construction.
//!
//! A value of a type in this file has passed its rules, so nothing above needs
//! to check again. This file knows no storage: whether a name exists is the
//! catalog's matter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Reason, Result};

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// The longest `request_id`.
const REQUEST_ID_BYTES_MAX: usize = 128;
/// The group that always exists, and that a reference without a group means.
pub const DEFAULT_GROUP: &str = "default";

fn check_name(what: &'static str, name: &str) -> Result<()> {
    let first_ok = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest_ok = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let problem = if name.is_empty() {
        "is empty"
    } else if !first_ok || !rest_ok {
        "may hold only a-z, 0-9 and '-', and starts with a letter or digit"
    } else if name.len() > NAME_CHARS_MAX {
        "is longer than 64 characters"
    } else if Uuid::try_parse(name).is_ok() {
        "has the form of a UUID, which would be ambiguous"
    } else {
        return Ok(());
    };
    let description = format!("the {what} name {problem}");
    Err(Error::new(Reason::InvalidName, description.clone())
        .with("name", name.chars().take(2 * NAME_CHARS_MAX).collect::<String>())
        .with_field("name", description))
}

/// Checks the rule for a `request_id`; an empty one is none.
pub fn check_request_id(id: &str) -> Result<()> {
    if id.len() > REQUEST_ID_BYTES_MAX || !id.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        let rule = format!("must have at most {REQUEST_ID_BYTES_MAX} printable ASCII characters");
        return Err(Error::field("request_id", rule));
    }
    Ok(())
}

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks the rules for names. Errors: `INVALID_NAME`.
            pub fn new(name: impl Into<String>) -> Result<Self> {
                let name = name.into();
                check_name($what, &name)?;
                Ok(Self(name))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(name: String) -> Result<Self> {
                Self::new(name)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }
    };
}

name_type!(
    /// The name of a group: 1 to 64 of `[a-z0-9-]`, starting with a letter or
    /// digit, not of the form of a UUID.
    GroupName, "group"
);
name_type!(
    /// The name of a database, unique in its group: 1 to 64 of `[a-z0-9-]`,
    /// starting with a letter or digit, not of the form of a UUID.
    DatabaseName, "database"
);

impl Default for GroupName {
    fn default() -> Self {
        Self(DEFAULT_GROUP.to_owned())
    }
}

impl GroupName {
    /// The name that a request gives, where empty means `default`.
    pub fn or_default(name: &str) -> Result<Self> {
        if name.is_empty() { Ok(Self::default()) } else { Self::new(name) }
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(Uuid);

        impl $type {
            /// Wraps a UUID that was made for this use.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $type {
            type Err = uuid::Error;
            fn from_str(text: &str) -> std::result::Result<Self, uuid::Error> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id_type!(
    /// The id of a database: never given to another, also after deletion.
    DatabaseId
);
id_type!(
    /// The id of a group: never given to another, also after deletion.
    GroupId
);
id_type!(
    /// The id of a token, its `jti` claim.
    TokenId
);
id_type!(
    /// The id of a migration.
    MigrationId
);

/// The number of committed migrations of a schema; 0 at creation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The last one: SQLite keeps the number of a file in 31 bits.
    pub const MAX: Self = Self(i32::MAX as u64);

    /// The one that the next migration leads to.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a request names a database inside a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NameOrId {
    /// By name.
    Name(DatabaseName),
    /// By UUID.
    Id(DatabaseId),
}

impl NameOrId {
    /// Reads a name or a UUID. Errors: `INVALID_NAME`.
    pub fn parse(text: &str) -> Result<Self> {
        match DatabaseId::from_str(text) {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => DatabaseName::new(text).map(Self::Name),
        }
    }
}

impl fmt::Display for NameOrId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// How a request names a database: `group/name`, `group/UUID`, or without a
/// group, which means `default`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DatabaseRef {
    /// The group that the name or id is looked up in.
    pub group: GroupName,
    /// The database in it.
    pub database: NameOrId,
}

impl DatabaseRef {
    /// Reads a reference. Errors: `INVALID_NAME`.
    pub fn parse(text: &str) -> Result<Self> {
        let (group, database) = match text.split_once('/') {
            Some((group, database)) => (GroupName::new(group)?, database),
            None => (GroupName::default(), text),
        };
        Ok(Self { group, database: NameOrId::parse(database)? })
    }
}

impl fmt::Display for DatabaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.database)
    }
}

/// The name by which SQL calls an attached database: 1 to 64 of
/// `[A-Za-z0-9_-]`, starting with a letter, a digit or `_`; not `main`, `temp`
/// or `sqlite_…`. As in SQL, case does not tell aliases apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias(String);

impl Alias {
    /// Checks the rules for aliases. Errors: `INVALID_ATTACHMENT`.
    pub fn new(alias: impl Into<String>) -> Result<Self> {
        let alias = alias.into();
        let lower = alias.to_ascii_lowercase();
        let problem = if alias.is_empty() || alias.len() > NAME_CHARS_MAX {
            "must have 1 to 64 characters"
        } else if alias.starts_with('-')
            || !alias.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        {
            "may hold only letters, digits, '_' and '-', and does not start with '-'"
        } else if matches!(lower.as_str(), "main" | "temp") || lower.starts_with("sqlite_") {
            "is reserved"
        } else {
            return Ok(Self(alias));
        };
        let shown: String = alias.chars().take(NAME_CHARS_MAX).collect();
        Err(Error::new(Reason::InvalidAttachment, format!("the alias '{shown}' {problem}"))
            .with("alias", shown))
    }
}

impl PartialEq for Alias {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Alias {}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_rules() {
        for good in ["a", "0", "a-b-c", "x".repeat(64).as_str(), "9lives"] {
            assert!(DatabaseName::new(good).is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        let uuid = Uuid::nil().to_string();
        for bad in ["", "-a", "A", "a_b", "../x", "ü", "a b", "a/b", long.as_str(), uuid.as_str()]
        {
            let error = DatabaseName::new(bad).expect_err(bad);
            assert_eq!(error.reason(), Reason::InvalidName, "{bad}");
        }
    }

    #[test]
    fn references_default_to_the_default_group() {
        let plain = DatabaseRef::parse("shop").expect("valid");
        assert_eq!(plain.to_string(), "default/shop");
        let id = Uuid::from_u128(7);
        let by_id = DatabaseRef::parse(&format!("eu/{id}")).expect("valid");
        assert_eq!(by_id.database, NameOrId::Id(DatabaseId::new(id)));
        assert!(DatabaseRef::parse("a/b/c").is_err());
        assert!(DatabaseRef::parse("/b").is_err());
    }

    #[test]
    fn aliases_fold_case_and_refuse_reserved_ones() {
        assert_eq!(Alias::new("Up").expect("valid"), Alias::new("uP").expect("valid"));
        for bad in ["", "MAIN", "temp", "sqlite_x", "a.b", "a\"b", "-x"] {
            assert!(Alias::new(bad).is_err(), "{bad}");
        }
    }
}
