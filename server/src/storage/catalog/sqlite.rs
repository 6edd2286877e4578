//! The catalog as a SQLite file: one connection that writes, a few that read,
//! and the rows of every request in memory.

use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::cache::{Cache, Lookup};
use super::readers::{READERS, Readers};
use super::writer::{Changed, Stale, Writer};
use super::{
    Catalog, ChildCounts, ChildState, Database, DatabaseCursor, DatabaseFilter, Group, Member,
    MemberFilter, Migration, MigrationEnd, MigrationFigures, MigrationScript, MigrationState,
    NewDatabase, NewMigration, RequestKey, SettingsPatch, TokenFilter, TokenRow, TokenScope,
    Visible, children, databases, deletion, groups, list, migrations, requests, schema, staged,
    tokens,
};
use crate::env::{Env, Timestamp};
use crate::error::Result;
use crate::names::{
    DatabaseId, DatabaseName, DatabaseRef, Generation, GroupId, GroupName, MigrationId, TokenId,
};
use crate::storage::data_dir::DataDirError;

/// How many prepared statements each connection keeps.
const STATEMENTS_MAX: usize = 64;
/// The page cache of each connection.
const PAGE_CACHE_KIB: i64 = 16 * 1024;
/// To what length the write-ahead log is cut after a large change.
const WAL_KEPT_BYTES: i64 = 16 * 1024 * 1024;

/// The catalog of one shard in its file.
pub struct SqliteCatalog {
    // Before the writer, so that the writer closes last and empties the log.
    readers: Readers,
    writer: Writer,
    cache: Arc<Cache>,
}

impl SqliteCatalog {
    /// Opens the catalog, and makes it where there is none.
    pub fn open(file: &Path, env: &Env) -> Result<Self, DataDirError> {
        let failed = |source: rusqlite::Error| DataDirError::Catalog {
            file: file.to_path_buf(),
            source: source.into(),
        };
        let writing = open_writing(file).map_err(failed)?;
        let found = schema::version(&writing).map_err(failed)?;
        if !schema::bring_up(&writing, found, env).map_err(failed)? {
            let (path, known) = (file.to_path_buf(), schema::CATALOG_FORMAT);
            return Err(DataDirError::NewerFormat { path, found, known });
        }
        staged::abandon_all(&writing).map_err(failed)?;
        let reading: rusqlite::Result<_> = (0..READERS).map(|_| open_reading(file)).collect();
        let readers = Readers::new(reading.map_err(failed)?);
        let cache = Arc::new(Cache::new());
        let writer = Writer::start(writing, Arc::clone(&cache), env.clone()).map_err(|source| {
            DataDirError::Io {
                action: "start the thread that writes",
                path: file.to_path_buf(),
                source,
            }
        })?;
        Ok(Self { readers, writer, cache })
    }
}

fn open_writing(file: &Path) -> rusqlite::Result<Connection> {
    let connection =
        connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // The log is synced at each commit: what is acknowledged survives power loss.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
    Ok(connection)
}

fn open_reading(file: &Path) -> rusqlite::Result<Connection> {
    connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(file: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    crate::storage::heap::install();
    #[expect(
        clippy::disallowed_methods,
        reason = "the catalog is no tenant's file: it has its own opener"
    )]
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// A change after which nothing in the cache is stale.
fn fresh<T>(answer: T) -> Changed<T> {
    Changed { answer, stale: Stale::Nothing }
}

fn changed_database(row: Arc<Database>) -> Changed<Arc<Database>> {
    let stale = Stale::Database(row.group.clone(), row.name.clone(), row.id);
    Changed { answer: row, stale }
}

