//! What bad input gets from migrations: each row a request, and the answer with
//! its code, its reason and its words. After each, nothing in the fleet has
//! changed.

use serde_json::{Value, json};
use tenantry_client::v1::{
    self, Access, ApplyMigrationRequest, ChildState, CreateTokenRequest, TransactionMode,
};

use crate::support::client::{metadata, reason};
use crate::support::fleet::is_committed;
use crate::support::raw::{Call, rpc};
use crate::support::table::{check, is_updating, outcome};
use crate::support::{Code, Db, Fleet, World, expect_error};

/// A row is a line that says who asks what, and a line with the answer; a script
/// alone is one to apply. The messages are brought up to date with
/// `UPDATE_SNAPSHOTS=1`; codes and reasons only by hand.
const TABLE: &str = r##"
# Scripts that hold nothing to apply
admin apply 
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script holds no statement; give it one that writes
admin apply    \n\t ;;; \n
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script holds no statement; give it one that writes
admin apply -- nothing
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script holds no statement; give it one that writes
admin apply /* nothing */ -- at all\n;
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script holds no statement; give it one that writes
admin apply SELECT 1
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script changes nothing; give it one that writes
admin apply SELECT * FROM item; SELECT 2
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script changes nothing; give it one that writes
admin apply VALUES (1)
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script changes nothing; give it one that writes
admin ApplyMigration {"schema": "$parent"}
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script holds no statement; give it one that writes

# SQL that cannot be
admin apply CREATE TABLE u (x); INSERT INTO u VALUES (1); SELEC 1
    INVALID_ARGUMENT SQL_ERROR near "SELEC": syntax error (offset 46)
admin apply CREATE TABLE u (x); INSERT INTO nowhere VALUES (1)
    INVALID_ARGUMENT SQL_ERROR no such table: nowhere
admin apply CREATE TABLE item (x)
    INVALID_ARGUMENT SQL_ERROR table item already exists (offset 13)
admin apply ALTER TABLE item ADD COLUMN id
    INVALID_ARGUMENT SQL_ERROR duplicate column name: id
admin apply UPDATE item SET price = 'unfinished
    INVALID_ARGUMENT SQL_ERROR unrecognized token: "'unfinished" (offset 24)
admin apply UPDATE item SET price = no_such_function(1)
    INVALID_ARGUMENT SQL_ERROR no such function: no_such_function (offset 24)
admin apply DROP TABLE sqlite_schema
    INVALID_ARGUMENT SQL_ERROR table sqlite_master may not be dropped
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x) \u0000 garbage"}
    INVALID_ARGUMENT SQL_ERROR the SQL text holds a NUL character (offset 19)
admin ApplyMigration {"schema": "$parent", "sql": "$megabytes2"}
    INVALID_ARGUMENT STATEMENT_TOO_LARGE the SQL text has 2000025 bytes and may have 1000000; send less of it at a time, and large values as arguments
admin ApplyMigration {"schema": "$parent", "sql": "$megabytes10"}
    INVALID_ARGUMENT STATEMENT_TOO_LARGE the SQL text has 10485785 bytes and may have 1000000; send less of it at a time, and large values as arguments

