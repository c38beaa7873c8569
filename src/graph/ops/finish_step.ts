import { ShapeError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { LossScaling } from "../loss_scaling.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { checkStepRing, type StepRing } from "./step_ring.ts";

/** The last row of the ring is the backend's own: it must be 0 at first and is never to be read. */
export interface FinishStepAttributes extends StepRing {
  /** How many of the inputs are values to be recorded, guards behind them and gradients behind these. */
  readonly values: number;
  readonly guards: number;
  /** In mixed precision: the gradients come multiplied by its scale. */
  readonly scaling?: LossScaling | undefined;
}

/** Elements of what `finishStep` decides. */
export const VERDICT_SIZE = 4;

/** What a step's end is made of, apart; of nodes, or of a backend's values of them. */
export function finishStepParts<T>(
  loss: T,
  others: readonly T[],
  { values, guards }: Pick<FinishStepAttributes, "values" | "guards">,
): { values: readonly T[]; guards: readonly T[]; gradients: readonly T[] } {
  const all = [loss, ...others];
  return {
    values: all.slice(0, values),
    guards: all.slice(values, values + guards),
    gradients: all.slice(values + guards),
  };
}

export const finishStepOp = defineOp<FinishStepAttributes>({
  name: "finishStep",
  operands: { loss: FLOATS, "...others": FLOATS },
  infer(given, attributes, what) {
    const { ring, counters, values } = attributes;
    const { values: recorded, guards } = finishStepParts(given.operand("loss"), given.operands("others"), attributes);
    if (values === 0) throw new ShapeError(`${what}: wants at least one value to record.`);
    checkStepRing(what, { ring, counters }, recorded, 2);
    if (guards.some(({ shape }) => shape.length !== 0)) {
      throw new ShapeError(`${what}: a guard is a scalar, as nonFinite() makes it.`);
    }
    return { shape: [VERDICT_SIZE], dtype: "u32" };
  },
  writes: ({ attributes: { ring, counters, scaling } }) => [
    ring,
    ...counters,
    ...(scaling ? [scaling.scale, scaling.counters] : []),
  ],
});

/**
 * The end of a step, before anything else changes: decides whether its effects happen. A step does not count where its
 * first value (the loss), one of the guards (`nonFinite`) or a gradient tells of a number that is not finite: then NaN is
 * recorded for the first value, no counter moves, and effects that were given this node leave their variables alone. So
 * the next step is the same one once more, until somebody looks at the ring.
 *
 * Otherwise the values go into row (first counter mod capacity) of the ring, and every counter grows by one. With
 * `scaling` a gradient that is not finite means that the scale was too large: the step counts, the parameters stay, the
 * scale halves; at the least scale the step does not count.
 *
 * Returns u32 [4]: updates finished before this step; 1 where the parameters move; 1 where the step counts; and the bits of
 * the f32 that the gradients are still to be divided by.
 */
export function finishStep(
  graph: Graph,
  values: readonly Node[],
  {
    guards = [],
    gradients = [],
    ...attributes
  }: Omit<FinishStepAttributes, "values" | "guards"> & { guards?: readonly Node[]; gradients?: readonly Node[] },
): Node {
  return graph.addEffect(finishStepOp, [...values, ...guards, ...gradients], {
    ...attributes,
    values: values.length,
    guards: guards.length,
  });
}
