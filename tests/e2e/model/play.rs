//! Does steps on the server and on the model, and holds the one to the other.

mod branch;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use tenantry_client::v1::{ApplyMigrationRequest, MigrationState, TransactionMode};
use tonic::Status;

use super::oracle::{DUMP, Oracle, Refusal};
use super::step::{NAMES, SLOTS, Script, Step, Together, Way};
use crate::support::cells::cells_of;
use crate::support::client::reason;
use crate::support::fleet::is_committed;
use crate::support::{Fleet, Server, Tx, World, text};

/// What the schema begins with.
const BEGIN: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, word TEXT NOT NULL, number INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE line (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item);
    CREATE INDEX line_item ON line (item);
    INSERT INTO item VALUES (30, 'thirty', 30), (31, 'thirty-one', 31)";
const PARENT: &str = "parent";

/// What has happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) steps: usize,
    at_once: usize,
    branched: usize,
    committed: usize,
    failed: usize,
    refused: usize,
    cancelled: usize,
    gave_way: usize,
    quarantined: usize,
    kills: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.at_once += other.at_once;
        self.branched += other.branched;
        self.committed += other.committed;
        self.failed += other.failed;
        self.refused += other.refused;
        self.cancelled += other.cancelled;
        self.gave_way += other.gave_way;
        self.quarantined += other.quarantined;
        self.kills += other.kills;
    }
}

struct Child {
    id: String,
    /// What it holds; as the parent where it was never used.
    db: Option<Oracle>,
}

struct Deleted {
    name: String,
    child: Child,
    /// What has happened to its schema since.
    missed: Vec<Script>,
}

/// A transaction that is open.
struct Open {
    tx: Tx,
    child: String,
    mode: TransactionMode,
    generation: u64,
    /// What it sees.
    db: Oracle,
    /// It keeps others from writing.
    writes: bool,
    /// Others may have written since it began.
    touched: bool,
}

/// The name of a child that is to be.
fn name_of(number: u8) -> String {
    format!("n{:02}", number % NAMES)
}

/// A fleet and its model.
pub(super) struct Play<'a> {
    server: &'a mut Server,
    fleet: Fleet,
    group: String,
    generation: u64,
    parent: Oracle,
    children: BTreeMap<String, Child>,
    deleted: Vec<Deleted>,
    open: [Option<Open>; SLOTS as usize],
    /// How many migrations were recorded.
    recorded: usize,
    counts: Counts,
    /// What is being done, for whoever reads of a failure.
    at: String,
}

impl<'a> Play<'a> {
    pub(super) async fn begin(server: &'a mut Server) -> Self {
        // Whatever a sequence before this one has left.
        server.restart();
        let world = World::on(server).await;
        let fleet = Fleet::create(&world, PARENT).await;
        fleet.migrate(BEGIN).await;
        let parent = Oracle::new();
        parent.write(BEGIN).expect("it begins");
        Self {
            server,
            fleet,
            group: world.group.clone(),
            generation: 1,
            parent,
            children: BTreeMap::new(),
            deleted: Vec::new(),
            open: Default::default(),
            recorded: 1,
            counts: Counts::default(),
            at: String::new(),
        }
    }

    pub(super) async fn end(mut self) -> Counts {
        "the end".clone_into(&mut self.at);
        self.drop_all();
        self.check_all().await;
        let all = self.fleet.all_ended().await;
        assert_eq!(all.len(), self.recorded, "{}: {all:?}", self.at);
        let committed = all.iter().filter(|migration| is_committed(migration)).count() as u64;
        assert_eq!(committed, self.generation, "{}: {all:?}", self.at);
        self.counts
    }

