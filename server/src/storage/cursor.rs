//! A result that is read in pieces.
//!
//! Between two pieces a cursor rests as a value: it holds a connection and its
//! place in the statement, but no thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attach_statement::{self, leading_blank};
use super::conn::Conn;
use super::fleet::gave_way;
use super::guard::Control;
use super::open_database::{Call, OpenDatabase, blocking};
use super::reader::Reader;
use super::script::{Meter, Script, bind, not_one_statement, step};
use super::snapshot::{begin_reading, begin_writing};
use super::statement::{Row, Statement};
use super::value::{Column, Summary};
use super::writer::{Lease, Writer};
use crate::error::{Error, Reason, Result};
use crate::names::Generation;

/// A piece goes out after this time though it is not full, so that the rows
/// of a slow statement do not wait for one another.
const FILL_MAX: Duration = Duration::from_millis(50);

/// Takes the rows of one piece.
pub trait Chunk: Send + 'static {
    /// The next row; answers whether the piece is full with it.
    fn row(&mut self, row: &Row<'_>) -> Result<bool>;
}

/// A result that is read in pieces.
pub struct Cursor {
    // The statement goes before the connection that it belongs to.
    statement: Statement,
    place: Place,
    /// The statement's text: its key in the connection's cache.
    text: String,
    at: usize,
    columns: Vec<Column>,
    /// The statement stands on a row that was not taken yet.
    on_row: bool,
    meter: Meter,
    busy: Duration,
    generation: Generation,
}

enum Place {
    Reader(Reader),
    Writer(Lease),
}

impl Place {
    fn conn(&mut self) -> Result<&mut Conn> {
        match self {
            Self::Reader(reader) => reader.conn(),
            Self::Writer(lease) => lease.conn(),
        }
    }
}

/// How far a cursor got.
pub enum Progress {
    /// The piece is full; the cursor goes on.
    More(Box<Cursor>),
    /// This was the last piece. What the statement wrote is durable.
    Done(Summary),
}

impl OpenDatabase {
    /// Starts a statement that reads, or writes and returns rows.
    pub async fn query(&self, call: Call) -> Result<Cursor> {
        let mut call = call;
        loop {
            let reader = self.readers.checkout(&call.dress).await?;
            let (needed, writer) = (self.needed(), self.writer.clone());
            let (opened, returned) = blocking(move || {
                let mut place = Place::Reader(reader);
                let opened = match compile(&mut place, &call, &writer, needed)? {
                    Compiling::Done(compiled) => {
                        Opened::Cursor(Box::new(Cursor::new(place, compiled)?))
                    }
                    Compiling::NeedsWriter => Opened::NeedsWriter,
                    Compiling::Behind(behind) => Opened::Behind(behind),
                };
                Ok((opened, call))
            })
            .await?;
            call = returned;
            match opened {
                Opened::Cursor(cursor) => return Ok(*cursor),
                Opened::NeedsWriter => break,
                Opened::Behind(behind) => behind.catch_up().await?,
            }
        }
        if self.is_schema() {
            return Err(Error::new(
                Reason::OperationBlocked,
                "a statement that writes to a SCHEMA database is a migration; send it by Execute or ApplyMigration",
            ));
        }
        let mut lease = self.writer.lease(call.dress.cancel.clone()).await?;
        let writer = self.writer.clone();
        blocking(move || {
            lease.fresh()?;
            let mut place = Place::Writer(lease);
            match compile(&mut place, &call, &writer, None)? {
                Compiling::Done(compiled) => Cursor::new(place, compiled),
                _ => Err(Error::internal("a statement could not be placed")),
            }
        })
        .await
    }
}

enum Opened {
    Cursor(Box<Cursor>),
    NeedsWriter,
    Behind(Arc<Writer>),
}

enum Compiling {
    Done(Compiled),
    NeedsWriter,
    /// This one's file has to be brought up first.
    Behind(Arc<Writer>),
}

struct Compiled {
    statement: Statement,
    text: String,
    at: usize,
}

