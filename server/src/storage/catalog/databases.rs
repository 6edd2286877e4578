//! SQL for databases, one at a time. Lists are in `list.rs`, and how databases go
//! and come back in `deletion.rs`.

use std::collections::BTreeMap;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::Arc;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::{Failure, is_taken};
use super::sql::read_name;
use super::{
    Database, Group, Kind, KindFilter, NewDatabase, RequestKey, Settings, SettingsPatch, State,
    groups, requests,
};
use crate::env::Timestamp;
use crate::error::{Error, Reason};
use crate::names::{
    DatabaseId, DatabaseName, DatabaseRef, Generation, GroupId, GroupName, NameOrId,
};

/// What [`read_database`] reads, of `databases d` and [`JOINED`]. A CHILD whose
/// parent has no row any more is at the generation of its own file.
pub(super) const COLUMNS: &str = "d.id, d.name, d.group_id, d.group_name, d.kind, d.schema_id,
    CASE d.kind WHEN 2 THEN coalesce(p.generation, d.file_generation) ELSE d.generation END,
    d.allow_attach, d.delete_protection, d.block_reads, d.block_writes,
    d.size_limit_bytes, d.state, d.revision, d.create_time, d.update_time, d.delete_time,
    d.purge_time, max(d.tokens_not_before, g.tokens_not_before), d.used,
    (SELECT json_group_object(l.key, l.value) FROM labels l WHERE l.database = d.id),
    p.name, d.file_generation, d.quarantine";

/// What stands behind `databases d`: its group, and the parent of a CHILD. They
/// are looked up for each row; nothing but `d` gives the order.
pub(super) const JOINED: &str = "CROSS JOIN groups g ON g.id = d.group_id
    LEFT JOIN databases p ON p.id = d.schema_id";

pub(super) fn create(
    connection: &Connection,
    databases: Vec<(DatabaseId, NewDatabase)>,
    request: Option<&RequestKey>,
    now: Timestamp,
) -> Result<Vec<Arc<Database>>, Failure> {
    if let Some(key) = request
        && let Some(first) = requests::answered(connection, key)?
    {
        return Ok(first);
    }
    let (mut groups, mut parents) = (HashMap::new(), HashMap::new());
    let mut created = Vec::with_capacity(databases.len());
    let one_of_many = databases.len() > 1;
    for (index, (id, new)) in databases.into_iter().enumerate() {
        let group = match groups.entry(new.group_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(groups::by_id(connection, new.group_id)?),
        };
        let database = create_under_parent(connection, id, new, group, &mut parents, now).map_err(
            |failure| match failure {
                Failure::Refused(error) if one_of_many => error.with("index", index).into(),
                failure => failure,
            },
        )?;
        created.push(Arc::new(database));
    }
    if let Some(key) = request {
        requests::note(connection, key, &created, now)?;
    }
    Ok(created)
}

/// Creates a database without a file; a CHILD is at its parent's generation.
/// `parents` holds those that were read before.
pub(super) fn create_under_parent(
    connection: &Connection,
    id: DatabaseId,
    new: NewDatabase,
    group: &Group,
    parents: &mut HashMap<DatabaseId, Arc<Database>>,
    now: Timestamp,
) -> Result<Database, Failure> {
    let mut database = Database {
        id,
        name: new.name,
        group_id: group.id,
        group: group.name.clone(),
        kind: new.kind,
        schema_name: None,
        generation: Generation::default(),
        file_generation: Generation::default(),
        quarantine: None,
        used: false,
        settings: new.settings,
        state: State::Active,
        revision: 1,
        create_time: now,
        update_time: now,
        delete_time: None,
        purge_time: None,
        tokens_not_before: group.tokens_not_before,
    };
    if let Kind::Child { schema } = database.kind {
        let parent = match parents.entry(schema) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(active(connection, schema, None)?),
        };
        check_parent(parent, database.group_id)?;
        database.schema_name = Some(parent.name.clone());
        database.generation = parent.generation;
    }
    insert(connection, &database)?;
    Ok(database)
}

