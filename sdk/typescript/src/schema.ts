/**
 * Migrations: `client.schema`.
 *
 * @module
 */

import { durationMs } from "@bufbuild/protobuf/wkt";

import { date, once, pages, present } from "./answers.js";
import { type CallOptions, type Calls, sharedDeadline } from "./calls.js";
import type { RequestOptions } from "./databases.js";
import { errorFromCall, makeError, TenantryError } from "./errors.js";
import {
  ChildState,
  ForeignKeys,
  type Migration as ProtoMigration,
  type MigrationFailure as ProtoFailure,
  MigrationState,
  SchemaService,
  WaitFor,
} from "./gen/tenantry/v1/schema_pb.js";

const { method } = SchemaService;

/** How far a migration is. */
export type State = Exclude<keyof typeof MigrationState, "UNSPECIFIED">;

/** Why a migration failed. */
export interface MigrationFailure {
  /** The database on which it failed, as `group/name`. */
  readonly database: string;
  /** The statement of the script that failed, from 0, where it was one. */
  readonly statementIndex: number | undefined;
  readonly message: string;
}

/** One script that takes a schema from a generation to the next. */
export interface Migration {
  readonly schema: string;
  readonly id: string;
  readonly generation: number;
  readonly sql: string;
  readonly state: State;
  readonly childrenTotal: number;
  readonly childrenValidated: number;
  readonly childrenApplied: number;
  readonly childrenQuarantined: number;
  readonly failure: MigrationFailure | undefined;
  readonly createTime: Date | undefined;
  readonly commitTime: Date | undefined;
  readonly finishTime: Date | undefined;
}

/** What a migration would do. */
export interface Validation {
  /** The migration as it would be: `FAILED`, or `PREPARING` when it would commit now. */
  readonly migration: Migration;
  /** The databases on which it fails, at most 100; none when it would commit now. */
  readonly failures: readonly MigrationFailure[];
  readonly failuresTotal: number;
  readonly childrenValidated: number;
  readonly rowsWritten: number;
  readonly durationMs: number;
  readonly rowIndependent: boolean;
}

/** How a script runs. */
export interface ScriptOptions extends CallOptions {
  /** Fail with GENERATION_MISMATCH when this is not the schema's generation. */
  readonly expectedGeneration?: number | undefined;
  /** Default: `ENFORCED`, statement by statement. */
  readonly foreignKeys?: "ENFORCED" | "CHECK_AT_END" | undefined;
  /** Permit random() and the current time in rows. */
  readonly allowNondeterministic?: boolean | undefined;
}

/** How to migrate. */
export interface MigrateOptions extends ScriptOptions, RequestOptions {
  /** What to wait for. Default: `COMMIT`. */
  readonly waitFor?: "COMMIT" | "APPLY" | "NOTHING" | undefined;
  /** Is told how far the migration is, at once and whenever that changes. */
  readonly onProgress?: ((migration: Migration) => void) | undefined;
}

/** A child of a schema. */
export interface Child {
  readonly name: string;
  readonly id: string;
  readonly generation: number;
  readonly state: Exclude<keyof typeof ChildState, "UNSPECIFIED">;
  /** Why it is quarantined. */
  readonly reason: string;
}

/** `client.schema`: migrations of SCHEMA databases and their children. */
export class Schema {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /**
   * Takes the schema and every child to the next generation, or changes nothing
   * anywhere: then it throws, `MigrationFailedError` where it was a database on
   * which the script fails. A migration that is recorded goes on when the caller
   * goes away; `signal` and `timeoutMs` end the waiting alone.
   */
  async migrate(schema: string, sql: string, options: MigrateOptions = {}): Promise<Migration> {
    const left = sharedDeadline(options);
    const { waitFor = "COMMIT", onProgress, requestId = crypto.randomUUID() } = options;
    const request = {
      ...encodeScript(schema, sql, options),
      waitFor: WaitFor.NOTHING,
      requestId,
    };
    const applied = await this.#calls.unary(method.applyMigration, request, left(), "repeatable");
    let migration = decodeMigration(present(applied.migration));
    onProgress?.(migration);
    if (waitFor !== "NOTHING" && !isDone(migration, waitFor)) {
      for await (migration of this.watch(schema, migration.id, left())) {
        onProgress?.(migration);
        if (isDone(migration, waitFor)) {
          break;
        }
      }
    }
    throwIfUndone(migration);
    return migration;
  }

  /** Runs the script on every child that has a file, and undoes it. */
  async validate(schema: string, sql: string, options: ScriptOptions = {}): Promise<Validation> {
    const request = { ...encodeScript(schema, sql, options), validateOnly: true };
    const answer = await this.#calls.unary(method.applyMigration, request, options, "repeatable");
    const validation = present(answer.validation);
    return {
      migration: decodeMigration(present(answer.migration)),
      failures: validation.failures.map(decodeFailure),
      failuresTotal: Number(validation.failuresTotal),
      childrenValidated: Number(validation.childrenValidated),
      rowsWritten: Number(validation.rowsWritten),
      durationMs: validation.duration === undefined ? 0 : durationMs(validation.duration),
      rowIndependent: validation.rowIndependent,
    };
  }

