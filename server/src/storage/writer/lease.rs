//! The writer in the hands of one holder, between requests too.

use std::sync::Arc;

use super::Writer;
use crate::env::Failpoint;
use crate::error::{Error, Result};
use crate::storage::conn::Conn;
use crate::storage::fleet::Entry;

/// The writer, taken by one holder until it is dropped.
pub(in crate::storage) struct Lease {
    conn: Option<Conn>,
    writer: Option<Arc<Writer>>,
    /// Lets the holder write; goes when its transaction has ended.
    entry: Option<Entry>,
}

impl Lease {
    pub(super) fn new(writer: Arc<Writer>, conn: Option<Conn>, entry: Option<Entry>) -> Self {
        Self { conn, writer: Some(writer), entry }
    }

    /// Whether the holder was told to end, for the sake of a migration.
    pub(in crate::storage) fn was_sent_away(&self) -> bool {
        self.entry.as_ref().is_some_and(Entry::was_sent_away)
    }

    /// The connection, clean and its file at its schema's generation. Does I/O where it has to be opened first.
    pub(in crate::storage) fn fresh(&mut self) -> Result<&mut Conn> {
        let writer =
            self.writer.as_ref().ok_or_else(|| Error::internal("the lease was given back"))?;
        let conn = writer.current(self.conn.take())?;
        Ok(self.conn.insert(conn))
    }

    pub(super) fn writer(&self) -> Result<Arc<Writer>> {
        self.writer.clone().ok_or_else(no_connection)
    }

    /// The connection as the holder left it.
    pub(in crate::storage) fn conn(&mut self) -> Result<&mut Conn> {
        self.conn.as_mut().ok_or_else(no_connection)
    }

    /// Commits what the holder did on the lease's own connection.
    pub(in crate::storage) fn commit(&self) -> Result<()> {
        let conn = self.conn.as_ref().ok_or_else(no_connection)?;
        self.commit_on(conn)
    }

    /// Commits what the holder did on another connection while it kept all
    /// others from writing.
    pub(in crate::storage) fn commit_on(&self, conn: &Conn) -> Result<()> {
        let writer = self.writer.as_ref().ok_or_else(no_connection)?;
        writer.commit(conn, Failpoint::LeaseCommit)?;
        writer.hand_over(Failpoint::LeaseCommitted)
    }

    /// Gives the connection up without waking the queue.
    pub(super) fn take(&mut self) -> Option<Conn> {
        self.writer = None;
        self.conn.take()
    }
}

fn no_connection() -> Error {
    Error::internal("the lease has no connection")
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        let (conn, entry) = (self.conn.take(), self.entry.take());
        let go_on = move || {
            if let Some(conn) = conn {
                conn.undress();
                conn.rollback();
                writer.state().conn = Some(conn);
            }
            drop(entry);
            writer.drain();
        };
        // Outside the runtime the process is ending, and the queue with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(go_on);
        }
    }
}
