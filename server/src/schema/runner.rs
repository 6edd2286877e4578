//! Drives one migration: carries out what the state machine wants, and tells it
//! what came of that. Decides nothing itself.
//!
//! An error or a panic on the way is an event like others, so that the machine
//! always knows what may be left standing: the fence above all.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::Shared;
use super::gate::{Gate, Turn};
use super::prepare::Preparation;
use super::runs::Run;
use super::state::{Effect, Event, Machine, Whom};
use super::validate::{Stop, Validator};
use super::verdict::{caught, failure_on, is_verdict};
use crate::env::Failpoint;
use crate::error::{Error, Reason, Result};
use crate::names::Generation;
use crate::storage::catalog::{
    ChildCounts, Database, Migration, MigrationEnd, MigrationFailure, MigrationFigures,
    MigrationScript,
};
use crate::storage::{Fleet, Proof};

/// How long one waits before trying again what failed.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Those who wait for a commit are answered before a sweep takes the processors: where
/// it has all of them, an answer waits for the scheduler's next slice, some 3 ms.
const HEAD_START: Duration = Duration::from_millis(5);

/// How long the last validations may take while writes wait, at least.
const FENCE_WORK_LIMIT_MIN: Duration = Duration::from_secs(1);

/// What the parent said of the script before it was recorded.
pub(super) struct FirstProof {
    /// The generation that it was run on.
    pub(super) generation: Generation,
    /// What came of it.
    pub(super) result: Result<Proof>,
    /// How many children there are, counted meanwhile.
    pub(super) counts: JoinHandle<Result<ChildCounts>>,
}

/// Drives one migration.
pub(super) struct Runner {
    shared: Arc<Shared>,
    run: Arc<Run>,
    /// The row as it was last read.
    row: Migration,
    parent: Arc<Database>,
    proof: Option<FirstProof>,
    fleet: Arc<Fleet>,
    gate: Arc<Gate>,
    /// Held from the first look at the children until nothing of the fleet is
    /// needed any more. Without it the fence is another one's.
    turn: Option<Turn>,
    /// Which turn it was, also when it is over.
    turn_number: u64,
    fence_since: Option<Instant>,
    /// Children that have no file, and need none to follow.
    unused: u64,
    preparation: Option<Preparation>,
}

impl Runner {
    pub(super) fn new(
        shared: Arc<Shared>,
        run: Arc<Run>,
        row: &Migration,
        parent: Arc<Database>,
        proof: Option<FirstProof>,
    ) -> Self {
        Self {
            fleet: shared.pool.fleet(parent.id, parent.generation),
            gate: shared.gates.of(parent.id),
            shared,
            run,
            row: row.clone(),
            parent,
            // One that leads elsewhere by now was proved on another schema.
            proof: proof.filter(|proof| proof.generation.next() == row.generation),
            turn: None,
            turn_number: 0,
            fence_since: None,
            unused: 0,
            preparation: None,
        }
    }

    /// Drives it to its end.
    pub(super) async fn run(mut self) {
        let (mut machine, mut effects) = Machine::begin();
        while let Some(event) = self.carry_out(&machine, effects).await {
            (machine, effects) = machine.on(event);
        }
        let (migration, generation, state) = (self.row.id, self.row.generation, self.row.state);
        info!(%migration, %generation, ?state, "a migration has ended");
    }

    /// Carries out effects; answers what comes of their question, `None` where
    /// they have none.
    async fn carry_out(&mut self, machine: &Machine, effects: Vec<Effect>) -> Option<Event> {
        let cancel = self.run.cancel.clone();
        let all = caught(async {
            for effect in effects {
                if let Some(event) = self.perform(effect).await? {
                    return Ok(Some(event));
                }
            }
            Ok(None)
        });
        let done = tokio::select! {
            biased;
            // What is under way is dropped with its future, and undone.
            () = cancel.cancelled(), if machine.can_be_cancelled() => return Some(Event::Cancel),
            done = all => done,
        };
        done.unwrap_or_else(|error| {
            let (migration, state) = (self.row.id, machine.state());
            warn!(%migration, ?state, ?error, "a migration was held up");
            Some(Event::Fault(self.failure(&error)))
        })
    }

