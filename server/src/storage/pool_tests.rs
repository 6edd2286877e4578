//! A schema's files as a migration finds and leaves them: what is validated, who
//! waits, and what every request runs on.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::catalog::{
    Catalog, Database, ForeignKeys, Group, Kind, Member, MemberFilter, MigrationFigures,
    MigrationScript, NewDatabase, NewMigration, Settings, SqliteCatalog,
};
use super::conn::{Attached, Blocks, Conn, Dress, Sharing, Synchronous};
use super::data_dir::DataDir;
use super::files::{Branch, Files as _};
use super::fleet::Fleet;
use super::{
    Args, Attacher, Call, Cell, Column, DatabaseConfig, Local, Mode, OpenDatabase, Pool,
    PoolConfig, Queue, Row, Sink, Sql, Summary, ValidateHow,
};
use crate::env::Env;
use crate::error::{Error, Reason, Result};
use crate::names::{Alias, DatabaseId, DatabaseRef, Generation, GroupName, MigrationId, NameOrId};

struct World {
    pool: Arc<Pool>,
    catalog: Arc<dyn Catalog>,
    group: Arc<Group>,
    env: Env,
    schema: DatabaseId,
    _dir: TempDir,
}

/// Takes the cells of all rows as text.
#[derive(Default)]
struct Texts(Vec<String>);

impl Sink for Texts {
    fn restart(&mut self) {
        self.0.clear();
    }
    fn begin(&mut self, _: Vec<Column>) -> Result<()> {
        Ok(())
    }
    fn row(&mut self, row: &Row<'_>) -> Result<()> {
        self.0.extend(row.cells().map(|cell| match cell {
            Cell::Integer(number) => format!("({number})"),
            other => format!("{other:?}"),
        }));
        Ok(())
    }
    fn end(&mut self, _: Summary) -> Result<()> {
        Ok(())
    }
}

struct NoAttacher;

impl Attacher for NoAttacher {
    fn attach(&self, _: &str, _: Alias) -> Result<Attached> {
        Err(Error::internal("nothing is attached here"))
    }
}

fn sql(text: &str) -> Sql {
    Sql { text: text.to_owned(), args: Args::default() }
}

fn dress(cancel: &CancellationToken) -> Dress {
    Dress {
        access: Arc::new(Access::full()),
        blocks: Blocks::default(),
        attached: Vec::new(),
        cancel: cancel.clone(),
        size_limit_bytes: 0,
    }
}

async fn run(database: &OpenDatabase, text: &str) -> Result<(Vec<String>, Generation)> {
    let dress = dress(&CancellationToken::new());
    let call = Call { sql: sql(text), start: 0, dress, attacher: Arc::new(NoAttacher) };
    let executed = database.execute(call, Texts::default()).await?;
    Ok((executed.sink.0, executed.generation))
}

fn generation_in(file: &Path) -> Generation {
    let conn = Conn::open(file, Sharing::Shared(Synchronous::Normal)).expect("opens");
    conn.file_generation().expect("reads")
}

impl World {
    async fn new() -> Self {
        Self::in_env(Env::system()).await
    }

