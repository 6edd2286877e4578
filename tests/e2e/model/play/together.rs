//! What happens at once: a migration, writes, commits, a creation, a branch, a
//! deletion, a cancel and a kill. What was acknowledged tells in part what came before what;
//! of the orders that are left, one must lead to what is found.

use std::collections::BTreeMap;
use std::time::Duration;

use tenantry_client::v1::{
    ApplyMigrationRequest, ListMigrationsRequest, Migration, MigrationState, TransactionMode,
    WaitFor,
};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tonic::Status;

use super::{Open, PARENT, Play, name_of};
use crate::model::oracle::Oracle;
use crate::model::step::{SLOTS, Script, Together, Way};
use crate::support::Fleet;
use crate::support::client::{metadata, reason};
use crate::support::fleet::{is_committed, is_final, is_retryable, new_request_id};

/// What is done to one child while other things happen.
pub(super) enum Op {
    Write(String),
    Commit(Oracle),
}

impl Op {
    fn copy(&self) -> Self {
        match self {
            Self::Write(sql) => Self::Write(sql.clone()),
            Self::Commit(db) => Self::Commit(db.copy()),
        }
    }
}

/// What became of a migration.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Committed,
    /// On this database.
    Failed(String),
    /// Without a record, for this reason.
    Refused(String, String),
    Cancelled,
    /// Nothing was asked, or nobody was there to be asked.
    Absent,
}