impl Catalog for SqliteCatalog {
    fn create_group(&self, group: Group) -> BoxFuture<'_, Result<Arc<Group>>> {
        Box::pin(self.writer.run(|db| groups::create(db, group).map(fresh)))
    }

    fn group_for(
        &self,
        name: &GroupName,
        may_know: &dyn Fn(&Group) -> bool,
    ) -> BoxFuture<'_, Result<Option<Arc<Group>>>> {
        let ticket = match self.cache.group(name) {
            Lookup::Hit(group) if may_know(&group) => return Box::pin(ready(Ok(Some(group)))),
            Lookup::Hit(_) => None,
            Lookup::Miss(ticket) => Some(ticket),
        };
        let name = name.clone();
        Box::pin(async move {
            let found = self.readers.read(move |db| groups::by_name(db, &name)).await?;
            if let (Some(group), Some(ticket)) = (&found, ticket) {
                self.cache.keep_group(ticket, group);
            }
            Ok(found)
        })
    }

    fn groups(
        &self,
        after: Option<GroupName>,
        limit: usize,
        visible: Option<Visible>,
    ) -> BoxFuture<'_, Result<Vec<Arc<Group>>>> {
        Box::pin(
            self.readers.read(move |db| groups::list(db, after.as_ref(), limit, visible.as_ref())),
        )
    }

    fn delete_group(&self, id: GroupId) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| {
            let name = groups::delete(db, id)?;
            Ok(Changed { answer: (), stale: Stale::Group(name) })
        }))
    }

    fn create_databases(
        &self,
        databases: Vec<(DatabaseId, NewDatabase)>,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<Arc<Database>>>> {
        // A database that was missing is not in the cache.
        Box::pin(
            self.writer
                .run(move |db| databases::create(db, databases, request.as_ref(), now).map(fresh)),
        )
    }

    fn requested_databases(
        &self,
        request: RequestKey,
    ) -> BoxFuture<'_, Result<Option<Vec<Arc<Database>>>>> {
        Box::pin(self.readers.read(move |db| requests::answered(db, &request)))
    }

    fn stage_database(
        &self,
        id: DatabaseId,
        new: NewDatabase,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Database>>> {
        Box::pin(self.writer.run(move |db| staged::stage(db, id, new, now).map(fresh)))
    }

    fn publish_database(
        &self,
        staged: Arc<Database>,
        generation: Generation,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Arc<Database>>>> {
        // A database that was missing is not in the cache.
        Box::pin(self.writer.run(move |db| {
            staged::publish(db, &staged, generation, request.as_ref(), now).map(fresh)
        }))
    }

    fn abandon_database(&self, id: DatabaseId) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| staged::abandon(db, id).map(fresh)))
    }

    fn database_for(
        &self,
        reference: &DatabaseRef,
        may_know: &dyn Fn(&Database) -> bool,
    ) -> BoxFuture<'_, Result<Option<Arc<Database>>>> {
        let ticket = match self.cache.database(reference) {
            Lookup::Hit(database) if may_know(&database) => {
                return Box::pin(ready(Ok(Some(database))));
            }
            Lookup::Hit(_) => None,
            Lookup::Miss(ticket) => Some(ticket),
        };
        let reference = reference.clone();
        Box::pin(async move {
            let wanted = reference.clone();
            let found = self.readers.read(move |db| databases::by_reference(db, &wanted)).await?;
            if let (Some(database), Some(ticket)) = (&found, ticket) {
                self.cache.keep_database(ticket, reference, database);
            }
            Ok(found)
        })
    }

    fn deleted_database(
        &self,
        reference: &DatabaseRef,
    ) -> BoxFuture<'_, Result<Option<Arc<Database>>>> {
        let reference = reference.clone();
        Box::pin(self.readers.read(move |db| databases::deleted_by_reference(db, &reference)))
    }

    fn databases(
        &self,
        filter: DatabaseFilter,
        after: Option<DatabaseCursor>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Database>>>> {
        Box::pin(self.readers.read(move |db| list::list(db, filter, after.as_ref(), limit)))
    }

    fn mark_used(&self, id: DatabaseId, generation: Generation) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| {
            let (group, name) = databases::mark_used(db, id, generation)?;
            Ok(Changed { answer: (), stale: Stale::Database(group, name, id) })
        }))
    }

    fn update_database(
        &self,
        id: DatabaseId,
        patch: SettingsPatch,
        revision: Option<u64>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Database>>> {
        Box::pin(
            self.writer.run(move |db| {
                databases::update(db, id, patch, revision, now).map(changed_database)
            }),
        )
    }

    fn delete_database(
        &self,
        id: DatabaseId,
        revision: Option<u64>,
        now: Timestamp,
        retention: Duration,
    ) -> BoxFuture<'_, Result<Arc<Database>>> {
        Box::pin(self.writer.run(move |db| {
            deletion::delete(db, id, revision, now, retention).map(changed_database)
        }))
    }

    fn undelete_database(
        &self,
        id: DatabaseId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Database>>> {
        // A deleted database is not in the cache.
        Box::pin(self.writer.run(move |db| deletion::undelete(db, id, now).map(fresh)))
    }

    fn purge_databases(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DatabaseId>>> {
        Box::pin(self.writer.run(move |db| deletion::purge(db, now, limit).map(fresh)))
    }

    fn forget_databases(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| deletion::forget(db, &ids).map(fresh)))
    }

    fn create_migration(
        &self,
        new: NewMigration,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<(Arc<Migration>, bool)>> {
        Box::pin(
            self.writer
                .run(move |db| migrations::create(db, new, request.as_ref(), now).map(fresh)),
        )
    }

    fn requested_migration(
        &self,
        request: RequestKey,
    ) -> BoxFuture<'_, Result<Option<Arc<Migration>>>> {
        Box::pin(self.readers.read(move |db| migrations::of_request(db, &request)))
    }

    fn migration(&self, id: MigrationId) -> BoxFuture<'_, Result<Option<Arc<Migration>>>> {
        Box::pin(self.readers.read(move |db| migrations::by_id(db, id)))
    }

    fn migrations(
        &self,
        schema: DatabaseId,
        state: Option<MigrationState>,
        after: Option<(Timestamp, MigrationId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Migration>>>> {
        Box::pin(self.readers.read(move |db| migrations::list(db, schema, state, after, limit)))
    }

    fn unfinished_migrations(&self) -> BoxFuture<'_, Result<Vec<Arc<Migration>>>> {
        Box::pin(self.readers.read(migrations::unfinished))
    }

    fn migration_scripts(
        &self,
        schema: DatabaseId,
        after: Generation,
        up_to: Generation,
    ) -> BoxFuture<'_, Result<Vec<MigrationScript>>> {
        Box::pin(self.readers.read(move |db| migrations::scripts(db, schema, after, up_to)))
    }

    fn commit_migration(
        &self,
        id: MigrationId,
        figures: MigrationFigures,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Migration>>> {
        Box::pin(self.writer.run(move |db| {
            let (answer, group) = migrations::commit(db, id, figures, now)?;
            // The rows of all children hold the generation of their parent.
            Ok(Changed { answer, stale: Stale::Group(group) })
        }))
    }

    fn end_migration(
        &self,
        id: MigrationId,
        end: MigrationEnd,
        figures: MigrationFigures,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Migration>>> {
        Box::pin(self.writer.run(move |db| migrations::end(db, id, end, figures, now).map(fresh)))
    }

    fn children(
        &self,
        schema: DatabaseId,
        state: Option<ChildState>,
        after: Option<(DatabaseName, DatabaseId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Database>>>> {
        Box::pin(
            self.readers.read(move |db| children::list(db, schema, state, after.as_ref(), limit)),
        )
    }

    fn members(
        &self,
        schema: DatabaseId,
        filter: MemberFilter,
        after: Option<DatabaseId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Member>>> {
        Box::pin(self.readers.read(move |db| children::members(db, schema, &filter, after, limit)))
    }

    fn child_counts(&self, schema: DatabaseId) -> BoxFuture<'_, Result<ChildCounts>> {
        Box::pin(self.readers.read(move |db| children::counts(db, schema)))
    }

    fn note_generation(
        &self,
        ids: Vec<DatabaseId>,
        generation: Generation,
    ) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| {
            let changed = children::note_generation(db, &ids, generation)?;
            Ok(Changed { answer: (), stale: Stale::Databases(changed) })
        }))
    }

    fn note_quarantine(&self, id: DatabaseId, reason: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| {
            let changed = children::note_quarantine(db, id, &reason)?;
            Ok(Changed { answer: (), stale: Stale::Databases(changed) })
        }))
    }

    fn add_token(&self, token: TokenRow) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| tokens::add(db, &token).map(fresh)))
    }

    fn token(&self, id: TokenId) -> BoxFuture<'_, Result<Option<TokenRow>>> {
        Box::pin(self.readers.read(move |db| tokens::by_id(db, id)))
    }

    fn tokens(
        &self,
        filter: TokenFilter,
        after: Option<(Timestamp, TokenId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<TokenRow>>> {
        Box::pin(self.readers.read(move |db| tokens::list(db, &filter, after, limit)))
    }

    fn revoke_token(&self, id: TokenId, now: Timestamp) -> BoxFuture<'_, Result<TokenRow>> {
        Box::pin(self.writer.run(move |db| tokens::revoke(db, id, now).map(fresh)))
    }

    fn revoked_tokens(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<TokenId>>> {
        Box::pin(self.readers.read(move |db| tokens::revoked(db, now)))
    }

    fn invalidate_tokens(&self, scope: TokenScope, now: Timestamp) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.writer.run(move |db| {
            let stale = match scope {
                TokenScope::Database(id) => {
                    let (group, name) = databases::invalidate_tokens(db, id, now)?;
                    Stale::Database(group, name, id)
                }
                TokenScope::Group(id) => Stale::Group(groups::invalidate_tokens(db, id, now)?),
            };
            Ok(Changed { answer: (), stale })
        }))
    }

    fn meta(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(self.readers.read(move |db| {
            let sql = "SELECT value FROM meta WHERE key = ?";
            Ok(db.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
        }))
    }

    fn init_meta(&self, key: &'static str, value: String) -> BoxFuture<'_, Result<String>> {
        Box::pin(self.writer.run(move |db| {
            let insert = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING";
            db.prepare_cached(insert)?.execute([key, value.as_str()])?;
            let sql = "SELECT value FROM meta WHERE key = ?";
            Ok(fresh(db.prepare_cached(sql)?.query_row([key], |row| row.get(0))?))
        }))
    }
}
