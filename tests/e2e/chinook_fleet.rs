//! A whole shop as one fleet: a parent and a child for each customer, taken
//! through five real migrations under live queries. What each child holds must
//! equal what plain SQLite makes of its rows with the same scripts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::{join_all, try_join_all};
use rusqlite::Connection;
use tenantry_client::v1::{ApplyMigrationRequest, ForeignKeys, Migration, MigrationState};
use tokio::sync::watch;

use crate::support::cells::cells_of;
use crate::support::client::metadata;
use crate::support::shop_data::{Shop, rows};
use crate::support::{Cell, Code, Db, Fleet, World, expect_error, sql, text};

/// What a customer's database begins with.
const CUSTOMER: &str = "
    CREATE TABLE Invoice (InvoiceId INTEGER PRIMARY KEY, CustomerId INTEGER NOT NULL,
        InvoiceDate DATETIME NOT NULL, BillingCountry NVARCHAR(40), Total NUMERIC(10,2) NOT NULL);
    CREATE TABLE InvoiceLine (InvoiceLineId INTEGER PRIMARY KEY,
        InvoiceId INTEGER NOT NULL REFERENCES Invoice, TrackId INTEGER NOT NULL,
        UnitPrice NUMERIC(10,2) NOT NULL, Quantity INTEGER NOT NULL);
    CREATE INDEX LineOfInvoice ON InvoiceLine (InvoiceId);
    CREATE VIEW Spent AS SELECT sum(UnitPrice * Quantity) AS Spent FROM InvoiceLine;
    CREATE TABLE Visit (VisitId INTEGER PRIMARY KEY, Page TEXT NOT NULL);";

/// A new column that may be empty.
const NOTE: &str = "ALTER TABLE Invoice ADD COLUMN Note TEXT";
/// A table that refers to one there is.
const REFUND: &str = "
    CREATE TABLE Refund (RefundId INTEGER PRIMARY KEY,
        InvoiceId INTEGER NOT NULL REFERENCES Invoice, Amount NUMERIC(10,2) NOT NULL);
    CREATE INDEX RefundOfInvoice ON Refund (InvoiceId)";
/// The lines are numbered within their invoice, by the twelve steps of SQLite's
/// page on ALTER TABLE. The switch of foreign keys, the transaction and the check
/// at its end (steps 1, 2, 10, 11 and 12) are the server's; the others are here.
const REBUILD: &str = "
    DROP VIEW Spent;
    CREATE TABLE NewInvoiceLine (InvoiceLineId INTEGER PRIMARY KEY,
        InvoiceId INTEGER NOT NULL REFERENCES Invoice ON DELETE CASCADE, LineNo INTEGER NOT NULL,
        TrackId INTEGER NOT NULL, UnitPrice NUMERIC(10,2) NOT NULL,
        Quantity INTEGER NOT NULL CHECK (Quantity > 0));
    INSERT INTO NewInvoiceLine SELECT InvoiceLineId, InvoiceId,
        row_number() OVER (PARTITION BY InvoiceId ORDER BY InvoiceLineId), TrackId, UnitPrice,
        Quantity FROM InvoiceLine;
    DROP TABLE InvoiceLine;
    ALTER TABLE NewInvoiceLine RENAME TO InvoiceLine;
    CREATE INDEX LineOfInvoice ON InvoiceLine (InvoiceId);
    CREATE VIEW Spent AS SELECT sum(UnitPrice * Quantity) AS Spent FROM InvoiceLine";
/// Fails where two lines of an invoice have one number.
const UNIQUE: &str = "CREATE UNIQUE INDEX LineNumber ON InvoiceLine (InvoiceId, LineNo)";
/// Fills the new column from other rows.
const BACKFILL: &str = "
    UPDATE Invoice SET Note = (SELECT count(*) || ' lines, ' || group_concat(TrackId, '+' ORDER BY LineNo)
        FROM InvoiceLine WHERE InvoiceLine.InvoiceId = Invoice.InvoiceId);
    UPDATE Invoice SET Note = 'none' WHERE Note IS NULL OR Note = '0 lines, '";