/// Compiles the one statement of a call.
fn compile(
    place: &mut Place,
    call: &Call,
    writer: &Arc<Writer>,
    needed: Option<Generation>,
) -> Result<Compiling> {
    let on_reader = matches!(place, Place::Reader(_));
    let conn = place.conn()?;
    conn.dress(&call.dress, Control::None)?;
    if !on_reader {
        begin_writing(conn, &call.dress.attached)?;
    } else if let Some(behind) = begin_reading(writer, conn, needed, &call.dress.attached)? {
        return Ok(Compiling::Behind(behind));
    }
    let text = call.sql.text.as_str();
    let mut attached = call.dress.attached.clone();
    let mut at = call.start;
    loop {
        at += leading_blank(&text[at..]);
        let Some((statement, length)) = attach_statement::parse(&text[at..])? else { break };
        let mut script = Script {
            sql: &call.sql,
            start: 0,
            single: true,
            attached: &mut attached,
            attacher: &*call.attacher,
            index: 0,
        };
        script.attach(conn, statement)?;
        at += length;
    }
    let rest = &text[at..];
    let (statement, length) = conn.prepare(rest, at)?;
    let Some(mut statement) = statement else { return Err(not_one_statement()) };
    if leading_blank(&rest[length..]) < rest.len() - length {
        return Err(not_one_statement());
    }
    conn.check_blocks(&statement)?;
    if statement.column_count() == 0 {
        return Err(Error::new(
            Reason::InvalidArgument,
            "the statement returns no rows; run it with Execute",
        )
        .with_field("statement", "must be read-only or return rows"));
    }
    if on_reader && !statement.is_read_only() {
        return Ok(Compiling::NeedsWriter);
    }
    bind(conn, &mut statement, &call.sql.args)?;
    Ok(Compiling::Done(Compiled { statement, text: rest.to_owned(), at }))
}

impl Cursor {
    fn new(mut place: Place, compiled: Compiled) -> Result<Self> {
        let Compiled { mut statement, text, at } = compiled;
        let started = Instant::now();
        let conn = place.conn()?;
        conn.take_notes();
        let meter = Meter::start(conn);
        // Only the first step knows the columns: it compiles the statement
        // again where the schema has changed.
        let on_row = step(conn, &mut statement, at)?;
        let columns = statement.columns();
        let (busy, generation) = (started.elapsed(), conn.generation());
        Ok(Self { statement, place, text, at, columns, on_row, meter, busy, generation })
    }

    /// The generation that it runs on; 0 where its database follows no schema.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The columns of the rows.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether it holds the database's writer, so that it must not rest long.
    #[must_use]
    pub fn is_writing(&self) -> bool {
        matches!(self.place, Place::Writer(_))
    }

    /// Reads on until the piece is full, its time is over, or the result has
    /// ended.
    pub async fn fill<C: Chunk>(self: Box<Self>, mut chunk: C) -> Result<(Progress, C)> {
        blocking(move || {
            let progress = self.read_on(&mut chunk)?;
            Ok((progress, chunk))
        })
        .await
    }

    fn read_on(mut self: Box<Self>, chunk: &mut dyn Chunk) -> Result<Progress> {
        let started = Instant::now();
        match self.read_some(chunk, started) {
            Ok(None) => Ok(Progress::More(self)),
            Ok(Some(summary)) => {
                self.finish()?;
                Ok(Progress::Done(summary))
            }
            Err(error) if error.reason() == Reason::Cancelled && self.was_sent_away() => {
                Err(gave_way())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a migration of its schema has ended it.
    fn was_sent_away(&self) -> bool {
        matches!(&self.place, Place::Writer(lease) if lease.was_sent_away())
    }

    /// Reads rows until the piece is full; answers what the statement did where
    /// it has ended.
    fn read_some(&mut self, chunk: &mut dyn Chunk, started: Instant) -> Result<Option<Summary>> {
        let conn = self.place.conn()?;
        while self.on_row {
            self.meter.rows_read += 1;
            let full = chunk.row(&self.statement.row())?;
            self.on_row = step(conn, &mut self.statement, self.at)?;
            let enough = full || started.elapsed() >= FILL_MAX;
            if enough && self.on_row {
                self.busy += started.elapsed();
                return Ok(None);
            }
        }
        if let Some(refusal) = conn.take_notes().refusal {
            return Err(refusal.into_error());
        }
        let mut summary = self.meter.read(conn, started);
        summary.duration += self.busy;
        Ok(Some(summary))
    }

    /// Keeps the statement for the next request and makes a write durable.
    fn finish(self) -> Result<()> {
        let Self { statement, mut place, text, busy, .. } = self;
        let conn = place.conn()?;
        conn.keep(&text, statement, busy);
        if let Place::Writer(lease) = &mut place {
            let conn = lease.conn()?;
            conn.undress();
            lease.commit()?;
        }
        Ok(())
    }
}
