/**
 * Results of several statements.
 *
 * @module
 */

import { errorFromStatus, type TenantryError } from "./errors.js";
import type { StepResult } from "./gen/tenantry/v1/query_pb.js";
import type { ResultSet as ProtoResultSet } from "./gen/tenantry/v1/types_pb.js";
import { decodeResultSet, NO_RESULT, type ResultSet } from "./rows.js";
import type { IntMode } from "./values.js";

/** The result of the last statement, and those of all of them. */
export interface ExecuteResult extends ResultSet {
  /** One result per SQL statement, in order. */
  readonly results: readonly ResultSet[];
  /** The generation of the database on which they ran; 0 of a REGULAR one. */
  readonly generation: number;
}

/** @internal */
export function executeResult(
  sets: readonly ProtoResultSet[],
  generation: number,
  intMode: IntMode,
): ExecuteResult {
  const results = sets.map((set) => decodeResultSet(set, intMode));
  return { ...(results.at(-1) ?? NO_RESULT), results, generation };
}

/** What became of one step of a batch. */
export interface BatchResult extends ResultSet {
  /** Its condition did not hold, and it did not run. */
  readonly skipped: boolean;
  /** It failed and was undone, and a later step's condition refers to it. */
  readonly error: TenantryError | undefined;
}

/** @internal */
export function batchResult({ outcome }: StepResult, intMode: IntMode): BatchResult {
  return {
    ...(outcome.case === "result" ? decodeResultSet(outcome.value, intMode) : NO_RESULT),
    skipped: outcome.case === "skipped",
    error: outcome.case === "error" ? errorFromStatus(outcome.value) : undefined,
  };
}
