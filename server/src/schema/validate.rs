//! Running one script on many children and undoing it, several at a time: what
//! preparing a migration and a dry run of one have in common.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::verdict::{failure_on, is_verdict};
use super::{Shared, members};
use crate::env::Failpoint;
use crate::error::{Error, Result};
use crate::names::{DatabaseId, GroupName};
use crate::storage::catalog::{Member, MemberFilter, MigrationFailure, MigrationScript};
use crate::storage::{Fleet, ValidateHow, Validated};

/// How many children are listed at once.
const PAGE_MEMBERS_MAX: usize = 1_000;

/// A script, and the children that it is for.
pub(super) struct Validator {
    pub(super) shared: Arc<Shared>,
    pub(super) fleet: Arc<Fleet>,
    pub(super) script: MigrationScript,
    /// The group that all of them are in.
    pub(super) group: GroupName,
}

/// What came of one child.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, for a moment")]
pub(super) enum Verdict {
    /// The script passes on it.
    Passed(DatabaseId, Validated),
    /// It does not, or cannot be run there.
    Failed(MigrationFailure),
    /// The child was deleted meanwhile.
    Gone,
}

/// Why validation ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The script does not pass.
    Refused(MigrationFailure),
    /// The server could not go on.
    Fault(Error),
}

impl Validator {
    /// Validates children, and hands each verdict to `each`, which can stop it.
    /// With `hold_over`, a run that takes longer stays open.
    ///
    /// A run that is left behind, by a stop or with the dropped future, ends soon
    /// and is undone. Until then it can still clear the mark of a child that was
    /// written, but never wrongly: it comes before every write that waits, and so
    /// right after or before whoever validates that child next.
    pub(super) async fn run(
        &self,
        filter: MemberFilter,
        hold_over: Option<Duration>,
        mut each: impl FnMut(Verdict) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let Shared { catalog, config, .. } = &*self.shared;
        let cancel = CancellationToken::new();
        let _given_up = cancel.clone().drop_guard();
        let pages =
            members::pages(Arc::clone(catalog), self.fleet.schema(), filter, PAGE_MEMBERS_MAX);
        let members = pages.map_ok(|page| stream::iter(page.into_iter().map(Ok))).try_flatten();
        let runs = members
            .map_err(Stop::Fault)
            .map_ok(|member| self.validate(member, hold_over, &cancel))
            .try_buffer_unordered(config.prepare_workers);
        let mut runs = pin!(runs);
        while let Some(verdict) = runs.try_next().await? {
            each(verdict)?;
        }
        Ok(())
    }

    async fn validate(
        &self,
        member: Member,
        hold_over: Option<Duration>,
        cancel: &CancellationToken,
    ) -> Result<Verdict, Stop> {
        let Shared { pool, env, .. } = &*self.shared;
        let how = hold_over.map_or(ValidateHow::Undo, ValidateHow::HoldIfSlower);
        match pool.validate(&self.fleet, &member, &self.script, how, cancel).await {
            Ok(done) => {
                env.failpoint(Failpoint::MigrationValidated).map_err(Stop::Fault)?;
                Ok(Verdict::Passed(member.id, done))
            }
            Err(error) => self.judge(&member, error).await,
        }
    }

    async fn judge(&self, member: &Member, error: Error) -> Result<Verdict, Stop> {
        let (catalog, schema) = (&*self.shared.catalog, self.fleet.schema());
        let still = members::among(catalog, schema, vec![member.id]).await.map_err(Stop::Fault)?;
        if still.is_empty() {
            Ok(Verdict::Gone)
        } else if is_verdict(&error) {
            Ok(Verdict::Failed(failure_on(&self.group, &member.name, &error)))
        } else {
            Err(Stop::Fault(error.with("child", &member.name)))
        }
    }
}
