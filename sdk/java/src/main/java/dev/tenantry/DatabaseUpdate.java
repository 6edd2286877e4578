package dev.tenantry;

import com.google.protobuf.FieldMask;
import dev.tenantry.v1.UpdateDatabaseRequest;
import java.util.Map;

/** What to change of a database. What is not set stays as it is. */
public final class DatabaseUpdate {
  private final dev.tenantry.v1.Database.Builder proto = dev.tenantry.v1.Database.newBuilder();
  private final FieldMask.Builder mask = FieldMask.newBuilder();

  private DatabaseUpdate() {}

  /**
   * Begins a change.
   *
   * @return a change of nothing
   */
  public static DatabaseUpdate create() {
    return new DatabaseUpdate();
  }

  /**
   * Whether other databases of the group may attach it.
   *
   * @param allow whether they may
   * @return this
   */
  public DatabaseUpdate allowAttach(boolean allow) {
    proto.setAllowAttach(allow);
    return masked("allow_attach");
  }

  /**
   * Whether it is protected from being deleted.
   *
   * @param protect whether it is
   * @return this
   */
  public DatabaseUpdate deleteProtection(boolean protect) {
    proto.setDeleteProtection(protect);
    return masked("delete_protection");
  }

  /**
   * Whether reads fail.
   *
   * @param block whether they do
   * @return this
   */
  public DatabaseUpdate blockReads(boolean block) {
    proto.setBlockReads(block);
    return masked("block_reads");
  }

  /**
   * Whether writes fail.
   *
   * @param block whether they do
   * @return this
   */
  public DatabaseUpdate blockWrites(boolean block) {
    proto.setBlockWrites(block);
    return masked("block_writes");
  }

  /**
   * How large its file may become.
   *
   * @param bytes the limit; 0 for none
   * @return this
   */
  public DatabaseUpdate sizeLimitBytes(long bytes) {
    proto.setSizeLimitBytes(bytes);
    return masked("size_limit_bytes");
  }

  /**
   * Its labels.
   *
   * @param labels all labels, instead of those that it has
   * @return this
   */
  public DatabaseUpdate labels(Map<String, String> labels) {
    proto.clearLabels().putAllLabels(labels);
    return masked("labels");
  }

  /**
   * Changes it only while it has this etag; {@code ETAG_MISMATCH} otherwise.
   *
   * @param etag the etag of {@link DatabaseInfo}
   * @return this
   */
  public DatabaseUpdate ifEtag(String etag) {
    proto.setEtag(etag);
    return this;
  }

  private DatabaseUpdate masked(String path) {
    mask.addPaths(path);
    return this;
  }

  UpdateDatabaseRequest request(String reference) {
    return UpdateDatabaseRequest.newBuilder()
        .setDatabase(proto.clone().setName(reference))
        .setUpdateMask(mask)
        .build();
  }
}
