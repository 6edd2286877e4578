/**
 * The client for browsers: gRPC-web by `fetch`. It has the same API; but a browser
 * cannot stream a request, so `transaction` throws `UnimplementedError`.
 *
 * @module
 */

import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { Client, type ClientConfig } from "./client.js";
import { parseEndpoint } from "./endpoint.js";

export * from "./exports.js";

/** Makes a client. The server must allow the page's origin: `--web-origins`. */
export function createClient(config: ClientConfig): Client {
  const { href } = parseEndpoint(config.url);
  return new Client(config, {
    transport: createGrpcWebTransport({ baseUrl: href }),
    bidirectional: false,
    // Browsers keep `user-agent` for themselves, or ask the server whether a page
    // may set it.
    userAgentHeader: "x-user-agent",
    // The browser's connections are its own; the calls have been ended.
    close: () => undefined,
  });
}
