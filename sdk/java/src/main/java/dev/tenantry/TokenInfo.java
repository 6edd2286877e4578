package dev.tenantry;

import dev.tenantry.v1.TokenScopes;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is known of a minted token.
 *
 * @param id its id
 * @param subject for whom it was minted
 * @param scopes what it permits
 * @param createTime when it was minted
 * @param expireTime when its time is over; absent for one that never expires
 * @param revokeTime when it was revoked
 * @param signingKeyId the key that signed it
 */
public record TokenInfo(
    String id,
    String subject,
    Scopes scopes,
    Instant createTime,
    Optional<Instant> expireTime,
    Optional<Instant> revokeTime,
    String signingKeyId) {

  /**
   * What a token permits.
   *
   * @param databases databases, as {@code group/name}
   * @param groups groups, with every database in them
   * @param access how far it reaches into them
   * @param ddl it may migrate the SCHEMA databases among them
   * @param attach databases that it may attach
   * @param permissions to what tables that is restricted; empty for no restriction
   * @param serverAdmin it may do everything on the server
   */
  public record Scopes(
      List<String> databases,
      List<String> groups,
      Access access,
      boolean ddl,
      List<String> attach,
      List<Permission> permissions,
      boolean serverAdmin) {

    private static Scopes of(TokenScopes scopes) {
      return new Scopes(
          List.copyOf(scopes.getDatabasesList()),
          List.copyOf(scopes.getGroupsList()),
          Protos.constant(Access.class, "ACCESS_", scopes.getAccess()),
          scopes.getDdl(),
          List.copyOf(scopes.getAttachList()),
          scopes.getPermissionsList().stream().map(Permission::of).toList(),
          scopes.getServerAdmin());
    }
  }

  static TokenInfo of(dev.tenantry.v1.TokenInfo token) {
    return new TokenInfo(
        token.getId(),
        token.getSubject(),
        Scopes.of(token.getScopes()),
        Protos.instant(token.getCreateTime()),
        Protos.instant(token.hasExpireTime(), token.getExpireTime()),
        Protos.instant(token.hasRevokeTime(), token.getRevokeTime()),
        token.getSigningKeyId());
  }
}
