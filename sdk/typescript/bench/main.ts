/**
 * What the client costs over the bare stub: unary calls, and rows of a stream.
 * Needs a server: TENANTRY_ENDPOINT and TENANTRY_TOKEN.
 *
 * @module
 */

import { createClient as createStub } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createClient } from "@tenantry/client";
import { Encoding, QueryService } from "@tenantry/client/proto/query";

const ROUNDS = 21;
const CALLS_PER_ROUND = 200;
const CONCURRENT = 8;
const ROWS = 1_000_000;

const url = process.env.TENANTRY_ENDPOINT ?? "http://127.0.0.1:50051";
const token = process.env.TENANTRY_TOKEN ?? "";
const name = `bench-typescript-${Date.now()}`;
// One connection, as the stub has: what is measured is the work of a call.
const client = createClient({ url, authToken: token, database: name, channels: 1 });
await client.databases.create(name);

const stub = createStub(QueryService, createGrpcTransport({ baseUrl: url }));
const headers = { authorization: `Bearer ${token}` };

/** Milliseconds that `calls` calls take, some of them at the same time. */
async function timed(call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let left = CALLS_PER_ROUND;
  const worker = async () => {
    while (left-- > 0) {
      await call();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  return performance.now() - begun;
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

async function unary(): Promise<void> {
  const sql = "SELECT 1 AS n";
  const byClient = () => client.execute(sql);
  const byStub = () => stub.execute({ database: name, statement: { sql } }, { headers });
  const times: { client: number[]; stub: number[]; ratio: number[] } = {
    client: [],
    stub: [],
    ratio: [],
  };
  // In turns, and each first in every other round, so that both meet the same
  // machine; the first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    const early = round % 2 === 0 ? await timed(byStub) : undefined;
    const ofClient = await timed(byClient);
    const ofStub = early ?? (await timed(byStub));
    if (round > 0) {
      times.stub.push(ofStub);
      times.client.push(ofClient);
      times.ratio.push(ofStub / ofClient);
    }
  }
  const rate = (ms: number[]) => Math.round((CALLS_PER_ROUND * 1000) / median(ms));
  const ratio = median(times.ratio).toFixed(2);
  console.log(`unary calls per second: client ${rate(times.client)}, stub ${rate(times.stub)}`);
  console.log(`unary rate of the client over that of the stub: ${ratio}`);
}

const SQL = `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${ROWS})
  SELECT n AS id, n / 2.0 AS half, 'row ' || n AS name FROM c`;

async function rate(read: () => Promise<number>): Promise<number> {
  const begun = performance.now();
  const count = await read();
  if (count !== ROWS) {
    throw new Error(`${count} rows came`);
  }
  return Math.round((ROWS * 1000) / (performance.now() - begun));
}

async function byRows(): Promise<number> {
  let count = 0;
  for await (const row of await client.query(SQL)) {
    count += row.id === null ? 0 : 1;
  }
  return count;
}

async function byChunks(): Promise<number> {
  let count = 0;
  for await (const rows of (await client.query(SQL)).chunks()) {
    count += rows.length;
  }
  return count;
}

/** What one would write without this package. */
async function byStub(): Promise<number> {
  const request = { database: name, statement: { sql: SQL }, encoding: Encoding.ROWS };
  let count = 0;
  for await (const { part } of stub.query(request, { headers })) {
    if (part.case === "rows") {
      for (const { values } of part.value.rows) {
        const [id, half, text] = values.map(({ kind }) =>
          kind.case === "integer" ? Number(kind.value) : kind.value,
        );
        const row = { id, half, text };
        count += row.id === undefined ? 0 : 1;
      }
    }
  }
  return count;
}

async function stream(): Promise<void> {
  const [rows, chunks, stubs] = [await rate(byRows), await rate(byChunks), await rate(byStub)];
  console.log(`rows per second of ${ROWS}: client ${rows}, by chunks ${chunks}, stub ${stubs}`);
  console.log(`rows of the client over those of the stub: ${(rows / stubs).toFixed(1)}`);
}

await unary();
await stream();
await client.databases.delete(name);
client.close();
