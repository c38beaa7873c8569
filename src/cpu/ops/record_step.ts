import { at } from "../../core/at.ts";
import { recordStepOp, recordStepParts } from "../../graph/ops/record_step.ts";
import { defineCpuOp, read } from "../op.ts";

export const recordStepOps = [
  defineCpuOp(recordStepOp, ({ attributes: { ring, counters, guarded = false }, inputs, variable }) => {
    const [capacity, width] = [at(ring.shape, 0), at(ring.shape, 1)];
    const first = (read(variable(at(counters, 0)), 0) % capacity) * width;
    const { values, guard } = recordStepParts(inputs("values"), guarded);
    let place = first;
    for (const value of values) {
      variable(ring).set(value, place);
      place += value.length;
    }
    if (guard && read(guard, 0) !== 0) variable(ring)[first] = Number.NaN;
    for (const counter of counters) {
      const value = variable(counter);
      value[0] = read(value, 0) + 1;
    }
  }),
];
