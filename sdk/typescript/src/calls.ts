/**
 * How every call is made: token, deadline, cancellation and retries.
 *
 * @module
 */

import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";

import { CancelledError, errorFromCall, makeError, type TenantryError } from "./errors.js";
import { type AuthToken, TokenSource } from "./token.js";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with {@link CancelledError} when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** The call's deadline, retries included. */
  readonly timeoutMs?: number | undefined;
}

/** How calls are made again. */
export interface RetryOptions {
  /** How often a call is made at most. Default: 5. */
  readonly maxAttempts?: number;
  /** The longest pause before the second attempt; it doubles. Default: 50. */
  readonly initialBackoffMs?: number;
  /** The longest pause of all. Default: 2,000. */
  readonly maxBackoffMs?: number;
}

/**
 * When a call is made again: also where nobody knows what became of it; where it
 * certainly had no effect; or not at all, as its caller sees to that.
 */
export type Repeat = "repeatable" | "once" | "never";

/** The largest number of the `grpc-timeout` header. */
const TIMEOUT_MS_MAX = 99_999_999;

const USER_AGENT = "tenantry-typescript/0.1.0";

/** The same deadline for calls that follow each other: each gets what is left. */
export function sharedDeadline({ signal, timeoutMs }: CallOptions): () => CallOptions {
  if (timeoutMs === undefined) {
    return () => ({ signal });
  }
  const until = performance.now() + timeoutMs;
  return () => ({ signal, timeoutMs: Math.max(1, until - performance.now()) });
}

/** What the transport resets a stream with as a cancelled one. */
const RESET = new ConnectError("the call has ended", Code.Canceled);

/** One call, from before its first attempt to its end. */
export class Call {
  readonly #closing: AbortSignal;
  readonly #deadline: number;
  readonly #outer: AbortSignal | undefined;
  /** Only of calls that can be ended apart from the client. */
  readonly #own: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended: TenantryError | undefined;

  constructor(closing: AbortSignal, { signal, timeoutMs }: CallOptions, kind: "unary" | "stream") {
    this.#closing = closing;
    this.#outer = signal;
    this.#deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    if (kind === "stream" || signal !== undefined) {
      this.#own = new AbortController();
      closing.addEventListener("abort", this.#onClose);
      signal?.addEventListener("abort", this.#onSignal);
      if (signal?.aborted === true) {
        this.#onSignal();
      }
    }
  }

  readonly #onClose = () => {
    this.abort(clientClosed());
  };

