//! Messages about migrations and children, from the wire and to it: what
//! `convert` is for databases and tokens. Nothing is decided here.

use std::time::Duration;

use tenantry_client::v1;

use super::convert::timestamp;
use super::status::shorten;
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseRef, Generation, MigrationId, NameOrId};
use crate::schema::{ApplySpec, Child, MigrationView, ValidationReport, WaitFor};
use crate::storage::catalog::{
    ChildState, ForeignKeys, MigrationFailure, MigrationFigures, MigrationState,
};

/// How much of a script stands in lists and watches: a page of 1,000 migrations
/// is to fit the 4 MiB that most clients take.
const SCRIPT_EXCERPT_BYTES_MAX: usize = 2_000;
/// The longest message of a failure. A script may say anything with `RAISE`.
const FAILURE_BYTES_MAX: usize = 1_024;

/// The SCHEMA database that a request names.
pub(super) fn schema(text: &str) -> Result<DatabaseRef> {
    DatabaseRef::parse(text).map_err(|error| error.at("schema"))
}

/// The id of a migration. What is no id at all names no migration.
pub(super) fn id(text: &str, schema: &DatabaseRef) -> Result<MigrationId> {
    text.parse().map_err(|_| {
        let message = "the schema has no migration of this id; list those that it has";
        Error::new(Reason::MigrationNotFound, message)
            .with("schema", schema)
            .with("migration", text)
    })
}

/// What to apply, and how.
pub(super) fn apply_spec(request: v1::ApplyMigrationRequest) -> Result<ApplySpec> {
    let foreign_keys = match v1::ForeignKeys::try_from(request.foreign_keys) {
        Ok(v1::ForeignKeys::Unspecified | v1::ForeignKeys::Enforced) => ForeignKeys::Enforced,
        Ok(v1::ForeignKeys::CheckAtEnd) => ForeignKeys::CheckAtEnd,
        Err(_) => return Err(Error::field("foreign_keys", "must be ENFORCED or CHECK_AT_END")),
    };
    let wait_for = match v1::WaitFor::try_from(request.wait_for) {
        Ok(v1::WaitFor::Unspecified | v1::WaitFor::Commit) => WaitFor::Commit,
        Ok(v1::WaitFor::Apply) => WaitFor::Apply,
        Ok(v1::WaitFor::Nothing) => WaitFor::Nothing,
        Err(_) => return Err(Error::field("wait_for", "must be COMMIT, APPLY or NOTHING")),
    };
    Ok(ApplySpec {
        sql: request.sql,
        expected_generation: request.expected_generation.map(Generation),
        foreign_keys,
        allow_nondeterministic: request.allow_nondeterministic,
        request_id: request.request_id,
        wait_for,
    })
}

/// The state that a list of migrations is of, if it is of one.
pub(super) fn state_filter(state: i32) -> Result<Option<MigrationState>> {
    match v1::MigrationState::try_from(state) {
        Ok(v1::MigrationState::Unspecified) => Ok(None),
        Ok(v1::MigrationState::Preparing) => Ok(Some(MigrationState::Preparing)),
        Ok(v1::MigrationState::Committed) => Ok(Some(MigrationState::Committed)),
        Ok(v1::MigrationState::Applied) => Ok(Some(MigrationState::Applied)),
        Ok(v1::MigrationState::Failed) => Ok(Some(MigrationState::Failed)),
        Ok(v1::MigrationState::Cancelled) => Ok(Some(MigrationState::Cancelled)),
        Err(_) => {
            let rule = "must be PREPARING, COMMITTED, APPLIED, FAILED or CANCELLED";
            Err(Error::field("state", rule))
        }
    }
}

/// The state that a list of children is of, if it is of one.
pub(super) fn child_filter(state: i32) -> Result<Option<ChildState>> {
    match v1::ChildState::try_from(state) {
        Ok(v1::ChildState::Unspecified) => Ok(None),
        Ok(v1::ChildState::Current) => Ok(Some(ChildState::Current)),
        Ok(v1::ChildState::Pending) => Ok(Some(ChildState::Pending)),
        Ok(v1::ChildState::Quarantined) => Ok(Some(ChildState::Quarantined)),
        Err(_) => Err(Error::field("state", "must be CURRENT, PENDING or QUARANTINED")),
    }
}

/// The children that a request names.
pub(super) fn children(names: &[String]) -> Result<Vec<NameOrId>> {
    let read = |(index, name): (_, &String)| {
        NameOrId::parse(name).map_err(|error| error.at(format!("children[{index}]")))
    };
    names.iter().enumerate().map(read).collect()
}

