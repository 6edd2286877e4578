/**
 * One database: everything that is done with SQL.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";

import { once } from "./answers.js";
import type { CallOptions, Calls } from "./calls.js";
import { packedQuery } from "./columns.js";
import type { Condition } from "./conditions.js";
import { InvalidArgumentError, makeError } from "./errors.js";
import {
  Encoding,
  type QueryRequestSchema,
  QueryService,
  type TransactBeginSchema,
} from "./gen/tenantry/v1/query_pb.js";
import { TransactionMode as ProtoMode } from "./gen/tenantry/v1/types_pb.js";
import { type PackedResponse, RowStream } from "./query.js";
import { batchResult, type BatchResult, executeResult, type ExecuteResult } from "./results.js";
import { decodeColumns } from "./rows.js";
import { runTransaction, Transaction } from "./transaction.js";
import { encodeStatement, type InArgs, type InStatement, type IntMode } from "./values.js";

/** A database to attach, read-only: its reference, or that and an alias. */
export type Attach = string | { readonly database: string; readonly alias?: string | undefined };

/**
 * How a transaction starts: `write` waits for its turn to write at once, `read`
 * reads one snapshot, `deferred` becomes a writer with its first write.
 */
export type TransactionMode = "write" | "read" | "deferred";

/** What every call with SQL takes. */
export interface SqlOptions extends CallOptions {
  /** Databases to attach, besides those of the handle. */
  readonly attach?: readonly Attach[] | undefined;
  /** Fail with GENERATION_MISMATCH below this generation. */
  readonly minGeneration?: number | undefined;
}

/** How to execute. */
export interface ExecuteOptions extends SqlOptions {
  /** The caller promises that it is safe to send this again when the answer was lost. */
  readonly idempotent?: boolean | undefined;
}

/** How to query. */
export interface QueryOptions extends ExecuteOptions {
  /** How the server packs rows. Default: `columns`, which is far faster to read. */
  readonly encoding?: "columns" | "rows" | undefined;
}

/** How a transaction runs. */
export interface TransactionOptions extends SqlOptions {
  /** Default: `write`. */
  readonly mode?: TransactionMode | undefined;
}

/** A step of a batch: SQL, with arguments and a condition if it has them. */
export type BatchStep =
  | InStatement
  | readonly [sql: string, args: InArgs]
  | { readonly sql: string; readonly args?: InArgs | undefined; readonly when: Condition };

/** What a statement needs and gives. */
export interface Description {
  /** The names of its parameters, without sigil; empty for `?` and `?1`. */
  readonly parameters: readonly string[];
  readonly columns: readonly string[];
  readonly columnTypes: readonly string[];
  readonly readOnly: boolean;
  readonly explain: boolean;
}

const MODES: Readonly<Record<TransactionMode, ProtoMode>> = {
  write: ProtoMode.IMMEDIATE,
  read: ProtoMode.READ_ONLY,
  deferred: ProtoMode.DEFERRED,
};

/** What a handle knows. */
export interface Target {
  readonly database: string | undefined;
  readonly attach: readonly Attach[];
  readonly intMode: IntMode;
  /** The transport can stream in both directions. */
  readonly bidirectional: boolean;
}

/** A handle on one database. It costs nothing, and says nothing of whether there is one. */
export class Database {
  readonly #calls: Calls;
  readonly #target: Target;

  /** @internal */
  constructor(calls: Calls, target: Target) {
    this.#calls = calls;
    this.#target = target;
  }

