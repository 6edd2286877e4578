//! The loops that a fleet is migrated with by hand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rusqlite::Connection;

/// Whether each file is on disk before the next one's turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Synced {
    Each,
    Never,
}

/// Runs a script on each file and undoes it; answers files per second.
pub(super) fn validate(files: &[PathBuf], script: &str) -> f64 {
    each(files, |db| {
        db.execute_batch("BEGIN IMMEDIATE")?;
        db.execute_batch(script)?;
        db.execute_batch("ROLLBACK")
    })
}

/// Runs a script on each file; answers files per second.
pub(super) fn migrate(files: &[PathBuf], script: &str, generation: u64, synced: Synced) -> f64 {
    let synchronous = match synced {
        Synced::Each => "PRAGMA synchronous = FULL",
        Synced::Never => "PRAGMA synchronous = OFF",
    };
    each(files, |db| {
        db.execute_batch(synchronous)?;
        db.execute_batch("BEGIN IMMEDIATE")?;
        db.execute_batch(script)?;
        db.execute_batch(&format!("PRAGMA user_version = {generation}; COMMIT"))
    })
}

fn each(files: &[PathBuf], work: impl Fn(&Connection) -> rusqlite::Result<()>) -> f64 {
    let started = Instant::now();
    for file in files {
        let db = open(file);
        work(&db).expect("the script passes");
        db.close().expect("closes");
    }
    files.len() as f64 / started.elapsed().as_secs_f64()
}

fn open(file: &Path) -> Connection {
    #[expect(clippy::disallowed_methods, reason = "the side without a server opens its own files")]
    Connection::open(file).expect("opens")
}

/// Waits until everything that was written is on disk: neither side is to sync
/// what the other one wrote.
pub(super) fn settle() {
    assert!(Command::new("sync").status().expect("sync runs").success());
}
