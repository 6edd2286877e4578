//! What migrations look like to programs.

use tenantry_client::v1::MigrationState;

use super::super::json as json_text;
use super::*;

fn parsed(fields: Fields) -> Json {
    serde_json::from_str(&json_text::object(fields)).expect("it is JSON")
}

#[test]
fn a_migration_has_the_fields_of_the_api() {
    let shown = parsed(migration(&Migration {
        schema: "shop/customer".into(),
        id: "0197".into(),
        generation: 3,
        state: MigrationState::Failed.into(),
        children_total: u64::MAX,
        failure: Some(MigrationFailure {
            database: "shop/alice".into(),
            statement_index: 1,
            message: "UNIQUE constraint failed: t.x".into(),
            statement_failed: true,
        }),
        max_write_pause: Some(prost_types::Duration { seconds: 1, nanos: 2_000_000 }),
        options: Some(MigrationOptions {
            foreign_keys: ForeignKeys::CheckAtEnd.into(),
            allow_nondeterministic: true,
        }),
        metrics: Some(MigrationMetrics {
            validated_per_round: vec![200, 3],
            ..MigrationMetrics::default()
        }),
        sql: "CREATE TABLE \u{1b}".into(),
        ..Migration::default()
    }));
    assert_eq!(shown["state"], "FAILED");
    assert_eq!(shown["children_total"].as_u64(), Some(u64::MAX));
    assert_eq!(shown["failure"]["database"], "shop/alice");
    assert_eq!(shown["failure"]["statement_index"], 1, "programs count from 0");
    assert_eq!(shown["max_write_pause"], "1.002s");
    assert_eq!(shown["options"]["foreign_keys"], "CHECK_AT_END");
    assert_eq!(shown["metrics"]["validated_per_round"], json!([200, 3]));
    assert_eq!(shown["sql"], "CREATE TABLE \u{1b}");
    assert_eq!(shown["commit_time"], Json::Null);
}

#[test]
fn a_failure_of_no_statement_has_no_index() {
    let failed = MigrationFailure { database: "shop/alice".into(), ..Default::default() };
    assert_eq!(failure(&failed)["statement_index"], Json::Null);
    assert_eq!(statement_number(&failed), None);
    let failed = MigrationFailure { statement_failed: true, ..failed };
    assert_eq!(failure(&failed)["statement_index"], 0);
    assert_eq!(statement_number(&failed), Some(1), "people count from 1");
}

#[test]
fn a_child_tells_its_state_and_reason() {
    let shown = parsed(child(&Child {
        name: "alice".into(),
        state: ChildState::Quarantined.into(),
        reason: "the disk is full".into(),
        ..Child::default()
    }));
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("QUARANTINED"), &json!("the disk is full"))
    );
}
