//! Migrations: one schema for many databases, changed on all or none.

use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tonic::Code;

use super::call::{Method, request_id, stub};
use super::{
    Call, Error, ForeignKeys, Migration, MigrationState, MigrationValidation, Result, Schema,
    WaitFor,
};
use crate::v1::ApplyMigrationRequest;

/// Takes what is told of a migration on its way.
type OnProgress = Box<dyn FnMut(&Migration) + Send>;

/// A migration to apply; `.await` applies it and waits.
#[must_use = "nothing is applied without `.await`"]
pub struct Migrate {
    schema: Schema,
    request: ApplyMigrationRequest,
    wait_for: WaitFor,
    request_id: Option<String>,
    timeout: Option<Duration>,
    on_progress: Option<OnProgress>,
}

impl Migrate {
    pub(super) fn new(schema: Schema, reference: String, sql: String) -> Self {
        Self {
            schema,
            request: ApplyMigrationRequest { schema: reference, sql, ..Default::default() },
            wait_for: WaitFor::Commit,
            request_id: None,
            timeout: None,
            on_progress: None,
        }
    }

    /// What to wait for: that it has committed (the default), that it was applied to
    /// every child, or nothing but that it is recorded.
    pub fn wait_for(mut self, wait_for: WaitFor) -> Self {
        self.wait_for = wait_for;
        self
    }

    /// Tells the migration as it goes on, the last time as it is in the end.
    pub fn on_progress(mut self, tell: impl FnMut(&Migration) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// Applies it only when this is the schema's generation.
    pub fn expected_generation(mut self, generation: u64) -> Self {
        self.request.expected_generation = Some(generation);
        self
    }

    /// How foreign keys are treated. Default: ENFORCED.
    pub fn foreign_keys(mut self, foreign_keys: ForeignKeys) -> Self {
        self.request.foreign_keys = foreign_keys.into();
        self
    }

    /// Permits what gives each child another value, such as chance and the time.
    pub fn allow_nondeterministic(mut self) -> Self {
        self.request.allow_nondeterministic = true;
        self
    }

    /// Makes the request known again, also by another client. Default: a fresh UUID,
    /// so that this call is safe to send again.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// How long to wait for it. A migration goes on after that. Default: as long as
    /// it takes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    async fn run(self) -> Result<Migration> {
        let Self { schema, mut request, wait_for, request_id: chosen, mut on_progress, .. } = self;
        request.request_id = request_id(chosen);
        request.wait_for = WaitFor::Nothing.into();
        let reference = request.schema.clone();
        let method = Method::safe("ApplyMigration");
        let answer = schema.0.call(method, request, stub!(schema.apply_migration)).await?;
        let mut migration = answer.migration.ok_or_else(Error::malformed)?;
        let mut watch = schema.watch(reference, migration.id.clone());
        loop {
            if let Some(tell) = &mut on_progress {
                tell(&migration);
            }
            if is_reached(&migration, wait_for)? {
                return Ok(migration);
            }
            migration = watch.next().await.ok_or_else(Error::malformed)??;
        }
    }
}

impl IntoFuture for Migrate {
    type Output = Result<Migration>;
    type IntoFuture = Call<Migration>;

    fn into_future(self) -> Self::IntoFuture {
        let client = self.schema.0.clone();
        let method = Method::safe("migrate").stream().within(self.timeout);
        async move { client.bound(client.deadline(&method), self.run()).await }.boxed()
    }
}

impl fmt::Debug for Migrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrate").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Whether a migration is as far as the caller waits for. Errors: it never will be.
fn is_reached(migration: &Migration, wait_for: WaitFor) -> Result<bool> {
    match migration.state() {
        MigrationState::Failed => Err(failed(migration)),
        MigrationState::Cancelled => {
            let error = Error::new(Code::Cancelled, "CANCELLED", "the migration was cancelled");
            Err(error.with("migration", &migration.id))
        }
        MigrationState::Applied => Ok(true),
        MigrationState::Committed => Ok(wait_for != WaitFor::Apply),
        MigrationState::Preparing | MigrationState::Unspecified => Ok(wait_for == WaitFor::Nothing),
    }
}

/// The error that `ApplyMigration` answers when it waits itself.
fn failed(migration: &Migration) -> Error {
    let failure = migration.failure.clone().unwrap_or_default();
    let error = Error::new(Code::FailedPrecondition, "MIGRATION_FAILED", failure.message)
        .with("migration", &migration.id)
        .with("database", failure.database);
    match failure.statement_failed {
        true => error.with("statement_index", failure.statement_index.to_string()),
        false => error,
    }
}

/// A migration to try out; `.await` does, and changes nothing.
#[derive(Debug)]
#[must_use = "nothing is tried without `.await`"]
pub struct Validate(Migrate);

impl Validate {
    pub(super) fn new(schema: Schema, reference: String, sql: String) -> Self {
        Self(Migrate::new(schema, reference, sql))
    }

    /// Fails unless this is the schema's generation.
    pub fn expected_generation(self, generation: u64) -> Self {
        Self(self.0.expected_generation(generation))
    }

    /// How foreign keys are treated. Default: ENFORCED.
    pub fn foreign_keys(self, foreign_keys: ForeignKeys) -> Self {
        Self(self.0.foreign_keys(foreign_keys))
    }

    /// Permits what gives each child another value, such as chance and the time.
    pub fn allow_nondeterministic(self) -> Self {
        Self(self.0.allow_nondeterministic())
    }

    /// The deadline, in place of the client's.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self(self.0.timeout(timeout))
    }
}

impl IntoFuture for Validate {
    type Output = Result<(Migration, MigrationValidation)>;
    type IntoFuture = Call<(Migration, MigrationValidation)>;

    /// The migration as it would be, and the databases on which it would fail.
    fn into_future(self) -> Self::IntoFuture {
        let Migrate { schema, mut request, timeout, .. } = self.0;
        request.validate_only = true;
        async move {
            let method = Method::safe("ApplyMigration").within(timeout);
            let answer = schema.0.call(method, request, stub!(schema.apply_migration)).await?;
            let migration = answer.migration.ok_or_else(Error::malformed)?;
            Ok((migration, answer.validation.ok_or_else(Error::malformed)?))
        }
        .boxed()
    }
}
