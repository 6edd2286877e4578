//! `tenantry context`: servers and tokens under names, for their owner alone.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::server::tenantry;
use crate::support::terminal::Terminal;
use crate::support::world::shared_server;
use crate::support::{Cli, World, v1};

/// A user without any setting but what is kept.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a directory") }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = tenantry();
        command.env("XDG_CONFIG_HOME", self.home.path()).current_dir(self.home.path()).args(args);
        command
    }

    /// Runs a command with this on its standard input: its code and its words.
    fn run(&self, args: &[&str], input: &str) -> (i32, String, String) {
        Self::end(self.command(args), input)
    }

    fn end(mut command: Command, input: &str) -> (i32, String, String) {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn ok(&self, args: &[&str], input: &str) -> String {
        let (code, out, err) = self.run(args, input);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}: {out}");
        out
    }

    #[track_caller]
    fn fails(&self, code: i32, args: &[&str]) -> String {
        let (ended, out, err) = self.run(args, "");
        assert_eq!((ended, out.as_str()), (code, ""), "{args:?}: {err}");
        err
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("tenantry/config.json")
    }
}

fn endpoint() -> String {
    format!("http://{}", shared_server().address())
}

async fn reader(world: &World) -> String {
    let db = world.database("seen").await;
    world.token(&db, v1::Access::ReadOnly, &[]).await
}

#[tokio::test]
async fn a_context_brings_its_server_and_its_token() {
    let (world, user) = (World::shared().await, User::new());
    let token = reader(&world).await;
    let said = user
        .ok(&["context", "add", "prod", "--endpoint", &endpoint(), "--token-file", "-"], &token);
    assert!(said.contains("in use") && !said.contains(&token), "{said}");
    let name = format!("{}/seen", world.group);
    assert!(user.ok(&["db", "show", &name], "").contains("seen"));
    let mode =
        |path: PathBuf| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(user.file()), 0o600);
    assert_eq!(mode(user.home.path().join("tenantry")), 0o700);

    // A second one changes nothing until it is used.
    let file = user.home.path().join("token");
    fs::write(&file, "another\n").expect("it is written");
    let file = file.to_str().expect("UTF-8");
    let other =
        ["context", "add", "other", "--endpoint", "http://127.0.0.1:1", "--token-file", file];
    user.ok(&other, "");
    user.ok(&["db", "show", &name], "");
    user.ok(&["context", "use", "other"], "");
    assert!(user.fails(1, &["db", "show", &name]).contains("127.0.0.1:1"));
    user.ok(&["--context", "prod", "db", "show", &name], "");
    for shown in [&["context", "list"] as &[_], &["context", "show"], &["context", "show", "prod"]]
    {
        let shown = user.ok(shown, "");
        assert!(shown.contains("http://127.0.0.1:"), "{shown}");
        assert!(!shown.contains("another") && !shown.contains(&token), "{shown}");
    }
    user.ok(&["context", "remove", "other"], "");
    assert!(user.fails(1, &["context", "show"]).contains("context use"));
    assert!(user.fails(1, &["--context", "other", "db", "list"]).contains("context list"));
}

#[tokio::test]
async fn flags_go_before_the_environment_and_that_before_the_context() {
    let (world, user) = (World::shared().await, User::new());
    let token = reader(&world).await;
    let name = format!("{}/seen", world.group);
    user.ok(&["context", "add", "bad", "--endpoint", "http://127.0.0.1:1"], "");
    let by_environment = |args: &[&str]| {
        let mut command = user.command(args);
        command.env("TENANTRY_ENDPOINT", endpoint()).env("TENANTRY_TOKEN", &token);
        User::end(command, "").0
    };
    assert_eq!(by_environment(&["db", "show", &name]), 0, "the environment wins");
    assert_eq!(by_environment(&["--context", "bad", "db", "show", &name]), 1, "a flag wins");
    let flag = &["--context", "bad", "--endpoint", &endpoint(), "db", "show", &name];
    assert_eq!(by_environment(flag), 0, "the plainer flag wins");
    assert_eq!(by_environment(&["--token", "garbage", "db", "show", &name]), 1);
    let file = user.home.path().join("garbage");
    fs::write(&file, "garbage").expect("it is written");
    let file = file.to_str().expect("UTF-8");
    assert_eq!(by_environment(&["--token-file", file, "db", "show", &name]), 1, "a flag wins");
}

