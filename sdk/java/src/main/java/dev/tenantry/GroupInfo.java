package dev.tenantry;

import dev.tenantry.v1.Group;
import java.time.Instant;

/**
 * Where databases live together.
 *
 * @param name its name
 * @param createTime when it was created
 */
public record GroupInfo(String name, Instant createTime) {
  static GroupInfo of(Group group) {
    return new GroupInfo(group.getName(), Protos.instant(group.getCreateTime()));
  }
}
