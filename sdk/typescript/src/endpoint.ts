/**
 * Where the server is.
 *
 * @module
 */

import { InvalidArgumentError } from "./errors.js";

/**
 * The URL of an endpoint. `http://` is plaintext and `https://` TLS; without a
 * scheme it is plaintext on this machine alone, so that no token crosses a
 * network in the clear unless somebody wrote `http://`.
 */
export function parseEndpoint(endpoint: string): URL {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint);
  let url: URL;
  try {
    url = new URL(hasScheme ? endpoint : `https://${endpoint}`);
  } catch (cause) {
    throw invalid(endpoint, cause);
  }
  if (!hasScheme && isLoopback(url.hostname)) {
    url = new URL(`http://${endpoint}`);
  }
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
    throw invalid(endpoint);
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

function invalid(endpoint: string, cause?: unknown): InvalidArgumentError {
  const hint = "write http://host:port, https://host:port or host:port";
  return new InvalidArgumentError(`'${endpoint}' is no endpoint; ${hint}`, "INVALID_ARGUMENT", {
    cause,
  });
}
