//! Lists against a plain model of them.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

const GROUPS: [&str; 3] = ["a", "b", "default"];
/// The SCHEMA databases of each group.
const SCHEMAS: [&str; 2] = ["n4-schema", "schema"];
const DATABASES_MAX: usize = 24;
const CASES: u32 = 48;

/// A database to be there, and whether it is deleted.
#[derive(Clone, Debug)]
struct Planned {
    group: usize,
    name: u8,
    /// Its parent, by index; none of a REGULAR one.
    schema: Option<usize>,
    labels: BTreeMap<String, String>,
    deleted: bool,
}

#[derive(Clone, Debug)]
struct Case {
    planned: Vec<Planned>,
    group: Option<usize>,
    kind: Option<KindFilter>,
    /// The group and the SCHEMA database in it, by index.
    schema: Option<(usize, usize)>,
    labels: BTreeMap<String, String>,
    show_deleted: bool,
    /// The groups and the databases that are visible, by index.
    visible: Option<(Vec<usize>, Vec<usize>)>,
    page_size: usize,
}

fn some_labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map("[kl]", "[01]", 0..=2)
}

fn case() -> impl Strategy<Value = Case> {
    let schema = proptest::option::of(0..SCHEMAS.len());
    let planned = (0..GROUPS.len(), 0..9u8, schema, some_labels(), any::<bool>()).prop_map(
        |(group, name, schema, labels, deleted)| Planned { group, name, schema, labels, deleted },
    );
    let kinds = [KindFilter::Regular, KindFilter::Schema, KindFilter::Child];
    let some_of = |max: usize| btree_set(0..max, 0..4).prop_map(|set| set.into_iter().collect());
    (
        vec(planned, 0..DATABASES_MAX),
        proptest::option::of(0..GROUPS.len()),
        proptest::option::of(proptest::sample::select(kinds.to_vec())),
        proptest::option::of((0..GROUPS.len(), 0..SCHEMAS.len())),
        some_labels(),
        any::<bool>(),
        proptest::option::of((some_of(GROUPS.len()), some_of(DATABASES_MAX))),
        1..5usize,
    )
        .prop_map(
            |(planned, group, kind, schema, labels, show_deleted, visible, page_size)| Case {
                planned,
                group,
                kind,
                schema,
                labels,
                show_deleted,
                visible,
                page_size,
            },
        )
}

fn filter_of(kind: Kind) -> KindFilter {
    match kind {
        Kind::Regular => KindFilter::Regular,
        Kind::Schema => KindFilter::Schema,
        Kind::Child { .. } => KindFilter::Child,
    }
}

async fn check(case: Case) {
    let fixture = fixture();
    let (mut groups, mut schemas) = (Vec::new(), Vec::new());
    for name in GROUPS {
        groups.push(fixture.group(name).await);
        for schema in SCHEMAS {
            let reference = format!("{name}/{schema}");
            let (id, new) = fixture.new_database(&reference, Settings::default()).await;
            schemas.push((id, NewDatabase { kind: Kind::Schema, ..new }));
        }
    }
    let created = fixture.catalog.create_databases(schemas, None, fixture.now()).await;
    let mut rows: Vec<Arc<Database>> = created.expect("creates");
    let schemas: Vec<_> = rows.iter().map(|row| row.id).collect();
    let schema_at = |group: usize, index: usize| schemas[group * SCHEMAS.len() + index];
    for planned in &case.planned {
        let reference = format!("{}/n{}", GROUPS[planned.group], planned.name);
        let settings = Settings { labels: planned.labels.clone(), ..Default::default() };
        let (id, new) = fixture.new_database(&reference, settings).await;
        let kind = planned
            .schema
            .map_or(Kind::Regular, |index| Kind::Child { schema: schema_at(planned.group, index) });
        let new = vec![(id, NewDatabase { kind, ..new })];
        let Ok(created) = fixture.catalog.create_databases(new, None, fixture.now()).await else {
            continue;
        };
        let row = Arc::clone(&created[0]);
        let (now, day) = (fixture.now(), Duration::from_secs(86_400));
        rows.push(if planned.deleted {
            fixture.catalog.delete_database(row.id, None, now, day).await.expect("deletes")
        } else {
            row
        });
    }
    let visible = case.visible.as_ref().map(|(in_groups, databases)| Visible {
        groups: in_groups.iter().map(|&index| groups[index].id).collect(),
        databases: databases.iter().filter_map(|&index| Some(rows.get(index)?.id)).collect(),
    });

    let mut expected: Vec<_> = rows
        .iter()
        .filter(|row| case.show_deleted || row.state == State::Active)
        .filter(|row| case.group.is_none_or(|group| row.group.as_str() == GROUPS[group]))
        .filter(|row| match (case.kind, row.kind) {
            (None, _) => true,
            (Some(kind), of) => kind == filter_of(of),
        })
        .filter(|row| {
            case.schema.is_none_or(|(group, index)| {
                row.kind == Kind::Child { schema: schema_at(group, index) }
            })
        })
        .filter(|row| {
            case.labels.iter().all(|(key, value)| row.settings.labels.get(key) == Some(value))
        })
        .filter(|row| {
            visible.as_ref().is_none_or(|visible| {
                visible.groups.contains(&row.group_id) || visible.databases.contains(&row.id)
            })
        })
        .cloned()
        .collect();
    expected.sort_by_key(|row| row.cursor());

    let filter = DatabaseFilter {
        group: case.group.map(|group| group_name(GROUPS[group])),
        kind: case.kind,
        schema: case.schema.map(|(group, index)| schema_at(group, index)),
        labels: case.labels,
        show_deleted: case.show_deleted,
        visible,
    };
    let mut listed: Vec<Arc<Database>> = Vec::new();
    loop {
        let after = listed.last().map(|last| last.cursor());
        let page = fixture.catalog.databases(filter.clone(), after, case.page_size).await;
        let page = page.expect("reads");
        assert!(page.len() <= case.page_size);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, expected);
}

#[test]
fn pages_hold_what_fits_the_filter_in_order_and_once() {
    let runtime = tokio::runtime::Runtime::new().expect("starts");
    // A failure prints its case, shrunk.
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let run = |case| {
        runtime.block_on(check(case));
        Ok(())
    };
    runner.run(&case(), run).expect("holds");
}

#[tokio::test]
async fn pages_are_stable_while_databases_come_and_go() {
    let fixture = fixture();
    for n in 0..20 {
        fixture.create(&format!("stays-{n:02}")).await.expect("creates");
        fixture.create(&format!("goes-{n:02}")).await.expect("creates");
    }
    let filter = DatabaseFilter::default();
    let mut seen: Vec<Arc<Database>> = Vec::new();
    for round in 0.. {
        let after = seen.last().map(|last| last.cursor());
        let page = fixture.catalog.databases(filter.clone(), after, 7).await.expect("reads");
        if page.is_empty() {
            break;
        }
        // The last of a page goes: the next one starts behind it all the same.
        for row in page.iter().filter(|row| row.name.as_str().starts_with("goes")) {
            let deleted = fixture.catalog.delete_database(row.id, None, START, Duration::ZERO);
            deleted.await.expect("deletes");
        }
        seen.extend(page);
        fixture.create(&format!("comes-{round}")).await.expect("creates");
    }
    let names: Vec<_> = seen.iter().map(|row| row.name.to_string()).collect();
    let stayed: Vec<_> = names.iter().filter(|name| name.starts_with("stays")).collect();
    assert_eq!(stayed.len(), 20);
    assert!(names.is_sorted_by(|one, next| one < next), "each once and in order: {names:?}");
}
