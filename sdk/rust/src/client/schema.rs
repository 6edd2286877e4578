//! The schemas of many databases, and what is known of their migrations.

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use tonic::Streaming;

use super::call::{Method, stub};
use super::pages::pages;
use super::{Child, ChildState, Client, Error, Migrate, Migration, Pages, Result, Validate, raw};
use crate::v1::{
    CancelMigrationRequest, GetMigrationRequest, GetSchemaRequest, GetSchemaResponse,
    ListChildrenRequest, ListMigrationsRequest, RetryChildrenRequest, RetryChildrenResponse,
    WatchMigrationRequest, WatchMigrationResponse,
};

/// Schemas and their migrations. `schema` is always the reference of a SCHEMA
/// database, `group/name` or `group/UUID`; without a slash the group is `default`.
#[derive(Clone, Debug)]
pub struct Schema(pub(super) Client);

impl Schema {
    /// Takes a schema and all its children to the next generation, or changes
    /// nothing anywhere.
    pub fn migrate(&self, schema: impl Into<String>, sql: impl Into<String>) -> Migrate {
        Migrate::new(self.clone(), schema.into(), sql.into())
    }

    /// Tells what a migration would do, and on which databases it would fail, and
    /// changes nothing.
    pub fn validate(&self, schema: impl Into<String>, sql: impl Into<String>) -> Validate {
        Validate::new(self.clone(), schema.into(), sql.into())
    }

    /// Returns a migration.
    pub async fn get(&self, schema: impl Into<String>, id: impl Into<String>) -> Result<Migration> {
        let request = GetMigrationRequest { schema: schema.into(), id: id.into() };
        let answer =
            self.0.call(Method::safe("GetMigration"), request, stub!(schema.get_migration));
        answer.await?.migration.ok_or_else(Error::malformed)
    }

    /// Lists the migrations of a schema, newest first.
    pub fn list(&self, schema: impl Into<String>) -> Pages<Migration> {
        let request = ListMigrationsRequest { schema: schema.into(), ..Default::default() };
        pages!(self.0.clone(), "ListMigrations", schema.list_migrations, request, migrations)
    }

    /// Follows a migration: at once, and whenever it has changed, until it has
    /// ended. When the connection breaks it is followed anew.
    pub fn watch(
        &self,
        schema: impl Into<String>,
        id: impl Into<String>,
    ) -> BoxStream<'static, Result<Migration>> {
        let watch = Watch {
            client: self.0.clone(),
            request: WatchMigrationRequest { schema: schema.into(), id: id.into() },
            stream: None,
            breaks: 0,
        };
        stream::try_unfold(watch, Watch::next).boxed()
    }

    /// Cancels a migration that has not committed.
    pub async fn cancel(
        &self,
        schema: impl Into<String>,
        id: impl Into<String>,
    ) -> Result<Migration> {
        let request = CancelMigrationRequest { schema: schema.into(), id: id.into() };
        let answer =
            self.0.call(Method::write("CancelMigration"), request, stub!(schema.cancel_migration));
        answer.await?.migration.ok_or_else(Error::malformed)
    }

    /// Lists the children of a schema, by name.
    pub fn children(&self, schema: impl Into<String>) -> Pages<Child> {
        self.children_in(schema, ChildState::Unspecified, 0)
    }

    /// Lists the children in one state, by name, so many with each request; 0 leaves
    /// their number to the server.
    pub fn children_in(
        &self,
        schema: impl Into<String>,
        state: ChildState,
        page_size: i32,
    ) -> Pages<Child> {
        let request = ListChildrenRequest {
            schema: schema.into(),
            state: state.into(),
            page_size,
            page_token: String::new(),
        };
        pages!(self.0.clone(), "ListChildren", schema.list_children, request, children)
    }

    /// Tries at once again to bring quarantined children to the schema's generation:
    /// those named, or all.
    pub async fn retry_children(
        &self,
        schema: impl Into<String>,
        children: impl IntoIterator<Item = String>,
    ) -> Result<RetryChildrenResponse> {
        let children = children.into_iter().collect();
        let request = RetryChildrenRequest { schema: schema.into(), children };
        self.0.call(Method::write("RetryChildren"), request, stub!(schema.retry_children)).await
    }

    /// Returns the schema of a SCHEMA database as text.
    pub async fn get_schema(&self, schema: impl Into<String>) -> Result<GetSchemaResponse> {
        let request = GetSchemaRequest { schema: schema.into() };
        self.0.call(Method::safe("GetSchema"), request, stub!(schema.get_schema)).await
    }
}

/// A watch that is taken up again.
struct Watch {
    client: Client,
    request: WatchMigrationRequest,
    stream: Option<Streaming<WatchMigrationResponse>>,
    /// How often it broke since it last told something.
    breaks: u32,
}

impl Watch {
    async fn next(mut self) -> Result<Option<(Migration, Self)>> {
        loop {
            let told = match &mut self.stream {
                Some(stream) => {
                    let client = self.client.clone();
                    client.bound(None, async { Ok(stream.message().await?) }).await
                }
                None => {
                    self.stream = Some(self.open().await?);
                    continue;
                }
            };
            match told {
                Ok(None) => return Ok(None),
                Ok(Some(answer)) => {
                    self.breaks = 0;
                    let migration = answer.migration.ok_or_else(Error::malformed)?;
                    return Ok(Some((migration, self)));
                }
                Err(error) => self.pause(error).await?,
            }
        }
    }

    async fn open(&self) -> Result<Streaming<WatchMigrationResponse>> {
        let method = Method::safe("WatchMigration").stream();
        self.client
            .attempts(method, |request| {
                let request = request.map(|()| self.request.clone());
                let mut stub = raw::schema(self.client.channel());
                async move { Ok(stub.watch_migration(request).await?.into_inner()) }
            })
            .await
    }

    /// Waits before it is taken up again. Errors: it makes no sense to.
    async fn pause(&mut self, error: Error) -> Result<()> {
        self.stream = None;
        self.breaks += 1;
        let pause = self.client.inner.retry.pause(self.breaks, &error);
        match pause.filter(|_| error.is_retryable()) {
            None => Err(error),
            Some(pause) => self.client.rest(pause).await,
        }
    }
}
