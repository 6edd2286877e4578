package dev.tenantry;

import com.google.protobuf.ByteString;
import dev.tenantry.v1.Value;
import java.util.List;

/** Cells that came row by row, each a {@code Value}. */
final class RowCells implements Cells {
  private final List<dev.tenantry.v1.Row> rows;

  /** Checks the rows, so that every cell of them can be read. */
  RowCells(List<dev.tenantry.v1.Row> rows, int columnCount) {
    for (dev.tenantry.v1.Row row : rows) {
      if (row.getValuesCount() != columnCount) {
        throw Failures.malformed("the number of values of a row");
      }
    }
    this.rows = rows;
  }

  private Value value(int row, int column) {
    return rows.get(row).getValues(column);
  }

  @Override
  public byte type(int row, int column) {
    return switch (value(row, column).getKindCase()) {
      case INTEGER -> INTEGER;
      case REAL -> REAL;
      case TEXT -> TEXT;
      case BLOB -> BLOB;
      case NULL, KIND_NOT_SET -> NULL;
    };
  }

  @Override
  public long integer(int row, int column) {
    return value(row, column).getInteger();
  }

  @Override
  public double real(int row, int column) {
    return value(row, column).getReal();
  }

  @Override
  public String text(int row, int column) {
    return value(row, column).getText();
  }

  @Override
  public ByteString blob(int row, int column) {
    return value(row, column).getBlob();
  }
}
