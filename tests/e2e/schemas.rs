//! Databases of the kinds SCHEMA and CHILD: who makes which of which, what a
//! child inherits, and on which generation it answers.

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
async fn a_child_starts_with_the_schema_and_the_rows_of_its_parent() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    assert_eq!(
        child.text("SELECT id, name, price FROM item ORDER BY id").await,
        "1|pen|1\n2|ink|1"
    );
    assert_eq!(child.text("SELECT word FROM words WHERE words MATCH 'found'").await, "found it");
    child.exec("INSERT INTO sale VALUES (1, 2); UPDATE item SET price = 5 WHERE id = 1").await;
    assert_eq!(child.text("SELECT name FROM sold").await, "ink");
    assert_eq!(child.text("SELECT line FROM log").await, "2");
    let status = child.try_exec("INSERT INTO sale VALUES (2, 9)").await;
    expect_error(status, Code::FailedPrecondition, "CONSTRAINT");
    // Its rows are its own, and its siblings start afresh.
    fleet.create_children(["sibling"]).await;
    for name in ["parent", "sibling"] {
        let db = fleet.child(name);
        assert_eq!(db.text("SELECT price FROM item").await, "1\n1", "{name}");
        assert_eq!(db.text("SELECT count(*) FROM sale").await, "0", "{name}");
    }
    // A later migration reaches the rows that each has.
    fleet
        .migrate("UPDATE item SET price = price + 10; INSERT INTO item VALUES (3, 'cup', 3)")
        .await;
    fleet.create_children(["late"]).await;
    for (name, prices) in [("parent", "11\n11\n3"), ("child", "15\n11\n3"), ("late", "11\n11\n3")] {
        let found = fleet.child(name).text("SELECT price FROM item ORDER BY id").await;
        assert_eq!(found, prices, "{name}");
    }
    fleet.agree().await;
}

#[tokio::test]
async fn a_child_is_a_row_until_it_is_used() {
    const CHILDREN: usize = 2_000;
    let server = Server::start();
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate(SHOP).await;
    fleet.create_children((0..CHILDREN).map(|i| format!("c{i:04}"))).await;
    let of_parent = files(&server).len();
    // They cost a migration nothing, whatever it does to rows.
    let migration = fleet.migrate_all("CREATE UNIQUE INDEX item_unique ON item (name)").await;
    assert_eq!(migration.children_total, CHILDREN as u64);
    assert_eq!(migration.children_validated, CHILDREN as u64);
    assert_eq!(migration.children_applied, CHILDREN as u64);
    let rounds = migration.metrics.expect("it was measured").validated_per_round;
    assert_eq!(rounds.iter().sum::<u64>(), 0, "no child has a file to be validated");
    assert_eq!(files(&server).len(), of_parent);
    let used = get(&world.admin, &world.reference("c0007")).await;
    assert_eq!((used.size_bytes, used.generation), (0, 2));

    let child = fleet.child("c0007");
    assert_eq!(child.text("SELECT name FROM item ORDER BY id").await, "pen\nink");
    let look = fleet.try_look("c0007").await.expect("it answers");
    assert_eq!((look.generation, look.user_version), (2, 2));
    assert!(look.schema.contains("item_unique"));
    assert_eq!(files(&server).len(), of_parent + 1);
    assert!(files(&server).contains(&used.id));
    assert!(get(&world.admin, &world.reference("c0007")).await.size_bytes > 0);
}

#[tokio::test]
async fn of_many_who_use_a_child_first_all_find_it_whole() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    let names: Vec<_> = (0..40).map(|i| format!("n{}", i % 10)).collect();
    fleet.create_children(names.iter().take(10)).await;
    let found =
        futures_util::future::join_all(
            names.iter().map(|name| {
                let child = fleet.child(name).apart();
                async move {
                    child.text("INSERT INTO log VALUES ('x'); SELECT count(*) FROM item").await
                }
            }),
        );
    assert_eq!(found.await, vec!["2"; names.len()]);
    for name in &names[..10] {
        assert_eq!(fleet.child(name).text("SELECT count(*) FROM log").await, "4", "{name}");
    }
    fleet.agree().await;
}

