//! `tenantry migrate` from end to end: in a pipe, on a terminal, and over broken
//! connections.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::support::cli::{Done, Running};
use crate::support::terminal::Terminal;
use crate::support::v1::{Access, CreateTokenRequest, TransactionMode};
use crate::support::{Cli, Fleet, Server, Tx};

/// A script whose success depends on the rows of every child.
const UNIQUE: &str = "CREATE UNIQUE INDEX by_email ON users (email)";
/// What Ctrl-C asks.
const QUESTION: &str = "cancel the migration? [y/N] ";
/// For a server on which a transaction can be held for the whole of a test.
const PATIENT: [&str; 4] = ["--transaction-idle-ms-max", "60000", "--transaction-ms-max", "60000"];

/// A command line, and on its server the schema `customer` with three children:
/// one that a script can fail on, one with a row, and one that was never used.
struct Shop {
    cli: Cli,
    fleet: Fleet,
}

impl Shop {
    async fn new() -> Self {
        Self::filled(Cli::new().await).await
    }

    /// On a server of the test's own, where transactions may take long.
    async fn on(server: &Server) -> Self {
        Self::filled(Cli::on(server).await).await
    }

    async fn filled(cli: Cli) -> Self {
        let fleet = Fleet::create(&cli.world, "customer").await;
        fleet.create_children(["alice", "bob", "carol"]).await;
        fleet.migrate_all("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)").await;
        let bad = "INSERT INTO users (email) VALUES ('a@b'), ('a@b')";
        fleet.child("alice").exec(bad).await;
        fleet.child("bob").exec("INSERT INTO users (email) VALUES ('b@b')").await;
        Self { cli, fleet }
    }

    /// As [`Shop::on`], with nothing that a script fails on.
    async fn clean_on(server: &Server) -> Self {
        let shop = Self::on(server).await;
        shop.fleet.child("alice").exec("DELETE FROM users WHERE id = 2").await;
        shop
    }

    /// Keeps any migration from being validated on a child, for as long as the
    /// answer lives.
    async fn hold(&self) -> Tx {
        let child = self.fleet.child("bob").apart();
        child.begin(TransactionMode::Immediate).await
    }

    /// Runs `migrate apply customer …`.
    fn apply(&self, args: &[&str]) -> Done {
        self.apply_from(args, "")
    }

    fn apply_from(&self, args: &[&str], input: &str) -> Done {
        let all: Vec<&str> =
            ["migrate", "apply", "$G/customer"].iter().chain(args).copied().collect();
        self.cli.pipe(&all, input)
    }

    /// Runs `migrate apply customer …`, which must succeed; answers the migration.
    #[track_caller]
    fn applied(&self, args: &[&str]) -> Value {
        let all: Vec<&str> = args.iter().chain(&["--output", "json"]).copied().collect();
        let done = self.apply(&all);
        assert_eq!(done.code, 0, "{args:?}: {done:?}");
        serde_json::from_str(&done.out).expect("JSON")
    }

    /// Runs `migrate apply customer …` on a terminal, with a script that needs
    /// every child.
    fn at_terminal(&self) -> Terminal {
        Terminal::run(self.cli.command(&["migrate", "apply", "$G/customer", "-e", UNIQUE]))
    }

    /// The generation of the schema.
    fn generation(&self) -> u64 {
        let shown = self.cli.json(&["db", "show", "$G/customer"]);
        shown["generation"].as_u64().expect("a number")
    }

