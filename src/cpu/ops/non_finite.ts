import { nonFiniteOp } from "../../graph/ops/non_finite.ts";
import { defineCpuOp } from "../op.ts";

export const nonFiniteOps = [
  defineCpuOp(nonFiniteOp, ({ input, inputs, output }) => {
    let found = 0;
    for (const values of [input("first"), ...inputs("others")]) {
      for (const value of values) if (!Number.isFinite(Math.fround(value))) found++;
    }
    output[0] = found;
  }),
];
