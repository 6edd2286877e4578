/**
 * Groups and databases: `client.databases`.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";

import type { CallOptions, Calls } from "./calls.js";
import {
  type Database as ProtoDatabase,
  DatabaseKind,
  type DatabaseSchema,
  DatabasesService,
  DatabaseState,
  type Group as ProtoGroup,
} from "./gen/tenantry/v1/databases_pb.js";
import { date, pages, present } from "./answers.js";

const { method } = DatabasesService;

/** Where databases live together. */
export interface GroupInfo {
  readonly name: string;
  readonly createTime: Date | undefined;
}

/** `REGULAR` owns its schema; `SCHEMA` holds it for others; `CHILD` follows a `SCHEMA`. */
export type Kind = "REGULAR" | "SCHEMA" | "CHILD";

/** A database as the server knows it. */
export interface DatabaseInfo {
  readonly name: string;
  readonly id: string;
  readonly group: string;
  /** `group/name`. */
  readonly reference: string;
  readonly kind: Kind;
  /** The parent of a CHILD; empty otherwise. */
  readonly schema: string;
  readonly generation: number;
  readonly allowAttach: boolean;
  readonly deleteProtection: boolean;
  readonly blockReads: boolean;
  readonly blockWrites: boolean;
  /** 0: no limit. */
  readonly sizeLimitBytes: bigint;
  readonly sizeBytes: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "ACTIVE" | "DELETED" | "QUARANTINED";
  readonly stateReason: string;
  readonly createTime: Date | undefined;
  readonly updateTime: Date | undefined;
  readonly deleteTime: Date | undefined;
  readonly purgeTime: Date | undefined;
  readonly etag: string;
}

/** What can be changed of a database. */
export interface DatabaseChanges {
  readonly allowAttach?: boolean | undefined;
  readonly deleteProtection?: boolean | undefined;
  readonly blockReads?: boolean | undefined;
  readonly blockWrites?: boolean | undefined;
  readonly sizeLimitBytes?: bigint | undefined;
  /** Replaced as a whole. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What a new database shall be. */
export interface NewDatabase extends DatabaseChanges {
  /** Default: `CHILD` when `schema` is given, `REGULAR` otherwise; of a branch its source's. */
  readonly kind?: Kind | undefined;
  /** The parent of a CHILD. */
  readonly schema?: string | undefined;
}

/** Options of calls that the server makes once for one id. */
export interface RequestOptions extends CallOptions {
  /** Default: a fresh UUID, made before the first attempt. */
  readonly requestId?: string | undefined;
}

/** Options of calls that may ask for one version alone. */
export interface EtagOptions extends CallOptions {
  /** Fail with ETAG_MISMATCH when this is not the present one. */
  readonly etag?: string | undefined;
}

/** Which databases to list: those that fit all. */
export interface DatabaseFilter extends CallOptions {
  readonly group?: string | undefined;
  readonly kind?: Kind | undefined;
  readonly schema?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly showDeleted?: boolean | undefined;
  /** How many are asked for at once. */
  readonly pageSize?: number | undefined;
}

/** `client.databases`: groups and databases. Names are `group/name`, or of `default`. */
export class Databases {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async createGroup(name: string, options: CallOptions = {}): Promise<GroupInfo> {
    const request = { group: { name } };
    const answer = await this.#calls.unary(method.createGroup, request, options, "once");
    return decodeGroup(answer.group);
  }

  async getGroup(name: string, options: CallOptions = {}): Promise<GroupInfo> {
    const answer = await this.#calls.unary(method.getGroup, { name }, options, "repeatable");
    return decodeGroup(answer.group);
  }

  /** All groups that the token covers, by name. */
  listGroups(options: CallOptions & { pageSize?: number } = {}): AsyncIterableIterator<GroupInfo> {
    const { pageSize = 0 } = options;
    return pages(async (pageToken) => {
      const request = { pageSize, pageToken };
      const answer = await this.#calls.unary(method.listGroups, request, options, "repeatable");
      return [answer.groups.map(decodeGroup), answer.nextPageToken];
    });
  }

  /** Deletes a group that has no live databases. */
  async deleteGroup(name: string, options: CallOptions = {}): Promise<void> {
    await this.#calls.unary(method.deleteGroup, { name }, options, "once");
  }

  async create(
    name: string,
    settings: NewDatabase = {},
    options: RequestOptions = {},
  ): Promise<DatabaseInfo> {
    const requestId = options.requestId ?? crypto.randomUUID();
    const request = { database: encodeNew(name, settings), requestId };
    const answer = await this.#calls.unary(method.createDatabase, request, options, "repeatable");
    return decodeDatabase(answer.database);
  }

