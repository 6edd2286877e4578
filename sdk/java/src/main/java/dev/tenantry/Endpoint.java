package dev.tenantry;

import java.net.URI;
import java.net.URISyntaxException;

/** Where the server is, and whether the way there is encrypted. */
record Endpoint(String host, int port, boolean plaintext) {
  /**
   * Reads {@code http://host:port}, {@code https://host:port} or {@code host:port}, which is
   * plaintext on the loopback alone.
   */
  static Endpoint parse(String text) {
    boolean hasScheme = text.contains("://");
    URI uri;
    try {
      uri = new URI(hasScheme ? text : "none://" + text);
    } catch (URISyntaxException malformed) {
      throw malformed(text, malformed);
    }
    String path = uri.getPath();
    boolean bare = path == null || path.isEmpty() || path.equals("/");
    if (uri.getHost() == null || uri.getPort() < 1 || !bare || uri.getUserInfo() != null) {
      throw malformed(text, null);
    }
    boolean plaintext =
        switch (uri.getScheme()) {
          case "http" -> true;
          case "https" -> false;
          case "none" -> isLoopback(uri.getHost());
          default -> throw malformed(text, null);
        };
    return new Endpoint(uri.getHost(), uri.getPort(), plaintext);
  }

  /** Decided by the text alone: a name that merely resolves to the loopback may change. */
  private static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.equals("[::1]")
        || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
  }

  private static IllegalArgumentException malformed(String text, Throwable cause) {
    return new IllegalArgumentException(
        "the endpoint '"
            + text
            + "' is not of the form http://host:port, https://host:port or host:port",
        cause);
  }
}
