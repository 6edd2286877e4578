package dev.tenantry;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One script that takes a schema from a generation to the next, at some moment.
 *
 * @param schema the SCHEMA database, as {@code group/name}
 * @param id its id; empty after a validation, which records nothing
 * @param generation the generation that it leads to
 * @param sql the script; in a list and in progress a long one is cut, and ends in {@code …}
 * @param state how far it is
 * @param childrenTotal live children of the schema
 * @param childrenValidated children on which it is known to succeed
 * @param childrenApplied children whose files are at the new generation
 * @param childrenQuarantined children that are quarantined because of it
 * @param failure why it failed
 * @param createTime when it was recorded
 * @param commitTime when it committed
 * @param finishTime when it was applied everywhere, failed, or was cancelled
 * @param maxWritePause the longest time that a write had to wait because of it
 */
public record Migration(
    String schema,
    String id,
    long generation,
    String sql,
    State state,
    long childrenTotal,
    long childrenValidated,
    long childrenApplied,
    long childrenQuarantined,
    Optional<Failure> failure,
    Optional<Instant> createTime,
    Optional<Instant> commitTime,
    Optional<Instant> finishTime,
    Duration maxWritePause) {

  /** How far a migration is. */
  public enum State {
    /** Newer than this client. */
    UNKNOWN,
    /** It is being validated; nothing has changed. */
    PREPARING,
    /** It has happened; files that were not used since are still being brought up to it. */
    COMMITTED,
    /** Every child's file is at the new generation, or quarantined. */
    APPLIED,
    /** Validation failed; nothing has changed. */
    FAILED,
    /** It was cancelled; nothing has changed. */
    CANCELLED;

    dev.tenantry.v1.MigrationState proto() {
      return this == UNKNOWN
          ? dev.tenantry.v1.MigrationState.MIGRATION_STATE_UNSPECIFIED
          : dev.tenantry.v1.MigrationState.valueOf("MIGRATION_STATE_" + name());
    }
  }

  /**
   * Why a migration failed.
   *
   * @param database the database on which it failed, as {@code group/name}
   * @param statementIndex the statement that failed, from 0; absent when it was none, but the check
   *     of foreign keys at the end, or the file
   * @param message what is wrong
   */
  public record Failure(String database, Optional<Integer> statementIndex, String message) {
    static Failure of(dev.tenantry.v1.MigrationFailure failure) {
      return new Failure(
          failure.getDatabase(),
          failure.getStatementFailed()
              ? Optional.of(failure.getStatementIndex())
              : Optional.empty(),
          failure.getMessage());
    }
  }

  static Migration of(dev.tenantry.v1.Migration migration) {
    return new Migration(
        migration.getSchema(),
        migration.getId(),
        migration.getGeneration(),
        migration.getSql(),
        Protos.constant(State.class, "MIGRATION_STATE_", migration.getState()),
        migration.getChildrenTotal(),
        migration.getChildrenValidated(),
        migration.getChildrenApplied(),
        migration.getChildrenQuarantined(),
        migration.hasFailure() ? Optional.of(Failure.of(migration.getFailure())) : Optional.empty(),
        Protos.instant(migration.hasCreateTime(), migration.getCreateTime()),
        Protos.instant(migration.hasCommitTime(), migration.getCommitTime()),
        Protos.instant(migration.hasFinishTime(), migration.getFinishTime()),
        Protos.duration(migration.getMaxWritePause()));
  }
}
