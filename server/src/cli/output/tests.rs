//! What values look like in each mode.

use tenantry_client::v1::value::Kind;
use tenantry_client::v1::{Column, Database, DatabaseKind, Value};

use super::*;

fn int(integer: i64) -> Value {
    Value { kind: Some(Kind::Integer(integer)) }
}

fn real(real: f64) -> Value {
    Value { kind: Some(Kind::Real(real)) }
}

fn text(text: &str) -> Value {
    Value { kind: Some(Kind::Text(text.to_owned())) }
}

fn blob(bytes: &'static [u8]) -> Value {
    Value { kind: Some(Kind::Blob(bytes.into())) }
}

const NULL: Value = Value { kind: None };

fn print(mode: Mode, columns: &[&str], rows: &[Vec<Value>]) -> String {
    let columns: Vec<_> =
        columns.iter().map(|&name| Column { name: name.to_owned(), ..Column::default() }).collect();
    let mut out = Vec::new();
    let mut writer = RowWriter::begin(&mut out, mode, &columns).expect("memory takes all");
    for row in rows {
        writer.row(&mut out, row).expect("memory takes all");
    }
    assert_eq!(writer.end(&mut out).expect("memory takes all"), rows.len() as u64);
    String::from_utf8(out).expect("it is text")
}

fn check(mode: Mode, columns: &[&str], rows: &[Vec<Value>], expected: &str) {
    assert_eq!(print(mode, columns, rows), expected);
}

#[test]
fn tables_align_by_what_the_eye_sees() {
    check(
        Mode::Table,
        &["id", "name"],
        &[
            vec![int(1), text("日本")],
            vec![int(-20), text("e\u{301}té")],
            vec![NULL, text("👩\u{200d}👩\u{200d}👧 x")],
        ],
        concat!(
            " id   | name\n",
            "------+------\n",
            "    1 | 日本\n",
            "  -20 | e\u{301}té\n",
            " NULL | 👩\u{200d}👩\u{200d}👧 x\n",
        ),
    );
}

#[test]
fn a_table_without_rows_has_a_header() {
    check(Mode::Table, &["a", "b"], &[], " a | b\n---+---\n");
    check(Mode::Json, &["a", "b"], &[], "[]\n");
    check(Mode::Csv, &["a", "b"], &[], "a,b\n");
}

#[test]
fn null_and_blobs_differ_from_texts_that_look_like_them() {
    let cell = |value: Value| print(Mode::List, &["c"], &[vec![value]]).replacen("c\n", "", 1);
    assert_eq!(cell(NULL), "NULL\n");
    assert_eq!(cell(text("NULL")), "'NULL'\n");
    assert_eq!(cell(blob(b"\x00\xff")), "x'00ff'\n");
    assert_eq!(cell(text("x'00ff'")), "'x''00ff'''\n");
    assert_eq!(cell(text("'NULL'")), "'''NULL'''\n");
    assert_eq!(cell(blob(b"")), "x''\n");
    assert_eq!(cell(text("")), "\n");
    assert_eq!(cell(text("null")), "null\n");
}

#[test]
fn numbers_are_exact() {
    let row = [i64::MIN, i64::MAX].map(int).into_iter().chain([0.1, -0.0, 1e300, 3.0].map(real));
    check(
        Mode::Csv,
        &["a", "b", "c", "d", "e", "f"],
        &[row.clone().collect()],
        "a,b,c,d,e,f\n-9223372036854775808,9223372036854775807,0.1,-0.0,1e300,3.0\n",
    );
    let json = print(Mode::Json, &["a", "b", "c", "d", "e", "f"], &[row.collect()]);
    let rows: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(rows[0]["a"].as_i64(), Some(i64::MIN));
    assert_eq!(rows[0]["b"].as_i64(), Some(i64::MAX));
    assert_eq!(rows[0]["d"].as_f64().map(f64::is_sign_negative), Some(true));
    assert!(rows[0]["f"].is_f64());
}

#[test]
fn json_says_what_json_cannot_hold() {
    check(
        Mode::Json,
        &["n", "b", "i", "j"],
        &[vec![NULL, blob(b"\x00\x01"), real(f64::INFINITY), real(f64::NEG_INFINITY)]],
        "[{\"n\":null,\"b\":{\"base64\":\"AAE=\"},\"i\":\"Infinity\",\"j\":\"-Infinity\"}]\n",
    );
}

#[test]
fn json_keeps_columns_of_one_name_apart() {
    check(
        Mode::Json,
        &["a", "a", "a_2", "a"],
        &[vec![int(1), int(2), int(3), int(4)], vec![int(5), int(6), int(7), int(8)]],
        "[{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4},\n{\"a\":5,\"a_3\":6,\"a_2\":7,\"a_4\":8}]\n",
    );
}

#[test]
fn markdown_takes_nothing_as_its_own() {
    check(
        Mode::Markdown,
        &["a|b", "n"],
        &[vec![text("x|y\nz"), int(1)], vec![text("<b> `*_[l](u)\\"), NULL]],
        concat!(
            "| a\\|b | n |\n",
            "| --- | --- |\n",
            "| x\\|y\\\\nz | 1 |\n",
            "| \\<b> \\`\\*\\_\\[l\\](u)\\\\ | NULL |\n",
        ),
    );
}

