import { ShapeError } from "../../../core/errors.ts";
import { checkCount } from "../../../core/numbers.ts";
import { checkOptions, type OptionKinds } from "../../../core/options.ts";
import { formatShape, type Shape } from "../../../core/shape.ts";
import { type ConvGeometry, convGeometry, type Padding } from "../../../core/window_geometry.ts";
import { add } from "../../../graph/ops/arithmetic.ts";
import { conv2d as conv2dNode } from "../../../graph/ops/conv2d.ts";
import { checkImage, checkPadding, describeNew, type Layer, layerConfig, layerOfOne, toPair } from "../../layer.ts";
import { biasSpecs, kernelSpec, type OptionRules, WEIGHTS, type WeightOptions } from "../weights.ts";

/** Options of `conv2d`. */
export interface Conv2dLayerOptions extends WeightOptions {
  /** Output channels. */
  filters: number;
  /** Window, a number or [height, width]. */
  kernelSize: number | readonly [number, number];
  /** Default 1. */
  strides?: number | readonly [number, number];
  /** "same", "valid" or [[top, bottom], [left, right]]; default "valid". */
  padding?: Padding;
  /** Default 1. */
  dilationRate?: number | readonly [number, number];
  /** Default 1. */
  groups?: number;
}

const CONV2D: OptionKinds<Conv2dLayerOptions> = {
  filters: "number",
  kernelSize: "any",
  strides: "any",
  padding: "any",
  dilationRate: "any",
  groups: "number",
  ...WEIGHTS,
};

/** `conv2d`, by these rules. */
export function conv2dLayer(options: Conv2dLayerOptions, rules: OptionRules): Layer {
  checkOptions("conv2d", options, CONV2D);
  const what = describeNew("conv2d", options);
  const filters = checkCount(what, "filters", options.filters);
  const kernel = toPair(what, "kernelSize", options.kernelSize);
  const strides = toPair(what, "strides", options.strides ?? 1);
  const dilations = toPair(what, "dilationRate", options.dilationRate ?? 1);
  const groups = checkCount(what, "groups", options.groups ?? 1);
  const padding = checkPadding(what, options.padding);
  rules.checkWeights(what, options);

  function geometry(input: Shape, where: string): ConvGeometry {
    const [, , channels] = checkImage(where, input);
    if (channels % groups !== 0) {
      throw new ShapeError(
        `${where}: ${channels} channels of ${formatShape(input)} cannot be split into ${groups} groups.`,
      );
    }
    const filter = [kernel[0], kernel[1], channels / groups, filters];
    return convGeometry(where, [1, ...input], filter, { strides, padding, dilations, groups });
  }

  return layerOfOne({
    config: layerConfig("conv2d", options),
    keyword: "conv2d",
    activation: rules.activation(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      const g = geometry(input, where);
      return [g.outHeight, g.outWidth, g.outChannels];
    },
    parameters(input) {
      const inChannels = (input[2] ?? 0) / groups;
      const field = kernel[0] * kernel[1];
      const fans = { fanIn: field * inChannels, fanOut: field * filters };
      return [
        kernelSpec(options, rules, [kernel[0], kernel[1], inChannels, filters], fans),
        ...biasSpecs(options, rules, filters, fans),
      ];
    },
    multiplyAdds(input, where) {
      const g = geometry(input, where);
      return g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
    },
    build(x, { graph, parameter }) {
      const y = conv2dNode(graph, x, parameter("kernel"), { strides, padding, dilations, groups });
      return options.useBias === false ? y : add(graph, y, parameter("bias"));
    },
  });
}
