//! Creating databases, one or many at once.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Databases, View, admin_needed, checks};
use crate::error::{Error, Result};
use crate::grants::{self, Grant};
use crate::names::{DatabaseId, DatabaseName, DatabaseRef, GroupId, GroupName, check_request_id};
use crate::storage::catalog::{Kind, NewDatabase, RequestKey, Settings};

/// The most databases that are created at once.
const BATCH_DATABASES_MAX: usize = 10_000;

/// A database to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// Its name.
    pub name: DatabaseName,
    /// The group to create it in.
    pub group: GroupName,
    /// What it is for.
    pub kind: KindSpec,
    /// What can be changed later.
    pub settings: Settings,
}

/// What a database to be created is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindSpec {
    /// See [`Kind::Regular`].
    Regular,
    /// See [`Kind::Schema`].
    Schema,
    /// See [`Kind::Child`].
    Child {
        /// The parent, a SCHEMA database of the same group.
        schema: DatabaseRef,
    },
}

/// Tells the requests of the methods apart where all else is the same.
#[derive(Clone, Copy, Serialize)]
pub(super) enum Method {
    Create,
    CreateBatch,
    Branch { source: DatabaseId },
}

impl Databases {
    /// Creates a database. A repeat of `request_id` answers the first answer;
    /// an empty one is none. Errors: `GROUP_NOT_FOUND`, `PERMISSION_DENIED`,
    /// `INVALID_ARGUMENT`, `ALREADY_EXISTS`, `DATABASE_NOT_FOUND` and
    /// `WRONG_KIND` (of the parent), `REQUEST_ID_REUSED`.
    pub async fn create(
        &self,
        grant: &Grant,
        spec: DatabaseSpec,
        request_id: &str,
    ) -> Result<View> {
        let new = self.admit(grant, spec, "database").await?;
        let mut created = self.insert(vec![new], request_id, Method::Create).await?;
        created.pop().ok_or_else(|| Error::internal("the catalog answered with no database"))
    }

    /// Creates many databases, all or none. Errors: those of
    /// [`Databases::create`], with the place of the culprit as `index`.
    pub async fn create_batch(
        &self,
        grant: &Grant,
        specs: Vec<DatabaseSpec>,
        request_id: &str,
    ) -> Result<Vec<View>> {
        if specs.is_empty() || specs.len() > BATCH_DATABASES_MAX {
            let bounds = format!("must hold 1 to {BATCH_DATABASES_MAX} databases");
            return Err(Error::field("databases", bounds));
        }
        let mut admitted = Vec::with_capacity(specs.len());
        for (index, spec) in specs.into_iter().enumerate() {
            let new = self.admit(grant, spec, &format!("databases[{index}]")).await;
            admitted.push(new.map_err(|error| error.with("index", index))?);
        }
        self.insert(admitted, request_id, Method::CreateBatch).await
    }

    /// Checks that the grant may create this; `path` is its field.
    async fn admit(&self, grant: &Grant, spec: DatabaseSpec, path: &str) -> Result<NewDatabase> {
        let group = grants::resolve_group(&*self.catalog, grant, &spec.group).await?;
        if !grant.is_admin_of(&group) {
            return Err(admin_needed(group.name.as_str()));
        }
        checks::settings(path, &spec.settings)?;
        let kind = match &spec.kind {
            KindSpec::Regular => Kind::Regular,
            KindSpec::Schema => Kind::Schema,
            KindSpec::Child { schema } if schema.group != group.name => {
                let rule = format!("must be in the group '{}' of its child", group.name);
                return Err(Error::field(format!("{path}.schema"), rule));
            }
            KindSpec::Child { schema } => {
                Kind::Child { schema: self.resolve(grant, schema).await?.0.id }
            }
        };
        Ok(NewDatabase { name: spec.name, group_id: group.id, kind, settings: spec.settings })
    }

    async fn insert(
        &self,
        databases: Vec<NewDatabase>,
        request_id: &str,
        method: Method,
    ) -> Result<Vec<View>> {
        check_request_id(request_id)?;
        let key = request_key(request_id, method, &databases)?;
        let databases =
            databases.into_iter().map(|new| (DatabaseId::new(self.env.uuid()), new)).collect();
        let created = self.catalog.create_databases(databases, key, self.env.now());
        let views = created.await?.into_iter().map(|database| View { database, size_bytes: 0 });
        Ok(views.collect())
    }
}

/// The id is the caller's own within the groups that it creates in, which only
/// their admins can do: a stranger's choice of ids must not matter. An empty one is
/// none.
pub(super) fn request_key(
    request_id: &str,
    method: Method,
    databases: &[NewDatabase],
) -> Result<Option<RequestKey>> {
    if request_id.is_empty() {
        return Ok(None);
    }
    let groups: BTreeSet<GroupId> = databases.iter().map(|new| new.group_id).collect();
    RequestKey::new(&(request_id, groups), &(method, databases)).map(Some)
}
