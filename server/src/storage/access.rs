//! What a request may do inside one database, in the words of SQL.
//!
//! Grants are turned into an [`Access`], and the guard turns an [`Access`] into
//! verdicts of SQLite's authorizer. It knows no tokens.

use std::collections::BTreeMap;

/// The rights of a request inside its main database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Rows may be inserted, updated and deleted.
    pub write: bool,
    /// Tables, indexes, views and triggers may be created, changed and dropped.
    pub ddl: bool,
    /// Why DDL is refused, where it is the database's kind that refuses it and
    /// not the token: answers `OPERATION_BLOCKED` instead of `PERMISSION_DENIED`.
    pub ddl_blocked: bool,
    /// What the tables allow, where the token has rules for tables. They narrow
    /// the rights above, also for attached tables, and never widen them.
    pub rules: Option<TableRules>,
}

impl Access {
    /// What a migration's script may do.
    pub(super) fn migration() -> Self {
        Self { write: true, ddl: true, ddl_blocked: false, rules: None }
    }
}

#[cfg(test)]
impl Access {
    /// Reading everything, writing nothing.
    #[must_use]
    pub fn read_only() -> Self {
        Self { write: false, ddl: false, ddl_blocked: false, rules: None }
    }

    /// Everything that SQL may do in a tenant's database.
    #[must_use]
    pub fn full() -> Self {
        Self { write: true, ddl: true, ddl_blocked: false, rules: None }
    }
}

/// What can be done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableAction {
    /// Read rows.
    DataRead,
    /// Insert rows.
    DataAdd,
    /// Update rows.
    DataUpdate,
    /// Delete rows, also by `REPLACE` and by foreign keys.
    DataDelete,
    /// Create the table, its indexes and triggers.
    SchemaAdd,
    /// Alter the table, reindex and analyze it.
    SchemaUpdate,
    /// Drop the table, its indexes and triggers.
    SchemaDelete,
}

impl TableAction {
    /// Every action.
    pub const ALL: [Self; 7] = [
        Self::DataRead,
        Self::DataAdd,
        Self::DataUpdate,
        Self::DataDelete,
        Self::SchemaAdd,
        Self::SchemaUpdate,
        Self::SchemaDelete,
    ];

    /// The name in claims and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataRead => "data_read",
            Self::DataAdd => "data_add",
            Self::DataUpdate => "data_update",
            Self::DataDelete => "data_delete",
            Self::SchemaAdd => "schema_add",
            Self::SchemaUpdate => "schema_update",
            Self::SchemaDelete => "schema_delete",
        }
    }

    /// Reads a name; `None` where it names no action.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// Rules for tables: what is not listed is not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TableRules {
    /// Allowed on every table.
    everywhere: Vec<TableAction>,
    /// Allowed on one table, by its name in lower case.
    tables: BTreeMap<String, Vec<TableAction>>,
}

impl TableRules {
    /// The name that means every table.
    pub const EVERY_TABLE: &'static str = "*";

    /// Allows an action on a table, or on every table by the name `*`.
    pub fn allow(&mut self, table: &str, action: TableAction) {
        let actions = if table == Self::EVERY_TABLE {
            &mut self.everywhere
        } else {
            self.tables.entry(table.to_ascii_lowercase()).or_default()
        };
        if !actions.contains(&action) {
            actions.push(action);
            actions.sort_unstable();
        }
    }

    /// Whether an action on a table is allowed. As in SQL, case is ignored.
    #[must_use]
    pub fn allows(&self, table: &str, action: TableAction) -> bool {
        self.everywhere.contains(&action)
            || self
                .tables
                .get(&table.to_ascii_lowercase())
                .is_some_and(|actions| actions.contains(&action))
    }
}
