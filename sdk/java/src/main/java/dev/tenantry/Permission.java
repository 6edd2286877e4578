package dev.tenantry;

import java.util.List;

/**
 * What a token may do to a table, within its access.
 *
 * @param table the table, or {@code *} for every one
 * @param actions what may be done
 */
public record Permission(String table, List<Action> actions) {
  /**
   * Names what may be done to a table.
   *
   * @param table the table, or {@code *} for every one
   * @param actions what may be done
   */
  public Permission(String table, Action... actions) {
    this(table, List.of(actions));
  }

  static Permission of(dev.tenantry.v1.Permission permission) {
    return new Permission(
        permission.getTable(),
        permission.getActionsList().stream()
            .map(action -> Protos.constant(Action.class, "ACTION_", action))
            .toList());
  }

  dev.tenantry.v1.Permission proto() {
    return dev.tenantry.v1.Permission.newBuilder()
        .setTable(table)
        .addAllActions(actions.stream().map(Action::proto).toList())
        .build();
  }
}
