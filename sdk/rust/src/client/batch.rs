//! Batches: steps that run in one transaction.

use std::future::IntoFuture;

use futures_util::FutureExt as _;

use super::call::{Method, stub};
use super::database::{Options, idempotent, options, statement};
use super::{Call, Error, IntoArgs, Result, ResultSet, TransactionMode};
use crate::v1::step_result::Outcome;
use crate::v1::{self, BatchStep, ConditionList, ExecuteBatchRequest, condition};

/// One statement of a batch, with its arguments and its condition.
#[derive(Clone, Debug)]
pub struct Statement(BatchStep);

impl Statement {
    /// A statement with arguments.
    pub fn new(sql: impl Into<String>, args: impl IntoArgs) -> Self {
        let statement = statement(sql.into(), args.into_args());
        Self(BatchStep { statement: Some(statement), condition: None })
    }

    /// Runs it only when this holds; it is skipped otherwise.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.0.condition = Some(condition.0);
        self
    }
}

impl<S: Into<String>> From<S> for Statement {
    fn from(sql: S) -> Self {
        Self::new(sql, ())
    }
}

/// What must hold of earlier steps, which are counted from 0.
///
/// A step that fails makes the batch fail, unless a condition refers to it.
#[derive(Clone, Debug)]
pub struct Condition(v1::Condition);

impl Condition {
    /// The step ran and succeeded.
    #[must_use]
    pub fn ok(step: u32) -> Self {
        Self::of(condition::Condition::Ok(step))
    }

    /// The step ran and failed.
    #[must_use]
    pub fn failed(step: u32) -> Self {
        Self::of(condition::Condition::Error(step))
    }

    /// All of these hold.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::of(condition::Condition::And(list(conditions)))
    }

    /// At least one of these holds.
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        Self::of(condition::Condition::Or(list(conditions)))
    }

    fn of(condition: condition::Condition) -> Self {
        Self(v1::Condition { condition: Some(condition) })
    }
}

impl std::ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::of(condition::Condition::Not(Box::new(self.0)))
    }
}

fn list(conditions: impl IntoIterator<Item = Condition>) -> ConditionList {
    ConditionList { conditions: conditions.into_iter().map(|condition| condition.0).collect() }
}

/// Steps to run in one transaction; `.await` runs them.
#[derive(Clone, Debug)]
#[must_use = "nothing is run without `.await`"]
pub struct Batch {
    options: Options,
    steps: Vec<Statement>,
    mode: TransactionMode,
}

options!(Batch: "The deadline, in place of the client's.");
idempotent!(Batch);

impl Batch {
    pub(super) fn new(options: Options, steps: Vec<Statement>) -> Self {
        Self { options, steps, mode: TransactionMode::Deferred }
    }

    /// How the transaction starts. Default: DEFERRED.
    pub fn mode(mut self, mode: TransactionMode) -> Self {
        self.mode = mode;
        self
    }
}

impl IntoFuture for Batch {
    type Output = Result<BatchResult>;
    type IntoFuture = Call<BatchResult>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { options, steps, mode } = self;
        async move {
            let safe = options.idempotent || mode == TransactionMode::ReadOnly;
            let method = Method::write("ExecuteBatch").safe_if(safe).within(options.timeout);
            let request = ExecuteBatchRequest {
                database: options.database,
                steps: steps.into_iter().map(|step| step.0).collect(),
                mode: mode.into(),
                attachments: options.attachments,
                min_generation: options.min_generation,
            };
            let answer = options.client.call(method, request, stub!(query.execute_batch)).await?;
            let results = answer.results.into_iter().map(|step| match step.outcome {
                Some(Outcome::Result(result)) => Ok(StepResult::Done(result.into())),
                Some(Outcome::Error(status)) => Ok(StepResult::Failed(Error::in_band(&status))),
                Some(Outcome::Skipped(_)) => Ok(StepResult::Skipped),
                None => Err(Error::malformed()),
            });
            Ok(BatchResult {
                results: results.collect::<Result<_>>()?,
                generation: answer.generation,
            })
        }
        .boxed()
    }
}

/// What became of the steps of a batch.
#[derive(Clone, Debug)]
pub struct BatchResult {
    /// One for each step, in order.
    pub results: Vec<StepResult>,
    /// The generation of the database on which they ran; 0 of a REGULAR database.
    pub generation: u64,
}

impl BatchResult {
    /// The result of a step that ran and succeeded.
    #[must_use]
    pub fn done(&self, step: usize) -> Option<&ResultSet> {
        match self.results.get(step)? {
            StepResult::Done(result) => Some(result),
            StepResult::Failed(_) | StepResult::Skipped => None,
        }
    }
}

/// What became of one step.
#[derive(Clone, Debug)]
pub enum StepResult {
    /// It ran and succeeded.
    Done(ResultSet),
    /// It ran, failed and was undone, and a condition refers to it.
    Failed(Error),
    /// Its condition did not hold.
    Skipped,
}
