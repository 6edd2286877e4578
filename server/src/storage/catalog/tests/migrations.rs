//! Migrations: what is recorded, what is decided, and what a repeat gets.

use super::*;

fn figures() -> MigrationFigures {
    MigrationFigures {
        children_total: 5,
        children_validated: 4,
        children_applied: 3,
        children_quarantined: 2,
        row_independent: true,
        validated_per_round: vec![3, 1],
        dirty_at_fence: 1,
        fence: Duration::from_micros(1_500),
        max_write_pause: Duration::from_nanos(7),
        apply: Duration::from_secs(3),
    }
}

fn failure() -> MigrationFailure {
    MigrationFailure {
        database: "default/a".to_owned(),
        statement_index: Some(2),
        message: "UNIQUE constraint failed: t.x".to_owned(),
    }
}

#[tokio::test]
async fn everything_of_a_migration_survives_restart() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let new = NewMigration {
        expected_generation: Some(Generation(0)),
        sql: "INSERT INTO t VALUES ('ünï\0')".into(),
        foreign_keys: ForeignKeys::CheckAtEnd,
        allow_nondeterministic: true,
        ..fixture.new_migration(schema)
    };
    let id = new.id;
    let created = fixture.catalog.create_migration(new.clone(), None, START).await;
    let (created, _) = created.expect("records");
    let expected = Migration {
        id,
        schema,
        generation: Generation(1),
        sql: new.sql,
        foreign_keys: ForeignKeys::CheckAtEnd,
        allow_nondeterministic: true,
        state: MigrationState::Preparing,
        failure: None,
        figures: MigrationFigures::default(),
        create_time: START,
        commit_time: None,
        finish_time: None,
    };
    assert_eq!(*created, expected);
    let fixture = fixture.reopen();
    let read = async |fixture: &Fixture, id| fixture.catalog.migration(id).await.expect("reads");
    assert_eq!(read(&fixture, id).await, Some(created));

    fixture.clock.advance(DAY);
    let committed = fixture.catalog.commit_migration(id, figures(), fixture.now()).await;
    let (state, commit_time) = (MigrationState::Committed, Some(fixture.now()));
    let expected = Migration { state, commit_time, figures: figures(), ..expected };
    assert_eq!(*committed.expect("commits"), expected);
    let fixture = fixture.reopen();
    fixture.clock.advance(DAY);
    let figures = MigrationFigures { children_applied: 9, ..figures() };
    let (end, now) = (MigrationEnd::Applied, fixture.now());
    let applied = fixture.catalog.end_migration(id, end, figures.clone(), now).await;
    let state = MigrationState::Applied;
    let expected = Migration { state, figures, finish_time: Some(now), ..expected };
    assert_eq!(*applied.expect("ends"), expected);

    let second = fixture.prepare(schema).await.expect("records");
    assert_eq!(second.generation, Generation(2));
    let failed = fixture.end(second.id, MigrationEnd::Failed(failure())).await.expect("ends");
    assert_eq!((failed.state, &failed.failure), (MigrationState::Failed, &Some(failure())));
    let fixture = fixture.reopen();
    assert_eq!(read(&fixture, id).await, Some(Arc::new(expected)));
    assert_eq!(read(&fixture, second.id).await, Some(failed));
    assert_eq!(read(&fixture, MigrationId::new(fixture.env.uuid())).await, None);
    let parent = fixture.find("shop").await.expect("is there");
    assert_eq!(parent.generation, Generation(1), "a failed one changes nothing");
}

