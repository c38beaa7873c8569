import { oneHotOp } from "../../graph/ops/one_hot.ts";
import { defineCpuOp } from "../op.ts";

export const oneHotOps = [
  defineCpuOp(
    oneHotOp,
    ({ attributes: { depth }, input, output }) => {
      output.fill(0);
      input("indices").forEach((place, row) => {
        if (place >= 0 && place < depth) output[row * depth + place] = 1;
      });
    },
    () => 0,
  ),
];
