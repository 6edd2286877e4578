package dev.tenantry;

import com.google.protobuf.ByteString;
import dev.tenantry.v1.Value;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.UUID;

/** Binds the values of Java. */
final class Values {
  private static final Value NULL = Value.newBuilder().setNull(true).build();

  private Values() {}

  /** The value that SQLite gets; what it cannot have is refused before anything is sent. */
  static Value of(Object value) {
    if (value == null) {
      return NULL;
    } else if (value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte) {
      return integer(((Number) value).longValue());
    } else if (value instanceof BigInteger big) {
      try {
        return integer(big.longValueExact());
      } catch (ArithmeticException tooLarge) {
        throw new IllegalArgumentException(
            big + " does not fit the 64 bits of an INTEGER", tooLarge);
      }
    } else if (value instanceof Boolean flag) {
      return integer(flag ? 1 : 0);
    } else if (value instanceof Double || value instanceof Float) {
      double real = ((Number) value).doubleValue();
      return Double.isNaN(real) ? NULL : Value.newBuilder().setReal(real).build();
    } else if (value instanceof byte[] bytes) {
      return Value.newBuilder().setBlob(ByteString.copyFrom(bytes)).build();
    }
    return Value.newBuilder().setText(Protos.text(text(value))).build();
  }

  private static Value integer(long number) {
    return Value.newBuilder().setInteger(number).build();
  }

  private static String text(Object value) {
    if (value instanceof BigDecimal decimal) {
      return decimal.toPlainString();
    } else if (value instanceof ZonedDateTime time) {
      // ISO 8601 knows the offset alone, not the zone that it comes from.
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time);
    } else if (value instanceof CharSequence
        || value instanceof Character
        || value instanceof UUID
        || value instanceof Instant
        || value instanceof LocalDate
        || value instanceof LocalTime
        || value instanceof LocalDateTime
        || value instanceof OffsetDateTime) {
      return value.toString();
    }
    throw new IllegalArgumentException(
        "a " + value.getClass().getName() + " cannot be bound; make it a number, a text or bytes");
  }
}
