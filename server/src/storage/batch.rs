//! Steps that run as one transaction, each under a condition on earlier ones.

use std::sync::Arc;

use super::conn::{Conn, Dress};
use super::guard::Control;
use super::script::{Attacher, Place, Ran, Script, Sink};
use super::value::Sql;
use crate::error::{Error, Reason, Result};

/// How a transaction starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// As a reader, and as a writer from its first write on.
    #[default]
    Deferred,
    /// As the writer.
    Immediate,
    /// As a reader, and stays one.
    ReadOnly,
}

impl Mode {
    pub(super) fn writes_at_once(self) -> bool {
        self == Self::Immediate
    }

    /// Errors: `READ_ONLY`.
    pub(super) fn check_writable(self) -> Result<()> {
        match self {
            Self::ReadOnly => {
                Err(Error::new(Reason::ReadOnly, "a READ_ONLY transaction cannot write"))
            }
            Self::Deferred | Self::Immediate => Ok(()),
        }
    }
}

/// What must hold of earlier steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The step ran and succeeded.
    Ok(usize),
    /// The step ran and failed.
    Error(usize),
    /// The condition does not hold.
    Not(Box<Condition>),
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
}

impl Condition {
    fn holds(&self, outcomes: &[Outcome]) -> bool {
        match self {
            Self::Ok(step) => outcomes.get(*step) == Some(&Outcome::Ok),
            Self::Error(step) => outcomes.get(*step) == Some(&Outcome::Error),
            Self::Not(condition) => !condition.holds(outcomes),
            Self::And(conditions) => conditions.iter().all(|condition| condition.holds(outcomes)),
            Self::Or(conditions) => conditions.iter().any(|condition| condition.holds(outcomes)),
        }
    }

    /// Whether the outcome of a step matters to it.
    fn refers_to(&self, step: usize) -> bool {
        match self {
            Self::Ok(other) | Self::Error(other) => *other == step,
            Self::Not(condition) => condition.refers_to(step),
            Self::And(conditions) | Self::Or(conditions) => {
                conditions.iter().any(|condition| condition.refers_to(step))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Ok,
    Error,
    Skipped,
}

/// One step: one statement.
#[derive(Clone, Debug)]
pub struct Step {
    /// The statement.
    pub sql: Sql,
    /// When to run it; always, if none.
    pub condition: Option<Condition>,
}

/// Takes the results of steps.
pub trait BatchSink: Sink {
    /// The next step was not run.
    fn skipped(&mut self) -> Result<()>;
    /// The next step, whose result may have begun, failed and was undone.
    fn failed(&mut self, error: Error) -> Result<()>;
}

/// Steps on their way into a database.
pub struct Batch<S> {
    /// The steps.
    pub steps: Vec<Step>,
    /// How the transaction starts.
    pub mode: Mode,
    /// In whose right.
    pub dress: Dress,
    /// Finds the databases of ATTACH statements.
    pub attacher: Arc<dyn Attacher>,
    /// Takes the results.
    pub sink: S,
}

impl<S: BatchSink> Batch<S> {
    /// Runs all steps inside a transaction that the caller has begun; a
    /// reader's is begun here.
    pub(super) fn run_steps(&mut self, conn: &mut Conn, place: Place) -> Result<Ran> {
        if place == Place::Reader && conn.is_autocommit() {
            conn.server("BEGIN")?;
        }
        self.sink.restart();
        let mut attached = self.dress.attached.clone();
        let mut outcomes = Vec::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            if step.condition.as_ref().is_some_and(|condition| !condition.holds(&outcomes)) {
                self.sink.skipped()?;
                outcomes.push(Outcome::Skipped);
                continue;
            }
            let watched = self.steps[index + 1..].iter().any(|later| {
                later.condition.as_ref().is_some_and(|condition| condition.refers_to(index))
            });
            if watched {
                conn.server("SAVEPOINT tenantry_step")?;
            }
            let script = Script {
                sql: &step.sql,
                start: 0,
                single: true,
                attached: &mut attached,
                attacher: &*self.attacher,
                index: 0,
            };
            match script.run_all(conn, place, Control::None, &mut self.sink) {
                Ok(Ran::Done) => outcomes.push(Outcome::Ok),
                Ok(Ran::NeedsControl) => {
                    return Err(Error::new(
                        Reason::TransactionState,
                        "a batch is one transaction: leave BEGIN, COMMIT, ROLLBACK and SAVEPOINT out of its steps",
                    )
                    .with("statement_index", index));
                }
                Ok(elsewhere) => {
                    if place == Place::Reader {
                        conn.rollback();
                    }
                    return Ok(elsewhere);
                }
                // A statement may have ended the whole transaction with its
                // failure; then there is nothing to go on with.
                Err(error)
                    if watched && !conn.is_autocommit() && error.reason() != Reason::Cancelled =>
                {
                    conn.server("ROLLBACK TO tenantry_step")?;
                    self.sink.failed(error)?;
                    outcomes.push(Outcome::Error);
                }
                Err(error) => return Err(error.with("statement_index", index)),
            }
            if watched {
                conn.server("RELEASE tenantry_step")?;
            }
        }
        if place == Place::Reader {
            conn.rollback();
        }
        Ok(Ran::Done)
    }
}
