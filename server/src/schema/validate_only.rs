//! Dry runs: what a migration would do, on every child, with nothing recorded and
//! nothing changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::apply::is_recorded;
use super::validate::{Stop, Validator, Verdict};
use super::verdict::failure_on;
use super::{ApplySpec, Schemas, Shared, full_name};
use crate::error::{Error, Reason, Result};
use crate::grants::Grant;
use crate::names::{DatabaseRef, Generation};
use crate::storage::catalog::{
    Database, ForeignKeys, MemberFilter, MigrationFailure, MigrationScript,
};
use crate::storage::check_text;

/// How many failures are told one by one.
const FAILURES_TOLD_MAX: usize = 100;
/// After what time one may find the migration over that was in the way.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a migration would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationReport {
    /// The schema, as `group/name`.
    pub schema: String,
    /// The generation that it would lead to.
    pub generation: Generation,
    /// The script.
    pub sql: Arc<str>,
    /// How foreign keys are treated.
    pub foreign_keys: ForeignKeys,
    /// Rows may depend on chance or time.
    pub allow_nondeterministic: bool,
    /// On which databases it fails, the first ones.
    pub failures: Vec<MigrationFailure>,
    /// On how many it fails.
    pub failures_total: u64,
    /// On how many children it was run.
    pub children_validated: u64,
    /// Rows that it writes, on the parent and all children.
    pub rows_written: u64,
    /// How long it took.
    pub duration: Duration,
    /// Rows cannot make it fail: a migration would ask the parent alone.
    pub row_independent: bool,
}

impl Schemas {
    /// Runs a script on the parent and on every child that has a file, and undoes
    /// it. Ends with its caller, and gives way to a migration. Errors:
    /// `STATEMENT_TOO_LARGE`, `GENERATION_MISMATCH`, `MIGRATION_IN_PROGRESS`,
    /// `MIGRATION_NOT_ALLOWED`, `SQL_ERROR`.
    pub async fn validate_only(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        spec: ApplySpec,
    ) -> Result<ValidationReport> {
        let parent = self.0.migratable(grant, schema).await?;
        check_text(&spec.sql)?;
        check_generation(&parent, spec.expected_generation)?;
        let gate = self.0.gates.of(parent.id);
        let turn = gate.try_enter_dry().ok_or_else(|| in_progress(&parent))?;
        let script = spec.script(parent.generation.next(), self.0.env.now());
        let run = DryRun { shared: &self.0, parent: &parent, script };
        tokio::select! {
            biased;
            report = run.run() => report,
            () = turn.is_wanted() => Err(in_progress(&parent)),
        }
    }
}

/// A dry run on its way.
struct DryRun<'a> {
    shared: &'a Arc<Shared>,
    parent: &'a Database,
    script: MigrationScript,
}

impl DryRun<'_> {
    async fn run(self) -> Result<ValidationReport> {
        let begun = Instant::now();
        let mut report = self.prove().await?;
        self.validate(&mut report).await?;
        report.duration = begun.elapsed();
        Ok(report)
    }

    /// Begins the report with what the parent says.
    async fn prove(&self) -> Result<ValidationReport> {
        let Self { shared, parent, script, .. } = self;
        let mut report = ValidationReport {
            schema: full_name(parent),
            generation: script.generation,
            sql: Arc::clone(&script.sql),
            foreign_keys: script.foreign_keys,
            allow_nondeterministic: script.allow_nondeterministic,
            failures: Vec::new(),
            failures_total: 0,
            children_validated: 0,
            rows_written: 0,
            duration: Duration::ZERO,
            row_independent: false,
        };
        match shared.pool.prove(parent, script).await {
            Ok(proof) => {
                report.rows_written = proof.rows_written;
                report.row_independent = proof.row_independent;
            }
            Err(error) if is_recorded(&error) => {
                report.add(failure_on(&parent.group, &parent.name, &error));
            }
            Err(error) => return Err(error),
        }
        Ok(report)
    }

    async fn validate(&self, report: &mut ValidationReport) -> Result<()> {
        let validator = Validator {
            shared: Arc::clone(self.shared),
            fleet: self.shared.pool.fleet(self.parent.id, self.parent.generation),
            script: self.script.clone(),
            group: self.parent.group.clone(),
        };
        let each = |verdict| {
            match verdict {
                Verdict::Passed(_, done) => {
                    report.children_validated += 1;
                    report.rows_written += done.rows_written;
                }
                Verdict::Failed(failure) => {
                    report.children_validated += 1;
                    report.add(failure);
                }
                Verdict::Gone => {}
            }
            Ok(())
        };
        match validator.run(MemberFilter::All, None, each).await {
            Err(Stop::Fault(error)) => Err(error),
            Ok(()) | Err(Stop::Refused(_)) => Ok(()),
        }
    }
}

impl ValidationReport {
    fn add(&mut self, failure: MigrationFailure) {
        self.failures_total += 1;
        if self.failures.len() < FAILURES_TOLD_MAX {
            self.failures.push(failure);
        }
    }
}

fn check_generation(parent: &Database, expected: Option<Generation>) -> Result<()> {
    let present = parent.generation;
    let Some(expected) = expected.filter(|&expected| expected != present) else { return Ok(()) };
    let message =
        format!("the schema is at generation {present} and not at {expected}; read it again first");
    Err(Error::new(Reason::GenerationMismatch, message)
        .with("generation", present)
        .with("expected_generation", expected))
}

fn in_progress(parent: &Database) -> Error {
    let message = "a migration of this schema is under way; validate when it has committed";
    Error::new(Reason::MigrationInProgress, message)
        .with("schema", full_name(parent))
        .with_retry_after(RETRY_AFTER)
}
