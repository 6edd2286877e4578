package dev.tenantry;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A channel without a network: a request is answered before the sending of it returns. */
abstract class FakeChannel extends ManagedChannel {
  /** How many calls were begun. */
  final AtomicInteger calls = new AtomicInteger();

  abstract <R> void answer(Object request, ClientCall.Listener<R> listener);

  /** Is called in the pause before a call is made again. */
  void reconnecting() {}

  Database database() {
    RetryPolicy retries = new RetryPolicy(2, Duration.ZERO, Duration.ZERO);
    TokenSource token = TokenSource.fixed("token");
    return new Database(new Transport(List.of(this), token, retries, Duration.ofSeconds(20)), "d");
  }

  @Override
  public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
    calls.incrementAndGet();
    return new ClientCall<>() {
      private Listener<R> listener;

      @Override
      public void start(Listener<R> listener, Metadata headers) {
        this.listener = listener;
      }

      @Override
      public void sendMessage(Q request) {
        answer(request, listener);
      }

      @Override
      public void request(int messages) {}

      @Override
      public void halfClose() {}

      @Override
      public void cancel(String message, Throwable cause) {}
    };
  }

  @Override
  public ConnectivityState getState(boolean requestConnection) {
    reconnecting();
    return ConnectivityState.READY;
  }

  @Override
  public String authority() {
    return "nowhere";
  }

  @Override
  public ManagedChannel shutdown() {
    return this;
  }

  @Override
  public ManagedChannel shutdownNow() {
    return this;
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return true;
  }
}
