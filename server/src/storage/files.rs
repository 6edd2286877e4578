//! What the domain asks of the files of databases, so that it need not know who
//! holds them open.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::catalog::{Database, RequestKey};
use crate::error::Result;
use crate::names::DatabaseId;

/// A database that is to become a copy of another.
pub struct Branch {
    /// The one that is copied; it has a file.
    pub source: Arc<Database>,
    /// The one that nobody sees yet.
    pub staged: Arc<Database>,
    /// Makes a repeat answer the same.
    pub request: Option<RequestKey>,
    /// Nobody waits for it any more.
    pub cancel: CancellationToken,
}

/// The files of one shard's databases.
pub trait Files: Send + Sync {
    /// Ends every use of a database and closes its file. The database is deleted
    /// already, so that nobody opens it again.
    fn close(&self, id: DatabaseId) -> BoxFuture<'_, ()>;

    /// Closes and removes the files of purged databases. Answers those whose
    /// files are gone for good, power loss included; the caller asks again for
    /// the others.
    fn remove(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<DatabaseId>>;

    /// Gives a staged database the file that is a copy of one snapshot of its
    /// source, and makes it active. A CHILD's is at the generation of its schema,
    /// and is validated by a migration that is under way. Errors: those of opening
    /// the source, `DATABASE_NOT_FOUND` where that was purged, `STORAGE_FULL`,
    /// `CANCELLED`, those of
    /// [`Catalog::publish_database`](super::catalog::Catalog::publish_database);
    /// the staged database may be active nonetheless.
    fn branch(self: Arc<Self>, branch: Branch) -> BoxFuture<'static, Result<Arc<Database>>>;

    /// What the databases take on disk in bytes, in the order of `ids`; 0 for
    /// one that was never used.
    fn sizes(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<u64>>;
}