#[test]
fn every_mode_is_listed_by_its_name() {
    use clap::ValueEnum as _;
    let names: Vec<_> =
        Mode::value_variants().iter().filter_map(|mode| mode.to_possible_value()).collect();
    let names: Vec<_> = names.iter().map(|name| name.get_name()).collect();
    assert_eq!(names, Mode::NAMES);
}

const HOSTILE: &str = "a\u{1b}[2J\u{9b}1m\r\n\0\u{7f}\u{202e}b\u{2028}";

#[test]
fn no_text_can_drive_the_terminal() {
    let shown = "a\\u{1b}[2J\\u{9b}1m\\r\\n\\u{0}\\u{7f}\\u{202e}b\\u{2028}";
    for mode in [Mode::Table, Mode::List, Mode::Line] {
        let printed = print(mode, &[HOSTILE], &[vec![text(HOSTILE)]]);
        assert_eq!(printed.matches(shown).count(), 2, "{printed}");
        assert!(!printed.chars().any(|c| c != '\n' && text::is_hostile(c)), "{printed:?}");
    }
    // Markdown escapes its own characters besides.
    let printed = print(Mode::Markdown, &[HOSTILE], &[vec![text(HOSTILE)]]);
    assert!(!printed.chars().any(|c| c != '\n' && text::is_hostile(c)), "{printed:?}");
    assert_eq!(plain("CREATE\n\tTABLE\u{1b}"), "CREATE\n\tTABLE\\u{1b}");
}

#[test]
fn json_escapes_hostile_characters_and_means_the_same() {
    let printed = print(Mode::Json, &["c"], &[vec![text(HOSTILE)]]);
    assert!(!printed.trim_end().chars().any(text::is_hostile), "{printed:?}");
    let rows: serde_json::Value = serde_json::from_str(&printed).expect("it is JSON");
    assert_eq!(rows[0]["c"], HOSTILE);
}

#[test]
fn csv_quotes_what_needs_it() {
    check(
        Mode::Csv,
        &["a,b", "c", "d", "e"],
        &[vec![text("say \"hi\"\nthere"), NULL, text(""), text(" x ")]],
        "\"a,b\",c,d,e\n\"say \"\"hi\"\"\nthere\",,\"\", x \n",
    );
}

#[test]
fn line_mode_has_a_line_for_each_value() {
    check(
        Mode::Line,
        &["id", "name"],
        &[vec![int(1), text("a")], vec![int(2), NULL]],
        "  id = 1\nname = a\n\n  id = 2\nname = NULL\n",
    );
}

#[test]
fn a_long_result_is_laid_out_in_parts_that_fit_together() {
    let rows: Vec<_> = (0..2_500).map(|n| vec![int(n), text("wide enough")]).collect();
    let printed = print(Mode::Table, &["n", "t"], &rows);
    assert_eq!(printed.lines().count(), rows.len() + 2);
    let bars: Vec<_> = printed.lines().skip(2).map(|line| line.find('|')).collect();
    assert_eq!(bars[0], bars[999]);
    assert!(bars.windows(2).all(|pair| pair[0] <= pair[1]), "columns never become narrower");
}

#[test]
fn very_wide_cells_are_cut_and_say_so() {
    let long = "日".repeat(40_000);
    let rows = [vec![text(&long), text(&long), text("end")]];
    let printed = print(Mode::Table, &["a", "b", "c"], &rows);
    assert_eq!(printed.lines().count(), 3);
    assert_eq!(printed.matches("(23616 more characters: JSON and CSV show all)").count(), 2);
    assert!(print(Mode::Csv, &["a", "b", "c"], &rows).contains(&long));
}

#[test]
fn a_resource_shows_the_same_fields_everywhere() {
    let database = Database {
        name: "alice".into(),
        group: "shop".into(),
        kind: DatabaseKind::Child.into(),
        labels: [("plan".to_owned(), "pro".to_owned())].into(),
        size_bytes: u64::MAX,
        ..Database::default()
    };
    let fields = super::database(&database);
    let json: serde_json::Value =
        serde_json::from_str(&json::object(fields.clone())).expect("it is JSON");
    assert_eq!(json["kind"], "CHILD");
    assert_eq!(json["labels"]["plan"], "pro");
    assert_eq!(json["size_bytes"].as_u64(), Some(u64::MAX));
    assert_eq!(json["delete_time"], serde_json::Value::Null);

    let list = |format| {
        let mut out = Vec::new();
        let mut listing = Listing::new(&mut out, format, &["name", "kind", "labels", "schema"]);
        listing.add(fields.clone()).expect("memory takes all");
        listing.finish().expect("memory takes all");
        String::from_utf8(out).expect("it is text")
    };
    assert_eq!(
        list(Format::Table),
        " name  | kind  | labels   | schema\n-------+-------+----------+--------\n \
         alice | CHILD | plan=pro | -\n"
    );
    assert!(list(Format::Json).starts_with("[{\"name\":\"alice\""));
}
