/**
 * What both entry points export.
 *
 * @module
 */

export type { CallOptions, RetryOptions } from "./calls.js";
export { Client, type ClientConfig, type RawClients } from "./client.js";
export { type Condition, when } from "./conditions.js";
export {
  type Attach,
  type BatchStep,
  Database,
  type Description,
  type ExecuteOptions,
  type QueryOptions,
  type SqlOptions,
  type TransactionMode,
  type TransactionOptions,
} from "./database.js";
export type {
  DatabaseChanges,
  DatabaseFilter,
  DatabaseInfo,
  Databases,
  EtagOptions,
  GroupInfo,
  Kind,
  NewDatabase,
  RequestOptions,
} from "./databases.js";
export {
  AbortedError,
  AlreadyExistsError,
  CancelledError,
  ConstraintError,
  DeadlineExceededError,
  type ErrorCode,
  FailedPreconditionError,
  type FieldViolation,
  IntegerRangeError,
  InvalidArgumentError,
  MigrationFailedError,
  NotFoundError,
  PermissionDeniedError,
  ResourceExhaustedError,
  SqlError,
  TenantryError,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
} from "./errors.js";
export type { RowStream, Summary } from "./query.js";
export type { BatchResult, ExecuteResult } from "./results.js";
export type { ResultSet, Row, Stats } from "./rows.js";
export type {
  Child,
  MigrateOptions,
  Migration,
  MigrationFailure,
  Schema,
  ScriptOptions,
  State,
  Validation,
} from "./schema.js";
export type { AuthToken } from "./token.js";
export type {
  AccessLevel,
  NewToken,
  SigningKey,
  TableAction,
  TablePermission,
  TokenFilter,
  TokenInfo,
  Tokens,
} from "./tokens.js";
export type { Transaction } from "./transaction.js";
export {
  type InArgs,
  type InStatement,
  type IntMode,
  type InValue,
  Real,
  type Value,
} from "./values.js";
