package dev.tenantry;

import dev.tenantry.TokenSource.Token;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The channels of a client and what every call needs: the token, the deadline, the attempts, and an
 * end when the client is closed. It knows nothing of the services.
 */
final class Transport {
  /** How long a connection gets to stand before the next attempt, which fails where it does not. */
  private static final Duration CONNECT_PAUSE = Duration.ofMillis(20);

  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);
  private static final CallOptions.Key<Token> TOKEN = CallOptions.Key.create("tenantry-token");
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final List<ManagedChannel> channels;
  private final AtomicInteger turn = new AtomicInteger();
  private final Pool pool = new Pool();
  private final TokenSource tokens;
  private final RetryPolicy retries;
  private final Duration defaultTimeout;

  // Waited for in pauses, by those that block and by those that do not.
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CompletableFuture<Void> closing = new CompletableFuture<>();

  /**
   * Where futures are completed whose dependants may block, and tokens are asked for. It is never
   * shut down, since calls may end behind the client; its threads end when they are idle.
   */
  private final Executor executor =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "tenantry-client");
            thread.setDaemon(true);
            return thread;
          });

  Transport(
      List<ManagedChannel> channels, TokenSource tokens, RetryPolicy retries, Duration timeout) {
    this.channels = channels;
    this.tokens = tokens;
    this.retries = retries;
    this.defaultTimeout = timeout;
  }

  /**
   * A channel that takes the real ones in turn and adds the token; without attempts or deadline.
   */
  Channel channel() {
    return pool;
  }

  /** Makes a call and waits for its answer. A timeout of null is the client's. */
  <Q, R> R unary(MethodDescriptor<Q, R> method, Q request, boolean repeatable, Duration timeout) {
    Attempts attempts = attempts(repeatable, timeout == null ? defaultTimeout : timeout);
    while (true) {
      try {
        return ClientCalls.blockingUnaryCall(pool, method, attempts.options(), request);
      } catch (StatusRuntimeException ended) {
        TenantryException failure = failure(ended.getStatus(), ended.getTrailers());
        if (!attempts.again(failure)) {
          throw failure;
        }
      }
    }
  }

  /** Makes a call; cancelling the future cancels the call. */
  <Q, R, T> CompletableFuture<T> unaryAsync(
      MethodDescriptor<Q, R> method,
      Q request,
      boolean repeatable,
      Duration timeout,
      Function<R, T> map) {
    return async(
        repeatable,
        timeout == null ? defaultTimeout : timeout,
        options -> {
          CallStream<Q, R> call = new CallStream<>(this, pool.newCall(method, options));
          call.start(request);
          return new Begun<>(call.closed().thenApply(end -> map.apply(call.only())), call::cancel);
        });
  }

  /** Begins a stream and waits for its first message. A timeout of null is none. */
  <Q, R> CallStream<Q, R> stream(
      MethodDescriptor<Q, R> method, Q request, boolean repeatable, Duration timeout) {
    Attempts attempts = attempts(repeatable, timeout);
    while (true) {
      CallStream<Q, R> stream = new CallStream<>(this, pool.newCall(method, attempts.options()));
      stream.start(request);
      try {
        stream.awaitStarted();
        return stream;
      } catch (TenantryException failure) {
        if (!attempts.again(failure)) {
          throw failure;
        }
      }
    }
  }

  <Q, R, T> CompletableFuture<T> streamAsync(
      MethodDescriptor<Q, R> method,
      Q request,
      boolean repeatable,
      Duration timeout,
      Function<CallStream<Q, R>, T> map) {
    return async(
        repeatable,
        timeout,
        options -> {
          CallStream<Q, R> stream = new CallStream<>(this, pool.newCall(method, options));
          stream.start(request);
          // Not on the thread that delivers the messages: who maps them waits for the next.
          return new Begun<>(
              stream.started().thenApplyAsync(started -> map.apply(stream), executor),
              stream::cancel);
        });
  }

  /** Opens a stream in both directions, for one attempt. */
  <Q, R> CallStream<Q, R> open(MethodDescriptor<Q, R> method, Attempts attempts) {
    CallStream<Q, R> stream = new CallStream<>(this, pool.newCall(method, attempts.options()));
    stream.start();
    return stream;
  }

  /** One attempt that is under way, and how to end it. */
  private record Begun<T>(CompletableFuture<T> answer, Runnable cancel) {}

  private <T> CompletableFuture<T> async(
      boolean repeatable, Duration timeout, Function<CallOptions, Begun<T>> begin) {
    AsyncCall<T> call = AsyncCall.create();
    try {
      Attempts attempts = attempts(repeatable, timeout);
      if (tokens.mustAsk()) {
        executor.execute(() -> attempt(call, attempts, begin));
      } else {
        attempt(call, attempts, begin);
      }
    } catch (TenantryException failure) {
      call.completeExceptionally(failure);
    }
    return call;
  }

  private <T> void attempt(
      AsyncCall<T> call, Attempts attempts, Function<CallOptions, Begun<T>> begin) {
    // The caller may have given it up in a pause.
    if (call.isDone()) {
      return;
    }
    Begun<T> begun;
    try {
      begun = begin.apply(attempts.options());
    } catch (RuntimeException failure) {
      call.completeExceptionally(failure);
      return;
    }
    call.cancelBy(begun.cancel());
    begun
        .answer()
        .whenComplete(
            (answer, thrown) -> {
              if (thrown == null) {
                call.answer(answer);
                return;
              }
              Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
              try {
                if (cause instanceof TenantryException failure) {
                  Duration pause = call.isDone() ? null : attempts.pauseAfter(failure);
                  if (pause != null) {
                    afterPause(pause, failure)
                        .thenRunAsync(() -> attempt(call, attempts, begin), executor)
                        .exceptionally(
                            error -> {
                              call.completeExceptionally(closedInFlight());
                              return null;
                            });
                    return;
                  }
                }
                call.completeExceptionally(cause);
              } catch (RuntimeException ofTheCallback) {
                call.completeExceptionally(ofTheCallback);
              }
            });
  }

  private CompletableFuture<Void> afterPause(Duration pause, TenantryException failure) {
    return timer(pause)
        .thenCompose(
            paused -> {
              if (failure.code() != Status.Code.UNAVAILABLE) {
                return CompletableFuture.<Void>completedFuture(null);
              }
              reconnect();
              return timer(CONNECT_PAUSE);
            });
  }

  /** Ends after a time, or fails when the client is closed before. */
  private CompletableFuture<Void> timer(Duration pause) {
    CompletableFuture<Void> timer =
        new CompletableFuture<Void>()
            .completeOnTimeout(null, pause.toNanos(), TimeUnit.NANOSECONDS);
    return CompletableFuture.anyOf(timer, closing).thenApply(ended -> null);
  }

  /** The attempts of one call, all within its one deadline. */
  Attempts attempts(boolean repeatable, Duration timeout) {
    if (isClosed()) {
      throw Failures.clientClosed();
    }
    Deadline deadline =
        timeout == null ? null : Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS);
    return new Attempts(repeatable, deadline);
  }

  boolean isClosed() {
    return closed.getCount() == 0;
  }

  /** What the end of a call means, which the client itself may have brought about. */
  TenantryException failure(Status status, Metadata trailers) {
    Status.Code code = status.getCode();
    if (isClosed() && (code == Status.Code.UNAVAILABLE || code == Status.Code.CANCELLED)) {
      return closedInFlight();
    }
    return Failures.of(status, trailers);
  }

  private static TenantryException closedInFlight() {
    return Failures.cancelled("the client was closed while the call was in flight", null);
  }

  /** Ends all calls in flight; they fail with CANCELLED. */
  void close() {
    closed.countDown();
    closing.completeExceptionally(Failures.clientClosed());
    channels.forEach(ManagedChannel::shutdownNow);
    try {
      for (ManagedChannel channel : channels) {
        channel.awaitTermination(CLOSE_WAIT.toNanos(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** gRPC itself waits ever longer, up to minutes; an attempt is meant to find out now. */
  private void reconnect() {
    for (ManagedChannel channel : channels) {
      if (channel.getState(true) == ConnectivityState.TRANSIENT_FAILURE) {
        channel.resetConnectBackoff();
      }
    }
  }

  /** Decides over the next attempt of one call. */
  final class Attempts {
    private final boolean repeatable;
    private final Deadline deadline;
    private int attempt = 1;
    private Token token;
    private boolean renewed;

    private Attempts(boolean repeatable, Deadline deadline) {
      this.repeatable = repeatable;
      this.deadline = deadline;
    }

    CallOptions options() {
      if (token == null) {
        token = tokens.current();
      }
      CallOptions options = CallOptions.DEFAULT.withOption(TOKEN, token);
      return deadline == null ? options : options.withDeadline(deadline);
    }

    /** Waits for the time of the next attempt; answers false when there shall be none. */
    boolean again(TenantryException failure) {
      Duration pause = pauseAfter(failure);
      if (pause == null) {
        return false;
      }
      await(pause);
      if (failure.code() == Status.Code.UNAVAILABLE) {
        reconnect();
        await(CONNECT_PAUSE);
      }
      return true;
    }

    /** How long to wait before the next attempt; null when there shall be none. */
    private Duration pauseAfter(TenantryException failure) {
      if (isClosed()) {
        return null;
      }
      if (isRefusedToken(failure) && tokens.canRenew() && !renewed) {
        renewed = true;
        token = tokens.renewed(token);
        return Duration.ZERO;
      }
      // Whether to wait for somebody else's migration is for the caller to decide.
      boolean allowed =
          failure.retryAfter().isPresent()
              ? !failure.reason().equals("MIGRATION_IN_PROGRESS")
              : repeatable && failure.code() == Status.Code.UNAVAILABLE;
      if (!allowed || attempt >= retries.maxAttempts()) {
        return null;
      }
      Duration pause = failure.retryAfter().orElse(Duration.ZERO).plus(retries.pauseAfter(attempt));
      if (deadline != null && deadline.timeRemaining(TimeUnit.NANOSECONDS) <= pause.toNanos()) {
        return null;
      }
      attempt++;
      return pause;
    }

    private void await(Duration pause) {
      try {
        if (closed.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          throw closedInFlight();
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw Failures.cancelled("the thread was interrupted", interrupted);
      }
    }

    private static boolean isRefusedToken(TenantryException failure) {
      return failure.code() == Status.Code.UNAUTHENTICATED
          && switch (failure.reason()) {
            case "TOKEN_EXPIRED", "TOKEN_REVOKED", "TOKEN_INVALID" -> true;
            default -> false;
          };
    }
  }

  /** Takes the channels in turn. */
  private final class Pool extends Channel {
    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
      Channel channel = channels.get(Math.floorMod(turn.getAndIncrement(), channels.size()));
      return new SimpleForwardingClientCall<>(channel.newCall(method, options)) {
        @Override
        public void start(Listener<R> listener, Metadata headers) {
          Token given = options.getOption(TOKEN);
          Token token = given == null ? tokens.current() : given;
          if (token.value != null) {
            headers.put(AUTHORIZATION, "Bearer " + token.value);
          }
          super.start(listener, headers);
        }
      };
    }

    @Override
    public String authority() {
      return channels.get(0).authority();
    }
  }
}