    /// The migrations, newest first.
    fn migrations(&self) -> Vec<Value> {
        let listed = self.cli.json(&["migrate", "list", "$G/customer"]);
        listed.as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn schemas_and_children_are_created_listed_and_shown() {
    let cli = Cli::new().await;
    cli.ok(&["db", "create", "customer", "--group", "$G", "--type", "schema"]);
    cli.ok(&["db", "create", "plain", "--group", "$G", "--type", "regular"]);
    cli.ok(&["db", "create", "alice", "--group", "$G", "--schema", "customer"]);
    cli.ok(&["db", "create", "$G/bob", "--schema", "$G/customer"]);
    let listed = cli.json(&["db", "list", "--schema", "$G/customer"]);
    let names: Vec<_> = listed.as_array().expect("a list").iter().map(|db| &db["name"]).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(cli.json(&["db", "list", "--group", "$G", "--schema", "customer"]), listed);
    let done = cli.run(&["migrate", "apply", "$G/customer", "-e", "CREATE TABLE t (x)"]);
    assert_eq!(done.code, 0, "{done:?}");
    for (name, kind, schema, generation) in [
        ("$G/customer", "SCHEMA", "", 1),
        ("$G/alice", "CHILD", "customer", 1),
        ("$G/plain", "REGULAR", "", 0),
    ] {
        let shown = cli.json(&["db", "show", name]);
        let found = (&shown["kind"], &shown["schema"], &shown["generation"]);
        assert_eq!(found, (&json!(kind), &json!(schema), &json!(generation)), "{name}");
    }

    cli.fails(2, &["db", "create", "eve", "--group", "$G", "--schema", "default/customer"]);
    cli.fails(2, &["db", "create", "eve", "--type", "schema", "--schema", "customer"]);
    cli.fails(1, &["db", "create", "$G/eve", "--schema", "nobody"]);
    cli.fails(1, &["db", "create", "$G/eve", "--schema", "plain"]);
    let said = cli.fails(1, &["db", "shell", "$G/alice", "CREATE TABLE own (x)"]);
    assert!(said.contains("operation was blocked\nhint: "), "{said}");
    assert!(said.contains("`tenantry migrate apply PARENT`"), "it says what to do: {said}");
    let said = cli.fails(1, &["db", "destroy", "$G/customer", "--yes"]);
    assert!(said.contains("hint: `tenantry db list --schema PARENT`"), "{said}");
}

#[tokio::test]
async fn scripts_come_from_an_argument_a_file_and_standard_input() {
    let shop = Shop::new().await;
    let by_argument = shop.applied(&["-e", "-- first\nALTER TABLE users ADD COLUMN name TEXT"]);
    assert_eq!(by_argument["generation"], 2);
    assert!(["COMMITTED", "APPLIED"].contains(&by_argument["state"].as_str().expect("text")));

    let file = tempfile::NamedTempFile::new().expect("a file");
    let script = "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\n";
    std::fs::write(file.path(), script).expect("it is written");
    let path = file.path().to_str().expect("UTF-8");
    let by_file = shop.applied(&[path, "--wait", "apply"]);
    assert_eq!((&by_file["state"], &by_file["sql"]), (&json!("APPLIED"), &json!(script)));
    assert_eq!(by_file["children_applied"], 3);

    let done = shop.apply_from(&["-"], "CREATE TABLE b (x)");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("customer and its children are at generation 4"), "{done:?}");
    assert_eq!(shop.generation(), 4);
    let read = "SELECT x, (SELECT count(*) FROM b) AS b FROM a";
    for child in ["$G/alice", "$G/carol"] {
        assert_eq!(shop.cli.json(&["db", "shell", child, read]), json!([{ "x": 1, "b": 0 }]));
    }

    // The same request id is the same migration, and with another script none.
    let again = ["-e", "CREATE TABLE c (x)", "--request-id", "deploy-7"];
    let first = shop.applied(&again);
    assert_eq!(shop.applied(&again)["id"], first["id"]);
    let other = shop.apply(&["-e", "CREATE TABLE d (x)", "--request-id", "deploy-7"]);
    assert_eq!(other.code, 1, "{other:?}");
    let behind = shop.apply(&["-e", "CREATE TABLE d (x)", "--expect-generation", "4"]);
    assert_eq!((behind.code, behind.out.as_str()), (1, ""), "{behind:?}");
    shop.applied(&["-e", "CREATE TABLE d (x)", "--expect-generation", "5"]);

    let recorded = shop.apply(&["-e", "CREATE TABLE e (x)", "--wait", "none"]);
    assert_eq!((recorded.code, recorded.err.as_str()), (0, ""), "{recorded:?}");
    assert!(recorded.out.contains("`tenantry migrate watch "), "{recorded:?}");
}

#[tokio::test]
async fn options_reach_the_server() {
    let shop = Shop::new().await;
    let random = "UPDATE users SET email = hex(randomblob(4))";
    let refused = shop.apply(&["-e", random]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("at statement 1: "), "{refused:?}");
    let shown = shop.applied(&["-e", random, "--allow-nondeterministic"]);
    assert_eq!(shown["options"]["allow_nondeterministic"], true);
    let shown = shop.applied(&["-e", "CREATE TABLE t (x)", "--foreign-keys", "check-at-end"]);
    assert_eq!(shown["options"]["foreign_keys"], "CHECK_AT_END");
}

#[tokio::test]
async fn a_failure_names_child_statement_and_cause_and_changes_nothing() {
    let shop = Shop::new().await;
    let script = format!("CREATE TABLE t (x);\n{UNIQUE};");
    let done = shop.apply(&["-e", &script]);
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
    let place = format!("{}/alice at statement 2: UNIQUE constraint failed", shop.cli.world.group);
    assert!(done.err.contains(&place), "{done:?}");
    assert!(done.err.contains("nothing has changed"), "{done:?}");
    assert!(done.err.contains("hint: --dry-run"), "{done:?}");

    let done = shop.apply(&["-e", &script, "--output", "json"]);
    let failed: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((done.code, &failed["state"]), (1, &json!("FAILED")));
    assert_eq!(failed["failure"]["database"], format!("{}/alice", shop.cli.world.group));
    assert_eq!(failed["failure"]["statement_index"], 1, "programs count from 0");
    assert_eq!(shop.generation(), 1);
    let tables = shop.cli.json(&[
        "db",
        "shell",
        "$G/bob",
        "SELECT count(*) AS n FROM sqlite_schema WHERE name = 't'",
    ]);
    assert_eq!(tables[0]["n"], 0);
    // To look at a failed one is no failure, to wait for one is.
    let id = failed["id"].as_str().expect("an id");
    let shown = shop.cli.ok(&["migrate", "show", "$G/customer", id]);
    assert!(shown.contains("failed_statement"), "{shown}");
    assert!(shown.contains(UNIQUE), "with its script: {shown}");
    assert_eq!(shop.cli.run(&["migrate", "watch", "$G/customer", id]).code, 1);

    // What cannot even be tried is pointed at.
    let done = shop.apply(&["-e", "CREATE TABLE t (x);\nSELEC 1;"]);
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
    assert!(done.err.contains("at statement 2: ") && done.err.contains("\n  ^"), "{done:?}");
    let large = format!("SELECT '{}'", " ".repeat(1_000_000));
    let done = shop.apply_from(&["-"], &large);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.err.contains("hint: split it into several migrations"), "{done:?}");
    assert_eq!(shop.migrations().len(), 3, "neither was recorded");
}

