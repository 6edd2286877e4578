/**
 * The client for Node.js: gRPC over HTTP/2.
 *
 * @module
 */

import { createGrpcTransport } from "@connectrpc/connect-node";

import { Client, type ClientConfig } from "./client.js";
import { parseEndpoint } from "./endpoint.js";
import { Sessions, type TlsOptions } from "./sessions.js";

export * from "./exports.js";
export type { TlsOptions } from "./sessions.js";

/** Larger than any message of the server: a row may have 8 MiB. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/** How to make a client in Node.js. */
export interface NodeConfig extends ClientConfig {
  /** The connections underneath; calls go round them. Default: 2. */
  readonly channels?: number | undefined;
  /** How to trust the server, of an `https` endpoint. */
  readonly tls?: TlsOptions | undefined;
}

/** Makes a client. Nothing is connected before the first call. */
export function createClient(config: NodeConfig): Client {
  const url = parseEndpoint(config.url);
  const sessions = new Sessions(url, config.channels ?? 2, config.tls);
  const transport = createGrpcTransport({
    baseUrl: url.href,
    sessionManager: sessions,
    acceptCompression: [],
    readMaxBytes: MESSAGE_BYTES_MAX,
  });
  return new Client(config, {
    transport,
    bidirectional: true,
    userAgentHeader: "user-agent",
    close: () => {
      sessions.close();
    },
  });
}
