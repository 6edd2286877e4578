//! A schema and its databases, as far as they share something in memory: the
//! generation that all of them answer from, the fence that their writes wait
//! at while a migration is decided, and who was written since it was validated.
//!
//! Nothing here is the truth: the catalog's record and each file's own
//! generation are, and a fleet is made of them again after a restart.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::catalog::{Catalog, MigrationScript};
use super::writer::Writer;
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, Generation};

/// The newest scripts that are kept at hand, so that bringing a file up need
/// not ask the catalog.
const SCRIPTS_KEPT_MAX: usize = 4;
/// How long writes that were told to end have for that at least.
const SENT_AWAY_WAIT_MIN: Duration = Duration::from_millis(500);
/// After the first failure a quarantined database is tried again after this
/// time, and after each further one after twice the time before.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5 * 60);

/// What a schema and its children share in memory.
pub struct Fleet {
    schema: DatabaseId,
    generation: AtomicU64,
    state: Mutex<State>,
    /// Told whenever the last open write ends.
    quiet: Notify,
    /// Told whenever the fence goes down.
    lowered: Notify,
    catalog: Arc<dyn Catalog>,
}

#[derive(Default)]
struct State {
    fenced: bool,
    /// The writes that are under way, by their tickets.
    open: HashMap<u64, CancellationToken>,
    next_ticket: u64,
    /// Those that were told to end.
    sent_away: HashSet<u64>,
    /// Writers that wait for the fence to go down.
    parked: Vec<Arc<Writer>>,
    /// Written since their validation; none while nothing is validated.
    dirty: Option<HashSet<DatabaseId>>,
    max_write_pause: Duration,
    quarantine: HashMap<DatabaseId, Quarantine>,
    /// The newest scripts, in order.
    scripts: Vec<MigrationScript>,
}

impl State {
    fn note_written(&mut self, id: DatabaseId, schema: DatabaseId) {
        // What is written on the parent itself is never kept.
        if let Some(dirty) = self.dirty.as_mut().filter(|_| id != schema) {
            dirty.insert(id);
        }
    }
}

/// A database whose file cannot be brought up.
struct Quarantine {
    reason: String,
    tries: u32,
    next_try: Instant,
}

/// A write that is under way. The fence does not go up before it is dropped.
pub(super) struct Entry {
    fleet: Arc<Fleet>,
    ticket: u64,
}

