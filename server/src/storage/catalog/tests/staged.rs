//! Databases that get their files before anybody sees them.

use super::*;

impl Fixture {
    async fn stage(&self, reference: &str, kind: Kind) -> Result<Arc<Database>> {
        let settings = Settings { labels: labels(&[("tier", "gold")]), ..Settings::default() };
        let (id, new) = self.new_database(reference, settings).await;
        self.catalog.stage_database(id, NewDatabase { kind, ..new }, self.now()).await
    }

    async fn publish(
        &self,
        staged: &Arc<Database>,
        generation: u64,
    ) -> Result<Option<Arc<Database>>> {
        let (staged, generation) = (Arc::clone(staged), Generation(generation));
        self.catalog.publish_database(staged, generation, None, self.now()).await
    }

    /// All that is listed, deleted ones too.
    async fn all_listed(&self) -> Vec<DatabaseId> {
        let filter = DatabaseFilter { show_deleted: true, ..DatabaseFilter::default() };
        let labelled = DatabaseFilter { labels: labels(&[("tier", "gold")]), ..filter.clone() };
        let ids = async |filter| {
            let found = self.catalog.databases(filter, None, 100).await.expect("lists");
            found.iter().map(|database| database.id).collect::<Vec<_>>()
        };
        let (all, labelled) = (ids(filter).await, ids(labelled).await);
        assert!(labelled.iter().all(|id| all.contains(id)));
        all
    }

    async fn purged(&self) -> Vec<DatabaseId> {
        self.catalog.purge_databases(self.now(), 100).await.expect("purges")
    }
}

#[tokio::test]
async fn what_is_staged_is_seen_once_it_is_published() {
    let fixture = fixture();
    let staged = fixture.stage("eu/copy", Kind::Regular).await.expect("stages");
    assert_eq!(fixture.find("eu/copy").await, None);
    assert_eq!(fixture.find(&format!("eu/{}", staged.id)).await, None);
    assert_eq!(fixture.all_listed().await, []);
    let found = fixture.catalog.deleted_database(&parse("eu/copy")).await.expect("reads");
    assert_eq!((found, fixture.purged().await), (None, vec![]));

    let published = fixture.publish(&staged, 0).await.expect("publishes").expect("is published");
    assert_eq!(*published, Database { used: true, ..Database::clone(&staged) });
    assert_eq!(fixture.find("eu/copy").await, Some(Arc::clone(&published)));
    assert_eq!(fixture.all_listed().await, [staged.id]);
    // It is there to stay.
    is_refused(fixture.publish(&staged, 0).await, Reason::DatabaseNotFound);
    fixture.catalog.abandon_database(staged.id).await.expect("answers");
    assert_eq!(fixture.reopen().find("eu/copy").await, Some(published));
}

#[tokio::test]
async fn a_name_belongs_to_who_is_seen_first() {
    let fixture = fixture();
    fixture.create("eu/taken").await.expect("creates");
    is_refused(fixture.stage("eu/taken", Kind::Regular).await, Reason::AlreadyExists);
    let [one, other] = [
        fixture.stage("eu/copy", Kind::Regular).await,
        fixture.stage("eu/copy", Kind::Regular).await,
    ]
    .map(|staged| staged.expect("stages"));
    fixture.publish(&other, 0).await.expect("publishes");
    is_refused(fixture.publish(&one, 0).await, Reason::AlreadyExists);
    fixture.catalog.abandon_database(one.id).await.expect("gives it up");
    assert_eq!(fixture.purged().await, [one.id]);
}

#[tokio::test]
async fn what_is_given_up_is_purged_also_by_a_restart() {
    let fixture = fixture();
    let [one, other] =
        [fixture.stage("eu/a", Kind::Regular).await, fixture.stage("eu/b", Kind::Regular).await]
            .map(|staged| staged.expect("stages"));
    fixture.catalog.abandon_database(one.id).await.expect("gives it up");
    assert_eq!(fixture.purged().await, [one.id]);
    is_refused(fixture.publish(&one, 0).await, Reason::DatabaseNotFound);
    let fixture = fixture.reopen();
    is_refused(fixture.publish(&other, 0).await, Reason::DatabaseNotFound);
    let purged = fixture.purged().await;
    assert!(purged.len() == 2 && purged.contains(&other.id), "{purged:?}");
    fixture.catalog.forget_databases(purged).await.expect("forgets");
    assert_eq!(fixture.purged().await, []);
}

