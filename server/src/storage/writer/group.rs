//! Commits in groups.
//!
//! Requests that wait together share one transaction, a savepoint each, and one
//! sync; each is atomic by itself and is answered only when the commit is
//! durable. A request that breaks the shared transaction (`OR ROLLBACK`, an
//! interrupt) harms no neighbour: the others are run again, each alone.

use std::time::{Duration, Instant};

use super::{Job, Work, Writer};
use crate::env::Failpoint;
use crate::error::{Error, Reason, Result};
use crate::storage::conn::Conn;
use crate::storage::fleet::{Entry, gave_way};
use crate::storage::guard::Control;
use crate::storage::script::{Place, Ran};
use crate::storage::snapshot::begin_writing;
use crate::storage::statement::has_deferred_violations;

/// The most requests that share a commit.
const GROUP_SIZE_MAX: usize = 64;
/// A shared transaction takes in no more requests after this time, so that the
/// first of them do not wait for a long tail.
const GROUP_MS_MAX: u64 = 10;

impl Writer {
    /// The next work that fits into a transaction with these attachments.
    fn next_like(&self, conn: &Conn) -> Option<Box<dyn Work>> {
        if self.fleet().is_some_and(|fleet| fleet.is_fenced()) {
            return None;
        }
        let mut state = self.state();
        match state.queue.front().map(|queued| &queued.job) {
            Some(Job::Work(work)) if conn.has_attached(&work.dress().attached) => {}
            _ => return None,
        }
        match state.pop() {
            Some(Job::Work(work)) => Some(work),
            _ => None,
        }
    }

    /// Runs a request and those behind it that fit, and commits. `entry` is what
    /// lets them write.
    pub(super) fn run_group(
        &self,
        conn: Option<Conn>,
        first: Box<dyn Work>,
        entry: Option<&Entry>,
    ) -> Option<Conn> {
        let begun = self.current(conn).and_then(|mut conn| {
            conn.set_attached(&first.dress().attached)?;
            begin_writing(&mut conn, &first.dress().attached)?;
            Ok(conn)
        });
        let mut conn = match begun {
            Ok(conn) => conn,
            Err(error) => {
                first.answer(Err(error));
                return None;
            }
        };
        let started = Instant::now();
        let mut done = Vec::new();
        let mut again = Vec::new();
        let mut next = Some(first);
        while let Some(mut work) = next.take() {
            if let Some(entry) = entry {
                entry.set_cancel(work.dress().cancel.clone());
            }
            match run_member(&mut conn, &mut *work) {
                Member::Done => done.push(work),
                Member::Failed(error) => work.answer(Err(in_time(error, entry))),
                Member::Again(control) => again.push((work, control)),
            }
            let full = done.len() >= GROUP_SIZE_MAX
                || started.elapsed() >= Duration::from_millis(GROUP_MS_MAX);
            if !full && !conn.is_autocommit() && !conn.has_temp() {
                next = self.next_like(&conn);
            }
        }
        self.end_group(&mut conn, done, &mut again);
        let mut conn = Some(conn);
        for (work, control) in again {
            conn = self.run_alone(conn, work, control, entry);
        }
        conn
    }

    /// Commits the shared transaction and answers its members; those who have
    /// to run again because of another are added to `again`.
    fn end_group(
        &self,
        conn: &mut Conn,
        done: Vec<Box<dyn Work>>,
        again: &mut Vec<(Box<dyn Work>, Control)>,
    ) {
        if conn.is_autocommit() || done.is_empty() {
            conn.rollback();
            again.extend(done.into_iter().map(|work| (work, Control::None)));
            return;
        }
        match self.commit(conn, Failpoint::GroupCommit) {
            Ok(()) => {
                let handed_over = self.hand_over(Failpoint::GroupCommitted);
                for work in done {
                    // Each gets the one outcome; the cause is for the log.
                    let outcome = handed_over.as_ref().copied();
                    work.answer(outcome.map_err(|error| Error::internal(format!("{error:?}"))));
                }
            }
            Err(error) => {
                conn.rollback();
                let mut done = done.into_iter();
                match (done.next(), done.len()) {
                    (Some(only), 0) => only.answer(Err(error)),
                    (first, _) => again
                        .extend(first.into_iter().chain(done).map(|work| (work, Control::None))),
                }
            }
        }
    }