    async fn in_env(env: Env) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let data_dir = Arc::new(DataDir::open(dir.path()).expect("opens"));
        let catalog = SqliteCatalog::open(&data_dir.catalog_file(), &env).expect("opens");
        let catalog: Arc<dyn Catalog> = Arc::new(catalog);
        let config = PoolConfig {
            database: DatabaseConfig {
                synchronous: Synchronous::Normal,
                readers_max: 4,
                write_queue_max: 100,
                durability: Arc::new(Local),
                env: env.clone(),
            },
            open_databases_max: 100,
            idle_close_after: Duration::ZERO,
        };
        let pool = Pool::new(data_dir, catalog.clone(), config).expect("opens");
        let group = catalog.group(&GroupName::default()).await.expect("reads").expect("exists");
        let schema = DatabaseId::new(env.uuid());
        let world = Self { pool, catalog, group, env, schema, _dir: dir };
        world.create(schema, "parent", Kind::Schema).await;
        world
    }

    fn new_database(&self, name: &str, kind: Kind) -> NewDatabase {
        let name = crate::names::DatabaseName::new(name).expect("valid");
        NewDatabase { name, group_id: self.group.id, kind, settings: Settings::default() }
    }

    async fn create(&self, id: DatabaseId, name: &str, kind: Kind) {
        let new = self.new_database(name, kind);
        let created = self.catalog.create_databases(vec![(id, new)], None, self.env.now());
        created.await.expect("creates");
    }

    async fn child(&self, name: &str) -> DatabaseId {
        let id = DatabaseId::new(self.env.uuid());
        self.create(id, name, Kind::Child { schema: self.schema }).await;
        id
    }

    async fn row(&self, id: DatabaseId) -> Arc<Database> {
        let database = NameOrId::Id(id);
        let reference = DatabaseRef { group: GroupName::default(), database };
        self.catalog.database(&reference).await.expect("reads").expect("exists")
    }

    async fn open(&self, id: DatabaseId) -> Arc<OpenDatabase> {
        self.pool.open(&*self.row(id).await).await.expect("opens")
    }

    async fn member(&self, id: DatabaseId) -> Member {
        let members = self.catalog.members(self.schema, MemberFilter::Among(vec![id]), None, 1);
        members.await.expect("reads").pop().expect("is a member")
    }

    async fn fleet(&self) -> Arc<Fleet> {
        self.pool.fleet(self.schema, self.row(self.schema).await.generation)
    }

    fn script(&self, generation: u64, sql: &str) -> MigrationScript {
        MigrationScript {
            generation: Generation(generation),
            sql: sql.into(),
            foreign_keys: ForeignKeys::Enforced,
            allow_nondeterministic: false,
            time: self.env.now(),
        }
    }

    /// Commits a migration without a look at anything.
    async fn commit(&self, sql: &str) {
        let id = MigrationId::new(self.env.uuid());
        let new = NewMigration {
            id,
            schema: self.schema,
            expected_generation: None,
            sql: sql.into(),
            foreign_keys: ForeignKeys::Enforced,
            allow_nondeterministic: false,
        };
        self.catalog.create_migration(new, None, self.env.now()).await.expect("is recorded");
        let figures = MigrationFigures::default();
        let committed = self.catalog.commit_migration(id, figures, self.env.now()).await;
        let generation = committed.expect("commits").generation;
        self.pool.fleet(self.schema, generation);
    }

    async fn validate(&self, id: DatabaseId, script: &MigrationScript) -> Result<u64> {
        let (fleet, member) = (self.fleet().await, self.member(id).await);
        let cancel = CancellationToken::new();
        let (tell, mut told) = mpsc::channel(1);
        let queue = Queue::new(vec![member]);
        let work = self.pool.validate_closed(&fleet, queue.clone(), script, &cancel, tell);
        let validated = match work.await.expect("ends") {
            None => {
                let (of, validated) = told.recv().await.expect("it is told of");
                assert_eq!(of.id, id);
                validated?
            }
            Some(in_use) => {
                let how = ValidateHow::Undo;
                self.pool.validate(&fleet, &in_use, script, how, &cancel).await?
            }
        };
        assert!(queue.is_empty());
        Ok(validated.rows_written)
    }
}

#[tokio::test]
async fn a_new_child_is_a_copy_and_an_old_one_is_brought_up() {
    let world = World::new().await;
    let (old, young) = (world.child("old").await, world.child("young").await);
    run(&*world.open(old).await, "SELECT 1").await.expect("is made");
    world.commit("CREATE TABLE t (x); INSERT INTO t VALUES (7)").await;
    world.commit("ALTER TABLE t ADD COLUMN y DEFAULT 8").await;
    for id in [old, young, world.schema] {
        let database = world.open(id).await;
        let (cells, generation) = run(&database, "SELECT * FROM t").await.expect("runs");
        assert_eq!((cells.len(), generation), (2, Generation(2)), "{cells:?}");
        let (version, _) = run(&database, "PRAGMA user_version").await.expect("runs");
        assert!(version[0].contains('2'), "{version:?}");
    }
}

#[tokio::test]
async fn an_open_child_is_brought_up_before_its_next_request() {
    let world = World::new().await;
    let child = world.child("child").await;
    let database = world.open(child).await;
    run(&database, "SELECT 1").await.expect("runs");
    world.commit("CREATE TABLE t (x)").await;
    // A request that was let in before the commit, and writes after it.
    let (_, generation) = run(&database, "INSERT INTO t VALUES (1)").await.expect("runs");
    assert_eq!(generation, Generation(1));
    world.commit("ALTER TABLE t ADD COLUMN y").await;
    let (cells, generation) =
        run(&*world.open(child).await, "SELECT * FROM t").await.expect("runs");
    assert_eq!((cells.len(), generation), (2, Generation(2)));
}

