package dev.tenantry;

import dev.tenantry.v1.ColumnChunk;
import dev.tenantry.v1.QueryRequest;
import dev.tenantry.v1.QueryResponse;
import dev.tenantry.v1.QuerySummary;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The rows of a query, read from the server as they are asked for, once. Close it: rows that nobody
 * reads keep the server's snapshot open. Reading to the end closes it too.
 *
 * <p>For one thread at a time; {@link #close} may come from any.
 */
public final class Rows implements AutoCloseable, Iterable<Row> {
  private final CallStream<QueryRequest, QueryResponse> stream;
  private final Columns columns;
  private final long generation;
  private final RowIterator iterator = new RowIterator();
  private volatile QuerySummary summary;

  /** Reads the header, which has come. */
  Rows(CallStream<QueryRequest, QueryResponse> stream) {
    this.stream = stream;
    QueryResponse first = stream.next();
    if (first == null || !first.hasHeader()) {
      stream.cancel();
      throw incomplete();
    }
    columns = new Columns(first.getHeader().getColumnsList());
    generation = first.getHeader().getGeneration();
  }

  /** {@return the columns of every row} */
  public List<Column> columns() {
    return columns.list();
  }

  /** {@return the generation of the database on which the query runs; 0 of a REGULAR database} */
  public long generation() {
    return generation;
  }

  /**
   * The rows as a stream. Closing that closes these rows.
   *
   * @return the rows that were not read yet
   */
  public Stream<Row> stream() {
    Spliterator<Row> rows =
        Spliterators.spliteratorUnknownSize(
            iterator, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE);
    return StreamSupport.stream(rows, false).onClose(this::close);
  }

  /**
   * The rows that were not read yet. When the stream breaks, {@link Iterator#hasNext} throws: what
   * was read before is an incomplete result.
   *
   * @return always the same iterator
   */
  @Override
  public Iterator<Row> iterator() {
    return iterator;
  }

  /**
   * Returns what the statement cost.
   *
   * @return the figures
   * @throws IllegalStateException before the last row has been read
   */
  public Stats stats() {
    return Stats.of(summary().getStats());
  }

  /**
   * Returns how many rows the statement inserted, updated or deleted.
   *
   * @return the number; 0 for a read
   * @throws IllegalStateException before the last row has been read
   */
  public long affectedRowCount() {
    return summary().getAffectedRowCount();
  }

  /**
   * Returns the rowid of the row inserted last.
   *
   * @return the rowid; 0 for none
   * @throws IllegalStateException before the last row has been read
   */
  public long lastInsertRowid() {
    return summary().getLastInsertRowid();
  }

  private QuerySummary summary() {
    if (summary == null) {
      throw new IllegalStateException("this is known when the last row has been read");
    }
    return summary;
  }

  /** Ends the query where it was not read to its end. Reading on then fails with CANCELLED. */
  @Override
  public void close() {
    if (summary == null) {
      stream.cancel();
    }
  }

  private static TenantryException incomplete() {
    return Failures.incomplete("the stream ended before the result was complete");
  }

  private final class RowIterator implements Iterator<Row> {
    private Cells cells;
    private int count;
    private int next;

    @Override
    public boolean hasNext() {
      while (next == count && summary == null) {
        QueryResponse response = stream.next();
        try {
          take(response);
        } catch (TenantryException broken) {
          stream.fail(broken);
          throw broken;
        }
      }
      return next < count;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return new Row(columns, cells, next++);
    }

    private void take(QueryResponse response) {
      if (response == null) {
        throw incomplete();
      }
      switch (response.getPartCase()) {
        case ROWS -> {
          List<dev.tenantry.v1.Row> rows = response.getRows().getRowsList();
          begin(new RowCells(rows, columns.list().size()), rows.size());
        }
        case COLUMNS -> {
          ColumnChunk chunk = response.getColumns();
          begin(new ColumnCells(chunk, columns.list().size()), chunk.getRowCount());
        }
        case SUMMARY -> summary = response.getSummary();
        // A part that is newer than this client carries nothing that it knows of.
        case HEADER, PART_NOT_SET -> {}
      }
    }

    private void begin(Cells cells, int count) {
      this.cells = cells;
      this.count = count;
      next = 0;
    }
  }
}
