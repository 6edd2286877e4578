package dev.tenantry.conformance;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A mapping of a case, which remembers what nobody has read of it. */
final class Fields {
  private final Map<?, ?> map;
  private final Set<Object> unread;

  Fields(Object yaml) {
    if (!(yaml instanceof Map<?, ?> mapping)) {
      throw new CaseFailure("a mapping is expected, not: " + yaml);
    }
    map = mapping;
    unread = new LinkedHashSet<>(mapping.keySet());
  }

  boolean has(String key) {
    return map.containsKey(key);
  }

  /** The value of a key, or null. */
  Object take(String key) {
    unread.remove(key);
    return map.get(key);
  }

  String text(String key) {
    Object value = take(key);
    if (!(value instanceof String || value instanceof Number)) {
      throw new CaseFailure("'" + key + "' is missing, or is no text");
    }
    return value.toString();
  }

  long number(String key) {
    if (take(key) instanceof Number number) {
      return number.longValue();
    }
    throw new CaseFailure("'" + key + "' is missing, or is no number");
  }

  boolean flag(String key) {
    return Boolean.TRUE.equals(take(key));
  }

  /** The list of a key; empty where there is none. */
  List<?> list(String key) {
    Object value = take(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw new CaseFailure("'" + key + "' is no list");
  }

  /** The names that nobody has read yet. */
  Set<Object> unread() {
    return unread;
  }

  /** Fails where something was not understood. */
  void done() {
    if (!unread.isEmpty()) {
      throw new CaseFailure("unknown: " + unread);
    }
  }
}
