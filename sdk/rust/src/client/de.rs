//! Rows into the types of the program, by serde.

use std::fmt;

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Columns, Error, Result, Row, Value};

/// Reads one value.
pub(super) fn value<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T> {
    T::deserialize(Cell(value))
}

/// Reads one row.
pub(super) fn row<'de, T: Deserialize<'de>>(row: &'de Row) -> Result<T> {
    T::deserialize(Cells(row))
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::wrong_type(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct Cell<'de>(&'de Value);

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Real(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::Blob(value) => visitor.visit_borrowed_bytes(value),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Integer(0) => visitor.visit_bool(false),
            Value::Integer(1) => visitor.visit_bool(true),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Blob(value) => visitor.visit_seq(SeqDeserializer::new(value.iter().copied())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Value::Text(value) => {
                let variant: StrDeserializer<'_, Error> = value.as_str().into_deserializer();
                visitor.visit_enum(variant)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map struct identifier
    }
}

#[derive(Clone, Copy)]
struct Cells<'de>(&'de Row);

impl<'de> Cells<'de> {
    /// The value of a result of one column.
    fn only(self) -> Result<Cell<'de>> {
        match self.0.values() {
            [value] => Ok(Cell(value)),
            values => Err(Error::wrong_type(format!(
                "the row has {} columns; one value, a struct, a map or a tuple can be read",
                values.len()
            ))),
        }
    }
}

macro_rules! of_one_column {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Cells<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_map(ByName { row: self.0, next: 0 })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(InOrder(self.0.values().iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    of_one_column! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32
        deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_unit
    }

    forward_to_deserialize_any! { unit_struct map struct identifier ignored_any }
}

/// The values by position.
struct InOrder<'de>(std::slice::Iter<'de, Value>);

impl<'de> SeqAccess<'de> for InOrder<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.0.next().map(|value| seed.deserialize(Cell(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The values by name; of several with one name, the first.
struct ByName<'de> {
    row: &'de Row,
    next: usize,
}

impl ByName<'_> {
    fn is_first(columns: &Columns, index: usize) -> bool {
        columns.position(&columns[index].name) == Some(index)
    }
}

impl<'de> MapAccess<'de> for ByName<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let columns = self.row.columns();
        while self.next < columns.len() && !Self::is_first(columns, self.next) {
            self.next += 1;
        }
        match columns.get(self.next) {
            None => Ok(None),
            Some(column) => {
                let name: StrDeserializer<'_, Error> = column.name.as_str().into_deserializer();
                seed.deserialize(name).map(Some)
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = self.row.values().get(self.next).ok_or_else(Error::malformed)?;
        self.next += 1;
        seed.deserialize(Cell(value)).map_err(|error| {
            let name = &self.row.columns()[self.next - 1].name;
            Error::wrong_type(format!("column '{name}': {}", error.message()))
        })
    }
}
