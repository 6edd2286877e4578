//! On which generation a child answers, alone and attached.

use super::*;

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
