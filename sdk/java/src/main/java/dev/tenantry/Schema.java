package dev.tenantry;

import dev.tenantry.TenantryException.Details;
import dev.tenantry.v1.ApplyMigrationRequest;
import dev.tenantry.v1.CancelMigrationRequest;
import dev.tenantry.v1.GetMigrationRequest;
import dev.tenantry.v1.GetSchemaRequest;
import dev.tenantry.v1.GetSchemaResponse;
import dev.tenantry.v1.ListChildrenRequest;
import dev.tenantry.v1.ListChildrenResponse;
import dev.tenantry.v1.ListMigrationsRequest;
import dev.tenantry.v1.ListMigrationsResponse;
import dev.tenantry.v1.RetryChildrenRequest;
import dev.tenantry.v1.RetryChildrenResponse;
import dev.tenantry.v1.SchemaServiceGrpc;
import dev.tenantry.v1.WatchMigrationRequest;
import io.grpc.Status;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Evolves the schema of a SCHEMA database and of all its children together. A schema is named by
 * the reference of its database, {@code group/name}.
 */
public final class Schema {
  /**
   * A schema as text.
   *
   * @param generation its generation
   * @param ddl every statement that makes the schema, in an order in which they can be run
   * @param hash the SHA-256 of that, in lower-case hexadecimal digits
   */
  public record Text(long generation, String ddl, String hash) {}

  /**
   * What became of retried children.
   *
   * @param recovered how many are at the schema's generation now
   * @param quarantined how many are still quarantined
   */
  public record Retried(long recovered, long quarantined) {}

  private final Transport transport;

  /** Of one call, all attempts together; null for the default. */
  private final Duration timeout;

  Schema(Transport transport) {
    this(transport, null);
  }

  private Schema(Transport transport, Duration timeout) {
    this.transport = transport;
    this.timeout = timeout;
  }

  /**
   * Bounds the time of a call, all attempts together: of a list that of each page, of {@link
   * #migrate} that of the wait. Default: the client's, and none for {@link #migrate} and {@link
   * #watch}.
   *
   * @param timeout the time
   * @return the same calls with it
   */
  public Schema timeout(Duration timeout) {
    return new Schema(transport, Database.checked(timeout));
  }

  /**
   * Applies a script to a schema and all its children, and waits for its commit.
   *
   * @param schema the schema
   * @param sql one or several statements
   * @return the migration
   * @throws TenantryException.MigrationFailed if it fails on a database; nothing has changed then
   */
  public Migration migrate(String schema, String sql) {
    return migrate(MigrationScript.of(schema, sql));
  }

  /**
   * Applies a script to a schema and all its children. A broken connection does not end the wait,
   * and giving up the wait does not end the migration.
   *
   * @param script the script
   * @return the migration, in the state that was waited for or a later one
   * @throws TenantryException.MigrationFailed if it fails on a database; nothing has changed then
   * @throws TenantryException.Cancelled if somebody cancels it
   */
  public Migration migrate(MigrationScript script) {
    long begun = System.nanoTime();
    ApplyMigrationRequest request = script.applyRequest();
    Migration migration =
        Migration.of(
            transport
                .unary(SchemaServiceGrpc.getApplyMigrationMethod(), request, true, timeout)
                .getMigration());
    script.progress().accept(migration);
    if (isReached(migration, script.until())) {
      return reached(migration);
    }
    Duration left = timeout;
    if (left != null) {
      // At least a moment, in which the deadline then passes as deadlines do.
      long nanos = left.toNanos() - (System.nanoTime() - begun);
      left = Duration.ofNanos(Math.max(nanos, 1));
    }
    try (Stream<Migration> changes = watch(request.getSchema(), migration.id(), left)) {
      return reached(
          changes
              .peek(script.progress())
              .filter(change -> isReached(change, script.until()))
              .findFirst()
              .orElseThrow(() -> Failures.incomplete("the watch ended before the migration did")));
    }
  }

  private static boolean isReached(Migration migration, MigrationScript.Until until) {
    return switch (migration.state()) {
      case PREPARING -> until == MigrationScript.Until.RECORDED;
      case COMMITTED -> until != MigrationScript.Until.APPLIED;
      case APPLIED, FAILED, CANCELLED -> true;
      case UNKNOWN -> false;
    };
  }

  private static Migration reached(Migration migration) {
    switch (migration.state()) {
      case FAILED -> throw failed(migration);
      case CANCELLED ->
          throw TenantryException.of(
              new Details(
                  Status.Code.CANCELLED,
                  "CANCELLED",
                  "the migration was cancelled",
                  Map.of("schema", migration.schema(), "migration", migration.id()),
                  List.of(),
                  null,
                  null));
      default -> {
        return migration;
      }
    }
  }

  /** As the server would have answered it to whoever waits there. */
  private static TenantryException failed(Migration migration) {
    Map<String, String> metadata = new HashMap<>();
    metadata.put("schema", migration.schema());
    metadata.put("migration", migration.id());
    String message = "the migration failed";
    if (migration.failure().isPresent()) {
      Migration.Failure failure = migration.failure().get();
      message = failure.message();
      metadata.put("database", failure.database());
      failure
          .statementIndex()
          .ifPresent(index -> metadata.put("statement_index", Integer.toString(index)));
    }
    return TenantryException.of(
        new Details(
            Status.Code.FAILED_PRECONDITION,
            "MIGRATION_FAILED",
            message,
            Map.copyOf(metadata),
            List.of(),
            null,
            null));
  }

