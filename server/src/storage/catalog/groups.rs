//! SQL for groups.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::failure::{Failure, is_taken};
use super::sql::{ids_json, read_name, row_limit};
use super::{Group, Visible};
use crate::env::Timestamp;
use crate::error::{Error, Reason};
use crate::names::{GroupId, GroupName};

pub(super) fn create(connection: &Connection, group: Group) -> Result<Arc<Group>, Failure> {
    let insert =
        "INSERT INTO groups (id, name, create_time, tokens_not_before) VALUES (?, ?, ?, ?)";
    let inserted = connection.prepare_cached(insert)?.execute(params![
        group.id.uuid().into_bytes(),
        group.name.as_str(),
        group.create_time.0,
        group.tokens_not_before.0,
    ]);
    match inserted {
        Ok(_) => Ok(Arc::new(group)),
        Err(error) if is_taken(&error) => {
            let message = format!("the group '{}' exists already; choose another name", group.name);
            Err(Error::new(Reason::AlreadyExists, message).with("group", group.name).into())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn by_name(
    connection: &Connection,
    name: &GroupName,
) -> Result<Option<Arc<Group>>, Failure> {
    let sql = "SELECT id, name, create_time, tokens_not_before FROM groups WHERE name = ?";
    Ok(connection.prepare_cached(sql)?.query_row([name.as_str()], read_group).optional()?)
}

/// The group of an id. Errors: `GROUP_NOT_FOUND`.
pub(super) fn by_id(connection: &Connection, id: GroupId) -> Result<Arc<Group>, Failure> {
    let sql = "SELECT id, name, create_time, tokens_not_before FROM groups WHERE id = ?";
    let group = connection.prepare_cached(sql)?.query_row([id.uuid().into_bytes()], read_group);
    group.optional()?.ok_or_else(|| gone(id).into())
}

pub(super) fn list(
    connection: &Connection,
    after: Option<&GroupName>,
    limit: usize,
    visible: Option<&Visible>,
) -> Result<Vec<Arc<Group>>, Failure> {
    let after = after.map_or("", GroupName::as_str);
    let limit = row_limit(limit);
    let Some(visible) = visible else {
        let sql = "SELECT id, name, create_time, tokens_not_before FROM groups
            WHERE name > ? ORDER BY name LIMIT ?";
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![after, limit], read_group)?;
        return Ok(rows.collect::<rusqlite::Result<_>>()?);
    };
    let sql = "SELECT id, name, create_time, tokens_not_before FROM groups
        WHERE name > ?1
          AND (id IN (SELECT unhex(value) FROM json_each(?3))
            OR id IN (SELECT group_id FROM databases
                      WHERE state = 0 AND id IN (SELECT unhex(value) FROM json_each(?4))))
        ORDER BY name LIMIT ?2";
    let groups = ids_json(visible.groups.iter().map(|id| id.uuid()));
    let databases = ids_json(visible.databases.iter().map(|id| id.uuid()));
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![after, limit, groups, databases], read_group)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Deletes a group; answers its name.
pub(super) fn delete(connection: &Connection, id: GroupId) -> Result<GroupName, Failure> {
    let group = by_id(connection, id)?;
    let name = group.name.as_str();
    let in_use = "SELECT 1 FROM databases WHERE group_name = ? AND state = 0";
    if connection.prepare_cached(in_use)?.exists([name])? {
        let message = format!("the group '{name}' still has databases; delete them first");
        return Err(Error::new(Reason::GroupNotEmpty, message).with("group", name).into());
    }
    let purge = "UPDATE databases SET state = 2, purge_time = 0 WHERE group_name = ? AND state = 1";
    connection.prepare_cached(purge)?.execute([name])?;
    connection
        .prepare_cached("DELETE FROM groups WHERE id = ?")?
        .execute([id.uuid().into_bytes()])?;
    Ok(group.name.clone())
}

/// Strikes the tokens of a group; answers its name.
pub(super) fn invalidate_tokens(
    connection: &Connection,
    id: GroupId,
    now: Timestamp,
) -> Result<GroupName, Failure> {
    let group = by_id(connection, id)?;
    let sql = "UPDATE groups SET tokens_not_before = max(tokens_not_before, ?) WHERE id = ?";
    connection.prepare_cached(sql)?.execute(params![now.0, id.uuid().into_bytes()])?;
    Ok(group.name.clone())
}

fn gone(id: GroupId) -> Error {
    Error::new(Reason::GroupNotFound, "the group was deleted meanwhile").with("group", id)
}

fn read_group(row: &Row<'_>) -> rusqlite::Result<Arc<Group>> {
    Ok(Arc::new(Group {
        id: GroupId::new(Uuid::from_bytes(row.get(0)?)),
        name: read_name(row, 1, GroupName::new)?,
        create_time: Timestamp(row.get(2)?),
        tokens_not_before: Timestamp(row.get(3)?),
    }))
}
