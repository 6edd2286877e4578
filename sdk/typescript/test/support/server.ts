/**
 * The real server, started for tests.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_MS_MAX = 15_000;
const STOP_MS_MAX = 15_000;

/** Servers that must not outlive this process, also when it fails. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

/** A server with a data directory of its own. */
export class Server {
  readonly dir: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  #address = "127.0.0.1:0";

  private constructor(flags: readonly string[]) {
    this.dir = mkdtempSync(join(hasMemoryDisk() ? "/dev/shm" : tmpdir(), "tenantry-ts-"));
    this.#flags = flags;
  }

  static async start(...flags: string[]): Promise<Server> {
    const server = new Server(flags);
    await server.start();
    return server;
  }

  /** `host:port`. */
  get address(): string {
    return this.#address;
  }

  get url(): string {
    return `http://${this.#address}`;
  }

  /** The first admin's token. */
  get adminToken(): string {
    return readFileSync(join(this.dir, "data", "admin.token"), "utf8").trim();
  }

  /** Starts it, again at the address that it had. */
  async start(): Promise<void> {
    const program = process.env.TENANTRY_BIN;
    if (program === undefined) {
      throw new Error("TENANTRY_BIN is not set: it names the server's program");
    }
    const log = openSync(join(this.dir, "server.log"), "a");
    const args = ["serve", "--data-dir", join(this.dir, "data"), "--listen", this.#address];
    const child = spawn(program, [...args, ...this.#flags], { stdio: ["ignore", "pipe", log] });
    closeSync(log);
    running.add(child);
    this.#child = child;
    child.once("exit", () => running.delete(child));
    this.#address = await this.#listening(child);
  }

  /** Ends it, and waits until it has ended. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === undefined || !running.has(child)) {
      return;
    }
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await within(STOP_MS_MAX, ended, "the server does not end");
  }

  /** Ends it for good, and removes its data. */
  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #listening(child: ChildProcess): Promise<string> {
    const { stdout } = child;
    if (stdout === null) {
      throw new Error("the server has no standard output");
    }
    const started = new Promise<string>((resolve, reject) => {
      createInterface(stdout).on("line", (line) => {
        const told = /^listening on (\S+)/.exec(line)?.[1];
        if (told !== undefined) {
          resolve(told.replace(/^https?:\/\//, ""));
        }
      });
      child.once("error", reject);
      child.once("exit", (code) => {
        const log = readFileSync(join(this.dir, "server.log"), "utf8");
        reject(new Error(`the server ended with ${String(code)}: ${log}`));
      });
    });
    return within(START_MS_MAX, started, "the server does not start");
  }
}

/** A promise that fails when it takes longer. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what}: it took longer than ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function hasMemoryDisk(): boolean {
  return statSync("/dev/shm", { throwIfNoEntry: false })?.isDirectory() ?? false;
}