#[tokio::test]
async fn a_repeated_request_gets_its_migration_for_ever() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let ask = async |fixture: &Fixture, expected: Option<u64>, key| {
        let expected_generation = expected.map(Generation);
        let new = NewMigration { expected_generation, ..fixture.new_migration(schema) };
        fixture.catalog.create_migration(new, key, fixture.now()).await
    };
    let (first, is_new) = ask(&fixture, Some(0), key(1, 1)).await.expect("records");
    assert!(is_new);
    assert_eq!(ask(&fixture, Some(0), key(1, 1)).await.expect("repeats"), (first.clone(), false));
    is_refused(ask(&fixture, Some(0), key(1, 2)).await, Reason::RequestIdReused);
    is_refused(ask(&fixture, Some(0), key(2, 1)).await, Reason::MigrationInProgress);
    let committed = fixture.commit(first.id).await.expect("commits");
    // What stood in the way of another stands in the way of no repeat.
    assert_eq!(ask(&fixture, Some(0), key(1, 1)).await.expect("repeats"), (committed, false));
    is_refused(ask(&fixture, Some(0), key(2, 1)).await, Reason::GenerationMismatch);
    let applied = fixture.end(first.id, MigrationEnd::Applied).await.expect("ends");

    let (second, _) = ask(&fixture, None, key(3, 3)).await.expect("records");
    let ended = fixture.end(second.id, MigrationEnd::Failed(failure())).await.expect("ends");
    let fixture = fixture.reopen();
    fixture.clock.advance(100 * DAY);
    assert_eq!(ask(&fixture, Some(0), key(1, 1)).await.expect("repeats"), (applied, false));
    assert_eq!(ask(&fixture, None, key(3, 3)).await.expect("repeats"), (ended.clone(), false));
    let asked = async |key: Option<RequestKey>| {
        fixture.catalog.requested_migration(key.expect("is one")).await
    };
    assert_eq!(asked(key(3, 3)).await.expect("reads"), Some(ended));
    assert_eq!(asked(key(2, 1)).await.expect("reads"), None);
    is_refused(asked(key(3, 1)).await, Reason::RequestIdReused);
    let (third, is_new) = ask(&fixture, None, key(2, 1)).await.expect("records");
    assert_eq!((third.generation, is_new), (Generation(2), true), "a refused one was not noted");
}

#[tokio::test]
async fn one_at_a_time_is_prepared_and_schemas_do_not_wait_for_each_other() {
    let fixture = fixture();
    let (shop, other) = (fixture.schema("shop").await, fixture.schema("other").await);
    let first = fixture.prepare(shop).await.expect("records");
    let error = is_refused(fixture.prepare(shop).await, Reason::MigrationInProgress);
    assert!(error.metadata().contains(&("migration", first.id.to_string())), "{error:?}");
    assert!(error.metadata().contains(&("schema", "default/shop".to_owned())), "{error:?}");
    assert!(error.retry_after().is_some());
    fixture.migrate(other).await;
    // A committed one is in nobody's way, whether or not it is applied.
    fixture.commit(first.id).await.expect("commits");
    let second = fixture.prepare(shop).await.expect("records");
    is_refused(fixture.prepare(shop).await, Reason::MigrationInProgress);
    fixture.end(second.id, MigrationEnd::Cancelled).await.expect("ends");
    let third = fixture.migrate(shop).await;
    assert_eq!((second.generation, third.generation), (Generation(2), Generation(2)));
    let unfinished = async |fixture: &Fixture| {
        let all = fixture.catalog.unfinished_migrations().await.expect("reads");
        all.iter().map(|migration| (migration.schema, migration.generation.0)).collect::<Vec<_>>()
    };
    assert_eq!(unfinished(&fixture).await, [(shop, 1), (other, 1), (shop, 2)]);
    fixture.end(first.id, MigrationEnd::Applied).await.expect("ends");
    fixture.delete(other).await.expect("deletes");
    assert_eq!(unfinished(&fixture.reopen()).await, [(shop, 2)]);
}

