//! A whole shop, split through the public API: one database for the catalogue
//! and one for each customer, whose queries join the two. What the server
//! answers must equal what plain SQLite says of the shop in one piece.

use std::sync::Arc;

use futures_util::future::try_join_all;
use tenantry_client::v1::{Access, Database, Encoding};

use crate::support::cells::cells_of;
use crate::support::shop_data::Shop;
use crate::support::{Cell, Db, Status, World, sql};

/// What the catalogue holds.
const CATALOGUE: [&str; 7] =
    ["Artist", "Album", "Genre", "MediaType", "Track", "Playlist", "PlaylistTrack"];
/// What a customer's database holds: no foreign key can lead out of it.
const CUSTOMER: &str = "
    CREATE TABLE Invoice (InvoiceId INTEGER PRIMARY KEY, CustomerId INTEGER NOT NULL,
        InvoiceDate DATETIME NOT NULL, BillingCountry NVARCHAR(40), Total NUMERIC(10,2) NOT NULL);
    CREATE TABLE InvoiceLine (InvoiceLineId INTEGER PRIMARY KEY,
        InvoiceId INTEGER NOT NULL REFERENCES Invoice, TrackId INTEGER NOT NULL,
        UnitPrice NUMERIC(10,2) NOT NULL, Quantity INTEGER NOT NULL);";
/// What a customer asks. In one piece, `{catalogue}` is nothing.
const LINES: &str = "
    SELECT line.InvoiceLineId, invoice.InvoiceDate, invoice.BillingCountry, artist.Name AS artist,
           album.Title, track.Name AS track, track.Composer, track.Milliseconds, track.Bytes,
           genre.Name AS genre, type.Name AS type, line.UnitPrice, line.Quantity,
           line.UnitPrice * line.Quantity AS price,
           (SELECT group_concat(Name, '; ') FROM (SELECT Name FROM {catalogue}Playlist
               JOIN {catalogue}PlaylistTrack USING (PlaylistId)
               WHERE TrackId = track.TrackId ORDER BY PlaylistId)) AS playlists
    FROM InvoiceLine AS line
    JOIN Invoice AS invoice USING (InvoiceId)
    JOIN {catalogue}Track AS track USING (TrackId)
    LEFT JOIN {catalogue}Album AS album USING (AlbumId)
    LEFT JOIN {catalogue}Artist AS artist USING (ArtistId)
    LEFT JOIN {catalogue}Genre AS genre USING (GenreId)
    JOIN {catalogue}MediaType AS type USING (MediaTypeId)
    WHERE invoice.CustomerId = ?
    ORDER BY line.InvoiceLineId";
/// Rows of one INSERT.
const ROWS_PER_INSERT: usize = 250;

/// One customer, with a database and a token of their own.
struct Customer {
    id: Cell,
    db: Db,
    /// What plain SQLite says.
    expected: Vec<Vec<Cell>>,
}

/// Copies a table through the public API.
async fn copy(shop: &Shop, to: &Db, table: &str, select: &str, args: &[Cell]) {
    for rows in shop.rows(select, args).chunks(ROWS_PER_INSERT) {
        let row = format!("({})", vec!["?"; rows[0].len()].join(","));
        let insert = format!("INSERT INTO {table} VALUES {}", vec![row; rows.len()].join(","));
        to.exec(sql(insert, rows.concat())).await;
    }
}

/// Splits the shop.
async fn split(shop: &Shop, world: &World) -> Vec<Customer> {
    let catalogue = world.attachable("catalogue").await;
    for table in CATALOGUE {
        for ddl in shop.rows(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC",
            &[table.into()],
        ) {
            catalogue.exec(ddl[0].to_string()).await;
        }
        copy(shop, &catalogue, table, &format!("SELECT * FROM {table}"), &[]).await;
    }
    let in_one_piece = LINES.replace("{catalogue}", "");
    let mut customers = Vec::new();
    for id in shop.rows("SELECT CustomerId FROM Customer ORDER BY CustomerId", &[]) {
        let db = world.database(&format!("customer-{}", id[0])).await;
        db.exec(CUSTOMER).await;
        copy(
            shop,
            &db,
            "Invoice",
            "SELECT InvoiceId, CustomerId, InvoiceDate, BillingCountry, Total FROM Invoice
             WHERE CustomerId = ?",
            &id,
        )
        .await;
        copy(
            shop,
            &db,
            "InvoiceLine",
            "SELECT InvoiceLineId, InvoiceId, TrackId, UnitPrice, Quantity FROM InvoiceLine
             JOIN Invoice USING (InvoiceId) WHERE CustomerId = ?",
            &id,
        )
        .await;
        let token = world.token(&db, Access::ReadOnly, &[&catalogue]).await;
        let expected = shop.rows(&in_one_piece, &id);
        customers.push(Customer { id: id[0].clone(), db: db.with_token(&token), expected });
    }
    customers
}

