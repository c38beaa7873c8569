import { ArgumentError } from "../../core/errors.ts";
import { checkCount } from "../../core/numbers.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import type { Shape } from "../../core/shape.ts";
import { transposedConvGeometry } from "../../core/transposed_conv_geometry.ts";
import { type ConvGeometry, convGeometry, type Padding, type Pair } from "../../core/window_geometry.ts";
import { add } from "../../graph/ops/arithmetic.ts";
import { conv2d } from "../../graph/ops/conv2d.ts";
import { conv2dTranspose as conv2dTransposeNode } from "../../graph/ops/conv2d_transpose.ts";
import { depthwiseConv2d as depthwiseConv2dNode } from "../../graph/ops/depthwise_conv2d.ts";
import { type Constraint, checkConstraint } from "../constraints.ts";
import { checkInitializer, type Initializer } from "../initializers.ts";
import { checkImage, checkPadding, describeNew, type Layer, layerConfig, layerOfOne, toPair } from "../layer.ts";
import { checkRegularizer, type Regularizer } from "../regularizers.ts";
import { everyOption } from "./every_option.ts";
import { held } from "./held.ts";
import { biasSpecs, defaultInitializer, kernelSpec, WEIGHTS, type WeightOptions } from "./weights.ts";

/** How a window moves over an image. */
export interface WindowLayerOptions {
  /** Window, a number or [height, width]. */
  kernelSize: number | readonly [number, number];
  /** Default 1. */
  strides?: number | readonly [number, number];
  /** "same", "valid" or [[top, bottom], [left, right]]; default "valid". */
  padding?: Padding;
  /** Default 1. */
  dilationRate?: number | readonly [number, number];
}

const WINDOW: OptionKinds<WindowLayerOptions> = {
  kernelSize: "any",
  strides: "any",
  padding: "any",
  dilationRate: "any",
};

function checkWindow(what: string, options: WindowLayerOptions) {
  return {
    kernel: toPair(what, "kernelSize", options.kernelSize),
    strides: toPair(what, "strides", options.strides ?? 1),
    padding: checkPadding(what, options.padding),
    dilations: toPair(what, "dilationRate", options.dilationRate ?? 1),
  };
}

/** The geometry of a depthwise convolution of one image, as a convolution with a group a channel. */
function depthwiseGeometry(
  where: string,
  input: Shape,
  { kernel, ...window }: ReturnType<typeof checkWindow>,
  multiplier: number,
): ConvGeometry {
  const [, , channels] = checkImage(where, input);
  const filter = [kernel[0], kernel[1], 1, channels * multiplier];
  return convGeometry(where, [1, ...input], filter, { ...window, groups: channels });
}

/** Multiplications of a convolution of one image. */
function multiplyAddsOf(g: ConvGeometry): number {
  return g.outHeight * g.outWidth * g.outChannels * g.kernelHeight * g.kernelWidth * g.groupInChannels;
}

/** Options of `depthwiseConv2d`. */
export interface DepthwiseConv2dLayerOptions
  extends WindowLayerOptions,
    Omit<WeightOptions, "kernelInitializer" | "kernelRegularizer" | "kernelConstraint"> {
  /** Output channels for each input channel; default 1. */
  depthMultiplier?: number;
  /** Default "heNormal" before a ReLU, else "glorotUniform". Keras: "glorotUniform" always. */
  depthwiseInitializer?: Initializer;
  /** Added to the loss in training; default none. */
  depthwiseRegularizer?: Regularizer;
  /** Applied after each update; default none. */
  depthwiseConstraint?: Constraint;
}

const { kernelInitializer, kernelRegularizer, kernelConstraint, ...OTHER_WEIGHTS } = WEIGHTS;

const DEPTHWISE_CONV2D: OptionKinds<DepthwiseConv2dLayerOptions> = {
  ...WINDOW,
  depthMultiplier: "number",
  depthwiseInitializer: kernelInitializer,
  depthwiseRegularizer: kernelRegularizer,
  depthwiseConstraint: kernelConstraint,
  ...OTHER_WEIGHTS,
};

/**
 * Each channel convolved by itself, with `depthMultiplier` filters: [height, width, channels] → [outHeight, outWidth,
 * channels · depthMultiplier]. Kernel [kh, kw, channels, depthMultiplier]. Throws `ArgumentError` for an option out of range.
 */
