package dev.tenantry;

import com.google.protobuf.ByteString;
import dev.tenantry.v1.ColumnChunk;
import dev.tenantry.v1.ColumnData;

/** Cells that came column by column. Nothing is copied before it is asked for. */
final class ColumnCells implements Cells {
  private final Packed[] columns;

  ColumnCells(ColumnChunk chunk) {
    columns = chunk.getColumnsList().stream().map(Packed::new).toArray(Packed[]::new);
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

    Packed(ColumnData data) {
      this.data = data;
      types = data.getTypes();
      indexes = indexes(types);
      starts = starts(data);
    }

    int index(int row) {
      return indexes == null ? row : indexes[row];
    }

    private static int[] indexes(ByteString types) {
      int rows = types.size();
      int same = 1;
      while (same < rows && types.byteAt(same) == types.byteAt(0)) {
        same++;
      }
      if (same >= rows) {
        return null;
      }
      int[] indexes = new int[rows];
      int integers = 0;
      int reals = 0;
      int bytes = 0;
      for (int row = 0; row < rows; row++) {
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
      for (int i = 0; i < count; i++) {
        starts[i + 1] = starts[i] + data.getLengths(i);
      }
      return starts;
    }
  }
}
