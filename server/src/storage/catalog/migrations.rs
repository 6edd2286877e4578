//! SQL for migrations: their record, and the decision.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use uuid::Uuid;

use super::failure::Failure;
use super::sql::{blob, row_limit};
use super::{
    ForeignKeys, Migration, MigrationEnd, MigrationFailure, MigrationFigures, MigrationScript,
    MigrationState, NewMigration, RequestKey, databases, requests,
};
use crate::env::Timestamp;
use crate::error::{Error, Reason};
use crate::names::{DatabaseId, Generation, GroupName, MigrationId};

/// After what time one looks again whether a migration is still in the way.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What [`read_migration`] reads, of `migrations m`.
const COLUMNS: &str = "m.id, m.schema_id, m.generation, m.sql, m.foreign_keys,
    m.allow_nondeterministic, m.state, m.failure_database, m.failure_statement, m.failure_message,
    m.figures, m.create_time, m.commit_time, m.finish_time";

/// See [`super::Catalog::create_migration`].
pub(super) fn create(
    connection: &Connection,
    new: NewMigration,
    request: Option<&RequestKey>,
    now: Timestamp,
) -> Result<(Arc<Migration>, bool), Failure> {
    if let Some(key) = request
        && let Some(first) = of_request(connection, key)?
    {
        return Ok((first, false));
    }
    let (name, present) = active_schema(connection, new.schema)?;
    if let Some(expected) = new.expected_generation.filter(|&expected| expected != present) {
        return Err(generation_mismatch(&name, present, expected).into());
    }
    refuse_while_preparing(connection, new.schema)?;
    if present >= Generation::MAX {
        let message = format!("'{name}' is at its last generation; go on with a new schema");
        return Err(Error::new(Reason::MigrationNotAllowed, message).into());
    }
    let migration = Migration {
        id: new.id,
        schema: new.schema,
        generation: present.next(),
        sql: new.sql,
        foreign_keys: new.foreign_keys,
        allow_nondeterministic: new.allow_nondeterministic,
        state: MigrationState::Preparing,
        failure: None,
        figures: MigrationFigures::default(),
        create_time: now,
        commit_time: None,
        finish_time: None,
    };
    insert(connection, &migration, request)?;
    Ok((Arc::new(migration), true))
}

/// The migration that the first request of this key made. Errors:
/// `REQUEST_ID_REUSED`.
pub(super) fn of_request(
    connection: &Connection,
    key: &RequestKey,
) -> Result<Option<Arc<Migration>>, Failure> {
    let sql = "SELECT id, request_fingerprint FROM migrations WHERE request_id = ?";
    let read = |row: &Row<'_>| Ok((read_id(row, 0)?, row.get::<_, [u8; 32]>(1)?));
    match connection.prepare_cached(sql)?.query_row([key.id], read).optional()? {
        None => Ok(None),
        Some((id, fingerprint)) if fingerprint == key.fingerprint => by_id(connection, id),
        Some(_) => Err(requests::reused().into()),
    }
}

/// The name of an active schema in errors, and its generation. Errors:
/// `DATABASE_NOT_FOUND`.
fn active_schema(
    connection: &Connection,
    schema: DatabaseId,
) -> Result<(String, Generation), Failure> {
    let sql = "SELECT group_name || '/' || name, generation FROM databases
        WHERE id = ? AND state = 0 AND kind = 1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, read_generation(row, 1)?));
    let found = connection.prepare_cached(sql)?.query_row([schema.uuid().into_bytes()], read);
    found.optional()?.ok_or_else(|| databases::gone(schema).into())
}