export function depthwiseConv2d(options: DepthwiseConv2dLayerOptions): Layer {
  checkOptions("depthwiseConv2d", options, DEPTHWISE_CONV2D);
  const what = describeNew("depthwise_conv2d", options);
  const window = checkWindow(what, options);
  const multiplier = checkCount(what, "depthMultiplier", options.depthMultiplier ?? 1);
  const weights: WeightOptions = {
    ...options,
    ...(options.depthwiseInitializer && { kernelInitializer: options.depthwiseInitializer }),
    ...(options.depthwiseRegularizer && { kernelRegularizer: options.depthwiseRegularizer }),
    ...(options.depthwiseConstraint && { kernelConstraint: options.depthwiseConstraint }),
  };
  everyOption.checkWeights(what, weights);
  const { kernel, ...rest } = window;
  return layerOfOne({
    config: layerConfig("depthwiseConv2d", options),
    keyword: "depthwise_conv2d",
    activation: everyOption.activation(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      const g = depthwiseGeometry(where, input, window, multiplier);
      return [g.outHeight, g.outWidth, g.outChannels];
    },
    parameters(input) {
      const channels = input[2] ?? 0;
      const field = kernel[0] * kernel[1];
      // A unit sees one channel.
      const fans = { fanIn: field, fanOut: field * multiplier };
      return [
        kernelSpec(weights, everyOption, [kernel[0], kernel[1], channels, multiplier], fans),
        ...biasSpecs(weights, everyOption, channels * multiplier, fans),
      ];
    },
    multiplyAdds: (input, where) => multiplyAddsOf(depthwiseGeometry(where, input, window, multiplier)),
    build(x, { graph, parameter }) {
      const y = depthwiseConv2dNode(graph, x, parameter("kernel"), rest);
      return options.useBias === false ? y : add(graph, y, parameter("bias"));
    },
  });
}

/** Options of `separableConv2d`. */
export interface SeparableConv2dLayerOptions
  extends WindowLayerOptions,
    Omit<WeightOptions, "kernelInitializer" | "kernelRegularizer" | "kernelConstraint"> {
  /** Output channels. */
  filters: number;
  /** Channels between the two steps for each input channel; default 1. */
  depthMultiplier?: number;
  /** Default "glorotUniform". */
  depthwiseInitializer?: Initializer;
  /** Default "heNormal" before a ReLU, else "glorotUniform". Keras: "glorotUniform" always. */
  pointwiseInitializer?: Initializer;
  /** Added to the loss in training; default none. */
  depthwiseRegularizer?: Regularizer;
  /** Added to the loss in training; default none. */
  pointwiseRegularizer?: Regularizer;
  /** Applied after each update; default none. */
  depthwiseConstraint?: Constraint;
  /** Applied after each update; default none. */
  pointwiseConstraint?: Constraint;
}

const SEPARABLE_CONV2D: OptionKinds<SeparableConv2dLayerOptions> = {
  filters: "number",
  ...DEPTHWISE_CONV2D,
  pointwiseInitializer: kernelInitializer,
  pointwiseRegularizer: kernelRegularizer,
  pointwiseConstraint: kernelConstraint,
};

/**
 * A depthwise convolution, then a 1×1 one that mixes the channels (Chollet 2017): [height, width, channels] → [outHeight,
 * outWidth, filters]. Kernels `depthwise_kernel` [kh, kw, channels, depthMultiplier] and `pointwise_kernel` [1, 1, channels ·
 * depthMultiplier, filters]. Throws `ArgumentError` for an option out of range.
 */
export function separableConv2d(options: SeparableConv2dLayerOptions): Layer {
  checkOptions("separableConv2d", options, SEPARABLE_CONV2D);
  const what = describeNew("separable_conv2d", options);
  const window = checkWindow(what, options);
  const filters = checkCount(what, "filters", options.filters);
  const multiplier = checkCount(what, "depthMultiplier", options.depthMultiplier ?? 1);
  everyOption.checkWeights(what, options);
  checkInitializer(`${what}: depthwiseInitializer`, options.depthwiseInitializer);
  checkInitializer(`${what}: pointwiseInitializer`, options.pointwiseInitializer);
  checkRegularizer(`${what}: depthwiseRegularizer`, options.depthwiseRegularizer);
  checkRegularizer(`${what}: pointwiseRegularizer`, options.pointwiseRegularizer);
  checkConstraint(`${what}: depthwiseConstraint`, options.depthwiseConstraint);
  checkConstraint(`${what}: pointwiseConstraint`, options.pointwiseConstraint);
  const { kernel, ...rest } = window;
  return layerOfOne({
    config: layerConfig("separableConv2d", options),
    keyword: "separable_conv2d",
    activation: everyOption.activation(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      const g = depthwiseGeometry(where, input, window, multiplier);
      return [g.outHeight, g.outWidth, filters];
    },
    parameters(input) {
      const channels = input[2] ?? 0;
      const field = kernel[0] * kernel[1];
      const mixed = channels * multiplier;
      const pointwiseFans = { fanIn: mixed, fanOut: filters };
      return [
        {
          name: "depthwise_kernel",
          shape: [kernel[0], kernel[1], channels, multiplier],
          initializer: options.depthwiseInitializer ?? "glorotUniform",
          fans: { fanIn: field, fanOut: field * multiplier },
          ...held(options.depthwiseRegularizer, options.depthwiseConstraint),
        },
        {
          name: "pointwise_kernel",
          shape: [1, 1, mixed, filters],
          initializer: options.pointwiseInitializer ?? defaultInitializer(options.activation),
          fans: pointwiseFans,
          ...held(options.pointwiseRegularizer, options.pointwiseConstraint),
        },
        ...biasSpecs(options, everyOption, filters, pointwiseFans),
      ];
    },
    multiplyAdds(input, where) {
      const g = depthwiseGeometry(where, input, window, multiplier);
      return multiplyAddsOf(g) + g.outHeight * g.outWidth * g.outChannels * filters;
    },
    build(x, { graph, parameter }) {
      const depthwise = depthwiseConv2dNode(graph, x, parameter("depthwise_kernel"), rest);
      const y = conv2d(graph, depthwise, parameter("pointwise_kernel"));
      return options.useBias === false ? y : add(graph, y, parameter("bias"));
    },
  });
}

