//! Messages to domain types and back: what is not plain copying.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::names::{DatabaseId, Generation, GroupId};
use crate::storage::catalog::Database;

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
    let child =
        |schema: &str| Some(KindSpec::Child { schema: DatabaseRef::parse(schema).expect("valid") });
    for (kind, schema, expected) in [
        (Unspecified, "", Some(KindSpec::Regular)),
        (Regular, "", Some(KindSpec::Regular)),
        (Unspecified, "parent", child("eu/parent")),
        (Child, "parent", child("eu/parent")),
        (Child, "us/parent", child("us/parent")),
        (Schema, "", Some(KindSpec::Schema)),
        (Child, "", None),
        (Child, "Parent", None),
        (Regular, "parent", None),
        (Schema, "parent", None),
    ] {
        let (schema, group) = (schema.to_owned(), "eu".to_owned());
        let database = v1::Database { kind: kind.into(), schema, group, ..named("a") };
        let schema = database.schema.clone();
        let spec = database_spec(database, "database").ok();
        assert_eq!(spec.map(|spec| spec.kind), expected, "{kind:?} with '{schema}'");
    }
    assert!(database_spec(v1::Database { kind: 99, ..named("a") }, "database").is_err());
}

#[test]
fn a_child_tells_its_parent_and_why_it_does_not_answer() {
    let schema = DatabaseId::new(Uuid::from_u128(2));
    let child = Database {
        id: DatabaseId::new(Uuid::from_u128(1)),
        name: DatabaseName::new("a").expect("valid"),
        group_id: GroupId::new(Uuid::from_u128(3)),
        group: GroupName::default(),
        kind: Kind::Child { schema },
        schema_name: DatabaseName::new("parent").ok(),
        generation: Generation(7),
        file_generation: Generation(6),
        quarantine: Some("no room".to_owned()),
        used: true,
        settings: Settings::default(),
        state: State::Active,
        revision: 1,
        create_time: Timestamp(0),
        update_time: Timestamp(0),
        delete_time: None,
        purge_time: None,
        tokens_not_before: Timestamp(0),
    };
    let sent = |database: &Database| {
        let view = View { database: Arc::new(database.clone()), size_bytes: 0 };
        let sent = super::database(view);
        assert_eq!((sent.kind(), sent.generation), (v1::DatabaseKind::Child, 7));
        (sent.state(), sent.state_reason, sent.schema)
    };
    let quarantined = (v1::DatabaseState::Quarantined, "no room".to_owned(), "parent".to_owned());
    assert_eq!(sent(&child), quarantined);
    let sound = Database { quarantine: None, ..child.clone() };
    let active = (v1::DatabaseState::Active, String::new(), "parent".to_owned());
    assert_eq!(sent(&sound), active);
    // Whose parent is gone for good.
    let left = Database { state: State::Deleted, schema_name: None, ..child };
    assert_eq!(sent(&left), (v1::DatabaseState::Deleted, String::new(), schema.to_string()));
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
    let schema = "Parent".to_owned();
    assert_eq!(of_spec(v1::Database { schema, ..named("a") }), "databases[3].schema");
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
        assert_eq!(patch(bad).expect_err("refused").reason(), Reason::InvalidArgument, "{bad:?}");
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
        v1::CreateTokenRequest { lifetime: Some(Lifetime::Ttl(negative)), ..Default::default() },
    ] {
        let error = token_spec(bad.clone()).expect_err("refused");
        assert_eq!(error.reason(), Reason::InvalidArgument, "{bad:?}");
    }
}
