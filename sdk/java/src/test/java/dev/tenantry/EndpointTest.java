package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
  @ParameterizedTest
  @CsvSource({
    "http://db.example:50051, db.example, true",
    "https://db.example:50051, db.example, false",
    "https://127.0.0.1:50051, 127.0.0.1, false",
    "http://db.example:50051/, db.example, true",
    "db.example:50051, db.example, false",
    "localhost:50051, localhost, true",
    "127.0.0.1:50051, 127.0.0.1, true",
    "127.1.2.3:50051, 127.1.2.3, true",
    "[::1]:50051, [::1], true",
    "127.0.0.1.example:50051, 127.0.0.1.example, false",
  })
  void schemeAndLoopbackDecideOverTls(String text, String host, boolean plaintext) {
    assertEquals(new Endpoint(host, 50051, plaintext), Endpoint.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "http://localhost",
        "ftp://localhost:1",
        "http://localhost:1/path",
        "http://user@localhost:1",
        "http://local host:1",
      })
  void whatIsNoEndpointIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> TenantryClient.builder(text));
  }
}
