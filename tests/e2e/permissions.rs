//! Rules for tables hold however SQL reaches a table.

use tenantry_client::v1::{
    Access, Action, CreateTokenRequest, Encoding, Permission, TransactionMode,
};

use crate::support::client::reason;
use crate::support::{Code, Db, Fleet, World, expect_error};

fn allow(table: &str, actions: &[Action]) -> Permission {
    Permission {
        table: table.to_owned(),
        actions: actions.iter().map(|action| (*action).into()).collect(),
    }
}

async fn under_rules(world: &World, db: &Db, attach: &[&Db], rules: Vec<Permission>) -> Db {
    let request = CreateTokenRequest {
        databases: vec![db.reference().to_owned()],
        attach: attach.iter().map(|db| db.reference().to_owned()).collect(),
        permissions: rules,
        ..Default::default()
    };
    db.with_token(&world.mint(request).await.token)
}

/// Runs each statement and notes what became of it.
async fn verdicts(db: &Db, statements: &[&str]) -> Vec<String> {
    let mut verdicts = Vec::new();
    for statement in statements {
        verdicts.push(match db.try_exec(*statement).await {
            Ok(_) => format!("ok: {statement}"),
            Err(status) => format!("{}: {statement}", reason(&status)),
        });
    }
    verdicts
}

fn all(verdict: &str, statements: &[&str]) -> Vec<String> {
    statements.iter().map(|statement| format!("{verdict}: {statement}")).collect()
}

const SHOP: &str = "
    CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT UNIQUE, price INTEGER);
    CREATE TABLE secrets (id INTEGER PRIMARY KEY, word TEXT);
    CREATE TABLE log (line TEXT);
    CREATE TABLE items (id INTEGER PRIMARY KEY, secret INTEGER REFERENCES secrets ON DELETE CASCADE);
    CREATE VIEW orders_view AS SELECT id, item FROM orders;
    CREATE VIEW secrets_view AS SELECT word FROM secrets;
    CREATE TABLE logged (item TEXT);
    CREATE TRIGGER logging AFTER INSERT ON logged BEGIN INSERT INTO log VALUES (NEW.item); END;
    INSERT INTO orders VALUES (1, 'pen', 3), (2, 'ink', 5);
    INSERT INTO secrets VALUES (1, 'swordfish');
    INSERT INTO items VALUES (1, 1);";

#[tokio::test]
async fn a_table_that_is_not_listed_is_not_read_in_any_way() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    // A view is a name of its own, and opens nothing beyond it.
    let readable = ["orders", "orders_view", "secrets_view"];
    let rules = readable.map(|table| allow(table, &[Action::DataRead])).to_vec();
    let reader = under_rules(&world, &db, &[], rules).await;
    let allowed = [
        "SELECT * FROM orders",
        "SELECT o.item FROM main.orders AS o WHERE o.id IN (SELECT id FROM orders)",
        "SELECT item FROM orders_view",
        "WITH o AS (SELECT * FROM ORDERS) SELECT count(*) FROM o",
        "SELECT 1",
    ];
    assert_eq!(verdicts(&reader, &allowed).await, all("ok", &allowed));
    let refused = [
        "SELECT * FROM secrets",
        "SELECT count(*) FROM secrets",
        "SELECT 1 FROM secrets",
        "SELECT word FROM secrets_view",
        "WITH s AS (SELECT word FROM secrets) SELECT * FROM s",
        "SELECT (SELECT word FROM secrets) FROM orders",
        "SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM secrets)",
        "SELECT id FROM orders UNION SELECT word FROM secrets",
        "SELECT o.id FROM orders AS o JOIN main.\"Secrets\" AS s ON o.id = s.id",
        "SELECT id FROM orders ORDER BY (SELECT max(word) FROM secrets)",
        "SELECT * FROM [secrets]",
        "EXPLAIN SELECT * FROM secrets",
        "EXPLAIN QUERY PLAN SELECT word FROM secrets",
        "VALUES ((SELECT word FROM secrets))",
    ];
    assert_eq!(verdicts(&reader, &refused).await, all("PERMISSION_DENIED", &refused));
    // The same by the other ways in.
    let sql = "SELECT word FROM secrets";
    let streamed = reader.streamed(sql, Encoding::Rows).await;
    expect_error(streamed, Code::PermissionDenied, "PERMISSION_DENIED");
    expect_error(reader.describe(sql).await, Code::PermissionDenied, "PERMISSION_DENIED");
    let mut tx = reader.begin(TransactionMode::ReadOnly).await;
    expect_error(tx.fails(sql).await, Code::PermissionDenied, "PERMISSION_DENIED");
    assert_eq!(tx.text("SELECT count(*) FROM orders").await, "2");
}

