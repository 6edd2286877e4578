//! Two-phase apply as a pure function: what a migration does next, given how far
//! it is and what has happened.
//!
//! `State x Event -> (State, effects)`. Nothing here does anything, waits or
//! looks at a clock: `runner.rs` carries the effects out and turns what comes of
//! them into events. The catalog's row is the only truth about a migration, so a
//! machine always begins by reading it, after a restart as after the first record
//! of it, and reads it again whenever it cannot know what became of a write.
//!
//! Of the effects of one step the last is a question, which one event answers;
//! those before it are done in order and answer nothing. Where one of them fails
//! or panics, the rest is left out and [`Event::Fault`] comes instead, so that
//! each step below begins with what may have been left out.

use std::time::Duration;

use crate::storage::catalog::{MigrationEnd, MigrationFailure, MigrationState};

/// How much validation may be left to do behind the fence, where writes wait.
pub(super) const FENCE_WORK_MAX: Duration = Duration::from_millis(20);
/// After how many rounds the fence goes up, however much is left.
pub(super) const ROUNDS_MAX: u32 = 8;
/// How often preparing is begun again after a fault before the migration fails.
pub(super) const FAULTS_MAX: u32 = 5;

/// How far a migration is, in the eyes of the one who drives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The row is read, and tells where to begin. The fence is down.
    Reading,
    /// The script is run on the parent and undone.
    Proving,
    /// Children are validated while they go on being written.
    Validating {
        /// The round, from 1.
        round: u32,
        /// Slow children have had their turn to be held.
        held: bool,
    },
    /// Slow children are validated, and held open until the decision.
    Holding,
    /// The fence goes up; behind it nothing more needs to be validated where the
    /// parent stands for all.
    Fencing {
        /// Rows cannot make the script fail.
        row_independent: bool,
    },
    /// Those that were written last are validated, while nobody writes.
    ValidatingBehindFence,
    /// The decision is being written.
    Committing,
    /// The decision may have been written: the row tells. The fence stays up.
    /// Holds what failed.
    CommitUnknown(MigrationFailure),
    /// It has happened. Files are brought up.
    Committed,
    /// Nothing is left to do but to note how it ended.
    Ending(MigrationEnd),
    /// It has ended so; `None` where it is gone together with its schema.
    Ended(Option<MigrationState>),
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The row was read: this is its state, `None` where there is no row.
    Row(Option<MigrationState>),
    /// The script passed on the parent.
    Proved {
        /// Rows cannot make it fail, on any child.
        row_independent: bool,
    },
    /// Every child of the round passed.
    RoundDone(Round),
    /// The fence is up and no write is open.
    FenceUp,
    /// The decision is written.
    CommitWritten,
    /// All files that can be brought up are.
    Swept,
    /// The script does not pass, on the parent or a child.
    Refused(MigrationFailure),
    /// The server could not do the last effect, or died in it; this would be the
    /// failure if there were no other try.
    Fault(MigrationFailure),
    /// Somebody wants it cancelled.
    Cancel,
}

/// What a round of validation leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// Children that it validated.
    pub(super) validated: u64,
    /// Children that were written since their validation.
    pub(super) dirty: u64,
    /// Children that are slow, and wait for their turn to be held.
    pub(super) slow: u64,
    /// How long the validation of one child takes.
    pub(super) mean: Duration,
}

/// What is to be done. Each is harmless to do twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Remember from now on which children are written. Waits until no other
    /// migration of the schema does.
    BeginWatch,
    /// Question: run the script on the parent and undo it.
    Prove,
    /// Question: validate these children.
    Validate(Whom),
    /// Question: let new writes wait, and open ones end.
    RaiseFence,
    /// Question: write the decision.
    Commit,
    /// Let every request run on the new generation.
    Advance,
    /// Commit the children that are held.
    CommitHeld,
    /// Roll back the children that are held.
    DropHeld,
    /// Let writes go on.
    LowerFence,
    /// Remember no longer who is written.
    EndWatch,
    /// Question: note how it ended.
    Note(MigrationEnd),
    /// Wait a little.
    Pause,
    /// Question: read the row.
    ReadRow,
    /// Question: bring up the files.
    Sweep,
}

/// Which children are validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// All that have a file.
    All,
    /// Those that were written since their validation; behind the fence these
    /// are the last ones.
    Dirty,
    /// The slow ones, and they are held.
    Slow,
}

/// A migration on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    state: State,
    /// How often preparing has ended in a fault.
    faults: u32,
}

