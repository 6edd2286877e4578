//! `ExecuteBatch`: steps with conditions, all of them or none.

use tenantry_client::errors;
use tenantry_client::v1::condition::Condition as Kind;
use tenantry_client::v1::step_result::Outcome;
use tenantry_client::v1::{
    Access, BatchStep, Condition, ConditionList, StepResult, TransactionMode,
};

use crate::support::cells::cells_of;
use crate::support::client::{metadata, reason};
use crate::support::{Code, Db, Sql, World, cells, expect_error, sql, text};

fn always(statement: impl Into<Sql>) -> BatchStep {
    BatchStep { statement: Some(statement.into().0), condition: None }
}

fn when(condition: Kind, statement: impl Into<Sql>) -> BatchStep {
    BatchStep { condition: Some(Condition { condition: Some(condition) }), ..always(statement) }
}

fn not(condition: Kind) -> Kind {
    Kind::Not(Box::new(Condition { condition: Some(condition) }))
}

fn list(conditions: Vec<Kind>) -> ConditionList {
    let conditions = conditions.into_iter().map(|kind| Condition { condition: Some(kind) });
    ConditionList { conditions: conditions.collect() }
}

fn and(conditions: Vec<Kind>) -> Kind {
    Kind::And(list(conditions))
}

fn or(conditions: Vec<Kind>) -> Kind {
    Kind::Or(list(conditions))
}

/// The outcomes in a word or some rows each.
fn outcomes(results: Vec<StepResult>) -> Vec<String> {
    let outcome = |result: StepResult| match result.outcome.expect("an outcome") {
        Outcome::Result(result) if result.columns.is_empty() => "ok".to_owned(),
        Outcome::Result(result) => text(&cells_of(result.rows)),
        Outcome::Error(error) => reason(&errors::from_in_band(&error)),
        Outcome::Skipped(skipped) => {
            assert!(skipped, "always true when set");
            "skipped".to_owned()
        }
    };
    results.into_iter().map(outcome).collect()
}

async fn run(db: &Db, steps: Vec<BatchStep>) -> Vec<String> {
    outcomes(db.batch(TransactionMode::Unspecified, steps).await.expect("the batch runs"))
}

#[tokio::test]
async fn steps_run_in_one_transaction() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let steps = vec![
        always("CREATE TABLE t (x UNIQUE)"),
        always(sql("INSERT INTO t VALUES (?), (?)", cells![1, "two"])),
        always("SELECT x FROM t"),
        always(Sql::from("SELECT :x").named("x", 2.5)),
        always("UPDATE t SET x = x"),
    ];
    assert_eq!(run(&db, steps).await, ["ok", "ok", "1\ntwo", "2.5", "ok"]);

    let before = db.digest().await;
    let failing = vec![
        always("INSERT INTO t VALUES (3)"),
        always("DELETE FROM t WHERE x = 1"),
        always("INSERT INTO t VALUES (3)"),
        always("INSERT INTO t VALUES (4)"),
    ];
    let failed = db.batch(TransactionMode::Immediate, failing).await;
    let status = expect_error(failed, Code::FailedPrecondition, "CONSTRAINT");
    assert_eq!(status.message(), "UNIQUE constraint failed: t.x");
    assert_eq!(metadata(&status, "statement_index"), "2");
    assert_eq!(db.digest().await, before);
}

#[tokio::test]
async fn conditions_choose_the_steps() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)").await;
    let results = run(
        &db,
        vec![
            always("INSERT INTO t VALUES (2)"),
            always("INSERT INTO t VALUES (1)"),
            when(Kind::Ok(0), "SELECT 'first went well'"),
            when(Kind::Error(1), "UPDATE t SET x = 10 WHERE x = 1"),
            when(Kind::Ok(1), "DELETE FROM t"),
            when(not(Kind::Ok(1)), "SELECT 'not ok'"),
            when(not(Kind::Ok(4)), "SELECT 'skipped is not ok'"),
            when(Kind::Error(4), "SELECT 'skipped is no error'"),
            when(and(vec![Kind::Ok(0), Kind::Error(1)]), "SELECT 'both'"),
            when(and(vec![Kind::Ok(0), Kind::Ok(1)]), "SELECT 'not both'"),
            when(or(vec![Kind::Ok(1), Kind::Ok(3)]), "SELECT 'one of them'"),
            when(and(vec![]), "SELECT 'an empty and holds'"),
            when(or(vec![]), "SELECT 'an empty or does not'"),
            when(
                and(vec![or(vec![Kind::Ok(1), not(Kind::Ok(1))]), Kind::Ok(2)]),
                "SELECT 'nested'",
            ),
        ],
    )
    .await;
    assert_eq!(
        results,
        [
            "ok",
            "CONSTRAINT",
            "first went well",
            "ok",
            "skipped",
            "not ok",
            "skipped is not ok",
            "skipped",
            "both",
            "skipped",
            "one of them",
            "an empty and holds",
            "skipped",
            "nested",
        ]
    );
    assert_eq!(db.text("SELECT x FROM t ORDER BY x").await, "2\n10");
}

