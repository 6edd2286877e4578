//! Messages about databases and tokens, from the wire and to it. What a message
//! may hold is checked by the types that it is turned into; nothing is decided
//! here.

use std::mem;
use std::time::Duration;

use prost_types::FieldMask;
use tenantry_client::v1;

use crate::databases::{BranchSpec, DatabaseQuery, DatabaseSpec, KindSpec, View};
use crate::env::Timestamp;
use crate::error::{Error, Reason, Result};
use crate::grants::{
    AccessLevel, PageRequest, Permission, SigningKeyInfo, TokenInfo, TokenQuery, TokenScopes,
    TokenSpec, TokenTarget,
};
use crate::names::{DatabaseName, DatabaseRef, GroupName, NameOrId, TokenId};
use crate::storage::TableAction;
use crate::storage::catalog::{Group, Kind, KindFilter, Settings, SettingsPatch, State};

const MS_PER_SECOND: i64 = 1_000;
const NANOS_PER_MS: i64 = 1_000_000;

pub(super) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    let Timestamp(ms) = time;
    // Below one second in nanoseconds: it fits.
    let nanos = (ms.rem_euclid(MS_PER_SECOND) * NANOS_PER_MS) as i32;
    prost_types::Timestamp { seconds: ms.div_euclid(MS_PER_SECOND), nanos }
}

pub(super) fn page(size: i32, token: String) -> PageRequest {
    PageRequest { size, token }
}

pub(super) fn group(group: &Group) -> v1::Group {
    let create_time = Some(timestamp(group.create_time));
    v1::Group { name: group.name.to_string(), create_time }
}

pub(super) fn database(view: View) -> v1::Database {
    let etag = view.etag();
    let database = &*view.database;
    let settings = &database.settings;
    let (kind, schema) = match database.kind {
        Kind::Regular => (v1::DatabaseKind::Regular, String::new()),
        Kind::Schema => (v1::DatabaseKind::Schema, String::new()),
        Kind::Child { schema } => {
            let name = database.schema_name.as_ref().map(DatabaseName::to_string);
            // A deleted child can outlive its parent, and with it that name.
            (v1::DatabaseKind::Child, name.unwrap_or_else(|| schema.to_string()))
        }
    };
    let (state, state_reason) = match (database.state, &database.quarantine) {
        (State::Active, None) => (v1::DatabaseState::Active, String::new()),
        (State::Active, Some(reason)) => (v1::DatabaseState::Quarantined, reason.clone()),
        (State::Deleted, _) => (v1::DatabaseState::Deleted, String::new()),
    };
    v1::Database {
        name: database.name.to_string(),
        id: database.id.to_string(),
        group: database.group.to_string(),
        kind: kind.into(),
        schema,
        generation: database.generation.0,
        allow_attach: settings.allow_attach,
        delete_protection: settings.delete_protection,
        block_reads: settings.block_reads,
        block_writes: settings.block_writes,
        size_limit_bytes: settings.size_limit_bytes,
        size_bytes: view.size_bytes,
        labels: settings.labels.clone(),
        create_time: Some(timestamp(database.create_time)),
        update_time: Some(timestamp(database.update_time)),
        delete_time: database.delete_time.map(timestamp),
        purge_time: database.purge_time.map(timestamp),
        state: state.into(),
        state_reason,
        etag,
    }
}

/// A database to be created, which stands at `field` in its request.
pub(super) fn database_spec(mut database: v1::Database, field: &str) -> Result<DatabaseSpec> {
    let group = GroupName::or_default(&database.group)
        .map_err(|error| error.at(format!("{field}.group")))?;
    let schema = optional(mem::take(&mut database.schema))
        .map(|text| schema_ref(&text, &group, &format!("{field}.schema")))
        .transpose()?;
    let kind = match (kind(database.kind)?, schema) {
        (None | Some(KindFilter::Regular), None) => KindSpec::Regular,
        (Some(KindFilter::Schema), None) => KindSpec::Schema,
        (None | Some(KindFilter::Child), Some(schema)) => KindSpec::Child { schema },
        (Some(KindFilter::Child), None) => {
            return Err(Error::field(format!("{field}.schema"), "must name the parent of a CHILD"));
        }
        (Some(KindFilter::Regular | KindFilter::Schema), Some(_)) => {
            let rule = "must be empty but for a CHILD, which alone has a parent";
            return Err(Error::field(format!("{field}.schema"), rule));
        }
    };
    Ok(DatabaseSpec {
        name: DatabaseName::new(mem::take(&mut database.name))
            .map_err(|error| error.at(format!("{field}.name")))?,
        group,
        kind,
        settings: settings(database),
    })
}

