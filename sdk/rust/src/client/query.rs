//! Streams of rows.

use std::future::{Future as _, IntoFuture};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bytes::{Buf as _, Bytes};
use futures_util::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;
use tokio::time::{Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::Streaming;

use super::call::Method;
use super::database::{Options, idempotent, options};
use super::{Call, Columns, Encoding, Error, QuerySummary, Result, Row, Value, raw};
use crate::v1::query_response::Part;
use crate::v1::{self, ColumnChunk, ColumnData, QueryHeader, QueryRequest, QueryResponse};

/// A statement whose rows are to be streamed; `.await` runs it until its columns
/// are known.
#[derive(Clone, Debug)]
#[must_use = "nothing is run without `.await`"]
pub struct Query {
    options: Options,
    statement: v1::Statement,
    encoding: Encoding,
}

options!(Query: "The deadline of the whole stream. Default: none.");
idempotent!(Query);

impl Query {
    pub(super) fn new(options: Options, statement: v1::Statement) -> Self {
        Self { options, statement, encoding: Encoding::Columns }
    }

    /// How the rows travel; what is read is the same. Default: COLUMNS, which is
    /// the faster one.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }
}

impl IntoFuture for Query {
    type Output = Result<Rows>;
    type IntoFuture = Call<Rows>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { options, statement, encoding } = self;
        async move {
            let client = options.client;
            let method =
                Method::write("Query").safe_if(options.idempotent).stream().within(options.timeout);
            let deadline = client.deadline(&method);
            let message = QueryRequest {
                database: options.database,
                statement: Some(statement),
                attachments: options.attachments,
                encoding: encoding.into(),
                min_generation: options.min_generation,
            };
            let open = |request: tonic::Request<()>| {
                let request = request.map(|()| message.clone());
                let mut stub = raw::query(client.channel());
                async move {
                    let mut parts = stub.query(request).await?.into_inner();
                    match parts.message().await? {
                        Some(QueryResponse { part: Some(Part::Header(header)) }) => {
                            Ok((header, parts))
                        }
                        Some(_) => Err(Error::malformed()),
                        None => Err(incomplete()),
                    }
                }
            };
            let (QueryHeader { columns, generation }, parts) =
                client.attempts(method, open).await?;
            Ok(Rows {
                columns: Columns::new(columns),
                generation,
                parts: Some(parts),
                chunk: Chunk::Rows(Vec::new().into_iter()),
                summary: None,
                deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))),
                closed: Box::pin(client.inner.closed.clone().cancelled_owned()),
            })
        }
        .boxed()
    }
}

fn incomplete() -> Error {
    Error::unavailable("the stream ended before its result was complete; ask again")
}

/// Rows as they come: a [`Stream`], or by [`Rows::next_row`]. The server waits when
/// they are not read. Dropping it ends the stream.
pub struct Rows {
    columns: Columns,
    generation: u64,
    /// `None` when the stream has ended.
    parts: Option<Streaming<QueryResponse>>,
    chunk: Chunk,
    summary: Option<QuerySummary>,
    deadline: Option<Pin<Box<Sleep>>>,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Rows {
    /// The columns of every row.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The generation of the database on which the statement runs; 0 of a REGULAR
    /// database.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What the statement cost and changed; known after the last row.
    #[must_use]
    pub fn summary(&self) -> Option<&QuerySummary> {
        self.summary.as_ref()
    }

    /// The next row; `None` after the last one.
    pub async fn next_row(&mut self) -> Result<Option<Row>> {
        self.next().await.transpose()
    }

    /// All rows that are left.
    pub async fn all(self) -> Result<Vec<Row>> {
        self.try_collect().await
    }

    /// The rows as a type that serde knows, as [`Row::deserialize`] makes them.
    pub fn rows_as<T: DeserializeOwned>(self) -> impl Stream<Item = Result<T>> + Send + Unpin {
        self.map(|row| row?.deserialize())
    }

    /// The next chunk; `None` when the stream has ended after its summary.
    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Chunk>>> {
        while let Some(parts) = &mut self.parts {
            match ready!(parts.poll_next_unpin(context)).transpose()?.map(|part| part.part) {
                Some(Some(Part::Rows(chunk))) => {
                    return Poll::Ready(Ok(Some(Chunk::Rows(chunk.rows.into_iter()))));
                }
                Some(Some(Part::Columns(chunk))) => {
                    return Poll::Ready(Ok(Some(Chunk::Columns(Cursor::new(chunk)))));
                }
                // Read to its end, so that the stream is not cancelled.
                Some(Some(Part::Summary(summary))) => self.summary = Some(summary),
                Some(Some(Part::Header(_)) | None) => return Poll::Ready(Err(Error::malformed())),
                None if self.summary.is_some() => self.parts = None,
                None => return Poll::Ready(Err(incomplete())),
            }
        }
        Poll::Ready(Ok(None))
    }
}

impl Stream for Rows {
    type Item = Result<Row>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Row>>> {
        let columns = self.columns.len();
        loop {
            match self.chunk.next(columns) {
                Ok(None) => {}
                Ok(Some(values)) => {
                    return Poll::Ready(Some(Ok(Row::new(self.columns.clone(), values))));
                }
                Err(error) => return self.end(error),
            }
            match ready!(self.poll_chunk(context)) {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => return Poll::Ready(None),
                Err(error) => return self.end(error),
            }
        }
    }
}

impl Rows {
    /// The next chunk, unless the time is over or the client closed.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Chunk>>> {
        if self.parts.is_some() {
            if self.closed.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Error::cancelled()));
            }
            if self.deadline.as_mut().is_some_and(|sleep| sleep.as_mut().poll(context).is_ready()) {
                return Poll::Ready(Err(Error::deadline()));
            }
        }
        self.poll_part(context)
    }

    fn end(&mut self, error: Error) -> Poll<Option<Result<Row>>> {
        self.parts = None;
        self.chunk = Chunk::Rows(Vec::new().into_iter());
        Poll::Ready(Some(Err(error)))
    }
}

