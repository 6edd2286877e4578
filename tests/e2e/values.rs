//! Values arrive exactly as they were, whichever way they travel.

use std::env;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rusqlite::Connection;
use tenantry_client::v1::value::Kind;
use tenantry_client::v1::{self, Encoding, Statement};

use crate::support::cells::cells_of;
use crate::support::shop_data::rows as plain_rows;
use crate::support::{Cell, Db, Sql, World, cells, sql, text};

/// How many cases the property is tried with.
const CASES: u32 = 48;
/// Replays them.
const SEED_VARIABLE: &str = "TENANTRY_SEED";

/// The rows of a query by each way there is; they must agree.
async fn agreed(db: &Db, sql: impl Into<Sql>) -> Vec<Vec<Cell>> {
    let sql = sql.into();
    let unary = db.rows(sql.clone()).await;
    for encoding in [Encoding::Rows, Encoding::Columns] {
        let streamed = db.streamed(sql.clone(), encoding).await.expect("it is streamed");
        assert_eq!(streamed, unary, "{encoding:?}");
    }
    unary
}

#[tokio::test]
async fn the_edges_of_numbers_are_kept() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let edges = cells![
        i64::MIN,
        i64::MIN + 1,
        -1,
        0,
        1,
        (1_i64 << 53) + 1,
        i64::MAX - 1,
        i64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        0.1,
    ];
    let marks = vec!["?"; edges.len()].join(", ");
    let read = agreed(&db, sql(format!("SELECT {marks}"), edges.clone())).await;
    assert_eq!(read, std::slice::from_ref(&edges));
    // Through a table without types, where SQLite keeps each as it is, but for
    // -0.0, which it stores as 0.0.
    let columns: Vec<String> = (0..edges.len()).map(|i| format!("c{i}")).collect();
    db.exec(format!("CREATE TABLE t ({})", columns.join(", "))).await;
    db.exec(sql(format!("INSERT INTO t VALUES ({marks})"), edges.clone())).await;
    let plain = Connection::open_in_memory().expect("SQLite opens");
    plain.execute_batch(&format!("CREATE TABLE t ({})", columns.join(", "))).expect("a table");
    plain
        .execute(&format!("INSERT INTO t VALUES ({marks})"), rusqlite::params_from_iter(&edges))
        .expect("a row");
    assert_eq!(agreed(&db, "SELECT * FROM t").await, plain_rows(&plain, "SELECT * FROM t", &[]));
}

#[tokio::test]
async fn not_a_number_is_null() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let nan = sql("SELECT ?, typeof(?1)", cells![f64::NAN]);
    assert_eq!(agreed(&db, nan).await, [cells![Cell::Null, "null"]]);
    assert_eq!(
        agreed(&db, "SELECT 9e999, -9e999, 9e999 - 9e999").await,
        [cells![f64::INFINITY, f64::NEG_INFINITY, Cell::Null]]
    );
}

#[tokio::test]
async fn empty_is_not_null_and_nul_is_a_character() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let odd = cells![
        "",
        Vec::<u8>::new(),
        "a\0b",
        "\0",
        vec![0, 1, 0],
        Cell::Null,
        "ünï\u{1F600}",
        "\u{feff}"
    ];
    let marks = vec!["?"; odd.len()].join(", ");
    assert_eq!(
        agreed(&db, sql(format!("SELECT {marks}"), odd.clone())).await,
        std::slice::from_ref(&odd)
    );
    db.exec("CREATE TABLE t (a, b, c, d, e, f, g, h)").await;
    db.exec(sql(format!("INSERT INTO t VALUES ({marks})"), odd.clone())).await;
    assert_eq!(agreed(&db, "SELECT * FROM t").await, [odd]);
    let kinds = db
        .text("SELECT typeof(a), typeof(b), length(b), length(CAST(c AS BLOB)), typeof(f) FROM t")
        .await;
    assert_eq!(kinds, "text|blob|0|3|null");
}

