package dev.tenantry;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * One gRPC call whose answers are taken one by one, by a thread that waits for them.
 *
 * <p>A few messages are asked for ahead, so that the next is decoded while the present one is read;
 * past those the server is held back by gRPC's flow control.
 */
final class CallStream<Q, R> extends ClientCall.Listener<R> {
  private static final int MESSAGES_AHEAD = 3;

  /** The end of the stream, behind its last message; the failure is null after a good end. */
  private record End(TenantryException failure) {}

  private final Transport transport;
  private final ClientCall<Q, R> call;
  private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  // Touched by the reading thread alone.
  private End end;

  CallStream(Transport transport, ClientCall<Q, R> call) {
    this.transport = transport;
    this.call = call;
  }

  /** Starts a stream in both directions. */
  void start() {
    call.start(this, new Metadata());
    call.request(MESSAGES_AHEAD);
  }

  /** Starts a call with one request. */
  void start(Q request) {
    start();
    send(request);
    finish();
  }

  void send(Q request) {
    call.sendMessage(request);
  }

  /** Tells that no more requests come. */
  void finish() {
    call.halfClose();
  }

  /** Ends the call; its server stops working for it. */
  void cancel() {
    call.cancel("given up by the caller", null);
  }

  /** Ends the call because of what came, for its reader too. */
  void fail(TenantryException failure) {
    end = new End(failure);
    cancel();
  }

  @Override
  public void onMessage(R message) {
    received.add(message);
    started.complete(null);
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    if (status.isOk()) {
      received.add(new End(null));
      started.complete(null);
      closed.complete(null);
    } else {
      TenantryException failure = transport.failure(status, trailers);
      received.add(new End(failure));
      started.completeExceptionally(failure);
      closed.completeExceptionally(failure);
    }
  }

  /** Ends with the first message, or with the call. */
  CompletableFuture<Void> started() {
    return started;
  }

  /** Ends with the call. */
  CompletableFuture<Void> closed() {
    return closed;
  }

  /** Waits for the first message; throws when the call fails before. */
  void awaitStarted() {
    try {
      started.get();
    } catch (InterruptedException interrupted) {
      throw givenUp(interrupted);
    } catch (ExecutionException | CompletionException failed) {
      throw (TenantryException) failed.getCause();
    }
  }

  /** Waits for the next message; null after a good end. */
  R next() {
    if (end == null) {
      Object next;
      try {
        next = received.take();
      } catch (InterruptedException interrupted) {
        throw givenUp(interrupted);
      }
      if (!(next instanceof End)) {
        call.request(1);
        @SuppressWarnings("unchecked") // The queue holds messages and the end alone.
        R message = (R) next;
        return message;
      }
      end = (End) next;
    }
    if (end.failure() != null) {
      throw end.failure();
    }
    return null;
  }

  /** The message of a unary call that has ended well. */
  R only() {
    R answer = next();
    if (answer == null) {
      throw Failures.incomplete("the call ended without an answer");
    }
    return answer;
  }

  private TenantryException givenUp(InterruptedException interrupted) {
    cancel();
    Thread.currentThread().interrupt();
    return Failures.cancelled("the thread was interrupted", interrupted);
  }
}
