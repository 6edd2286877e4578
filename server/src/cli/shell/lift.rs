//! Statements that are too long to be sent as text.
//!
//! The server bounds the text of SQL, and takes far longer values as arguments. A
//! dump with large blobs can be read back because the literals of a long INSERT
//! are sent so. What a statement does is the same.

use tenantry_client::v1::value::Kind as ValueKind;
use tenantry_client::v1::{Statement, Value};

use super::lexer::{Kind, Token, Tokens};

/// The longest text that the server takes.
const SQL_BYTES_MAX: usize = 1_000_000;
/// The shortest literal that is worth an argument.
const LITERAL_BYTES_MIN: usize = 1_024;

/// The statement to send for a text.
pub(super) fn statement(sql: &str) -> Statement {
    let lifted = (sql.len() > SQL_BYTES_MAX && is_insert(sql)).then(|| lift(sql));
    lifted.unwrap_or_else(|| Statement { sql: sql.to_owned(), ..Statement::default() })
}

fn is_insert(sql: &str) -> bool {
    Tokens::new(sql).next().is_some_and(|token| token.is("insert") || token.is("replace"))
}

fn lift(sql: &str) -> Statement {
    let (mut text, mut args) = (String::new(), Vec::new());
    let mut written = 0;
    let mut before: Option<Token<'_>> = None;
    for token in Tokens::new(sql) {
        let start = token.end - token.text.len();
        // `x` right before the quote makes it a blob.
        let prefix = before.filter(|before| before.is("x") && before.end == start);
        before = Some(token);
        let is_literal = token.kind == Kind::Quoted && token.text.starts_with('\'');
        if !is_literal || token.text.len() < LITERAL_BYTES_MIN {
            continue;
        }
        let kind = match prefix {
            Some(_) => {
                unhex(&token.text[1..token.text.len() - 1]).map(|b| ValueKind::Blob(b.into()))
            }
            None => token.name().map(ValueKind::Text),
        };
        // What is no literal after all is for the server to refuse.
        let Some(kind) = kind else { continue };
        text.push_str(&sql[written..prefix.map_or(start, |prefix| prefix.end - 1)]);
        text.push('?');
        written = token.end;
        args.push(Value { kind: Some(kind) });
    }
    text.push_str(&sql[written..]);
    Statement { sql: text, args, ..Statement::default() }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_goes_as_it_is() {
        let sql = "INSERT INTO t VALUES (x'00', 'a')";
        assert_eq!(statement(sql).sql, sql);
    }

    #[test]
    fn long_literals_become_arguments() {
        let (blob, text) = ("00fF".repeat(300_000), "it''s ".repeat(1_000));
        let sql =
            format!("INSERT INTO t VALUES (X'{blob}', 1, 'a', '{text}', CAST(x'{blob}' AS TEXT));");
        let statement = statement(&sql);
        assert_eq!(statement.sql, "INSERT INTO t VALUES (?, 1, 'a', ?, CAST(? AS TEXT));");
        let blob = ValueKind::Blob([0, 0xff].repeat(300_000).into());
        let kinds: Vec<_> = statement.args.into_iter().filter_map(|value| value.kind).collect();
        assert_eq!(kinds, [blob.clone(), ValueKind::Text("it's ".repeat(1_000)), blob]);
    }

    #[test]
    fn only_values_are_lifted() {
        let long = "a".repeat(SQL_BYTES_MAX);
        for sql in [
            format!("CREATE TABLE t (a DEFAULT '{long}')"),
            format!("INSERT INTO t VALUES (x'{long}z')"),
            format!("INSERT INTO t VALUES (\"{long}\")"),
        ] {
            assert_eq!(statement(&sql).sql, sql);
        }
    }
}
