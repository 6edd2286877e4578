//! A shop for businesses: each tenant has its orders in a database of its own, all
//! follow one schema, and share a catalogue that they can only read.

#![allow(clippy::disallowed_methods, reason = "an example reads its own environment")]

use std::env;

use serde::Deserialize;
use tenantry_client::{Client, DatabaseKind, Error, ErrorReason, Statement, params};

const ORDER_SCHEMA: &str = "
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, placed_at TEXT NOT NULL);
    CREATE TABLE lines (
        order_id INTEGER NOT NULL REFERENCES orders (id), sku TEXT NOT NULL, quantity INTEGER NOT NULL)";

const LINES: &str = "
    SELECT name, quantity, quantity * price_cents AS cents
    FROM lines JOIN catalogue.products USING (sku) ORDER BY name";

#[derive(Deserialize)]
struct Line {
    name: String,
    quantity: i64,
    cents: i64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (endpoint, token) = (env::var("TENANTRY_ENDPOINT")?, env::var("TENANTRY_TOKEN")?);
    let admin = Client::builder(&endpoint).token(token).build()?;
    prepare(&admin).await?;
    migrate(&admin, ORDER_SCHEMA).await?;

    let acme = tenant(&admin, &endpoint, "acme").await?;
    let globex = tenant(&admin, &endpoint, "globex").await?;
    place(&acme, "acme", "PO-1", &[("A1", 1), ("B2", 6)]).await?;
    println!("acme placed PO-1");
    place(&globex, "globex", "G-77", &[("C3", 2)]).await?;
    println!("globex placed G-77");
    match place(&acme, "acme", "PO-1", &[("C3", 1)]).await {
        Err(error) if error.is(ErrorReason::Constraint) => {
            println!("acme: PO-1 is there already ({})", error.reason());
        }
        other => return Err(format!("placed twice: {other:?}").into()),
    }

    for (client, name) in [(&acme, "acme"), (&globex, "globex")] {
        let database = client.database(format!("b2b/{name}")).attach("b2b/catalogue");
        let mut rows = database.query(LINES, ()).await?;
        while let Some(row) = rows.next_row().await? {
            let Line { name: product, quantity, cents } = row.deserialize()?;
            println!("{name}: {product} x{quantity} = {}.{:02}", cents / 100, cents % 100);
        }
    }
    match acme.database("b2b/globex").execute("SELECT * FROM orders", ()).await {
        Err(error) => println!("acme cannot see globex ({})", error.reason()),
        Ok(_) => return Err("acme sees globex".into()),
    }

    migrate(&admin, "ALTER TABLE orders ADD COLUMN note TEXT").await?;
    let orders = acme.database("b2b/acme");
    let noted = "UPDATE orders SET note = ?1 WHERE reference = ?2 RETURNING reference, note";
    let result = orders.execute(noted, ("rush", "PO-1")).await?;
    let (reference, note): (String, String) = result.rows()[0].deserialize()?;
    println!("acme: {reference} {note}");
    Ok(())
}

/// The group, the catalogue that all may read, and the tenants.
async fn prepare(admin: &Client) -> Result<(), Error> {
    let databases = admin.databases();
    databases.create_group("b2b").await?;
    databases.create("b2b/catalogue").allow_attach(true).await?;
    databases.create("b2b/shop").kind(DatabaseKind::Schema).await?;
    databases.create("b2b/acme").schema("shop").await?;
    databases.create("b2b/globex").schema("shop").await?;

    let products = [("A1", "Teapot", 2450), ("B2", "Cup", 600), ("C3", "Tray", 1225)];
    let mut steps = vec![Statement::from(
        "CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price_cents INTEGER)",
    )];
    steps.extend(products.map(|(sku, name, cents)| {
        Statement::new("INSERT INTO products VALUES (?1, ?2, ?3)", params![sku, name, cents])
    }));
    admin.database("b2b/catalogue").batch(steps).await?;
    Ok(())
}

async fn migrate(admin: &Client, sql: &str) -> Result<(), Error> {
    let migration = admin.schema().migrate("b2b/shop", sql).await?;
    println!("shop is at generation {}", migration.generation);
    Ok(())
}

/// A client that can do no more than a tenant may.
async fn tenant(admin: &Client, endpoint: &str, name: &str) -> Result<Client, Error> {
    let scope = admin.tokens().create().database(format!("b2b/{name}")).attach("b2b/catalogue");
    Client::builder(endpoint).token(scope.await?.token).build()
}

/// Places an order with all its lines, or nothing.
async fn place(
    client: &Client,
    tenant: &str,
    reference: &str,
    lines: &[(&str, i64)],
) -> Result<(), Error> {
    let database = client.database(format!("b2b/{tenant}"));
    let placed = database.transaction(async |tx| {
        let order = "INSERT INTO orders (reference, placed_at) VALUES (?1, datetime())";
        let id = tx.execute(order, (reference,)).await?.last_insert_rowid();
        for &(sku, quantity) in lines {
            tx.execute("INSERT INTO lines VALUES (?1, ?2, ?3)", (id, sku, quantity)).await?;
        }
        Ok(())
    });
    placed.await
}