#[tokio::test]
async fn a_dry_run_has_a_verdict_for_every_child_and_changes_nothing() {
    let shop = Shop::new().await;
    let script = format!("CREATE TABLE t (x); {UNIQUE}");
    let done = shop.apply(&["-e", &script, "--dry-run"]);
    assert_eq!(done.code, 1, "{done:?}");
    let place = format!("{}/alice", shop.cli.world.group);
    let verdict = done.out.lines().find(|line| line.contains(&place)).expect("a verdict");
    assert!(verdict.contains("| ") && verdict.contains(" 2 | UNIQUE constraint"), "{verdict}");
    assert!(!done.out.contains("/bob"), "it would succeed there: {done:?}");
    for total in ["children_total", "failures_total", "rows_written", "duration"] {
        assert!(done.out.contains(total), "{total}: {done:?}");
    }
    assert!(done.err.contains("would fail on 1 database; nothing has changed"), "{done:?}");

    let done = shop.apply(&["-e", &script, "--dry-run", "--output", "json"]);
    let found: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((done.code, &found["id"]), (1, &json!("")));
    let validation = &found["validation"];
    assert_eq!(validation["failures_total"], 1);
    assert_eq!(validation["failures"][0]["database"], place);
    assert_eq!(validation["failures"][0]["statement_index"], 1);

    let good = ["-e", "UPDATE users SET email = 'x' || id", "--dry-run"];
    let done = shop.apply(&good);
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let found = shop.applied(&good);
    assert_eq!(found["validation"]["failures"], json!([]));
    assert_eq!(found["validation"]["rows_written"], 3);
    assert_eq!((shop.generation(), shop.migrations().len()), (1, 1));
}

