//! Lists: who sees what, and pages.

use super::*;

fn page(size: i32, token: &str) -> PageRequest {
    PageRequest { size, token: token.to_owned() }
}

impl Fixture {
    pub(super) async fn listed(&self, grant: &Grant, query: DatabaseQuery) -> Vec<String> {
        let page = self.databases.list(grant, query, &page(0, "")).await.expect("lists");
        assert_eq!(page.next_token, "");
        let references = page.items.iter().map(|view| &view.database);
        references.map(|database| format!("{}/{}", database.group, database.name)).collect()
    }
}

#[tokio::test]
async fn each_sees_what_its_token_covers() {
    let fixture = fixture().await;
    let service = &fixture.databases;
    for name in ["eu/a", "eu/b", "us/a", "x"] {
        fixture.world.database(name).await;
    }
    let all = DatabaseQuery::default;
    let admin = fixture.admin();
    assert_eq!(fixture.listed(admin, all()).await, ["default/x", "eu/a", "eu/b", "us/a"]);
    let group_admin = fixture.group_admin("eu").await;
    assert_eq!(fixture.listed(&group_admin, all()).await, ["eu/a", "eu/b"]);
    let writer = fixture.writer("us/a").await;
    assert_eq!(fixture.listed(&writer, all()).await, ["us/a"]);

    let of_group = |name| DatabaseQuery { group: GroupName::new(name).ok(), ..all() };
    assert_eq!(fixture.listed(admin, of_group("eu")).await, ["eu/a", "eu/b"]);
    assert_eq!(fixture.listed(&writer, of_group("us")).await, ["us/a"]);
    for group in ["eu", "none"] {
        let refused = service.list(&writer, of_group(group), &page(0, "")).await;
        is_refused(refused, Reason::GroupNotFound);
    }
    let kind = |kind| DatabaseQuery { kind: Some(kind), ..all() };
    assert_eq!(fixture.listed(admin, kind(KindFilter::Regular)).await.len(), 4);
    assert_eq!(fixture.listed(admin, kind(KindFilter::Schema)).await, [""; 0]);
    let children = |of| DatabaseQuery { schema: Some(parse(of)), ..all() };
    assert_eq!(fixture.listed(admin, children("x")).await, [""; 0]);
    let refused = service.list(&writer, children("eu/a"), &page(0, "")).await;
    is_refused(refused, Reason::DatabaseNotFound);

    let groups = async |grant| {
        let page = service.list_groups(grant, &page(0, "")).await.expect("lists");
        page.items.iter().map(|group| group.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(groups(admin).await, ["default", "eu", "us"]);
    assert_eq!(groups(&group_admin).await, ["eu"]);
    assert_eq!(groups(&writer).await, ["us"]);
}

#[tokio::test]
async fn labels_narrow_and_deleted_ones_are_shown_when_asked_for() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    for (name, set) in
        [("a", &[("env", "prod")][..]), ("b", &[("env", "prod"), ("t", "1")]), ("c", &[])]
    {
        let settings = Settings { labels: labels(set), ..Settings::default() };
        let new = DatabaseSpec { settings, ..spec(name) };
        let id = service.create(admin, new, "").await.expect("creates").database.id;
        fixture.files().sizes.insert(id, 7);
    }
    service.delete(admin, &parse("a"), "").await.expect("deletes");
    let query = |set: &[(&str, &str)], show_deleted| DatabaseQuery {
        labels: labels(set),
        show_deleted,
        ..DatabaseQuery::default()
    };
    let prod = [("env", "prod")];
    assert_eq!(fixture.listed(admin, query(&prod, false)).await, ["default/b"]);
    assert_eq!(fixture.listed(admin, query(&prod, true)).await, ["default/a", "default/b"]);
    assert_eq!(fixture.listed(admin, query(&[("env", "x")], true)).await, [""; 0]);
    let listed = service.list(admin, query(&[], true), &page(0, "")).await.expect("lists");
    assert!(listed.items.iter().all(|view| view.size_bytes == 7));
    is_refused(
        service.list(admin, query(&[("", "")], true), &page(0, "")).await,
        Reason::InvalidArgument,
    );
}

#[tokio::test]
async fn pages_follow_each_other() {
    let fixture = fixture().await;
    let (service, admin) = (&fixture.databases, fixture.admin());
    let specs = (0..5).map(|n| spec(&format!("n{n}"))).collect();
    service.create_batch(admin, specs, "").await.expect("creates");
    for name in ["a", "b"] {
        service.create_group(admin, GroupName::new(name).expect("valid")).await.expect("creates");
    }
    let (mut token, mut names) = (String::new(), Vec::new());
    let all = DatabaseQuery::default;
    for items in [2, 2, 1] {
        let got = service.list(admin, all(), &page(2, &token)).await.expect("lists");
        assert_eq!(got.items.len(), items);
        names.extend(got.items.iter().map(|view| view.database.name.to_string()));
        token = got.next_token;
    }
    assert_eq!((names.join(" ").as_str(), token.as_str()), ("n0 n1 n2 n3 n4", ""));

    let first = service.list(admin, all(), &page(2, "")).await.expect("lists").next_token;
    let deleted = DatabaseQuery { show_deleted: true, ..all() };
    let refused = service.list(admin, deleted, &page(2, &first)).await;
    is_refused(refused, Reason::InvalidPageToken);
    for bad in ["x", "AAAAAAAAAAA", &first[..first.len() - 4]] {
        is_refused(service.list(admin, all(), &page(2, bad)).await, Reason::InvalidPageToken);
    }
    is_refused(service.list(admin, all(), &page(-1, "")).await, Reason::InvalidArgument);

    let groups = service.list_groups(admin, &page(2, "")).await.expect("lists");
    let rest = service.list_groups(admin, &page(2, &groups.next_token)).await.expect("lists");
    assert_eq!((groups.items.len(), rest.items.len(), rest.next_token.as_str()), (2, 1, ""));
    is_refused(service.list_groups(admin, &page(2, &first)).await, Reason::InvalidPageToken);
}
