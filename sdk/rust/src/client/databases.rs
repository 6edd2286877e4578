//! Groups and databases: creating, configuring and deleting them.

use std::collections::BTreeMap;
use std::future::IntoFuture;

use futures_util::FutureExt as _;
use prost_types::FieldMask;

use super::call::{Method, request_id, stub};
use super::pages::pages;
use super::{Call, Client, DatabaseInfo, DatabaseKind, Error, Group, Pages, Result};
use crate::v1::{
    BatchCreateDatabasesRequest, BranchDatabaseRequest, CreateDatabaseRequest, CreateGroupRequest,
    DeleteDatabaseRequest, DeleteGroupRequest, GetDatabaseRequest, GetGroupRequest,
    ListDatabasesRequest, ListGroupsRequest, UndeleteDatabaseRequest, UpdateDatabaseRequest,
};

/// Groups and databases. A reference is `group/name` or `group/UUID`; without a
/// slash the group is `default`.
#[derive(Clone, Debug)]
pub struct Databases(pub(super) Client);

impl Databases {
    /// Creates a group.
    pub async fn create_group(&self, name: impl Into<String>) -> Result<Group> {
        let group = Group { name: name.into(), ..Group::default() };
        let request = CreateGroupRequest { group: Some(group) };
        let answer =
            self.0.call(Method::write("CreateGroup"), request, stub!(databases.create_group));
        answer.await?.group.ok_or_else(Error::malformed)
    }

    /// Returns a group.
    pub async fn get_group(&self, name: impl Into<String>) -> Result<Group> {
        let request = GetGroupRequest { name: name.into() };
        let answer = self.0.call(Method::safe("GetGroup"), request, stub!(databases.get_group));
        answer.await?.group.ok_or_else(Error::malformed)
    }

    /// Lists the groups that the token covers, by name.
    #[must_use]
    pub fn list_groups(&self) -> Pages<Group> {
        let request = ListGroupsRequest::default();
        pages!(self.0.clone(), "ListGroups", databases.list_groups, request, groups)
    }

    /// Deletes a group that has no live databases.
    pub async fn delete_group(&self, name: impl Into<String>) -> Result<()> {
        let request = DeleteGroupRequest { name: name.into() };
        let answer =
            self.0.call(Method::write("DeleteGroup"), request, stub!(databases.delete_group));
        answer.await.map(drop)
    }

    /// Creates a database; the name is `group/name`.
    pub fn create(&self, reference: impl Into<String>) -> CreateDatabase {
        let database = new_database(&reference.into());
        CreateDatabase { client: self.0.clone(), source: None, database, request_id: None }
    }

    /// Creates a database from a snapshot of another, `source`, which goes on
    /// undisturbed. Group, kind and schema are those of the source and need not be
    /// given; nothing of its configuration is taken over. One that is not
    /// done by the call's deadline is given up.
    pub fn branch(
        &self,
        source: impl Into<String>,
        reference: impl Into<String>,
    ) -> CreateDatabase {
        CreateDatabase { source: Some(source.into()), ..self.create(reference) }
    }

    /// Creates many databases, all or none; each has its `name` and its `group`.
    pub async fn batch_create(
        &self,
        databases: impl IntoIterator<Item = DatabaseInfo>,
    ) -> Result<Vec<DatabaseInfo>> {
        let databases = databases.into_iter().collect();
        let request = BatchCreateDatabasesRequest { databases, request_id: request_id(None) };
        let answer = self.0.call(
            Method::safe("BatchCreateDatabases"),
            request,
            stub!(databases.batch_create_databases),
        );
        Ok(answer.await?.databases)
    }

    /// Returns a database.
    pub async fn get(&self, reference: impl Into<String>) -> Result<DatabaseInfo> {
        let request = GetDatabaseRequest { name: reference.into() };
        let answer =
            self.0.call(Method::safe("GetDatabase"), request, stub!(databases.get_database));
        answer.await?.database.ok_or_else(Error::malformed)
    }

    /// Lists the databases that the token covers, by group and name; the builder
    /// takes filters.
    pub fn list(&self) -> ListDatabases {
        ListDatabases { client: self.0.clone(), request: ListDatabasesRequest::default() }
    }

    /// Changes what is chosen of a database's configuration, and nothing else.
    pub fn update(&self, reference: impl Into<String>) -> UpdateDatabase {
        let database = DatabaseInfo { name: reference.into(), ..DatabaseInfo::default() };
        UpdateDatabase { client: self.0.clone(), database, paths: Vec::new() }
    }

    /// Deletes a database. Until its `purge_time` it can be brought back.
    pub async fn delete(&self, reference: impl Into<String>) -> Result<DatabaseInfo> {
        let request = DeleteDatabaseRequest { name: reference.into(), etag: String::new() };
        let answer =
            self.0.call(Method::write("DeleteDatabase"), request, stub!(databases.delete_database));
        answer.await?.database.ok_or_else(Error::malformed)
    }

    /// Brings a deleted database back: by name, the one that was deleted last.
    pub async fn undelete(&self, reference: impl Into<String>) -> Result<DatabaseInfo> {
        let request = UndeleteDatabaseRequest { name: reference.into() };
        let answer = self.0.call(
            Method::write("UndeleteDatabase"),
            request,
            stub!(databases.undelete_database),
        );
        answer.await?.database.ok_or_else(Error::malformed)
    }
}

fn new_database(reference: &str) -> DatabaseInfo {
    let (group, name) = reference.split_once('/').unwrap_or(("", reference));
    DatabaseInfo { name: name.to_owned(), group: group.to_owned(), ..DatabaseInfo::default() }
}

