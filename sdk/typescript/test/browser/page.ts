/**
 * What the browser runs: the web client against the server that the address
 * names. It leaves what it found in `window.found`.
 *
 * @module
 */

import {
  CancelledError,
  createClient,
  NotFoundError,
  TenantryError,
  UnavailableError,
  UnimplementedError,
} from "@tenantry/client/web";

/** What the page found, for the test to look at. */
export interface Found {
  executed?: unknown;
  batched?: number;
  streamed?: number;
  lastRow?: unknown;
  notFound?: string;
  cancelled?: boolean;
  inTransaction?: string;
  refused?: boolean;
  failure?: string;
}

declare global {
  interface Window {
    found?: Found;
  }
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function run(found: Found): Promise<void> {
  const { searchParams } = new URL(location.href);
  const client = createClient({
    url: searchParams.get("url") ?? "",
    authToken: searchParams.get("token") ?? "",
    database: "pages",
    retry: { maxAttempts: 1 },
  });
  if (searchParams.get("refused") !== null) {
    const error = await failureOf(client.execute("SELECT 1"));
    found.refused = error instanceof UnavailableError;
    return;
  }

  await client.databases.create("pages");
  await client.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, name TEXT, weight REAL)");
  await client.execute("INSERT INTO visits (name, weight) VALUES (?, ?)", ["Zoë 茶", 0.5]);
  const { rows } = await client.execute("SELECT * FROM visits");
  found.executed = { ...rows[0] };
  const results = await client.batch(
    ["INSERT INTO visits (name) VALUES ('a')", "SELECT count(*) AS n FROM visits"],
    "write",
  );
  found.batched = results[1]?.rows[0]?.n as number;

  const numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c";
  const stream = await client.query(
    `${numbers} WHERE n < 50000) SELECT n, 'row ' || n AS t FROM c`,
  );
  let streamed = 0;
  for await (const row of stream) {
    streamed++;
    found.lastRow = { ...row };
  }
  found.streamed = streamed;

  const endless = await client.query(`${numbers}) SELECT n FROM c`);
  let read = 0;
  const abandoned = await failureOf(
    (async () => {
      for await (const row of endless) {
        if (row.n === 1000) {
          endless.close();
        }
        read++;
      }
    })(),
  );
  found.cancelled = abandoned instanceof CancelledError && read >= 1000;

  const missing = await failureOf(client.database("nobody").execute("SELECT 1"));
  found.notFound = missing instanceof NotFoundError ? missing.reason : String(missing);
  const refused = await failureOf(client.transaction(() => undefined));
  found.inTransaction = refused instanceof UnimplementedError ? refused.reason : String(refused);
  client.close();
}

const found: Found = {};
try {
  await run(found);
} catch (error) {
  found.failure =
    error instanceof TenantryError ? `${error.code}: ${error.message}` : String(error);
}
window.found = found;
