//! `SchemaService`.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use tenantry_client::v1::schema_service_server::SchemaService;
use tenantry_client::v1::{
    ApplyMigrationRequest, ApplyMigrationResponse, CancelMigrationRequest, CancelMigrationResponse,
    GetMigrationRequest, GetMigrationResponse, GetSchemaRequest, GetSchemaResponse,
    ListChildrenRequest, ListChildrenResponse, ListMigrationsRequest, ListMigrationsResponse,
    RetryChildrenRequest, RetryChildrenResponse, WatchMigrationRequest, WatchMigrationResponse,
};
use tonic::{Request, Response, Status};

use super::layers::Drain;
use super::{admitted, convert, migrations};
use crate::error::{Error, Reason, Result};
use crate::schema::{MigrationWatch, Schemas};

type WatchStream = BoxStream<'static, Result<WatchMigrationResponse, Status>>;

/// Migrations over gRPC.
pub(super) struct SchemaRpc {
    schemas: Arc<Schemas>,
    /// Ends watches with the server: a migration may go on for longer than the
    /// server waits for open calls, and nothing is lost with a watch.
    drain: Drain,
}

impl SchemaRpc {
    pub(super) fn new(schemas: Arc<Schemas>, drain: Drain) -> Self {
        Self { schemas, drain }
    }
}

#[tonic::async_trait]
impl SchemaService for SchemaRpc {
    async fn apply_migration(
        &self,
        request: Request<ApplyMigrationRequest>,
    ) -> Result<Response<ApplyMigrationResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let (schema, validate_only) = (migrations::schema(&request.schema)?, request.validate_only);
        let spec = migrations::apply_spec(request)?;
        let response = if validate_only {
            migrations::validated(self.schemas.validate_only(&grant, &schema, spec).await?)
        } else {
            let view = self.schemas.apply(&grant, &schema, spec).await?;
            let migration = Some(migrations::migration(&view));
            ApplyMigrationResponse { migration, validation: None }
        };
        Ok(Response::new(response))
    }

    async fn get_migration(
        &self,
        request: Request<GetMigrationRequest>,
    ) -> Result<Response<GetMigrationResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let id = migrations::id(&request.id, &schema)?;
        let view = self.schemas.get(&grant, &schema, id).await?;
        let migration = Some(migrations::migration(&view));
        Ok(Response::new(GetMigrationResponse { migration }))
    }

    async fn list_migrations(
        &self,
        request: Request<ListMigrationsRequest>,
    ) -> Result<Response<ListMigrationsResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let state = migrations::state_filter(request.state)?;
        let page = convert::page(request.page_size, request.page_token);
        let page = self.schemas.list(&grant, &schema, state, &page).await?;
        let migrations = page.items.iter().map(migrations::brief_migration).collect();
        Ok(Response::new(ListMigrationsResponse { migrations, next_page_token: page.next_token }))
    }

    type WatchMigrationStream = WatchStream;

    async fn watch_migration(
        &self,
        request: Request<WatchMigrationRequest>,
    ) -> Result<Response<Self::WatchMigrationStream>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let id = migrations::id(&request.id, &schema)?;
        let watch = self.schemas.watch(&grant, &schema, id).await?;
        Ok(Response::new(messages(watch, self.drain.clone())))
    }

    async fn cancel_migration(
        &self,
        request: Request<CancelMigrationRequest>,
    ) -> Result<Response<CancelMigrationResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let id = migrations::id(&request.id, &schema)?;
        let view = self.schemas.cancel(&grant, &schema, id).await?;
        let migration = Some(migrations::migration(&view));
        Ok(Response::new(CancelMigrationResponse { migration }))
    }

    async fn list_children(
        &self,
        request: Request<ListChildrenRequest>,
    ) -> Result<Response<ListChildrenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let state = migrations::child_filter(request.state)?;
        let page = convert::page(request.page_size, request.page_token);
        let page = self.schemas.children(&grant, &schema, state, &page).await?;
        let children = page.items.iter().map(migrations::child).collect();
        Ok(Response::new(ListChildrenResponse { children, next_page_token: page.next_token }))
    }

    async fn retry_children(
        &self,
        request: Request<RetryChildrenRequest>,
    ) -> Result<Response<RetryChildrenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let children = migrations::children(&request.children)?;
        let (recovered_count, quarantined_count) =
            self.schemas.retry_children(&grant, &schema, children).await?;
        Ok(Response::new(RetryChildrenResponse { recovered_count, quarantined_count }))
    }

    async fn get_schema(
        &self,
        request: Request<GetSchemaRequest>,
    ) -> Result<Response<GetSchemaResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let schema = migrations::schema(&request.schema)?;
        let text = self.schemas.schema_text(&grant, &schema).await?;
        Ok(Response::new(GetSchemaResponse {
            generation: text.generation.0,
            ddl: text.ddl,
            hash: text.hash,
        }))
    }
}

/// The messages of a watch, until the migration or the server ends. The watch is
/// asked only when the reader has taken the message before, and is dropped with
/// the stream when the reader has gone away.
fn messages(watch: MigrationWatch, drain: Drain) -> WatchStream {
    let next = |(mut watch, drain): (MigrationWatch, Drain)| async move {
        let view = tokio::select! {
            biased;
            view = watch.next() => view?,
            () = drain.started() => return Err(shutting_down().into()),
        };
        Ok(view.map(|view| {
            let migration = Some(migrations::brief_migration(&view));
            (WatchMigrationResponse { migration }, (watch, drain))
        }))
    };
    stream::try_unfold((watch, drain), next).boxed()
}

fn shutting_down() -> Error {
    Error::new(
        Reason::Unavailable,
        "the server is shutting down; watch the migration again when it is back",
    )
}
