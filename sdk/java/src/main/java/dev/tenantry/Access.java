package dev.tenantry;

/** How far a token reaches into its databases and groups. */
public enum Access {
  /** Newer than this client. */
  UNKNOWN,

  /** Reads. */
  READ_ONLY,

  /** Reads and writes, and changes the schema of REGULAR databases. */
  READ_WRITE,

  /** Everything inside the groups. Not for single databases. */
  ADMIN;

  dev.tenantry.v1.Access proto() {
    return this == UNKNOWN
        ? dev.tenantry.v1.Access.ACCESS_UNSPECIFIED
        : dev.tenantry.v1.Access.valueOf("ACCESS_" + name());
  }
}
