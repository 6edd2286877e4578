//! Databases of the kinds SCHEMA and CHILD: who makes which of which, what a
//! child inherits, and on which generation it answers.

mod generations;
mod start;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use tenantry_client::v1::{
    self, Access, ChildState, CreateDatabaseRequest, Database, DatabaseKind, Encoding,
    GetDatabaseRequest, ListChildrenRequest, TransactionMode,
};

use crate::support::cells::cells_of;
use crate::support::shop_data::rows;
use crate::support::{
    Client, Code, Db, Fleet, Server, Status, World, bounded, expect_error, sql, text,
};

/// A schema of every kind of object, with rows.
const SHOP: &str = "
    CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER DEFAULT 1);
    CREATE INDEX item_name ON item (name);
    CREATE TABLE sale (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item);
    CREATE VIEW sold AS SELECT name FROM sale JOIN item ON item.id = sale.item;
    CREATE TABLE log (line TEXT);
    CREATE TRIGGER logging AFTER INSERT ON sale BEGIN INSERT INTO log VALUES (NEW.item); END;
    CREATE VIRTUAL TABLE words USING fts5 (word);
    INSERT INTO item (id, name) VALUES (1, 'pen'), (2, 'ink');
    INSERT INTO words VALUES ('found it');";

/// The client's idle connection does not keep the server from its end.
const QUICK_STOP: [&str; 2] = ["--drain-ms-max", "50"];

async fn get(client: &Client, name: &str) -> Database {
    let request = GetDatabaseRequest { name: name.to_owned() };
    let answer = bounded("GetDatabase", client.databases().get_database(request)).await;
    answer.expect("it is there").into_inner().database.expect("a database")
}

async fn try_create(world: &World, database: Database) -> Result<Database, Status> {
    let database = Database { group: world.group.clone(), ..database };
    let request = CreateDatabaseRequest { database: Some(database), request_id: String::new() };
    let answer =
        bounded("CreateDatabase", world.admin.databases().create_database(request)).await?;
    Ok(answer.into_inner().database.expect("a database"))
}

fn described(name: &str, kind: DatabaseKind, schema: &str) -> Database {
    let (name, schema) = (name.to_owned(), schema.to_owned());
    Database { name, kind: kind.into(), schema, ..Default::default() }
}

/// A schema with tables, and one child of it.
async fn pair(world: &World) -> (Fleet, Db) {
    let fleet = Fleet::create(world, "parent").await;
    fleet.migrate(SHOP).await;
    fleet.create_children(["child"]).await;
    let child = fleet.child("child");
    (fleet, child)
}

/// The files of databases in a data directory.
fn files(server: &Server) -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => walk(&path, found),
                Some(extension) if extension == "db" => {
                    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                    found.push(name);
                }
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(&server.data_dir().join("shard-0000").join("databases"), &mut found);
    found
}

#[tokio::test]
async fn a_parent_and_its_children_are_described_as_such() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    let parent = get(&world.admin, &fleet.reference()).await;
    assert_eq!((parent.kind(), parent.generation), (DatabaseKind::Schema, 0));
    assert_eq!(parent.schema, "");

    // By name and by UUID, and the kind told or not.
    for (name, kind, schema) in [
        ("a", DatabaseKind::Unspecified, "parent"),
        ("b", DatabaseKind::Child, &parent.id),
        ("c", DatabaseKind::Child, &fleet.reference()),
    ] {
        let child = try_create(&world, described(name, kind, schema)).await.expect(name);
        assert_eq!(
            (child.kind(), child.schema.as_str()),
            (DatabaseKind::Child, "parent"),
            "{name}"
        );
        assert_eq!(child, get(&world.admin, &world.reference(name)).await);
    }
    for generation in 1..=2 {
        fleet.migrate(format!("CREATE TABLE t{generation} (x)")).await;
        for name in ["parent", "a", "b", "c"] {
            let database = get(&world.admin, &world.reference(name)).await;
            assert_eq!(database.generation, generation, "{name}");
        }
    }
    let listed = world.listing().await;
    assert!(listed.iter().all(|database| database.generation == 2), "{listed:?}");
    fleet.create_children(["late"]).await;
    assert_eq!(get(&world.admin, &world.reference("late")).await.generation, 2);
}

