package dev.tenantry;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Small conversions between the messages of the protos and the types of Java. */
final class Protos {
  private Protos() {}

  static Duration duration(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }

  static com.google.protobuf.Duration duration(Duration duration) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }

  /** Text as it is. Half of a surrogate pair, which UTF-8 cannot have, would be sent as "?". */
  static String text(String text) {
    int code;
    for (int i = 0; i < text.length(); i += Character.charCount(code)) {
      code = text.codePointAt(i);
      if (Character.MIN_SURROGATE <= code && code <= Character.MAX_SURROGATE) {
        throw new IllegalArgumentException(
            "the text has half of a surrogate pair at " + i + "; bind what is no text as bytes");
      }
    }
    return text;
  }

  /** A time that may be unset. */
  static Optional<Instant> instant(boolean set, Timestamp time) {
    return set ? Optional.of(instant(time)) : Optional.empty();
  }

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  /**
   * The constant of ours that stands for one of the protos, whose names are longer by the name of
   * their type. A server may be newer: what it alone knows is the constant {@code UNKNOWN}.
   */
  static <E extends Enum<E>> E constant(Class<E> type, String prefix, Enum<?> theirs) {
    for (E ours : type.getEnumConstants()) {
      if (theirs.name().equals(prefix + ours.name())) {
        return ours;
      }
    }
    return Enum.valueOf(type, "UNKNOWN");
  }
}