#[tokio::test]
async fn each_action_needs_its_own_rule() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let actions = [Action::DataRead, Action::DataAdd, Action::DataUpdate, Action::DataDelete];
    let statements = [
        "SELECT item FROM orders",
        "INSERT INTO orders VALUES (7, 'cup', 1)",
        "UPDATE orders SET price = 9",
        "DELETE FROM orders",
    ];
    for (index, action) in actions.into_iter().enumerate() {
        let limited = under_rules(&world, &db, &[], vec![allow("orders", &[action])]).await;
        for (other, statement) in statements.iter().enumerate() {
            // In a transaction that is rolled back, so that all find the same.
            let mut tx = limited.begin(TransactionMode::Immediate).await;
            let answer = tx.ask(*statement).await.expect("the stream goes on");
            match other == index {
                true => assert!(answer.is_ok(), "{action:?}: {statement}: {answer:?}"),
                false => {
                    expect_error(answer, Code::PermissionDenied, "PERMISSION_DENIED");
                }
            }
            tx.rollback().await;
        }
    }
}

#[tokio::test]
async fn writing_needs_every_right_that_it_uses() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let before = db.digest().await;
    let rules = vec![allow("orders", &[Action::DataAdd]), allow("log", &[Action::DataAdd])];
    let adder = under_rules(&world, &db, &[], rules).await;
    let refused = [
        // What comes back was read.
        "INSERT INTO orders VALUES (7, 'cup', 1) RETURNING id, price",
        // A conflict is resolved by an update, or by a deletion.
        "INSERT INTO orders VALUES (1, 'cup', 1) ON CONFLICT (id) DO UPDATE SET price = 9",
        "INSERT OR REPLACE INTO orders VALUES (1, 'cup', 1)",
        "REPLACE INTO orders VALUES (7, 'pen', 1)",
        "INSERT INTO orders SELECT 7, word, 1 FROM secrets",
        "INSERT INTO orders VALUES (7, (SELECT word FROM secrets), 1)",
        "UPDATE orders SET price = 1",
        "DELETE FROM orders",
        "INSERT INTO log SELECT item FROM orders",
    ];
    assert_eq!(verdicts(&adder, &refused).await, all("PERMISSION_DENIED", &refused));
    assert_eq!(db.digest().await, before);
    adder.exec("INSERT INTO orders VALUES (7, 'cup', 1)").await;
    assert_eq!(db.text("SELECT item FROM orders WHERE id = 7").await, "cup");
}

#[tokio::test]
async fn triggers_and_foreign_keys_reach_no_further_than_the_rules() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let before = db.digest().await;
    // Without the right to add to the log, its trigger cannot run either.
    let own = [Action::DataRead, Action::DataAdd];
    let adder = under_rules(&world, &db, &[], vec![allow("logged", &own)]).await;
    let refused = ["INSERT INTO logged VALUES ('cup')"];
    assert_eq!(verdicts(&adder, &refused).await, all("PERMISSION_DENIED", &refused));
    // A deletion that cascades deletes rows of the other table too.
    let rules = vec![allow("secrets", &[Action::DataRead, Action::DataDelete])];
    let deleter = under_rules(&world, &db, &[], rules).await;
    let refused = ["DELETE FROM secrets"];
    assert_eq!(verdicts(&deleter, &refused).await, all("PERMISSION_DENIED", &refused));
    assert_eq!(db.digest().await, before);
    let rules = vec![allow("logged", &own), allow("log", &[Action::DataAdd])];
    under_rules(&world, &db, &[], rules).await.exec("INSERT INTO logged VALUES ('cup')").await;
    assert_eq!(db.text("SELECT line FROM log").await, "cup");
    let rules = vec![
        allow("secrets", &[Action::DataRead, Action::DataDelete]),
        allow("items", &[Action::DataRead, Action::DataDelete]),
    ];
    under_rules(&world, &db, &[], rules).await.exec("DELETE FROM secrets WHERE id = 1").await;
    assert_eq!(db.text("SELECT count(*) FROM items").await, "0");
}

