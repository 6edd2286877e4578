//! `DatabasesService`.

use std::sync::Arc;

use futures_util::stream;
use tenantry_client::v1::databases_service_server::DatabasesService;
use tenantry_client::v1::{
    BatchCreateDatabasesRequest, BatchCreateDatabasesResponse, BranchDatabaseRequest,
    BranchDatabaseResponse, CreateDatabaseRequest, CreateDatabaseResponse, CreateGroupRequest,
    CreateGroupResponse, DeleteDatabaseRequest, DeleteDatabaseResponse, DeleteGroupRequest,
    DeleteGroupResponse, ExportDatabaseRequest, ExportDatabaseResponse, GetDatabaseRequest,
    GetDatabaseResponse, GetGroupRequest, GetGroupResponse, ImportDatabaseRequest,
    ImportDatabaseResponse, ListDatabasesRequest, ListDatabasesResponse, ListGroupsRequest,
    ListGroupsResponse, UndeleteDatabaseRequest, UndeleteDatabaseResponse, UpdateDatabaseRequest,
    UpdateDatabaseResponse, import_database_request,
};
use tonic::{Request, Response, Status, Streaming};

use super::{admitted, convert, unimplemented};
use crate::databases::Databases;
use crate::error::{Error, Result};
use crate::names::{DatabaseRef, GroupName};

/// Groups and databases over gRPC.
pub(super) struct DatabasesRpc {
    databases: Arc<Databases>,
}

impl DatabasesRpc {
    pub(super) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }
}

#[tonic::async_trait]
impl DatabasesService for DatabasesRpc {
    type ExportDatabaseStream = stream::Empty<Result<ExportDatabaseResponse, Status>>;

