//! A schema and its children: made in batches, migrated, and held to promise
//! one, that all of them answer from one generation.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use super::cells::{Sql, cells_of, text};
use super::client::{Client, reason};
use super::db::Db;
use super::v1::{self, ApplyMigrationRequest, Migration, MigrationState, WaitFor};
use super::wait::{bounded, until};
use super::world::World;

/// How many children are created in one request.
const BATCH_CHILDREN_MAX: usize = 1_000;
/// How many children are asked at once.
const ASKED_AT_ONCE: usize = 16;
/// What a database is asked for to tell its generation and schema.
const LOOK: &str = "PRAGMA user_version;
    SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";

/// A schema and its children, under a token.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    client: Client,
    group: String,
    parent: String,
}

/// What a database tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The generation that its answer was given on.
    pub(crate) generation: u64,
    /// The one that its file holds.
    pub(crate) user_version: u64,
    /// All of `sqlite_schema`.
    pub(crate) schema: String,
}

impl Fleet {
    /// A new schema without a table and without children, seen as the admin.
    pub(crate) async fn create(world: &World, parent: &str) -> Self {
        let name = parent.to_owned();
        let kind = v1::DatabaseKind::Schema.into();
        world.create(v1::Database { name, kind, ..Default::default() }).await;
        Self::again(world, parent)
    }

    /// A schema that is there already.
    pub(crate) fn again(world: &World, parent: &str) -> Self {
        let (client, group) = (world.admin.clone(), world.group.clone());
        Self { client, group, parent: parent.to_owned() }
    }

