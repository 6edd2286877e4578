//! An interactive transaction: a connection that waits for the next statement.
//!
//! It holds no thread while it waits. Dropping it rolls it back.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::batch::Mode;
use super::conn::{Attached, Conn, Dress};
use super::guard::Control;
use super::open_database::{OpenDatabase, blocking};
use super::reader::Reader;
use super::script::{Attacher, Place, Ran, Script, Sink};
use super::value::Sql;
use super::writer::{Lease, Writer};
use crate::error::{Error, Reason, Result};
use crate::names::DatabaseId;

/// An open transaction.
pub struct Transaction {
    place: TransactionPlace,
    dress: Dress,
    attached: Vec<Attached>,
    attacher: Arc<dyn Attacher>,
}

enum TransactionPlace {
    /// The writer, from the beginning.
    Writer(Lease),
    /// A reader that becomes the writer with its first write, if it may.
    Reader {
        // The connection ends its transaction before others may write.
        reader: Reader,
        lease: Option<Box<Lease>>,
        writer: Option<Arc<Writer>>,
    },
}

impl TransactionPlace {
    fn conn(&mut self) -> Result<&mut Conn> {
        match self {
            Self::Writer(lease) => lease.conn(),
            Self::Reader { reader, .. } => reader.conn(),
        }
    }
}

impl OpenDatabase {
    /// Begins a transaction. One that writes at once waits for its turn.
    pub async fn begin(
        &self,
        mode: Mode,
        dress: Dress,
        attacher: Arc<dyn Attacher>,
    ) -> Result<Transaction> {
        let (place, begin) = if mode.writes_at_once() {
            (TransactionPlace::Writer(self.writer.lease().await?), "BEGIN IMMEDIATE")
        } else {
            let reader = self.readers.checkout(&dress).await?;
            let writer = (mode == Mode::Deferred).then(|| self.writer.clone());
            (TransactionPlace::Reader { reader, lease: None, writer }, "BEGIN")
        };
        blocking(move || {
            let mut place = place;
            if let TransactionPlace::Writer(lease) = &mut place {
                lease.fresh()?;
            }
            let conn = place.conn()?;
            conn.dress(&dress, Control::Savepoints)?;
            conn.server(begin)?;
            let attached = dress.attached.clone();
            Ok(Transaction { place, dress, attached, attacher })
        })
        .await
    }
}

impl Transaction {
    /// Runs a text inside the transaction, in these rights: they may have changed
    /// since it began. Where it fails, its failing
    /// statement is undone and the transaction is answered too, unless the
    /// failure has ended it.
    pub async fn execute<S: Sink + 'static>(
        mut self,
        sql: Sql,
        dress: Dress,
        mut sink: S,
    ) -> (Option<Self>, Result<S>) {
        self.dress = dress;
        let runtime = Handle::current();
        let ran = blocking(move || {
            let result = self.run(&runtime, &sql, &mut sink);
            let open = self.place.conn().is_ok_and(|conn| !conn.is_autocommit());
            Ok((open.then_some(self), result.map(|()| sink)))
        });
        match ran.await {
            Ok(ran) => ran,
            Err(error) => (None, Err(error)),
        }
    }

    fn run(&mut self, runtime: &Handle, sql: &Sql, sink: &mut dyn Sink) -> Result<()> {
        self.dress.attached.clone_from(&self.attached);
        let conn = self.place.conn()?;
        conn.redress(&self.dress, Control::Savepoints)?;
        let script = Script {
            sql,
            start: 0,
            single: false,
            attached: &mut self.attached,
            attacher: &*self.attacher,
            index: 0,
        };
        let cancel = self.dress.cancel.clone();
        let (conn, mut upgrade) = match &mut self.place {
            TransactionPlace::Writer(lease) => (lease.conn()?, None),
            TransactionPlace::Reader { reader, lease, writer } => {
                let upgrade = || {
                    if lease.is_some() {
                        return Ok(());
                    }
                    let Some(writer) = &*writer else { return Mode::ReadOnly.check_writable() };
                    let given_up = || Error::new(Reason::Cancelled, "the transaction was given up");
                    let wait = async {
                        tokio::select! {
                            lease = writer.lease() => lease,
                            () = cancel.cancelled() => Err(given_up()),
                        }
                    };
                    *lease = Some(Box::new(runtime.block_on(wait)?));
                    Ok(())
                };
                (reader.conn()?, Some(upgrade))
            }
        };
        let before_write =
            upgrade.as_mut().map(|upgrade| upgrade as &mut dyn FnMut() -> Result<()>);
        match script.run_with(conn, Place::Alone, Control::Savepoints, sink, before_write)? {
            Ran::Done => Ok(()),
            _ => Err(Error::internal("a statement could not be placed")),
        }
    }

    /// Commits. Errors: those of the commit; then nothing has changed.
    pub async fn commit(mut self) -> Result<()> {
        blocking(move || {
            self.place.conn()?.undress();
            match &mut self.place {
                TransactionPlace::Writer(lease) => lease.commit(),
                TransactionPlace::Reader { reader, lease: Some(lease), .. } => {
                    lease.commit_on(reader.conn()?)
                }
                TransactionPlace::Reader { reader, lease: None, .. } => {
                    reader.conn()?.server("COMMIT")
                }
            }
        })
        .await
    }

    /// Rolls back; on return the writer is free for others.
    pub async fn rollback(self) -> Result<()> {
        blocking(move || {
            drop(self);
            Ok(())
        })
        .await
    }

    /// The databases that are attached.
    pub fn attached(&self) -> Vec<DatabaseId> {
        self.attached.iter().map(|file| file.id).collect()
    }
}
