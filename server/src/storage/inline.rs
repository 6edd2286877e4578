//! A statement with its arguments written into it.
//!
//! A migration is stored as text and run again on each database, so what a
//! caller sent with arguments is kept as one text. SQLite's own
//! `sqlite3_expanded_sql` does not do: it rounds doubles to 15 digits, and puts
//! a value right beside what stood beside its parameter, so that `5-?` becomes a
//! comment and `SELECT?` a name. It is only asked where the parameters are.

use rusqlite::Connection;

use super::conn::SQL_BYTES_MAX;
use super::schema_text::{has_word, terminated};
use super::statement::Statement;
use super::value::Value;
use crate::error::{Error, Reason, Result};

/// The text of a statement, `;` at its end, with the values of its parameters,
/// in their order, written into it. The values are bound to it again. Errors:
/// `ARGUMENT_MISMATCH` for a text that holds a NUL character,
/// `STATEMENT_TOO_LARGE`.
pub(super) fn inlined(
    db: &Connection,
    statement: &mut Statement,
    values: &[&Value],
) -> Result<String> {
    // Where arguments are is asked with arguments that cannot be missed.
    let text = expanded(statement)?;
    let mark = (0_u32..)
        .map(|number| format!("\u{1}{number}\u{1}"))
        .find(|mark| !text.contains(mark))
        .unwrap_or_default();
    for index in 1..=values.len() {
        statement.bind(db, index, &Value::Text(format!("{mark}{index}")))?;
    }
    let text = expanded(statement)?;
    for (index, value) in (1..).zip(values) {
        statement.bind(db, index, value)?;
    }
    let mark = format!("'{mark}");
    let mut pieces = text.split(&mark);
    let mut inlined = pieces.next().unwrap_or_default().to_owned();
    let places: Option<Vec<(usize, &str)>> = pieces
        .map(|piece| piece.split_once('\'').and_then(|(at, rest)| Some((at.parse().ok()?, rest))))
        .collect();
    let may_count_columns = has_word(&text, "by");
    for (index, rest) in places.ok_or_else(|| lost(&text))? {
        let value = values.get(index - 1).ok_or_else(|| lost(&text))?;
        let value = literal(value, may_count_columns)
            .map_err(|error| error.with("parameter", format!("?{index}")))?;
        if !inlined.ends_with(['(', ',', ' ', '\n']) {
            inlined.push(' ');
        }
        inlined.push_str(&value);
        if !rest.is_empty() && !rest.starts_with([')', ',', ' ', '\n', ';']) {
            inlined.push(' ');
        }
        inlined.push_str(rest);
    }
    if inlined.len() > SQL_BYTES_MAX { Err(too_large()) } else { Ok(terminated(&inlined)) }
}

fn expanded(statement: &Statement) -> Result<String> {
    statement.expanded_sql().ok_or_else(too_large)
}

fn too_large() -> Error {
    let message = format!(
        "with its arguments written into it the statement would have more than {SQL_BYTES_MAX} bytes, and may not in a migration; send less in one statement"
    );
    Error::new(Reason::StatementTooLarge, message).with("limit_bytes", SQL_BYTES_MAX)
}

fn lost(text: &str) -> Error {
    Error::internal(format!("a parameter was lost in {text}"))
}

