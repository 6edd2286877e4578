//! Points where tests make the server fail: before and after what is durable.
//!
//! A server is told of at most one, by a hidden flag, and it acts once. Without
//! one a point costs a look at an `Option`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

macro_rules! failpoints {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A point where the server can be made to fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Failpoint { $($(#[$doc])* $name,)* }

        impl Failpoint {
            /// All of them, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

failpoints! {
    /// Writes that share a transaction are about to commit.
    GroupCommit = "group-commit",
    /// They have, and nobody was answered.
    GroupCommitted = "group-committed",
    /// A write with a transaction of its own is about to commit.
    AloneCommit = "alone-commit",
    /// It has, and was not answered.
    AloneCommitted = "alone-committed",
    /// A transaction that holds the writer is about to commit.
    LeaseCommit = "lease-commit",
    /// It has, and was not answered.
    LeaseCommitted = "lease-committed",
    /// A database is about to get its file.
    FirstUse = "first-use",
    /// It has it, and the catalog does not know.
    FirstUseMade = "first-use-made",
    /// A branch has a row that nobody sees, and no file.
    BranchStaged = "branch-staged",
    /// Its snapshot was copied, and is not in its place.
    BranchCopied = "branch-copied",
    /// It has its file, and is about to be seen.
    BranchMade = "branch-made",
    /// The catalog is about to commit.
    CatalogCommit = "catalog-commit",
    /// It has, and nobody was answered.
    CatalogCommitted = "catalog-committed",
    /// Databases are marked as purged, and their files are there.
    PurgeMarked = "purge-marked",
    /// Their files are gone, and their rows are there.
    PurgeRemoved = "purge-removed",
    /// A new signing key is on disk and not in use.
    KeyWritten = "key-written",
    /// The first admin token is in its file, and the catalog does not know.
    AdminTokenWritten = "admin-token-written",
    /// A migration is recorded, and nothing of it has run.
    MigrationRecorded = "migration-recorded",
    /// It was validated on one child.
    MigrationValidated = "migration-validated",
    /// A round of validation is over.
    MigrationRound = "migration-round",
    /// The fence is up, and the last children are not validated.
    FenceRaised = "fence-raised",
    /// All is validated, and the decision is about to be written.
    MigrationCommit = "migration-commit",
    /// It is written, and nobody but the catalog knows.
    MigrationCommitted = "migration-committed",
    /// The end of a migration is about to be noted.
    MigrationEnd = "migration-end",
    /// It is noted, and nobody was told.
    MigrationEnded = "migration-ended",
    /// A file is about to be brought to its schema's generation.
    RedoCommit = "redo-commit",
    /// It was, and nobody knows.
    RedoCommitted = "redo-committed",
    /// A child whose validation was held is about to be committed.
    HeldCommit = "held-commit",
    /// It was, and nobody knows.
    HeldCommitted = "held-committed",
    /// Files were brought up in the background, and are not durable.
    SweepApplied = "sweep-applied",
    /// They are durable, and the catalog does not know.
    SweepSynced = "sweep-synced",
    /// A template was copied from its schema, and is not in its place.
    TemplateCopied = "template-copied",
    /// It is in its place, and was not used.
    TemplateMade = "template-made",
}

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// The step fails.
    Error,
    /// The thread panics.
    Panic,
    /// The process is killed, as by `kill -9`.
    Kill,
}

/// The point that is armed, if one is. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Failpoints(Option<Arc<Armed>>);

#[derive(Debug)]
struct Armed {
    point: Failpoint,
    action: Action,
    done: AtomicBool,
}

impl Failpoints {
    /// Reads `point=action`. Errors: what is known, for whoever writes tests.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, action) = text.split_once('=').unwrap_or((text, ""));
        let point = Failpoint::ALL.iter().find(|point| point.as_str() == name);
        let action = match action {
            "error" => Some(Action::Error),
            "panic" => Some(Action::Panic),
            "kill" => Some(Action::Kill),
            _ => None,
        };
        match (point, action) {
            (Some(&point), Some(action)) => {
                Ok(Self(Some(Arc::new(Armed { point, action, done: AtomicBool::new(false) }))))
            }
            _ => {
                let names: Vec<_> = Failpoint::ALL.iter().map(|point| point.as_str()).collect();
                Err(format!("is POINT=error|panic|kill, with a point of: {}", names.join(" ")))
            }
        }
    }

    /// Acts, where `point` is armed and has not acted yet.
    pub(super) fn pass(&self, point: Failpoint) -> Result<()> {
        let Some(armed) = self.0.as_ref().filter(|armed| armed.point == point) else {
            return Ok(());
        };
        if armed.done.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        tracing::warn!(point = point.as_str(), action = ?armed.action, "failpoint reached");
        match armed.action {
            Action::Error => Err(Error::internal(format!("failpoint {}", point.as_str()))),
            Action::Panic => panic!("failpoint {}", point.as_str()),
            Action::Kill => {
                // It cannot fail for the process itself, and nothing follows it.
                let _ = rustix::process::kill_process(
                    rustix::process::getpid(),
                    rustix::process::Signal::KILL,
                );
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_acts_once_and_others_not() {
        let armed = Failpoints::parse("first-use=error").expect("is known");
        assert!(armed.pass(Failpoint::GroupCommit).is_ok());
        assert!(armed.pass(Failpoint::FirstUse).is_err());
        assert!(armed.pass(Failpoint::FirstUse).is_ok());
        for unknown in ["", "first-use", "first-use=sleep", "nothing=kill"] {
            assert!(Failpoints::parse(unknown).expect_err(unknown).contains("key-written"));
        }
    }
}
