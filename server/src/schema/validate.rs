//! Running one script on many children and undoing it, several at a time: what
//! preparing a migration and a dry run of one have in common.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, future, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::verdict::{failure_on, is_verdict};
use super::{Shared, members};
use crate::env::Failpoint;
use crate::error::{Error, Result};
use crate::names::{DatabaseId, GroupName};
use crate::storage::catalog::{Member, MemberFilter, MigrationFailure, MigrationScript};
use crate::storage::{Fleet, Queue, ValidateHow, Validated};

/// How many children are listed at once.
const PAGE_MEMBERS_MAX: usize = 1_000;
/// How many verdicts of one worker wait to be looked at.
const TOLD_MAX: usize = 64;

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
        let catalog = Arc::clone(&self.shared.catalog);
        let cancel = CancellationToken::new();
        let _given_up = cancel.clone().drop_guard();
        let schema = self.fleet.schema();
        let pages = members::pages(catalog, schema, filter, PAGE_MEMBERS_MAX);
        let pages = pages.map_err(Stop::Fault);
        let mut verdicts = match hold_over {
            None => self.undone(pages, &cancel).boxed(),
            Some(limit) => self.held(pages, limit, &cancel).boxed(),
        };
        while let Some(verdict) = verdicts.try_next().await? {
            each(verdict)?;
        }
        Ok(())
    }

    /// Validates children and undoes each run.
    fn undone<'a>(
        &'a self,
        pages: impl Stream<Item = Result<Vec<Member>, Stop>> + Send + 'a,
        cancel: &'a CancellationToken,
    ) -> impl Stream<Item = Result<Verdict, Stop>> + Send + 'a {
        let workers = self.shared.config.prepare_workers;
        // A child that takes long keeps one worker, and nobody waits for that one.
        let queues = pages
            .map_ok(move |page| stream::iter(iter::repeat_n(Queue::new(page), workers)).map(Ok));
        let runs = queues.try_flatten().map_ok(|queue| Box::pin(self.work(queue, cancel)));
        runs.try_flatten_unordered(workers)
    }

    /// One worker: takes children from a queue until it is empty.
    fn work<'a>(
        &'a self,
        queue: Queue,
        cancel: &'a CancellationToken,
    ) -> impl Stream<Item = Result<Verdict, Stop>> + Send + 'a {
        let stretches = stream::unfold(queue, move |queue| async move {
            (!queue.is_empty()).then(|| (Ok(self.stretch(queue.clone(), cancel)), queue))
        });
        stretches.try_flatten()
    }

    /// What one worker does up to the first child that is in use, and that one. It
    /// takes no other while it is at that one: others may be free to.
    fn stretch<'a>(
        &'a self,
        queue: Queue,
        cancel: &'a CancellationToken,
    ) -> impl Stream<Item = Result<Verdict, Stop>> + Send + 'a {
        let (tell, told) = mpsc::channel(TOLD_MAX);
        let pool = &self.shared.pool;
        let work = pool.validate_closed(&self.fleet, queue, &self.script, cancel, tell);
        let in_use = async move {
            let Some(member) = work.await? else { return Ok(None) };
            let result = self.open(&member, ValidateHow::Undo, cancel).await;
            Ok(Some((member, result)))
        };
        let in_use = stream::once(in_use).try_filter_map(future::ok);
        let results = ReceiverStream::new(told).map(Ok).chain(in_use).map_err(Stop::Fault);
        results.and_then(async |(member, result)| self.verdict(&member, result).await)
    }

    /// Validates children like requests, and keeps the runs open that take longer.
    fn held<'a>(
        &'a self,
        pages: impl Stream<Item = Result<Vec<Member>, Stop>> + Send + 'a,
        limit: Duration,
        cancel: &'a CancellationToken,
    ) -> impl Stream<Item = Result<Verdict, Stop>> + Send + 'a {
        let members = pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten();
        let runs = members.map_ok(move |member| async move {
            let result = self.open(&member, ValidateHow::HoldIfSlower(limit), cancel).await;
            self.verdict(&member, result).await
        });
        runs.try_buffer_unordered(self.shared.config.prepare_workers)
    }

    async fn open(
        &self,
        member: &Member,
        how: ValidateHow,
        cancel: &CancellationToken,
    ) -> Result<Validated> {
        self.shared.pool.validate(&self.fleet, member, &self.script, how, cancel).await
    }

    async fn verdict(&self, member: &Member, result: Result<Validated>) -> Result<Verdict, Stop> {
        match result {
            Ok(done) => {
                let reached = self.shared.env.failpoint(Failpoint::MigrationValidated);
                reached.map_err(Stop::Fault)?;
                Ok(Verdict::Passed(member.id, done))
            }
            Err(error) => self.judge(member, error).await,
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