    fn run_alone(
        &self,
        conn: Option<Conn>,
        mut work: Box<dyn Work>,
        mut control: Control,
        entry: Option<&Entry>,
    ) -> Option<Conn> {
        if let Some(entry) = entry {
            entry.set_cancel(work.dress().cancel.clone());
        }
        let mut conn = conn;
        loop {
            let mut fresh = match self.current(conn) {
                Ok(fresh) => fresh,
                Err(error) => {
                    work.answer(Err(error));
                    return None;
                }
            };
            let ran = self.try_alone(&mut fresh, &mut *work, control);
            fresh.undress();
            fresh.rollback();
            conn = Some(fresh);
            match ran {
                Ok(Ran::NeedsControl) if control == Control::None => control = Control::Full,
                Ok(Ran::Done) => {
                    work.answer(self.hand_over(Failpoint::AloneCommitted));
                    return conn;
                }
                Ok(_) => {
                    work.answer(Err(Error::internal("a request could not be placed")));
                    return conn;
                }
                Err(error) => {
                    work.answer(Err(in_time(error, entry)));
                    return conn;
                }
            }
        }
    }

    fn try_alone(&self, conn: &mut Conn, work: &mut dyn Work, control: Control) -> Result<Ran> {
        let attached = &work.dress().attached;
        conn.set_attached(attached)?;
        begin_writing(conn, attached)?;
        if control == Control::None {
            conn.dress(work.dress(), Control::Deferral)?;
        } else {
            // It begins its own.
            conn.rollback();
            conn.dress(work.dress(), control)?;
        }
        let ran = work.run(conn, Place::Alone, control)?;
        conn.undress();
        if ran != Ran::Done {
            return Ok(ran);
        }
        match (control, conn.is_autocommit()) {
            (Control::None, false) => self.commit(conn, Failpoint::AloneCommit)?,
            (Control::None, true) => {
                return Err(Error::internal("a request ended a transaction that was not its own"));
            }
            (_, true) => {}
            (_, false) => {
                return Err(Error::new(
                    Reason::TransactionState,
                    "the SQL left a transaction open, which was rolled back; end it with COMMIT, or use Transact",
                ));
            }
        }
        Ok(Ran::Done)
    }
}

/// A request that was stopped for a migration's sake is told so.
fn in_time(error: Error, entry: Option<&Entry>) -> Error {
    let stopped = error.reason() == Reason::Cancelled;
    if stopped && entry.is_some_and(Entry::was_sent_away) { gave_way() } else { error }
}

enum Member {
    Done,
    Failed(Error),
    Again(Control),
}

/// Runs one request inside the shared transaction.
fn run_member(conn: &mut Conn, work: &mut dyn Work) -> Member {
    if work.dress().cancel.is_cancelled() {
        return Member::Failed(Error::new(
            Reason::Cancelled,
            "the request was given up before it ran",
        ));
    }
    let begun = conn
        .dress(work.dress(), Control::None)
        .and_then(|()| conn.server("SAVEPOINT tenantry_member"));
    if let Err(error) = begun {
        return Member::Failed(error);
    }
    let mut ran = work.run(conn, Place::Group, Control::None);
    conn.undress();
    if matches!(ran, Ok(Ran::Done)) && has_deferred_violations(conn.db()) {
        // At COMMIT it would be everybody's failure.
        ran = Err(Error::new(Reason::Constraint, "FOREIGN KEY constraint failed")
            .with("sqlite_code", rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY));
    }
    let member = match ran {
        // Temporary objects would be seen by the neighbours.
        _ if conn.has_temp() => Member::Again(Control::None),
        Ok(Ran::Done) => Member::Done,
        Ok(Ran::NeedsAlone | Ran::NeedsWriter | Ran::NeedsControl) => Member::Again(Control::None),
        Err(error) => Member::Failed(error),
    };
    if conn.is_autocommit() {
        return member;
    }
    let undone = match member {
        Member::Done => Ok(()),
        _ => conn.server("ROLLBACK TO tenantry_member"),
    };
    match undone.and_then(|()| conn.server("RELEASE tenantry_member")) {
        Ok(()) => member,
        Err(error) => {
            // Without its savepoint the request cannot be told from the others.
            conn.rollback();
            Member::Failed(error)
        }
    }
}
