package dev.tenantry;

import dev.tenantry.v1.ResultStats;
import java.time.Duration;

/**
 * What a statement cost.
 *
 * @param rowsRead rows that it returned
 * @param rowsWritten rows inserted, updated or deleted, those by triggers included
 * @param duration time spent in SQLite, without waiting in queues
 */
public record Stats(long rowsRead, long rowsWritten, Duration duration) {
  static Stats of(ResultStats stats) {
    return new Stats(
        stats.getRowsRead(), stats.getRowsWritten(), Protos.duration(stats.getDuration()));
  }
}
