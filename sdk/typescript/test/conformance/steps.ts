/**
 * The operations of the suite, by the package's public API.
 *
 * @module
 */

import { ok, rejects, strictEqual } from "node:assert";

import type {
  Client,
  DatabaseChanges,
  DatabaseInfo,
  Kind,
  Migration,
  NewDatabase,
  NewToken,
  Row,
  Transaction,
  TransactionMode,
} from "@tenantry/client";

import { within } from "../support/server.js";
import { checkError, checkNamed, checkResult, type Fields, only } from "./check.js";
import type { World } from "./world.js";

const STEP_MS_MAX = 30_000;
/** How long a call is in flight before its client is closed. */
const IN_FLIGHT_MS = 200;

/** What an operation is given beside its fields. */
interface Context {
  readonly world: World;
  readonly client: Client;
  readonly options: { timeoutMs?: number; signal?: AbortSignal; idempotent?: boolean };
  /** Checks `expect`; not called where there is none. */
  readonly expected: Fields;
}

type Operation = (context: Context, fields: Fields) => Promise<void> | void;

/** A result was not as expected: that is no error of the call, and fails the case. */
class Mismatch extends Error {}

function check(work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new Mismatch((cause as Error).message, { cause });
  }
}

/** Runs a step, and checks that it ends as it says. */
export async function runStep(world: World, step: Fields, signal?: AbortSignal): Promise<void> {
  const { client, timeout_ms, idempotent, expect, error, ...operations } = world.fill(step);
  const [name = "", ...others] = Object.keys(operations);
  const operation = OPERATIONS[name];
  ok(operation !== undefined, `the driver does not know the operation '${name}'`);
  strictEqual(others.length, 0, `the driver does not know '${others.join(", ")}' beside ${name}`);
  const context: Context = {
    world,
    client: world.client(client),
    options: {
      ...(timeout_ms === undefined ? {} : { timeoutMs: Number(timeout_ms) }),
      ...(signal === undefined ? {} : { signal }),
      ...(idempotent === true ? { idempotent } : {}),
    },
    expected: (expect ?? {}) as Fields,
  };
  const given = operations[name];
  const fields = (typeof given === "object" ? given : { value: given }) as Fields;
  const done = Promise.resolve().then(() => operation(context, fields));
  if (error === undefined) {
    await within(STEP_MS_MAX, done, name);
    return;
  }
  let failure: unknown;
  const failed = done.catch((thrown: unknown) => (failure = thrown ?? new Error("nothing")));
  await within(STEP_MS_MAX, failed, name);
  if (failure instanceof Mismatch) {
    throw failure;
  }
  ok(failure !== undefined, `${name} succeeded, and should have failed`);
  checkError(failure, error as Fields);
}

const STATEMENT = ["database", "sql", "args", "named", "attach", "min_generation"];

async function execute({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, ...STATEMENT);
  const database = client.database(world.reference(fields.database));
  const result = await database.execute(world.statement(fields), {
    ...options,
    attach: world.attach(fields.attach),
    minGeneration: fields.min_generation as number | undefined,
  });
  check(() => {
    checkResult(result, expected);
  });
}

async function query({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, ...STATEMENT, "encoding", "take", "interfere");
  const { encoding = "COLUMNS", take = Infinity, interfere } = fields;
  const database = client.database(world.reference(fields.database));
  const stream = await database.query(world.statement(fields), {
    ...options,
    attach: world.attach(fields.attach),
    minGeneration: fields.min_generation as number | undefined,
    encoding: encoding === "ROWS" ? "rows" : "columns",
  });
  const rows: Row[] = [];
  for await (const row of stream) {
    // A stream without an end is read for its end, and not kept.
    if (rows.length < 200_000) {
      rows.push(row);
    }
    if (rows.length === 1 && interfere !== undefined) {
      await interfering(world, interfere, fields.database);
    }
    if (rows.length >= Number(take)) {
      break;
    }
  }
  const { columns, generation } = stream;
  check(() => {
    checkResult({ columns, generation, rows }, expected);
  });
}

/** Runs SQL, or steps, outside of a transaction or stream. */
async function interfering(world: World, interfere: unknown, database: unknown): Promise<void> {
  const steps = Array.isArray(interfere)
    ? (interfere as Fields[])
    : [{ execute: { database, sql: interfere } }];
  for (const step of steps) {
    await runStep(world, step);
  }
}

const MODES: Readonly<Record<string, TransactionMode>> = {
  DEFERRED: "deferred",
  IMMEDIATE: "write",
  READ_ONLY: "read",
};

async function batch({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, "database", "statements", "mode", "attach");
  const steps = (fields.statements as (string | Fields)[]).map((each) => {
    if (typeof each === "string") {
      return each;
    }
    only(each, "sql", "args", "named");
    return world.statement(each);
  });
  const mode = MODES[(fields.mode as string | undefined) ?? "DEFERRED"];
  const database = client.database(world.reference(fields.database));
  const attach = world.attach(fields.attach);
  const results = await database.batch(steps, mode, { ...options, attach });
  check(() => {
    checkResult({ columns: [], rows: [], results }, expected);
  });
}

