//! Values, and what converts into them.

use bytes::Bytes;

use crate::v1::{self, value::Kind};

/// One SQLite value.
///
/// What converts into it can be an argument. `u64`, `usize` and `i128` do not,
/// since SQLite's integers have 64 bits with a sign: `i64::try_from` tells whether
/// one fits. Dates, decimals and UUIDs are bound as their text.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// NULL.
    #[default]
    Null,
    /// INTEGER.
    Integer(i64),
    /// REAL. NaN is bound as NULL, because SQLite has no NaN.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BLOB, and TEXT that is not valid UTF-8.
    Blob(Bytes),
}

impl Value {
    /// Whether it is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// The real, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Real(value) = self { Some(*value) } else { None }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }

    /// The blob, if it is one.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        if let Self::Blob(value) = self { Some(value) } else { None }
    }
}

impl From<v1::Value> for Value {
    fn from(value: v1::Value) -> Self {
        match value.kind {
            None | Some(Kind::Null(_)) => Self::Null,
            Some(Kind::Integer(value)) => Self::Integer(value),
            Some(Kind::Real(value)) => Self::Real(value),
            Some(Kind::Text(value)) => Self::Text(value),
            Some(Kind::Blob(value)) => Self::Blob(value),
        }
    }
}

impl From<Value> for v1::Value {
    fn from(value: Value) -> Self {
        let kind = match value {
            Value::Null => Kind::Null(true),
            Value::Integer(value) => Kind::Integer(value),
            Value::Real(value) => Kind::Real(value),
            Value::Text(value) => Kind::Text(value),
            Value::Blob(value) => Kind::Blob(value),
        };
        Self { kind: Some(kind) }
    }
}

macro_rules! converts {
    ($($from:ty => $kind:ident: $value:ident => $into:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$kind($into)
            }
        })*
    };
}

converts! {
    bool => Integer: value => value.into();
    i8 => Integer: value => value.into();
    i16 => Integer: value => value.into();
    i32 => Integer: value => value.into();
    i64 => Integer: value => value;
    u8 => Integer: value => value.into();
    u16 => Integer: value => value.into();
    u32 => Integer: value => value.into();
    f32 => Real: value => value.into();
    f64 => Real: value => value;
    &str => Text: value => value.to_owned();
    String => Text: value => value;
    &String => Text: value => value.clone();
    &[u8] => Blob: value => Bytes::copy_from_slice(value);
    Vec<u8> => Blob: value => value.into();
    Bytes => Blob: value => value;
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
