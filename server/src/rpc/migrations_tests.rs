//! Migrations and children, from the wire and to it.

use std::sync::Arc;

use prost::Message as _;
use uuid::Uuid;

use super::*;
use crate::env::Timestamp;
use crate::names::{DatabaseId, DatabaseName, GroupId, GroupName};
use crate::storage::catalog::{Database, Kind, Migration, Settings, State};

/// What most clients take as one message.
const CLIENT_MESSAGE_BYTES_MAX: usize = 4 << 20;
/// The largest page of a list.
const PAGE_ITEMS_MAX: usize = 1_000;

fn a_migration() -> Migration {
    Migration {
        id: MigrationId::new(Uuid::from_u128(7)),
        schema: DatabaseId::new(Uuid::from_u128(1)),
        generation: Generation(4),
        sql: "CREATE TABLE t (x)".into(),
        foreign_keys: ForeignKeys::CheckAtEnd,
        allow_nondeterministic: true,
        state: MigrationState::Applied,
        failure: None,
        figures: MigrationFigures {
            children_total: 10,
            children_validated: 9,
            children_applied: 8,
            children_quarantined: 2,
            row_independent: false,
            validated_per_round: vec![9, 3, 1],
            dirty_at_fence: 1,
            fence: Duration::from_millis(5),
            max_write_pause: Duration::from_millis(6),
            apply: Duration::from_millis(500),
        },
        create_time: Timestamp(1_000),
        commit_time: Some(Timestamp(2_000)),
        finish_time: Some(Timestamp(3_000)),
    }
}

fn view(migration: Migration) -> MigrationView {
    MigrationView { migration: Arc::new(migration), schema: "shop/customer".to_owned() }
}

fn field(error: &Error) -> &str {
    assert_eq!(error.fields().len(), 1, "{error:?}");
    &error.fields()[0].field
}

#[test]
fn a_migration_is_told_whole() {
    let told = migration(&view(a_migration()));
    let millis = |ms: i32| prost_types::Duration { seconds: 0, nanos: ms * 1_000_000 };
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    assert_eq!(
        told,
        v1::Migration {
            schema: "shop/customer".to_owned(),
            id: Uuid::from_u128(7).to_string(),
            generation: 4,
            sql: "CREATE TABLE t (x)".to_owned(),
            state: v1::MigrationState::Applied.into(),
            children_total: 10,
            children_validated: 9,
            children_applied: 8,
            children_quarantined: 2,
            failure: None,
            create_time: at(1),
            commit_time: at(2),
            finish_time: at(3),
            max_write_pause: Some(millis(6)),
            options: Some(v1::MigrationOptions {
                foreign_keys: v1::ForeignKeys::CheckAtEnd.into(),
                allow_nondeterministic: true,
            }),
            metrics: Some(v1::MigrationMetrics {
                row_independent: false,
                validated_per_round: vec![9, 3, 1],
                dirty_at_fence: 1,
                fence_duration: Some(millis(5)),
                apply_duration: Some(millis(500)),
                apply_rate_per_second: 16.0,
            }),
        }
    );
}

#[test]
fn nothing_applied_in_no_time_has_no_rate() {
    let figures = MigrationFigures { children_applied: 8, ..Default::default() };
    assert_eq!(metrics(&figures).apply_rate_per_second, 0.0);
}

#[test]
fn the_first_statement_is_told_apart_from_none() {
    for (index, expected) in [(Some(2), (2, true)), (Some(0), (0, true)), (None, (0, false))] {
        let told = failure(&MigrationFailure {
            database: "shop/alice".to_owned(),
            statement_index: index,
            message: "UNIQUE constraint failed: users.email".to_owned(),
        });
        assert_eq!((told.statement_index, told.statement_failed), expected);
    }
}

#[test]
fn the_largest_page_fits_a_message() {
    let largest = a_migration();
    let longest = "ü".repeat(500_000);
    let failure = MigrationFailure {
        database: format!("{0}/{0}", "x".repeat(64)),
        statement_index: Some(u32::MAX),
        message: longest.clone(),
    };
    let largest = view(Migration {
        sql: longest.as_str().into(),
        failure: Some(failure),
        figures: MigrationFigures { validated_per_round: vec![u64::MAX; 16], ..largest.figures },
        ..largest
    });
    assert_eq!(migration(&largest).sql, longest);
    let brief = brief_migration(&largest);
    assert_eq!(brief.sql, format!("{}…", "ü".repeat(1_000)));
    let migrations = vec![brief; PAGE_ITEMS_MAX];
    let next_page_token = "x".repeat(100);
    let page = v1::ListMigrationsResponse { migrations, next_page_token };
    assert!(page.encoded_len() <= CLIENT_MESSAGE_BYTES_MAX, "{} bytes", page.encoded_len());
}

#[test]
fn what_is_left_out_of_an_apply_has_its_default() {
    let request = v1::ApplyMigrationRequest { sql: "SELECT 1".to_owned(), ..Default::default() };
    let spec = apply_spec(request).expect("valid");
    assert_eq!(spec.sql, "SELECT 1");
    assert_eq!(spec.expected_generation, None);
    assert_eq!(spec.foreign_keys, ForeignKeys::Enforced);
    assert_eq!(spec.wait_for, WaitFor::Commit);
    assert!(!spec.allow_nondeterministic && spec.request_id.is_empty());
}

#[test]
fn the_generation_of_a_new_schema_can_be_expected() {
    let request = |expected_generation| v1::ApplyMigrationRequest {
        expected_generation,
        ..Default::default()
    };
    for expected in [None, Some(0), Some(3), Some(u64::MAX)] {
        let spec = apply_spec(request(expected)).expect("valid");
        assert_eq!(spec.expected_generation, expected.map(Generation));
    }
}

