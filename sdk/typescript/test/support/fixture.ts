/**
 * A server and clients for one file of tests.
 *
 * @module
 */

import { after } from "node:test";

import { type Client, createClient, type NodeConfig } from "@tenantry/client";

import { Server } from "./server.js";

/** A query that does not end by itself. */
export const ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)";

/** A server that lasts as long as the tests of the file. */
export async function sharedServer(...flags: string[]): Promise<Server> {
  const server = await Server.start(...flags);
  after(() => server.remove());
  return server;
}

/** A client of the first admin, with a database of its own if it names one. */
export async function connect(server: Server, config: Partial<NodeConfig> = {}): Promise<Client> {
  const client = createClient({ url: server.url, authToken: server.adminToken, ...config });
  after(() => {
    client.close();
  });
  if (config.database !== undefined) {
    await client.databases.create(config.database);
  }
  return client;
}
