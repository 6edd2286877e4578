/**
 * What the answers of the namespaces have in common.
 *
 * @module
 */

import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

import { makeError } from "./errors.js";

/** Goes through all pages of a list, each asked for when it is reached. */
export async function* pages<T>(
  page: (pageToken: string) => Promise<[items: readonly T[], nextPageToken: string]>,
): AsyncGenerator<T, void, undefined> {
  let token = "";
  do {
    const [items, next] = await page(token);
    yield* items;
    token = next;
  } while (token !== "");
}

/** A message that every answer of this kind has. */
export function present<T>(message: T | undefined): T {
  if (message === undefined) {
    throw makeError("the server's answer is empty", "INTERNAL");
  }
  return message;
}

/** A time as a `Date`. */
export function date(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : timestampDate(time);
}

/** The requests of a call that sends one. */
// eslint-disable-next-line @typescript-eslint/require-await -- there is nothing to wait for
export async function* once<T>(request: T): AsyncGenerator<T, void, undefined> {
  yield request;
}
