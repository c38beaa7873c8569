import { at } from "../../graph/op.ts";
import { recordStepOp } from "../../graph/ops/record_step.ts";
import { defineCpuOp, read } from "../op.ts";

export const recordStepOps = [
  defineCpuOp(recordStepOp, ({ attributes: { ring, counters }, inputCount, input, variable }) => {
    const [capacity, width] = [at(ring.shape, 0), at(ring.shape, 1)];
    let place = (read(variable(at(counters, 0)), 0) % capacity) * width;
    for (let index = 0; index < inputCount; index++) {
      variable(ring).set(input(index), place);
      place += input(index).length;
    }
    for (const counter of counters) {
      const value = variable(counter);
      value[0] = read(value, 0) + 1;
    }
  }),
];