/// The rows of one message that are not read yet.
enum Chunk {
    Rows(vec::IntoIter<v1::Row>),
    Columns(Cursor),
}

impl Chunk {
    fn next(&mut self, columns: usize) -> Result<Option<Vec<Value>>> {
        match self {
            Self::Rows(rows) => {
                let row = rows.next();
                Ok(row.map(|row| row.values.into_iter().map(Value::from).collect()))
            }
            Self::Columns(cursor) => cursor.next(columns),
        }
    }
}

/// Walks over packed columns row by row.
struct Cursor {
    rows: Range<usize>,
    columns: Vec<Column>,
}

struct Column {
    /// One for each row.
    types: Bytes,
    integers: vec::IntoIter<i64>,
    reals: vec::IntoIter<f64>,
    lengths: vec::IntoIter<u32>,
    data: Bytes,
}

impl Cursor {
    fn new(chunk: ColumnChunk) -> Self {
        let columns = chunk.columns.into_iter().map(|column: ColumnData| Column {
            types: column.types,
            integers: column.integers.into_iter(),
            reals: column.reals.into_iter(),
            lengths: column.lengths.into_iter(),
            data: column.data,
        });
        Self { rows: 0..chunk.row_count as usize, columns: columns.collect() }
    }

    fn next(&mut self, columns: usize) -> Result<Option<Vec<Value>>> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        if self.columns.len() != columns {
            return Err(Error::malformed());
        }
        let values =
            self.columns.iter_mut().map(|column| column.next(row).ok_or_else(Error::malformed));
        values.collect::<Result<_>>().map(Some)
    }
}

impl Column {
    /// The next cell; `None` when the lists do not fit each other.
    fn next(&mut self, row: usize) -> Option<Value> {
        Some(match self.types.get(row)? {
            0 => Value::Null,
            1 => Value::Integer(self.integers.next()?),
            2 => Value::Real(self.reals.next()?),
            3 => {
                let length = self.length()?;
                let text = std::str::from_utf8(&self.data[..length]).ok()?.to_owned();
                self.data.advance(length);
                Value::Text(text)
            }
            4 => {
                let length = self.length()?;
                Value::Blob(self.data.split_to(length))
            }
            _ => return None,
        })
    }

    /// The length of the next text or blob, all of which is there.
    fn length(&mut self) -> Option<usize> {
        let length = self.lengths.next()? as usize;
        (length <= self.data.len()).then_some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(types: &'static [u8], integers: Vec<i64>, lengths: Vec<u32>) -> Cursor {
        let column = ColumnData {
            types: Bytes::from_static(types),
            integers,
            reals: Vec::new(),
            lengths,
            data: Bytes::from_static(b"one"),
        };
        Cursor::new(ColumnChunk { row_count: 2, columns: vec![column] })
    }

    #[test]
    fn cells_are_taken_in_the_order_of_their_types() {
        let mut cursor = chunk(&[1, 3], vec![7], vec![3]);
        assert_eq!(cursor.next(1).expect("a row"), Some(vec![Value::Integer(7)]));
        assert_eq!(cursor.next(1).expect("a row"), Some(vec![Value::from("one")]));
        assert_eq!(cursor.next(1).expect("the end"), None);
    }

    #[test]
    fn lists_that_do_not_fit_each_other_are_an_error() {
        for mut cursor in [
            chunk(&[1, 1], vec![7], vec![]),
            chunk(&[1], vec![7], vec![]),
            chunk(&[1, 3], vec![7], vec![4]),
            chunk(&[1, 9], vec![7], vec![]),
        ] {
            cursor.next(1).expect("a row");
            assert!(cursor.next(1).is_err());
        }
        assert!(chunk(&[1, 1], vec![7, 8], vec![]).next(2).is_err(), "a column is missing");
    }
}