#[tokio::test]
async fn a_child_needs_a_schema_of_its_own_group() {
    use DatabaseKind::{Child, Regular, Schema, Unspecified};
    let world = World::shared().await;
    pair(&world).await;
    world.database("plain").await;
    let other = world.another_group().await;
    let foreign = Database { group: other.clone(), ..described("parent", Schema, "") };
    let foreign = world.create(foreign).await;
    let before = world.listing().await.len();
    for (kind, schema, code, reason) in [
        (Unspecified, "plain", Code::FailedPrecondition, "WRONG_KIND"),
        (Child, "child", Code::FailedPrecondition, "WRONG_KIND"),
        (Child, "nobody", Code::NotFound, "DATABASE_NOT_FOUND"),
        (Child, foreign.reference(), Code::InvalidArgument, "INVALID_ARGUMENT"),
        (Child, foreign.id(), Code::NotFound, "DATABASE_NOT_FOUND"),
        (Child, "", Code::InvalidArgument, "INVALID_ARGUMENT"),
        (Child, "../x", Code::InvalidArgument, "INVALID_NAME"),
        (Schema, "parent", Code::InvalidArgument, "INVALID_ARGUMENT"),
        (Regular, "parent", Code::InvalidArgument, "INVALID_ARGUMENT"),
    ] {
        let refused = try_create(&world, described("new", kind, schema)).await;
        println!("{kind:?} of '{schema}'");
        let status = expect_error(refused, code, reason);
        assert!(!status.message().contains(&other) || schema.contains('/'), "{status:?}");
    }
    // Of many, all or none.
    let mut databases = ["x", "y"].map(|name| described(name, Child, "parent")).to_vec();
    databases.push(described("z", Child, "plain"));
    for database in &mut databases {
        database.group.clone_from(&world.group);
    }
    let request = v1::BatchCreateDatabasesRequest { databases, request_id: String::new() };
    let refused = world.admin.databases().batch_create_databases(request).await;
    expect_error(refused, Code::FailedPrecondition, "WRONG_KIND");
    assert_eq!(world.listing().await.len(), before);
}

#[tokio::test]
async fn a_parent_goes_after_its_children_and_comes_back_before_them() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    child.exec("INSERT INTO sale VALUES (1, 2)").await;
    fleet.create_children(["unused"]).await;
    let parent = fleet.reference();
    let delete = async || {
        let request = v1::DeleteDatabaseRequest { name: parent.clone(), ..Default::default() };
        world.admin.databases().delete_database(request).await
    };
    expect_error(delete().await, Code::FailedPrecondition, "SCHEMA_NOT_EMPTY");
    fleet.try_delete("child").await.expect("a child can go");
    expect_error(delete().await, Code::FailedPrecondition, "SCHEMA_NOT_EMPTY");
    fleet.try_delete("unused").await.expect("a child can go");
    assert_eq!(fleet.names().await, Vec::<String>::new());
    delete().await.expect("nobody follows it any more");
    let applied = fleet.try_apply(fleet.request("CREATE TABLE late (x)")).await;
    expect_error(applied, Code::NotFound, "DATABASE_NOT_FOUND");
    expect_error(
        try_create(&world, described("new", DatabaseKind::Child, "parent")).await,
        Code::NotFound,
        "DATABASE_NOT_FOUND",
    );
    expect_error(fleet.try_undelete("child").await, Code::NotFound, "DATABASE_NOT_FOUND");
    fleet.try_undelete("parent").await.expect("it comes back");
    fleet.migrate("CREATE TABLE late (x)").await;
    let back = fleet.try_undelete("child").await.expect("it comes back");
    assert_eq!(back.generation, 2);
    // What it had is there, on the generation of now.
    assert_eq!(child.text("SELECT name FROM sold; SELECT count(*) FROM late").await, "0");
    assert_eq!(child.text("SELECT name FROM sold").await, "ink");
    fleet.agree().await;
}

#[tokio::test]
async fn get_schema_tells_what_makes_the_schema_again() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    let empty = fleet.schema_text().await;
    assert_eq!((empty.generation, empty.ddl.as_str()), (0, ""));
    fleet.migrate(SHOP).await;
    let told = fleet.schema_text().await;
    assert_eq!(told.generation, 1);
    let hash: String = Sha256::digest(&told.ddl).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told.hash, hash);
    assert!(told.ddl.lines().count() >= 7 && told.ddl.ends_with(";\n"), "{}", told.ddl);
    assert!(!told.ddl.contains("INSERT INTO item"), "rows are no schema");

    let again = Connection::open_in_memory().expect("SQLite opens");
    again.execute_batch(&told.ddl).expect("it can be run as it is");
    let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    assert_eq!(text(&rows(&again, schema, &[])), fleet.parent().text(schema).await);

    // The same schema has the same text, whichever way it came.
    let other = Fleet::create(&world, "other").await;
    for statement in SHOP.split_inclusive(";\n").filter(|part| part.contains("CREATE")) {
        other.migrate(statement).await;
    }
    let others = other.schema_text().await;
    assert_eq!((&others.ddl, &others.hash), (&told.ddl, &told.hash));
    fleet.migrate("ALTER TABLE item ADD COLUMN code").await;
    let later = fleet.schema_text().await;
    assert!(later.generation == 2 && later.hash != told.hash && later.ddl.contains("code"));
}

