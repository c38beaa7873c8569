import type { ConvGeometry } from "../../core/window_geometry.ts";
import type { Node } from "../../graph/node.ts";
import { isOp } from "../../graph/op.ts";
import { depthwiseKernel } from "../kernels/pools.ts";
import { clearKernel } from "../padding.ts";
import { call, divide, ofBytes } from "../slices.ts";
import type { Task } from "../task.ts";
import { FLOAT } from "./patches.ts";
import { taskOf } from "./pointwise.ts";
import type { Rule } from "./rule.ts";

/** Windows of more values are the business of loops: a kernel writes them all out. */
const MOST_TAPS = 64;

/** One filter a channel, and nothing summed over channels. */
const isDepthwise = (g: ConvGeometry): boolean =>
  g.groupInChannels === 1 && g.groupOutChannels === 1 && g.groups > 1 && g.kernelHeight * g.kernelWidth <= MOST_TAPS;

interface Operands {
  readonly x: Node;
  readonly weights: Node;
  readonly y: Node;
}

/** One of the three is the result, which gradients add up in. */
function task(node: Node, g: ConvGeometry, { x, weights, y }: Operands, adds: boolean): Task {
  const of = node === y ? "result" : node === x ? "input gradient" : "filter gradient";
  const kernel = depthwiseKernel({ ...g, channels: g.inChannels }, of);
  return {
    ...taskOf(
      node,
      "depthwise",
      [x, weights, y].filter((operand) => operand !== node),
    ),
    kernels: [clearKernel, kernel],
    bind(places) {
      const result = places.array(node);
      const [from, taps, to] = [places.array(x).address, places.array(weights).address, places.array(y).address];
      const pixelBytes = g.inChannels * FLOAT;
      const [inBytes, outBytes] = [g.inHeight * g.inWidth * pixelBytes, g.outHeight * g.outWidth * pixelBytes];
      // One thread alone adds up the filter's gradient.
      const products = (outBytes / FLOAT) * g.kernelHeight * g.kernelWidth;
      const slices = divide(g.batch, ofBytes(FLOAT * products), node === weights ? { most: 1 } : {});
      const cleared = (begin: number, images: number) =>
        node === weights
          ? { at: result.address, bytes: result.byteLength }
          : { at: result.address + begin * inBytes, bytes: images * inBytes };
      return places.inSlices(
        slices.map(({ begin, count: images }) => [
          ...(adds ? [call(clearKernel, cleared(begin, images))] : []),
          call(kernel, {
            ...{ x: from + begin * inBytes, weights: taps, y: to + begin * outBytes },
            ...{ images, pixelBytes },
          }),
        ]),
      );
    },
  };
}

export const depthwise: Rule = (node): Task | undefined => {
  if (isOp(node, "conv2d") && isDepthwise(node.attributes.geometry)) {
    const operands = { x: node.operand("x"), weights: node.operand("filter"), y: node };
    return task(node, node.attributes.geometry, operands, false);
  }
  if (isOp(node, "conv2dInputGradient") && isDepthwise(node.attributes.geometry)) {
    const operands = { x: node, weights: node.operand("filter"), y: node.operand("upstream") };
    return task(node, node.attributes.geometry, operands, true);
  }
  if (isOp(node, "conv2dFilterGradient") && isDepthwise(node.attributes.geometry)) {
    const operands = { x: node.operand("x"), weights: node, y: node.operand("upstream") };
    return task(node, node.attributes.geometry, operands, true);
  }
  return undefined;
};
