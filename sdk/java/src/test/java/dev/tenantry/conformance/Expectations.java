package dev.tenantry.conformance;

import dev.tenantry.Row;
import dev.tenantry.TenantryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The values of the cases, and how results and errors are compared with what is expected. */
final class Expectations {
  private Expectations() {}

  /** The value that a text such as {@code i:42} stands for. */
  static Object value(Object yaml) {
    if (yaml == null) {
      return null;
    }
    if (!(yaml instanceof String text) || text.length() < 2 || text.charAt(1) != ':') {
      throw new CaseFailure("not a value: " + yaml);
    }
    String rest = text.substring(2);
    return switch (text.charAt(0)) {
      case 'i' -> Long.valueOf(rest);
      case 'r' ->
          switch (rest) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> Double.valueOf(rest);
          };
      case 't' -> rest;
      case 'b' -> HexFormat.of().parseHex(rest);
      default -> throw new CaseFailure("not a value: " + yaml);
    };
  }

  static List<Object> values(Object yaml) {
    if (!(yaml instanceof List<?> list)) {
      throw new CaseFailure("a list of values is expected, not: " + yaml);
    }
    List<Object> values = new ArrayList<>();
    list.forEach(item -> values.add(value(item)));
    return values;
  }

  /** Compares what is named of a result; what is not named is not looked at. */
  static void check(Fields expected, Map<String, Object> actual) {
    for (Object key : List.copyOf(expected.unread())) {
      String name = key.toString();
      Object wanted = expected.take(name);
      if (!actual.containsKey(name)) {
        throw new CaseFailure("the result has no '" + name + "'");
      }
      Object is = actual.get(name);
      if (!fits(name, wanted, is)) {
        throw new CaseFailure(name + " is " + show(is) + " and not " + wanted);
      }
    }
  }

  private static boolean fits(String name, Object wanted, Object is) {
    return switch (name) {
      case "rows" -> rowsFit((List<?>) wanted, (List<?>) is);
      case "last_row" -> Arrays.deepEquals(values(wanted).toArray(), ((List<?>) is).toArray());
      case "first" -> firstFits((Map<?, ?>) wanted, (Row) is);
      case "results" -> resultsFit((List<?>) wanted, (List<?>) is);
      case "failures" -> new HashSet<>((List<?>) wanted).equals(new HashSet<>((List<?>) is));
      case "sql" -> ((String) is).contains((String) wanted);
      default ->
          wanted instanceof Number number
              ? is instanceof Number other && number.longValue() == other.longValue()
              : Objects.equals(wanted, is);
    };
  }

  private static boolean rowsFit(List<?> wanted, List<?> is) {
    if (wanted.size() != is.size()) {
      return false;
    }
    for (int i = 0; i < wanted.size(); i++) {
      // Reals bit by bit, as Double.equals has it; a Long never equals a Double.
      if (!Arrays.deepEquals(values(wanted.get(i)).toArray(), ((List<?>) is.get(i)).toArray())) {
        return false;
      }
    }
    return true;
  }

  private static boolean firstFits(Map<?, ?> wanted, Row is) {
    return is != null
        && wanted.entrySet().stream()
            .allMatch(
                entry ->
                    Objects.deepEquals(value(entry.getValue()), is.get(entry.getKey().toString())));
  }

  private static boolean resultsFit(List<?> wanted, List<?> is) {
    if (wanted.size() != is.size()) {
      return false;
    }
    for (int i = 0; i < wanted.size(); i++) {
      @SuppressWarnings("unchecked") // Made by the driver itself.
      Map<String, Object> result = (Map<String, Object>) is.get(i);
      check(new Fields(wanted.get(i)), result);
    }
    return true;
  }

  /** Compares a failure with what is expected of it. */
  static void checkError(Fields expected, TenantryException is) {
    checkOne(expected, "code", is.code().name(), is);
    checkOne(expected, "reason", is.reason(), is);
    checkOne(expected, "retryable", is.retryable(), is);
    if (expected.has("message") && !is.getMessage().contains(expected.text("message"))) {
      throw new CaseFailure("another message: " + is);
    }
    if (expected.take("metadata") instanceof Map<?, ?> metadata) {
      metadata.forEach(
          (key, value) -> {
            if (!Objects.equals(is.metadata().get(key), value)) {
              throw new CaseFailure("metadata is " + is.metadata() + " and not " + metadata);
            }
          });
    }
    expected.done();
  }

  private static void checkOne(Fields expected, String key, Object is, TenantryException error) {
    if (expected.has(key) && !Objects.equals(expected.take(key), is)) {
      throw new CaseFailure(key + " is " + is + ": " + error);
    }
  }

  private static String show(Object value) {
    String text = value instanceof List<?> list ? Arrays.deepToString(list.toArray()) : "" + value;
    return text.length() > 400 ? text.substring(0, 400) + "…" : text;
  }
}