#[tokio::test]
async fn migrations_and_children_are_listed_and_shown() {
    let shop = Shop::new().await;
    shop.applied(&["-e", "ALTER TABLE users ADD COLUMN name TEXT", "--wait", "apply"]);
    shop.apply(&["-e", UNIQUE]);
    let all = shop.migrations();
    let states: Vec<_> = all.iter().map(|migration| &migration["state"]).collect();
    assert_eq!(states, ["FAILED", "APPLIED", "APPLIED"], "newest first");
    let failed = shop.cli.json(&["migrate", "list", "$G/customer", "--state", "failed"]);
    assert_eq!(failed, json!([all[0]]));
    let id = all[1]["id"].as_str().expect("an id");
    let table = shop.cli.ok(&["migrate", "list", "$G/customer"]);
    assert!(table.contains(id) && table.contains("children_quarantined"), "{table}");

    let shown = shop.cli.json(&["migrate", "show", "$G/customer", id]);
    assert_eq!(shown["sql"], "ALTER TABLE users ADD COLUMN name TEXT");
    assert_eq!(shown["metrics"]["row_independent"], true);
    let shown = shop.cli.ok(&["migrate", "show", "$G/customer", id]);
    assert!(shown.contains("fence_duration"), "{shown}");
    assert!(shown.ends_with("\n\nALTER TABLE users ADD COLUMN name TEXT\n"), "{shown}");
    let ended = shop.cli.ok(&["migrate", "watch", "$G/customer", id]);
    assert!(ended.contains("applied: 3 of 3, quarantined 0, longest write pause"), "{ended}");
    let watched = shop.cli.ok(&["migrate", "watch", "$G/customer", id, "--output", "json"]);
    let last: Value = serde_json::from_str(watched.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["state"], "APPLIED");

    let children = shop.cli.json(&["migrate", "children", "$G/customer"]);
    let names: Vec<_> =
        children.as_array().expect("a list").iter().map(|child| &child["name"]).collect();
    assert_eq!(names, ["alice", "bob", "carol"]);
    assert_eq!(children[0]["state"], "CURRENT");
    let none = shop.cli.json(&["migrate", "children", "$G/customer", "--state", "quarantined"]);
    assert_eq!(none, json!([]));
    let retried = shop.cli.json(&["migrate", "retry", "$G/customer", "$G/alice", "bob"]);
    assert_eq!(retried["quarantined_count"], 0);
    shop.cli.ok(&["migrate", "retry", "$G/customer"]);

    // The schema can be run as it is.
    let ddl = shop.cli.ok(&["migrate", "schema", "$G/customer"]);
    shop.cli.ok(&["db", "create", "$G/copy"]);
    let copied = shop.cli.pipe(&["db", "shell", "$G/copy"], &ddl);
    assert_eq!(copied.code, 0, "{ddl}: {copied:?}");
    let shown = shop.cli.json(&["migrate", "schema", "$G/customer"]);
    assert_eq!((&shown["generation"], &shown["ddl"]), (&json!(2), &json!(ddl)));

    let late = shop.cli.fails(1, &["migrate", "cancel", "$G/customer", id]);
    assert!(!late.is_empty());
    let nobody = "00000000-0000-7000-8000-000000000000";
    let said = shop.cli.fails(1, &["migrate", "show", "$G/customer", nobody]);
    assert!(said.contains("`tenantry migrate list PARENT`"), "{said}");
    shop.cli.fails(1, &["migrate", "list", "$G/alice"]);
    shop.cli.fails(1, &["migrate", "apply", "$G/customer", "/no/such/file.sql"]);
    shop.cli.fails(2, &["migrate", "apply", "$G/customer"]);
    shop.cli.fails(2, &["migrate", "retry", "$G/customer", "other/alice"]);
}