/// What SQLite reads as exactly this value, with no affinity, as a parameter has.
fn literal(value: &Value, may_count_columns: bool) -> Result<String> {
    Ok(match value {
        // In ORDER BY and GROUP BY a number counts columns, an expression does not.
        Value::Integer(value) if may_count_columns => format!("(0|{value})"),
        Value::Integer(value) => value.to_string(),
        // As it is bound: SQLite has no NaN.
        Value::Real(value) if value.is_nan() => "NULL".to_owned(),
        Value::Real(value) if value.is_infinite() && *value > 0.0 => "9e999".to_owned(),
        Value::Real(value) if value.is_infinite() => "-9e999".to_owned(),
        // The shortest digits that lead back to it, and always a point or an exponent.
        Value::Real(value) => format!("{value:?}"),
        Value::Text(text) if text.contains('\0') => {
            return Err(Error::new(
                Reason::ArgumentMismatch,
                "text with a NUL character cannot be written into a migration; send it as a blob",
            ));
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => {
            let digits = b"0123456789abcdef";
            let hex = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let hex: String = hex.map(|digit| char::from(digits[usize::from(digit)])).collect();
            format!("x'{hex}'")
        }
        Value::Null => "NULL".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;
    use crate::storage::value::Cell;

    fn open() -> Connection {
        Connection::open_in_memory().expect("opens")
    }

    fn inline(db: &Connection, sql: &str, values: &[Value]) -> Result<String> {
        let (statement, _) = Statement::prepare(db, sql)?;
        inlined(db, &mut statement.expect("is one"), &values.iter().collect::<Vec<_>>())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn check(sql: &str, values: &[Value], expected: &str) {
        let db = open();
        db.execute_batch("CREATE TABLE t (a, b)").expect("is valid");
        assert_eq!(inline(&db, sql, values).expect(sql), expected);
    }

    #[test]
    fn arguments_stand_where_their_parameters_stood() {
        let x = text("it's");
        let values = [Value::Integer(1), Value::Integer(-2)];
        let [one, two] = &values;
        check("DELETE FROM t", &[], "DELETE FROM t;");
        check("DELETE FROM t -- x;", &[], "DELETE FROM t -- x;\n;");
        check(
            "INSERT INTO t VALUES (?, ?); SELECT",
            &[one.clone(), x.clone()],
            "INSERT INTO t VALUES (1, 'it''s');",
        );
        check(
            "SELECT ?2, :a, ?1, @b, $c, :a;",
            &[one.clone(), two.clone(), x.clone(), Value::Null, x.clone()],
            "SELECT -2, 'it''s', 1, NULL, 'it''s', 'it''s';",
        );
        check("SELECT?", &values[..1], "SELECT 1;");
        check("SELECT 5-?", &values[1..2], "SELECT 5- -2;");
        check("SELECT ?e5, ?'alias'", &[one.clone(), x.clone()], "SELECT 1 e5, 'it''s' 'alias';");
        check(
            "SELECT '?' AS \"?\", 1 AS [?], 2 `?` -- ?\n, /* ? */ ?",
            &values[..1],
            "SELECT '?' AS \"?\", 1 AS [?], 2 `?` -- ?\n, /* ? */ 1;",
        );
        check(
            "UPDATE t SET a = x'00' || ? WHERE b IN (?,?)",
            &[
                Value::Blob(Bytes::from_static(&[0, 255])),
                Value::Blob(Bytes::new()),
                Value::Real(1.0),
            ],
            "UPDATE t SET a = x'00' || x'00ff' WHERE b IN (x'',1.0);",
        );
    }

    /// A number would name a column there.
    #[test]
    fn a_number_counts_no_columns() {
        check(
            "INSERT INTO t SELECT b, a FROM t ORDER BY ?, 2",
            &[Value::Integer(1)],
            "INSERT INTO t SELECT b, a FROM t ORDER BY (0|1), 2;",
        );
        let db = open();
        let rows = |sql: &str| -> String { db.query_row(sql, [], |row| row.get(0)).expect(sql) };
        let sql =
            "SELECT group_concat(a) FROM (SELECT column1 AS a FROM (VALUES (2), (1)) ORDER BY ?)";
        assert_eq!(rows(&inline(&db, sql, &[Value::Integer(1)]).expect("is exact")), "2,1");
        assert_eq!(rows(&sql.replace('?', "1")), "1,2");
    }

    #[test]
    fn what_looks_like_a_mark_is_no_parameter() {
        check(
            "SELECT '\u{1}0\u{1}1', ?",
            &[text("\u{1}1\u{1}1")],
            "SELECT '\u{1}0\u{1}1', '\u{1}1\u{1}1';",
        );
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let db = open();
        let error = inline(&db, "SELECT 1, ?", &[text("a\0b")]).expect_err("holds a NUL");
        assert_eq!(error.reason(), Reason::ArgumentMismatch);
        let error = inline(&db, "SELECT ?", &[Value::Blob(vec![0; SQL_BYTES_MAX / 2].into())]);
        assert_eq!(error.expect_err("is too long").reason(), Reason::StatementTooLarge);
    }

    #[test]
    fn the_statement_keeps_its_arguments() {
        let db = open();
        let (statement, _) = Statement::prepare(&db, "SELECT ?2").expect("is valid");
        let mut statement = statement.expect("is one");
        let values = [Value::Integer(1), text("kept")];
        inlined(&db, &mut statement, &values.iter().collect::<Vec<_>>()).expect("is exact");
        assert!(statement.step(&db).expect("steps"));
        assert_eq!(statement.row().cells().next(), Some(Cell::Text("kept")));
    }

    fn value() -> impl Strategy<Value = Value> {
        let real = prop_oneof![
            4 => any::<u64>().prop_map(f64::from_bits),
            2 => (any::<i64>(), -330..310i32).prop_map(|(digits, power)| digits as f64 * 10f64.powi(power)),
            1 => any::<i64>().prop_map(|value| value as f64),
            1 => any::<f32>().prop_map(f64::from),
            1 => prop::sample::select(&[0.0, -0.0, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY,
                f64::NEG_INFINITY, 9007199254740993.0, 0.1 + 0.2, 1e23, 5e-324][..]),
        ];
        prop_oneof![
            1 => Just(Value::Null),
            3 => any::<i64>().prop_map(Value::Integer),
            1 => prop::sample::select(&[i64::MIN, i64::MAX, 0, -1][..]).prop_map(Value::Integer),
            8 => real.prop_map(Value::Real),
            3 => "[^\0]*".prop_map(Value::Text),
            1 => "['\"\n;?:\u{feff}-]*".prop_map(Value::Text),
            2 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Value::Blob(bytes.into())),
        ]
    }

    /// What SQLite makes of a value, to the last bit.
    fn seen(db: &Connection, sql: &str, value: Option<&Value>) -> String {
        let (statement, _) = Statement::prepare(db, sql).expect(sql);
        let mut statement = statement.expect("is one");
        if let Some(value) = value {
            statement.bind(db, 1, value).expect("binds");
        }
        assert!(statement.step(db).expect(sql));
        let row = statement.row();
        row.cells()
            .map(|cell| match cell {
                Cell::Real(value) => format!("{:x};", value.to_bits()),
                other => format!("{other:?};"),
            })
            .collect()
    }

    #[test]
    fn values_are_written_exactly() {
        let db = open();
        let config = Config { cases: 4_000, failure_persistence: None, ..Config::default() };
        TestRunner::new(config)
            .run(&value(), |value| {
                for sql in ["SELECT?1,typeof(?1),'1'=?1,1-?1", "SELECT count(*),?1 GROUP BY?1"] {
                    let text = inline(&db, sql, std::slice::from_ref(&value)).expect("is exact");
                    prop_assert_eq!(
                        seen(&db, &text, None),
                        seen(&db, sql, Some(&value)),
                        "{}",
                        text
                    );
                }
                Ok(())
            })
            .unwrap();
    }
}
