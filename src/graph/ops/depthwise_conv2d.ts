import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { type Conv2dOptions, conv2d } from "./conv2d.ts";
import { reshape } from "./reshape.ts";

/**
 * Depthwise 2-D convolution: every channel of the input [batch, height, width, channels] is convolved by itself with
 * `multiplier` filters of its own, [kh, kw, channels, multiplier] as in Keras and TensorFlow. Channel i · multiplier + m
 * of the result [batch, outHeight, outWidth, channels · multiplier] is filter m of channel i. It is a convolution with
 * as many groups as channels. Throws `ShapeError` when shapes do not fit.
 */
export function depthwiseConv2d(
  graph: Graph,
  input: Node,
  filter: Node,
  options: Omit<Conv2dOptions, "groups"> = {},
): Node {
  const channels = input.shape[3];
  const [kernelHeight, kernelWidth, filterChannels, multiplier] = filter.shape;
  if (
    input.shape.length !== 4 ||
    channels === undefined ||
    filter.shape.length !== 4 ||
    kernelHeight === undefined ||
    kernelWidth === undefined ||
    multiplier === undefined ||
    filterChannels !== channels
  ) {
    throw new ShapeError(
      `depthwiseConv2d: wants an input [batch, height, width, channels] and a filter [kh, kw, channels, multiplier], ` +
        `got ${formatShape(input.shape)} and ${formatShape(filter.shape)}.`,
    );
  }
  const grouped = reshape(graph, filter, [kernelHeight, kernelWidth, 1, channels * multiplier]);
  return conv2d(graph, input, grouped, { ...options, groups: channels });
}