#[tokio::test]
async fn open_children_are_brought_up_without_a_request() {
    let world = World::new().await;
    let (idle, busy, closed) =
        (world.child("idle").await, world.child("busy").await, world.child("closed").await);
    let mut files = Vec::new();
    for id in [idle, busy, closed] {
        let database = world.open(id).await;
        run(&database, "SELECT 1").await.expect("is made");
        files.push(database.path().to_owned());
    }
    world.pool.close(closed).await;
    let database = world.open(busy).await;
    let dress = dress(&CancellationToken::new());
    let transaction = database.begin(Mode::Immediate, dress, Arc::new(NoAttacher)).await;
    world.commit("CREATE TABLE t (x)").await;

    world.pool.apply_to_open(&*world.fleet().await, 1).await;
    let generations: Vec<_> = files.iter().map(|file| generation_in(file)).collect();
    // Nobody waits for the transaction, and the closed one is for the sweep.
    assert_eq!(generations, [1, 0, 0].map(Generation));
    drop(transaction.expect("begins"));
}

#[tokio::test]
async fn a_child_that_is_being_made_is_not_brought_up_by_others() {
    let world = World::in_env(Env::system().with_failpoint("first-use=error").expect("is one"));
    let world = world.await;
    let child = world.child("child").await;
    let row = world.row(child).await;
    world.pool.open(&row).await.map(drop).expect_err("its file is not made");
    world.commit("CREATE TABLE t (x)").await;

    let fleet = world.fleet().await;
    world.pool.apply_to_open(&fleet, 1).await;
    fleet.check_quarantine(child).expect("its missing file is no damage");
    let database = world.pool.open(&row).await.expect("is made");
    run(&database, "SELECT * FROM t").await.expect("reads");
}

#[tokio::test]
async fn a_validation_leaves_nothing_behind_open_or_closed() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x); INSERT INTO t VALUES (1), (1)").await;
    let child = world.child("child").await;
    drop(world.open(child).await);
    let good = world.script(2, "CREATE INDEX i ON t (x); UPDATE t SET x = 2");
    let bad = world.script(2, "CREATE TABLE u (x); CREATE UNIQUE INDEX i ON t (x)");
    for closed in [false, true] {
        if closed {
            world.pool.close_idle();
        }
        assert_eq!(world.validate(child, &good).await.expect("passes"), 2, "closed: {closed}");
        let error = world.validate(child, &bad).await.expect_err("is not unique");
        assert_eq!(error.reason(), Reason::Constraint, "closed: {closed}");
        let index = error.metadata().iter().find(|(key, _)| *key == "statement_index");
        assert_eq!(index.map(|(_, value)| value.as_str()), Some("1"), "closed: {closed}");
    }
    let (cells, _) =
        run(&*world.open(child).await, "SELECT count(*) FROM sqlite_schema").await.expect("runs");
    assert!(cells[0].contains("(1)"), "{cells:?}");
}

#[tokio::test]
async fn whoever_writes_after_the_validation_is_dirty_again() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let (first, second) = (world.child("first").await, world.child("second").await);
    for id in [first, second] {
        run(&*world.open(id).await, "INSERT INTO t VALUES (1)").await.expect("writes");
    }
    let fleet = world.fleet().await;
    fleet.begin_watch();
    run(&*world.open(first).await, "INSERT INTO t VALUES (2)").await.expect("writes");
    run(&*world.open(second).await, "SELECT * FROM t").await.expect("reads");
    assert_eq!(fleet.dirty(), [first]);
    let script = world.script(2, "CREATE UNIQUE INDEX i ON t (x)");
    world.validate(first, &script).await.expect("passes");
    assert!(fleet.dirty().is_empty());
    for (id, mode) in [(second, Mode::Immediate), (first, Mode::Deferred)] {
        let database = world.open(id).await;
        let dress = dress(&CancellationToken::new());
        drop(database.begin(mode, dress, Arc::new(NoAttacher)).await.expect("begins"));
        assert_eq!(fleet.dirty(), [second], "a reader has not written");
    }
}

#[tokio::test]
async fn writes_wait_for_the_fence_and_reads_do_not() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let child = world.child("child").await;
    let database = world.open(child).await;
    run(&database, "INSERT INTO t VALUES (1)").await.expect("writes");
    let fleet = world.fleet().await;
    assert!(fleet.raise_fence(Duration::ZERO).await);
    let late = world.child("late").await;
    let open = world.open(late).await;
    for database in [&database, &open] {
        let (cells, _) = run(database, "SELECT count(*) FROM t").await.expect("reads");
        assert_eq!(cells.len(), 1);
    }
    let writes = [database.clone(), open.clone()].map(|database| {
        tokio::spawn(async move { run(&database, "INSERT INTO t VALUES (2)").await })
    });
    // The validation behind the fence comes past those that wait.
    let script = world.script(2, "CREATE INDEX i ON t (x)");
    world.validate(child, &script).await.expect("passes");
    assert!(writes.iter().all(|write| !write.is_finished()));
    world.commit("ALTER TABLE t ADD COLUMN y").await;
    fleet.lower_fence();
    for write in writes {
        let error = write.await.expect("ends").expect_err("now has two columns");
        assert!(error.message().contains("2 columns"), "{error}");
    }
    assert!(fleet.max_write_pause() > Duration::ZERO);
}

