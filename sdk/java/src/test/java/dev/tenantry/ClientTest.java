package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenantry.v1.ListGroupsRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What the conformance suite does not reach, because it is of Java, against the real server. */
@Timeout(60)
class ClientTest {
  private static final String ENDLESS =
      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n, 'padding' FROM c";
  private static final String ENDLESS_COUNT =
      "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c";

  private static TestServer server;
  private static TenantryClient client;
  private static int count;

  @BeforeAll
  static void start() {
    server = new TestServer();
    client = server.client();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static Database created() {
    String name = "data-" + count++;
    client.databases().create(name);
    return client.database(name);
  }

  @Test
  void bothEncodingsAndExecuteGiveTheSameRows() {
    Database database = created();
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    Statement insert = Statement.of("INSERT INTO t (v) VALUES (?)", "é\0x");
    database.batch(
        insert,
        Statement.of("INSERT INTO t (v) VALUES (?)", Long.MIN_VALUE),
        Statement.of("INSERT INTO t (v) VALUES (?)", -0.0),
        Statement.of("INSERT INTO t (v) VALUES (?)", new byte[] {0, 1, -1}),
        Statement.of("INSERT INTO t (v) VALUES (?)", new byte[0]),
        Statement.of("INSERT INTO t (v) VALUES (?)", ""),
        Statement.of("INSERT INTO t (v) VALUES (?)", (Object) null),
        Statement.of("INSERT INTO t (v) VALUES (?)", Double.NEGATIVE_INFINITY));
    String sql = "SELECT id, v, v AS again FROM t ORDER BY id";
    Object[][] whole = values(database.execute(sql).rows().stream());
    assertEquals(8, whole.length);
    for (Encoding encoding : Encoding.values()) {
      try (Stream<Row> rows = database.encoding(encoding).query(sql).stream()) {
        assertArrayEquals(whole, values(rows));
      }
    }
  }

  private static Object[][] values(Stream<Row> rows) {
    return rows.map(row -> row.toList().toArray()).toArray(Object[][]::new);
  }

  @Test
  void aDuplicateNameMeansTheFirst() {
    Database database = created();
    String sql = "SELECT 1 AS a, 2 AS a, NULL AS b, 3 AS b";
    try (Rows rows = database.query(sql)) {
      Row row = rows.iterator().next();
      assertEquals(1, row.getLong("a"));
      assertEquals(2, row.getLong(1));
      assertTrue(row.isNull("b"));
      assertEquals(4, row.toList().size());
      assertEquals(List.of("a", "b"), List.copyOf(row.toMap().keySet()));
      assertNull(row.toMap().get("b"));
    }
    assertEquals(1L, database.execute(sql).rows().get(0).get("a"));
  }

  @Test
  void aRowIsStrictWithTypes() {
    Row row = created().execute("SELECT 1 AS i, 0.5 AS r, 'x' AS t, NULL AS n").rows().get(0);
    assertEquals(1.0, row.getDouble("i"));
    assertEquals(0.5, row.getDouble("r"));
    assertNull(row.getString("n"));
    assertNull(row.getBytes("n"));
    var text = assertThrows(ClassCastException.class, () -> row.getLong("t"));
    assertEquals("column 2 't' is TEXT, not INTEGER", text.getMessage());
    assertThrows(ClassCastException.class, () -> row.getLong("n"));
    assertThrows(ClassCastException.class, () -> row.getString("i"));
    assertThrows(IllegalArgumentException.class, () -> row.get("nobody"));
    assertThrows(IndexOutOfBoundsException.class, () -> row.get(4));
  }

  @Test
  void rowsAreReadLazily() {
    Database database = created();
    try (Rows rows = database.query(ENDLESS)) {
      assertEquals(List.of("n", "'padding'"), rows.columns().stream().map(Column::name).toList());
      assertThrows(IllegalStateException.class, rows::stats);
      assertEquals(
          200_000, rows.stream().mapToLong(row -> row.getLong(0)).limit(200_000).max().orElse(0));
    }
    try (Rows rows = database.query("SELECT 1 WHERE false")) {
      assertFalse(rows.iterator().hasNext());
      assertEquals(0, rows.stats().rowsRead());
    }
  }

  @Test
  void closedRowsAreCancelled() {
    Rows rows = created().query(ENDLESS);
    rows.close();
    Iterator<Row> rest = rows.iterator();
    assertThrows(
        TenantryException.Cancelled.class,
        () -> {
          while (rest.hasNext()) {
            rest.next();
          }
        });
  }

  @Test
  void aStatementOfABatchMayDependOnOthers() {
    Database database = created();
    database.execute("CREATE TABLE t (v UNIQUE); INSERT INTO t VALUES (1)");
    BatchResult result =
        database.batch(
            Statement.of("INSERT INTO t VALUES (1)"),
            Statement.of("INSERT INTO t VALUES (2)").when(Condition.failed(0)),
            Statement.of("INSERT INTO t VALUES (3)")
                .when(Condition.any(Condition.ok(0), Condition.not(Condition.ok(1)))),
            Statement.named("SELECT :v + v AS n FROM t ORDER BY v", Map.of("v", 10))
                .when(Condition.all(Condition.ok(1))));
    assertInstanceOf(
        TenantryException.Constraint.class, result.steps().get(0).error().orElseThrow());
    assertEquals(1, result.steps().get(1).result().orElseThrow().affectedRowCount());
    assertTrue(result.steps().get(2).skipped());
    List<Row> rows = result.steps().get(3).result().orElseThrow().rows();
    assertEquals(List.of(11L, 12L), rows.stream().map(row -> row.getLong("n")).toList());
    Statement conditional = Statement.of("SELECT 1").when(Condition.ok(0));
    assertThrows(IllegalArgumentException.class, () -> database.execute(conditional));
  }

  @Test
  void futuresGiveTheSameAsCallsThatWait() throws Exception {
    Database database = created();
    var executed = database.executeAsync("SELECT ?1 + 1 AS n", 41);
    assertEquals(42, executed.get(20, TimeUnit.SECONDS).rows().get(0).getLong("n"));
    var batch = database.batchAsync(List.of(Statement.of("SELECT 1"), Statement.of("SELECT 2")));
    assertEquals(2, batch.get(20, TimeUnit.SECONDS).results().size());
    var described = database.describeAsync("SELECT :a AS x").get(20, TimeUnit.SECONDS);
    assertEquals(database.describe("SELECT :a AS x"), described);
    assertEquals(List.of("a"), described.parameters());
    assertTrue(described.readOnly());
    // Read where the future is completed: that must not be the thread which brings the rows.
    String many = ENDLESS + " LIMIT 200000";
    var summed =
        database
            .queryAsync(many)
            .thenApply(rows -> rows.stream().mapToLong(row -> row.getLong(0)).count());
    assertEquals(200_000, summed.get(20, TimeUnit.SECONDS));
    var failed = database.executeAsync("SELECT nobody");
    var failure = assertThrows(ExecutionException.class, failed::get).getCause();
    assertInstanceOf(TenantryException.SqlError.class, failure);
  }

  @Test
  void aCancelledFutureEndsItsCall() {
    Database database = created();
    database.execute("CREATE TABLE t (v)");
    var future = database.executeAsync("INSERT INTO t VALUES (1); " + ENDLESS_COUNT);
    future.cancel(true);
    assertThrows(CancellationException.class, future::join);
    // Waits for its turn behind the cancelled one, which would never end by itself.
    database.execute("INSERT INTO t VALUES (2)");
    assertEquals(2L, database.execute("SELECT v FROM t").rows().get(0).get(0));
  }

  @Test
  void aTransactionIsEndedByHand() {
    Database database = created();
    database.execute("CREATE TABLE t (v)");
    try (Transaction transaction = database.begin()) {
      transaction.execute("INSERT INTO t VALUES (1)");
      transaction.commit();
      var late =
          assertThrows(
              TenantryException.FailedPrecondition.class, () -> transaction.execute("SELECT 1"));
      assertEquals("TRANSACTION_STATE", late.reason());
    }
    try (Transaction transaction = database.begin()) {
      transaction.execute("INSERT INTO t VALUES (2)");
    }
    try (Transaction transaction = database.begin()) {
      transaction.execute("INSERT INTO t VALUES (3)");
      transaction.rollback();
    }
    assertEquals(1L, database.execute("SELECT sum(v) FROM t").rows().get(0).get(0));
  }

  @Test
  void aCheckedExceptionOfATransactionComesOutAsItIs() {
    Database database = created();
    IOException own = new IOException("of the application");
    IOException out =
        assertThrows(
            IOException.class,
            () ->
                database.transaction(
                    transaction -> {
                      transaction.execute("CREATE TABLE t (v)");
                      throw own;
                    }));
    assertEquals(own, out);
    assertEquals(5, database.<Integer, RuntimeException>transaction(transaction -> 5));
    assertThrows(
        TenantryException.SqlError.class, () -> database.execute("SELECT count(*) FROM t"));
  }

  @Test
  void aWrongEndpointIsUnavailable() {
    try (TenantryClient lost = TenantryClient.builder("http://127.0.0.1:1").token("x").build()) {
      var failure =
          assertThrows(
              TenantryException.Unavailable.class, () -> lost.database("d").execute("SELECT 1"));
      assertTrue(failure.retryable());
      assertFalse(failure.outcomeUnknown());
      assertThrows(TenantryException.Unavailable.class, () -> lost.databases().get("d"));
      assertThrows(
          TenantryException.Unavailable.class,
          () -> lost.database("d").transaction(transaction -> null));
    }
  }

  @Test
  void anExpiredTokenIsUnauthenticated() {
    Database database = created();
    String token =
        client
            .tokens()
            .create(NewToken.forDatabases(database.reference()).ttl(Duration.ofMillis(1)))
            .token();
    // A write of its own time is behind the token's.
    database.execute("CREATE TABLE t (v)");
    try (TenantryClient late = TenantryClient.builder(server.endpoint()).token(token).build()) {
      Database theirs = late.database(database.reference());
      var failure =
          assertThrows(TenantryException.Unauthenticated.class, () -> theirs.execute("SELECT 1"));
      assertEquals("TOKEN_EXPIRED", failure.reason());
    }
  }

  @Test
  void closingEndsWhatIsInFlight() throws Exception {
    Database database = created();
    TenantryClient other = server.client();
    Database theirs = other.database(database.reference());
    Rows rows = theirs.query(ENDLESS);
    Transaction transaction = theirs.begin();
    var future = theirs.executeAsync(ENDLESS_COUNT);
    var waiting = CompletableFuture.supplyAsync(() -> theirs.execute(ENDLESS_COUNT));
    other.close();
    for (var call : List.of(future, waiting)) {
      var failure = assertThrows(ExecutionException.class, call::get).getCause();
      // The one that waits may not have begun yet.
      assertTrue(
          failure instanceof TenantryException.Cancelled
              || ((TenantryException) failure).reason().equals("CLIENT_CLOSED"));
    }
    assertThrows(TenantryException.Cancelled.class, () -> rows.stream().count());
    assertThrows(TenantryException.Cancelled.class, () -> transaction.execute("SELECT 1"));
    transaction.close();
    rows.close();
    for (var call :
        List.<Executable>of(
            () -> theirs.execute("SELECT 1"),
            () -> theirs.query("SELECT 1"),
            () -> theirs.begin(),
            () -> other.databases().list().count())) {
      var failure = assertThrows(TenantryException.FailedPrecondition.class, call);
      assertEquals("CLIENT_CLOSED", failure.reason());
    }
    var late = theirs.executeAsync("SELECT 1");
    assertInstanceOf(
        TenantryException.FailedPrecondition.class,
        assertThrows(ExecutionException.class, late::get).getCause());
    other.close();
  }

  @Test
  void aServerThatGoesAwayBreaksStreamsAndTransactions() {
    try (TestServer mortal = new TestServer();
        TenantryClient theirs = mortal.client()) {
      theirs.databases().create("data");
      Database database = theirs.database("data");
      database.execute("CREATE TABLE t (v)");
      Rows rows = database.query(ENDLESS);
      assertTrue(rows.iterator().hasNext());
      Transaction transaction = database.begin();
      transaction.execute("INSERT INTO t VALUES (1)");
      mortal.kill();
      assertThrows(TenantryException.Unavailable.class, () -> rows.stream().count());
      var failure =
          assertThrows(
              TenantryException.Unavailable.class,
              () -> transaction.execute("INSERT INTO t VALUES (2)"));
      assertFalse(failure.outcomeUnknown());
      assertEquals(failure, assertThrows(TenantryException.Unavailable.class, transaction::commit));
      transaction.close();
      mortal.start();
      assertEquals(
          0L, database.idempotent().execute("SELECT count(*) FROM t").rows().get(0).get(0));
    }
  }

  @Test
  void groupsTokensAndKeysAreListed() {
    Databases databases = client.databases();
    String group = "group-" + count++;
    assertEquals(group, databases.createGroup(group).name());
    assertEquals(databases.getGroup(group), groups(databases).get(group));
    List<DatabaseInfo> created =
        databases.batchCreate(
            List.of(
                NewDatabase.named(group + "/a").sizeLimitBytes(1 << 20).deleteProtection(true),
                NewDatabase.named(group + "/b")));
    assertEquals(group + "/a", created.get(0).reference());
    assertEquals(1 << 20, created.get(0).sizeLimitBytes());
    assertEquals(2, databases.list(DatabaseFilter.all().group(group).pageSize(1)).count());
    databases.update(group + "/a", DatabaseUpdate.create().deleteProtection(false));
    var stale = DatabaseUpdate.create().blockReads(true).ifEtag(created.get(0).etag());
    assertThrows(TenantryException.Aborted.class, () -> databases.update(group + "/a", stale));
    assertEquals(DatabaseInfo.State.DELETED, databases.delete(group + "/a").state());
    assertTrue(databases.delete(group + "/b").deleteTime().isPresent());
    databases.deleteGroup(group);
    assertThrows(TenantryException.NotFound.class, () -> databases.getGroup(group));

    Database database = created();
    Tokens tokens = client.tokens();
    TokenInfo minted =
        tokens
            .create(
                NewToken.forDatabases(database.reference())
                    .access(Access.READ_ONLY)
                    .permit("t", Action.DATA_READ)
                    .neverExpires()
                    .subject("till 7"))
            .info();
    assertEquals(Access.READ_ONLY, minted.scopes().access());
    assertEquals(List.of(new Permission("t", Action.DATA_READ)), minted.scopes().permissions());
    assertTrue(minted.expireTime().isEmpty());
    assertEquals(minted, tokens.get(minted.id()));
    TokenFilter filter = TokenFilter.all().database(database.reference()).subject("till 7");
    assertEquals(List.of(minted), tokens.list(filter.pageSize(1)).toList());
    assertTrue(tokens.revoke(minted.id()).revokeTime().isPresent());
    assertEquals(0, tokens.list(filter).count());
    assertTrue(tokens.invalidateDatabase(database.reference()).isAfter(minted.createTime()));
    SigningKey key = tokens.rotateSigningKey();
    assertEquals(key, tokens.listSigningKeys().findFirst().orElseThrow());
  }

  private static Map<String, GroupInfo> groups(Databases databases) {
    return databases.listGroups().collect(Collectors.toMap(GroupInfo::name, group -> group));
  }

  @Test
  void aMigrationIsWatchedAndCancelled() {
    Databases databases = client.databases();
    String base = "base-" + count++;
    databases.create(NewDatabase.named(base).kind(DatabaseInfo.Kind.SCHEMA));
    databases.create(NewDatabase.named(base + "-a").childOf(base));
    Schema schema = client.schema();
    Migration migration = schema.migrate(base, "CREATE TABLE t (v)");
    assertEquals(1, migration.generation());
    List<Migration.State> states =
        schema.watch(base, migration.id()).map(Migration::state).toList();
    assertEquals(Migration.State.APPLIED, states.get(states.size() - 1));
    assertEquals(migration.id(), schema.list(base).findFirst().orElseThrow().id());
    assertEquals("CREATE TABLE t (v)", schema.get(base, migration.id()).sql());
    var decided =
        assertThrows(
            TenantryException.FailedPrecondition.class, () -> schema.cancel(base, migration.id()));
    assertEquals("MIGRATION_DECIDED", decided.reason());
    assertEquals(new Schema.Retried(0, 0), schema.retryChildren(base));
    assertEquals(64, schema.getSchema(base).hash().length());
  }

  @Test
  void rawStubsUseTheChannelOfTheClient() {
    var stub = dev.tenantry.v1.DatabasesServiceGrpc.newBlockingStub(client.channel());
    assertFalse(stub.listGroups(ListGroupsRequest.getDefaultInstance()).getGroupsList().isEmpty());
  }

  @Test
  void manyThreadsShareAClient() {
    Database database = created();
    var futures =
        Stream.iterate(0, i -> i + 1)
            .limit(200)
            .map(i -> database.executeAsync("SELECT ?", i))
            .toList();
    long[] sums =
        futures.stream().mapToLong(future -> future.join().rows().get(0).getLong(0)).toArray();
    assertEquals(199 * 200 / 2, Arrays.stream(sums).sum());
  }
}