    pub(super) async fn step(&mut self, number: usize, step: Step) {
        self.at = format!("step {number}: {step:?}");
        self.counts.steps += 1;
        match step {
            Step::Write(child, sql) => self.write(child, &sql).await,
            Step::Ddl(child) => self.ddl(child).await,
            Step::Read(child) => {
                if let Some(name) = self.pick(child) {
                    self.compare(&name).await;
                }
            }
            Step::Begin { slot, child, mode } => self.begin_tx(slot, child, mode).await,
            Step::TxWrite(slot, sql) => self.tx_write(slot.into(), &sql).await,
            Step::TxRead(slot) => self.tx_read(slot.into()).await,
            Step::Commit(slot) => {
                if let Some(open) = self.open[usize::from(slot)].take() {
                    self.commit(open).await;
                }
            }
            Step::Rollback(slot) => {
                if let Some(open) = self.open[usize::from(slot)].take() {
                    open.tx.rollback().await;
                }
            }
            Step::Create(name) => self.create(name).await,
            Step::Branch { source, name } => self.branch(source, name).await,
            Step::Delete(child) => self.delete(child).await,
            Step::Undelete(which) => self.undelete(which).await,
            Step::Migrate(script, way) => {
                let together = Together {
                    script: Some(script),
                    writes: Vec::new(),
                    create: None,
                    branch: None,
                    delete: None,
                    cancel_ms: None,
                    kill_ms: None,
                };
                self.together(together, way).await;
            }
            Step::ValidateOnly(script) => self.validate_only(&script).await,
            Step::Together(together) => {
                self.counts.at_once += 1;
                self.together(together, Way::Apply).await;
            }
            Step::Overtake(child) => self.overtake(child).await,
            Step::Restart { gently } => {
                self.drop_all();
                if gently {
                    assert!(self.server.stop().success(), "{}", self.at);
                }
                self.restart();
            }
            Step::CheckAll => self.check_all().await,
        }
    }

    fn restart(&mut self) {
        self.server.restart();
        self.fleet = Fleet::again(&World::again(self.server, &self.group), PARENT);
    }

    fn drop_all(&mut self) {
        self.open = Default::default();
    }

    fn pick(&self, child: u8) -> Option<String> {
        let count = self.children.len().max(1);
        self.children.keys().nth(usize::from(child) % count).cloned()
    }

    /// What a child holds, from its first use on.
    fn db(&mut self, name: &str) -> &mut Oracle {
        let child = self.children.get_mut(name).expect("it is there");
        child.db.get_or_insert_with(|| self.parent.copy())
    }

    /// The slot of the transaction that keeps others from writing a child.
    fn writer_of(&self, name: &str) -> Option<usize> {
        let writes = |open: &Open| open.writes && open.child == name;
        self.open.iter().position(|open| open.as_ref().is_some_and(writes))
    }

    fn touch(&mut self, name: &str) {
        for open in self.open.iter_mut().flatten().filter(|open| open.child == name) {
            open.touched = true;
        }
    }

    /// Everything in a child, and in its model.
    async fn compare(&mut self, name: &str) {
        let (generation, rows) = self.ask_dump(name).await;
        assert_eq!(generation, self.generation, "{}: {name}", self.at);
        let expected = self.db(name).dump();
        assert_eq!(rows, expected, "{}: {name}", self.at);
    }

    async fn ask_dump(&self, name: &str) -> (u64, Vec<String>) {
        let answer = self.fleet.try_ask(name, DUMP.join("; ")).await;
        answer.unwrap_or_else(|status| panic!("{}: {name}: {status:?}", self.at))
    }

    async fn check_all(&mut self) {
        let names = self.fleet.names().await;
        let expected: Vec<_> = self.children.keys().cloned().collect();
        assert_eq!(names, expected, "{}", self.at);
        for name in names {
            self.compare(&name).await;
        }
        let (generation, rows) = self.ask_dump(PARENT).await;
        assert_eq!(generation, self.generation, "{}", self.at);
        assert_eq!(rows, self.parent.dump(), "{}: the parent", self.at);
    }

    async fn write(&mut self, child: u8, sql: &str) {
        let Some(name) = self.pick(child) else { return };
        if let Some(slot) = self.writer_of(&name) {
            return self.tx_write(slot, sql).await;
        }
        match self.fleet.try_ask(&name, sql).await {
            Ok((generation, _)) => {
                assert_eq!(generation, self.generation, "{}: {name}", self.at);
                let expected = self.db(&name).write(sql);
                assert_eq!(expected, Ok(()), "{}: {name} takes what it must not", self.at);
                self.touch(&name);
            }
            Err(status) => {
                assert_eq!(reason(&status), "CONSTRAINT", "{}: {name}: {status:?}", self.at);
                let expected = self.db(&name).takes(sql);
                assert_eq!(expected, Err(Refusal::Constraint), "{}: {name}: {status:?}", self.at);
            }
        }
    }

    async fn ddl(&mut self, child: u8) {
        // It would wait for a transaction that writes.
        let free = self.pick(child).filter(|name| self.writer_of(name).is_none());
        let Some(name) = free else { return };
        let refused = self.fleet.try_ask(&name, "CREATE TABLE own (x)").await;
        let status = refused.expect_err("a child has no schema of its own");
        assert_eq!(reason(&status), "OPERATION_BLOCKED", "{}: {status:?}", self.at);
        self.compare(&name).await;
    }