/// Where a step leads, and what it takes.
type Step = (Machine, Vec<Effect>);

impl Machine {
    /// A migration of which nothing is known but that it was recorded.
    pub(super) fn begin() -> Step {
        Self { state: State::Reading, faults: 0 }.asking(Effect::ReadRow)
    }

    /// A migration anywhere on its way.
    #[cfg(test)]
    pub(super) fn at(state: State, faults: u32) -> Self {
        Self { state, faults }
    }

    /// How far it is.
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Whether it can be cancelled now. A wish that comes later comes too late, or
    /// cannot be known not to.
    pub(super) fn can_be_cancelled(&self) -> bool {
        match self.state {
            State::Reading
            | State::Proving
            | State::Validating { .. }
            | State::Holding
            | State::Fencing { .. }
            | State::ValidatingBehindFence => true,
            State::Committing
            | State::CommitUnknown(_)
            | State::Committed
            | State::Ending(_)
            | State::Ended(_) => false,
        }
    }

    /// What an event leads to. One that answers no question of the state, as a
    /// wish to cancel that comes too late, changes nothing and asks for nothing.
    pub(super) fn on(self, event: Event) -> Step {
        match event {
            Event::Row(row) => self.on_row(row),
            Event::Proved { row_independent } => self.on_proved(row_independent),
            Event::RoundDone(round) => self.on_round(round),
            Event::FenceUp => self.on_fence_up(),
            Event::CommitWritten => self.on_commit_written(),
            Event::Swept => self.on_swept(),
            Event::Refused(failure) => self.on_refused(failure),
            Event::Fault(failure) => self.on_fault(failure),
            Event::Cancel => self.on_wish_to_cancel(),
        }
    }

    fn on_row(self, row: Option<MigrationState>) -> Step {
        use MigrationState::{Applied, Committed, Preparing};
        match (&self.state, row) {
            (State::CommitUnknown(failure), Some(Preparing)) => {
                let failure = failure.clone();
                self.begin_again(failure)
            }
            (State::CommitUnknown(_), Some(Committed | Applied)) => self.committed(),
            (State::Ending(end), Some(state)) if state == ends_from(end) => {
                let end = end.clone();
                self.asking(Effect::Note(end))
            }
            (State::Reading | State::CommitUnknown(_) | State::Ending(_), row) => self.go_by(row),
            _ => self.unmoved(),
        }
    }

    /// The row alone tells where a migration is.
    fn go_by(self, row: Option<MigrationState>) -> Step {
        match row {
            Some(MigrationState::Preparing) => {
                // Whoever drove it before may have been stopped anywhere.
                let begin = [Effect::BeginWatch, Effect::Prove];
                self.go(State::Proving, release().into_iter().chain(begin))
            }
            Some(MigrationState::Committed) => self.sweep(None),
            Some(MigrationState::Applied | MigrationState::Failed | MigrationState::Cancelled)
            | None => self.go(State::Ended(row), release()),
        }
    }

    fn on_proved(self, row_independent: bool) -> Step {
        match self.state {
            // The fence is needed here too: what is written on the old generation
            // must have committed before the decision, or not at all.
            State::Proving if row_independent => {
                self.go(State::Fencing { row_independent }, [Effect::RaiseFence])
            }
            State::Proving => {
                self.go(State::Validating { round: 1, held: false }, [Effect::Validate(Whom::All)])
            }
            _ => self.unmoved(),
        }
    }

    fn on_round(self, done: Round) -> Step {
        match self.state {
            State::Validating { round, held } if goes_on(round, done) => {
                let next = State::Validating { round: round + 1, held };
                self.go(next, [Effect::Validate(Whom::Dirty)])
            }
            State::Validating { held: false, .. } if done.slow > 0 => {
                self.go(State::Holding, [Effect::Validate(Whom::Slow)])
            }
            // That took its time: others were written meanwhile.
            State::Holding if !fits_behind_fence(done) => {
                self.go(State::Validating { round: 1, held: true }, [Effect::Validate(Whom::Dirty)])
            }
            State::Validating { .. } | State::Holding => {
                self.go(State::Fencing { row_independent: false }, [Effect::RaiseFence])
            }
            State::ValidatingBehindFence => self.go(State::Committing, [Effect::Commit]),
            _ => self.unmoved(),
        }
    }

    fn on_fence_up(self) -> Step {
        match self.state {
            State::Fencing { row_independent: true } => {
                self.go(State::Committing, [Effect::Commit])
            }
            State::Fencing { row_independent: false } => {
                self.go(State::ValidatingBehindFence, [Effect::Validate(Whom::Dirty)])
            }
            _ => self.unmoved(),
        }
    }

