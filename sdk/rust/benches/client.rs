//! What the client costs: unary calls beside the bare stub, and a stream into values
//! beside the decoding of the row-wise stub. Prints figures of one run, which take
//! turns so that both see the same machine.

#![allow(clippy::disallowed_methods, reason = "a benchmark has no config.rs to ask")]

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use tenantry_client::v1::query_response::Part;
use tenantry_client::v1::{ExecuteRequest, QueryRequest, Statement};
use tenantry_client::{Client, Database};

const ROUNDS: usize = 5;
const CALLS_PER_ROUND: u32 = 2_000;
const ROWS: u32 = 1_000_000;
const DATABASE: &str = "bench-rust";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (endpoint, token) = (env::var("TENANTRY_ENDPOINT")?, env::var("TENANTRY_TOKEN")?);
    // One connection each, since the stub has no more.
    let client = Client::builder(endpoint).token(token).channels(1).build()?;
    client.databases().create(DATABASE).request_id("bench-rust").await?;
    let database = client.database(DATABASE);

    let (mut bare, mut wrapped) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(unary_of_stub(&client).await?);
        wrapped.push(unary_of_client(&database).await?);
    }
    compare("unary calls", "stub", CALLS_PER_ROUND, bare, wrapped);

    let (mut row_wise, mut columnar) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        row_wise.push(stream_of_stub(&client).await?);
        columnar.push(stream_of_client(&database).await?);
    }
    compare("streamed rows", "row-wise stub", ROWS, row_wise, columnar);
    Ok(())
}

/// Prints both rates of the median round, and the ratio.
fn compare(what: &str, other: &str, count: u32, bare: Vec<Duration>, client: Vec<Duration>) {
    let rate = |mut times: Vec<Duration>| {
        times.sort();
        f64::from(count) / times[times.len() / 2].as_secs_f64()
    };
    let (bare, client) = (rate(bare), rate(client));
    println!("rust: {what}: {other} {bare:.0}/s, client {client:.0}/s, ratio {:.2}", client / bare);
}

async fn unary_of_stub(client: &Client) -> Result<Duration, Box<dyn Error>> {
    let mut stub = client.raw().await?.query();
    let begin = Instant::now();
    for _ in 0..CALLS_PER_ROUND {
        let statement = Statement { sql: "SELECT 1".to_owned(), ..Statement::default() };
        let request = ExecuteRequest {
            database: DATABASE.to_owned(),
            statement: Some(statement),
            ..ExecuteRequest::default()
        };
        let answer = stub.execute(request).await?.into_inner();
        assert_eq!(answer.results.len(), 1);
    }
    Ok(begin.elapsed())
}

async fn unary_of_client(database: &Database) -> Result<Duration, Box<dyn Error>> {
    let begin = Instant::now();
    for _ in 0..CALLS_PER_ROUND {
        let answer = database.execute("SELECT 1", ()).await?;
        assert_eq!(answer.results().len(), 1);
    }
    Ok(begin.elapsed())
}

fn rows_sql() -> String {
    format!(
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {ROWS})
         SELECT n, n / 2.0, 'row ' || n FROM c"
    )
}

async fn stream_of_stub(client: &Client) -> Result<Duration, Box<dyn Error>> {
    let mut stub = client.raw().await?.query();
    let begin = Instant::now();
    let statement = Statement { sql: rows_sql(), ..Statement::default() };
    let request = QueryRequest {
        database: DATABASE.to_owned(),
        statement: Some(statement),
        ..QueryRequest::default()
    };
    let mut parts = stub.query(request).await?.into_inner();
    let mut count = 0;
    while let Some(part) = parts.message().await? {
        if let Some(Part::Rows(chunk)) = part.part {
            count += chunk.rows.len();
        }
    }
    assert_eq!(count, ROWS as usize);
    Ok(begin.elapsed())
}

async fn stream_of_client(database: &Database) -> Result<Duration, Box<dyn Error>> {
    let begin = Instant::now();
    let mut rows = database.query(rows_sql(), ()).await?;
    let mut count = 0;
    while let Some(row) = rows.next_row().await? {
        count += usize::from(row.values().len() == 3);
    }
    assert_eq!(count, ROWS as usize);
    Ok(begin.elapsed())
}
