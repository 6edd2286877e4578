package dev.tenantry;

import dev.tenantry.v1.ListDatabasesRequest;
import java.util.Map;

/** Which databases to list: those that fit all that is set. */
public final class DatabaseFilter {
  private final ListDatabasesRequest.Builder proto = ListDatabasesRequest.newBuilder();

  private DatabaseFilter() {}

  /**
   * Begins a filter.
   *
   * @return one that every database fits which is not deleted
   */
  public static DatabaseFilter all() {
    return new DatabaseFilter();
  }

  /**
   * Only of a group.
   *
   * @param group its name
   * @return this
   */
  public DatabaseFilter group(String group) {
    proto.setGroup(group);
    return this;
  }

  /**
   * Only of a kind.
   *
   * @param kind the kind
   * @return this
   */
  public DatabaseFilter kind(DatabaseInfo.Kind kind) {
    proto.setKind(kind.proto());
    return this;
  }

  /**
   * Only children of a SCHEMA database.
   *
   * @param schema its reference
   * @return this
   */
  public DatabaseFilter childrenOf(String schema) {
    proto.setSchema(schema);
    return this;
  }

  /**
   * Only with all of these labels.
   *
   * @param labels the labels
   * @return this
   */
  public DatabaseFilter labels(Map<String, String> labels) {
    proto.clearLabels().putAllLabels(labels);
    return this;
  }

  /**
   * Deleted ones too, until they are purged.
   *
   * @return this
   */
  public DatabaseFilter withDeleted() {
    proto.setShowDeleted(true);
    return this;
  }

  /**
   * How many come with one call. Default: 100.
   *
   * @param size at most 1,000
   * @return this
   */
  public DatabaseFilter pageSize(int size) {
    proto.setPageSize(size);
    return this;
  }

  ListDatabasesRequest page(String token) {
    return proto.clone().setPageToken(token).build();
  }
}