fn check_parent(parent: &Database, group: GroupId) -> Result<(), Error> {
    let (name, kind) = (reference(parent), parent.kind);
    if kind != Kind::Schema {
        let message = format!("'{name}' is a {kind} database; the parent must be a SCHEMA one");
        let error = Error::new(Reason::WrongKind, message);
        return Err(error.with("database", name).with("kind", kind));
    }
    if parent.group_id != group {
        let message = format!("the schema '{name}' is in another group than its child");
        return Err(Error::new(Reason::InvalidArgument, message).with("database", name));
    }
    Ok(())
}

fn insert(connection: &Connection, database: &Database) -> Result<(), Failure> {
    let sql = "INSERT INTO databases (id, name, group_id, group_name, kind, schema_id, generation,
            used, allow_attach, delete_protection, block_reads, block_writes, size_limit_bytes, state,
            revision, create_time, update_time, tokens_not_before)
        VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 0)";
    let schema = match database.kind {
        Kind::Regular | Kind::Schema => None,
        Kind::Child { schema } => Some(schema),
    };
    let settings = &database.settings;
    let inserted = connection.prepare_cached(sql)?.execute(params![
        database.id.uuid().into_bytes(),
        database.name.as_str(),
        database.group_id.uuid().into_bytes(),
        database.group.as_str(),
        kind_column(database.kind.into()),
        schema.map(|id| id.uuid().into_bytes()),
        database.used,
        settings.allow_attach,
        settings.delete_protection,
        settings.block_reads,
        settings.block_writes,
        settings.size_limit_bytes.cast_signed(),
        database.revision.cast_signed(),
        database.create_time.0,
        database.update_time.0,
    ]);
    match inserted {
        Ok(_) => Ok(insert_labels(connection, database)?),
        Err(error) if is_taken(&error) => Err(name_taken(database).into()),
        Err(error) => Err(error.into()),
    }
}

fn insert_labels(connection: &Connection, database: &Database) -> rusqlite::Result<()> {
    let sql = "INSERT INTO labels (key, value, group_name, name, database) VALUES (?, ?, ?, ?, ?)";
    let (group, name) = (database.group.as_str(), database.name.as_str());
    for (key, value) in &database.settings.labels {
        let label = params![key, value, group, name, database.id.uuid().into_bytes()];
        connection.prepare_cached(sql)?.execute(label)?;
    }
    Ok(())
}

/// The active database of a reference.
pub(super) fn by_reference(
    connection: &Connection,
    reference: &DatabaseRef,
) -> Result<Option<Arc<Database>>, Failure> {
    of_reference(connection, reference, "d.state = 0")
}

/// The newest deleted database of a reference.
pub(super) fn deleted_by_reference(
    connection: &Connection,
    reference: &DatabaseRef,
) -> Result<Option<Arc<Database>>, Failure> {
    of_reference(
        connection,
        reference,
        "d.state = 1 ORDER BY d.delete_time DESC, d.rowid DESC LIMIT 1",
    )
}

fn of_reference(
    connection: &Connection,
    reference: &DatabaseRef,
    condition: &str,
) -> Result<Option<Arc<Database>>, Failure> {
    let group = reference.group.as_str();
    match &reference.database {
        NameOrId::Name(name) => {
            let condition = format!("d.group_name = ? AND d.name = ? AND {condition}");
            one(connection, &condition, params![group, name.as_str()])
        }
        NameOrId::Id(id) => {
            let condition = format!("d.group_name = ? AND d.id = ? AND {condition}");
            one(connection, &condition, params![group, id.uuid().into_bytes()])
        }
    }
}

/// A database in whatever state.
pub(super) fn by_id(
    connection: &Connection,
    id: DatabaseId,
) -> Result<Option<Arc<Database>>, Failure> {
    one(connection, "d.id = ? AND d.state < 2", params![id.uuid().into_bytes()])
}

