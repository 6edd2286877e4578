/**
 * What a step expects, against what came.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert";

import { type ResultSet, type Row, TenantryError, type Value } from "@tenantry/client";

import { normal, show } from "./values.js";

/** A mapping of a case. */
export type Fields = Readonly<Record<string, unknown>>;

/** A field is not known: the case fails rather than passes by ignoring it. */
export function only(fields: Fields, ...known: string[]): void {
  for (const key of Object.keys(fields)) {
    ok(known.includes(key), `the driver does not know the field '${key}'`);
  }
}

type Shown = readonly (string | null)[];

/** Checks what is named of a result of `execute`, `batch` or `query`. */
export function checkResult(actual: Actual, expected: Fields): void {
  only(expected, ...Object.keys(CHECKS));
  for (const [key, value] of Object.entries(expected)) {
    CHECKS[key]?.(actual, value);
  }
}

/** What is known of a result. */
export interface Actual {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly generation?: number;
  readonly rowsAffected?: number;
  readonly lastInsertRowid?: bigint | undefined;
  readonly results?: readonly ResultSet[];
}

const CHECKS: Readonly<Record<string, (actual: Actual, value: unknown) => void>> = {
  columns: ({ columns }, value) => {
    deepStrictEqual(columns, value);
  },
  rows: ({ rows }, value) => {
    deepStrictEqual(rows.map(showRow), (value as Shown[]).map(normalRow));
  },
  first: ({ rows }, value) => {
    for (const [name, cell] of Object.entries(value as Record<string, string | null>)) {
      strictEqual(show(rows[0]?.[name] as Value), normal(cell), `the first row's ${name}`);
    }
  },
  row_count: ({ rows }, value) => {
    strictEqual(rows.length, value);
  },
  last_row: ({ rows }, value) => {
    const last = rows.at(-1);
    deepStrictEqual(last && showRow(last), normalRow(value as Shown));
  },
  affected_row_count: ({ rowsAffected }, value) => {
    strictEqual(rowsAffected, value);
  },
  last_insert_rowid: ({ lastInsertRowid }, value) => {
    strictEqual(lastInsertRowid ?? 0n, BigInt(value as number));
  },
  generation: ({ generation }, value) => {
    strictEqual(generation, value);
  },
  results: ({ results = [] }, value) => {
    const expected = value as Fields[];
    strictEqual(results.length, expected.length, "the number of results");
    results.forEach((result, index) => {
      checkResult(result, expected[index] ?? {});
    });
  },
};

function showRow(row: Row): Shown {
  return [...row].map(show);
}

function normalRow(row: Shown): Shown {
  return row.map(normal);
}

/** Checks the entries of a mapping that are named. */
export function checkNamed(actual: Fields, expected: Fields): void {
  for (const [key, value] of Object.entries(expected)) {
    ok(key in actual, `the driver does not know how to expect '${key}'`);
    deepStrictEqual(actual[key], value, key);
  }
}

/** Checks an error. */
export function checkError(error: unknown, expected: Fields): void {
  only(expected, "code", "reason", "metadata", "retryable", "message");
  ok(error instanceof TenantryError, `it is no TenantryError: ${String(error)}`);
  const { message, metadata, ...rest } = expected;
  if (message !== undefined) {
    ok(error.message.includes(String(message)), `the message is: ${error.message}`);
  }
  const actual = { code: error.code, reason: error.reason, retryable: error.retryable };
  try {
    checkNamed(actual, rest);
    checkNamed(error.metadata, (metadata ?? {}) as Fields);
  } catch (cause) {
    throw new Error(`the error is ${error.code} ${error.reason}: ${error.message}`, { cause });
  }
}
