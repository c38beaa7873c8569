import { Variable } from "./node.ts";

/**
 * The loss scale of mixed-precision training: gradients are multiplied by it on their way, so that small ones survive
 * 16-bit storage, and divided by it before the update. A step with a gradient that is not finite changes no parameter and
 * halves the scale; after `growthInterval` good steps in a row it doubles (Micikevicius et al. 2018, section 3.2).
 */
export interface LossScaling {
  /** f32 scalar, a power of two: dividing by it rounds nothing. */
  readonly scale: Variable;
  /** u32 [3]: good steps since the scale last changed; steps skipped in all; and, within a step, whether it overflowed. */
  readonly counters: Variable;
  readonly growthInterval: number;
}

const INITIAL_LOSS_SCALE = 2 ** 15;
export const LEAST_LOSS_SCALE = 1;
export const MOST_LOSS_SCALE = 2 ** 24;

/** A scale of 2¹⁵ that doubles after 2,000 good steps, unless told otherwise. */
export function newLossScaling({ initialScale = INITIAL_LOSS_SCALE, growthInterval = 2000 } = {}): LossScaling {
  return {
    scale: new Variable({ name: "loss scale", shape: [], initial: Float32Array.of(initialScale) }),
    counters: new Variable({ name: "loss scale counters", shape: [3], dtype: "u32" }),
    growthInterval,
  };
}