/// The name of the group that a database is in.
pub(super) fn group_of(
    connection: &Connection,
    id: DatabaseId,
) -> Result<Option<GroupName>, Failure> {
    let sql = "SELECT group_name FROM databases WHERE id = ?";
    let read = |row: &Row<'_>| read_name(row, 0, GroupName::new);
    Ok(connection.prepare_cached(sql)?.query_row([id.uuid().into_bytes()], read).optional()?)
}

pub(super) fn one(
    connection: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Option<Arc<Database>>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM databases d {JOINED} WHERE {condition}");
    Ok(connection.prepare_cached(&sql)?.query_row(params, read_database).optional()?.map(Arc::new))
}

pub(super) fn update(
    connection: &Connection,
    id: DatabaseId,
    patch: SettingsPatch,
    revision: Option<u64>,
    now: Timestamp,
) -> Result<Arc<Database>, Failure> {
    let before = active(connection, id, revision)?;
    let settings = patch.apply_to(&before.settings);
    if settings == before.settings {
        return Ok(before);
    }
    let after = Database {
        settings,
        revision: before.revision + 1,
        update_time: now,
        ..Database::clone(&before)
    };
    store(connection, &after)?;
    if after.settings.labels != before.settings.labels {
        delete_labels(connection, id)?;
        insert_labels(connection, &after)?;
    }
    Ok(Arc::new(after))
}

/// Strikes the tokens of a database; answers where it is.
pub(super) fn invalidate_tokens(
    connection: &Connection,
    id: DatabaseId,
    now: Timestamp,
) -> Result<(GroupName, DatabaseName), Failure> {
    let database = by_id(connection, id)?.ok_or_else(|| gone(id))?;
    let sql = "UPDATE databases SET tokens_not_before = max(tokens_not_before, ?) WHERE id = ?";
    connection.prepare_cached(sql)?.execute(params![now.0, id.uuid().into_bytes()])?;
    Ok((database.group.clone(), database.name.clone()))
}

pub(super) fn active(
    connection: &Connection,
    id: DatabaseId,
    revision: Option<u64>,
) -> Result<Arc<Database>, Failure> {
    let found = one(connection, "d.id = ? AND d.state = 0", params![id.uuid().into_bytes()])?;
    let database = found.ok_or_else(|| gone(id))?;
    if revision.is_some_and(|revision| revision != database.revision) {
        let name = reference(&database);
        let message = format!("the database '{name}' changed since this etag; read it again");
        return Err(Error::new(Reason::EtagMismatch, message).with("database", name).into());
    }
    Ok(database)
}

/// Writes what can change of a row, but for its labels.
pub(super) fn store(connection: &Connection, database: &Database) -> rusqlite::Result<()> {
    let sql = "UPDATE databases SET allow_attach = ?, delete_protection = ?, block_reads = ?,
            block_writes = ?, size_limit_bytes = ?, state = ?, revision = ?, update_time = ?,
            delete_time = ?, purge_time = ? WHERE id = ?";
    let settings = &database.settings;
    connection.prepare_cached(sql)?.execute(params![
        settings.allow_attach,
        settings.delete_protection,
        settings.block_reads,
        settings.block_writes,
        settings.size_limit_bytes.cast_signed(),
        match database.state {
            State::Active => 0,
            State::Deleted => 1,
        },
        database.revision.cast_signed(),
        database.update_time.0,
        database.delete_time.map(|time| time.0),
        database.purge_time.map(|time| time.0),
        database.id.uuid().into_bytes(),
    ])?;
    Ok(())
}

/// Notes that a database's file was made; answers whose row that is.
pub(super) fn mark_used(
    connection: &Connection,
    id: DatabaseId,
    generation: Generation,
) -> Result<(GroupName, DatabaseName), Failure> {
    let sql = "UPDATE databases SET used = 1, file_generation = max(file_generation, ?)
        WHERE id = ? RETURNING group_name, name";
    let marked = connection
        .prepare_cached(sql)?
        .query_row(params![generation.0.cast_signed(), id.uuid().into_bytes()], |row| {
            Ok((read_name(row, 0, GroupName::new)?, read_name(row, 1, DatabaseName::new)?))
        });
    Ok(marked.optional()?.ok_or_else(|| gone(id))?)
}

