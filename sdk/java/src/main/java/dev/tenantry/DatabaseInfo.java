package dev.tenantry;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What the server knows of a database.
 *
 * @param group its group
 * @param name its name
 * @param id its UUID, which never changes and is never used again
 * @param kind what it is
 * @param schema the parent of a CHILD; empty otherwise
 * @param generation of a SCHEMA database and its children: how many migrations have committed
 * @param allowAttach others of the group may attach it
 * @param deleteProtection it cannot be deleted
 * @param blockReads reads fail
 * @param blockWrites writes fail
 * @param sizeLimitBytes how large its file may become; 0 for no limit
 * @param sizeBytes what it takes on disk
 * @param labels its labels
 * @param state whether it answers
 * @param stateReason why it does not; empty when it does
 * @param createTime when it was created
 * @param updateTime when its configuration last changed
 * @param deleteTime when it was deleted
 * @param purgeTime when its data will be gone for good
 * @param etag changes with every change of the configuration
 */
public record DatabaseInfo(
    String group,
    String name,
    String id,
    Kind kind,
    String schema,
    long generation,
    boolean allowAttach,
    boolean deleteProtection,
    boolean blockReads,
    boolean blockWrites,
    long sizeLimitBytes,
    long sizeBytes,
    Map<String, String> labels,
    State state,
    String stateReason,
    Instant createTime,
    Instant updateTime,
    Optional<Instant> deleteTime,
    Optional<Instant> purgeTime,
    String etag) {

  /** What a database is. */
  public enum Kind {
    /** Newer than this client. */
    UNKNOWN,
    /** Owns its schema. */
    REGULAR,
    /** Holds the schema of its children; every write to it is a migration. */
    SCHEMA,
    /** Follows the schema of a SCHEMA database, and has rows of its own. */
    CHILD;

    dev.tenantry.v1.DatabaseKind proto() {
      return this == UNKNOWN
          ? dev.tenantry.v1.DatabaseKind.DATABASE_KIND_UNSPECIFIED
          : dev.tenantry.v1.DatabaseKind.valueOf("DATABASE_KIND_" + name());
    }
  }

  /** Whether a database answers. */
  public enum State {
    /** Newer than this client. */
    UNKNOWN,
    /** It answers. */
    ACTIVE,
    /** It was deleted, and can be brought back for some time. */
    DELETED,
    /** A CHILD to which a committed migration cannot be applied. */
    QUARANTINED
  }

  /** {@return the reference of the database, {@code group/name}} */
  public String reference() {
    return group + "/" + name;
  }

  static DatabaseInfo of(dev.tenantry.v1.Database database) {
    return new DatabaseInfo(
        database.getGroup(),
        database.getName(),
        database.getId(),
        Protos.constant(Kind.class, "DATABASE_KIND_", database.getKind()),
        database.getSchema(),
        database.getGeneration(),
        database.getAllowAttach(),
        database.getDeleteProtection(),
        database.getBlockReads(),
        database.getBlockWrites(),
        database.getSizeLimitBytes(),
        database.getSizeBytes(),
        database.getLabelsMap(),
        Protos.constant(State.class, "DATABASE_STATE_", database.getState()),
        database.getStateReason(),
        Protos.instant(database.getCreateTime()),
        Protos.instant(database.getUpdateTime()),
        Protos.instant(database.hasDeleteTime(), database.getDeleteTime()),
        Protos.instant(database.hasPurgeTime(), database.getPurgeTime()),
        database.getEtag());
  }
}