# What no migration may hold
admin apply BEGIN; UPDATE item SET price = 0; COMMIT
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED BEGIN, COMMIT and ROLLBACK are not allowed here: the transaction is opened and ended by the request
admin apply UPDATE item SET price = 0; COMMIT
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED BEGIN, COMMIT and ROLLBACK are not allowed here: the transaction is opened and ended by the request
admin apply UPDATE item SET price = 0; ROLLBACK
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED BEGIN, COMMIT and ROLLBACK are not allowed here: the transaction is opened and ended by the request
admin apply UPDATE item SET price = 0; END TRANSACTION
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED BEGIN, COMMIT and ROLLBACK are not allowed here: the transaction is opened and ended by the request
admin apply SAVEPOINT s; UPDATE item SET price = 0; RELEASE s
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED BEGIN, COMMIT and ROLLBACK are not allowed here: the transaction is opened and ended by the request
admin apply ATTACH 'plain' AS p; UPDATE item SET price = 0
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED ATTACH and DETACH take a database's name or id as a plain word or string, and nothing else
admin apply ATTACH '/etc/passwd' AS p
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED ATTACH and DETACH take a database's name or id as a plain word or string, and nothing else
admin apply DETACH main; UPDATE item SET price = 0
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED ATTACH and DETACH take a database's name or id as a plain word or string, and nothing else
admin apply PRAGMA foreign_keys = OFF; UPDATE item SET price = 0
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED PRAGMA is not allowed in a migration; for foreign keys set foreign_keys to CHECK_AT_END
admin apply PRAGMA user_version = 77
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED PRAGMA is not allowed in a migration; for foreign keys set foreign_keys to CHECK_AT_END
admin apply UPDATE item SET price = 0; PRAGMA table_info(item)
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED PRAGMA is not allowed in a migration; for foreign keys set foreign_keys to CHECK_AT_END
admin apply PRAGMA writable_schema = ON
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED PRAGMA is not allowed in a migration; for foreign keys set foreign_keys to CHECK_AT_END
admin apply VACUUM
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED VACUUM is not allowed
admin apply UPDATE item SET price = 0; VACUUM INTO '/tmp/stolen.db'
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED VACUUM is not allowed
admin apply CREATE TEMP TABLE z (x)
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration leaves nothing behind but the schema and its rows: temporary objects are not allowed in it
admin apply CREATE TEMPORARY VIEW z AS SELECT 1; UPDATE item SET price = 0
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration leaves nothing behind but the schema and its rows: temporary objects are not allowed in it
admin apply CREATE TABLE temp.z (x)
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration leaves nothing behind but the schema and its rows: temporary objects are not allowed in it
admin apply CREATE TEMP TRIGGER z AFTER INSERT ON item BEGIN SELECT 1; END
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration leaves nothing behind but the schema and its rows: temporary objects are not allowed in it
admin apply INSERT INTO item (name) VALUES (?)
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration has no parameters; write the values into it
admin apply UPDATE item SET price = :price
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration has no parameters; write the values into it
admin apply UPDATE item SET price = 0; SELECT $1
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED a migration has no parameters; write the values into it
admin apply EXPLAIN UPDATE item SET price = 0
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED EXPLAIN is not allowed in a migration
admin apply UPDATE item SET price = 0; EXPLAIN QUERY PLAN SELECT 1
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED EXPLAIN is not allowed in a migration
admin apply UPDATE item SET price = random()
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the statement uses random() or randomblob(), and would give each database other rows than were validated; set allow_nondeterministic to permit that
admin apply UPDATE item SET price = datetime('now')
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the statement asks for the current time, and would give each database other rows than were validated; set allow_nondeterministic to permit that
admin apply SELECT load_extension('x'); UPDATE item SET price = 0
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the function load_extension() is not allowed
admin apply CREATE VIRTUAL TABLE v USING no_such_module
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED virtual tables of module 'no_such_module' are not allowed; fts5 and rtree are

# The same of a dry run
admin ApplyMigration {"schema": "$parent", "validateOnly": true}
    INVALID_ARGUMENT MIGRATION_NOT_ALLOWED the script holds no statement; give it one that writes
admin ApplyMigration {"schema": "$parent", "sql": "SELEC", "validateOnly": true}
    INVALID_ARGUMENT SQL_ERROR near "SELEC": syntax error (offset 0)
admin ApplyMigration {"schema": "$child", "sql": "CREATE TABLE u (x)", "validateOnly": true}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is CHILD; migrate its schema

# What is no schema
admin ApplyMigration {"schema": "$child", "sql": "CREATE TABLE u (x)"}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is CHILD; migrate its schema
admin ApplyMigration {"schema": "$plain", "sql": "CREATE TABLE u (x)"}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is REGULAR; change its schema with SQL
admin ApplyMigration {"schema": "$group/nobody", "sql": "CREATE TABLE u (x)"}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$group/nobody'; check its name and its group's
admin ApplyMigration {"schema": "no-such-group/parent", "sql": "CREATE TABLE u (x)"}
    NOT_FOUND DATABASE_NOT_FOUND there is no database 'no-such-group/parent'; check its name and its group's
