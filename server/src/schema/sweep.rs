//! Bringing files up after a commit, in the background: those first that are open,
//! then the parent's, then the children's in batches. Each request does the same for
//! its own database before anything else, so nobody waits for this.
//!
//! One task at a time sweeps a schema. It knows no migrations: it brings files to
//! the newest generation, and tells how far they are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::TryStreamExt as _;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, error};

use super::runner::PAUSE;
use super::verdict::caught;
use super::{Shared, members};
use crate::error::Result;
use crate::names::{DatabaseId, Generation};
use crate::storage::Fleet;
use crate::storage::catalog::{
    ChildCounts, Database, DatabaseFilter, KindFilter, Member, MemberFilter,
};

/// How many files share a sync and a note in the catalog.
const BATCH_MEMBERS_MAX: usize = 1_024;
/// The least, where a small fleet is cut so that every worker has a part.
const BATCH_MEMBERS_MIN: usize = 128;
/// How many batches are made durable and noted at a time, while several workers are
/// at others.
const BATCHES_SETTLED_MAX: usize = 8;
/// How many schemas are listed at once.
const PAGE_SCHEMAS_MAX: usize = 100;
/// How often a file is tried before it counts as one that cannot be brought up:
/// what is in the way is often gone at once.
const TRIES_MAX: u32 = 2;

/// What became of some files.
type Applied = Vec<(Member, Result<()>)>;

/// How far the files of a schema are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// Every file is at this generation, or cannot be brought there.
    pub(super) reached: Generation,
    /// Live children.
    pub(super) total: u64,
    /// Those whose files are at the newest generation, or that have none.
    pub(super) applied: u64,
    /// Those that cannot be brought there.
    pub(super) quarantined: u64,
}

/// The sweeps that are under way, and the schemas that need another.
#[derive(Default)]
pub(super) struct Sweeps(Mutex<Known>);

#[derive(Default)]
struct Known {
    running: HashMap<DatabaseId, Running>,
    /// Schemas with files that could not be brought up to this generation.
    lagging: HashMap<DatabaseId, Generation>,
}

struct Running {
    told: watch::Sender<Option<Swept>>,
    /// Somebody asked for it since its last look at the schema.
    again: bool,
}

impl Sweeps {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The schemas that are to be tried again.
    pub(super) fn lagging(&self) -> Vec<DatabaseId> {
        self.known().lagging.keys().copied().collect()
    }

    /// Whether files of a schema could not be brought to this generation before.
    fn is_lagging(&self, schema: DatabaseId, target: Generation) -> bool {
        self.known().lagging.get(&schema) == Some(&target)
    }

    /// Whether a sweep is to look at its schema once more; it has ended otherwise.
    fn goes_on(&self, schema: DatabaseId) -> bool {
        match self.known().running.entry(schema) {
            Entry::Occupied(mut running) if running.get().again => {
                running.get_mut().again = false;
                true
            }
            Entry::Occupied(running) => {
                running.remove();
                false
            }
            Entry::Vacant(_) => false,
        }
    }

    fn note_lagging(&self, schema: DatabaseId, target: Option<Generation>) {
        let mut known = self.known();
        match target {
            Some(target) => known.lagging.insert(schema, target),
            None => known.lagging.remove(&schema),
        };
    }

    fn tell(&self, schema: DatabaseId, change: impl FnOnce(&mut Swept)) {
        if let Some(running) = self.known().running.get(&schema) {
            running.told.send_modify(|told| change(told.get_or_insert_default()));
        }
    }
}

impl Shared {
    /// Follows a sweep of a schema that looks at it after this call. Until it
    /// has looked the first time, it tells nothing.
    pub(super) fn sweep(self: &Arc<Self>, schema: DatabaseId) -> watch::Receiver<Option<Swept>> {
        match self.sweeps.known().running.entry(schema) {
            Entry::Occupied(mut running) => {
                running.get_mut().again = true;
                running.get().told.subscribe()
            }
            Entry::Vacant(free) => {
                let (told, follow) = watch::channel(None);
                free.insert(Running { told, again: true });
                let shared = Arc::clone(self);
                self.spawn(async move { shared.sweep_until_done(schema).await });
                follow
            }
        }
    }

    /// Sweeps every schema that has files behind it.
    pub(super) async fn sweep_all(self: &Arc<Self>) -> Result<()> {
        let mut after = None;
        loop {
            let kind = Some(KindFilter::Schema);
            let filter = DatabaseFilter { kind, ..DatabaseFilter::default() };
            let page = self.catalog.databases(filter, after, PAGE_SCHEMAS_MAX).await?;
            for parent in &page {
                let behind = MemberFilter::Behind(parent.generation);
                if !self.catalog.members(parent.id, behind, None, 1).await?.is_empty() {
                    self.sweep(parent.id);
                }
            }
            after = page.last().map(|parent| parent.cursor());
            if page.len() < PAGE_SCHEMAS_MAX {
                return Ok(());
            }
        }
    }

    async fn sweep_until_done(&self, schema: DatabaseId) {
        while self.sweeps.goes_on(schema) {
            while let Err(error) = caught(self.sweep_once(schema)).await {
                error!(%schema, ?error, "cannot bring files up; trying again");
                sleep(PAUSE).await;
            }
        }
    }

