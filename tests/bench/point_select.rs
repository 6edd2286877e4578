//! One row by its key, by unary `Execute`, against a method that does nothing.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tenantry_client::v1::{self, value::Kind};

use crate::ratio::{Bound, Figure, median};
use crate::support::{Client, Server, World};
use crate::{NOOP_SERVER, noop};

/// Calls that are under way at once.
const IN_FLIGHT: usize = 64;
/// Connections that they share.
const CONNECTIONS: usize = 4;
/// Rounds, each of one turn of either side.
const ROUNDS: usize = 7;
/// How long a turn takes.
const TURN: Duration = Duration::from_millis(1_500);
/// Rows in the table.
const ROWS: i64 = 10_000;

/// The server that does nothing; gone when it is dropped.
struct NoopServer {
    child: Child,
    address: SocketAddr,
}

impl NoopServer {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child =
            Command::new(program).arg(NOOP_SERVER).stdout(Stdio::piped()).spawn().expect("starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("is piped");
        BufReader::new(stdout).read_line(&mut line).expect("tells its address");
        Self { child, address: line.trim().parse().expect("an address") }
    }
}

impl Drop for NoopServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn run() -> Figure {
    let server = Server::start();
    let world = World::on(&server).await;
    let db = world.database("points").await;
    db.exec(
        format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
             INSERT INTO t SELECT i, format('name of number %05d', i) FROM n"
        )
        .as_str(),
    )
    .await;
    let request = |id: i64| v1::ExecuteRequest {
        database: db.reference().to_owned(),
        statement: Some(v1::Statement {
            sql: "SELECT id, name FROM t WHERE id = ?1".into(),
            args: vec![v1::Value { kind: Some(Kind::Integer(id)) }],
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = db.client().query().execute(request(4_321)).await.expect("answers").into_inner();
    assert_eq!(
        answer.results[0].rows,
        noop::response().results[0].rows,
        "both sides answer the same"
    );

    let noop = NoopServer::start();
    let real: Vec<_> = (0..CONNECTIONS).map(|_| db.client().apart()).collect();
    let token = db.client().token().expect("has a token").to_owned();
    let idle: Vec<_> =
        (0..CONNECTIONS).map(|_| Client::anonymous(noop.address).with_token(&token)).collect();
    let (mut ratios, mut reals, mut noops) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let noop_rate = rate(&idle, &request).await;
        let real_rate = rate(&real, &request).await;
        // The first round warms both sides up.
        if round > 0 {
            ratios.push(real_rate / noop_rate);
            reals.push(real_rate);
            noops.push(noop_rate);
        }
    }
    Figure {
        name: "point SELECT by Execute / no-op method, calls per second",
        rounds: ratios,
        bound: Bound::AtLeast(0.5),
        detail: format!(
            "[{:.0} / {:.0} per second, {IN_FLIGHT} in flight]",
            median(&reals),
            median(&noops)
        ),
    }
}

async fn rate(clients: &[Client], request: &impl Fn(i64) -> v1::ExecuteRequest) -> f64 {
    let started = Instant::now();
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|task| {
            let mut query = clients[task % clients.len()].query();
            let requests: Vec<_> =
                (0..64).map(|i| request((task as i64 * 64 + i) % ROWS + 1)).collect();
            tokio::spawn(async move {
                let mut calls = 0_u64;
                while started.elapsed() < TURN {
                    let request = requests[calls as usize % requests.len()].clone();
                    let answer = query.execute(request).await.expect("answers").into_inner();
                    assert_eq!(answer.results[0].rows.len(), 1);
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let mut calls = 0;
    for task in tasks {
        calls += task.await.expect("ends");
    }
    calls as f64 / started.elapsed().as_secs_f64()
}
