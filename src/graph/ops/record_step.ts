import { at } from "../../core/at.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { checkStepRing, type StepRing } from "./step_ring.ts";

/** All rows of the ring take steps. */
export interface RecordStepAttributes extends StepRing {
  /** The last input is no value to be recorded but a number that should be 0 (`nonFinite`); else the first value is NaN. */
  guarded?: boolean;
}

/** The values to be recorded, and the guard behind them where there is one; of nodes, or of a backend's values of them. */
export function recordStepParts<T>(
  all: readonly T[],
  guarded: boolean,
): { values: readonly T[]; guard: T | undefined } {
  return guarded ? { values: all.slice(0, -1), guard: all.at(-1) } : { values: all, guard: undefined };
}

export const recordStepOp = defineOp<RecordStepAttributes>({
  name: "recordStep",
  operands: { "...values": FLOATS },
  infer(given, { ring, counters, guarded = false }, what) {
    const { values } = recordStepParts(given.operands("values"), guarded);
    return { shape: [checkStepRing(what, { ring, counters }, values, 1)], dtype: "f32" };
  },
  writes: ({ attributes }) => [attributes.ring, ...attributes.counters],
});

/**
 * At the end of the step, writes the values one behind the other into row (first counter mod capacity) of `ring`, then
 * adds one to every counter: losses stay on the GPU until somebody reads the ring. Where `guard`, a scalar, is not 0, the
 * first value is recorded as NaN.
 */
export function recordStep(
  graph: Graph,
  values: readonly Node[],
  { guard, ...attributes }: RecordStepAttributes & { guarded?: never; guard?: Node | undefined },
): Node {
  at(values, 0);
  if (guard === undefined) return graph.addEffect(recordStepOp, values, attributes);
  return graph.addEffect(recordStepOp, [...values, guard], { ...attributes, guarded: true });
}
