//! SQL for minted tokens.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use uuid::Uuid;

use super::failure::Failure;
use super::sql::blob;
use super::{TokenFilter, TokenRow, TokenScope, Visible, databases, groups};
use crate::env::Timestamp;
use crate::error::{Error, Reason};
use crate::names::{DatabaseId, GroupId, TokenId};

const COLUMNS: &str = "t.id, t.subject, t.claims, t.databases, t.groups, t.key_id, t.create_time,
    t.expire_time, t.revoke_time";

/// A token's place in a list.
type TokenCursor = (Timestamp, TokenId);

pub(super) fn add(connection: &Connection, token: &TokenRow) -> Result<(), Failure> {
    let mut named = Vec::new();
    let mut scopes = Vec::new();
    for &id in &token.databases {
        let group = group_of(connection, id)?;
        named.extend([id.uuid().into_bytes(), group]);
        scopes.extend([id.uuid().into_bytes(), group]);
    }
    for &id in &token.groups {
        scopes.push(groups::by_id(connection, id)?.id.uuid().into_bytes());
    }
    let groups: Vec<[u8; 16]> = token.groups.iter().map(|id| id.uuid().into_bytes()).collect();
    let id = token.id.uuid().into_bytes();
    let insert = "INSERT INTO tokens (id, subject, claims, databases, groups, key_id, create_time,
            expire_time, revoke_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.prepare_cached(insert)?.execute(params![
        id,
        token.subject,
        token.claims,
        named.concat(),
        groups.concat(),
        token.key_id,
        token.create_time.0,
        token.expire_time.map(|time| time.0),
        token.revoke_time.map(|time| time.0),
    ])?;
    // Two databases of one group give that group twice.
    let insert = "INSERT OR IGNORE INTO token_scopes (scope, create_time, token) VALUES (?, ?, ?)";
    for scope in scopes {
        connection.prepare_cached(insert)?.execute(params![scope, token.create_time.0, id])?;
    }
    Ok(())
}

fn group_of(connection: &Connection, id: DatabaseId) -> Result<[u8; 16], Failure> {
    let sql = "SELECT group_id FROM databases WHERE id = ? AND state < 2";
    let group =
        connection.prepare_cached(sql)?.query_row([id.uuid().into_bytes()], |row| row.get(0));
    group.optional()?.ok_or_else(|| databases::gone(id).into())
}

pub(super) fn by_id(connection: &Connection, id: TokenId) -> Result<Option<TokenRow>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM tokens t WHERE t.id = ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row([id.uuid().into_bytes()], read_token).optional()?;
    Ok(found.map(|stored| stored.token))
}

/// See [`super::Catalog::tokens`].
pub(super) fn list(
    connection: &Connection,
    filter: &TokenFilter,
    after: Option<TokenCursor>,
    limit: usize,
) -> Result<Vec<TokenRow>, Failure> {
    let scopes: Vec<Uuid> = match (filter.scope, &filter.visible) {
        (Some(TokenScope::Database(id)), _) => vec![id.uuid()],
        (Some(TokenScope::Group(id)), _) => vec![id.uuid()],
        (None, Some(visible)) => {
            let groups = visible.groups.iter().map(|id| id.uuid());
            groups.chain(visible.databases.iter().map(|id| id.uuid())).collect()
        }
        (None, None) => return page(connection, filter, None, after, limit),
    };
    let mut found = BTreeMap::new();
    for scope in scopes {
        for token in page(connection, filter, Some(scope), after, limit)? {
            found.insert((token.create_time, token.id), token);
        }
    }
    Ok(found.into_values().rev().take(limit).collect())
}

