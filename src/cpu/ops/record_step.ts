import { at } from "../../core/at.ts";
import { recordStepOp, recordStepParts } from "../../graph/ops/record_step.ts";
import { defineCpuOp, read } from "../op.ts";
import { countStep, recordRow } from "./step_ring.ts";

export const recordStepOps = [
  defineCpuOp(recordStepOp, ({ attributes, inputs, variable }) => {
    const { ring, guarded = false } = attributes;
    const { values, guard } = recordStepParts(inputs("values"), guarded);
    const counted = guard === undefined || read(guard, 0) === 0;
    recordRow(attributes, at(ring.shape, 0), { values, counted }, variable);
    countStep(attributes, variable);
  }),
];
