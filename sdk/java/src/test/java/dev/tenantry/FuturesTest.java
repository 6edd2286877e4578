package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenantry.v1.QueryRequest;
import dev.tenantry.v1.QueryResponse;
import dev.tenantry.v1.QueryServiceGrpc;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A future that nobody waits for any more leaves no call behind. */
@Timeout(60)
class FuturesTest {
  @Test
  void whatWasCancelledInAPauseIsNotSentAgain() throws Exception {
    CompletableFuture<CompletableFuture<?>> future = new CompletableFuture<>();
    CountDownLatch sentAgain = new CountDownLatch(2);
    var channel =
        new FakeChannel() {
          @Override
          <R> void answer(Object request, ClientCall.Listener<R> listener) {
            sentAgain.countDown();
            // Not before the caller has the future, so that the pause comes after that.
            future.thenRunAsync(() -> listener.onClose(Status.UNAVAILABLE, new Metadata()));
          }

          @Override
          void reconnecting() {
            future.join().cancel(true);
          }
        };
    var later = channel.database().idempotent().executeAsync("SELECT 1");
    future.complete(later);
    assertThrows(CancellationException.class, later::get);
    // Nothing tells that nothing comes.
    assertFalse(sentAgain.await(300, TimeUnit.MILLISECONDS));
    assertEquals(1, channel.calls.get());
  }

  /** Begins streams, of which the first message is late. */
  private static FakeServer silent(CountDownLatch begun, CountDownLatch cancelled) {
    return new FakeServer(
        new QueryServiceGrpc.QueryServiceImplBase() {
          @Override
          public void query(QueryRequest request, StreamObserver<QueryResponse> observer) {
            ((ServerCallStreamObserver<QueryResponse>) observer)
                .setOnCancelHandler(cancelled::countDown);
            begun.countDown();
          }
        });
  }

  @Test
  void aTimeOfTheFutureEndsItsStream() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    try (FakeServer server = silent(begun, cancelled);
        TenantryClient client = server.client().build()) {
      var later = client.database("d").queryAsync("SELECT 1");
      assertTrue(begun.await(20, TimeUnit.SECONDS));
      later.orTimeout(1, TimeUnit.MILLISECONDS);
      var ended = assertThrows(ExecutionException.class, later::get);
      assertInstanceOf(TimeoutException.class, ended.getCause());
      assertTrue(cancelled.await(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void anAnswerThatComesTooLateIsGivenUp() {
    AtomicInteger cancelled = new AtomicInteger();
    AsyncCall<String> call = AsyncCall.create();
    call.cancelBy(cancelled::incrementAndGet);
    call.answer("taken");
    assertEquals(0, cancelled.get());

    AsyncCall<String> ended = AsyncCall.create();
    ended.complete("the caller's own");
    ended.cancelBy(cancelled::incrementAndGet);
    assertEquals(1, cancelled.get());
    ended.answer("too late");
    assertEquals(2, cancelled.get());
  }
}