  /**
   * Tells what a script would do, on the schema and every child, and changes nothing.
   *
   * @param schema the schema
   * @param sql one or several statements
   * @return the report, which names the databases on which it fails
   */
  public MigrationReport validate(String schema, String sql) {
    return validate(MigrationScript.of(schema, sql));
  }

  /**
   * Tells what a script would do, on the schema and every child, and changes nothing.
   *
   * @param script the script
   * @return the report, which names the databases on which it fails
   */
  public MigrationReport validate(MigrationScript script) {
    return MigrationReport.of(
        transport.unary(
            SchemaServiceGrpc.getApplyMigrationMethod(), script.validateRequest(), true, timeout));
  }

  /**
   * Returns a migration.
   *
   * @param schema its schema
   * @param id its id
   * @return the migration
   */
  public Migration get(String schema, String id) {
    GetMigrationRequest request =
        GetMigrationRequest.newBuilder().setSchema(schema).setId(id).build();
    return Migration.of(
        transport
            .unary(SchemaServiceGrpc.getGetMigrationMethod(), request, true, timeout)
            .getMigration());
  }

  /**
   * Lists the migrations of a schema.
   *
   * @param schema the schema
   * @return all, newest first
   */
  public Stream<Migration> list(String schema) {
    return list(schema, Migration.State.UNKNOWN);
  }

  /**
   * Lists the migrations of a schema that are in some state.
   *
   * @param schema the schema
   * @param state the state
   * @return those, newest first
   */
  public Stream<Migration> list(String schema, Migration.State state) {
    ListMigrationsRequest.Builder request =
        ListMigrationsRequest.newBuilder().setSchema(schema).setState(state.proto());
    return Pages.stream(
        token -> {
          ListMigrationsResponse page =
              transport.unary(
                  SchemaServiceGrpc.getListMigrationsMethod(),
                  request.clone().setPageToken(token).build(),
                  true,
                  timeout);
          return new Pages.Page<>(page.getMigrationsList(), page.getNextPageToken());
        },
        Migration::of);
  }

  /**
   * Watches a migration: at once, and whenever its state or counts change, until it is APPLIED,
   * FAILED or CANCELLED. A broken connection is taken up again.
   *
   * @param schema its schema
   * @param id its id
   * @return the migration at these moments; close it where it is not read to its end
   */
  public Stream<Migration> watch(String schema, String id) {
    return watch(schema, id, timeout);
  }

  private Stream<Migration> watch(String schema, String id, Duration timeout) {
    WatchMigrationRequest request =
        WatchMigrationRequest.newBuilder().setSchema(schema).setId(id).build();
    return new Watch(transport, request, timeout).stream();
  }

  /**
   * Cancels a migration that has not committed.
   *
   * @param schema its schema
   * @param id its id
   * @return the migration
   */
  public Migration cancel(String schema, String id) {
    CancelMigrationRequest request =
        CancelMigrationRequest.newBuilder().setSchema(schema).setId(id).build();
    return Migration.of(
        transport
            .unary(SchemaServiceGrpc.getCancelMigrationMethod(), request, false, timeout)
            .getMigration());
  }

  /**
   * Lists the children of a schema.
   *
   * @param schema the schema
   * @return all, by name
   */
  public Stream<Child> listChildren(String schema) {
    return listChildren(schema, Child.State.UNKNOWN, 0);
  }

  /**
   * Lists the children of a schema that are in some state.
   *
   * @param schema the schema
   * @param state the state; UNKNOWN for every one
   * @param pageSize how many come with one call; 0 for 100
   * @return those, by name
   */
  public Stream<Child> listChildren(String schema, Child.State state, int pageSize) {
    ListChildrenRequest.Builder request =
        ListChildrenRequest.newBuilder()
            .setSchema(schema)
            .setState(state.proto())
            .setPageSize(pageSize);
    return Pages.stream(
        token -> {
          ListChildrenResponse page =
              transport.unary(
                  SchemaServiceGrpc.getListChildrenMethod(),
                  request.clone().setPageToken(token).build(),
                  true,
                  timeout);
          return new Pages.Page<>(page.getChildrenList(), page.getNextPageToken());
        },
        Child::of);
  }

  /**
   * Tries at once again to bring quarantined children to the schema's generation.
   *
   * @param schema the schema
   * @param children their names or UUIDs; none for all that are quarantined
   * @return what became of them
   */
  public Retried retryChildren(String schema, String... children) {
    RetryChildrenRequest request =
        RetryChildrenRequest.newBuilder()
            .setSchema(schema)
            .addAllChildren(List.of(children))
            .build();
    RetryChildrenResponse response =
        transport.unary(SchemaServiceGrpc.getRetryChildrenMethod(), request, false, timeout);
    return new Retried(response.getRecoveredCount(), response.getQuarantinedCount());
  }

  /**
   * Returns a schema as text.
   *
   * @param schema the schema
   * @return its text
   */
  public Text getSchema(String schema) {
    GetSchemaRequest request = GetSchemaRequest.newBuilder().setSchema(schema).build();
    GetSchemaResponse response =
        transport.unary(SchemaServiceGrpc.getGetSchemaMethod(), request, true, timeout);
    return new Text(response.getGeneration(), response.getDdl(), response.getHash());
  }
}
