/**
 * Interactive transactions.
 *
 * @module
 */

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import {
  type CallOptions,
  type Calls,
  type OpenStream,
  type Repeat,
  sharedDeadline,
} from "./calls.js";
import { errorFromCall, errorFromStatus, makeError, TenantryError } from "./errors.js";
import {
  type TransactBeginSchema,
  QueryService,
  TransactRequestSchema,
  type TransactResponse,
} from "./gen/tenantry/v1/query_pb.js";
import { executeResult, type ExecuteResult } from "./results.js";
import { encodeStatement, type InArgs, type InStatement, type IntMode } from "./values.js";

type Begin = MessageInitShape<typeof TransactBeginSchema>;
type Request = NonNullable<MessageInitShape<typeof TransactRequestSchema>["request"]>;
type Answer = Exclude<TransactResponse["response"], { case: undefined }>;

/** An open transaction. It ends with `commit`, `rollback` or `close`. */
export class Transaction {
  /** The generation of the database on which it runs. */
  readonly generation: number;

  readonly #stream: OpenStream<TransactResponse>;
  readonly #requests: Requests;
  readonly #intMode: IntMode;
  /** Those it has thrown, to be told from those of other transactions. */
  readonly #errors = new WeakSet<TenantryError>();
  #tail: Promise<unknown> = Promise.resolve();
  #failure: TenantryError | undefined;
  #closed = false;

  private constructor(
    stream: OpenStream<TransactResponse>,
    requests: Requests,
    generation: number,
    intMode: IntMode,
  ) {
    this.#stream = stream;
    this.#requests = requests;
    this.generation = generation;
    this.#intMode = intMode;
  }

  /** @internal */
  static async begin(
    calls: Calls,
    begin: Begin,
    intMode: IntMode,
    options: CallOptions,
    repeat: Repeat,
  ): Promise<Transaction> {
    let requests = new Requests();
    const input = () => {
      // Every attempt has its own.
      requests = new Requests();
      requests.push({ case: "begin", value: begin });
      return requests;
    };
    const stream = await calls
      .stream(QueryService.method.transact, input, options, repeat)
      .catch((error: unknown) => {
        throw error instanceof TenantryError ? notDone(error) : error;
      });
    const answer = stream.first?.response;
    if (answer?.case !== "began") {
      stream.call.finish();
      throw outOfOrder(answer?.case);
    }
    return new Transaction(stream, requests, Number(answer.value.generation), intMode);
  }

  /**
   * Runs SQL in the transaction. A statement that fails is undone alone: the
   * transaction stays open, and may go on.
   */
  execute(sql: string, args?: InArgs, options?: { timeoutMs?: number }): Promise<ExecuteResult>;
  execute(statement: InStatement): Promise<ExecuteResult>;
  async execute(
    statement: InStatement,
    args?: InArgs,
    options: { timeoutMs?: number | undefined } = {},
  ): Promise<ExecuteResult> {
    const { sql, args: own } = typeof statement === "string" ? { sql: statement } : statement;
    const value = { statement: encodeStatement(sql, args ?? own) };
    const answer = await this.#ask({ case: "execute", value }, options.timeoutMs);
    switch (answer.case) {
      case "result":
        return executeResult(answer.value.results, this.generation, this.#intMode);
      case "error":
        throw this.#own(notDone(errorFromStatus(answer.value)));
      default:
        throw this.#broken(outOfOrder(answer.case));
    }
  }

  /**
   * Makes it durable. When the answer is lost, the error says so with
   * `outcomeUnknown`: read back before doing it again.
   */
  async commit(): Promise<void> {
    await this.#end("commit");
  }

  /** Undoes it. */
  async rollback(): Promise<void> {
    await this.#end("rollback");
  }

  /** Undoes it when it has neither been committed nor rolled back. */
  close(): void {
    this.#closed = true;
    this.#stream.call.finish();
  }

  /** Whether it has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** With what the transaction as a whole failed. */
  get failure(): TenantryError | undefined {
    return this.#failure;
  }

  /** Whether this transaction has thrown the error. @internal */
  owns(error: TenantryError): boolean {
    return this.#errors.has(error);
  }

  async #end(how: "commit" | "rollback"): Promise<void> {
    const decides = how === "commit";
    const answer = await this.#ask({ case: how, value: {} }, undefined, decides);
    this.#requests.end();
    this.close();
    if (answer.case !== (decides ? "committed" : "rolledBack")) {
      const error = outOfOrder(answer.case);
      throw this.#broken(decides ? maybeDone(error) : error);
    }
  }

