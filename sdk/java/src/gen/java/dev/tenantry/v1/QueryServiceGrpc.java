package dev.tenantry.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Runs SQL. Everything here needs a token that covers the database, and is
 * bounded by the call's deadline: when it passes, or the caller goes away, the
 * SQL is interrupted and its transaction is rolled back. Calls that are no
 * streams have a deadline of 30 seconds at most by default (the server's
 * setting).
 * A CHILD always answers on its schema's present generation: where its file is
 * behind it is brought up first. A write that a migration cannot wait for is
 * rolled back with BUSY.
 * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
 * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
 * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
 * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
 * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
 * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
 * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class QueryServiceGrpc {

  private QueryServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "tenantry.v1.QueryService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ExecuteRequest,
      dev.tenantry.v1.ExecuteResponse> getExecuteMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Execute",
      requestType = dev.tenantry.v1.ExecuteRequest.class,
      responseType = dev.tenantry.v1.ExecuteResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ExecuteRequest,
      dev.tenantry.v1.ExecuteResponse> getExecuteMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ExecuteRequest, dev.tenantry.v1.ExecuteResponse> getExecuteMethod;
    if ((getExecuteMethod = QueryServiceGrpc.getExecuteMethod) == null) {
      synchronized (QueryServiceGrpc.class) {
        if ((getExecuteMethod = QueryServiceGrpc.getExecuteMethod) == null) {
          QueryServiceGrpc.getExecuteMethod = getExecuteMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ExecuteRequest, dev.tenantry.v1.ExecuteResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Execute"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ExecuteRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ExecuteResponse.getDefaultInstance()))
              .setSchemaDescriptor(new QueryServiceMethodDescriptorSupplier("Execute"))
              .build();
        }
      }
    }
    return getExecuteMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ExecuteBatchRequest,
      dev.tenantry.v1.ExecuteBatchResponse> getExecuteBatchMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExecuteBatch",
      requestType = dev.tenantry.v1.ExecuteBatchRequest.class,
      responseType = dev.tenantry.v1.ExecuteBatchResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ExecuteBatchRequest,
      dev.tenantry.v1.ExecuteBatchResponse> getExecuteBatchMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ExecuteBatchRequest, dev.tenantry.v1.ExecuteBatchResponse> getExecuteBatchMethod;
    if ((getExecuteBatchMethod = QueryServiceGrpc.getExecuteBatchMethod) == null) {
      synchronized (QueryServiceGrpc.class) {
        if ((getExecuteBatchMethod = QueryServiceGrpc.getExecuteBatchMethod) == null) {
          QueryServiceGrpc.getExecuteBatchMethod = getExecuteBatchMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ExecuteBatchRequest, dev.tenantry.v1.ExecuteBatchResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExecuteBatch"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ExecuteBatchRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ExecuteBatchResponse.getDefaultInstance()))
              .setSchemaDescriptor(new QueryServiceMethodDescriptorSupplier("ExecuteBatch"))
              .build();
        }
      }
    }
    return getExecuteBatchMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.QueryRequest,
      dev.tenantry.v1.QueryResponse> getQueryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Query",
      requestType = dev.tenantry.v1.QueryRequest.class,
      responseType = dev.tenantry.v1.QueryResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.QueryRequest,
      dev.tenantry.v1.QueryResponse> getQueryMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.QueryRequest, dev.tenantry.v1.QueryResponse> getQueryMethod;
    if ((getQueryMethod = QueryServiceGrpc.getQueryMethod) == null) {
      synchronized (QueryServiceGrpc.class) {
        if ((getQueryMethod = QueryServiceGrpc.getQueryMethod) == null) {
          QueryServiceGrpc.getQueryMethod = getQueryMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.QueryRequest, dev.tenantry.v1.QueryResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Query"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.QueryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.QueryResponse.getDefaultInstance()))
              .setSchemaDescriptor(new QueryServiceMethodDescriptorSupplier("Query"))
              .build();
        }
      }
    }
    return getQueryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.TransactRequest,
      dev.tenantry.v1.TransactResponse> getTransactMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Transact",
      requestType = dev.tenantry.v1.TransactRequest.class,
      responseType = dev.tenantry.v1.TransactResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.TransactRequest,
      dev.tenantry.v1.TransactResponse> getTransactMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.TransactRequest, dev.tenantry.v1.TransactResponse> getTransactMethod;
    if ((getTransactMethod = QueryServiceGrpc.getTransactMethod) == null) {
      synchronized (QueryServiceGrpc.class) {
        if ((getTransactMethod = QueryServiceGrpc.getTransactMethod) == null) {
          QueryServiceGrpc.getTransactMethod = getTransactMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.TransactRequest, dev.tenantry.v1.TransactResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Transact"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.TransactRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.TransactResponse.getDefaultInstance()))
              .setSchemaDescriptor(new QueryServiceMethodDescriptorSupplier("Transact"))
              .build();
        }
      }
    }
    return getTransactMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.DescribeRequest,
      dev.tenantry.v1.DescribeResponse> getDescribeMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "Describe",
      requestType = dev.tenantry.v1.DescribeRequest.class,
      responseType = dev.tenantry.v1.DescribeResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.DescribeRequest,
      dev.tenantry.v1.DescribeResponse> getDescribeMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.DescribeRequest, dev.tenantry.v1.DescribeResponse> getDescribeMethod;
    if ((getDescribeMethod = QueryServiceGrpc.getDescribeMethod) == null) {
      synchronized (QueryServiceGrpc.class) {
        if ((getDescribeMethod = QueryServiceGrpc.getDescribeMethod) == null) {
          QueryServiceGrpc.getDescribeMethod = getDescribeMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.DescribeRequest, dev.tenantry.v1.DescribeResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "Describe"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.DescribeRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.DescribeResponse.getDefaultInstance()))
              .setSchemaDescriptor(new QueryServiceMethodDescriptorSupplier("Describe"))
              .build();
        }
      }
    }
    return getDescribeMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.QueryFleetRequest,
      dev.tenantry.v1.QueryFleetResponse> getQueryFleetMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "QueryFleet",
      requestType = dev.tenantry.v1.QueryFleetRequest.class,
      responseType = dev.tenantry.v1.QueryFleetResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.QueryFleetRequest,
      dev.tenantry.v1.QueryFleetResponse> getQueryFleetMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.QueryFleetRequest, dev.tenantry.v1.QueryFleetResponse> getQueryFleetMethod;
    if ((getQueryFleetMethod = QueryServiceGrpc.getQueryFleetMethod) == null) {
      synchronized (QueryServiceGrpc.class) {
        if ((getQueryFleetMethod = QueryServiceGrpc.getQueryFleetMethod) == null) {
          QueryServiceGrpc.getQueryFleetMethod = getQueryFleetMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.QueryFleetRequest, dev.tenantry.v1.QueryFleetResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "QueryFleet"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.QueryFleetRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.QueryFleetResponse.getDefaultInstance()))
              .setSchemaDescriptor(new QueryServiceMethodDescriptorSupplier("QueryFleet"))
              .build();
        }
      }
    }
    return getQueryFleetMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static QueryServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<QueryServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<QueryServiceStub>() {
        @java.lang.Override
        public QueryServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new QueryServiceStub(channel, callOptions);
        }
      };
    return QueryServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static QueryServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<QueryServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<QueryServiceBlockingV2Stub>() {
        @java.lang.Override
        public QueryServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new QueryServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return QueryServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static QueryServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<QueryServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<QueryServiceBlockingStub>() {
        @java.lang.Override
        public QueryServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new QueryServiceBlockingStub(channel, callOptions);
        }
      };
    return QueryServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static QueryServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<QueryServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<QueryServiceFutureStub>() {
        @java.lang.Override
        public QueryServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new QueryServiceFutureStub(channel, callOptions);
        }
      };
    return QueryServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Runs SQL. Everything here needs a token that covers the database, and is
   * bounded by the call's deadline: when it passes, or the caller goes away, the
   * SQL is interrupted and its transaction is rolled back. Calls that are no
   * streams have a deadline of 30 seconds at most by default (the server's
   * setting).
   * A CHILD always answers on its schema's present generation: where its file is
   * behind it is brought up first. A write that a migration cannot wait for is
   * rolled back with BUSY.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
   * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
   * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
   * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
   * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
   * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Runs one or several statements and returns their results. Without BEGIN of
     * their own they run as one transaction, all or none, and a write is durable
     * when the response is sent.
     * SQL that writes to a SCHEMA database is a migration of all its children, and
     * the response comes when it has committed; like any migration it goes on when
     * the caller goes away. It needs the right to migrate, and may hold what a
     * script of `ApplyMigration` may; arguments become part of that script. BUSY
     * when another migration has committed meanwhile.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes (use `Query`),
     * TRANSACTION_STATE, GENERATION_MISMATCH; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    default void execute(dev.tenantry.v1.ExecuteRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ExecuteResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExecuteMethod(), responseObserver);
    }

    /**
     * <pre>
     * Runs steps in one transaction: all or none. A step whose condition is not
     * met is skipped.
     * A failing step makes the whole batch fail with its error, and nothing has
     * changed, unless the condition of some later step refers to that step by
     * `ok` or `error`. Then the failing statement alone is undone, its error
     * stands in its result, and the batch goes on.
     * A batch that writes to a SCHEMA database is one migration, as in `Execute`.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes of all steps,
     * TRANSACTION_STATE (a step must not be BEGIN, COMMIT, ROLLBACK or SAVEPOINT),
     * GENERATION_MISMATCH; on a SCHEMA database MIGRATION_FAILED,
     * MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    default void executeBatch(dev.tenantry.v1.ExecuteBatchRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ExecuteBatchResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExecuteBatchMethod(), responseObserver);
    }

    /**
     * <pre>
     * Runs one statement and streams its rows, without a limit on the size of the
     * result. The statement must be read-only or return rows (`… RETURNING`). The
     * stream is one `header`, any number of chunks, and one `summary`; without a
     * summary the result is incomplete. A write is durable when the summary is
     * sent. A row may have 8 MiB: whoever reads rows of more than 4 MiB raises the
     * limit on messages that most clients have.
     * A write to a SCHEMA database is refused with OPERATION_BLOCKED: it would be a
     * migration, for which there are `Execute` and `ApplyMigration`.
     * A server setting bounds the work on one chunk, 60 s by default; DEADLINE.
     * Also: GENERATION_MISMATCH, TRANSACTION_STATE; TRANSACTION_TIMEOUT where the
     * statement writes and its rows are not taken; RESULT_TOO_LARGE for one row of
     * more than 17 MiB.
     * </pre>
     */
    default void query(dev.tenantry.v1.QueryRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.QueryResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getQueryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Runs an interactive transaction. Send `begin`, then any number of
     * `execute`, then `commit` or `rollback`, with which the stream ends. Each
     * request gets one response, in order.
     * An error of a statement is answered in-band as `error` and leaves the
     * transaction open; the stream itself ends with an error when the transaction
     * is over: expired, rolled back for a migration, or its token withdrawn. The
     * end of the stream without `commit` is a rollback, also when the connection
     * breaks. A transaction is durable when `committed` is sent.
     * On a SCHEMA database the statements that write are collected, and `commit`
     * applies them as one migration: `committed` is sent when that has committed,
     * and BUSY ends the stream when another one has committed meanwhile. DEADLINE
     * when that takes longer than a transaction may: the migration goes on.
     * Also: TRANSACTION_TIMEOUT (idle for more than 10 seconds or open for more
     * than 60, by default: an open transaction may keep all other writers of its
     * database waiting), TRANSACTION_STATE (messages out of order),
     * GENERATION_MISMATCH, RESULT_TOO_LARGE in-band; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.tenantry.v1.TransactRequest> transact(
        io.grpc.stub.StreamObserver<dev.tenantry.v1.TransactResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getTransactMethod(), responseObserver);
    }

    /**
     * <pre>
     * Prepares one statement without running it, and describes it.
     * </pre>
     */
    default void describe(dev.tenantry.v1.DescribeRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.DescribeResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDescribeMethod(), responseObserver);
    }

    /**
     * <pre>
     * Runs one read-only statement on many databases at once and streams what
     * they answer: one `header`, then `rows`, each batch of one database, then
     * one `error` per database that failed, then one `summary`. Databases answer
     * in no fixed order; each sees one snapshot of its own.
     * Also: GROUP_NOT_FOUND, UNIMPLEMENTED, RESULT_TOO_LARGE (`reduce_sql` only).
     * </pre>
     */
    default void queryFleet(dev.tenantry.v1.QueryFleetRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.QueryFleetResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getQueryFleetMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service QueryService.
   * <pre>
   * Runs SQL. Everything here needs a token that covers the database, and is
   * bounded by the call's deadline: when it passes, or the caller goes away, the
   * SQL is interrupted and its transaction is rolled back. Calls that are no
   * streams have a deadline of 30 seconds at most by default (the server's
   * setting).
   * A CHILD always answers on its schema's present generation: where its file is
   * behind it is brought up first. A write that a migration cannot wait for is
   * rolled back with BUSY.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
   * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
   * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
   * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
   * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
   * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
   * </pre>
   */
  public static abstract class QueryServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return QueryServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service QueryService.
   * <pre>
   * Runs SQL. Everything here needs a token that covers the database, and is
   * bounded by the call's deadline: when it passes, or the caller goes away, the
   * SQL is interrupted and its transaction is rolled back. Calls that are no
   * streams have a deadline of 30 seconds at most by default (the server's
   * setting).
   * A CHILD always answers on its schema's present generation: where its file is
   * behind it is brought up first. A write that a migration cannot wait for is
   * rolled back with BUSY.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
   * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
   * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
   * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
   * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
   * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
   * </pre>
   */
  public static final class QueryServiceStub
      extends io.grpc.stub.AbstractAsyncStub<QueryServiceStub> {
    private QueryServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected QueryServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new QueryServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Runs one or several statements and returns their results. Without BEGIN of
     * their own they run as one transaction, all or none, and a write is durable
     * when the response is sent.
     * SQL that writes to a SCHEMA database is a migration of all its children, and
     * the response comes when it has committed; like any migration it goes on when
     * the caller goes away. It needs the right to migrate, and may hold what a
     * script of `ApplyMigration` may; arguments become part of that script. BUSY
     * when another migration has committed meanwhile.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes (use `Query`),
     * TRANSACTION_STATE, GENERATION_MISMATCH; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public void execute(dev.tenantry.v1.ExecuteRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ExecuteResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExecuteMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Runs steps in one transaction: all or none. A step whose condition is not
     * met is skipped.
     * A failing step makes the whole batch fail with its error, and nothing has
     * changed, unless the condition of some later step refers to that step by
     * `ok` or `error`. Then the failing statement alone is undone, its error
     * stands in its result, and the batch goes on.
     * A batch that writes to a SCHEMA database is one migration, as in `Execute`.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes of all steps,
     * TRANSACTION_STATE (a step must not be BEGIN, COMMIT, ROLLBACK or SAVEPOINT),
     * GENERATION_MISMATCH; on a SCHEMA database MIGRATION_FAILED,
     * MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public void executeBatch(dev.tenantry.v1.ExecuteBatchRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ExecuteBatchResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getExecuteBatchMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Runs one statement and streams its rows, without a limit on the size of the
     * result. The statement must be read-only or return rows (`… RETURNING`). The
     * stream is one `header`, any number of chunks, and one `summary`; without a
     * summary the result is incomplete. A write is durable when the summary is
     * sent. A row may have 8 MiB: whoever reads rows of more than 4 MiB raises the
     * limit on messages that most clients have.
     * A write to a SCHEMA database is refused with OPERATION_BLOCKED: it would be a
     * migration, for which there are `Execute` and `ApplyMigration`.
     * A server setting bounds the work on one chunk, 60 s by default; DEADLINE.
     * Also: GENERATION_MISMATCH, TRANSACTION_STATE; TRANSACTION_TIMEOUT where the
     * statement writes and its rows are not taken; RESULT_TOO_LARGE for one row of
     * more than 17 MiB.
     * </pre>
     */
    public void query(dev.tenantry.v1.QueryRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.QueryResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getQueryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Runs an interactive transaction. Send `begin`, then any number of
     * `execute`, then `commit` or `rollback`, with which the stream ends. Each
     * request gets one response, in order.
     * An error of a statement is answered in-band as `error` and leaves the
     * transaction open; the stream itself ends with an error when the transaction
     * is over: expired, rolled back for a migration, or its token withdrawn. The
     * end of the stream without `commit` is a rollback, also when the connection
     * breaks. A transaction is durable when `committed` is sent.
     * On a SCHEMA database the statements that write are collected, and `commit`
     * applies them as one migration: `committed` is sent when that has committed,
     * and BUSY ends the stream when another one has committed meanwhile. DEADLINE
     * when that takes longer than a transaction may: the migration goes on.
     * Also: TRANSACTION_TIMEOUT (idle for more than 10 seconds or open for more
     * than 60, by default: an open transaction may keep all other writers of its
     * database waiting), TRANSACTION_STATE (messages out of order),
     * GENERATION_MISMATCH, RESULT_TOO_LARGE in-band; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.tenantry.v1.TransactRequest> transact(
        io.grpc.stub.StreamObserver<dev.tenantry.v1.TransactResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getTransactMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Prepares one statement without running it, and describes it.
     * </pre>
     */
    public void describe(dev.tenantry.v1.DescribeRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.DescribeResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDescribeMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Runs one read-only statement on many databases at once and streams what
     * they answer: one `header`, then `rows`, each batch of one database, then
     * one `error` per database that failed, then one `summary`. Databases answer
     * in no fixed order; each sees one snapshot of its own.
     * Also: GROUP_NOT_FOUND, UNIMPLEMENTED, RESULT_TOO_LARGE (`reduce_sql` only).
     * </pre>
     */
    public void queryFleet(dev.tenantry.v1.QueryFleetRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.QueryFleetResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getQueryFleetMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service QueryService.
   * <pre>
   * Runs SQL. Everything here needs a token that covers the database, and is
   * bounded by the call's deadline: when it passes, or the caller goes away, the
   * SQL is interrupted and its transaction is rolled back. Calls that are no
   * streams have a deadline of 30 seconds at most by default (the server's
   * setting).
   * A CHILD always answers on its schema's present generation: where its file is
   * behind it is brought up first. A write that a migration cannot wait for is
   * rolled back with BUSY.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
   * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
   * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
   * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
   * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
   * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
   * </pre>
   */
  public static final class QueryServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<QueryServiceBlockingV2Stub> {
    private QueryServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected QueryServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new QueryServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Runs one or several statements and returns their results. Without BEGIN of
     * their own they run as one transaction, all or none, and a write is durable
     * when the response is sent.
     * SQL that writes to a SCHEMA database is a migration of all its children, and
     * the response comes when it has committed; like any migration it goes on when
     * the caller goes away. It needs the right to migrate, and may hold what a
     * script of `ApplyMigration` may; arguments become part of that script. BUSY
     * when another migration has committed meanwhile.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes (use `Query`),
     * TRANSACTION_STATE, GENERATION_MISMATCH; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public dev.tenantry.v1.ExecuteResponse execute(dev.tenantry.v1.ExecuteRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExecuteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs steps in one transaction: all or none. A step whose condition is not
     * met is skipped.
     * A failing step makes the whole batch fail with its error, and nothing has
     * changed, unless the condition of some later step refers to that step by
     * `ok` or `error`. Then the failing statement alone is undone, its error
     * stands in its result, and the batch goes on.
     * A batch that writes to a SCHEMA database is one migration, as in `Execute`.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes of all steps,
     * TRANSACTION_STATE (a step must not be BEGIN, COMMIT, ROLLBACK or SAVEPOINT),
     * GENERATION_MISMATCH; on a SCHEMA database MIGRATION_FAILED,
     * MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public dev.tenantry.v1.ExecuteBatchResponse executeBatch(dev.tenantry.v1.ExecuteBatchRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getExecuteBatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs one statement and streams its rows, without a limit on the size of the
     * result. The statement must be read-only or return rows (`… RETURNING`). The
     * stream is one `header`, any number of chunks, and one `summary`; without a
     * summary the result is incomplete. A write is durable when the summary is
     * sent. A row may have 8 MiB: whoever reads rows of more than 4 MiB raises the
     * limit on messages that most clients have.
     * A write to a SCHEMA database is refused with OPERATION_BLOCKED: it would be a
     * migration, for which there are `Execute` and `ApplyMigration`.
     * A server setting bounds the work on one chunk, 60 s by default; DEADLINE.
     * Also: GENERATION_MISMATCH, TRANSACTION_STATE; TRANSACTION_TIMEOUT where the
     * statement writes and its rows are not taken; RESULT_TOO_LARGE for one row of
     * more than 17 MiB.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.tenantry.v1.QueryResponse>
        query(dev.tenantry.v1.QueryRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getQueryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs an interactive transaction. Send `begin`, then any number of
     * `execute`, then `commit` or `rollback`, with which the stream ends. Each
     * request gets one response, in order.
     * An error of a statement is answered in-band as `error` and leaves the
     * transaction open; the stream itself ends with an error when the transaction
     * is over: expired, rolled back for a migration, or its token withdrawn. The
     * end of the stream without `commit` is a rollback, also when the connection
     * breaks. A transaction is durable when `committed` is sent.
     * On a SCHEMA database the statements that write are collected, and `commit`
     * applies them as one migration: `committed` is sent when that has committed,
     * and BUSY ends the stream when another one has committed meanwhile. DEADLINE
     * when that takes longer than a transaction may: the migration goes on.
     * Also: TRANSACTION_TIMEOUT (idle for more than 10 seconds or open for more
     * than 60, by default: an open transaction may keep all other writers of its
     * database waiting), TRANSACTION_STATE (messages out of order),
     * GENERATION_MISMATCH, RESULT_TOO_LARGE in-band; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.tenantry.v1.TransactRequest, dev.tenantry.v1.TransactResponse>
        transact() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getTransactMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Prepares one statement without running it, and describes it.
     * </pre>
     */
    public dev.tenantry.v1.DescribeResponse describe(dev.tenantry.v1.DescribeRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDescribeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs one read-only statement on many databases at once and streams what
     * they answer: one `header`, then `rows`, each batch of one database, then
     * one `error` per database that failed, then one `summary`. Databases answer
     * in no fixed order; each sees one snapshot of its own.
     * Also: GROUP_NOT_FOUND, UNIMPLEMENTED, RESULT_TOO_LARGE (`reduce_sql` only).
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.tenantry.v1.QueryFleetResponse>
        queryFleet(dev.tenantry.v1.QueryFleetRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getQueryFleetMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service QueryService.
   * <pre>
   * Runs SQL. Everything here needs a token that covers the database, and is
   * bounded by the call's deadline: when it passes, or the caller goes away, the
   * SQL is interrupted and its transaction is rolled back. Calls that are no
   * streams have a deadline of 30 seconds at most by default (the server's
   * setting).
   * A CHILD always answers on its schema's present generation: where its file is
   * behind it is brought up first. A write that a migration cannot wait for is
   * rolled back with BUSY.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
   * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
   * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
   * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
   * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
   * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
   * </pre>
   */
  public static final class QueryServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<QueryServiceBlockingStub> {
    private QueryServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected QueryServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new QueryServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Runs one or several statements and returns their results. Without BEGIN of
     * their own they run as one transaction, all or none, and a write is durable
     * when the response is sent.
     * SQL that writes to a SCHEMA database is a migration of all its children, and
     * the response comes when it has committed; like any migration it goes on when
     * the caller goes away. It needs the right to migrate, and may hold what a
     * script of `ApplyMigration` may; arguments become part of that script. BUSY
     * when another migration has committed meanwhile.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes (use `Query`),
     * TRANSACTION_STATE, GENERATION_MISMATCH; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public dev.tenantry.v1.ExecuteResponse execute(dev.tenantry.v1.ExecuteRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExecuteMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs steps in one transaction: all or none. A step whose condition is not
     * met is skipped.
     * A failing step makes the whole batch fail with its error, and nothing has
     * changed, unless the condition of some later step refers to that step by
     * `ok` or `error`. Then the failing statement alone is undone, its error
     * stands in its result, and the batch goes on.
     * A batch that writes to a SCHEMA database is one migration, as in `Execute`.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes of all steps,
     * TRANSACTION_STATE (a step must not be BEGIN, COMMIT, ROLLBACK or SAVEPOINT),
     * GENERATION_MISMATCH; on a SCHEMA database MIGRATION_FAILED,
     * MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public dev.tenantry.v1.ExecuteBatchResponse executeBatch(dev.tenantry.v1.ExecuteBatchRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getExecuteBatchMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs one statement and streams its rows, without a limit on the size of the
     * result. The statement must be read-only or return rows (`… RETURNING`). The
     * stream is one `header`, any number of chunks, and one `summary`; without a
     * summary the result is incomplete. A write is durable when the summary is
     * sent. A row may have 8 MiB: whoever reads rows of more than 4 MiB raises the
     * limit on messages that most clients have.
     * A write to a SCHEMA database is refused with OPERATION_BLOCKED: it would be a
     * migration, for which there are `Execute` and `ApplyMigration`.
     * A server setting bounds the work on one chunk, 60 s by default; DEADLINE.
     * Also: GENERATION_MISMATCH, TRANSACTION_STATE; TRANSACTION_TIMEOUT where the
     * statement writes and its rows are not taken; RESULT_TOO_LARGE for one row of
     * more than 17 MiB.
     * </pre>
     */
    public java.util.Iterator<dev.tenantry.v1.QueryResponse> query(
        dev.tenantry.v1.QueryRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getQueryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Prepares one statement without running it, and describes it.
     * </pre>
     */
    public dev.tenantry.v1.DescribeResponse describe(dev.tenantry.v1.DescribeRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDescribeMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Runs one read-only statement on many databases at once and streams what
     * they answer: one `header`, then `rows`, each batch of one database, then
     * one `error` per database that failed, then one `summary`. Databases answer
     * in no fixed order; each sees one snapshot of its own.
     * Also: GROUP_NOT_FOUND, UNIMPLEMENTED, RESULT_TOO_LARGE (`reduce_sql` only).
     * </pre>
     */
    public java.util.Iterator<dev.tenantry.v1.QueryFleetResponse> queryFleet(
        dev.tenantry.v1.QueryFleetRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getQueryFleetMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service QueryService.
   * <pre>
   * Runs SQL. Everything here needs a token that covers the database, and is
   * bounded by the call's deadline: when it passes, or the caller goes away, the
   * SQL is interrupted and its transaction is rolled back. Calls that are no
   * streams have a deadline of 30 seconds at most by default (the server's
   * setting).
   * A CHILD always answers on its schema's present generation: where its file is
   * behind it is brought up first. A write that a migration cannot wait for is
   * rolled back with BUSY.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, DATABASE_NOT_FOUND, PERMISSION_DENIED, OPERATION_BLOCKED,
   * READS_BLOCKED, WRITES_BLOCKED, READ_ONLY, INVALID_NAME, INVALID_ARGUMENT,
   * ATTACH_NOT_ALLOWED, ATTACH_LIMIT, INVALID_ATTACHMENT, STATEMENT_TOO_LARGE,
   * ARGUMENT_MISMATCH, SQL_ERROR, CONSTRAINT, SIZE_LIMIT, STORAGE_FULL,
   * DATABASE_CORRUPT, CHILD_QUARANTINED, BUSY, OVERLOADED, DEADLINE, CANCELLED,
   * UNAVAILABLE and INTERNAL. An RPC's comment names those it adds.
   * </pre>
   */
  public static final class QueryServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<QueryServiceFutureStub> {
    private QueryServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected QueryServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new QueryServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Runs one or several statements and returns their results. Without BEGIN of
     * their own they run as one transaction, all or none, and a write is durable
     * when the response is sent.
     * SQL that writes to a SCHEMA database is a migration of all its children, and
     * the response comes when it has committed; like any migration it goes on when
     * the caller goes away. It needs the right to migrate, and may hold what a
     * script of `ApplyMigration` may; arguments become part of that script. BUSY
     * when another migration has committed meanwhile.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes (use `Query`),
     * TRANSACTION_STATE, GENERATION_MISMATCH; on a SCHEMA database
     * MIGRATION_FAILED, MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ExecuteResponse> execute(
        dev.tenantry.v1.ExecuteRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExecuteMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Runs steps in one transaction: all or none. A step whose condition is not
     * met is skipped.
     * A failing step makes the whole batch fail with its error, and nothing has
     * changed, unless the condition of some later step refers to that step by
     * `ok` or `error`. Then the failing statement alone is undone, its error
     * stands in its result, and the batch goes on.
     * A batch that writes to a SCHEMA database is one migration, as in `Execute`.
     * Also: RESULT_TOO_LARGE past about 4,000,000 bytes of all steps,
     * TRANSACTION_STATE (a step must not be BEGIN, COMMIT, ROLLBACK or SAVEPOINT),
     * GENERATION_MISMATCH; on a SCHEMA database MIGRATION_FAILED,
     * MIGRATION_NOT_ALLOWED and MIGRATION_IN_PROGRESS.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ExecuteBatchResponse> executeBatch(
        dev.tenantry.v1.ExecuteBatchRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getExecuteBatchMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Prepares one statement without running it, and describes it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.DescribeResponse> describe(
        dev.tenantry.v1.DescribeRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDescribeMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_EXECUTE = 0;
  private static final int METHODID_EXECUTE_BATCH = 1;
  private static final int METHODID_QUERY = 2;
  private static final int METHODID_DESCRIBE = 3;
  private static final int METHODID_QUERY_FLEET = 4;
  private static final int METHODID_TRANSACT = 5;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_EXECUTE:
          serviceImpl.execute((dev.tenantry.v1.ExecuteRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ExecuteResponse>) responseObserver);
          break;
        case METHODID_EXECUTE_BATCH:
          serviceImpl.executeBatch((dev.tenantry.v1.ExecuteBatchRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ExecuteBatchResponse>) responseObserver);
          break;
        case METHODID_QUERY:
          serviceImpl.query((dev.tenantry.v1.QueryRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.QueryResponse>) responseObserver);
          break;
        case METHODID_DESCRIBE:
          serviceImpl.describe((dev.tenantry.v1.DescribeRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.DescribeResponse>) responseObserver);
          break;
        case METHODID_QUERY_FLEET:
          serviceImpl.queryFleet((dev.tenantry.v1.QueryFleetRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.QueryFleetResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_TRANSACT:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.transact(
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.TransactResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getExecuteMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ExecuteRequest,
              dev.tenantry.v1.ExecuteResponse>(
                service, METHODID_EXECUTE)))
        .addMethod(
          getExecuteBatchMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ExecuteBatchRequest,
              dev.tenantry.v1.ExecuteBatchResponse>(
                service, METHODID_EXECUTE_BATCH)))
        .addMethod(
          getQueryMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.tenantry.v1.QueryRequest,
              dev.tenantry.v1.QueryResponse>(
                service, METHODID_QUERY)))
        .addMethod(
          getTransactMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              dev.tenantry.v1.TransactRequest,
              dev.tenantry.v1.TransactResponse>(
                service, METHODID_TRANSACT)))
        .addMethod(
          getDescribeMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.DescribeRequest,
              dev.tenantry.v1.DescribeResponse>(
                service, METHODID_DESCRIBE)))
        .addMethod(
          getQueryFleetMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.tenantry.v1.QueryFleetRequest,
              dev.tenantry.v1.QueryFleetResponse>(
                service, METHODID_QUERY_FLEET)))
        .build();
  }

  private static abstract class QueryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    QueryServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.tenantry.v1.Query.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("QueryService");
    }
  }

  private static final class QueryServiceFileDescriptorSupplier
      extends QueryServiceBaseDescriptorSupplier {
    QueryServiceFileDescriptorSupplier() {}
  }

  private static final class QueryServiceMethodDescriptorSupplier
      extends QueryServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    QueryServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (QueryServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new QueryServiceFileDescriptorSupplier())
              .addMethod(getExecuteMethod())
              .addMethod(getExecuteBatchMethod())
              .addMethod(getQueryMethod())
              .addMethod(getTransactMethod())
              .addMethod(getDescribeMethod())
              .addMethod(getQueryFleetMethod())
              .build();
        }
      }
    }
    return result;
  }
}
