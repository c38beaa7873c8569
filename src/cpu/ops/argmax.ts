import { at } from "../../core/at.ts";
import { argmaxOp } from "../../graph/ops/argmax.ts";
import { type CpuArray, defineCpuOp, read } from "../op.ts";

/** Index, within the row, of the first maximum of `count` values from `start` on; NaN beats everything, as in max. */
export function firstMaximum(x: CpuArray, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    const [value, most] = [read(x, start + i), read(x, start + best)];
    if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) best = i;
  }
  return best;
}

export const argmaxOps = [
  defineCpuOp(argmaxOp, ({ node, input, output }) => {
    const { shape } = node.operand("x");
    const columns = at(shape, shape.length - 1);
    for (let row = 0; row < output.length; row++) output[row] = firstMaximum(input("x"), row * columns, columns);
  }),
];