impl Play<'_> {
    /// A migration does not wait for transactions that are left open: those that
    /// write are rolled back so that it can commit.
    pub(super) async fn overtake(&mut self, child: u8) {
        if let Some(slot) = (0..SLOTS).find(|&slot| self.open[usize::from(slot)].is_none()) {
            self.begin_tx(slot, child, TransactionMode::Immediate).await;
        }
        let writers: Vec<_> =
            self.open.iter_mut().filter_map(|slot| slot.take_if(|open| open.writes)).collect();
        let script = Script {
            // Of a kind that needs no child: the others wait for its writer.
            sql: format!("CREATE TABLE over{} (x)", self.generation),
            check_at_end: false,
            allow_nondeterministic: false,
            refused: None,
        };
        let done = migrate(
            self.fleet.clone(),
            script.clone(),
            self.request(&script),
            Way::Apply,
            self.generation,
        );
        let verdict = self.verdict(Some(done.await), false).await;
        assert_eq!(verdict, Verdict::Committed, "{}", self.at);
        self.generation += 1;
        self.note_committed(&script, &BTreeMap::new());
        for Open { tx, child, .. } in writers {
            let gone = tx.commit().await.expect_err("it was overtaken");
            assert_eq!(reason(&gone), "BUSY", "{}: in {child}: {gone:?}", self.at);
            self.counts.gave_way += 1;
            self.compare(&child).await;
        }
    }

    /// Everything at once, and then finds out what has happened.
    pub(super) async fn together(&mut self, together: Together, way: Way) {
        let Together { script, writes, create, branch, delete, cancel_ms, kill_ms } = together;
        let mut ops = BTreeMap::new();
        let mut running: BTreeMap<String, JoinHandle<Result<Option<u64>, Status>>> =
            BTreeMap::new();
        for slot in 0..self.open.len() {
            if let Some(open) = self.open[slot].take_if(|open| open.writes) {
                let Open { tx, child, db, .. } = open;
                ops.insert(child.clone(), Op::Commit(db));
                running
                    .insert(child, tokio::spawn(async move { tx.commit().await.map(|()| None) }));
            }
        }
        for (child, sql) in writes {
            let Some(name) = self.pick(child).filter(|name| !ops.contains_key(name)) else {
                continue;
            };
            self.db(&name);
            let (fleet, child, text) = (self.fleet.clone(), name.clone(), sql.clone());
            let write = async move { fleet.try_ask(&child, text).await.map(|(on, _)| Some(on)) };
            running.insert(name.clone(), tokio::spawn(write));
            ops.insert(name, Op::Write(sql));
        }
        let create = create.map(name_of);
        let create = create.filter(|name| !self.children.contains_key(name));
        let created = create.clone().map(|name| {
            let fleet = self.fleet.clone();
            tokio::spawn(
                async move { fleet.try_create([name]).await.map(|mut all| all.remove(0).id) },
            )
        });
        let delete = delete.and_then(|child| self.pick(child));
        let delete = delete.filter(|name| !ops.contains_key(name));
        if let Some(name) = &delete {
            self.end_all_of(name).await;
        }
        let deleted = delete.clone().map(|name| {
            let fleet = self.fleet.clone();
            tokio::spawn(async move { fleet.try_delete(&name).await })
        });
        let op_of = |name: &str| ops.get(name).map(Op::copy);
        let branching = branch.and_then(|of| self.start_branch(of, op_of, [&create, &delete]));
        let migration = script.clone().map(|script| {
            let (fleet, request, before) =
                (self.fleet.clone(), self.request(&script), self.generation);
            tokio::spawn(migrate(fleet, script, request, way, before))
        });
        let cancelled = cancel_ms.map(|ms| tokio::spawn(cancel(self.fleet.clone(), ms)));
        if let Some(ms) = kill_ms {
            sleep(Duration::from_millis(ms)).await;
            self.server.kill();
            self.counts.kills += 1;
        }
        let killed = kill_ms.is_some();
        let mut results = BTreeMap::new();
        for (name, task) in running {
            results.insert(name, task.await.expect("it ends"));
        }
        let created = joined(created).await;
        let deleted = joined(deleted).await;
        let migrated = joined(migration).await;
        let was_cancelled = joined(cancelled).await.unwrap_or(false);
        if killed {
            self.drop_all();
            self.restart();
        }

        let verdict = self.verdict(migrated, killed).await;
        if let Some(script) = &script {
            let verdict = match (&verdict, &branching) {
                // It fails where its source does.
                (Verdict::Failed(on), Some(branch))
                    if on.ends_with(&format!("/{}", branch.name)) =>
                {
                    &Verdict::Failed(branch.source.clone())
                }
                (verdict, _) => verdict,
            };
            self.check_verdict(verdict, script, &ops, way, cancel_ms.is_some(), killed);
        }
        assert!(!was_cancelled || verdict == Verdict::Cancelled, "{}: {verdict:?}", self.at);
        let names = if killed { self.fleet.names().await } else { Vec::new() };
        if let (Some(name), Some(created)) = (create, created) {
            match created {
                Err(_) if killed => {
                    if names.contains(&name) {
                        let all = self.fleet.children(Default::default()).await;
                        let child = all.into_iter().find(|child| child.name == name);
                        self.note_created(name, Ok(child.expect("it is there").id));
                    }
                }
                created => self.note_created(name, created),
            }
        }
        let gone = match (delete, deleted) {
            (Some(name), Some(Ok(()))) => Some(name),
            (Some(name), Some(Err(_))) if killed => (!names.contains(&name)).then_some(name),
            (Some(name), Some(Err(status))) => panic!("{}: {name}: {status:?}", self.at),
            _ => None,
        };
        let committed = (verdict == Verdict::Committed).then_some(script).flatten();
        if let Some(name) = gone {
            self.note_deleted(name);
            // Whether before or after: it was not looked at since.
        }
        if let Some(script) = &committed {
            self.generation += 1;
            self.note_committed(script, &ops);
        }
        for (name, op) in ops {
            let result = results.remove(&name).expect("it has ended");
            self.settle(&name, op, result, committed.as_ref(), killed).await;
        }
        if let Some(branching) = branching {
            self.settle_branch(branching, committed.as_ref(), killed).await;
        }
    }

    /// Migrates all but those of which it is not known yet.
    fn note_committed(&mut self, script: &Script, ops: &BTreeMap<String, Op>) {
        let at = &self.at;
        assert_eq!(self.parent.migrate(script), Ok(()), "{at}: it cannot pass on the parent");
        for (name, child) in self.children.iter().filter(|(name, _)| !ops.contains_key(*name)) {
            if let Some(db) = &child.db {
                assert_eq!(db.migrate(script), Ok(()), "{at}: it cannot pass on {name}");
            }
        }
        for deleted in self.deleted.iter_mut().filter(|deleted| deleted.child.db.is_some()) {
            deleted.missed.push(script.clone());
        }
        for open in self.open.iter_mut().flatten() {
            open.touched = true;
        }
    }

    /// What became of a migration.
    async fn verdict(&mut self, migrated: Option<Result<u64, Status>>, killed: bool) -> Verdict {
        let verdict = match migrated {
            None => Verdict::Absent,
            Some(Ok(generation)) => {
                assert_eq!(generation, self.generation + 1, "{}", self.at);
                Verdict::Committed
            }
            Some(Err(_)) if killed => self.verdict_of_newest().await,
            Some(Err(status)) => match reason(&status).as_str() {
                "MIGRATION_FAILED" => Verdict::Failed(metadata(&status, "database")),
                "CANCELLED" => Verdict::Cancelled,
                other => Verdict::Refused(other.to_owned(), status.message().to_owned()),
            },
        };
        match verdict {
            Verdict::Committed => self.counts.committed += 1,
            Verdict::Failed(_) => self.counts.failed += 1,
            Verdict::Cancelled => self.counts.cancelled += 1,
            Verdict::Refused(..) => self.counts.refused += 1,
            Verdict::Absent => {}
        }
        self.recorded += usize::from(!matches!(verdict, Verdict::Absent | Verdict::Refused(..)));
        verdict
    }

    /// After a kill nobody was told: the record tells, once it has ended.
    async fn verdict_of_newest(&self) -> Verdict {
        let all = self.fleet.all_ended().await;
        assert!(all.len() <= self.recorded + 1, "{}: {all:?}", self.at);
        let newest: Option<&Migration> = all.first().filter(|_| all.len() > self.recorded);
        match newest.map(|newest| (newest.state(), newest)) {
            None => Verdict::Absent,
            Some((MigrationState::Failed, newest)) => {
                Verdict::Failed(newest.failure.as_ref().expect("it tells why").database.clone())
            }
            Some((MigrationState::Cancelled, _)) => Verdict::Cancelled,
            Some((state, newest)) => {
                assert_eq!(state, MigrationState::Applied, "{}: {newest:?}", self.at);
                assert_eq!(newest.generation, self.generation + 1, "{}", self.at);
                Verdict::Committed
            }
        }
    }

    /// Whether the verdict is one that the fleet could have given.
    fn check_verdict(
        &self,
        verdict: &Verdict,
        script: &Script,
        ops: &BTreeMap<String, Op>,
        way: Way,
        may_be_cancelled: bool,
        killed: bool,
    ) {
        let at = &self.at;
        let refusal = self.refusal(script, way);
        match verdict {
            Verdict::Refused(reason, message) => {
                assert_eq!(Some(reason.as_str()), refusal, "{at}: {message}");
            }
            Verdict::Cancelled => assert!(may_be_cancelled, "{at}: nobody wanted it cancelled"),
            Verdict::Absent => assert!(killed, "{at}: it is not there"),
            // That it passes everywhere is seen when the model does the same.
            Verdict::Committed => assert_eq!(refusal, None, "{at}"),
            Verdict::Failed(on) => {
                assert_eq!(refusal, None, "{at}");
                let on = on.rsplit('/').next().expect("a name");
                let fails_after = match ops.get(on) {
                    Some(Op::Commit(db)) => db.passes(script).is_err(),
                    Some(Op::Write(sql)) => {
                        let after = self.children[on].db.as_ref().expect("it is used").copy();
                        after.write(sql).is_ok() && after.passes(script).is_err()
                    }
                    None => false,
                };
                let fails = fails_after || self.failing(script).contains(on);
                assert!(fails, "{at}: it passes on {on}");
            }
        }
    }

    /// Finds out what became of one thing that was done while others happened,
    /// and whether it may have: of those orders that fit what was answered, one
    /// must lead to what the child holds.
    async fn settle(
        &mut self,
        name: &str,
        op: Op,
        result: Result<Option<u64>, Status>,
        script: Option<&Script>,
        killed: bool,
    ) {
        let at = format!("{}: {name}: {:?}", self.at, result.as_ref().map_err(Status::code));
        let before = self.db(name).copy();
        let reason = match &result {
            Err(status) if !killed || tenantry_client::errors::info(status).is_some() => {
                Some(reason(status))
            }
            _ => None,
        };
        let orders: &[Order] = match (&result, reason.as_deref()) {
            (Ok(Some(on)), _) if script.is_some() && *on == self.generation => &[Order::After],
            (Ok(Some(on)), _) => {
                let old = self.generation - u64::from(script.is_some());
                assert_eq!(*on, old, "{at}");
                &[Order::Before]
            }
            (Ok(None), _) => &[Order::Before],
            (Err(status), Some("CONSTRAINT")) => {
                let refused = refuses(&before, &op, script);
                assert!(refused, "{at}: it must have passed: {status:?}");
                &[Order::Never]
            }
            (Err(status), Some(_)) if is_retryable(status) && !killed => {
                self.counts.gave_way += 1;
                &[Order::Never]
            }
            (Err(_), _) if killed => &[Order::Never, Order::Before, Order::After],
            (Err(status), _) => panic!("{at}: {status:?}"),
        };
        let (generation, rows) = self.ask_dump(name).await;
        assert_eq!(generation, self.generation, "{at}");
        let ends = orders.iter().filter_map(|order| order.lead(&before, &op, script));
        let mut seen = Vec::new();
        for end in ends {
            let dump = end.dump();
            if dump == rows {
                *self.db(name) = end;
                self.touch(name);
                return;
            }
            seen.push(dump);
        }
        panic!("{at}: it holds {rows:#?}\nand by {orders:?} could hold {seen:#?}");
    }
}

