//! The arguments of statements.

use std::collections::BTreeMap;

use super::Value;
use crate::v1;

/// The arguments of a statement, by position, by name, or both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    pub(super) positional: Vec<v1::Value>,
    pub(super) named: BTreeMap<String, v1::Value>,
}

impl Args {
    /// Arguments by name, without the sigil: `:a`, `@a` and `$a` are all `a`.
    pub fn named<N: Into<String>, V: Into<Value>>(args: impl IntoIterator<Item = (N, V)>) -> Self {
        let named = args.into_iter().map(|(name, value)| (name.into(), value.into().into()));
        Self { positional: Vec::new(), named: named.collect() }
    }
}

/// What can be the arguments of a statement: `()` for none, a tuple, a vector or an
/// array by position, [`Args::named`] and [`named!`](crate::named) by name.
pub trait IntoArgs {
    /// The arguments.
    fn into_args(self) -> Args;
}

impl IntoArgs for Args {
    fn into_args(self) -> Args {
        self
    }
}

impl<T: Into<Value>> IntoArgs for Vec<T> {
    fn into_args(self) -> Args {
        let positional = self.into_iter().map(|value| value.into().into()).collect();
        Args { positional, named: BTreeMap::new() }
    }
}

impl<T: Into<Value>, const N: usize> IntoArgs for [T; N] {
    fn into_args(self) -> Args {
        Vec::from(self).into_args()
    }
}

impl IntoArgs for () {
    fn into_args(self) -> Args {
        Args::default()
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {
        $(#[allow(non_snake_case, reason = "a value is named as its type")]
        impl<$($name: Into<Value>),+> IntoArgs for ($($name,)+) {
            fn into_args(self) -> Args {
                let ($($name,)+) = self;
                let positional = vec![$($name.into().into()),+];
                Args { positional, named: BTreeMap::new() }
            }
        })*
    };
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
}

/// Arguments by position, of any number and of mixed types.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        ::std::vec![$($crate::Value::from($value)),*]
    };
}

/// Arguments by name: `named! { sku: "A1", quantity: 2 }`.
#[macro_export]
macro_rules! named {
    ($($name:ident: $value:expr),* $(,)?) => {
        $crate::Args::named([$((stringify!($name), $crate::Value::from($value))),*])
    };
}
