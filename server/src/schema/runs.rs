//! The migrations that are being driven, so that each is by one task alone, and
//! whoever asks finds it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Shared;
use super::progress::Progress;
use super::runner::{FirstProof, Runner};
use crate::error::Result;
use crate::names::MigrationId;
use crate::storage::catalog::{Database, Migration};

/// A migration that is being driven.
pub(super) struct Run {
    /// Where it is.
    pub(super) progress: Arc<Progress>,
    /// Somebody wants it cancelled; that is not taken back.
    pub(super) cancel: CancellationToken,
}

/// All of them.
#[derive(Default)]
pub(super) struct Runs(Mutex<HashMap<MigrationId, Arc<Run>>>);

impl Runs {
    fn map(&self) -> MutexGuard<'_, HashMap<MigrationId, Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A migration, if it is being driven.
    pub(super) fn get(&self, id: MigrationId) -> Option<Arc<Run>> {
        self.map().get(&id).map(Arc::clone)
    }
}

impl Shared {
    /// Drives a migration to its end, if nobody does yet. `None` where it has
    /// ended. It is left alone by whoever asked for it: neither their going away
    /// nor a panic stops it, but the server's end does.
    pub(super) fn drive(
        self: &Arc<Self>,
        row: &Migration,
        parent: &Arc<Database>,
        proof: Option<FirstProof>,
    ) -> Option<Arc<Run>> {
        if row.state.is_final() {
            return None;
        }
        let run = match self.runs.map().entry(row.id) {
            Entry::Occupied(driven) => return Some(Arc::clone(driven.get())),
            Entry::Vacant(free) => {
                let progress = Arc::new(Progress::new(row));
                let run = Arc::new(Run { progress, cancel: CancellationToken::new() });
                Arc::clone(free.insert(run))
            }
        };
        let (shared, id) = (Arc::clone(self), row.id);
        let runner =
            Runner::new(Arc::clone(self), Arc::clone(&run), row, Arc::clone(parent), proof);
        self.tasks.spawn(async move {
            let _ = shared.stop.run_until_cancelled(runner.run()).await;
            // With this, whoever waits hears that nobody drives it any more.
            shared.runs.map().remove(&id);
        });
        Some(run)
    }

    /// Drives all migrations that have not ended and that nobody drives.
    pub(super) async fn drive_unfinished(self: &Arc<Self>) -> Result<()> {
        for row in self.catalog.unfinished_migrations().await? {
            if self.runs.get(row.id).is_none()
                && let Some(parent) = self.schema_row(row.schema).await?
            {
                self.drive(&row, &parent, None);
            }
        }
        Ok(())
    }
}