/// A branch to be made of a database.
pub(super) fn branch_spec(mut database: v1::Database, source: &DatabaseRef) -> Result<BranchSpec> {
    let group = optional(mem::take(&mut database.group));
    let schema = optional(mem::take(&mut database.schema));
    Ok(BranchSpec {
        name: DatabaseName::new(mem::take(&mut database.name))
            .map_err(|error| error.at("database.name"))?,
        group: group.map(|name| group_name(name, "database.group")).transpose()?,
        kind: kind(database.kind).map_err(|error| error.at("database.kind"))?,
        schema: schema
            .map(|text| schema_ref(&text, &source.group, "database.schema"))
            .transpose()?,
        settings: settings(database),
    })
}

fn settings(database: v1::Database) -> Settings {
    Settings {
        allow_attach: database.allow_attach,
        delete_protection: database.delete_protection,
        block_reads: database.block_reads,
        block_writes: database.block_writes,
        size_limit_bytes: database.size_limit_bytes,
        labels: database.labels,
    }
}

/// What a message that holds a database means by it.
pub(super) fn database_ref(database: &v1::Database) -> Result<DatabaseRef> {
    let (name, field) = if database.id.is_empty() {
        (&database.name, "database.name")
    } else {
        (&database.id, "database.id")
    };
    if database.id.is_empty() && name.contains('/') {
        return DatabaseRef::parse(name).map_err(|error| error.at(field));
    }
    let group =
        GroupName::or_default(&database.group).map_err(|error| error.at("database.group"))?;
    let database = NameOrId::parse(name).map_err(|error| error.at(field))?;
    Ok(DatabaseRef { group, database })
}

/// What to change of a database.
pub(super) fn settings_patch(
    database: v1::Database,
    mask: Option<FieldMask>,
) -> Result<SettingsPatch> {
    const FIELDS: &str =
        "allow_attach, delete_protection, block_reads, block_writes, size_limit_bytes and labels";

    let paths = mask.unwrap_or_default().paths;
    if paths.is_empty() {
        return Err(Error::field(
            "update_mask",
            format!("must name what to change, out of {FIELDS}"),
        ));
    }
    let mut patch = SettingsPatch::default();
    // Taken once and not copied for each path: a mask may be long.
    let mut labels = Some(database.labels);
    for path in paths {
        match path.as_str() {
            "allow_attach" => patch.allow_attach = Some(database.allow_attach),
            "delete_protection" => patch.delete_protection = Some(database.delete_protection),
            "block_reads" => patch.block_reads = Some(database.block_reads),
            "block_writes" => patch.block_writes = Some(database.block_writes),
            "size_limit_bytes" => patch.size_limit_bytes = Some(database.size_limit_bytes),
            "labels" => patch.labels = labels.take().or(patch.labels),
            _ => {
                let rule = format!("may name only {FIELDS}, not '{path}'");
                return Err(Error::field("update_mask", rule));
            }
        }
    }
    Ok(patch)
}

/// Which databases to list, and which page of the list.
pub(super) fn database_query(
    request: v1::ListDatabasesRequest,
) -> Result<(DatabaseQuery, PageRequest)> {
    let group = optional(request.group).map(|name| group_name(name, "group")).transpose()?;
    let schema = optional(request.schema)
        .map(|text| schema_ref(&text, &group.clone().unwrap_or_default(), "schema"))
        .transpose()?;
    let (kind, labels, show_deleted) = (kind(request.kind)?, request.labels, request.show_deleted);
    let query = DatabaseQuery { group, kind, schema, labels, show_deleted };
    Ok((query, page(request.page_size, request.page_token)))
}

