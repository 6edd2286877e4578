package dev.tenantry;

import dev.tenantry.v1.ApplyMigrationRequest;
import dev.tenantry.v1.ForeignKeys;
import dev.tenantry.v1.WaitFor;
import java.util.UUID;
import java.util.function.Consumer;

/** A script to apply to a schema, and how. */
public final class MigrationScript {
  /** Until when {@link Schema#migrate} waits. */
  public enum Until {
    /** It has committed: every later request runs on the new generation. */
    COMMITTED,
    /** Every child's file has been brought up to it. */
    APPLIED,
    /** It is recorded. */
    RECORDED
  }

  private final ApplyMigrationRequest.Builder proto = ApplyMigrationRequest.newBuilder();
  private Until until = Until.COMMITTED;
  private Consumer<Migration> progress = migration -> {};

  private MigrationScript() {}

  /**
   * Begins to describe a migration.
   *
   * @param schema the reference of the SCHEMA database
   * @param sql one or several statements
   * @return the description
   */
  public static MigrationScript of(String schema, String sql) {
    MigrationScript script = new MigrationScript();
    script.proto.setSchema(schema).setSql(Protos.text(sql));
    return script;
  }

  /**
   * Applies it only when this is the schema's generation.
   *
   * @param generation the generation; 0 of a new schema
   * @return this
   */
  public MigrationScript expectedGeneration(long generation) {
    proto.setExpectedGeneration(generation);
    return this;
  }

  /**
   * Checks foreign keys at the end of the script instead of with every statement, for rebuilding
   * tables.
   *
   * @return this
   */
  public MigrationScript checkForeignKeysAtEnd() {
    proto.setForeignKeys(ForeignKeys.FOREIGN_KEYS_CHECK_AT_END);
    return this;
  }

  /**
   * Permits what gives each child another value, such as random().
   *
   * @return this
   */
  public MigrationScript allowNondeterministic() {
    proto.setAllowNondeterministic(true);
    return this;
  }

  /**
   * Sets until when to wait. Default: {@link Until#COMMITTED}.
   *
   * @param until until when
   * @return this
   */
  public MigrationScript waitUntil(Until until) {
    this.until = until;
    return this;
  }

  /**
   * Makes it safe to apply again: the same id answers the same migration. Default: a fresh one.
   *
   * @param requestId the id
   * @return this
   */
  public MigrationScript requestId(String requestId) {
    proto.setRequestId(requestId);
    return this;
  }

  /**
   * Is told of the migration whenever its state or counts change, the state it ends with included.
   *
   * @param progress is called on the thread that waits
   * @return this
   */
  public MigrationScript onProgress(Consumer<Migration> progress) {
    this.progress = progress;
    return this;
  }

  Until until() {
    return until;
  }

  Consumer<Migration> progress() {
    return progress;
  }

  ApplyMigrationRequest validateRequest() {
    return proto.clone().setValidateOnly(true).build();
  }

  /** Nothing is waited for by this call, so that a broken connection costs no migration. */
  ApplyMigrationRequest applyRequest() {
    ApplyMigrationRequest.Builder request = proto.clone().setWaitFor(WaitFor.WAIT_FOR_NOTHING);
    if (request.getRequestId().isEmpty()) {
      request.setRequestId(UUID.randomUUID().toString());
    }
    return request.build();
  }
}
