/**
 * The token of a client, and when it is asked for again.
 *
 * @module
 */

import { TenantryError, UnauthenticatedError } from "./errors.js";

/** A token, or what answers one. Its answer is kept until the server refuses it. */
export type AuthToken = string | (() => string | Promise<string>);

const REFRESHED_BY = new Set(["TOKEN_EXPIRED", "TOKEN_REVOKED", "TOKEN_INVALID"]);

/** Keeps the present token. */
export class TokenSource {
  readonly #ask: (() => string | Promise<string>) | undefined;
  #present: string | undefined;
  #asking: Promise<string | undefined> | undefined;

  constructor(token: AuthToken | undefined) {
    if (typeof token === "function") {
      this.#ask = token;
    } else {
      this.#present = token;
    }
  }

  /** The present token; undefined when there is none, or it is being asked for. */
  get present(): string | undefined {
    return this.#present;
  }

  /** The present token; asks for it when there is none. */
  async get(): Promise<string | undefined> {
    if (this.#present !== undefined || this.#ask === undefined) {
      return this.#present;
    }
    this.#asking ??= this.#askNow(this.#ask).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /**
   * Whether a call that failed with `used` may be made again with another token.
   * Calls that fail together share one refresh, and one that comes late finds
   * the token that the others got.
   */
  async refresh(error: TenantryError, used: string | undefined): Promise<boolean> {
    if (this.#ask === undefined || !REFRESHED_BY.has(error.reason)) {
      return false;
    }
    if (this.#present === used) {
      this.#present = undefined;
    }
    await this.get();
    return true;
  }

  async #askNow(ask: () => string | Promise<string>): Promise<string> {
    try {
      this.#present = await ask();
      return this.#present;
    } catch (cause) {
      if (cause instanceof TenantryError) {
        throw cause;
      }
      const message = "the token callback failed";
      throw new UnauthenticatedError(message, "UNAUTHENTICATED", { cause });
    }
  }
}
