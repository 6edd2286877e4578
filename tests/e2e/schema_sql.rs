//! SQL that writes, sent to a SCHEMA database: a migration of all its children.

mod refusals;
mod transactions;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tenantry_client::v1::{
    self, Access, BatchStep, Condition, CreateTokenRequest, Encoding, MigrationState,
    TransactionMode, condition::Condition as Kind, step_result::Outcome,
};

use tonic_types::StatusExt as _;

use crate::support::client::{metadata, reason};
use crate::support::fleet::is_committed;
use crate::support::{
    Cell, Code, Db, Fleet, Server, Sql, Status, World, bounded, cells, expect_error, sql, text,
};

const ITEMS: &str = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, price);
    INSERT INTO item VALUES (1, 'pen', 3), (2, 'ink', 5);";

/// A fleet of one used child and one that was never used.
async fn fleet(world: &World) -> Fleet {
    let fleet = Fleet::create(world, "parent").await;
    fleet.parent().exec(ITEMS).await;
    fleet.create_children(["a", "b"]).await;
    fleet.child("a").exec("UPDATE item SET price = price + 1").await;
    fleet
}

/// Runs SQL on the parent; answers the generation.
async fn execute(db: &Db, statement: impl Into<Sql>) -> Result<u64, Status> {
    let request = db.request(statement);
    let answer = bounded("Execute", db.client().query().execute(request)).await?;
    Ok(answer.into_inner().generation)
}

fn step(statement: impl Into<Sql>) -> BatchStep {
    BatchStep { statement: Some(statement.into().0), condition: None }
}

fn when(condition: Kind, statement: impl Into<Sql>) -> BatchStep {
    BatchStep { condition: Some(Condition { condition: Some(condition) }), ..step(statement) }
}

async fn batch(db: &Db, steps: Vec<BatchStep>) -> Result<v1::ExecuteBatchResponse, Status> {
    let request = v1::ExecuteBatchRequest {
        database: db.reference().to_owned(),
        steps,
        mode: TransactionMode::Immediate.into(),
        ..Default::default()
    };
    let answer = bounded("ExecuteBatch", db.client().query().execute_batch(request)).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn a_write_is_a_migration_and_a_read_is_none() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let parent = fleet.parent();
    assert_eq!(execute(&parent, "SELECT * FROM item").await.expect("it reads"), 1);
    assert_eq!(execute(&parent, "EXPLAIN QUERY PLAN DELETE FROM item").await.expect("it tells"), 1);
    assert_eq!(execute(&parent, "ALTER TABLE item ADD COLUMN code").await.expect("it migrates"), 2);
    // When it is answered it has committed, everywhere.
    assert_eq!(fleet.agree().await.generation, 2);
    let written = "SELECT 1; INSERT INTO item (name) VALUES ('cup'); UPDATE item SET code = name";
    assert_eq!(execute(&parent, written).await.expect("it migrates"), 3);
    for name in ["a", "b", "parent"] {
        let found = fleet.child(name).text("SELECT code FROM item ORDER BY id").await;
        assert_eq!(found, "pen\nink\ncup", "{name}");
    }
    let migrations = fleet.migrations().await;
    assert_eq!(migrations.len(), 3);
    let last = &migrations[0];
    assert!(last.sql.contains("INSERT INTO item") && last.sql.contains("UPDATE item"), "{last:?}");
    assert!(!last.sql.contains("SELECT 1"), "what it read is no part of it: {last:?}");
}