    async fn perform(&mut self, effect: Effect) -> Result<Option<Event>> {
        Ok(match effect {
            Effect::BeginWatch => {
                self.begin_watch().await;
                None
            }
            Effect::Prove => Some(self.prove().await?),
            Effect::Validate(whom) => Some(self.validate(whom).await?),
            Effect::RaiseFence => Some(self.raise_fence().await?),
            Effect::Commit => Some(self.commit().await?),
            Effect::Advance => {
                self.fleet.learn(script(&self.row));
                self.fleet.advance(self.row.generation);
                None
            }
            Effect::CommitHeld => {
                if let Some(preparation) = &mut self.preparation {
                    preparation.commit_held().await;
                }
                None
            }
            Effect::DropHeld => {
                self.preparation = None;
                None
            }
            Effect::LowerFence => {
                self.lower_fence();
                None
            }
            Effect::EndWatch => {
                self.end_watch();
                None
            }
            Effect::Note(end) => Some(self.note(end).await?),
            Effect::Pause => {
                sleep(PAUSE).await;
                None
            }
            Effect::ReadRow => Some(self.read_row().await),
            Effect::Sweep => Some(self.sweep().await?),
        })
    }

    /// The failure that an error is, if it is one of the whole.
    fn failure(&self, error: &Error) -> MigrationFailure {
        failure_on(&self.parent.group, &self.parent.name, error)
    }

    fn count(&self, change: impl FnOnce(&mut MigrationFigures)) {
        self.run.progress.count(change);
    }

    async fn begin_watch(&mut self) {
        if self.turn.is_none() {
            let turn = self.gate.enter().await;
            self.turn_number = turn.number();
            self.turn = Some(turn);
        }
        self.fleet.begin_watch();
        self.count(|figures| *figures = MigrationFigures::default());
    }

    async fn prove(&mut self) -> Result<Event> {
        self.shared.env.failpoint(Failpoint::MigrationRecorded)?;
        let mut counts = None;
        let proved = match self.proof.take() {
            Some(first) => {
                counts = Some(first.counts);
                first.result
            }
            None => {
                let parent = self.shared.schema_row(self.row.schema).await?;
                self.parent = parent.ok_or_else(|| Error::internal("the schema is gone"))?;
                self.shared.pool.prove(&self.parent, &script(&self.row)).await
            }
        };
        match proved {
            Ok(proof) => {
                let counts = match counts {
                    Some(counts) => counts.await.map_err(Error::internal)??,
                    None => self.shared.catalog.child_counts(self.row.schema).await?,
                };
                self.begin_counting(&proof, counts);
                Ok(Event::Proved { row_independent: proof.row_independent })
            }
            Err(error) if is_verdict(&error) => Ok(Event::Refused(self.failure(&error))),
            Err(error) => Err(error),
        }
    }

    fn begin_counting(&mut self, proof: &Proof, counts: ChildCounts) {
        self.unused = counts.total.saturating_sub(counts.used);
        self.count(|figures| {
            figures.row_independent = proof.row_independent;
            figures.children_total = counts.total;
            // The parent stands for those that have no file.
            figures.children_validated = self.unused;
        });
        let validator = Validator {
            shared: Arc::clone(&self.shared),
            fleet: Arc::clone(&self.fleet),
            script: script(&self.row),
            group: self.parent.group.clone(),
        };
        self.preparation = Some(Preparation::new(validator, Arc::clone(&self.run.progress)));
    }

    async fn validate(&mut self, whom: Whom) -> Result<Event> {
        let Some(preparation) = &mut self.preparation else {
            return Err(Error::internal("nothing was proved before it was validated"));
        };
        let validation = async {
            match whom {
                Whom::All => preparation.all().await,
                Whom::Dirty => preparation.dirty().await,
                Whom::Slow => preparation.hold_slow().await,
            }
        };
        let done = match self.fence_since {
            None => validation.await,
            // Writes wait for it: so long and no longer.
            Some(_) => {
                let limit = (2 * self.shared.config.fence_wait_max).max(FENCE_WORK_LIMIT_MIN);
                timeout(limit, validation).await.map_err(|_| {
                    let message = "children that are slow to validate were written all the time; apply the migration again";
                    Error::new(Reason::Busy, message)
                })?
            }
        };
        match done {
            Ok(round) => Ok(Event::RoundDone(round)),
            Err(Stop::Refused(failure)) => Ok(Event::Refused(failure)),
            Err(Stop::Fault(error)) => Err(error),
        }
    }

