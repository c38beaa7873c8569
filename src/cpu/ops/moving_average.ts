import { movingAverageOp } from "../../graph/ops/moving_average.ts";
import { defineCpuOp, read } from "../op.ts";

export const movingAverageOps = [
  defineCpuOp(movingAverageOp, ({ attributes: { momentum }, input, output }) => {
    const [old, value] = [input("old"), input("value")];
    for (let i = 0; i < output.length; i++) output[i] = read(old, i) * momentum + read(value, i) * (1 - momentum);
  }),
];
