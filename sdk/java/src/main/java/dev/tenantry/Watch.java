package dev.tenantry;

import dev.tenantry.v1.SchemaServiceGrpc;
import dev.tenantry.v1.WatchMigrationRequest;
import dev.tenantry.v1.WatchMigrationResponse;
import io.grpc.Status;
import java.time.Duration;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What happens to a migration, also over connections that break. */
final class Watch extends AbstractSpliterator<Migration> {
  private final Transport transport;
  private final WatchMigrationRequest request;
  private final Long end;
  private volatile CallStream<WatchMigrationRequest, WatchMigrationResponse> stream;

  Watch(Transport transport, WatchMigrationRequest request, Duration timeout) {
    super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
    this.transport = transport;
    this.request = request;
    this.end = timeout == null ? null : System.nanoTime() + timeout.toNanos();
  }

  Stream<Migration> stream() {
    return StreamSupport.stream(this, false).onClose(this::close);
  }

  @Override
  public boolean tryAdvance(Consumer<? super Migration> action) {
    WatchMigrationResponse response = next();
    if (response == null) {
      return false;
    }
    action.accept(Migration.of(response.getMigration()));
    return true;
  }

  private WatchMigrationResponse next() {
    while (true) {
      if (stream == null) {
        // The attempts are counted anew, since there was a connection meanwhile.
        stream =
            transport.stream(SchemaServiceGrpc.getWatchMigrationMethod(), request, true, left());
      }
      try {
        return stream.next();
      } catch (TenantryException failure) {
        // A pause, since a server that is shutting down answers for a while.
        boolean broken = failure.code() == Status.Code.UNAVAILABLE;
        if (!broken || !transport.attempts(true, left()).again(failure)) {
          throw failure;
        }
        stream = null;
      }
    }
  }

  /** What is left of the time; at least a moment, in which the deadline then passes. */
  private Duration left() {
    return end == null ? null : Duration.ofNanos(Math.max(end - System.nanoTime(), 1));
  }

  private void close() {
    CallStream<WatchMigrationRequest, WatchMigrationResponse> open = stream;
    if (open != null) {
      open.cancel();
    }
  }
}
