package dev.tenantry;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The columns that all rows of a result share, and where a name stands among them. */
final class Columns {
  private final List<Column> list;
  // Made when the first row is asked by name. Two threads make the same.
  private volatile Map<String, Integer> positions;

  Columns(List<dev.tenantry.v1.Column> columns) {
    list =
        columns.stream()
            .map(column -> new Column(column.getName(), column.getDeclaredType()))
            .toList();
  }

  List<Column> list() {
    return list;
  }

  /** The position of a name; of a duplicate, the first. */
  int position(String name) {
    Map<String, Integer> known = positions;
    if (known == null) {
      known = new HashMap<>();
      for (int i = 0; i < list.size(); i++) {
        known.putIfAbsent(list.get(i).name(), i);
      }
      positions = known;
    }
    Integer position = known.get(name);
    if (position == null) {
      throw new IllegalArgumentException("the result has no column '" + name + "'");
    }
    return position;
  }
}