admin ApplyMigration {"schema": "", "sql": "CREATE TABLE u (x)"}
    INVALID_ARGUMENT INVALID_NAME the database name is empty
admin ApplyMigration {"schema": "../x", "sql": "CREATE TABLE u (x)"}
    INVALID_ARGUMENT INVALID_NAME the group name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin ApplyMigration {"sql": "CREATE TABLE u (x)"}
    INVALID_ARGUMENT INVALID_NAME the database name is empty
admin GetSchema {"schema": "$child"}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is CHILD; migrate its schema
admin ListMigrations {"schema": "$plain"}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is REGULAR; change its schema with SQL
admin ListChildren {"schema": "$child"}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is CHILD; migrate its schema
admin RetryChildren {"schema": "$plain"}
    FAILED_PRECONDITION WRONG_KIND migrations are for SCHEMA databases, and this one is REGULAR; change its schema with SQL
admin RetryChildren {"schema": "$parent", "children": ["nobody"]}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$group/nobody'; check its name and its group's
admin RetryChildren {"schema": "$parent", "children": ["plain"]}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$plain'; check its name and its group's
admin RetryChildren {"schema": "$parent", "children": ["a", ""]}
    INVALID_ARGUMENT INVALID_NAME the database name is empty
admin GetMigration {"schema": "$parent", "id": "6fa459ea-ee8a-3ca4-894e-db77e160355e"}
    NOT_FOUND MIGRATION_NOT_FOUND the schema has no migration of this id; list those that it has
admin GetMigration {"schema": "$parent", "id": "garbage"}
    NOT_FOUND MIGRATION_NOT_FOUND the schema has no migration of this id; list those that it has
admin WatchMigration {"schema": "$parent", "id": "garbage"}
    NOT_FOUND MIGRATION_NOT_FOUND the schema has no migration of this id; list those that it has
admin CancelMigration {"schema": "$parent", "id": ""}
    NOT_FOUND MIGRATION_NOT_FOUND the schema has no migration of this id; list those that it has
admin CancelMigration {"schema": "$parent", "id": "$migration"}
    FAILED_PRECONDITION MIGRATION_DECIDED the migration is already APPLIED, and cannot be cancelled any more

# Conditions and options
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "expectedGeneration": "0"}
    FAILED_PRECONDITION GENERATION_MISMATCH '$parent' is at generation 1 and not at 0; look at it again
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "expectedGeneration": "2"}
    FAILED_PRECONDITION GENERATION_MISMATCH '$parent' is at generation 1 and not at 2; look at it again
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "expectedGeneration": "18446744073709551615"}
    FAILED_PRECONDITION GENERATION_MISMATCH '$parent' is at generation 1 and not at 18446744073709551615; look at it again
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "foreignKeys": 9}
    INVALID_ARGUMENT INVALID_ARGUMENT foreign_keys: must be ENFORCED or CHECK_AT_END
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "waitFor": 9}
    INVALID_ARGUMENT INVALID_ARGUMENT wait_for: must be COMMIT, APPLY or NOTHING
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "requestId": "$letters129"}
    INVALID_ARGUMENT INVALID_ARGUMENT request_id: must have at most 128 printable ASCII characters
admin ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "requestId": "$used_id"}
    INVALID_ARGUMENT REQUEST_ID_REUSED this request_id was used for another request; take a fresh one
admin ListMigrations {"schema": "$parent", "pageSize": -1}
    INVALID_ARGUMENT INVALID_ARGUMENT page_size: must not be negative
admin ListMigrations {"schema": "$parent", "pageToken": "garbage"}
    INVALID_ARGUMENT INVALID_PAGE_TOKEN the page token is not of this list with these filters; start again without one
