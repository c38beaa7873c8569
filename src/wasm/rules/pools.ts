import type { PoolGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { type AvgPoolAttributes, countedRange } from "../../graph/ops/avg_pool2d.ts";
import { avgPoolKernel, maxPoolGradientKernel, maxPoolKernel } from "../kernels/pools.ts";
import { clearKernel } from "../padding.ts";
import { call, divide, ofBytes, type Slice } from "../slices.ts";
import type { Task } from "../task.ts";
import { FLOAT, range } from "./patches.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

/** Windows of more values are the business of loops: a kernel writes them all out. */
const MOST_TAPS = 32;

/** Bytes of one image of what is pooled, and of the result. */
const imageBytesOf = (g: PoolGeometry) => ({
  inBytes: g.inHeight * g.inWidth * g.channels * FLOAT,
  outBytes: g.outHeight * g.outWidth * g.channels * FLOAT,
});

/** Slices of whole images; a value is read once for each window that has it. */
function ofImages(g: PoolGeometry, of: (begin: number, images: number) => Slice): Slice[] {
  const { inBytes, outBytes } = imageBytesOf(g);
  const visits = outBytes * g.kernelHeight * g.kernelWidth;
  return divide(g.batch, ofBytes(inBytes + visits)).map(({ begin, count }) => of(begin, count));
}

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
      const [from, to, { inBytes, outBytes }] = [places.array(x).address, places.array(node).address, imageBytesOf(g)];
      const pixelBytes = g.channels * FLOAT;
      return places.inSlices(
        ofImages(g, (begin, images) => [
          call(kernel, { x: from + begin * inBytes, to: to + begin * outBytes, images, pixelBytes }),
        ]),
      );
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
      const { inBytes, outBytes } = imageBytesOf(g);
      const [from, gradient, result] = [places.array(x), places.array(upstream), places.array(node)];
      return places.inSlices(
        ofImages(g, (begin, images) => {
          const to = result.address + begin * inBytes;
          const addresses = { x: from.address + begin * inBytes, upstream: gradient.address + begin * outBytes, to };
          return [
            call(clearKernel, { at: to, bytes: images * inBytes }),
            call(kernel, { ...addresses, images, pixelBytes: g.channels * FLOAT }),
          ];
        }),
      );
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
      const { inBytes, outBytes } = imageBytesOf(g);
      const [from, to, divisors] = [places.array(x).address, places.array(y).address, places.table(0)];
      return places.inSlices(
        ofImages(g, (begin, images) => {
          const at = from + begin * inBytes;
          const sums = { x: at, y: to + begin * outBytes, divisors, images, pixelBytes: g.channels * FLOAT };
          return [...(isMean ? [] : [call(clearKernel, { at, bytes: images * inBytes })]), call(kernel, sums)];
        }),
      );
    },
  };
}

export const avgPool: Rule = (node): Task | undefined => {
  if (isOp(node, "avgPool2d")) return averageTask(node, node.attributes, node.operand("x"), node);
  if (isOp(node, "avgPool2dGradient")) return averageTask(node, node.attributes, node, node.operand("upstream"));
  return undefined;
};
