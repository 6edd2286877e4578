//! The tables of the catalog's file, and the version of them.

use rusqlite::{Connection, params};

use crate::env::Env;
use crate::names::DEFAULT_GROUP;

/// What leads from each version to the next: a new file runs all of it, an older
/// one what it lacks. What a server was released with does not change any more.
pub(super) const FORMATS: [&str; 2] = [FORMAT_1, FORMAT_2];

/// The version that they lead to, kept as `PRAGMA user_version`.
pub(super) const CATALOG_FORMAT: i64 = FORMATS.len() as i64;

/// Ids are 16-byte blobs and times are milliseconds. A group's name never
/// changes, so that rows which are listed in the order of names carry it.
const FORMAT_1: &str = "
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
    generation INTEGER NOT NULL,    -- of a SCHEMA: its committed migrations; 0 of others
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

/// Schemas: children, and migrations.
///
/// All children of a schema are in its group, so that their index needs no name
/// of it. The columns behind those that an index is ordered by save the look at
/// the rows.
const FORMAT_2: &str = "
-- The generation that the file has reached for sure.
ALTER TABLE databases ADD COLUMN file_generation INTEGER NOT NULL DEFAULT 0;
-- Why the file cannot be brought to the generation of its schema.
ALTER TABLE databases ADD COLUMN quarantine TEXT;
CREATE INDEX databases_of_kind ON databases (kind, group_name, name, id, state);
CREATE INDEX databases_of_schema ON databases (schema_id, name, id, state)
    WHERE schema_id IS NOT NULL;
CREATE INDEX databases_members ON databases (schema_id, id, file_generation, name, state, used)
    WHERE schema_id IS NOT NULL AND state = 0 AND used = 1;
CREATE INDEX databases_quarantined ON databases (schema_id, name, id)
    WHERE schema_id IS NOT NULL AND state = 0 AND quarantine IS NOT NULL;

CREATE TABLE migrations (
    id BLOB NOT NULL PRIMARY KEY,
    schema_id BLOB NOT NULL,
    generation INTEGER NOT NULL,    -- that it leads to
    state INTEGER NOT NULL,         -- 0 PREPARING, 1 COMMITTED, 2 APPLIED, 3 FAILED, 4 CANCELLED
    foreign_keys INTEGER NOT NULL,  -- 0 enforced, 1 checked at the end
    allow_nondeterministic INTEGER NOT NULL,
    request_id BLOB,                -- hashes of the request_id and of the request
    request_fingerprint BLOB,
    create_time INTEGER NOT NULL,
    commit_time INTEGER,            -- of COMMITTED and APPLIED ones only
    finish_time INTEGER,
    failure_database TEXT,
    failure_statement INTEGER,
    failure_message TEXT,
    figures TEXT NOT NULL,          -- JSON
    sql TEXT NOT NULL
) STRICT;
CREATE INDEX migrations_by_time ON migrations (schema_id, create_time, id);
CREATE INDEX migrations_by_state ON migrations (schema_id, state, create_time, id);
CREATE INDEX migrations_unfinished ON migrations (state) WHERE state < 2;
-- The generations of a schema follow each other, and one at a time is prepared.
CREATE UNIQUE INDEX migrations_committed ON migrations (schema_id, generation)
    WHERE commit_time IS NOT NULL;
CREATE UNIQUE INDEX migrations_preparing ON migrations (schema_id) WHERE state = 0;
CREATE UNIQUE INDEX migrations_by_request ON migrations (request_id)
    WHERE request_id IS NOT NULL;
";

/// The version of an open catalog's tables; 0 of a new file.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Makes the tables and the group `default`, or brings tables of an older
/// version up, all or none. `false`: the version is none that is known here.
pub(super) fn bring_up(connection: &Connection, version: i64, env: &Env) -> rusqlite::Result<bool> {
    let Some(missing) = usize::try_from(version).ok().and_then(|known| FORMATS.get(known..)) else {
        return Ok(false);
    };
    if missing.is_empty() {
        return Ok(true);
    }
    let transaction = connection.unchecked_transaction()?;
    for script in missing {
        transaction.execute_batch(script)?;
    }
    if version == 0 {
        transaction.execute(
            "INSERT INTO groups (id, name, create_time, tokens_not_before) VALUES (?, ?, ?, 0)",
            params![env.uuid().into_bytes(), DEFAULT_GROUP, env.now().0],
        )?;
    }
    transaction.pragma_update(None, "user_version", CATALOG_FORMAT)?;
    transaction.commit()?;
    Ok(true)
}