#[tokio::test]
async fn what_is_no_active_schema_or_not_at_the_generation_is_refused() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let child = fixture.child("a", schema).await;
    fixture.migrate(schema).await;
    for (expected, is_right) in [(0, false), (2, false), (1, true)] {
        let expected_generation = Some(Generation(expected));
        let new = NewMigration { expected_generation, ..fixture.new_migration(schema) };
        let asked = fixture.catalog.create_migration(new, None, START).await;
        assert_eq!(asked.is_ok(), is_right);
        let Err(error) = asked else { continue };
        assert_eq!(error.reason(), Reason::GenerationMismatch);
        let told = [("generation", 1), ("expected_generation", expected)];
        for (key, value) in told {
            assert!(error.metadata().contains(&(key, value.to_string())), "{error:?}");
        }
    }
    let deleted = fixture.schema("old").await;
    fixture.delete(deleted).await.expect("deletes");
    for id in [child, deleted, DatabaseId::new(fixture.env.uuid())] {
        is_refused(fixture.prepare(id).await, Reason::DatabaseNotFound);
    }
}

#[tokio::test]
async fn the_last_generation_is_the_last() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let raise = async |fixture: Fixture, generation: u64| {
        crate::storage::heap::install();
        #[expect(clippy::disallowed_methods, reason = "no tenant's file")]
        let connection =
            rusqlite::Connection::open(fixture.dir.path().join("catalog.db")).expect("opens");
        let sql = "UPDATE databases SET generation = ?";
        connection.execute(sql, [generation.cast_signed()]).expect("sets");
        drop(connection);
        fixture.reopen()
    };
    let fixture = raise(fixture, Generation::MAX.0 - 1).await;
    let last = fixture.migrate(schema).await;
    assert_eq!(last.generation, Generation::MAX);
    is_refused(fixture.prepare(schema).await, Reason::MigrationNotAllowed);
}

#[tokio::test]
async fn a_migration_is_decided_once() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let decided = |result: Result<Arc<Migration>>, state: &str| {
        let error = is_refused(result, Reason::MigrationDecided);
        assert!(error.metadata().contains(&("state", state.to_owned())), "{error:?}");
    };
    let failed = || MigrationEnd::Failed(failure());
    for (end, state) in [
        (Some(failed()), "FAILED"),
        (Some(MigrationEnd::Cancelled), "CANCELLED"),
        (None, "COMMITTED"),
        (Some(MigrationEnd::Applied), "APPLIED"),
    ] {
        let id = fixture.prepare(schema).await.expect("records").id;
        decided(fixture.end(id, MigrationEnd::Applied).await, "PREPARING");
        match end {
            Some(end @ (MigrationEnd::Failed(_) | MigrationEnd::Cancelled)) => {
                fixture.end(id, end).await.expect("ends");
                decided(fixture.end(id, MigrationEnd::Applied).await, state);
            }
            Some(MigrationEnd::Applied) => {
                fixture.commit(id).await.expect("commits");
                fixture.end(id, MigrationEnd::Applied).await.expect("ends");
                decided(fixture.end(id, MigrationEnd::Applied).await, state);
            }
            None => drop(fixture.commit(id).await.expect("commits")),
        }
        let before = fixture.find("shop").await.expect("is there").generation;
        decided(fixture.commit(id).await, state);
        decided(fixture.end(id, failed()).await, state);
        decided(fixture.end(id, MigrationEnd::Cancelled).await, state);
        let after = fixture.find("shop").await.expect("is there").generation;
        assert_eq!(before, after, "a refused decision changes nothing");
    }
    let unknown = MigrationId::new(fixture.env.uuid());
    is_refused(fixture.commit(unknown).await, Reason::MigrationNotFound);
    is_refused(fixture.end(unknown, failed()).await, Reason::MigrationNotFound);
}

