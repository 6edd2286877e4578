//! The shell at a real terminal: keys, colours, and Ctrl-C.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::terminal::Terminal;
use crate::support::{Cli, text};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const UP: &str = "\x1b[A";

/// A shell on a database, with a state of its own.
fn shell(cli: &Cli, state: &Path, args: &[&str]) -> Terminal {
    let mut command = cli.command(&[&["db", "shell"], args].concat());
    command.env("XDG_STATE_HOME", state).env_remove("NO_COLOR");
    let mut shell = Terminal::run(command);
    shell.expect("> ");
    shell
}

#[tokio::test]
async fn tab_completes_tables_and_columns_of_all_databases() {
    let cli = Cli::new().await;
    let state = tempfile::tempdir().expect("a directory");
    let db = cli.world.database("alice").await;
    db.exec("CREATE TABLE invoices (invoice_number, customer); CREATE TABLE other (x)").await;
    db.exec("CREATE TABLE \"bad\u{1b}]0;title\u{7}\" (x)").await;
    let catalogue = cli.world.attachable("catalogue").await;
    catalogue.exec("CREATE TABLE products (sku, price)").await;
    let mut shell = shell(&cli, state.path(), &["$G/alice", "--attach", "catalogue"]);

    shell.press("SELECT * FROM inv\t");
    shell.expect("FROM invoices");
    shell.press(" WHERE inv\t");
    shell.expect("WHERE invoice");
    shell.press(CTRL_C);
    shell.expect("alice> ");
    shell.press("SELECT p.pr\t");
    shell.press(CTRL_C);
    shell.expect("alice> ");
    shell.press("SELECT * FROM cata\tpro\t p WHERE p.pri\t");
    shell.expect("catalogue.products p WHERE p.price");
    shell.press(CTRL_C);
    shell.expect("alice> ");
    // What has just been made is known.
    shell.enter("CREATE TABLE brand_new (some_column);");
    shell.expect("done");
    shell.expect("alice> ");
    shell.press("INSERT INTO bra\t (\t");
    shell.expect("brand_new (some_column");
    shell.press(CTRL_C);
    shell.expect("alice> ");
    // Several are listed; one that could drive the terminal is not among them.
    shell.press("SELECT * FROM \t");
    let listed = shell.expect("catalogue.");
    assert!(listed.contains("invoices") && listed.contains("other"), "{listed:?}");
    assert!(!listed.contains("title"), "{listed:?}");
    // The line stands below it once more.
    shell.expect("alice> SELECT * FROM ");
    shell.press(CTRL_C);
    shell.expect("alice> ");
    shell.press(".mo\t mark\t\r");
    shell.expect(".mode markdown");
    shell.expect("alice> ");
    shell.enter("SELECT 1 AS one, 'a|b' AS two;");
    shell.expect("| one | two |");
    shell.expect("| 1 | a\\|b |");
    shell.press(CTRL_D);
    assert_eq!(shell.end(), Some(0));
}

#[tokio::test]
async fn a_statement_goes_over_lines_and_comes_back_whole() {
    let cli = Cli::new().await;
    let state = tempfile::tempdir().expect("a directory");
    cli.world.database("alice").await;
    let mut first = shell(&cli, state.path(), &["$G/alice"]);
    first.enter("SELECT 'one' ||");
    first.expect("a semicolon ends the statement");
    first.enter("'two' AS joined;");
    first.expect("onetwo");
    first.expect("alice> ");
    let token = cli.ok(&["db", "tokens", "create", "$G/alice"]);
    first.enter(&format!("SELECT '{}' IS NULL AS kept;", token.trim()));
    first.expect("kept\r\n");
    first.expect("alice> ");
    first.enter(".quit");
    assert_eq!(first.end(), Some(0));
    let history = state.path().join("tenantry/history");
    let mode = fs::metadata(&history).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let kept = fs::read_to_string(&history).expect("it is read");
    assert!(kept.contains("joined") && !kept.contains(token.trim()), "{kept}");

    let mut second = shell(&cli, state.path(), &["$G/alice"]);
    second.press(UP);
    second.expect(".quit");
    second.press(UP);
    second.expect("'two' AS joined;");
    second.press("\r");
    second.expect("onetwo");
    second.expect("alice> ");
    second.press(CTRL_D);
    assert_eq!(second.end(), Some(0));
}

