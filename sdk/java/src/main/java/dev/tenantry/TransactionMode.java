package dev.tenantry;

/** How a transaction starts. */
public enum TransactionMode {
  /** Reads at first, and becomes a write transaction with its first write. */
  DEFERRED,

  /** Waits for its turn to write at once. */
  IMMEDIATE,

  /** Reads one snapshot; a write fails. */
  READ_ONLY;

  dev.tenantry.v1.TransactionMode proto() {
    return dev.tenantry.v1.TransactionMode.valueOf("TRANSACTION_MODE_" + name());
  }
}