/// The ways of asking: attached by the request or by SQL, in one answer or as a
/// stream of rows or columns.
#[derive(Clone, Copy, Debug)]
enum Way {
    RequestUnary,
    SqlUnary,
    RequestStream(Encoding),
    SqlStream(Encoding),
}

const WAYS: [Way; 6] = [
    Way::RequestUnary,
    Way::SqlUnary,
    Way::RequestStream(Encoding::Rows),
    Way::SqlStream(Encoding::Rows),
    Way::RequestStream(Encoding::Columns),
    Way::SqlStream(Encoding::Columns),
];

impl Customer {
    async fn ask(&self, way: Way) -> Result<Vec<Vec<Cell>>, Status> {
        let lines = LINES.replace("{catalogue}", "catalogue.");
        let by_sql = format!("ATTACH \"catalogue\" AS catalogue; {lines}");
        let attached = self.db.attach("catalogue", "catalogue");
        let args = vec![self.id.clone()];
        match way {
            Way::RequestUnary => Ok(last(attached.try_exec(sql(lines, args)).await?)),
            Way::SqlUnary => Ok(last(self.db.try_exec(sql(by_sql, args)).await?)),
            Way::RequestStream(encoding) => attached.streamed(sql(lines, args), encoding).await,
            Way::SqlStream(encoding) => self.db.streamed(sql(by_sql, args), encoding).await,
        }
    }
}

fn last(mut results: Vec<tenantry_client::v1::ResultSet>) -> Vec<Vec<Cell>> {
    cells_of(results.pop().expect("the SELECT answers").rows)
}

#[tokio::test]
async fn every_customer_of_the_shop_gets_the_answers_of_plain_sqlite() {
    let shop = Shop::open();
    let world = World::shared().await;
    let customers = Arc::new(split(&shop, &world).await);
    let lines: usize = customers.iter().map(|customer| customer.expected.len()).sum();
    if shop.is_sample {
        assert_eq!((customers.len(), lines), (59, 2_240));
    }
    for way in WAYS {
        let customer = &customers[0];
        let answer = customer.ask(way).await.unwrap_or_else(|status| panic!("{way:?}: {status:?}"));
        assert_eq!(answer, customer.expected, "{way:?}");
    }
    // All of them at once, each on a connection of their own.
    let all = (0..customers.len()).map(|index| {
        let customers = customers.clone();
        tokio::spawn(async move {
            let Customer { id, db, expected } = &customers[index];
            let apart = Customer { id: id.clone(), db: db.apart(), expected: expected.clone() };
            for step in 0..WAYS.len() {
                let way = WAYS[(index + step) % WAYS.len()];
                let answer = apart.ask(way).await;
                let answer = answer.unwrap_or_else(|status| panic!("{way:?}: {status:?}"));
                assert_eq!(answer, *expected, "customer {id}, {way:?}");
            }
            expected.len()
        })
    });
    let answered = try_join_all(all).await.expect("every customer is served");
    assert_eq!(answered.iter().sum::<usize>(), lines);
}

#[tokio::test]
async fn the_founding_example_works_word_for_word() {
    let world = World::shared().await;
    let shop = world.database("shop").await;
    shop.exec(
        "CREATE TABLE promotions (category TEXT, discount REAL);
         INSERT INTO promotions VALUES ('books', 0.1), ('music', 0.25), ('games', 0.5)",
    )
    .await;
    let users = world
        .create(Database { name: "users".into(), allow_attach: true, ..Default::default() })
        .await;
    users
        .exec(
            "CREATE TABLE user_preferences (user_id TEXT, interested_category TEXT);
             INSERT INTO user_preferences VALUES ('alice', 'music'), ('bob', 'books')",
        )
        .await;
    let token = world.token(&shop, Access::ReadOnly, &[&users]).await;
    let founding = r#"
        ATTACH "<database-id>" AS userdb;
        SELECT category, discount FROM promotions
        JOIN userdb.user_preferences AS up ON category = up.interested_category
        WHERE up.user_id = 'alice';
    "#;
    let found = shop.with_token(&token).text(founding.replace("<database-id>", users.id())).await;
    assert_eq!(found, "music|0.25");
    let by_name = shop.with_token(&token).text(founding.replace("<database-id>", "users")).await;
    assert_eq!(by_name, "music|0.25");
}
