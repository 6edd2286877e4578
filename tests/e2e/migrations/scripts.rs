//! What scripts do: all that SQLite can, and what ends them.

use super::*;

/// The client's idle connection does not keep the server from its end.
const QUICK_STOP: [&str; 2] = ["--drain-ms-max", "50"];

#[tokio::test]
async fn foreign_keys_are_enforced_or_checked_at_the_end() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet
        .migrate(
            "CREATE TABLE band (id INTEGER PRIMARY KEY, name TEXT);
             CREATE TABLE album (id INTEGER PRIMARY KEY, band INTEGER REFERENCES band);
             INSERT INTO band VALUES (1, 'x')",
        )
        .await;
    fleet.create_children(["a", "b"]).await;
    fleet.exec_all(&["a", "b"], "INSERT INTO album VALUES (1, 1), (2, 1)").await;
    let rebuild = "
        CREATE TABLE new_band (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO new_band SELECT id, name FROM band;
        DROP TABLE band;
        ALTER TABLE new_band RENAME TO band;";
    // Enforced, the DROP would take the rows away that others refer to.
    let refused = fleet.try_apply(fleet.request(rebuild)).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert!(metadata(&status, "database") != fleet.reference(), "no row of the parent refers");
    let at_end = |sql: &str| ApplyMigrationRequest {
        foreign_keys: ForeignKeys::CheckAtEnd.into(),
        ..fleet.request(sql)
    };
    fleet.try_apply(at_end(rebuild)).await.expect("it is rebuilt");
    assert_eq!(fleet.agree().await.generation, 2);

    // What is violated at the end is no statement's failure.
    fleet
        .child("b")
        .exec("INSERT INTO band VALUES (7, 'y'); INSERT INTO album VALUES (7, 7)")
        .await;
    let refused = fleet.try_apply(at_end("DELETE FROM band WHERE id = 7")).await;
    let status = failed(refused, &world.reference("b"), None);
    assert!(status.message().contains("album"), "{status:?}");
    let id = metadata(&status, "migration");
    let failure = fleet.migration(&id).await.expect("found").failure.expect("it failed");
    assert_eq!((failure.statement_failed, failure.statement_index), (false, 0));
    // Enforced, it is the statement's.
    let refused = fleet.try_apply(fleet.request("DELETE FROM band WHERE id = 7")).await;
    failed(refused, &world.reference("b"), Some(0));
    // Deferred ones fail at the end, enforced or not.
    fleet
        .migrate("CREATE TABLE late (id INTEGER REFERENCES band DEFERRABLE INITIALLY DEFERRED)")
        .await;
    fleet.child("a").exec("INSERT INTO band VALUES (9, 'z'); INSERT INTO late VALUES (9)").await;
    let refused = fleet.try_apply(fleet.request("DELETE FROM band WHERE id = 9")).await;
    failed(refused, &world.reference("a"), None);
    assert_eq!(fleet.agree().await.generation, 3);
}

/// Scripts of every kind there is, one upon another.
const SCRIPTS: &[&str] = &[
    "CREATE TABLE owner (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE COLLATE NOCASE) STRICT",
    "CREATE TABLE tag (item INTEGER REFERENCES item, word TEXT, PRIMARY KEY (item, word)) WITHOUT ROWID",
    "INSERT INTO tag SELECT id, 'tag ' || name FROM item; INSERT INTO owner (name) VALUES ('Ann')",
    "ALTER TABLE item ADD COLUMN owner INTEGER REFERENCES owner",
    "ALTER TABLE item ADD COLUMN twice INTEGER GENERATED ALWAYS AS (price * 2) VIRTUAL",
    "ALTER TABLE item ADD COLUMN stock INTEGER NOT NULL DEFAULT 7 CHECK (stock >= 0)",
    "CREATE INDEX item_price ON item (price DESC) WHERE price IS NOT NULL",
    "CREATE UNIQUE INDEX item_lower ON item (lower(name), id)",
    "CREATE VIEW cheap (name, price) AS SELECT name, price FROM item WHERE price < 100",
    "CREATE TABLE log (n INTEGER, line TEXT);
     CREATE TRIGGER noting AFTER UPDATE OF price ON item WHEN OLD.price IS NOT NEW.price BEGIN
        INSERT INTO log VALUES (NEW.id, 'from; ' || OLD.price || ' to '' ' || NEW.price);
        UPDATE item SET stock = stock - 1 WHERE id = NEW.id;
     END;
     UPDATE item SET price = price + 1 -- fires it; for each row",
    "CREATE TRIGGER into_cheap INSTEAD OF INSERT ON cheap BEGIN INSERT INTO item (name, price) VALUES (NEW.name, NEW.price); END;
     INSERT INTO cheap VALUES ('cup', 9)",
    "CREATE VIRTUAL TABLE words USING fts5 (word, content=''); INSERT INTO words (rowid, word) SELECT id, name FROM item",
    "CREATE VIRTUAL TABLE boxes USING rtree (id, low, high); INSERT INTO boxes SELECT id, price, price + 1 FROM item",
    "ALTER TABLE item RENAME COLUMN price TO cents",
    "ALTER TABLE tag RENAME TO label",
    "ALTER TABLE item DROP COLUMN twice",
    "INSERT INTO item (id, name) VALUES (1, 'x'), (50, 'fifty') ON CONFLICT (id) DO UPDATE SET name = name || '!'",
    "REPLACE INTO item (id, name, cents) VALUES (2, 'INK', 1)",
    "UPDATE item SET stock = total.n FROM (SELECT count(*) AS n FROM log) AS total WHERE item.id < 3",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO log SELECT i, hex(i) FROM n",
    "DELETE FROM log WHERE n % 2 RETURNING n; ANALYZE; REINDEX",
    "CREATE TABLE copied AS SELECT * FROM item; CREATE UNIQUE INDEX IF NOT EXISTS copied_id ON copied (id)",
    "DROP TRIGGER noting; DROP TRIGGER into_cheap; DROP VIEW cheap; DROP INDEX item_price; DROP TABLE copied",
    "\u{feff}/* head */ ;; CREATE TABLE \"odd; name\" (\"a \"\"b\"\" c\" DEFAULT 'it''s; -- not') ; -- tail",
    "INSERT INTO \"odd; name\" DEFAULT VALUES; SELECT * FROM \"odd; name\"",
];

