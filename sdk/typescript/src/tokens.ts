/**
 * Tokens: `client.tokens`.
 *
 * @module
 */

import { durationFromMs } from "@bufbuild/protobuf/wkt";

import { date, pages, present } from "./answers.js";
import type { CallOptions, Calls } from "./calls.js";
import {
  Access,
  Action,
  type SigningKey as ProtoSigningKey,
  type TokenInfo as ProtoTokenInfo,
  TokensService,
} from "./gen/tenantry/v1/tokens_pb.js";

const { method } = TokensService;

/** How far a token reaches into its databases and groups. */
export type AccessLevel = Exclude<keyof typeof Access, "UNSPECIFIED">;

/** One thing that can be done to a table. */
export type TableAction = Exclude<keyof typeof Action, "UNSPECIFIED">;

/** What may be done to a table; `*` is every table. */
export interface TablePermission {
  readonly table: string;
  readonly actions: readonly TableAction[];
}

/** What a new token shall permit. */
export interface NewToken {
  readonly databases?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  /** Default: `READ_WRITE`. */
  readonly access?: AccessLevel | undefined;
  /** It may migrate the SCHEMA databases among them. */
  readonly ddl?: boolean | undefined;
  /** The databases it may attach. */
  readonly attach?: readonly string[] | undefined;
  readonly permissions?: readonly TablePermission[] | undefined;
  /** How long it lives; `never` for until it is revoked. Default: 7 days. */
  readonly ttlMs?: number | "never" | undefined;
  readonly subject?: string | undefined;
  readonly serverAdmin?: boolean | undefined;
}

/** What is known of a minted token. */
export interface TokenInfo {
  readonly id: string;
  readonly subject: string;
  readonly databases: readonly string[];
  readonly groups: readonly string[];
  readonly access: AccessLevel | undefined;
  readonly ddl: boolean;
  readonly attach: readonly string[];
  readonly permissions: readonly TablePermission[];
  readonly serverAdmin: boolean;
  readonly createTime: Date | undefined;
  readonly expireTime: Date | undefined;
  readonly revokeTime: Date | undefined;
  readonly signingKeyId: string;
}

/** The public part of a key that signs tokens, with the members of a JWK. */
export interface SigningKey {
  readonly id: string;
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly alg: string;
  readonly use: string;
  readonly active: boolean;
  readonly createTime: Date | undefined;
}

/** Which tokens to list; `database` and `group` exclude each other. */
export interface TokenFilter extends CallOptions {
  readonly database?: string | undefined;
  readonly group?: string | undefined;
  readonly subject?: string | undefined;
  readonly showInactive?: boolean | undefined;
  readonly pageSize?: number | undefined;
}

/** `client.tokens`. */
export class Tokens {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** Mints a token. This is the only time that it is shown. */
  async create(
    scopes: NewToken,
    options: CallOptions = {},
  ): Promise<{ token: string; info: TokenInfo }> {
    const request = {
      databases: [...(scopes.databases ?? [])],
      groups: [...(scopes.groups ?? [])],
      access: scopes.access === undefined ? Access.UNSPECIFIED : Access[scopes.access],
      ddl: scopes.ddl ?? false,
      attach: [...(scopes.attach ?? [])],
      permissions: (scopes.permissions ?? []).map(({ table, actions }) => ({
        table,
        actions: actions.map((action) => Action[action]),
      })),
      subject: scopes.subject ?? "",
      serverAdmin: scopes.serverAdmin ?? false,
      lifetime: encodeLifetime(scopes.ttlMs),
    };
    const answer = await this.#calls.unary(method.createToken, request, options, "once");
    return { token: answer.token, info: decodeToken(answer.metadata) };
  }

  /** All minted tokens that fit, newest first, without the tokens themselves. */
  list(filter: TokenFilter = {}): AsyncIterableIterator<TokenInfo> {
    const { database = "", group = "", subject = "", showInactive = false, pageSize = 0 } = filter;
    return pages(async (pageToken) => {
      const request = { database, group, subject, showInactive, pageSize, pageToken };
      const answer = await this.#calls.unary(method.listTokens, request, filter, "repeatable");
      return [answer.tokens.map(decodeToken), answer.nextPageToken];
    });
  }

  async get(id: string, options: CallOptions = {}): Promise<TokenInfo> {
    const answer = await this.#calls.unary(method.getToken, { id }, options, "repeatable");
    return decodeToken(answer.metadata);
  }

  /** Withdraws one token. */
  async revoke(id: string, options: CallOptions = {}): Promise<TokenInfo> {
    const answer = await this.#calls.unary(method.revokeToken, { id }, options, "once");
    return decodeToken(answer.metadata);
  }

  /** Withdraws all tokens of a database or group that were minted before. */
  async invalidate(
    target: { readonly database: string } | { readonly group: string },
    options: CallOptions = {},
  ): Promise<Date | undefined> {
    const request =
      "database" in target
        ? { target: { case: "database", value: target.database } as const }
        : { target: { case: "group", value: target.group } as const };
    const answer = await this.#calls.unary(method.invalidateTokens, request, options, "once");
    return date(answer.invalidateTime);
  }

  /** Makes a new signing key the active one. */
  async rotateSigningKey(options: CallOptions = {}): Promise<SigningKey> {
    const answer = await this.#calls.unary(method.rotateSigningKey, {}, options, "once");
    return decodeKey(present(answer.signingKey));
  }

  /** All signing keys, newest first. */
  listSigningKeys(
    options: CallOptions & { pageSize?: number } = {},
  ): AsyncIterableIterator<SigningKey> {
    const { pageSize = 0 } = options;
    return pages(async (pageToken) => {
      const request = { pageSize, pageToken };
      const answer = await this.#calls.unary(
        method.listSigningKeys,
        request,
        options,
        "repeatable",
      );
      return [answer.signingKeys.map(decodeKey), answer.nextPageToken];
    });
  }
}

function encodeLifetime(ttlMs: number | "never" | undefined) {
  if (ttlMs === undefined) {
    return { case: undefined };
  }
  return ttlMs === "never"
    ? ({ case: "neverExpires", value: true } as const)
    : ({ case: "ttl", value: durationFromMs(ttlMs) } as const);
}

function decodeToken(token: ProtoTokenInfo | undefined): TokenInfo {
  const info = present(token);
  const scopes = info.scopes;
  const access = scopes === undefined ? undefined : Access[scopes.access];
  return {
    id: info.id,
    subject: info.subject,
    databases: scopes?.databases ?? [],
    groups: scopes?.groups ?? [],
    access: access === "UNSPECIFIED" ? undefined : (access as AccessLevel | undefined),
    ddl: scopes?.ddl ?? false,
    attach: scopes?.attach ?? [],
    permissions: (scopes?.permissions ?? []).map(({ table, actions }) => ({
      table,
      actions: actions.map((action) => Action[action] as TableAction),
    })),
    serverAdmin: scopes?.serverAdmin ?? false,
    createTime: date(info.createTime),
    expireTime: date(info.expireTime),
    revokeTime: date(info.revokeTime),
    signingKeyId: info.signingKeyId,
  };
}

function decodeKey(key: ProtoSigningKey): SigningKey {
  const { id, kty, crv, x, alg, use, active, createTime } = key;
  return { id, kty, crv, x, alg, use, active, createTime: date(createTime) };
}
