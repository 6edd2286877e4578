//! The command line from end to end, as a person and as a script use it.

mod contexts;
mod dumping;
mod importing;
mod terminal;

use crate::support::Cli;
use crate::support::server::tenantry;
use crate::support::terminal::Terminal;

#[tokio::test]
async fn groups_and_databases_from_creation_to_destruction() {
    let cli = Cli::new().await;
    let group = format!("{}-more", cli.world.group);
    assert!(cli.ok(&["group", "create", &group]).contains(&group));
    assert!(cli.ok(&["group", "list"]).contains(&group));
    assert_eq!(cli.json(&["group", "show", &group])["name"], group.as_str());
    assert!(cli.fails(1, &["group", "create", &group]).contains("exists"));

    cli.ok(&["db", "create", "alice", "--group", "$G", "--label", "plan=gold", "--label", "x=y"]);
    cli.ok(&["db", "create", "$G/bob"]);
    let shown = cli.json(&["db", "show", "$G/alice"]);
    assert_eq!(shown["name"], "alice");
    assert_eq!(shown["labels"]["plan"], "gold");
    let listed = cli.json(&["db", "list", "--group", "$G"]);
    let names: Vec<_> =
        listed.as_array().expect("a list").iter().map(|db| db["name"].clone()).collect();
    assert_eq!(names, ["alice", "bob"]);
    let table = cli.ok(&["db", "list", "--group", "$G", "--label", "plan=gold"]);
    assert!(table.contains("alice") && !table.contains("bob"), "{table}");

    let asked = cli.fails(2, &["db", "destroy", "$G/bob"]);
    assert!(asked.contains("--yes"), "{asked}");
    cli.ok(&["db", "destroy", "$G/bob", "--yes"]);
    cli.fails(1, &["db", "show", "$G/bob"]);
    cli.ok(&["db", "undelete", "$G/bob"]);
    cli.ok(&["db", "show", "$G/bob"]);
    assert!(cli.fails(1, &["group", "destroy", "$G", "--yes"]).contains("hint:"));
    cli.ok(&["group", "destroy", &group, "--yes"]);
}

#[tokio::test]
async fn a_branch_is_made_and_told() {
    let cli = Cli::new().await;
    cli.ok(&["db", "create", "$G/alice", "--label", "plan=gold"]);
    cli.ok(&["db", "shell", "$G/alice", "CREATE TABLE t (x); INSERT INTO t VALUES (7)"]);
    let said = cli.ok(&["db", "branch", "$G/alice", "plain"]);
    assert!(said.contains(&format!("created database {}/plain", cli.world.group)), "{said}");
    let told = cli.json(&["db", "branch", "$G/alice", "$G/test", "--label", "by=ci"]);
    assert_eq!(told, cli.json(&["db", "show", "$G/test"]));
    assert_eq!((&told["name"], &told["kind"]), (&"test".into(), &"REGULAR".into()));
    assert_eq!(told["labels"], serde_json::json!({ "by": "ci" }), "none is the source's");
    cli.ok(&["db", "shell", "$G/test", "UPDATE t SET x = 8"]);
    for (name, x) in [("$G/alice", 7), ("$G/plain", 7), ("$G/test", 8)] {
        assert_eq!(cli.json(&["db", "shell", name, "SELECT x FROM t"])[0]["x"], x, "{name}");
    }
    assert!(cli.fails(1, &["db", "branch", "$G/alice", "test"]).contains("already"));
    assert!(cli.fails(1, &["db", "branch", "$G/nobody", "new"]).contains("db list"));
    assert!(cli.fails(2, &["db", "branch", "$G/alice", "other/new"]).contains("group"));
    cli.ok(&["db", "config", "block-reads", "enable", "$G/alice"]);
    let said = cli.fails(1, &["db", "branch", "$G/alice", "new"]);
    assert!(said.contains("block-reads disable"), "it says what to do: {said}");
}

#[tokio::test]
async fn configuration_is_set_and_shown() {
    let cli = Cli::new().await;
    cli.ok(&["db", "create", "$G/alice"]);
    let switches = [
        ("attach", "allow", "disallow", "allow_attach"),
        ("delete-protection", "enable", "disable", "delete_protection"),
        ("block-reads", "enable", "disable", "block_reads"),
        ("block-writes", "enable", "disable", "block_writes"),
    ];
    for (name, on, off, field) in switches {
        for (verb, value) in [(on, true), (off, false)] {
            cli.ok(&["db", "config", name, verb, "$G/alice"]);
            assert_eq!(cli.json(&["db", "show", "$G/alice"])[field], value, "{name} {verb}");
            let said = cli.ok(&["db", "config", name, "show", "$G/alice"]);
            assert!(!said.trim().is_empty());
        }
    }
    cli.ok(&["db", "config", "delete-protection", "enable", "$G/alice"]);
    let said = cli.fails(1, &["db", "destroy", "$G/alice", "--yes"]);
    assert!(said.contains("delete-protection disable"), "it says what to do: {said}");
}

