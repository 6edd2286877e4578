//! Writers that go on while a migration is decided.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const CHILDREN: usize = 8;
const MIGRATIONS: usize = 25;

/// Inserts a row twice into one child, at some moment of a migration that makes
/// it unique; answers whether both were acknowledged.
async fn breaks(fixture: &Fixture, child: String, table: String, after: usize) -> bool {
    for _ in 0..after {
        fixture.ask("c0", "SELECT 1").await.expect("reads");
    }
    let insert = format!("INSERT INTO {table} VALUES (-1)");
    let mut acknowledged = 0;
    for _ in 0..2 {
        match fixture.ask(&child, &insert).await {
            Ok(_) => acknowledged += 1,
            Err(error) => assert_eq!(error.reason(), Reason::Constraint, "{error:?}"),
        }
    }
    acknowledged == 2
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_refused_or_fails_the_migration() {
    let fixture = Arc::new(Fixture::new().await);
    for child in 0..CHILDREN {
        fixture.used(&format!("c{child}")).await;
    }
    let (mut committed, mut failed) = (0, 0);
    for number in 0..MIGRATIONS {
        let (table, child) = (format!("t{number}"), format!("c{}", number % CHILDREN));
        fixture.applied(&format!("CREATE TABLE {table} (x)")).await;
        let over = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..CHILDREN)
            .map(|child| {
                let (fixture, over, table) = (fixture.clone(), over.clone(), table.clone());
                tokio::spawn(async move {
                    let (child, mut row) = (format!("c{child}"), 0);
                    while !over.load(Ordering::Relaxed) {
                        let insert = format!("INSERT INTO {table} VALUES ({row})");
                        fixture.ask(&child, &insert).await.expect("is written");
                        row += 1;
                    }
                    row
                })
            })
            .collect();
        let breaking = tokio::spawn({
            let (fixture, child, table) = (fixture.clone(), child.clone(), table.clone());
            async move { breaks(&fixture, child, table, number * 25).await }
        });
        let applied = fixture.apply(&format!("CREATE UNIQUE INDEX i{number} ON {table} (x)")).await;
        let broken = breaking.await.expect("ends");
        over.store(true, Ordering::Relaxed);
        let has_index = match &applied {
            Ok(_) => {
                assert!(!broken, "both were acknowledged in migration {number}");
                committed += 1;
                "1"
            }
            Err(error) => {
                assert_eq!(error.reason(), Reason::MigrationFailed, "{error:?}");
                assert_eq!(metadata(error, "database"), Some(&*format!("default/{child}")));
                failed += 1;
                "0"
            }
        };
        for (child, writer) in writers.into_iter().enumerate() {
            let (child, written) = (format!("c{child}"), writer.await.expect("ends"));
            let rows = format!("SELECT count(*) FROM {table} WHERE x >= 0");
            assert_eq!(fixture.ask(&child, &rows).await.expect("reads"), [written.to_string()]);
            let indexes = format!("SELECT count(*) FROM sqlite_schema WHERE name = 'i{number}'");
            assert_eq!(fixture.ask(&child, &indexes).await.expect("reads"), [has_index]);
        }
    }
    println!("{committed} committed, {failed} failed");
}
