package dev.tenantry;

/** How a stream carries its rows. */
public enum Encoding {
  /** Row by row. */
  ROWS,

  /** Column by column, which is faster to read. */
  COLUMNS;

  dev.tenantry.v1.Encoding proto() {
    return dev.tenantry.v1.Encoding.valueOf("ENCODING_" + name());
  }
}
