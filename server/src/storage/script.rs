//! Runs the SQL text of a request, statement after statement, on a connection
//! that wears the request's rights.

use std::collections::HashMap;
use std::time::Instant;

use super::attach_statement::{self, AttachStatement};
use super::conn::{ATTACHED_MAX, Attached, Conn, SQL_BYTES_MAX};
use super::fleet::gave_way;
use super::guard::Control;
use super::snapshot::look_at;
use super::statement::{Row, Statement};
use super::value::{Args, Column, Sql, Summary, Value};
use crate::error::{Error, Reason, Result};
use crate::names::Alias;

/// Takes what statements return, in their order.
pub trait Sink: Send {
    /// Forgets everything: the text is run again from its start.
    fn restart(&mut self);
    /// A statement begins; without columns it returns no rows.
    fn begin(&mut self, columns: Vec<Column>) -> Result<()>;
    /// A row of the statement that began last.
    fn row(&mut self, row: &Row<'_>) -> Result<()>;
    /// The statement that began last has ended.
    fn end(&mut self, summary: Summary) -> Result<()>;
}

/// Finds the database of an ATTACH statement in the middle of a text.
pub trait Attacher: Send + Sync {
    /// The database, open and permitted to this request.
    fn attach(&self, database: &str, alias: Alias) -> Result<Attached>;
}

/// Where a text runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On a reader.
    Reader,
    /// On the writer, in a transaction that is shared with other requests.
    Group,
    /// On a connection whose transaction is this request's alone.
    Alone,
}

/// How a run ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// All of it ran.
    Done,
    /// It writes: run it again on the writer.
    NeedsWriter,
    /// It needs a transaction of its own: run it again [`Place::Alone`].
    NeedsAlone,
    /// It manages its own transactions: run it again with [`Control::Full`].
    NeedsControl,
}

/// A text on its way through a connection.
pub(super) struct Script<'a> {
    pub(super) sql: &'a Sql,
    /// Where in the text to begin: behind the ATTACH statements that were
    /// taken from its head.
    pub(super) start: usize,
    /// The text must hold exactly one statement.
    pub(super) single: bool,
    /// The databases that are attached when it begins.
    pub(super) attached: &'a mut Vec<Attached>,
    pub(super) attacher: &'a dyn Attacher,
    /// Which statement of the text runs, counted from 0.
    pub(super) index: usize,
}

/// Refuses a text that SQLite would cut or not look at.
pub fn check_text(text: &str) -> Result<()> {
    if text.len() > SQL_BYTES_MAX {
        return Err(Error::new(
            Reason::StatementTooLarge,
            format!("the SQL text has {} bytes and may have {SQL_BYTES_MAX}; send less of it at a time, and large values as arguments", text.len()),
        )
        .with("bytes", text.len())
        .with("limit_bytes", SQL_BYTES_MAX));
    }
    if let Some(offset) = text.find('\0') {
        return Err(Error::new(Reason::SqlError, "the SQL text holds a NUL character")
            .with("offset", offset));
    }
    Ok(())
}

/// Reads the ATTACH statements at the head of a text: the most common place,
/// known before a connection is chosen, so that one can be chosen that has
/// them attached already. Answers them and where the rest begins.
pub fn attach_head(text: &str) -> Result<(Vec<(String, Alias)>, usize)> {
    let mut attachments = Vec::new();
    let mut at = 0;
    loop {
        let begin = at + attach_statement::leading_blank(&text[at..]);
        match attach_statement::parse(&text[begin..])? {
            Some((AttachStatement::Attach { database, alias }, length)) => {
                attachments.push((database, alias));
                at = begin + length;
            }
            Some((AttachStatement::Detach { .. }, _)) | None => return Ok((attachments, at)),
        }
    }
}

/// Binds arguments to the parameters of one statement; answers them in the
/// order of the parameters' numbers. Errors: `ARGUMENT_MISMATCH`.
pub(super) fn bind<'a>(
    conn: &Conn,
    statement: &mut Statement,
    args: &'a Args,
) -> Result<Vec<&'a Value>> {
    let count = statement.parameter_count();
    let mut positional_used = 0;
    let mut named_used = vec![false; args.named.len()];
    let mut bound = Vec::with_capacity(count);
    let names: HashMap<&str, usize> =
        args.named.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
    for index in 1..=count {
        let name = statement.parameter_name(index).map(str::to_owned);
        let value = match &name {
            // Drivers that number their arguments need not know the names.
            _ if args.named.is_empty() => positional(args, index, &mut positional_used),
            None => {
                let next = positional_used + 1;
                positional(args, next, &mut positional_used)
            }
            Some(name) if name.starts_with('?') => {
                let number = name[1..].parse().unwrap_or(index);
                positional(args, number, &mut positional_used)
            }
            Some(name) => names.get(&name[1..]).map(|&at| {
                named_used[at] = true;
                &args.named[at].1
            }),
        };
        let Some(value) = value else {
            let shown = name.unwrap_or_else(|| format!("?{index}"));
            return Err(
                mismatch(format!("the parameter {shown} has no argument")).with("parameter", shown)
            );
        };
        statement.bind(conn.db(), index, value)?;
        bound.push(value);
    }
    if positional_used < args.positional.len() {
        return Err(mismatch(format!(
            "{} arguments came for {positional_used} parameters",
            args.positional.len()
        )));
    }
    if let Some(at) = named_used.iter().position(|used| !used) {
        let name = &args.named[at].0;
        return Err(mismatch(format!("no parameter is named '{name}'")).with("parameter", name));
    }
    Ok(bound)
}

