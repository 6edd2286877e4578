//! Messages about databases and tokens, from the wire and to it. What a message
//! may hold is checked by the types that it is turned into; nothing is decided
//! here.

use std::time::Duration;

use prost_types::FieldMask;
use tenantry_client::v1;

use crate::databases::{DatabaseQuery, DatabaseSpec, View};
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
        Kind::Child { schema } => (v1::DatabaseKind::Child, schema.to_string()),
    };
    let state = match database.state {
        State::Active => v1::DatabaseState::Active,
        State::Deleted => v1::DatabaseState::Deleted,
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
        state_reason: String::new(),
        etag,
    }
}

/// A database to be created, which stands at `field` in its request.
pub(super) fn database_spec(database: v1::Database, field: &str) -> Result<DatabaseSpec> {
    let has_parent = !database.schema.is_empty();
    let kind = match (kind(database.kind)?, has_parent) {
        (None, false) => KindFilter::Regular,
        (None, true) => KindFilter::Child,
        (Some(KindFilter::Child), false) => {
            return Err(Error::field(format!("{field}.schema"), "must name the parent of a CHILD"));
        }
        (Some(KindFilter::Regular | KindFilter::Schema), true) => {
            let rule = "must be empty but for a CHILD, which alone has a parent";
            return Err(Error::field(format!("{field}.schema"), rule));
        }
        (Some(kind), _) => kind,
    };
    Ok(DatabaseSpec {
        name: DatabaseName::new(database.name)
            .map_err(|error| error.at(format!("{field}.name")))?,
        group: GroupName::or_default(&database.group)
            .map_err(|error| error.at(format!("{field}.group")))?,
        kind,
        settings: Settings {
            allow_attach: database.allow_attach,
            delete_protection: database.delete_protection,
            block_reads: database.block_reads,
            block_writes: database.block_writes,
            size_limit_bytes: database.size_limit_bytes,
            labels: database.labels,
        },
    })
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
    let schema = match optional(request.schema) {
        None => None,
        Some(text) if text.contains('/') => Some(reference(&text, "schema")?),
        Some(text) => {
            let group = group.clone().unwrap_or_default();
            let database = NameOrId::parse(&text).map_err(|error| error.at("schema"))?;
            Some(DatabaseRef { group, database })
        }
    };
    let (kind, labels, show_deleted) = (kind(request.kind)?, request.labels, request.show_deleted);
    let query = DatabaseQuery { group, kind, schema, labels, show_deleted };
    Ok((query, page(request.page_size, request.page_token)))
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
mod tests {
    use super::*;

    fn named(name: &str) -> v1::Database {
        v1::Database { name: name.to_owned(), ..Default::default() }
    }

    #[test]
    fn times_before_1970_keep_their_milliseconds() {
        let times = [(1_500, (1, 500_000_000)), (0, (0, 0)), (-1, (-1, 999_000_000))];
        for (ms, (seconds, nanos)) in times {
            assert_eq!(timestamp(Timestamp(ms)), prost_types::Timestamp { seconds, nanos });
        }
    }

    #[test]
    fn a_kind_must_fit_the_parent() {
        use v1::DatabaseKind::{Child, Regular, Schema, Unspecified};
        for (kind, schema, expected) in [
            (Unspecified, "", Some(KindFilter::Regular)),
            (Unspecified, "parent", Some(KindFilter::Child)),
            (Child, "parent", Some(KindFilter::Child)),
            (Schema, "", Some(KindFilter::Schema)),
            (Child, "", None),
            (Regular, "parent", None),
            (Schema, "parent", None),
        ] {
            let database =
                v1::Database { kind: kind.into(), schema: schema.to_owned(), ..named("a") };
            let spec = database_spec(database, "database").ok();
            assert_eq!(spec.map(|spec| spec.kind), expected, "{kind:?} with '{schema}'");
        }
        assert!(database_spec(v1::Database { kind: 99, ..named("a") }, "database").is_err());
    }

    #[test]
    fn a_database_is_meant_by_its_id_or_by_its_name() {
        let id = "0197a3f0-0000-4000-8000-000000000001";
        for (name, id, group, expected) in [
            ("a", "", "", "default/a"),
            ("a", "", "eu", "eu/a"),
            ("eu/a", "", "", "eu/a"),
            (id, "", "eu", &format!("eu/{id}")),
            ("a", id, "eu", &format!("eu/{id}")),
        ] {
            let (id, group) = (id.to_owned(), group.to_owned());
            let reference = database_ref(&v1::Database { id, group, ..named(name) });
            assert_eq!(reference.expect("valid").to_string(), expected);
        }
    }

    #[test]
    fn a_bad_name_is_told_with_its_field() {
        let field = |error: Error| error.fields()[0].field.clone();
        let in_group = |group: &str| v1::Database { group: group.to_owned(), ..named("a") };
        let of_spec = |database| field(database_spec(database, "databases[3]").expect_err("bad"));
        assert_eq!(of_spec(named("A")), "databases[3].name");
        assert_eq!(of_spec(in_group("EU")), "databases[3].group");
        let of_ref = |database| field(database_ref(&database).expect_err("bad"));
        assert_eq!(of_ref(named("eu/A")), "database.name");
        assert_eq!(of_ref(in_group("EU")), "database.group");
        let request = v1::CreateTokenRequest {
            databases: vec!["a".to_owned()],
            attach: vec!["b".to_owned(), "C".to_owned()],
            ..Default::default()
        };
        assert_eq!(field(token_spec(request).expect_err("bad")), "attach[1]");
    }

    #[test]
    fn a_mask_changes_what_it_names_and_nothing_else() {
        let patch = |paths: &[&str]| {
            let paths = paths.iter().map(|path| (*path).to_owned()).collect();
            settings_patch(named("a"), Some(FieldMask { paths }))
        };
        let changed = patch(&["block_reads", "labels"]).expect("valid");
        let expected = SettingsPatch {
            block_reads: Some(false),
            labels: Some(Default::default()),
            ..Default::default()
        };
        assert_eq!(changed, expected);
        let twice = patch(&["labels", "labels"]).expect("valid");
        assert_eq!(twice.labels, Some(Default::default()));
        for bad in [&[][..], &["name"], &["*"], &["block_reads", "blockWrites"]] {
            assert_eq!(
                patch(bad).expect_err("refused").reason(),
                Reason::InvalidArgument,
                "{bad:?}"
            );
        }
        assert!(settings_patch(named("a"), None).is_err());
    }

    #[test]
    fn what_a_token_shall_permit_is_never_guessed() {
        use v1::create_token_request::Lifetime;

        let plain = token_spec(v1::CreateTokenRequest::default()).expect("valid");
        assert_eq!(
            (plain.access, plain.ttl, plain.never_expires),
            (AccessLevel::ReadWrite, None, false)
        );
        let permission = |actions: Vec<i32>| v1::CreateTokenRequest {
            permissions: vec![v1::Permission { table: "t".to_owned(), actions }],
            ..Default::default()
        };
        assert!(token_spec(permission(vec![v1::Action::DataRead.into()])).is_ok());
        let negative = prost_types::Duration { seconds: -1, nanos: 0 };
        for bad in [
            permission(vec![v1::Action::DataRead.into(), 99]),
            permission(vec![v1::Action::Unspecified.into()]),
            v1::CreateTokenRequest { access: 99, ..Default::default() },
            v1::CreateTokenRequest {
                lifetime: Some(Lifetime::Ttl(negative)),
                ..Default::default()
            },
        ] {
            let error = token_spec(bad.clone()).expect_err("refused");
            assert_eq!(error.reason(), Reason::InvalidArgument, "{bad:?}");
        }
    }
}
