/**
 * Streamed results.
 *
 * @module
 */

import type { OpenStream } from "./calls.js";
import { decodeChunk } from "./columns.js";
import { errorFromCall, makeError, TenantryError } from "./errors.js";
import type { QueryHeader, QueryResponse, QuerySummary } from "./gen/tenantry/v1/query_pb.js";
import {
  type CellAt,
  decodeColumns,
  decodeStats,
  type Row,
  rowCells,
  rowMaker,
  type Stats,
} from "./rows.js";
import type { IntMode, Value } from "./values.js";

type Part = QueryResponse["part"];

/** An answer of `Query` whose chunks of columns are bytes. */
export interface PackedResponse {
  readonly part: Exclude<Part, { case: "columns" }> | { case: "columns"; value: Uint8Array };
}

/** What is known after the last row. */
export interface Summary {
  readonly stats: Stats;
  readonly rowsAffected: number;
  readonly lastInsertRowid: bigint | undefined;
}

/**
 * The rows of a query, read as they are asked for:
 * `for await (const row of rows)`. Leaving the loop cancels the query. Rows can be
 * read once. Whoever does not read them to the end calls {@link RowStream.close}.
 */
export class RowStream implements AsyncIterable<Row> {
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** The types that the table declares for them; empty for expressions. */
  readonly columnTypes: readonly string[];
  /** The generation of the database on which the query runs. */
  readonly generation: number;

  readonly #stream: OpenStream<PackedResponse>;
  readonly #intMode: IntMode;
  #summary: Summary | undefined;
  #taken = false;

  /** @internal */
  constructor(stream: OpenStream<PackedResponse>, header: QueryHeader, intMode: IntMode) {
    ({ columns: this.columns, columnTypes: this.columnTypes } = decodeColumns(header.columns));
    this.generation = Number(header.generation);
    this.#stream = stream;
    this.#intMode = intMode;
  }

  /** Takes over a stream that has begun. */
  static open(stream: OpenStream<PackedResponse>, intMode: IntMode): RowStream {
    const part = stream.first?.part;
    if (part?.case !== "header") {
      stream.call.finish();
      throw incomplete();
    }
    return new RowStream(stream, part.value, intMode);
  }

  /** What is known after the last row has been read; undefined before. */
  get summary(): Summary | undefined {
    return this.#summary;
  }

  /** The rows one by one. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Row, void, undefined> {
    const chunks = this.chunks();
    let rows: Row[] = [];
    let next = 0;
    // By hand: a generator would wait several times for every row.
    const advance = async (): Promise<IteratorResult<Row, void>> => {
      for (;;) {
        const { done, value } = await chunks.next();
        if (done === true) {
          return { done, value: undefined };
        }
        rows = value;
        next = 0;
        const row = rows[next++];
        if (row !== undefined) {
          return { done: false, value: row };
        }
      }
    };
    return {
      next: () => {
        const value = rows[next++];
        return value === undefined ? advance() : Promise.resolve({ done: false, value });
      },
      return: async () => {
        rows = [];
        this.close();
        await chunks.return();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** The rows as they come from the server, many at a time: the fastest way. */
  async *chunks(): AsyncGenerator<Row[], void, undefined> {
    if (this.#taken) {
      const message = "the rows of a query can be read once; run the query again";
      throw makeError(message, "FAILED_PRECONDITION");
    }
    this.#taken = true;
    const { call, rest } = this.#stream;
    const make = rowMaker(this.columns);
    try {
      for (;;) {
        if (call.ended !== undefined) {
          throw call.ended;
        }
        const { done, value } = await rest.next();
        if (done === true) {
          throw incomplete();
        }
        const { part } = value;
        if (part.case === "summary") {
          this.#summary = decodeSummary(part.value);
          return;
        }
        const [count, cell] = this.#cells(part);
        const rows = new Array<Row>(count);
        for (let row = 0; row < count; row++) {
          rows[row] = make(cell, row);
        }
        yield rows;
      }
    } catch (error) {
      throw error instanceof TenantryError ? error : errorFromCall(error, call.ended);
    } finally {
      call.finish();
    }
  }

  /** Reads all rows that are left. */
  async toArray(): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const chunk of this.chunks()) {
      for (const row of chunk) {
        rows.push(row);
      }
    }
    return rows;
  }

  /** Cancels the query. */
  close(): void {
    this.#stream.call.finish();
  }

  #cells(part: PackedResponse["part"]): [count: number, cell: CellAt] {
    switch (part.case) {
      case "columns": {
        const width = this.columns.length;
        const { rowCount, columns } = decodeChunk(part.value, width, this.#intMode);
        return [rowCount, (position, row) => columns[position]?.[row] as Value];
      }
      case "rows":
        return [part.value.rows.length, rowCells(part.value.rows, this.#intMode)];
      default:
        return [0, () => null];
    }
  }
}

function decodeSummary(summary: QuerySummary): Summary {
  return {
    stats: decodeStats(summary.stats),
    rowsAffected: Number(summary.affectedRowCount),
    lastInsertRowid: summary.lastInsertRowid === 0n ? undefined : summary.lastInsertRowid,
  };
}

function incomplete(): TenantryError {
  return makeError("the stream ended before the result was complete", "UNAVAILABLE");
}
