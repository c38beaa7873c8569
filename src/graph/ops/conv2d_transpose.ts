import { transposedConvGeometry } from "../../core/transposed_conv_geometry.ts";
import type { Pair } from "../../core/window_geometry.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import type { Conv2dOptions } from "./conv2d.ts";
import { conv2dInputGradient } from "./conv2d_gradients.ts";

export interface Conv2dTransposeOptions extends Conv2dOptions {
  /**
   * Rows and columns that the result has at its end beyond what padding leaves; less than the stride or the dilation. Left
   * out, the result's size is Keras': input · stride with "same", max(covered, input · stride) with "valid", and what is
   * covered less the padding where that is explicit; covered = (input - 1) · stride + (kernel - 1) · dilation + 1.
   */
  outputPadding?: Pair;
}

/**
 * Transposed 2-D convolution ("deconvolution"): each pixel of the input [batch, height, width, inChannels] lays its
 * multiple of the filter down, `strides` apart, and what overlaps adds up. Filters are laid out as in Keras,
 * [kh, kw, outChannels / groups, inChannels]; with groups, input channels g · inChannels / groups and the following make
 * output channels g · outChannels / groups and the following. Padding is what is cropped from the result, default
 * "valid": the op is the input gradient of the convolution with the same strides, padding, dilations and groups, which
 * is how it and its gradients are computed. Throws `ShapeError` and `ArgumentError`.
 */
export function conv2dTranspose(graph: Graph, input: Node, filter: Node, options: Conv2dTransposeOptions = {}): Node {
  const geometry = transposedConvGeometry("conv2dTranspose", input.shape, filter.shape, {
    strides: options.strides ?? [1, 1],
    padding: options.padding ?? "valid",
    outputPadding: options.outputPadding,
    dilations: options.dilations ?? [1, 1],
    groups: options.groups ?? 1,
  });
  return conv2dInputGradient(graph, input, filter, geometry);
}
