package dev.tenantry;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Any failure of a call, whether the server answered it or nobody did.
 *
 * <p>Programs decide by the class, by {@link #reason()}, or by {@link #code()}; the message is for
 * people. A reason that this version does not know comes out as it is.
 */
public class TenantryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A field of the request that is wrong.
   *
   * @param field the path of the field
   * @param description what is wrong with it
   */
  public record FieldViolation(String field, String description) {}

  /** All that is known of a failure: what the exceptions are made from. */
  record Details(
      Status.Code code,
      String reason,
      String message,
      Map<String, String> metadata,
      List<FieldViolation> fieldViolations,
      Duration retryAfter,
      Throwable cause) {
    Details(Status.Code code, String reason, String message, Throwable cause) {
      this(code, reason, message, Map.of(), List.of(), null, cause);
    }
  }

  private final transient Details details;

  TenantryException(Details details) {
    super(details.message(), details.cause());
    this.details = details;
  }

  /** The exception of the class that fits the reason, or else the code. */
  static TenantryException of(Details details) {
    return switch (details.reason()) {
      case "CONSTRAINT" -> new Constraint(details);
      case "SQL_ERROR" -> new SqlError(details);
      case "MIGRATION_FAILED" -> new MigrationFailed(details);
      default -> ofCode(details);
    };
  }

  private static TenantryException ofCode(Details details) {
    return switch (details.code()) {
      case INVALID_ARGUMENT -> new InvalidArgument(details);
      case NOT_FOUND -> new NotFound(details);
      case ALREADY_EXISTS -> new AlreadyExists(details);
      case PERMISSION_DENIED -> new PermissionDenied(details);
      case UNAUTHENTICATED -> new Unauthenticated(details);
      case FAILED_PRECONDITION -> new FailedPrecondition(details);
      case ABORTED -> new Aborted(details);
      case RESOURCE_EXHAUSTED -> new ResourceExhausted(details);
      case DEADLINE_EXCEEDED -> new DeadlineExceeded(details);
      case CANCELLED -> new Cancelled(details);
      case UNAVAILABLE -> new Unavailable(details);
      default -> new TenantryException(details);
    };
  }

  Details details() {
    return details;
  }

  /** {@return the gRPC code} */
  public Status.Code code() {
    return details.code();
  }

  /**
   * {@return why it failed, such as {@code DATABASE_NOT_FOUND}; empty when no server has told, for
   * example because there was none}
   */
  public String reason() {
    return details.reason();
  }

  /** {@return the variables of the message, such as {@code database}} */
  public Map<String, String> metadata() {
    return details.metadata();
  }

  /** {@return the fields of the request that are wrong} */
  public List<FieldViolation> fieldViolations() {
    return details.fieldViolations();
  }

  /** {@return after what time the same request may succeed, when the server has told} */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(details.retryAfter());
  }

  /**
   * {@return whether the same call may succeed when it is made again} Where {@link #retryAfter} is
   * present it certainly had no effect. Without, nobody answered: a write may have been done.
   */
  public boolean retryable() {
    return details.retryAfter() != null || details.code() == Status.Code.UNAVAILABLE;
  }

  /**
   * {@return whether a write may have been done all the same: read it back before you repeat it}
   */
  public boolean outcomeUnknown() {
    return "unknown".equals(details.metadata().get("outcome"));
  }

  @Override
  public String toString() {
    String reason = reason().isEmpty() ? "" : " " + reason();
    return getClass().getName() + ": " + code() + reason + ": " + getMessage();
  }

  /** The request is wrong whatever the state of the server: {@code INVALID_ARGUMENT}. */
  public static class InvalidArgument extends TenantryException {
    private static final long serialVersionUID = 1L;

    InvalidArgument(Details details) {
      super(details);
    }
  }

  /** SQLite refused a statement: reason {@code SQL_ERROR}. */
  public static final class SqlError extends InvalidArgument {
    private static final long serialVersionUID = 1L;

    SqlError(Details details) {
      super(details);
    }
  }

  /** It does not exist, or the token may not know that it does: {@code NOT_FOUND}. */
  public static final class NotFound extends TenantryException {
    private static final long serialVersionUID = 1L;

    NotFound(Details details) {
      super(details);
    }
  }

  /** What was to be created is there: {@code ALREADY_EXISTS}. */
  public static final class AlreadyExists extends TenantryException {
    private static final long serialVersionUID = 1L;

    AlreadyExists(Details details) {
      super(details);
    }
  }

  /** The token lacks the right: {@code PERMISSION_DENIED}. */
  public static final class PermissionDenied extends TenantryException {
    private static final long serialVersionUID = 1L;

    PermissionDenied(Details details) {
      super(details);
    }
  }

  /** There is no token that the server accepts: {@code UNAUTHENTICATED}. */
  public static final class Unauthenticated extends TenantryException {
    private static final long serialVersionUID = 1L;

    Unauthenticated(Details details) {
      super(details);
    }
  }

  /** The state of the thing forbids the request: {@code FAILED_PRECONDITION}. */
  public static class FailedPrecondition extends TenantryException {
    private static final long serialVersionUID = 1L;

    FailedPrecondition(Details details) {
      super(details);
    }
  }

  /** A constraint of the schema was violated: reason {@code CONSTRAINT}. */
  public static final class Constraint extends FailedPrecondition {
    private static final long serialVersionUID = 1L;

    Constraint(Details details) {
      super(details);
    }
  }

  /** A migration failed on a database, and changed nothing anywhere: {@code MIGRATION_FAILED}. */
  public static final class MigrationFailed extends FailedPrecondition {
    private static final long serialVersionUID = 1L;

    MigrationFailed(Details details) {
      super(details);
    }
  }

  /** A conflict with another request, start again: {@code ABORTED}. */
  public static final class Aborted extends TenantryException {
    private static final long serialVersionUID = 1L;

    Aborted(Details details) {
      super(details);
    }
  }

  /** A limit was reached: {@code RESOURCE_EXHAUSTED}. */
  public static final class ResourceExhausted extends TenantryException {
    private static final long serialVersionUID = 1L;

    ResourceExhausted(Details details) {
      super(details);
    }
  }

  /** The call's time ran out: {@code DEADLINE_EXCEEDED}. */
  public static final class DeadlineExceeded extends TenantryException {
    private static final long serialVersionUID = 1L;

    DeadlineExceeded(Details details) {
      super(details);
    }
  }

  /** The call was given up, by an interrupt or by closing: {@code CANCELLED}. */
  public static final class Cancelled extends TenantryException {
    private static final long serialVersionUID = 1L;

    Cancelled(Details details) {
      super(details);
    }
  }

  /** The server is not there, or is going away: {@code UNAVAILABLE}. */
  public static final class Unavailable extends TenantryException {
    private static final long serialVersionUID = 1L;

    Unavailable(Details details) {
      super(details);
    }
  }
}
