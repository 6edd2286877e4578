package dev.tenantry.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Manages groups and databases.
 * Wherever a request names a database, the reference is `group/name` or
 * `group/UUID`; without a slash the group is `default`.
 * Groups are for server admins; the databases of a group are for its admins;
 * every token may get and list the databases it covers or may attach, and their
 * groups.
 * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
 * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
 * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
 * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
 * adds.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class DatabasesServiceGrpc {

  private DatabasesServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "tenantry.v1.DatabasesService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.CreateGroupRequest,
      dev.tenantry.v1.CreateGroupResponse> getCreateGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateGroup",
      requestType = dev.tenantry.v1.CreateGroupRequest.class,
      responseType = dev.tenantry.v1.CreateGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.CreateGroupRequest,
      dev.tenantry.v1.CreateGroupResponse> getCreateGroupMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.CreateGroupRequest, dev.tenantry.v1.CreateGroupResponse> getCreateGroupMethod;
    if ((getCreateGroupMethod = DatabasesServiceGrpc.getCreateGroupMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getCreateGroupMethod = DatabasesServiceGrpc.getCreateGroupMethod) == null) {
          DatabasesServiceGrpc.getCreateGroupMethod = getCreateGroupMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.CreateGroupRequest, dev.tenantry.v1.CreateGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateGroup"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CreateGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CreateGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("CreateGroup"))
              .build();
        }
      }
    }
    return getCreateGroupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.GetGroupRequest,
      dev.tenantry.v1.GetGroupResponse> getGetGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetGroup",
      requestType = dev.tenantry.v1.GetGroupRequest.class,
      responseType = dev.tenantry.v1.GetGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.GetGroupRequest,
      dev.tenantry.v1.GetGroupResponse> getGetGroupMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.GetGroupRequest, dev.tenantry.v1.GetGroupResponse> getGetGroupMethod;
    if ((getGetGroupMethod = DatabasesServiceGrpc.getGetGroupMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getGetGroupMethod = DatabasesServiceGrpc.getGetGroupMethod) == null) {
          DatabasesServiceGrpc.getGetGroupMethod = getGetGroupMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.GetGroupRequest, dev.tenantry.v1.GetGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetGroup"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("GetGroup"))
              .build();
        }
      }
    }
    return getGetGroupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ListGroupsRequest,
      dev.tenantry.v1.ListGroupsResponse> getListGroupsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListGroups",
      requestType = dev.tenantry.v1.ListGroupsRequest.class,
      responseType = dev.tenantry.v1.ListGroupsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ListGroupsRequest,
      dev.tenantry.v1.ListGroupsResponse> getListGroupsMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ListGroupsRequest, dev.tenantry.v1.ListGroupsResponse> getListGroupsMethod;
    if ((getListGroupsMethod = DatabasesServiceGrpc.getListGroupsMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getListGroupsMethod = DatabasesServiceGrpc.getListGroupsMethod) == null) {
          DatabasesServiceGrpc.getListGroupsMethod = getListGroupsMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ListGroupsRequest, dev.tenantry.v1.ListGroupsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListGroups"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListGroupsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListGroupsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("ListGroups"))
              .build();
        }
      }
    }
    return getListGroupsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.DeleteGroupRequest,
      dev.tenantry.v1.DeleteGroupResponse> getDeleteGroupMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteGroup",
      requestType = dev.tenantry.v1.DeleteGroupRequest.class,
      responseType = dev.tenantry.v1.DeleteGroupResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.DeleteGroupRequest,
      dev.tenantry.v1.DeleteGroupResponse> getDeleteGroupMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.DeleteGroupRequest, dev.tenantry.v1.DeleteGroupResponse> getDeleteGroupMethod;
    if ((getDeleteGroupMethod = DatabasesServiceGrpc.getDeleteGroupMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getDeleteGroupMethod = DatabasesServiceGrpc.getDeleteGroupMethod) == null) {
          DatabasesServiceGrpc.getDeleteGroupMethod = getDeleteGroupMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.DeleteGroupRequest, dev.tenantry.v1.DeleteGroupResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteGroup"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.DeleteGroupRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.DeleteGroupResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("DeleteGroup"))
              .build();
        }
      }
    }
    return getDeleteGroupMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.CreateDatabaseRequest,
      dev.tenantry.v1.CreateDatabaseResponse> getCreateDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateDatabase",
      requestType = dev.tenantry.v1.CreateDatabaseRequest.class,
      responseType = dev.tenantry.v1.CreateDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.CreateDatabaseRequest,
      dev.tenantry.v1.CreateDatabaseResponse> getCreateDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.CreateDatabaseRequest, dev.tenantry.v1.CreateDatabaseResponse> getCreateDatabaseMethod;
    if ((getCreateDatabaseMethod = DatabasesServiceGrpc.getCreateDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getCreateDatabaseMethod = DatabasesServiceGrpc.getCreateDatabaseMethod) == null) {
          DatabasesServiceGrpc.getCreateDatabaseMethod = getCreateDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.CreateDatabaseRequest, dev.tenantry.v1.CreateDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CreateDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CreateDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("CreateDatabase"))
              .build();
        }
      }
    }
    return getCreateDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.BatchCreateDatabasesRequest,
      dev.tenantry.v1.BatchCreateDatabasesResponse> getBatchCreateDatabasesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchCreateDatabases",
      requestType = dev.tenantry.v1.BatchCreateDatabasesRequest.class,
      responseType = dev.tenantry.v1.BatchCreateDatabasesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.BatchCreateDatabasesRequest,
      dev.tenantry.v1.BatchCreateDatabasesResponse> getBatchCreateDatabasesMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.BatchCreateDatabasesRequest, dev.tenantry.v1.BatchCreateDatabasesResponse> getBatchCreateDatabasesMethod;
    if ((getBatchCreateDatabasesMethod = DatabasesServiceGrpc.getBatchCreateDatabasesMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getBatchCreateDatabasesMethod = DatabasesServiceGrpc.getBatchCreateDatabasesMethod) == null) {
          DatabasesServiceGrpc.getBatchCreateDatabasesMethod = getBatchCreateDatabasesMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.BatchCreateDatabasesRequest, dev.tenantry.v1.BatchCreateDatabasesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchCreateDatabases"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.BatchCreateDatabasesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.BatchCreateDatabasesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("BatchCreateDatabases"))
              .build();
        }
      }
    }
    return getBatchCreateDatabasesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.GetDatabaseRequest,
      dev.tenantry.v1.GetDatabaseResponse> getGetDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetDatabase",
      requestType = dev.tenantry.v1.GetDatabaseRequest.class,
      responseType = dev.tenantry.v1.GetDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.GetDatabaseRequest,
      dev.tenantry.v1.GetDatabaseResponse> getGetDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.GetDatabaseRequest, dev.tenantry.v1.GetDatabaseResponse> getGetDatabaseMethod;
    if ((getGetDatabaseMethod = DatabasesServiceGrpc.getGetDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getGetDatabaseMethod = DatabasesServiceGrpc.getGetDatabaseMethod) == null) {
          DatabasesServiceGrpc.getGetDatabaseMethod = getGetDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.GetDatabaseRequest, dev.tenantry.v1.GetDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("GetDatabase"))
              .build();
        }
      }
    }
    return getGetDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ListDatabasesRequest,
      dev.tenantry.v1.ListDatabasesResponse> getListDatabasesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListDatabases",
      requestType = dev.tenantry.v1.ListDatabasesRequest.class,
      responseType = dev.tenantry.v1.ListDatabasesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ListDatabasesRequest,
      dev.tenantry.v1.ListDatabasesResponse> getListDatabasesMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ListDatabasesRequest, dev.tenantry.v1.ListDatabasesResponse> getListDatabasesMethod;
    if ((getListDatabasesMethod = DatabasesServiceGrpc.getListDatabasesMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getListDatabasesMethod = DatabasesServiceGrpc.getListDatabasesMethod) == null) {
          DatabasesServiceGrpc.getListDatabasesMethod = getListDatabasesMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ListDatabasesRequest, dev.tenantry.v1.ListDatabasesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListDatabases"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListDatabasesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListDatabasesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("ListDatabases"))
              .build();
        }
      }
    }
    return getListDatabasesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.UpdateDatabaseRequest,
      dev.tenantry.v1.UpdateDatabaseResponse> getUpdateDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UpdateDatabase",
      requestType = dev.tenantry.v1.UpdateDatabaseRequest.class,
      responseType = dev.tenantry.v1.UpdateDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.UpdateDatabaseRequest,
      dev.tenantry.v1.UpdateDatabaseResponse> getUpdateDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.UpdateDatabaseRequest, dev.tenantry.v1.UpdateDatabaseResponse> getUpdateDatabaseMethod;
    if ((getUpdateDatabaseMethod = DatabasesServiceGrpc.getUpdateDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getUpdateDatabaseMethod = DatabasesServiceGrpc.getUpdateDatabaseMethod) == null) {
          DatabasesServiceGrpc.getUpdateDatabaseMethod = getUpdateDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.UpdateDatabaseRequest, dev.tenantry.v1.UpdateDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UpdateDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.UpdateDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.UpdateDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("UpdateDatabase"))
              .build();
        }
      }
    }
    return getUpdateDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.DeleteDatabaseRequest,
      dev.tenantry.v1.DeleteDatabaseResponse> getDeleteDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteDatabase",
      requestType = dev.tenantry.v1.DeleteDatabaseRequest.class,
      responseType = dev.tenantry.v1.DeleteDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.DeleteDatabaseRequest,
      dev.tenantry.v1.DeleteDatabaseResponse> getDeleteDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.DeleteDatabaseRequest, dev.tenantry.v1.DeleteDatabaseResponse> getDeleteDatabaseMethod;
    if ((getDeleteDatabaseMethod = DatabasesServiceGrpc.getDeleteDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getDeleteDatabaseMethod = DatabasesServiceGrpc.getDeleteDatabaseMethod) == null) {
          DatabasesServiceGrpc.getDeleteDatabaseMethod = getDeleteDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.DeleteDatabaseRequest, dev.tenantry.v1.DeleteDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.DeleteDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.DeleteDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("DeleteDatabase"))
              .build();
        }
      }
    }
    return getDeleteDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.UndeleteDatabaseRequest,
      dev.tenantry.v1.UndeleteDatabaseResponse> getUndeleteDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "UndeleteDatabase",
      requestType = dev.tenantry.v1.UndeleteDatabaseRequest.class,
      responseType = dev.tenantry.v1.UndeleteDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.UndeleteDatabaseRequest,
      dev.tenantry.v1.UndeleteDatabaseResponse> getUndeleteDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.UndeleteDatabaseRequest, dev.tenantry.v1.UndeleteDatabaseResponse> getUndeleteDatabaseMethod;
    if ((getUndeleteDatabaseMethod = DatabasesServiceGrpc.getUndeleteDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getUndeleteDatabaseMethod = DatabasesServiceGrpc.getUndeleteDatabaseMethod) == null) {
          DatabasesServiceGrpc.getUndeleteDatabaseMethod = getUndeleteDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.UndeleteDatabaseRequest, dev.tenantry.v1.UndeleteDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "UndeleteDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.UndeleteDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.UndeleteDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("UndeleteDatabase"))
              .build();
        }
      }
    }
    return getUndeleteDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ExportDatabaseRequest,
      dev.tenantry.v1.ExportDatabaseResponse> getExportDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ExportDatabase",
      requestType = dev.tenantry.v1.ExportDatabaseRequest.class,
      responseType = dev.tenantry.v1.ExportDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ExportDatabaseRequest,
      dev.tenantry.v1.ExportDatabaseResponse> getExportDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ExportDatabaseRequest, dev.tenantry.v1.ExportDatabaseResponse> getExportDatabaseMethod;
    if ((getExportDatabaseMethod = DatabasesServiceGrpc.getExportDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getExportDatabaseMethod = DatabasesServiceGrpc.getExportDatabaseMethod) == null) {
          DatabasesServiceGrpc.getExportDatabaseMethod = getExportDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ExportDatabaseRequest, dev.tenantry.v1.ExportDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ExportDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ExportDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ExportDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("ExportDatabase"))
              .build();
        }
      }
    }
    return getExportDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ImportDatabaseRequest,
      dev.tenantry.v1.ImportDatabaseResponse> getImportDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ImportDatabase",
      requestType = dev.tenantry.v1.ImportDatabaseRequest.class,
      responseType = dev.tenantry.v1.ImportDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ImportDatabaseRequest,
      dev.tenantry.v1.ImportDatabaseResponse> getImportDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ImportDatabaseRequest, dev.tenantry.v1.ImportDatabaseResponse> getImportDatabaseMethod;
    if ((getImportDatabaseMethod = DatabasesServiceGrpc.getImportDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getImportDatabaseMethod = DatabasesServiceGrpc.getImportDatabaseMethod) == null) {
          DatabasesServiceGrpc.getImportDatabaseMethod = getImportDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ImportDatabaseRequest, dev.tenantry.v1.ImportDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.CLIENT_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ImportDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ImportDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ImportDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("ImportDatabase"))
              .build();
        }
      }
    }
    return getImportDatabaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.BranchDatabaseRequest,
      dev.tenantry.v1.BranchDatabaseResponse> getBranchDatabaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BranchDatabase",
      requestType = dev.tenantry.v1.BranchDatabaseRequest.class,
      responseType = dev.tenantry.v1.BranchDatabaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.BranchDatabaseRequest,
      dev.tenantry.v1.BranchDatabaseResponse> getBranchDatabaseMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.BranchDatabaseRequest, dev.tenantry.v1.BranchDatabaseResponse> getBranchDatabaseMethod;
    if ((getBranchDatabaseMethod = DatabasesServiceGrpc.getBranchDatabaseMethod) == null) {
      synchronized (DatabasesServiceGrpc.class) {
        if ((getBranchDatabaseMethod = DatabasesServiceGrpc.getBranchDatabaseMethod) == null) {
          DatabasesServiceGrpc.getBranchDatabaseMethod = getBranchDatabaseMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.BranchDatabaseRequest, dev.tenantry.v1.BranchDatabaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BranchDatabase"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.BranchDatabaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.BranchDatabaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new DatabasesServiceMethodDescriptorSupplier("BranchDatabase"))
              .build();
        }
      }
    }
    return getBranchDatabaseMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static DatabasesServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceStub>() {
        @java.lang.Override
        public DatabasesServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DatabasesServiceStub(channel, callOptions);
        }
      };
    return DatabasesServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static DatabasesServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceBlockingV2Stub>() {
        @java.lang.Override
        public DatabasesServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DatabasesServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return DatabasesServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static DatabasesServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceBlockingStub>() {
        @java.lang.Override
        public DatabasesServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DatabasesServiceBlockingStub(channel, callOptions);
        }
      };
    return DatabasesServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static DatabasesServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<DatabasesServiceFutureStub>() {
        @java.lang.Override
        public DatabasesServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new DatabasesServiceFutureStub(channel, callOptions);
        }
      };
    return DatabasesServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Manages groups and databases.
   * Wherever a request names a database, the reference is `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * Groups are for server admins; the databases of a group are for its admins;
   * every token may get and list the databases it covers or may attach, and their
   * groups.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Creates a group. Also: ALREADY_EXISTS.
     * </pre>
     */
    default void createGroup(dev.tenantry.v1.CreateGroupRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateGroupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a group. Also: GROUP_NOT_FOUND.
     * </pre>
     */
    default void getGroup(dev.tenantry.v1.GetGroupRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetGroupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the groups that the token covers, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listGroups(dev.tenantry.v1.ListGroupsRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListGroupsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListGroupsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a group that has no live databases; those in it that were deleted
     * can no longer be brought back. `default` cannot be deleted
     * (INVALID_ARGUMENT). Also: GROUP_NOT_FOUND, GROUP_NOT_EMPTY.
     * </pre>
     */
    default void deleteGroup(dev.tenantry.v1.DeleteGroupRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.DeleteGroupResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteGroupMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a database. A CHILD has the schema and the rows of its parent, at
     * the parent's generation when it is first used. Also: ALREADY_EXISTS,
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND and WRONG_KIND (of `schema`),
     * REQUEST_ID_REUSED.
     * </pre>
     */
    default void createDatabase(dev.tenantry.v1.CreateDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates many databases, also of several groups: all or none. Errors as for
     * `CreateDatabase`; metadata `index` tells which database was refused, from 0.
     * </pre>
     */
    default void batchCreateDatabases(dev.tenantry.v1.BatchCreateDatabasesRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.BatchCreateDatabasesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchCreateDatabasesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a database. A deleted one is found by its UUID until it is purged.
     * Also: DATABASE_NOT_FOUND.
     * </pre>
     */
    default void getDatabase(dev.tenantry.v1.GetDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the databases that the token covers, by group and name. Also:
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND (of `schema`), INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listDatabases(dev.tenantry.v1.ListDatabasesRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListDatabasesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListDatabasesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Changes the configuration of a database, from its next request on. Also:
     * DATABASE_NOT_FOUND, ETAG_MISMATCH.
     * </pre>
     */
    default void updateDatabase(dev.tenantry.v1.UpdateDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.UpdateDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUpdateDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a database. Its name is free at once; its data can be brought back
     * until `purge_time`, a day later by default. Also: DATABASE_NOT_FOUND,
     * DELETE_PROTECTED, ETAG_MISMATCH; of a SCHEMA database SCHEMA_NOT_EMPTY while
     * it has live children, and MIGRATION_IN_PROGRESS while one is PREPARING.
     * </pre>
     */
    default void deleteDatabase(dev.tenantry.v1.DeleteDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.DeleteDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted database back; a CHILD comes back at its schema's
     * generation. Also: DATABASE_NOT_FOUND, also of a CHILD whose parent is
     * deleted; NOT_DELETED; ALREADY_EXISTS when another database has taken the
     * name; MIGRATION_IN_PROGRESS of a CHILD while its schema has a migration that
     * is PREPARING, which could not validate it.
     * </pre>
     */
    default void undeleteDatabase(dev.tenantry.v1.UndeleteDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.UndeleteDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getUndeleteDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Streams one snapshot of a database as a SQLite file: one `header`, then
     * chunks. The file is whole when `size_bytes` bytes have come. Also:
     * DATABASE_NOT_FOUND, READS_BLOCKED, CHILD_QUARANTINED, DATABASE_CORRUPT,
     * UNIMPLEMENTED.
     * </pre>
     */
    default void exportDatabase(dev.tenantry.v1.ExportDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ExportDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getExportDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a REGULAR or SCHEMA database from a SQLite file: send one `header`,
     * then chunks, then close. Nothing is created unless the file is sound. Also:
     * ALREADY_EXISTS, GROUP_NOT_FOUND, DATABASE_CORRUPT, SIZE_LIMIT,
     * REQUEST_ID_REUSED, UNIMPLEMENTED.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<dev.tenantry.v1.ImportDatabaseRequest> importDatabase(
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ImportDatabaseResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getImportDatabaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * Creates a database from one snapshot of another in the same group, which
     * goes on undisturbed: it has all that was acknowledged before the call. A
     * branch of a CHILD is a CHILD of the same schema, which a migration that is
     * under way validates too; a branch of a SCHEMA database is one of its own, at
     * the same generation, without the children and without the record of earlier
     * migrations. A copy that is not done by the deadline is given up; the server
     * allows 30 seconds by default. Also:
     * DATABASE_NOT_FOUND, ALREADY_EXISTS, READS_BLOCKED, CHILD_QUARANTINED,
     * DATABASE_CORRUPT, BUSY when migrations of the schema commit all the time,
     * REQUEST_ID_REUSED.
     * </pre>
     */
    default void branchDatabase(dev.tenantry.v1.BranchDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.BranchDatabaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBranchDatabaseMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service DatabasesService.
   * <pre>
   * Manages groups and databases.
   * Wherever a request names a database, the reference is `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * Groups are for server admins; the databases of a group are for its admins;
   * every token may get and list the databases it covers or may attach, and their
   * groups.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static abstract class DatabasesServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return DatabasesServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service DatabasesService.
   * <pre>
   * Manages groups and databases.
   * Wherever a request names a database, the reference is `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * Groups are for server admins; the databases of a group are for its admins;
   * every token may get and list the databases it covers or may attach, and their
   * groups.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class DatabasesServiceStub
      extends io.grpc.stub.AbstractAsyncStub<DatabasesServiceStub> {
    private DatabasesServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DatabasesServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DatabasesServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a group. Also: ALREADY_EXISTS.
     * </pre>
     */
    public void createGroup(dev.tenantry.v1.CreateGroupRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateGroupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a group. Also: GROUP_NOT_FOUND.
     * </pre>
     */
    public void getGroup(dev.tenantry.v1.GetGroupRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetGroupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the groups that the token covers, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listGroups(dev.tenantry.v1.ListGroupsRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListGroupsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListGroupsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a group that has no live databases; those in it that were deleted
     * can no longer be brought back. `default` cannot be deleted
     * (INVALID_ARGUMENT). Also: GROUP_NOT_FOUND, GROUP_NOT_EMPTY.
     * </pre>
     */
    public void deleteGroup(dev.tenantry.v1.DeleteGroupRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.DeleteGroupResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteGroupMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a database. A CHILD has the schema and the rows of its parent, at
     * the parent's generation when it is first used. Also: ALREADY_EXISTS,
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND and WRONG_KIND (of `schema`),
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public void createDatabase(dev.tenantry.v1.CreateDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateDatabaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates many databases, also of several groups: all or none. Errors as for
     * `CreateDatabase`; metadata `index` tells which database was refused, from 0.
     * </pre>
     */
    public void batchCreateDatabases(dev.tenantry.v1.BatchCreateDatabasesRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.BatchCreateDatabasesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchCreateDatabasesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a database. A deleted one is found by its UUID until it is purged.
     * Also: DATABASE_NOT_FOUND.
     * </pre>
     */
    public void getDatabase(dev.tenantry.v1.GetDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetDatabaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the databases that the token covers, by group and name. Also:
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND (of `schema`), INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listDatabases(dev.tenantry.v1.ListDatabasesRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListDatabasesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListDatabasesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Changes the configuration of a database, from its next request on. Also:
     * DATABASE_NOT_FOUND, ETAG_MISMATCH.
     * </pre>
     */
    public void updateDatabase(dev.tenantry.v1.UpdateDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.UpdateDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUpdateDatabaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a database. Its name is free at once; its data can be brought back
     * until `purge_time`, a day later by default. Also: DATABASE_NOT_FOUND,
     * DELETE_PROTECTED, ETAG_MISMATCH; of a SCHEMA database SCHEMA_NOT_EMPTY while
     * it has live children, and MIGRATION_IN_PROGRESS while one is PREPARING.
     * </pre>
     */
    public void deleteDatabase(dev.tenantry.v1.DeleteDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.DeleteDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteDatabaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Brings a deleted database back; a CHILD comes back at its schema's
     * generation. Also: DATABASE_NOT_FOUND, also of a CHILD whose parent is
     * deleted; NOT_DELETED; ALREADY_EXISTS when another database has taken the
     * name; MIGRATION_IN_PROGRESS of a CHILD while its schema has a migration that
     * is PREPARING, which could not validate it.
     * </pre>
     */
    public void undeleteDatabase(dev.tenantry.v1.UndeleteDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.UndeleteDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getUndeleteDatabaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Streams one snapshot of a database as a SQLite file: one `header`, then
     * chunks. The file is whole when `size_bytes` bytes have come. Also:
     * DATABASE_NOT_FOUND, READS_BLOCKED, CHILD_QUARANTINED, DATABASE_CORRUPT,
     * UNIMPLEMENTED.
     * </pre>
     */
    public void exportDatabase(dev.tenantry.v1.ExportDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ExportDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getExportDatabaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Creates a REGULAR or SCHEMA database from a SQLite file: send one `header`,
     * then chunks, then close. Nothing is created unless the file is sound. Also:
     * ALREADY_EXISTS, GROUP_NOT_FOUND, DATABASE_CORRUPT, SIZE_LIMIT,
     * REQUEST_ID_REUSED, UNIMPLEMENTED.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<dev.tenantry.v1.ImportDatabaseRequest> importDatabase(
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ImportDatabaseResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncClientStreamingCall(
          getChannel().newCall(getImportDatabaseMethod(), getCallOptions()), responseObserver);
    }

    /**
     * <pre>
     * Creates a database from one snapshot of another in the same group, which
     * goes on undisturbed: it has all that was acknowledged before the call. A
     * branch of a CHILD is a CHILD of the same schema, which a migration that is
     * under way validates too; a branch of a SCHEMA database is one of its own, at
     * the same generation, without the children and without the record of earlier
     * migrations. A copy that is not done by the deadline is given up; the server
     * allows 30 seconds by default. Also:
     * DATABASE_NOT_FOUND, ALREADY_EXISTS, READS_BLOCKED, CHILD_QUARANTINED,
     * DATABASE_CORRUPT, BUSY when migrations of the schema commit all the time,
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public void branchDatabase(dev.tenantry.v1.BranchDatabaseRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.BranchDatabaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBranchDatabaseMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service DatabasesService.
   * <pre>
   * Manages groups and databases.
   * Wherever a request names a database, the reference is `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * Groups are for server admins; the databases of a group are for its admins;
   * every token may get and list the databases it covers or may attach, and their
   * groups.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class DatabasesServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<DatabasesServiceBlockingV2Stub> {
    private DatabasesServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DatabasesServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DatabasesServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a group. Also: ALREADY_EXISTS.
     * </pre>
     */
    public dev.tenantry.v1.CreateGroupResponse createGroup(dev.tenantry.v1.CreateGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a group. Also: GROUP_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetGroupResponse getGroup(dev.tenantry.v1.GetGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the groups that the token covers, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListGroupsResponse listGroups(dev.tenantry.v1.ListGroupsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListGroupsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a group that has no live databases; those in it that were deleted
     * can no longer be brought back. `default` cannot be deleted
     * (INVALID_ARGUMENT). Also: GROUP_NOT_FOUND, GROUP_NOT_EMPTY.
     * </pre>
     */
    public dev.tenantry.v1.DeleteGroupResponse deleteGroup(dev.tenantry.v1.DeleteGroupRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a database. A CHILD has the schema and the rows of its parent, at
     * the parent's generation when it is first used. Also: ALREADY_EXISTS,
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND and WRONG_KIND (of `schema`),
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.tenantry.v1.CreateDatabaseResponse createDatabase(dev.tenantry.v1.CreateDatabaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates many databases, also of several groups: all or none. Errors as for
     * `CreateDatabase`; metadata `index` tells which database was refused, from 0.
     * </pre>
     */
    public dev.tenantry.v1.BatchCreateDatabasesResponse batchCreateDatabases(dev.tenantry.v1.BatchCreateDatabasesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchCreateDatabasesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a database. A deleted one is found by its UUID until it is purged.
     * Also: DATABASE_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetDatabaseResponse getDatabase(dev.tenantry.v1.GetDatabaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the databases that the token covers, by group and name. Also:
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND (of `schema`), INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListDatabasesResponse listDatabases(dev.tenantry.v1.ListDatabasesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListDatabasesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the configuration of a database, from its next request on. Also:
     * DATABASE_NOT_FOUND, ETAG_MISMATCH.
     * </pre>
     */
    public dev.tenantry.v1.UpdateDatabaseResponse updateDatabase(dev.tenantry.v1.UpdateDatabaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUpdateDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a database. Its name is free at once; its data can be brought back
     * until `purge_time`, a day later by default. Also: DATABASE_NOT_FOUND,
     * DELETE_PROTECTED, ETAG_MISMATCH; of a SCHEMA database SCHEMA_NOT_EMPTY while
     * it has live children, and MIGRATION_IN_PROGRESS while one is PREPARING.
     * </pre>
     */
    public dev.tenantry.v1.DeleteDatabaseResponse deleteDatabase(dev.tenantry.v1.DeleteDatabaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Brings a deleted database back; a CHILD comes back at its schema's
     * generation. Also: DATABASE_NOT_FOUND, also of a CHILD whose parent is
     * deleted; NOT_DELETED; ALREADY_EXISTS when another database has taken the
     * name; MIGRATION_IN_PROGRESS of a CHILD while its schema has a migration that
     * is PREPARING, which could not validate it.
     * </pre>
     */
    public dev.tenantry.v1.UndeleteDatabaseResponse undeleteDatabase(dev.tenantry.v1.UndeleteDatabaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getUndeleteDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams one snapshot of a database as a SQLite file: one `header`, then
     * chunks. The file is whole when `size_bytes` bytes have come. Also:
     * DATABASE_NOT_FOUND, READS_BLOCKED, CHILD_QUARANTINED, DATABASE_CORRUPT,
     * UNIMPLEMENTED.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.tenantry.v1.ExportDatabaseResponse>
        exportDatabase(dev.tenantry.v1.ExportDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getExportDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a REGULAR or SCHEMA database from a SQLite file: send one `header`,
     * then chunks, then close. Nothing is created unless the file is sound. Also:
     * ALREADY_EXISTS, GROUP_NOT_FOUND, DATABASE_CORRUPT, SIZE_LIMIT,
     * REQUEST_ID_REUSED, UNIMPLEMENTED.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<dev.tenantry.v1.ImportDatabaseRequest, dev.tenantry.v1.ImportDatabaseResponse>
        importDatabase() {
      return io.grpc.stub.ClientCalls.blockingClientStreamingCall(
          getChannel(), getImportDatabaseMethod(), getCallOptions());
    }

    /**
     * <pre>
     * Creates a database from one snapshot of another in the same group, which
     * goes on undisturbed: it has all that was acknowledged before the call. A
     * branch of a CHILD is a CHILD of the same schema, which a migration that is
     * under way validates too; a branch of a SCHEMA database is one of its own, at
     * the same generation, without the children and without the record of earlier
     * migrations. A copy that is not done by the deadline is given up; the server
     * allows 30 seconds by default. Also:
     * DATABASE_NOT_FOUND, ALREADY_EXISTS, READS_BLOCKED, CHILD_QUARANTINED,
     * DATABASE_CORRUPT, BUSY when migrations of the schema commit all the time,
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.tenantry.v1.BranchDatabaseResponse branchDatabase(dev.tenantry.v1.BranchDatabaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBranchDatabaseMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service DatabasesService.
   * <pre>
   * Manages groups and databases.
   * Wherever a request names a database, the reference is `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * Groups are for server admins; the databases of a group are for its admins;
   * every token may get and list the databases it covers or may attach, and their
   * groups.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class DatabasesServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<DatabasesServiceBlockingStub> {
    private DatabasesServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DatabasesServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DatabasesServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a group. Also: ALREADY_EXISTS.
     * </pre>
     */
    public dev.tenantry.v1.CreateGroupResponse createGroup(dev.tenantry.v1.CreateGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a group. Also: GROUP_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetGroupResponse getGroup(dev.tenantry.v1.GetGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the groups that the token covers, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListGroupsResponse listGroups(dev.tenantry.v1.ListGroupsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListGroupsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a group that has no live databases; those in it that were deleted
     * can no longer be brought back. `default` cannot be deleted
     * (INVALID_ARGUMENT). Also: GROUP_NOT_FOUND, GROUP_NOT_EMPTY.
     * </pre>
     */
    public dev.tenantry.v1.DeleteGroupResponse deleteGroup(dev.tenantry.v1.DeleteGroupRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteGroupMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a database. A CHILD has the schema and the rows of its parent, at
     * the parent's generation when it is first used. Also: ALREADY_EXISTS,
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND and WRONG_KIND (of `schema`),
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.tenantry.v1.CreateDatabaseResponse createDatabase(dev.tenantry.v1.CreateDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates many databases, also of several groups: all or none. Errors as for
     * `CreateDatabase`; metadata `index` tells which database was refused, from 0.
     * </pre>
     */
    public dev.tenantry.v1.BatchCreateDatabasesResponse batchCreateDatabases(dev.tenantry.v1.BatchCreateDatabasesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchCreateDatabasesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a database. A deleted one is found by its UUID until it is purged.
     * Also: DATABASE_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetDatabaseResponse getDatabase(dev.tenantry.v1.GetDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the databases that the token covers, by group and name. Also:
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND (of `schema`), INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListDatabasesResponse listDatabases(dev.tenantry.v1.ListDatabasesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListDatabasesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Changes the configuration of a database, from its next request on. Also:
     * DATABASE_NOT_FOUND, ETAG_MISMATCH.
     * </pre>
     */
    public dev.tenantry.v1.UpdateDatabaseResponse updateDatabase(dev.tenantry.v1.UpdateDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUpdateDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a database. Its name is free at once; its data can be brought back
     * until `purge_time`, a day later by default. Also: DATABASE_NOT_FOUND,
     * DELETE_PROTECTED, ETAG_MISMATCH; of a SCHEMA database SCHEMA_NOT_EMPTY while
     * it has live children, and MIGRATION_IN_PROGRESS while one is PREPARING.
     * </pre>
     */
    public dev.tenantry.v1.DeleteDatabaseResponse deleteDatabase(dev.tenantry.v1.DeleteDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Brings a deleted database back; a CHILD comes back at its schema's
     * generation. Also: DATABASE_NOT_FOUND, also of a CHILD whose parent is
     * deleted; NOT_DELETED; ALREADY_EXISTS when another database has taken the
     * name; MIGRATION_IN_PROGRESS of a CHILD while its schema has a migration that
     * is PREPARING, which could not validate it.
     * </pre>
     */
    public dev.tenantry.v1.UndeleteDatabaseResponse undeleteDatabase(dev.tenantry.v1.UndeleteDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getUndeleteDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Streams one snapshot of a database as a SQLite file: one `header`, then
     * chunks. The file is whole when `size_bytes` bytes have come. Also:
     * DATABASE_NOT_FOUND, READS_BLOCKED, CHILD_QUARANTINED, DATABASE_CORRUPT,
     * UNIMPLEMENTED.
     * </pre>
     */
    public java.util.Iterator<dev.tenantry.v1.ExportDatabaseResponse> exportDatabase(
        dev.tenantry.v1.ExportDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getExportDatabaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Creates a database from one snapshot of another in the same group, which
     * goes on undisturbed: it has all that was acknowledged before the call. A
     * branch of a CHILD is a CHILD of the same schema, which a migration that is
     * under way validates too; a branch of a SCHEMA database is one of its own, at
     * the same generation, without the children and without the record of earlier
     * migrations. A copy that is not done by the deadline is given up; the server
     * allows 30 seconds by default. Also:
     * DATABASE_NOT_FOUND, ALREADY_EXISTS, READS_BLOCKED, CHILD_QUARANTINED,
     * DATABASE_CORRUPT, BUSY when migrations of the schema commit all the time,
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.tenantry.v1.BranchDatabaseResponse branchDatabase(dev.tenantry.v1.BranchDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBranchDatabaseMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service DatabasesService.
   * <pre>
   * Manages groups and databases.
   * Wherever a request names a database, the reference is `group/name` or
   * `group/UUID`; without a slash the group is `default`.
   * Groups are for server admins; the databases of a group are for its admins;
   * every token may get and list the databases it covers or may attach, and their
   * groups.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class DatabasesServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<DatabasesServiceFutureStub> {
    private DatabasesServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected DatabasesServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new DatabasesServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Creates a group. Also: ALREADY_EXISTS.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.CreateGroupResponse> createGroup(
        dev.tenantry.v1.CreateGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateGroupMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a group. Also: GROUP_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.GetGroupResponse> getGroup(
        dev.tenantry.v1.GetGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetGroupMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the groups that the token covers, by name. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ListGroupsResponse> listGroups(
        dev.tenantry.v1.ListGroupsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListGroupsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a group that has no live databases; those in it that were deleted
     * can no longer be brought back. `default` cannot be deleted
     * (INVALID_ARGUMENT). Also: GROUP_NOT_FOUND, GROUP_NOT_EMPTY.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.DeleteGroupResponse> deleteGroup(
        dev.tenantry.v1.DeleteGroupRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteGroupMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a database. A CHILD has the schema and the rows of its parent, at
     * the parent's generation when it is first used. Also: ALREADY_EXISTS,
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND and WRONG_KIND (of `schema`),
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.CreateDatabaseResponse> createDatabase(
        dev.tenantry.v1.CreateDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateDatabaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates many databases, also of several groups: all or none. Errors as for
     * `CreateDatabase`; metadata `index` tells which database was refused, from 0.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.BatchCreateDatabasesResponse> batchCreateDatabases(
        dev.tenantry.v1.BatchCreateDatabasesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchCreateDatabasesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a database. A deleted one is found by its UUID until it is purged.
     * Also: DATABASE_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.GetDatabaseResponse> getDatabase(
        dev.tenantry.v1.GetDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetDatabaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the databases that the token covers, by group and name. Also:
     * GROUP_NOT_FOUND, DATABASE_NOT_FOUND (of `schema`), INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ListDatabasesResponse> listDatabases(
        dev.tenantry.v1.ListDatabasesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListDatabasesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Changes the configuration of a database, from its next request on. Also:
     * DATABASE_NOT_FOUND, ETAG_MISMATCH.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.UpdateDatabaseResponse> updateDatabase(
        dev.tenantry.v1.UpdateDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUpdateDatabaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a database. Its name is free at once; its data can be brought back
     * until `purge_time`, a day later by default. Also: DATABASE_NOT_FOUND,
     * DELETE_PROTECTED, ETAG_MISMATCH; of a SCHEMA database SCHEMA_NOT_EMPTY while
     * it has live children, and MIGRATION_IN_PROGRESS while one is PREPARING.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.DeleteDatabaseResponse> deleteDatabase(
        dev.tenantry.v1.DeleteDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteDatabaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Brings a deleted database back; a CHILD comes back at its schema's
     * generation. Also: DATABASE_NOT_FOUND, also of a CHILD whose parent is
     * deleted; NOT_DELETED; ALREADY_EXISTS when another database has taken the
     * name; MIGRATION_IN_PROGRESS of a CHILD while its schema has a migration that
     * is PREPARING, which could not validate it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.UndeleteDatabaseResponse> undeleteDatabase(
        dev.tenantry.v1.UndeleteDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getUndeleteDatabaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Creates a database from one snapshot of another in the same group, which
     * goes on undisturbed: it has all that was acknowledged before the call. A
     * branch of a CHILD is a CHILD of the same schema, which a migration that is
     * under way validates too; a branch of a SCHEMA database is one of its own, at
     * the same generation, without the children and without the record of earlier
     * migrations. A copy that is not done by the deadline is given up; the server
     * allows 30 seconds by default. Also:
     * DATABASE_NOT_FOUND, ALREADY_EXISTS, READS_BLOCKED, CHILD_QUARANTINED,
     * DATABASE_CORRUPT, BUSY when migrations of the schema commit all the time,
     * REQUEST_ID_REUSED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.BranchDatabaseResponse> branchDatabase(
        dev.tenantry.v1.BranchDatabaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBranchDatabaseMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_GROUP = 0;
  private static final int METHODID_GET_GROUP = 1;
  private static final int METHODID_LIST_GROUPS = 2;
  private static final int METHODID_DELETE_GROUP = 3;
  private static final int METHODID_CREATE_DATABASE = 4;
  private static final int METHODID_BATCH_CREATE_DATABASES = 5;
  private static final int METHODID_GET_DATABASE = 6;
  private static final int METHODID_LIST_DATABASES = 7;
  private static final int METHODID_UPDATE_DATABASE = 8;
  private static final int METHODID_DELETE_DATABASE = 9;
  private static final int METHODID_UNDELETE_DATABASE = 10;
  private static final int METHODID_EXPORT_DATABASE = 11;
  private static final int METHODID_BRANCH_DATABASE = 12;
  private static final int METHODID_IMPORT_DATABASE = 13;

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
        case METHODID_CREATE_GROUP:
          serviceImpl.createGroup((dev.tenantry.v1.CreateGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateGroupResponse>) responseObserver);
          break;
        case METHODID_GET_GROUP:
          serviceImpl.getGroup((dev.tenantry.v1.GetGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.GetGroupResponse>) responseObserver);
          break;
        case METHODID_LIST_GROUPS:
          serviceImpl.listGroups((dev.tenantry.v1.ListGroupsRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ListGroupsResponse>) responseObserver);
          break;
        case METHODID_DELETE_GROUP:
          serviceImpl.deleteGroup((dev.tenantry.v1.DeleteGroupRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.DeleteGroupResponse>) responseObserver);
          break;
        case METHODID_CREATE_DATABASE:
          serviceImpl.createDatabase((dev.tenantry.v1.CreateDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateDatabaseResponse>) responseObserver);
          break;
        case METHODID_BATCH_CREATE_DATABASES:
          serviceImpl.batchCreateDatabases((dev.tenantry.v1.BatchCreateDatabasesRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.BatchCreateDatabasesResponse>) responseObserver);
          break;
        case METHODID_GET_DATABASE:
          serviceImpl.getDatabase((dev.tenantry.v1.GetDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.GetDatabaseResponse>) responseObserver);
          break;
        case METHODID_LIST_DATABASES:
          serviceImpl.listDatabases((dev.tenantry.v1.ListDatabasesRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ListDatabasesResponse>) responseObserver);
          break;
        case METHODID_UPDATE_DATABASE:
          serviceImpl.updateDatabase((dev.tenantry.v1.UpdateDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.UpdateDatabaseResponse>) responseObserver);
          break;
        case METHODID_DELETE_DATABASE:
          serviceImpl.deleteDatabase((dev.tenantry.v1.DeleteDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.DeleteDatabaseResponse>) responseObserver);
          break;
        case METHODID_UNDELETE_DATABASE:
          serviceImpl.undeleteDatabase((dev.tenantry.v1.UndeleteDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.UndeleteDatabaseResponse>) responseObserver);
          break;
        case METHODID_EXPORT_DATABASE:
          serviceImpl.exportDatabase((dev.tenantry.v1.ExportDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ExportDatabaseResponse>) responseObserver);
          break;
        case METHODID_BRANCH_DATABASE:
          serviceImpl.branchDatabase((dev.tenantry.v1.BranchDatabaseRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.BranchDatabaseResponse>) responseObserver);
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
        case METHODID_IMPORT_DATABASE:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.importDatabase(
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ImportDatabaseResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getCreateGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.CreateGroupRequest,
              dev.tenantry.v1.CreateGroupResponse>(
                service, METHODID_CREATE_GROUP)))
        .addMethod(
          getGetGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.GetGroupRequest,
              dev.tenantry.v1.GetGroupResponse>(
                service, METHODID_GET_GROUP)))
        .addMethod(
          getListGroupsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ListGroupsRequest,
              dev.tenantry.v1.ListGroupsResponse>(
                service, METHODID_LIST_GROUPS)))
        .addMethod(
          getDeleteGroupMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.DeleteGroupRequest,
              dev.tenantry.v1.DeleteGroupResponse>(
                service, METHODID_DELETE_GROUP)))
        .addMethod(
          getCreateDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.CreateDatabaseRequest,
              dev.tenantry.v1.CreateDatabaseResponse>(
                service, METHODID_CREATE_DATABASE)))
        .addMethod(
          getBatchCreateDatabasesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.BatchCreateDatabasesRequest,
              dev.tenantry.v1.BatchCreateDatabasesResponse>(
                service, METHODID_BATCH_CREATE_DATABASES)))
        .addMethod(
          getGetDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.GetDatabaseRequest,
              dev.tenantry.v1.GetDatabaseResponse>(
                service, METHODID_GET_DATABASE)))
        .addMethod(
          getListDatabasesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ListDatabasesRequest,
              dev.tenantry.v1.ListDatabasesResponse>(
                service, METHODID_LIST_DATABASES)))
        .addMethod(
          getUpdateDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.UpdateDatabaseRequest,
              dev.tenantry.v1.UpdateDatabaseResponse>(
                service, METHODID_UPDATE_DATABASE)))
        .addMethod(
          getDeleteDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.DeleteDatabaseRequest,
              dev.tenantry.v1.DeleteDatabaseResponse>(
                service, METHODID_DELETE_DATABASE)))
        .addMethod(
          getUndeleteDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.UndeleteDatabaseRequest,
              dev.tenantry.v1.UndeleteDatabaseResponse>(
                service, METHODID_UNDELETE_DATABASE)))
        .addMethod(
          getExportDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.tenantry.v1.ExportDatabaseRequest,
              dev.tenantry.v1.ExportDatabaseResponse>(
                service, METHODID_EXPORT_DATABASE)))
        .addMethod(
          getImportDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncClientStreamingCall(
            new MethodHandlers<
              dev.tenantry.v1.ImportDatabaseRequest,
              dev.tenantry.v1.ImportDatabaseResponse>(
                service, METHODID_IMPORT_DATABASE)))
        .addMethod(
          getBranchDatabaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.BranchDatabaseRequest,
              dev.tenantry.v1.BranchDatabaseResponse>(
                service, METHODID_BRANCH_DATABASE)))
        .build();
  }

  private static abstract class DatabasesServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    DatabasesServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.tenantry.v1.Databases.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("DatabasesService");
    }
  }

  private static final class DatabasesServiceFileDescriptorSupplier
      extends DatabasesServiceBaseDescriptorSupplier {
    DatabasesServiceFileDescriptorSupplier() {}
  }

  private static final class DatabasesServiceMethodDescriptorSupplier
      extends DatabasesServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    DatabasesServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (DatabasesServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new DatabasesServiceFileDescriptorSupplier())
              .addMethod(getCreateGroupMethod())
              .addMethod(getGetGroupMethod())
              .addMethod(getListGroupsMethod())
              .addMethod(getDeleteGroupMethod())
              .addMethod(getCreateDatabaseMethod())
              .addMethod(getBatchCreateDatabasesMethod())
              .addMethod(getGetDatabaseMethod())
              .addMethod(getListDatabasesMethod())
              .addMethod(getUpdateDatabaseMethod())
              .addMethod(getDeleteDatabaseMethod())
              .addMethod(getUndeleteDatabaseMethod())
              .addMethod(getExportDatabaseMethod())
              .addMethod(getImportDatabaseMethod())
              .addMethod(getBranchDatabaseMethod())
              .build();
        }
      }
    }
    return result;
  }
}
