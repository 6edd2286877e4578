import { ok, rejects, strictEqual } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";

import {
  CancelledError,
  createClient,
  DeadlineExceededError,
  FailedPreconditionError,
  type TenantryError,
  UnauthenticatedError,
  UnavailableError,
} from "@tenantry/client";

import { connect, ENDLESS, sharedServer } from "./support/fixture.js";
import { Proxy } from "./support/proxy.js";
import { Server, within } from "./support/server.js";

const server = await sharedServer();
const client = await connect(server, { database: "data" });
await client.execute("CREATE TABLE t (v)");

/** What a promise is rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<TenantryError> {
  const settled = promise.then(
    () => undefined,
    (error: unknown) => error as TenantryError,
  );
  const error = await within(15_000, settled, "the call does not end");
  ok(error !== undefined, "the call succeeded");
  return error;
}

suite("a wrong endpoint", () => {
  test("where nobody listens", async () => {
    const lost = createClient({ url: "http://127.0.0.1:1", database: "data" });
    const error = await failureOf(lost.execute("SELECT 1"));
    ok(error instanceof UnavailableError);
    ok(error.retryable && !error.outcomeUnknown);
    lost.close();
  });

  test("where something else listens", async () => {
    const http = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
    await once(http, "listening");
    const { port } = http.address() as AddressInfo;
    const lost = createClient({ url: `http://127.0.0.1:${port}`, database: "data" });
    ok((await failureOf(lost.execute("SELECT 1"))) instanceof UnavailableError);
    lost.close();
    http.closeAllConnections();
    http.close();
  });

  test("where the server speaks no TLS", async () => {
    const lost = createClient({ url: `https://${server.address}`, database: "data" });
    ok((await failureOf(lost.execute("SELECT 1"))) instanceof UnavailableError);
    lost.close();
  });

  test("what is safe to repeat goes on until its deadline", async () => {
    const retry = { maxAttempts: 1000, initialBackoffMs: 1, maxBackoffMs: 20 };
    const lost = createClient({ url: "http://127.0.0.1:1", database: "data", retry });
    const begun = performance.now();
    const error = await failureOf(
      lost.execute("SELECT 1", [], { idempotent: true, timeoutMs: 300 }),
    );
    ok(["UNAVAILABLE", "DEADLINE_EXCEEDED"].includes(error.code));
    ok(performance.now() - begun > 200, "it gave up early");
    lost.close();
  });
});

suite("an expired token without a callback", () => {
  test("is an error of every kind of call", async () => {
    const { token } = await client.tokens.create({ databases: ["data"], ttlMs: 1 });
    const late = await connect(server, { authToken: token });
    const database = late.database("data");
    const calls = [
      database.execute("SELECT 1"),
      database.query("SELECT 1"),
      database.transaction(() => undefined),
      database.batch(["SELECT 1"], "read"),
    ];
    for (const error of await Promise.all(calls.map(failureOf))) {
      ok(error instanceof UnauthenticatedError);
      strictEqual(error.reason, "TOKEN_EXPIRED");
      strictEqual(error.retryable, false);
    }
  });
});

suite("a server that goes away", () => {
  test("in the middle of a stream ends it with UNAVAILABLE", async () => {
    const proxy = await Proxy.start(server.address);
    const cut = await connect(server, { url: proxy.url });
    const rows = await cut.database("data").query(`${ENDLESS} SELECT n, 'padding' FROM c`);
    let read = 0;
    const error = await failureOf(
      (async () => {
        for await (const row of rows) {
          strictEqual(row[0], ++read);
          if (read === 1) {
            proxy.cut();
          }
        }
      })(),
    );
    ok(error instanceof UnavailableError, String(error));
    ok(read > 0);
    strictEqual(rows.summary, undefined);
    proxy.close();
  });

  test("in the middle of a transaction has it run again as a whole", async () => {
    const proxy = await Proxy.start(server.address);
    const cut = await connect(server, { url: proxy.url });
    let attempts = 0;
    await cut.database("data").transaction(async (tx) => {
      attempts++;
      await tx.execute("INSERT INTO t VALUES ('again')");
      if (attempts === 1) {
        proxy.cut();
      }
      await tx.execute("INSERT INTO t VALUES ('again')");
    });
    strictEqual(attempts, 2);
    const { rows } = await client.execute("SELECT count(*) AS n FROM t WHERE v = 'again'");
    strictEqual(rows[0]?.n, 2);
    proxy.close();
  });

  test("in the middle of a transaction by hand breaks it", async () => {
    const proxy = await Proxy.start(server.address);
    const cut = await connect(server, { url: proxy.url });
    const tx = await cut.database("data").transaction("write");
    await tx.execute("INSERT INTO t VALUES ('by hand')");
    proxy.cut();
    const error = await failureOf(tx.execute("SELECT 1"));
    ok(error instanceof UnavailableError);
    ok(tx.closed);
    strictEqual(await failureOf(tx.commit()), error);
    strictEqual(error.outcomeUnknown, false);
    proxy.close();
  });

  test("with the answer to a commit leaves the outcome unknown, and nothing is repeated", async () => {
    const proxy = await Proxy.start(server.address);
    const cut = await connect(server, { url: proxy.url });
    let attempts = 0;
    const run = cut.database("data").transaction(async (tx) => {
      attempts++;
      await tx.execute("INSERT INTO t VALUES ('lost')");
      proxy.hold();
    });
    const failed = failureOf(run);
    // It was done: the answer alone is lost.
    const count = async () => {
      const { rows } = await client.execute("SELECT count(*) AS n FROM t WHERE v = 'lost'");
      return rows[0]?.n;
    };
    const until = performance.now() + 10_000;
    while ((await count()) !== 1) {
      ok(performance.now() < until, "the commit does not come");
    }
    proxy.cut();
    const error = await failed;
    ok(error instanceof UnavailableError);
    ok(error.outcomeUnknown);
    strictEqual(attempts, 1);
    strictEqual(await count(), 1);
    proxy.close();
  });

  test("and comes back is found again by the next call", async () => {
    const own = await Server.start();
    try {
      const other = createClient({ url: own.url, authToken: own.adminToken, database: "data" });
      await other.databases.create("data");
      await own.stop("SIGKILL");
      ok((await failureOf(other.execute("SELECT 1"))) instanceof UnavailableError);
      await own.start();
      strictEqual((await other.execute("SELECT 1 AS n")).rows[0]?.n, 1);
      other.close();
    } finally {
      await own.remove();
    }
  });
});

suite("closing a client", () => {
  test("ends calls, streams and transactions in flight, and refuses later ones", async () => {
    const other = await connect(server);
    const database = other.database("data");
    const rows = await database.query(`${ENDLESS} SELECT n FROM c`);
    const iterator = rows[Symbol.asyncIterator]();
    await iterator.next();
    const tx = await database.transaction("read");
    await tx.execute("SELECT 1");
    const call = failureOf(database.execute(`${ENDLESS} SELECT count(*) FROM c`));
    const inside = failureOf(tx.execute(`${ENDLESS} SELECT count(*) FROM c`));
    other.close();
    other.close();
    ok(other.closed);
    ok((await call) instanceof CancelledError);
    ok((await inside) instanceof CancelledError);
    const rest = async () => {
      while ((await iterator.next()).done !== true);
    };
    ok((await failureOf(rest())) instanceof CancelledError);
    const late = await failureOf(database.execute("SELECT 1"));
    ok(late instanceof FailedPreconditionError);
    strictEqual(late.reason, "CLIENT_CLOSED");
  });
});

suite("ending one call", () => {
  test("by its signal, before and while it runs", async () => {
    const reason = new Error("enough");
    const before = await failureOf(
      client.execute("SELECT 1", [], { signal: AbortSignal.abort(reason) }),
    );
    ok(before instanceof CancelledError);
    strictEqual(before.cause, reason);
    const abort = new AbortController();
    const sql = `${ENDLESS} SELECT count(*) FROM c`;
    const running = failureOf(client.execute(sql, [], { signal: abort.signal }));
    setImmediate(() => {
      abort.abort();
    });
    ok((await running) instanceof CancelledError);
  });

  test("by its deadline", async () => {
    const sql = `${ENDLESS} SELECT count(*) FROM c`;
    const late = await failureOf(client.execute(sql, [], { timeoutMs: 50 }));
    ok(late instanceof DeadlineExceededError);
    const stuck = client.transaction((tx) => tx.execute(sql, [], { timeoutMs: 50 }), {
      mode: "read",
    });
    ok((await failureOf(stuck)) instanceof DeadlineExceededError);
  });

  test("by a callback for the token that does not answer", async () => {
    const other = await connect(server, { authToken: () => new Promise<string>(() => undefined) });
    const call = other.database("data").execute("SELECT 1", [], { timeoutMs: 50 });
    await rejects(call, DeadlineExceededError);
  });
});
