//! SQL in, results out: `Execute`, `Query` and `Describe`.

use futures_util::future::join_all;
use tenantry_client::v1::{Encoding, ExecuteRequest, QueryRequest};

use crate::support::cells::cells_of;
use crate::support::client::metadata;
use crate::support::{Cell, Code, Sql, World, bounded, cells, expect_error, sql, text};

#[tokio::test]
async fn each_statement_has_its_result_in_order() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let results = db
        .exec(
            "-- a comment; with a semicolon
             CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);;
             INSERT INTO t (name) VALUES ('a;b'), ('c');
             UPDATE t SET name = upper(name);
             /* ; */ SELECT id, name AS n, id * 2 FROM t ORDER BY id;
             DELETE FROM t WHERE id = 1 -- no semicolon at the end",
        )
        .await;
    assert_eq!(results.len(), 5);
    let affected: Vec<u64> = results.iter().map(|result| result.affected_row_count).collect();
    assert_eq!(affected, [0, 2, 2, 0, 1]);
    assert_eq!(results[1].last_insert_rowid, 2);
    assert!(results[0].columns.is_empty());
    let columns: Vec<_> = results[3]
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.declared_type.as_str()))
        .collect();
    assert_eq!(columns, [("id", "INTEGER"), ("n", "TEXT"), ("id * 2", "")]);
    assert_eq!(text(&cells_of(results[3].rows.clone())), "1|A;B|2\n2|C|4");
    for nothing in ["", "  \n", "-- only a comment", ";;", "/* */;"] {
        assert_eq!(db.exec(nothing).await, [], "{nothing:?}");
    }
}

#[tokio::test]
async fn several_statements_are_all_or_none() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x UNIQUE)").await;
    let before = db.digest().await;
    let failed = db
        .try_exec("INSERT INTO t VALUES (1); CREATE TABLE u (y); INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)")
        .await;
    let status = expect_error(failed, Code::FailedPrecondition, "CONSTRAINT");
    assert_eq!(status.message(), "UNIQUE constraint failed: t.x");
    assert_eq!(metadata(&status, "sqlite_code"), "2067");
    assert_eq!(metadata(&status, "statement_index"), "3");
    assert_eq!(db.digest().await, before);
}

#[tokio::test]
async fn a_script_may_manage_its_own_transactions() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    db.exec("BEGIN; INSERT INTO t VALUES (1); COMMIT; BEGIN IMMEDIATE; INSERT INTO t VALUES (2); ROLLBACK").await;
    assert_eq!(db.text("SELECT x FROM t").await, "1");
    db.exec(
        "SAVEPOINT s; INSERT INTO t VALUES (3); ROLLBACK TO s; RELEASE s; INSERT INTO t VALUES (4)",
    )
    .await;
    assert_eq!(db.text("SELECT x FROM t ORDER BY x").await, "1\n4");

    let open = db.try_exec("BEGIN; INSERT INTO t VALUES (5)").await;
    expect_error(open, Code::FailedPrecondition, "TRANSACTION_STATE");
    // What was committed before the failure stays; what was open does not.
    let failed = db
        .try_exec("BEGIN; INSERT INTO t VALUES (6); COMMIT; BEGIN; INSERT INTO t VALUES (7); SELEC")
        .await;
    expect_error(failed, Code::InvalidArgument, "SQL_ERROR");
    assert_eq!(db.text("SELECT x FROM t ORDER BY x").await, "1\n4\n6");
    db.exec("INSERT INTO t VALUES (8)").await;
}

#[tokio::test]
async fn arguments_reach_their_parameters() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    assert_eq!(db.text(sql("SELECT ?, ?, ?", cells![1, "a", Cell::Null])).await, "1|a|NULL");
    assert_eq!(db.text(sql("SELECT ?2, ?1, ?2", cells![1, "a"])).await, "a|1|a");
    let named = Sql::from("SELECT :a, @b, $c, :a").named("a", 1).named("b", "two").named("c", 3.5);
    assert_eq!(db.text(named).await, "1|two|3.5|1");
    assert_eq!(db.text(sql("SELECT :a, ?2", cells![1, 2])).await, "1|2");
    // They belong to the one statement that has parameters.
    let script = sql(
        "CREATE TABLE t (x, y); INSERT INTO t VALUES (?, ?); SELECT y, x FROM t",
        cells![1, "y"],
    );
    assert_eq!(db.text(script).await, "y|1");

    let before = db.digest().await;
    let misfits = [
        sql("INSERT INTO t VALUES (?, ?)", cells![1]),
        sql("INSERT INTO t VALUES (?, ?)", cells![1, 2, 3]),
        sql("INSERT INTO t VALUES (1, 2)", cells![1]),
        sql("INSERT INTO t VALUES (?, ?)", cells![]),
        Sql::from("INSERT INTO t VALUES (:a, :b)").named("a", 1),
        Sql::from("INSERT INTO t VALUES (:a, 1)").named("a", 1).named("b", 2),
        Sql::from("INSERT INTO t VALUES (:a, 1)").named(":a", 1),
        sql("", cells![1]),
    ];
    for misfit in misfits {
        let shown = format!("{misfit:?}");
        let answer = db.try_exec(misfit).await;
        assert!(answer.is_err(), "{shown}");
        expect_error(answer, Code::InvalidArgument, "ARGUMENT_MISMATCH");
    }
    let two = sql("INSERT INTO t VALUES (?, 1); INSERT INTO t VALUES (?, 2)", cells![1, 2]);
    expect_error(db.try_exec(two).await, Code::InvalidArgument, "ARGUMENT_MISMATCH");
    assert_eq!(db.digest().await, before);
}