#[tokio::test]
async fn results_are_those_of_the_parent() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let results = fleet
        .parent()
        .exec(
            "INSERT INTO item (name, price) VALUES ('cup', 7), ('can', 8) RETURNING id, name;
             UPDATE item SET price = 0 WHERE id < 3; SELECT count(*) FROM item",
        )
        .await;
    let rows: Vec<_> = results
        .iter()
        .map(|result| text(&crate::support::cells::cells_of(result.rows.clone())))
        .collect();
    assert_eq!(rows, ["3|cup\n4|can", "", "4"]);
    assert_eq!((results[0].affected_row_count, results[0].last_insert_rowid), (2, 4));
    assert_eq!(results[1].affected_row_count, 2);
    assert_eq!(fleet.agree().await.generation, 2);
    let streamed = "INSERT INTO item (name) VALUES ('streamed') RETURNING id";
    match fleet.parent().streamed(streamed, Encoding::Rows).await {
        // Either is an answer; a row that only the parent has is none.
        Ok(rows) => assert_eq!(text(&rows), "5"),
        Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}"),
    }
    fleet.agree().await;
    let counts =
        ["a", "b", "parent"].map(|name| fleet.child(name).text("SELECT count(*) FROM item"));
    let counts = join_all(counts).await;
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[tokio::test]
async fn arguments_become_part_of_the_script() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let parent = fleet.parent();
    parent.exec("CREATE TABLE v (n INTEGER PRIMARY KEY, x, y)").await;
    let values: Vec<Cell> = vec![
        Cell::Null,
        0.into(),
        i64::MIN.into(),
        i64::MAX.into(),
        (-1).into(),
        0.1.into(),
        (-0.0).into(),
        f64::MAX.into(),
        f64::MIN_POSITIVE.into(),
        5e-324.into(),
        f64::INFINITY.into(),
        f64::NEG_INFINITY.into(),
        1e15.into(),
        1.0.into(),
        "".into(),
        "it's -- /* ; */ ? :a $b @c \"x\" `y` [z]".into(),
        "line\nline\r\n\ttab".into(),
        "ünïcödé 🦀 \u{feff}".into(),
        "?1".into(),
        "x'00'".into(),
        Cell::Blob(vec![]),
        Cell::Blob((0..=255).collect()),
    ];
    for (n, value) in (0_i64..).zip(&values) {
        let args = vec![n.into(), value.clone(), value.clone()];
        parent.exec(sql("INSERT INTO v VALUES (?1,?2,?3)", args)).await;
    }
    // Where it stands does not matter.
    let args = cells![-5_i64, "named"];
    parent.exec(sql("INSERT INTO v SELECT 100-?,?,x FROM v WHERE n=0", args)).await;
    let named = Sql::from("INSERT INTO v (n, x) VALUES (:n, $x); DELETE FROM v WHERE n = 0")
        .named("n", 200_i64)
        .named("x", "by name");
    parent.exec(named).await;
    let repeated = sql("INSERT INTO v VALUES (?1, ?2 || ?2, ?2)", cells![201_i64, "ab"]);
    parent.exec(repeated).await;
    // A number in ORDER BY would count columns.
    let ordered = "INSERT INTO v (n, x) SELECT 300, group_concat(name) FROM (SELECT name FROM item ORDER BY ? LIMIT ?)";
    parent.exec(sql(ordered, cells![2_i64, 1_i64])).await;
    let all = "SELECT n, typeof(x), quote(x), typeof(y), quote(y) FROM v ORDER BY n";
    let expected = parent.rows(all).await;
    for name in ["a", "b"] {
        assert_eq!(fleet.child(name).rows(all).await, expected, "{name}");
        let exact =
            fleet.child(name).rows("SELECT x, y FROM v WHERE n BETWEEN 1 AND 99 ORDER BY n").await;
        let values: Vec<_> =
            values[1..].iter().map(|value| vec![value.clone(), value.clone()]).collect();
        assert_eq!(exact, values, "{name}: bit by bit");
    }
    let nul = sql("INSERT INTO v (x) VALUES (?)", cells!["nul \0 inside"]);
    let refused = parent.try_exec(nul).await;
    expect_error(refused, Code::InvalidArgument, "ARGUMENT_MISMATCH");
    for (statement, args) in
        [("INSERT INTO v (x) VALUES (?)", cells![]), ("DELETE FROM v", cells![1_i64])]
    {
        let refused = parent.try_exec(sql(statement, args)).await;
        expect_error(refused, Code::InvalidArgument, "ARGUMENT_MISMATCH");
    }
    fleet.agree().await;
}

#[tokio::test]
async fn the_time_is_the_same_on_all() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let of = fleet(&world).await;
    // As migration tools note when something was done.
    let now = "strftime('%Y-%m-%d %H:%M:%f', 'now')";
    of.parent().exec("CREATE TABLE done (step, at TEXT DEFAULT CURRENT_TIMESTAMP)").await;
    of.parent().exec(format!("INSERT INTO done VALUES (1, {now})")).await;
    of.parent().exec("INSERT INTO done (step) VALUES (2)").await;
    let mut tx = of.parent().begin(TransactionMode::Immediate).await;
    tx.exec(format!("INSERT INTO done VALUES (3, {now})")).await;
    tx.exec("INSERT INTO done VALUES (4, (SELECT at FROM done WHERE step = 3))").await;
    tx.commit().await.expect("it is applied");
    server.restart();
    let world = World::again(&server, &world.group);
    let of = Fleet::again(&world, "parent");
    of.create_children(["late"]).await;
    let expected = of.parent().text("SELECT step, at FROM done ORDER BY step").await;
    assert_eq!(expected.lines().count(), 4);
    for name in ["a", "b", "late"] {
        let found = of.child(name).text("SELECT step, at FROM done ORDER BY step").await;
        assert_eq!(found, expected, "{name}");
    }
}