#[tokio::test]
async fn the_schema_is_under_rules_too() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let before = db.digest().await;
    let data = [Action::DataRead, Action::DataAdd, Action::DataUpdate, Action::DataDelete];
    let user = under_rules(&world, &db, &[], vec![allow("*", &data)]).await;
    let refused = [
        "CREATE TABLE t (x)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON orders (price)",
        "CREATE TRIGGER t AFTER DELETE ON orders BEGIN SELECT 1; END",
        "CREATE TABLE t AS SELECT * FROM orders",
        "ALTER TABLE orders ADD COLUMN x",
        "ALTER TABLE orders RENAME TO o",
        "DROP TABLE orders",
        "DROP VIEW orders_view",
        "DROP TRIGGER logging",
    ];
    assert_eq!(verdicts(&user, &refused).await, all("PERMISSION_DENIED", &refused));
    assert_eq!(db.digest().await, before);

    let rules = vec![
        allow("mine", &[Action::SchemaAdd, Action::SchemaUpdate, Action::SchemaDelete]),
        allow("mine", &data),
        allow("hers", &[Action::SchemaAdd, Action::SchemaUpdate, Action::SchemaDelete]),
        allow("hers", &data),
    ];
    let owner = under_rules(&world, &db, &[], rules).await;
    owner
        .exec("CREATE TABLE mine (x); CREATE INDEX i ON mine (x); ALTER TABLE mine ADD COLUMN y")
        .await;
    let refused = [
        // A view of one's own opens nothing that one may not read.
        "CREATE TABLE hers AS SELECT * FROM secrets",
        "CREATE INDEX j ON orders (price)",
        "DROP TABLE orders",
    ];
    assert_eq!(verdicts(&owner, &refused).await, all("PERMISSION_DENIED", &refused));
    owner.exec("DROP TABLE mine").await;
    assert_eq!(db.digest().await, before);
}

#[tokio::test]
async fn a_trigger_of_ones_own_opens_no_table_of_others() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let data = [Action::DataRead, Action::DataAdd, Action::SchemaAdd];
    let owner =
        under_rules(&world, &db, &[], vec![allow("mine", &data), allow("peek", &data)]).await;
    owner.exec("CREATE TABLE mine (x)").await;
    let _ = owner
        .try_exec(
            "CREATE TRIGGER peek AFTER INSERT ON mine
             BEGIN UPDATE secrets SET word = 'stolen'; END",
        )
        .await;
    let _ = owner.try_exec("CREATE VIEW peek AS SELECT word FROM secrets").await;
    let _ = owner.try_exec("INSERT INTO mine VALUES (1)").await;
    // Where the view was made it cannot be read; otherwise there is none.
    let peeked = owner.try_exec("SELECT word FROM peek").await.expect_err("it is not read");
    assert!(matches!(reason(&peeked).as_str(), "PERMISSION_DENIED" | "SQL_ERROR"), "{peeked:?}");
    assert_eq!(db.text("SELECT word FROM secrets").await, "swordfish");
}

#[tokio::test]
async fn the_rules_hold_under_attached_names() {
    let world = World::shared().await;
    let (db, beside) = (world.database("shop").await, world.attachable("beside").await);
    db.exec(SHOP).await;
    beside.exec("CREATE TABLE orders (item); CREATE TABLE secrets (word); INSERT INTO secrets VALUES ('xyzzy')").await;
    let rules = vec![allow("orders", &[Action::DataRead])];
    let reader = under_rules(&world, &db, &[&beside], rules).await;
    let attached = reader.attach("beside", "b");
    assert_eq!(attached.text("SELECT count(*) FROM b.orders").await, "0");
    let refused = ["SELECT word FROM b.secrets", "SELECT * FROM orders AS o, b.secrets"];
    assert_eq!(verdicts(&attached, &refused).await, all("PERMISSION_DENIED", &refused));
    let by_sql = ["ATTACH 'beside' AS orders; SELECT word FROM orders.secrets"];
    assert_eq!(verdicts(&reader, &by_sql).await, all("PERMISSION_DENIED", &by_sql));
}

