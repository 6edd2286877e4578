//! Groups and databases: creating, finding, configuring and deleting them.
//!
//! Every function takes the caller's [`Grant`] and decides itself what it may.
//! What a grant may not know of is answered like what is not there. A database
//! is a row of the catalog: nothing here opens its file, and nothing here knows
//! gRPC.

mod branch;
mod create;
mod groups;
mod lists;

mod checks;

#[cfg(test)]
mod tests;

pub use branch::BranchSpec;
pub use create::{DatabaseSpec, KindSpec};
pub use lists::DatabaseQuery;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::env::{Env, Failpoint};
use crate::error::{Error, Reason, Result};
use crate::grants::{self, Grant, Rights};
use crate::names::{DatabaseRef, NameOrId};
use crate::storage::catalog::{Catalog, Database, SettingsPatch};
use crate::storage::files::Files;

/// How many databases are purged between two looks at the catalog.
const PURGED_AT_ONCE: usize = 256;
/// How much of a hash makes an etag.
const ETAG_BYTES: usize = 12;

/// The service for groups and databases.
pub struct Databases {
    catalog: Arc<dyn Catalog>,
    files: Arc<dyn Files>,
    env: Env,
    undelete_window: Duration,
}

/// A database as its callers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Its row.
    pub database: Arc<Database>,
    /// The present size of its file; 0 before its first use.
    pub size_bytes: u64,
}

impl View {
    /// Opaque text that changes with the row.
    #[must_use]
    pub fn etag(&self) -> String {
        etag(&self.database)
    }
}

impl Databases {
    /// The service over a catalog and the files of its databases. What is
    /// deleted can be brought back for `undelete_window`.
    #[must_use]
    pub fn new(
        catalog: Arc<dyn Catalog>,
        files: Arc<dyn Files>,
        env: Env,
        undelete_window: Duration,
    ) -> Self {
        Self { catalog, files, env, undelete_window }
    }

    /// Looks a database up; by its id also a deleted one. Errors:
    /// `DATABASE_NOT_FOUND`.
    pub async fn get(&self, grant: &Grant, reference: &DatabaseRef) -> Result<View> {
        let found = match (self.resolve(grant, reference).await, &reference.database) {
            (Err(error), NameOrId::Id(_)) => self.deleted(grant, reference).await?.ok_or(error),
            (found, _) => found,
        };
        self.view(found?.0).await
    }

    /// Changes settings, if the etag is the present one; an empty one is not
    /// checked. Errors: `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`,
    /// `INVALID_ARGUMENT`, `ETAG_MISMATCH`.
    pub async fn update(
        &self,
        grant: &Grant,
        reference: &DatabaseRef,
        patch: SettingsPatch,
        etag: &str,
    ) -> Result<View> {
        let (database, rights) = self.resolve(grant, reference).await?;
        require_admin(&rights, &database)?;
        checks::patch(&patch)?;
        let revision = checked_revision(&database, etag)?;
        let now = self.env.now();
        let changed = self.catalog.update_database(database.id, patch, revision, now).await?;
        self.view(changed).await
    }

    /// Deletes a database: its name is free at once, its files go when it can
    /// no longer be undeleted. Errors: `DATABASE_NOT_FOUND`,
    /// `PERMISSION_DENIED`, `DELETE_PROTECTED`, `ETAG_MISMATCH`, and of a SCHEMA
    /// database `SCHEMA_NOT_EMPTY` and `MIGRATION_IN_PROGRESS`.
    pub async fn delete(&self, grant: &Grant, reference: &DatabaseRef, etag: &str) -> Result<View> {
        let (database, rights) = self.resolve(grant, reference).await?;
        require_admin(&rights, &database)?;
        let revision = checked_revision(&database, etag)?;
        let (now, window) = (self.env.now(), self.undelete_window);
        let deleted = self.catalog.delete_database(database.id, revision, now, window).await?;
        self.files.close(deleted.id).await;
        self.view(deleted).await
    }

    /// Brings a deleted database back: by name the one deleted last. Errors:
    /// `DATABASE_NOT_FOUND` (of the parent of a CHILD too), `PERMISSION_DENIED`,
    /// `NOT_DELETED`, `ALREADY_EXISTS`, `MIGRATION_IN_PROGRESS`.
    pub async fn undelete(&self, grant: &Grant, reference: &DatabaseRef) -> Result<View> {
        let Some((database, rights)) = self.deleted(grant, reference).await? else {
            let (database, rights) = self.resolve(grant, reference).await?;
            require_admin(&rights, &database)?;
            let message = format!("the database '{reference}' is not deleted");
            return Err(Error::new(Reason::NotDeleted, message).with("database", reference));
        };
        require_admin(&rights, &database)?;
        let back = self.catalog.undelete_database(database.id, self.env.now()).await?;
        self.view(back).await
    }

    /// Removes what can no longer be undeleted, files first. To be called now
    /// and then; what a crash or a failure leaves, the next call takes up.
    pub async fn purge_due(&self) -> Result<()> {
        loop {
            let due = self.catalog.purge_databases(self.env.now(), PURGED_AT_ONCE).await?;
            self.env.failpoint(Failpoint::PurgeMarked)?;
            let gone = self.files.remove(due.clone()).await;
            self.env.failpoint(Failpoint::PurgeRemoved)?;
            let is_last = due.len() < PURGED_AT_ONCE || gone.len() < due.len();
            if !gone.is_empty() {
                self.catalog.forget_databases(gone).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn resolve(
        &self,
        grant: &Grant,
        reference: &DatabaseRef,
    ) -> Result<(Arc<Database>, Rights)> {
        grants::resolve(&*self.catalog, grant, reference).await
    }

    /// The newest deleted database of a reference, as far as the grant may
    /// know of it.
    async fn deleted(
        &self,
        grant: &Grant,
        reference: &DatabaseRef,
    ) -> Result<Option<(Arc<Database>, Rights)>> {
        let found = self.catalog.deleted_database(reference).await?;
        Ok(found.and_then(|database| {
            let rights = grant.rights_on(&database)?;
            Some((database, rights))
        }))
    }

    async fn view(&self, database: Arc<Database>) -> Result<View> {
        let sizes = self.files.sizes(vec![database.id]).await;
        Ok(View { database, size_bytes: sizes.first().copied().unwrap_or_default() })
    }
}

fn require_admin(rights: &Rights, database: &Database) -> Result<()> {
    if rights.admin { Ok(()) } else { Err(admin_needed(database.group.as_str())) }
}

fn admin_needed(group: &str) -> Error {
    let message = format!("this needs a token that is admin of the group '{group}'");
    Error::new(Reason::PermissionDenied, message).with("group", group)
}

fn etag(database: &Database) -> String {
    let mut hash = Sha256::new();
    hash.update(database.id.uuid());
    hash.update(database.revision.to_be_bytes());
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..ETAG_BYTES])
}

/// The revision that a change must still find. Errors: `ETAG_MISMATCH`.
fn checked_revision(database: &Database, given: &str) -> Result<Option<u64>> {
    if given.is_empty() {
        Ok(None)
    } else if given == etag(database) {
        Ok(Some(database.revision))
    } else {
        let name = format!("{}/{}", database.group, database.name);
        let message = format!("the database '{name}' changed since this etag; read it again");
        Err(Error::new(Reason::EtagMismatch, message).with("database", name))
    }
}
