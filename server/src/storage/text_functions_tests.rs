use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

const CALLS: [(&str, usize); 8] = [
    ("instr", 2),
    ("replace", 3),
    ("ltrim", 1),
    ("ltrim", 2),
    ("rtrim", 1),
    ("rtrim", 2),
    ("trim", 1),
    ("trim", 2),
];
/// The shortest limit that SQLite takes.
const SHORT_BYTES_MAX: i32 = 30;

/// A value, and whether it is cast to text: so SQLite makes text that is not UTF-8.
type Argument = (Value, bool);

fn open(encoding: &str, length_max: Option<i32>) -> Connection {
    crate::storage::heap::install();
    let db = Connection::open_in_memory().expect("opens");
    db.execute_batch(&format!("PRAGMA encoding = '{encoding}'; CREATE TABLE t (a)"))
        .expect("an encoding");
    if let Some(bytes) = length_max {
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes).expect("a limit");
    }
    db
}

/// The type and the bytes of what a function answers, or its error.
fn ask(db: &Connection, name: &str, arguments: &[Argument]) -> Result<(String, Value), String> {
    let list: Vec<_> = (arguments.iter().enumerate())
        .map(
            |(i, (_, text))| {
                if *text { format!("CAST(?{} AS TEXT)", i + 1) } else { format!("?{}", i + 1) }
            },
        )
        .collect();
    let sql = format!(
        "SELECT typeof(r), CAST(r AS BLOB) FROM (SELECT {name}({}) AS r LIMIT 1)",
        list.join(", ")
    );
    let values: Vec<_> = arguments.iter().map(|(value, _)| value as &dyn ToSql).collect();
    db.prepare_cached(&sql)
        .and_then(|mut ask| {
            ask.query_row(&values[..], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
        })
        .map_err(|error| error.to_string())
}

fn argument() -> impl Strategy<Value = Argument> {
    let alphabet = b"ab \0\xc3\xc3\xa9\x80\x80\xe2\xff";
    let bytes = |most| {
        proptest::collection::vec(proptest::sample::select(&alphabet[..]), 0..most)
            .prop_map(Value::Blob)
    };
    let text =
        proptest::collection::vec(proptest::sample::select(&["a", "b", " ", "é", "😀"]), 0..8)
            .prop_map(|parts| Value::Text(parts.concat()));
    prop_oneof![
        8 => (bytes(28), Just(true)),
        6 => (bytes(4), Just(true)),
        3 => (bytes(6), Just(false)),
        3 => (text, Just(false)),
        1 => (Just(Value::Null), Just(false)),
        1 => ((0..200i64).prop_map(Value::Integer), any::<bool>()),
        1 => (prop_oneof![Just(1e300), Just(0.5), Just(-1.25)].prop_map(Value::Real), any::<bool>()),
    ]
}

#[test]
fn text_functions_answer_as_the_builtins_do() {
    for (encoding, length_max) in
        [("UTF-8", None), ("UTF-8", Some(SHORT_BYTES_MAX)), ("UTF-16le", None)]
    {
        let (builtin, ours) = (open(encoding, length_max), open(encoding, length_max));
        super::install(&ours).expect("installs");
        let config = Config { cases: 3_000, failure_persistence: None, ..Config::default() };
        let arguments = proptest::collection::vec(argument(), 3);
        TestRunner::new(config)
            .run(&arguments, |arguments| {
                for (name, count) in CALLS {
                    let arguments = &arguments[..count];
                    prop_assert_eq!(
                        ask(&ours, name, arguments),
                        ask(&builtin, name, arguments),
                        "{} in {} of {:?}",
                        name,
                        encoding,
                        arguments
                    );
                }
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn text_functions_keep_to_the_limit_on_length() {
    let (builtin, ours) = (open("UTF-8", Some(100)), open("UTF-8", Some(100)));
    super::install(&ours).expect("installs");
    let text = |text: String| (Value::Text(text), false);
    for n in 1..=100 {
        let arguments = [text("a".repeat(n)), text("a".into()), text("bc".into())];
        let answer = ask(&ours, "replace", &arguments);
        assert_eq!(answer, ask(&builtin, "replace", &arguments), "of {n}");
        assert_eq!(answer.is_ok(), n <= 50, "of {n}: {answer:?}");
        let arguments = [text("a".repeat(n)), text("é".repeat(n / 2))];
        let answer = ask(&ours, "trim", &arguments);
        assert_eq!(answer, ask(&builtin, "trim", &arguments), "of {n}");
    }
}

#[test]
fn text_functions_serve_where_only_innocent_ones_may() {
    let db = open("UTF-8", None);
    super::install(&db).expect("installs");
    db.execute_batch(
        "PRAGMA trusted_schema = OFF;
        CREATE TABLE u (a TEXT CHECK (instr(a, 'x') > 0), b AS (replace(a, 'x', 'y')));
        CREATE INDEX ua ON u (trim(a));
        INSERT INTO u VALUES (' x ');",
    )
    .expect("a schema and a row");
    let row = db.query_row("SELECT b FROM u WHERE trim(a) = 'x'", [], |row| row.get(0));
    assert_eq!(row, Ok(" y ".to_owned()));
}

fn time(db: &Connection, name: &str, arguments: &[Argument]) -> Duration {
    let begin = Instant::now();
    ask(db, name, arguments).expect("answers");
    begin.elapsed()
}

#[test]
fn text_functions_take_linear_time() {
    let db = open("UTF-8", None);
    super::install(&db).expect("installs");
    let text = |parts: &[(&[u8], usize)]| {
        let parts: Vec<_> = parts.iter().map(|(part, times)| part.repeat(*times)).collect();
        (Value::Blob(parts.concat()), true)
    };
    let hostile = |n: usize| {
        let (many, almost) = (text(&[(b"a", n)]), text(&[(b"a", n / 2), (b"b", 1)]));
        let late = text(&[(b"b", n / 64), (b"\xc3\xa9", n / 64), (b"a", 1)]);
        let run = text(&[(b"\xf0", 1), (b"\x80", n)]);
        let run_or_byte = text(&[(b" \x80\xf0", 1), (b"\x80", n / 2)]);
        [
            ("instr", vec![many.clone(), almost.clone()]),
            ("replace", vec![many.clone(), almost, many.clone()]),
            ("trim", vec![many.clone(), late.clone()]),
            ("rtrim", vec![many, late]),
            ("ltrim", vec![run.clone(), run_or_byte.clone()]),
            ("rtrim", vec![run, run_or_byte]),
        ]
    };
    const TIMES: usize = 8;
    const BYTES: usize = 4 * 1024 * 1024;
    for ((name, small), (_, large)) in hostile(BYTES / TIMES).into_iter().zip(hostile(BYTES)) {
        let (small, large) = (time(&db, name, &small), time(&db, name, &large));
        // Slack for a busy machine; a product of lengths would grow 64-fold.
        assert!(large < small * 4 * TIMES as u32, "{name}: {small:?}, then {large:?}");
    }
}
