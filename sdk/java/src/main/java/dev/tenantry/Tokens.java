package dev.tenantry;

import dev.tenantry.v1.CreateTokenResponse;
import dev.tenantry.v1.GetTokenRequest;
import dev.tenantry.v1.InvalidateTokensRequest;
import dev.tenantry.v1.ListSigningKeysRequest;
import dev.tenantry.v1.ListSigningKeysResponse;
import dev.tenantry.v1.ListTokensResponse;
import dev.tenantry.v1.RevokeTokenRequest;
import dev.tenantry.v1.RotateSigningKeyRequest;
import dev.tenantry.v1.TokensServiceGrpc;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/** Mints, lists and withdraws tokens. */
public final class Tokens {
  private final Transport transport;

  /** Of one call, all attempts together; null for the default. */
  private final Duration timeout;

  Tokens(Transport transport) {
    this(transport, null);
  }

  private Tokens(Transport transport, Duration timeout) {
    this.transport = transport;
    this.timeout = timeout;
  }

  /**
   * Bounds the time of a call, all attempts together, of a list that of each page. Default: the
   * client's.
   *
   * @param timeout the time
   * @return the same calls with it
   */
  public Tokens timeout(Duration timeout) {
    return new Tokens(transport, Database.checked(timeout));
  }

  /**
   * Mints a token.
   *
   * @param token what it shall permit
   * @return the token
   */
  public MintedToken create(NewToken token) {
    CreateTokenResponse response =
        transport.unary(TokensServiceGrpc.getCreateTokenMethod(), token.request(), false, timeout);
    return new MintedToken(response.getToken(), TokenInfo.of(response.getMetadata()));
  }

  /** {@return the tokens that the caller may see, newest first} */
  public Stream<TokenInfo> list() {
    return list(TokenFilter.all());
  }

  /**
   * Lists tokens.
   *
   * @param filter which
   * @return those that the caller may see, newest first
   */
  public Stream<TokenInfo> list(TokenFilter filter) {
    return Pages.stream(
        token -> {
          ListTokensResponse page =
              transport.unary(
                  TokensServiceGrpc.getListTokensMethod(), filter.page(token), true, timeout);
          return new Pages.Page<>(page.getTokensList(), page.getNextPageToken());
        },
        TokenInfo::of);
  }

  /**
   * Returns what is known of a token.
   *
   * @param id its id
   * @return what is known
   */
  public TokenInfo get(String id) {
    GetTokenRequest request = GetTokenRequest.newBuilder().setId(id).build();
    return TokenInfo.of(
        transport
            .unary(TokensServiceGrpc.getGetTokenMethod(), request, true, timeout)
            .getMetadata());
  }

  /**
   * Withdraws a token, also inside running streams.
   *
   * @param id its id
   * @return what is known of it
   */
  public TokenInfo revoke(String id) {
    RevokeTokenRequest request = RevokeTokenRequest.newBuilder().setId(id).build();
    return TokenInfo.of(
        transport
            .unary(TokensServiceGrpc.getRevokeTokenMethod(), request, false, timeout)
            .getMetadata());
  }

  /**
   * Withdraws all tokens of a database that were minted before.
   *
   * @param reference its reference
   * @return tokens minted at or before this time no longer open it
   */
  public Instant invalidateDatabase(String reference) {
    return invalidate(InvalidateTokensRequest.newBuilder().setDatabase(reference).build());
  }

  /**
   * Withdraws all tokens of a group, and of every database in it, that were minted before.
   *
   * @param name its name
   * @return tokens minted at or before this time no longer open it
   */
  public Instant invalidateGroup(String name) {
    return invalidate(InvalidateTokensRequest.newBuilder().setGroup(name).build());
  }

  private Instant invalidate(InvalidateTokensRequest request) {
    return Protos.instant(
        transport
            .unary(TokensServiceGrpc.getInvalidateTokensMethod(), request, false, timeout)
            .getInvalidateTime());
  }

  /**
   * Makes a new signing key the active one. Tokens signed by earlier keys stay valid.
   *
   * @return the key
   */
  public SigningKey rotateSigningKey() {
    RotateSigningKeyRequest request = RotateSigningKeyRequest.getDefaultInstance();
    return SigningKey.of(
        transport
            .unary(TokensServiceGrpc.getRotateSigningKeyMethod(), request, false, timeout)
            .getSigningKey());
  }

  /** {@return the public parts of the signing keys, newest first} */
  public Stream<SigningKey> listSigningKeys() {
    return Pages.stream(
        token -> {
          ListSigningKeysRequest request =
              ListSigningKeysRequest.newBuilder().setPageToken(token).build();
          ListSigningKeysResponse page =
              transport.unary(TokensServiceGrpc.getListSigningKeysMethod(), request, true, timeout);
          return new Pages.Page<>(page.getSigningKeysList(), page.getNextPageToken());
        },
        SigningKey::of);
  }
}
