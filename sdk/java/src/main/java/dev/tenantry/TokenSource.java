package dev.tenantry;

import java.util.function.Supplier;

/** The token of a client: fixed, or asked of the application and kept. */
final class TokenSource {
  /** One answer; the value is null where the client has no token at all. Compared by identity. */
  static final class Token {
    final String value;

    Token(String value) {
      this.value = value;
    }
  }

  private final Supplier<String> supplier;
  private volatile Token token;

  private TokenSource(Supplier<String> supplier, Token token) {
    this.supplier = supplier;
    this.token = token;
  }

  static TokenSource fixed(String value) {
    return new TokenSource(null, new Token(value));
  }

  static TokenSource asking(Supplier<String> supplier) {
    return new TokenSource(supplier, null);
  }

  /** Whether {@link #current} has to ask, which may take its time. */
  boolean mustAsk() {
    return token == null;
  }

  boolean canRenew() {
    return supplier != null;
  }

  Token current() {
    Token kept = token;
    return kept != null ? kept : renewed(null);
  }

  /**
   * A token that is not the refused one. Those that come at the same time wait for one answer, and
   * nobody asks when another has asked since.
   */
  synchronized Token renewed(Token refused) {
    if (token == refused) {
      token = new Token(supplier.get());
    }
    return token;
  }
}
