package dev.tenantry;

/** One thing that can be done to a table. */
public enum Action {
  /** Newer than this client. */
  UNKNOWN,

  /** Read rows. */
  DATA_READ,

  /** Insert rows. */
  DATA_ADD,

  /** Update rows. */
  DATA_UPDATE,

  /** Delete rows. */
  DATA_DELETE,

  /** Create tables, indexes, views and triggers. */
  SCHEMA_ADD,

  /** Alter tables. */
  SCHEMA_UPDATE,

  /** Drop tables, indexes, views and triggers. */
  SCHEMA_DELETE;

  dev.tenantry.v1.Action proto() {
    return this == UNKNOWN
        ? dev.tenantry.v1.Action.ACTION_UNSPECIFIED
        : dev.tenantry.v1.Action.valueOf("ACTION_" + name());
  }
}