/// Errors: `MIGRATION_IN_PROGRESS`.
pub(super) fn refuse_while_preparing(
    connection: &Connection,
    schema: DatabaseId,
) -> Result<(), Failure> {
    let sql = "SELECT id FROM migrations WHERE schema_id = ? AND state = 0";
    let mut statement = connection.prepare_cached(sql)?;
    let preparing =
        statement.query_row([schema.uuid().into_bytes()], |row| read_id(row, 0)).optional()?;
    let Some(id) = preparing else { return Ok(()) };
    let (name, _) = active_schema(connection, schema)?;
    let message = format!("'{name}' has a migration in progress; wait for it or cancel it");
    Err(Error::new(Reason::MigrationInProgress, message)
        .with("schema", name)
        .with("migration", id)
        .with_retry_after(RETRY_AFTER)
        .into())
}

fn insert(
    connection: &Connection,
    migration: &Migration,
    request: Option<&RequestKey>,
) -> Result<(), Failure> {
    let sql = "INSERT INTO migrations (id, schema_id, generation, state, foreign_keys,
            allow_nondeterministic, request_id, request_fingerprint, create_time, figures, sql)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.prepare_cached(sql)?.execute(params![
        migration.id.uuid().into_bytes(),
        migration.schema.uuid().into_bytes(),
        migration.generation.0.cast_signed(),
        state_column(migration.state),
        match migration.foreign_keys {
            ForeignKeys::Enforced => 0,
            ForeignKeys::CheckAtEnd => 1,
        },
        migration.allow_nondeterministic,
        request.map(|key| key.id),
        request.map(|key| key.fingerprint),
        migration.create_time.0,
        figures_column(&migration.figures)?,
        migration.sql,
    ])?;
    Ok(())
}

/// See [`super::Catalog::migration`].
pub(super) fn by_id(
    connection: &Connection,
    id: MigrationId,
) -> Result<Option<Arc<Migration>>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM migrations m WHERE m.id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id.uuid().into_bytes()], read_migration).optional()?)
}

