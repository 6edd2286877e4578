package dev.tenantry.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Evolves the schema of a SCHEMA database and of all its children together.
 * `schema` is always the reference of a SCHEMA database, `group/name` or
 * `group/UUID`; without a slash the group is `default`.
 * `GetSchema` needs a token that may read the SCHEMA database. All else needs
 * the right to migrate it: a token that covers it with `ddl`, or an admin of its
 * group. PERMISSION_DENIED for a token that has another right on it, and
 * DATABASE_NOT_FOUND for one that has none.
 * Calls that are no streams have a deadline of 30 seconds at most by default
 * (the server's setting).
 * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
 * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
 * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
 * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
 * An RPC's comment names those it adds.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class SchemaServiceGrpc {

  private SchemaServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "tenantry.v1.SchemaService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ApplyMigrationRequest,
      dev.tenantry.v1.ApplyMigrationResponse> getApplyMigrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ApplyMigration",
      requestType = dev.tenantry.v1.ApplyMigrationRequest.class,
      responseType = dev.tenantry.v1.ApplyMigrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ApplyMigrationRequest,
      dev.tenantry.v1.ApplyMigrationResponse> getApplyMigrationMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ApplyMigrationRequest, dev.tenantry.v1.ApplyMigrationResponse> getApplyMigrationMethod;
    if ((getApplyMigrationMethod = SchemaServiceGrpc.getApplyMigrationMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getApplyMigrationMethod = SchemaServiceGrpc.getApplyMigrationMethod) == null) {
          SchemaServiceGrpc.getApplyMigrationMethod = getApplyMigrationMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ApplyMigrationRequest, dev.tenantry.v1.ApplyMigrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ApplyMigration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ApplyMigrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ApplyMigrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("ApplyMigration"))
              .build();
        }
      }
    }
    return getApplyMigrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.GetMigrationRequest,
      dev.tenantry.v1.GetMigrationResponse> getGetMigrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetMigration",
      requestType = dev.tenantry.v1.GetMigrationRequest.class,
      responseType = dev.tenantry.v1.GetMigrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.GetMigrationRequest,
      dev.tenantry.v1.GetMigrationResponse> getGetMigrationMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.GetMigrationRequest, dev.tenantry.v1.GetMigrationResponse> getGetMigrationMethod;
    if ((getGetMigrationMethod = SchemaServiceGrpc.getGetMigrationMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getGetMigrationMethod = SchemaServiceGrpc.getGetMigrationMethod) == null) {
          SchemaServiceGrpc.getGetMigrationMethod = getGetMigrationMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.GetMigrationRequest, dev.tenantry.v1.GetMigrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetMigration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetMigrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetMigrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("GetMigration"))
              .build();
        }
      }
    }
    return getGetMigrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ListMigrationsRequest,
      dev.tenantry.v1.ListMigrationsResponse> getListMigrationsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListMigrations",
      requestType = dev.tenantry.v1.ListMigrationsRequest.class,
      responseType = dev.tenantry.v1.ListMigrationsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ListMigrationsRequest,
      dev.tenantry.v1.ListMigrationsResponse> getListMigrationsMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ListMigrationsRequest, dev.tenantry.v1.ListMigrationsResponse> getListMigrationsMethod;
    if ((getListMigrationsMethod = SchemaServiceGrpc.getListMigrationsMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getListMigrationsMethod = SchemaServiceGrpc.getListMigrationsMethod) == null) {
          SchemaServiceGrpc.getListMigrationsMethod = getListMigrationsMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ListMigrationsRequest, dev.tenantry.v1.ListMigrationsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListMigrations"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListMigrationsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListMigrationsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("ListMigrations"))
              .build();
        }
      }
    }
    return getListMigrationsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.WatchMigrationRequest,
      dev.tenantry.v1.WatchMigrationResponse> getWatchMigrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchMigration",
      requestType = dev.tenantry.v1.WatchMigrationRequest.class,
      responseType = dev.tenantry.v1.WatchMigrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.WatchMigrationRequest,
      dev.tenantry.v1.WatchMigrationResponse> getWatchMigrationMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.WatchMigrationRequest, dev.tenantry.v1.WatchMigrationResponse> getWatchMigrationMethod;
    if ((getWatchMigrationMethod = SchemaServiceGrpc.getWatchMigrationMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getWatchMigrationMethod = SchemaServiceGrpc.getWatchMigrationMethod) == null) {
          SchemaServiceGrpc.getWatchMigrationMethod = getWatchMigrationMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.WatchMigrationRequest, dev.tenantry.v1.WatchMigrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchMigration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.WatchMigrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.WatchMigrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("WatchMigration"))
              .build();
        }
      }
    }
    return getWatchMigrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.CancelMigrationRequest,
      dev.tenantry.v1.CancelMigrationResponse> getCancelMigrationMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelMigration",
      requestType = dev.tenantry.v1.CancelMigrationRequest.class,
      responseType = dev.tenantry.v1.CancelMigrationResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.CancelMigrationRequest,
      dev.tenantry.v1.CancelMigrationResponse> getCancelMigrationMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.CancelMigrationRequest, dev.tenantry.v1.CancelMigrationResponse> getCancelMigrationMethod;
    if ((getCancelMigrationMethod = SchemaServiceGrpc.getCancelMigrationMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getCancelMigrationMethod = SchemaServiceGrpc.getCancelMigrationMethod) == null) {
          SchemaServiceGrpc.getCancelMigrationMethod = getCancelMigrationMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.CancelMigrationRequest, dev.tenantry.v1.CancelMigrationResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelMigration"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CancelMigrationRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CancelMigrationResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("CancelMigration"))
              .build();
        }
      }
    }
    return getCancelMigrationMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ListChildrenRequest,
      dev.tenantry.v1.ListChildrenResponse> getListChildrenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListChildren",
      requestType = dev.tenantry.v1.ListChildrenRequest.class,
      responseType = dev.tenantry.v1.ListChildrenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ListChildrenRequest,
      dev.tenantry.v1.ListChildrenResponse> getListChildrenMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ListChildrenRequest, dev.tenantry.v1.ListChildrenResponse> getListChildrenMethod;
    if ((getListChildrenMethod = SchemaServiceGrpc.getListChildrenMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getListChildrenMethod = SchemaServiceGrpc.getListChildrenMethod) == null) {
          SchemaServiceGrpc.getListChildrenMethod = getListChildrenMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ListChildrenRequest, dev.tenantry.v1.ListChildrenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListChildren"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListChildrenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListChildrenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("ListChildren"))
              .build();
        }
      }
    }
    return getListChildrenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.RetryChildrenRequest,
      dev.tenantry.v1.RetryChildrenResponse> getRetryChildrenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RetryChildren",
      requestType = dev.tenantry.v1.RetryChildrenRequest.class,
      responseType = dev.tenantry.v1.RetryChildrenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.RetryChildrenRequest,
      dev.tenantry.v1.RetryChildrenResponse> getRetryChildrenMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.RetryChildrenRequest, dev.tenantry.v1.RetryChildrenResponse> getRetryChildrenMethod;
    if ((getRetryChildrenMethod = SchemaServiceGrpc.getRetryChildrenMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getRetryChildrenMethod = SchemaServiceGrpc.getRetryChildrenMethod) == null) {
          SchemaServiceGrpc.getRetryChildrenMethod = getRetryChildrenMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.RetryChildrenRequest, dev.tenantry.v1.RetryChildrenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RetryChildren"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.RetryChildrenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.RetryChildrenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("RetryChildren"))
              .build();
        }
      }
    }
    return getRetryChildrenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.GetSchemaRequest,
      dev.tenantry.v1.GetSchemaResponse> getGetSchemaMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetSchema",
      requestType = dev.tenantry.v1.GetSchemaRequest.class,
      responseType = dev.tenantry.v1.GetSchemaResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.GetSchemaRequest,
      dev.tenantry.v1.GetSchemaResponse> getGetSchemaMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.GetSchemaRequest, dev.tenantry.v1.GetSchemaResponse> getGetSchemaMethod;
    if ((getGetSchemaMethod = SchemaServiceGrpc.getGetSchemaMethod) == null) {
      synchronized (SchemaServiceGrpc.class) {
        if ((getGetSchemaMethod = SchemaServiceGrpc.getGetSchemaMethod) == null) {
          SchemaServiceGrpc.getGetSchemaMethod = getGetSchemaMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.GetSchemaRequest, dev.tenantry.v1.GetSchemaResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetSchema"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetSchemaRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetSchemaResponse.getDefaultInstance()))
              .setSchemaDescriptor(new SchemaServiceMethodDescriptorSupplier("GetSchema"))
              .build();
        }
      }
    }
    return getGetSchemaMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static SchemaServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SchemaServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SchemaServiceStub>() {
        @java.lang.Override
        public SchemaServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SchemaServiceStub(channel, callOptions);
        }
      };
    return SchemaServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static SchemaServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SchemaServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SchemaServiceBlockingV2Stub>() {
        @java.lang.Override
        public SchemaServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SchemaServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return SchemaServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static SchemaServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SchemaServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SchemaServiceBlockingStub>() {
        @java.lang.Override
        public SchemaServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SchemaServiceBlockingStub(channel, callOptions);
        }
      };
    return SchemaServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static SchemaServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<SchemaServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<SchemaServiceFutureStub>() {
        @java.lang.Override
        public SchemaServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new SchemaServiceFutureStub(channel, callOptions);
        }
      };
    return SchemaServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Evolves the schema of a SCHEMA database and of all its children together.
   * `schema` is always the reference of a SCHEMA database, `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * `GetSchema` needs a token that may read the SCHEMA database. All else needs
   * the right to migrate it: a token that covers it with `ddl`, or an admin of its
   * group. PERMISSION_DENIED for a token that has another right on it, and
   * DATABASE_NOT_FOUND for one that has none.
   * Calls that are no streams have a deadline of 30 seconds at most by default
   * (the server's setting).
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
   * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
   * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
   * An RPC's comment names those it adds.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Takes the schema and every child from their generation to the next one, or
     * changes nothing anywhere. The script is first validated on the data of
     * every child, without blocking reads; when the migration commits, every
     * later request on every child runs on the new generation.
     * A script that no migration may hold, or that the parent cannot compile or
     * run, is refused with MIGRATION_NOT_ALLOWED or SQL_ERROR (metadata
     * `statement_index`), and nothing is recorded. Whatever else goes wrong, on the
     * parent or a child, is a FAILED migration and answers MIGRATION_FAILED
     * (metadata `migration`, `database` and, where it was a statement that failed,
     * `statement_index`).
     * A recorded migration goes on when the caller goes away or the call's
     * deadline passes (DEADLINE), also when the server is restarted;
     * `CancelMigration` stops it. The same request with the same `request_id`
     * waits for it again and answers what the first would have; or set `wait_for`
     * to NOTHING, and watch it.
     * Also: MIGRATION_FAILED, MIGRATION_NOT_ALLOWED, MIGRATION_IN_PROGRESS (of one
     * that is PREPARING; metadata `migration`), GENERATION_MISMATCH, SQL_ERROR,
     * STATEMENT_TOO_LARGE, REQUEST_ID_REUSED; CANCELLED (metadata `migration`) when
     * it was cancelled.
     * </pre>
     */
    default void applyMigration(dev.tenantry.v1.ApplyMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ApplyMigrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getApplyMigrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a migration. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    default void getMigration(dev.tenantry.v1.GetMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetMigrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetMigrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the migrations of a schema, newest first. A long script is cut, as
     * `Migration.sql` tells. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listMigrations(dev.tenantry.v1.ListMigrationsRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListMigrationsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListMigrationsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams a migration: at once, and whenever its state or counts change, until
     * it is APPLIED, FAILED or CANCELLED. Changes that follow quickly, or that a
     * slow reader has not taken, come as one: about 10 messages per second at most.
     * A long script is cut, as `Migration.sql` tells.
     * The stream ends with UNAVAILABLE as soon as the server starts to shut down;
     * watch again when it is back. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    default void watchMigration(dev.tenantry.v1.WatchMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.WatchMigrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchMigrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * Cancels a migration that has not committed; nothing has changed then. Also:
     * MIGRATION_NOT_FOUND, MIGRATION_DECIDED.
     * </pre>
     */
    default void cancelMigration(dev.tenantry.v1.CancelMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CancelMigrationResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelMigrationMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the children of a schema, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listChildren(dev.tenantry.v1.ListChildrenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListChildrenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListChildrenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tries at once again to bring quarantined children to the schema's
     * generation. The server does so by itself too, less and less often.
     * </pre>
     */
    default void retryChildren(dev.tenantry.v1.RetryChildrenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.RetryChildrenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRetryChildrenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns the schema of a SCHEMA database as text. Also: READS_BLOCKED,
     * DATABASE_CORRUPT.
     * </pre>
     */
    default void getSchema(dev.tenantry.v1.GetSchemaRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetSchemaResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetSchemaMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service SchemaService.
   * <pre>
   * Evolves the schema of a SCHEMA database and of all its children together.
   * `schema` is always the reference of a SCHEMA database, `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * `GetSchema` needs a token that may read the SCHEMA database. All else needs
   * the right to migrate it: a token that covers it with `ddl`, or an admin of its
   * group. PERMISSION_DENIED for a token that has another right on it, and
   * DATABASE_NOT_FOUND for one that has none.
   * Calls that are no streams have a deadline of 30 seconds at most by default
   * (the server's setting).
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
   * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
   * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
   * An RPC's comment names those it adds.
   * </pre>
   */
  public static abstract class SchemaServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return SchemaServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service SchemaService.
   * <pre>
   * Evolves the schema of a SCHEMA database and of all its children together.
   * `schema` is always the reference of a SCHEMA database, `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * `GetSchema` needs a token that may read the SCHEMA database. All else needs
   * the right to migrate it: a token that covers it with `ddl`, or an admin of its
   * group. PERMISSION_DENIED for a token that has another right on it, and
   * DATABASE_NOT_FOUND for one that has none.
   * Calls that are no streams have a deadline of 30 seconds at most by default
   * (the server's setting).
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
   * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
   * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
   * An RPC's comment names those it adds.
   * </pre>
   */
  public static final class SchemaServiceStub
      extends io.grpc.stub.AbstractAsyncStub<SchemaServiceStub> {
    private SchemaServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SchemaServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SchemaServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes the schema and every child from their generation to the next one, or
     * changes nothing anywhere. The script is first validated on the data of
     * every child, without blocking reads; when the migration commits, every
     * later request on every child runs on the new generation.
     * A script that no migration may hold, or that the parent cannot compile or
     * run, is refused with MIGRATION_NOT_ALLOWED or SQL_ERROR (metadata
     * `statement_index`), and nothing is recorded. Whatever else goes wrong, on the
     * parent or a child, is a FAILED migration and answers MIGRATION_FAILED
     * (metadata `migration`, `database` and, where it was a statement that failed,
     * `statement_index`).
     * A recorded migration goes on when the caller goes away or the call's
     * deadline passes (DEADLINE), also when the server is restarted;
     * `CancelMigration` stops it. The same request with the same `request_id`
     * waits for it again and answers what the first would have; or set `wait_for`
     * to NOTHING, and watch it.
     * Also: MIGRATION_FAILED, MIGRATION_NOT_ALLOWED, MIGRATION_IN_PROGRESS (of one
     * that is PREPARING; metadata `migration`), GENERATION_MISMATCH, SQL_ERROR,
     * STATEMENT_TOO_LARGE, REQUEST_ID_REUSED; CANCELLED (metadata `migration`) when
     * it was cancelled.
     * </pre>
     */
    public void applyMigration(dev.tenantry.v1.ApplyMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ApplyMigrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getApplyMigrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a migration. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    public void getMigration(dev.tenantry.v1.GetMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetMigrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetMigrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the migrations of a schema, newest first. A long script is cut, as
     * `Migration.sql` tells. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listMigrations(dev.tenantry.v1.ListMigrationsRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListMigrationsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListMigrationsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams a migration: at once, and whenever its state or counts change, until
     * it is APPLIED, FAILED or CANCELLED. Changes that follow quickly, or that a
     * slow reader has not taken, come as one: about 10 messages per second at most.
     * A long script is cut, as `Migration.sql` tells.
     * The stream ends with UNAVAILABLE as soon as the server starts to shut down;
     * watch again when it is back. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    public void watchMigration(dev.tenantry.v1.WatchMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.WatchMigrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchMigrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Cancels a migration that has not committed; nothing has changed then. Also:
     * MIGRATION_NOT_FOUND, MIGRATION_DECIDED.
     * </pre>
     */
    public void cancelMigration(dev.tenantry.v1.CancelMigrationRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CancelMigrationResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelMigrationMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the children of a schema, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listChildren(dev.tenantry.v1.ListChildrenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListChildrenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListChildrenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tries at once again to bring quarantined children to the schema's
     * generation. The server does so by itself too, less and less often.
     * </pre>
     */
    public void retryChildren(dev.tenantry.v1.RetryChildrenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.RetryChildrenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRetryChildrenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns the schema of a SCHEMA database as text. Also: READS_BLOCKED,
     * DATABASE_CORRUPT.
     * </pre>
     */
    public void getSchema(dev.tenantry.v1.GetSchemaRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetSchemaResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetSchemaMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service SchemaService.
   * <pre>
   * Evolves the schema of a SCHEMA database and of all its children together.
   * `schema` is always the reference of a SCHEMA database, `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * `GetSchema` needs a token that may read the SCHEMA database. All else needs
   * the right to migrate it: a token that covers it with `ddl`, or an admin of its
   * group. PERMISSION_DENIED for a token that has another right on it, and
   * DATABASE_NOT_FOUND for one that has none.
   * Calls that are no streams have a deadline of 30 seconds at most by default
   * (the server's setting).
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
   * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
   * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
   * An RPC's comment names those it adds.
   * </pre>
   */
  public static final class SchemaServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<SchemaServiceBlockingV2Stub> {
    private SchemaServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SchemaServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SchemaServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes the schema and every child from their generation to the next one, or
     * changes nothing anywhere. The script is first validated on the data of
     * every child, without blocking reads; when the migration commits, every
     * later request on every child runs on the new generation.
     * A script that no migration may hold, or that the parent cannot compile or
     * run, is refused with MIGRATION_NOT_ALLOWED or SQL_ERROR (metadata
     * `statement_index`), and nothing is recorded. Whatever else goes wrong, on the
     * parent or a child, is a FAILED migration and answers MIGRATION_FAILED
     * (metadata `migration`, `database` and, where it was a statement that failed,
     * `statement_index`).
     * A recorded migration goes on when the caller goes away or the call's
     * deadline passes (DEADLINE), also when the server is restarted;
     * `CancelMigration` stops it. The same request with the same `request_id`
     * waits for it again and answers what the first would have; or set `wait_for`
     * to NOTHING, and watch it.
     * Also: MIGRATION_FAILED, MIGRATION_NOT_ALLOWED, MIGRATION_IN_PROGRESS (of one
     * that is PREPARING; metadata `migration`), GENERATION_MISMATCH, SQL_ERROR,
     * STATEMENT_TOO_LARGE, REQUEST_ID_REUSED; CANCELLED (metadata `migration`) when
     * it was cancelled.
     * </pre>
     */
    public dev.tenantry.v1.ApplyMigrationResponse applyMigration(dev.tenantry.v1.ApplyMigrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getApplyMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a migration. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetMigrationResponse getMigration(dev.tenantry.v1.GetMigrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the migrations of a schema, newest first. A long script is cut, as
     * `Migration.sql` tells. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListMigrationsResponse listMigrations(dev.tenantry.v1.ListMigrationsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListMigrationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a migration: at once, and whenever its state or counts change, until
     * it is APPLIED, FAILED or CANCELLED. Changes that follow quickly, or that a
     * slow reader has not taken, come as one: about 10 messages per second at most.
     * A long script is cut, as `Migration.sql` tells.
     * The stream ends with UNAVAILABLE as soon as the server starts to shut down;
     * watch again when it is back. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.tenantry.v1.WatchMigrationResponse>
        watchMigration(dev.tenantry.v1.WatchMigrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Cancels a migration that has not committed; nothing has changed then. Also:
     * MIGRATION_NOT_FOUND, MIGRATION_DECIDED.
     * </pre>
     */
    public dev.tenantry.v1.CancelMigrationResponse cancelMigration(dev.tenantry.v1.CancelMigrationRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the children of a schema, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListChildrenResponse listChildren(dev.tenantry.v1.ListChildrenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListChildrenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tries at once again to bring quarantined children to the schema's
     * generation. The server does so by itself too, less and less often.
     * </pre>
     */
    public dev.tenantry.v1.RetryChildrenResponse retryChildren(dev.tenantry.v1.RetryChildrenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRetryChildrenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the schema of a SCHEMA database as text. Also: READS_BLOCKED,
     * DATABASE_CORRUPT.
     * </pre>
     */
    public dev.tenantry.v1.GetSchemaResponse getSchema(dev.tenantry.v1.GetSchemaRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetSchemaMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service SchemaService.
   * <pre>
   * Evolves the schema of a SCHEMA database and of all its children together.
   * `schema` is always the reference of a SCHEMA database, `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * `GetSchema` needs a token that may read the SCHEMA database. All else needs
   * the right to migrate it: a token that covers it with `ddl`, or an admin of its
   * group. PERMISSION_DENIED for a token that has another right on it, and
   * DATABASE_NOT_FOUND for one that has none.
   * Calls that are no streams have a deadline of 30 seconds at most by default
   * (the server's setting).
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
   * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
   * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
   * An RPC's comment names those it adds.
   * </pre>
   */
  public static final class SchemaServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<SchemaServiceBlockingStub> {
    private SchemaServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SchemaServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SchemaServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes the schema and every child from their generation to the next one, or
     * changes nothing anywhere. The script is first validated on the data of
     * every child, without blocking reads; when the migration commits, every
     * later request on every child runs on the new generation.
     * A script that no migration may hold, or that the parent cannot compile or
     * run, is refused with MIGRATION_NOT_ALLOWED or SQL_ERROR (metadata
     * `statement_index`), and nothing is recorded. Whatever else goes wrong, on the
     * parent or a child, is a FAILED migration and answers MIGRATION_FAILED
     * (metadata `migration`, `database` and, where it was a statement that failed,
     * `statement_index`).
     * A recorded migration goes on when the caller goes away or the call's
     * deadline passes (DEADLINE), also when the server is restarted;
     * `CancelMigration` stops it. The same request with the same `request_id`
     * waits for it again and answers what the first would have; or set `wait_for`
     * to NOTHING, and watch it.
     * Also: MIGRATION_FAILED, MIGRATION_NOT_ALLOWED, MIGRATION_IN_PROGRESS (of one
     * that is PREPARING; metadata `migration`), GENERATION_MISMATCH, SQL_ERROR,
     * STATEMENT_TOO_LARGE, REQUEST_ID_REUSED; CANCELLED (metadata `migration`) when
     * it was cancelled.
     * </pre>
     */
    public dev.tenantry.v1.ApplyMigrationResponse applyMigration(dev.tenantry.v1.ApplyMigrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getApplyMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a migration. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetMigrationResponse getMigration(dev.tenantry.v1.GetMigrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the migrations of a schema, newest first. A long script is cut, as
     * `Migration.sql` tells. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListMigrationsResponse listMigrations(dev.tenantry.v1.ListMigrationsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListMigrationsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams a migration: at once, and whenever its state or counts change, until
     * it is APPLIED, FAILED or CANCELLED. Changes that follow quickly, or that a
     * slow reader has not taken, come as one: about 10 messages per second at most.
     * A long script is cut, as `Migration.sql` tells.
     * The stream ends with UNAVAILABLE as soon as the server starts to shut down;
     * watch again when it is back. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    public java.util.Iterator<dev.tenantry.v1.WatchMigrationResponse> watchMigration(
        dev.tenantry.v1.WatchMigrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Cancels a migration that has not committed; nothing has changed then. Also:
     * MIGRATION_NOT_FOUND, MIGRATION_DECIDED.
     * </pre>
     */
    public dev.tenantry.v1.CancelMigrationResponse cancelMigration(dev.tenantry.v1.CancelMigrationRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelMigrationMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the children of a schema, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListChildrenResponse listChildren(dev.tenantry.v1.ListChildrenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListChildrenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tries at once again to bring quarantined children to the schema's
     * generation. The server does so by itself too, less and less often.
     * </pre>
     */
    public dev.tenantry.v1.RetryChildrenResponse retryChildren(dev.tenantry.v1.RetryChildrenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRetryChildrenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns the schema of a SCHEMA database as text. Also: READS_BLOCKED,
     * DATABASE_CORRUPT.
     * </pre>
     */
    public dev.tenantry.v1.GetSchemaResponse getSchema(dev.tenantry.v1.GetSchemaRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetSchemaMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service SchemaService.
   * <pre>
   * Evolves the schema of a SCHEMA database and of all its children together.
   * `schema` is always the reference of a SCHEMA database, `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * `GetSchema` needs a token that may read the SCHEMA database. All else needs
   * the right to migrate it: a token that covers it with `ddl`, or an admin of its
   * group. PERMISSION_DENIED for a token that has another right on it, and
   * DATABASE_NOT_FOUND for one that has none.
   * Calls that are no streams have a deadline of 30 seconds at most by default
   * (the server's setting).
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, DATABASE_NOT_FOUND, WRONG_KIND,
   * INVALID_NAME, INVALID_ARGUMENT, STATEMENT_TOO_LARGE (a request of more than 16
   * MiB), STORAGE_FULL, OVERLOADED, DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL.
   * An RPC's comment names those it adds.
   * </pre>
   */
  public static final class SchemaServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<SchemaServiceFutureStub> {
    private SchemaServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected SchemaServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new SchemaServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Takes the schema and every child from their generation to the next one, or
     * changes nothing anywhere. The script is first validated on the data of
     * every child, without blocking reads; when the migration commits, every
     * later request on every child runs on the new generation.
     * A script that no migration may hold, or that the parent cannot compile or
     * run, is refused with MIGRATION_NOT_ALLOWED or SQL_ERROR (metadata
     * `statement_index`), and nothing is recorded. Whatever else goes wrong, on the
     * parent or a child, is a FAILED migration and answers MIGRATION_FAILED
     * (metadata `migration`, `database` and, where it was a statement that failed,
     * `statement_index`).
     * A recorded migration goes on when the caller goes away or the call's
     * deadline passes (DEADLINE), also when the server is restarted;
     * `CancelMigration` stops it. The same request with the same `request_id`
     * waits for it again and answers what the first would have; or set `wait_for`
     * to NOTHING, and watch it.
     * Also: MIGRATION_FAILED, MIGRATION_NOT_ALLOWED, MIGRATION_IN_PROGRESS (of one
     * that is PREPARING; metadata `migration`), GENERATION_MISMATCH, SQL_ERROR,
     * STATEMENT_TOO_LARGE, REQUEST_ID_REUSED; CANCELLED (metadata `migration`) when
     * it was cancelled.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ApplyMigrationResponse> applyMigration(
        dev.tenantry.v1.ApplyMigrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getApplyMigrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a migration. Also: MIGRATION_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.GetMigrationResponse> getMigration(
        dev.tenantry.v1.GetMigrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetMigrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the migrations of a schema, newest first. A long script is cut, as
     * `Migration.sql` tells. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ListMigrationsResponse> listMigrations(
        dev.tenantry.v1.ListMigrationsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListMigrationsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Cancels a migration that has not committed; nothing has changed then. Also:
     * MIGRATION_NOT_FOUND, MIGRATION_DECIDED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.CancelMigrationResponse> cancelMigration(
        dev.tenantry.v1.CancelMigrationRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelMigrationMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the children of a schema, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ListChildrenResponse> listChildren(
        dev.tenantry.v1.ListChildrenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListChildrenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Tries at once again to bring quarantined children to the schema's
     * generation. The server does so by itself too, less and less often.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.RetryChildrenResponse> retryChildren(
        dev.tenantry.v1.RetryChildrenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRetryChildrenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns the schema of a SCHEMA database as text. Also: READS_BLOCKED,
     * DATABASE_CORRUPT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.GetSchemaResponse> getSchema(
        dev.tenantry.v1.GetSchemaRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetSchemaMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_APPLY_MIGRATION = 0;
  private static final int METHODID_GET_MIGRATION = 1;
  private static final int METHODID_LIST_MIGRATIONS = 2;
  private static final int METHODID_WATCH_MIGRATION = 3;
  private static final int METHODID_CANCEL_MIGRATION = 4;
  private static final int METHODID_LIST_CHILDREN = 5;
  private static final int METHODID_RETRY_CHILDREN = 6;
  private static final int METHODID_GET_SCHEMA = 7;

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
        case METHODID_APPLY_MIGRATION:
          serviceImpl.applyMigration((dev.tenantry.v1.ApplyMigrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ApplyMigrationResponse>) responseObserver);
          break;
        case METHODID_GET_MIGRATION:
          serviceImpl.getMigration((dev.tenantry.v1.GetMigrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.GetMigrationResponse>) responseObserver);
          break;
        case METHODID_LIST_MIGRATIONS:
          serviceImpl.listMigrations((dev.tenantry.v1.ListMigrationsRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ListMigrationsResponse>) responseObserver);
          break;
        case METHODID_WATCH_MIGRATION:
          serviceImpl.watchMigration((dev.tenantry.v1.WatchMigrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.WatchMigrationResponse>) responseObserver);
          break;
        case METHODID_CANCEL_MIGRATION:
          serviceImpl.cancelMigration((dev.tenantry.v1.CancelMigrationRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.CancelMigrationResponse>) responseObserver);
          break;
        case METHODID_LIST_CHILDREN:
          serviceImpl.listChildren((dev.tenantry.v1.ListChildrenRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ListChildrenResponse>) responseObserver);
          break;
        case METHODID_RETRY_CHILDREN:
          serviceImpl.retryChildren((dev.tenantry.v1.RetryChildrenRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.RetryChildrenResponse>) responseObserver);
          break;
        case METHODID_GET_SCHEMA:
          serviceImpl.getSchema((dev.tenantry.v1.GetSchemaRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.GetSchemaResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getApplyMigrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ApplyMigrationRequest,
              dev.tenantry.v1.ApplyMigrationResponse>(
                service, METHODID_APPLY_MIGRATION)))
        .addMethod(
          getGetMigrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.GetMigrationRequest,
              dev.tenantry.v1.GetMigrationResponse>(
                service, METHODID_GET_MIGRATION)))
        .addMethod(
          getListMigrationsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ListMigrationsRequest,
              dev.tenantry.v1.ListMigrationsResponse>(
                service, METHODID_LIST_MIGRATIONS)))
        .addMethod(
          getWatchMigrationMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.tenantry.v1.WatchMigrationRequest,
              dev.tenantry.v1.WatchMigrationResponse>(
                service, METHODID_WATCH_MIGRATION)))
        .addMethod(
          getCancelMigrationMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.CancelMigrationRequest,
              dev.tenantry.v1.CancelMigrationResponse>(
                service, METHODID_CANCEL_MIGRATION)))
        .addMethod(
          getListChildrenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ListChildrenRequest,
              dev.tenantry.v1.ListChildrenResponse>(
                service, METHODID_LIST_CHILDREN)))
        .addMethod(
          getRetryChildrenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.RetryChildrenRequest,
              dev.tenantry.v1.RetryChildrenResponse>(
                service, METHODID_RETRY_CHILDREN)))
        .addMethod(
          getGetSchemaMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.GetSchemaRequest,
              dev.tenantry.v1.GetSchemaResponse>(
                service, METHODID_GET_SCHEMA)))
        .build();
  }

  private static abstract class SchemaServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    SchemaServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.tenantry.v1.Schema.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("SchemaService");
    }
  }

  private static final class SchemaServiceFileDescriptorSupplier
      extends SchemaServiceBaseDescriptorSupplier {
    SchemaServiceFileDescriptorSupplier() {}
  }

  private static final class SchemaServiceMethodDescriptorSupplier
      extends SchemaServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    SchemaServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (SchemaServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new SchemaServiceFileDescriptorSupplier())
              .addMethod(getApplyMigrationMethod())
              .addMethod(getGetMigrationMethod())
              .addMethod(getListMigrationsMethod())
              .addMethod(getWatchMigrationMethod())
              .addMethod(getCancelMigrationMethod())
              .addMethod(getListChildrenMethod())
              .addMethod(getRetryChildrenMethod())
              .addMethod(getGetSchemaMethod())
              .build();
        }
      }
    }
    return result;
  }
}