#[tokio::test]
async fn a_branch_joins_after_the_fence_at_the_generation_of_then() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let source = world.child("source").await;
    run(&*world.open(source).await, "INSERT INTO t VALUES (1)").await.expect("writes");
    let fleet = world.fleet().await;
    fleet.begin_watch();
    assert!(fleet.raise_fence(Duration::ZERO).await);
    let id = DatabaseId::new(world.env.uuid());
    let staged = world.catalog.stage_database(
        id,
        world.new_database("branch", Kind::Child { schema: world.schema }),
        world.env.now(),
    );
    let branch = Branch {
        source: world.row(source).await,
        staged: staged.await.expect("stages"),
        request: None,
        cancel: CancellationToken::new(),
    };
    let branching = tokio::spawn(world.pool.clone().branch(branch));
    let text = id.to_string();
    let file = format!("shard-0000/databases/{}/{text}.db", &text[..2]);
    let made = async {
        while !world._dir.path().join(&file).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), made).await.expect("it is copied");
    assert!(!branching.is_finished() && fleet.dirty().is_empty());
    // What was copied has not been validated for this.
    world.commit("ALTER TABLE t ADD COLUMN y").await;
    fleet.lower_fence();
    let row = branching.await.expect("ends").expect("is made");
    assert_eq!((row.generation, row.file_generation), (Generation(2), Generation(2)));
    assert_eq!(fleet.dirty(), [id], "a migration that is under way must validate it");
    let (cells, generation) =
        run(&*world.open(id).await, "SELECT x, y FROM t").await.expect("reads");
    assert_eq!((cells.len(), generation), (2, Generation(2)));
}

#[tokio::test]
async fn a_source_that_is_purged_while_its_branch_waits_is_gone_and_not_damaged() {
    let world = World::new().await;
    let source = world.child("source").await;
    world.open(source).await;
    let row = world.row(source).await;
    let deleted = world.catalog.delete_database(source, None, world.env.now(), Duration::ZERO);
    deleted.await.expect("deletes");
    let purged = world.catalog.purge_databases(world.env.now(), 1).await.expect("purges");
    assert_eq!(purged, [source]);
    // From here on its files go one by one.
    for name in ["before", "after"] {
        let id = DatabaseId::new(world.env.uuid());
        let new = world.new_database(name, Kind::Child { schema: world.schema });
        let staged = world.catalog.stage_database(id, new, world.env.now());
        let branch = Branch {
            source: row.clone(),
            staged: staged.await.expect("stages"),
            request: None,
            cancel: CancellationToken::new(),
        };
        let refused = world.pool.clone().branch(branch).await.map(|_| ());
        let error = refused.expect_err("has no source");
        assert_eq!(error.reason(), Reason::DatabaseNotFound, "{name}: {error:?}");
        assert_eq!(world.pool.remove(vec![source]).await, [source]);
    }
}

#[tokio::test]
async fn a_branch_that_is_given_up_does_not_wait_for_its_source() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let source = world.child("source").await;
    world.open(source).await;
    let (fleet, member) = (world.fleet().await, world.member(source).await);
    let (script, never) = (world.script(2, "CREATE INDEX i ON t (x)"), CancellationToken::new());
    let how = ValidateHow::HoldIfSlower(Duration::ZERO);
    let held = world.pool.validate(&fleet, &member, &script, how, &never).await.expect("passes");
    // Its file has to be brought up, by a writer that is not free.
    world.commit("CREATE INDEX i ON t (x)").await;
    let new = world.new_database("branch", Kind::Child { schema: world.schema });
    let id = DatabaseId::new(world.env.uuid());
    let staged = world.catalog.stage_database(id, new, world.env.now()).await.expect("stages");
    let (source, cancel) = (world.row(source).await, CancellationToken::new());
    let branch = Branch { source, staged, request: None, cancel: cancel.clone() };
    let branching = tokio::spawn(world.pool.clone().branch(branch));
    tokio::task::yield_now().await;
    cancel.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), branching).await.expect("it ends");
    let error = ended.expect("does not panic").map(|_| ()).expect_err("was given up");
    assert_eq!(error.reason(), Reason::Cancelled);
    drop(held);
}

