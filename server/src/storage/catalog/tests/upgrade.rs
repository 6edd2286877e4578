//! A catalog of an older format is brought up when it is opened.

use rusqlite::{Connection, params};

use super::super::schema::{CATALOG_FORMAT, FORMATS, version};
use super::*;

fn connect(dir: &Path) -> Connection {
    crate::storage::heap::install();
    #[expect(clippy::disallowed_methods, reason = "no tenant's file")]
    let connection = Connection::open(dir.join("catalog.db")).expect("opens");
    connection
}

/// Every object of a catalog.
fn objects(dir: &Path) -> Vec<(String, Option<String>)> {
    let connection = connect(dir);
    let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql).expect("valid");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("runs");
    rows.collect::<rusqlite::Result<_>>().expect("reads")
}

/// What a server of format 1 wrote: a database, and the answer to the request
/// that created it.
fn write_format_1(dir: &Path, group: GroupId, id: DatabaseId) {
    let connection = connect(dir);
    connection.execute_batch(FORMATS[0]).expect("creates");
    let (group_id, database) = (group.uuid().into_bytes(), id.uuid().into_bytes());
    let insert = "INSERT INTO groups VALUES (?, 'default', 5, 0)";
    connection.execute(insert, [group_id]).expect("inserts");
    let insert = "INSERT INTO databases VALUES
        (?, 'shop', ?, 'default', 0, NULL, 0, 1, 1, 0, 0, 0, 7, 0, 2, 5, 6, NULL, NULL, 0)";
    connection.execute(insert, params![database, group_id]).expect("inserts");
    let answer = format!(
        r#"[{{"id":"{id}","name":"shop","group_id":"{group}","group":"default","kind":"Regular",
            "generation":0,"used":false,"settings":{{"allow_attach":true,"delete_protection":false,
            "block_reads":false,"block_writes":false,"size_limit_bytes":7,"labels":{{}}}},
            "state":"Active","revision":1,"create_time":5,"update_time":5,"delete_time":null,
            "purge_time":null,"tokens_not_before":0}}]"#
    );
    let insert = "INSERT INTO requests VALUES (?, ?, ?, 5)";
    connection.execute(insert, params![[1_u8; 32], [2_u8; 32], answer]).expect("inserts");
    connection.pragma_update(None, "user_version", 1).expect("sets");
}

#[tokio::test]
async fn format_1_is_brought_up_with_all_that_is_in_it() {
    let dir = tempfile::tempdir().expect("temp dir");
    let clock = Arc::new(ManualClock::new(START));
    let env = Env::with_clock(Arc::<ManualClock>::clone(&clock));
    let (group, id) = (GroupId::new(env.uuid()), DatabaseId::new(env.uuid()));
    write_format_1(dir.path(), group, id);
    let catalog = open(dir.path(), &env).expect("brings it up");
    let fixture = Fixture { catalog, clock, env, dir }.reopen();

    assert_eq!(fixture.group("default").await.id, group);
    let found = fixture.find("shop").await.expect("is there");
    assert_eq!((found.id, found.kind, found.used), (id, Kind::Regular, true));
    assert_eq!((found.settings.size_limit_bytes, found.revision), (7, 2));
    assert_eq!((found.generation, found.file_generation), Default::default());
    assert_eq!((&found.schema_name, &found.quarantine), (&None, &None));
    let (_, new) = fixture.new_database("shop", Settings::default()).await;
    let repeat = vec![(DatabaseId::new(fixture.env.uuid()), new)];
    let answer = fixture.catalog.create_databases(repeat, key(1, 2), START).await;
    assert_eq!(answer.expect("repeats")[0].id, id);
    let schema = fixture.schema("parent").await;
    fixture.child("child", schema).await;
    fixture.migrate(schema).await;
    assert_eq!(fixture.find("child").await.expect("is there").generation, Generation(1));

    let fresh = super::fixture();
    assert_eq!(objects(fixture.dir.path()), objects(fresh.dir.path()));
    assert_eq!(version(&connect(fixture.dir.path())).expect("reads"), CATALOG_FORMAT);
}

#[tokio::test]
async fn what_cannot_be_brought_up_stays_as_it_is() {
    let dir = tempfile::tempdir().expect("temp dir");
    let env = Env::system();
    write_format_1(dir.path(), GroupId::new(env.uuid()), DatabaseId::new(env.uuid()));
    // In the way of the last table of the new format.
    connect(dir.path()).execute_batch("CREATE TABLE migrations (x)").expect("creates");
    let before = objects(dir.path());
    assert!(open(dir.path(), &env).is_err());
    assert_eq!(objects(dir.path()), before);
    connect(dir.path()).execute_batch("DROP TABLE migrations").expect("drops");
    let found = open(dir.path(), &env).expect("brings it up").database(&parse("shop")).await;
    assert!(found.expect("reads").is_some());
}

/// A repeat is known by a hash of what it creates.
#[test]
fn what_a_request_creates_reads_as_it_did_in_format_1() {
    let (name, group_id) =
        (DatabaseName::new("a").expect("valid"), GroupId::new(uuid::Uuid::nil()));
    let new = NewDatabase { name, group_id, kind: Kind::Regular, settings: Settings::default() };
    let json = serde_json::to_string(&new).expect("serializes");
    let expected = "{\"name\":\"a\",\"group_id\":\"00000000-0000-0000-0000-000000000000\",\
        \"settings\":{\"allow_attach\":false,";
    assert!(json.starts_with(expected), "{json}");
    let kind = Kind::Child { schema: DatabaseId::new(uuid::Uuid::nil()) };
    let json = serde_json::to_string(&NewDatabase { kind, ..new }).expect("serializes");
    assert!(json.contains("\"kind\":{\"Child\""), "{json}");
}
