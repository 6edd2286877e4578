package dev.tenantry;

import dev.tenantry.v1.QueryServiceGrpc;
import dev.tenantry.v1.TransactBegin;
import dev.tenantry.v1.TransactCommit;
import dev.tenantry.v1.TransactExecute;
import dev.tenantry.v1.TransactRequest;
import dev.tenantry.v1.TransactResponse;
import dev.tenantry.v1.TransactRollback;
import io.grpc.Status;

/**
 * An open transaction, for one thread at a time. The server ends one that is idle for long (10
 * seconds by default): {@link TenantryException.Aborted}, {@code TRANSACTION_TIMEOUT}.
 */
public final class Transaction implements AutoCloseable {
  private enum State {
    OPEN,
    COMMITTING,
    ENDED
  }

  private final CallStream<TransactRequest, TransactResponse> stream;
  private final long generation;
  private State state = State.OPEN;

  /** The last failure that this transaction has thrown, and whether it was the end of it. */
  private TenantryException failure;

  private boolean broken;

  Transaction(Transport transport, Transport.Attempts attempts, TransactBegin begin) {
    stream = transport.open(QueryServiceGrpc.getTransactMethod(), attempts);
    TransactRequest request = TransactRequest.newBuilder().setBegin(begin).build();
    generation = answer(request, TransactResponse.ResponseCase.BEGAN).getBegan().getGeneration();
  }

  /** {@return the generation of the database on which it runs; 0 of a REGULAR database} */
  public long generation() {
    return generation;
  }

  /**
   * Runs one or several statements. When one fails it alone is undone, those behind it do not run,
   * and the transaction stays open: whoever catches the exception can go on.
   *
   * @param sql the SQL
   * @param args values for its parameters by position
   * @return their results
   */
  public ExecuteResult execute(String sql, Object... args) {
    return execute(Statement.of(sql, args));
  }

  /**
   * Runs one or several statements. When one fails it alone is undone, those behind it do not run,
   * and the transaction stays open: whoever catches the exception can go on.
   *
   * @param statement the SQL with its values
   * @return their results
   */
  public ExecuteResult execute(Statement statement) {
    TransactExecute execute = TransactExecute.newBuilder().setStatement(statement.proto()).build();
    checkOpen();
    TransactResponse response =
        answer(
            TransactRequest.newBuilder().setExecute(execute).build(),
            TransactResponse.ResponseCase.RESULT);
    return ExecuteResult.of(response.getResult().getResultsList(), generation);
  }

  /**
   * Makes the transaction durable. When the answer is lost, {@link
   * TenantryException#outcomeUnknown} tells that it may be.
   */
  public void commit() {
    checkOpen();
    // On a stream that has ended nothing is sent any more.
    if (!stream.closed().isDone()) {
      state = State.COMMITTING;
    }
    TransactCommit commit = TransactCommit.getDefaultInstance();
    try {
      answer(
          TransactRequest.newBuilder().setCommit(commit).build(),
          TransactResponse.ResponseCase.COMMITTED);
    } catch (TenantryException lost) {
      // The server tells whether it knows; a broken connection tells nothing.
      boolean told = !lost.reason().isEmpty() && lost.code() != Status.Code.UNAVAILABLE;
      failure = told || state == State.OPEN ? lost : Failures.outcomeUnknown(lost);
      throw failure;
    }
    state = State.ENDED;
    stream.finish();
  }

  /** Undoes the transaction. */
  public void rollback() {
    checkOpen();
    state = State.ENDED;
    TransactRollback rollback = TransactRollback.getDefaultInstance();
    answer(
        TransactRequest.newBuilder().setRollback(rollback).build(),
        TransactResponse.ResponseCase.ROLLED_BACK);
    stream.finish();
  }

  /** Undoes the transaction where it was not ended before. */
  @Override
  public void close() {
    if (state == State.ENDED) {
      return;
    }
    if (state == State.OPEN && !broken) {
      try {
        rollback();
        return;
      } catch (TenantryException notTold) {
        // It is undone all the same, by the end of its stream.
      }
    }
    stream.cancel();
  }

  /** Whether what came out of the body asks for another run of it. */
  boolean mayRunAgainAfter(Throwable thrown) {
    if (thrown != failure || failure.outcomeUnknown()) {
      return false;
    }
    return switch (failure.code()) {
      case ABORTED -> failure.retryAfter().isPresent();
      case UNAVAILABLE -> true;
      default -> false;
    };
  }

  private void checkOpen() {
    if (broken) {
      throw failure;
    }
    if (state != State.OPEN) {
      throw TenantryException.of(
          new TenantryException.Details(
              Status.Code.FAILED_PRECONDITION,
              "TRANSACTION_STATE",
              "the transaction has ended; begin another one",
              null));
    }
  }

  private TransactResponse answer(TransactRequest request, TransactResponse.ResponseCase wanted) {
    TransactResponse response;
    try {
      stream.send(request);
      response = stream.next();
    } catch (TenantryException ended) {
      // Before the commit was sent there is nothing whose outcome could be unknown.
      throw broken(state == State.COMMITTING ? ended : Failures.withoutOutcome(ended));
    }
    if (response != null && response.hasError()) {
      failure = Failures.of(response.getError());
      throw failure;
    }
    if (response == null || response.getResponseCase() != wanted) {
      stream.cancel();
      throw broken(Failures.incomplete("the server ended the transaction without an answer"));
    }
    return response;
  }

  private TenantryException broken(TenantryException cause) {
    failure = cause;
    broken = true;
    return cause;
  }
}
