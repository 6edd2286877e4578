//! Rows and whole results.

use std::ops::{Deref, Index};
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned};

use super::de;
use super::{Error, Result, Value};
use crate::v1::{self, Column, ResultStats};

/// The columns of a result; all its rows share them.
#[derive(Clone, Debug, Default)]
pub struct Columns(Arc<[Column]>);

impl Columns {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self(columns.into())
    }

    /// The position of the first column with this name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column.name == name)
    }
}

impl Deref for Columns {
    type Target = [Column];

    fn deref(&self) -> &[Column] {
        &self.0
    }
}

/// Names a column: its position from 0, or its name. Where several have one name,
/// it means the first.
pub trait ColumnIndex {
    /// The position; `None` when there is no such column.
    fn find(&self, columns: &Columns) -> Option<usize>;

    /// What to tell of a column that is not there.
    fn describe(&self) -> String;
}

impl ColumnIndex for usize {
    fn find(&self, columns: &Columns) -> Option<usize> {
        (*self < columns.len()).then_some(*self)
    }

    fn describe(&self) -> String {
        format!("there is no column {self}")
    }
}

impl ColumnIndex for &str {
    fn find(&self, columns: &Columns) -> Option<usize> {
        columns.position(self)
    }

    fn describe(&self) -> String {
        format!("there is no column '{self}'")
    }
}

/// One row of a result.
#[derive(Clone, Debug)]
pub struct Row {
    columns: Columns,
    values: Vec<Value>,
}

impl Row {
    pub(super) fn new(columns: Columns, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The columns, in their order.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The values, in the order of the columns.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values alone, without a copy.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value in a column; `None` when there is no such column.
    #[must_use]
    pub fn value(&self, column: impl ColumnIndex) -> Option<&Value> {
        self.values.get(column.find(&self.columns)?)
    }

    /// The value in a column as a type that serde knows: a number, `bool` of 0 and
    /// 1, text, bytes, an `Option` where NULL may be. Errors: [`super::WRONG_TYPE`].
    pub fn get<T: DeserializeOwned>(&self, column: impl ColumnIndex) -> Result<T> {
        let value = self.value(&column).ok_or_else(|| Error::wrong_type(column.describe()))?;
        de::value(value)
    }

    /// The row as a type that serde knows: a struct or a map by the names of the
    /// columns, a tuple or a list by their order, and anything else where there is
    /// one column. Columns that a struct does not have are passed over; of several
    /// with one name, the first is taken. Errors: [`super::WRONG_TYPE`].
    pub fn deserialize<'de, T: Deserialize<'de>>(&'de self) -> Result<T> {
        de::row(self)
    }
}

impl<C: ColumnIndex> ColumnIndex for &C {
    fn find(&self, columns: &Columns) -> Option<usize> {
        (**self).find(columns)
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}

impl<C: ColumnIndex> Index<C> for Row {
    type Output = Value;

    /// Panics when there is no such column; [`Row::value`] does not.
    fn index(&self, column: C) -> &Value {
        match self.value(&column) {
            Some(value) => value,
            None => panic!("{}", column.describe()),
        }
    }
}

/// The whole result of one statement.
#[derive(Clone, Debug, Default)]
pub struct ResultSet {
    columns: Columns,
    rows: Vec<Row>,
    affected_row_count: u64,
    last_insert_rowid: i64,
    stats: ResultStats,
}

impl ResultSet {
    /// The columns; none for a statement that returns no rows.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The rows, in order.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows alone, without a copy.
    #[must_use]
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    /// The rows as a type that serde knows, as [`Row::deserialize`] makes them.
    pub fn rows_as<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.rows.iter().map(Row::deserialize).collect()
    }

    /// Rows that the statement itself inserted, updated or deleted.
    #[must_use]
    pub fn affected_row_count(&self) -> u64 {
        self.affected_row_count
    }

    /// The rowid of the last row that the request inserted; 0 when it inserted none.
    #[must_use]
    pub fn last_insert_rowid(&self) -> i64 {
        self.last_insert_rowid
    }

    /// What the statement cost.
    #[must_use]
    pub fn stats(&self) -> &ResultStats {
        &self.stats
    }
}

impl From<v1::ResultSet> for ResultSet {
    fn from(result: v1::ResultSet) -> Self {
        let columns = Columns::new(result.columns);
        let rows = result.rows.into_iter().map(|row| {
            let values = row.values.into_iter().map(Value::from).collect();
            Row::new(columns.clone(), values)
        });
        Self {
            rows: rows.collect(),
            columns,
            affected_row_count: result.affected_row_count,
            last_insert_rowid: result.last_insert_rowid,
            stats: result.stats.unwrap_or_default(),
        }
    }
}

/// What statements answered. It is also the last of its results: `result.rows()`.
#[derive(Clone, Debug)]
pub struct ExecuteResult {
    /// One result per statement; never empty, since a text without a statement
    /// has an empty one here.
    results: Vec<ResultSet>,
    /// How many of them the server sent.
    sent: usize,
    generation: u64,
}

impl ExecuteResult {
    pub(super) fn new(results: Vec<v1::ResultSet>, generation: u64) -> Self {
        let sent = results.len();
        let mut results: Vec<_> = results.into_iter().map(ResultSet::from).collect();
        if results.is_empty() {
            results.push(ResultSet::default());
        }
        Self { results, sent, generation }
    }

    /// One result per statement, in order; none for a text without a statement.
    #[must_use]
    pub fn results(&self) -> &[ResultSet] {
        &self.results[..self.sent]
    }

    /// The last result, without a copy.
    #[must_use]
    pub fn into_last(mut self) -> ResultSet {
        self.results.pop().unwrap_or_default()
    }

    /// The generation of the database on which the statements ran; 0 of a REGULAR
    /// database.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl Deref for ExecuteResult {
    type Target = ResultSet;

    fn deref(&self) -> &ResultSet {
        &self.results[self.results.len() - 1]
    }
}
