/**
 * The package as users get it: packed, installed elsewhere, compiled against.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { sharedServer } from "./support/fixture.js";

const run = promisify(execFile);
const PROGRAM_MS_MAX = 60_000;

const PACKAGE = join(fileURLToPath(import.meta.url), "../../..");
const ROOT = join(PACKAGE, "../..");
const SHOP = join(ROOT, "examples/shop");
const PAGE = readFileSync(join(ROOT, "docs/typescript.md"), "utf8");

const dir = mkdtempSync(join(tmpdir(), "tenantry-ts-user-"));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** The code of a page's fences with this mark, as one program. */
function fences(mark: string): string {
  const found = PAGE.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm);
  return [...found]
    .filter(([, info]) => info === mark)
    .map(([, , code]) => code)
    .join("\n");
}

/** What the comments behind `console.log` say, in order. */
function told(code: string): string[] {
  const comments = code.matchAll(/console\.log\([^\n]*\);\s*\/\/ (.*)/g);
  return [...comments].flatMap(([, comment = ""]) => comment.split(", "));
}

/** The package as it is packed, in a directory with what it depends on. */
async function install(): Promise<string[]> {
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", dir];
  const { stdout } = await run("npm", pack, { cwd: PACKAGE });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  ok(packed !== undefined);
  const target = join(dir, "node_modules/@tenantry/client");
  mkdirSync(target, { recursive: true });
  const tarball = join(dir, packed.filename.replace("@", "").replace("/", "-"));
  await run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  for (const name of ["@bufbuild", "@connectrpc", "@types", "undici-types"]) {
    const link = join(dir, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(PACKAGE, "node_modules", name), link);
  }
  return packed.files.map(({ path }) => path);
}

const files = await install();
writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
copyFileSync(join(SHOP, "typescript/tsconfig.json"), join(dir, "tsconfig.json"));
copyFileSync(join(SHOP, "typescript/shop.ts"), join(dir, "shop.ts"));
writeFileSync(join(dir, "page.ts"), fences("ts test"));
writeFileSync(join(dir, "web.ts"), fences("ts test web"));
const compiled = run(join(PACKAGE, "node_modules/.bin/tsc"), ["-p", dir]).catch(
  (error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  },
);
const server = await sharedServer();
await compiled;

async function program(name: string): Promise<string> {
  const { stdout } = await run(process.execPath, [join(dir, name)], {
    env: {
      ...process.env,
      TENANTRY_ENDPOINT: server.url,
      TENANTRY_TOKEN: server.adminToken,
    },
    timeout: PROGRAM_MS_MAX,
  });
  return stdout;
}

test("the package has its code, its types, its licence and its page, and no more", () => {
  for (const needed of ["LICENSE", "README.md", "dist/node.js", "dist/web.d.ts"]) {
    ok(files.includes(needed), needed);
  }
  deepStrictEqual(
    files.filter((path) => !/^(dist\/.*|LICENSE|README\.md|package\.json)$/.test(path)),
    [],
  );
});

test("the snippets of the page do what their comments say", async () => {
  for (const [mark, name] of [
    ["ts test", "page.js"],
    ["ts test web", "web.js"],
  ] as const) {
    const expected = told(fences(mark));
    ok(expected.length > 1, mark);
    const lines = (await program(name)).split("\n");
    // What is printed besides, such as progress, has no comment.
    let from = 0;
    for (const line of expected) {
      const at = lines.indexOf(line, from);
      ok(at >= 0, `'${line}' is not printed after line ${from} of: ${lines.join("; ")}`);
      from = at + 1;
    }
  }
});

test("the shop prints what every shop prints", async () => {
  strictEqual(await program("shop.js"), readFileSync(join(SHOP, "expected.txt"), "utf8"));
});
