package dev.tenantry;

import dev.tenantry.v1.BatchCreateDatabasesRequest;
import dev.tenantry.v1.BranchDatabaseRequest;
import dev.tenantry.v1.CreateDatabaseRequest;
import dev.tenantry.v1.CreateGroupRequest;
import dev.tenantry.v1.DatabasesServiceGrpc;
import dev.tenantry.v1.DeleteDatabaseRequest;
import dev.tenantry.v1.DeleteGroupRequest;
import dev.tenantry.v1.GetDatabaseRequest;
import dev.tenantry.v1.GetGroupRequest;
import dev.tenantry.v1.Group;
import dev.tenantry.v1.ListDatabasesResponse;
import dev.tenantry.v1.ListGroupsRequest;
import dev.tenantry.v1.ListGroupsResponse;
import dev.tenantry.v1.UndeleteDatabaseRequest;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Creates, finds and changes groups and databases.
 *
 * <p>A database is named by its reference, {@code group/name} or {@code group/UUID}; without a
 * slash the group is {@code default}. Lists are read page by page as their stream is consumed.
 */
public final class Databases {
  private final Transport transport;

  /** Of one call, all attempts together; null for the default. */
  private final Duration timeout;

  Databases(Transport transport) {
    this(transport, null);
  }

  private Databases(Transport transport, Duration timeout) {
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
  public Databases timeout(Duration timeout) {
    return new Databases(transport, Database.checked(timeout));
  }

  /**
   * Creates a group.
   *
   * @param name its name
   * @return the group
   */
  public GroupInfo createGroup(String name) {
    CreateGroupRequest request =
        CreateGroupRequest.newBuilder().setGroup(Group.newBuilder().setName(name)).build();
    return GroupInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getCreateGroupMethod(), request, false, timeout)
            .getGroup());
  }

  /**
   * Returns a group.
   *
   * @param name its name
   * @return the group
   */
  public GroupInfo getGroup(String name) {
    GetGroupRequest request = GetGroupRequest.newBuilder().setName(name).build();
    return GroupInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getGetGroupMethod(), request, true, timeout)
            .getGroup());
  }

  /** {@return the groups that the token covers, by name} */
  public Stream<GroupInfo> listGroups() {
    return Pages.stream(
        token -> {
          ListGroupsRequest request = ListGroupsRequest.newBuilder().setPageToken(token).build();
          ListGroupsResponse page =
              transport.unary(DatabasesServiceGrpc.getListGroupsMethod(), request, true, timeout);
          return new Pages.Page<>(page.getGroupsList(), page.getNextPageToken());
        },
        GroupInfo::of);
  }

  /**
   * Deletes a group that has no live databases.
   *
   * @param name its name
   */
  public void deleteGroup(String name) {
    DeleteGroupRequest request = DeleteGroupRequest.newBuilder().setName(name).build();
    transport.unary(DatabasesServiceGrpc.getDeleteGroupMethod(), request, false, timeout);
  }

  /**
   * Creates a REGULAR database.
   *
   * @param reference its reference
   * @return the database
   */
  public DatabaseInfo create(String reference) {
    return create(NewDatabase.named(reference));
  }

  /**
   * Creates a database.
   *
   * @param database what to create
   * @return the database
   */
  public DatabaseInfo create(NewDatabase database) {
    return create(database, UUID.randomUUID().toString());
  }

  /**
   * Creates a database under an id of the caller's, which makes the creation safe to repeat.
   *
   * @param database what to create
   * @param requestId the same for the same creation
   * @return the database
   */
  public DatabaseInfo create(NewDatabase database, String requestId) {
    CreateDatabaseRequest request =
        CreateDatabaseRequest.newBuilder()
            .setDatabase(database.proto())
            .setRequestId(requestId)
            .build();
    return DatabaseInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getCreateDatabaseMethod(), request, true, timeout)
            .getDatabase());
  }

  /**
   * Creates a database from a snapshot of another, which goes on undisturbed.
   *
   * @param source the reference of the database to copy
   * @param reference the reference of the branch, or its name alone
   * @return the branch
   */
  public DatabaseInfo branch(String source, String reference) {
    return branch(source, NewDatabase.named(reference));
  }

  /**
   * Creates a database from a snapshot of another, which goes on undisturbed. One that is not done
   * in the time of the call is given up.
   *
   * @param source the reference of the database to copy
   * @param database what to create; group, kind and parent are those of the source and need not be
   *     given, and nothing of its configuration is taken over
   * @return the branch
   */
  public DatabaseInfo branch(String source, NewDatabase database) {
    return branch(source, database, UUID.randomUUID().toString());
  }

  /**
   * Creates a branch under an id of the caller's, which makes the creation safe to repeat.
   *
   * @param source the reference of the database to copy
   * @param database what to create
   * @param requestId the same for the same creation
   * @return the branch
   */
  public DatabaseInfo branch(String source, NewDatabase database, String requestId) {
    BranchDatabaseRequest request =
        BranchDatabaseRequest.newBuilder()
            .setSource(source)
            .setDatabase(database.proto())
            .setRequestId(requestId)
            .build();
    return DatabaseInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getBranchDatabaseMethod(), request, true, timeout)
            .getDatabase());
  }

  /**
   * Creates many databases: all or none.
   *
   * @param databases at most 10,000
   * @return the databases, in the same order
   */
  public List<DatabaseInfo> batchCreate(List<NewDatabase> databases) {
    BatchCreateDatabasesRequest request =
        BatchCreateDatabasesRequest.newBuilder()
            .addAllDatabases(databases.stream().map(NewDatabase::proto).toList())
            .setRequestId(UUID.randomUUID().toString())
            .build();
    return transport
        .unary(DatabasesServiceGrpc.getBatchCreateDatabasesMethod(), request, true, timeout)
        .getDatabasesList()
        .stream()
        .map(DatabaseInfo::of)
        .toList();
  }

  /**
   * Returns a database.
   *
   * @param reference its reference
   * @return the database
   */
  public DatabaseInfo get(String reference) {
    GetDatabaseRequest request = GetDatabaseRequest.newBuilder().setName(reference).build();
    return DatabaseInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getGetDatabaseMethod(), request, true, timeout)
            .getDatabase());
  }

  /** {@return the databases that the token covers, by group and name} */
  public Stream<DatabaseInfo> list() {
    return list(DatabaseFilter.all());
  }

  /**
   * Lists databases.
   *
   * @param filter which
   * @return those that the token covers, by group and name
   */
  public Stream<DatabaseInfo> list(DatabaseFilter filter) {
    return Pages.stream(
        token -> {
          ListDatabasesResponse page =
              transport.unary(
                  DatabasesServiceGrpc.getListDatabasesMethod(), filter.page(token), true, timeout);
          return new Pages.Page<>(page.getDatabasesList(), page.getNextPageToken());
        },
        DatabaseInfo::of);
  }

  /**
   * Changes the configuration of a database.
   *
   * @param reference its reference
   * @param update what to change
   * @return the database
   */
  public DatabaseInfo update(String reference, DatabaseUpdate update) {
    return DatabaseInfo.of(
        transport
            .unary(
                DatabasesServiceGrpc.getUpdateDatabaseMethod(),
                update.request(reference),
                false,
                timeout)
            .getDatabase());
  }

  /**
   * Deletes a database. Its name is free at once; its data can be brought back for some time.
   *
   * @param reference its reference
   * @return the database
   */
  public DatabaseInfo delete(String reference) {
    DeleteDatabaseRequest request = DeleteDatabaseRequest.newBuilder().setName(reference).build();
    return DatabaseInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getDeleteDatabaseMethod(), request, false, timeout)
            .getDatabase());
  }

  /**
   * Brings a deleted database back.
   *
   * @param reference its reference; by name it is the one deleted last
   * @return the database
   */
  public DatabaseInfo undelete(String reference) {
    UndeleteDatabaseRequest request =
        UndeleteDatabaseRequest.newBuilder().setName(reference).build();
    return DatabaseInfo.of(
        transport
            .unary(DatabasesServiceGrpc.getUndeleteDatabaseMethod(), request, false, timeout)
            .getDatabase());
  }
}