#[tokio::test]
async fn what_sqlite_can_do_to_a_schema_a_migration_can() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &["unused"]).await;
    fleet
        .child("b")
        .exec("INSERT INTO item VALUES (9, 'nine', 9); UPDATE item SET price = 8")
        .await;
    let mut generation = 1;
    for script in SCRIPTS {
        // Row by row and statement by statement the same, dry or not.
        let (dry, validation) =
            fleet.validate(*script).await.unwrap_or_else(|status| panic!("{script}: {status:?}"));
        assert_eq!(
            (dry.state(), validation.failures),
            (MigrationState::Preparing, vec![]),
            "{script}"
        );
        let migration = fleet.migrate_all(*script).await;
        generation += 1;
        assert_eq!(migration.generation, generation, "{script}");
        assert_eq!((migration.state(), migration.children_applied), (MigrationState::Applied, 3));
    }
    assert_eq!(fleet.agree().await.generation, generation);
    for name in ["a", "b", "unused", "parent"] {
        let db = fleet.child(name);
        assert_eq!(db.text("PRAGMA integrity_check").await, "ok", "{name}");
        assert_eq!(db.text("SELECT stock FROM item WHERE id = 50").await, "7", "{name}");
        assert_eq!(db.text("SELECT * FROM \"odd; name\"").await, "it's; -- not", "{name}");
    }
    assert_eq!(fleet.child("b").text("SELECT cents FROM item WHERE id = 9").await, "9");
}

#[tokio::test]
async fn what_ends_its_own_transaction_fails_and_breaks_nothing() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &["unused"]).await;
    fleet
        .migrate(
            "CREATE TABLE strict (id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, word TEXT UNIQUE ON CONFLICT ROLLBACK);
             CREATE TRIGGER guarding BEFORE UPDATE ON item WHEN OLD.name = 'sealed'
                BEGIN SELECT RAISE(ROLLBACK, 'it is sealed'); END",
        )
        .await;
    fleet
        .child("b")
        .exec("INSERT INTO strict VALUES (5, 'five'); INSERT INTO item (name) VALUES ('sealed')")
        .await;
    let before = state(&fleet, &["a", "b"]).await;
    for (script, index) in [
        (
            "INSERT INTO strict VALUES (4, 'four'); INSERT INTO strict VALUES (5, 'cinq'); DELETE FROM item",
            1,
        ),
        ("INSERT INTO strict (word) VALUES ('five')", 0),
        ("DELETE FROM strict WHERE id = 1; UPDATE item SET price = 0; CREATE TABLE u (x)", 1),
        ("INSERT OR ROLLBACK INTO strict (word) VALUES ('five')", 0),
        ("UPDATE OR ROLLBACK strict SET id = 5; INSERT OR FAIL INTO strict VALUES (5, 'x')", 1),
        ("INSERT OR ABORT INTO strict VALUES (5, 'x')", 0),
    ] {
        println!("{script}");
        let refused = fleet.try_apply(fleet.request(script)).await;
        failed(refused, &world.reference("b"), Some(index));
        let (_, validation) = fleet.validate(script).await.expect("it is answered");
        assert_eq!(validation.failures_total, 1, "{script}");
        assert_eq!(state(&fleet, &["a", "b"]).await, before, "{script}");
    }
    // What is ignored is no failure.
    fleet.migrate("INSERT OR IGNORE INTO strict VALUES (5, 'x'), (6, 'six')").await;
    assert_eq!(fleet.child("b").text("SELECT word FROM strict ORDER BY id").await, "five\nsix");
    fleet.agree().await;
}

