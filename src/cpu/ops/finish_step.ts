import { at } from "../../core/at.ts";
import { LEAST_LOSS_SCALE, type LossScaling, MOST_LOSS_SCALE } from "../../graph/loss_scaling.ts";
import { finishStepOp, finishStepParts } from "../../graph/ops/finish_step.ts";
import { type CpuArray, defineCpuOp, read } from "../op.ts";
import { countStep, recordRow } from "./step_ring.ts";

/** What the value of a `finishStep` says; of the number of finished steps alone, that the step counts. */
export function verdictOf(values: CpuArray): { finished: number; moves: boolean; counts: boolean; divisor: number } {
  const finished = read(values, 0);
  if (values.length === 1) return { finished, moves: true, counts: true, divisor: 1 };
  const divisor = read(new Float32Array(Uint32Array.of(read(values, 3)).buffer), 0);
  return { finished, moves: read(values, 1) !== 0, counts: read(values, 2) !== 0, divisor };
}

/** Finite as an f32, which is what a GPU would hold. */
function isFinite32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** What follows from a step that counts for the loss scale (Micikevicius et al. 2018, section 3.2). */
function moveScale({ growthInterval }: LossScaling, scale: CpuArray, counters: CpuArray, overflowed: boolean): void {
  if (overflowed) {
    scale[0] = Math.max(read(scale, 0) / 2, LEAST_LOSS_SCALE);
    counters[0] = 0;
    counters[1] = read(counters, 1) + 1;
    return;
  }
  counters[0] = read(counters, 0) + 1;
  if (counters[0] !== growthInterval) return;
  scale[0] = Math.min(read(scale, 0) * 2, MOST_LOSS_SCALE);
  counters[0] = 0;
}

export const finishStepOps = [
  defineCpuOp(finishStepOp, ({ attributes, input, inputs, output, variable }) => {
    const { ring, counters, scaling } = attributes;
    const { values, guards, gradients } = finishStepParts(input("loss"), inputs("others"), attributes);
    const step = read(variable(at(counters, 0)), 0);
    const poisoned = !isFinite32(read(input("loss"), 0)) || guards.some((guard) => read(guard, 0) !== 0);
    const overflowed = gradients.some((gradient) => !gradient.every(isFinite32));
    const scale = scaling && variable(scaling.scale);
    const divisor = scale ? read(scale, 0) : 1;
    const counts = !poisoned && !(overflowed && divisor <= LEAST_LOSS_SCALE);
    recordRow(attributes, at(ring.shape, 0) - 1, { values, counted: counts }, variable);
    let finished = step;
    if (scaling && scale) {
      const scaleCounters = variable(scaling.counters);
      if (counts) moveScale(scaling, scale, scaleCounters, overflowed);
      finished = Math.max(0, step - read(scaleCounters, 1));
    }
    if (counts) countStep(attributes, variable);
    const bits = read(new Uint32Array(Float32Array.of(divisor).buffer), 0);
    output.set([finished, Number(counts && !overflowed), Number(counts), bits]);
  }),
];
