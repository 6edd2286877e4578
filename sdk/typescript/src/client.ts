/**
 * The client, which is the same on every transport.
 *
 * @module
 */

import {
  type Client as RawClient,
  createClient as createRawClient,
  type Transport,
} from "@connectrpc/connect";

import { Calls, type RetryOptions } from "./calls.js";
import { type Attach, Database } from "./database.js";
import { Databases } from "./databases.js";
import { DatabasesService } from "./gen/tenantry/v1/databases_pb.js";
import { QueryService } from "./gen/tenantry/v1/query_pb.js";
import { SchemaService } from "./gen/tenantry/v1/schema_pb.js";
import { TokensService } from "./gen/tenantry/v1/tokens_pb.js";
import { Schema } from "./schema.js";
import type { AuthToken } from "./token.js";
import { Tokens } from "./tokens.js";
import type { IntMode } from "./values.js";

/** How to make a client. */
export interface ClientConfig {
  /**
   * Where the server is: `http://host:port` is plaintext, `https://host:port` is
   * TLS. `host:port` alone is plaintext on this machine, and TLS elsewhere.
   */
  readonly url: string;
  /**
   * The token, or what answers one: that is asked when a token is needed, and
   * again when the server refuses the present one.
   */
  readonly authToken?: AuthToken | undefined;
  /** The database of the client's own `execute`, `batch`, …: `group/name`. */
  readonly database?: string | undefined;
  /** Databases that every call of the client attaches. */
  readonly attach?: readonly Attach[] | undefined;
  /** How integers are read. Default: `number`. */
  readonly intMode?: IntMode | undefined;
  /** The deadline of calls that are no streams, retries included. Default: 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetryOptions | undefined;
}

/** The stubs that are made from the protos. */
export interface RawClients {
  readonly query: RawClient<typeof QueryService>;
  readonly databases: RawClient<typeof DatabasesService>;
  readonly tokens: RawClient<typeof TokensService>;
  readonly schema: RawClient<typeof SchemaService>;
}

/** What carries calls, and how it is taken down. */
export interface Connection {
  readonly transport: Transport;
  readonly bidirectional: boolean;
  /** The header that tells the client's name. */
  readonly userAgentHeader: string;
  close(): void;
}

/**
 * A client: itself a handle on its database, and the way to all others. It is
 * meant to live long and to be shared.
 */
export class Client extends Database {
  /** Groups and databases. */
  readonly databases: Databases;
  /** Tokens. */
  readonly tokens: Tokens;
  /** Migrations. */
  readonly schema: Schema;

  readonly #calls: Calls;
  readonly #connection: Connection;
  readonly #config: ClientConfig;
  #raw: RawClients | undefined;

  /** @internal */
  constructor(config: ClientConfig, connection: Connection) {
    const { transport, bidirectional, userAgentHeader } = connection;
    const { authToken, timeoutMs, retry } = config;
    const calls = new Calls(transport, userAgentHeader, authToken, timeoutMs, retry);
    const { database, attach = [], intMode = "number" } = config;
    super(calls, { database, attach, intMode, bidirectional });
    this.#calls = calls;
    this.#connection = connection;
    this.#config = config;
    this.databases = new Databases(calls);
    this.tokens = new Tokens(calls);
    this.schema = new Schema(calls);
  }

  /** A handle on a database. */
  database(
    name: string,
    options: { readonly attach?: readonly Attach[]; readonly intMode?: IntMode } = {},
  ): Database {
    const { attach = [], intMode = "number" } = { ...this.#config, ...options };
    const { bidirectional } = this.#connection;
    return new Database(this.#calls, { database: name, attach, intMode, bidirectional });
  }

  /**
   * The stubs that are made from the protos, with the client's token and
   * connections. They do not retry, and throw the transport's `ConnectError`.
   */
  get raw(): RawClients {
    const transport = this.#calls.raw;
    this.#raw ??= {
      query: createRawClient(QueryService, transport),
      databases: createRawClient(DatabasesService, transport),
      tokens: createRawClient(TokensService, transport),
      schema: createRawClient(SchemaService, transport),
    };
    return this.#raw;
  }

  /**
   * Closes the connections. Calls in flight end with `CancelledError`, later ones
   * fail with reason CLIENT_CLOSED.
   */
  close(): void {
    this.#calls.close();
    this.#connection.close();
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#calls.closed;
  }
}
