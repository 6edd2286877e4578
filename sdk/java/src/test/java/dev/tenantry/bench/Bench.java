package dev.tenantry.bench;

import dev.tenantry.Database;
import dev.tenantry.Row;
import dev.tenantry.Rows;
import dev.tenantry.TenantryClient;
import dev.tenantry.v1.Encoding;
import dev.tenantry.v1.ExecuteRequest;
import dev.tenantry.v1.QueryRequest;
import dev.tenantry.v1.QueryResponse;
import dev.tenantry.v1.QueryServiceGrpc;
import dev.tenantry.v1.QueryServiceGrpc.QueryServiceBlockingStub;
import dev.tenantry.v1.Statement;
import dev.tenantry.v1.Value;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Prints what the client costs above the bare generated stub, against the server of the environment
 * ({@code TENANTRY_ENDPOINT}, {@code TENANTRY_TOKEN}).
 */
public final class Bench {
  private static final int WARM_UP_CALLS = 5_000;
  private static final int ROUNDS = 50;
  private static final int CALLS_PER_ROUND = 200;
  private static final int STREAMS = 3;
  private static final long ROWS = 1_000_000;
  private static final int MESSAGE_BYTES_MAX = 32 << 20;

  private Bench() {}

  /** Measures, and prints two lines. */
  public static void main(String[] args) {
    String endpoint = System.getenv("TENANTRY_ENDPOINT");
    String token = System.getenv("TENANTRY_TOKEN");
    String name = "bench-java-" + Long.toString(System.nanoTime(), 36);
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                endpoint.replaceFirst("^http://", ""), InsecureChannelCredentials.create())
            .maxInboundMessageSize(MESSAGE_BYTES_MAX)
            .build();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    QueryServiceBlockingStub stub =
        QueryServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    try (TenantryClient client = TenantryClient.builder(endpoint).token(token).build()) {
      client.databases().create(name);
      Database database = client.database(name);
      database.execute(
          "CREATE TABLE t (id INTEGER PRIMARY KEY, half REAL, name TEXT); "
              + "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < "
              + ROWS
              + ") INSERT INTO t SELECT n, n * 0.5, 'row ' || n FROM c");
      unary(database, stub, name);
      rows(database, stub, name);
      client.databases().delete(name);
    } finally {
      channel.shutdownNow();
    }
  }

  /** In turns of short rounds, so that both meet the same machine; the median round of each. */
  private static void unary(Database database, QueryServiceBlockingStub stub, String name) {
    String sql = "SELECT ?1 + 1 AS n";
    Runnable ours = () -> check(database.execute(sql, 41L).rows().get(0).getLong(0));
    Runnable bare =
        () -> {
          Statement.Builder statement =
              Statement.newBuilder().setSql(sql).addArgs(Value.newBuilder().setInteger(41));
          ExecuteRequest request =
              ExecuteRequest.newBuilder().setDatabase(name).setStatement(statement).build();
          check(
              stub.withDeadlineAfter(30, TimeUnit.SECONDS)
                  .execute(request)
                  .getResults(0)
                  .getRows(0)
                  .getValues(0)
                  .getInteger());
        };
    double[] oursRates = new double[ROUNDS];
    double[] bareRates = new double[ROUNDS];
    // For the compiler.
    callsPerSecond(bare, WARM_UP_CALLS);
    callsPerSecond(ours, WARM_UP_CALLS);
    for (int round = 0; round < ROUNDS; round++) {
      bareRates[round] = callsPerSecond(bare, CALLS_PER_ROUND);
      oursRates[round] = callsPerSecond(ours, CALLS_PER_ROUND);
    }
    print("unary calls/s", median(oursRates), median(bareRates));
  }

  private static void check(long answer) {
    if (answer != 42) {
      throw new IllegalStateException("a wrong answer: " + answer);
    }
  }

  private static double callsPerSecond(Runnable call, int calls) {
    long begun = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      call.run();
    }
    return calls * 1e9 / (System.nanoTime() - begun);
  }

  private static double median(double[] rates) {
    Arrays.sort(rates);
    return rates[rates.length / 2];
  }

  private static void rows(Database database, QueryServiceBlockingStub stub, String name) {
    String sql = "SELECT id, half, name FROM t ORDER BY id";
    double oursBest = 0;
    double bareBest = 0;
    for (int i = 0; i < STREAMS; i++) {
      bareBest = Math.max(bareBest, rowsPerSecond(() -> bareSum(stub, name, sql)));
      oursBest = Math.max(oursBest, rowsPerSecond(() -> oursSum(database, sql)));
    }
    print("rows/s", oursBest, bareBest);
  }

  private static double rowsPerSecond(LongSupplier stream) {
    long begun = System.nanoTime();
    long sum = stream.getAsLong();
    long nanos = System.nanoTime() - begun;
    if (sum < ROWS * (ROWS + 1) / 2) {
      throw new IllegalStateException("rows are missing: " + sum);
    }
    return ROWS * 1e9 / nanos;
  }

  private static long oursSum(Database database, String sql) {
    long sum = 0;
    try (Rows rows = database.query(sql)) {
      for (Row row : rows) {
        sum += (Long) row.get(0);
        sum += ((Double) row.get(1)).isNaN() ? 1 : 0;
        sum += ((String) row.get(2)).length();
      }
    }
    return sum;
  }

  private static long bareSum(QueryServiceBlockingStub stub, String name, String sql) {
    QueryRequest request =
        QueryRequest.newBuilder()
            .setDatabase(name)
            .setStatement(Statement.newBuilder().setSql(sql))
            .setEncoding(Encoding.ENCODING_ROWS)
            .build();
    long sum = 0;
    Iterator<QueryResponse> responses = stub.query(request);
    while (responses.hasNext()) {
      for (dev.tenantry.v1.Row row : responses.next().getRows().getRowsList()) {
        sum += (Long) value(row.getValues(0));
        sum += ((Double) value(row.getValues(1))).isNaN() ? 1 : 0;
        sum += ((String) value(row.getValues(2))).length();
      }
    }
    return sum;
  }

  private static Object value(Value value) {
    return switch (value.getKindCase()) {
      case INTEGER -> value.getInteger();
      case REAL -> value.getReal();
      case TEXT -> value.getText();
      case BLOB -> value.getBlob().toByteArray();
      case NULL, KIND_NOT_SET -> null;
    };
  }

  private static void print(String what, double ours, double bare) {
    System.out.printf(
        Locale.ROOT,
        "java %s: client %.0f, bare stub %.0f, ratio %.2f%n",
        what,
        ours,
        bare,
        ours / bare);
  }
}