/** Options of `conv2dTranspose`. */
export interface Conv2dTransposeLayerOptions extends WindowLayerOptions, WeightOptions {
  /** Output channels. */
  filters: number;
  /** Rows and columns more at the end than Keras' size, a number or [height, width], less than the stride. Default: none. */
  outputPadding?: number | readonly [number, number];
}

const CONV2D_TRANSPOSE: OptionKinds<Conv2dTransposeLayerOptions> = {
  filters: "number",
  ...WINDOW,
  outputPadding: "any",
  ...WEIGHTS,
};

/**
 * Transposed convolution, which makes images larger: [height, width, channels] → with "same" [height · stride, width · stride,
 * filters], with "valid" what the windows cover. Kernel [kh, kw, filters, channels]. Throws `ArgumentError` for an option
 * out of range.
 */
export function conv2dTranspose(options: Conv2dTransposeLayerOptions): Layer {
  checkOptions("conv2dTranspose", options, CONV2D_TRANSPOSE);
  const what = describeNew("conv2d_transpose", options);
  const { kernel, ...window } = checkWindow(what, options);
  const filters = checkCount(what, "filters", options.filters);
  everyOption.checkWeights(what, options);
  const outputPadding = toExtent(what, options.outputPadding);
  const geometry = (input: Shape, where: string): ConvGeometry => {
    const [, , channels] = checkImage(where, input);
    const filter = [kernel[0], kernel[1], filters, channels];
    return transposedConvGeometry(where, [1, ...input], filter, { ...window, outputPadding, groups: 1 });
  };
  return layerOfOne({
    config: layerConfig("conv2dTranspose", options),
    keyword: "conv2d_transpose",
    activation: everyOption.activation(what, options.activation),
    trainable: options.trainable,
    outputShape(input, where) {
      // The geometry is that of the convolution which this one is the gradient of.
      const g = geometry(input, where);
      return [g.inHeight, g.inWidth, g.inChannels];
    },
    parameters(input) {
      const channels = input[2] ?? 0;
      const field = kernel[0] * kernel[1];
      // Keras counts the fans of the kernel as it is laid out: its last axis as outputs.
      const fans = { fanIn: field * filters, fanOut: field * channels };
      return [
        kernelSpec(options, everyOption, [kernel[0], kernel[1], filters, channels], fans),
        ...biasSpecs(options, everyOption, filters, fans),
      ];
    },
    multiplyAdds: (input, where) => multiplyAddsOf(geometry(input, where)),
    build(x, { graph, parameter }) {
      const y = conv2dTransposeNode(graph, x, parameter("kernel"), {
        ...window,
        ...(outputPadding === undefined ? {} : { outputPadding }),
      });
      return options.useBias === false ? y : add(graph, y, parameter("bias"));
    },
  });
}

function toExtent(what: string, value: number | readonly [number, number] | undefined): Pair | undefined {
  if (value === undefined) return undefined;
  const pair: Pair = typeof value === "number" ? [value, value] : value;
  if (Array.isArray(pair) && pair.length === 2 && pair.every((extent) => Number.isInteger(extent) && extent >= 0))
    return pair;
  throw new ArgumentError(
    `${what}: outputPadding must be a whole number of at least 0 or [height, width], got ${describeValue(value)}.`,
  );
}
