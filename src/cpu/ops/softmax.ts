import { at } from "../../core/at.ts";
import { logSoftmaxOp, softmaxOp } from "../../graph/ops/softmax.ts";
import { type CpuArray, defineCpuOp, read } from "../op.ts";

/** max and log Σ exp(x − max) of `count` values from `start` on. */
export function logSumExp(x: CpuArray, start: number, count: number): { most: number; logSum: number } {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) most = Math.max(most, read(x, start + i));
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(read(x, start + i) - most);
  return { most, logSum: Math.log(sum) };
}

export const softmaxOps = [softmaxOp, logSoftmaxOp].map((op) =>
  defineCpuOp(op, ({ node, input, output }) => {
    const x = input("x");
    const columns = at(node.shape, node.shape.length - 1);
    for (let start = 0; start < output.length; start += columns) {
      const { most, logSum } = logSumExp(x, start, columns);
      for (let i = start; i < start + columns; i++) {
        const logarithm = read(x, i) - most - logSum;
        output[i] = op === logSoftmaxOp ? logarithm : Math.exp(logarithm);
      }
    }
  }),
);
