import { nonFiniteOp } from "../../graph/ops/non_finite.ts";
import { defineCpuOp } from "../op.ts";

export const nonFiniteOps = [
  defineCpuOp(nonFiniteOp, ({ inputCount, input, output }) => {
    let found = 0;
    for (let index = 0; index < inputCount; index++) {
      for (const value of input(index)) if (!Number.isFinite(Math.fround(value))) found++;
    }
    output[0] = found;
  }),
];
