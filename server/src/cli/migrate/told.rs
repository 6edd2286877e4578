//! What is said of a migration, in sentences.

use tenantry_client::v1::{Migration, MigrationState};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, Format};

/// Prints what became of a migration; one that has failed or was cancelled is an
/// error.
pub(super) fn conclude(format: Format, migration: &Migration) -> Outcome {
    match failure_of(migration) {
        None => Ok(output::confirm(format, &sentence(migration), output::migration(migration))?),
        Some(failure) => {
            // Programs need its parts; people read the error.
            if format == Format::Json {
                output::show(format, output::migration(migration))?;
            }
            Err(failure)
        }
    }
}

/// What became of a migration that has not failed.
fn sentence(migration: &Migration) -> String {
    let Migration { schema, id, generation, .. } = migration;
    let quarantined = migration.children_quarantined;
    let pause = write_pause(migration);
    let done = |what| {
        format!(
            "{what} migration {id}: {schema} and its children are at generation {generation}; \
             longest write pause {pause}"
        )
    };
    match migration.state() {
        MigrationState::Applied if quarantined > 0 => format!(
            "applied migration {id}: {schema} is at generation {generation}, but {quarantined} of \
             {} children cannot be brought up: `tenantry migrate children {schema} --state \
             quarantined` tells why",
            migration.children_total
        ),
        MigrationState::Applied => done("applied"),
        MigrationState::Committed => done("committed"),
        _ => format!("recorded migration {id}: `tenantry migrate watch {schema} {id}` follows it"),
    }
}

/// The error that a failed or cancelled migration is to who waits for it.
pub(super) fn failure_of(migration: &Migration) -> Option<Failure> {
    let id = &migration.id;
    match migration.state() {
        MigrationState::Cancelled => {
            Some(Failure::new(format!("migration {id} was cancelled; nothing has changed")))
        }
        MigrationState::Failed => {
            let failure = migration.failure.clone().unwrap_or_default();
            let place = match output::statement_number(&failure) {
                Some(number) => format!("{} at statement {number}", failure.database),
                None => failure.database.clone(),
            };
            Some(Failure::with_hint(
                format!(
                    "migration {id} failed on {place}: {}; nothing has changed",
                    failure.message
                ),
                "--dry-run shows every child on which it fails",
            ))
        }
        MigrationState::Unspecified
        | MigrationState::Preparing
        | MigrationState::Committed
        | MigrationState::Applied => None,
    }
}

/// How far a migration is, on one line.
pub(super) fn line(migration: &Migration) -> String {
    let Migration { children_total: total, children_applied: applied, .. } = migration;
    let rest = || {
        let pause = write_pause(migration);
        format!("quarantined {}, longest write pause {pause}", migration.children_quarantined)
    };
    match migration.state() {
        MigrationState::Unspecified | MigrationState::Preparing => {
            format!("preparing: validated {} of {total}", migration.children_validated)
        }
        MigrationState::Committed => {
            format!("committed: applied {applied} of {total}, {}", rest())
        }
        MigrationState::Applied => format!("applied: {applied} of {total}, {}", rest()),
        MigrationState::Failed => "failed: nothing has changed".to_owned(),
        MigrationState::Cancelled => "cancelled: nothing has changed".to_owned(),
    }
}

/// The longest write pause, in milliseconds.
pub(super) fn write_pause(migration: &Migration) -> String {
    let pause = migration.max_write_pause.unwrap_or_default();
    let pause = std::time::Duration::try_from(pause).unwrap_or_default();
    format!("{:.1} ms", pause.as_secs_f64() * 1_000.0)
}

/// A count of databases.
pub(super) fn databases(count: u64) -> String {
    if count == 1 { "1 database".to_owned() } else { format!("{count} databases") }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