#[tokio::test]
async fn rights_are_those_of_the_request_whoever_asked_before() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let reader = db.with_token(&world.token(&db, Access::ReadOnly, &[]).await);
    let ruled = under_rules(&world, &db, &[], vec![allow("orders", &[Action::DataRead])]).await;
    // The very same texts, one after another, so that they meet what the one
    // before has left on the connection.
    for _ in 0..5 {
        for (who, word, write) in
            [(&db, true, true), (&ruled, false, false), (&reader, true, false)]
        {
            let asked = who.try_text("SELECT word FROM secrets").await;
            assert_eq!(asked.is_ok(), word, "{asked:?}");
            let written = who.try_exec("UPDATE secrets SET word = word").await;
            assert_eq!(written.is_ok(), write, "{written:?}");
            assert_eq!(who.text("SELECT count(*) FROM orders").await, "2");
        }
    }
}

#[tokio::test]
async fn rules_narrow_and_never_widen() {
    let world = World::shared().await;
    let db = world.database("shop").await;
    db.exec(SHOP).await;
    let every: Vec<Action> =
        (1..=7).map(|action| Action::try_from(action).expect("an action")).collect();
    let request = CreateTokenRequest {
        databases: vec![db.reference().to_owned()],
        access: Access::ReadOnly.into(),
        permissions: vec![allow("*", &every)],
        ..Default::default()
    };
    let reader = db.with_token(&world.mint(request).await.token);
    assert_eq!(reader.text("SELECT word FROM secrets").await, "swordfish");
    for write in ["DELETE FROM orders", "DROP TABLE orders", "INSERT INTO log VALUES ('x')"] {
        let status = reader.try_exec(write).await.expect_err("it reads only");
        assert_eq!(status.code(), Code::PermissionDenied, "{write}: {status:?}");
    }
}

#[tokio::test]
async fn the_rules_hold_on_a_child_and_in_migrations() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate(SHOP).await;
    fleet.create_children(["child"]).await;
    let before = (fleet.agree().await, fleet.parent().digest().await);
    let rules = || vec![allow("orders", &[Action::DataRead, Action::DataAdd])];
    let tenant = under_rules(&world, &fleet.child("child"), &[], rules()).await;
    tenant.exec("INSERT INTO orders VALUES (7, 'cup', 1)").await;
    let refused = ["SELECT * FROM secrets", "DELETE FROM orders", "INSERT INTO log VALUES ('x')"];
    assert_eq!(verdicts(&tenant, &refused).await, all("PERMISSION_DENIED", &refused));
    let blocked = ["CREATE TABLE t (x)", "DROP TABLE orders"];
    assert_eq!(verdicts(&tenant, &blocked).await, all("OPERATION_BLOCKED", &blocked));

    // Whoever may migrate and has rules may do so within them, whichever way.
    let request = CreateTokenRequest {
        databases: vec![fleet.reference()],
        access: Access::ReadWrite.into(),
        ddl: true,
        permissions: rules(),
        ..Default::default()
    };
    let token = world.mint(request).await.token;
    let (migrator, parent) = (fleet.with_token(&token), fleet.parent().with_token(&token));
    let refused = [
        "DROP TABLE secrets",
        "CREATE TABLE copied AS SELECT * FROM secrets",
        "DELETE FROM orders",
        "INSERT INTO log SELECT word FROM secrets",
        "ALTER TABLE orders ADD COLUMN x",
    ];
    assert_eq!(verdicts(&parent, &refused).await, all("PERMISSION_DENIED", &refused));
    for script in refused {
        let told = migrator.try_apply(migrator.request(script)).await;
        println!("{script}");
        expect_error(told, Code::PermissionDenied, "PERMISSION_DENIED");
        let told = migrator.validate(script).await;
        expect_error(told, Code::PermissionDenied, "PERMISSION_DENIED");
    }
    assert_eq!((fleet.agree().await, fleet.parent().digest().await), before);
}