  /**
   * Creates a database from a snapshot of another, `source`, which goes on undisturbed. Group,
   * kind and schema are those of the source and need not be given; nothing of its configuration
   * is taken over. One that is not done by the call's deadline is given up.
   */
  async branch(
    source: string,
    name: string,
    settings: NewDatabase = {},
    options: RequestOptions = {},
  ): Promise<DatabaseInfo> {
    const requestId = options.requestId ?? crypto.randomUUID();
    const request = { source, database: encodeNew(name, settings), requestId };
    const answer = await this.#calls.unary(method.branchDatabase, request, options, "repeatable");
    return decodeDatabase(answer.database);
  }

  /** Creates many databases, also of several groups: all or none. */
  async batchCreate(
    databases: readonly (NewDatabase & { readonly name: string })[],
    options: RequestOptions = {},
  ): Promise<DatabaseInfo[]> {
    const requestId = options.requestId ?? crypto.randomUUID();
    const request = { databases: databases.map((each) => encodeNew(each.name, each)), requestId };
    const { batchCreateDatabases } = method;
    const answer = await this.#calls.unary(batchCreateDatabases, request, options, "repeatable");
    return answer.databases.map(decodeDatabase);
  }

  async get(name: string, options: CallOptions = {}): Promise<DatabaseInfo> {
    const answer = await this.#calls.unary(method.getDatabase, { name }, options, "repeatable");
    return decodeDatabase(answer.database);
  }

  /** All databases that fit, by group and name. */
  list(filter: DatabaseFilter = {}): AsyncIterableIterator<DatabaseInfo> {
    const { group = "", kind, schema = "", labels = {}, showDeleted = false } = filter;
    return pages(async (pageToken) => {
      const request = {
        group,
        kind: encodeKind(kind),
        schema,
        labels,
        showDeleted,
        pageSize: filter.pageSize ?? 0,
        pageToken,
      };
      const answer = await this.#calls.unary(method.listDatabases, request, filter, "repeatable");
      return [answer.databases.map(decodeDatabase), answer.nextPageToken];
    });
  }

  /** Changes what is given, and nothing else. */
  async update(
    name: string,
    changes: DatabaseChanges,
    options: EtagOptions = {},
  ): Promise<DatabaseInfo> {
    const paths = Object.entries(changes)
      .filter(([, value]) => value !== undefined)
      .map(([key]) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const request = {
      database: { ...encodeChanges(changes), name, etag: options.etag ?? "" },
      updateMask: { paths },
    };
    const answer = await this.#calls.unary(method.updateDatabase, request, options, "once");
    return decodeDatabase(answer.database);
  }

  /** Deletes a database; it can be brought back for a time. */
  async delete(name: string, options: EtagOptions = {}): Promise<DatabaseInfo> {
    const request = { name, etag: options.etag ?? "" };
    const answer = await this.#calls.unary(method.deleteDatabase, request, options, "once");
    return decodeDatabase(answer.database);
  }

  /** Brings a deleted database back; by name the one that was deleted last. */
  async undelete(name: string, options: CallOptions = {}): Promise<DatabaseInfo> {
    const answer = await this.#calls.unary(method.undeleteDatabase, { name }, options, "once");
    return decodeDatabase(answer.database);
  }
}

function encodeKind(kind: Kind | undefined): DatabaseKind {
  return kind === undefined ? DatabaseKind.UNSPECIFIED : DatabaseKind[kind];
}

function encodeNew(reference: string, settings: NewDatabase) {
  const slash = reference.indexOf("/");
  return {
    ...encodeChanges(settings),
    group: slash < 0 ? "" : reference.slice(0, slash),
    name: reference.slice(slash + 1),
    kind: encodeKind(settings.kind),
    schema: settings.schema ?? "",
  };
}

function encodeChanges(changes: DatabaseChanges): MessageInitShape<typeof DatabaseSchema> {
  return {
    allowAttach: changes.allowAttach ?? false,
    deleteProtection: changes.deleteProtection ?? false,
    blockReads: changes.blockReads ?? false,
    blockWrites: changes.blockWrites ?? false,
    sizeLimitBytes: changes.sizeLimitBytes ?? 0n,
    labels: changes.labels ?? {},
  };
}

function decodeGroup(group: ProtoGroup | undefined): GroupInfo {
  const { name, createTime } = present(group);
  return { name, createTime: date(createTime) };
}

function decodeDatabase(database: ProtoDatabase | undefined): DatabaseInfo {
  const info = present(database);
  return {
    name: info.name,
    id: info.id,
    group: info.group,
    reference: `${info.group}/${info.name}`,
    kind: DatabaseKind[info.kind] as Kind,
    schema: info.schema,
    generation: Number(info.generation),
    allowAttach: info.allowAttach,
    deleteProtection: info.deleteProtection,
    blockReads: info.blockReads,
    blockWrites: info.blockWrites,
    sizeLimitBytes: info.sizeLimitBytes,
    sizeBytes: info.sizeBytes,
    labels: info.labels,
    state: DatabaseState[info.state] as DatabaseInfo["state"],
    stateReason: info.stateReason,
    createTime: date(info.createTime),
    updateTime: date(info.updateTime),
    deleteTime: date(info.deleteTime),
    purgeTime: date(info.purgeTime),
    etag: info.etag,
  };
}
