package dev.tenantry;

import com.google.protobuf.ByteString;
import dev.tenantry.v1.ColumnChunk;
import dev.tenantry.v1.ColumnData;

/** Cells that came column by column. Nothing is copied before it is asked for. */
final class ColumnCells implements Cells {
  private final Packed[] columns;

  /** Checks the chunk, so that every cell of it can be read. */
  ColumnCells(ColumnChunk chunk, int columnCount) {
    int rows = chunk.getRowCount();
    check(chunk.getColumnsCount() == columnCount && rows >= 0, "the size of a chunk");
    columns =
        chunk.getColumnsList().stream().map(data -> new Packed(data, rows)).toArray(Packed[]::new);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw Failures.malformed(what);
    }
  }

  @Override
  public byte type(int row, int column) {
    return columns[column].types.byteAt(row);
  }

  @Override
  public long integer(int row, int column) {
    Packed packed = columns[column];
    return packed.data.getIntegers(packed.index(row));
  }

  @Override
  public double real(int row, int column) {
    Packed packed = columns[column];
    return packed.data.getReals(packed.index(row));
  }

  @Override
  public String text(int row, int column) {
    return blob(row, column).toStringUtf8();
  }

  @Override
  public ByteString blob(int row, int column) {
    Packed packed = columns[column];
    int index = packed.index(row);
    return packed.data.getData().substring(packed.starts[index], packed.starts[index + 1]);
  }

  /** One column, and where the cell of a row stands in the list of its type. */
  private static final class Packed {
    final ColumnData data;
    final ByteString types;

    /** By row; null where all cells are of one type, and the row is the index. */
    private final int[] indexes;

    /** Where texts and blobs start in the data, and behind them where the last one ends. */
    final int[] starts;

    Packed(ColumnData data, int rows) {
      this.data = data;
      types = data.getTypes();
      check(types.size() == rows, "the number of types");
      int[] counts = counts(types);
      check(
          counts[INTEGER] == data.getIntegersCount()
              && counts[REAL] == data.getRealsCount()
              && counts[TEXT] + counts[BLOB] == data.getLengthsCount(),
          "the number of values");
      boolean ofOneType = rows == 0 || counts[types.byteAt(0)] == rows;
      indexes = ofOneType ? null : indexes(types);
      starts = starts(data);
    }

    int index(int row) {
      return indexes == null ? row : indexes[row];
    }

    private static int[] counts(ByteString types) {
      int[] counts = new int[BLOB + 1];
      for (int row = 0; row < types.size(); row++) {
        byte type = types.byteAt(row);
        check(NULL <= type && type <= BLOB, "an unknown type");
        counts[type]++;
      }
      return counts;
    }

    private static int[] indexes(ByteString types) {
      int[] indexes = new int[types.size()];
      int integers = 0;
      int reals = 0;
      int bytes = 0;
      for (int row = 0; row < indexes.length; row++) {
        switch (types.byteAt(row)) {
          case INTEGER -> indexes[row] = integers++;
          case REAL -> indexes[row] = reals++;
          case TEXT, BLOB -> indexes[row] = bytes++;
          default -> {}
        }
      }
      return indexes;
    }

    private static int[] starts(ColumnData data) {
      int count = data.getLengthsCount();
      int[] starts = new int[count + 1];
      long end = 0;
      for (int i = 0; i < count; i++) {
        end += Integer.toUnsignedLong(data.getLengths(i));
        starts[i + 1] = (int) end;
      }
      check(end == data.getData().size(), "the lengths of values");
      return starts;
    }
  }
}