#[tokio::test]
async fn scripts_lead_from_one_generation_to_another_without_a_gap() {
    let fixture = fixture();
    let (schema, other) = (fixture.schema("shop").await, fixture.schema("other").await);
    for n in 1..=4 {
        let cancelled = fixture.prepare(schema).await.expect("records");
        fixture.end(cancelled.id, MigrationEnd::Cancelled).await.expect("ends");
        let sql = format!("CREATE TABLE t{n} (x)").into();
        let new = NewMigration { sql, ..fixture.new_migration(schema) };
        let id = new.id;
        fixture.catalog.create_migration(new, None, START).await.expect("records");
        fixture.commit(id).await.expect("commits");
        if n % 2 == 0 {
            fixture.end(id, MigrationEnd::Applied).await.expect("ends");
        }
        fixture.migrate(other).await;
    }
    fixture.prepare(schema).await.expect("records");
    let scripts = async |of, after, up_to| {
        fixture.catalog.migration_scripts(of, Generation(after), Generation(up_to)).await
    };
    let led = scripts(schema, 1, 3).await.expect("reads");
    let led: Vec<_> = led.iter().map(|script| (script.generation.0, &*script.sql)).collect();
    assert_eq!(led, [(2, "CREATE TABLE t2 (x)"), (3, "CREATE TABLE t3 (x)")]);
    assert_eq!(scripts(schema, 0, 4).await.expect("reads").len(), 4);
    assert_eq!(scripts(schema, 4, 4).await.expect("reads"), []);
    assert_eq!(scripts(schema, 4, 2).await.expect("reads"), []);
    // One that is not decided leads nowhere.
    is_refused(scripts(schema, 4, 5).await, Reason::Internal);
}

#[tokio::test]
async fn lists_are_of_one_schema_and_newest_first() {
    let fixture = fixture();
    let (schema, other) = (fixture.schema("shop").await, fixture.schema("other").await);
    fixture.migrate(other).await;
    let mut expected = Vec::new();
    for n in 0..5 {
        let migration = fixture.prepare(schema).await.expect("records");
        expected.push(if n % 2 == 0 {
            fixture.commit(migration.id).await.expect("commits")
        } else {
            fixture.end(migration.id, MigrationEnd::Cancelled).await.expect("ends")
        });
        // Some are of the same moment.
        if n > 2 {
            fixture.clock.advance(DAY);
        }
    }
    expected.sort_by_key(|migration| std::cmp::Reverse((migration.create_time, migration.id)));
    for state in [None, Some(MigrationState::Committed), Some(MigrationState::Failed)] {
        let mut listed: Vec<Arc<Migration>> = Vec::new();
        loop {
            let after = listed.last().map(|last| (last.create_time, last.id));
            let page = fixture.catalog.migrations(schema, state, after, 2).await.expect("reads");
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        let fits = |migration: &&Arc<Migration>| state.is_none_or(|it| migration.state == it);
        let expected: Vec<_> = expected.iter().filter(fits).cloned().collect();
        assert_eq!(listed, expected, "{state:?}");
    }
}

#[tokio::test]
async fn the_migrations_of_a_purged_schema_go_with_it() {
    let fixture = fixture();
    let (schema, other) = (fixture.schema("shop").await, fixture.schema("other").await);
    let [gone, stays] = [fixture.migrate(schema).await, fixture.migrate(other).await];
    fixture.delete(schema).await.expect("deletes");
    let read = async |id| fixture.catalog.migration(id).await.expect("reads");
    assert!(read(gone.id).await.is_some(), "it can be undeleted");
    fixture.purge_all().await;
    assert_eq!(read(gone.id).await, None);
    assert_eq!(read(stays.id).await, Some(stays));
}

#[tokio::test]
async fn a_commit_is_seen_on_every_child_at_once() {
    let fixture = fixture();
    let schema = fixture.schema("eu/shop").await;
    let child = fixture.child("eu/a", schema).await;
    let foreign = fixture.schema("eu/other").await;
    fixture.child("eu/b", foreign).await;
    let by_id = format!("eu/{child}");
    let references = ["eu/shop", "eu/a", by_id.as_str()];
    for generation in 0..4 {
        for reference in references {
            // The second time from memory.
            for _ in 0..2 {
                let found = fixture.find(reference).await.expect("is there");
                assert_eq!(found.generation, Generation(generation), "{reference}");
            }
        }
        assert_eq!(fixture.find("eu/b").await.expect("is there").generation, Generation(0));
        fixture.migrate(schema).await;
    }
}