    async fn create_group(
        &self,
        request: Request<CreateGroupRequest>,
    ) -> Result<Response<CreateGroupResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let name = GroupName::new(required(request.group, "group")?.name)
            .map_err(|error| error.at("group.name"))?;
        let group = self.databases.create_group(&grant, name).await?;
        Ok(Response::new(CreateGroupResponse { group: Some(convert::group(&group)) }))
    }

    async fn get_group(
        &self,
        request: Request<GetGroupRequest>,
    ) -> Result<Response<GetGroupResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let group = self.databases.get_group(&grant, &GroupName::new(request.name)?).await?;
        Ok(Response::new(GetGroupResponse { group: Some(convert::group(&group)) }))
    }

    async fn list_groups(
        &self,
        request: Request<ListGroupsRequest>,
    ) -> Result<Response<ListGroupsResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let page = convert::page(request.page_size, request.page_token);
        let page = self.databases.list_groups(&grant, &page).await?;
        let groups = page.items.iter().map(|group| convert::group(group)).collect();
        Ok(Response::new(ListGroupsResponse { groups, next_page_token: page.next_token }))
    }

    async fn delete_group(
        &self,
        request: Request<DeleteGroupRequest>,
    ) -> Result<Response<DeleteGroupResponse>, Status> {
        let (grant, request) = admitted(request)?;
        self.databases.delete_group(&grant, &GroupName::new(request.name)?).await?;
        Ok(Response::new(DeleteGroupResponse {}))
    }

    async fn create_database(
        &self,
        request: Request<CreateDatabaseRequest>,
    ) -> Result<Response<CreateDatabaseResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let spec = convert::database_spec(required(request.database, "database")?, "database")?;
        let view = self.databases.create(&grant, spec, &request.request_id).await?;
        Ok(Response::new(CreateDatabaseResponse { database: Some(convert::database(view)) }))
    }

    async fn batch_create_databases(
        &self,
        request: Request<BatchCreateDatabasesRequest>,
    ) -> Result<Response<BatchCreateDatabasesResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let mut specs = Vec::with_capacity(request.databases.len());
        for (index, database) in request.databases.into_iter().enumerate() {
            let spec = convert::database_spec(database, &format!("databases[{index}]"));
            specs.push(spec.map_err(|error| error.with("index", index))?);
        }
        let views = self.databases.create_batch(&grant, specs, &request.request_id).await?;
        let databases = views.into_iter().map(convert::database).collect();
        Ok(Response::new(BatchCreateDatabasesResponse { databases }))
    }

    async fn get_database(
        &self,
        request: Request<GetDatabaseRequest>,
    ) -> Result<Response<GetDatabaseResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let view = self.databases.get(&grant, &DatabaseRef::parse(&request.name)?).await?;
        Ok(Response::new(GetDatabaseResponse { database: Some(convert::database(view)) }))
    }

    async fn list_databases(
        &self,
        request: Request<ListDatabasesRequest>,
    ) -> Result<Response<ListDatabasesResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let (query, page) = convert::database_query(request)?;
        let page = self.databases.list(&grant, query, &page).await?;
        let databases = page.items.into_iter().map(convert::database).collect();
        Ok(Response::new(ListDatabasesResponse { databases, next_page_token: page.next_token }))
    }

    async fn update_database(
        &self,
        request: Request<UpdateDatabaseRequest>,
    ) -> Result<Response<UpdateDatabaseResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let database = required(request.database, "database")?;
        let reference = convert::database_ref(&database)?;
        let etag = database.etag.clone();
        let patch = convert::settings_patch(database, request.update_mask)?;
        let view = self.databases.update(&grant, &reference, patch, &etag).await?;
        Ok(Response::new(UpdateDatabaseResponse { database: Some(convert::database(view)) }))
    }

    async fn delete_database(
        &self,
        request: Request<DeleteDatabaseRequest>,
    ) -> Result<Response<DeleteDatabaseResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let reference = DatabaseRef::parse(&request.name)?;
        let view = self.databases.delete(&grant, &reference, &request.etag).await?;
        Ok(Response::new(DeleteDatabaseResponse { database: Some(convert::database(view)) }))
    }

    async fn undelete_database(
        &self,
        request: Request<UndeleteDatabaseRequest>,
    ) -> Result<Response<UndeleteDatabaseResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let view = self.databases.undelete(&grant, &DatabaseRef::parse(&request.name)?).await?;
        Ok(Response::new(UndeleteDatabaseResponse { database: Some(convert::database(view)) }))
    }

    async fn export_database(
        &self,
        request: Request<ExportDatabaseRequest>,
    ) -> Result<Response<Self::ExportDatabaseStream>, Status> {
        let (grant, request) = admitted(request)?;
        self.databases.get(&grant, &DatabaseRef::parse(&request.name)?).await?;
        Err(unimplemented("ExportDatabase").into())
    }

    async fn import_database(
        &self,
        request: Request<Streaming<ImportDatabaseRequest>>,
    ) -> Result<Response<ImportDatabaseResponse>, Status> {
        let (grant, mut parts) = admitted(request)?;
        let first = parts.message().await?.and_then(|message| message.part);
        let Some(import_database_request::Part::Header(header)) = first else {
            return Err(Error::field("header", "must come first").into());
        };
        let spec = convert::database_spec(
            required(header.database, "header.database")?,
            "header.database",
        )?;
        self.databases.get_group(&grant, &spec.group).await?;
        Err(unimplemented("ImportDatabase").into())
    }

    async fn branch_database(
        &self,
        request: Request<BranchDatabaseRequest>,
    ) -> Result<Response<BranchDatabaseResponse>, Status> {
        let (grant, request) = admitted(request)?;
        let source = DatabaseRef::parse(&request.source).map_err(|error| error.at("source"))?;
        let spec = convert::branch_spec(required(request.database, "database")?, &source)?;
        let view = self.databases.branch(&grant, &source, spec, &request.request_id).await?;
        Ok(Response::new(BranchDatabaseResponse { database: Some(convert::database(view)) }))
    }
}

/// A message that a request must hold.
fn required<T>(message: Option<T>, field: &'static str) -> Result<T> {
    message.ok_or_else(|| Error::field(field, "must be set"))
}
