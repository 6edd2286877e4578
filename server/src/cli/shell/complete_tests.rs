//! What Tab offers where. `|` is the cursor.

use super::*;

fn names() -> Names {
    let table = |schema: &str, name: &str, columns: &[&str]| Table {
        schema: schema.to_owned(),
        name: name.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    Names {
        tables: vec![
            table("main", "orders", &["id", "sku", "order"]),
            table("main", "people", &["id", "name", "first name"]),
            table("main", "odd table", &["x"]),
            table("main", "bad\u{1b}[2J", &["bad\u{1b}column"]),
            table("catalogue", "products", &["sku", "price"]),
        ],
        aliases: vec!["catalogue".to_owned()],
    }
}

fn check(text: &str, expected: &[&str]) {
    let position = text.find('|').expect("a cursor");
    let (start, offered) = sql(&text.replacen('|', "", 1), position, |complete| complete(&names()));
    assert_eq!(offered, expected, "{text}");
    assert!(start <= position);
}

#[test]
fn tables_stand_behind_their_keywords() {
    check("SELECT * FROM |", &["orders", "people", "\"odd table\"", "catalogue."]);
    check("SELECT * FROM o|", &["orders", "\"odd table\""]);
    check("select * from O|", &["orders", "\"odd table\""]);
    check("SELECT * FROM orders, p|", &["people"]);
    check("SELECT * FROM orders JOIN pe|", &["people"]);
    check("INSERT INTO pe|", &["people"]);
    check("UPDATE or|", &["orders"]);
    check("DROP TABLE peo|", &["people"]);
    check("SELECT * FROM \"o|", &["\"orders\"", "\"odd table\""]);
}

#[test]
fn columns_are_those_of_the_tables_that_are_mentioned() {
    check("SELECT sk| FROM orders", &["sku"]);
    check("SELECT | FROM orders", &["id", "sku", "\"order\""]);
    check("SELECT * FROM people WHERE nam|", &["name"]);
    check("SELECT * FROM people WHERE f|", &["\"first name\"", "foreign", "from"]);
    check("INSERT INTO people (|", &["id", "name", "\"first name\""]);
    check("UPDATE orders SET sk|", &["sku"]);
    check("SELECT sk|", &[]);
    check("SELECT SK| FROM orders", &["sku"]);
}

#[test]
fn keywords_are_written_as_the_word_is_begun() {
    check("SEL|", &["SELECT"]);
    check("sel|", &["select"]);
    check("SELECT * FROM orders WH|", &["WHEN", "WHERE"]);
    check("select * from orders wher|", &["where"]);
}

#[test]
fn a_qualifier_is_an_alias_a_table_or_a_database() {
    check("SELECT o.| FROM orders AS o", &["id", "sku", "\"order\""]);
    check("SELECT o.s| FROM orders o JOIN people p", &["sku"]);
    check("SELECT orders.i|", &["id"]);
    check("SELECT * FROM catalogue.|", &["products"]);
    check("SELECT * FROM catalogue.p|", &["products"]);
    check("SELECT price, p.| FROM catalogue.products p", &["sku", "price"]);
    check("SELECT nobody.|", &[]);
}

#[test]
fn nothing_is_offered_where_nothing_can_be_meant() {
    for text in ["SELECT 'o|", "SELECT 1|", "-- o|", "SELECT * FROM orders; |", "/* o|", "|"] {
        check(text, &[]);
    }
}

#[test]
fn only_the_statement_at_the_cursor_counts() {
    check("SELECT * FROM orders; SELECT na| FROM people", &["name", "natural"]);
    check("SELECT id FROM people;\nSELECT pri| FROM catalogue.products;", &["price", "primary"]);
}

#[test]
fn names_that_drive_terminals_are_never_offered() {
    check("SELECT * FROM ba|", &[]);
}
