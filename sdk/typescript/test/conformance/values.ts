/**
 * The suite's notation of values: `i:42`, `r:-0.5`, `t:text`, `b:00ff`, null.
 *
 * @module
 */

import { type InValue, Real, type Value } from "@tenantry/client";

/** A value to bind. */
export function parse(text: string | null): InValue {
  if (text === null) {
    return null;
  }
  const rest = text.slice(2);
  switch (text.slice(0, 2)) {
    case "i:":
      return BigInt(rest);
    case "r:":
      return new Real(parseReal(rest));
    case "t:":
      return rest;
    case "b:":
      return Uint8Array.from(Buffer.from(rest, "hex"));
    default:
      throw new Error(`'${text}' is no value`);
  }
}

/** A value that was read with `intMode: "bigint"`; equal values have equal texts. */
export function show(value: Value): string | null {
  switch (typeof value) {
    case "bigint":
      return `i:${value}`;
    case "number":
      return `r:${Object.is(value, -0) ? "-0" : value}`;
    case "string":
      return `t:${value}`;
    default:
      return value && `b:${Buffer.from(value).toString("hex")}`;
  }
}

/** The text that `show` makes of the same value. */
export function normal(text: string | null): string | null {
  if (text?.startsWith("i:") === true) {
    return `i:${BigInt(text.slice(2))}`;
  }
  return text?.startsWith("r:") === true ? show(parseReal(text.slice(2))) : text;
}

function parseReal(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  return text.endsWith("inf") ? sign * Infinity : Number(text);
}
