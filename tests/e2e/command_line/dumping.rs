//! `.dump` and `.read`: what is restored is what was there, bit by bit.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::{Cell, Cli, sql, text};

/// Everything that a dump must carry. Triggers come last, because they would fire.
const SCHEMA: &str = r#"
CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, parent REFERENCES parent (code), x);
CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT, upper TEXT AS (upper(code)) STORED);
CREATE UNIQUE INDEX parents ON parent (code);
CREATE TABLE keyed (k TEXT, n INT, PRIMARY KEY (k, n)) WITHOUT ROWID;
CREATE TABLE strict_one (i INTEGER, r REAL, t TEXT, b BLOB, a ANY) STRICT;
CREATE TABLE "odd ""one" ("a b", "select", "ü;");
CREATE TABLE empty (x);
CREATE VIRTUAL TABLE search USING fts5(title, body);
CREATE VIRTUAL TABLE beside USING fts5(code, content='parent', content_rowid='id');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +label);
INSERT INTO parent (id, code) VALUES (7, 'a'), (-3, 'it''s; -- no comment
/* nor this'), (9223372036854775807, NULL);
INSERT INTO child (parent, x) VALUES ('a', 1), (NULL, 2);
INSERT INTO child (id, x) VALUES (100, 0); DELETE FROM child WHERE id = 100;
INSERT INTO keyed VALUES ('k', 1), ('k', 2);
INSERT INTO strict_one VALUES (1, 2.0, '3', x'04', '5'), (NULL, NULL, NULL, NULL, 6.5);
INSERT INTO "odd ""one" VALUES (1, '2', x'03');
INSERT INTO search (rowid, title, body) VALUES (5, 'one', 'red fish'), (9, 'two', 'blue fish');
INSERT INTO beside (beside) VALUES ('rebuild');
INSERT INTO boxes VALUES (1, 0.1, 0.2, 'small');
CREATE VIEW both AS SELECT x FROM child UNION ALL SELECT id FROM parent;
CREATE TRIGGER log AFTER INSERT ON parent BEGIN INSERT INTO empty VALUES (new.id); END;
"#;

#[tokio::test]
async fn a_dump_restores_the_same_database() {
    let cli = Cli::new().await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("dump.sql");
    let (schema, file) = (dir.path().join("schema.sql"), file.to_str().expect("UTF-8"));
    std::fs::write(&schema, SCHEMA).expect("it is written");
    let from = cli.world.database("from").await;
    cli.ok(&["db", "shell", "$G/from", &format!(".read {}", schema.display())]);
    let odd: [Cell; 10] = [
        "a\0b\u{1b}[2J\r\n\u{202e}".into(),
        vec![0_u8, 255, 10].into(),
        Vec::<u8>::new().into(),
        "".into(),
        i64::MIN.into(),
        f64::INFINITY.into(),
        f64::NEG_INFINITY.into(),
        (-0.0_f64).into(),
        5e-324_f64.into(),
        f64::MAX.into(),
    ];
    for value in odd {
        from.exec(sql("INSERT INTO child (x) VALUES (?)", vec![value])).await;
    }
    // Text that is no UTF-8 stays text.
    from.exec("INSERT INTO child (x) VALUES (CAST(x'ff00fe' AS TEXT))").await;

    let dump = cli.ok(&["db", "shell", "$G/from", ".dump"]);
    let drives = dump.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    assert!(!drives, "a dump can be shown: {dump:?}");
    std::fs::write(file, &dump).expect("it is written");
    let to = cli.world.database("to").await;
    cli.ok(&["db", "shell", "$G/to", &format!(".read '{file}'")]);
    for question in [
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2",
        "SELECT id, parent, x, typeof(x), hex(x) FROM child ORDER BY id",
        "SELECT rowid, * FROM parent ORDER BY id",
        "SELECT * FROM keyed",
        "SELECT i, r, t, b, a, typeof(a) FROM strict_one",
        "SELECT * FROM \"odd \"\"one\"",
        "SELECT * FROM empty",
        "SELECT * FROM both ORDER BY 1",
        "SELECT rowid, * FROM search ORDER BY rowid",
        "SELECT rowid, * FROM search('fish') ORDER BY rowid",
        "SELECT rowid FROM beside('comment')",
        "SELECT * FROM boxes",
        "SELECT * FROM sqlite_sequence",
        "PRAGMA integrity_check",
        "PRAGMA foreign_key_check",
    ] {
        assert_eq!(to.rows(question).await, from.rows(question).await, "{question}");
    }
    assert_eq!(cli.ok(&["db", "shell", "$G/to", ".dump"]), dump);

    // It is SQL for any SQLite.
    let plain = rusqlite::Connection::open_in_memory().expect("a database");
    plain.execute_batch(&dump).expect("it is SQL");
    let count: i64 =
        plain.query_row("SELECT count(*) FROM child", [], |row| row.get(0)).expect("a row");
    assert_eq!(count, 13);
    // And the way of a script works as well.
    cli.ok(&["db", "create", "$G/piped"]);
    let piped = cli.pipe(&["db", "shell", "$G/piped"], &dump);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""), "{piped:?}");
}

#[tokio::test]
async fn every_real_keeps_its_bits() {
    let cli = Cli::new().await;
    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let from = cli.world.database("from").await;
    from.exec("CREATE TABLE t (x)").await;
    for _ in 0..20 {
        let reals = (0..250).map(|_| f64::from_bits(random.random())).filter(|x| !x.is_nan());
        let args: Vec<Cell> = reals.map(Cell::from).collect();
        let rows = vec!["(?)"; args.len()].join(",");
        from.exec(sql(format!("INSERT INTO t VALUES {rows}"), args)).await;
    }
    let dump = cli.ok(&["db", "shell", "$G/from", ".dump"]);
    let to = cli.world.database("to").await;
    let piped = cli.pipe(&["db", "shell", "$G/to"], &dump);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""), "{piped:?}");
    assert_eq!(to.rows("SELECT x FROM t").await, from.rows("SELECT x FROM t").await, "seed {seed}");
}

#[tokio::test]
async fn values_that_are_longer_than_sql_may_be_come_back() {
    let cli = Cli::new().await;
    let from = cli.world.database("from").await;
    from.exec("CREATE TABLE t (x, y); INSERT INTO t VALUES (randomblob(3000000), 1)").await;
    let long = "it's ü\n".repeat(200_000);
    from.exec(sql("INSERT INTO t VALUES (?, 2)", vec![long.as_str().into()])).await;
    let dump = cli.ok(&["db", "shell", "$G/from", ".dump t"]);
    let to = cli.world.database("to").await;
    let piped = cli.pipe(&["db", "shell", "$G/to"], &dump);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""), "{}", piped.err);
    let question = "SELECT y, typeof(x), length(x) FROM t";
    assert_eq!(to.rows(question).await, from.rows(question).await);
    assert_eq!(cli.ok(&["db", "shell", "$G/to", ".dump"]), dump, "and each byte of it");
}

#[tokio::test]
async fn a_name_does_not_become_sql() {
    let cli = Cli::new().await;
    let from = cli.world.database("from").await;
    from.exec("CREATE TABLE kept (x); INSERT INTO kept VALUES (1)").await;
    from.exec("CREATE VIRTUAL TABLE \"a\nDROP TABLE kept; --\" USING fts5(x, content='')").await;
    let dump = cli.ok(&["db", "shell", "$G/from", ".dump"]);
    assert!(dump.contains("keeps no rows"), "{dump}");
    let to = cli.world.database("to").await;
    let piped = cli.pipe(&["db", "shell", "$G/to"], &dump);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""), "{dump}");
    assert_eq!(text(&to.rows("SELECT count(*) FROM kept").await), "1");
}

#[tokio::test]
async fn the_numbers_of_many_tables_come_back() {
    let cli = Cli::new().await;
    let from = cli.world.database("from").await;
    let make = |n| {
        format!(
            "CREATE TABLE t{n} (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t{n} VALUES ({n});"
        )
    };
    from.exec(format!("{} DELETE FROM t7", (1..=300).map(make).collect::<String>())).await;
    let dump = cli.ok(&["db", "shell", "$G/from", ".dump"]);
    let to = cli.world.database("to").await;
    let piped = cli.pipe(&["db", "shell", "$G/to"], &dump);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""), "{}", piped.err);
    let numbers = "SELECT name, seq FROM sqlite_sequence ORDER BY name";
    assert_eq!(text(&to.rows(numbers).await), text(&from.rows(numbers).await));
}

#[tokio::test]
async fn a_wide_table_stands_beside_many_narrow_ones() {
    let cli = Cli::new().await;
    let from = cli.world.database("from").await;
    let columns: Vec<_> = (0..1_500).map(|n| format!("c{n}")).collect();
    from.exec(format!(
        "CREATE TABLE wide ({}); INSERT INTO wide (c1) VALUES (5)",
        columns.join(",")
    ))
    .await;
    let make = |n| format!("CREATE TABLE t{n} (x); INSERT INTO t{n} VALUES ({n});");
    from.exec((0..200).map(make).collect::<String>()).await;
    let dump = cli.ok(&["db", "shell", "$G/from", ".dump"]);
    cli.ok(&["db", "create", "$G/to"]);
    let piped = cli.pipe(&["db", "shell", "$G/to"], &dump);
    assert_eq!((piped.code, piped.err.as_str()), (0, ""), "{}", piped.err);
    assert_eq!(cli.ok(&["db", "shell", "$G/to", ".dump"]), dump);
}

#[tokio::test]
async fn one_table_is_dumped_with_what_belongs_to_it() {
    let cli = Cli::new().await;
    let db = cli.world.database("one").await;
    db.exec(
        "CREATE TABLE t (x); CREATE INDEX i ON t (x); CREATE TABLE u (x); INSERT INTO t VALUES (1)",
    )
    .await;
    let dump = cli.ok(&["db", "shell", "$G/one", ".dump T"]);
    assert!(dump.contains("INDEX i") && dump.contains("VALUES(1)"), "{dump}");
    assert!(!dump.contains("TABLE u"), "{dump}");
    assert!(cli.fails(1, &["db", "shell", "$G/one", ".dump nobody"]).contains(".tables"));
    let inside = cli.pipe(&["db", "shell", "$G/one"], "BEGIN;\n.dump\n");
    assert!(inside.code == 1 && inside.err.contains("COMMIT"), "{inside:?}");
}

#[tokio::test]
async fn a_file_that_fails_leaves_nothing_half_done() {
    let cli = Cli::new().await;
    let dir = tempfile::tempdir().expect("a directory");
    let db = cli.world.database("files").await;
    db.exec("CREATE TABLE t (x UNIQUE)").await;
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let bad = write(
        "bad.sql",
        "BEGIN;\nINSERT INTO t VALUES (1);\n-- so\n\nINSERT INTO t\n VALUES (1);\nCOMMIT;\n",
    );
    let said = cli.fails(1, &["db", "shell", "$G/files", &format!(".read {bad}")]);
    assert!(said.contains("bad.sql, line 5: UNIQUE constraint failed: t.x"), "{said}");
    // The shell goes on outside of a transaction.
    assert_eq!(text(&db.rows("SELECT count(*) FROM t").await), "0");

    let inner = write("inner.sql", "INSERT INTO t VALUES (2);\n.mode json\n");
    let outer = write("outer.sql", &format!(".read {inner}\nSELECT x FROM t;"));
    assert_eq!(cli.ok(&["db", "shell", "$G/files", &format!(".read {outer}")]), "[{\"x\":2}]\n");
    let own = dir.path().join("loop.sql");
    let own = write("loop.sql", &format!("-- again\n.read {}\n", own.display()));
    let said = cli.fails(1, &["db", "shell", "$G/files", &format!(".read {own}")]);
    assert!(said.contains("read each other"), "{said}");
    let piped = cli.pipe(&["db", "shell", "$G/files"], "SELECT 1;\n\nSELEC;\n");
    assert!(piped.err.contains("line 3: near \"SELEC\""), "{piped:?}");
    assert!(
        cli.fails(1, &["db", "shell", "$G/files", ".read missing.sql"]).contains("missing.sql")
    );
}
