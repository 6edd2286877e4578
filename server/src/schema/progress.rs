//! Where a running migration is, for everybody who asks: its row with the counts
//! of this moment. The row in the catalog is the truth; what is here is newer
//! than the row by counts alone, never by a state.

use std::sync::Arc;

use tokio::sync::watch;

use crate::storage::catalog::{Migration, MigrationFigures};

/// What is told of a running migration.
pub(super) struct Progress(watch::Sender<Migration>);

impl Progress {
    /// Begins with the row as it stands.
    pub(super) fn new(row: &Migration) -> Self {
        Self(watch::Sender::new(row.clone()))
    }

    /// The migration as it is now.
    pub(super) fn now(&self) -> Arc<Migration> {
        Arc::new(self.0.borrow().clone())
    }

    /// Follows it from now on.
    pub(super) fn follow(&self) -> watch::Receiver<Migration> {
        self.0.subscribe()
    }

    /// The catalog's row has become this one. What was counted since stays,
    /// unless the row is final and has its own figures.
    pub(super) fn publish(&self, row: &Migration) {
        self.0.send_modify(|live| {
            let figures = match row.state.is_final() {
                true => row.figures.clone(),
                false => std::mem::take(&mut live.figures),
            };
            *live = Migration { figures, ..row.clone() };
        });
    }

    /// Changes the figures.
    pub(super) fn count(&self, change: impl FnOnce(&mut MigrationFigures)) {
        self.0.send_modify(|live| change(&mut live.figures));
    }

    /// The figures of this moment.
    pub(super) fn figures(&self) -> MigrationFigures {
        self.0.borrow().figures.clone()
    }
}