  /** Sends a request and takes the answer to it, one after another. */
  #ask(request: Request, timeoutMs: number | undefined, decides = false): Promise<Answer> {
    const asked = this.#tail.then(() => this.#askNow(request, timeoutMs, decides));
    this.#tail = asked.catch(() => undefined);
    return asked;
  }

  async #askNow(
    request: Request,
    timeoutMs: number | undefined,
    decides: boolean,
  ): Promise<Answer> {
    const { call, rest } = this.#stream;
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (this.#closed) {
      const details = { reason: "TRANSACTION_STATE" };
      throw makeError("the transaction has ended", "FAILED_PRECONDITION", details);
    }
    if (timeoutMs !== undefined) {
      call.abortAfter(timeoutMs);
    }
    this.#requests.push(request);
    try {
      const { done, value } = await rest.next();
      const answer = done === true ? undefined : value.response;
      if (answer?.case === undefined) {
        throw makeError("the transaction's stream ended", "UNAVAILABLE");
      }
      return answer;
    } catch (failure) {
      const error = errorFromCall(failure, call.ended);
      throw this.#broken(decides ? maybeDone(error) : notDone(error));
    } finally {
      if (timeoutMs !== undefined) {
        call.abortNever();
      }
    }
  }

  #broken(error: TenantryError): TenantryError {
    this.#failure ??= error;
    this.close();
    return this.#own(error);
  }

  #own(error: TenantryError): TenantryError {
    this.#errors.add(error);
    return error;
  }
}

/**
 * Runs `work` in a transaction and commits it; what `work` throws comes out
 * unchanged, after a rollback. It is run again when the attempt certainly had no
 * effect and another may succeed.
 *
 * @internal
 */
export async function runTransaction<T>(
  calls: Calls,
  begin: Begin,
  intMode: IntMode,
  work: (transaction: Transaction) => Promise<T> | T,
  options: CallOptions,
): Promise<T> {
  const left = sharedDeadline(options);
  for (let attempt = 1; ; attempt++) {
    let transaction: Transaction | undefined;
    try {
      transaction = await Transaction.begin(calls, begin, intMode, left(), "never");
      const result = await work(transaction);
      if (!transaction.closed || transaction.failure !== undefined) {
        await transaction.commit();
      }
      return result;
    } catch (thrown) {
      const error = whyAgain(thrown, transaction);
      await undo(transaction);
      const pauseMs = error && calls.pauseMs(error, attempt, "repeatable");
      if (pauseMs === undefined || pauseMs >= (left().timeoutMs ?? Infinity) || calls.closed) {
        throw thrown;
      }
      await calls.pause(pauseMs, left());
    }
  }
}

/** The error for which the whole is run again, if it is. */
function whyAgain(thrown: unknown, transaction?: Transaction): TenantryError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    // Those of other transactions and clients are the caller's own affair.
    if (error instanceof TenantryError && (transaction?.owns(error) ?? true)) {
      const aborted = error.code === "ABORTED" && error.retryAfterMs !== undefined;
      const lost = error.code === "UNAVAILABLE" && !error.outcomeUnknown;
      return aborted || lost ? error : undefined;
    }
  }
  return undefined;
}

/** Rolls back and waits for it, so that its locks are gone; or breaks off. */
async function undo(transaction: Transaction | undefined): Promise<void> {
  try {
    await transaction?.rollback();
  } catch {
    transaction?.close();
  }
}

/**
 * Before `commit` was sent: nothing can have been done, though a server that is
 * stopped says that it does not know.
 */
function notDone(error: TenantryError): TenantryError {
  if (!error.outcomeUnknown) {
    return error;
  }
  const { message, code, reason, fieldViolations, retryAfterMs, cause } = error;
  const metadata = { ...error.metadata };
  delete metadata.outcome;
  return makeError(message, code, { reason, metadata, fieldViolations, retryAfterMs, cause });
}

/** After `commit` was sent: only some errors tell that it was not done. */
function maybeDone(error: TenantryError): TenantryError {
  const lost = ["", "UNAVAILABLE", "CANCELLED", "DEADLINE"].includes(error.reason);
  if (!lost || error.retryAfterMs !== undefined) {
    return error;
  }
  return makeError(`the answer to the commit was lost: ${error.message}`, error.code, {
    reason: error.reason,
    metadata: { ...error.metadata, outcome: "unknown" },
    cause: error,
  });
}

function outOfOrder(what = "nothing"): TenantryError {
  return makeError(`the server answered out of order: ${what}`, "INTERNAL");
}

/**
 * The requests of one stream, which are there before they are asked for. The
 * transport ends it when the stream breaks.
 */
class Requests implements AsyncIterableIterator<MessageInitShape<typeof TransactRequestSchema>> {
  readonly #waiting: MessageInitShape<typeof TransactRequestSchema>[] = [];
  #taker: (() => void) | undefined;
  #ended = false;

  push(request: Request): void {
    this.#waiting.push(create(TransactRequestSchema, { request }));
    this.#taker?.();
  }

  end(): void {
    this.#ended = true;
    this.#taker?.();
  }

  async next(): Promise<IteratorResult<MessageInitShape<typeof TransactRequestSchema>>> {
    for (;;) {
      const value = this.#waiting.shift();
      if (value !== undefined) {
        return { done: false, value };
      }
      if (this.#ended) {
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => (this.#taker = resolve));
    }
  }

  return(): Promise<IteratorResult<never>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(): Promise<IteratorResult<never>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