#[tokio::test]
async fn a_failed_step_that_is_asked_for_is_undone_alone() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x UNIQUE)").await;
    let results = run(
        &db,
        vec![
            always("INSERT INTO t VALUES (1)"),
            // Some of its rows were in before it failed.
            always("INSERT INTO t VALUES (2), (3), (1)"),
            when(Kind::Error(1), "INSERT INTO t VALUES (4)"),
        ],
    )
    .await;
    assert_eq!(results, ["ok", "CONSTRAINT", "ok"]);
    assert_eq!(db.text("SELECT x FROM t ORDER BY x").await, "1\n4");
    // OR ROLLBACK ends the whole transaction: nothing of the batch may stay.
    let before = db.digest().await;
    let ended = db
        .batch(
            TransactionMode::Immediate,
            vec![
                always("INSERT INTO t VALUES (5)"),
                always("INSERT OR ROLLBACK INTO t VALUES (1)"),
                when(Kind::Error(1), "INSERT INTO t VALUES (6)"),
            ],
        )
        .await;
    match ended {
        Err(status) => assert_eq!(reason(&status), "CONSTRAINT", "{status:?}"),
        Ok(results) => panic!("half of a batch: {:?}", outcomes(results)),
    }
    assert_eq!(db.digest().await, before);
}

#[tokio::test]
async fn a_deferred_foreign_key_fails_the_whole_batch() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let before = db.digest().await;
    let failed = db
        .batch(
            TransactionMode::Deferred,
            vec![always("INSERT INTO parent VALUES (1)"), always("INSERT INTO child VALUES (2)")],
        )
        .await;
    expect_error(failed, Code::FailedPrecondition, "CONSTRAINT");
    assert_eq!(db.digest().await, before);
}

#[tokio::test]
async fn modes_say_how_the_transaction_starts() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    for mode in
        [TransactionMode::Deferred, TransactionMode::Immediate, TransactionMode::Unspecified]
    {
        let results = db.batch(mode, vec![always("INSERT INTO t VALUES (1)")]).await;
        assert_eq!(outcomes(results.expect("it writes")), ["ok"]);
    }
    let read = db.batch(TransactionMode::ReadOnly, vec![always("SELECT count(*) FROM t")]).await;
    assert_eq!(outcomes(read.expect("it reads")), ["3"]);
    let written =
        db.batch(TransactionMode::ReadOnly, vec![always("INSERT INTO t VALUES (1)")]).await;
    expect_error(written, Code::PermissionDenied, "READ_ONLY");
    let reader = db.with_token(&world.token(&db, Access::ReadOnly, &[]).await);
    let refused = reader.batch(TransactionMode::Immediate, vec![always("DELETE FROM t")]).await;
    assert_eq!(refused.expect_err("it reads only").code(), Code::PermissionDenied);
    assert_eq!(db.text("SELECT count(*) FROM t").await, "3");
}

#[tokio::test]
async fn what_is_no_batch_is_refused_whole() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let insert = || always("INSERT INTO t VALUES (1)");
    let deep = |depth: usize| (1..depth).fold(Kind::Ok(0), |condition, _| not(condition));
    let wide = vec![Kind::Ok(0); 1_001];
    let refused = [
        vec![],
        vec![insert(); 1_001],
        vec![insert(), always("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")],
        vec![insert(), always("")],
        vec![insert(), BatchStep::default()],
        vec![insert(), when(Kind::Ok(1), "SELECT 1")],
        vec![insert(), when(Kind::Error(7), "SELECT 1")],
        vec![insert(), when(deep(17), "SELECT 1")],
        vec![insert(), when(and(wide), "SELECT 1")],
        vec![insert(), BatchStep { condition: Some(Condition::default()), ..insert() }],
    ];
    for (index, steps) in refused.into_iter().enumerate() {
        let answer = db.batch(TransactionMode::Immediate, steps).await;
        assert!(answer.is_err(), "number {index}");
        expect_error(answer, Code::InvalidArgument, "INVALID_ARGUMENT");
    }
    for control in ["BEGIN", "COMMIT", "END", "ROLLBACK"] {
        let answer = db.batch(TransactionMode::Immediate, vec![insert(), always(control)]).await;
        expect_error(answer, Code::FailedPrecondition, "TRANSACTION_STATE");
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
    let allowed = vec![insert(), when(deep(16), "SELECT 1")];
    assert_eq!(run(&db, allowed).await, ["ok", "skipped"]);
}

#[tokio::test]
async fn a_thousand_steps_are_one_commit() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let steps = (0..1_000).map(|i| always(sql("INSERT INTO t VALUES (?)", cells![i]))).collect();
    assert_eq!(run(&db, steps).await, vec!["ok"; 1_000]);
    assert_eq!(db.text("SELECT count(*), sum(x) FROM t").await, "1000|499500");
}
