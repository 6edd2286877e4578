//! SQL that writes, sent to a SCHEMA database through the Query service: it has
//! run there and was undone, and happens now as a migration.

use std::time::Duration;

use crate::error::{Error, Reason, Result};
use crate::grants::Grant;
use crate::names::{DatabaseRef, Generation};
use crate::query::Outcome;
use crate::schema::{ApplySpec, Schemas, WaitFor};
use crate::storage::Recording;
use crate::storage::catalog::ForeignKeys;

/// Applies what a request has written, if it has written something; answers its
/// results, and the generation that they are of.
pub(super) async fn settle<S>(
    schemas: &Schemas,
    grant: &Grant,
    database: &DatabaseRef,
    outcome: Outcome<S>,
) -> Result<(S, Generation)> {
    let Outcome { sink, generation, migration } = outcome;
    let generation = match migration {
        None => generation,
        Some(recording) => apply(schemas, grant, database, recording, generation).await?,
    };
    Ok((sink, generation))
}

/// Applies what has run on this generation; answers the next one.
pub(super) async fn apply(
    schemas: &Schemas,
    grant: &Grant,
    database: &DatabaseRef,
    recording: Recording,
    generation: Generation,
) -> Result<Generation> {
    let spec = ApplySpec {
        sql: recording.statements.join("\n"),
        expected_generation: Some(generation),
        foreign_keys: ForeignKeys::Enforced,
        // Chance was refused when it ran, and the time is the same everywhere.
        allow_nondeterministic: recording.asks_time,
        request_id: String::new(),
        wait_for: WaitFor::Commit,
    };
    match schemas.apply(grant, database, spec).await {
        Ok(view) => Ok(view.migration.generation),
        // As between any two writers: the other one came first.
        Err(error) if error.reason() == Reason::GenerationMismatch => Err(Error::new(
            Reason::Busy,
            "another migration of this schema committed first; run it again",
        )
        .with("database", database)
        .with_retry_after(Duration::from_millis(10))),
        Err(error) => Err(error),
    }
}
