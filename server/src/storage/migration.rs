//! Runs the scripts of migrations on a connection: to see whether they pass,
//! and to bring a file up.
//!
//! What was validated must be what is applied, so both are the same run; only
//! their ends differ.

use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::attach_statement::{first_word, leading_blank};
use super::catalog::{ForeignKeys, MigrationScript};
use super::conn::{Blocks, Conn, Dress, ROW_BYTES_MAX};
use super::guard::Control;
use super::script::check_text;
use super::statement::{Statement, has_deferred_violations};
use super::{chance, clock_watch};
use crate::env::{Env, Failpoint};
use crate::error::{Error, Reason, Result};
use crate::names::Generation;

/// The largest row while a file is brought up, in bytes. The index that a
/// migration makes can hold a little more than the row that it is of; what
/// passed under the limit of requests must not fail under the same one.
const REDO_ROW_BYTES_MAX: i32 = 4 * ROW_BYTES_MAX;

/// What a script did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ScriptRun {
    /// Its statements.
    pub(super) statements: usize,
    /// One of them can write.
    pub(super) writes: bool,
    /// Rows that they inserted, updated and deleted.
    pub(super) rows_written: u64,
}

/// Whether a script may fail for want of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bounds {
    /// It has what requests have.
    AsRequests,
    /// What has passed must not fail for a limit that it came close to.
    None,
}

/// Runs scripts one after another inside the open transaction. Errors: those of
/// the first statement that fails, as `statement_index` of its script.
pub(super) fn run_scripts(
    conn: &mut Conn,
    scripts: &[MigrationScript],
    cancel: &CancellationToken,
) -> Result<ScriptRun> {
    run_all(conn, scripts, cancel, Bounds::AsRequests)
}

/// Runs scripts that have been decided already, as [`redo`] does, inside the open
/// transaction.
pub(super) fn run_decided(
    conn: &mut Conn,
    scripts: &[MigrationScript],
    cancel: &CancellationToken,
) -> Result<()> {
    conn.bound_rows(REDO_ROW_BYTES_MAX)?;
    let ran = run_all(conn, scripts, cancel, Bounds::None);
    conn.bound_rows(ROW_BYTES_MAX)?;
    ran.map(drop)
}

fn run_all(
    conn: &mut Conn,
    scripts: &[MigrationScript],
    cancel: &CancellationToken,
    bounds: Bounds,
) -> Result<ScriptRun> {
    let mut last = ScriptRun::default();
    for script in scripts {
        last = run_script(conn, script, cancel, bounds)?;
    }
    Ok(last)
}

fn run_script(
    conn: &mut Conn,
    script: &MigrationScript,
    cancel: &CancellationToken,
    bounds: Bounds,
) -> Result<ScriptRun> {
    let dress = Dress {
        access: Access::migration().into(),
        blocks: Blocks::default(),
        attached: Vec::new(),
        cancel: cancel.clone(),
        // The limit is on what tenants write: a migration must not pass on one
        // child and later fail for want of room that its owner did not give.
        size_limit_bytes: 0,
    };
    let enforced = script.foreign_keys == ForeignKeys::Enforced;
    conn.dress(&dress, Control::Migration)?;
    conn.enforce_foreign_keys(enforced)?;
    let _held = clock_watch::hold(script.time);
    let mut index = 0;
    let ran = check_text(&script.sql).and_then(|()| {
        run_statements(conn, script, bounds, &mut index)
            .map_err(|error| refused(error).with("statement_index", index))
    });
    conn.undress();
    let ran = ran.and_then(|ran| {
        check_writes(&ran)?;
        if enforced {
            check_deferred(conn)?
        } else {
            check_all_foreign_keys(conn)?
        }
        Ok(ran)
    });
    conn.enforce_foreign_keys(true)?;
    ran
}

fn run_statements(
    conn: &mut Conn,
    script: &MigrationScript,
    bounds: Bounds,
    index: &mut usize,
) -> Result<ScriptRun> {
    let text = &*script.sql;
    let total_before = conn.db().total_changes();
    let (mut at, mut writes) = (0, false);
    loop {
        at += leading_blank(&text[at..]);
        if at == text.len() {
            break;
        }
        if conn.is_given_up() {
            return Err(given_up());
        }
        if first_word(&text[at..]).eq_ignore_ascii_case("pragma") {
            return Err(not_allowed(
                "PRAGMA is not allowed in a migration; for foreign keys set foreign_keys to CHECK_AT_END",
            ));
        }
        let (statement, length) = conn.prepare(&text[at..], at)?;
        let Some(mut statement) = statement else { break };
        check_statement(&statement)?;
        clock_watch::reset();
        chance::reset();
        run_statement(conn, &mut statement, bounds, at)?;
        if !script.allow_nondeterministic {
            check_determined()?;
        }
        if conn.is_autocommit() {
            return Err(not_allowed("the statement has ended the migration's transaction"));
        }
        writes |= !statement.is_read_only();
        *index += 1;
        at += length;
    }
    let rows_written = conn.db().total_changes().wrapping_sub(total_before);
    Ok(ScriptRun { statements: *index, writes, rows_written })
}