    fn on_commit_written(self) -> Step {
        match self.state {
            State::Committing => self.committed(),
            _ => self.unmoved(),
        }
    }

    fn on_swept(self) -> Step {
        match self.state {
            State::Committed => {
                let end = MigrationEnd::Applied;
                self.go(State::Ending(end.clone()), [Effect::Note(end)])
            }
            _ => self.unmoved(),
        }
    }

    fn on_refused(self, failure: MigrationFailure) -> Step {
        match self.state {
            State::Proving
            | State::Validating { .. }
            | State::Holding
            | State::ValidatingBehindFence => self.end(MigrationEnd::Failed(failure)),
            _ => self.unmoved(),
        }
    }

    fn on_wish_to_cancel(self) -> Step {
        if self.can_be_cancelled() { self.end(MigrationEnd::Cancelled) } else { self.unmoved() }
    }

    fn on_fault(self, failure: MigrationFailure) -> Step {
        match self.state {
            State::Committing => self.go(State::CommitUnknown(failure), [Effect::ReadRow]),
            State::CommitUnknown(_) => self.again([], Effect::ReadRow),
            State::Reading | State::Ending(_) => self.again(release(), Effect::ReadRow),
            State::Committed => self.sweep(Some(Effect::Pause)),
            State::Ended(_) => self.stay([Effect::Pause].into_iter().chain(release()).collect()),
            State::Proving
            | State::Validating { .. }
            | State::Holding
            | State::Fencing { .. }
            | State::ValidatingBehindFence => self.begin_again(failure),
        }
    }

    /// Nothing was decided: all is undone, and begun again from the row, unless
    /// that was done too often.
    fn begin_again(mut self, failure: MigrationFailure) -> Step {
        self.faults += 1;
        if self.faults >= FAULTS_MAX {
            return self.end(MigrationEnd::Failed(failure));
        }
        self.state = State::Reading;
        self.again(release(), Effect::ReadRow)
    }

    /// It is decided that nothing happens. Writes go on before that is noted, so
    /// that whoever is told finds the fleet free.
    fn end(self, end: MigrationEnd) -> Step {
        let note = Effect::Note(end.clone());
        self.go(State::Ending(end), release().into_iter().chain([note]))
    }

    /// It has happened, and this process wrote the decision.
    fn committed(self) -> Step {
        use Effect::{Advance, CommitHeld, EndWatch, LowerFence, Sweep};
        // A large commit keeps its own database waiting and no other.
        self.go(State::Committed, [Advance, LowerFence, CommitHeld, EndWatch, Sweep])
    }

    /// It has happened; what is held has missed its time and is redone.
    fn sweep(self, pause: Option<Effect>) -> Step {
        let effects = [Effect::Advance].into_iter().chain(release()).chain(pause);
        self.go(State::Committed, effects.chain([Effect::Sweep]))
    }

    fn again(self, first: impl IntoIterator<Item = Effect>, question: Effect) -> Step {
        let effects = first.into_iter().chain([Effect::Pause, question]).collect();
        self.stay(effects)
    }

    fn asking(self, question: Effect) -> Step {
        self.stay(vec![question])
    }

    fn unmoved(self) -> Step {
        self.stay(Vec::new())
    }

    fn stay(self, effects: Vec<Effect>) -> Step {
        (self, effects)
    }

    fn go(mut self, state: State, effects: impl IntoIterator<Item = Effect>) -> Step {
        self.state = state;
        self.stay(effects.into_iter().collect())
    }
}

/// The state that a migration has before it ends so.
fn ends_from(end: &MigrationEnd) -> MigrationState {
    match end {
        MigrationEnd::Failed(_) | MigrationEnd::Cancelled => MigrationState::Preparing,
        MigrationEnd::Applied => MigrationState::Committed,
    }
}

/// What gives everything back that a migration takes before its decision.
fn release() -> [Effect; 3] {
    [Effect::DropHeld, Effect::LowerFence, Effect::EndWatch]
}

/// Whether another round is worth its time: too much is left for the fence, and
/// there is less of it each time.
fn goes_on(round: u32, done: Round) -> bool {
    round < ROUNDS_MAX && done.dirty < done.validated && !fits_behind_fence(done)
}

fn fits_behind_fence(done: Round) -> bool {
    let dirty = u32::try_from(done.dirty).unwrap_or(u32::MAX);
    done.mean.saturating_mul(dirty) <= FENCE_WORK_MAX
}
