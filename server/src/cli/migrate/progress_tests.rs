//! What is shown of a migration, and when.

use super::*;

fn migration(state: MigrationState, validated: u64, applied: u64) -> Migration {
    Migration {
        schema: "shop/customer".into(),
        id: "0197".into(),
        generation: 3,
        state: state.into(),
        children_total: 200,
        children_validated: validated,
        children_applied: applied,
        children_quarantined: 2,
        max_write_pause: Some(prost_types::Duration { seconds: 0, nanos: 3_210_000 }),
        ..Migration::default()
    }
}

#[test]
fn each_state_has_a_line() {
    for (state, expected) in [
        (MigrationState::Preparing, "preparing: validated 12 of 200"),
        (
            MigrationState::Committed,
            "committed: applied 5 of 200, quarantined 2, longest write pause 3.2 ms",
        ),
        (MigrationState::Applied, "applied: 5 of 200, quarantined 2, longest write pause 3.2 ms"),
        (MigrationState::Failed, "failed: nothing has changed"),
        (MigrationState::Cancelled, "cancelled: nothing has changed"),
    ] {
        assert_eq!(told::line(&migration(state, 12, 5)), expected);
    }
}

#[test]
fn lines_come_at_each_change_of_state_and_once_a_second() {
    use MigrationState as S;
    let start = Instant::now();
    let mut pace = Pace::default();
    for (after_ms, state, is_due) in [
        (0, S::Preparing, true),
        (10, S::Preparing, false),
        (999, S::Preparing, false),
        (1_000, S::Preparing, true),
        (1_001, S::Committed, true),
        (1_999, S::Committed, false),
        (2_001, S::Committed, true),
        (2_002, S::Applied, true),
    ] {
        let now = start + Duration::from_millis(after_ms);
        assert_eq!(pace.is_due(&migration(state, 0, 0), now), is_due, "{after_ms} ms");
    }
}

#[test]
fn the_bar_tells_all_counts_within_eighty_columns() {
    let shown = counts(&migration(MigrationState::Preparing, 12, 0), false);
    assert_eq!(shown, "validated 12, not committed, applied 0, quarantined 2, write pause 3.2 ms");
    let shown = counts(&migration(MigrationState::Committed, 200, 5), true);
    assert!(shown.contains(" committed, applied 5, "), "{shown}");
    let fleet = Migration {
        children_quarantined: 0,
        ..migration(MigrationState::Committed, 10_000, 10_000)
    };
    assert!(counts(&fleet, true).len() < 80);
}

#[test]
fn the_templates_are_valid() {
    let counts = counts(&migration(MigrationState::Preparing, 12, 0), false);
    for template in [BAR, SPINNER, &counts] {
        ProgressStyle::with_template(template).expect("it is valid");
    }
}