  readonly #onSignal = () => {
    this.abort(cancelled("the call was cancelled by its signal", this.#outer?.reason));
  };

  /** Why it was ended from this side. */
  get ended(): TenantryError | undefined {
    return this.#ended ?? (this.#closing.aborted ? clientClosed() : undefined);
  }

  /** Is aborted when it ends from this side. */
  get signal(): AbortSignal {
    return this.#own?.signal ?? this.#closing;
  }

  /** Ends with this error whatever is under way. */
  abort(error: TenantryError): void {
    this.#ended ??= error;
    this.#own?.abort(RESET);
  }

  /** Ends with DEADLINE_EXCEEDED after this time. */
  abortAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.abort(late());
    }, ms);
  }

  /** Takes back the deadline of `abortAfter`. */
  abortNever(): void {
    clearTimeout(this.#timer);
  }

  /** To be called when nothing is under way any more, or shall be. */
  finish(): void {
    clearTimeout(this.#timer);
    if (this.#own !== undefined) {
      this.#closing.removeEventListener("abort", this.#onClose);
      this.#outer?.removeEventListener("abort", this.#onSignal);
      this.abort(cancelled("the call has ended"));
    }
  }

  /** What is left of its time. */
  get remainingMs(): number | undefined {
    const left = Math.ceil(this.#deadline - performance.now());
    return left > TIMEOUT_MS_MAX ? undefined : Math.max(1, left);
  }

  /** Waits for something that knows nothing of the call's end. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal, remainingMs } = this;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let onAbort: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      onAbort = () => {
        reject(this.ended ?? cancelled("the call has ended"));
      };
      signal.addEventListener("abort", onAbort);
      if (signal.aborted) {
        onAbort();
      } else if (remainingMs !== undefined) {
        timer = setTimeout(() => {
          reject(late());
        }, remainingMs);
      }
    });
    try {
      return await Promise.race([promise, over]);
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) {
        signal.removeEventListener("abort", onAbort);
      }
    }
  }
}

/** A stream of answers that has begun. */
export interface OpenStream<T> {
  readonly call: Call;
  /** The first answer. */
  readonly first: T | undefined;
  readonly rest: AsyncIterator<T, void>;
}

/** Makes the calls of one client. */
export class Calls {
  readonly #transport: Transport;
  readonly #userAgentHeader: string;
  readonly #tokens: TokenSource;
  readonly #timeoutMs: number;
  readonly #retry: Required<RetryOptions>;
  readonly #closing = new AbortController();

  constructor(
    transport: Transport,
    userAgentHeader: string,
    authToken: AuthToken | undefined,
    timeoutMs: number | undefined,
    retry: RetryOptions | undefined,
  ) {
    this.#transport = transport;
    this.#userAgentHeader = userAgentHeader;
    this.#tokens = new TokenSource(authToken);
    this.#timeoutMs = timeoutMs ?? 30_000;
    this.#retry = { maxAttempts: 5, initialBackoffMs: 50, maxBackoffMs: 2_000, ...retry };
  }

  /** The transport with the token on every call, and nothing else. */
  get raw(): Transport {
    const withToken = async (init: HeadersInit | undefined) => {
      const headers = new Headers(init);
      for (const [name, value] of Object.entries(this.#headers(await this.#tokens.get()))) {
        headers.set(name, headers.get(name) ?? value);
      }
      return headers;
    };
    return {
      unary: async (method, signal, timeoutMs, header, input, context) => {
        const headers = await withToken(header);
        return this.#transport.unary(method, signal, timeoutMs, headers, input, context);
      },
      stream: async (method, signal, timeoutMs, header, input, context) => {
        const headers = await withToken(header);
        return this.#transport.stream(method, signal, timeoutMs, headers, input, context);
      },
    };
  }

  /** Makes a unary call. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    message: MessageInitShape<I>,
    options: CallOptions,
    repeat: Repeat,
  ): Promise<MessageShape<O>> {
    const { signal, timeoutMs = this.#timeoutMs } = options;
    const call = this.#begin({ signal, timeoutMs }, "unary");
    try {
      return await this.#run(call, repeat, async (header) => {
        const { signal, remainingMs } = call;
        const answer = this.#transport.unary(method, signal, remainingMs, header, message);
        return (await answer).message;
      });
    } finally {
      call.finish();
    }
  }

  /** Begins a stream and waits for its first answer; until then it is retried. */
  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    input: () => AsyncIterable<MessageInitShape<I>>,
    options: CallOptions,
    repeat: Repeat,
  ): Promise<OpenStream<MessageShape<O>>> {
    const call = this.#begin(options, "stream");
    try {
      return await this.#run(call, repeat, async (header) => {
        const { signal, remainingMs } = call;
        const answer = this.#transport.stream(method, signal, remainingMs, header, input());
        const rest = (await answer).message[Symbol.asyncIterator]();
        const first = await rest.next();
        return { call, first: first.done === true ? undefined : first.value, rest };
      });
    } catch (error) {
      call.finish();
      throw error;
    }
  }

  /**
   * How long to wait before the next attempt of a call that failed with this
   * error; undefined when there shall be none.
   */
  pauseMs(error: TenantryError, attempt: number, repeat: Repeat): number | undefined {
    const { maxAttempts, initialBackoffMs, maxBackoffMs } = this.#retry;
    const again =
      (error.retryAfterMs !== undefined && error.reason !== "MIGRATION_IN_PROGRESS") ||
      (error.code === "UNAVAILABLE" && repeat === "repeatable");
    if (!again || repeat === "never" || attempt >= maxAttempts) {
      return undefined;
    }
    const backoffMs = Math.min(maxBackoffMs, initialBackoffMs * 2 ** (attempt - 1));
    return Math.max(error.retryAfterMs ?? 0, Math.random() * backoffMs);
  }

  /** Waits, but for no longer than the client is open. */
  async pause(ms: number, options: CallOptions): Promise<void> {
    const call = this.#begin(options, "stream");
    try {
      await sleep(call, ms);
    } finally {
      call.finish();
    }
  }

  /** Ends all that is under way; every later call fails. */
  close(): void {
    this.#closing.abort(RESET);
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #begin(options: CallOptions, kind: "unary" | "stream"): Call {
    if (this.closed) {
      const details = { reason: "CLIENT_CLOSED" };
      throw makeError("the client is closed; make another one", "FAILED_PRECONDITION", details);
    }
    return new Call(this.#closing.signal, options, kind);
  }

  async #run<T>(
    call: Call,
    repeat: Repeat,
    attempt: (header: HeadersInit) => Promise<T>,
  ): Promise<T> {
    let refreshed = false;
    for (let attempts = 1; ; attempts++) {
      const token = this.#tokens.present ?? (await call.race(this.#tokens.get()));
      try {
        return await attempt(this.#headers(token));
      } catch (failure) {
        const { ended } = call;
        const error = errorFromCall(failure, ended);
        if (ended !== undefined) {
          throw error;
        }
        if (!refreshed && (await call.race(this.#tokens.refresh(error, token)))) {
          refreshed = true;
          continue;
        }
        const pauseMs = this.pauseMs(error, attempts, repeat);
        if (pauseMs === undefined || pauseMs >= (call.remainingMs ?? Infinity)) {
          throw error;
        }
        await sleep(call, pauseMs);
      }
    }
  }

  #headers(token: string | undefined): Record<string, string> {
    const agent = { [this.#userAgentHeader]: USER_AGENT };
    return token === undefined ? agent : { ...agent, authorization: `Bearer ${token}` };
  }
}

async function sleep(call: Call, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await call.race(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))));
  } finally {
    clearTimeout(timer);
  }
}

function cancelled(message: string, cause?: unknown): CancelledError {
  return new CancelledError(message, "CANCELLED", { cause });
}

function clientClosed(): TenantryError {
  return cancelled("the client was closed");
}

function late(): TenantryError {
  return makeError("the call took longer than its deadline", "DEADLINE_EXCEEDED");
}