/// When something was done, as seen from a migration that committed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Never,
    Before,
    After,
}

impl Order {
    /// What it leads to; nothing where it cannot have been so.
    pub(super) fn lead(self, before: &Oracle, op: &Op, script: Option<&Script>) -> Option<Oracle> {
        let db = before.copy();
        let migrate = |db: Oracle| match script {
            Some(script) => db.migrate(script).is_ok().then_some(db),
            None => Some(db),
        };
        match (self, op) {
            (Self::Never, _) => migrate(db),
            (Self::Before, Op::Commit(db)) => migrate(db.copy()),
            (Self::Before, Op::Write(sql)) => db.write(sql).ok().and_then(|()| migrate(db)),
            (Self::After, Op::Commit(_)) => None,
            (Self::After, Op::Write(sql)) => migrate(db).filter(|db| db.write(sql).is_ok()),
        }
    }
}

/// Whether a write fails, before the migration or after it.
fn refuses(before: &Oracle, op: &Op, script: Option<&Script>) -> bool {
    let Op::Write(sql) = op else { return false };
    if before.takes(sql).is_err() {
        return true;
    }
    let after = before.copy();
    script.is_some_and(|script| after.migrate(script).is_ok() && after.takes(sql).is_err())
}

async fn joined<T>(task: Option<JoinHandle<T>>) -> Option<T> {
    match task {
        Some(task) => Some(task.await.expect("it ends")),
        None => None,
    }
}

