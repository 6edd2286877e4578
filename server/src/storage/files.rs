//! What the domain asks of the files of databases, so that it need not know who
//! holds them open.

use futures_util::future::BoxFuture;

use crate::names::DatabaseId;

/// The files of one shard's databases.
pub trait Files: Send + Sync {
    /// Ends every use of a database and closes its file. The database is deleted
    /// already, so that nobody opens it again.
    fn close(&self, id: DatabaseId) -> BoxFuture<'_, ()>;

    /// Closes and removes the files of purged databases. Answers those whose
    /// files are gone for good, power loss included; the caller asks again for
    /// the others.
    fn remove(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<DatabaseId>>;

    /// What the databases take on disk in bytes, in the order of `ids`; 0 for
    /// one that was never used.
    fn sizes(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Vec<u64>>;
}