#[tokio::test]
async fn an_error_tells_where_it_stands() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let offset = async |sql: &str| {
        let status = expect_error(db.try_exec(sql).await, Code::InvalidArgument, "SQL_ERROR");
        let (offset, index) = (metadata(&status, "offset"), metadata(&status, "statement_index"));
        format!("{} at {offset} in {index}", status.message())
    };
    assert_eq!(offset("SELECT 1, nobody").await, "no such column: nobody at 10 in 0");
    assert_eq!(offset("SELECT 1; SELECT nobody").await, "no such column: nobody at 17 in 1");
    assert_eq!(offset("SELECT 'ä'; SELEC 1").await, "near \"SELEC\": syntax error at 13 in 1");
}

#[tokio::test]
async fn what_a_statement_did_is_told_of_that_statement_alone() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x);
         CREATE TABLE log (x);
         CREATE TRIGGER logged AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.x); END;",
    )
    .await;
    let result = db.exec("INSERT INTO t (x) VALUES (1), (2), (3)").await.pop().expect("a result");
    assert_eq!((result.affected_row_count, result.last_insert_rowid), (3, 3));
    let stats = result.stats.expect("stats");
    assert_eq!(stats.rows_written, 6, "its trigger's rows count too");
    assert!(stats.duration.is_some());
    // Nothing is left over of the request before.
    let read = db
        .exec("SELECT changes(), total_changes(), last_insert_rowid()")
        .await
        .pop()
        .expect("a result");
    assert_eq!(text(&cells_of(read.rows.clone())), "0|0|0");
    assert_eq!((read.affected_row_count, read.last_insert_rowid), (0, 0));
    assert_eq!(read.stats.expect("stats").rows_written, 0);
    let returned =
        db.exec("UPDATE t SET x = 9 WHERE id < 3 RETURNING id").await.pop().expect("a result");
    assert_eq!((returned.affected_row_count, returned.rows.len()), (2, 2));
    assert_eq!(
        db.text("INSERT INTO log VALUES (1), (2); SELECT changes(), total_changes()").await,
        "2|2"
    );
    let scan = db.exec("SELECT x FROM t").await.pop().expect("a result");
    assert_eq!(scan.stats.expect("stats").rows_read, 3);
}

#[tokio::test]
async fn a_result_past_the_limit_names_query_which_streams_it() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let big = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
               SELECT i, hex(zeroblob(500)) FROM n";
    let status = expect_error(db.try_exec(big).await, Code::ResourceExhausted, "RESULT_TOO_LARGE");
    assert!(status.message().contains("Query"), "{status:?}");
    metadata(&status, "limit_bytes").parse::<u64>().expect("a number");
    for encoding in [Encoding::Rows, Encoding::Columns] {
        let mut stream = db.stream(big, encoding).await.expect("it opens");
        assert_eq!(stream.all().await.expect("it is streamed").len(), 10_000);
        assert!(stream.chunk_rows.len() > 1, "in chunks");
    }
    // A write whose result is too large has not happened.
    db.exec("CREATE TABLE t (x)").await;
    let written = format!(
        "INSERT INTO t {} RETURNING x, hex(zeroblob(500))",
        big.replace(", hex(zeroblob(500))", "")
    );
    expect_error(db.try_exec(&written).await, Code::ResourceExhausted, "RESULT_TOO_LARGE");
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn a_query_streams_header_rows_and_summary() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(9)); INSERT INTO t (name) VALUES ('a'), ('b')").await;
    for encoding in [Encoding::Unspecified, Encoding::Rows, Encoding::Columns] {
        let mut stream =
            db.stream("SELECT id, name, 1.5 FROM t", encoding).await.expect("it opens");
        let columns: Vec<_> = stream
            .header
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.declared_type.clone()))
            .collect();
        let columns: Vec<_> =
            columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        assert_eq!(columns, [("id", "INTEGER"), ("name", "VARCHAR(9)"), ("1.5", "")]);
        assert_eq!(text(&stream.all().await.expect("rows")), "1|a|1.5\n2|b|1.5");
        let summary = stream.summary.expect("a summary");
        assert_eq!((summary.affected_row_count, summary.last_insert_rowid), (0, 0));
        let mut empty =
            db.stream("SELECT 1 FROM t WHERE id > 9", encoding).await.expect("it opens");
        assert!(empty.all().await.expect("no rows").is_empty() && empty.chunk_rows.is_empty());
        assert!(empty.summary.is_some());
    }
    let mut written = db
        .stream("INSERT INTO t (name) VALUES ('c'), ('d') RETURNING id", Encoding::Rows)
        .await
        .expect("it opens");
    assert_eq!(text(&written.all().await.expect("rows")), "3\n4");
    let summary = written.summary.expect("a summary");
    assert_eq!((summary.affected_row_count, summary.last_insert_rowid), (2, 4));
    assert_eq!(db.text("SELECT count(*) FROM t").await, "4");
}