    async fn begin_tx(&mut self, slot: u8, child: u8, mode: TransactionMode) {
        let (slot, Some(name)) = (usize::from(slot), self.pick(child)) else { return };
        let writes = mode == TransactionMode::Immediate;
        if self.open[slot].is_some() || writes && self.writer_of(&name).is_some() {
            return;
        }
        let tx = self.fleet.child(&name).try_begin(mode).await;
        let tx = tx.unwrap_or_else(|status| panic!("{}: {name}: {status:?}", self.at));
        let (db, generation) = (self.db(&name).copy(), self.generation);
        let open = Open { tx, child: name, mode, generation, db, writes, touched: false };
        self.open[slot] = Some(open);
        // From here on it sees what there is now.
        self.tx_read(slot).await;
    }

    async fn tx_read(&mut self, slot: usize) {
        let Some(open) = &mut self.open[slot] else { return };
        let results = open.tx.exec(DUMP.join("; ")).await;
        let rows: Vec<_> = results.into_iter().map(|r| text(&cells_of(r.rows))).collect();
        assert_eq!(rows, open.db.dump(), "{}: in {}", self.at, open.child);
    }

    /// Writes statement by statement: a transaction keeps what has passed.
    async fn tx_write(&mut self, slot: usize, sql: &str) {
        let Some(mut open) = self.open[slot].take() else { return };
        if !open.writes && self.writer_of(&open.child).is_some() {
            // It would wait for the other one.
            self.open[slot] = Some(open);
            return;
        }
        let at = format!("{}: in {}", self.at, open.child);
        let overtaken = open.generation != self.generation
            || open.touched && self.db(&open.child).dump() != open.db.dump();
        for sql in sql.split("; ") {
            let done = match open.tx.ask(sql).await {
                Ok(done) => done.map(|_| ()),
                Err(status) => Err(status),
            };
            let reason = done.as_ref().err().map(reason);
            match reason.as_deref() {
                None => {
                    assert!(open.mode != TransactionMode::ReadOnly, "{at}: it only reads");
                    assert!(open.writes || !overtaken, "{at}: others have written past it");
                    assert_eq!(open.db.write(sql), Ok(()), "{at}: it takes what it must not");
                    open.writes = true;
                }
                Some("CONSTRAINT") => {
                    assert!(open.writes || !overtaken, "{at}: others have written past it");
                    assert_eq!(open.db.takes(sql), Err(Refusal::Constraint), "{at}: {done:?}");
                    open.writes = true;
                }
                Some("READ_ONLY") if open.mode == TransactionMode::ReadOnly => break,
                Some("BUSY") => {
                    let was_overtaken = overtaken || open.touched;
                    assert!(!open.writes && was_overtaken, "{at}: {done:?}");
                    return;
                }
                Some(_) => panic!("{at}: {done:?}"),
            }
        }
        self.open[slot] = Some(open);
    }

    async fn commit(&mut self, open: Open) {
        let Open { tx, child, db, writes, .. } = open;
        let done = tx.commit().await;
        done.unwrap_or_else(|status| panic!("{}: in {child}: {status:?}", self.at));
        if writes {
            *self.db(&child) = db;
            self.touch(&child);
        }
    }

    async fn create(&mut self, name: u8) {
        let name = name_of(name);
        let created = self.fleet.try_create([name.as_str()]).await;
        self.note_created(name, created.map(|mut created| created.remove(0).id));
    }

    fn note_created(&mut self, name: String, created: Result<String, Status>) {
        match created {
            Ok(id) => {
                let before = self.children.insert(name, Child { id, db: None });
                assert!(before.is_none(), "{}: the name was taken", self.at);
            }
            Err(status) => {
                assert_eq!(reason(&status), "ALREADY_EXISTS", "{}: {status:?}", self.at);
                assert!(self.children.contains_key(&name), "{}: {status:?}", self.at);
            }
        }
    }

    async fn delete(&mut self, child: u8) {
        let Some(name) = self.pick(child) else { return };
        self.end_all_of(&name).await;
        let deleted = self.fleet.try_delete(&name).await;
        deleted.unwrap_or_else(|status| panic!("{}: {name}: {status:?}", self.at));
        self.note_deleted(name);
    }