fn positional<'a>(args: &'a Args, number: usize, used: &mut usize) -> Option<&'a Value> {
    *used = (*used).max(number);
    args.positional.get(number.checked_sub(1)?)
}

fn mismatch(message: String) -> Error {
    Error::new(Reason::ArgumentMismatch, message)
}

impl Script<'_> {
    /// Runs the text. The caller has begun the transaction that `place` speaks
    /// of, and ends it as the answer tells; a reader's is begun and ended here.
    pub(super) fn run(
        self,
        conn: &mut Conn,
        place: Place,
        control: Control,
        sink: &mut dyn Sink,
    ) -> Result<Ran> {
        let ran = self.run_all(conn, place, control, sink);
        if place == Place::Reader {
            conn.rollback();
        }
        ran
    }

    /// As [`Script::run`], but leaves a reader's transaction open.
    pub(super) fn run_all(
        self,
        conn: &mut Conn,
        place: Place,
        control: Control,
        sink: &mut dyn Sink,
    ) -> Result<Ran> {
        self.run_with(conn, place, control, sink, None)
    }

    /// As [`Script::run_all`], and calls `before_write` before each statement
    /// that writes.
    pub(super) fn run_with(
        mut self,
        conn: &mut Conn,
        place: Place,
        control: Control,
        sink: &mut dyn Sink,
        before_write: Option<&mut dyn FnMut() -> Result<()>>,
    ) -> Result<Ran> {
        let ran = self.run_statements(conn, place, control, sink, before_write);
        // One of a batch is named by who runs the batch.
        let named = |error: Error| error.with("statement_index", self.index);
        if self.single { ran } else { ran.map_err(named) }
    }

    fn run_statements(
        &mut self,
        conn: &mut Conn,
        place: Place,
        control: Control,
        sink: &mut dyn Sink,
        mut before_write: Option<&mut dyn FnMut() -> Result<()>>,
    ) -> Result<Ran> {
        let text = self.sql.text.as_str();
        let (heads, _) =
            if self.start > 0 { attach_head(&text[..self.start])? } else { (Vec::new(), 0) };
        for _ in heads {
            skip(sink)?;
            self.index += 1;
        }
        let mut at = self.start;
        let mut args_used = false;
        loop {
            at += attach_statement::leading_blank(&text[at..]);
            let rest = &text[at..];
            if rest.is_empty() {
                break;
            }
            // Short statements end before SQLite looks.
            if conn.is_given_up() {
                return Err(Error::new(Reason::Cancelled, "the request was given up"));
            }
            if let Some((statement, length)) = attach_statement::parse(rest)? {
                if place == Place::Group {
                    return Ok(Ran::NeedsAlone);
                }
                self.attach(conn, statement)?;
                skip(sink)?;
                self.index += 1;
                at += length;
                continue;
            }
            let (statement, length) = match conn.prepare(rest, at) {
                Ok(prepared) => prepared,
                Err(error)
                    if error.reason() == Reason::TransactionState && control == Control::None =>
                {
                    // What it says may be no more than when foreign keys are checked.
                    return Ok(match place {
                        Place::Reader | Place::Group => Ran::NeedsAlone,
                        Place::Alone => Ran::NeedsControl,
                    });
                }
                Err(error) => return Err(error),
            };
            let Some(mut statement) = statement else { break };
            let more = attach_statement::leading_blank(&rest[length..]) < rest.len() - length;
            if more && self.single {
                return Err(not_one_statement());
            }
            if !statement.is_read_only()
                && let Some(before_write) = &mut before_write
            {
                before_write()?;
            }
            if place == Place::Reader {
                if !statement.is_read_only() {
                    return Ok(Ran::NeedsWriter);
                }
                if more && conn.is_autocommit() {
                    // The statements of one text see one snapshot.
                    conn.server("BEGIN")?;
                }
            }
            let mut bound = Vec::new();
            if statement.parameter_count() > 0 {
                if args_used {
                    return Err(mismatch(
                        "only one statement of the text may have parameters".to_owned(),
                    ));
                }
                bound = bind(conn, &mut statement, &self.sql.args)?;
                args_used = true;
            }
            let controls = conn.take_notes().transaction_control;
            if !controls {
                conn.check_blocks(&statement)?;
            }
            let recorded = conn.to_record(&mut statement, &bound)?;
            let started = Instant::now();
            run_statement(conn, &mut statement, controls, at, sink)?;
            conn.record(recorded)?;
            if length == rest.len() && !controls {
                conn.keep(rest, statement, started.elapsed());
            }
            self.index += 1;
            at += length;
        }
        if self.single && self.index == 0 {
            return Err(not_one_statement());
        }
        if !args_used && !self.sql.args.is_empty() {
            return Err(mismatch("arguments came for SQL without parameters".to_owned()));
        }
        Ok(Ran::Done)
    }

    /// Does what an ATTACH or DETACH statement says.
    pub(super) fn attach(&mut self, conn: &mut Conn, statement: AttachStatement) -> Result<()> {
        match statement {
            AttachStatement::Attach { database, alias } => {
                check_alias(self.attached, &alias)?;
                if self.attached.len() >= ATTACHED_MAX {
                    return Err(Error::new(
                        Reason::AttachLimit,
                        format!("{ATTACHED_MAX} databases are attached; no more can be"),
                    )
                    .with("attachments_max", ATTACHED_MAX));
                }
                let file = self.attacher.attach(&database, alias)?;
                self.attached.push(file);
                conn.set_attached(self.attached)?;
                // It was brought up a moment ago; a migration may have been
                // decided since, of a schema that this text has read already.
                match look_at(conn, self.attached, Vec::new())? {
                    Some(_) => Err(gave_way()),
                    None => Ok(()),
                }
            }
            // The attachment ends with the request: SQLite could not end it
            // inside the transaction that has read it.
            AttachStatement::Detach { alias }
                if self.attached.iter().any(|file| file.alias == alias) =>
            {
                Ok(())
            }
            AttachStatement::Detach { alias } => Err(Error::new(
                Reason::InvalidAttachment,
                format!("no database is attached as '{alias}'"),
            )
            .with("alias", alias)),
        }
    }
}

