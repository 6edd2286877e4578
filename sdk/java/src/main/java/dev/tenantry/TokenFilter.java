package dev.tenantry;

import dev.tenantry.v1.ListTokensRequest;

/** Which tokens to list: those that fit all that is set. */
public final class TokenFilter {
  private final ListTokensRequest.Builder proto = ListTokensRequest.newBuilder();

  private TokenFilter() {}

  /**
   * Begins a filter.
   *
   * @return one that every token fits which is neither revoked nor expired
   */
  public static TokenFilter all() {
    return new TokenFilter();
  }

  /**
   * Only those that name a database.
   *
   * @param reference its reference
   * @return this
   */
  public TokenFilter database(String reference) {
    proto.setDatabase(reference);
    return this;
  }

  /**
   * Only those that name a group or a database in it.
   *
   * @param name its name
   * @return this
   */
  public TokenFilter group(String name) {
    proto.setGroup(name);
    return this;
  }

  /**
   * Only those of a subject.
   *
   * @param subject the subject
   * @return this
   */
  public TokenFilter subject(String subject) {
    proto.setSubject(subject);
    return this;
  }

  /**
   * Revoked and expired ones too, for as long as they are kept.
   *
   * @return this
   */
  public TokenFilter withInactive() {
    proto.setShowInactive(true);
    return this;
  }

  /**
   * How many come with one call. Default: 100.
   *
   * @param size at most 1,000
   * @return this
   */
  public TokenFilter pageSize(int size) {
    proto.setPageSize(size);
    return this;
  }

  ListTokensRequest page(String token) {
    return proto.clone().setPageToken(token).build();
  }
}
