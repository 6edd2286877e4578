//! Where statements end, and which of them the shell acts on.

use super::*;

fn owned(statements: &[&str]) -> Vec<String> {
    statements.iter().map(|&statement| statement.to_owned()).collect()
}

fn check_split(text: &str, statements: &[&str], rest: &str) {
    assert_eq!(split(text), Input { statements: statements.to_vec(), rest }, "{text:?}");
}

#[test]
fn statements_end_at_semicolons() {
    check_split("", &[], "");
    check_split(" \n\t", &[], "");
    check_split("SELECT 1", &[], "SELECT 1");
    check_split("SELECT 1; SELECT 2;", &["SELECT 1;", "SELECT 2;"], "");
    check_split("SELECT 1;\nSELECT\n2", &["SELECT 1;"], "SELECT\n2");
    check_split(";; ;SELECT 1;;", &["SELECT 1;"], "");
}

#[test]
fn quotes_and_comments_hide_semicolons() {
    check_split("SELECT ';', \";\", `;`, [;];", &["SELECT ';', \";\", `;`, [;];"], "");
    check_split("SELECT 'it''s;';", &["SELECT 'it''s;';"], "");
    check_split("SELECT 1 -- no; end\n;", &["SELECT 1 -- no; end\n;"], "");
    check_split("SELECT /* ; */ 1;", &["SELECT /* ; */ 1;"], "");
    check_split("SELECT x';", &[], "SELECT x';");
    check_split("SELECT \"ü;€\", '日;本';", &["SELECT \"ü;€\", '日;本';"], "");
}

#[test]
fn comments_alone_are_no_statement() {
    check_split("-- nothing", &[], "");
    check_split("/* nothing */", &[], "");
    check_split("SELECT 1; -- done", &["SELECT 1;"], "");
    check_split("SELECT 1; /* not done", &["SELECT 1;"], "/* not done");
}

#[test]
fn the_body_of_a_trigger_is_part_of_it() {
    let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN \
                   UPDATE b SET n = CASE WHEN n THEN 1 END; DELETE FROM c; END;";
    check_split(trigger, &[trigger], "");
    check_split(&format!("{trigger} SELECT 1;"), &[trigger, "SELECT 1;"], "");
    let open = "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM c;";
    check_split(open, &[], open);
    let explained = format!("EXPLAIN QUERY PLAN {trigger}");
    check_split(&explained, &[explained.as_str()], "");
    // A table may be called so, and END alone is COMMIT.
    check_split(
        "CREATE TABLE trigger_log (a); END;",
        &["CREATE TABLE trigger_log (a);", "END;"],
        "",
    );
}

#[test]
fn every_text_is_split_without_loss() {
    let pieces =
        ["SELECT", ";", "'", "\"", "--", "/*", "*/", "\n", "CREATE TRIGGER", "END", "é", "["];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let text = format!("{first} {second}{third}");
                let input = split(&text);
                let whole: String = input.statements.concat() + input.rest;
                assert!(text.len() >= whole.len() && text.contains(input.rest), "{text:?}");
            }
        }
    }
}

#[test]
fn a_text_that_comes_by_lines_is_split_as_the_whole_is() {
    let pieces = [
        "SELECT 1;",
        "'",
        "\"",
        "--",
        "/*",
        "*/",
        "\n",
        "CREATE TRIGGER t",
        "END;",
        "]",
        "[",
        "''",
    ];
    let count = pieces.len();
    for index in 0..count.pow(4) {
        let parts = (0..4).map(|place| pieces[index / count.pow(place) % count]);
        let text = parts.collect::<Vec<_>>().join("\n");
        let (mut splitter, mut input) = (Splitter::default(), String::new());
        let mut statements = Vec::new();
        for line in text.split_inclusive('\n') {
            input.push_str(line);
            statements.extend(owned(&splitter.read_on(&input)));
            splitter.drop_read(&mut input);
        }
        let whole = split(&text);
        assert_eq!((statements, splitter.rest(&input)), (owned(&whole.statements), whole.rest));
    }
}

#[test]
fn no_line_is_read_twice() {
    // Read again at each line these are minutes of work.
    for (first, line, last) in [
        ("SELECT '", "a;\n", "';"),
        ("/*", "a;\n", "*/ SELECT 1;"),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN ", "DELETE FROM b;\n", "END;"),
    ] {
        let (mut splitter, mut input) = (Splitter::default(), first.to_owned());
        for _ in 0..200_000 {
            input.push_str(line);
            assert!(splitter.read_on(&input).is_empty());
        }
        input.push_str(last);
        assert_eq!(splitter.read_on(&input), [input.as_str()]);
    }
}

#[test]
fn transactions_are_recognised() {
    use TransactionMode as Mode;
    for (sql, expected) in [
        ("BEGIN;", Action::Begin(Mode::Deferred)),
        ("begin transaction", Action::Begin(Mode::Deferred)),
        ("/* now */ BEGIN IMMEDIATE;", Action::Begin(Mode::Immediate)),
        ("BEGIN EXCLUSIVE TRANSACTION;", Action::Begin(Mode::Immediate)),
        ("COMMIT;", Action::Commit),
        ("end transaction;", Action::Commit),
        ("ROLLBACK;", Action::Rollback),
        ("ROLLBACK TO SAVEPOINT s;", Action::Execute),
        ("SAVEPOINT s;", Action::Execute),
    ] {
        assert_eq!(action(sql), expected, "{sql}");
    }
}

#[test]
fn attachments_are_recognised() {
    let attach = |database: &str, alias: &str| Action::Attach {
        database: database.to_owned(),
        alias: alias.to_owned(),
    };
    assert_eq!(action("ATTACH 'cat''s' AS c;"), attach("cat's", "c"));
    assert_eq!(action("attach database \"a-b\" as [c d]"), attach("a-b", "c d"));
    assert_eq!(action("ATTACH shop AS database;"), attach("shop", "database"));
    assert_eq!(action("DETACH DATABASE c;"), Action::Detach { alias: "c".into() });
    assert_eq!(action("DETACH database;"), Action::Detach { alias: "database".into() });
    for left_to_the_server in [
        "ATTACH 'a' || 'b' AS c;",
        "ATTACH 'g/a' AS c;",
        "ATTACH ? AS c;",
        "ATTACH x'00' AS c;",
        "ATTACH;",
    ] {
        assert_eq!(action(left_to_the_server), Action::Execute, "{left_to_the_server}");
    }
}

#[test]
fn only_what_surely_returns_rows_is_streamed() {
    for query in [
        "SELECT 1;",
        "values (1)",
        "EXPLAIN INSERT INTO t VALUES (1);",
        "WITH a(x) AS (SELECT 1) SELECT * FROM a;",
        "WITH RECURSIVE a AS MATERIALIZED (VALUES (1)), b AS (SELECT 2) VALUES (3);",
        "INSERT INTO t VALUES (1) RETURNING id;",
        "WITH a AS (SELECT 1) DELETE FROM t RETURNING *;",
    ] {
        assert_eq!(action(query), Action::Query, "{query}");
    }
    for other in [
        "",
        "INSERT INTO t SELECT * FROM u;",
        "INSERT INTO t VALUES ('returning');",
        "REPLACE INTO t VALUES (1);",
        "UPDATE t SET a = (SELECT 1);",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a;",
        "CREATE TABLE t AS SELECT 1;",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;",
        "PRAGMA table_info(t);",
    ] {
        assert_eq!(action(other), Action::Execute, "{other}");
    }
}
