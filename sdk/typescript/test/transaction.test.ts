import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, suite, test } from "node:test";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type Client, createClient, TenantryError } from "@tenantry/client";
import {
  QueryService,
  type TransactRequest,
  type TransactResponseSchema,
} from "@tenantry/client/proto/query";

import { makeError } from "#dist/errors.js";
import { ErrorInfoSchema, RetryInfoSchema } from "#dist/gen/google/rpc/error_details_pb.js";

type Ask = TransactRequest["request"]["case"];
type Answer = NonNullable<MessageInitShape<typeof TransactResponseSchema>["response"]>;

const COMMITTED: Answer = { case: "committed", value: {} };
const ROLLED_BACK: Answer = { case: "rolledBack", value: {} };
const RESULT: Answer = { case: "result", value: { results: [{}] } };
const ANSWERS: Readonly<Record<string, Answer>> = {
  begin: { case: "began", value: {} },
  execute: RESULT,
  commit: COMMITTED,
  rollback: ROLLED_BACK,
};

/** A server that keeps what it was asked, and answers well unless told otherwise. */
async function fakeServer(
  instead: (ask: Ask, stream: number) => Answer | undefined,
): Promise<{ client: Client; asked: Ask[] }> {
  const asked: Ask[] = [];
  let streams = 0;
  const routes = connectNodeAdapter({
    routes: ({ service }) =>
      service(QueryService, {
        async *transact(requests) {
          const stream = ++streams;
          for await (const { request } of requests) {
            asked.push(request.case);
            const response = instead(request.case, stream) ?? ANSWERS[request.case ?? ""];
            yield response === undefined ? {} : { response };
          }
        },
      }),
  });
  const server = createServer(routes).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    database: "data",
    retry: { initialBackoffMs: 1, maxBackoffMs: 1 },
  });
  after(() => {
    client.close();
    server.close();
  });
  return { client, asked };
}

/** An error as the server sends it. */
function refusal(code: Code, reason: string, metadata = {}, retry = false): ConnectError {
  const details = [{ desc: ErrorInfoSchema, value: { domain: "tenantry", reason, metadata } }];
  const retryInfo = retry ? [{ desc: RetryInfoSchema, value: {} }] : [];
  return new ConnectError(reason, code, undefined, [...details, ...retryInfo]);
}

const STOPPED = () => refusal(Code.Unavailable, "UNAVAILABLE", { outcome: "unknown", node: "a" });
const BUSY = () => refusal(Code.Aborted, "BUSY", {}, true);

function fails(error: ConnectError): never {
  throw error;
}

suite("a transaction is run again", () => {
  for (const at of ["begin", "execute"] as const) {
    test(`when the server is stopped at ${at}, whatever it says of the outcome`, async () => {
      const { client, asked } = await fakeServer((ask, stream) =>
        ask === at && stream === 1 ? fails(STOPPED()) : undefined,
      );
      await client.transaction((tx) => tx.execute("SELECT 1"));
      deepStrictEqual(asked.slice(-3), ["begin", "execute", "commit"]);
    });
  }

  test("after an error of its own, also inside another error", async () => {
    const { client } = await fakeServer((ask, stream) =>
      ask === "execute" && stream === 1 ? fails(BUSY()) : undefined,
    );
    let attempts = 0;
    await client.transaction(async (tx) => {
      attempts++;
      try {
        await tx.execute("SELECT 1");
      } catch (cause) {
        throw new Error("no order", { cause });
      }
    });
    strictEqual(attempts, 2);
  });

  test("but not after an error of another transaction", async () => {
    for (const code of ["ABORTED", "UNAVAILABLE"] as const) {
      const other = makeError("another's", code, { reason: "BUSY", retryAfterMs: 0 });
      const { client, asked } = await fakeServer(() => undefined);
      const ran = client.transaction(() => Promise.reject(other));
      await rejects(ran, (error) => error === other);
      deepStrictEqual(asked, ["begin", "rollback"]);
    }
  });

  test("as often as the attempts say, and not each of them as often again", async () => {
    const { client, asked } = await fakeServer(() => fails(BUSY()));
    await rejects(
      client.transaction(() => undefined),
      { reason: "BUSY" },
    );
    strictEqual(asked.length, 5);
    await rejects(client.transaction("write"), { reason: "BUSY" });
    strictEqual(asked.length, 10);
  });
});

suite("the outcome", () => {
  /** What a transaction fails with when the server does this at one of its requests. */
  async function failureAt(at: Ask, answer: () => Answer): Promise<TenantryError> {
    const { client } = await fakeServer((ask) => (ask === at ? answer() : undefined));
    try {
      const tx = await client.transaction("write");
      await tx.execute("SELECT 1");
      await (at === "rollback" ? tx.rollback() : tx.commit());
    } catch (error) {
      ok(error instanceof TenantryError);
      return error;
    }
    throw new Error("it succeeded");
  }

  test("is known until commit was sent", async () => {
    for (const at of ["begin", "execute", "rollback"] as const) {
      const error = await failureAt(at, () => fails(STOPPED()));
      strictEqual(error.code, "UNAVAILABLE");
      strictEqual(error.outcomeUnknown, false, at);
      deepStrictEqual(error.metadata, { node: "a" });
    }
    strictEqual((await failureAt("commit", () => fails(STOPPED()))).outcomeUnknown, true);
  });

  test("is unknown when commit is answered by something else", async () => {
    for (const answer of [ROLLED_BACK, RESULT]) {
      const error = await failureAt("commit", () => answer);
      strictEqual(error.code, "INTERNAL");
      strictEqual(error.outcomeUnknown, true);
    }
    const error = await failureAt("rollback", () => COMMITTED);
    strictEqual(error.code, "INTERNAL");
    strictEqual(error.outcomeUnknown, false);
  });
});
