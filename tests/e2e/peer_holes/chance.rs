//! Chance and time in a script, which would give each child other rows.

use super::*;

#[tokio::test]
async fn a_script_that_gives_each_child_other_rows_is_refused() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"]).await;
    let request = ApplyMigrationRequest {
        allow_nondeterministic: true,
        ..fleet.request(
            "CREATE TABLE stamped (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP);
             CREATE TABLE chance (id INTEGER PRIMARY KEY, n INTEGER DEFAULT (abs(random()) % 100));
             CREATE TABLE fired (id INTEGER PRIMARY KEY, at TEXT);
             CREATE TRIGGER firing AFTER INSERT ON fired
                BEGIN UPDATE fired SET at = datetime('now') WHERE id = NEW.id; END;
             CREATE VIEW now AS SELECT datetime('now') AS at;
             CREATE VIEW dice AS SELECT random() AS n;
             CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('now')",
        )
    };
    fleet.try_apply(request).await.expect("it is applied");
    let before = fleet.agree().await;
    let scripts = [
        "INSERT INTO item (price) VALUES (random())",
        "INSERT INTO item (price) VALUES (RANDOM())",
        "UPDATE item SET name = hex(randomblob(8))",
        "UPDATE item SET price = (SELECT abs(random()) % 10)",
        "DELETE FROM item WHERE random() > 0",
        "INSERT INTO item (name) SELECT name FROM item ORDER BY random() LIMIT 1",
        "UPDATE item SET name = CURRENT_TIMESTAMP",
        "UPDATE item SET name = current_date || CURRENT_TIME",
        "UPDATE item SET name = datetime('now')",
        "UPDATE item SET name = datetime('NOW', '+1 day')",
        "UPDATE item SET name = date()",
        "UPDATE item SET price = unixepoch()",
        "UPDATE item SET price = julianday('now')",
        "UPDATE item SET name = strftime('%s', 'now')",
        "UPDATE item SET name = (SELECT date(word) FROM words)",
        "INSERT INTO stamped (id) VALUES (1)",
        "INSERT INTO stamped DEFAULT VALUES",
        "INSERT INTO chance (id) VALUES (1)",
        "INSERT INTO fired (id) VALUES (1)",
        "INSERT INTO item (name) SELECT at FROM now",
        "INSERT INTO item (price) SELECT n FROM dice",
        "CREATE TABLE copied AS SELECT random() AS n",
        "CREATE TABLE more (x); INSERT INTO more VALUES (1); UPDATE more SET x = random()",
        "WITH r AS (SELECT random() AS n) INSERT INTO item (price) SELECT n FROM r",
        "INSERT INTO item VALUES (1, 'x', 1) ON CONFLICT (id) DO UPDATE SET price = random()",
    ];
    for script in scripts {
        let refused = fleet.try_apply(fleet.request(script)).await;
        println!("{script}");
        let status = expect_error(refused, Code::InvalidArgument, "MIGRATION_NOT_ALLOWED");
        assert!(status.message().contains("allow_nondeterministic"), "{script}: {status:?}");
    }
    assert_eq!(fleet.agree().await, before);
    for script in scripts.iter().filter(|script| !script.contains("DELETE")) {
        let request =
            ApplyMigrationRequest { allow_nondeterministic: true, ..fleet.request(*script) };
        let migration = fleet.try_apply(request).await;
        let migration = migration.unwrap_or_else(|status| panic!("{script}: {status:?}"));
        assert!(migration.options.expect("options").allow_nondeterministic);
    }
    assert_eq!(fleet.agree().await.generation, before.generation + scripts.len() as u64 - 1);
    // What gives each the same is welcome.
    for script in [
        "UPDATE item SET name = date('2026-01-31')",
        "UPDATE item SET name = strftime('%Y', '2026-01-31', '+1 month')",
        "UPDATE item SET name = 'random() at datetime(''now'')'",
        "UPDATE item SET name = abs(-1) || upper('x') || hex('y')",
        "INSERT INTO stamped VALUES (77, 'then')",
    ] {
        fleet.migrate(script).await;
    }
}

#[tokio::test]
async fn what_acts_later_may_depend_on_chance_and_time() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"]).await;
    // No row of the migration's own depends on it: a tenant's will.
    for script in [
        "CREATE TABLE stamped (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)",
        "CREATE TABLE fresh (at TEXT NOT NULL DEFAULT (datetime('now')))",
        "CREATE TRIGGER touching AFTER UPDATE ON item
            BEGIN INSERT INTO stamped (id) VALUES (NULL); END",
        "CREATE VIEW today AS SELECT * FROM stamped WHERE at > date('now')",
        "CREATE TABLE keyed (id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))))",
        "CREATE TRIGGER drawing AFTER INSERT ON item
            BEGIN UPDATE item SET price = abs(random() % 6) WHERE id = NEW.id; END",
        "CREATE VIEW shuffled AS SELECT * FROM item ORDER BY random()",
    ] {
        fleet.migrate(script).await;
    }
    fleet.agree().await;
    for name in ["a", "b"] {
        fleet.child(name).exec("UPDATE item SET price = 1; INSERT INTO keyed DEFAULT VALUES").await;
        assert_eq!(fleet.child(name).text("SELECT count(*) FROM today").await, "2");
    }
}

#[tokio::test]
async fn the_time_is_asked_for_by_the_rows_of_one_child_alone() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b", "c"]).await;
    fleet.child("b").exec("INSERT INTO item (name) VALUES ('now')").await;
    // It passes on the parent, and b has what makes it ask.
    let refused = fleet.try_apply(fleet.request("UPDATE item SET name = date(name)")).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), world.reference("b"));
    assert_eq!(fleet.agree().await.generation, 1);
    assert_eq!(fleet.child("b").text("SELECT name FROM item").await, "pen\nink\nnow");
}
