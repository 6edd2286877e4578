//! Asking for a migration: what is refused before anything is recorded, the
//! record, and waiting for what becomes of it.

use std::sync::Arc;

use super::runner::FirstProof;
use super::verdict::is_verdict;
use super::{MigrationView, Schemas, Shared, full_name, view};
use crate::env::Timestamp;
use crate::error::{Error, ErrorKind, Reason, Result};
use crate::grants::Grant;
use crate::names::{DatabaseId, DatabaseRef, Generation, MigrationId, check_request_id};
use crate::storage::catalog::{
    Database, ForeignKeys, Migration, MigrationFailure, MigrationScript, MigrationState,
    NewMigration, RequestKey,
};
use crate::storage::check_text;

/// What to apply, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplySpec {
    /// The script.
    pub sql: String,
    /// The generation that the schema must be at; `None` for any.
    pub expected_generation: Option<Generation>,
    /// How foreign keys are treated.
    pub foreign_keys: ForeignKeys,
    /// Rows may depend on chance or time.
    pub allow_nondeterministic: bool,
    /// Makes a repeat answer as the first request; empty for none.
    pub request_id: String,
    /// What to wait for.
    pub wait_for: WaitFor,
}

/// What a request for a migration waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitFor {
    /// That it has committed or ended.
    #[default]
    Commit,
    /// That it has ended.
    Apply,
    /// Nothing but its record.
    Nothing,
}

impl WaitFor {
    fn is_over(self, state: MigrationState) -> bool {
        match self {
            Self::Nothing => true,
            Self::Commit => state != MigrationState::Preparing,
            Self::Apply => state.is_final(),
        }
    }
}

impl Schemas {
    /// Applies a migration, and goes on with it when the caller goes away. A
    /// repeat of `request_id` waits for the one that the first request made.
    /// Errors: `INVALID_ARGUMENT`, `STATEMENT_TOO_LARGE`, `REQUEST_ID_REUSED`,
    /// `GENERATION_MISMATCH`, `MIGRATION_IN_PROGRESS`; `MIGRATION_NOT_ALLOWED`
    /// and `SQL_ERROR` of a script that is not recorded; `MIGRATION_FAILED` and
    /// `CANCELLED` of one that is.
    pub async fn apply(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        spec: ApplySpec,
    ) -> Result<MigrationView> {
        let parent = self.0.migratable(grant, schema).await?;
        check_request_id(&spec.request_id)?;
        check_writable(&parent)?;
        check_text(&spec.sql)?;
        let request = request_key(parent.id, &spec)?;
        let migration = match self.0.first_proof(&parent, &spec).await {
            Ok(proof) => self.0.record(&parent, &spec, request, proof).await?,
            // What has been applied already may not pass a second time.
            Err(refused) => self.0.requested(request).await?.ok_or(refused)?,
        };
        let migration = self.0.wait(&parent, migration, spec.wait_for).await?;
        match (&migration.failure, migration.state) {
            _ if spec.wait_for == WaitFor::Nothing => Ok(view(&parent, migration)),
            (Some(failure), MigrationState::Failed) => Err(failed(migration.id, failure)),
            (_, MigrationState::Cancelled) => {
                let message = "the migration was cancelled; nothing has changed";
                Err(Error::new(Reason::Cancelled, message).with("migration", migration.id))
            }
            _ => Ok(view(&parent, migration)),
        }
    }
}

impl Shared {
    /// Runs the script on the parent. Errors: what is refused without a record.
    async fn first_proof(&self, parent: &Database, spec: &ApplySpec) -> Result<Option<FirstProof>> {
        if spec.expected_generation.is_some_and(|expected| expected != parent.generation) {
            // It is refused, unless the catalog finds that it was made before.
            return Ok(None);
        }
        // To count a large fleet takes about as long as the rest up to the record.
        let (catalog, schema) = (Arc::clone(&self.catalog), parent.id);
        let counts = tokio::spawn(async move { catalog.child_counts(schema).await });
        let script = spec.script(parent.generation.next(), self.env.now());
        match self.pool.prove(parent, &script).await {
            Err(error) if !is_recorded(&error) => Err(error),
            result => Ok(Some(FirstProof { generation: parent.generation, result, counts })),
        }
    }