#[tokio::test]
async fn every_answer_tells_its_generation_and_an_old_one_is_not_taken() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    fleet.migrate("CREATE TABLE more (x)").await;
    world.database("plain").await;
    for (name, generation) in [("parent", 2), ("child", 2), ("plain", 0)] {
        let reference = world.reference(name);
        let mut client = world.admin.query();
        for (min_generation, is_reached) in
            [(0, true), (generation, true), (generation + 1, false), (u64::MAX >> 1, false)]
        {
            let statement = Some(sql("SELECT 1", vec![]).0);
            let mut told = Vec::new();
            let request = v1::ExecuteRequest {
                database: reference.clone(),
                statement: statement.clone(),
                min_generation,
                ..Default::default()
            };
            told.push(client.execute(request).await.map(|it| it.into_inner().generation));
            let step = v1::BatchStep { statement: statement.clone(), condition: None };
            let request = v1::ExecuteBatchRequest {
                database: reference.clone(),
                steps: vec![step],
                min_generation,
                ..Default::default()
            };
            told.push(client.execute_batch(request).await.map(|it| it.into_inner().generation));
            let request = v1::QueryRequest {
                database: reference.clone(),
                statement,
                min_generation,
                ..Default::default()
            };
            let stream = crate::support::RowStream::open(&world.admin, request).await;
            told.push(stream.map(|stream| stream.header.generation));
            for mode in [TransactionMode::Immediate, TransactionMode::ReadOnly] {
                let begin = v1::TransactBegin {
                    database: reference.clone(),
                    mode: mode.into(),
                    min_generation,
                    ..Default::default()
                };
                told.push(began(&world.admin, begin).await);
            }
            for told in told {
                if is_reached {
                    assert_eq!(told.expect("it is reached"), generation, "{name}");
                } else {
                    let code = Code::FailedPrecondition;
                    let status = expect_error(told, code, "GENERATION_MISMATCH");
                    let of = |key| crate::support::client::metadata(&status, key);
                    assert_eq!(of("generation"), generation.to_string());
                    assert_eq!(of("min_generation"), min_generation.to_string());
                }
            }
        }
    }
}

/// The generation that a transaction says it runs on.
async fn began(client: &Client, begin: v1::TransactBegin) -> Result<u64, Status> {
    use v1::transact_request::Request;
    use v1::transact_response::Response;
    let mut tx = crate::support::Tx::open(client, Request::Begin(begin)).await?;
    match tx.answer().await? {
        Some(Response::Began(began)) => {
            tx.rollback().await;
            Ok(began.generation)
        }
        other => panic!("began, not {other:?}"),
    }
}

#[tokio::test]
async fn a_child_that_was_away_for_long_catches_up_in_order() {
    const SCRIPTS: [&str; 5] = [
        "ALTER TABLE item ADD COLUMN code TEXT",
        "UPDATE item SET code = name || price",
        "CREATE UNIQUE INDEX item_code ON item (code)",
        "ALTER TABLE item DROP COLUMN price",
        "INSERT INTO item (name, code) SELECT 'all', group_concat(code, ',' ORDER BY id) FROM item",
    ];
    let mut server = Server::start();
    let world = World::on(&server).await;
    let (fleet, child) = pair(&world).await;
    child.exec("UPDATE item SET price = id + 10").await;
    fleet.create_children(["unused", "deleted"]).await;
    fleet.child("deleted").exec("UPDATE item SET price = 7").await;
    // A deleted one is not swept: it has all of them to do when it comes back.
    fleet.try_delete("deleted").await.expect("it is deleted");
    for script in SCRIPTS {
        fleet.migrate(script).await;
    }
    server.restart();
    let world = World::again(&server, &world.group);
    let fleet = Fleet::again(&world, "parent");
    let back = fleet.try_undelete("deleted").await.expect("it comes back");
    assert_eq!(back.generation, 6);
    for (name, codes) in [
        ("child", "pen11\nink12\npen11,ink12"),
        ("unused", "pen1\nink1\npen1,ink1"),
        ("parent", "pen1\nink1\npen1,ink1"),
        ("deleted", "pen7\nink7\npen7,ink7"),
    ] {
        let found = fleet.child(name).text("SELECT code FROM item ORDER BY id").await;
        assert_eq!(found, codes, "{name}");
    }
    assert_eq!(fleet.agree().await.generation, 6);
    fleet.all_current().await;
}

