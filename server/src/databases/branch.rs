//! Branches: databases that begin as a copy of another.

use std::slice;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::create::{Method, request_key};
use super::{Databases, View, checks, require_admin};
use crate::env::Failpoint;
use crate::error::{Error, Reason, Result};
use crate::grants::Grant;
use crate::names::{DatabaseId, DatabaseName, DatabaseRef, GroupName, check_request_id};
use crate::storage::catalog::{Database, Kind, KindFilter, NewDatabase, RequestKey, Settings};
use crate::storage::files::Branch;

/// A branch to be made. What is left out is as the source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchSpec {
    /// Its name.
    pub name: DatabaseName,
    /// The group of its source.
    pub group: Option<GroupName>,
    /// The kind of its source.
    pub kind: Option<KindFilter>,
    /// The parent of its source.
    pub schema: Option<DatabaseRef>,
    /// What can be changed later; nothing of it comes from the source.
    pub settings: Settings,
}

impl Databases {
    /// Creates a database from one snapshot of another, which goes on meanwhile.
    /// A repeat of `request_id` answers the first answer; an empty one is none.
    /// Given up when this is dropped. Errors: `DATABASE_NOT_FOUND`,
    /// `PERMISSION_DENIED`, `READS_BLOCKED`, `INVALID_ARGUMENT`,
    /// `ALREADY_EXISTS`, `CHILD_QUARANTINED`, `STORAGE_FULL`,
    /// `REQUEST_ID_REUSED`, and `BUSY` where migrations are decided all the time.
    pub async fn branch(
        &self,
        grant: &Grant,
        source: &DatabaseRef,
        spec: BranchSpec,
        request_id: &str,
    ) -> Result<View> {
        check_request_id(request_id)?;
        let (source, rights) = self.resolve(grant, source).await?;
        require_admin(&rights, &source)?;
        checks::settings("database", &spec.settings)?;
        self.check_likeness(grant, &spec, &source).await?;
        let new = NewDatabase {
            name: spec.name,
            group_id: source.group_id,
            kind: source.kind,
            settings: spec.settings,
        };
        let method = Method::Branch { source: source.id };
        let request = request_key(request_id, method, slice::from_ref(&new))?;
        if let Some(first) = self.first(request.as_ref()).await? {
            return self.view(first).await;
        }
        if source.settings.block_reads {
            let message = "reads are switched off for this database, and a branch is a read";
            return Err(Error::new(Reason::ReadsBlocked, message));
        }
        if source.used {
            let branched = match self.copy(source, new, request.clone()).await {
                // By the first of these requests, perhaps, since the look above.
                Err(taken) if taken.reason() == Reason::AlreadyExists => {
                    self.first(request.as_ref()).await?.ok_or(taken)?
                }
                copied => copied?,
            };
            return self.view(branched).await;
        }
        // As empty as its source, or what its schema is.
        let new = vec![(DatabaseId::new(self.env.uuid()), new)];
        let created = self.catalog.create_databases(new, request, self.env.now()).await?;
        self.view(created.into_iter().next().ok_or_else(nothing)?).await
    }

    /// Refuses a branch that is to be something else than its source.
    async fn check_likeness(
        &self,
        grant: &Grant,
        spec: &BranchSpec,
        source: &Database,
    ) -> Result<()> {
        if spec.group.as_ref().is_some_and(|group| *group != source.group) {
            let rule = format!("must be the group '{}' of the source, or empty", source.group);
            return Err(Error::field("database.group", rule));
        }
        if spec.kind.is_some_and(|kind| kind != source.kind.into()) {
            let rule = format!("must be {} as the source, or empty", source.kind);
            return Err(Error::field("database.kind", rule));
        }
        let Some(schema) = &spec.schema else { return Ok(()) };
        let named = Kind::Child { schema: self.resolve(grant, schema).await?.0.id };
        if named != source.kind {
            return Err(Error::field("database.schema", "must be that of the source, or empty"));
        }
        Ok(())
    }

    /// What the first request of this key made.
    async fn first(&self, request: Option<&RequestKey>) -> Result<Option<Arc<Database>>> {
        let Some(key) = request else { return Ok(None) };
        match self.catalog.requested_databases(key.clone()).await? {
            None => Ok(None),
            Some(first) => first.into_iter().next().ok_or_else(nothing).map(Some),
        }
    }

    async fn copy(
        &self,
        source: Arc<Database>,
        new: NewDatabase,
        request: Option<RequestKey>,
    ) -> Result<Arc<Database>> {
        let (catalog, files) = (Arc::clone(&self.catalog), Arc::clone(&self.files));
        let (id, env) = (DatabaseId::new(self.env.uuid()), self.env.clone());
        let cancel = CancellationToken::new();
        let _given_up = cancel.clone().drop_guard();
        // In a task of its own, so that it also ends in order where nobody waits
        // for it any more.
        let work = tokio::spawn(async move {
            let making = tokio::spawn({
                let catalog = Arc::clone(&catalog);
                async move {
                    let staged = catalog.stage_database(id, new, env.now()).await?;
                    env.failpoint(Failpoint::BranchStaged)?;
                    files.branch(Branch { source, staged, request, cancel }).await
                }
            });
            let made = making.await.map_err(Error::internal).flatten();
            if made.is_err()
                && let Err(error) = catalog.abandon_database(id).await
            {
                tracing::warn!(database = %id, ?error, "a branch that failed stays until the next start");
            }
            made
        });
        work.await.map_err(Error::internal)?
    }
}

fn nothing() -> Error {
    Error::internal("the catalog answered with no database")
}
