//! Following a migration until it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::{MigrationView, Schemas, Shared, view};
use crate::error::Result;
use crate::grants::Grant;
use crate::names::{DatabaseRef, MigrationId};
use crate::storage::catalog::Migration;

/// Changes that follow each other faster are told as one.
const TELL_INTERVAL_MIN: Duration = Duration::from_millis(100);

/// Follows a migration.
pub struct MigrationWatch {
    shared: Arc<Shared>,
    grant: Grant,
    schema: DatabaseRef,
    id: MigrationId,
    /// None where it had ended before.
    follow: Option<Receiver<Migration>>,
    /// When it was told of last.
    told: Option<Instant>,
    has_ended: bool,
}

impl Schemas {
    /// Follows a migration. Errors: `MIGRATION_NOT_FOUND`.
    pub async fn watch(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        id: MigrationId,
    ) -> Result<MigrationWatch> {
        let parent = self.0.migratable(grant, schema).await?;
        let row = self.0.migration_of(&parent, id).await?;
        Ok(MigrationWatch {
            shared: Arc::clone(&self.0),
            grant: grant.clone(),
            schema: schema.clone(),
            id,
            follow: self.0.drive(&row, &parent, None).map(|run| run.progress.follow()),
            told: None,
            has_ended: false,
        })
    }
}

impl MigrationWatch {
    /// The migration: at once, and then whenever it has changed; `None` after it
    /// was told that it has ended. Errors: those of a token that expired or was
    /// withdrawn meanwhile, and `UNAVAILABLE` where the server stops.
    pub async fn next(&mut self) -> Result<Option<MigrationView>> {
        if self.has_ended {
            return Ok(None);
        }
        if let Some(told) = self.told {
            self.changed(told).await;
        }
        self.grant.check_alive(self.shared.env.now())?;
        let parent = self.shared.migratable(&self.grant, &self.schema).await?;
        let migration = match &mut self.follow {
            Some(follow) => Arc::new(follow.borrow_and_update().clone()),
            None => self.shared.settled(&parent, self.id).await?,
        };
        self.told = Some(Instant::now());
        self.has_ended = migration.state.is_final();
        Ok(Some(view(&parent, migration)))
    }

    /// Waits for a change, and for some time since the last one was told.
    async fn changed(&mut self, told: Instant) {
        if let Some(follow) = &mut self.follow
            && follow.changed().await.is_err()
        {
            // Nobody drives it any more, and it has not said how it ended.
            self.follow = None;
        }
        sleep_until(told + TELL_INTERVAL_MIN).await;
    }
}
