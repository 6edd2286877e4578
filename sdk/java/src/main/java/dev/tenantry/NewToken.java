package dev.tenantry;

import dev.tenantry.v1.CreateTokenRequest;
import java.time.Duration;

/** A token to mint: READ_WRITE and for 7 days, where nothing else is said. */
public final class NewToken {
  private final CreateTokenRequest.Builder proto = CreateTokenRequest.newBuilder();

  private NewToken() {}

  /**
   * A token for some databases.
   *
   * @param references their references
   * @return the description
   */
  public static NewToken forDatabases(String... references) {
    return new NewToken().databases(references);
  }

  /**
   * A token for some groups, with every database that is or will be in them.
   *
   * @param names their names
   * @return the description
   */
  public static NewToken forGroups(String... names) {
    return new NewToken().groups(names);
  }

  /**
   * A token for everything on the server.
   *
   * @return the description
   */
  public static NewToken forServerAdmin() {
    NewToken token = new NewToken();
    token.proto.setServerAdmin(true);
    return token;
  }

  /**
   * Adds databases.
   *
   * @param references their references
   * @return this
   */
  public NewToken databases(String... references) {
    for (String reference : references) {
      proto.addDatabases(reference);
    }
    return this;
  }

  /**
   * Adds groups.
   *
   * @param names their names
   * @return this
   */
  public NewToken groups(String... names) {
    for (String name : names) {
      proto.addGroups(name);
    }
    return this;
  }

  /**
   * Sets how far it reaches.
   *
   * @param access how far
   * @return this
   */
  public NewToken access(Access access) {
    proto.setAccess(access.proto());
    return this;
  }

  /**
   * Lets it migrate the SCHEMA databases that it covers.
   *
   * @return this
   */
  public NewToken ddl() {
    proto.setDdl(true);
    return this;
  }

  /**
   * Lets it attach databases.
   *
   * @param references their references
   * @return this
   */
  public NewToken attach(String... references) {
    for (String reference : references) {
      proto.addAttach(reference);
    }
    return this;
  }

  /**
   * Restricts it to what its permissions name.
   *
   * @param table the table, or {@code *} for every one
   * @param actions what may be done to it
   * @return this
   */
  public NewToken permit(String table, Action... actions) {
    proto.addPermissions(new Permission(table, actions).proto());
    return this;
  }

  /**
   * Sets how long it lives.
   *
   * @param ttl the time, at most 10 years
   * @return this
   */
  public NewToken ttl(Duration ttl) {
    proto.setTtl(Protos.duration(ttl));
    return this;
  }

  /**
   * Lets it live until it is revoked.
   *
   * @return this
   */
  public NewToken neverExpires() {
    proto.setNeverExpires(true);
    return this;
  }

  /**
   * Says for whom it is.
   *
   * @param subject free text
   * @return this
   */
  public NewToken subject(String subject) {
    proto.setSubject(subject);
    return this;
  }

  CreateTokenRequest request() {
    return proto.build();
  }
}
