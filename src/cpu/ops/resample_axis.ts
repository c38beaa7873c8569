import { sizeOf } from "../../core/shape.ts";
import { aroundAxis, resampleAxisOp } from "../../graph/ops/resample_axis.ts";
import { defineCpuOp, read } from "../op.ts";

export const resampleAxisOps = [
  defineCpuOp(
    resampleAxisOp,
    ({ node, attributes: { axis, taps }, input, output }) => {
      const x = input("x");
      const [outer, extent, inner] = aroundAxis(node.operand("x").shape, axis);
      for (let block = 0; block < outer; block++) {
        taps.forEach((list, position) => {
          for (let i = 0; i < inner; i++) {
            let sum = 0;
            for (const { index, weight } of list) sum += weight * read(x, (block * extent + index) * inner + i);
            output[(block * taps.length + position) * inner + i] = sum;
          }
        });
      }
    },
    (node) => 2 * sizeOf(node.shape),
  ),
];
