//! Creating databases: what is checked, and what a repeat gets.

use super::*;

fn with_settings(settings: Settings) -> DatabaseSpec {
    DatabaseSpec { settings, ..spec("shop") }
}

fn labels(pairs: impl IntoIterator<Item = (String, String)>) -> Settings {
    Settings { labels: pairs.into_iter().collect(), ..Settings::default() }
}

#[tokio::test]
async fn fields_keep_their_constraints() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let one = |key: &str, value: &str| labels([(key.to_owned(), value.to_owned())]);
    let many = |count: usize| labels((0..count).map(|n| (format!("k{n}"), String::new())));
    let long = |len: usize| "x".repeat(len);
    let cases = [
        (one("", "v"), "database.labels"),
        (one("A", "v"), "database.labels"),
        (one("ü", "v"), "database.labels"),
        (one(&long(64), "v"), "database.labels"),
        (one("k", &long(257)), "database.labels[k]"),
        (many(65), "database.labels"),
        (
            Settings { size_limit_bytes: 1 << 63, ..Settings::default() },
            "database.size_limit_bytes",
        ),
    ];
    for (settings, field) in cases {
        let refused = service.create(admin, with_settings(settings.clone()), "").await;
        let error = is_refused(refused, Reason::InvalidArgument);
        assert_eq!(error.fields()[0].field, field);

        let batch = vec![spec("a"), with_settings(settings.clone())];
        let refused = service.create_batch(admin, batch, "").await;
        let error = is_refused(refused, Reason::InvalidArgument);
        assert_eq!(error.fields()[0].field, field.replace("database.", "databases[1]."));
        assert_eq!(error.metadata(), [("index", "1".to_owned())]);
    }
    for id in ["x".repeat(129).as_str(), "a\nb", "ü"] {
        let refused = service.create(admin, spec("shop"), id).await;
        let error = is_refused(refused, Reason::InvalidArgument);
        assert_eq!(error.fields()[0].field, "request_id");
    }
    for count in [0, 10_001] {
        let refused = service.create_batch(admin, vec![spec("shop"); count], "").await;
        is_refused(refused, Reason::InvalidArgument);
    }
    is_refused(service.get(admin, &parse("a")).await, Reason::DatabaseNotFound);

    let settings = Settings { size_limit_bytes: (1 << 63) - 1, ..many(64) };
    service
        .create(admin, with_settings(settings), &"x".repeat(128))
        .await
        .expect("all at its limit");
    let settings = one(&"_./-".repeat(15), &long(256));
    let shop = DatabaseSpec { settings: settings.clone(), ..spec("other") };
    service.create(admin, shop, "").await.expect("all at its limit");

    let patch = SettingsPatch { labels: Some(one("", "").labels), ..Default::default() };
    let refused = service.update(admin, &parse("shop"), patch, "").await;
    assert_eq!(is_refused(refused, Reason::InvalidArgument).fields()[0].field, "database.labels");
}

#[tokio::test]
async fn a_repeat_answers_the_first_answer() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let first = service.create(admin, spec("shop"), "id").await.expect("creates");
    assert_eq!(service.create(admin, spec("shop"), "id").await.expect("repeats"), first);
    is_refused(service.create(admin, spec("shop"), "").await, Reason::AlreadyExists);
    is_refused(service.create(admin, spec("shop"), "id2").await, Reason::AlreadyExists);
    is_refused(service.create(admin, spec("shop2"), "id").await, Reason::RequestIdReused);
    let settings = Settings { block_reads: true, ..Settings::default() };
    let refused = service.create(admin, with_settings(settings), "id").await;
    is_refused(refused, Reason::RequestIdReused);
    let refused = service.create_batch(admin, vec![spec("shop")], "id").await;
    is_refused(refused, Reason::RequestIdReused);

    // A deletion does not make the repeat do the work again.
    service.delete(admin, &parse("shop"), "").await.expect("deletes");
    assert_eq!(service.create(admin, spec("shop"), "id").await.expect("repeats"), first);
    is_refused(service.get(admin, &parse("shop")).await, Reason::DatabaseNotFound);
}

#[tokio::test]
async fn request_ids_of_strangers_never_meet() {
    let fixture = fixture().await;
    let service = &fixture.databases;
    let [eu, us] = [fixture.group_admin("eu").await, fixture.group_admin("us").await];
    let first = service.create(&eu, spec("eu/shop"), "1").await.expect("creates");
    let second = service.create(&us, spec("us/shop"), "1").await.expect("creates");
    assert_ne!(first.database.id, second.database.id);
    // An id does not open what its group's admin alone may do.
    is_refused(service.create(&us, spec("eu/shop"), "1").await, Reason::GroupNotFound);
}

#[tokio::test]
async fn a_batch_is_all_or_none() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let group_admin = fixture.group_admin("eu").await;
    let batch = |names: &[&str]| names.iter().map(|name| spec(name)).collect::<Vec<_>>();
    let created = service.create_batch(admin, batch(&["b", "eu/a"]), "1").await.expect("creates");
    let names: Vec<_> = created.iter().map(|view| view.database.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    let again = service.create_batch(admin, batch(&["b", "eu/a"]), "1").await;
    assert_eq!(again.expect("repeats"), created);

    let twice = service.create_batch(admin, batch(&["c", "d", "c"]), "").await;
    let error = is_refused(twice, Reason::AlreadyExists);
    assert!(error.metadata().contains(&("index", "2".to_owned())), "{error:?}");
    let foreign = service.create_batch(&group_admin, batch(&["eu/c", "c"]), "").await;
    is_refused(foreign, Reason::GroupNotFound);
    is_refused(service.get(admin, &parse("eu/c")).await, Reason::DatabaseNotFound);
    is_refused(service.get(admin, &parse("c")).await, Reason::DatabaseNotFound);
}