#[tokio::test]
async fn every_way_to_say_null_is_null() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    for kind in [None, Some(Kind::Null(true)), Some(Kind::Null(false))] {
        let args = vec![v1::Value { kind }];
        let statement = Statement { sql: "SELECT typeof(?)".into(), args, ..Default::default() };
        assert_eq!(db.text(Sql(statement)).await, "null");
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_arrives_as_its_bytes() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let invalid = "SELECT CAST(x'ff' AS TEXT), CAST(x'61c328' AS TEXT), CAST(x'6100ff' AS TEXT), CAST(x'c3a4' AS TEXT)";
    let expected = cells![vec![0xff], vec![0x61, 0xc3, 0x28], vec![0x61, 0, 0xff], "ä"];
    assert_eq!(agreed(&db, invalid).await, std::slice::from_ref(&expected));
    db.exec(format!("CREATE TABLE t (a TEXT, b TEXT, c TEXT, d TEXT); INSERT INTO t {invalid}"))
        .await;
    assert_eq!(agreed(&db, "SELECT * FROM t").await, [expected]);
    assert_eq!(db.text("SELECT typeof(a), hex(a) FROM t").await, "text|FF");
    let mut tx = db.begin(v1::TransactionMode::ReadOnly).await;
    assert_eq!(tx.text("SELECT a FROM t").await, "x'ff'");
}

#[tokio::test]
async fn large_values_pass_whole() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    db.exec("CREATE TABLE t (x)").await;
    db.exec(sql("INSERT INTO t VALUES (?)", cells![large.clone()])).await;
    assert_eq!(agreed(&db, "SELECT x FROM t").await, [cells![large]]);
    let huge = "SELECT zeroblob(7000000)";
    for encoding in [Encoding::Rows, Encoding::Columns] {
        let rows = db.streamed(huge, encoding).await.expect("it is streamed");
        assert_eq!(rows, [cells![vec![0; 7_000_000]]]);
    }
}

#[tokio::test]
async fn a_row_may_have_many_columns_and_repeated_names() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let many: Vec<String> = (0..1_000).map(|i| i.to_string()).collect();
    let row = agreed(&db, format!("SELECT {}", many.join(", "))).await;
    assert_eq!(row[0].len(), 1_000);
    let results = db.exec("SELECT 1 AS a, 2 AS a, 3 AS A").await;
    let names: Vec<_> = results[0].columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "a", "A"], "names are told as they are, repeated ones too");
    assert_eq!(text(&cells_of(results[0].rows.clone())), "1|2|3");
}

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Null),
        any::<i64>().prop_map(Cell::Integer),
        (-300_i64..300).prop_map(Cell::Integer),
        any::<f64>().prop_filter("NaN is NULL", |real| !real.is_nan()).prop_map(Cell::Real),
        ".{0,40}".prop_map(Cell::Text),
        vec(any::<u8>(), 0..60).prop_map(Cell::Blob),
    ]
}

/// Whatever is written is read as plain SQLite has it, by every way.
#[test]
fn any_rows_are_read_as_plain_sqlite_has_them() {
    let seed = match env::var(SEED_VARIABLE) {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => rand::random::<u64>(),
    };
    println!("replay with {SEED_VARIABLE}={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: CASES, failure_persistence: None, ..Default::default() };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (_world, db) = runtime.block_on(async {
        let world = World::shared().await;
        let db = world.database("alice").await;
        (world, db)
    });
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, plain, i INTEGER, r REAL, s TEXT, n NUMERIC, b BLOB)";
    let insert = "INSERT INTO t (plain, i, r, s, n, b) VALUES (?, ?, ?, ?, ?, ?)";
    let select = "SELECT *, typeof(plain), typeof(i), typeof(r), typeof(s), typeof(n), typeof(b) FROM t ORDER BY id";
    let rows_of_cells = vec(vec(any_cell(), 6), 0..30);
    let outcome = runner.run(&rows_of_cells, |rows| {
        let plain = Connection::open_in_memory().expect("SQLite opens");
        plain.execute_batch(table).expect("a table");
        for row in &rows {
            plain.execute(insert, rusqlite::params_from_iter(row)).expect("a row");
        }
        let expected = plain_rows(&plain, select, &[]);
        let read = runtime.block_on(async {
            db.exec(format!("DROP TABLE IF EXISTS t; {table}")).await;
            let steps = rows.iter().map(|row| v1::BatchStep {
                statement: Some(sql(insert, row.clone()).0),
                condition: None,
            });
            if !rows.is_empty() {
                db.batch(v1::TransactionMode::Immediate, steps.collect())
                    .await
                    .expect("they are written");
            }
            agreed(&db, select).await
        });
        if read == expected {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!(
                "read:\n{}\nexpected:\n{}",
                text(&read),
                text(&expected)
            )))
        }
    });
    if let Err(error) = outcome {
        panic!("{SEED_VARIABLE}={seed}: {error}");
    }
}