  /** The migration now, and whenever it changes, until it has ended. */
  async *watch(
    schema: string,
    id: string,
    options: CallOptions = {},
  ): AsyncGenerator<Migration, void, undefined> {
    const left = sharedDeadline(options);
    // A connection that breaks is made again; what was seen counts as progress.
    for (let attempt = 1; ; attempt++) {
      const stream = await this.#calls.stream(
        method.watchMigration,
        () => once({ schema, id }),
        left(),
        "repeatable",
      );
      const { call, first, rest } = stream;
      try {
        for (let next = first; next !== undefined;) {
          const migration = decodeMigration(present(next.migration));
          yield migration;
          if (isDone(migration, "APPLY")) {
            return;
          }
          attempt = 1;
          const { done, value } = await rest.next();
          next = done === true ? undefined : value;
        }
        throw makeError("the watch ended before the migration did", "UNAVAILABLE");
      } catch (failure) {
        const error =
          failure instanceof TenantryError ? failure : errorFromCall(failure, call.ended);
        const pauseMs = this.#calls.pauseMs(error, attempt, "repeatable");
        if (pauseMs === undefined) {
          throw error;
        }
        await this.#calls.pause(pauseMs, left());
      } finally {
        call.finish();
      }
    }
  }

  async get(schema: string, id: string, options: CallOptions = {}): Promise<Migration> {
    const { getMigration } = method;
    const answer = await this.#calls.unary(getMigration, { schema, id }, options, "repeatable");
    return decodeMigration(present(answer.migration));
  }

  /** The migrations of a schema, newest first. */
  list(
    schema: string,
    options: CallOptions & { state?: State; pageSize?: number } = {},
  ): AsyncIterableIterator<Migration> {
    const { pageSize = 0 } = options;
    const state = MigrationState[options.state ?? "UNSPECIFIED"];
    return pages(async (pageToken) => {
      const request = { schema, state, pageSize, pageToken };
      const answer = await this.#calls.unary(method.listMigrations, request, options, "repeatable");
      return [answer.migrations.map(decodeMigration), answer.nextPageToken];
    });
  }

  /** Cancels a migration that has not committed. */
  async cancel(schema: string, id: string, options: CallOptions = {}): Promise<Migration> {
    const answer = await this.#calls.unary(method.cancelMigration, { schema, id }, options, "once");
    return decodeMigration(present(answer.migration));
  }

  /** The children of a schema, by name. */
  children(
    schema: string,
    options: CallOptions & { state?: Child["state"]; pageSize?: number } = {},
  ): AsyncIterableIterator<Child> {
    const { pageSize = 0 } = options;
    const state = ChildState[options.state ?? "UNSPECIFIED"];
    return pages(async (pageToken) => {
      const request = { schema, state, pageSize, pageToken };
      const answer = await this.#calls.unary(method.listChildren, request, options, "repeatable");
      const children = answer.children.map((child) => ({
        name: child.name,
        id: child.id,
        generation: Number(child.generation),
        state: ChildState[child.state] as Child["state"],
        reason: child.reason,
      }));
      return [children, answer.nextPageToken];
    });
  }

  /** Tries at once again to bring quarantined children up: all, or these. */
  async retryChildren(
    schema: string,
    children: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<{ recovered: number; quarantined: number }> {
    const request = { schema, children: [...children] };
    const answer = await this.#calls.unary(method.retryChildren, request, options, "repeatable");
    return {
      recovered: Number(answer.recoveredCount),
      quarantined: Number(answer.quarantinedCount),
    };
  }

  /** The schema as text: the DDL that makes it. */
  async getSchema(
    schema: string,
    options: CallOptions = {},
  ): Promise<{ generation: number; ddl: string; hash: string }> {
    const answer = await this.#calls.unary(method.getSchema, { schema }, options, "repeatable");
    return { generation: Number(answer.generation), ddl: answer.ddl, hash: answer.hash };
  }
}

function encodeScript(schema: string, sql: string, options: ScriptOptions) {
  const expected = options.expectedGeneration;
  return {
    schema,
    sql,
    ...(expected === undefined ? {} : { expectedGeneration: BigInt(expected) }),
    foreignKeys: ForeignKeys[options.foreignKeys ?? "ENFORCED"],
    allowNondeterministic: options.allowNondeterministic ?? false,
  };
}

function isDone({ state }: Migration, waitFor: "COMMIT" | "APPLY"): boolean {
  return state !== "PREPARING" && (state !== "COMMITTED" || waitFor === "COMMIT");
}

/** Throws what `ApplyMigration` would have answered, had it waited. */
function throwIfUndone({ state, id, failure }: Migration): void {
  if (state === "CANCELLED") {
    const details = { reason: "CANCELLED", metadata: { migration: id } };
    throw makeError("the migration was cancelled", "CANCELLED", details);
  }
  if (state === "FAILED") {
    const { database = "", statementIndex, message = "the migration failed" } = failure ?? {};
    const index = statementIndex === undefined ? {} : { statement_index: String(statementIndex) };
    throw makeError(message, "FAILED_PRECONDITION", {
      reason: "MIGRATION_FAILED",
      metadata: { migration: id, database, ...index },
    });
  }
}

function decodeMigration(migration: ProtoMigration): Migration {
  const { schema, id, sql, failure } = migration;
  return {
    schema,
    id,
    generation: Number(migration.generation),
    sql,
    state: MigrationState[migration.state] as State,
    childrenTotal: Number(migration.childrenTotal),
    childrenValidated: Number(migration.childrenValidated),
    childrenApplied: Number(migration.childrenApplied),
    childrenQuarantined: Number(migration.childrenQuarantined),
    failure: failure === undefined ? undefined : decodeFailure(failure),
    createTime: date(migration.createTime),
    commitTime: date(migration.commitTime),
    finishTime: date(migration.finishTime),
  };
}

function decodeFailure(failure: ProtoFailure): MigrationFailure {
  const { database, message, statementFailed, statementIndex } = failure;
  return { database, message, statementIndex: statementFailed ? statementIndex : undefined };
}
