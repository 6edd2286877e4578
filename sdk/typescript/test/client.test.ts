import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { suite, test } from "node:test";

import { ConstraintError, createClient, TenantryError, when } from "@tenantry/client";

import { parseEndpoint } from "#dist/endpoint.js";
import { makeError } from "#dist/errors.js";
import { TokenSource } from "#dist/token.js";

import { connect, sharedServer } from "./support/fixture.js";

const server = await sharedServer();
const client = await connect(server, { database: "data" });
await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE)");

suite("the shape of libsql", () => {
  test("execute takes a text, a text with arguments, or both in one", async () => {
    strictEqual((await client.execute("SELECT 1 AS n")).rows[0]?.n, 1);
    strictEqual((await client.execute("SELECT ? AS n", [2])).rows[0]?.n, 2);
    const one = await client.execute({ sql: "SELECT :n AS n", args: { n: 3 } });
    strictEqual(one.rows[0]?.n, 3);
  });

  test("batch takes texts, tuples and objects", async () => {
    const [made, , read] = await client.batch(
      [
        "INSERT INTO t (v) VALUES ('batch')",
        ["INSERT INTO t (v) VALUES (?)", ["tuple"]],
        { sql: "SELECT count(*) AS n FROM t WHERE v IN (?, ?)", args: ["batch", "tuple"] },
      ],
      "write",
    );
    strictEqual(made?.rowsAffected, 1);
    strictEqual(made.lastInsertRowid, 1n);
    strictEqual(read?.rows[0]?.n, 2);
  });

  test("a transaction is ended by hand", async () => {
    const tx = await client.transaction("write");
    await tx.execute("INSERT INTO t (v) VALUES (?)", ["kept"]);
    await tx.commit();
    ok(tx.closed);
    await rejects(tx.execute("SELECT 1"), { code: "FAILED_PRECONDITION" });

    const undone = await client.transaction();
    await undone.execute({ sql: "INSERT INTO t (v) VALUES (?)", args: ["undone"] });
    undone.close();
    const dropped = await client.transaction("write");
    await dropped.execute("INSERT INTO t (v) VALUES ('dropped')");
    await dropped.rollback();
    const { rows } = await client.execute(
      "SELECT v FROM t WHERE v IN ('kept', 'undone', 'dropped')",
    );
    deepStrictEqual(
      rows.map((row) => row.v),
      ["kept"],
    );
  });

  test("statements of a transaction may be sent together and are answered in order", async () => {
    const values = await client.transaction(async (tx) => {
      const results = await Promise.all([1, 2, 3].map((n) => tx.execute("SELECT ? AS n", [n])));
      return results.map(({ rows }) => rows[0]?.n);
    });
    deepStrictEqual(values, [1, 2, 3]);
  });
});

suite("batches", () => {
  test("a step runs when its condition holds", async () => {
    const results = await client.batch([
      "INSERT INTO t (id, v) VALUES (100, 'first')",
      "INSERT INTO t (id, v) VALUES (100, 'again')",
      { sql: "INSERT INTO t (id, v) VALUES (101, 'instead')", when: when.failed(1) },
      { sql: "SELECT 'not run'", when: when.all(when.ok(0), when.not(when.failed(1))) },
    ]);
    ok(results[1]?.error instanceof ConstraintError);
    deepStrictEqual(
      results.map(({ skipped }) => skipped),
      [false, false, false, true],
    );
    strictEqual(results[2]?.rowsAffected, 1);
  });
});