#[tokio::test]
async fn a_query_is_one_statement_that_returns_rows() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    for refused in
        ["SELECT 1; SELECT 2", "INSERT INTO t VALUES (1)", "CREATE TABLE u (x)", "", "-- nothing"]
    {
        let answer = db.streamed(refused, Encoding::Rows).await;
        expect_error(answer, Code::InvalidArgument, "INVALID_ARGUMENT");
    }
    for control in ["BEGIN", "COMMIT", "SAVEPOINT s"] {
        let status = db.streamed(control, Encoding::Rows).await.expect_err("it returns no rows");
        assert!(
            matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition),
            "{status:?}"
        );
    }
    assert_eq!(db.digest().await, "t|CREATE TABLE t (x)\nt:\n");
}

#[tokio::test]
async fn a_stream_that_fails_half_way_says_so() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    // The 5,000th row cannot be computed.
    let failing = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                   SELECT CASE WHEN i < 5000 THEN hex(zeroblob(100)) ELSE abs(-9223372036854775808) END FROM n";
    let mut stream = db.stream(failing, Encoding::Rows).await.expect("it opens");
    let mut rows = 0;
    let status = loop {
        match stream.chunk().await {
            Ok(Some(chunk)) => rows += chunk.len(),
            Ok(None) => panic!("it cannot end well"),
            Err(status) => break status,
        }
    };
    let status = expect_error::<()>(Err(status), Code::InvalidArgument, "SQL_ERROR");
    assert_eq!(status.message(), "integer overflow");
    assert!(rows < 5_000);
}

#[tokio::test]
async fn a_statement_is_described_without_being_run() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)").await;
    let described = db
        .describe("INSERT INTO t (id, name) VALUES (?, :name) RETURNING id, name AS n")
        .await
        .expect("it is");
    assert!(!described.read_only && !described.explain);
    let parameters: Vec<_> =
        described.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(parameters, ["", "name"]);
    let columns: Vec<_> = described.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["id", "n"]);
    let select = db.describe("SELECT ?3").await.expect("it is");
    assert_eq!((select.parameters.len(), select.read_only), (3, true));
    for explain in ["EXPLAIN SELECT 1", "EXPLAIN QUERY PLAN DELETE FROM t"] {
        assert!(db.describe(explain).await.expect("it is").explain, "{explain}");
    }
    expect_error(
        db.describe("SELECT 1; SELECT 2").await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let status =
        expect_error(db.describe("SELECT x FROM t").await, Code::InvalidArgument, "SQL_ERROR");
    assert_eq!(metadata(&status, "offset"), "7");
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn a_generation_that_was_not_reached_is_told() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let request = ExecuteRequest { min_generation: 1, ..db.request("SELECT 1") };
    let refused = db.client().query().execute(request).await;
    expect_error(refused, Code::FailedPrecondition, "GENERATION_MISMATCH");
    let request =
        QueryRequest { min_generation: 1, ..db.query_request("SELECT 1", Encoding::Rows) };
    let refused = match db.client().query().query(request).await {
        Ok(mut stream) => stream.get_mut().message().await.map(|_| ()),
        Err(status) => Err(status),
    };
    expect_error(refused, Code::FailedPrecondition, "GENERATION_MISMATCH");
}

#[tokio::test]
async fn nothing_of_a_request_is_left_for_the_next_one() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)").await;
    assert_eq!(
        db.text("CREATE TEMP TABLE t (x); INSERT INTO t VALUES ('temporary'); SELECT x FROM t")
            .await,
        "temporary"
    );
    // On whatever connection it runs.
    for _ in 0..20 {
        assert_eq!(db.text("SELECT x FROM t").await, "1");
        assert_eq!(db.text("INSERT INTO main.t SELECT 1 WHERE 0; SELECT x FROM t").await, "1");
    }
    assert_eq!(db.text("PRAGMA foreign_keys").await, "1");
    db.exec("PRAGMA user_version = 7").await;
    assert_eq!(db.text("PRAGMA user_version").await, "7", "it is the owner's");
}

