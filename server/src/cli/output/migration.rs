//! Migrations and children: which fields they show, and how.

use std::io::{self, IsTerminal as _, Write};

use serde_json::{Value as Json, json};
use tenantry_client::v1::{
    Child, ChildState, ForeignKeys, GetSchemaResponse, Migration, MigrationFailure,
    MigrationMetrics, MigrationOptions, MigrationState, MigrationValidation,
};

use super::resource::{short, show, time};
use super::text::plain;
use super::{Fields, Format, Listing, stdout};

/// The fields of a migration.
pub(in crate::cli) fn migration(migration: &Migration) -> Fields {
    let object = |fields: Fields| {
        Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let mut fields = progress(migration);
    fields.extend([
        ("failure", migration.failure.as_ref().map_or(Json::Null, failure)),
        ("options", migration.options.as_ref().map_or(Json::Null, |o| object(options(o)))),
        ("metrics", migration.metrics.as_ref().map_or(Json::Null, |m| object(metrics(m)))),
        ("sql", json!(migration.sql)),
    ]);
    fields
}

/// What a migration is and how far it is.
fn progress(migration: &Migration) -> Fields {
    let state = migration.state().as_str_name();
    let state = short(state, MigrationState::Unspecified.as_str_name());
    vec![
        ("schema", json!(migration.schema)),
        ("id", json!(migration.id)),
        ("generation", json!(migration.generation)),
        ("state", json!(state)),
        ("children_total", json!(migration.children_total)),
        ("children_validated", json!(migration.children_validated)),
        ("children_applied", json!(migration.children_applied)),
        ("children_quarantined", json!(migration.children_quarantined)),
        ("create_time", time(migration.create_time.as_ref())),
        ("commit_time", time(migration.commit_time.as_ref())),
        ("finish_time", time(migration.finish_time.as_ref())),
        ("max_write_pause", time(migration.max_write_pause.as_ref())),
    ]
}

fn options(options: &MigrationOptions) -> Fields {
    let foreign_keys = options.foreign_keys().as_str_name();
    let foreign_keys = short(foreign_keys, ForeignKeys::Unspecified.as_str_name());
    vec![
        ("foreign_keys", json!(foreign_keys)),
        ("allow_nondeterministic", json!(options.allow_nondeterministic)),
    ]
}

fn metrics(metrics: &MigrationMetrics) -> Fields {
    vec![
        ("row_independent", json!(metrics.row_independent)),
        ("validated_per_round", json!(metrics.validated_per_round)),
        ("dirty_at_fence", json!(metrics.dirty_at_fence)),
        ("fence_duration", time(metrics.fence_duration.as_ref())),
        ("apply_duration", time(metrics.apply_duration.as_ref())),
        ("apply_rate_per_second", json!(metrics.apply_rate_per_second)),
    ]
}

/// Why a migration failed. Programs get the index as the API counts it.
fn failure(failure: &MigrationFailure) -> Json {
    json!({
        "database": failure.database,
        "statement_index": failure.statement_failed.then_some(failure.statement_index),
        "message": failure.message,
    })
}

/// The statement that failed, as people count: from 1.
pub(in crate::cli) fn statement_number(failure: &MigrationFailure) -> Option<u64> {
    failure.statement_failed.then(|| u64::from(failure.statement_index) + 1)
}

/// Prints one migration: for reading without nesting, and the script below.
pub(in crate::cli) fn show_migration(format: Format, shown: &Migration) -> io::Result<()> {
    if format == Format::Json {
        return show(format, migration(shown));
    }
    let mut fields = progress(shown);
    fields.extend(shown.options.iter().flat_map(options));
    fields.extend(shown.metrics.iter().flat_map(metrics));
    if let Some(failure) = &shown.failure {
        fields.extend([
            ("failed_on", json!(failure.database)),
            ("failed_statement", json!(statement_number(failure))),
            ("failure", json!(failure.message)),
        ]);
    }
    show(format, fields)?;
    let mut out = stdout();
    writeln!(out, "\n{}", plain(shown.sql.trim_end()))?;
    out.flush()
}

/// Prints what a dry run found: the databases on which it fails, and totals.
pub(in crate::cli) fn show_validation(
    format: Format,
    migration: &Migration,
    validation: &MigrationValidation,
) -> io::Result<()> {
    let totals = [
        ("failures_total", json!(validation.failures_total)),
        ("children_validated", json!(validation.children_validated)),
        ("rows_written", json!(validation.rows_written)),
        ("duration", time(validation.duration.as_ref())),
    ];
    if format == Format::Json {
        let mut found: serde_json::Map<_, _> =
            totals.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        found.insert("failures".to_owned(), validation.failures.iter().map(failure).collect());
        let mut fields = self::migration(migration);
        fields.push(("validation", Json::Object(found)));
        return show(format, fields);
    }
    if !validation.failures.is_empty() {
        let mut listing = Listing::new(stdout(), format, &["database", "statement", "message"]);
        for failure in &validation.failures {
            listing.add(vec![
                ("database", json!(failure.database)),
                ("statement", json!(statement_number(failure))),
                ("message", json!(failure.message)),
            ])?;
        }
        listing.finish()?;
        let mut out = stdout();
        let left_out = validation.failures_total.saturating_sub(validation.failures.len() as u64);
        if left_out > 0 {
            writeln!(out, "… and {left_out} more")?;
        }
        writeln!(out)?;
        out.flush()?;
    }
    let mut fields = vec![
        ("generation", json!(migration.generation)),
        ("children_total", json!(migration.children_total)),
    ];
    fields.extend(totals);
    show(format, fields)
}

/// The fields of a child.
pub(in crate::cli) fn child(child: &Child) -> Fields {
    let state = short(child.state().as_str_name(), ChildState::Unspecified.as_str_name());
    vec![
        ("name", json!(child.name)),
        ("id", json!(child.id)),
        ("generation", json!(child.generation)),
        ("state", json!(state)),
        ("reason", json!(child.reason)),
    ]
}

/// Prints a schema: as SQL that can be run, or with all that is known of it.
pub(in crate::cli) fn show_schema(format: Format, schema: &GetSchemaResponse) -> io::Result<()> {
    if format == Format::Json {
        let fields = vec![
            ("generation", json!(schema.generation)),
            ("ddl", json!(schema.ddl)),
            ("hash", json!(schema.hash)),
        ];
        return show(format, fields);
    }
    let mut out = stdout();
    // A file gets the exact text; a terminal must not be driven by it.
    if io::stdout().is_terminal() {
        out.write_all(plain(&schema.ddl).as_bytes())?;
    } else {
        out.write_all(schema.ddl.as_bytes())?;
    }
    out.flush()
}

#[cfg(test)]
#[path = "migration_tests.rs"]
mod tests;
