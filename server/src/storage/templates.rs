//! What new databases are copied from: an empty file, and for each schema one of
//! its newest generation.
//!
//! Creating a database with SQLite takes about ten syncs, and a copy takes two.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::conn::{Conn, Sharing, Synchronous};
use super::copy::{copy_snapshot, no_room};
use super::data_dir::{DataDir, copy_secret, write_secret};
use super::sql_error::from_rusqlite;
use super::{clock_watch, heap};
use crate::env::{Env, Failpoint};
use crate::error::{Error, Result};
use crate::names::{DatabaseId, Generation};

/// What new databases are copied from.
pub(super) struct Templates {
    data_dir: Arc<DataDir>,
    env: Env,
    empty: Vec<u8>,
    /// By schema: whose turn it is to look for a template and make one.
    turns: Mutex<HashMap<DatabaseId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Templates {
    pub(super) fn new(data_dir: Arc<DataDir>, env: Env) -> Result<Self> {
        let empty = empty_database(&data_dir)?;
        Ok(Self { data_dir, env, empty, turns: Mutex::default() })
    }

    /// Waits until nobody else makes a template of the schema.
    pub(super) async fn turn(&self, schema: DatabaseId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Only those that somebody waits for are kept.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(schema).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// The template of a generation, if there is one.
    pub(super) fn find(&self, schema: DatabaseId, generation: Generation) -> Option<PathBuf> {
        Some(self.data_dir.template_file(schema, generation)).filter(|file| file.exists())
    }

    /// Makes the template of the generation that a SCHEMA database's file is at,
    /// and removes those of earlier ones.
    pub(super) fn make(&self, schema: DatabaseId, file: &Path) -> Result<(PathBuf, Generation)> {
        let mut source = Conn::open(file, Sharing::Shared(Synchronous::Full))?;
        let generation = source.begin_snapshot()?;
        let template = self.data_dir.template_file(schema, generation);
        if let Some(dir) = template.parent() {
            self.data_dir.create_template_dir(dir).map_err(no_room)?;
        }
        let copied = || self.env.failpoint(Failpoint::TemplateCopied);
        copy_snapshot(&source, &template, &CancellationToken::new(), copied)?;
        source.rollback();
        self.env.failpoint(Failpoint::TemplateMade)?;
        remove_others(&template);
        Ok((template, generation))
    }

    /// Makes the file of a database that was never used, durable before
    /// anything is written to it: SQLite takes an empty file beside a
    /// write-ahead log for a reason to delete the log.
    pub(super) fn write_empty(&self, path: &Path) -> Result<()> {
        write_secret(path, &self.empty).map_err(no_room)
    }

    /// The same, with what is in a template.
    pub(super) fn copy(&self, template: &Path, path: &Path) -> Result<()> {
        copy_secret(template, path).map_err(no_room)
    }
}

/// Removes the templates beside this one: no child is made of them any more.
fn remove_others(template: &Path) {
    let Some(Ok(files)) = template.parent().map(fs::read_dir) else { return };
    for file in files.filter_map(io::Result::ok).filter(|file| file.path() != template) {
        if let Err(error) = fs::remove_file(file.path()) {
            tracing::warn!(file = %file.path().display(), %error, "cannot remove an old template");
        }
    }
}

/// The bytes of a database with nothing in it, in WAL mode.
fn empty_database(data_dir: &DataDir) -> Result<Vec<u8>> {
    let path: PathBuf = data_dir.scratch_file();
    remove_if_there(&path)?;
    heap::install();
    clock_watch::install();
    #[expect(clippy::disallowed_methods, reason = "this is the opener of a file of its own")]
    let db = Connection::open(&path).map_err(from_rusqlite)?;
    db.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA user_version = 0;",
    )
    .map_err(from_rusqlite)?;
    db.close().map_err(|(_, error)| from_rusqlite(error))?;
    let bytes = fs::read(&path).map_err(Error::internal)?;
    remove_if_there(&path)?;
    Ok(bytes)
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::internal(error)),
        _ => Ok(()),
    }
}

/// Makes everything durable that was written in the data directory's file
/// system, with one call.
pub(super) fn sync_all(data_dir: &DataDir) -> Result<()> {
    let root = File::open(data_dir.root()).map_err(Error::internal)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(root).map_err(|error| no_room(error.into()))?;
    #[cfg(not(target_os = "linux"))]
    {
        drop(root);
        rustix::fs::sync();
    }
    Ok(())
}