/// See [`super::Catalog::migrations`].
pub(super) fn list(
    connection: &Connection,
    schema: DatabaseId,
    state: Option<MigrationState>,
    after: Option<(Timestamp, MigrationId)>,
    limit: usize,
) -> Result<Vec<Arc<Migration>>, Failure> {
    let (sql, values) = select(schema, state, after, limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read_migration)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn select(
    schema: DatabaseId,
    state: Option<MigrationState>,
    after: Option<(Timestamp, MigrationId)>,
    limit: usize,
) -> (String, Vec<Value>) {
    let mut values = vec![blob(schema.uuid())];
    let mut conditions = "m.schema_id = ?".to_owned();
    let index = if let Some(state) = state {
        conditions.push_str(" AND m.state = ?");
        values.push(state_column(state).into());
        "migrations_by_state"
    } else {
        "migrations_by_time"
    };
    if let Some((time, id)) = after {
        conditions.push_str(" AND (m.create_time, m.id) < (?, ?)");
        values.extend([time.0.into(), blob(id.uuid())]);
    }
    values.push(row_limit(limit).into());
    let sql = format!(
        "SELECT {COLUMNS} FROM migrations m INDEXED BY {index} WHERE {conditions}
         ORDER BY m.create_time DESC, m.id DESC LIMIT ?"
    );
    (sql, values)
}

/// See [`super::Catalog::unfinished_migrations`].
pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Arc<Migration>>, Failure> {
    // Rows are numbered as they come: unlike the clock, the number never steps
    // back.
    let sql = format!(
        "SELECT {COLUMNS} FROM migrations m INDEXED BY migrations_unfinished
         CROSS JOIN databases d ON d.id = m.schema_id
         WHERE m.state < 2 AND d.state = 0 ORDER BY m.rowid"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], read_migration)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// See [`super::Catalog::migration_scripts`].
pub(super) fn scripts(
    connection: &Connection,
    schema: DatabaseId,
    after: Generation,
    up_to: Generation,
) -> Result<Vec<MigrationScript>, Failure> {
    let sql = "SELECT generation, sql, foreign_keys, allow_nondeterministic, create_time
        FROM migrations INDEXED BY migrations_committed
        WHERE schema_id = ? AND generation > ? AND generation <= ? AND commit_time IS NOT NULL
        ORDER BY generation";
    let range = params![schema.uuid().into_bytes(), after.0.cast_signed(), up_to.0.cast_signed()];
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(range, |row| {
        Ok(MigrationScript {
            generation: read_generation(row, 0)?,
            sql: row.get(1)?,
            foreign_keys: read_foreign_keys(row, 2)?,
            allow_nondeterministic: row.get(3)?,
            time: Timestamp(row.get(4)?),
        })
    })?;
    let scripts = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    // No generation is there twice.
    if scripts.len() as u64 != up_to.0.saturating_sub(after.0) {
        let lost = format!("the catalog lacks a migration of {schema} from {after} to {up_to}");
        return Err(Error::internal(lost).into());
    }
    Ok(scripts)
}

/// See [`super::Catalog::commit_migration`]; answers the schema's group too.
pub(super) fn commit(
    connection: &Connection,
    id: MigrationId,
    figures: MigrationFigures,
    now: Timestamp,
) -> Result<(Arc<Migration>, GroupName), Failure> {
    let before = in_state(connection, id, MigrationState::Preparing)?;
    // A schema is not deleted while it has one, and no other leads away from
    // where this one began.
    let (name, present) = active_schema(connection, before.schema)?;
    if before.generation != present.next() {
        let wrong = format!("{name} is at {present}; {id} leads to {}", before.generation);
        return Err(Error::internal(wrong).into());
    }
    let raise = "UPDATE databases SET generation = ? WHERE id = ?";
    connection
        .prepare_cached(raise)?
        .execute(params![before.generation.0.cast_signed(), before.schema.uuid().into_bytes(),])?;
    let after = Migration {
        state: MigrationState::Committed,
        figures,
        commit_time: Some(now),
        ..Migration::clone(&before)
    };
    store(connection, &after)?;
    let group = databases::group_of(connection, before.schema)?;
    Ok((Arc::new(after), group.ok_or_else(|| databases::gone(before.schema))?))
}

/// See [`super::Catalog::end_migration`].
pub(super) fn end(
    connection: &Connection,
    id: MigrationId,
    end: MigrationEnd,
    figures: MigrationFigures,
    now: Timestamp,
) -> Result<Arc<Migration>, Failure> {
    let (from, state, failure) = match end {
        MigrationEnd::Failed(failure) => {
            (MigrationState::Preparing, MigrationState::Failed, Some(failure))
        }
        MigrationEnd::Cancelled => (MigrationState::Preparing, MigrationState::Cancelled, None),
        MigrationEnd::Applied => (MigrationState::Committed, MigrationState::Applied, None),
    };
    let before = in_state(connection, id, from)?;
    let after =
        Migration { state, failure, figures, finish_time: Some(now), ..Migration::clone(&before) };
    store(connection, &after)?;
    Ok(Arc::new(after))
}

/// Removes the migrations of a schema that is gone for good.
pub(super) fn forget_of(connection: &Connection, schema: DatabaseId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM migrations WHERE schema_id = ?";
    connection.prepare_cached(sql)?.execute([schema.uuid().into_bytes()]).map(drop)
}

/// A migration that is in this state. Errors: `MIGRATION_NOT_FOUND`,
/// `MIGRATION_DECIDED`.
fn in_state(
    connection: &Connection,
    id: MigrationId,
    state: MigrationState,
) -> Result<Arc<Migration>, Failure> {
    let Some(migration) = by_id(connection, id)? else {
        let message = "there is no such migration; list those of the schema";
        return Err(Error::new(Reason::MigrationNotFound, message).with("migration", id).into());
    };
    if migration.state != state {
        let is = migration.state;
        let message = format!("the migration is already {is}; read it to see what became of it");
        let error = Error::new(Reason::MigrationDecided, message);
        return Err(error.with("migration", id).with("state", is).into());
    }
    Ok(migration)
}

/// Writes what can change of a migration.
fn store(connection: &Connection, migration: &Migration) -> Result<(), Failure> {
    let sql = "UPDATE migrations SET state = ?, failure_database = ?, failure_statement = ?,
        failure_message = ?, figures = ?, commit_time = ?, finish_time = ? WHERE id = ?";
    let failure = migration.failure.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        state_column(migration.state),
        failure.map(|failure| &failure.database),
        failure.map(|failure| failure.statement_index),
        failure.map(|failure| &failure.message),
        figures_column(&migration.figures)?,
        migration.commit_time.map(|time| time.0),
        migration.finish_time.map(|time| time.0),
        migration.id.uuid().into_bytes(),
    ])?;
    Ok(())
}

fn generation_mismatch(name: &str, present: Generation, expected: Generation) -> Error {
    let message =
        format!("'{name}' is at generation {present} and not at {expected}; look at it again");
    Error::new(Reason::GenerationMismatch, message)
        .with("database", name)
        .with("generation", present)
        .with("expected_generation", expected)
}

fn figures_column(figures: &MigrationFigures) -> Result<String, Failure> {
    Ok(serde_json::to_string(figures).map_err(Error::internal)?)
}

/// How a state is kept.
fn state_column(state: MigrationState) -> i64 {
    match state {
        MigrationState::Preparing => 0,
        MigrationState::Committed => 1,
        MigrationState::Applied => 2,
        MigrationState::Failed => 3,
        MigrationState::Cancelled => 4,
    }
}

/// Reads a row of [`COLUMNS`].
fn read_migration(row: &Row<'_>) -> rusqlite::Result<Arc<Migration>> {
    let failure = match (row.get(7)?, row.get(9)?) {
        (Some(database), Some(message)) => {
            Some(MigrationFailure { database, statement_index: row.get(8)?, message })
        }
        _ => None,
    };
    Ok(Arc::new(Migration {
        id: read_id(row, 0)?,
        schema: DatabaseId::new(Uuid::from_bytes(row.get(1)?)),
        generation: read_generation(row, 2)?,
        sql: row.get(3)?,
        foreign_keys: read_foreign_keys(row, 4)?,
        allow_nondeterministic: row.get(5)?,
        state: match row.get(6)? {
            0 => MigrationState::Preparing,
            1 => MigrationState::Committed,
            2 => MigrationState::Applied,
            3 => MigrationState::Failed,
            4 => MigrationState::Cancelled,
            state => return Err(rusqlite::Error::IntegralValueOutOfRange(6, state)),
        },
        failure,
        figures: serde_json::from_str(row.get_ref(10)?.as_str()?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(10, Type::Text, error.into())
        })?,
        create_time: Timestamp(row.get(11)?),
        commit_time: row.get::<_, Option<i64>>(12)?.map(Timestamp),
        finish_time: row.get::<_, Option<i64>>(13)?.map(Timestamp),
    }))
}