#[tokio::test]
async fn a_child_is_published_at_its_parents_generation() {
    let fixture = fixture();
    let schema = fixture.schema("eu/shop").await;
    fixture.migrate(schema).await;
    let staged = fixture.stage("eu/copy", Kind::Child { schema }).await.expect("stages");
    let members = async |fixture: &Fixture| {
        fixture.catalog.members(schema, MemberFilter::All, None, 10).await.expect("reads").len()
    };
    assert_eq!(fixture.catalog.child_counts(schema).await.expect("counts").total, 0);
    fixture.migrate(schema).await;
    for generation in [1, 3] {
        assert_eq!(fixture.publish(&staged, generation).await.expect("answers"), None);
    }
    assert_eq!(members(&fixture).await, 0);
    let published = fixture.publish(&staged, 2).await.expect("publishes").expect("is published");
    assert_eq!((published.generation, published.file_generation), (Generation(2), Generation(2)));
    assert_eq!(fixture.find("eu/copy").await, Some(published));
    assert_eq!(members(&fixture).await, 1);
}

#[tokio::test]
async fn a_child_is_not_published_without_its_parent_or_its_group() {
    let fixture = fixture();
    let schema = fixture.schema("eu/shop").await;
    let child = fixture.stage("eu/copy", Kind::Child { schema }).await.expect("stages");
    let alone = fixture.stage("eu/alone", Kind::Regular).await.expect("stages");
    fixture.delete(schema).await.expect("no child is in its way");
    is_refused(fixture.publish(&child, 0).await, Reason::DatabaseNotFound);
    let group = fixture.group("eu").await.id;
    fixture.catalog.delete_group(group).await.expect("nothing is in its way");
    is_refused(fixture.publish(&alone, 0).await, Reason::GroupNotFound);
}

#[tokio::test]
async fn a_schema_goes_on_from_the_generation_of_its_file() {
    let fixture = fixture();
    let staged = fixture.stage("eu/copy", Kind::Schema).await.expect("stages");
    fixture.publish(&staged, 7).await.expect("publishes");
    let fixture = fixture.reopen();
    let found = fixture.find("eu/copy").await.expect("is there");
    assert_eq!((found.generation, found.file_generation), (Generation(7), Generation(7)));
    let migration = fixture.migrate(staged.id).await;
    assert_eq!(migration.generation, Generation(8));
}

#[tokio::test]
async fn a_repeated_request_gives_its_own_copy_up() {
    let fixture = fixture();
    let (request, reused) = (key(1, 1).expect("a key"), key(1, 2).expect("a key"));
    let publish = async |staged: &Arc<Database>, key: &RequestKey| {
        let (staged, generation) = (Arc::clone(staged), Generation::default());
        let key = Some(key.clone());
        fixture.catalog.publish_database(staged, generation, key, fixture.now()).await
    };
    let asked = async |key: &RequestKey| fixture.catalog.requested_databases(key.clone()).await;
    assert_eq!(asked(&request).await.expect("answers"), None);
    let one = fixture.stage("eu/copy", Kind::Regular).await.expect("stages");
    let other = fixture.stage("eu/copy", Kind::Regular).await.expect("stages");
    let first = publish(&one, &request).await.expect("publishes").expect("is published");
    let again = publish(&other, &request).await.expect("answers").expect("is there");
    assert_eq!(again, first);
    assert_eq!(fixture.purged().await, [other.id]);
    assert_eq!(asked(&request).await.expect("answers"), Some(vec![first]));
    let third = fixture.stage("eu/third", Kind::Regular).await.expect("stages");
    is_refused(publish(&third, &reused).await, Reason::RequestIdReused);
    is_refused(asked(&reused).await, Reason::RequestIdReused);
}
