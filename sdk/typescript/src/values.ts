/**
 * SQLite's values as JavaScript's, in both directions.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";

import { IntegerRangeError, InvalidArgumentError } from "./errors.js";
import type {
  StatementSchema,
  Value as ProtoValue,
  ValueSchema,
} from "./gen/tenantry/v1/types_pb.js";

/**
 * How integers are read: as `number`, where one beyond 2^53 is an
 * {@link IntegerRangeError}; as `bigint`; or as `string`.
 */
export type IntMode = "number" | "bigint" | "string";

/** A value that is read. BLOBs are `Uint8Array`. */
export type Value = null | number | bigint | string | Uint8Array;

/**
 * A value that can be bound. A `number` without a fraction binds as INTEGER
 * (but for -0), `boolean` as 0 or 1, `Date` as ISO 8601 text, NaN as NULL. To
 * bind a whole number as REAL, wrap it: `new Real(2)`.
 */
export type InValue = Value | boolean | Date | ArrayBuffer | Real;

/** Arguments: by position, or by name with or without the sigil `:`, `@`, `$`. */
export type InArgs = readonly InValue[] | Readonly<Record<string, InValue>>;

/** SQL, with its arguments if it has any. */
export type InStatement = string | { readonly sql: string; readonly args?: InArgs | undefined };

/** A number that binds as REAL, also without a fraction. */
export class Real {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

type ValueInit = MessageInitShape<typeof ValueSchema>;
type StatementInit = MessageInitShape<typeof StatementSchema>;

/** The statement as it is sent. */
export function encodeStatement(sql: string, args: InArgs | undefined): StatementInit {
  checkText(sql, "the SQL");
  if (args === undefined) {
    return { sql };
  }
  if (Array.isArray(args)) {
    return { sql, args: (args as readonly InValue[]).map(encodeValue) };
  }
  const namedArgs: Record<string, ValueInit> = {};
  for (const [name, value] of Object.entries(args as Readonly<Record<string, InValue>>)) {
    namedArgs[name.replace(/^[:@$]/, "")] = encodeValue(value);
  }
  return { sql, namedArgs };
}

function encodeValue(value: InValue): ValueInit {
  switch (typeof value) {
    case "string":
      checkText(value, "a text");
      return { kind: { case: "text", value } };
    case "number":
      return encodeNumber(value);
    case "bigint":
      if (value < INT64_MIN || value > INT64_MAX) {
        throw new IntegerRangeError(`${String(value)} does not fit the 64 bits of an INTEGER`);
      }
      return { kind: { case: "integer", value } };
    case "boolean":
      return { kind: { case: "integer", value: value ? 1n : 0n } };
    case "object":
      if (value === null) {
        return { kind: { case: "null", value: true } };
      } else if (value instanceof Uint8Array) {
        return { kind: { case: "blob", value: value } };
      } else if (value instanceof ArrayBuffer) {
        return { kind: { case: "blob", value: new Uint8Array(value) } };
      } else if (value instanceof Date) {
        return { kind: { case: "text", value: encodeDate(value) } };
      } else if (value instanceof Real) {
        return { kind: { case: "real", value: value.value } };
      }
  }
  // Reached by callers without types: `undefined`, functions, other objects.
  const kind: string = typeof (value as unknown);
  throw new InvalidArgumentError(
    `a value of type ${kind} cannot be bound; use null, a number, a bigint, a string, a boolean, a Date or a Uint8Array`,
    "INVALID_ARGUMENT",
  );
}

function encodeNumber(value: number): ValueInit {
  // Past 2^53 a number without a fraction is no exact integer; -0 is a REAL.
  return Number.isSafeInteger(value) && !Object.is(value, -0)
    ? { kind: { case: "integer", value: BigInt(value) } }
    : { kind: { case: "real", value } };
}

function encodeDate(value: Date): string {
  if (Number.isNaN(value.getTime())) {
    throw new InvalidArgumentError("an invalid Date cannot be bound", "INVALID_ARGUMENT");
  }
  return value.toISOString();
}

function checkText(text: string, what: string): void {
  // Encoding would replace half a surrogate pair without a word.
  if (!text.isWellFormed()) {
    throw new InvalidArgumentError(
      `${what} has half a surrogate pair, which UTF-8 cannot carry`,
      "INVALID_ARGUMENT",
    );
  }
}

/** A value as it is read. */
export function decodeValue(value: ProtoValue, intMode: IntMode): Value {
  switch (value.kind.case) {
    case "integer":
      return decodeInteger(value.kind.value, intMode);
    case "real":
    case "text":
    case "blob":
      return value.kind.value;
    default:
      return null;
  }
}

/** An integer in its mode. */
export function decodeInteger(value: bigint, intMode: IntMode): number | bigint | string {
  switch (intMode) {
    case "bigint":
      return value;
    case "string":
      return value.toString();
    case "number": {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) {
        throw tooLarge(value);
      }
      return number;
    }
  }
}

/** The error of an integer that a `number` cannot hold. */
export function tooLarge(value: bigint): IntegerRangeError {
  return new IntegerRangeError(
    `the integer ${String(value)} is beyond 2^53, where a number is not exact; set intMode to "bigint" or "string"`,
  );
}