#[tokio::test]
async fn foreign_keys_hold() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let orphan = db.try_exec("INSERT INTO child VALUES (1)").await;
    expect_error(orphan, Code::FailedPrecondition, "CONSTRAINT");
    db.exec("INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1)").await;
    assert_eq!(db.text("PRAGMA foreign_key_check").await, "");
}

#[tokio::test]
async fn columns_fit_the_rows_when_the_schema_has_changed() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)").await;
    for i in 0..4 {
        // The very same text each time, as caches like it.
        let select = "SELECT * FROM t";
        let result = db.exec(select).await.pop().expect("a result");
        assert_eq!(result.columns.len(), 1 + i);
        assert_eq!(result.rows[0].values.len(), 1 + i);
        for encoding in [Encoding::Rows, Encoding::Columns] {
            let mut stream = db.stream(select, encoding).await.expect("it opens");
            assert_eq!(stream.header.columns.len(), 1 + i);
            assert_eq!(stream.all().await.expect("rows")[0].len(), 1 + i);
        }
        let returned = db.exec("UPDATE t SET a = a RETURNING *").await.pop().expect("a result");
        assert_eq!((returned.columns.len(), returned.rows[0].values.len()), (1 + i, 1 + i));
        assert_eq!(db.describe(select).await.expect("it is").columns.len(), 1 + i);
        db.exec(format!("ALTER TABLE t ADD COLUMN c{i} DEFAULT {i}")).await;
    }
}

#[tokio::test]
async fn sql_with_nul_or_deep_inside_is_answered() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    // SQLite takes NUL for the end: whatever the answer is, it comes, and what
    // stands behind is not run.
    for sql in
        ["SELECT 1;\0DROP TABLE t", "\0", "SELECT 1\0", "ATTACH 'a\0b' AS c", "ATTACH\0'a' AS c"]
    {
        let _ = db.try_exec(sql).await;
    }
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
    for sql in [
        format!("SELECT {}", deep("(", ")")),
        format!("SELECT {}", deep("(SELECT ", ")")),
        format!("ATTACH {} AS c", deep("(", ")")),
        format!("SELECT {}1", "1+".repeat(100_000)),
        format!("SELECT {}1", "NOT ".repeat(100_000)),
        "SELECT zeroblob(2000000000)".to_owned(),
        "SELECT randomblob(1000000000)".to_owned(),
        "SELECT printf('%1000000000d', 1)".to_owned(),
    ] {
        let status = db.try_exec(&sql).await.expect_err("it is too much");
        assert_eq!(
            status.code(),
            Code::InvalidArgument,
            "{} …: {status:?}",
            &sql[..30.min(sql.len())]
        );
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn search_and_json_and_windows_work() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE VIRTUAL TABLE notes USING fts5(body);
         INSERT INTO notes VALUES ('the quick brown fox'), ('lazy dogs');
         CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);
         INSERT INTO places VALUES (1, 0.0, 1.0), (2, 5.0, 6.0)",
    )
    .await;
    assert_eq!(
        db.text("SELECT body FROM notes WHERE notes MATCH 'quick'").await,
        "the quick brown fox"
    );
    assert_eq!(db.text("SELECT id FROM places WHERE x0 > 2").await, "2");
    assert_eq!(db.text("SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')").await, "2");
    assert_eq!(db.text("SELECT value FROM json_each('[1, \"x\"]')").await, "1\nx");
    assert_eq!(
        db.text("SELECT column1, sum(column1) OVER (ORDER BY column1) FROM (VALUES (1), (2), (3))")
            .await,
        "1|1\n2|3\n3|6"
    );
}

#[tokio::test]
async fn two_hundred_clients_at_once_get_answers() {
    let world = World::shared().await;
    let mut databases = Vec::new();
    for i in 0..20 {
        let db = world.database(&format!("db-{i}")).await;
        db.exec("CREATE TABLE t (client)").await;
        databases.push(db);
    }
    let clients = (0..200).map(|client| {
        let db = databases[client % databases.len()].apart();
        tokio::spawn(async move {
            db.exec(sql("INSERT INTO t VALUES (?)", cells![client as i64])).await;
            db.text(sql("SELECT count(*) FROM t WHERE client = ?", cells![client as i64])).await
        })
    });
    for answer in bounded("all clients", join_all(clients)).await {
        assert_eq!(answer.expect("it is answered"), "1");
    }
    for db in databases {
        assert_eq!(db.text("SELECT count(*) FROM t").await, "10");
    }
}
