//! ATTACH and DETACH as users write them.
//!
//! No SQL of a user ever names a file. These two statements are taken out of
//! the text before SQLite sees it and read by a real SQLite parser; everything
//! else goes to SQLite as it is. What this file misses is refused by the guard,
//! which lets no ATTACH pass but the server's own.

use sqlite3_parser::ast::{Cmd, Expr, Literal, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator as _};

use crate::error::{Error, Reason, Result};
use crate::names::Alias;

/// The longest ATTACH statement, in bytes, with the comments inside: a bound
/// for the parser, whose depth grows with the text.
const STATEMENT_BYTES_MAX: usize = 1_024;

/// An ATTACH or DETACH statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AttachStatement {
    /// `ATTACH "database" AS alias`.
    Attach {
        /// The name or id of a database, as written.
        database: String,
        /// What the SQL calls it.
        alias: Alias,
    },
    /// `DETACH alias`.
    Detach {
        /// What the SQL called it.
        alias: Alias,
    },
}

/// How many bytes of white space, comments and empty statements `sql` starts
/// with.
pub(super) fn leading_blank(sql: &str) -> usize {
    let mut rest = sql;
    loop {
        rest = rest
            .trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ';' || c == '\u{feff}');
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return sql.len() - rest.len();
        };
    }
}

/// The keyword that `sql` starts with, where nothing blank stands.
pub(super) fn first_word(sql: &str) -> &str {
    sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

/// Whether the statement at the start of `sql`, where nothing blank stands, is a
/// VACUUM, be it behind EXPLAIN.
pub(super) fn is_vacuum(sql: &str) -> bool {
    let mut rest = sql;
    loop {
        let word = first_word(rest);
        match word.to_ascii_lowercase().as_str() {
            "vacuum" => return true,
            "explain" | "query" | "plan" => rest = &rest[word.len()..],
            _ => return false,
        }
        rest = &rest[leading_blank(rest)..];
    }
}

/// Reads the statement at the start of `sql`, where nothing blank stands, if it
/// is an ATTACH or DETACH; answers it with its length in bytes. Errors:
/// `INVALID_ATTACHMENT`, `SQL_ERROR`.
pub(super) fn parse(sql: &str) -> Result<Option<(AttachStatement, usize)>> {
    let word = first_word(sql);
    if !word.eq_ignore_ascii_case("attach") && !word.eq_ignore_ascii_case("detach") {
        return Ok(None);
    }
    let mut end = sql.len().min(STATEMENT_BYTES_MAX);
    while !sql.is_char_boundary(end) {
        end -= 1;
    }
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, &sql.as_bytes()[..end]);
    let parsed = parser.next();
    let position = parser.position();
    let length = offset_of(&sql[..end], position.line, position.column);
    let statement = match parsed {
        Ok(Some(Cmd::Stmt(statement))) => statement,
        Ok(_) => return Err(not_plain()),
        Err(error) => {
            return Err(Error::new(
                Reason::SqlError,
                format!("in {}: {error}", word.to_uppercase()),
            ));
        }
    };
    let statement = match statement {
        Stmt::Attach { expr, db_name, key: None } => {
            let database = plain_word(&expr).ok_or_else(not_plain)?;
            let alias = plain_word(&db_name).ok_or_else(not_plain)?;
            AttachStatement::Attach { database, alias: Alias::new(alias)? }
        }
        Stmt::Detach(expr) => {
            AttachStatement::Detach { alias: Alias::new(plain_word(&expr).ok_or_else(not_plain)?)? }
        }
        _ => return Err(not_plain()),
    };
    Ok(Some((statement, length)))
}

/// The place of a line and a column, both counted from 1, the column in bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    (before + column - 1).min(text.len())
}

fn not_plain() -> Error {
    Error::new(
        Reason::InvalidAttachment,
        "ATTACH takes a database's name or id as a plain word or string, and an alias: ATTACH \"name\" AS alias",
    )
}

fn plain_word(expr: &Expr<'_>) -> Option<String> {
    let word = match expr {
        Expr::Id(id) => id.0,
        Expr::Name(name) => name.0,
        Expr::Literal(Literal::String(text) | Literal::Keyword(text)) => text,
        _ => return None,
    };
    let quote = word.chars().next().filter(|c| matches!(c, '"' | '\'' | '`' | '['));
    let Some(quote) = quote else { return Some(word.to_owned()) };
    let close = if quote == '[' { ']' } else { quote };
    let inner = word.strip_prefix(quote)?.strip_suffix(close)?;
    Some(inner.replace(&format!("{close}{close}"), &close.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach(sql: &str) -> Option<(String, String, usize)> {
        match parse(sql).ok()?? {
            (AttachStatement::Attach { database, alias }, length) => {
                Some((database, alias.to_string(), length))
            }
            (AttachStatement::Detach { .. }, _) => None,
        }
    }

    #[test]
    fn attach_is_read_in_each_of_its_forms() {
        for sql in [
            "ATTACH \"shop-1\" AS s",
            "attach 'shop-1' as s",
            "ATTACH DATABASE [shop-1] AS \"s\"",
            "ATTACH `shop-1` AS s",
            "ATTACH/**/\"shop-1\"\n--x\nAS s",
        ] {
            let (database, alias, length) =
                attach(sql).unwrap_or_else(|| panic!("{sql}: {:?}", parse(sql)));
            assert_eq!(
                (database.as_str(), alias.as_str(), length),
                ("shop-1", "s", sql.len()),
                "{sql}"
            );
        }
        let (_, _, length) = attach("ATTACH a AS b; SELECT 1").expect("parses");
        assert!(
            "ATTACH a AS b; SELECT 1"[length..]
                .trim_start_matches(';')
                .trim_start()
                .starts_with("SELECT")
        );
    }

    #[test]
    fn what_is_no_plain_name_is_refused() {
        let deep = format!("ATTACH {}1{} AS a", "(".repeat(300), ")".repeat(300));
        let long = format!("ATTACH {} AS a", "(".repeat(1_000_000));
        for sql in [
            "ATTACH ?1 AS a",
            "ATTACH :p AS a",
            "ATTACH 'a'||'b' AS c",
            "ATTACH a.b AS c",
            "ATTACH 'a' AS main",
            "ATTACH 'a' AS 'x' KEY 'k'",
            "ATTACH lower('x') AS c",
            "ATTACH (SELECT 'x') AS c",
            "ATTACH NULL AS c",
            "ATTACH 12 AS c",
            "ATTACH x'00' AS c",
            "ATTACH",
            deep.as_str(),
            long.as_str(),
        ] {
            assert!(parse(sql).is_err(), "{}", &sql[..sql.len().min(40)]);
        }
        assert_eq!(parse("SELECT 1").expect("is no ATTACH"), None);
        assert_eq!(parse("ATTACHED").expect("is no ATTACH"), None);
    }

    #[test]
    fn blanks_and_comments_are_skipped() {
        for (sql, rest) in [
            ("", ""),
            (" ;; -- x\n/* y */ ;SELECT", "SELECT"),
            ("-- only a comment", ""),
            ("/* open", ""),
            ("/* -- */x", "x"),
        ] {
            assert_eq!(&sql[leading_blank(sql)..], rest, "{sql}");
        }
    }
}