fn read_id(row: &Row<'_>, column: usize) -> rusqlite::Result<MigrationId> {
    Ok(MigrationId::new(Uuid::from_bytes(row.get(column)?)))
}

fn read_generation(row: &Row<'_>, column: usize) -> rusqlite::Result<Generation> {
    Ok(Generation(row.get::<_, i64>(column)?.cast_unsigned()))
}

fn read_foreign_keys(row: &Row<'_>, column: usize) -> rusqlite::Result<ForeignKeys> {
    match row.get(column)? {
        0 => Ok(ForeignKeys::Enforced),
        1 => Ok(ForeignKeys::CheckAtEnd),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::catalog::sql::plans::{explain, is_from_cursor};

    #[test]
    fn a_page_is_read_from_its_cursor_and_in_order() {
        let after = Some((Timestamp(5), MigrationId::new(Uuid::nil())));
        for (state, bound) in [
            (None, "migrations_by_time (schema_id=? AND (create_time,id)<(?,?))"),
            (
                Some(MigrationState::Failed),
                "migrations_by_state (schema_id=? AND state=? AND (create_time,id)<(?,?))",
            ),
        ] {
            let schema = DatabaseId::new(Uuid::nil());
            is_from_cursor(&explain(select(schema, state, after, 100)), bound);
        }
    }
}