#[tokio::test]
async fn a_token_never_goes_to_another_server() {
    let (world, user) = (World::shared().await, User::new());
    let token = reader(&world).await;
    let add = ["context", "add", "prod", "--endpoint", "http://127.0.0.1:1", "--token-file", "-"];
    user.ok(&add, &token);
    let name = format!("{}/seen", world.group);
    let said = user.fails(1, &["--endpoint", &endpoint(), "db", "show", &name]);
    assert!(said.contains("--token"), "it went without a token: {said}");
    // Nor to the one that the name stands for from now on.
    user.ok(&["context", "add", "prod", "--replace", "--endpoint", &endpoint()], "");
    assert!(!fs::read_to_string(user.file()).expect("it is read").contains(&token));
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let user = User::new();
    user.ok(&["context", "add", "prod", "--endpoint", "http://127.0.0.1:1"], "");
    fs::set_permissions(user.file(), fs::Permissions::from_mode(0o644)).expect("it is ours");
    for args in [&["db", "list"] as &[_], &["context", "list"]] {
        let said = user.fails(1, args);
        let mend = format!("chmod 600 '{}'", user.file().display());
        assert!(said.contains(&mend), "{said}");
    }
    // Whoever names the server needs no context.
    assert!(user.fails(1, &["db", "list", "--endpoint", &endpoint()]).contains("--token"));
    fs::set_permissions(user.file(), fs::Permissions::from_mode(0o600)).expect("it is ours");
    user.ok(&["context", "list"], "");
    fs::write(user.file(), "{").expect("it is written");
    assert!(user.fails(1, &["context", "list"]).contains("mend"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let user = User::new();
    for args in [
        &["context"] as &[_],
        &["context", "add"],
        &["context", "add", "prod"],
        &["context", "add", "a b", "--endpoint", "http://127.0.0.1:1"],
        &["context", "add", "prod", "--endpoint", "ftp://127.0.0.1"],
    ] {
        user.fails(2, args);
    }
    user.ok(&["context", "add", "prod", "--endpoint", "http://127.0.0.1:1"], "");
    let again = &["context", "add", "prod", "--endpoint", "http://127.0.0.1:1"];
    assert!(user.fails(1, again).contains("--replace"));
    user.fails(1, &["context", "use", "nobody"]);
    user.fails(1, &["context", "remove", "nobody"]);
    assert!(user.fails(1, &["db", "list", "--token-file", "missing"]).contains("missing"));
}

#[tokio::test]
async fn a_token_that_is_typed_is_not_shown() {
    let user = User::new();
    let add = ["context", "add", "prod", "--endpoint", "http://127.0.0.1:1", "--token-file", "-"];
    let mut terminal = Terminal::run(user.command(&add));
    terminal.expect("Token: ");
    terminal.enter("typed-in-secret");
    let shown = terminal.expect("in use");
    assert!(!shown.contains("secret"), "{shown}");
    assert_eq!(terminal.end(), Some(0));
    assert!(fs::read_to_string(user.file()).expect("it is read").contains("\"typed-in-secret\""));
}

#[tokio::test]
async fn ctrl_c_gives_up_a_token_and_leaves_the_terminal_as_it_was() {
    let user = User::new();
    let program = user.command(&[]);
    let program = program.get_program().to_str().expect("UTF-8").to_owned();
    let mut shell = Command::new("sh");
    shell.env("XDG_CONFIG_HOME", user.home.path()).current_dir(user.home.path());
    let add = "context add prod --endpoint http://127.0.0.1:1 --token-file -";
    shell.args(["-c", &format!("stty -g; {program} {add}; echo code $?; stty -g; echo end")]);
    let mut terminal = Terminal::run(shell);
    let before = terminal.expect("Token: ");
    terminal.press("half-a-secret\u{3}");
    assert!(terminal.expect("code 130").contains("no token was given"));
    let after = terminal.expect("end\r\n");
    let modes = |shown: &str| shown.lines().find(|line| line.contains(':')).map(str::to_owned);
    assert!(modes(&before).is_some(), "{before}");
    assert_eq!(modes(&before), modes(&after));
    assert!(!user.file().exists());
}

#[tokio::test]
async fn a_long_token_is_pasted_whole() {
    let user = User::new();
    let add = ["context", "add", "prod", "--endpoint", "http://127.0.0.1:1", "--token-file", "-"];
    let mut terminal = Terminal::run(user.command(&add));
    terminal.expect("Token: ");
    let token = "0123456789".repeat(1_000);
    terminal.enter(&token);
    terminal.expect("in use");
    assert_eq!(terminal.end(), Some(0));
    assert!(fs::read_to_string(user.file()).expect("it is read").contains(&token));
}

#[tokio::test]
async fn a_token_and_sql_do_not_share_standard_input() {
    let (world, user) = (World::shared().await, User::new());
    let token = reader(&world).await;
    let (name, input) = (format!("{}/seen", world.group), format!("{token}\nSELECT 1;\n"));
    let server = endpoint();
    let flags = ["--endpoint", &server, "--token-file", "-"];
    for args in [&["db", "shell", &name] as &[_], &["migrate", "apply", &name, "-"]] {
        let (code, out, err) = user.run(&[args, &flags].concat(), &input);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("--token-file"), "{err}");
    }
    assert!(
        user.ok(&[&["db", "shell", &name, "SELECT 41 + 1"], &flags[..]].concat(), &token)
            .contains("42")
    );
}

#[test]
fn contexts_that_are_added_together_are_all_kept() {
    let user = User::new();
    let add = |n: usize| {
        let name = format!("c{n}");
        let mut command =
            user.command(&["context", "add", &name, "--endpoint", "http://127.0.0.1:1"]);
        command.stdout(Stdio::null()).spawn().expect("it runs")
    };
    for mut child in (0..24).map(add).collect::<Vec<_>>() {
        assert!(child.wait().expect("it ends").success());
    }
    let listed = user.ok(&["context", "list", "--output", "json"], "");
    assert_eq!(listed.matches("127.0.0.1:1").count(), 24, "{listed}");
}

#[tokio::test]
async fn completions_and_the_manual_know_every_command_and_no_secret() {
    let cli = Cli::new().await;
    let run = |args: &[&str]| {
        let mut command = cli.command(args);
        command.env("TENANTRY_TOKEN", "a-secret-token");
        let (code, out, err) = User::end(command, "");
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(!out.contains("a-secret-token"), "{args:?}");
        out
    };
    let bash = run(&["completions", "bash"]);
    for (shell, mark) in [
        ("bash", "complete -F _tenantry"),
        ("zsh", "#compdef tenantry"),
        ("fish", "complete -c tenantry"),
    ] {
        let script = run(&["completions", shell]);
        assert!(script.contains(mark) && script.contains("delete-protection"), "{shell}");
    }
    // Bash reads it, and completes by it.
    let dir = tempfile::tempdir().expect("a directory");
    let script = dir.path().join("script");
    let ask = "COMP_WORDS=(tenantry db sh); COMP_CWORD=2; _tenantry tenantry sh db";
    fs::write(&script, format!("{bash}\n{ask}\necho \"${{COMPREPLY[@]}}\""))
        .expect("it is written");
    let done = Command::new("bash").arg(&script).output().expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "show shell", "{done:?}");
    cli.fails(2, &["completions", "cmd"]);

    let page = run(&["man"]);
    assert!(page.contains(".TH tenantry 1") && page.contains("tenantry\\-db"), "{page}");
    let pages = dir.path().join("man1");
    run(&["man", "--dir", pages.to_str().expect("UTF-8")]);
    for name in ["tenantry.1", "tenantry-db-shell.1", "tenantry-context-add.1", "tenantry-serve.1"]
    {
        let page = fs::read_to_string(pages.join(name)).expect(name);
        assert!(page.contains(".TH") && !page.contains("a-secret-token"), "{name}");
    }
}