/// Refuses an alias that is taken. Errors: `INVALID_ATTACHMENT`.
pub fn check_alias(attached: &[Attached], alias: &Alias) -> Result<()> {
    if attached.iter().any(|file| file.alias == *alias) {
        return Err(Error::new(
            Reason::InvalidAttachment,
            format!("the alias '{alias}' is used twice"),
        )
        .with("alias", alias));
    }
    Ok(())
}

pub(super) fn not_one_statement() -> Error {
    Error::new(Reason::InvalidArgument, "exactly one SQL statement is needed here")
        .with_field("sql", "must hold exactly one statement")
}

/// Passes over a statement that SQLite does not see.
fn skip(sink: &mut dyn Sink) -> Result<()> {
    sink.begin(Vec::new())?;
    sink.end(Summary::default())
}

/// Runs one statement that has its arguments.
pub(super) fn run_statement(
    conn: &mut Conn,
    statement: &mut Statement,
    controls: bool,
    at: usize,
    sink: &mut dyn Sink,
) -> Result<()> {
    // On a SCHEMA database a statement that fails must leave nothing: it is not
    // part of the migration. Nor must one whose rows were too many to be told.
    let leaves_nothing = conn.is_recording() || statement.column_count() > 0;
    let watched = !statement.is_read_only()
        && !controls
        && (conn.watches_rows() || (leaves_nothing && !conn.is_autocommit()));
    if watched {
        conn.server("SAVEPOINT tenantry_watch")?;
    }
    let ran = step_all(conn, statement, at, sink);
    // A statement that stands on a row keeps its transaction open.
    statement.reset();
    if watched && !conn.is_autocommit() {
        if ran.is_err() {
            conn.server("ROLLBACK TO tenantry_watch")?;
        }
        conn.server("RELEASE tenantry_watch")?;
    }
    ran
}

fn step_all(
    conn: &mut Conn,
    statement: &mut Statement,
    at: usize,
    sink: &mut dyn Sink,
) -> Result<()> {
    let started = Instant::now();
    let mut meter = Meter::start(conn);
    let mut more = step(conn, statement, at)?;
    // Only the first step knows the columns: it compiles the statement again
    // where the schema has changed.
    sink.begin(statement.columns())?;
    while more {
        meter.rows_read += 1;
        sink.row(&statement.row())?;
        more = step(conn, statement, at)?;
    }
    statement.reset();
    if let Some(refusal) = conn.take_notes().refusal {
        return Err(refusal.into_error());
    }
    sink.end(meter.read(conn, started))
}

/// Goes to the next row. Errors: SQLite's, as the caller is to see them.
pub(super) fn step(conn: &Conn, statement: &mut Statement, at: usize) -> Result<bool> {
    conn.step(statement).map_err(|failure| conn.explain(failure, at))
}

/// What one statement does to the connection's counters.
pub(super) struct Meter {
    total_before: u64,
    pub(super) rows_read: u64,
}

impl Meter {
    pub(super) fn start(conn: &Conn) -> Self {
        Self { total_before: conn.db().total_changes(), rows_read: 0 }
    }

    pub(super) fn read(&self, conn: &Conn, started: Instant) -> Summary {
        let rows_written = conn.db().total_changes().wrapping_sub(self.total_before);
        Summary {
            affected_rows: if rows_written == 0 { 0 } else { conn.db().changes() },
            last_insert_rowid: conn.db().last_insert_rowid(),
            rows_read: self.rows_read,
            rows_written,
            duration: started.elapsed(),
        }
    }
}
