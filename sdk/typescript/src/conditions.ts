/**
 * What must hold of earlier steps of a batch for a step to run.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ConditionSchema } from "./gen/tenantry/v1/query_pb.js";

/** A condition of a step: made with the functions of {@link when}. */
export type Condition = MessageInitShape<typeof ConditionSchema>;

/** Makes conditions; steps are named by their index in the batch, from 0. */
export const when = {
  /** The step ran and succeeded. */
  ok: (step: number): Condition => ({ condition: { case: "ok", value: step } }),
  /** The step ran and failed. */
  failed: (step: number): Condition => ({ condition: { case: "error", value: step } }),
  /** This does not hold. */
  not: (condition: Condition): Condition => ({ condition: { case: "not", value: condition } }),
  /** All of these hold. */
  all: (...conditions: Condition[]): Condition => ({
    condition: { case: "and", value: { conditions } },
  }),
  /** At least one of these holds. */
  any: (...conditions: Condition[]): Condition => ({
    condition: { case: "or", value: { conditions } },
  }),
} as const;
