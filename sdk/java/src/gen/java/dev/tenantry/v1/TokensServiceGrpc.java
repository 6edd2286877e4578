package dev.tenantry.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
 * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
 * the server's configuration names, are accepted beside those minted here; they
 * are not listed here, and cannot be revoked one by one.
 * Server admins may do everything here; group admins may mint, see and withdraw
 * tokens whose scopes lie within their groups. Nobody can mint more than they
 * have.
 * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
 * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
 * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
 * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
 * adds.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TokensServiceGrpc {

  private TokensServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "tenantry.v1.TokensService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.CreateTokenRequest,
      dev.tenantry.v1.CreateTokenResponse> getCreateTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateToken",
      requestType = dev.tenantry.v1.CreateTokenRequest.class,
      responseType = dev.tenantry.v1.CreateTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.CreateTokenRequest,
      dev.tenantry.v1.CreateTokenResponse> getCreateTokenMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.CreateTokenRequest, dev.tenantry.v1.CreateTokenResponse> getCreateTokenMethod;
    if ((getCreateTokenMethod = TokensServiceGrpc.getCreateTokenMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getCreateTokenMethod = TokensServiceGrpc.getCreateTokenMethod) == null) {
          TokensServiceGrpc.getCreateTokenMethod = getCreateTokenMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.CreateTokenRequest, dev.tenantry.v1.CreateTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateToken"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CreateTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.CreateTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("CreateToken"))
              .build();
        }
      }
    }
    return getCreateTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ListTokensRequest,
      dev.tenantry.v1.ListTokensResponse> getListTokensMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTokens",
      requestType = dev.tenantry.v1.ListTokensRequest.class,
      responseType = dev.tenantry.v1.ListTokensResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ListTokensRequest,
      dev.tenantry.v1.ListTokensResponse> getListTokensMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ListTokensRequest, dev.tenantry.v1.ListTokensResponse> getListTokensMethod;
    if ((getListTokensMethod = TokensServiceGrpc.getListTokensMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getListTokensMethod = TokensServiceGrpc.getListTokensMethod) == null) {
          TokensServiceGrpc.getListTokensMethod = getListTokensMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ListTokensRequest, dev.tenantry.v1.ListTokensResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTokens"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListTokensRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListTokensResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("ListTokens"))
              .build();
        }
      }
    }
    return getListTokensMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.GetTokenRequest,
      dev.tenantry.v1.GetTokenResponse> getGetTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetToken",
      requestType = dev.tenantry.v1.GetTokenRequest.class,
      responseType = dev.tenantry.v1.GetTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.GetTokenRequest,
      dev.tenantry.v1.GetTokenResponse> getGetTokenMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.GetTokenRequest, dev.tenantry.v1.GetTokenResponse> getGetTokenMethod;
    if ((getGetTokenMethod = TokensServiceGrpc.getGetTokenMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getGetTokenMethod = TokensServiceGrpc.getGetTokenMethod) == null) {
          TokensServiceGrpc.getGetTokenMethod = getGetTokenMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.GetTokenRequest, dev.tenantry.v1.GetTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetToken"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.GetTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("GetToken"))
              .build();
        }
      }
    }
    return getGetTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.RevokeTokenRequest,
      dev.tenantry.v1.RevokeTokenResponse> getRevokeTokenMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RevokeToken",
      requestType = dev.tenantry.v1.RevokeTokenRequest.class,
      responseType = dev.tenantry.v1.RevokeTokenResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.RevokeTokenRequest,
      dev.tenantry.v1.RevokeTokenResponse> getRevokeTokenMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.RevokeTokenRequest, dev.tenantry.v1.RevokeTokenResponse> getRevokeTokenMethod;
    if ((getRevokeTokenMethod = TokensServiceGrpc.getRevokeTokenMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getRevokeTokenMethod = TokensServiceGrpc.getRevokeTokenMethod) == null) {
          TokensServiceGrpc.getRevokeTokenMethod = getRevokeTokenMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.RevokeTokenRequest, dev.tenantry.v1.RevokeTokenResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RevokeToken"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.RevokeTokenRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.RevokeTokenResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("RevokeToken"))
              .build();
        }
      }
    }
    return getRevokeTokenMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.InvalidateTokensRequest,
      dev.tenantry.v1.InvalidateTokensResponse> getInvalidateTokensMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "InvalidateTokens",
      requestType = dev.tenantry.v1.InvalidateTokensRequest.class,
      responseType = dev.tenantry.v1.InvalidateTokensResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.InvalidateTokensRequest,
      dev.tenantry.v1.InvalidateTokensResponse> getInvalidateTokensMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.InvalidateTokensRequest, dev.tenantry.v1.InvalidateTokensResponse> getInvalidateTokensMethod;
    if ((getInvalidateTokensMethod = TokensServiceGrpc.getInvalidateTokensMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getInvalidateTokensMethod = TokensServiceGrpc.getInvalidateTokensMethod) == null) {
          TokensServiceGrpc.getInvalidateTokensMethod = getInvalidateTokensMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.InvalidateTokensRequest, dev.tenantry.v1.InvalidateTokensResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "InvalidateTokens"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.InvalidateTokensRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.InvalidateTokensResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("InvalidateTokens"))
              .build();
        }
      }
    }
    return getInvalidateTokensMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.RotateSigningKeyRequest,
      dev.tenantry.v1.RotateSigningKeyResponse> getRotateSigningKeyMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RotateSigningKey",
      requestType = dev.tenantry.v1.RotateSigningKeyRequest.class,
      responseType = dev.tenantry.v1.RotateSigningKeyResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.RotateSigningKeyRequest,
      dev.tenantry.v1.RotateSigningKeyResponse> getRotateSigningKeyMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.RotateSigningKeyRequest, dev.tenantry.v1.RotateSigningKeyResponse> getRotateSigningKeyMethod;
    if ((getRotateSigningKeyMethod = TokensServiceGrpc.getRotateSigningKeyMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getRotateSigningKeyMethod = TokensServiceGrpc.getRotateSigningKeyMethod) == null) {
          TokensServiceGrpc.getRotateSigningKeyMethod = getRotateSigningKeyMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.RotateSigningKeyRequest, dev.tenantry.v1.RotateSigningKeyResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RotateSigningKey"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.RotateSigningKeyRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.RotateSigningKeyResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("RotateSigningKey"))
              .build();
        }
      }
    }
    return getRotateSigningKeyMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.tenantry.v1.ListSigningKeysRequest,
      dev.tenantry.v1.ListSigningKeysResponse> getListSigningKeysMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListSigningKeys",
      requestType = dev.tenantry.v1.ListSigningKeysRequest.class,
      responseType = dev.tenantry.v1.ListSigningKeysResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.tenantry.v1.ListSigningKeysRequest,
      dev.tenantry.v1.ListSigningKeysResponse> getListSigningKeysMethod() {
    io.grpc.MethodDescriptor<dev.tenantry.v1.ListSigningKeysRequest, dev.tenantry.v1.ListSigningKeysResponse> getListSigningKeysMethod;
    if ((getListSigningKeysMethod = TokensServiceGrpc.getListSigningKeysMethod) == null) {
      synchronized (TokensServiceGrpc.class) {
        if ((getListSigningKeysMethod = TokensServiceGrpc.getListSigningKeysMethod) == null) {
          TokensServiceGrpc.getListSigningKeysMethod = getListSigningKeysMethod =
              io.grpc.MethodDescriptor.<dev.tenantry.v1.ListSigningKeysRequest, dev.tenantry.v1.ListSigningKeysResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListSigningKeys"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListSigningKeysRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.tenantry.v1.ListSigningKeysResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TokensServiceMethodDescriptorSupplier("ListSigningKeys"))
              .build();
        }
      }
    }
    return getListSigningKeysMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TokensServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokensServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokensServiceStub>() {
        @java.lang.Override
        public TokensServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokensServiceStub(channel, callOptions);
        }
      };
    return TokensServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TokensServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokensServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokensServiceBlockingV2Stub>() {
        @java.lang.Override
        public TokensServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokensServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TokensServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TokensServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokensServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokensServiceBlockingStub>() {
        @java.lang.Override
        public TokensServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokensServiceBlockingStub(channel, callOptions);
        }
      };
    return TokensServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TokensServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TokensServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TokensServiceFutureStub>() {
        @java.lang.Override
        public TokensServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TokensServiceFutureStub(channel, callOptions);
        }
      };
    return TokensServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
   * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
   * the server's configuration names, are accepted beside those minted here; they
   * are not listed here, and cannot be revoked one by one.
   * Server admins may do everything here; group admins may mint, see and withdraw
   * tokens whose scopes lie within their groups. Nobody can mint more than they
   * have.
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
     * Mints a token. The response is the only time that it is shown. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    default void createToken(dev.tenantry.v1.CreateTokenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists minted tokens, without the tokens themselves, newest first. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND, INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listTokens(dev.tenantry.v1.ListTokensRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListTokensResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTokensMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns what is known of a minted token. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    default void getToken(dev.tenantry.v1.GetTokenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Withdraws one token, from the next request on and inside running streams.
     * Revoking it again changes nothing. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    default void revokeToken(dev.tenantry.v1.RevokeTokenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.RevokeTokenResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRevokeTokenMethod(), responseObserver);
    }

    /**
     * <pre>
     * Withdraws all tokens of a database or group that were minted before, by
     * whomever; those of server admins alone stay. Tokens that cover more lose
     * this part only. Tokens of an issuer outside count as minted 5 seconds before
     * their `iat`, since its clock may be ahead: it mints anew after that time.
     * Also: DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    default void invalidateTokens(dev.tenantry.v1.InvalidateTokensRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.InvalidateTokensResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getInvalidateTokensMethod(), responseObserver);
    }

    /**
     * <pre>
     * Makes a new signing key the active one. Tokens signed by earlier keys stay
     * valid. For server admins only.
     * </pre>
     */
    default void rotateSigningKey(dev.tenantry.v1.RotateSigningKeyRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.RotateSigningKeyResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRotateSigningKeyMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists the public parts of the signing keys, newest first. For server admins
     * only. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listSigningKeys(dev.tenantry.v1.ListSigningKeysRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListSigningKeysResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListSigningKeysMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TokensService.
   * <pre>
   * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
   * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
   * the server's configuration names, are accepted beside those minted here; they
   * are not listed here, and cannot be revoked one by one.
   * Server admins may do everything here; group admins may mint, see and withdraw
   * tokens whose scopes lie within their groups. Nobody can mint more than they
   * have.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static abstract class TokensServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TokensServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TokensService.
   * <pre>
   * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
   * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
   * the server's configuration names, are accepted beside those minted here; they
   * are not listed here, and cannot be revoked one by one.
   * Server admins may do everything here; group admins may mint, see and withdraw
   * tokens whose scopes lie within their groups. Nobody can mint more than they
   * have.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class TokensServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TokensServiceStub> {
    private TokensServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokensServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokensServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Mints a token. The response is the only time that it is shown. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public void createToken(dev.tenantry.v1.CreateTokenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateTokenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists minted tokens, without the tokens themselves, newest first. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listTokens(dev.tenantry.v1.ListTokensRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListTokensResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTokensMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns what is known of a minted token. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public void getToken(dev.tenantry.v1.GetTokenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.GetTokenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Withdraws one token, from the next request on and inside running streams.
     * Revoking it again changes nothing. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public void revokeToken(dev.tenantry.v1.RevokeTokenRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.RevokeTokenResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRevokeTokenMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Withdraws all tokens of a database or group that were minted before, by
     * whomever; those of server admins alone stay. Tokens that cover more lose
     * this part only. Tokens of an issuer outside count as minted 5 seconds before
     * their `iat`, since its clock may be ahead: it mints anew after that time.
     * Also: DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public void invalidateTokens(dev.tenantry.v1.InvalidateTokensRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.InvalidateTokensResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getInvalidateTokensMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Makes a new signing key the active one. Tokens signed by earlier keys stay
     * valid. For server admins only.
     * </pre>
     */
    public void rotateSigningKey(dev.tenantry.v1.RotateSigningKeyRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.RotateSigningKeyResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRotateSigningKeyMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists the public parts of the signing keys, newest first. For server admins
     * only. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listSigningKeys(dev.tenantry.v1.ListSigningKeysRequest request,
        io.grpc.stub.StreamObserver<dev.tenantry.v1.ListSigningKeysResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListSigningKeysMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TokensService.
   * <pre>
   * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
   * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
   * the server's configuration names, are accepted beside those minted here; they
   * are not listed here, and cannot be revoked one by one.
   * Server admins may do everything here; group admins may mint, see and withdraw
   * tokens whose scopes lie within their groups. Nobody can mint more than they
   * have.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class TokensServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TokensServiceBlockingV2Stub> {
    private TokensServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokensServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokensServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Mints a token. The response is the only time that it is shown. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.CreateTokenResponse createToken(dev.tenantry.v1.CreateTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists minted tokens, without the tokens themselves, newest first. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListTokensResponse listTokens(dev.tenantry.v1.ListTokensRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what is known of a minted token. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetTokenResponse getToken(dev.tenantry.v1.GetTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Withdraws one token, from the next request on and inside running streams.
     * Revoking it again changes nothing. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.RevokeTokenResponse revokeToken(dev.tenantry.v1.RevokeTokenRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRevokeTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Withdraws all tokens of a database or group that were minted before, by
     * whomever; those of server admins alone stay. Tokens that cover more lose
     * this part only. Tokens of an issuer outside count as minted 5 seconds before
     * their `iat`, since its clock may be ahead: it mints anew after that time.
     * Also: DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.InvalidateTokensResponse invalidateTokens(dev.tenantry.v1.InvalidateTokensRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getInvalidateTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a new signing key the active one. Tokens signed by earlier keys stay
     * valid. For server admins only.
     * </pre>
     */
    public dev.tenantry.v1.RotateSigningKeyResponse rotateSigningKey(dev.tenantry.v1.RotateSigningKeyRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRotateSigningKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the public parts of the signing keys, newest first. For server admins
     * only. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListSigningKeysResponse listSigningKeys(dev.tenantry.v1.ListSigningKeysRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListSigningKeysMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TokensService.
   * <pre>
   * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
   * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
   * the server's configuration names, are accepted beside those minted here; they
   * are not listed here, and cannot be revoked one by one.
   * Server admins may do everything here; group admins may mint, see and withdraw
   * tokens whose scopes lie within their groups. Nobody can mint more than they
   * have.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class TokensServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TokensServiceBlockingStub> {
    private TokensServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokensServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokensServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Mints a token. The response is the only time that it is shown. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.CreateTokenResponse createToken(dev.tenantry.v1.CreateTokenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists minted tokens, without the tokens themselves, newest first. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListTokensResponse listTokens(dev.tenantry.v1.ListTokensRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns what is known of a minted token. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.GetTokenResponse getToken(dev.tenantry.v1.GetTokenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Withdraws one token, from the next request on and inside running streams.
     * Revoking it again changes nothing. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.RevokeTokenResponse revokeToken(dev.tenantry.v1.RevokeTokenRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRevokeTokenMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Withdraws all tokens of a database or group that were minted before, by
     * whomever; those of server admins alone stay. Tokens that cover more lose
     * this part only. Tokens of an issuer outside count as minted 5 seconds before
     * their `iat`, since its clock may be ahead: it mints anew after that time.
     * Also: DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public dev.tenantry.v1.InvalidateTokensResponse invalidateTokens(dev.tenantry.v1.InvalidateTokensRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getInvalidateTokensMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Makes a new signing key the active one. Tokens signed by earlier keys stay
     * valid. For server admins only.
     * </pre>
     */
    public dev.tenantry.v1.RotateSigningKeyResponse rotateSigningKey(dev.tenantry.v1.RotateSigningKeyRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRotateSigningKeyMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists the public parts of the signing keys, newest first. For server admins
     * only. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.tenantry.v1.ListSigningKeysResponse listSigningKeys(dev.tenantry.v1.ListSigningKeysRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListSigningKeysMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TokensService.
   * <pre>
   * Mints, lists and withdraws tokens. A token is a signed JWT and travels as
   * metadata `authorization: Bearer &lt;token&gt;`. Tokens of an issuer outside, which
   * the server's configuration names, are accepted beside those minted here; they
   * are not listed here, and cannot be revoked one by one.
   * Server admins may do everything here; group admins may mint, see and withdraw
   * tokens whose scopes lie within their groups. Nobody can mint more than they
   * have.
   * These errors can end any call: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
   * TOKEN_REVOKED, PERMISSION_DENIED, INVALID_NAME, INVALID_ARGUMENT,
   * STATEMENT_TOO_LARGE (a request of more than 16 MiB), STORAGE_FULL, OVERLOADED,
   * DEADLINE, CANCELLED, UNAVAILABLE and INTERNAL. An RPC's comment names those it
   * adds.
   * </pre>
   */
  public static final class TokensServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TokensServiceFutureStub> {
    private TokensServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TokensServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TokensServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Mints a token. The response is the only time that it is shown. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.CreateTokenResponse> createToken(
        dev.tenantry.v1.CreateTokenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists minted tokens, without the tokens themselves, newest first. Also:
     * DATABASE_NOT_FOUND, GROUP_NOT_FOUND, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ListTokensResponse> listTokens(
        dev.tenantry.v1.ListTokensRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTokensMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns what is known of a minted token. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.GetTokenResponse> getToken(
        dev.tenantry.v1.GetTokenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Withdraws one token, from the next request on and inside running streams.
     * Revoking it again changes nothing. Also: TOKEN_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.RevokeTokenResponse> revokeToken(
        dev.tenantry.v1.RevokeTokenRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRevokeTokenMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Withdraws all tokens of a database or group that were minted before, by
     * whomever; those of server admins alone stay. Tokens that cover more lose
     * this part only. Tokens of an issuer outside count as minted 5 seconds before
     * their `iat`, since its clock may be ahead: it mints anew after that time.
     * Also: DATABASE_NOT_FOUND, GROUP_NOT_FOUND.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.InvalidateTokensResponse> invalidateTokens(
        dev.tenantry.v1.InvalidateTokensRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getInvalidateTokensMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Makes a new signing key the active one. Tokens signed by earlier keys stay
     * valid. For server admins only.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.RotateSigningKeyResponse> rotateSigningKey(
        dev.tenantry.v1.RotateSigningKeyRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRotateSigningKeyMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists the public parts of the signing keys, newest first. For server admins
     * only. Also: INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.tenantry.v1.ListSigningKeysResponse> listSigningKeys(
        dev.tenantry.v1.ListSigningKeysRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListSigningKeysMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_TOKEN = 0;
  private static final int METHODID_LIST_TOKENS = 1;
  private static final int METHODID_GET_TOKEN = 2;
  private static final int METHODID_REVOKE_TOKEN = 3;
  private static final int METHODID_INVALIDATE_TOKENS = 4;
  private static final int METHODID_ROTATE_SIGNING_KEY = 5;
  private static final int METHODID_LIST_SIGNING_KEYS = 6;

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
        case METHODID_CREATE_TOKEN:
          serviceImpl.createToken((dev.tenantry.v1.CreateTokenRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.CreateTokenResponse>) responseObserver);
          break;
        case METHODID_LIST_TOKENS:
          serviceImpl.listTokens((dev.tenantry.v1.ListTokensRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ListTokensResponse>) responseObserver);
          break;
        case METHODID_GET_TOKEN:
          serviceImpl.getToken((dev.tenantry.v1.GetTokenRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.GetTokenResponse>) responseObserver);
          break;
        case METHODID_REVOKE_TOKEN:
          serviceImpl.revokeToken((dev.tenantry.v1.RevokeTokenRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.RevokeTokenResponse>) responseObserver);
          break;
        case METHODID_INVALIDATE_TOKENS:
          serviceImpl.invalidateTokens((dev.tenantry.v1.InvalidateTokensRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.InvalidateTokensResponse>) responseObserver);
          break;
        case METHODID_ROTATE_SIGNING_KEY:
          serviceImpl.rotateSigningKey((dev.tenantry.v1.RotateSigningKeyRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.RotateSigningKeyResponse>) responseObserver);
          break;
        case METHODID_LIST_SIGNING_KEYS:
          serviceImpl.listSigningKeys((dev.tenantry.v1.ListSigningKeysRequest) request,
              (io.grpc.stub.StreamObserver<dev.tenantry.v1.ListSigningKeysResponse>) responseObserver);
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
          getCreateTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.CreateTokenRequest,
              dev.tenantry.v1.CreateTokenResponse>(
                service, METHODID_CREATE_TOKEN)))
        .addMethod(
          getListTokensMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ListTokensRequest,
              dev.tenantry.v1.ListTokensResponse>(
                service, METHODID_LIST_TOKENS)))
        .addMethod(
          getGetTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.GetTokenRequest,
              dev.tenantry.v1.GetTokenResponse>(
                service, METHODID_GET_TOKEN)))
        .addMethod(
          getRevokeTokenMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.RevokeTokenRequest,
              dev.tenantry.v1.RevokeTokenResponse>(
                service, METHODID_REVOKE_TOKEN)))
        .addMethod(
          getInvalidateTokensMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.InvalidateTokensRequest,
              dev.tenantry.v1.InvalidateTokensResponse>(
                service, METHODID_INVALIDATE_TOKENS)))
        .addMethod(
          getRotateSigningKeyMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.RotateSigningKeyRequest,
              dev.tenantry.v1.RotateSigningKeyResponse>(
                service, METHODID_ROTATE_SIGNING_KEY)))
        .addMethod(
          getListSigningKeysMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.tenantry.v1.ListSigningKeysRequest,
              dev.tenantry.v1.ListSigningKeysResponse>(
                service, METHODID_LIST_SIGNING_KEYS)))
        .build();
  }

  private static abstract class TokensServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TokensServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.tenantry.v1.Tokens.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TokensService");
    }
  }

  private static final class TokensServiceFileDescriptorSupplier
      extends TokensServiceBaseDescriptorSupplier {
    TokensServiceFileDescriptorSupplier() {}
  }

  private static final class TokensServiceMethodDescriptorSupplier
      extends TokensServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TokensServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (TokensServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TokensServiceFileDescriptorSupplier())
              .addMethod(getCreateTokenMethod())
              .addMethod(getListTokensMethod())
              .addMethod(getGetTokenMethod())
              .addMethod(getRevokeTokenMethod())
              .addMethod(getInvalidateTokensMethod())
              .addMethod(getRotateSigningKeyMethod())
              .addMethod(getListSigningKeysMethod())
              .build();
        }
      }
    }
    return result;
  }
}