#[test]
fn an_unknown_number_is_told_with_its_field() {
    let apply = |request| apply_spec(request).map(drop);
    let request = v1::ApplyMigrationRequest::default();
    for (read, expected) in [
        (apply(v1::ApplyMigrationRequest { foreign_keys: 9, ..request.clone() }), "foreign_keys"),
        (apply(v1::ApplyMigrationRequest { wait_for: -1, ..request }), "wait_for"),
        (state_filter(99).map(drop), "state"),
        (child_filter(99).map(drop), "state"),
    ] {
        let error = read.expect_err("refused");
        assert_eq!(error.reason(), Reason::InvalidArgument);
        assert_eq!(field(&error), expected);
    }
}

#[test]
fn a_filter_is_of_one_state_or_of_all() {
    assert_eq!(state_filter(0).expect("valid"), None);
    assert_eq!(child_filter(0).expect("valid"), None);
    for state in [
        v1::MigrationState::Preparing,
        v1::MigrationState::Committed,
        v1::MigrationState::Applied,
        v1::MigrationState::Failed,
        v1::MigrationState::Cancelled,
    ] {
        let filter = state_filter(state.into()).expect("valid").expect("one");
        let told = migration(&view(Migration { state: filter, ..a_migration() }));
        assert_eq!(told.state(), state);
    }
}

#[test]
fn a_bad_name_is_told_with_its_field() {
    for bad in ["", "A", "a/b/c", "/b"] {
        let error = schema(bad).expect_err("refused");
        assert_eq!((error.reason(), field(&error)), (Reason::InvalidName, "schema"), "{bad:?}");
    }
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    for (bad, at) in [(&["A"][..], "children[0]"), (&["a", "eu/a"], "children[1]")] {
        let error = children(&names(bad)).expect_err("refused");
        assert_eq!((error.reason(), field(&error)), (Reason::InvalidName, at), "{bad:?}");
    }
}

#[test]
fn children_are_named_by_name_or_id() {
    let id = Uuid::from_u128(7);
    let read = children(&["alice".to_owned(), id.to_string()]).expect("valid");
    let name = DatabaseName::new("alice").expect("valid");
    assert_eq!(read, [NameOrId::Name(name), NameOrId::Id(DatabaseId::new(id))]);
}

#[test]
fn what_is_no_id_names_no_migration() {
    let schema = schema("shop/customer").expect("valid");
    let uuid = Uuid::from_u128(7);
    assert_eq!(id(&uuid.to_string(), &schema).expect("an id"), MigrationId::new(uuid));
    for bad in ["", "7", "customer", "0197a3f0-0000"] {
        let error = id(bad, &schema).expect_err("refused");
        assert_eq!(error.reason(), Reason::MigrationNotFound, "{bad:?}");
    }
}

#[test]
fn a_child_is_as_far_as_its_file() {
    use v1::ChildState::{Current, Pending, Quarantined};

    for (used, file_generation, reason, expected) in [
        (false, 0, "", (4, Current)),
        (true, 4, "", (4, Current)),
        (true, 3, "", (3, Pending)),
        (true, 3, "the disk is full", (3, Quarantined)),
    ] {
        let database = Arc::new(Database {
            id: DatabaseId::new(Uuid::from_u128(7)),
            name: DatabaseName::new("alice").expect("valid"),
            group_id: GroupId::new(Uuid::from_u128(2)),
            group: GroupName::default(),
            kind: Kind::Child { schema: DatabaseId::new(Uuid::from_u128(1)) },
            schema_name: Some(DatabaseName::new("customer").expect("valid")),
            generation: Generation(4),
            file_generation: Generation(file_generation),
            quarantine: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
            used,
            settings: Settings::default(),
            state: State::Active,
            revision: 1,
            create_time: Timestamp(0),
            update_time: Timestamp(0),
            delete_time: None,
            purge_time: None,
            tokens_not_before: Timestamp(0),
        });
        let told = child(&Child { database });
        assert_eq!((told.generation, told.state()), expected);
        assert_eq!(told.reason, reason);
        assert_eq!((told.name, told.id), ("alice".to_owned(), Uuid::from_u128(7).to_string()));
    }
}

#[test]
fn a_dry_run_tells_its_first_failure_as_the_migrations() {
    let failures = |count| {
        let failure = |index| MigrationFailure {
            database: format!("shop/c{index}"),
            statement_index: Some(index),
            message: "UNIQUE constraint failed: users.email".to_owned(),
        };
        (0..count).map(failure).collect::<Vec<_>>()
    };
    for (count, state) in [(0, v1::MigrationState::Preparing), (2, v1::MigrationState::Failed)] {
        let response = validated(ValidationReport {
            schema: "shop/customer".to_owned(),
            generation: Generation(4),
            sql: "CREATE TABLE t (x)".into(),
            foreign_keys: ForeignKeys::CheckAtEnd,
            allow_nondeterministic: false,
            failures: failures(count),
            failures_total: 150,
            children_validated: 200,
            rows_written: 1_000,
            duration: Duration::from_secs(2),
            row_independent: true,
        });
        let migration = response.migration.expect("is told");
        assert_eq!((migration.state(), migration.generation), (state, 4));
        assert!(migration.id.is_empty() && migration.create_time.is_none());
        assert!(migration.metrics.is_none() && migration.options.is_some());
        let validation = response.validation.expect("is told");
        assert_eq!(migration.failure, validation.failures.first().cloned());
        assert_eq!(validation.failures.len(), count as usize);
        assert_eq!((validation.failures_total, validation.children_validated), (150, 200));
        assert_eq!((validation.rows_written, validation.row_independent), (1_000, true));
        assert_eq!(validation.duration, Some(prost_types::Duration { seconds: 2, nanos: 0 }));
    }
}
