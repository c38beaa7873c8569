import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { type AvgPoolAttributes, countedRange } from "../../graph/ops/avg_pool2d.ts";
import { avgPoolKernel, maxPoolGradientKernel, maxPoolKernel } from "../kernels/pools.ts";
import { clearKernel } from "../padding.ts";
import type { Task } from "../task.ts";
import { FLOAT, range } from "./patches.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

/** Windows of more values are the business of loops: a kernel writes them all out. */
const MOST_TAPS = 32;

export const maxPool: Rule = (node): Task | undefined => {
  if (!isOp(node, "maxPool2d")) return undefined;
  const { geometry: g } = node.attributes;
  if (g.kernelHeight * g.kernelWidth > MOST_TAPS) return undefined;
  const x = node.operand("x");
  const kernel = maxPoolKernel(g);
  return {
    ...taskOf(node, "max pool", [x]),
    kernels: [kernel],
    bind(places) {
      const run = places.call(kernel);
      const parameters = {
        ...{ x: places.array(x).address, to: places.array(node).address },
        ...{ images: g.batch, pixelBytes: g.channels * FLOAT },
      };
      return () => run(parameters);
    },
  };
};

export const maxPoolGradient: Rule = (node): Task | undefined => {
  if (!isOp(node, "maxPool2dGradient")) return undefined;
  const { geometry: g } = node.attributes;
  if (g.kernelHeight * g.kernelWidth > MOST_TAPS) return undefined;
  const [x, upstream] = [node.operand("x"), node.operand("upstream")];
  const kernel = maxPoolGradientKernel(g);
  return {
    ...taskOf(node, "max pool gradient", [x, upstream]),
    kernels: [clearKernel, kernel],
    bind(places) {
      const [clear, run] = [places.call(clearKernel), places.call(kernel)];
      const to = places.array(node);
      const parameters = {
        ...{ x: places.array(x).address, upstream: places.array(upstream).address, to: to.address },
        ...{ images: g.batch, pixelBytes: g.channels * FLOAT },
      };
      return () => {
        clear({ at: to.address, bytes: to.byteLength });
        run(parameters);
      };
    },
  };
};

/** Taps of each window of one axis that its divisor counts. */
function counted(
  [out, taps, stride, dilation]: readonly [number, number, number, number],
  from: number,
  to: number,
): number[] {
  return range(out, (window) => {
    const places = range(taps, (tap) => window * stride + tap * dilation);
    return places.filter((place) => place >= from && place < to).length;
  });
}

/** Values that each window of an image counts, line by line. */
function divisorsOf(attributes: AvgPoolAttributes): Float32Array {
  const { geometry: g } = attributes;
  const { fromRow, toRow, fromColumn, toColumn } = countedRange(attributes);
  const rows = counted([g.outHeight, g.kernelHeight, g.strideHeight, g.dilationHeight], fromRow, toRow);
  const columns = counted([g.outWidth, g.kernelWidth, g.strideWidth, g.dilationWidth], fromColumn, toColumn);
  return Float32Array.from(rows.flatMap((row) => columns.map((column) => row * column)));
}

function averageTask(node: Node, attributes: AvgPoolAttributes, x: Node, y: Node): Task | undefined {
  const { geometry: g } = attributes;
  if (g.kernelHeight * g.kernelWidth > MOST_TAPS) return undefined;
  const isMean = node === y;
  const kernel = avgPoolKernel(g, isMean ? "result" : "input gradient");
  return {
    ...taskOf(node, isMean ? "average pool" : "average pool gradient", node.inputs),
    tables: [new Int32Array(divisorsOf(attributes).buffer)],
    kernels: [clearKernel, kernel],
    bind(places) {
      const [clear, run] = [places.call(clearKernel), places.call(kernel)];
      const result = places.array(node);
      const parameters = {
        ...{ x: places.array(x).address, y: places.array(y).address, divisors: places.table(0) },
        ...{ images: g.batch, pixelBytes: g.channels * FLOAT },
      };
      return () => {
        if (!isMean) clear({ at: result.address, bytes: result.byteLength });
        run(parameters);
      };
    },
  };
}

export const avgPool: Rule = (node): Task | undefined => {
  if (isOp(node, "avgPool2d")) return averageTask(node, node.attributes, node.operand("x"), node);
  if (isOp(node, "avgPool2dGradient")) return averageTask(node, node.attributes, node, node.operand("upstream"));
  return undefined;
};