#[tokio::test]
async fn an_attached_child_is_at_its_generation_too() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate(SHOP).await;
    let attachable = |name| Database { allow_attach: true, ..fleet.new_child(name) };
    for name in ["used", "unused"] {
        world.create(attachable(name)).await;
    }
    fleet.child("used").exec("UPDATE item SET price = 5").await;
    let plain = world.database("plain").await;
    for generation in 2..=3 {
        fleet.migrate(format!("ALTER TABLE item ADD COLUMN c{generation} DEFAULT 'x'")).await;
        let select = format!("SELECT price, c{generation} FROM c.item WHERE id = 1");
        for (name, price) in [("used", 5), ("unused", 1)] {
            let expected = format!("{price}|x");
            let by_request = plain.attach(name, "c");
            assert_eq!(by_request.text(&select).await, expected, "{name}");
            let streamed = by_request.streamed(&select, Encoding::Columns).await;
            assert_eq!(text(&streamed.expect("it streams")), expected);
            let by_sql = format!("ATTACH '{name}' AS c; {select}");
            assert_eq!(plain.text(by_sql).await, expected, "{name}");
            let mut tx = by_request.begin(TransactionMode::Immediate).await;
            assert_eq!(tx.text(&select).await, expected);
            tx.rollback().await;
            let version = by_request.text("PRAGMA c.user_version").await;
            assert_eq!(version, generation.to_string(), "{name}");
        }
    }
    // Siblings attach each other, and none is written that way.
    let used = fleet.child("used").attach("unused", "c");
    let join = "SELECT main.item.price, c.item.price FROM item JOIN c.item USING (id) WHERE id = 2";
    assert_eq!(used.text(join).await, "5|1");
    for write in ["DELETE FROM c.item", "DROP TABLE c.item", "ALTER TABLE c.item ADD COLUMN y"] {
        let status = used.try_exec(write).await.expect_err(write);
        assert_eq!(crate::support::client::reason(&status), "READ_ONLY", "{write}: {status:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attached_children_and_their_main_are_of_one_generation() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate("CREATE TABLE g (n); INSERT INTO g VALUES (1)").await;
    for name in ["a", "b"] {
        world.create(Database { allow_attach: true, ..fleet.new_child(name) }).await;
        fleet.child(name).exec("SELECT 1").await;
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let readers = (0..4).map(|reader| {
        let (name, other) = if reader % 2 == 0 { ("a", "b") } else { ("b", "a") };
        let (db, stopped) = (fleet.child(name).apart().attach(other, "o"), stopped.clone());
        tokio::spawn(async move {
            let mut last = 0;
            while !*stopped.borrow() {
                let both = db.text("SELECT main.g.n, o.g.n FROM g, o.g").await;
                let (own, attached) = both.split_once('|').expect("two numbers");
                let numbers: [u64; 2] = [own, attached].map(|n| n.parse().expect("a number"));
                assert_eq!(numbers[0], numbers[1], "one request sees one generation of a schema");
                assert!(numbers[0] >= last, "{numbers:?} after {last}");
                last = numbers[0];
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for _ in 0..60 {
        fleet.migrate("UPDATE g SET n = n + 1").await;
    }
    stop.send_replace(true);
    for reader in readers {
        reader.await.expect("no generation is seen after a later one");
    }
}

#[tokio::test]
async fn a_transaction_sees_one_generation_of_all_that_it_has_attached() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate("CREATE TABLE g (n); INSERT INTO g VALUES (1)").await;
    for name in ["a", "b", "unused"] {
        world.create(Database { allow_attach: true, ..fleet.new_child(name) }).await;
    }
    fleet.exec_all(&["a", "b"], "SELECT 1").await;
    let plain = world.database("plain").await;
    let mut generation = 1;
    for mode in [TransactionMode::ReadOnly, TransactionMode::Deferred] {
        for (main, first, second) in [
            (fleet.child("a"), "main", "b"),
            (fleet.child("a"), "b", "main"),
            (fleet.child("a"), "main", "unused"),
            (plain.clone(), "a", "b"),
        ] {
            let mut db = main.apart();
            for name in ["a", "b", "unused"].into_iter().filter(|name| *name != main.name()) {
                db = db.attach(name, name);
            }
            let mut tx = db.begin(mode).await;
            let before = tx.text(format!("SELECT n FROM {first}.g")).await;
            assert_eq!(before, generation.to_string());
            // Until every file is brought up.
            fleet.migrate_all("UPDATE g SET n = n + 1").await;
            generation += 1;
            // Either both are as they were, or it is told to begin again.
            match tx.ask(format!("SELECT n FROM {second}.g")).await {
                Ok(Ok(results)) => {
                    let rows = results.into_iter().next_back().expect("rows").rows;
                    let case = format!("{mode:?} on {}: {first}, then {second}", main.name());
                    assert_eq!(text(&cells_of(rows)), before, "{case}");
                }
                Ok(Err(status)) | Err(status) => {
                    assert_eq!(status.code(), Code::Aborted, "{status:?}");
                }
            }
        }
    }
    assert_eq!(fleet.agree().await.generation, generation);
}

#[tokio::test]
async fn user_version_is_the_generation_and_nobody_else_sets_it() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    fleet.migrate("CREATE TABLE more (x)").await;
    for db in [fleet.parent(), child.clone()] {
        assert_eq!(db.text("PRAGMA user_version").await, "2");
        assert_eq!(db.text("SELECT user_version FROM pragma_user_version").await, "2");
        for set in ["PRAGMA user_version = 7", "PRAGMA main.user_version(7)"] {
            let status = db.try_exec(set).await.expect_err(set);
            let reason = crate::support::client::reason(&status);
            let expected = if db.name() == "child" {
                assert_eq!(status.message(), "operation was blocked");
                ["OPERATION_BLOCKED"; 2]
            } else {
                ["MIGRATION_NOT_ALLOWED", "OPERATION_BLOCKED"]
            };
            assert!(expected.contains(&reason.as_str()), "{}: {set}: {status:?}", db.name());
        }
        assert_eq!(db.text("PRAGMA user_version").await, "2");
    }
    fleet.agree().await;
    // On a REGULAR database it is the owner's.
    let plain = world.database("plain").await;
    plain.exec("PRAGMA user_version = 7").await;
    assert_eq!(plain.text("PRAGMA user_version").await, "7");
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

#[tokio::test]
async fn templates_are_made_again_when_they_are_gone() {
    let mut server = Server::with(&QUICK_STOP);
    let world = World::on(&server).await;
    let (fleet, _) = pair(&world).await;
    fleet.create_children(["a", "b", "c"]).await;
    let templates = server.data_dir().join("shard-0000").join("templates");
    assert_eq!(fleet.child("a").text("SELECT count(*) FROM item").await, "2");
    fs::remove_dir_all(&templates).expect("there was one");
    assert_eq!(fleet.child("b").text("SELECT count(*) FROM item").await, "2");
    fleet.migrate("INSERT INTO item (name) VALUES ('cup')").await;
    server.stop();
    let _ = fs::remove_dir_all(&templates);
    server.restart();
    let world = World::again(&server, &world.group);
    let fleet = Fleet::again(&world, "parent");
    assert_eq!(fleet.child("c").text("SELECT count(*) FROM item").await, "3");
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_file_from_a_later_backup_than_the_catalog_is_not_believed() {
    let mut server = Server::with(&QUICK_STOP);
    let world = World::on(&server).await;
    let (fleet, child) = pair(&world).await;
    child.exec("INSERT INTO log VALUES ('kept')").await;
    server.stop();
    let shard = server.data_dir().join("shard-0000");
    let of_catalog = || {
        let entries =
            fs::read_dir(&shard).expect("it is there").flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let older: Vec<_> = of_catalog()
        .into_iter()
        .map(|path| (fs::read(&path).expect("it can be read"), path))
        .collect();
    server.restart();
    let again = Fleet::again(&World::again(&server, &world.group), fleet.parent().name());
    again.migrate_all("ALTER TABLE item ADD COLUMN later").await;
    server.stop();
    of_catalog().into_iter().for_each(|path| fs::remove_file(path).expect("it is removed"));
    for (bytes, path) in older {
        fs::write(path, bytes).expect("it is put back");
    }
    server.restart();
    let world = World::again(&server, &world.group);
    for statement in ["SELECT * FROM item", "DELETE FROM item"] {
        let status =
            world.db("child").try_exec(statement).await.expect_err("it is of no known generation");
        let code = status.code();
        assert!(
            matches!(code, Code::DataLoss | Code::FailedPrecondition),
            "{statement}: {status:?}"
        );
        assert!(status.message().contains("generation"), "{status:?}");
    }
}