/// Asks for a migration in one of the ways there are; answers its generation.
async fn migrate(
    fleet: Fleet,
    script: Script,
    mut request: ApplyMigrationRequest,
    way: Way,
    before: u64,
) -> Result<u64, Status> {
    match way {
        Way::Execute if script.is_plain() => {
            return fleet.try_ask(PARENT, script.sql).await.map(|(generation, _)| generation);
        }
        Way::Apply | Way::Execute => {}
        Way::ApplyAll => request.wait_for = WaitFor::Apply.into(),
        Way::Twice => request.request_id = new_request_id(),
        Way::Expecting => {
            request.expected_generation = Some(before + 1);
            let refused = fleet.try_apply(request.clone()).await.expect_err("it is behind");
            assert_eq!(reason(&refused), "GENERATION_MISMATCH", "{refused:?}");
            request.expected_generation = Some(before);
        }
    }
    let done = fleet.try_apply(request.clone()).await;
    if way == Way::Twice {
        match (&done, fleet.try_apply(request).await) {
            (Ok(first), Ok(again)) => assert_eq!(first.id, again.id),
            (Err(first), Err(again)) => assert_eq!(reason(first), reason(&again)),
            (first, again) => panic!("not the same: {first:?} and {again:?}"),
        }
    }
    let done = done?;
    assert!(is_committed(&done), "{done:?}");
    assert!(way != Way::ApplyAll || is_final(&done), "{done:?}");
    Ok(done.generation)
}

/// Cancels what is under way after a while; answers whether that was so.
async fn cancel(fleet: Fleet, ms: u64) -> bool {
    sleep(Duration::from_millis(ms)).await;
    let request = ListMigrationsRequest {
        schema: fleet.reference(),
        state: MigrationState::Preparing.into(),
        ..Default::default()
    };
    let Ok(listed) = fleet.client().schemas().list_migrations(request).await else { return false };
    match listed.into_inner().migrations.first() {
        Some(migration) => fleet.cancel(&migration.id).await.is_ok(),
        None => false,
    }
}
