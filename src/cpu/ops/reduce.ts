import { broadcastStrides, reducedShape, type Shape } from "../../core/shape.ts";
import { at } from "../../graph/op.ts";
import { maxGradientOp, maxOp, sumOp } from "../../graph/ops/reduce.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

/** Walks over `shape` with the index of the element that it reduces to. */
function walkReduced(shape: Shape, axes: readonly number[], visit: (index: number, reduced: number) => void): void {
  walk(shape, broadcastStrides(reducedShape(shape, axes, true), shape), visit);
}

export const reduceOps = [
  defineCpuOp(sumOp, ({ node, attributes, input, output }) => {
    const x = input(0);
    const sums = new Float64Array(output.length);
    walkReduced(at(node.inputs, 0).shape, attributes.axes, (index, reduced) => {
      sums[reduced] = read(sums, reduced) + read(x, index);
    });
    output.set(sums);
  }),
  defineCpuOp(maxOp, ({ node, attributes, input, output }) => {
    const x = input(0);
    output.fill(Number.NEGATIVE_INFINITY);
    walkReduced(at(node.inputs, 0).shape, attributes.axes, (index, reduced) => {
      const value = read(x, index);
      if (value > read(output, reduced) || Number.isNaN(value)) output[reduced] = value;
    });
  }),
  defineCpuOp(maxGradientOp, ({ node, attributes, input, output }) => {
    const [x, upstream] = [input(0), input(1)];
    const first = new Int32Array(upstream.length).fill(-1);
    walkReduced(node.shape, attributes.axes, (index, reduced) => {
      const best = read(first, reduced);
      if (best < 0 || read(x, index) > read(x, best)) first[reduced] = index;
    });
    output.fill(0);
    first.forEach((index, reduced) => {
      output[index] = read(upstream, reduced);
    });
  }),
];
