import { cumsumOp } from "../../graph/ops/cumsum.ts";
import { aroundAxis } from "../../graph/ops/resample_axis.ts";
import { defineCpuOp, read } from "../op.ts";

export const cumsumOps = [
  defineCpuOp(cumsumOp, ({ node, attributes: { axis, exclusive, reverse }, input, output }) => {
    const x = input("x");
    const [outer, extent, inner] = aroundAxis(node.shape, axis);
    for (let block = 0; block < outer; block++) {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let step = 0; step < extent; step++) {
          const position = reverse ? extent - 1 - step : step;
          const place = (block * extent + position) * inner + i;
          const before = sum;
          sum += read(x, place);
          output[place] = exclusive ? before : sum;
        }
      }
    }
  }),
];
