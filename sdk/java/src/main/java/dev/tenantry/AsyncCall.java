package dev.tenantry;

import java.util.concurrent.CompletableFuture;

/**
 * The future of a call. When it ends in another way than by the call's answer, as by cancelling or
 * {@code orTimeout}, the call is cancelled, which futures do not do by themselves.
 */
final class AsyncCall<T> extends CompletableFuture<T> {
  private static final Runnable NOTHING = () -> {};

  private volatile Runnable cancel = NOTHING;

  static <T> AsyncCall<T> create() {
    AsyncCall<T> call = new AsyncCall<>();
    call.whenComplete((answer, thrown) -> call.cancel.run());
    return call;
  }

  private AsyncCall() {}

  /** Says how the present attempt is ended. */
  void cancelBy(Runnable cancel) {
    this.cancel = cancel;
    // It may have ended before there was something to cancel.
    if (isDone()) {
      cancel.run();
    }
  }

  /**
   * Ends it with the answer of the call, which may still be open; it is the caller's to end now.
   */
  void answer(T answer) {
    Runnable unwanted = cancel;
    cancel = NOTHING;
    if (!complete(answer)) {
      unwanted.run();
    }
  }

  /** What depends on this future is no call. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