/// What does not change by any of them.
const LIVE: &str = "
    SELECT InvoiceId, InvoiceDate, Total, InvoiceLineId, TrackId, UnitPrice, Quantity,
        (SELECT Spent FROM Spent) FROM Invoice LEFT JOIN InvoiceLine USING (InvoiceId)
    ORDER BY InvoiceId, InvoiceLineId";
const INVOICES: &str = "SELECT InvoiceId, CustomerId, InvoiceDate, BillingCountry, Total
    FROM Invoice WHERE CustomerId = ? ORDER BY InvoiceId";
const LINES: &str = "SELECT InvoiceLineId, InvoiceId, TrackId, UnitPrice, Quantity
    FROM InvoiceLine JOIN Invoice USING (InvoiceId) WHERE CustomerId = ? ORDER BY InvoiceLineId";

/// A customer, and what plain SQLite has of the same rows.
struct Customer {
    db: Db,
    plain: Connection,
    /// What [`LIVE`] answers at any time.
    live: Vec<Vec<Cell>>,
}

/// Makes the fleet and its model.
async fn split(shop: &Shop, fleet: &Fleet) -> Vec<Customer> {
    let ids = shop.rows("SELECT CustomerId FROM Customer ORDER BY CustomerId", &[]);
    fleet.create_children(ids.iter().map(|id| format!("customer-{}", id[0]))).await;
    let mut customers = Vec::new();
    for id in ids {
        let db = fleet.child(&format!("customer-{}", id[0]));
        let plain = Connection::open_in_memory().expect("SQLite opens");
        plain.execute_batch(CUSTOMER).expect("the schema is valid");
        for (table, select) in [("Invoice", INVOICES), ("InvoiceLine", LINES)] {
            let all = shop.rows(select, &id);
            if let Some(first) = all.first() {
                let row = format!("({})", vec!["?"; first.len()].join(","));
                let insert =
                    format!("INSERT INTO {table} VALUES {}", vec![row; all.len()].join(","));
                let cells = all.concat();
                plain.execute(&insert, rusqlite::params_from_iter(&cells)).expect("it is copied");
                db.exec(sql(insert, cells)).await;
            }
        }
        let live = rows(&plain, LIVE, &[]);
        customers.push(Customer { db, plain, live });
    }
    customers
}

/// Asks again and again, until it is told to stop: the answers never change, and
/// no generation comes back. Answers how often.
async fn ask_on(
    db: Db,
    expected: Vec<Vec<Cell>>,
    seen: Arc<AtomicU64>,
    stop: watch::Receiver<bool>,
) -> u64 {
    let mut count = 0;
    while !*stop.borrow() {
        let before = seen.load(Ordering::SeqCst);
        let answer = db.client().query().execute(db.request(LIVE)).await;
        let mut answer =
            answer.unwrap_or_else(|status| panic!("{}: {status:?}", db.name())).into_inner();
        assert!(answer.generation >= before, "{}: {} after {before}", db.name(), answer.generation);
        seen.fetch_max(answer.generation, Ordering::SeqCst);
        let found = cells_of(answer.results.pop().expect("the SELECT answers").rows);
        assert_eq!(found, expected, "{} on generation {}", db.name(), answer.generation);
        // Now and then it is written too; none is refused.
        if count % 4 == 0 {
            db.exec(sql(
                "INSERT INTO Visit (Page) VALUES (?)",
                vec![format!("page {count}").into()],
            ))
            .await;
        }
        count += 1;
    }
    count
}

fn at_end(fleet: &Fleet, script: &str) -> ApplyMigrationRequest {
    let foreign_keys = ForeignKeys::CheckAtEnd.into();
    ApplyMigrationRequest { foreign_keys, ..fleet.request(script) }
}