/// A database to create, or a branch; `.await` creates it.
#[derive(Clone, Debug)]
#[must_use = "nothing is created without `.await`"]
pub struct CreateDatabase {
    client: Client,
    source: Option<String>,
    database: DatabaseInfo,
    request_id: Option<String>,
}

impl CreateDatabase {
    /// The kind. Default: CHILD with a schema, REGULAR without; of a branch that of
    /// its source.
    pub fn kind(mut self, kind: DatabaseKind) -> Self {
        self.database.kind = kind.into();
        self
    }

    /// The SCHEMA database whose CHILD it is, of the same group.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.database.schema = schema.into();
        self
    }

    /// Whether other databases of the group may attach it.
    pub fn allow_attach(mut self, allow: bool) -> Self {
        self.database.allow_attach = allow;
        self
    }

    /// Whether it is protected from being deleted.
    pub fn delete_protection(mut self, protect: bool) -> Self {
        self.database.delete_protection = protect;
        self
    }

    /// The largest size of its file in bytes; 0 for no limit.
    pub fn size_limit_bytes(mut self, limit: u64) -> Self {
        self.database.size_limit_bytes = limit;
        self
    }

    /// Adds a label.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.database.labels.insert(key.into(), value.into());
        self
    }

    /// Makes the request known again, also by another client. Default: a fresh UUID,
    /// so that this call is safe to send again.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}

impl IntoFuture for CreateDatabase {
    type Output = Result<DatabaseInfo>;
    type IntoFuture = Call<DatabaseInfo>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, source, database, request_id: chosen } = self;
        async move {
            let (database, request_id) = (Some(database), request_id(chosen));
            let created = if let Some(source) = source {
                let request = BranchDatabaseRequest { source, database, request_id };
                let method = Method::safe("BranchDatabase");
                client.call(method, request, stub!(databases.branch_database)).await?.database
            } else {
                let request = CreateDatabaseRequest { database, request_id };
                let method = Method::safe("CreateDatabase");
                client.call(method, request, stub!(databases.create_database)).await?.database
            };
            created.ok_or_else(Error::malformed)
        }
        .boxed()
    }
}

/// Which databases to list; [`ListDatabases::pages`] lists them.
#[derive(Clone, Debug)]
#[must_use = "nothing is listed without `pages`"]
pub struct ListDatabases {
    client: Client,
    request: ListDatabasesRequest,
}

impl ListDatabases {
    /// Only of this group.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.request.group = group.into();
        self
    }

    /// Only of this kind.
    pub fn kind(mut self, kind: DatabaseKind) -> Self {
        self.request.kind = kind.into();
        self
    }

    /// Only children of this SCHEMA database.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.request.schema = schema.into();
        self
    }

    /// Only with this label.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.labels.insert(key.into(), value.into());
        self
    }

    /// Deleted ones too.
    pub fn show_deleted(mut self, show: bool) -> Self {
        self.request.show_deleted = show;
        self
    }

    /// How many each request asks for.
    pub fn page_size(mut self, size: i32) -> Self {
        self.request.page_size = size;
        self
    }

    /// The list.
    #[must_use]
    pub fn pages(self) -> Pages<DatabaseInfo> {
        pages!(self.client, "ListDatabases", databases.list_databases, self.request, databases)
    }
}

/// What to change of a database; `.await` changes it.
#[derive(Clone, Debug)]
#[must_use = "nothing is changed without `.await`"]
pub struct UpdateDatabase {
    client: Client,
    database: DatabaseInfo,
    paths: Vec<String>,
}

impl UpdateDatabase {
    /// Whether other databases of the group may attach it.
    pub fn allow_attach(mut self, allow: bool) -> Self {
        self.database.allow_attach = allow;
        self.change("allow_attach")
    }

    /// Whether it is protected from being deleted.
    pub fn delete_protection(mut self, protect: bool) -> Self {
        self.database.delete_protection = protect;
        self.change("delete_protection")
    }

    /// Whether reads fail.
    pub fn block_reads(mut self, block: bool) -> Self {
        self.database.block_reads = block;
        self.change("block_reads")
    }

    /// Whether writes fail.
    pub fn block_writes(mut self, block: bool) -> Self {
        self.database.block_writes = block;
        self.change("block_writes")
    }

    /// The largest size of its file in bytes; 0 for no limit.
    pub fn size_limit_bytes(mut self, limit: u64) -> Self {
        self.database.size_limit_bytes = limit;
        self.change("size_limit_bytes")
    }

    /// All labels, in place of those that there are.
    pub fn labels(mut self, labels: BTreeMap<String, String>) -> Self {
        self.database.labels = labels;
        self.change("labels")
    }

    /// Only when this is the present etag.
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.database.etag = etag.into();
        self
    }

    fn change(mut self, path: &str) -> Self {
        self.paths.push(path.to_owned());
        self
    }
}

impl IntoFuture for UpdateDatabase {
    type Output = Result<DatabaseInfo>;
    type IntoFuture = Call<DatabaseInfo>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { client, database, paths } = self;
        async move {
            let request = UpdateDatabaseRequest {
                database: Some(database),
                update_mask: Some(FieldMask { paths }),
            };
            let answer = client.call(
                Method::write("UpdateDatabase"),
                request,
                stub!(databases.update_database),
            );
            answer.await?.database.ok_or_else(Error::malformed)
        }
        .boxed()
    }
}
