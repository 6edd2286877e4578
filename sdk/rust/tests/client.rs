//! What is of Rust alone, beside the conformance suite.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, future};
use rustix::process::Signal;
use serde::Deserialize;
use support::Server;
use tenantry_client::{
    Client, Code, Condition, Database, Error, ErrorReason, Statement, StepResult, TransactionMode,
    Value, WRONG_TYPE, named, params,
};
use tokio::sync::Mutex;

/// A server and a database on it.
async fn data() -> (Server, Client, Database) {
    let server = Server::start(&[]).await;
    let client = server.client();
    client.databases().create("data").await.expect("a database");
    let database = client.database("data");
    (server, client, database)
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Tier {
    Gold,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Customer {
    id: i64,
    name: String,
    tier: Tier,
    active: bool,
    rate: f64,
    note: Option<String>,
    photo: Vec<u8>,
}

const CUSTOMER: &str = "SELECT 7 AS id, 'Zoë' AS name, 'gold' AS tier, 1 AS active, 2 AS rate, \
                        NULL AS note, x'00ff' AS photo, 'more' AS more";

#[tokio::test]
async fn rows_become_structs_and_tuples() {
    let (_server, _client, database) = data().await;
    let customer = Customer {
        id: 7,
        name: "Zoë".to_owned(),
        tier: Tier::Gold,
        active: true,
        rate: 2.0,
        note: None,
        photo: vec![0, 255],
    };
    let result = database.execute(CUSTOMER, ()).await.unwrap();
    assert_eq!(result.rows_as::<Customer>().unwrap(), [customer]);

    let rows = database.query(CUSTOMER, ()).await.unwrap();
    let streamed: Vec<Customer> = rows.rows_as().try_collect().await.unwrap();
    assert_eq!(streamed[0].name, "Zoë");

    let result = database.execute("SELECT 1, 'one', NULL", ()).await.unwrap();
    let row: (i64, &str, Option<f64>) = result.rows()[0].deserialize().unwrap();
    assert_eq!(row, (1, "one", None));
    let count: u8 =
        database.execute("SELECT 3", ()).await.unwrap().rows()[0].deserialize().unwrap();
    assert_eq!(count, 3);
}

#[tokio::test]
async fn of_columns_with_one_name_the_first_has_it() {
    let (_server, _client, database) = data().await;
    let result = database.execute("SELECT 1 AS twin, 2 AS twin", ()).await.unwrap();
    let row = &result.rows()[0];
    assert_eq!((row["twin"].as_i64(), row[1].as_i64()), (Some(1), Some(2)));
    let map: BTreeMap<String, i64> = row.deserialize().unwrap();
    assert_eq!(map, BTreeMap::from([("twin".to_owned(), 1)]));
}

#[tokio::test]
async fn a_value_of_another_type_is_told_by_its_column() {
    let (_server, _client, database) = data().await;
    let result = database.execute("SELECT 'x' AS id, 300 AS small", ()).await.unwrap();
    let row = &result.rows()[0];
    for error in [
        row.get::<i64>("id").unwrap_err(),
        row.get::<u8>("small").unwrap_err(),
        row.get::<i64>("nobody").unwrap_err(),
        row.get::<i64>(2).unwrap_err(),
    ] {
        assert_eq!((error.code(), error.reason()), (Code::InvalidArgument, WRONG_TYPE));
    }
}

#[tokio::test]
async fn arguments_are_bound_in_every_form() {
    let (_server, _client, database) = data().await;
    let sql = "SELECT ?1, ?2, ?3, ?4";
    let result = database.execute(sql, (true, None::<i64>, f64::NAN, Bytes::from("b"))).await;
    let values = result.unwrap().into_last().into_rows().remove(0).into_values();
    let bound = [Value::Integer(1), Value::Null, Value::Null, Value::from(&b"b"[..])];
    assert_eq!(values, bound);
    let result = database.execute("SELECT ?1, ?2", params![1, "two"]).await.unwrap();
    assert_eq!(result.rows()[0].deserialize::<(i64, String)>().unwrap(), (1, "two".to_owned()));
    let result = database.execute("SELECT :a, @b", named! { a: 1, b: "two" }).await.unwrap();
    assert_eq!(result.rows()[0].deserialize::<(i64, String)>().unwrap(), (1, "two".to_owned()));
}

#[tokio::test]
async fn steps_of_a_batch_depend_on_others() {
    let (_server, _client, database) = data().await;
    database.execute("CREATE TABLE t (v UNIQUE); INSERT INTO t VALUES (1)", ()).await.unwrap();
    let batch = database.batch([
        Statement::new("INSERT INTO t VALUES (?1)", (1,)),
        Statement::new("UPDATE t SET v = 10", ()).when(Condition::failed(0)),
        Statement::from("DELETE FROM t").when(!Condition::failed(0)),
        Statement::from("SELECT v FROM t").when(Condition::all([Condition::ok(1)])),
    ]);
    let answer = batch.await.unwrap();
    assert!(
        matches!(&answer.results[0], StepResult::Failed(error) if error.is(ErrorReason::Constraint))
    );
    assert!(matches!(answer.results[2], StepResult::Skipped));
    assert_eq!(answer.done(1).unwrap().affected_row_count(), 1);
    assert_eq!(answer.done(3).unwrap().rows()[0][0], Value::Integer(10));
}

#[tokio::test]
async fn calls_that_fail_together_share_one_new_token() {
    let (server, client, _database) = data().await;
    let old = client.tokens().create().database("data").await.unwrap();
    let fresh = client.tokens().create().database("data").await.unwrap().token;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let tokens = [old.token, fresh];
    let builder = Client::builder(server.endpoint()).token_callback(move || {
        let token = tokens[counted.fetch_add(1, Ordering::Relaxed).min(1)].clone();
        async move { Ok::<_, Error>(token) }
    });
    let tenant = builder.build().unwrap().database("data");
    tenant.execute("SELECT 1", ()).await.unwrap();
    client.tokens().revoke(old.metadata.unwrap().id).await.unwrap();
    let calls = (0..20).map(|_| tenant.execute("SELECT 1", ()).into_future());
    for outcome in future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_callback_without_a_token_is_an_error() {
    let (server, _client, _database) = data().await;
    let builder = Client::builder(server.endpoint())
        .token_callback(|| async { Err::<String, _>("the login service is away") });
    let error =
        builder.build().unwrap().database("data").execute("SELECT 1", ()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    assert!(error.message().contains("the login service is away"));
}

#[tokio::test]
async fn a_transaction_is_ended_by_hand() {
    let (_server, _client, database) = data().await;
    database.execute("CREATE TABLE t (v)", ()).await.unwrap();
    let tx = database.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
    let other = tx.clone();
    tx.commit().await.unwrap();
    let error = other.execute("SELECT 1", ()).await.unwrap_err();
    assert_eq!(error.reason(), "TRANSACTION_STATE");

    let tx = database.begin().mode(TransactionMode::Deferred).await.unwrap();
    tx.execute("INSERT INTO t VALUES (2)", ()).await.unwrap();
    tx.rollback().await.unwrap();
    let tx = database.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES (3)", ()).await.unwrap();
    drop(tx);
    // Waits its turn, and so comes after the rollback of what was dropped.
    database.execute("INSERT INTO t VALUES (4)", ()).await.unwrap();
    let result = database.execute("SELECT v FROM t ORDER BY v", ()).await.unwrap();
    assert_eq!(result.rows_as::<i64>().unwrap(), [1, 4]);
}

#[tokio::test]
async fn the_outcome_of_a_lost_commit_is_unknown() {
    let (mut server, _client, database) = data().await;
    database.execute("CREATE TABLE t (v)", ()).await.unwrap();
    let tx = database.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES (1)", ()).await.unwrap();
    server.end(Signal::KILL).await;
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.is_outcome_unknown(), "{error:?}");
}

#[tokio::test]
async fn a_function_that_commits_by_itself_is_not_run_again() {
    let (server, _client, database) = data().await;
    let (server, runs) = (Mutex::new(server), AtomicUsize::new(0));
    let run = database.transaction(async |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        let mut server = server.lock().await;
        server.end(Signal::KILL).await;
        let committed = tx.commit().await;
        server.begin().await;
        committed
    });
    let error = run.await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_function_that_gives_its_commit_up_is_not_run_again() {
    let (_server, _client, database) = data().await;
    database.execute("CREATE TABLE t (v)", ()).await.unwrap();
    let runs = AtomicUsize::new(0);
    let run = database.transaction(async |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        tx.execute("SELECT * FROM t", ()).await?;
        database.execute("INSERT INTO t VALUES (1)", ()).await?;
        let busy = tx.execute("INSERT INTO t VALUES (2)", ()).await.unwrap_err();
        assert!(busy.is(ErrorReason::Busy), "{busy:?}");
        assert!(tx.commit().now_or_never().is_none());
        Err::<(), _>(busy)
    });
    run.mode(TransactionMode::Deferred).await.unwrap_err();
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_function_may_be_an_async_closure() {
    let (_server, _client, database) = data().await;
    let sum = database.transaction(async |tx| {
        tx.execute("CREATE TABLE t (v); INSERT INTO t VALUES (40), (2)", ()).await?;
        tx.execute("SELECT sum(v) FROM t", ()).await?.rows()[0].get::<i64>(0)
    });
    // A task of its own, as most programs have.
    let sum = tokio::spawn(sum.into_future()).await.unwrap();
    assert_eq!(sum.unwrap(), 42);
}

#[tokio::test]
async fn a_statement_is_described() {
    let (_server, _client, database) = data().await;
    let described = database.describe("SELECT :a AS b").await.unwrap();
    assert_eq!(described.parameters[0].name, "a");
    assert_eq!(described.columns[0].name, "b");
    assert!(described.read_only);
}

#[tokio::test]
async fn a_migration_is_watched_and_listed() {
    let (_server, client, _database) = data().await;
    let kind = tenantry_client::DatabaseKind::Schema;
    client.databases().create("base").kind(kind).await.unwrap();
    let migration = client.schema().migrate("base", "CREATE TABLE t (v)").await.unwrap();
    let watched = client.schema().watch("base", migration.id.clone());
    let states: Vec<_> = watched.map_ok(|migration| migration.generation).collect().await;
    assert_eq!(states.last().unwrap().as_ref().unwrap(), &1);
    let found = client.schema().get("base", migration.id).await.unwrap();
    assert_eq!(found.sql, "CREATE TABLE t (v)");
    let error = client.schema().cancel("base", found.id).await.unwrap_err();
    assert!(error.is(ErrorReason::MigrationDecided));
}

#[tokio::test]
async fn groups_keys_and_tokens_are_listed() {
    let (_server, client, _database) = data().await;
    client.databases().create_group("shop").await.unwrap();
    let groups = client.databases().list_groups().all().await.unwrap();
    let names: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["default", "shop"]);
    client.databases().delete_group("shop").await.unwrap();

    client.tokens().rotate_signing_key().await.unwrap();
    assert_eq!(client.tokens().list_signing_keys().all().await.unwrap().len(), 2);
    client.tokens().create().group("default").subject("till 7").await.unwrap();
    let tokens = client.tokens().list().subject("till 7").pages().all().await.unwrap();
    assert_eq!(tokens.len(), 1);
    client.tokens().invalidate_group("default").await.unwrap();
    let tokens = client.tokens().list().subject("till 7").pages().all().await.unwrap();
    assert_eq!(tokens.len(), 1, "its part of the group is gone, and it is still known");
}

#[tokio::test]
async fn the_way_may_be_encrypted() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/tls");
    let file = |name: &str| fixtures.join(name).to_string_lossy().into_owned();
    let flags = [
        "--tls-cert".to_owned(),
        file("server.pem"),
        "--tls-key".to_owned(),
        file("server-key.pem"),
    ];
    let server = Server::start(&flags).await;
    let endpoint = server.endpoint().replace("http://", "https://");
    let builder = || Client::builder(&endpoint).token(server.token());
    let authority = std::fs::read(fixtures.join("ca.pem")).unwrap();
    let trusting = builder().ca_certificate(authority).build().unwrap();
    trusting.databases().create("data").await.unwrap();
    let result = trusting.database("data").execute("SELECT 1", ()).await.unwrap();
    assert_eq!(result.rows()[0][0], Value::Integer(1));

    let stranger = builder().build().unwrap();
    let error = stranger.database("data").execute("SELECT 1", ()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert!(error.message().contains("certificate"), "{error}");
}

#[test]
fn a_client_needs_a_runtime_and_an_endpoint() {
    let error = Client::builder("http://127.0.0.1:1").build().unwrap_err();
    assert!(error.message().contains("runtime"));
    let error = Client::builder("ftp://127.0.0.1:1").build().unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}
