//! The service over a real catalog and real files.

mod answers;
mod failing;
mod fleet;
mod gap;

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::env::Failpoint;
use crate::grants::testing::World;
use crate::names::{Alias, DatabaseName, GroupName};
use crate::storage::catalog::{ForeignKeys, NewDatabase, Settings};
use crate::storage::data_dir::DataDir;
use crate::storage::{
    Access, Args, Attached, Attacher, Blocks, Call, Cell, Column, DatabaseConfig, Dress, Local,
    Mode, OpenDatabase, PoolConfig, Row, Sink, Sql, Summary, Synchronous, Transaction,
};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PARENT: &str = "default/parent";

/// A schema with children, and the service for it.
struct Fixture {
    world: World,
    data: TempDir,
    pool: Arc<Pool>,
    schemas: Arc<Schemas>,
    parent: DatabaseId,
}

impl Fixture {
    async fn new() -> Self {
        Self::failing_at("").await
    }

    /// One whose migrations fail at a point, as in `fence-raised=panic`.
    async fn failing_at(failpoint: &str) -> Self {
        let (world, data) = (World::new().await, tempfile::tempdir().expect("temp dir"));
        let (pool, schemas) = start(&world, &data, failpoint);
        let parent = create(&world, "parent", Kind::Schema).await;
        Self { world, data, pool, schemas, parent }
    }

    /// The same with a new service: what the old one did in the background was
    /// cut off.
    async fn restart(mut self) -> Self {
        let Shared { tasks, stop, .. } = &*self.schemas.0;
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        let (catalog, pool) = (Arc::clone(&self.world.catalog), Arc::clone(&self.pool));
        let schemas = Schemas::new(catalog, pool, self.world.env.clone(), CONFIG);
        schemas.resume().await.expect("resumes");
        self.schemas = Arc::new(schemas);
        self
    }

    async fn child(&self, name: &str) -> DatabaseId {
        create(&self.world, name, Kind::Child { schema: self.parent }).await
    }

    /// A child with a file.
    async fn used(&self, name: &str) -> DatabaseId {
        let id = self.child(name).await;
        self.ask(name, "SELECT 1").await.expect("is made");
        id
    }

    async fn row(&self, name: &str) -> Arc<Database> {
        let found = self.world.catalog.database(&parse(&format!("default/{name}"))).await;
        found.expect("reads").expect("exists")
    }

    async fn open(&self, name: &str) -> Result<Arc<OpenDatabase>> {
        self.pool.open(&*self.row(name).await).await
    }

    /// Runs SQL as a tenant does; answers its cells.
    async fn ask(&self, name: &str, text: &str) -> Result<Vec<String>> {
        let open = self.open(name).await?;
        let sql = Sql { text: text.to_owned(), args: Args::default() };
        let call = Call { sql, start: 0, dress: dress(), attacher: Arc::new(NoAttacher) };
        Ok(open.execute(call, Texts::default()).await?.sink.0)
    }

    /// An open transaction that keeps the writer of a child.
    async fn hold_writer(&self, name: &str) -> Transaction {
        let open = self.open(name).await.expect("opens");
        let begun = open.begin(Mode::Immediate, dress(), Arc::new(NoAttacher)).await;
        begun.expect("begins")
    }

    async fn apply(&self, sql: &str) -> Result<MigrationView> {
        self.apply_as(spec(sql)).await
    }

    async fn apply_as(&self, spec: ApplySpec) -> Result<MigrationView> {
        // So that the newest is known by its time.
        self.world.clock.advance(Duration::from_millis(1));
        let schema = parse(PARENT);
        let applying = self.schemas.apply(&self.world.admin, &schema, spec);
        tokio::time::timeout(PATIENCE, applying).await.expect("ends in time")
    }

    /// A migration that has committed, when all is brought up.
    async fn applied(&self, sql: &str) -> MigrationView {
        self.apply_as(ApplySpec { wait_for: WaitFor::Apply, ..spec(sql) }).await.expect("applies")
    }

