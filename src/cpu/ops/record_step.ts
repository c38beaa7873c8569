import { at } from "../../core/at.ts";
import { recordStepOp } from "../../graph/ops/record_step.ts";
import { defineCpuOp, read } from "../op.ts";

export const recordStepOps = [
  defineCpuOp(recordStepOp, ({ attributes: { ring, counters, guarded = false }, inputCount, input, variable }) => {
    const [capacity, width] = [at(ring.shape, 0), at(ring.shape, 1)];
    const first = (read(variable(at(counters, 0)), 0) % capacity) * width;
    const values = guarded ? inputCount - 1 : inputCount;
    let place = first;
    for (let index = 0; index < values; index++) {
      variable(ring).set(input(index), place);
      place += input(index).length;
    }
    if (guarded && read(input(values), 0) !== 0) variable(ring)[first] = Number.NaN;
    for (const counter of counters) {
      const value = variable(counter);
      value[0] = read(value, 0) + 1;
    }
  }),
];
