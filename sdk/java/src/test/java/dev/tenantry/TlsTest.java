package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TlsTest {
  private static final Path FIXTURES = Path.of("../../tests/fixtures/tls").toAbsolutePath();

  private static TestServer server() {
    return new TestServer(
        "--tls-cert",
        FIXTURES.resolve("server.pem").toString(),
        "--tls-key",
        FIXTURES.resolve("server-key.pem").toString());
  }

  private static TenantryClient.Builder client(TestServer server) {
    return TenantryClient.builder("https://" + server.address()).token(server.adminToken());
  }

  @Test
  void theAuthorityOfTheServerIsTrusted() {
    try (TestServer server = server();
        TenantryClient client = client(server).certificates(FIXTURES.resolve("ca.pem")).build()) {
      client.databases().create("data");
      assertEquals(1L, client.database("data").execute("SELECT 1").rows().get(0).get(0));
    }
  }

  @Test
  void anUnknownAuthorityAndPlaintextAreRefused() {
    try (TestServer server = server();
        TenantryClient stranger = client(server).retries(RetryPolicy.NONE).build();
        TenantryClient plain =
            TenantryClient.builder(server.endpoint()).retries(RetryPolicy.NONE).build()) {
      assertThrows(TenantryException.Unavailable.class, () -> stranger.databases().get("data"));
      // INTERNAL or UNAVAILABLE: it depends on what gRPC reads first.
      assertThrows(TenantryException.class, () -> plain.databases().get("data"));
    }
  }

  @Test
  void certificatesThatCannotBeReadAreToldAtOnce() {
    var builder = TenantryClient.builder("https://localhost:1").certificates(Path.of("nowhere"));
    assertThrows(UncheckedIOException.class, builder::build);
  }
}
