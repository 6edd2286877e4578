package dev.tenantry;

import dev.tenantry.v1.Attachment;
import dev.tenantry.v1.DescribeRequest;
import dev.tenantry.v1.DescribeResponse;
import dev.tenantry.v1.ExecuteBatchRequest;
import dev.tenantry.v1.ExecuteBatchResponse;
import dev.tenantry.v1.ExecuteRequest;
import dev.tenantry.v1.ExecuteResponse;
import dev.tenantry.v1.QueryRequest;
import dev.tenantry.v1.QueryServiceGrpc;
import dev.tenantry.v1.TransactBegin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A handle of one database, and the options of the calls made with it. It never changes: {@link
 * #attach} and the other options answer another handle.
 *
 * <p>Every call throws {@link TenantryException} when it fails, or completes its future with it.
 * Interrupting the thread that waits, or cancelling the future, cancels the call.
 */
public final class Database {
  /** What may be set of a call. A timeout of null is the default of the kind of call. */
  private record Options(
      List<Attachment> attachments,
      long minGeneration,
      Duration timeout,
      boolean idempotent,
      TransactionMode mode,
      Encoding encoding) {
    static final Options DEFAULT = new Options(List.of(), 0, null, false, null, Encoding.COLUMNS);
  }

  private final Transport transport;
  private final String reference;
  private final Options options;

  Database(Transport transport, String reference) {
    this(transport, reference, Options.DEFAULT);
  }

  private Database(Transport transport, String reference, Options options) {
    this.transport = transport;
    this.reference = reference;
    this.options = options;
  }

  static Duration checked(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a timeout must be more than zero");
    }
    return timeout;
  }

  /** {@return the reference of the database, as it was given} */
  public String reference() {
    return reference;
  }

  /**
   * Attaches another database of the group, for reading, under its own name.
   *
   * @param database its reference, {@code group/name}
   * @return the handle with it
   */
  public Database attach(String database) {
    return attach(database, "");
  }

  /**
   * Attaches another database of the group, for reading.
   *
   * @param database its reference, {@code group/name}
   * @param alias the schema name that it has in SQL
   * @return the handle with it
   */
  public Database attach(String database, String alias) {
    List<Attachment> attachments = new ArrayList<>(options.attachments);
    attachments.add(Attachment.newBuilder().setDatabase(database).setAlias(alias).build());
    return with(
        new Options(
            List.copyOf(attachments),
            options.minGeneration,
            options.timeout,
            options.idempotent,
            options.mode,
            options.encoding));
  }

  /**
   * Lets calls fail with {@code GENERATION_MISMATCH} while the database is below a generation.
   *
   * @param generation the generation
   * @return the handle with it
   */
  public Database minGeneration(long generation) {
    return with(
        new Options(
            options.attachments,
            generation,
            options.timeout,
            options.idempotent,
            options.mode,
            options.encoding));
  }

  /**
   * Bounds the time of a call, all attempts together: of a query until its last row is read, of a
   * transaction until its commit. Default: the client's, and none for queries and transactions.
   *
   * @param timeout the time
   * @return the handle with it
   */
  public Database timeout(Duration timeout) {
    return with(
        new Options(
            options.attachments,
            options.minGeneration,
            checked(timeout),
            options.idempotent,
            options.mode,
            options.encoding));
  }

  /**
   * Promises that executions and queries may be done twice, so that they are sent again when it is
   * not known whether the server has done them.
   *
   * @return the handle with it
   */
  public Database idempotent() {
    return with(
        new Options(
            options.attachments,
            options.minGeneration,
            options.timeout,
            true,
            options.mode,
            options.encoding));
  }

  /**
   * How batches and transactions start. Default: DEFERRED for batches, IMMEDIATE for transactions.
   *
   * @param mode the mode
   * @return the handle with it
   */
  public Database mode(TransactionMode mode) {
    return with(
        new Options(
            options.attachments,
            options.minGeneration,
            options.timeout,
            options.idempotent,
            mode,
            options.encoding));
  }

  /**
   * How queries carry their rows, which look the same either way. Default: {@link
   * Encoding#COLUMNS}.
   *
   * @param encoding the encoding
   * @return the handle with it
   */
  public Database encoding(Encoding encoding) {
    return with(
        new Options(
            options.attachments,
            options.minGeneration,
            options.timeout,
            options.idempotent,
            options.mode,
            encoding));
  }

  private Database with(Options changed) {
    return new Database(transport, reference, changed);
  }

  /**
   * Runs one or several statements, as one transaction.
   *
   * @param sql the SQL
   * @param args values for its parameters by position
   * @return their results
   */
  public ExecuteResult execute(String sql, Object... args) {
    return execute(Statement.of(sql, args));
  }

  /**
   * Runs one or several statements, as one transaction.
   *
   * @param statement the SQL with its values
   * @return their results
   */
  public ExecuteResult execute(Statement statement) {
    return result(
        transport.unary(
            QueryServiceGrpc.getExecuteMethod(),
            executeRequest(statement),
            options.idempotent,
            options.timeout));
  }

  /**
   * Runs one or several statements, as one transaction.
   *
   * @param sql the SQL
   * @param args values for its parameters by position
   * @return their results, later
   */
  public CompletableFuture<ExecuteResult> executeAsync(String sql, Object... args) {
    return executeAsync(Statement.of(sql, args));
  }

  /**
   * Runs one or several statements, as one transaction.
   *
   * @param statement the SQL with its values
   * @return their results, later
   */
  public CompletableFuture<ExecuteResult> executeAsync(Statement statement) {
    return transport.unaryAsync(
        QueryServiceGrpc.getExecuteMethod(),
        executeRequest(statement),
        options.idempotent,
        options.timeout,
        Database::result);
  }

  private ExecuteRequest executeRequest(Statement statement) {
    return ExecuteRequest.newBuilder()
        .setDatabase(reference)
        .setStatement(statement.proto())
        .addAllAttachments(options.attachments)
        .setMinGeneration(options.minGeneration)
        .build();
  }

  private static ExecuteResult result(ExecuteResponse response) {
    return ExecuteResult.of(response.getResultsList(), response.getGeneration());
  }

  /**
   * Runs statements in one transaction: all or none. One that fails fails the batch, unless the
   * condition of a later one refers to it.
   *
   * @param statements the statements, each exactly one of SQL
   * @return what became of each
   */
  public BatchResult batch(Statement... statements) {
    return batch(Arrays.asList(statements));
  }

  /**
   * Runs statements in one transaction: all or none. One that fails fails the batch, unless the
   * condition of a later one refers to it.
   *
   * @param statements the statements, each exactly one of SQL
   * @return what became of each
   */
  public BatchResult batch(List<Statement> statements) {
    return BatchResult.of(
        transport.unary(
            QueryServiceGrpc.getExecuteBatchMethod(),
            batchRequest(statements),
            isBatchRepeatable(),
            options.timeout));
  }

  /**
   * Runs statements in one transaction: all or none. One that fails fails the batch, unless the
   * condition of a later one refers to it.
   *
   * @param statements the statements, each exactly one of SQL
   * @return what became of each, later
   */
  public CompletableFuture<BatchResult> batchAsync(List<Statement> statements) {
    return transport.<ExecuteBatchRequest, ExecuteBatchResponse, BatchResult>unaryAsync(
        QueryServiceGrpc.getExecuteBatchMethod(),
        batchRequest(statements),
        isBatchRepeatable(),
        options.timeout,
        BatchResult::of);
  }

  private ExecuteBatchRequest batchRequest(List<Statement> statements) {
    ExecuteBatchRequest.Builder request =
        ExecuteBatchRequest.newBuilder()
            .setDatabase(reference)
            .addAllAttachments(options.attachments)
            .setMinGeneration(options.minGeneration);
    if (options.mode != null) {
      request.setMode(options.mode.proto());
    }
    statements.forEach(statement -> request.addSteps(statement.step()));
    return request.build();
  }

  private boolean isBatchRepeatable() {
    return options.idempotent || options.mode == TransactionMode.READ_ONLY;
  }

  /**
   * Runs one statement and reads its rows as they are asked for.
   *
   * @param sql the SQL
   * @param args values for its parameters by position
   * @return the rows, to be closed
   */
  public Rows query(String sql, Object... args) {
    return query(Statement.of(sql, args));
  }

  /**
   * Runs one statement and reads its rows as they are asked for.
   *
   * @param statement the SQL with its values
   * @return the rows, to be closed
   */
  public Rows query(Statement statement) {
    return new Rows(
        transport.stream(
            QueryServiceGrpc.getQueryMethod(),
            queryRequest(statement),
            options.idempotent,
            options.timeout));
  }

  /**
   * Runs one statement and reads its rows as they are asked for.
   *
   * @param sql the SQL
   * @param args values for its parameters by position
   * @return the rows, to be closed, as soon as the first can be read
   */
  public CompletableFuture<Rows> queryAsync(String sql, Object... args) {
    return queryAsync(Statement.of(sql, args));
  }

  /**
   * Runs one statement and reads its rows as they are asked for.
   *
   * @param statement the SQL with its values
   * @return the rows, to be closed, as soon as the first can be read
   */
  public CompletableFuture<Rows> queryAsync(Statement statement) {
    return transport.streamAsync(
        QueryServiceGrpc.getQueryMethod(),
        queryRequest(statement),
        options.idempotent,
        options.timeout,
        Rows::new);
  }

  private QueryRequest queryRequest(Statement statement) {
    return QueryRequest.newBuilder()
        .setDatabase(reference)
        .setStatement(statement.proto())
        .addAllAttachments(options.attachments)
        .setEncoding(options.encoding.proto())
        .setMinGeneration(options.minGeneration)
        .build();
  }

  /**
   * Describes a statement without running it.
   *
   * @param sql exactly one statement
   * @return its parameters and columns
   */
  public StatementDescription describe(String sql) {
    return StatementDescription.of(
        transport.unary(
            QueryServiceGrpc.getDescribeMethod(), describeRequest(sql), true, options.timeout));
  }

  /**
   * Describes a statement without running it.
   *
   * @param sql exactly one statement
   * @return its parameters and columns, later
   */
  public CompletableFuture<StatementDescription> describeAsync(String sql) {
    return transport.<DescribeRequest, DescribeResponse, StatementDescription>unaryAsync(
        QueryServiceGrpc.getDescribeMethod(),
        describeRequest(sql),
        true,
        options.timeout,
        StatementDescription::of);
  }

  private DescribeRequest describeRequest(String sql) {
    return DescribeRequest.newBuilder()
        .setDatabase(reference)
        .setSql(Protos.text(sql))
        .addAllAttachments(options.attachments)
        .build();
  }

  /**
   * What a transaction does. It may be run several times, so it should touch nothing else.
   *
   * @param <T> what it answers
   * @param <X> what it may throw; {@code RuntimeException} where it throws nothing checked
   */
  @FunctionalInterface
  public interface TransactionBody<T, X extends Exception> {
    /**
     * Runs the transaction's statements.
     *
     * @param transaction where to run them
     * @return any answer
     * @throws X any failure, which undoes the transaction
     */
    T run(Transaction transaction) throws X;
  }

  /**
   * Runs a transaction: commits when the body returns, undoes everything when it throws, and throws
   * the same. The whole body is run again when the server asks for that ({@link
   * TenantryException.Aborted}), and when the connection broke before the commit was sent. Where
   * the answer to the commit was lost it is not: {@link TenantryException#outcomeUnknown} tells.
   *
   * @param <T> what the body answers
   * @param <X> what the body may throw
   * @param body what to do
   * @return what the body answered
   * @throws X what the body threw
   */
  public <T, X extends Exception> T transaction(TransactionBody<T, X> body) throws X {
    Transport.Attempts attempts = transport.attempts(true, options.timeout);
    while (true) {
      Transaction transaction = null;
      try {
        transaction = new Transaction(transport, attempts, beginRequest());
        T answer = body.run(transaction);
        transaction.commit();
        return answer;
      } catch (Throwable thrown) {
        boolean again = transaction == null;
        if (transaction != null) {
          transaction.close();
          again = transaction.mayRunAgainAfter(thrown);
        }
        if (!again || !(thrown instanceof TenantryException failure) || !attempts.again(failure)) {
          throw thrown;
        }
      }
    }
  }

  /**
   * Begins a transaction that is ended by hand. Nothing of it is run again.
   *
   * @return the transaction; closing it without a commit undoes it
   */
  public Transaction begin() {
    Transport.Attempts attempts = transport.attempts(true, options.timeout);
    while (true) {
      try {
        return new Transaction(transport, attempts, beginRequest());
      } catch (TenantryException failure) {
        if (!attempts.again(failure)) {
          throw failure;
        }
      }
    }
  }

  private TransactBegin beginRequest() {
    TransactionMode mode = options.mode == null ? TransactionMode.IMMEDIATE : options.mode;
    return TransactBegin.newBuilder()
        .setDatabase(reference)
        .setMode(mode.proto())
        .addAllAttachments(options.attachments)
        .setMinGeneration(options.minGeneration)
        .build();
  }

  @Override
  public String toString() {
    return "Database[" + reference + "]";
  }
}
