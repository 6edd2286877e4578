//! Values on their way into SQLite and out of it.

use bytes::Bytes;

/// A value to bind to a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// A double. NaN is stored as NULL: SQLite has no NaN.
    Real(f64),
    /// Text; may hold NUL characters.
    Text(String),
    /// Bytes.
    Blob(Bytes),
}

/// The arguments of a statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    /// For `?` and `?NNN`, in their order.
    pub positional: Vec<Value>,
    /// For `:name`, `@name` and `$name`, by the name without its sigil.
    pub named: Vec<(String, Value)>,
}

impl Args {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positional.is_empty() && self.named.is_empty()
    }
}

/// SQL text with its arguments. The text may hold several statements; the
/// arguments belong to the one that has parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sql {
    /// One or more statements.
    pub text: String,
    /// Their arguments.
    pub args: Args,
}

impl Sql {
    /// What it takes in memory, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Args { positional, named } = &self.args;
        let values = positional.iter().chain(named.iter().map(|(_, value)| value));
        self.text.len() + values.map(Value::bytes).sum::<usize>()
    }
}

impl Value {
    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Null | Self::Integer(_) | Self::Real(_) => 0,
                Self::Text(text) => text.len(),
                Self::Blob(bytes) => bytes.len(),
            }
    }
}

/// A cell of a row that SQLite stands on; valid until its next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'row> {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// A double.
    Real(f64),
    /// Text that is valid UTF-8.
    Text(&'row str),
    /// Bytes; also the bytes of a TEXT value that is not valid UTF-8, since
    /// SQLite does not check and a wire format for text has to.
    Blob(&'row [u8]),
}

impl Cell<'_> {
    /// About how many bytes the cell takes on the wire.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        // A tag and a length, each at its longest, for the value and for the
        // message around it.
        const OVERHEAD_BYTES: usize = 10;
        OVERHEAD_BYTES
            + match self {
                Cell::Null => 0,
                Cell::Integer(_) | Cell::Real(_) => 8,
                Cell::Text(text) => text.len(),
                Cell::Blob(bytes) => bytes.len(),
            }
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name as SQLite gives it; names may repeat.
    pub name: String,
    /// The type in the table's declaration; empty for an expression.
    pub declared_type: String,
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Rows inserted, updated or deleted by the statement itself.
    pub affected_rows: u64,
    /// The rowid of the last row that the request inserted; 0 if none.
    pub last_insert_rowid: i64,
    /// Rows that the statement returned.
    pub rows_read: u64,
    /// Rows inserted, updated or deleted, by triggers and foreign keys too.
    pub rows_written: u64,
    /// The time that SQLite worked on it.
    pub duration: std::time::Duration,
}