/// The SCHEMA database that stands at `field`: a reference, or a name or id in
/// this group.
fn schema_ref(text: &str, group: &GroupName, field: &str) -> Result<DatabaseRef> {
    if text.contains('/') {
        return reference(text, field);
    }
    let database = NameOrId::parse(text).map_err(|error| error.at(field))?;
    Ok(DatabaseRef { group: group.clone(), database })
}

/// The kind that a request names, if it does.
fn kind(kind: i32) -> Result<Option<KindFilter>> {
    match v1::DatabaseKind::try_from(kind) {
        Ok(v1::DatabaseKind::Unspecified) => Ok(None),
        Ok(v1::DatabaseKind::Regular) => Ok(Some(KindFilter::Regular)),
        Ok(v1::DatabaseKind::Schema) => Ok(Some(KindFilter::Schema)),
        Ok(v1::DatabaseKind::Child) => Ok(Some(KindFilter::Child)),
        Err(_) => Err(Error::field("kind", "must be REGULAR, SCHEMA or CHILD")),
    }
}

/// What a new token shall permit.
pub(super) fn token_spec(request: v1::CreateTokenRequest) -> Result<TokenSpec> {
    use v1::create_token_request::Lifetime;

    let (ttl, never_expires) = match request.lifetime {
        None | Some(Lifetime::NeverExpires(false)) => (None, false),
        Some(Lifetime::NeverExpires(true)) => (None, true),
        Some(Lifetime::Ttl(ttl)) => {
            let ttl = Duration::try_from(ttl);
            (Some(ttl.map_err(|_| Error::field("ttl", "must be more than 0"))?), false)
        }
    };
    let access = match v1::Access::try_from(request.access) {
        Ok(v1::Access::Unspecified | v1::Access::ReadWrite) => AccessLevel::ReadWrite,
        Ok(v1::Access::ReadOnly) => AccessLevel::ReadOnly,
        Ok(v1::Access::Admin) => AccessLevel::Admin,
        Err(_) => return Err(Error::field("access", "must be READ_ONLY, READ_WRITE or ADMIN")),
    };
    Ok(TokenSpec {
        databases: references(&request.databases, "databases")?,
        groups: group_names(request.groups)?,
        access,
        ddl: request.ddl,
        attach: references(&request.attach, "attach")?,
        permissions: request.permissions.into_iter().map(permission).collect::<Result<_>>()?,
        ttl,
        never_expires,
        subject: request.subject,
        server_admin: request.server_admin,
    })
}

fn reference(text: &str, field: &str) -> Result<DatabaseRef> {
    DatabaseRef::parse(text).map_err(|error| error.at(field))
}

fn references(texts: &[String], field: &str) -> Result<Vec<DatabaseRef>> {
    let read = |(index, text): (_, &String)| reference(text, &format!("{field}[{index}]"));
    texts.iter().enumerate().map(read).collect()
}

fn group_name(name: String, field: &str) -> Result<GroupName> {
    GroupName::new(name).map_err(|error| error.at(field))
}

fn group_names(names: Vec<String>) -> Result<Vec<GroupName>> {
    let read = |(index, name)| group_name(name, &format!("groups[{index}]"));
    names.into_iter().enumerate().map(read).collect()
}

fn permission(permission: v1::Permission) -> Result<Permission> {
    let known = permission.actions().map(|action| match action {
        v1::Action::Unspecified => None,
        v1::Action::DataRead => Some(TableAction::DataRead),
        v1::Action::DataAdd => Some(TableAction::DataAdd),
        v1::Action::DataUpdate => Some(TableAction::DataUpdate),
        v1::Action::DataDelete => Some(TableAction::DataDelete),
        v1::Action::SchemaAdd => Some(TableAction::SchemaAdd),
        v1::Action::SchemaUpdate => Some(TableAction::SchemaUpdate),
        v1::Action::SchemaDelete => Some(TableAction::SchemaDelete),
    });
    let actions: Option<Vec<_>> = known.collect();
    // An action of a newer client is left out by `actions()`: it must not pass
    // for a permission without it.
    match actions {
        Some(actions) if actions.len() == permission.actions.len() => {
            Ok(Permission { table: permission.table, actions })
        }
        _ => Err(Error::field("permissions.actions", "must be known to this server")),
    }
}

