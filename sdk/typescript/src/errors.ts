/**
 * The errors of the client: one base type, made from the server's `ErrorInfo`.
 *
 * @module
 */

import { fromBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.js";
import type { Status } from "./gen/google/rpc/status_pb.js";

const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** The name of a gRPC code. */
export type ErrorCode = Exclude<(typeof CODES)[number], "OK">;

/** A field of a request that is wrong. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What an error is made of. */
export interface ErrorDetails {
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly FieldViolation[];
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Every error of this package. Programs decide by `reason`, or by `code`. */
export class TenantryError extends Error {
  override readonly name: string = "TenantryError";
  /** The gRPC code. */
  readonly code: ErrorCode;
  /** Why: a name such as `DATABASE_NOT_FOUND`; empty when no server told it. */
  readonly reason: string;
  /** The variables of the message. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The fields of the request that are wrong. */
  readonly fieldViolations: readonly FieldViolation[];
  /** After how long the same call may succeed; then it certainly had no effect. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, code: ErrorCode, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason ?? "";
    this.metadata = details.metadata ?? {};
    this.fieldViolations = details.fieldViolations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  /** Whether the same call may succeed when it is made again. */
  get retryable(): boolean {
    return this.retryAfterMs !== undefined || this.code === "UNAVAILABLE";
  }

  /** Whether a write may have been done all the same: read it back first. */
  get outcomeUnknown(): boolean {
    return this.metadata.outcome === "unknown";
  }
}

/** The call was cancelled, by its signal or by `close`. */
export class CancelledError extends TenantryError {
  override readonly name = "CancelledError";
}

/** The request is wrong. */
export class InvalidArgumentError extends TenantryError {
  override readonly name: string = "InvalidArgumentError";
}

/** SQLite refused the statement. */
export class SqlError extends InvalidArgumentError {
  override readonly name = "SqlError";
}

/** The call's deadline passed. */
export class DeadlineExceededError extends TenantryError {
  override readonly name = "DeadlineExceededError";
}

/** There is no such thing, or the token may not know of it. */
export class NotFoundError extends TenantryError {
  override readonly name = "NotFoundError";
}

/** The name is taken. */
export class AlreadyExistsError extends TenantryError {
  override readonly name = "AlreadyExistsError";
}

/** The token lacks the right. */
export class PermissionDeniedError extends TenantryError {
  override readonly name = "PermissionDeniedError";
}

/** A limit is reached. */
export class ResourceExhaustedError extends TenantryError {
  override readonly name = "ResourceExhaustedError";
}

/** The request does not fit the state of things. */
export class FailedPreconditionError extends TenantryError {
  override readonly name: string = "FailedPreconditionError";
}

/** A constraint of the schema was violated. */
export class ConstraintError extends FailedPreconditionError {
  override readonly name = "ConstraintError";
}

/** A migration failed on some database; nothing has changed anywhere. */
export class MigrationFailedError extends FailedPreconditionError {
  override readonly name = "MigrationFailedError";
}

/** Others were first; run the transaction again. */
export class AbortedError extends TenantryError {
  override readonly name = "AbortedError";
}

/** An integer does not fit: the `intMode`, or 64 bits. */
export class IntegerRangeError extends TenantryError {
  override readonly name = "IntegerRangeError";

  constructor(message: string) {
    super(message, "OUT_OF_RANGE");
  }
}

/** The server, or the transport, does not offer this. */
export class UnimplementedError extends TenantryError {
  override readonly name = "UnimplementedError";
}

/** The server cannot be reached, or went away. */
export class UnavailableError extends TenantryError {
  override readonly name = "UnavailableError";
}

/** The token is missing, invalid, expired or revoked. */
export class UnauthenticatedError extends TenantryError {
  override readonly name = "UnauthenticatedError";
}

const BY_REASON: Readonly<Record<string, typeof TenantryError>> = {
  CONSTRAINT: ConstraintError,
  MIGRATION_FAILED: MigrationFailedError,
  SQL_ERROR: SqlError,
};

const BY_CODE: Partial<Record<ErrorCode, typeof TenantryError>> = {
  CANCELLED: CancelledError,
  INVALID_ARGUMENT: InvalidArgumentError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  PERMISSION_DENIED: PermissionDeniedError,
  RESOURCE_EXHAUSTED: ResourceExhaustedError,
  FAILED_PRECONDITION: FailedPreconditionError,
  ABORTED: AbortedError,
  UNIMPLEMENTED: UnimplementedError,
  UNAVAILABLE: UnavailableError,
  UNAUTHENTICATED: UnauthenticatedError,
};

/** Makes the error of the class that its reason or code has. */
export function makeError(
  message: string,
  code: ErrorCode,
  details: ErrorDetails = {},
): TenantryError {
  const Class = BY_REASON[details.reason ?? ""] ?? BY_CODE[code] ?? TenantryError;
  return new Class(message, code, details);
}

/** The error of a `Status` that came in a message. */
export function errorFromStatus(status: Status): TenantryError {
  return fromParts(status.message, status.code, status.details, undefined);
}

/**
 * The error of a failed call. `ended` is what this client itself ended the call
 * with: it stands, whatever the transport made of it.
 */
export function errorFromCall(failure: unknown, ended?: TenantryError): TenantryError {
  if (failure instanceof TenantryError) {
    return failure;
  }
  const error = ConnectError.from(failure, Code.Internal);
  if (error.metadata.has("grpc-status") || error.details.length > 0) {
    const details = error.details.filter((detail) => "value" in detail && "type" in detail);
    return fromParts(error.rawMessage, error.code, details, error);
  }
  if (ended !== undefined) {
    return ended;
  }
  switch (error.code) {
    // The transport has read a whole answer and refuses it: another attempt
    // would get the same.
    case Code.Unimplemented:
    case Code.ResourceExhausted:
    case Code.Unauthenticated:
    case Code.PermissionDenied:
    case Code.DeadlineExceeded:
      return makeError(error.rawMessage, codeName(error.code), { cause: failure });
    // All else is a connection that broke or was never made, or a peer that is
    // no gRPC server, under the many codes that the transport has for it.
    default:
      return makeError(unreachable(error), "UNAVAILABLE", { cause: failure });
  }
}

function unreachable(error: ConnectError): string {
  const cause = error.cause instanceof Error ? error.cause : undefined;
  // Errors of several addresses (`localhost`) come together, without a text.
  const inner = cause instanceof AggregateError ? (cause.errors as unknown[])[0] : undefined;
  const text = inner instanceof Error ? inner.message : error.rawMessage;
  return `the server cannot be reached or went away: ${text || "the connection was closed"}`;
}

function codeName(code: number): ErrorCode {
  const name = CODES[code];
  return name === undefined || name === "OK" ? "UNKNOWN" : name;
}

function fromParts(
  message: string,
  code: number,
  details: readonly object[],
  cause: unknown,
): TenantryError {
  let reason = "";
  let metadata: Record<string, string> = {};
  const fieldViolations: FieldViolation[] = [];
  let retryAfterMs: number | undefined;
  for (const detail of details as readonly {
    type?: string;
    typeUrl?: string;
    value: Uint8Array;
  }[]) {
    const type = detail.type ?? detail.typeUrl?.slice(detail.typeUrl.lastIndexOf("/") + 1);
    if (type === ErrorInfoSchema.typeName) {
      ({ reason, metadata } = fromBinary(ErrorInfoSchema, detail.value));
    } else if (type === BadRequestSchema.typeName) {
      for (const { field, description } of fromBinary(BadRequestSchema, detail.value)
        .fieldViolations) {
        fieldViolations.push({ field, description });
      }
    } else if (type === RetryInfoSchema.typeName) {
      const delay = fromBinary(RetryInfoSchema, detail.value).retryDelay;
      retryAfterMs = delay === undefined ? 0 : durationMs(delay);
    }
  }
  const made = { reason, metadata, fieldViolations, retryAfterMs, cause };
  return makeError(message, codeName(code), made);
}