#[tokio::test]
async fn sql_runs_from_an_argument_and_from_a_pipe() {
    let cli = Cli::new().await;
    cli.ok(&["db", "create", "$G/alice"]);
    let script = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t (name) VALUES ('pen'), ('ink')";
    cli.ok(&["db", "shell", "$G/alice", script]);
    let table = cli.ok(&["db", "shell", "$G/alice", "SELECT id, name, NULL AS n FROM t"]);
    for part in ["id", "name", "pen", "ink", "NULL"] {
        assert!(table.contains(part), "{part} in {table}");
    }
    let rows = cli.json(&[
        "db",
        "shell",
        "$G/alice",
        "SELECT id, name, 1.5 AS r, NULL AS n, x'00' AS b FROM t",
    ]);
    assert_eq!(
        rows[1].to_string(),
        r#"{"id":2,"name":"ink","r":1.5,"n":null,"b":{"base64":"AA=="}}"#,
        "in the order of the columns"
    );
    let edge =
        cli.ok(&["db", "shell", "$G/alice", "SELECT 9223372036854775807 AS n", "--output", "json"]);
    assert!(edge.contains("9223372036854775807"), "{edge}");

    // A text sent as one is all or nothing; a pipe goes statement by statement.
    cli.fails(1, &["db", "shell", "$G/alice", "INSERT INTO t VALUES (3, 'x'); SELEC"]);
    let piped = cli.pipe(
        &["db", "shell", "$G/alice"],
        "INSERT INTO t VALUES (3, 'cup');\nSELECT name\nFROM t WHERE id = 3;\n.tables\nSELEC;\nDELETE FROM t;\n",
    );
    assert_eq!(piped.code, 1, "the first error ends it: {piped:?}");
    assert!(piped.out.contains("cup") && piped.out.contains('t'), "{piped:?}");
    let left = cli.json(&["db", "shell", "$G/alice", "SELECT count(*) AS n FROM t"]);
    assert_eq!(left[0]["n"], 3);
    let tx = cli.pipe(
        &["db", "shell", "$G/alice"],
        "BEGIN; DELETE FROM t; ROLLBACK; SELECT count(*) FROM t;",
    );
    assert_eq!(tx.code, 0, "{tx:?}");
    let open = cli.pipe(&["db", "shell", "$G/alice"], "BEGIN; DELETE FROM t;");
    assert_eq!(open.code, 1, "{open:?}");
    assert_eq!(cli.json(&["db", "shell", "$G/alice", "SELECT count(*) AS n FROM t"])[0]["n"], 3);
}

#[tokio::test]
async fn the_shell_attaches() {
    let cli = Cli::new().await;
    for name in ["$G/alice", "$G/catalogue"] {
        cli.ok(&["db", "create", name]);
        cli.ok(&["db", "shell", name, "CREATE TABLE t (x); INSERT INTO t VALUES (7)"]);
    }
    let query = "SELECT main.t.x + catalogue.t.x AS n FROM main.t, catalogue.t";
    let refused = cli.fails(1, &["db", "shell", "$G/alice", query, "--attach", "catalogue"]);
    assert!(refused.contains("attach"), "{refused}");
    cli.ok(&["db", "config", "attach", "allow", "$G/catalogue"]);
    let rows = cli.json(&["db", "shell", "$G/alice", query, "--attach", "catalogue"]);
    assert_eq!(rows[0]["n"], 14);
    let by_sql = cli.pipe(
        &["db", "shell", "$G/alice"],
        "ATTACH 'catalogue' AS c;\nSELECT c.t.x * 3 AS n FROM c.t;\n",
    );
    assert!(by_sql.code == 0 && by_sql.out.contains("21"), "{by_sql:?}");
}

#[tokio::test]
async fn tokens_are_made_listed_and_withdrawn() {
    let mut cli = Cli::new().await;
    cli.ok(&["db", "create", "$G/alice"]);
    cli.ok(&["db", "shell", "$G/alice", "CREATE TABLE t (x); CREATE TABLE u (x)"]);
    let token = cli.ok(&[
        "db",
        "tokens",
        "create",
        "$G/alice",
        "--read-only",
        "--expiration",
        "1d",
        "--subject",
        "ci",
    ]);
    let rules = cli.ok(&[
        "db",
        "tokens",
        "create",
        "$G/alice",
        "-p",
        "t:data_read,data_add",
        "--expiration",
        "never",
    ]);
    let listed = cli.json(&["db", "tokens", "list", "$G/alice"]);
    assert_eq!(listed.as_array().expect("a list").len(), 2);
    let id = listed.as_array().expect("a list").iter().find(|token| token["subject"] == "ci");
    let id = id.expect("it is listed")["id"].as_str().expect("an id").to_owned();

    cli.token = Some(token.trim().to_owned());
    cli.ok(&["db", "shell", "$G/alice", "SELECT * FROM t"]);
    cli.fails(1, &["db", "shell", "$G/alice", "INSERT INTO t VALUES (1)"]);
    cli.fails(1, &["db", "tokens", "create", "$G/alice"]);
    cli.token = Some(rules.trim().to_owned());
    cli.ok(&["db", "shell", "$G/alice", "INSERT INTO t VALUES (1)"]);
    cli.fails(1, &["db", "shell", "$G/alice", "SELECT * FROM u"]);

    cli.token = None;
    cli.ok(&["db", "tokens", "revoke", &id]);
    cli.token = Some(token.trim().to_owned());
    let said = cli.fails(1, &["db", "shell", "$G/alice", "SELECT 1"]);
    assert!(said.contains("revoked"), "{said}");
    cli.token = None;
    // Those of a moment ago are struck, whatever the clock's grain.
    let done = cli.run(&["db", "tokens", "invalidate", "$G/alice", "--yes"]);
    if done.code == 2 {
        cli.ok(&["db", "tokens", "invalidate", "$G/alice"]);
    }
    cli.token = Some(rules.trim().to_owned());
    cli.fails(1, &["db", "shell", "$G/alice", "SELECT * FROM t"]);
}