#[tokio::test]
async fn a_batch_is_one_migration_of_the_steps_that_ran() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let parent = fleet.parent();
    let answer = batch(
        &parent,
        vec![
            step("CREATE TABLE IF NOT EXISTS note (line)"),
            step(sql("INSERT INTO note VALUES (?)", cells!["it's one"])),
            step("INSERT INTO item (name) VALUES ('pen')"),
            when(Kind::Error(2), "INSERT INTO note VALUES ('pen was there')"),
            when(Kind::Ok(2), "INSERT INTO note VALUES ('pen was not there')"),
            step("SELECT count(*) FROM note"),
        ],
    )
    .await
    .expect("it is applied");
    assert_eq!(answer.generation, 2);
    let counted = answer.results.last().expect("six").outcome.clone();
    let Some(Outcome::Result(counted)) = counted else { panic!("{counted:?}") };
    assert_eq!(text(&crate::support::cells::cells_of(counted.rows)), "2");
    assert_eq!(fleet.agree().await.generation, 2);
    for name in ["a", "b", "parent"] {
        let found = fleet.child(name).text("SELECT line FROM note ORDER BY rowid").await;
        assert_eq!(found, "it's one\npen was there", "{name}");
    }
    assert_eq!(fleet.migrations().await.len(), 2);
    // One that only reads is none, and one that fails changes nothing.
    let read = batch(&parent, vec![step("SELECT 1"), step("SELECT count(*) FROM item")]).await;
    assert_eq!(read.expect("it reads").generation, 2);
    let refused = batch(&parent, vec![step("DELETE FROM note"), step("SELEC")]).await;
    expect_error(refused, Code::InvalidArgument, "SQL_ERROR");
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(parent.text("SELECT count(*) FROM note").await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_each_happen_once_or_not_at_all() {
    let world = World::shared().await;
    let fleet = Arc::new(fleet(&world).await);
    fleet.parent().exec("CREATE TABLE count (n); INSERT INTO count VALUES (0)").await;
    let workers = (0..6).map(|worker| {
        let parent = fleet.parent().apart();
        tokio::spawn(async move {
            let mut done = 0;
            for turn in 0..6 {
                let update = "UPDATE count SET n = n + 1";
                let told = match (worker + turn) % 3 {
                    0 => parent.try_exec(update).await.map(|_| ()),
                    1 => batch(&parent, vec![step(update)]).await.map(|_| ()),
                    _ => match parent.try_begin(TransactionMode::Immediate).await {
                        Ok(mut tx) => match tx.ask(update).await {
                            Ok(Ok(_)) => tx.commit().await,
                            Ok(Err(status)) | Err(status) => Err(status),
                        },
                        Err(status) => Err(status),
                    },
                };
                match told {
                    Ok(()) => done += 1,
                    // Another one came first, and nothing has happened.
                    Err(status) => assert!(
                        matches!(reason(&status).as_str(), "BUSY" | "MIGRATION_IN_PROGRESS"),
                        "{status:?}"
                    ),
                }
            }
            done
        })
    });
    let workers: Vec<_> = workers.collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await.expect("each is told what became of it");
    }
    assert!(done > 0);
    assert_eq!(fleet.agree().await.generation, 2 + done);
    for name in ["a", "b", "parent"] {
        assert_eq!(fleet.child(name).text("SELECT n FROM count").await, done.to_string(), "{name}");
    }
}

#[tokio::test]
async fn attached_rows_may_become_rows_of_all() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let list = world.attachable("list").await;
    list.exec("CREATE TABLE t (name); INSERT INTO t VALUES ('cup'), ('can')").await;
    // A migration is run again on each child, which has nothing attached.
    let copy = "INSERT INTO item (name) SELECT name FROM l.t";
    let told = fleet.parent().attach("list", "l").try_exec(copy).await;
    let by_sql = fleet.parent().try_exec(format!("ATTACH 'list' AS l; {copy}")).await;
    for told in [told, by_sql] {
        let status = told.expect_err("it cannot be applied");
        assert_eq!(reason(&status), "INVALID_ATTACHMENT", "{status:?}");
    }
    // Reading both is as anywhere.
    let joined = fleet.parent().attach("list", "l");
    assert_eq!(joined.text("SELECT count(*) FROM item, l.t").await, "4");
    assert_eq!(fleet.agree().await.generation, 1);
}

#[tokio::test]
async fn a_statement_is_described_on_a_parent_without_being_run() {
    let world = World::shared().await;
    let fleet = fleet(&world).await;
    let described =
        fleet.parent().describe("INSERT INTO item (name) VALUES (:name) RETURNING id").await;
    let described = described.expect("it is described");
    assert!(!described.read_only);
    assert_eq!(described.parameters.len(), 1);
    fleet.parent().describe("CREATE TABLE t (x)").await.expect("it is described");
    assert_eq!(fleet.agree().await.generation, 1);
}
