//! The code of `docs/rust.md`, in order: it is compiled here and run, and the page must
//! have the very same.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test, as programs are written"
)]

mod support;

use std::error::Error;
use std::path::Path;

use support::Server;

#[rustfmt::skip]
async fn page(endpoint: String, token: String) -> Result<(), Box<dyn Error>> {
    use tenantry_client::Client;

    let client = Client::builder(&endpoint).token(&token).build()?;
    client.databases().create_group("shop").await?;
    client.databases().create("shop/alice").await?;

    let alice = client.database("shop/alice");
    let result = alice.execute("SELECT ?1 + 1 AS n", (41,)).await?;
    assert_eq!(result.rows()[0].get::<i64>("n")?, 42);

    use std::time::Duration;

    let result = alice
        .execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, sku TEXT, quantity INTEGER)", ())
        .timeout(Duration::from_secs(5))
        .await?;
    assert_eq!(result.affected_row_count(), 0);

    use tenantry_client::{named, params};

    alice.execute("INSERT INTO orders (sku, quantity) VALUES (?1, ?2)", ("A1", 2)).await?;
    alice.execute("INSERT INTO orders (sku, quantity) VALUES (?1, ?2)", params!["B2", 6]).await?;
    let result = alice
        .execute("SELECT sku FROM orders WHERE quantity > :least", named! { least: 3 })
        .await?;
    assert_eq!(result.rows()[0]["sku"].as_str(), Some("B2"));

    use tenantry_client::{Condition, Statement};

    let answer = alice
        .batch([
            Statement::new("UPDATE orders SET quantity = ?1 WHERE sku = ?2", (3, "A1")),
            Statement::from("SELECT sum(quantity) FROM orders").when(Condition::ok(0)),
        ])
        .await?;
    let sum: i64 = answer.done(1).expect("it ran").rows()[0].get(0)?;
    assert_eq!(sum, 9);

    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Order {
        sku: String,
        quantity: u32,
    }

    let result = alice.execute("SELECT * FROM orders ORDER BY id", ()).await?;
    let orders: Vec<Order> = result.rows_as()?;
    assert_eq!((orders[1].sku.as_str(), orders[1].quantity), ("B2", 6));

    let mut rows = alice.query("SELECT sku, quantity FROM orders ORDER BY id", ()).await?;
    assert_eq!(rows.columns()[0].name, "sku");
    let mut quantities = 0;
    while let Some(row) = rows.next_row().await? {
        let (_sku, quantity): (&str, i64) = row.deserialize()?;
        quantities += quantity;
    }
    assert_eq!(quantities, 9);
    assert_eq!(rows.summary().and_then(|summary| summary.stats).map(|stats| stats.rows_read), Some(2));

    let sold = alice
        .transaction(async |tx| {
            let left = tx.execute("SELECT quantity FROM orders WHERE sku = 'B2'", ()).await?;
            let left: i64 = left.rows()[0].get(0)?;
            tx.execute("UPDATE orders SET quantity = ?1 WHERE sku = 'B2'", (left - 1,)).await?;
            Ok::<_, tenantry_client::Error>(left)
        })
        .await?;
    assert_eq!(sold, 6);

    client.databases().create("shop/catalogue").allow_attach(true).await?;
    let catalogue = client.database("shop/catalogue");
    catalogue.execute("CREATE TABLE products (sku, name); INSERT INTO products VALUES ('A1', 'Teapot')", ()).await?;

    let both = alice.attach("shop/catalogue");
    let sql = "SELECT name, quantity FROM orders JOIN catalogue.products USING (sku)";
    let row: (String, i64) = both.execute(sql, ()).await?.rows()[0].deserialize()?;
    assert_eq!(row, ("Teapot".to_owned(), 3));

    let minted = client.tokens().create().database("shop/alice").ttl(Duration::from_secs(3600)).await?;
    let tenant = Client::builder(&endpoint).token(minted.token).build()?;
    assert!(tenant.database("shop/catalogue").execute("SELECT 1", ()).await.is_err());

    let admin = client.clone();
    let tenant = Client::builder(&endpoint)
        .token_callback(move || {
            let minting = admin.tokens().create().database("shop/alice");
            async move { minting.await.map(|minted| minted.token) }
        })
        .build()?;
    tenant.database("shop/alice").execute("SELECT 1", ()).await?;

    use tenantry_client::DatabaseKind;

    client.databases().create("shop/base").kind(DatabaseKind::Schema).await?;
    client.databases().create("shop/bob").schema("base").label("tier", "gold").await?;
    let gold = client.databases().list().group("shop").label("tier", "gold").pages().all().await?;
    assert_eq!(gold[0].name, "bob");

    client.databases().branch("shop/alice", "alice-copy").label("tier", "trial").await?;
    let copy = client.database("shop/alice-copy");
    assert_eq!(copy.query("SELECT sku FROM orders", ()).await?.all().await?.len(), 2);

    let migration = client
        .schema()
        .migrate("shop/base", "CREATE TABLE notes (text TEXT NOT NULL)")
        .on_progress(|migration| println!("{} children", migration.children_applied))
        .await?;
    assert_eq!(migration.generation, 1);

    let (_, report) = client.schema().validate("shop/base", "DROP TABLE notes").await?;
    assert!(report.failures.is_empty());

    use tenantry_client::{Code, ErrorReason};

    let error = alice.execute("INSERT INTO orders (id) VALUES (1)", ()).await.unwrap_err();
    assert!(error.is(ErrorReason::Constraint));
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(error.metadata()["sqlite_code"], "1555");
    assert!(!error.is_retryable());

    alice.execute("UPDATE orders SET quantity = 5 WHERE sku = 'A1'", ()).idempotent().await?;

    let other = client.clone();
    let mut stub = client.raw().await?.query();
    let request = tenantry_client::v1::DescribeRequest {
        database: "shop/alice".to_owned(),
        sql: "SELECT 1".to_owned(),
        attachments: Vec::new(),
    };
    assert!(stub.describe(request).await?.into_inner().read_only);

    client.close();
    assert_eq!(other.databases().get("shop/alice").await.unwrap_err().reason(), "CLIENT_CLOSED");

    Ok(())
}

#[tokio::test]
async fn the_code_of_the_page_runs() {
    let server = Server::start(&[]).await;
    page(server.endpoint(), server.token()).await.expect("it runs");
}

#[test]
fn the_page_has_the_code_that_is_run() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rust.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, mut run) =
        include_str!("docs.rs").split_once("-> Result<(), Box<dyn Error>> {\n").expect("it");
    let fences = page.split("```rust test\n").skip(1).map(|rest| rest.split("```").next());
    for fence in fences {
        for line in fence.expect("the end of the code").lines().chain([""]) {
            let (here, rest) = run.split_once('\n').expect("a line");
            assert_eq!(here.trim_start(), line.trim_start(), "the page and this file differ");
            run = rest;
        }
    }
    assert!(run.starts_with("    Ok(())\n}"), "there is more here than in the page");
}