impl Fleet {
    pub(super) fn new(
        schema: DatabaseId,
        generation: Generation,
        catalog: Arc<dyn Catalog>,
    ) -> Arc<Self> {
        Arc::new(Self {
            schema,
            generation: AtomicU64::new(generation.0),
            state: Mutex::default(),
            quiet: Notify::new(),
            lowered: Notify::new(),
            catalog,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The SCHEMA database.
    #[must_use]
    pub fn schema(&self) -> DatabaseId {
        self.schema
    }

    /// The generation that every request answers from, as far as this process
    /// knows.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    /// A migration to this generation has committed: from now on every database
    /// of the fleet is brought up to it before anything else happens to it.
    pub fn advance(&self, to: Generation) {
        self.generation.fetch_max(to.0, Ordering::AcqRel);
    }

    /// Has a script at hand that was just decided.
    pub fn learn(&self, script: MigrationScript) {
        let mut state = self.state();
        let follows =
            state.scripts.last().is_none_or(|last| last.generation.next() == script.generation);
        if follows {
            state.scripts.push(script);
            let surplus = state.scripts.len().saturating_sub(SCRIPTS_KEPT_MAX);
            state.scripts.drain(..surplus);
        }
    }

    /// From here on it is remembered which databases are written. What was
    /// remembered before is forgotten.
    pub fn begin_watch(&self) {
        let mut state = self.state();
        state.dirty = Some(HashSet::new());
        state.max_write_pause = Duration::ZERO;
    }

    /// Nothing is remembered any more.
    pub fn end_watch(&self) {
        self.state().dirty = None;
    }

    /// The databases that were written since they were validated.
    #[must_use]
    pub fn dirty(&self) -> Vec<DatabaseId> {
        self.state().dirty.iter().flatten().copied().collect()
    }

    /// The validation of a database begins; nobody writes it meanwhile.
    pub(super) fn note_clean(&self, id: DatabaseId) {
        if let Some(dirty) = &mut self.state().dirty {
            dirty.remove(&id);
        }
    }

    /// The longest time that a write waited for this migration, since
    /// [`Fleet::begin_watch`].
    #[must_use]
    pub fn max_write_pause(&self) -> Duration {
        self.state().max_write_pause
    }

    pub(super) fn note_pause(&self, pause: Duration) {
        let mut state = self.state();
        state.max_write_pause = state.max_write_pause.max(pause);
    }

    /// A database was written: what is known of its validation does not hold.
    pub(super) fn note_written(&self, id: DatabaseId) {
        self.state().note_written(id, self.schema);
    }

    /// Lets a database join the fleet with the file that it has, once the fence is
    /// down. To be held until its row is there and [`Fleet::note_written`] was told
    /// of it: no migration is decided before.
    pub(super) async fn enter_joining(self: &Arc<Self>) -> Entry {
        loop {
            let told = self.lowered.notified();
            {
                let mut state = self.state();
                if !state.fenced {
                    return self.entry(&mut state, CancellationToken::new());
                }
            }
            told.await;
        }
    }

    /// Lets a write begin, unless the fence is up: then `parking` waits for it
    /// to go down.
    pub(super) fn enter(
        self: &Arc<Self>,
        database: DatabaseId,
        cancel: CancellationToken,
        parking: &Arc<Writer>,
        is_parked: bool,
    ) -> Option<Entry> {
        let mut state = self.state();
        if state.fenced {
            if !is_parked {
                state.parked.push(parking.clone());
            }
            return None;
        }
        state.note_written(database, self.schema);
        Some(self.entry(&mut state, cancel))
    }

    fn entry(self: &Arc<Self>, state: &mut State, cancel: CancellationToken) -> Entry {
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.open.insert(ticket, cancel);
        Entry { fleet: self.clone(), ticket }
    }

    /// Whether new writes wait.
    pub(super) fn is_fenced(&self) -> bool {
        self.state().fenced
    }

    /// Raises the fence: new writes wait from now on. Returns when none is open
    /// any more; those that are still open after `wait_max` are rolled back with
    /// an error that says to try again. Answers `false` where one has not ended
    /// after twice that time, as one whose commit is large; the fence stays up.
    #[must_use]
    pub async fn raise_fence(&self, wait_max: Duration) -> bool {
        self.state().fenced = true;
        if timeout(wait_max, self.until_quiet()).await.is_ok() {
            return true;
        }
        {
            let mut state = self.state();
            let State { open, sent_away, .. } = &mut *state;
            for (ticket, cancel) in open {
                cancel.cancel();
                sent_away.insert(*ticket);
            }
        }
        timeout(wait_max.max(SENT_AWAY_WAIT_MIN), self.until_quiet()).await.is_ok()
    }

    async fn until_quiet(&self) {
        loop {
            let told = self.quiet.notified();
            if self.state().open.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// Lowers the fence, where it is up.
    pub fn lower_fence(&self) {
        let parked = {
            let mut state = self.state();
            state.fenced = false;
            std::mem::take(&mut state.parked)
        };
        self.lowered.notify_waiters();
        for writer in parked {
            writer.resume();
        }
    }

    /// Makes sure that the scripts behind `after` are at hand.
    pub(super) async fn load_scripts(&self, after: Generation) -> Result<()> {
        let up_to = self.generation();
        if self.kept_scripts(after, up_to).is_none() {
            let scripts = self.catalog.migration_scripts(self.schema, after, up_to).await?;
            self.keep(&scripts);
        }
        Ok(())
    }

    /// The scripts that lead from one generation to another. Called where
    /// blocking is allowed.
    pub(super) fn scripts(
        &self,
        after: Generation,
        up_to: Generation,
    ) -> Result<Vec<MigrationScript>> {
        if let Some(scripts) = self.kept_scripts(after, up_to) {
            return Ok(scripts);
        }
        let asked = self.catalog.migration_scripts(self.schema, after, up_to);
        let scripts = Handle::current().block_on(asked)?;
        let complete = scripts.len() as u64 == up_to.0.saturating_sub(after.0);
        if !complete {
            return Err(Error::internal(format!(
                "the catalog has no scripts from generation {after} to {up_to}"
            )));
        }
        self.keep(&scripts);
        Ok(scripts)
    }

    fn kept_scripts(&self, after: Generation, up_to: Generation) -> Option<Vec<MigrationScript>> {
        let state = self.state();
        let wanted: Vec<_> = state
            .scripts
            .iter()
            .filter(|script| script.generation > after && script.generation <= up_to)
            .cloned()
            .collect();
        (wanted.len() as u64 == up_to.0.saturating_sub(after.0)).then_some(wanted)
    }

    fn keep(&self, scripts: &[MigrationScript]) {
        let newest = &scripts[scripts.len().saturating_sub(SCRIPTS_KEPT_MAX)..];
        let mut state = self.state();
        let last = |scripts: &[MigrationScript]| scripts.last().map(|script| script.generation);
        if last(newest) >= last(&state.scripts) {
            state.scripts = newest.to_vec();
        }
    }

    /// Why a database cannot be brought up, until it is to be tried again.
    /// Errors: `CHILD_QUARANTINED`.
    pub(super) fn check_quarantine(&self, id: DatabaseId) -> Result<()> {
        match self.state().quarantine.get(&id) {
            Some(known) if known.next_try > Instant::now() => {
                Err(self.quarantined(id, &known.reason))
            }
            _ => Ok(()),
        }
    }

    /// Notes that a database could not be brought up; answers what its callers
    /// are told.
    pub(super) fn quarantine(&self, id: DatabaseId, error: &Error) -> Error {
        let cause = match error.private_source() {
            Some(source) => format!("{} ({source})", error.message()),
            None => error.message().to_owned(),
        };
        tracing::warn!(database = %id, %cause, "a database cannot be brought to its generation");
        // The private cause is for the log alone.
        let reason = error.message().to_owned();
        let mut state = self.state();
        let known = state.quarantine.entry(id).or_insert_with(|| Quarantine {
            reason: String::new(),
            tries: 0,
            next_try: Instant::now(),
        });
        let wait = RETRY_AFTER_MIN.saturating_mul(1 << known.tries.min(16)).min(RETRY_AFTER_MAX);
        known.tries += 1;
        known.next_try = Instant::now() + wait;
        known.reason.clone_from(&reason);
        drop(state);
        self.quarantined(id, &reason)
    }

    /// A database was brought up after all.
    pub(super) fn release(&self, id: DatabaseId) {
        self.state().quarantine.remove(&id);
    }

    /// A database is to be tried again with its next use.
    pub(super) fn retry_now(&self, id: DatabaseId) {
        if let Some(known) = self.state().quarantine.get_mut(&id) {
            known.next_try = Instant::now();
        }
    }

    fn quarantined(&self, id: DatabaseId, reason: &str) -> Error {
        let generation = self.generation();
        Error::new(
            Reason::ChildQuarantined,
            format!("the database cannot be brought to generation {generation}: {reason}"),
        )
        .with("id", id)
        .with("generation", generation)
        .with("cause", reason)
    }
}

impl Entry {
    /// Another request writes now.
    pub(super) fn set_cancel(&self, cancel: CancellationToken) {
        let mut state = self.fleet.state();
        if state.sent_away.contains(&self.ticket) {
            cancel.cancel();
        }
        state.open.insert(self.ticket, cancel);
    }

    /// Whether it was told to end, for the sake of a migration.
    pub(super) fn was_sent_away(&self) -> bool {
        self.fleet.state().sent_away.contains(&self.ticket)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut state = self.fleet.state();
        state.open.remove(&self.ticket);
        state.sent_away.remove(&self.ticket);
        if state.open.is_empty() {
            self.fleet.quiet.notify_waiters();
        }
    }
}

/// What a write is told that had to end for a migration's sake.
#[must_use]
pub fn gave_way() -> Error {
    Error::new(
        Reason::Busy,
        "the write gave way to a migration of its schema and was rolled back; run it again",
    )
    .with_retry_after(Duration::from_millis(10))
}