suite("the rest of the client", () => {
  test("describe tells parameters and columns", async () => {
    const told = await client.describe("SELECT id, v AS name FROM t WHERE id = :id AND v = ?");
    deepStrictEqual(told.parameters, ["id", ""]);
    deepStrictEqual(told.columns, ["id", "name"]);
    deepStrictEqual(told.columnTypes[0], "INTEGER");
    ok(told.readOnly && !told.explain);
  });

  test("a stream has its columns before and its summary after the rows", async () => {
    const rows = await client.query("SELECT id FROM t ORDER BY id");
    deepStrictEqual(rows.columns, ["id"]);
    deepStrictEqual(rows.columnTypes, ["INTEGER"]);
    const summary = () => rows.summary;
    strictEqual(summary(), undefined);
    const read = await rows.toArray();
    strictEqual(summary()?.stats.rowsRead, read.length);
    await rejects(rows.toArray(), { code: "FAILED_PRECONDITION" });
  });

  test("groups, tokens and keys are listed over pages", async () => {
    await Promise.all(["g1", "g2", "g3"].map((name) => client.databases.createGroup(name)));
    const groups: string[] = [];
    for await (const { name } of client.databases.listGroups({ pageSize: 2 })) {
      groups.push(name);
    }
    deepStrictEqual(groups, ["default", "g1", "g2", "g3"]);
    await client.databases.deleteGroup("g3");
    strictEqual((await client.databases.getGroup("g1")).name, "g1");

    const made = await client.databases.batchCreate([{ name: "g1/a" }, { name: "g2/a" }]);
    deepStrictEqual(
      made.map(({ reference }) => reference),
      ["g1/a", "g2/a"],
    );
    const permissions = [{ table: "*", actions: ["DATA_READ" as const] }];
    const { info } = await client.tokens.create({
      databases: ["g1/a"],
      access: "READ_ONLY",
      permissions,
      ttlMs: "never",
      subject: "till 7",
    });
    deepStrictEqual((await client.tokens.get(info.id)).permissions, permissions);
    const listed: string[] = [];
    for await (const { subject } of client.tokens.list({ database: "g1/a" })) {
      listed.push(subject);
    }
    deepStrictEqual(listed, ["till 7"]);
    ok((await client.tokens.invalidate({ database: "g1/a" })) instanceof Date);
    const { id } = await client.tokens.rotateSigningKey();
    for await (const key of client.tokens.listSigningKeys()) {
      strictEqual(key.active, key.id === id);
    }
  });

  test("the stubs of the protos are there", async () => {
    const { results } = await client.raw.query.execute({
      database: "data",
      statement: { sql: "SELECT 7" },
    });
    deepStrictEqual(results[0]?.rows[0]?.values[0]?.kind, { case: "integer", value: 7n });
  });

  test("a client without a database says so", async () => {
    const bare = createClient({ url: server.url });
    await rejects(bare.execute("SELECT 1"), /client\.database\(name\)/);
    bare.close();
  });
});

suite("endpoints", () => {
  test("the scheme decides over TLS, and without one the host", () => {
    const origin = (endpoint: string) => parseEndpoint(endpoint).origin;
    strictEqual(origin("http://db.example:1"), "http://db.example:1");
    strictEqual(origin("https://127.0.0.1:1"), "https://127.0.0.1:1");
    strictEqual(origin("localhost:50051"), "http://localhost:50051");
    strictEqual(origin("127.0.0.1:50051"), "http://127.0.0.1:50051");
    strictEqual(origin("[::1]:50051"), "http://[::1]:50051");
    strictEqual(origin("db.example:50051"), "https://db.example:50051");
    for (const bad of ["", "grpc://host", "http://", "a b", "host:port"]) {
      try {
        parseEndpoint(bad);
        ok(false, `'${bad}' was taken`);
      } catch (error) {
        ok(error instanceof TenantryError, bad);
        strictEqual(error.code, "INVALID_ARGUMENT");
      }
    }
  });
});

suite("tokens", () => {
  const expired = makeError("expired", "UNAUTHENTICATED", { reason: "TOKEN_EXPIRED" });

  test("failures that come together share one refresh, and a late one takes it over", async () => {
    let asked = 0;
    const tokens = new TokenSource(() => `token ${++asked}`);
    strictEqual(await tokens.get(), "token 1");
    const refreshed = await Promise.all([1, 2, 3].map(() => tokens.refresh(expired, "token 1")));
    deepStrictEqual(refreshed, [true, true, true]);
    strictEqual(await tokens.get(), "token 2");
    strictEqual(await tokens.refresh(expired, "token 1"), true);
    strictEqual(asked, 2);
  });

  test("only a refused token is asked for anew, and only of a callback", async () => {
    const denied = makeError("denied", "PERMISSION_DENIED", { reason: "PERMISSION_DENIED" });
    strictEqual(await new TokenSource(() => "token").refresh(denied, "token"), false);
    strictEqual(await new TokenSource("token").refresh(expired, "token"), false);
  });

  test("a callback that fails fails the call, and is asked again by the next", async () => {
    let asked = 0;
    const other = await connect(server, {
      database: "refreshed",
      authToken: () => {
        if (asked++ === 0) {
          throw new Error("the login service is away");
        }
        return server.adminToken;
      },
    }).catch((error: unknown) => error);
    ok(other instanceof TenantryError);
    strictEqual(other.code, "UNAUTHENTICATED");
    strictEqual((other.cause as Error).message, "the login service is away");
  });
});
