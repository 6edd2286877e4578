package dev.tenantry;

import java.util.concurrent.CompletableFuture;

/** The future of a call. Cancelling it cancels the call, which futures do not do by themselves. */
final class AsyncCall<T> extends CompletableFuture<T> {
  private volatile Runnable cancel = () -> {};

  /** Says how the present attempt is ended. */
  void cancelBy(Runnable cancel) {
    this.cancel = cancel;
    // It may have been cancelled before there was something to end.
    if (isCancelled()) {
      cancel.run();
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled) {
      cancel.run();
    }
    return cancelled;
  }

  /** What depends on this future is no call. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
