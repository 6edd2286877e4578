//! A media shop to split into databases: the Chinook sample where it is at
//! hand, and otherwise one of the same tables, made up from a seed.

use std::env;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rusqlite::{Connection, OpenFlags};

use super::cells::Cell;

/// The sample, from a directory above this package.
const SAMPLE: &str = "shared/data/chinook.db";
/// Replays a made-up shop.
const SEED_VARIABLE: &str = "TENANTRY_SEED";

/// The tables of the made-up shop, as the sample declares them.
const SCHEMA: &str = "
    CREATE TABLE Artist (ArtistId INTEGER PRIMARY KEY, Name NVARCHAR(120));
    CREATE TABLE Album (AlbumId INTEGER PRIMARY KEY, Title NVARCHAR(160) NOT NULL,
        ArtistId INTEGER NOT NULL REFERENCES Artist);
    CREATE TABLE Genre (GenreId INTEGER PRIMARY KEY, Name NVARCHAR(120));
    CREATE TABLE MediaType (MediaTypeId INTEGER PRIMARY KEY, Name NVARCHAR(120));
    CREATE TABLE Track (TrackId INTEGER PRIMARY KEY, Name NVARCHAR(200) NOT NULL,
        AlbumId INTEGER REFERENCES Album, MediaTypeId INTEGER NOT NULL REFERENCES MediaType,
        GenreId INTEGER REFERENCES Genre, Composer NVARCHAR(220), Milliseconds INTEGER NOT NULL,
        Bytes INTEGER, UnitPrice NUMERIC(10,2) NOT NULL);
    CREATE TABLE Playlist (PlaylistId INTEGER PRIMARY KEY, Name NVARCHAR(120));
    CREATE TABLE PlaylistTrack (PlaylistId INTEGER NOT NULL REFERENCES Playlist,
        TrackId INTEGER NOT NULL REFERENCES Track, PRIMARY KEY (PlaylistId, TrackId));
    CREATE TABLE Customer (CustomerId INTEGER PRIMARY KEY, FirstName NVARCHAR(40) NOT NULL);
    CREATE TABLE Invoice (InvoiceId INTEGER PRIMARY KEY, CustomerId INTEGER NOT NULL REFERENCES Customer,
        InvoiceDate DATETIME NOT NULL, BillingCountry NVARCHAR(40), Total NUMERIC(10,2) NOT NULL);
    CREATE TABLE InvoiceLine (InvoiceLineId INTEGER PRIMARY KEY,
        InvoiceId INTEGER NOT NULL REFERENCES Invoice, TrackId INTEGER NOT NULL REFERENCES Track,
        UnitPrice NUMERIC(10,2) NOT NULL, Quantity INTEGER NOT NULL);";

/// How large the made-up shop is.
const CUSTOMERS: i64 = 20;
const INVOICES_PER_CUSTOMER: i64 = 6;
const TRACKS: i64 = 400;

/// The shop, in plain SQLite.
pub(crate) struct Shop {
    pub(crate) db: Connection,
    /// Whether it is the well-known sample.
    pub(crate) is_sample: bool,
}

impl Shop {
    /// Opens the sample, or makes a shop up.
    pub(crate) fn open() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        match here.ancestors().map(|dir| dir.join(SAMPLE)).find(|path| path.is_file()) {
            Some(path) => Self { db: read_only(&path), is_sample: true },
            None => Self { db: made_up(), is_sample: false },
        }
    }

    /// All rows of a query.
    pub(crate) fn rows(&self, sql: &str, args: &[Cell]) -> Vec<Vec<Cell>> {
        rows(&self.db, sql, args)
    }
}

/// All rows of a query in plain SQLite.
pub(crate) fn rows(db: &Connection, sql: &str, args: &[Cell]) -> Vec<Vec<Cell>> {
    let mut statement = db.prepare(sql).expect("it compiles");
    let columns = statement.column_count();
    let mut found = statement.query(rusqlite::params_from_iter(args)).expect("it runs");
    let mut rows = Vec::new();
    while let Some(row) = found.next().expect("it runs") {
        rows.push((0..columns).map(|i| row.get_ref(i).expect("a cell").into()).collect());
    }
    rows
}

/// Nothing is written beside the file either: it may lie in a read-only place.
fn read_only(path: &Path) -> Connection {
    let uri = format!("file:{}?immutable=1", path.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags).expect("the sample opens")
}

fn made_up() -> Connection {
    let seed = match env::var(SEED_VARIABLE) {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => rand::random(),
    };
    println!("the shop is made up from {SEED_VARIABLE}={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut db = Connection::open_in_memory().expect("SQLite opens");
    db.execute_batch(SCHEMA).expect("the schema is valid");
    let tx = db.transaction().expect("a transaction");
    let insert = |table: &str, cells: &[Cell]| {
        let marks = vec!["?"; cells.len()].join(",");
        let sql = format!("INSERT INTO {table} VALUES ({marks})");
        tx.prepare_cached(&sql)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(cells)))
            .expect("a row is inserted");
    };
    for id in 1..=10 {
        insert("Artist", &[id.into(), format!("Björk {id}").into()]);
        insert("Genre", &[id.into(), format!("genre {id}").into()]);
        insert("MediaType", &[id.into(), format!("type {id}").into()]);
        insert("Playlist", &[id.into(), format!("playlist {id}").into()]);
    }
    for id in 1..=40 {
        insert(
            "Album",
            &[id.into(), format!("album {id}").into(), random.random_range(1..=10).into()],
        );
    }
    let price = |random: &mut StdRng| Cell::Real([0.99, 1.99, 1.0][random.random_range(0..3)]);
    for id in 1..=TRACKS {
        // As in the sample, some tracks have no album, genre or composer.
        let maybe = |random: &mut StdRng, to: i64| match random.random_range(0..=to) {
            0 => Cell::Null,
            id => id.into(),
        };
        let (album, genre) = (maybe(&mut random, 40), maybe(&mut random, 10));
        insert(
            "Track",
            &[
                id.into(),
                format!("track '{id}'").into(),
                album,
                random.random_range(1..=10).into(),
                genre,
                Cell::Null,
                random.random_range(1_000..1_000_000).into(),
                random.random_range(1_000_000..i64::MAX).into(),
                price(&mut random),
            ],
        );
        for playlist in 1..=10 {
            if random.random_ratio(1, 3) {
                insert("PlaylistTrack", &[playlist.into(), id.into()]);
            }
        }
    }
    let (mut invoice, mut line) = (0, 0);
    for customer in 1..=CUSTOMERS {
        insert("Customer", &[customer.into(), format!("customer {customer}").into()]);
        for _ in 0..INVOICES_PER_CUSTOMER {
            invoice += 1;
            insert(
                "Invoice",
                &[
                    invoice.into(),
                    customer.into(),
                    "2025-01-31 00:00:00".into(),
                    "Norge".into(),
                    price(&mut random),
                ],
            );
            for _ in 0..random.random_range(1..10) {
                line += 1;
                let track = random.random_range(1..=TRACKS);
                insert(
                    "InvoiceLine",
                    &[line.into(), invoice.into(), track.into(), price(&mut random), 1.into()],
                );
            }
        }
    }
    tx.commit().expect("it commits");
    db
}
