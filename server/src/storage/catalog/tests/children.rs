//! The children of a schema: their lists, and how far their files are.

use super::*;

impl Fixture {
    async fn use_file(&self, id: DatabaseId, generation: u64) {
        self.catalog.mark_used(id, Generation(generation)).await.expect("marks");
    }

    /// The names of the children in a list, read in pages of two.
    async fn children(&self, schema: DatabaseId, state: Option<ChildState>) -> Vec<String> {
        let mut all: Vec<Arc<Database>> = Vec::new();
        loop {
            let after = all.last().map(|last| (last.name.clone(), last.id));
            let page = self.catalog.children(schema, state, after, 2).await.expect("reads");
            if page.is_empty() {
                return all.iter().map(|child| child.name.to_string()).collect();
            }
            all.extend(page);
        }
    }

    /// The names of the members in a list, read in pages of two, by name.
    async fn members(&self, schema: DatabaseId, filter: MemberFilter) -> Vec<String> {
        let mut all: Vec<Member> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id);
            let page = self.catalog.members(schema, filter.clone(), after, 2).await;
            let page = page.expect("reads");
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        assert!(all.is_sorted_by(|one, next| one.id < next.id), "by id and once");
        let mut names: Vec<_> = all.iter().map(|member| member.name.to_string()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn lists_and_counts_tell_how_far_the_children_are() {
    let fixture = fixture();
    let (schema, other) = (fixture.schema("shop").await, fixture.schema("other").await);
    let mut ids = BTreeMap::new();
    for name in ["behind", "broken", "current", "deleted", "lost", "unused"] {
        ids.insert(name, fixture.child(name, schema).await);
    }
    let foreign = fixture.child("foreign", other).await;
    fixture.use_file(foreign, 0).await;
    fixture.migrate(schema).await;
    for (name, generation) in
        [("behind", 0), ("broken", 0), ("current", 1), ("deleted", 0), ("lost", 0)]
    {
        fixture.use_file(ids[name], generation).await;
    }
    for name in ["broken", "lost"] {
        let noted = fixture.catalog.note_quarantine(ids[name], format!("{name}!")).await;
        noted.expect("notes");
    }
    fixture.delete(ids["deleted"]).await.expect("deletes");

    let fixture = fixture.reopen();
    let children = async |state| fixture.children(schema, state).await.join(" ");
    assert_eq!(children(None).await, "behind broken current lost unused");
    assert_eq!(children(Some(ChildState::Current)).await, "current unused");
    assert_eq!(children(Some(ChildState::Pending)).await, "behind");
    assert_eq!(children(Some(ChildState::Quarantined)).await, "broken lost");
    let members = async |filter| fixture.members(schema, filter).await.join(" ");
    assert_eq!(members(MemberFilter::All).await, "behind broken current lost");
    assert_eq!(members(MemberFilter::Behind(Generation(1))).await, "behind broken lost");
    assert_eq!(members(MemberFilter::Behind(Generation(2))).await, "behind broken current lost");
    assert_eq!(members(MemberFilter::Behind(Generation(0))).await, "");
    let among = ["current", "deleted", "lost", "unused"].map(|name| ids[name]);
    let among = among.into_iter().chain([foreign, ids["lost"]]).collect();
    assert_eq!(members(MemberFilter::Among(among)).await, "current lost");
    assert_eq!(members(MemberFilter::Among(Vec::new())).await, "");
    assert_eq!(fixture.members(other, MemberFilter::All).await, ["foreign"]);

    let counts = async |of| fixture.catalog.child_counts(of).await.expect("counts");
    let expected = ChildCounts { total: 5, used: 4, behind: 3, quarantined: 2 };
    assert_eq!(counts(schema).await, expected);
    let expected = ChildCounts { total: 1, used: 1, behind: 0, quarantined: 0 };
    assert_eq!(counts(other).await, expected);
    let unknown = DatabaseId::new(fixture.env.uuid());
    assert_eq!(counts(unknown).await, ChildCounts::default());
    assert_eq!(fixture.children(unknown, None).await, [""; 0]);
}

#[tokio::test]
async fn what_is_noted_of_a_file_is_seen_at_once() {
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        ids.push(fixture.child(name, schema).await);
        fixture.use_file(ids[ids.len() - 1], 0).await;
    }
    fixture.migrate(schema).await;
    let seen = async |name: &str| {
        let found = fixture.find(name).await.expect("is there");
        (found.file_generation, found.quarantine.clone())
    };
    let (old, new) = (Generation(0), Generation(1));
    assert_eq!((seen("a").await, seen("b").await), ((old, None), (old, None)));
    for reason in ["no room", "torn"] {
        fixture.catalog.note_quarantine(ids[0], reason.to_owned()).await.expect("notes");
        assert_eq!(seen("a").await, (old, Some(reason.to_owned())));
    }
    // One that is gone meanwhile harms no other.
    let gone = DatabaseId::new(fixture.env.uuid());
    fixture
        .catalog
        .note_quarantine(gone, "lost".to_owned())
        .await
        .expect("has nobody to note it of");
    let noted = vec![ids[0], gone, ids[1]];
    fixture.catalog.note_generation(noted.clone(), new).await.expect("notes");
    assert_eq!((seen("a").await, seen("b").await), ((new, None), (new, None)));
    fixture.catalog.note_generation(noted, old).await.expect("is late");
    assert_eq!((seen("a").await, seen("b").await), ((new, None), (new, None)));
    let row = fixture.find("a").await.expect("is there");
    assert_eq!(row.revision, 1, "its owner changed nothing");
}

/// Ten thousand children with files: what a sweep and a validation ask for.
#[tokio::test]
async fn members_of_a_large_schema_come_in_pages() {
    const CHILDREN: usize = 10_000;
    const PAGE: usize = 1_000;
    let fixture = fixture();
    let schema = fixture.schema("shop").await;
    let (_, one) = fixture.new_database("x", Settings::default()).await;
    let kind = Kind::Child { schema };
    let batch: Vec<_> = (0..CHILDREN)
        .map(|n| {
            let name = DatabaseName::new(format!("child-{n}")).expect("valid");
            (DatabaseId::new(fixture.env.uuid()), NewDatabase { name, kind, ..one.clone() })
        })
        .collect();
    let created = fixture.catalog.create_databases(batch, None, START).await.expect("creates");
    let used = created.iter().map(|child| fixture.catalog.mark_used(child.id, Generation(0)));
    let used = futures_util::future::join_all(used).await;
    assert!(used.iter().all(Result::is_ok));
    fixture.migrate(schema).await;

    let (mut after, mut left) = (None, CHILDREN);
    while left > 0 {
        let behind = MemberFilter::Behind(Generation(1));
        let page = fixture.catalog.members(schema, behind, after, PAGE).await.expect("reads");
        assert_eq!(page.len(), PAGE);
        after = page.last().map(|last| last.id);
        let noted = page.iter().map(|member| member.id).collect();
        fixture.catalog.note_generation(noted, Generation(1)).await.expect("notes");
        left -= PAGE;
        let counts = fixture.catalog.child_counts(schema).await.expect("counts");
        assert_eq!(counts.behind, left as u64);
    }
}