/// Which tokens to list, and which page of the list.
pub(super) fn token_query(request: v1::ListTokensRequest) -> Result<(TokenQuery, PageRequest)> {
    let target = match (optional(request.database), optional(request.group)) {
        (None, None) => None,
        (Some(text), None) => Some(TokenTarget::Database(reference(&text, "database")?)),
        (None, Some(name)) => Some(TokenTarget::Group(group_name(name, "group")?)),
        (Some(_), Some(_)) => {
            return Err(Error::field("group", "must be empty where database is given"));
        }
    };
    let (subject, show_inactive) = (optional(request.subject), request.show_inactive);
    let query = TokenQuery { target, subject, show_inactive };
    Ok((query, page(request.page_size, request.page_token)))
}

/// The id of a token. What is no id at all names no token.
pub(super) fn token_id(text: &str) -> Result<TokenId> {
    text.parse().map_err(|_| {
        let message = "there is no token of this id; list those that there are";
        Error::new(Reason::TokenNotFound, message).with("token", text)
    })
}

pub(super) fn token_target(
    target: Option<v1::invalidate_tokens_request::Target>,
) -> Result<TokenTarget> {
    use v1::invalidate_tokens_request::Target;

    match target {
        Some(Target::Database(text)) => reference(&text, "database").map(TokenTarget::Database),
        Some(Target::Group(name)) => group_name(name, "group").map(TokenTarget::Group),
        None => Err(Error::field("target", "must be a database or a group")),
    }
}

pub(super) fn token_info(info: TokenInfo) -> v1::TokenInfo {
    v1::TokenInfo {
        id: info.id.to_string(),
        subject: info.subject,
        scopes: Some(token_scopes(info.scopes)),
        create_time: Some(timestamp(info.create_time)),
        expire_time: info.expire_time.map(timestamp),
        revoke_time: info.revoke_time.map(timestamp),
        signing_key_id: info.signing_key_id,
    }
}

fn token_scopes(scopes: TokenScopes) -> v1::TokenScopes {
    let access = match scopes.access {
        AccessLevel::ReadOnly => v1::Access::ReadOnly,
        AccessLevel::ReadWrite => v1::Access::ReadWrite,
        AccessLevel::Admin => v1::Access::Admin,
    };
    let permission = |permission: Permission| v1::Permission {
        table: permission.table,
        actions: permission
            .actions
            .into_iter()
            .map(|action| action_number(action).into())
            .collect(),
    };
    v1::TokenScopes {
        databases: scopes.databases,
        groups: scopes.groups,
        access: access.into(),
        ddl: scopes.ddl,
        attach: scopes.attach,
        permissions: scopes.permissions.into_iter().map(permission).collect(),
        server_admin: scopes.server_admin,
    }
}

fn action_number(action: TableAction) -> v1::Action {
    match action {
        TableAction::DataRead => v1::Action::DataRead,
        TableAction::DataAdd => v1::Action::DataAdd,
        TableAction::DataUpdate => v1::Action::DataUpdate,
        TableAction::DataDelete => v1::Action::DataDelete,
        TableAction::SchemaAdd => v1::Action::SchemaAdd,
        TableAction::SchemaUpdate => v1::Action::SchemaUpdate,
        TableAction::SchemaDelete => v1::Action::SchemaDelete,
    }
}

pub(super) fn signing_key(key: SigningKeyInfo) -> v1::SigningKey {
    v1::SigningKey {
        id: key.id,
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: key.x,
        alg: "EdDSA".to_owned(),
        r#use: "sig".to_owned(),
        active: key.active,
        create_time: Some(timestamp(key.create_time)),
    }
}

/// A text that a request may leave out.
fn optional(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
