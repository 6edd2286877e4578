package dev.tenantry;

import java.time.Instant;

/**
 * The public part of a key that signs tokens, with the members of a JWK.
 *
 * @param id its id, the {@code kid}
 * @param kty its key type
 * @param crv its curve
 * @param x the public key, in base64url without padding
 * @param alg its algorithm
 * @param use its use
 * @param active new tokens are signed with it
 * @param createTime when it was created
 */
public record SigningKey(
    String id,
    String kty,
    String crv,
    String x,
    String alg,
    String use,
    boolean active,
    Instant createTime) {
  static SigningKey of(dev.tenantry.v1.SigningKey key) {
    return new SigningKey(
        key.getId(),
        key.getKty(),
        key.getCrv(),
        key.getX(),
        key.getAlg(),
        key.getUse(),
        key.getActive(),
        Protos.instant(key.getCreateTime()));
  }
}
