/**
 * The driver of the conformance suite: `main.js node` or `main.js web`.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { createClient as createNodeClient } from "@tenantry/client";
import { createClient as createWebClient } from "@tenantry/client/web";
import { parse as parseYaml } from "yaml";

import { Server } from "../support/server.js";
import { type Fields, only } from "./check.js";
import { createDatabases, runStep } from "./steps.js";
import { type Connect, World } from "./world.js";

/** One of the doors of the package. */
interface Door {
  readonly language: string;
  readonly connect: Connect;
  /** What its servers need. */
  readonly flags: readonly string[];
  /** Why the door does not run a case. */
  skip(testCase: Fields): string | undefined;
}

const DOORS: Readonly<Record<string, Door>> = {
  node: {
    language: "typescript",
    connect: createNodeClient,
    flags: [],
    skip: ({ skip }) => (skip as Record<string, string> | undefined)?.typescript,
  },
  web: {
    language: "typescript-web",
    connect: createWebClient,
    flags: ["--web-origins", "http://127.0.0.1:8080"],
    skip: (testCase) =>
      JSON.stringify(testCase.steps).includes('"transaction":')
        ? "a browser cannot hold an interactive transaction open"
        : (testCase.skip as Record<string, string> | undefined)?.typescript,
  },
};

/** How long a run may take before it counts as hanging. */
const RUN_MS_MAX = 600_000;

const SUITE = join(fileURLToPath(import.meta.url), "../../../../../../tests/conformance");

async function runCase(door: Door, shared: Server, group: string, testCase: Fields): Promise<void> {
  only(testCase, "name", "databases", "server", "skip", "steps");
  const flags = testCase.server as string[] | undefined;
  const server = flags === undefined ? shared : await Server.start(...door.flags, ...flags);
  const world = new World(server, door.connect, group);
  try {
    await createDatabases(world, (testCase.databases as unknown[] | undefined) ?? []);
    for (const [index, step] of (testCase.steps as Fields[]).entries()) {
      try {
        await runStep(world, step);
      } catch (cause) {
        throw new Error(`step ${index + 1}: ${(cause as Error).message}`, { cause });
      }
    }
  } finally {
    await world.close();
    if (server !== shared) {
      await server.remove();
    }
  }
}

async function main(door: Door, wanted: string): Promise<boolean> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const shared = await Server.start(...door.flags);
  try {
    const files = readdirSync(SUITE).filter((name) => name.endsWith(".yaml"));
    for (const name of files.sort()) {
      const file = parseYaml(readFileSync(join(SUITE, name), "utf8")) as Fields;
      only(file, "about", "cases");
      for (const [index, testCase] of (file.cases as Fields[]).entries()) {
        const title = `${name}: ${String(testCase.name)}`;
        if (!title.includes(wanted)) {
          continue;
        }
        const reason = door.skip(testCase);
        if (reason !== undefined) {
          counts.skipped++;
          console.log(`skipped ${title}: ${reason}`);
          continue;
        }
        try {
          await runCase(door, shared, `${basename(name, ".yaml")}-${index}`, testCase);
          counts.passed++;
        } catch (error) {
          counts.failed++;
          console.log(`FAILED ${title}: ${told(error)}`);
        }
      }
    }
  } finally {
    await shared.remove();
  }
  const { passed, failed, skipped } = counts;
  const line = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  console.log(`conformance ${door.language}: ${line}`);
  return passed > 0 && failed === 0;
}

/** An error with its causes, in one line. */
function told(error: unknown): string {
  const texts: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    if (!texts.some((text) => text.includes(each.message))) {
      texts.push(each.message);
    }
  }
  return texts.join("; ").replace(/\s+/g, " ");
}

setTimeout(() => {
  console.log(`the run has not ended after ${RUN_MS_MAX} ms`);
  process.exit(1);
}, RUN_MS_MAX).unref();

const door = DOORS[process.argv[2] ?? "node"];
if (door === undefined) {
  throw new Error(`there is ${Object.keys(DOORS).join(" and ")}`);
}
process.exitCode = (await main(door, process.argv[3] ?? "")) ? 0 : 1;