    /// The same under another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { client: self.client.with_token(token), ..self.clone() }
    }

    /// The same through a connection of its own.
    pub(crate) fn apart(&self) -> Self {
        Self { client: self.client.apart(), ..self.clone() }
    }

    /// `group/name` of the parent.
    pub(crate) fn reference(&self) -> String {
        format!("{}/{}", self.group, self.parent)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The parent.
    pub(crate) fn parent(&self) -> Db {
        self.child(&self.parent)
    }

    /// A database of the group by its name.
    pub(crate) fn child(&self, name: &str) -> Db {
        Db::new(self.client.clone(), format!("{}/{name}", self.group), String::new())
    }

    /// Describes a child that is to be created.
    pub(crate) fn new_child(&self, name: impl Into<String>) -> v1::Database {
        v1::Database {
            name: name.into(),
            group: self.group.clone(),
            schema: self.parent.clone(),
            ..Default::default()
        }
    }

    /// Creates children, many at a time.
    pub(crate) async fn try_create<I>(&self, names: I) -> Result<Vec<v1::Database>, Status>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let all: Vec<_> = names.into_iter().map(|name| self.new_child(name)).collect();
        let mut created = Vec::with_capacity(all.len());
        for databases in all.chunks(BATCH_CHILDREN_MAX) {
            let databases = databases.to_vec();
            let request = v1::BatchCreateDatabasesRequest { databases, request_id: String::new() };
            let mut client = self.client.databases();
            let answer = bounded("BatchCreateDatabases", client.batch_create_databases(request));
            created.extend(answer.await?.into_inner().databases);
        }
        Ok(created)
    }

    /// Creates children; it must succeed.
    pub(crate) async fn create_children<I>(&self, names: I) -> Vec<v1::Database>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.try_create(names).await.expect("the children are created")
    }

    /// Makes a child that begins as another one is.
    pub(crate) async fn try_branch(
        &self,
        source: &str,
        name: &str,
    ) -> Result<v1::Database, Status> {
        let database = v1::Database { name: name.to_owned(), ..Default::default() };
        let request = v1::BranchDatabaseRequest {
            source: format!("{}/{source}", self.group),
            database: Some(database),
            request_id: String::new(),
        };
        let mut client = self.client.databases();
        let answer = bounded("BranchDatabase", client.branch_database(request)).await?;
        Ok(answer.into_inner().database.expect("a database"))
    }

    /// Deletes a child.
    pub(crate) async fn try_delete(&self, name: &str) -> Result<(), Status> {
        let name = format!("{}/{name}", self.group);
        let request = v1::DeleteDatabaseRequest { name, ..Default::default() };
        let mut client = self.client.databases();
        bounded("DeleteDatabase", client.delete_database(request)).await.map(|_| ())
    }

    /// Brings a child back, by name or UUID.
    pub(crate) async fn try_undelete(&self, name: &str) -> Result<v1::Database, Status> {
        let request = v1::UndeleteDatabaseRequest { name: format!("{}/{name}", self.group) };
        let mut client = self.client.databases();
        let answer = bounded("UndeleteDatabase", client.undelete_database(request)).await?;
        Ok(answer.into_inner().database.expect("a database"))
    }

    /// Runs the same SQL on many children, some at a time.
    pub(crate) async fn exec_all<S: AsRef<str>>(&self, names: &[S], sql: &str) {
        stream::iter(names)
            .for_each_concurrent(ASKED_AT_ONCE, async |name| {
                self.child(name.as_ref()).exec(sql).await;
            })
            .await;
    }

    /// The request that applies a script and waits for its commit.
    pub(crate) fn request(&self, sql: impl Into<String>) -> ApplyMigrationRequest {
        ApplyMigrationRequest { schema: self.reference(), sql: sql.into(), ..Default::default() }
    }

    /// Applies a migration.
    pub(crate) async fn try_apply(
        &self,
        request: ApplyMigrationRequest,
    ) -> Result<Migration, Status> {
        let mut client = self.client.schemas();
        let answer = bounded("ApplyMigration", client.apply_migration(request));
        Ok(answer.await?.into_inner().migration.expect("a migration"))
    }

    /// Applies a script; it must commit.
    #[track_caller]
    pub(crate) fn migrate<S: Into<String>>(
        &self,
        sql: S,
    ) -> impl Future<Output = Migration> + use<S> {
        let caller = std::panic::Location::caller();
        self.applied(self.request(sql), caller)
    }

    /// Applies a script and waits until every file is at its generation.
    #[track_caller]
    pub(crate) fn migrate_all<S: Into<String>>(
        &self,
        sql: S,
    ) -> impl Future<Output = Migration> + use<S> {
        let caller = std::panic::Location::caller();
        let request =
            ApplyMigrationRequest { wait_for: WaitFor::Apply.into(), ..self.request(sql) };
        self.applied(request, caller)
    }

    fn applied(
        &self,
        request: ApplyMigrationRequest,
        caller: &'static std::panic::Location<'static>,
    ) -> impl Future<Output = Migration> + use<> {
        let fleet = self.clone();
        async move {
            let shown: String = request.sql.chars().take(500).collect();
            let done = fleet.try_apply(request).await;
            done.unwrap_or_else(|status| panic!("{caller}: {shown}: {status:?}"))
        }
    }

    /// Starts a migration and answers as soon as it is recorded.
    pub(crate) async fn try_start(&self, sql: impl Into<String>) -> Result<Migration, Status> {
        let wait_for = WaitFor::Nothing.into();
        self.try_apply(ApplyMigrationRequest { wait_for, ..self.request(sql) }).await
    }

    /// Validates a script and changes nothing.
    pub(crate) async fn validate(
        &self,
        sql: impl Into<String>,
    ) -> Result<(Migration, v1::MigrationValidation), Status> {
        let request = ApplyMigrationRequest { validate_only: true, ..self.request(sql) };
        let mut client = self.client.schemas();
        let answer = bounded("ApplyMigration", client.apply_migration(request)).await?.into_inner();
        Ok((answer.migration.expect("a migration"), answer.validation.expect("a validation")))
    }

    pub(crate) async fn migration(&self, id: &str) -> Result<Migration, Status> {
        let request = v1::GetMigrationRequest { schema: self.reference(), id: id.to_owned() };
        let answer = bounded("GetMigration", self.client.schemas().get_migration(request)).await?;
        Ok(answer.into_inner().migration.expect("a migration"))
    }

    /// All migrations, newest first.
    pub(crate) async fn migrations(&self) -> Vec<Migration> {
        let mut all = Vec::new();
        let mut request = v1::ListMigrationsRequest {
            schema: self.reference(),
            page_size: 1_000,
            ..Default::default()
        };
        loop {
            let mut client = self.client.schemas();
            let page = bounded("ListMigrations", client.list_migrations(request.clone())).await;
            let page = page.expect("they are listed").into_inner();
            all.extend(page.migrations);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    }

    pub(crate) async fn cancel(&self, id: &str) -> Result<Migration, Status> {
        let request = v1::CancelMigrationRequest { schema: self.reference(), id: id.to_owned() };
        let mut client = self.client.schemas();
        let answer = bounded("CancelMigration", client.cancel_migration(request)).await?;
        Ok(answer.into_inner().migration.expect("a migration"))
    }

    pub(crate) async fn watch(
        &self,
        id: &str,
    ) -> Result<Streaming<v1::WatchMigrationResponse>, Status> {
        let request = v1::WatchMigrationRequest { schema: self.reference(), id: id.to_owned() };
        let mut client = self.client.schemas();
        Ok(bounded("WatchMigration", client.watch_migration(request)).await?.into_inner())
    }

    /// Watches a migration until `enough`, or until its end.
    pub(crate) async fn watch_until(
        &self,
        id: &str,
        mut enough: impl FnMut(&Migration) -> bool,
    ) -> Result<Migration, Status> {
        let mut watch = self.watch(id).await?;
        let mut last = None;
        while let Some(message) = bounded("a change of the migration", watch.message()).await? {
            let migration = message.migration.expect("a migration");
            if enough(&migration) {
                return Ok(migration);
            }
            last = Some(migration);
        }
        let last = last.expect("a watch tells the state at once");
        assert!(is_final(&last), "the watch ended before the migration: {last:?}");
        Ok(last)
    }

    /// Awaits the final state of a migration: it must come by itself.
    pub(crate) async fn ended(&self, id: &str) -> Migration {
        self.watch_until(id, is_final).await.expect("the migration is watched to its end")
    }

    /// Awaits the final state of every migration; answers them, newest first.
    pub(crate) async fn all_ended(&self) -> Vec<Migration> {
        let mut all = self.migrations().await;
        for migration in all.iter_mut().filter(|migration| !is_final(migration)) {
            *migration = self.ended(&migration.id).await;
        }
        all
    }

    /// The live children, by name; in one state or in all.
    pub(crate) async fn children(&self, state: v1::ChildState) -> Vec<v1::Child> {
        let mut all = Vec::new();
        let mut request = v1::ListChildrenRequest {
            schema: self.reference(),
            state: state.into(),
            page_size: 1_000,
            ..Default::default()
        };
        loop {
            let mut client = self.client.schemas();
            let page = bounded("ListChildren", client.list_children(request.clone())).await;
            let page = page.expect("they are listed").into_inner();
            all.extend(page.children);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The names of all live children.
    pub(crate) async fn names(&self) -> Vec<String> {
        let all = self.children(v1::ChildState::Unspecified).await;
        all.into_iter().map(|child| child.name).collect()
    }

    /// The schema as text.
    pub(crate) async fn schema_text(&self) -> v1::GetSchemaResponse {
        let request = v1::GetSchemaRequest { schema: self.reference() };
        let answer = bounded("GetSchema", self.client.schemas().get_schema(request)).await;
        answer.expect("the schema is told").into_inner()
    }

    /// Runs SQL on a database of the fleet; answers the generation that it ran on,
    /// and the rows of each statement as text.
    pub(crate) async fn try_ask(
        &self,
        name: &str,
        sql: impl Into<Sql>,
    ) -> Result<(u64, Vec<String>), Status> {
        let request = self.child(name).request(sql);
        let answer = bounded("Execute", self.client.query().execute(request)).await?.into_inner();
        let results = answer.results.into_iter().map(|result| text(&cells_of(result.rows)));
        Ok((answer.generation, results.collect()))
    }

    /// What a database of the fleet tells of itself, and what it answers to more
    /// SQL in the same request.
    pub(crate) async fn try_look_and(
        &self,
        name: &str,
        more: &str,
    ) -> Result<(Look, Vec<String>), Status> {
        let (generation, results) = self.try_ask(name, format!("{LOOK}; {more}")).await?;
        let mut results = results.into_iter();
        let user_version = results.next().expect("a version").parse().expect("a number");
        let schema = results.next().expect("a schema");
        Ok((Look { generation, user_version, schema }, results.collect()))
    }

    /// What a database of the fleet tells of itself.
    pub(crate) async fn try_look(&self, name: &str) -> Result<Look, Status> {
        Ok(self.try_look_and(name, "").await?.0)
    }

    /// Asks every one of these children, and the parent: all must answer from one
    /// generation and have one schema, in their files too. Answers it.
    #[track_caller]
    pub(crate) fn agree_among(&self, names: Vec<String>) -> impl Future<Output = Look> + use<> {
        self.looks_alike(names, std::panic::Location::caller())
    }

    fn looks_alike(
        &self,
        names: Vec<String>,
        caller: &'static std::panic::Location<'static>,
    ) -> impl Future<Output = Look> + use<> {
        let fleet = self.clone();
        async move {
            let looks: BTreeMap<String, Look> = stream::iter(names)
                .map(async |name| {
                    let look = fleet.try_look(&name).await;
                    let look = look.unwrap_or_else(|status| panic!("{caller}: {name}: {status:?}"));
                    (name, look)
                })
                .buffer_unordered(ASKED_AT_ONCE)
                .collect()
                .await;
            let parent = fleet.try_look(&fleet.parent).await;
            let parent = parent.unwrap_or_else(|status| panic!("{caller}: parent: {status:?}"));
            assert_eq!(parent.generation, parent.user_version, "{caller}: the parent's file");
            let apart: Vec<_> = looks.iter().filter(|(_, look)| **look != parent).collect();
            let shown = &apart[..apart.len().min(5)];
            assert!(
                apart.is_empty(),
                "{caller}: {} of {} children differ from the parent\n{parent:?}\nas in\n{shown:?}",
                apart.len(),
                looks.len()
            );
            parent
        }
    }

    /// As [`Fleet::agree_among`], of all children. It uses those that were not.
    #[track_caller]
    pub(crate) fn agree(&self) -> impl Future<Output = Look> + use<> {
        let (fleet, caller) = (self.clone(), std::panic::Location::caller());
        async move { fleet.looks_alike(fleet.names().await, caller).await }
    }

    /// Awaits that no file is behind.
    pub(crate) async fn all_current(&self) {
        until("every child is current", async || {
            let pending = self.children(v1::ChildState::Pending).await;
            pending.is_empty().then_some(())
        })
        .await;
    }
}

/// Nothing more becomes of it.
pub(crate) fn is_final(migration: &Migration) -> bool {
    use MigrationState::{Applied, Cancelled, Failed};
    matches!(migration.state(), Applied | Failed | Cancelled)
}

/// It has happened.
pub(crate) fn is_committed(migration: &Migration) -> bool {
    matches!(migration.state(), MigrationState::Committed | MigrationState::Applied)
}

/// Whether a call may succeed when it is sent again.
pub(crate) fn is_retryable(status: &Status) -> bool {
    matches!(status.code(), Code::Aborted | Code::Unavailable | Code::ResourceExhausted)
        || (status.code() == Code::FailedPrecondition && reason(status) == "MIGRATION_IN_PROGRESS")
}

/// A request id that nobody has used.
pub(crate) fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}