    async fn sweep_once(&self, schema: DatabaseId) -> Result<()> {
        let Some(parent) = self.schema_row(schema).await? else {
            // Deleted: nobody is left to be brought anywhere.
            self.sweeps.note_lagging(schema, None);
            self.sweeps.tell(schema, |told| told.reached = Generation::MAX);
            return Ok(());
        };
        let target = parent.generation;
        let fleet = self.pool.fleet(schema, target);
        // Those first that are asked next.
        self.pool.apply_to_open(&fleet, self.config.apply_workers).await;
        let behind = self.tell_counts(schema).await?.behind;
        let is_parent_up = self.bring_up_parent(&parent).await?;
        self.bring_up_children(&fleet, target, behind).await?;
        let quarantined = self.tell_counts(schema).await?.quarantined;
        let is_lagging = quarantined > 0 || !is_parent_up;
        self.sweeps.note_lagging(schema, is_lagging.then_some(target));
        self.sweeps.tell(schema, |told| told.reached = target);
        debug!(%schema, generation = %target, quarantined, "files were brought up");
        Ok(())
    }

    async fn bring_up_children(
        &self,
        fleet: &Arc<Fleet>,
        target: Generation,
        behind: u64,
    ) -> Result<()> {
        let schema = fleet.schema();
        // Those that failed before are due when their own time has come.
        let tries = if self.sweeps.is_lagging(schema, target) { 1 } else { TRIES_MAX };
        let workers = self.config.apply_workers;
        let part = usize::try_from(behind).unwrap_or(usize::MAX).div_ceil(workers);
        let batch_members_max = part.clamp(BATCH_MEMBERS_MIN, BATCH_MEMBERS_MAX);
        let filter = MemberFilter::Behind(target);
        let pages = members::pages(Arc::clone(&self.catalog), schema, filter, batch_members_max);
        // A single worker takes no batch while the one before it is on its way to the
        // disk, and leaves the processor to requests; several never wait.
        let settled_max = if workers == 1 { 1 } else { BATCHES_SETTLED_MAX };
        let applied =
            pages.map_ok(|batch| self.apply(fleet, batch, false)).try_buffer_unordered(workers);
        let noted = applied
            .map_ok(|applied| self.settle(fleet, target, applied, tries))
            .try_buffer_unordered(settled_max);
        let mut noted = pin!(noted);
        while let Some(applied) = noted.try_next().await? {
            self.sweeps.tell(schema, |told| told.applied += applied);
        }
        Ok(())
    }

    /// Tells how the catalog counts the children.
    async fn tell_counts(&self, schema: DatabaseId) -> Result<ChildCounts> {
        let counts = self.catalog.child_counts(schema).await?;
        self.sweeps.tell(schema, |told| {
            told.total = counts.total;
            told.applied = counts.total.saturating_sub(counts.behind);
            told.quarantined = counts.quarantined;
        });
        Ok(counts)
    }

    async fn bring_up_parent(&self, parent: &Database) -> Result<bool> {
        if !parent.used || parent.file_generation >= parent.generation {
            return Ok(true);
        }
        match self.pool.apply_parent(parent).await {
            Ok(()) => {
                let noted = self.catalog.note_generation(vec![parent.id], parent.generation);
                noted.await.map(|()| true)
            }
            Err(error) => {
                let reason = error.message().to_owned();
                self.catalog.note_quarantine(parent.id, reason).await.map(|()| false)
            }
        }
    }

    /// Brings files up and notes what became of them; answers how many are up.
    /// Those count too that failed just before.
    pub(super) async fn bring_up(
        &self,
        fleet: &Arc<Fleet>,
        target: Generation,
        batch: Vec<Member>,
    ) -> Result<u64> {
        let applied = self.apply(fleet, batch, true).await?;
        self.settle(fleet, target, applied, 1).await
    }

    async fn apply(&self, fleet: &Arc<Fleet>, batch: Vec<Member>, now: bool) -> Result<Applied> {
        let results = self.pool.apply(fleet, &batch, now).await?;
        Ok(batch.into_iter().zip(results).collect())
    }

    /// Makes durable what was brought up, and notes what became of it; tries that
    /// again which was not. Answers how many are up.
    async fn settle(
        &self,
        fleet: &Arc<Fleet>,
        target: Generation,
        mut applied: Applied,
        tries: u32,
    ) -> Result<u64> {
        let mut up = 0;
        for attempt in 1.. {
            self.pool.make_durable().await?;
            let done = applied.extract_if(.., |(_, result)| result.is_ok());
            let done: Vec<_> = done.map(|(member, _)| member.id).collect();
            up += done.len() as u64;
            if !done.is_empty() {
                self.catalog.note_generation(done, target).await?;
            }
            if applied.is_empty() || attempt == tries {
                break;
            }
            sleep(PAUSE).await;
            let failed = applied.into_iter().map(|(member, _)| member).collect();
            applied = self.apply(fleet, failed, true).await?;
        }
        let behind = applied.into_iter().filter(|(member, _)| member.file_generation < target);
        for (member, result) in behind {
            if let Err(error) = result {
                self.catalog.note_quarantine(member.id, error.message().to_owned()).await?;
            }
        }
        Ok(up)
    }
}
