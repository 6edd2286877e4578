package dev.tenantry;

import com.google.protobuf.ByteString;

/** The cells of a run of rows, however they came. A cell is asked for what its type says only. */
interface Cells {
  /** The storage classes, numbered as in {@code ColumnData.types}. */
  byte NULL = 0;

  byte INTEGER = 1;
  byte REAL = 2;
  byte TEXT = 3;
  byte BLOB = 4;

  byte type(int row, int column);

  long integer(int row, int column);

  double real(int row, int column);

  String text(int row, int column);

  ByteString blob(int row, int column);
}
