package dev.tenantry;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One row of a result. Values are exact: an INTEGER is a {@code long}, a REAL a {@code double},
 * TEXT a {@code String} and a BLOB a {@code byte[]}; nothing is converted but INTEGER to {@code
 * double}.
 *
 * <p>Columns are counted from 0. Of several with one name, the name means the first.
 */
public final class Row {
  private final Columns columns;
  private final Cells cells;
  private final int index;

  Row(Columns columns, Cells cells, int index) {
    this.columns = columns;
    this.cells = cells;
    this.index = index;
  }

  /** The rows of a run of cells, made when they are asked for. */
  static List<Row> list(Columns columns, Cells cells, int count) {
    return new AbstractList<>() {
      @Override
      public Row get(int i) {
        return new Row(columns, cells, Objects.checkIndex(i, count));
      }

      @Override
      public int size() {
        return count;
      }
    };
  }

  /** {@return the columns, in order} */
  public List<Column> columns() {
    return columns.list();
  }

  /**
   * Returns a value.
   *
   * @param column the position
   * @return null, a {@code Long}, a {@code Double}, a {@code String} or a {@code byte[]}
   */
  public Object get(int column) {
    return switch (type(column)) {
      case Cells.INTEGER -> cells.integer(index, column);
      case Cells.REAL -> cells.real(index, column);
      case Cells.TEXT -> cells.text(index, column);
      case Cells.BLOB -> cells.blob(index, column).toByteArray();
      default -> null;
    };
  }

  /**
   * Returns a value.
   *
   * @param column the name
   * @return null, a {@code Long}, a {@code Double}, a {@code String} or a {@code byte[]}
   */
  public Object get(String column) {
    return get(columns.position(column));
  }

  /**
   * Tells whether a value is NULL.
   *
   * @param column the position
   * @return whether it is
   */
  public boolean isNull(int column) {
    return type(column) == Cells.NULL;
  }

  /**
   * Tells whether a value is NULL.
   *
   * @param column the name
   * @return whether it is
   */
  public boolean isNull(String column) {
    return isNull(columns.position(column));
  }

  /**
   * Returns an INTEGER.
   *
   * @param column the position
   * @return the number
   * @throws ClassCastException if it is of another type, or NULL
   */
  public long getLong(int column) {
    if (type(column) != Cells.INTEGER) {
      throw mismatch(column, "INTEGER");
    }
    return cells.integer(index, column);
  }

  /**
   * Returns an INTEGER.
   *
   * @param column the name
   * @return the number
   * @throws ClassCastException if it is of another type, or NULL
   */
  public long getLong(String column) {
    return getLong(columns.position(column));
  }

  /**
   * Returns a REAL, or an INTEGER as the nearest {@code double}.
   *
   * @param column the position
   * @return the number
   * @throws ClassCastException if it is of another type, or NULL
   */
  public double getDouble(int column) {
    return switch (type(column)) {
      case Cells.REAL -> cells.real(index, column);
      case Cells.INTEGER -> cells.integer(index, column);
      default -> throw mismatch(column, "REAL");
    };
  }

  /**
   * Returns a REAL, or an INTEGER as the nearest {@code double}.
   *
   * @param column the name
   * @return the number
   * @throws ClassCastException if it is of another type, or NULL
   */
  public double getDouble(String column) {
    return getDouble(columns.position(column));
  }

  /**
   * Returns a TEXT.
   *
   * @param column the position
   * @return the text, or null for NULL
   * @throws ClassCastException if it is of another type
   */
  public String getString(int column) {
    return switch (type(column)) {
      case Cells.TEXT -> cells.text(index, column);
      case Cells.NULL -> null;
      default -> throw mismatch(column, "TEXT");
    };
  }

  /**
   * Returns a TEXT.
   *
   * @param column the name
   * @return the text, or null for NULL
   * @throws ClassCastException if it is of another type
   */
  public String getString(String column) {
    return getString(columns.position(column));
  }

  /**
   * Returns a BLOB, or a TEXT that is not valid UTF-8.
   *
   * @param column the position
   * @return the bytes, which are the caller's, or null for NULL
   * @throws ClassCastException if it is of another type
   */
  public byte[] getBytes(int column) {
    return switch (type(column)) {
      case Cells.BLOB -> cells.blob(index, column).toByteArray();
      case Cells.NULL -> null;
      default -> throw mismatch(column, "BLOB");
    };
  }

  /**
   * Returns a BLOB, or a TEXT that is not valid UTF-8.
   *
   * @param column the name
   * @return the bytes, which are the caller's, or null for NULL
   * @throws ClassCastException if it is of another type
   */
  public byte[] getBytes(String column) {
    return getBytes(columns.position(column));
  }

  /** {@return all values, in the order of the columns} */
  public List<Object> toList() {
    Object[] values = new Object[columns().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = get(i);
    }
    return Collections.unmodifiableList(Arrays.asList(values));
  }

  /** {@return all values by name, in the order of the columns; of a duplicate name the first} */
  public Map<String, Object> toMap() {
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < columns().size(); i++) {
      String name = columns().get(i).name();
      // NULL is a value too, which putIfAbsent would take for none.
      if (!values.containsKey(name)) {
        values.put(name, get(i));
      }
    }
    return Collections.unmodifiableMap(values);
  }

  @Override
  public String toString() {
    return toList().toString();
  }

  private byte type(int column) {
    Objects.checkIndex(column, columns().size());
    return cells.type(index, column);
  }

  private ClassCastException mismatch(int column, String wanted) {
    String is =
        switch (type(column)) {
          case Cells.INTEGER -> "INTEGER";
          case Cells.REAL -> "REAL";
          case Cells.TEXT -> "TEXT";
          case Cells.BLOB -> "BLOB";
          default -> "NULL";
        };
    String name = columns().get(column).name();
    return new ClassCastException(
        "column " + column + " '" + name + "' is " + is + ", not " + wanted);
  }
}