admin ListMigrations {"schema": "$parent", "state": 77}
    INVALID_ARGUMENT INVALID_ARGUMENT state: must be PREPARING, COMMITTED, APPLIED, FAILED or CANCELLED
admin ListChildren {"schema": "$parent", "state": 77}
    INVALID_ARGUMENT INVALID_ARGUMENT state: must be CURRENT, PENDING or QUARANTINED

# Rights
nobody apply CREATE TABLE u (x)
    UNAUTHENTICATED TOKEN_MISSING no token came with the request; send metadata 'authorization: Bearer <token>'
reader apply CREATE TABLE u (x)
    PERMISSION_DENIED PERMISSION_DENIED this needs a token that permits ddl on the schema, or is admin of its group
writer apply CREATE TABLE u (x)
    PERMISSION_DENIED PERMISSION_DENIED this needs a token that permits ddl on the schema, or is admin of its group
writer ApplyMigration {"schema": "$parent", "sql": "CREATE TABLE u (x)", "validateOnly": true}
    PERMISSION_DENIED PERMISSION_DENIED this needs a token that permits ddl on the schema, or is admin of its group
stranger apply CREATE TABLE u (x)
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$parent'; check its name and its group's
tenant apply CREATE TABLE u (x)
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$parent'; check its name and its group's
tenant ListMigrations {"schema": "$parent"}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$parent'; check its name and its group's
tenant GetSchema {"schema": "$parent"}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$parent'; check its name and its group's
writer CancelMigration {"schema": "$parent", "id": "$migration"}
    PERMISSION_DENIED PERMISSION_DENIED this needs a token that permits ddl on the schema, or is admin of its group

# What fails on rows
admin apply INSERT INTO item (id) VALUES (1)
    FAILED_PRECONDITION MIGRATION_FAILED UNIQUE constraint failed: item.id
admin apply CREATE TABLE u (x); CREATE UNIQUE INDEX i ON item (price)
    FAILED_PRECONDITION MIGRATION_FAILED UNIQUE constraint failed: item.price
admin apply UPDATE item SET price = raised; SELECT 1
    INVALID_ARGUMENT SQL_ERROR no such column: raised (offset 24)
admin apply DELETE FROM kind
    FAILED_PRECONDITION MIGRATION_FAILED FOREIGN KEY constraint failed
admin apply UPDATE item SET name = hex(zeroblob(9000000)) WHERE id = 3
    FAILED_PRECONDITION MIGRATION_FAILED string or blob too big
"##;

const ITEMS: &str = "CREATE TABLE kind (id INTEGER PRIMARY KEY);
    CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price INTEGER, kind INTEGER REFERENCES kind);
    INSERT INTO kind VALUES (1); INSERT INTO item VALUES (1, 'pen', 3, NULL), (2, 'ink', 5, NULL);";