fn page(
    connection: &Connection,
    filter: &TokenFilter,
    scope: Option<Uuid>,
    after: Option<TokenCursor>,
    limit: usize,
) -> Result<Vec<TokenRow>, Failure> {
    let mut conditions = vec!["true"];
    let mut values = Vec::new();
    let (from, order, below) = match scope {
        Some(scope) => {
            conditions.push("s.scope = ?");
            values.push(blob(scope));
            (
                "token_scopes s CROSS JOIN tokens t ON t.id = s.token",
                "s.create_time DESC, s.token DESC",
                "(s.create_time, s.token) < (?, ?)",
            )
        }
        None => ("tokens t", "t.create_time DESC, t.id DESC", "(t.create_time, t.id) < (?, ?)"),
    };
    if let Some((time, id)) = after {
        conditions.push(below);
        values.extend([Value::from(time.0), blob(id.uuid())]);
    }
    if let Some(subject) = &filter.subject {
        conditions.push("t.subject = ?");
        values.push(subject.clone().into());
    }
    if let Some(now) = filter.active_at {
        conditions.push("t.revoke_time IS NULL AND (t.expire_time IS NULL OR t.expire_time > ?)");
        values.push(now.0.into());
    }
    let conditions = conditions.join(" AND ");
    let sql = format!("SELECT {COLUMNS} FROM {from} WHERE {conditions} ORDER BY {order}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let stored = read_token(row)?;
        if filter.visible.as_ref().is_none_or(|visible| stored.is_within(visible)) {
            found.push(stored.token);
        }
    }
    Ok(found)
}

pub(super) fn revoke(
    connection: &Connection,
    id: TokenId,
    now: Timestamp,
) -> Result<TokenRow, Failure> {
    let sql = "UPDATE tokens SET revoke_time = ? WHERE id = ? AND revoke_time IS NULL";
    connection.prepare_cached(sql)?.execute(params![now.0, id.uuid().into_bytes()])?;
    by_id(connection, id)?.ok_or_else(|| {
        Error::new(Reason::TokenNotFound, format!("there is no token '{id}'"))
            .with("token", id)
            .into()
    })
}

pub(super) fn revoked(connection: &Connection, now: Timestamp) -> Result<Vec<TokenId>, Failure> {
    let sql = "SELECT id FROM tokens
        WHERE revoke_time IS NOT NULL AND (expire_time IS NULL OR expire_time > ?)";
    let mut statement = connection.prepare_cached(sql)?;
    let ids =
        statement.query_map([now.0], |row| Ok(TokenId::new(Uuid::from_bytes(row.get(0)?))))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// A token, and what is kept beside it.
struct StoredToken {
    token: TokenRow,
    /// The groups of `token.databases`, in the same order. Kept here because a
    /// token outlives the databases that it names.
    database_groups: Vec<GroupId>,
}

impl StoredToken {
    fn is_within(&self, visible: &Visible) -> bool {
        let TokenRow { databases, groups, .. } = &self.token;
        let mut named = databases.iter().zip(&self.database_groups);
        let names_any = !databases.is_empty() || !groups.is_empty();
        names_any
            && groups.iter().all(|group| visible.groups.contains(group))
            && named
                .all(|(id, group)| visible.databases.contains(id) || visible.groups.contains(group))
    }
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<StoredToken> {
    let databases = read_ids(row, 3)?;
    let (databases, database_groups) = databases
        .chunks_exact(2)
        .map(|pair| (DatabaseId::new(pair[0]), GroupId::new(pair[1])))
        .unzip();
    let token = TokenRow {
        id: TokenId::new(Uuid::from_bytes(row.get(0)?)),
        subject: row.get(1)?,
        claims: row.get(2)?,
        databases,
        groups: read_ids(row, 4)?.into_iter().map(GroupId::new).collect(),
        key_id: row.get(5)?,
        create_time: Timestamp(row.get(6)?),
        expire_time: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        revoke_time: row.get::<_, Option<i64>>(8)?.map(Timestamp),
    };
    Ok(StoredToken { token, database_groups })
}

fn read_ids(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Uuid>> {
    let (ids, _) = row.get_ref(column)?.as_blob()?.as_chunks::<16>();
    Ok(ids.iter().copied().map(Uuid::from_bytes).collect())
}
