//! What a database of the fleet must hold: the same SQL, run by plain SQLite in
//! memory.

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode};

use super::step::Script;
use crate::support::{Cell, text};

/// What is asked of a database to tell everything that is in it.
pub(super) const DUMP: [&str; 3] = [
    "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
    "SELECT * FROM item ORDER BY id",
    "SELECT * FROM line ORDER BY id",
];

/// Why plain SQLite refuses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Constraint,
    Sql,
}

/// One database.
pub(super) struct Oracle(Connection);

impl Oracle {
    pub(super) fn new() -> Self {
        let db = Connection::open_in_memory().expect("SQLite opens");
        db.execute_batch("PRAGMA foreign_keys = ON").expect("it is on");
        Self(db)
    }

    /// Another one of the same content.
    pub(super) fn copy(&self) -> Self {
        let mut copy = Self::new();
        let backup = Backup::new(&self.0, &mut copy.0).expect("it can be copied");
        backup.step(-1).expect("it is copied");
        drop(backup);
        copy
    }

    /// Runs SQL, whole or not at all.
    pub(super) fn write(&self, sql: &str) -> Result<(), Refusal> {
        self.run(sql, false, true)
    }

    /// Whether SQL would pass.
    pub(super) fn takes(&self, sql: &str) -> Result<(), Refusal> {
        self.run(sql, false, false)
    }

    /// Runs the script of a migration.
    pub(super) fn migrate(&self, script: &Script) -> Result<(), Refusal> {
        self.run(&script.sql, script.check_at_end, true)
    }

    /// Whether the script of a migration would pass.
    pub(super) fn passes(&self, script: &Script) -> Result<(), Refusal> {
        self.run(&script.sql, script.check_at_end, false)
    }

    fn run(&self, sql: &str, check_at_end: bool, keep: bool) -> Result<(), Refusal> {
        let batch = |sql: &str| self.0.execute_batch(sql);
        if check_at_end {
            batch("PRAGMA foreign_keys = OFF").expect("it is off");
        }
        batch("BEGIN IMMEDIATE").expect("it begins");
        let ran = batch(sql).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Refusal::Constraint,
            _ => Refusal::Sql,
        });
        let ran = ran.and_then(|()| match check_at_end && self.is_torn() {
            true => Err(Refusal::Constraint),
            false => Ok(()),
        });
        batch(if keep && ran.is_ok() { "COMMIT" } else { "ROLLBACK" }).expect("it ends");
        batch("PRAGMA foreign_keys = ON").expect("it is on");
        ran
    }

    /// Whether a foreign key refers to nothing.
    fn is_torn(&self) -> bool {
        let mut check = self.0.prepare("PRAGMA foreign_key_check").expect("it is checked");
        check.exists([]).expect("it is checked")
    }

    /// Everything in it.
    pub(super) fn dump(&self) -> Vec<String> {
        DUMP.iter().map(|sql| self.rows(sql)).collect()
    }

    fn rows(&self, sql: &str) -> String {
        let mut statement = self.0.prepare(sql).expect("it can be asked");
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..columns).map(|column| Ok(Cell::from(row.get_ref(column)?))).collect()
        });
        let rows: Result<Vec<Vec<Cell>>, _> = rows.expect("it is asked").collect();
        text(&rows.expect("rows"))
    }
}