/// A migration with its whole script.
pub(super) fn migration(view: &MigrationView) -> v1::Migration {
    message(view, view.migration.sql.to_string())
}

/// A migration for where there are many: with the beginning of its script.
pub(super) fn brief_migration(view: &MigrationView) -> v1::Migration {
    message(view, shorten(&view.migration.sql, SCRIPT_EXCERPT_BYTES_MAX))
}

fn message(view: &MigrationView, sql: String) -> v1::Migration {
    let migration = &*view.migration;
    let figures = &migration.figures;
    let state = match migration.state {
        MigrationState::Preparing => v1::MigrationState::Preparing,
        MigrationState::Committed => v1::MigrationState::Committed,
        MigrationState::Applied => v1::MigrationState::Applied,
        MigrationState::Failed => v1::MigrationState::Failed,
        MigrationState::Cancelled => v1::MigrationState::Cancelled,
    };
    v1::Migration {
        schema: view.schema.clone(),
        id: migration.id.to_string(),
        generation: migration.generation.0,
        sql,
        state: state.into(),
        children_total: figures.children_total,
        children_validated: figures.children_validated,
        children_applied: figures.children_applied,
        children_quarantined: figures.children_quarantined,
        failure: migration.failure.as_ref().map(failure),
        create_time: Some(timestamp(migration.create_time)),
        commit_time: migration.commit_time.map(timestamp),
        finish_time: migration.finish_time.map(timestamp),
        max_write_pause: duration(figures.max_write_pause),
        options: Some(options(migration.foreign_keys, migration.allow_nondeterministic)),
        metrics: Some(metrics(figures)),
    }
}

/// What validation alone found.
pub(super) fn validated(report: ValidationReport) -> v1::ApplyMigrationResponse {
    let failures: Vec<_> = report.failures.iter().map(failure).collect();
    let state = match failures.is_empty() {
        true => v1::MigrationState::Preparing,
        false => v1::MigrationState::Failed,
    };
    let migration = v1::Migration {
        schema: report.schema,
        generation: report.generation.0,
        sql: report.sql.to_string(),
        state: state.into(),
        failure: failures.first().cloned(),
        options: Some(options(report.foreign_keys, report.allow_nondeterministic)),
        ..Default::default()
    };
    let validation = v1::MigrationValidation {
        failures,
        failures_total: report.failures_total,
        children_validated: report.children_validated,
        rows_written: report.rows_written,
        duration: duration(report.duration),
        row_independent: report.row_independent,
    };
    v1::ApplyMigrationResponse { migration: Some(migration), validation: Some(validation) }
}

/// A child, as far as its file is known to have come.
pub(super) fn child(child: &Child) -> v1::Child {
    let database = &*child.database;
    let generation = if database.used { database.file_generation } else { database.generation };
    let state = if database.quarantine.is_some() {
        v1::ChildState::Quarantined
    } else if generation < database.generation {
        v1::ChildState::Pending
    } else {
        v1::ChildState::Current
    };
    v1::Child {
        name: database.name.to_string(),
        id: database.id.to_string(),
        generation: generation.0,
        state: state.into(),
        reason: database.quarantine.clone().unwrap_or_default(),
    }
}

fn metrics(figures: &MigrationFigures) -> v1::MigrationMetrics {
    let apply_rate = match figures.apply.as_secs_f64() {
        seconds if seconds > 0.0 => figures.children_applied as f64 / seconds,
        _ => 0.0,
    };
    v1::MigrationMetrics {
        row_independent: figures.row_independent,
        validated_per_round: figures.validated_per_round.clone(),
        dirty_at_fence: figures.dirty_at_fence,
        fence_duration: duration(figures.fence),
        apply_duration: duration(figures.apply),
        apply_rate_per_second: apply_rate,
    }
}

fn options(foreign_keys: ForeignKeys, allow_nondeterministic: bool) -> v1::MigrationOptions {
    let foreign_keys = match foreign_keys {
        ForeignKeys::Enforced => v1::ForeignKeys::Enforced,
        ForeignKeys::CheckAtEnd => v1::ForeignKeys::CheckAtEnd,
    };
    v1::MigrationOptions { foreign_keys: foreign_keys.into(), allow_nondeterministic }
}

fn failure(failure: &MigrationFailure) -> v1::MigrationFailure {
    v1::MigrationFailure {
        database: failure.database.clone(),
        statement_index: failure.statement_index.unwrap_or_default(),
        message: shorten(&failure.message, FAILURE_BYTES_MAX),
        statement_failed: failure.statement_index.is_some(),
    }
}

fn duration(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}

#[cfg(test)]
#[path = "migrations_tests.rs"]
mod tests;