async function transaction({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, "database", "mode", "attach", "do", "end", "interfere");
  const database = client.database(world.reference(fields.database));
  const own = new Error("an error of the caller's own");
  let attempts = 0;
  const work = async (tx: Transaction) => {
    attempts++;
    for (const [index, step] of (fields.do as Fields[]).entries()) {
      await stepInside(world, tx, step);
      if (index === 0 && attempts === 1 && fields.interfere !== undefined) {
        await interfering(world, fields.interfere, fields.database);
      }
    }
    if (fields.end === "fail") {
      throw own;
    }
  };
  const mode = fields.mode === undefined ? "write" : MODES[String(fields.mode)];
  const attach = world.attach(fields.attach);
  const run = database.transaction(work, { ...options, mode, attach });
  if (fields.end === "fail") {
    await rejects(run, (error) => error === own);
  } else {
    await run;
  }
  check(() => {
    checkNamed({ attempts }, expected);
  });
}

async function stepInside(world: World, tx: Transaction, step: Fields): Promise<void> {
  only(step, "execute", "expect", "error");
  const fields = step.execute as Fields;
  only(fields, "sql", "args", "named");
  const run = tx.execute(world.statement(fields));
  if (step.error === undefined) {
    const result = await run;
    check(() => {
      checkResult(result, (step.expect ?? {}) as Fields);
    });
  } else {
    const failure: unknown = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    check(() => {
      checkError(failure, step.error as Fields);
    });
  }
}

function described(info: DatabaseInfo): Fields {
  const { name, kind, schema, generation, allowAttach, labels } = info;
  return { name, kind, schema, generation, allow_attach: allowAttach, labels };
}

function changes(set: Fields): DatabaseChanges {
  only(set, "allow_attach", "delete_protection", "block_reads", "block_writes", "labels");
  return {
    allowAttach: set.allow_attach as boolean | undefined,
    deleteProtection: set.delete_protection as boolean | undefined,
    blockReads: set.block_reads as boolean | undefined,
    blockWrites: set.block_writes as boolean | undefined,
    labels: set.labels as Record<string, string> | undefined,
  };
}

function newDatabase({ kind, schema, ...set }: Fields): NewDatabase {
  return {
    ...changes(set),
    kind: kind as Kind | undefined,
    schema: schema as string | undefined,
  };
}

async function createDatabase({ world, client, options, expected }: Context, fields: Fields) {
  const { name, request_id, ...settings } = fields;
  const requestId = request_id as string | undefined;
  const created = await client.databases.create(world.reference(name), newDatabase(settings), {
    ...options,
    requestId,
  });
  check(() => {
    checkNamed(described(created), expected);
  });
}

async function branchDatabase({ world, client, options, expected }: Context, fields: Fields) {
  const { source, name, request_id, ...settings } = fields;
  const requestId = request_id as string | undefined;
  const branch = await client.databases.branch(
    world.reference(source),
    String(name),
    newDatabase(settings),
    { ...options, requestId },
  );
  check(() => {
    checkNamed(described(branch), expected);
  });
}

async function listDatabases({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, "kind", "labels", "page_size");
  const names: string[] = [];
  const filter = {
    ...options,
    group: world.group,
    kind: fields.kind as Kind | undefined,
    labels: fields.labels as Record<string, string> | undefined,
    pageSize: fields.page_size as number | undefined,
  };
  for await (const { name } of client.databases.list(filter)) {
    names.push(name);
  }
  check(() => {
    checkNamed({ names }, expected);
  });
}

async function createToken({ world, client, options }: Context, fields: Fields) {
  only(fields, "databases", "attach", "access", "ttl_ms", "save");
  const references = (list: unknown) =>
    ((list as string[] | undefined) ?? []).map((name) => world.reference(name));
  const { token, info } = await client.tokens.create(
    {
      databases: references(fields.databases),
      attach: references(fields.attach),
      access: fields.access as NewToken["access"],
      ttlMs: fields.ttl_ms as number | undefined,
    },
    options,
  );
  if (fields.save !== undefined) {
    world.keep(String(fields.save), token);
    world.keep(`${String(fields.save)}_id`, info.id);
  }
}