/// The customers' lines by plain SQLite, and all their tables.
fn dump(plain: &Connection, table: &str) -> String {
    text(&rows(plain, &format!("SELECT * FROM {table} ORDER BY 1"), &[]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_is_taken_through_five_migrations_under_live_queries() {
    let shop = Shop::open();
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "customer").await;
    fleet.migrate(CUSTOMER).await;
    let customers = split(&shop, &fleet).await;
    if shop.is_sample {
        let lines: usize = customers.iter().map(|customer| customer.live.len()).sum();
        assert_eq!((customers.len(), lines), (59, 2_240));
    }
    // The one whose data is made bad: two lines of an invoice get one number.
    let bad = customers
        .iter()
        .find(|customer| {
            let most =
                "SELECT max(n) FROM (SELECT count(*) AS n FROM InvoiceLine GROUP BY InvoiceId)";
            rows(&customer.plain, most, &[])[0][0].to_string().parse().is_ok_and(|n: i64| n > 1)
        })
        .expect("somebody bought two things at once");

    let (stop, stopped) = watch::channel(false);
    let seen = Arc::new(AtomicU64::new(1));
    let live: Vec<_> = customers
        .iter()
        .map(|Customer { db, live, .. }| {
            tokio::spawn(ask_on(db.apart(), live.clone(), seen.clone(), stopped.clone()))
        })
        .collect();

    let mut generation = 1;
    let mut done = |migration: &Migration| {
        generation += 1;
        assert_eq!(migration.generation, generation);
        assert_eq!(migration.children_total, customers.len() as u64);
        seen.fetch_max(generation, Ordering::SeqCst);
    };
    done(&fleet.migrate(NOTE).await);
    done(&fleet.migrate(REFUND).await);
    // As it stands, enforced, the old lines could go; the check at the end is whole.
    done(&fleet.try_apply(at_end(&fleet, REBUILD)).await.expect("it is rebuilt"));

    bad.db.exec("UPDATE InvoiceLine SET LineNo = 1").await;
    let refused = fleet.try_apply(fleet.request(UNIQUE)).await;
    let status = expect_error(refused, Code::FailedPrecondition, "MIGRATION_FAILED");
    assert_eq!(metadata(&status, "database"), bad.db.reference());
    assert_eq!(metadata(&status, "statement_index"), "0");
    let cause = "UNIQUE constraint failed: InvoiceLine.InvoiceId, InvoiceLine.LineNo";
    assert!(status.message().contains(cause), "{status:?}");
    let (_, validation) = fleet.validate(UNIQUE).await.expect("it is answered");
    assert_eq!(validation.failures_total, 1);
    assert_eq!(validation.failures[0].database, bad.db.reference());
    let all = join_all(customers.iter().map(|customer| fleet.try_look(customer.db.name()))).await;
    for look in all {
        let look = look.expect("it answers");
        assert!(look.generation == 4 && !look.schema.contains("LineNumber"), "nothing has changed");
    }
    // The fix, as the customer's own program would do it.
    bad.db
        .exec(
            "UPDATE InvoiceLine SET LineNo = (SELECT count(*) FROM InvoiceLine AS other WHERE
             other.InvoiceId = InvoiceLine.InvoiceId AND other.InvoiceLineId <= InvoiceLine.InvoiceLineId)",
        )
        .await;
    done(&fleet.migrate(UNIQUE).await);
    done(&fleet.migrate(BACKFILL).await);
    stop.send_replace(true);
    let asked = try_join_all(live).await.expect("every answer was right, at all times");
    assert!(asked.iter().all(|&count| count > 0), "{asked:?}");

    assert_eq!(fleet.agree().await.generation, 6);
    for Customer { db, plain, .. } in &customers {
        plain.execute_batch("PRAGMA foreign_keys = OFF").expect("it is off");
        for script in [NOTE, REFUND, REBUILD, UNIQUE, BACKFILL] {
            plain.execute_batch(script).expect("plain SQLite does the same");
        }
        for table in ["Invoice", "InvoiceLine", "Refund"] {
            let found = db.text(format!("SELECT * FROM {table} ORDER BY 1")).await;
            assert_eq!(found, dump(plain, table), "{}: {table}", db.name());
        }
        assert_eq!(db.text("PRAGMA foreign_key_check").await, "");
        assert_eq!(db.text("PRAGMA integrity_check").await, "ok");
    }
    // Every visit is there, whatever migrated meanwhile.
    for (customer, count) in customers.iter().zip(&asked) {
        let visits = customer.db.text("SELECT count(*) FROM Visit").await;
        assert_eq!(visits, count.div_ceil(4).to_string(), "{}", customer.db.name());
    }
    let states: Vec<_> = fleet.all_ended().await.iter().map(Migration::state).collect();
    let (applied, failed) = (MigrationState::Applied, MigrationState::Failed);
    assert_eq!(states, [applied, applied, failed, applied, applied, applied, applied]);
}
