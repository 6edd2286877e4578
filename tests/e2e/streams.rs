//! Long results: bounded in memory, ended by deadlines, and freed when the
//! client is gone.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tenantry_client::v1::{Encoding, TransactionMode};

use crate::support::client::metadata;
use crate::support::process::{cpu_ms, resident_bytes};
use crate::support::raw::{Call, rpc};
use crate::support::{Cell, Code, Db, RowStream, Server, World, bounded, expect_error, sql, until};

/// What the server may hold for a stream whose client does not read.
const STALLED_BYTES_MAX: u64 = 32 << 20;
/// A client that stalls, a client that is gone: how many of them.
const STREAMS: usize = 60;
/// Yields about 300 MB.
const MILLION: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
     SELECT i, hex(zeroblob(150)) FROM n";
/// Never yields a row and never ends.
const BARREN: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";
/// Never ends.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

/// Awaits that the server does nothing any more.
async fn idle(server: &Server) {
    if cpu_ms(server.pid()).is_none() {
        return;
    }
    let mut last = u64::MAX;
    let mut quiet = 0;
    until("the server is idle", async || {
        let now = cpu_ms(server.pid()).expect("it runs");
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
        // Half a tick of work in a third of a second.
        (quiet > 20).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stalled_reader_holds_one_chunk() {
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("SELECT 1").await;
    let Some(before) = resident_bytes(server.pid()) else {
        println!("skipped: the system does not tell a process' memory");
        return;
    };
    let mut stalled = db.stream(MILLION, Encoding::Rows).await.expect("it opens");
    let first = stalled.chunk().await.expect("it streams").expect("rows");
    assert!(first.len() < 100_000, "a chunk is bounded: {} rows", first.len());
    idle(&server).await;
    let grown = resident_bytes(server.pid()).expect("it runs").saturating_sub(before);
    assert!(grown < STALLED_BYTES_MAX, "a stalled stream holds {grown} bytes");
    // It is only held up: the rest comes when it is asked for.
    let mut rows = first.len();
    let mut peak = 0;
    while let Some(chunk) = stalled.chunk().await.expect("it streams") {
        assert_eq!(chunk[0][0], Cell::Integer(rows as i64 + 1));
        rows += chunk.len();
        if rows % 100_000 < chunk.len() {
            peak = peak.max(resident_bytes(server.pid()).expect("it runs").saturating_sub(before));
        }
    }
    assert_eq!(rows, 1_000_000);
    assert!(peak < STALLED_BYTES_MAX, "a stream that is read holds {peak} bytes");
}

#[tokio::test]
async fn writers_go_on_beside_a_stalled_reader() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)").await;
    let snapshot = "SELECT t.x, n.i FROM t, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i FROM n) AS n";
    let mut stalled = db.stream(snapshot, Encoding::Columns).await.expect("it opens");
    stalled.chunk().await.expect("it streams");
    db.exec("UPDATE t SET x = 2; CREATE TABLE u (y)").await;
    let rest = stalled.all().await.expect("it streams");
    assert!(rest.iter().all(|row| row[0] == Cell::Integer(1)), "it reads one snapshot");
    assert_eq!(db.text("SELECT x FROM t").await, "2");
}

#[tokio::test]
async fn clients_that_go_away_free_their_readers() {
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    // More than a database has readers, one after another; each is read a
    // little and then left.
    for _ in 0..STREAMS {
        let mut stream = db.stream(ENDLESS, Encoding::Rows).await.expect("it opens");
        stream.chunk().await.expect("it streams");
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
    // The same where no row ever comes, so that nothing fails to be sent, and
    // where the connection breaks as a whole.
    let asking = (0..STREAMS).map(|_| {
        let db = db.apart();
        tokio::spawn(async move { db.stream(BARREN, Encoding::Rows).await.map(|_| ()) })
    });
    let asking: Vec<_> = asking.collect();
    until("they run", async || {
        let busy = cpu_ms(server.pid())?;
        (busy > 0).then_some(())
    })
    .await;
    for task in &asking {
        task.abort();
    }
    drop(asking);
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0");
    idle(&server).await;
}

#[tokio::test]
async fn a_unary_call_that_is_given_up_stops() {
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let writing = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";
    for sql in [BARREN, writing] {
        let given_up = tokio::time::timeout(Duration::from_millis(200), db.try_exec(sql)).await;
        assert!(given_up.is_err(), "it is endless");
        db.exec("INSERT INTO t VALUES (1)").await;
        idle(&server).await;
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "2");
}

#[tokio::test]
async fn a_deadline_ends_what_runs() {
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let raw = world.raw();
    let statement =
        |sql: &str| serde_json::json!({ "database": db.reference(), "statement": { "sql": sql } });
    let writing = format!("INSERT INTO t SELECT 1; {BARREN}");
    let calls = [
        ("Execute", statement(BARREN)),
        ("Execute", statement(&writing)),
        (
            "ExecuteBatch",
            serde_json::json!({
                "database": db.reference(),
                "steps": [{ "statement": { "sql": "INSERT INTO t VALUES (1)" } }, { "statement": { "sql": BARREN } }],
            }),
        ),
        ("Query", statement(BARREN)),
        (
            "Query",
            statement(
                "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)",
            ),
        ),
    ];
    for (name, message) in calls {
        let start = Instant::now();
        let call = Call {
            token: Some(server.admin_token()),
            deadline: Some(Duration::from_millis(300)),
            messages: vec![message],
        };
        let answer = raw.call(&rpc(name), call).await;
        let took = start.elapsed();
        assert!(answer.is_err(), "{name}: {answer:?}");
        expect_error(answer, Code::DeadlineExceeded, "DEADLINE");
        assert!(took < Duration::from_secs(3), "{name} took {took:?}");
    }
    // A client that does not listen any more is not needed for it either.
    let mut request = tonic::Request::new(db.request(BARREN));
    request.set_timeout(Duration::from_millis(300));
    let late = db.client().query().execute(request).await.expect_err("it is endless");
    assert!(matches!(late.code(), Code::DeadlineExceeded | Code::Cancelled), "{late:?}");
    idle(&server).await;
    assert_eq!(db.text("SELECT count(*) FROM t").await, "0", "what was interrupted is undone");
}

#[tokio::test]
async fn the_server_has_a_limit_of_its_own_for_calls_without_a_deadline() {
    let server = Server::with(&["--request-ms-max", "400"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    let start = Instant::now();
    expect_error(db.try_exec(BARREN).await, Code::DeadlineExceeded, "DEADLINE");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    // It is not for streams, which may be long by nature.
    let mut stream = db.stream(MILLION, Encoding::Columns).await.expect("it opens");
    until("the limit has passed", async || {
        (start.elapsed() > Duration::from_millis(1_300)).then_some(())
    })
    .await;
    assert!(stream.chunk().await.expect("it goes on").is_some());
    idle_after(&server, stream).await;
}

/// Gives a stream up and awaits that it has ended at the server too.
async fn idle_after(server: &Server, stream: RowStream) {
    drop(stream);
    idle(server).await;
}

#[tokio::test]
async fn a_write_whose_reader_goes_away_is_whole_or_nothing() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let insert = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                  WHERE i < 200000) SELECT i FROM n RETURNING x, hex(zeroblob(50))";
    let mut stream = db.apart().stream(insert, Encoding::Rows).await.expect("it opens");
    stream.chunk().await.expect("it streams").expect("rows");
    drop(stream);
    db.exec("INSERT INTO t VALUES (-1)").await;
    let count = db.text("SELECT count(*) FROM t WHERE x > 0").await;
    assert!(count == "0" || count == "200000", "{count} of 200000 rows");
}

#[tokio::test]
async fn a_deadline_ends_a_stream_that_is_read_too() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let mut request = tonic::Request::new(db.query_request(ENDLESS, Encoding::Columns));
    request.set_timeout(Duration::from_millis(400));
    let start = Instant::now();
    let mut stream = RowStream::open(db.client(), request).await.expect("it opens");
    let status = loop {
        match stream.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an endless stream ended"),
            Err(status) => break status,
        }
    };
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    expect_error::<()>(Err(status), Code::DeadlineExceeded, "DEADLINE");
}

