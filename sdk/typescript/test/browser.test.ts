import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { type BrowserContext, chromium } from "playwright-core";

import type { Found } from "./browser/page.js";
import { Server } from "./support/server.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PAGE_MS_MAX = 60_000;

// Without these it asks for hosts of its maker, which no test may.
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Serves the page on loopback; each call is another origin. */
async function servePage(script: Uint8Array): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === "/page.js") {
      response.setHeader("content-type", "text/javascript");
      response.end(script);
    } else {
      response.setHeader("content-type", "text/html");
      response.end(
        '<!doctype html><title>Tenantry</title><script type="module" src="/page.js"></script>',
      );
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function visit(browser: BrowserContext, address: string): Promise<Found> {
  const page = await browser.newPage();
  await page.goto(address);
  const found = await page.waitForFunction(() => window.found, undefined, { timeout: PAGE_MS_MAX });
  return (await found.jsonValue()) ?? {};
}

const missing = existsSync(CHROMIUM) ? false : `there is no browser at ${CHROMIUM}`;
ok(missing === false || process.env.CI !== "true", "in CI the browser must be there");

test("a page talks to the server by gRPC-web", { skip: missing }, async () => {
  const bundle = await build({
    entryPoints: [join(fileURLToPath(import.meta.url), "../browser/page.js")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  const script = bundle.outputFiles[0]?.contents ?? new Uint8Array();
  const origin = await servePage(script);
  const stranger = await servePage(script);
  const server = await Server.start("--web-origins", origin);
  after(() => server.remove());
  const profile = mkdtempSync(join(tmpdir(), "tenantry-ts-profile-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
  });
  after(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  });

  const query = new URLSearchParams({ url: server.url, token: server.adminToken }).toString();
  const found = await visit(browser, `${origin}/?${query}`);
  deepStrictEqual(found, {
    executed: { id: 1, name: "Zoë 茶", weight: 0.5 },
    batched: 2,
    lastRow: { n: 50_000, t: "row 50000" },
    streamed: 50_000,
    cancelled: true,
    notFound: "DATABASE_NOT_FOUND",
    inTransaction: "TRANSACTION_IN_BROWSER",
  });

  // The same page from an origin that is not allowed: the browser itself keeps
  // the answer from it.
  const other = await visit(browser, `${stranger}/?${query}&refused=1`);
  strictEqual(other.refused, true, other.failure);
});