    async fn raise_fence(&mut self) -> Result<Event> {
        self.fence_since = Some(Instant::now());
        if !self.fleet.raise_fence(self.shared.config.fence_wait_max).await {
            let message = "writes that were open did not end in time; apply the migration again";
            return Err(Error::new(Reason::Busy, message));
        }
        let dirty = self.fleet.dirty().len() as u64;
        self.count(|figures| {
            figures.dirty_at_fence = if figures.row_independent { 0 } else { dirty }
        });
        self.shared.env.failpoint(Failpoint::FenceRaised)?;
        Ok(Event::FenceUp)
    }

    async fn commit(&mut self) -> Result<Event> {
        let Shared { catalog, env, .. } = &*self.shared;
        env.failpoint(Failpoint::MigrationCommit)?;
        self.measure_fence();
        self.count(|figures| {
            figures.children_validated = figures.children_total;
            figures.children_applied = self.unused;
        });
        let figures = self.run.progress.figures();
        let row = catalog.commit_migration(self.row.id, figures, env.now()).await?;
        env.failpoint(Failpoint::MigrationCommitted)?;
        self.row = Migration::clone(&row);
        Ok(Event::CommitWritten)
    }

    fn lower_fence(&mut self) {
        if self.turn.is_some() {
            self.fleet.lower_fence();
            self.measure_fence();
            self.fence_since = None;
        }
    }

    fn end_watch(&mut self) {
        self.measure_pause();
        if let Some(turn) = self.turn.take() {
            self.fleet.end_watch();
            drop(turn);
        }
    }

    fn measure_fence(&self) {
        if let Some(since) = self.fence_since {
            self.count(|figures| figures.fence = since.elapsed());
        }
        self.measure_pause();
    }

    /// A write that waited tells of it when it goes on, which can be after the
    /// turn; what it tells is lost when the next one begins.
    fn measure_pause(&self) {
        if self.gate.is_last(self.turn_number) {
            let pause = self.fleet.max_write_pause();
            self.count(|figures| figures.max_write_pause = figures.max_write_pause.max(pause));
        }
    }

    async fn note(&mut self, end: MigrationEnd) -> Result<Event> {
        let Shared { catalog, env, .. } = &*self.shared;
        env.failpoint(Failpoint::MigrationEnd)?;
        self.measure_pause();
        let figures = self.run.progress.figures();
        let row = catalog.end_migration(self.row.id, end, figures, env.now()).await?;
        env.failpoint(Failpoint::MigrationEnded)?;
        Ok(self.has_row(Some(&row)))
    }

    /// Reads the row, however often that fails: nothing else can be done before.
    async fn read_row(&mut self) -> Event {
        loop {
            match self.shared.catalog.migration(self.row.id).await {
                Ok(row) => return self.has_row(row.as_deref()),
                Err(error) => {
                    warn!(migration = %self.row.id, ?error, "cannot read a migration; trying again");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn has_row(&mut self, row: Option<&Migration>) -> Event {
        if let Some(row) = row {
            self.row = row.clone();
            if row.state.is_final() {
                self.run.progress.publish(row);
            }
        }
        Event::Row(row.map(|row| row.state))
    }

    /// Waits until the files are brought up. Only now is it told that it has
    /// committed: whoever hears it finds the fence down.
    async fn sweep(&mut self) -> Result<Event> {
        self.run.progress.publish(&self.row);
        sleep(HEAD_START).await;
        let mut swept = self.shared.sweep(self.parent.id);
        loop {
            let done = *swept.borrow_and_update();
            self.measure_pause();
            if let Some(done) = done {
                let is_over = done.reached >= self.row.generation;
                let apply = self.since_commit();
                self.count(|figures| {
                    figures.children_total = done.total;
                    figures.children_quarantined = done.quarantined;
                    // What was counted is about the newest generation, which can
                    // be a later one.
                    figures.children_applied = if is_over {
                        done.total.saturating_sub(done.quarantined)
                    } else {
                        done.applied
                    };
                    figures.apply = apply;
                });
                if is_over {
                    return Ok(Event::Swept);
                }
            }
            swept.changed().await.map_err(Error::internal)?;
        }
    }

    fn since_commit(&self) -> Duration {
        let since = self.row.commit_time.unwrap_or_default().0;
        let ms = self.shared.env.now().0.saturating_sub(since);
        Duration::from_millis(u64::try_from(ms).unwrap_or_default())
    }
}

/// The script of a migration.
fn script(row: &Migration) -> MigrationScript {
    MigrationScript {
        generation: row.generation,
        sql: Arc::clone(&row.sql),
        foreign_keys: row.foreign_keys,
        allow_nondeterministic: row.allow_nondeterministic,
        time: row.create_time,
    }
}