    /// The newest migration, when it has ended.
    async fn newest(&self) -> MigrationView {
        let page = PageRequest { size: 1, ..PageRequest::default() };
        let listed = self.schemas.list(&self.world.admin, &parse(PARENT), None, &page).await;
        let newest = listed.expect("lists").items.remove(0);
        self.ended(newest.migration.id).await
    }

    async fn ended(&self, id: MigrationId) -> MigrationView {
        let mut watch = self.watch(id).await;
        let mut last = None;
        while let Some(view) = watch.next().await.expect("goes on") {
            last = Some(view);
        }
        last.expect("is told once at least")
    }

    async fn watch(&self, id: MigrationId) -> MigrationWatch {
        let watch = self.schemas.watch(&self.world.admin, &parse(PARENT), id).await;
        watch.expect("is there")
    }

    fn file(&self, id: DatabaseId) -> PathBuf {
        let hex = id.uuid().simple().to_string();
        let shard = self.data.path().join("shard-0000/databases");
        shard.join(&hex[..2]).join(format!("{id}.db"))
    }
}

const CONFIG: SchemaConfig = SchemaConfig {
    prepare_workers: 2,
    apply_workers: 2,
    fence_wait_max: Duration::from_millis(50),
    held_max: 4,
};

fn start(world: &World, data: &TempDir, failpoint: &str) -> (Arc<Pool>, Arc<Schemas>) {
    let env = match failpoint {
        "" => world.env.clone(),
        point => world.env.clone().with_failpoint(point).expect("is one"),
    };
    let config = PoolConfig {
        database: DatabaseConfig {
            synchronous: Synchronous::Normal,
            readers_max: 4,
            write_queue_max: 100,
            durability: Arc::new(Local),
            env: env.clone(),
        },
        open_databases_max: 100,
        idle_close_after: PATIENCE,
    };
    let data_dir = Arc::new(DataDir::open(data.path()).expect("opens"));
    let pool = Pool::new(data_dir, Arc::clone(&world.catalog), config).expect("opens");
    let schemas = Schemas::new(Arc::clone(&world.catalog), Arc::clone(&pool), env, CONFIG);
    (pool, Arc::new(schemas))
}

async fn create(world: &World, name: &str, kind: Kind) -> DatabaseId {
    let group = world.catalog.group(&GroupName::default()).await.expect("reads").expect("exists");
    let (id, name) = (DatabaseId::new(world.env.uuid()), DatabaseName::new(name).expect("valid"));
    let new = NewDatabase { name, group_id: group.id, kind, settings: Settings::default() };
    let created = world.catalog.create_databases(vec![(id, new)], None, world.env.now());
    created.await.expect("creates");
    id
}

fn parse(reference: &str) -> DatabaseRef {
    DatabaseRef::parse(reference).expect("valid")
}

fn spec(sql: &str) -> ApplySpec {
    ApplySpec {
        sql: sql.to_owned(),
        expected_generation: None,
        foreign_keys: ForeignKeys::Enforced,
        allow_nondeterministic: false,
        request_id: String::new(),
        wait_for: WaitFor::Commit,
    }
}

fn dress() -> Dress {
    Dress {
        access: Arc::new(Access::full()),
        blocks: Blocks::default(),
        attached: Vec::new(),
        cancel: CancellationToken::new(),
        size_limit_bytes: 0,
    }
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
            Cell::Integer(number) => number.to_string(),
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

fn refused<T>(result: Result<T>, reason: Reason) -> Error {
    let error = result.map(|_| ()).expect_err("is refused");
    assert_eq!(error.reason(), reason, "{error:?}");
    error
}

fn metadata<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    let found = error.metadata().iter().find(|(known, _)| *known == key);
    found.map(|(_, value)| value.as_str())
}
