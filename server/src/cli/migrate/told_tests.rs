//! What is said of how migrations end.

use tenantry_client::v1::MigrationFailure;

use super::*;

fn migration(state: MigrationState) -> Migration {
    Migration {
        schema: "shop/customer".into(),
        id: "0197".into(),
        generation: 3,
        state: state.into(),
        children_total: 200,
        ..Migration::default()
    }
}

fn failed(failure: MigrationFailure) -> String {
    let migration = Migration { failure: Some(failure), ..migration(MigrationState::Failed) };
    format!("{:?}", failure_of(&migration).expect("it has failed"))
}

#[test]
fn a_failure_names_child_statement_and_cause() {
    let said = failed(MigrationFailure {
        database: "shop/alice".into(),
        statement_index: 1,
        message: "UNIQUE constraint failed: users.email".into(),
        statement_failed: true,
    });
    let expected = "migration 0197 failed on shop/alice at statement 2: UNIQUE constraint failed: \
                    users.email; nothing has changed";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_failure_of_no_statement_names_none() {
    let said = failed(MigrationFailure {
        database: "shop/alice".into(),
        message: "the file cannot be read".into(),
        ..MigrationFailure::default()
    });
    assert!(said.contains("failed on shop/alice: the file cannot be read;"), "{said}");
}

#[test]
fn what_has_not_failed_is_no_error() {
    use MigrationState as S;
    for (state, is_error) in [
        (S::Preparing, false),
        (S::Committed, false),
        (S::Applied, false),
        (S::Failed, true),
        (S::Cancelled, true),
    ] {
        assert_eq!(failure_of(&migration(state)).is_some(), is_error, "{state:?}");
    }
}

#[test]
fn the_end_is_one_sentence() {
    for (state, quarantined, expected) in [
        (
            MigrationState::Committed,
            0,
            "committed migration 0197: shop/customer and its children are at generation 3; longest \
             write pause 0.0 ms",
        ),
        (
            MigrationState::Applied,
            0,
            "applied migration 0197: shop/customer and its children are at generation 3; longest \
             write pause 0.0 ms",
        ),
        (
            MigrationState::Applied,
            2,
            "applied migration 0197: shop/customer is at generation 3, but 2 of 200 children \
             cannot be brought up: `tenantry migrate children shop/customer --state quarantined` \
             tells why",
        ),
        (
            MigrationState::Preparing,
            0,
            "recorded migration 0197: `tenantry migrate watch shop/customer 0197` follows it",
        ),
    ] {
        let migration = Migration { children_quarantined: quarantined, ..migration(state) };
        assert_eq!(sentence(&migration), expected);
    }
}