#[tokio::test]
async fn errors_say_what_to_do_and_have_their_codes() {
    let mut cli = Cli::new().await;
    cli.ok(&["db", "create", "$G/alice"]);
    let said = cli.fails(1, &["db", "shell", "$G/alice", "SELECT 1, nobody"]);
    assert!(said.contains("no such column: nobody") && said.contains('^'), "{said}");
    let said = cli.fails(1, &["db", "show", "$G/nobody"]);
    assert!(said.contains("not found") || said.contains("no database"), "{said}");
    for usage in [
        &["db"] as &[_],
        &["db", "create"],
        &["db", "create", "x", "--no-such-flag"],
        &["no-such-command"],
        &["db", "tokens", "create", "$G/alice", "--expiration", "soon"],
        &["db", "tokens", "create", "$G/alice", "-p", "t:fly"],
        &["db", "list", "--output", "xml"],
    ] {
        cli.fails(2, usage);
    }
    cli.token = Some("garbage".to_owned());
    cli.fails(1, &["db", "list"]);
    let gone = tenantry()
        .args(["db", "list", "--endpoint", "http://127.0.0.1:1"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&gone.stderr);
    assert_eq!(gone.status.code(), Some(1));
    assert!(said.contains("127.0.0.1:1") && said.contains("tenantry serve"), "{said}");
    let help = tenantry().arg("--help").output().expect("it runs");
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("serve"));
}

#[tokio::test]
async fn the_prompt_edits_remembers_and_survives_ctrl_c() {
    let cli = Cli::new().await;
    let state = tempfile::tempdir().expect("a directory");
    cli.ok(&["db", "create", "$G/alice"]);
    let start = || {
        let mut command = cli.command(&["db", "shell", "$G/alice"]);
        command.env("XDG_STATE_HOME", state.path());
        Terminal::run(command)
    };
    let prompt = "alice> ";
    let mut shell = start();
    shell.expect(prompt);
    // Over two lines, with a mistake taken back.
    shell.enter("CREATE TABLE t (x);");
    shell.expect(prompt);
    shell.enter("INSERT INTO t");
    shell.enter("VALUES (41), (4200x\x7f);");
    shell.expect("2 rows changed");
    shell.expect(prompt);
    for (command, shown) in [
        (".tables", "t"),
        (".schema", "CREATE TABLE t (x)"),
        (".databases", "main"),
        (".help", ".quit"),
    ] {
        shell.enter(command);
        shell.expect("\n");
        shell.expect(shown);
        shell.expect(prompt);
    }
    shell.enter(".mode json");
    shell.expect(prompt);
    shell.enter("SELECT max(x) AS answer FROM t;");
    shell.expect("\"answer\":4200");
    shell.expect(prompt);
    // An error is told, and the prompt comes back.
    shell.enter("SELEC;");
    shell.expect("syntax error");
    shell.expect(prompt);

    // Ctrl-C ends the running statement and nothing else.
    shell.enter("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0;");
    shell.expect("i < 0;");
    shell.expect("\n");
    let mut presses = 0;
    while !shell_is_back(&mut shell, prompt) {
        presses += 1;
        assert!(presses < 100, "Ctrl-C did not end the statement");
    }
    shell.enter("SELECT count(*) AS still FROM t;");
    shell.expect("\"still\":2");
    shell.expect(prompt);
    // While typing it drops the line.
    shell.press("SELECT 'dropped'\x03");
    shell.expect(prompt);
    shell.enter("BEGIN;");
    shell.expect("alice*> ");
    shell.enter("DELETE FROM t;");
    shell.expect("alice*> ");
    shell.enter("ROLLBACK;");
    shell.expect(prompt);
    shell.enter(".quit");
    assert_eq!(shell.end(), Some(0));

    // Another shell remembers what was typed.
    let mut shell = start();
    shell.expect(prompt);
    for _ in 0..5 {
        shell.press("\x1b[A");
    }
    shell.expect("SELECT count(*) AS still FROM t;");
    shell.press("\x03");
    shell.expect(prompt);
    shell.press("\x04");
    assert_eq!(shell.end(), Some(0));
}

/// Presses Ctrl-C once and looks whether the prompt is there.
fn shell_is_back(shell: &mut Terminal, prompt: &str) -> bool {
    shell.interrupt();
    shell.shows(prompt, std::time::Duration::from_millis(200))
}