  /**
   * Runs one or several statements as one transaction. It is not sent again
   * when its answer is lost, unless `idempotent` says that this is safe.
   */
  execute(sql: string, args?: InArgs, options?: ExecuteOptions): Promise<ExecuteResult>;
  execute(statement: InStatement, options?: ExecuteOptions): Promise<ExecuteResult>;
  async execute(
    statement: InStatement,
    second?: InArgs | ExecuteOptions,
    third?: ExecuteOptions,
  ): Promise<ExecuteResult> {
    const [encoded, options] = statementAndOptions(statement, second, third);
    const answer = await this.#calls.unary(
      QueryService.method.execute,
      { ...this.#common(options), statement: encoded },
      options,
      options.idempotent === true ? "repeatable" : "once",
    );
    return executeResult(answer.results, Number(answer.generation), this.#target.intMode);
  }

  /**
   * Runs steps in one transaction, all or none: one step that fails makes the
   * batch fail with its error, unless a later step's condition refers to it.
   * Default mode: `deferred`.
   */
  async batch(
    steps: readonly BatchStep[],
    mode: TransactionMode = "deferred",
    options: SqlOptions = {},
  ): Promise<BatchResult[]> {
    const answer = await this.#calls.unary(
      QueryService.method.executeBatch,
      { ...this.#common(options), mode: MODES[mode], steps: steps.map(encodeStep) },
      options,
      mode === "read" ? "repeatable" : "once",
    );
    return answer.results.map((result) => batchResult(result, this.#target.intMode));
  }

  /**
   * Runs one statement and streams its rows. Resolves when the columns are
   * known; the rows are read as they are asked for.
   */
  query(sql: string, args?: InArgs, options?: QueryOptions): Promise<RowStream>;
  query(statement: InStatement, options?: QueryOptions): Promise<RowStream>;
  async query(
    statement: InStatement,
    second?: InArgs | QueryOptions,
    third?: QueryOptions,
  ): Promise<RowStream> {
    const [encoded, options] = statementAndOptions<QueryOptions>(statement, second, third);
    const request: MessageInitShape<typeof QueryRequestSchema> = {
      ...this.#common(options),
      statement: encoded,
      encoding: options.encoding === "rows" ? Encoding.ROWS : Encoding.COLUMNS,
    };
    const stream = await this.#calls.stream(
      packedQuery,
      () => once(request),
      options,
      options.idempotent === true ? "repeatable" : "once",
    );
    return RowStream.open(stream as typeof stream & OpenPacked, this.#target.intMode);
  }

  /**
   * Runs `work` in a transaction: commits when it returns, rolls back when it
   * throws, and then throws the same. The WHOLE of it is run again when another
   * writer was first, or the connection was lost before the commit: keep effects
   * on other things out of it.
   */
  transaction<T>(
    work: (transaction: Transaction) => Promise<T> | T,
    options?: TransactionOptions,
  ): Promise<T>;
  /** Begins a transaction to be ended by hand. Nothing in it is retried. */
  transaction(mode?: TransactionMode, options?: SqlOptions): Promise<Transaction>;
  async transaction<T>(
    first: TransactionMode | ((transaction: Transaction) => Promise<T> | T) = "write",
    options: TransactionOptions = {},
  ): Promise<T | Transaction> {
    if (!this.#target.bidirectional) {
      throw makeError(
        "a browser cannot hold an interactive transaction open; use batch, or a server of yours",
        "UNIMPLEMENTED",
        { reason: "TRANSACTION_IN_BROWSER" },
      );
    }
    const mode = typeof first === "string" ? first : (options.mode ?? "write");
    const begin: MessageInitShape<typeof TransactBeginSchema> = {
      ...this.#common(options),
      mode: MODES[mode],
    };
    return typeof first === "function"
      ? runTransaction(this.#calls, begin, this.#target.intMode, first, options)
      : Transaction.begin(this.#calls, begin, this.#target.intMode, options, "once");
  }

  /** Describes one statement without running it. */
  async describe(sql: string, options: SqlOptions = {}): Promise<Description> {
    const { database, attachments } = this.#common(options);
    const answer = await this.#calls.unary(
      QueryService.method.describe,
      { database, attachments, sql },
      options,
      "repeatable",
    );
    return {
      ...decodeColumns(answer.columns),
      parameters: answer.parameters.map(({ name }) => name),
      readOnly: answer.readOnly,
      explain: answer.explain,
    };
  }

  #common({ attach = [], minGeneration = 0 }: SqlOptions) {
    const { database, attach: always } = this.#target;
    if (database === undefined) {
      throw new InvalidArgumentError(
        "the client has no database; give createClient one, or use client.database(name)",
        "INVALID_ARGUMENT",
      );
    }
    const attachments = [...always, ...attach].map((attached) =>
      typeof attached === "string"
        ? { database: attached }
        : { database: attached.database, alias: attached.alias ?? "" },
    );
    return { database, attachments, minGeneration: BigInt(minGeneration) };
  }
}

type OpenPacked = Parameters<typeof RowStream.open>[0] & { first: PackedResponse | undefined };

/** Sorts the arguments of the two forms: `(sql, args, options)`, `(statement, options)`. */
function statementAndOptions<Options extends ExecuteOptions>(
  statement: InStatement,
  second: InArgs | Options | undefined,
  third: Options | undefined,
): [ReturnType<typeof encodeStatement>, Options] {
  if (typeof statement === "string") {
    return [encodeStatement(statement, second as InArgs | undefined), third ?? ({} as Options)];
  }
  const options = (second as Options | undefined) ?? ({} as Options);
  return [encodeStatement(statement.sql, statement.args), options];
}

function encodeStep(step: BatchStep) {
  if (typeof step === "string") {
    return { statement: encodeStatement(step, undefined) };
  } else if (isTuple(step)) {
    return { statement: encodeStatement(step[0], step[1]) };
  }
  const statement = encodeStatement(step.sql, step.args);
  return "when" in step ? { statement, condition: step.when } : { statement };
}

function isTuple(step: BatchStep): step is readonly [string, InArgs] {
  return Array.isArray(step);
}
