//! How a database gets its file: with its first use, as a copy.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Pool, missing};
use crate::env::Failpoint;
use crate::error::{Error, Result};
use crate::names::{DatabaseRef, Generation, GroupName, NameOrId};
use crate::storage::catalog::Database;
use crate::storage::conn::{Conn, Sharing};
use crate::storage::fleet::Fleet;
use crate::storage::open_database::{OpenDatabase, blocking};

/// What the catalog knows of a database's file.
pub(super) enum Found {
    /// It was made.
    Used,
    /// It was not, and is to be empty.
    New,
    /// It was not, and is to be what its schema is now.
    NewChild { fleet: Arc<Fleet>, group: GroupName },
}

/// What a file is copied from.
enum Source {
    Empty,
    Template(PathBuf),
}

impl Pool {
    /// Makes sure that the file is there, once for all who wait.
    pub(super) async fn ready(
        self: &Arc<Self>,
        database: &OpenDatabase,
        found: Found,
    ) -> Result<()> {
        let (id, path) = (database.id(), database.path().to_owned());
        let exists = {
            let path = path.clone();
            blocking(move || Ok(path.exists())).await?
        };
        let mut generation = Generation::default();
        // Until the copy is made, so that the template is not removed before.
        let mut _turn = None;
        match (exists, &found) {
            (true, Found::Used) => return Ok(()),
            (false, Found::Used) => {
                // Where it has to be brought up, that is what it cannot be.
                let fleet = database.writer.fleet().filter(|_| !database.writer.is_current());
                let error = missing(id);
                return Err(match fleet {
                    Some(fleet) => fleet.quarantine(id, &error),
                    None => error,
                });
            }
            // How far a file is that was made and not noted, only itself knows, and it
            // cannot be brought up from 0 where its schema began as a branch. What it
            // tells is durable: nobody else has it open, so it is closed with a sync.
            (true, Found::NewChild { .. }) => {
                let sharing = Sharing::Shared(self.config.database.synchronous);
                let file_generation = move || Conn::open(&path, sharing)?.file_generation();
                generation = blocking(file_generation).await?;
            }
            (true, Found::New) => {}
            (false, _) => {
                let source = match &found {
                    Found::NewChild { fleet, group } => {
                        _turn = Some(self.templates.turn(fleet.schema()).await);
                        let (source, of) = self.source(fleet, group).await?;
                        generation = of;
                        source
                    }
                    _ => Source::Empty,
                };
                self.config.database.env.failpoint(Failpoint::FirstUse)?;
                let pool = self.clone();
                blocking(move || match source {
                    Source::Empty => pool.templates.write_empty(&path),
                    Source::Template(template) => pool.templates.copy(&template, &path),
                })
                .await?;
            }
        }
        self.config.database.env.failpoint(Failpoint::FirstUseMade)?;
        self.catalog.mark_used(id, generation).await?;
        database.writer.note_reached(generation);
        Ok(())
    }

    /// What a new child is a copy of, and the generation of that.
    async fn source(
        self: &Arc<Self>,
        fleet: &Arc<Fleet>,
        group: &GroupName,
    ) -> Result<(Source, Generation)> {
        let schema = fleet.schema();
        let generation = fleet.generation();
        // Everything in a SCHEMA database came by a migration.
        if generation == Generation::default() {
            return Ok((Source::Empty, generation));
        }
        if let Some(template) = self.templates.find(schema, generation) {
            return Ok((Source::Template(template), generation));
        }
        let reference = DatabaseRef { group: group.clone(), database: NameOrId::Id(schema) };
        let parent = self.catalog.database(&reference).await?;
        let parent = parent.ok_or_else(|| {
            Error::internal(format!("the schema {schema} of a child is not in the catalog"))
        })?;
        let parent = self.open_boxed(parent).await?;
        let pool = self.clone();
        let (template, generation) =
            blocking(move || pool.templates.make(schema, parent.path())).await?;
        Ok((Source::Template(template), generation))
    }

    /// As [`Pool::open`], which calls this in turn.
    fn open_boxed(
        self: &Arc<Self>,
        row: Arc<Database>,
    ) -> BoxFuture<'static, Result<Arc<OpenDatabase>>> {
        let pool = self.clone();
        Box::pin(async move { pool.open(&row).await })
    }
}
