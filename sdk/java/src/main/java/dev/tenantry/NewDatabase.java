package dev.tenantry;

import java.util.Map;

/** A database to create: REGULAR, where nothing else is said; a branch is what its source is. */
public final class NewDatabase {
  private final dev.tenantry.v1.Database.Builder proto = dev.tenantry.v1.Database.newBuilder();

  private NewDatabase() {}

  /**
   * Begins to describe a database.
   *
   * @param reference {@code group/name}; without a slash the group is {@code default}, of a branch
   *     that of its source
   * @return the description
   */
  public static NewDatabase named(String reference) {
    NewDatabase database = new NewDatabase();
    int slash = reference.indexOf('/');
    if (slash >= 0) {
      database.proto.setGroup(reference.substring(0, slash));
    }
    database.proto.setName(reference.substring(slash + 1));
    return database;
  }

  /**
   * Sets what it shall be.
   *
   * @param kind the kind
   * @return this
   */
  public NewDatabase kind(DatabaseInfo.Kind kind) {
    proto.setKind(kind.proto());
    return this;
  }

  /**
   * Makes it a CHILD.
   *
   * @param schema its parent, a SCHEMA database of the same group
   * @return this
   */
  public NewDatabase childOf(String schema) {
    proto.setSchema(schema);
    return this;
  }

  /**
   * Lets other databases of the group attach it.
   *
   * @param allow whether they may
   * @return this
   */
  public NewDatabase allowAttach(boolean allow) {
    proto.setAllowAttach(allow);
    return this;
  }

  /**
   * Protects it from being deleted.
   *
   * @param protect whether it is protected
   * @return this
   */
  public NewDatabase deleteProtection(boolean protect) {
    proto.setDeleteProtection(protect);
    return this;
  }

  /**
   * Limits the size of its file.
   *
   * @param bytes the limit; 0 for none
   * @return this
   */
  public NewDatabase sizeLimitBytes(long bytes) {
    proto.setSizeLimitBytes(bytes);
    return this;
  }

  /**
   * Sets its labels.
   *
   * @param labels all labels
   * @return this
   */
  public NewDatabase labels(Map<String, String> labels) {
    proto.clearLabels().putAllLabels(labels);
    return this;
  }

  dev.tenantry.v1.Database proto() {
    return proto.build();
  }
}
