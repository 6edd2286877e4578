//! An interactive transaction: a connection that waits for the next statement.
//!
//! It holds no thread while it waits. Dropping it rolls it back.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::batch::Mode;
use super::conn::{Attached, Conn, Dress, Recording};
use super::fleet::gave_way;
use super::guard::Control;
use super::open_database::{OpenDatabase, blocking};
use super::reader::Reader;
use super::script::{Attacher, Place, Ran, Script, Sink};
use super::snapshot::{begin_reading, begin_writing};
use super::value::Sql;
use super::writer::{Lease, Writer};
use crate::error::{Error, Reason, Result};
use crate::names::{DatabaseId, Generation};

/// An open transaction.
pub struct Transaction {
    place: TransactionPlace,
    dress: Dress,
    attached: Vec<Attached>,
    attacher: Arc<dyn Attacher>,
    generation: Generation,
    /// What its SQL may say about transactions.
    control: Control,
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
        let (mut dress, mut attacher) = (dress, attacher);
        loop {
            let place = if mode.writes_at_once() {
                TransactionPlace::Writer(self.writer.lease(dress.cancel.clone()).await?)
            } else {
                let reader = self.readers.checkout(&dress).await?;
                let writer = (mode == Mode::Deferred).then(|| self.writer.clone());
                TransactionPlace::Reader { reader, lease: None, writer }
            };
            let (needed, writer) = (self.needed(), self.writer.clone());
            let is_schema = self.is_schema();
            let begun = blocking(move || {
                let begin = Begin { writer: &writer, needed, is_schema };
                begin.run(place, dress, attacher)
            });
            let behind;
            match begun.await? {
                Begun::Open(transaction) => return Ok(*transaction),
                Begun::Behind(returned) => (behind, dress, attacher) = *returned,
            }
            behind.catch_up().await?;
        }
    }
}

/// The beginning of a transaction.
struct Begin<'a> {
    writer: &'a Arc<Writer>,
    needed: Option<Generation>,
    is_schema: bool,
}

enum Begun {
    Open(Box<Transaction>),
    /// A file is behind its schema.
    Behind(Box<(Arc<Writer>, Dress, Arc<dyn Attacher>)>),
}

impl Begin<'_> {
    fn run(
        self,
        mut place: TransactionPlace,
        dress: Dress,
        attacher: Arc<dyn Attacher>,
    ) -> Result<Begun> {
        // What a migration is made of cannot be taken back in part.
        let control = if self.is_schema { Control::Migration } else { Control::Savepoints };
        if let TransactionPlace::Writer(lease) = &mut place {
            lease.fresh()?;
        }
        let writes = matches!(place, TransactionPlace::Writer(_));
        let conn = place.conn()?;
        conn.dress(&dress, control)?;
        if writes {
            begin_writing(conn, &dress.attached)?;
        } else if let Some(behind) = begin_reading(self.writer, conn, self.needed, &dress.attached)?
        {
            return Ok(Begun::Behind(Box::new((behind, dress, attacher))));
        }
        if conn.is_autocommit() {
            conn.server("BEGIN")?;
        }
        if self.is_schema {
            conn.start_recording();
        }
        let generation = conn.generation();
        let attached = dress.attached.clone();
        Ok(Begun::Open(Box::new(Transaction {
            place,
            dress,
            attached,
            attacher,
            generation,
            control,
        })))
    }
}

impl Transaction {
    /// The generation that it runs on; 0 where its database follows no schema.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether it is on a SCHEMA database, where nothing of it is kept.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.control.is_migration()
    }

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
            if result.is_err() && self.was_sent_away() {
                return Ok((None, Err(gave_way())));
            }
            let open = self.place.conn().is_ok_and(|conn| !conn.is_autocommit());
            Ok((open.then_some(self), result.map(|()| sink)))
        });
        match ran.await {
            Ok(ran) => ran,
            Err(error) => (None, Err(error)),
        }
    }

    /// Whether a migration of its schema has ended it.
    fn was_sent_away(&self) -> bool {
        match &self.place {
            TransactionPlace::Writer(lease) => lease.was_sent_away(),
            TransactionPlace::Reader { lease, .. } => {
                lease.as_ref().is_some_and(|lease| lease.was_sent_away())
            }
        }
    }

    fn run(&mut self, runtime: &Handle, sql: &Sql, sink: &mut dyn Sink) -> Result<()> {
        self.dress.attached.clone_from(&self.attached);
        let (generation, control) = (self.generation, self.control);
        let conn = self.place.conn()?;
        conn.redress(&self.dress, control)?;
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
                            lease = writer.lease(cancel.clone()) => lease,
                            () = cancel.cancelled() => Err(given_up()),
                        }
                    };
                    let taken = runtime.block_on(wait)?;
                    // From here on no migration is decided; one may have been.
                    if writer.fleet().is_some_and(|fleet| fleet.generation() != generation) {
                        return Err(gave_way());
                    }
                    *lease = Some(Box::new(taken));
                    Ok(())
                };
                (reader.conn()?, Some(upgrade))
            }
        };
        let before_write =
            upgrade.as_mut().map(|upgrade| upgrade as &mut dyn FnMut() -> Result<()>);
        match script.run_with(conn, Place::Alone, control, sink, before_write)? {
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

    /// Rolls back, and answers what was written on a SCHEMA database, to be
    /// applied as a migration.
    pub async fn rehearsed(mut self) -> Result<Recording> {
        blocking(move || {
            let conn = self.place.conn()?;
            let recording = conn.take_recording();
            recording.check_attached(conn)?;
            Ok(recording)
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