#[tokio::test]
async fn a_reader_does_not_keep_a_large_validation_waiting() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let child = world.child("child").await;
    let database = world.open(child).await;
    run(&database, "INSERT INTO t VALUES (1)").await.expect("writes");
    let dress = dress(&CancellationToken::new());
    let begun = database.begin(Mode::Deferred, dress.clone(), Arc::new(NoAttacher)).await;
    let read = begun.expect("begins").execute(sql("SELECT x FROM t"), dress, Texts::default());
    let (_open, ran) = read.await;
    ran.expect("reads");
    // What it undoes leaves a log that is to be shortened.
    let script = world.script(2, "CREATE TABLE b (x); INSERT INTO b VALUES (zeroblob(4000000))");
    let began = Instant::now();
    world.validate(child, &script).await.expect("passes");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "it waited for the reader: {took:?}");
}

#[tokio::test]
async fn an_open_transaction_gives_way_to_the_fence() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let child = world.child("child").await;
    let database = world.open(child).await;
    let cancel = CancellationToken::new();
    let begun = database.begin(Mode::Deferred, dress(&cancel), Arc::new(NoAttacher)).await;
    let insert = sql("INSERT INTO t VALUES (1)");
    let (open, ran) =
        begun.expect("begins").execute(insert.clone(), dress(&cancel), Texts::default()).await;
    ran.expect("writes");
    let open = open.expect("is open");
    let fleet = world.fleet().await;
    let raise = tokio::spawn({
        let fleet = fleet.clone();
        async move { assert!(fleet.raise_fence(Duration::from_millis(1)).await) }
    });
    cancel.cancelled().await;
    let (open, ran) = open.execute(insert, dress(&cancel), Texts::default()).await;
    assert_eq!(ran.map(|_| ()).expect_err("gave way").reason(), Reason::Busy);
    assert!(open.is_none());
    raise.await.expect("the fence goes up");
    fleet.lower_fence();
    let (cells, _) = run(&database, "SELECT count(*) FROM t").await.expect("reads");
    assert!(cells[0].contains("(0)"), "{cells:?}");
}

#[tokio::test]
async fn a_held_run_is_committed_or_undone() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let child = world.child("child").await;
    let database = world.open(child).await;
    let sql = "CREATE INDEX i ON t (x)";
    let (fleet, member) = (world.fleet().await, world.member(child).await);
    let (script, cancel) = (world.script(2, sql), CancellationToken::new());
    let hold = || async {
        let how = ValidateHow::HoldIfSlower(Duration::ZERO);
        let validated = world.pool.validate(&fleet, &member, &script, how, &cancel).await;
        validated.expect("passes").held.expect("is held")
    };
    let held = hold().await;
    assert_eq!(held.id(), child);
    let write = tokio::spawn({
        let database = database.clone();
        async move { run(&database, "INSERT INTO t VALUES (1)").await }
    });
    let (cells, generation) =
        run(&database, "SELECT count(*) FROM sqlite_schema").await.expect("reads");
    assert!(cells[0].contains("(1)") && generation == Generation(1), "{cells:?}");
    drop(held);
    write.await.expect("ends").expect("writes");
    let held = hold().await;
    world.commit(sql).await;
    held.commit().await.expect("commits");
    let (cells, generation) =
        run(&*world.open(child).await, "SELECT count(*) FROM sqlite_schema").await.expect("reads");
    assert!(cells[0].contains("(2)") && generation == Generation(2), "{cells:?}");
}

#[tokio::test]
async fn what_cannot_be_brought_up_is_quarantined_until_it_can() {
    let world = World::new().await;
    world.commit("CREATE TABLE t (x)").await;
    let child = world.child("child").await;
    run(&*world.open(child).await, "INSERT INTO t VALUES (1), (1)").await.expect("writes");
    let database = world.open(child).await;
    // As if the file had been damaged after it was validated.
    world.commit("CREATE UNIQUE INDEX i ON t (x)").await;
    for _ in 0..2 {
        let error = world.pool.open(&*world.row(child).await).await.map(|_| ());
        assert_eq!(error.expect_err("is quarantined").reason(), Reason::ChildQuarantined);
        let error = run(&database, "DELETE FROM t").await.expect_err("is quarantined");
        assert_eq!(error.reason(), Reason::ChildQuarantined);
    }
    let (fleet, member) = (world.fleet().await, world.member(child).await);
    let applied = world.pool.apply(&fleet, &[member], true).await.expect("answers");
    assert!(applied[0].is_err());
}