#[tokio::test]
async fn a_script_that_never_ends_on_one_child_can_be_cancelled() {
    // Two workers: the child that ends is validated whichever of the two comes first.
    let mut server = Server::with(&[&QUICK_STOP[..], &["--prepare-workers", "2"]].concat());
    let world = World::on(&server).await;
    let of = fleet(&world, &["a", "b"], &[]).await;
    of.child("b").exec("INSERT INTO item (id, name) VALUES (99, 'trap')").await;
    let script =
        "WITH RECURSIVE n (i) AS (SELECT 1 FROM item WHERE id = 99 UNION ALL SELECT i + 1 FROM n)
        INSERT INTO item (name) SELECT i FROM n WHERE i < 0";
    for _ in 0..2 {
        let running = of.try_start(script).await.expect("it passes on the parent");
        // It is at the child, which is read meanwhile.
        of.watch_until(&running.id, |migration| migration.children_validated > 0)
            .await
            .expect("watched");
        assert_eq!(of.child("b").text("SELECT count(*) FROM item").await, "3");
        let cancelled = of.cancel(&running.id).await.expect("it is cancelled");
        assert_eq!(cancelled.state(), MigrationState::Cancelled);
        of.child("b").exec("UPDATE item SET price = 1 WHERE id = 99").await;
    }
    // A dry run ends with its call.
    let mut request =
        tonic::Request::new(ApplyMigrationRequest { validate_only: true, ..of.request(script) });
    request.set_timeout(Duration::from_millis(300));
    let mut client = of.apart().client().schemas();
    let ended = bounded("the deadline", client.apply_migration(request)).await;
    assert!(matches!(
        ended.expect_err("it never ends").code(),
        Code::DeadlineExceeded | Code::Cancelled
    ));
    of.child("b").exec("UPDATE item SET price = 2 WHERE id = 99").await;
    // Neither a stop of the server nor its kill waits for it.
    let running = of.try_start(script).await.expect("it passes on the parent");
    assert!(server.stop().success());
    server.restart();
    let world = World::again(&server, &world.group);
    let of = Fleet::again(&world, "parent");
    let cancelled = of.cancel(&running.id).await.expect("it is cancelled");
    assert_eq!(cancelled.state(), MigrationState::Cancelled);
    of.child("b").exec("DELETE FROM item WHERE id = 99").await;
    of.migrate(script).await;
    assert_eq!(of.agree().await.generation, 2);
}

#[tokio::test]
async fn a_script_that_never_ends_on_the_parent_ends_with_its_call() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let script = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        INSERT INTO item (name) SELECT i FROM n WHERE i < 0";
    for validate_only in [false, true] {
        let mut request =
            tonic::Request::new(ApplyMigrationRequest { validate_only, ..fleet.request(script) });
        request.set_timeout(Duration::from_millis(300));
        let mut client = fleet.apart().client().schemas();
        let ended = bounded("the deadline", client.apply_migration(request)).await;
        assert!(matches!(
            ended.expect_err("it never ends").code(),
            Code::DeadlineExceeded | Code::Cancelled
        ));
        // The parent is read, and the next migration starts.
        assert_eq!(fleet.parent().text("SELECT count(*) FROM item").await, "2");
    }
    assert_eq!(fleet.migrations().await.len(), 1, "it was never recorded");
    fleet.migrate("UPDATE item SET price = 0").await;
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_long_message_of_a_failure_is_cut() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let long = "ö".repeat(3_000);
    fleet.migrate(format!("ALTER TABLE item ADD COLUMN \"{long}\" DEFAULT 1")).await;
    fleet.child("a").exec("INSERT INTO item (name) VALUES ('a'), ('b')").await;
    let script = format!("CREATE UNIQUE INDEX one ON item (\"{long}\") WHERE id > 2");
    let told = fleet.try_apply(fleet.request(script.clone())).await;
    let status = failed(told, &world.reference("a"), Some(0));
    assert!(
        status.message().len() <= 1_100 && status.message().contains('ö'),
        "{}",
        status.message().len()
    );
    let recorded = fleet.migration(&metadata(&status, "migration")).await.expect("found");
    let failure = recorded.failure.expect("it tells why");
    assert!(failure.message.len() <= 1_024 + "…".len() && failure.message.ends_with('…'));
    let (_, validation) = fleet.validate(&script).await.expect("answered");
    assert_eq!(validation.failures[0].message, failure.message);
}

#[tokio::test]
async fn a_trigger_cannot_tell_the_rows_of_a_child() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    fleet.child("a").exec("INSERT INTO item (name) VALUES ('secret')").await;
    let script = "CREATE TRIGGER talking BEFORE UPDATE ON item WHEN NEW.name = 'secret'
        BEGIN SELECT RAISE(ABORT, (SELECT group_concat(name) FROM item)); END;
        UPDATE item SET price = 0";
    let told = fleet.try_apply(fleet.request(script)).await;
    let status = failed(told, &world.reference("a"), Some(1));
    assert_eq!(status.message(), "a trigger has refused it");
    let (_, validation) = fleet.validate(script).await.expect("answered");
    assert_eq!(validation.failures[0].message, "a trigger has refused it");
}
