import { LEAST_LOSS_SCALE, type LossScaling, MOST_LOSS_SCALE } from "../../graph/loss_scaling.ts";
import type { Variable } from "../../graph/node.ts";
import { type CpuArray, read } from "../op.ts";

/** The gradients divided by the scale and the updates done before this one; undefined if the step is to be skipped. */
export function unscaled(
  { scale, counters, growthInterval }: LossScaling,
  finishedSteps: number,
  gradients: readonly CpuArray[],
  variable: (variable: Variable) => CpuArray,
): { finished: number; gradients: CpuArray[] } | undefined {
  const [held, count] = [variable(scale), variable(counters)];
  const divisor = read(held, 0);
  if (!gradients.every((gradient) => gradient.every((value) => Number.isFinite(value)))) {
    held[0] = Math.max(divisor / 2, LEAST_LOSS_SCALE);
    count[0] = 0;
    count[1] = read(count, 1) + 1;
    return undefined;
  }
  count[0] = read(count, 0) + 1;
  if (count[0] === growthInterval) {
    held[0] = Math.min(divisor * 2, MOST_LOSS_SCALE);
    count[0] = 0;
  }
  const divided = gradients.map((gradient) => Float64Array.from(gradient, (value) => value / divisor));
  return { finished: finishedSteps - read(count, 1), gradients: divided };
}
