//! The stream of `Query`, read chunk by chunk.

use bytes::Buf as _;
use tonic::{Status, Streaming};

use super::cells::{Cell, cells_of};
use super::client::Client;
use super::v1::{self, query_response::Part};
use super::wait::bounded;

/// The largest message that a client is ready for; a row may have 8 MiB.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// A streamed result whose header has come.
pub(crate) struct RowStream {
    stream: Streaming<v1::QueryResponse>,
    pub(crate) header: v1::QueryHeader,
    /// There once the result is complete.
    pub(crate) summary: Option<v1::QuerySummary>,
    /// The sizes of the chunks that came, in rows.
    pub(crate) chunk_rows: Vec<usize>,
}

impl RowStream {
    pub(crate) async fn open(
        client: &Client,
        request: impl tonic::IntoRequest<v1::QueryRequest>,
    ) -> Result<Self, Status> {
        let mut query = client.query().max_decoding_message_size(MESSAGE_BYTES_MAX);
        let mut stream = bounded("Query", query.query(request)).await?.into_inner();
        let first = bounded("the header", stream.message()).await?.expect("a header");
        let Some(Part::Header(header)) = first.part else { panic!("a header, not {first:?}") };
        Ok(Self { stream, header, summary: None, chunk_rows: Vec::new() })
    }

    /// The next rows; `None` at the end of a complete result.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<Vec<Cell>>>, Status> {
        let Some(message) = bounded("a chunk", self.stream.message()).await? else {
            assert!(self.summary.is_some(), "the stream ended without a summary");
            return Ok(None);
        };
        assert!(self.summary.is_none(), "nothing follows the summary");
        let rows = match message.part.expect("a part") {
            Part::Header(_) => panic!("a second header"),
            Part::Rows(chunk) => cells_of(chunk.rows),
            Part::Columns(chunk) => rows_of(chunk),
            Part::Summary(summary) => {
                self.summary = Some(summary);
                return Box::pin(self.chunk()).await;
            }
        };
        assert!(!rows.is_empty(), "a chunk is never empty");
        self.chunk_rows.push(rows.len());
        Ok(Some(rows))
    }

    /// All rows that are left.
    pub(crate) async fn all(&mut self) -> Result<Vec<Vec<Cell>>, Status> {
        let mut all = Vec::new();
        while let Some(rows) = self.chunk().await? {
            all.extend(rows);
        }
        Ok(all)
    }
}

/// Reads packed columns as the contract describes them.
fn rows_of(chunk: v1::ColumnChunk) -> Vec<Vec<Cell>> {
    let count = chunk.row_count as usize;
    let mut rows = vec![Vec::with_capacity(chunk.columns.len()); count];
    for column in chunk.columns {
        assert_eq!(column.types.len(), count, "one type per row");
        let (mut integers, mut reals) = (column.integers.into_iter(), column.reals.into_iter());
        let (mut lengths, mut data) = (column.lengths.into_iter(), column.data);
        let mut bytes = || data.copy_to_bytes(lengths.next().expect("a length") as usize);
        for (row, kind) in rows.iter_mut().zip(column.types) {
            row.push(match kind {
                0 => Cell::Null,
                1 => Cell::Integer(integers.next().expect("an integer")),
                2 => Cell::Real(reals.next().expect("a real")),
                3 => Cell::Text(String::from_utf8(bytes().to_vec()).expect("text is UTF-8")),
                4 => Cell::Blob(bytes().to_vec()),
                other => panic!("no such type: {other}"),
            });
        }
        assert!(integers.next().is_none() && reals.next().is_none() && lengths.next().is_none());
        assert!(data.is_empty(), "no bytes are left");
    }
    rows
}
