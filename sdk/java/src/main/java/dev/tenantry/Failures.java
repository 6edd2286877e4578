package dev.tenantry;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.tenantry.TenantryException.Details;
import dev.tenantry.TenantryException.FieldViolation;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes the exceptions of this library from what gRPC tells. */
final class Failures {
  private Failures() {}

  /** The exception for the end of a call. */
  static TenantryException of(Status status, Metadata trailers) {
    com.google.rpc.Status told = StatusProto.fromStatusAndTrailers(status, trailers);
    return of(told == null ? bare(status) : told, status.getCause());
  }

  /** The exception for a status that came inside of a message. */
  static TenantryException of(com.google.rpc.Status status) {
    return of(status, null);
  }

  private static com.google.rpc.Status bare(Status status) {
    return com.google.rpc.Status.newBuilder().setCode(status.getCode().value()).build();
  }

  private static TenantryException of(com.google.rpc.Status status, Throwable cause) {
    ErrorInfo info = detail(status, ErrorInfo.class, ErrorInfo.getDefaultInstance());
    RetryInfo retry = detail(status, RetryInfo.class, null);
    BadRequest request = detail(status, BadRequest.class, BadRequest.getDefaultInstance());
    List<FieldViolation> violations =
        request.getFieldViolationsList().stream()
            .map(field -> new FieldViolation(field.getField(), field.getDescription()))
            .toList();
    Duration retryAfter = retry == null ? null : Protos.duration(retry.getRetryDelay());
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    String message = status.getMessage();
    if (message.isEmpty()) {
      message = "the call failed with " + code;
    }
    if (cause != null) {
      message += ": " + cause.getMessage();
    }
    return TenantryException.of(
        new Details(
            code,
            info.getReason(),
            message,
            Map.copyOf(info.getMetadataMap()),
            violations,
            retryAfter,
            cause));
  }

  private static <M extends Message> M detail(
      com.google.rpc.Status status, Class<M> type, M otherwise) {
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return any.unpack(type);
        } catch (InvalidProtocolBufferException malformed) {
          return otherwise;
        }
      }
    }
    return otherwise;
  }

  /** The answer to any use of a client that was closed before. */
  static TenantryException clientClosed() {
    return TenantryException.of(
        new Details(
            Status.Code.FAILED_PRECONDITION,
            "CLIENT_CLOSED",
            "the client is closed; make a new one",
            null));
  }

  /** A call that ended because of this side: by closing, or by an interrupt. */
  static TenantryException cancelled(String message, Throwable cause) {
    return TenantryException.of(new Details(Status.Code.CANCELLED, "", message, cause));
  }

  /** A stream that ended well, but before it was complete. */
  static TenantryException incomplete(String message) {
    return TenantryException.of(new Details(Status.Code.UNAVAILABLE, "", message, null));
  }

  /** An answer that does not hold together. */
  static TenantryException malformed(String message) {
    return TenantryException.of(
        new Details(Status.Code.INTERNAL, "", "the answer is malformed: " + message, null));
  }

  /** The same failure, of a write that may have been done all the same. */
  static TenantryException outcomeUnknown(TenantryException failure) {
    Map<String, String> metadata = new HashMap<>(failure.metadata());
    metadata.put("outcome", "unknown");
    return withMetadata(failure, metadata, null);
  }

  /** The same failure, of what certainly was not done, whatever the server thinks. */
  static TenantryException withoutOutcome(TenantryException failure) {
    Map<String, String> metadata = new HashMap<>(failure.metadata());
    return metadata.remove("outcome") == null
        ? failure
        : withMetadata(failure, metadata, failure.details().retryAfter());
  }

  private static TenantryException withMetadata(
      TenantryException failure, Map<String, String> metadata, Duration retryAfter) {
    Details told = failure.details();
    return TenantryException.of(
        new Details(
            told.code(),
            told.reason(),
            told.message(),
            Map.copyOf(metadata),
            told.fieldViolations(),
            retryAfter,
            failure));
  }
}
