//! The tables of the catalog's file, and the version of them.

use rusqlite::{Connection, params};

use crate::env::Env;
use crate::names::DEFAULT_GROUP;

/// The version of the tables below, kept as `PRAGMA user_version`.
pub(super) const CATALOG_FORMAT: i64 = 1;

/// Ids are 16-byte blobs and times are milliseconds. A group's name never
/// changes, so that rows which are listed in the order of names carry it.
const TABLES: &str = "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    create_time INTEGER NOT NULL,
    tokens_not_before INTEGER NOT NULL
) STRICT;

CREATE TABLE databases (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    group_id BLOB NOT NULL,
    group_name TEXT NOT NULL,
    kind INTEGER NOT NULL,          -- 0 REGULAR, 1 SCHEMA, 2 CHILD
    schema_id BLOB,                 -- of a CHILD: its parent
    generation INTEGER NOT NULL,
    used INTEGER NOT NULL,          -- 1 once its file was made
    allow_attach INTEGER NOT NULL,
    delete_protection INTEGER NOT NULL,
    block_reads INTEGER NOT NULL,
    block_writes INTEGER NOT NULL,
    size_limit_bytes INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- 0 active, 1 deleted, 2 purged: only files left
    revision INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    delete_time INTEGER,
    purge_time INTEGER,             -- 0 once purged
    tokens_not_before INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX databases_active ON databases (group_name, name) WHERE state = 0;
CREATE INDEX databases_by_name ON databases (group_name, name, id);
CREATE INDEX databases_to_purge ON databases (purge_time) WHERE purge_time IS NOT NULL;

-- The key holds what a list by label is ordered by.
CREATE TABLE labels (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    group_name TEXT NOT NULL,
    name TEXT NOT NULL,
    database BLOB NOT NULL,
    PRIMARY KEY (key, value, group_name, name, database)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_by_database ON labels (database);

-- What a request with a request_id answered.
CREATE TABLE requests (
    id BLOB NOT NULL PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    response TEXT NOT NULL,
    create_time INTEGER NOT NULL
) STRICT;
CREATE INDEX requests_by_time ON requests (create_time);

CREATE TABLE tokens (
    id BLOB NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    claims TEXT NOT NULL,
    databases BLOB NOT NULL,        -- (database id, id of its group) one after another
    groups BLOB NOT NULL,           -- group ids one after another
    key_id TEXT NOT NULL,
    create_time INTEGER NOT NULL,
    expire_time INTEGER,
    revoke_time INTEGER
) STRICT;
CREATE INDEX tokens_by_time ON tokens (create_time, id);
CREATE INDEX tokens_revoked ON tokens (revoke_time) WHERE revoke_time IS NOT NULL;

-- Under the id of each database and group that a token names, and of each
-- group that such a database is in. The key holds what lists are ordered by.
CREATE TABLE token_scopes (
    scope BLOB NOT NULL,
    create_time INTEGER NOT NULL,
    token BLOB NOT NULL,
    PRIMARY KEY (scope, create_time, token)
) STRICT, WITHOUT ROWID;
";

/// The version of an open catalog's tables; 0 of a new file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Makes the tables and the group `default`, all or none.
pub(super) fn create(connection: &Connection, env: &Env) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO groups (id, name, create_time, tokens_not_before) VALUES (?, ?, ?, 0)",
        params![env.uuid().into_bytes(), DEFAULT_GROUP, env.now().0],
    )?;
    transaction.pragma_update(None, "user_version", CATALOG_FORMAT)?;
    transaction.commit()
}