    /// Records a migration and begins to drive it.
    async fn record(
        self: &Arc<Self>,
        parent: &Arc<Database>,
        spec: &ApplySpec,
        request: Option<RequestKey>,
        proof: Option<FirstProof>,
    ) -> Result<Arc<Migration>> {
        let new = NewMigration {
            id: MigrationId::new(self.env.uuid()),
            schema: parent.id,
            expected_generation: spec.expected_generation,
            sql: spec.sql.as_str().into(),
            foreign_keys: spec.foreign_keys,
            allow_nondeterministic: spec.allow_nondeterministic,
        };
        let (shared, parent) = (Arc::clone(self), Arc::clone(parent));
        // In a task of its own: whoever gives up here leaves no migration behind
        // that is recorded and driven by nobody.
        let recording = self.tasks.spawn(async move {
            let id = new.id;
            let created = shared.catalog.create_migration(new, request, shared.env.now()).await;
            let migration = match created {
                Ok((migration, _)) => migration,
                Err(error) if error.is_certainly_not_done() => return Err(error),
                // What is unknown is unknown to the caller alone.
                Err(error) => shared.catalog.migration(id).await?.ok_or(error)?,
            };
            shared.drive(&migration, &parent, proof.filter(|_| migration.id == id));
            Ok(migration)
        });
        recording.await.map_err(Error::internal)?
    }

    /// What an earlier request of this key made. Errors: `REQUEST_ID_REUSED`.
    async fn requested(&self, request: Option<RequestKey>) -> Result<Option<Arc<Migration>>> {
        match request {
            Some(request) => self.catalog.requested_migration(request).await,
            None => Ok(None),
        }
    }

    /// Waits until a migration is as far as wanted.
    pub(super) async fn wait(
        self: &Arc<Self>,
        parent: &Arc<Database>,
        row: Arc<Migration>,
        wait_for: WaitFor,
    ) -> Result<Arc<Migration>> {
        let run = self.drive(&row, parent, None).filter(|_| !wait_for.is_over(row.state));
        // Held no longer: with the last holder it is told that nobody drives it.
        let Some(mut follow) = run.map(|run| run.progress.follow()) else {
            return Ok(self.live(row));
        };
        let over = follow.wait_for(|now| wait_for.is_over(now.state)).await;
        let over = over.ok().map(|now| Arc::new(now.clone()));
        match over {
            Some(migration) => Ok(migration),
            None => self.settled(parent, row.id).await,
        }
    }

    /// A migration that is driven no more. Errors: `UNAVAILABLE` where it has not
    /// ended, as the server does.
    pub(super) async fn settled(
        &self,
        parent: &Database,
        id: MigrationId,
    ) -> Result<Arc<Migration>> {
        let row = self.migration_of(parent, id).await?;
        if row.state.is_final() {
            return Ok(row);
        }
        let message = "the server is stopping; the migration goes on when it is back, ask again";
        Err(Error::new(Reason::Unavailable, message).with("migration", id))
    }
}

impl ApplySpec {
    /// The script, as it would run now and lead to a generation.
    pub(super) fn script(&self, generation: Generation, now: Timestamp) -> MigrationScript {
        MigrationScript {
            generation,
            sql: self.sql.as_str().into(),
            foreign_keys: self.foreign_keys,
            allow_nondeterministic: self.allow_nondeterministic,
            time: now,
        }
    }
}

fn check_writable(parent: &Database) -> Result<()> {
    if parent.settings.block_writes {
        let message = "writes are switched off for this SCHEMA database, and so are migrations";
        let name = full_name(parent);
        return Err(Error::new(Reason::WritesBlocked, message).with("database", name));
    }
    Ok(())
}

/// Whether a failure on the parent is one of the migration: not of the request,
/// which is wrong, and not of the server, which may do better at the next try.
pub(super) fn is_recorded(error: &Error) -> bool {
    is_verdict(error) && error.kind() != ErrorKind::InvalidArgument
}

fn failed(migration: MigrationId, failure: &MigrationFailure) -> Error {
    let MigrationFailure { database, statement_index, message } = failure;
    let error = Error::new(Reason::MigrationFailed, message.clone())
        .with("migration", migration)
        .with("database", database);
    match statement_index {
        Some(index) => error.with("statement_index", index),
        None => error,
    }
}

/// The id is the caller's own within the schema, which only those can migrate who
/// may know of its migrations.
fn request_key(schema: DatabaseId, spec: &ApplySpec) -> Result<Option<RequestKey>> {
    if spec.request_id.is_empty() {
        return Ok(None);
    }
    let ApplySpec { sql, expected_generation, foreign_keys, allow_nondeterministic, .. } = spec;
    let content = (sql, expected_generation, foreign_keys, allow_nondeterministic);
    RequestKey::new(&(&spec.request_id, schema), &content).map(Some)
}
