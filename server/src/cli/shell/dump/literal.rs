//! Values as SQL literals that stand for exactly the same values.

use std::fmt::Write as _;

use tenantry_client::v1::Value;
use tenantry_client::v1::value::Kind;

use crate::cli::output::{blob_text, is_hostile};

/// A row, with what is known about its texts.
pub(super) struct Values<'a> {
    values: &'a [Value],
    /// For each value `1` where SQLite has text: bytes that are no UTF-8 come as
    /// a blob, and are text all the same.
    flags: String,
}

impl<'a> Values<'a> {
    /// The flags come in pieces, behind the values.
    pub(super) fn new(values: &'a [Value], flags: &[Value]) -> Self {
        let pieces = flags.iter().filter_map(|flag| match &flag.kind {
            Some(Kind::Text(piece)) => Some(piece.as_str()),
            // A single flag is a number.
            Some(Kind::Integer(1)) => Some("1"),
            Some(Kind::Integer(_)) => Some("0"),
            _ => None,
        });
        Self { values, flags: pieces.collect() }
    }

    /// Writes them with commas between.
    pub(super) fn write(&self, sql: &mut String) {
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                sql.push(',');
            }
            let is_text = self.flags.as_bytes().get(index) == Some(&b'1');
            literal(value, is_text, sql);
        }
    }
}

fn literal(value: &Value, is_text: bool, sql: &mut String) {
    match &value.kind {
        None | Some(Kind::Null(_)) => sql.push_str("NULL"),
        Some(Kind::Integer(integer)) => {
            let _ = write!(sql, "{integer}");
        }
        Some(Kind::Real(real)) => real_literal(*real, sql),
        Some(Kind::Text(text)) if text.chars().any(is_unsafe) => {
            bytes_as_text(text.as_bytes(), sql);
        }
        Some(Kind::Text(text)) => {
            sql.push('\'');
            sql.push_str(&text.replace('\'', "''"));
            sql.push('\'');
        }
        Some(Kind::Blob(bytes)) if is_text => bytes_as_text(bytes, sql),
        Some(Kind::Blob(bytes)) => sql.push_str(&blob_text(bytes)),
    }
}

/// SQL ends at a NUL; what drives a terminal shall not be in a dump; and a line
/// may be changed by what carries the file.
fn is_unsafe(c: char) -> bool {
    is_hostile(c) && c != '\n' && c != '\t'
}

fn bytes_as_text(bytes: &[u8], sql: &mut String) {
    let _ = write!(sql, "CAST({} AS TEXT)", blob_text(bytes));
}

/// The shortest text that reads back as the same number. SQL has no word for the
/// infinities, but a number that is too large is one.
fn real_literal(real: f64, sql: &mut String) {
    let _ = match real {
        _ if real == f64::INFINITY => write!(sql, "9e999"),
        _ if real == f64::NEG_INFINITY => write!(sql, "-9e999"),
        _ => write!(sql, "{real:?}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, is_text: bool, expected: &str) {
        let flags = [Value { kind: Some(Kind::Text(u8::from(is_text).to_string())) }];
        let mut sql = String::new();
        Values::new(&[Value { kind: Some(kind) }], &flags).write(&mut sql);
        assert_eq!(sql, expected);
    }

    #[test]
    fn every_value_has_a_literal() {
        check(Kind::Null(true), false, "NULL");
        check(Kind::Integer(i64::MIN), false, "-9223372036854775808");
        check(Kind::Real(0.1), false, "0.1");
        check(Kind::Real(3.0), false, "3.0");
        check(Kind::Real(-0.0), false, "-0.0");
        check(Kind::Real(1e300), false, "1e300");
        check(Kind::Real(5e-324), false, "5e-324");
        check(Kind::Real(f64::NEG_INFINITY), false, "-9e999");
        check(Kind::Text("it's\nü\t".to_owned()), true, "'it''s\nü\t'");
        check(Kind::Text("a\0b".to_owned()), true, "CAST(x'610062' AS TEXT)");
        check(Kind::Text("\u{1b}[2J".to_owned()), true, "CAST(x'1b5b324a' AS TEXT)");
        check(Kind::Text("a\r\n".to_owned()), true, "CAST(x'610d0a' AS TEXT)");
        check(Kind::Blob(b"\x00\xff".as_slice().into()), false, "x'00ff'");
        check(Kind::Blob(b"\xff".as_slice().into()), true, "CAST(x'ff' AS TEXT)");
    }
}
