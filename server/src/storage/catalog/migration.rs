//! What the catalog says of migrations, and of the children of a schema.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::env::Timestamp;
use crate::names::{DatabaseId, DatabaseName, Generation, MigrationId};

/// How foreign keys are treated while a migration runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ForeignKeys {
    /// Enforced statement by statement, as in any write.
    #[default]
    Enforced,
    /// Off while the script runs, and checked whole at its end.
    CheckAtEnd,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MigrationState {
    /// It is being validated; nothing has changed.
    Preparing,
    /// It has happened; some files are still behind.
    Committed,
    /// Every file is at its generation, or quarantined.
    Applied,
    /// It did not pass; nothing has changed.
    Failed,
    /// It was cancelled; nothing has changed.
    Cancelled,
}

impl MigrationState {
    /// Whether nothing will become of it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Applied | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for MigrationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preparing => "PREPARING",
            Self::Committed => "COMMITTED",
            Self::Applied => "APPLIED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        })
    }
}

/// Why a migration failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationFailure {
    /// On which database, as `group/name`.
    pub database: String,
    /// At which statement of the script, from 0; none where it was not a
    /// statement that failed.
    pub statement_index: Option<u32>,
    /// Why.
    pub message: String,
}

/// What was measured of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MigrationFigures {
    /// Live children of the schema.
    pub children_total: u64,
    /// Children on which it is known to succeed.
    pub children_validated: u64,
    /// Children whose files are at its generation, or that have none.
    pub children_applied: u64,
    /// Children to which it cannot be applied.
    pub children_quarantined: u64,
    /// It was proved on the parent alone: rows cannot make it fail.
    pub row_independent: bool,
    /// Children validated in each round, the one behind the fence last.
    pub validated_per_round: Vec<u64>,
    /// Children that were written after their validation, when the fence went up.
    pub dirty_at_fence: u64,
    /// How long the fence was up.
    pub fence: Duration,
    /// The longest time that a write had to wait because of it.
    pub max_write_pause: Duration,
    /// From the commit until every file was brought up.
    pub apply: Duration,
}

/// A migration, as its row stood when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its id.
    pub id: MigrationId,
    /// The SCHEMA database.
    pub schema: DatabaseId,
    /// The generation that it leads to.
    pub generation: Generation,
    /// The script.
    pub sql: Arc<str>,
    /// How foreign keys are treated.
    pub foreign_keys: ForeignKeys,
    /// Rows may depend on chance or time.
    pub allow_nondeterministic: bool,
    /// How far it is.
    pub state: MigrationState,
    /// Why it failed.
    pub failure: Option<MigrationFailure>,
    /// What was measured.
    pub figures: MigrationFigures,
    /// When it was recorded.
    pub create_time: Timestamp,
    /// When it committed.
    pub commit_time: Option<Timestamp>,
    /// When it reached its final state.
    pub finish_time: Option<Timestamp>,
}

/// A migration to be recorded, from the schema's present generation to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMigration {
    /// Its id.
    pub id: MigrationId,
    /// The SCHEMA database.
    pub schema: DatabaseId,
    /// The generation that the schema must be at; `None` for any.
    pub expected_generation: Option<Generation>,
    /// The script.
    pub sql: Arc<str>,
    /// How foreign keys are treated.
    pub foreign_keys: ForeignKeys,
    /// Rows may depend on chance or time.
    pub allow_nondeterministic: bool,
}

/// How a migration ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationEnd {
    /// It did not pass.
    Failed(MigrationFailure),
    /// It was cancelled.
    Cancelled,
    /// Every file is at its generation, or quarantined.
    Applied,
}

/// One script of a schema's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationScript {
    /// The generation that it leads to.
    pub generation: Generation,
    /// The script.
    pub sql: Arc<str>,
    /// How foreign keys are treated.
    pub foreign_keys: ForeignKeys,
    /// Rows may depend on chance or time.
    pub allow_nondeterministic: bool,
    /// What time it is while it runs: when its migration was recorded.
    pub time: Timestamp,
}

/// A child that has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: DatabaseId,
    /// Its name.
    pub name: DatabaseName,
    /// The generation that its file has reached for sure.
    pub file_generation: Generation,
}

/// Which members a list is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberFilter {
    /// All.
    All,
    /// Whose files are not known to have reached this generation.
    Behind(Generation),
    /// These, as far as they are members.
    Among(Vec<DatabaseId>),
}

/// Whether a child has followed its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChildState {
    /// Its file is at the schema's generation, or it has none.
    Current,
    /// Its file is behind.
    Pending,
    /// Its file cannot be brought up.
    Quarantined,
}

/// How many live children of a schema there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildCounts {
    /// All of them.
    pub total: u64,
    /// Those that have a file.
    pub used: u64,
    /// Of those, the ones whose file is not known to be at the schema's
    /// generation; quarantined ones too.
    pub behind: u64,
    /// Those that are quarantined.
    pub quarantined: u64,
}