    fn note_deleted(&mut self, name: String) {
        let child = self.children.remove(&name).expect("it is there");
        self.deleted.push(Deleted { name, child, missed: Vec::new() });
    }

    async fn end_all_of(&mut self, name: &str) {
        for slot in 0..self.open.len() {
            if let Some(open) = self.open[slot].take_if(|open| open.child == name) {
                open.tx.rollback().await;
            }
        }
    }

    async fn undelete(&mut self, which: u8) {
        if self.deleted.is_empty() {
            return;
        }
        let index = usize::from(which) % self.deleted.len();
        let Deleted { name, child, .. } = &self.deleted[index];
        let undeleted = self.fleet.try_undelete(&child.id).await;
        if self.children.contains_key(name) {
            let status = undeleted.expect_err("its name is taken");
            assert_eq!(reason(&status), "ALREADY_EXISTS", "{}: {status:?}", self.at);
            return;
        }
        undeleted.unwrap_or_else(|status| panic!("{}: {name}: {status:?}", self.at));
        let Deleted { name, child, missed } = self.deleted.remove(index);
        // Nobody has validated it on what has happened since.
        let failed = match &child.db {
            Some(db) => missed.iter().any(|script| db.migrate(script).is_err()),
            None => false,
        };
        self.children.insert(name.clone(), child);
        if failed {
            let refused = self.fleet.try_ask(&name, "SELECT 1").await;
            let status = refused.expect_err("it cannot follow its schema");
            assert_eq!(reason(&status), "CHILD_QUARANTINED", "{}: {status:?}", self.at);
            self.fleet.try_delete(&name).await.expect("it can be deleted");
            self.children.remove(&name);
            self.counts.quarantined += 1;
        } else {
            self.compare(&name).await;
        }
    }

    /// The databases on which a script would fail as they are.
    fn failing(&self, script: &Script) -> BTreeSet<String> {
        let used =
            self.children.iter().filter_map(|(name, child)| Some((name, child.db.as_ref()?)));
        let failing = used.filter(|(_, db)| db.passes(script).is_err());
        let mut failing: BTreeSet<_> = failing.map(|(name, _)| name.clone()).collect();
        if self.parent.passes(script).is_err() {
            failing.insert(PARENT.to_owned());
        }
        failing
    }

    /// The reason with which a script is refused, and nothing recorded.
    fn refusal(&self, script: &Script, way: Way) -> Option<&'static str> {
        script.refused.or_else(|| match self.parent.passes(script) {
            Err(Refusal::Sql) => Some("SQL_ERROR"),
            // There it is run as SQL before it becomes a migration.
            Err(Refusal::Constraint) if way == Way::Execute && script.is_plain() => {
                Some("CONSTRAINT")
            }
            _ => None,
        })
    }

    async fn validate_only(&mut self, script: &Script) {
        for slot in 0..self.open.len() {
            if let Some(open) = self.open[slot].take_if(|open| open.writes) {
                self.commit(open).await;
            }
        }
        let request = ApplyMigrationRequest { validate_only: true, ..self.request(script) };
        let answer = self.fleet.client().schemas().apply_migration(request).await;
        if let Some(expected) = self.refusal(script, Way::Apply) {
            let status = answer.expect_err("it is refused");
            assert_eq!(reason(&status), expected, "{}: {status:?}", self.at);
            return;
        }
        let answer = answer.unwrap_or_else(|status| panic!("{}: {status:?}", self.at)).into_inner();
        let validation = answer.validation.expect("a validation");
        let name_of = |reference: &str| reference.rsplit('/').next().unwrap_or_default().to_owned();
        let told: BTreeSet<_> =
            validation.failures.iter().map(|failure| name_of(&failure.database)).collect();
        assert_eq!(told, self.failing(script), "{}: {validation:?}", self.at);
        assert_eq!(validation.failures_total, told.len() as u64, "{}", self.at);
        let state = answer.migration.expect("a migration").state();
        assert_eq!(state == MigrationState::Failed, !told.is_empty(), "{}: {state:?}", self.at);
    }

    fn request(&self, script: &Script) -> ApplyMigrationRequest {
        use tenantry_client::v1::ForeignKeys::{CheckAtEnd, Enforced};
        ApplyMigrationRequest {
            foreign_keys: if script.check_at_end { CheckAtEnd } else { Enforced }.into(),
            allow_nondeterministic: script.allow_nondeterministic,
            ..self.fleet.request(script.sql.clone())
        }
    }
}
