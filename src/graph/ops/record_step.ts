import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node, Variable } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

export interface RecordStepAttributes {
  /** f32 [capacity, values]: row (step mod capacity) takes this step's values. */
  ring: Variable;
  /** u32 scalars that grow by one at the end of the step; the first is the step that picks the row. */
  counters: readonly Variable[];
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
    const recorded = recordStepParts(given.operands("values"), guarded);
    const values = recorded.values.reduce((total, input) => total + sizeOf(input.shape), 0);
    if (ring.dtype !== "f32" || ring.shape.length !== 2 || ring.shape[1] !== values) {
      throw new ShapeError(
        `${what}: ${values} f32 values a step do not fit a ring ${ring.dtype} ${formatShape(ring.shape)}.`,
      );
    }
    if (counters.some((counter) => counter.dtype !== "u32" || counter.size !== 1) || counters.length === 0) {
      throw new ShapeError(`${what}: wants at least one counter, all u32 scalars.`);
    }
    return { shape: [values], dtype: "f32" };
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