/// What the rows are about.
struct Scene {
    world: World,
    fleet: Fleet,
    plain: Db,
    tokens: Vec<(&'static str, Option<String>)>,
    names: Vec<(&'static str, String)>,
}

impl Scene {
    async fn set() -> Self {
        let world = World::shared().await;
        let fleet = Fleet::create(&world, "parent").await;
        let request = ApplyMigrationRequest { request_id: "used".into(), ..fleet.request(ITEMS) };
        let first = fleet.try_apply(request).await.expect("it is applied");
        fleet.ended(&first.id).await;
        fleet.create_children(["a", "b", "unused"]).await;
        // Rows of a child that fail where the parent's do not.
        fleet.child("a").exec("INSERT INTO item VALUES (3, 'cup', 3, 1)").await;
        fleet.child("b").exec("UPDATE item SET price = id").await;
        let plain = world.database("plain").await;
        plain.exec("CREATE TABLE t (x)").await;
        let (parent, child) = (fleet.parent(), fleet.child("a"));
        let stranger = CreateTokenRequest {
            groups: vec![world.another_group().await],
            access: Access::Admin.into(),
            ..Default::default()
        };
        let tokens = vec![
            ("admin", world.admin.token().map(str::to_owned)),
            ("nobody", None),
            ("reader", Some(world.token(&parent, Access::ReadOnly, &[]).await)),
            ("writer", Some(world.token(&parent, Access::ReadWrite, &[]).await)),
            ("tenant", Some(world.token(&child, Access::ReadWrite, &[]).await)),
            ("stranger", Some(world.mint(stranger).await.token)),
        ];
        let names = vec![
            ("$parent", fleet.reference()),
            ("$child", world.reference("a")),
            ("$plain", plain.reference().to_owned()),
            ("$group", world.group.clone()),
            ("$migration", first.id),
            ("$letters129", "x".repeat(129)),
            ("$used_id", "used".to_owned()),
            ("$megabytes2", format!("UPDATE item SET name = '{}'", "x".repeat(2_000_000))),
            ("$megabytes10", format!("UPDATE item SET name = '{}'", "x".repeat(10 << 20))),
        ];
        Self { world, fleet, plain, tokens, names }
    }

    fn filled(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Puts the names back, so that every run reads the same.
    fn emptied(&self, text: &str) -> String {
        let short =
            self.names.iter().filter(|(name, value)| value.len() < 100 && *name != "$used_id");
        short.fold(text.to_owned(), |text, (name, value)| text.replace(value, name))
    }

    /// Everything that must not change.
    async fn state(&self) -> String {
        let mut listing = self.world.listing().await;
        // What a write left in the log that was rolled back is no change.
        listing.iter_mut().for_each(|database| database.size_bytes = 0);
        let mut state = format!("{listing:?}\n{:?}", self.fleet.schema_text().await);
        // One that was never used stays so.
        let used = ["parent", "a", "b"].map(|name| self.fleet.child(name));
        for db in used.iter().chain([&self.plain]) {
            state += &format!("\n{}\n{}", db.name(), db.digest().await);
        }
        state += &format!("{:?}", self.fleet.children(ChildState::Unspecified).await);
        state
    }

    /// Makes the request of a row; answers the outcome.
    async fn ask(&self, request: &str) -> String {
        let (who, rest) = request.split_once(' ').expect("who asks");
        let (name, message) = rest.split_once(' ').expect("an RPC and its message");
        let (name, message) = match name {
            "apply" => {
                let sql = self.filled(message).replace("\\n", "\n").replace("\\t", "\t");
                ("ApplyMigration", json!({ "schema": self.fleet.reference(), "sql": sql }))
            }
            name => (name, serde_json::from_str::<Value>(&self.filled(message)).expect("JSON")),
        };
        let found = self.tokens.iter().find(|(name, _)| *name == who);
        let token = found.unwrap_or_else(|| panic!("who is {who}?")).1.clone();
        let call = Call { token, messages: vec![message], ..Default::default() };
        let answer = self.world.raw().call(&rpc(name), call).await;
        self.emptied(&outcome(&answer)).trim().to_owned()
    }
}

/// The code and the reason of an outcome.
fn verdict(outcome: &str) -> Vec<&str> {
    outcome.split(' ').take(2).collect()
}

#[tokio::test]
async fn bad_input_gets_its_answer_and_changes_nothing() {
    let scene = Scene::set().await;
    let before = scene.state().await;
    let mut lines = TABLE.lines();
    let (mut actual, mut wrong) = (String::new(), Vec::new());
    while let Some(line) = lines.next() {
        actual += line;
        actual.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let expected = lines.next().expect("each request has its answer").trim();
        let recorded = scene.fleet.migrations().await.len();
        let outcome = scene.ask(line).await;
        let is_right = verdict(&outcome) == verdict(expected);
        actual += &format!("    {}\n", if is_right { &outcome } else { expected });
        if !is_right {
            wrong.push(format!("{line}\n    expected {expected}\n    got      {outcome}"));
        }
        assert_eq!(scene.state().await, before, "this changed something: {line}");
        let is_recorded = scene.fleet.migrations().await.len() - recorded;
        let is_failure = verdict(&outcome).last() == Some(&"MIGRATION_FAILED");
        assert_eq!(is_recorded, usize::from(is_failure), "recorded: {line}");
    }
    if wrong.is_empty() || is_updating() {
        check("migration_input.rs", TABLE, &actual);
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    // And the fleet is none the worse for it.
    scene.fleet.migrate_all("CREATE TABLE u (x)").await;
    assert_eq!(scene.fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_hundred_megabytes_of_sql_are_refused() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate(ITEMS).await;
    let huge = format!("UPDATE item SET name = '{}'", "x".repeat(100 << 20));
    for validate_only in [false, true] {
        let request = ApplyMigrationRequest { validate_only, ..fleet.request(huge.clone()) };
        let refused = fleet.apart().try_apply(request).await;
        expect_error(refused, Code::InvalidArgument, "STATEMENT_TOO_LARGE");
    }
    // The longest that is taken, and one byte more.
    let fill = |length: usize| {
        let head = "UPDATE item SET name = 'x' -- ";
        format!("{head}{}", "y".repeat(length - head.len()))
    };
    let refused = fleet.try_apply(fleet.request(fill(1_000_001))).await;
    let status = expect_error(refused, Code::InvalidArgument, "STATEMENT_TOO_LARGE");
    assert_eq!(metadata(&status, "limit_bytes"), "1000000");
    let migration = fleet.migrate_all(fill(1_000_000)).await;
    assert_eq!(migration.sql.len(), 1_000_000);
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn two_at_once_and_a_cancel_that_comes_too_late() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    let done = fleet.migrate(ITEMS).await;
    expect_error(fleet.cancel(&done.id).await, Code::FailedPrecondition, "MIGRATION_DECIDED");
    fleet.create_children(["a"]).await;
    let mut tx = fleet.child("a").apart().begin(TransactionMode::Immediate).await;
    tx.exec("UPDATE item SET price = 0").await;
    let running = fleet.try_start("UPDATE item SET price = 1").await.expect("it starts");
    for _ in 0..3 {
        let refused = fleet.try_apply(fleet.request("CREATE TABLE u (x)")).await;
        let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_IN_PROGRESS");
        assert_eq!(metadata(&status, "migration"), running.id);
        assert_eq!(metadata(&status, "schema"), fleet.reference());
        let by_sql = fleet.parent().try_exec("CREATE TABLE u (x)").await;
        let status = expect_error(by_sql, Code::FailedPrecondition, "MIGRATION_IN_PROGRESS");
        assert_eq!(metadata(&status, "migration"), running.id);
    }
    // A script that could not be is told so, whatever else runs.
    let refused = fleet.try_apply(fleet.request("SELEC")).await.expect_err("it cannot be");
    assert!(matches!(reason(&refused).as_str(), "SQL_ERROR" | "MIGRATION_IN_PROGRESS"));
    tx.rollback().await;
    assert!(is_committed(&fleet.ended(&running.id).await));
    assert_eq!(fleet.migrations().await.len(), 2);
}

#[tokio::test]
async fn a_size_limit_is_no_limit_of_migrations() {
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)").await;
    let limited = v1::Database { size_limit_bytes: 64 << 10, ..fleet.new_child("limited") };
    let limited = world.create(limited).await;
    limited.exec("INSERT INTO item (name) VALUES ('pen')").await;
    let large = "INSERT INTO item (name) VALUES (hex(zeroblob(100000)))";
    let refused = limited.try_exec(large).await;
    expect_error(refused, Code::ResourceExhausted, "SIZE_LIMIT");
    // It is on what the tenant writes: a migration of all must not fail for it.
    fleet.migrate_all(large).await;
    fleet.migrate_all("CREATE INDEX item_name ON item (name)").await;
    assert_eq!(fleet.agree().await.generation, 3);
    assert_eq!(limited.text("SELECT max(length(name)) FROM item").await, "200000");
    let refused = limited.try_exec("INSERT INTO item (name) VALUES ('ink')").await;
    // Below its new size it may still have room in its pages.
    if let Err(status) = refused {
        assert_eq!(reason(&status), "SIZE_LIMIT", "{status:?}");
    }
    limited.exec("DELETE FROM item").await;
}