#[tokio::test]
async fn get_schema_needs_the_right_to_read() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    let reader = world.token(&fleet.parent(), Access::ReadOnly, &[]).await;
    assert_eq!(fleet.with_token(&reader).schema_text().await.generation, 1);
    let get = async |client: &Client, schema: &str| {
        let request = v1::GetSchemaRequest { schema: schema.to_owned() };
        bounded("GetSchema", client.schemas().get_schema(request)).await
    };
    let stranger = world.admin.with_token(&world.token(&child, Access::ReadWrite, &[]).await);
    let refused = get(&stranger, &fleet.reference()).await;
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
    let refused = get(&stranger, child.reference()).await;
    let status = expect_error(refused, Code::FailedPrecondition, "WRONG_KIND");
    assert_eq!(crate::support::client::metadata(&status, "kind"), "CHILD");
    world.configure(&fleet.parent(), "block_reads", |database| database.block_reads = true).await;
    let refused = get(&world.admin, &fleet.reference()).await;
    expect_error(refused, Code::FailedPrecondition, "READS_BLOCKED");
}

#[tokio::test]
async fn children_are_listed_by_name_in_pages() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    Fleet::create(&world, "other").await.create_children(["stranger"]).await;
    let names: BTreeSet<String> = (0..25).map(|i| format!("c{i:02}")).collect();
    fleet.create_children(&names).await;
    fleet.exec_all(&["c03", "c04", "child"], "SELECT 1").await;
    fleet.migrate_all("CREATE TABLE more (x)").await;
    fleet.try_delete("c07").await.expect("it is deleted");
    let expected: Vec<_> =
        names.iter().map(String::as_str).filter(|name| *name != "c07").chain(["child"]).collect();

    let page = async |state: i32, page_size, page_token: &str| {
        let request = ListChildrenRequest {
            schema: fleet.reference(),
            state,
            page_size,
            page_token: page_token.to_owned(),
        };
        let listed = bounded("ListChildren", world.admin.schemas().list_children(request)).await;
        listed.map(tonic::Response::into_inner)
    };
    for (page_size, pages) in [(0, 1), (10, 3), (1, 25), (5_000, 1)] {
        let (mut found, mut token, mut count) = (Vec::new(), String::new(), 0);
        loop {
            let listed = page(0, page_size, &token).await.expect("it is listed");
            count += 1;
            found.extend(listed.children);
            token = listed.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let of: Vec<_> = found.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(of, expected, "pages of {page_size}");
        assert_eq!(count, pages, "pages of {page_size}");
        for child in found {
            assert_eq!((child.generation, child.state()), (2, ChildState::Current), "{child:?}");
            assert_eq!(child.reason, "");
            assert_eq!(get(&world.admin, &world.reference(&child.name)).await.id, child.id);
        }
    }
    let current = fleet.children(ChildState::Current).await;
    assert_eq!(current.len(), expected.len());
    assert!(fleet.children(ChildState::Quarantined).await.is_empty());
    assert!(fleet.children(ChildState::Pending).await.is_empty());

    let first = page(0, 10, "").await.expect("it is listed").next_page_token;
    let other = page(ChildState::Current.into(), 10, &first).await;
    expect_error(other, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    expect_error(page(0, 10, "garbage").await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    expect_error(page(0, -1, "").await, Code::InvalidArgument, "INVALID_ARGUMENT");
    expect_error(page(77, 0, "").await, Code::InvalidArgument, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn blocks_and_protection_of_a_child_are_its_own() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    child.exec("INSERT INTO log VALUES ('kept')").await;
    world.configure(&child, "block_writes", |database| database.block_writes = true).await;
    world.configure(&child, "block_reads", |database| database.block_reads = true).await;
    let refused = child.try_exec("DELETE FROM log").await.expect_err("it is blocked");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    // What its owner has switched off, migrations go on with.
    let migration = fleet.migrate_all("UPDATE log SET line = line || '!'").await;
    assert_eq!(migration.children_applied, 1);
    world.configure(&child, "block_reads", |database| database.block_reads = false).await;
    assert_eq!(child.text("SELECT line FROM log").await, "kept!");
    let streamed = child.streamed("SELECT line FROM log", Encoding::Rows).await;
    assert_eq!(text(&streamed.expect("it streams")), "kept!");
    let written = child.try_exec("DELETE FROM log").await;
    expect_error(written, Code::FailedPrecondition, "WRITES_BLOCKED");
}

#[tokio::test]
async fn a_repeated_creation_of_a_child_answers_the_first() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let (fleet, _) = pair(&world).await;
    let request = |schema: &str| CreateDatabaseRequest {
        database: Some(Database { schema: schema.to_owned(), ..fleet.new_child("twice") }),
        request_id: "the-same".to_owned(),
    };
    let ask = async |client: &Client, schema: &str| {
        let created = client.databases().create_database(request(schema)).await?;
        Ok::<_, Status>(created.into_inner().database.expect("a database").id)
    };
    let first = ask(&world.admin, "parent").await.expect("it is created");
    Fleet::create(&world, "other").await;
    server.restart();
    let world = World::again(&server, &world.group);
    assert_eq!(ask(&world.admin, "parent").await.expect("it is answered again"), first);
    let other = ask(&world.admin, "other").await;
    expect_error(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
    let rows = world.db("twice").exec("SELECT name FROM item ORDER BY id").await;
    assert_eq!(text(&cells_of(rows.into_iter().next_back().expect("rows").rows)), "pen\nink");
}
