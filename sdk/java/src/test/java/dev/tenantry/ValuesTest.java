package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenantry.v1.Value;
import dev.tenantry.v1.Value.KindCase;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ValuesTest {
  private static String text(Object value) {
    Value bound = Values.of(value);
    assertEquals(KindCase.TEXT, bound.getKindCase());
    return bound.getText();
  }

  @Test
  void numbersAndBytesAreBoundAsSuch() {
    assertEquals(Long.MIN_VALUE, Values.of(Long.MIN_VALUE).getInteger());
    assertEquals(7, Values.of((byte) 7).getInteger());
    assertEquals(7, Values.of(BigInteger.valueOf(7)).getInteger());
    assertEquals(1, Values.of(true).getInteger());
    assertEquals(KindCase.INTEGER, Values.of(false).getKindCase());
    assertEquals(0.5, Values.of(0.5f).getReal());
    assertEquals(
        Double.doubleToRawLongBits(-0.0), Double.doubleToRawLongBits(Values.of(-0.0).getReal()));
    assertArrayEquals(new byte[] {0, -1}, Values.of(new byte[] {0, -1}).getBlob().toByteArray());
  }

  @Test
  void nothingAndNanAreNull() {
    assertTrue(Values.of(null).getNull());
    assertTrue(Values.of(Double.NaN).getNull());
  }

  @Test
  void whatSqliteHasNoTypeForIsText() {
    assertEquals("0.10", text(new BigDecimal("0.10")));
    assertEquals("1000", text(new BigDecimal("1E+3")));
    assertEquals("2026-01-02T03:04:05Z", text(Instant.parse("2026-01-02T03:04:05Z")));
    assertEquals("2026-01-02", text(LocalDate.of(2026, 1, 2)));
    assertEquals(
        "2026-01-02T03:04:05+01:00",
        text(ZonedDateTime.parse("2026-01-02T03:04:05+01:00[Europe/Vienna]")));
    UUID id = UUID.randomUUID();
    assertEquals(id.toString(), text(id));
    assertEquals("é", text('é'));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    BigInteger large = BigInteger.valueOf(Long.MAX_VALUE).add(BigInteger.ONE);
    assertThrows(IllegalArgumentException.class, () -> Values.of(large));
    assertThrows(IllegalArgumentException.class, () -> Values.of(new Object()));
  }

  @Test
  void halfOfASurrogatePairIsRefused() {
    assertEquals("\ud83d\ude00", text("\ud83d\ude00"));
    for (String half : List.of("\ud83d", "a\ude00", "\ud83dz", "\ude00\ud83d")) {
      assertThrows(IllegalArgumentException.class, () -> Values.of(half));
      assertThrows(IllegalArgumentException.class, () -> Statement.of("SELECT '" + half + "'"));
      assertThrows(IllegalArgumentException.class, () -> Statement.named("", Map.of(half, 1)));
      assertThrows(IllegalArgumentException.class, () -> MigrationScript.of("s", half));
    }
    assertThrows(IllegalArgumentException.class, () -> Values.of('\ud83d'));
  }
}