#[tokio::test]
async fn endless_readers_of_one_tenant_do_not_stop_another() {
    let world = World::shared().await;
    let (greedy, other) = (world.database("greedy").await, world.database("other").await);
    other.exec("CREATE TABLE t (x)").await;
    let hogs: Vec<_> = (0..20)
        .map(|_| {
            let db = greedy.apart();
            tokio::spawn(async move { db.streamed(BARREN, Encoding::Rows).await.map(|_| ()) })
        })
        .collect();
    let served = (0..20).map(|i| {
        let db = other.clone();
        async move { db.exec(format!("INSERT INTO t VALUES ({i}); SELECT count(*) FROM t")).await }
    });
    bounded("the other tenant", join_all(served)).await;
    assert_eq!(other.text("SELECT count(*) FROM t").await, "20");
    for hog in hogs {
        hog.abort();
    }
    let alive: Db = greedy;
    let mut tx = alive.begin(TransactionMode::ReadOnly).await;
    assert_eq!(tx.text("SELECT 1").await, "1");
}

#[tokio::test]
async fn a_stream_without_a_deadline_does_not_work_for_ever_without_a_row() {
    let server = Server::with(&["--transaction-ms-max", "300"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    for tail in ["SELECT count(*) FROM n", "SELECT i FROM n WHERE i < 3 OR i < 0"] {
        let text = format!("{endless} {tail}");
        let ended = bounded("the stream ends", async {
            db.stream(sql(text, vec![]), Encoding::Rows).await?.all().await
        });
        let status = expect_error(ended.await, Code::DeadlineExceeded, "DEADLINE");
        assert_eq!(metadata(&status, "limit_ms"), "300");
    }
}
