import { broadcastStrides, reducedShape } from "../../core/axes.ts";
import type { Shape } from "../../core/shape.ts";
import { maxGradientOp, maxOp, minOp, productOp } from "../../graph/ops/reduce.ts";
import { sumOp } from "../../graph/ops/sum.ts";
import { defineCpuOp, read, storeSums, zeroSums } from "../op.ts";
import { walk } from "../walk.ts";

/** Walks over `shape` with the index of the element that it reduces to. */
function walkReduced(shape: Shape, axes: readonly number[], visit: (index: number, reduced: number) => void): void {
  walk(shape, broadcastStrides(reducedShape(shape, axes, true), shape), visit);
}

export const reduceOps = [
  defineCpuOp(sumOp, ({ node, attributes, input, output }) => {
    const x = input("x");
    const sums = zeroSums(output);
    walkReduced(node.operand("x").shape, attributes.axes, (index, reduced) => {
      sums[reduced] = read(sums, reduced) + read(x, index);
    });
    storeSums(sums, output);
  }),
  defineCpuOp(maxOp, ({ node, attributes, input, output }) => {
    const x = input("x");
    output.fill(Number.NEGATIVE_INFINITY);
    walkReduced(node.operand("x").shape, attributes.axes, (index, reduced) => {
      const value = read(x, index);
      if (value > read(output, reduced) || Number.isNaN(value)) output[reduced] = value;
    });
  }),
  defineCpuOp(minOp, ({ node, attributes, input, output }) => {
    const x = input("x");
    output.fill(Number.POSITIVE_INFINITY);
    walkReduced(node.operand("x").shape, attributes.axes, (index, reduced) => {
      output[reduced] = Math.min(read(output, reduced), read(x, index));
    });
  }),
  defineCpuOp(productOp, ({ node, attributes, input, output }) => {
    const x = input("x");
    const products = zeroSums(output).fill(1);
    walkReduced(node.operand("x").shape, attributes.axes, (index, reduced) => {
      products[reduced] = read(products, reduced) * read(x, index);
    });
    storeSums(products, output);
  }),
  defineCpuOp(maxGradientOp, ({ node, attributes, input, output }) => {
    const [x, upstream] = [input("x"), input("upstream")];
    const first = new Int32Array(upstream.length).fill(-1);
    walkReduced(node.shape, attributes.axes, (index, reduced) => {
      const best = read(first, reduced);
      const value = best < 0 ? Number.NEGATIVE_INFINITY : read(x, best);
      // NaN beats everything, as it does in max.
      const wins = read(x, index) > value || (Number.isNaN(read(x, index)) && !Number.isNaN(value));
      if (best < 0 || wins) first[reduced] = index;
    });
    output.fill(0);
    first.forEach((index, reduced) => {
      output[index] = read(upstream, reduced);
    });
  }),
];
