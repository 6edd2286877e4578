//! Databases one at a time: creating, changing, deleting, purging.

use super::*;

#[tokio::test]
async fn everything_of_a_row_survives_restart() {
    let fixture = fixture();
    let settings = Settings {
        allow_attach: true,
        delete_protection: false,
        block_reads: true,
        block_writes: true,
        size_limit_bytes: 1 << 40,
        labels: labels(&[("env", "prod"), ("owner", "ünï\"\0'")]),
    };
    let plain = fixture.create("plain").await.expect("creates");
    let full = fixture.create_with("eu/full", settings).await.expect("creates");
    let fixture = fixture.reopen();
    assert_eq!(fixture.find("plain").await, Some(plain));
    assert_eq!(fixture.find("eu/full").await, Some(Arc::clone(&full)));
    assert_eq!(fixture.find(&full.id.to_string()).await, None, "it is in another group");
    assert_eq!(fixture.find("full").await, None);
    assert_eq!(fixture.find(&format!("eu/{}", full.id)).await, Some(full));
}

#[tokio::test]
async fn a_batch_is_created_whole_or_not_at_all() {
    let fixture = fixture();
    fixture.create("taken").await.expect("creates");
    let mut batch = Vec::new();
    for name in ["a", "b", "taken", "c"] {
        batch.push(fixture.new_database(name, Settings::default()).await);
    }
    let now = fixture.now();
    let refused = fixture.catalog.create_databases(batch.clone(), None, now).await;
    let error = is_refused(refused, Reason::AlreadyExists);
    assert!(error.metadata().contains(&("index", "2".to_owned())), "{error:?}");
    assert_eq!(fixture.find("a").await, None);

    batch.remove(2);
    let mut elsewhere = batch.clone();
    elsewhere[1].1.group_id = GroupId::new(fixture.env.uuid());
    let refused = fixture.catalog.create_databases(elsewhere, None, now).await;
    is_refused(refused, Reason::GroupNotFound);

    let created = fixture.catalog.create_databases(batch, None, now).await.expect("creates");
    let names: Vec<_> = created.iter().map(|database| database.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn ten_thousand_at_once() {
    let fixture = fixture();
    let (_, one) = fixture.new_database("x", Settings::default()).await;
    let batch: Vec<_> = (0..10_000)
        .map(|n| {
            let name = DatabaseName::new(format!("shop-{n}")).expect("valid");
            (DatabaseId::new(fixture.env.uuid()), NewDatabase { name, ..one.clone() })
        })
        .collect();
    let now = fixture.now();
    let first = fixture.catalog.create_databases(batch.clone(), key(1, 1), now).await;
    let again = fixture.catalog.create_databases(batch, key(1, 1), now).await;
    assert_eq!(first.expect("creates"), again.expect("repeats"));
    assert!(fixture.find("shop-9999").await.is_some());
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer() {
    let fixture = fixture();
    let now = fixture.now();
    let new = fixture.new_database("shop", Settings::default()).await;
    let first = fixture.catalog.create_databases(vec![new], key(1, 1), now).await.expect("creates");
    let patch = SettingsPatch { allow_attach: Some(true), ..Default::default() };
    fixture.catalog.update_database(first[0].id, patch, None, now).await.expect("updates");

    let fixture = fixture.reopen();
    fixture.clock.advance(DAY);
    let now = fixture.now();
    let repeat = async |key| {
        let new = fixture.new_database("shop", Settings::default()).await;
        fixture.catalog.create_databases(vec![new], key, now).await
    };
    assert_eq!(repeat(key(1, 1)).await.expect("repeats"), first);
    is_refused(repeat(key(1, 2)).await, Reason::RequestIdReused);
    is_refused(repeat(key(2, 1)).await, Reason::AlreadyExists);
}

#[tokio::test]
async fn a_request_is_forgotten_after_a_day() {
    let fixture = fixture();
    let create = async |name: &str, key| {
        let new = fixture.new_database(name, Settings::default()).await;
        fixture.catalog.create_databases(vec![new], key, fixture.now()).await
    };
    create("a", key(1, 1)).await.expect("creates");
    fixture.clock.advance(DAY + Duration::from_millis(1));
    create("b", key(2, 2)).await.expect("creates");
    is_refused(create("a", key(1, 1)).await, Reason::AlreadyExists);
    create("c", key(1, 1)).await.expect("creates under a forgotten id");
    // What was refused was not noted.
    is_refused(create("b", key(3, 3)).await, Reason::AlreadyExists);
    create("d", key(3, 4)).await.expect("creates");
}

#[tokio::test]
async fn updates_change_what_they_name() {
    let fixture = fixture();
    let settings =
        Settings { labels: labels(&[("a", "1")]), block_reads: true, ..Default::default() };
    let before = fixture.create_with("shop", settings).await.expect("creates");
    fixture.clock.advance(DAY);
    let update = async |patch, revision| {
        fixture.catalog.update_database(before.id, patch, revision, fixture.now()).await
    };

    let patch = SettingsPatch { size_limit_bytes: Some(7), ..Default::default() };
    let after = update(patch.clone(), Some(before.revision)).await.expect("updates");
    let expected = Database {
        settings: Settings { size_limit_bytes: 7, ..before.settings.clone() },
        revision: 2,
        update_time: fixture.now(),
        ..Database::clone(&before)
    };
    assert_eq!(*after, expected);
    assert_eq!(fixture.find("shop").await, Some(Arc::clone(&after)));
    is_refused(update(patch.clone(), Some(before.revision)).await, Reason::EtagMismatch);
    assert_eq!(update(patch, None).await.expect("changes nothing"), after);

    let patch = SettingsPatch { labels: Some(labels(&[("b", "2")])), ..Default::default() };
    update(patch, None).await.expect("updates");
    let fixture = fixture.reopen();
    let found = fixture.find("shop").await.expect("is there");
    assert_eq!(found.settings.labels, labels(&[("b", "2")]));
    let gone = DatabaseId::new(fixture.env.uuid());
    let refused = fixture.catalog.update_database(gone, SettingsPatch::default(), None, START);
    is_refused(refused.await, Reason::DatabaseNotFound);
}

#[tokio::test]
async fn deleted_can_be_undeleted() {
    let fixture = fixture();
    let catalog = &fixture.catalog;
    let first = fixture.create("shop").await.expect("creates");
    is_refused(catalog.undelete_database(first.id, fixture.now()).await, Reason::NotDeleted);

    fixture.clock.advance(DAY);
    let now = fixture.now();
    let refused = catalog.delete_database(first.id, Some(9), now, DAY).await;
    is_refused(refused, Reason::EtagMismatch);
    let deleted = catalog.delete_database(first.id, Some(1), now, DAY).await.expect("deletes");
    assert_eq!((deleted.state, deleted.delete_time), (State::Deleted, Some(now)));
    assert_eq!(deleted.purge_time, Some(now.saturating_add(DAY)));
    assert_eq!(fixture.find("shop").await, None);
    is_refused(catalog.delete_database(first.id, None, now, DAY).await, Reason::DatabaseNotFound);

    let second = fixture.create("shop").await.expect("the name is free");
    is_refused(catalog.undelete_database(first.id, now).await, Reason::AlreadyExists);
    fixture.clock.advance(DAY);
    catalog.delete_database(second.id, None, fixture.now(), DAY).await.expect("deletes");
    let newest = catalog.deleted_database(&parse("shop")).await.expect("reads").expect("is there");
    assert_eq!(newest.id, second.id);
    let by_id = catalog.deleted_database(&parse(&first.id.to_string())).await.expect("reads");
    assert_eq!(by_id, Some(deleted));

    let back = catalog.undelete_database(first.id, fixture.now()).await.expect("undeletes");
    assert_eq!((back.state, back.revision, back.purge_time), (State::Active, 3, None));
    assert_eq!(fixture.reopen().find("shop").await, Some(back));
}

#[tokio::test]
async fn delete_protection_protects() {
    let fixture = fixture();
    let settings = Settings { delete_protection: true, ..Default::default() };
    let database = fixture.create_with("shop", settings).await.expect("creates");
    let refused = fixture.catalog.delete_database(database.id, None, fixture.now(), DAY).await;
    is_refused(refused, Reason::DeleteProtected);
}

#[tokio::test]
async fn purged_ones_are_answered_until_they_are_forgotten() {
    let fixture = fixture();
    let [first, second] = ["a", "b"].map(|name| fixture.create(name));
    let (first, second) = (first.await.expect("creates"), second.await.expect("creates"));
    let now = fixture.now();
    fixture.catalog.delete_database(first.id, None, now, DAY).await.expect("deletes");
    fixture.catalog.delete_database(second.id, None, now, 2 * DAY).await.expect("deletes");
    let purge = async |fixture: &Fixture| {
        fixture.catalog.purge_databases(fixture.now(), 10).await.expect("marks")
    };
    assert_eq!(purge(&fixture).await, []);
    fixture.clock.advance(DAY);
    assert_eq!(purge(&fixture).await, [first.id]);
    is_refused(fixture.catalog.undelete_database(first.id, now).await, Reason::DatabaseNotFound);
    let by_id = parse(&first.id.to_string());
    assert_eq!(fixture.catalog.deleted_database(&by_id).await.expect("reads"), None);

    let fixture = fixture.reopen();
    assert_eq!(purge(&fixture).await, [first.id]);
    // An id that is not purged stays.
    let ids = vec![first.id, second.id];
    fixture.catalog.forget_databases(ids).await.expect("forgets");
    assert_eq!(purge(&fixture).await, []);
    fixture.catalog.undelete_database(second.id, now).await.expect("undeletes");
}