pub(super) fn delete_labels(connection: &Connection, id: DatabaseId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM labels WHERE database = ?";
    connection.prepare_cached(sql)?.execute([id.uuid().into_bytes()]).map(drop)
}

/// How errors name a database.
pub(super) fn reference(database: &Database) -> String {
    format!("{}/{}", database.group, database.name)
}

pub(super) fn gone(id: DatabaseId) -> Error {
    Error::new(Reason::DatabaseNotFound, "the database was deleted meanwhile").with("database", id)
}

pub(super) fn name_taken(database: &Database) -> Error {
    let Database { name, group, .. } = database;
    let message =
        format!("the group '{group}' has a database '{name}' already; choose another name");
    Error::new(Reason::AlreadyExists, message).with("database", reference(database))
}

const KIND_REGULAR: i64 = 0;
const KIND_SCHEMA: i64 = 1;
const KIND_CHILD: i64 = 2;

/// How a kind is kept.
pub(super) fn kind_column(kind: KindFilter) -> i64 {
    match kind {
        KindFilter::Regular => KIND_REGULAR,
        KindFilter::Schema => KIND_SCHEMA,
        KindFilter::Child => KIND_CHILD,
    }
}

/// Reads a row of [`COLUMNS`].
pub(super) fn read_database(row: &Row<'_>) -> rusqlite::Result<Database> {
    let kind = match (row.get(4)?, row.get::<_, Option<[u8; 16]>>(5)?) {
        (KIND_REGULAR, None) => Kind::Regular,
        (KIND_SCHEMA, None) => Kind::Schema,
        (KIND_CHILD, Some(schema)) => {
            Kind::Child { schema: DatabaseId::new(Uuid::from_bytes(schema)) }
        }
        (kind, _) => return Err(rusqlite::Error::IntegralValueOutOfRange(4, kind)),
    };
    Ok(Database {
        id: DatabaseId::new(Uuid::from_bytes(row.get(0)?)),
        name: read_name(row, 1, DatabaseName::new)?,
        group_id: GroupId::new(Uuid::from_bytes(row.get(2)?)),
        group: read_name(row, 3, GroupName::new)?,
        kind,
        schema_name: match row.get_ref(21)? {
            ValueRef::Null => None,
            _ => Some(read_name(row, 21, DatabaseName::new)?),
        },
        generation: Generation(row.get::<_, i64>(6)?.cast_unsigned()),
        file_generation: Generation(row.get::<_, i64>(22)?.cast_unsigned()),
        quarantine: row.get(23)?,
        settings: Settings {
            allow_attach: row.get(7)?,
            delete_protection: row.get(8)?,
            block_reads: row.get(9)?,
            block_writes: row.get(10)?,
            size_limit_bytes: row.get::<_, i64>(11)?.cast_unsigned(),
            labels: read_labels(row, 20)?,
        },
        state: match row.get(12)? {
            0 => State::Active,
            1 => State::Deleted,
            state => return Err(rusqlite::Error::IntegralValueOutOfRange(12, state)),
        },
        revision: row.get::<_, i64>(13)?.cast_unsigned(),
        create_time: Timestamp(row.get(14)?),
        update_time: Timestamp(row.get(15)?),
        delete_time: row.get::<_, Option<i64>>(16)?.map(Timestamp),
        purge_time: row.get::<_, Option<i64>>(17)?.map(Timestamp),
        tokens_not_before: Timestamp(row.get(18)?),
        used: row.get(19)?,
    })
}

fn read_labels(row: &Row<'_>, column: usize) -> rusqlite::Result<BTreeMap<String, String>> {
    let json = row.get_ref(column)?.as_str()?;
    serde_json::from_str(json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}
