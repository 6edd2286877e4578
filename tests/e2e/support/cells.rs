//! Values as the tests compare them: bit by bit, whatever carried them.

use std::fmt;

use tenantry_client::v1::{self, value::Kind};

/// One SQLite value. Equal means identical, so NaN equals itself and 0.0 is
/// not -0.0.
#[derive(Clone)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Real(a), Self::Real(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Blob(a), Self::Blob(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(value) => value.fmt(f),
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(text) => f.write_str(text),
            Self::Blob(bytes) => {
                f.write_str("x'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("'")
            }
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            other => other.fmt(f),
        }
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $cell:expr;)*) => {
        $(impl From<$from> for Cell {
            fn from($value: $from) -> Self {
                $cell
            }
        })*
    };
}

from! {
    i64 => |value| Cell::Integer(value);
    f64 => |value| Cell::Real(value);
    &str => |value| Cell::Text(value.to_owned());
    String => |value| Cell::Text(value);
    Vec<u8> => |value| Cell::Blob(value);
    &[u8] => |value| Cell::Blob(value.to_vec());
    v1::Value => |value| match value.kind {
        None | Some(Kind::Null(_)) => Cell::Null,
        Some(Kind::Integer(value)) => Cell::Integer(value),
        Some(Kind::Real(value)) => Cell::Real(value),
        Some(Kind::Text(text)) => Cell::Text(text),
        Some(Kind::Blob(bytes)) => Cell::Blob(bytes.to_vec()),
    };
    // As the contract has it: TEXT that is not UTF-8 arrives as its bytes.
    rusqlite::types::ValueRef<'_> => |value| match value {
        rusqlite::types::ValueRef::Null => Cell::Null,
        rusqlite::types::ValueRef::Integer(value) => Cell::Integer(value),
        rusqlite::types::ValueRef::Real(value) => Cell::Real(value),
        rusqlite::types::ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
        rusqlite::types::ValueRef::Text(bytes) => match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Cell::Text(text),
            Err(error) => Cell::Blob(error.into_bytes()),
        },
    };
}

impl From<Cell> for v1::Value {
    fn from(cell: Cell) -> Self {
        Self {
            kind: Some(match cell {
                Cell::Null => Kind::Null(true),
                Cell::Integer(value) => Kind::Integer(value),
                Cell::Real(value) => Kind::Real(value),
                Cell::Text(text) => Kind::Text(text),
                Cell::Blob(bytes) => Kind::Blob(bytes.into()),
            }),
        }
    }
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// `cells![1, 2.5, "text", Cell::Null]`
#[allow(unused_macros, reason = "the benchmarks use this support too")]
macro_rules! cells {
    ($($value:expr),* $(,)?) => { vec![$($crate::support::Cell::from($value)),*] };
}
pub(crate) use cells;

/// SQL with its arguments, made from text or by [`sql`].
#[derive(Clone, Debug)]
pub(crate) struct Sql(pub(crate) v1::Statement);

impl From<&str> for Sql {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Sql {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<String> for Sql {
    fn from(sql: String) -> Self {
        Self(v1::Statement { sql, ..Default::default() })
    }
}

impl Sql {
    /// Gives a named parameter its value.
    pub(crate) fn named(mut self, name: &str, value: impl Into<Cell>) -> Self {
        self.0.named_args.insert(name.to_owned(), value.into().into());
        self
    }
}

/// SQL with arguments by position.
pub(crate) fn sql(text: impl Into<String>, args: Vec<Cell>) -> Sql {
    let args = args.into_iter().map(Into::into).collect();
    Sql(v1::Statement { sql: text.into(), args, ..Default::default() })
}

/// The cells of rows that came over the wire.
pub(crate) fn cells_of(rows: Vec<v1::Row>) -> Vec<Vec<Cell>> {
    rows.into_iter().map(|row| row.values.into_iter().map(Cell::from).collect()).collect()
}

/// Rows as text: a line each, cells apart by `|`.
pub(crate) fn text(rows: &[Vec<Cell>]) -> String {
    let line = |row: &Vec<Cell>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
