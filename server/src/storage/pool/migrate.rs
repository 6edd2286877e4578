//! What a migration asks of the files of its schema and its children.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::first_use::Found;
use super::{Pool, Wanted};
use crate::env::Failpoint;
use crate::error::Result;
use crate::names::Generation;
use crate::storage::catalog::{Database, Member, MigrationScript};
use crate::storage::conn::{Conn, Sharing};
use crate::storage::fleet::Fleet;
use crate::storage::migration::given_up;
use crate::storage::open_database::{OpenDatabase, blocking};
use crate::storage::schema_text;
use crate::storage::templates::sync_all;
use crate::storage::writer::{Held, Prepare};

/// What a script did to its schema's own database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Its statements.
    pub statements: usize,
    /// Rows that they inserted, updated and deleted.
    pub rows_written: u64,
    /// Where it passes on the parent, rows cannot make it fail on a child.
    pub row_independent: bool,
}

/// How a child is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidateHow {
    /// Run and undone.
    Undo,
    /// The same, but a run that takes longer than this stays open: its database
    /// takes no writes until the run is committed or dropped.
    HoldIfSlower(Duration),
}

/// What a script did to a child.
pub struct Validated {
    /// Rows that it inserted, updated and deleted.
    pub rows_written: u64,
    /// How long that took.
    pub took: Duration,
    /// The run, where it stays open.
    pub held: Option<Held>,
}

impl Pool {
    /// Runs a script on a SCHEMA database and undoes it. Errors: those of the
    /// script, with the `statement_index` where one of its statements failed.
    pub async fn prove(
        self: &Arc<Self>,
        parent: &Database,
        script: &MigrationScript,
    ) -> Result<Proof> {
        // What could not be brought up a moment ago may be by now, and a migration
        // that is refused for it is not tried again by itself.
        self.fleet(parent.id, parent.generation).retry_now(parent.id);
        let database = self.open(parent).await?;
        let cancel = CancellationToken::new();
        let _given_up = cancel.clone().drop_guard();
        let prepared = database.writer.prepare(Prepare {
            script: script.clone(),
            cancel,
            hold_if_slower: None,
            classifies: true,
        });
        let prepared = prepared.await?;
        Ok(Proof {
            statements: prepared.run.statements,
            rows_written: prepared.run.rows_written,
            row_independent: prepared.row_independent,
        })
    }

    /// Runs a script on a child and undoes it. The child counts as not written
    /// from the start of the run on. Errors: those of the script and of the
    /// file; `CANCELLED`.
    pub async fn validate(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        child: &Member,
        script: &MigrationScript,
        how: ValidateHow,
        cancel: &CancellationToken,
    ) -> Result<Validated> {
        if how == ValidateHow::Undo
            && let Some(cold) = self.claim(child.id, cancel)
        {
            let (fleet, script) = (fleet.clone(), script.clone());
            let validated = blocking(move || cold.validate(&fleet, &script)).await?;
            if let Some((run, took)) = validated {
                return Ok(Validated { rows_written: run.rows_written, took, held: None });
            }
        }
        fleet.retry_now(child.id);
        let opened = cancel.run_until_cancelled(self.open_member(fleet, child)).await;
        let database = opened.ok_or_else(given_up)??;
        let prepared = database.writer.prepare(Prepare {
            script: script.clone(),
            cancel: cancel.clone(),
            hold_if_slower: match how {
                ValidateHow::Undo => None,
                ValidateHow::HoldIfSlower(limit) => Some(limit),
            },
            classifies: false,
        });
        let prepared = prepared.await?;
        let (rows_written, took) = (prepared.run.rows_written, prepared.took);
        Ok(Validated { rows_written, took, held: prepared.held })
    }

    /// Brings the files of some children to their schema's generation, durable
    /// on return, with one sync for all. Answers for each in their order, with
    /// `CHILD_QUARANTINED` for those that cannot be; they are tried again after
    /// a while, or `now`. Errors: nothing of it is known to be durable.
    pub async fn apply(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        batch: &[Member],
        now: bool,
    ) -> Result<Vec<Result<()>>> {
        let mut applied = Vec::with_capacity(batch.len());
        for child in batch {
            if now {
                fleet.retry_now(child.id);
            }
            applied.push(self.apply_one(fleet, child).await);
        }
        self.sync().await?;
        Ok(applied)
    }

    /// Brings the file of a SCHEMA database to its generation, durable on return.
    pub async fn apply_parent(self: &Arc<Self>, parent: &Database) -> Result<()> {
        let database = self.open(parent).await?;
        drop(database);
        self.sync().await
    }

    async fn sync(&self) -> Result<()> {
        let env = &self.config.database.env;
        env.failpoint(Failpoint::SweepApplied)?;
        let data_dir = self.data_dir.clone();
        blocking(move || sync_all(&data_dir)).await?;
        env.failpoint(Failpoint::SweepSynced)
    }

    async fn apply_one(self: &Arc<Self>, fleet: &Arc<Fleet>, child: &Member) -> Result<()> {
        fleet.check_quarantine(child.id)?;
        if let Some(cold) = self.claim(child.id, &CancellationToken::new()) {
            let (id, of) = (child.id, fleet.clone());
            let applied = blocking(move || cold.apply(&of)).await;
            match applied {
                Ok(true) => {
                    fleet.release(id);
                    return Ok(());
                }
                Ok(false) => {}
                Err(error) => return Err(fleet.quarantine(id, &error)),
            }
        }
        match self.open_member(fleet, child).await {
            Ok(_) => Ok(()),
            Err(error) => {
                fleet.check_quarantine(child.id)?;
                Err(fleet.quarantine(child.id, &error))
            }
        }
    }

    async fn open_member(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        child: &Member,
    ) -> Result<Arc<OpenDatabase>> {
        self.open_wanted(Wanted {
            id: child.id,
            fleet: Some(fleet.clone()),
            reached: child.file_generation,
            found: Found::Used,
        })
        .await
    }

    /// The generation of a SCHEMA database and the statements that make it.
    pub async fn schema_text(self: &Arc<Self>, parent: &Database) -> Result<(Generation, String)> {
        let database = self.open(parent).await?;
        let synchronous = self.config.database.synchronous;
        blocking(move || {
            let mut conn = Conn::open(database.path(), Sharing::Shared(synchronous))?;
            let generation = conn.begin_snapshot()?;
            let text = schema_text::schema_text(conn.db())?;
            Ok((generation, text))
        })
        .await
    }
}
