//! `.import`: all the rows of a file, or none.

use std::fmt::Write as _;

use crate::support::{Cli, text};

/// A directory for files to import.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// The command that imports a file with this in it into `t`.
    fn import(&self, content: impl AsRef<[u8]>, flags: &str) -> String {
        let path = self.0.path().join("my rows.csv");
        std::fs::write(&path, content).expect("it is written");
        format!(".import {flags} '{}' t", path.display())
    }
}

#[tokio::test]
async fn a_file_becomes_a_table() {
    let (cli, files) = (Cli::new().await, Files::new());
    let db = cli.world.database("made").await;
    let csv =
        "\u{feff}id,full name,\"no\"\"te\"\r\n007,\"Ann, \"\"A\"\"\",\r\n8,Bob,\"two\nlines\"\n";
    cli.ok(&["db", "shell", "$G/made", &files.import(csv, "")]);
    assert_eq!(
        text(&db.rows("SELECT sql FROM sqlite_schema").await),
        "CREATE TABLE \"t\" (\"id\" TEXT, \"full name\" TEXT, \"no\"\"te\" TEXT)"
    );
    let rows = db.rows("SELECT quote(id), quote(\"full name\"), quote(\"no\"\"te\") FROM t").await;
    assert_eq!(text(&rows), "'007'|'Ann, \"A\"'|''\n'8'|'Bob'|'two\nlines'");
    // What CSV mode writes is read back: with NULL where nothing is, and with the
    // empty text where that is.
    db.exec("INSERT INTO t VALUES (NULL, 'x', '')").await;
    let csv = cli.pipe(&["db", "shell", "$G/made"], ".mode csv\nSELECT * FROM t;\n").out;
    db.exec("DELETE FROM t").await;
    cli.ok(&["db", "shell", "$G/made", &files.import(&csv, "--null ''")]);
    assert_eq!(text(&db.rows("SELECT count(*) FROM t WHERE id IS NULL").await), "1");
    assert_eq!(cli.pipe(&["db", "shell", "$G/made"], ".mode csv\nSELECT * FROM t;\n").out, csv);
}

#[tokio::test]
async fn one_column_comes_back_with_every_row() {
    let (cli, files) = (Cli::new().await, Files::new());
    let db = cli.world.database("one").await;
    db.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('a'), (NULL), (''), (NULL)").await;
    let csv = cli.pipe(&["db", "shell", "$G/one"], ".mode csv\nSELECT * FROM t;\n").out;
    for flags in ["--null ''", "--null '' --no-header"] {
        db.exec("DELETE FROM t").await;
        let csv = if flags.contains("no-header") { &csv[2..] } else { &csv };
        cli.ok(&["db", "shell", "$G/one", &files.import(csv, flags)]);
        let rows = db.rows("SELECT quote(x) FROM t").await;
        assert_eq!(text(&rows), "'a'\nNULL\n''\nNULL", "{flags}");
    }
}

#[tokio::test]
async fn the_header_chooses_the_columns_of_a_table_that_is_there() {
    let (cli, files) = (Cli::new().await, Files::new());
    let db = cli.world.database("there").await;
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, n REAL, made AS (n * 2), s TEXT DEFAULT 'd')")
        .await;
    cli.ok(&["db", "shell", "$G/there", &files.import("N,ID\n1.5,3\n2,4\n", "")]);
    let all = "SELECT id, n, made, s, typeof(n) FROM t";
    assert_eq!(text(&db.rows(all).await), "3|1.5|3.0|d|real\n4|2.0|4.0|d|real");
    cli.ok(&["db", "shell", "$G/there", &files.import("5,6,x\n", "--no-header")]);
    assert_eq!(text(&db.rows("SELECT s FROM t WHERE id = 5").await), "x");
}

#[tokio::test]
async fn whatever_is_wrong_is_found_by_its_line_and_nothing_is_kept() {
    let (cli, files) = (Cli::new().await, Files::new());
    let db = cli.world.database("wrong").await;
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT CHECK (b <> 'no'))")
        .await;
    let mut late = String::from("id,a,b\n");
    for id in 0..1_700 {
        let _ = writeln!(late, "{id},a,{}", if id == 1_600 { "no" } else { "yes" });
    }
    for (content, flags, expected) in [
        (late.as_str(), "", "line 1602: CHECK constraint failed"),
        ("id,a\n1,x\n1,y\n", "", "line 3: UNIQUE constraint failed: t.id"),
        ("id,a\n1,x\n2,-\n", "--null -", "line 3: NOT NULL constraint failed: t.a"),
        ("id,a\n1,x\n\n2\n", "", "line 4: the line has 1 field for 2"),
        ("id,a\n1,x\nx,y\n", "", "line 3: datatype mismatch"),
        ("id,c\n1,x\n", "", "line 1, column 2: table t has no column 'c'"),
        ("id,ID\n1,1\n", "", "line 1, column 2: a second column 'ID'"),
        ("id,\n1,1\n", "", "line 1, column 2: the header has no name"),
        ("", "", "is empty"),
        ("id,a\n1,\"x\n2,y\n", "", "line 2, column 2: the quote has no end"),
        ("1,2\n", "--no-header", "line 1: the line has 2 fields for 3"),
    ] {
        let said = cli.fails(1, &["db", "shell", "$G/wrong", &files.import(content, flags)]);
        assert!(said.contains(expected), "{expected} in {said}");
        assert_eq!(text(&db.rows("SELECT count(*) FROM t").await), "0", "{expected}");
    }
    let command = files.import(b"id,a\n1,x\n2,\xff\n", "");
    let said = cli.fails(1, &["db", "shell", "$G/wrong", &command]);
    assert!(said.contains("line 3, column 2: this is no UTF-8"), "{said}");
    // A table that would have been made is not there either.
    db.exec("DROP TABLE t").await;
    cli.fails(1, &["db", "shell", "$G/wrong", &files.import("a,b\n1,2\n3\n", "")]);
    assert_eq!(text(&db.rows("SELECT count(*) FROM sqlite_schema").await), "0");
    assert!(cli.fails(1, &["db", "shell", "$G/wrong", ".import a"]).contains("FILE TABLE"));
    let missing = cli.fails(1, &["db", "shell", "$G/wrong", ".import missing.csv t"]);
    assert!(missing.contains("missing.csv"), "{missing}");
}

#[tokio::test]
async fn an_open_transaction_keeps_what_was_there_before() {
    let (cli, files) = (Cli::new().await, Files::new());
    let db = cli.world.database("open").await;
    db.exec("CREATE TABLE t (x UNIQUE)").await;
    let script = format!(
        "BEGIN;\nINSERT INTO t VALUES ('before');\n{}\nCOMMIT;\n",
        files.import("x\n1\n2\n", "")
    );
    let done = cli.pipe(&["db", "shell", "$G/open"], &script);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(text(&db.rows("SELECT count(*) FROM t").await), "3");
}

#[tokio::test]
async fn many_rows_go_in_bounded_batches() {
    let (cli, files) = (Cli::new().await, Files::new());
    let db = cli.world.database("many").await;
    let mut csv = String::from("n,text\n");
    for n in 0..50_000 {
        let _ = writeln!(csv, "{n},{}", "x".repeat(n % 100));
    }
    cli.ok(&["db", "shell", "$G/many", &files.import(&csv, "")]);
    let sums = "SELECT count(*), sum(n), sum(length(text)) FROM t";
    assert_eq!(text(&db.rows(sums).await), "50000|1249975000|2475000");
}
