//! What must have happened before a writer is told that its commit stands.

use crate::error::Result;
use crate::names::DatabaseId;

/// Stands between a commit and its acknowledgement. Called once per commit,
/// after it and before any of its writers is answered; no code answers a
/// writer in another order.
pub trait Durability: Send + Sync {
    /// Takes over what the database's last commit wrote.
    fn hand_over(&self, database: DatabaseId) -> Result<()>;
}

/// The machine's own disk: the database's synced write-ahead log is all the
/// promise, and SQLite has kept it when COMMIT returns.
#[derive(Debug, Default)]
pub struct Local;

impl Durability for Local {
    fn hand_over(&self, _: DatabaseId) -> Result<()> {
        Ok(())
    }
}
