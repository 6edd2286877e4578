package dev.tenantry;

/**
 * A new token.
 *
 * @param token the token itself, shown this once only
 * @param info what is known of it
 */
public record MintedToken(String token, TokenInfo info) {
  /** Without the token, which belongs into no log. */
  @Override
  public String toString() {
    return "MintedToken[" + info + "]";
  }
}