#[tokio::test]
async fn a_token_needs_the_right_to_migrate() {
    let mut shop = Shop::new().await;
    let minted = |ddl| CreateTokenRequest {
        databases: vec![shop.fleet.reference()],
        access: Access::ReadWrite.into(),
        ddl,
        ..Default::default()
    };
    let (without, with) = (minted(false), minted(true));
    shop.cli.token = Some(shop.cli.world.mint(without).await.token);
    let refused = shop.apply(&["-e", "CREATE TABLE t (x)"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    assert!(refused.err.contains("hint: use a token with this right"), "{refused:?}");
    shop.cli.fails(1, &["migrate", "list", "$G/customer"]);
    shop.cli.token = Some(shop.cli.world.mint(with).await.token);
    shop.applied(&["-e", "CREATE TABLE t (x)"]);
}

#[tokio::test]
async fn in_a_pipe_progress_is_plain_lines() {
    let server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let hold = shop.hold().await;
    let args = ["migrate", "apply", "$G/customer", "-e", UNIQUE, "--wait", "apply"];
    let apply = Running::start(shop.cli.command(&args));
    apply.says("preparing: validated ");
    let id = shop.migrations()[0]["id"].as_str().expect("an id").to_owned();
    let other = shop.apply(&["-e", "CREATE TABLE other (x)"]);
    assert_eq!(other.code, 1, "one at a time: {other:?}");
    assert!(other.err.contains("`tenantry migrate watch PARENT ID`"), "{other:?}");
    hold.rollback().await;
    let done = apply.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.starts_with(&format!("applied migration {id}: ")), "{done:?}");
    assert_eq!(done.out.lines().count(), 1, "{done:?}");
    assert!(
        done.err.contains("\napplied: 3 of 3, quarantined 0, longest write pause "),
        "{done:?}"
    );
    assert!(!done.err.contains(['\u{1b}', '\r']), "no terminal is driven: {done:?}");
}

#[tokio::test]
async fn in_a_pipe_ctrl_c_leaves_and_tells_how_to_come_back() {
    let server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let hold = shop.hold().await;
    let apply =
        Running::start(shop.cli.command(&["migrate", "apply", "$G/customer", "-e", UNIQUE]));
    apply.says("preparing: ");
    apply.interrupt();
    let done = apply.end();
    assert_eq!((done.code, done.out.as_str()), (130, ""), "{done:?}");
    let id = shop.migrations()[0]["id"].as_str().expect("an id").to_owned();
    assert!(done.err.contains(&format!("interrupted: migration {id} goes on")), "{done:?}");
    let reference = shop.fleet.reference();
    for verb in ["watch", "cancel"] {
        let how = format!("`tenantry migrate {verb} {reference} {id}`");
        assert!(done.err.contains(&how), "{how}: {done:?}");
    }
    // A watch is left the same way, and the migration still goes on.
    let watch = shop.cli.command(&["migrate", "watch", "$G/customer", &id]);
    let watch = Running::start(watch);
    assert_eq!(shop.migrations()[0]["state"], "PREPARING");
    hold.rollback().await;
    let watched = watch.end();
    assert_eq!((watched.code, watched.err.as_str()), (0, ""), "{watched:?}");
    assert!(watched.out.contains("\napplied migration "), "{watched:?}");
    assert_eq!(shop.generation(), 2);
}

#[tokio::test]
async fn on_a_terminal_there_is_a_bar_and_ctrl_c_asks() {
    let server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let hold = shop.hold().await;
    let mut apply = shop.at_terminal();
    apply.expect("validating [");
    apply.expect("not committed, applied 0, quarantined 0, write pause ");
    // Asked and denied, it goes on.
    apply.interrupt();
    apply.expect(QUESTION);
    apply.enter("n");
    apply.expect("validating [");
    assert_eq!(shop.migrations()[0]["state"], "PREPARING");
    // Pressed once more instead of an answer, it leaves.
    apply.interrupt();
    apply.expect(QUESTION);
    apply.interrupt();
    apply.expect("goes on");
    assert_eq!(apply.end(), Some(130));
    let id = shop.migrations()[0]["id"].as_str().expect("an id").to_owned();
    hold.rollback().await;
    assert_eq!(shop.cli.run(&["migrate", "watch", "$G/customer", &id]).code, 0);
    assert_eq!(shop.generation(), 2);
}

#[tokio::test]
async fn on_a_terminal_the_end_takes_the_question_away() {
    let server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let hold = shop.hold().await;
    let mut apply = shop.at_terminal();
    apply.expect("validating [");
    apply.interrupt();
    apply.expect(QUESTION);
    hold.rollback().await;
    apply.expect("\r\n");
    apply.expect("customer and its children are at generation 2");
    assert_eq!(apply.end(), Some(0));
}

#[tokio::test]
async fn a_migration_that_waits_for_a_writer_is_cancelled_at_once() {
    let server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let _hold = shop.hold().await;
    let mut apply = shop.at_terminal();
    apply.expect("validating [");
    apply.interrupt();
    apply.expect(QUESTION);
    apply.enter("y");
    apply.expect("was cancelled; nothing has changed");
    assert_eq!(apply.end(), Some(1));

    shop.apply(&["-e", UNIQUE, "--wait", "none"]);
    let id = shop.migrations()[0]["id"].as_str().expect("an id").to_owned();
    let said = shop.cli.ok(&["migrate", "cancel", "$G/customer", &id]);
    assert_eq!(said, format!("cancelled migration {id}: nothing has changed\n"));
    let watched = shop.cli.run(&["migrate", "watch", "$G/customer", &id]);
    assert_eq!(watched.code, 1, "{watched:?}");
    assert!(watched.err.contains("was cancelled; nothing has changed"), "{watched:?}");
    assert_eq!(shop.generation(), 1);
}

#[tokio::test]
async fn on_a_terminal_a_watch_is_left_without_a_question() {
    let server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let hold = shop.hold().await;
    shop.apply(&["-e", UNIQUE, "--wait", "none"]);
    let id = shop.migrations()[0]["id"].as_str().expect("an id").to_owned();
    let mut watch = Terminal::run(shop.cli.command(&["migrate", "watch", "$G/customer", &id]));
    watch.expect("validating [");
    watch.interrupt();
    watch.expect("goes on");
    assert_eq!(watch.end(), Some(130));
    hold.rollback().await;
    assert_eq!(shop.cli.run(&["migrate", "watch", "$G/customer", &id]).code, 0);
}

/// Passes connections on to a server that may be another one from time to time.
struct Relay {
    address: SocketAddr,
    server: Arc<Mutex<SocketAddr>>,
}

impl Relay {
    async fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let server = Arc::new(Mutex::new(server.address()));
        let to = server.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let to = *to.lock().expect("unpoisoned");
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Self { address, server }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_waited_for() {
    let mut server = Server::with(&PATIENT);
    let shop = Shop::clean_on(&server).await;
    let _hold = shop.hold().await;
    let relay = Relay::to(&server).await;
    let mut command = shop.cli.command(&["migrate", "apply", "$G/customer", "-e", UNIQUE]);
    command.env("TENANTRY_ENDPOINT", format!("http://{}", relay.address));
    let apply = Running::start(command);
    apply.says("preparing: ");
    server.kill();
    apply.says("trying again");
    server.restart();
    *relay.server.lock().expect("unpoisoned") = server.address();
    let done = apply.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("customer and its children are at generation 2"), "{done:?}");
    assert_eq!(done.err.matches("trying again").count(), 1, "{done:?}");
}
