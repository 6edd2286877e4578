package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.tenantry.v1.ExecuteRequest;
import dev.tenantry.v1.ExecuteResponse;
import dev.tenantry.v1.QueryHeader;
import dev.tenantry.v1.QueryRequest;
import dev.tenantry.v1.QueryResponse;
import dev.tenantry.v1.QueryServiceGrpc;
import dev.tenantry.v1.TransactBegan;
import dev.tenantry.v1.TransactRequest;
import dev.tenantry.v1.TransactResponse;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is sent again and what is not, and how failures look. */
@Timeout(60)
class RetryTest {
  private static final StatusRuntimeException GONE = Status.UNAVAILABLE.asRuntimeException();

  private final AtomicInteger calls = new AtomicInteger();

  /** Fails so often, then answers. */
  private FakeServer failing(int times, RuntimeException failure) {
    return new FakeServer(
        new QueryServiceGrpc.QueryServiceImplBase() {
          @Override
          public void execute(ExecuteRequest request, StreamObserver<ExecuteResponse> observer) {
            if (calls.incrementAndGet() <= times) {
              observer.onError(failure);
            } else {
              observer.onNext(ExecuteResponse.newBuilder().setGeneration(7).build());
              observer.onCompleted();
            }
          }
        });
  }

  /** What a server tells that is stopped: it does not know what has become of open calls. */
  private static StatusRuntimeException stopping() {
    var info = ErrorInfo.newBuilder().setReason("UNAVAILABLE").putMetadata("outcome", "unknown");
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.UNAVAILABLE.value())
            .addDetails(Any.pack(info.build()))
            .build());
  }

  private static StatusRuntimeException error(Status.Code code, String reason, boolean retry) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage("because")
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain("tenantry")
                        .setReason(reason)
                        .putMetadata("database", "a/b")
                        .build()));
    if (retry) {
      status.addDetails(
          Any.pack(
              RetryInfo.newBuilder().setRetryDelay(Protos.duration(Duration.ofMillis(5))).build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  @Test
  void whatIsSafeIsSentAgain() {
    try (FakeServer server = failing(2, GONE);
        TenantryClient client = server.client().build()) {
      assertEquals(7, client.database("d").idempotent().execute("SELECT 1").generation());
      assertEquals(3, calls.get());
    }
  }

  @Test
  void whatIsSafeIsSentAgainByFuturesToo() throws Exception {
    try (FakeServer server = failing(2, GONE);
        TenantryClient client = server.client().build()) {
      var future = client.database("d").idempotent().executeAsync("SELECT 1");
      assertEquals(7, future.get(20, TimeUnit.SECONDS).generation());
      assertEquals(3, calls.get());
    }
  }

  @Test
  void whatIsNotSafeFailsAtOnce() {
    try (FakeServer server = failing(1, GONE);
        TenantryClient client = server.client().build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(TenantryException.Unavailable.class, () -> database.execute("DELETE"));
      assertTrue(failure.retryable());
      assertEquals("", failure.reason());
      assertEquals(1, calls.get());
    }
  }

  @Test
  void theAttemptsAreCounted() {
    try (FakeServer server = failing(100, GONE);
        TenantryClient client =
            server
                .client()
                .retries(new RetryPolicy(3, Duration.ofMillis(1), Duration.ofMillis(1)))
                .build()) {
      Database database = client.database("d").idempotent();
      assertThrows(TenantryException.Unavailable.class, () -> database.execute("SELECT 1"));
      assertEquals(3, calls.get());
    }
  }

  @Test
  void whatCertainlyHadNoEffectIsSentAgain() {
    var busy = error(Status.Code.ABORTED, "BUSY", true);
    try (FakeServer server = failing(1, busy);
        TenantryClient client = server.client().build()) {
      client.database("d").execute("DELETE");
      assertEquals(2, calls.get());
    }
  }

  @Test
  void theMigrationOfSomebodyElseIsForTheCaller() {
    var busy = error(Status.Code.FAILED_PRECONDITION, "MIGRATION_IN_PROGRESS", true);
    try (FakeServer server = failing(1, busy);
        TenantryClient client = server.client().build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(
              TenantryException.FailedPrecondition.class, () -> database.execute("CREATE"));
      assertTrue(failure.retryable());
      assertEquals(Duration.ofMillis(5), failure.retryAfter().orElseThrow());
      assertEquals(1, calls.get());
    }
  }

  @Test
  void aReasonThatIsNewIsKept() {
    try (FakeServer server = failing(1, error(Status.Code.NOT_FOUND, "QUITE_NEW", false));
        TenantryClient client = server.client().build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(TenantryException.NotFound.class, () -> database.execute("SELECT 1"));
      assertEquals("QUITE_NEW", failure.reason());
      assertEquals("because", failure.getMessage());
      assertEquals("a/b", failure.metadata().get("database"));
      assertFalse(failure.retryable());
      assertTrue(failure.toString().endsWith(": NOT_FOUND QUITE_NEW: because"));
    }
  }

  @Test
  void wrongFieldsAreNamed() {
    var status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.INVALID_ARGUMENT.value())
            .addDetails(
                Any.pack(
                    BadRequest.newBuilder()
                        .addFieldViolations(
                            BadRequest.FieldViolation.newBuilder()
                                .setField("page_size")
                                .setDescription("must not be negative"))
                        .build()))
            .build();
    var expected =
        List.of(new TenantryException.FieldViolation("page_size", "must not be negative"));
    assertEquals(expected, Failures.of(status).fieldViolations());
    assertInstanceOf(TenantryException.InvalidArgument.class, Failures.of(status));
  }

  @Test
  void concurrentRefusalsAskForOneToken() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    var service =
        new QueryServiceGrpc.QueryServiceImplBase() {
          @Override
          public void execute(ExecuteRequest request, StreamObserver<ExecuteResponse> observer) {
            if ("Bearer token-1".equals(FakeServer.AUTHORIZATION.get())) {
              observer.onError(error(Status.Code.UNAUTHENTICATED, "TOKEN_EXPIRED", false));
            } else {
              observer.onNext(ExecuteResponse.getDefaultInstance());
              observer.onCompleted();
            }
          }
        };
    try (FakeServer server = new FakeServer(service);
        TenantryClient client =
            server.client().token(() -> "token-" + asked.incrementAndGet()).build()) {
      Database database = client.database("d");
      var futures = Stream.generate(() -> database.executeAsync("SELECT 1")).limit(20).toList();
      CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
      assertEquals(2, asked.get());
    }
  }

  @Test
  void whatTheTokenCallbackThrowsComesOut() {
    var own = new IllegalStateException("no token today");
    try (FakeServer server = failing(0, GONE);
        TenantryClient client =
            server
                .client()
                .token(
                    () -> {
                      throw own;
                    })
                .build()) {
      Database database = client.database("d");
      assertEquals(
          own, assertThrows(IllegalStateException.class, () -> database.execute("SELECT 1")));
      var later = database.executeAsync("SELECT 1");
      assertEquals(own, assertThrows(ExecutionException.class, later::get).getCause());
      assertEquals(0, calls.get());
    }
  }

  @Test
  void aStreamWithoutItsSummaryIsIncomplete() {
    var service =
        new QueryServiceGrpc.QueryServiceImplBase() {
          @Override
          public void query(QueryRequest request, StreamObserver<QueryResponse> observer) {
            observer.onNext(
                QueryResponse.newBuilder().setHeader(QueryHeader.getDefaultInstance()).build());
            observer.onCompleted();
          }
        };
    try (FakeServer server = new FakeServer(service);
        TenantryClient client = server.client().build();
        Rows rows = client.database("d").query("SELECT 1")) {
      assertThrows(TenantryException.Unavailable.class, () -> rows.iterator().hasNext());
      assertThrows(IllegalStateException.class, rows::stats);
    }
  }

  /** Answers everything but the commit, at which the connection is lost. */
  private FakeServer losingCommits(StatusRuntimeException loss) {
    return new FakeServer(
        new QueryServiceGrpc.QueryServiceImplBase() {
          @Override
          public StreamObserver<TransactRequest> transact(StreamObserver<TransactResponse> out) {
            calls.incrementAndGet();
            return new StreamObserver<>() {
              @Override
              public void onNext(TransactRequest request) {
                if (request.hasBegin()) {
                  out.onNext(
                      TransactResponse.newBuilder()
                          .setBegan(TransactBegan.getDefaultInstance())
                          .build());
                } else {
                  out.onError(loss);
                }
              }

              @Override
              public void onError(Throwable gone) {}

              @Override
              public void onCompleted() {}
            };
          }
        });
  }

  @Test
  void aLostAnswerToACommitIsAnUnknownOutcomeAndNotRunAgain() {
    try (FakeServer server = losingCommits(GONE);
        TenantryClient client = server.client().build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(TenantryException.Unavailable.class, () -> database.transaction(tx -> null));
      assertTrue(failure.outcomeUnknown());
      assertEquals(1, calls.get());
    }
  }

  @Test
  void aCommitThatWasRefusedIsRunAgain() {
    try (FakeServer server = losingCommits(error(Status.Code.ABORTED, "BUSY", true));
        TenantryClient client =
            server
                .client()
                .retries(new RetryPolicy(3, Duration.ofMillis(1), Duration.ofMillis(1)))
                .build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(TenantryException.Aborted.class, () -> database.transaction(tx -> null));
      assertFalse(failure.outcomeUnknown());
      assertEquals(3, calls.get());
    }
  }

  @Test
  void theFailureOfAnotherCallIsNotTheTransactions() {
    try (FakeServer server = losingCommits(GONE);
        TenantryClient client = server.client().build()) {
      var other = Failures.incomplete("of another server");
      Database database = client.database("d");
      var failure =
          assertThrows(
              TenantryException.Unavailable.class,
              () ->
                  database.transaction(
                      tx -> {
                        throw other;
                      }));
      assertEquals(other, failure);
      assertEquals(1, calls.get());
    }
  }

  @Test
  void aTransactionThatIsStoppedBeforeItsCommitIsRunAgain() {
    try (FakeServer server = losingCommits(stopping());
        TenantryClient client =
            server
                .client()
                .retries(new RetryPolicy(3, Duration.ofMillis(1), Duration.ofMillis(1)))
                .build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(
              TenantryException.Unavailable.class,
              () -> database.transaction(tx -> tx.execute("INSERT")));
      assertFalse(failure.outcomeUnknown());
      assertEquals(3, calls.get());
    }
  }

  @Test
  void aTransactionThatIsStoppedInItsCommitIsNotRunAgain() {
    try (FakeServer server = losingCommits(stopping());
        TenantryClient client = server.client().build()) {
      Database database = client.database("d");
      var failure =
          assertThrows(TenantryException.Unavailable.class, () -> database.transaction(tx -> null));
      assertTrue(failure.outcomeUnknown());
      assertEquals(1, calls.get());
    }
  }

  @Test
  void aCommitIsNotSentOnAStreamThatHasEnded() {
    var channel =
        new FakeChannel() {
          @Override
          <R> void answer(Object request, ClientCall.Listener<R> listener) {
            if (((TransactRequest) request).hasBegin()) {
              @SuppressWarnings("unchecked") // Of the one method that is called.
              R began =
                  (R)
                      TransactResponse.newBuilder()
                          .setBegan(TransactBegan.getDefaultInstance())
                          .build();
              listener.onMessage(began);
              StatusRuntimeException end = stopping();
              listener.onClose(end.getStatus(), end.getTrailers());
            }
          }
        };
    Database database = channel.database();
    var failure =
        assertThrows(TenantryException.Unavailable.class, () -> database.transaction(tx -> null));
    assertFalse(failure.outcomeUnknown());
    assertEquals(2, channel.calls.get());
  }
}
