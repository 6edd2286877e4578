//! Rounds of validation, while the fleet goes on: first all children, then again
//! and again those that were written since. Whether another round follows is
//! decided by the state machine; this file knows who is dirty, who is slow and
//! who is held.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tracing::warn;

use super::progress::Progress;
use super::state::Round;
use super::validate::{Stop, Validator, Verdict};
use crate::env::Failpoint;
use crate::error::Result;
use crate::names::DatabaseId;
use crate::storage::Held;
use crate::storage::catalog::MemberFilter;

/// A child on which the script takes longer is validated last, and held if that
/// is still so: to run it again after the decision would keep its requests
/// waiting.
const SLOW_OVER: Duration = Duration::from_millis(200);

/// The validation of one migration, from its first round to its decision.
pub(super) struct Preparation {
    validator: Validator,
    progress: Arc<Progress>,
    /// The slowest ones, at most as many as may be held; the slowest first.
    slow: Vec<(Duration, DatabaseId)>,
    /// The slow ones have had their turn: no more are looked for.
    slow_done: bool,
    /// Dropped with this, they are rolled back.
    held: Vec<Held>,
    /// How long a run takes, by the last round that tells.
    mean: Duration,
}

impl Preparation {
    pub(super) fn new(validator: Validator, progress: Arc<Progress>) -> Self {
        let (slow, held) = (Vec::new(), Vec::new());
        Self { validator, progress, slow, slow_done: false, held, mean: Duration::ZERO }
    }

    /// Validates all children.
    pub(super) async fn all(&mut self) -> Result<Round, Stop> {
        let progress = Arc::clone(&self.progress);
        let passed = move || progress.count(|figures| figures.children_validated += 1);
        self.round(MemberFilter::All, passed).await
    }

    /// Validates those that were written since their validation. Slow ones wait
    /// for their turn.
    pub(super) async fn dirty(&mut self) -> Result<Round, Stop> {
        self.round(MemberFilter::Among(self.dirty_ids()), || {}).await
    }

    /// Validates the slow ones, and holds those that are slow again.
    pub(super) async fn hold_slow(&mut self) -> Result<Round, Stop> {
        self.slow_done = true;
        let ids = self.slow.drain(..).map(|(_, id)| id).collect();
        let (mut validated, held) = (0, &mut self.held);
        let each = |verdict| match verdict {
            Verdict::Passed(_, done) => {
                validated += 1;
                held.extend(done.held);
                Ok(())
            }
            Verdict::Failed(failure) => Err(Stop::Refused(failure)),
            Verdict::Gone => Ok(()),
        };
        self.validator.run(MemberFilter::Among(ids), Some(SLOW_OVER), each).await?;
        self.round_done(validated)
    }

    /// Commits those that are held; what fails is redone like all others.
    pub(super) async fn commit_held(&mut self) {
        let commits =
            self.held.drain(..).map(|held| async move { (held.id(), held.commit().await) });
        for (id, committed) in join_all(commits).await {
            if let Err(error) = committed {
                warn!(database = %id, ?error, "a held migration was not committed; it is redone");
            }
        }
    }

    async fn round(&mut self, filter: MemberFilter, passed: impl Fn()) -> Result<Round, Stop> {
        let (mut validated, mut busy) = (0, Duration::ZERO);
        let held_max = if self.slow_done { 0 } else { self.validator.shared.config.held_max };
        let slow = &mut self.slow;
        let each = |verdict| match verdict {
            Verdict::Passed(id, done) => {
                validated += 1;
                busy += done.took;
                note_slow(slow, held_max, (done.took, id));
                passed();
                Ok(())
            }
            Verdict::Failed(failure) => Err(Stop::Refused(failure)),
            Verdict::Gone => Ok(()),
        };
        self.validator.run(filter, None, each).await?;
        if let Ok(count @ 1..) = u32::try_from(validated) {
            self.mean = busy / count;
        }
        self.round_done(validated)
    }

    fn round_done(&self, validated: u64) -> Result<Round, Stop> {
        self.progress.count(|figures| figures.validated_per_round.push(validated));
        self.validator.shared.env.failpoint(Failpoint::MigrationRound).map_err(Stop::Fault)?;
        let (dirty, slow) = (self.dirty_ids().len() as u64, self.slow.len() as u64);
        Ok(Round { validated, dirty, slow, mean: self.mean })
    }

    fn dirty_ids(&self) -> Vec<DatabaseId> {
        let slow: HashSet<_> = self.slow.iter().map(|(_, id)| *id).collect();
        let dirty = self.validator.fleet.dirty().into_iter();
        dirty.filter(|id| !slow.contains(id)).collect()
    }
}

/// Remembers a child that is slow, as long as there are not enough slower ones.
fn note_slow(
    slow: &mut Vec<(Duration, DatabaseId)>,
    held_max: usize,
    child: (Duration, DatabaseId),
) {
    let (took, id) = child;
    if took > SLOW_OVER {
        slow.retain(|(_, known)| *known != id);
        slow.push(child);
        slow.sort_unstable_by(|one, other| other.cmp(one));
        slow.truncate(held_max);
    }
}