fn check_writes(ran: &ScriptRun) -> Result<()> {
    if ran.writes {
        return Ok(());
    }
    let what = if ran.statements == 0 { "holds no statement" } else { "changes nothing" };
    Err(not_allowed(format!("the script {what}; give it one that writes")))
}

/// Refuses a statement whose next run may do something else.
pub(super) fn check_chance() -> Result<()> {
    if chance::was_asked() {
        return Err(not_allowed(
            "the statement uses random() or randomblob(), and would give each database other rows than were validated; set allow_nondeterministic to permit that",
        ));
    }
    Ok(())
}

fn check_determined() -> Result<()> {
    if clock_watch::was_asked() {
        return Err(not_allowed(
            "the statement asks for the current time, and would give each database other rows than were validated; set allow_nondeterministic to permit that",
        ));
    }
    check_chance()
}

fn check_statement(statement: &Statement) -> Result<()> {
    if statement.parameter_count() > 0 {
        return Err(not_allowed("a migration has no parameters; write the values into it"));
    }
    if statement.is_explain() {
        return Err(not_allowed("EXPLAIN is not allowed in a migration"));
    }
    Ok(())
}

/// Runs one statement to its end; nobody is there for its rows.
fn run_statement(conn: &Conn, statement: &mut Statement, bounds: Bounds, at: usize) -> Result<()> {
    loop {
        let stepped = match bounds {
            Bounds::AsRequests => conn.step(statement),
            Bounds::None => statement.step(conn.db()),
        };
        match stepped {
            Ok(true) => {}
            Ok(false) => break,
            Err(failure) => return Err(conn.explain(failure, at)),
        }
    }
    statement.reset();
    match conn.take_notes().refusal {
        Some(refusal) => Err(refusal.into_error()),
        None => Ok(()),
    }
}

/// What the guard refuses to anybody, no migration may hold.
fn refused(error: Error) -> Error {
    match error.reason() {
        Reason::OperationBlocked
        | Reason::TransactionState
        | Reason::ReadOnly
        | Reason::PermissionDenied
        | Reason::InvalidAttachment => {
            Error::new(Reason::MigrationNotAllowed, error.message().to_owned())
        }
        _ => error,
    }
}

/// What a run is told that was cancelled.
pub(super) fn given_up() -> Error {
    Error::new(Reason::Cancelled, "the migration was given up")
}

fn not_allowed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Reason::MigrationNotAllowed, message)
}

/// What SQLite would find only at COMMIT.
fn check_deferred(conn: &Conn) -> Result<()> {
    if has_deferred_violations(conn.db()) {
        return Err(Error::new(Reason::Constraint, "FOREIGN KEY constraint failed")
            .with("sqlite_code", rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY));
    }
    Ok(())
}

fn check_all_foreign_keys(conn: &Conn) -> Result<()> {
    let Some((table, row, parent)) = conn.foreign_key_violation()? else { return Ok(()) };
    let row = row.map_or_else(|| "a row".to_owned(), |row| format!("row {row}"));
    Err(Error::new(
        Reason::Constraint,
        format!("FOREIGN KEY constraint failed: {row} of '{table}' refers to no row of '{parent}'"),
    )
    .with("sqlite_code", rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY))
}

/// Brings a file from one generation to another, in one transaction. It may be
/// lost with the machine's power, and is then done again: the catalog knows the
/// generation that the file must have.
pub(super) fn redo(
    conn: &mut Conn,
    scripts: &[MigrationScript],
    to: Generation,
    env: &Env,
) -> Result<()> {
    conn.relax(true)?;
    conn.bound_rows(REDO_ROW_BYTES_MAX)?;
    let done = try_redo(conn, scripts, to, env);
    if done.is_err() {
        conn.rollback();
    }
    let restored = conn.bound_rows(ROW_BYTES_MAX).and_then(|()| conn.relax(false));
    done.and(restored)
}

fn try_redo(conn: &mut Conn, scripts: &[MigrationScript], to: Generation, env: &Env) -> Result<()> {
    // Nothing ends it: every later request would have to begin it again.
    let never = CancellationToken::new();
    conn.server("BEGIN IMMEDIATE")?;
    run_all(conn, scripts, &never, Bounds::None)?;
    conn.set_file_generation(to)?;
    env.failpoint(Failpoint::RedoCommit)?;
    conn.server("COMMIT")?;
    conn.set_generation(to);
    env.failpoint(Failpoint::RedoCommitted)
}
