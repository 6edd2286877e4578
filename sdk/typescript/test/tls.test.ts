import { ok, rejects, strictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { UnavailableError } from "@tenantry/client";

import { connect, sharedServer } from "./support/fixture.js";

const FIXTURES = join(fileURLToPath(import.meta.url), "../../../../../tests/fixtures/tls");
const flags = ["--tls-cert", "server.pem", "--tls-key", "server-key.pem"].map((each) =>
  each.startsWith("--") ? each : join(FIXTURES, each),
);
const server = await sharedServer(...flags);
const ca = readFileSync(join(FIXTURES, "ca.pem"), "utf8");

test("a client that trusts the authority talks by TLS", async () => {
  for (const host of ["127.0.0.1", "localhost"]) {
    const url = `https://${host}:${server.address.split(":")[1] ?? ""}`;
    const client = await connect(server, { url, tls: { ca } });
    strictEqual((await client.databases.getGroup("default")).name, "default");
  }
});

test("a client that does not trust it sends nothing", async () => {
  const url = `https://${server.address}`;
  const client = await connect(server, { url, retry: { maxAttempts: 1 } });
  await rejects(client.databases.getGroup("default"), (error) => {
    ok(error instanceof UnavailableError);
    return error.message.includes("certificate");
  });
});

test("plaintext to a TLS server is UNAVAILABLE", async () => {
  const client = await connect(server, {
    url: `http://${server.address}`,
    retry: { maxAttempts: 1 },
  });
  await rejects(client.databases.getGroup("default"), UnavailableError);
});
