//! `SchemaService`. This server has no migrations yet: each method finds the
//! database that it is asked about, so that nobody learns of one that is not
//! theirs, and says so.

use std::sync::Arc;

use futures_util::stream;
use tenantry_client::v1::schema_service_server::SchemaService;
use tenantry_client::v1::{
    ApplyMigrationRequest, ApplyMigrationResponse, CancelMigrationRequest, CancelMigrationResponse,
    GetMigrationRequest, GetMigrationResponse, GetSchemaRequest, GetSchemaResponse,
    ListChildrenRequest, ListChildrenResponse, ListMigrationsRequest, ListMigrationsResponse,
    RetryChildrenRequest, RetryChildrenResponse, WatchMigrationRequest, WatchMigrationResponse,
};
use tonic::{Request, Response, Status};

use super::{admitted, unimplemented};
use crate::databases::Databases;
use crate::error::Result;
use crate::grants::Grant;
use crate::names::DatabaseRef;

/// Migrations over gRPC.
pub(super) struct SchemaRpc {
    databases: Arc<Databases>,
}

impl SchemaRpc {
    pub(super) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    async fn refuse<T>(
        &self,
        grant: &Grant,
        schema: &str,
        method: &'static str,
    ) -> Result<T, Status> {
        self.databases.get(grant, &DatabaseRef::parse(schema)?).await?;
        Err(unimplemented(method).into())
    }
}

#[tonic::async_trait]
impl SchemaService for SchemaRpc {
    type WatchMigrationStream = stream::Empty<Result<WatchMigrationResponse, Status>>;

    async fn apply_migration(
        &self,
        request: Request<ApplyMigrationRequest>,
    ) -> Result<Response<ApplyMigrationResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "ApplyMigration").await
    }

    async fn get_migration(
        &self,
        request: Request<GetMigrationRequest>,
    ) -> Result<Response<GetMigrationResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "GetMigration").await
    }

    async fn list_migrations(
        &self,
        request: Request<ListMigrationsRequest>,
    ) -> Result<Response<ListMigrationsResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "ListMigrations").await
    }

    async fn watch_migration(
        &self,
        request: Request<WatchMigrationRequest>,
    ) -> Result<Response<Self::WatchMigrationStream>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "WatchMigration").await
    }

    async fn cancel_migration(
        &self,
        request: Request<CancelMigrationRequest>,
    ) -> Result<Response<CancelMigrationResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "CancelMigration").await
    }

    async fn list_children(
        &self,
        request: Request<ListChildrenRequest>,
    ) -> Result<Response<ListChildrenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "ListChildren").await
    }

    async fn retry_children(
        &self,
        request: Request<RetryChildrenRequest>,
    ) -> Result<Response<RetryChildrenResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "RetryChildren").await
    }

    async fn get_schema(
        &self,
        request: Request<GetSchemaRequest>,
    ) -> Result<Response<GetSchemaResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.refuse(&grant, &request.schema, "GetSchema").await
    }
}