async function migrate({ world, client, options, expected }: Context, fields: Fields) {
  const known = ["validate_only", "wait_for", "expected_generation", "request_id"];
  only(fields, "schema", "sql", ...known);
  const schema = world.reference(fields.schema);
  const sql = String(fields.sql);
  const expectedGeneration = fields.expected_generation as number | undefined;
  if (fields.validate_only === true) {
    const report = await client.schema.validate(schema, sql, { ...options, expectedGeneration });
    const failures = report.failures.map(({ database }) => database).sort();
    const { state, generation } = report.migration;
    const sorted = [...((expected.failures as string[] | undefined) ?? failures)].sort();
    check(() => {
      checkNamed({ state, generation, failures }, { ...expected, failures: sorted });
    });
    return;
  }
  const told: Migration[] = [];
  const { state, generation } = await client.schema.migrate(schema, sql, {
    ...options,
    expectedGeneration,
    waitFor: fields.wait_for as "COMMIT" | "APPLY" | "NOTHING" | undefined,
    requestId: fields.request_id as string | undefined,
    onProgress: (migration) => told.push(migration),
  });
  const progress = told.at(-1)?.state === state;
  check(() => {
    checkNamed({ state, generation, progress }, expected);
  });
}

async function getSchema({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, "schema");
  const schema = world.reference(fields.schema);
  const { generation, ddl } = await client.schema.getSchema(schema, options);
  const { sql, ...rest } = expected;
  check(() => {
    ok(sql === undefined || ddl.includes(String(sql)), `the schema is: ${ddl}`);
    checkNamed({ generation }, rest);
  });
}

async function listChildren({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, "schema", "page_size");
  const names: string[] = [];
  const paging = { ...options, pageSize: (fields.page_size as number | undefined) ?? 0 };
  for await (const { name } of client.schema.children(world.reference(fields.schema), paging)) {
    names.push(name);
  }
  check(() => {
    checkNamed({ names }, expected);
  });
}

async function listMigrations({ world, client, options, expected }: Context, fields: Fields) {
  only(fields, "schema");
  const states: string[] = [];
  for await (const { state } of client.schema.list(world.reference(fields.schema), options)) {
    states.push(state);
  }
  check(() => {
    checkNamed({ states }, expected);
  });
}

async function cancel({ world }: Context, fields: Fields) {
  only(fields, "after_ms", "call");
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort();
  }, Number(fields.after_ms));
  try {
    await runStep(world, fields.call as Fields, abort.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function close({ client, world }: Context, fields: Fields) {
  only(fields, "in_flight", "value");
  ok(client !== world.admin, "only a client of `connect` can be closed");
  const inFlight = fields.in_flight as Fields | undefined;
  if (inFlight === undefined) {
    client.close();
    return;
  }
  const name = Object.keys(inFlight)[0] ?? "";
  const context = { world, client, options: {}, expected: {} };
  const running = OPERATIONS[name]?.(context, inFlight[name] as Fields);
  const timer = setTimeout(() => {
    client.close();
  }, IN_FLIGHT_MS);
  try {
    await running;
  } finally {
    clearTimeout(timer);
  }
}

async function server({ world }: Context, fields: Fields) {
  only(fields, "value", "start_after_ms");
  const { value, start_after_ms } = fields;
  if (start_after_ms !== undefined) {
    const pause = new Promise((resolve) => setTimeout(resolve, Number(start_after_ms)));
    world.behind(pause.then(() => world.server.start()));
    return;
  }
  switch (value) {
    case "stop":
    case "kill":
      await world.server.stop(value === "stop" ? "SIGTERM" : "SIGKILL");
      break;
    case "start":
      await world.server.start();
      break;
    case "restart":
      await world.server.stop();
      await world.server.start();
      break;
    default:
      throw new Mismatch(`the driver does not know server: ${String(value)}`);
  }
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  connect: ({ world }, fields) => {
    world.connect(fields);
  },
  execute,
  batch,
  query,
  transaction,
  create_database: createDatabase,
  branch_database: branchDatabase,
  get_database: async ({ world, client, options, expected }, { name, ...rest }) => {
    only(rest);
    const info = await client.databases.get(world.reference(name), options);
    check(() => {
      checkNamed(described(info), expected);
    });
  },
  update_database: async ({ world, client, options, expected }, { name, set, ...rest }) => {
    only(rest);
    const reference = world.reference(name);
    const info = await client.databases.update(reference, changes(set as Fields), options);
    check(() => {
      checkNamed(described(info), expected);
    });
  },
  delete_database: async ({ world, client, options }, { name, ...rest }) => {
    only(rest);
    await client.databases.delete(world.reference(name), options);
  },
  undelete_database: async ({ world, client, options }, { name, ...rest }) => {
    only(rest);
    await client.databases.undelete(world.reference(name), options);
  },
  list_databases: listDatabases,
  create_token: createToken,
  revoke_token: async ({ client, options }, { id, ...rest }) => {
    only(rest);
    await client.tokens.revoke(String(id), options);
  },
  migrate,
  get_schema: getSchema,
  list_children: listChildren,
  list_migrations: listMigrations,
  cancel,
  close,
  server,
};

/** What is in the case's `databases`, created before its first step. */
export async function createDatabases(world: World, databases: readonly unknown[]): Promise<void> {
  await world.admin.databases.createGroup(world.group);
  for (const each of databases) {
    const { name, ...settings } = (typeof each === "string" ? { name: each } : each) as Fields;
    await world.admin.databases.create(world.reference(name), newDatabase(settings));
  }
}