#[tokio::test]
async fn ctrl_c_ends_the_query_and_not_the_shell() {
    let cli = Cli::new().await;
    let state = tempfile::tempdir().expect("a directory");
    cli.world.database("alice").await;
    let mut shell = shell(&cli, state.path(), &["$G/alice"]);
    shell.enter("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;");
    // Rows are coming: the key meets a query that runs.
    shell.expect("1000");
    shell.press(CTRL_C);
    shell.expect("was cancelled");
    shell.expect("alice> ");
    shell.enter("SELECT 6 * 7 AS answer;");
    shell.expect("42");
    shell.expect("alice> ");
    shell.enter(".timer on");
    shell.expect("alice> ");
    shell.enter("SELECT 1;");
    shell.expect("time: ");
    shell.expect("in SQLite");
    shell.expect("alice> ");
    shell.press(CTRL_D);
    assert_eq!(shell.end(), Some(0));
}

#[tokio::test]
async fn destroying_asks_first() {
    let cli = Cli::new().await;
    let db = cli.world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let ask = || {
        let mut terminal = Terminal::run(cli.command(&["db", "destroy", "$G/alice"]));
        let question = terminal.expect("[y/N] ");
        assert!(question.contains("alice"), "{question}");
        terminal
    };
    for no in ["n", "", "yep"] {
        let mut terminal = ask();
        terminal.enter(no);
        terminal.expect("nothing was deleted");
        assert_eq!(terminal.end(), Some(1), "{no:?}");
    }
    let mut terminal = ask();
    terminal.press(CTRL_C);
    assert_ne!(terminal.end(), Some(0));
    assert_eq!(text(&db.rows("SELECT count(*) FROM t").await), "0", "it is still there");
    let mut terminal = ask();
    terminal.enter("y");
    terminal.expect("deleted database");
    assert_eq!(terminal.end(), Some(0));
    cli.fails(1, &["db", "show", "$G/alice"]);
    assert!(cli.fails(2, &["db", "destroy", "$G/alice"]).contains("--yes"));
}

#[tokio::test]
async fn colours_are_for_terminals_that_want_them() {
    let cli = Cli::new().await;
    let failing = ["db", "show", "$G/nobody"];
    let mut coloured = cli.command(&failing);
    coloured.env_remove("NO_COLOR");
    let mut terminal = Terminal::run(coloured);
    let shown = terminal.expect("hint");
    assert!(shown.contains("\u{1b}[31m"), "{shown:?}");
    let mut plain = cli.command(&failing);
    plain.env("NO_COLOR", "1");
    let mut terminal = Terminal::run(plain);
    let shown = terminal.expect("hint: ");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    assert!(!cli.fails(1, &failing).contains('\u{1b}'), "nor in a pipe");
}

#[tokio::test]
async fn what_is_stored_cannot_drive_the_terminal() {
    let cli = Cli::new().await;
    let state = tempfile::tempdir().expect("a directory");
    let db = cli.world.database("alice").await;
    db.exec(
        "CREATE TABLE t (x); INSERT INTO t VALUES (char(27) || ']0;owned' || char(7) || char(155))",
    )
    .await;
    let mut shell = shell(&cli, state.path(), &["$G/alice"]);
    for mode in ["table", "json", "csv", "markdown", "list", "line"] {
        shell.enter(&format!(".mode {mode}"));
        shell.expect("alice> ");
        shell.enter("SELECT x, 1 AS last FROM t;");
        // Behind the line as it was typed and its end.
        shell.expect("FROM t;");
        let shown = shell.expect("owned");
        assert!(!shown.contains("\u{1b}]0;"), "{mode}: {shown:?}");
        assert!(shown.contains("1b"), "{mode}: {shown:?}");
        shell.expect("alice> ");
    }
    shell.enter(".dump");
    let shown = shell.expect("COMMIT;");
    assert!(!shown.contains("owned") && shown.contains("x'1b5d"), "{shown:?}");
    shell.press(CTRL_D);
    assert_eq!(shell.end(), Some(0));
}
