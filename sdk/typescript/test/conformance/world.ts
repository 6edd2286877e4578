/**
 * One case while it runs: its server, group, clients and kept texts.
 *
 * @module
 */

import type { Attach, Client, ClientConfig, InArgs, InStatement } from "@tenantry/client";

import type { Server } from "../support/server.js";
import { type Fields, only } from "./check.js";
import { parse } from "./values.js";

/** Makes a client of one of the package's doors. */
export type Connect = (config: ClientConfig) => Client;

/** What the steps of a case share. */
export class World {
  readonly server: Server;
  readonly group: string;
  readonly admin: Client;
  readonly #connect: Connect;
  readonly #clients = new Map<string, Client>();
  readonly #kept = new Map<string, string>();
  /** What goes on behind the steps. */
  readonly #behind: Promise<void>[] = [];

  constructor(server: Server, connect: Connect, group: string) {
    this.server = server;
    this.group = group;
    this.#connect = connect;
    this.keep("group", group);
    this.admin = this.#make({ url: server.url, authToken: server.adminToken });
  }

  #make(config: ClientConfig): Client {
    return this.#connect({ ...config, intMode: "bigint" });
  }

  keep(name: string, text: string): void {
    this.#kept.set(name, text);
  }

  behind(work: Promise<void>): void {
    // A failure is told by `close`.
    work.catch(() => undefined);
    this.#behind.push(work);
  }

  client(name: unknown): Client {
    const client = name === undefined ? this.admin : this.#clients.get(String(name));
    if (client === undefined) {
      throw new Error(`no step has connected '${String(name)}'`);
    }
    return client;
  }

  connect(fields: Fields): void {
    only(fields, "name", "token", "tokens", "endpoint", "attempts");
    const { token, tokens, endpoint, attempts } = fields;
    const queue = [...((tokens as string[] | undefined) ?? [])];
    const ask = () => (queue.length > 1 ? queue.shift() : queue[0]) ?? "";
    const config: ClientConfig = {
      url: (endpoint as string | undefined) ?? this.server.url,
      authToken:
        tokens === undefined ? ((token as string | undefined) ?? this.server.adminToken) : ask,
      ...(attempts === undefined ? {} : { retry: { maxAttempts: Number(attempts) } }),
    };
    this.#clients.set(String(fields.name), this.#make(config));
  }

  async close(): Promise<void> {
    for (const client of [this.admin, ...this.#clients.values()]) {
      client.close();
    }
    await Promise.all(this.#behind);
  }

  /** The reference of a database that a case names. */
  reference(name: unknown): string {
    return `${this.group}/${String(name)}`;
  }

  attach(list: unknown): Attach[] {
    return ((list as (string | Fields)[] | undefined) ?? []).map((each) => {
      if (typeof each === "string") {
        return this.reference(each);
      }
      only(each, "database", "alias");
      const alias = each.alias as string | undefined;
      return { database: this.reference(each.database), alias };
    });
  }

  statement(fields: Fields): Exclude<InStatement, string> {
    return { sql: String(fields.sql), args: args(fields) };
  }

  /** Puts kept texts in the place of `${NAME}`, in every string. */
  fill<T>(value: T): T {
    if (typeof value === "string") {
      return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
        return this.#kept.get(name) ?? whole;
      }) as T;
    } else if (Array.isArray(value)) {
      return value.map((each) => this.fill(each as unknown)) as T;
    } else if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value).map(([key, each]) => [key, this.fill(each as unknown)]);
      return Object.fromEntries(entries) as T;
    }
    return value;
  }
}

function args({ args, named }: Fields): InArgs | undefined {
  if (named !== undefined) {
    const entries = Object.entries(named as Record<string, string | null>);
    return Object.fromEntries(entries.map(([name, value]) => [name, parse(value)]));
  }
  return (args as (string | null)[] | undefined)?.map(parse);
}
