/**
 * Rows and results, shaped like those of `@libsql/client`.
 *
 * @module
 */

import { durationMs } from "@bufbuild/protobuf/wkt";

import type {
  Column,
  ResultSet as ProtoResultSet,
  ResultStats,
  Row as ProtoRow,
} from "./gen/tenantry/v1/types_pb.js";
import { decodeValue, type IntMode, type Value } from "./values.js";

/**
 * One row: `row.name` or `row["name"]` by name, `row[0]` by position,
 * `[...row]` all values, `{...row}` an object by name.
 *
 * Where two columns have one name, the name is the first of them; the position
 * always works. `row.length` is the number of columns: a column called `length`
 * is read by its position.
 */
export interface Row extends Iterable<Value> {
  readonly length: number;
  readonly [position: number]: Value;
  readonly [name: string]: Value;
}

/** What a statement cost. */
export interface Stats {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly durationMs: number;
}

/** The whole result of one statement. */
export interface ResultSet {
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** The types that the table declares for them; empty for expressions. */
  readonly columnTypes: readonly string[];
  readonly rows: readonly Row[];
  /** Rows that the statement itself inserted, updated or deleted. */
  readonly rowsAffected: number;
  /** The rowid of the last row that was inserted; undefined when there was none. */
  readonly lastInsertRowid: bigint | undefined;
  readonly stats: Stats;
}

/** Reads a result. */
export function decodeResultSet(result: ProtoResultSet, intMode: IntMode): ResultSet {
  const make = rowMaker(result.columns.map((column) => column.name));
  const cell = rowCells(result.rows, intMode);
  return {
    ...decodeColumns(result.columns),
    rows: result.rows.map((_, row) => make(cell, row)),
    rowsAffected: Number(result.affectedRowCount),
    lastInsertRowid: result.lastInsertRowid === 0n ? undefined : result.lastInsertRowid,
    stats: decodeStats(result.stats),
  };
}

/** Answers the cells of rows that came cell by cell. */
export function rowCells(rows: readonly ProtoRow[], intMode: IntMode): CellAt {
  return (position, row) => {
    const value = rows[row]?.values[position];
    return value === undefined ? null : decodeValue(value, intMode);
  };
}

/** Stands for the result of what did not run. */
export const NO_RESULT: ResultSet = {
  columns: [],
  columnTypes: [],
  rows: [],
  rowsAffected: 0,
  lastInsertRowid: undefined,
  stats: { rowsRead: 0, rowsWritten: 0, durationMs: 0 },
};

/** Names and types of columns. */
export function decodeColumns(columns: readonly Column[]): {
  columns: string[];
  columnTypes: string[];
} {
  return {
    columns: columns.map((column) => column.name),
    columnTypes: columns.map((column) => column.declaredType),
  };
}

/** What it cost, in JavaScript's types. */
export function decodeStats(stats: ResultStats | undefined): Stats {
  return {
    rowsRead: Number(stats?.rowsRead ?? 0n),
    rowsWritten: Number(stats?.rowsWritten ?? 0n),
    durationMs: stats?.duration === undefined ? 0 : durationMs(stats.duration),
  };
}

/** The cell at a column's position in a row. */
export type CellAt = (position: number, row: number) => Value;

type RowMaker = (cell: CellAt, row: number) => Row;

/** Results of one statement have rows of one shape, and need not wait for it. */
const makers = new Map<string, RowMaker>();
const MAKERS_MAX = 256;

/** Makes rows of results with these columns. */
export function rowMaker(names: readonly string[]): RowMaker {
  const key = JSON.stringify(names);
  let maker = makers.get(key);
  if (maker === undefined) {
    if (makers.size >= MAKERS_MAX) {
      makers.clear();
    }
    maker = newRowMaker(names);
    makers.set(key, maker);
  }
  return maker;
}

/**
 * Makes rows of one result. Names are properties of each row, which all have
 * one shape; positions are getters of a prototype that they share. Defining
 * both on every row would be twenty times slower.
 */
function newRowMaker(names: readonly string[]): RowMaker {
  const prototype = Object.create(Object.prototype) as object;
  const keys: PropertyKey[] = [];
  const plain: boolean[] = [];
  names.forEach((name, position) => {
    const reserved = name === "length" || isPosition(name, names.length);
    const key = reserved || names.indexOf(name) < position ? Symbol(name) : name;
    keys.push(key);
    // To assign `__proto__` would not make a property.
    plain.push(key === name && name !== "__proto__");
    Object.defineProperty(prototype, position, {
      get(this: Record<PropertyKey, Value>) {
        return this[key];
      },
    });
  });
  Object.defineProperty(prototype, "length", { value: names.length });
  Object.defineProperty(prototype, Symbol.iterator, {
    *value(this: Row) {
      for (let position = 0; position < names.length; position++) {
        yield this[position];
      }
    },
  });

  const allPlain = plain.every(Boolean);
  return (cell, index) => {
    const row = Object.create(prototype) as Record<PropertyKey, Value>;
    for (let position = 0; position < keys.length; position++) {
      const key = keys[position] as string;
      if (allPlain || plain[position] === true) {
        row[key] = cell(position, index);
      } else {
        const enumerable = typeof key === "string";
        Object.defineProperty(row, key, {
          value: cell(position, index),
          enumerable,
          writable: true,
        });
      }
    }
    return row as unknown as Row;
  };
}

function isPosition(name: string, columns: number): boolean {
  return /^(0|[1-9][0-9]*)$/.test(name) && Number(name) < columns;
}
