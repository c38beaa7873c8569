/** How each layer of this library is written for TensorFlow.js, where it is not written as it is. */

import type { Shape } from "../../core/shape.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Padding } from "../../core/window_geometry.ts";
import { toPair } from "../../nn/layer.ts";
import { NotWritable, type Options } from "../keras_layers/written.ts";
import { type From, Parts, type WrittenWeight } from "./parts.ts";

/** A layer with what is known of it in its model. */
export interface WritableLayer {
  readonly kind: string;
  readonly options: Options;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** By the names of the layer's parameters. */
  readonly weights: Readonly<Record<string, WrittenWeight>>;
  /** How many tensors it reads. */
  readonly inputs: number;
}

type Lower = (layer: WritableLayer, parts: Parts) => void;

const pairOf = (options: Options, name: string, otherwise = 1): readonly [number, number] =>
  toPair("toLayersModel", name, (options[name] ?? otherwise) as number);

const channelsOf = (shape: Shape): number => shape[shape.length - 1] ?? 1;

const number = (value: unknown, otherwise = 0): number => (typeof value === "number" ? value : otherwise);

/** Zeros around the image where padding names them: windows that see no further need none of their own. */
function padded(parts: Parts, options: Options): { x: From; options: Options } {
  const padding = options["padding"] as Padding | undefined;
  if (padding === undefined || typeof padding === "string") return { x: ~0, options };
  return {
    x: parts.add("ZeroPadding2D", { padding: padding.map((side) => [...side]), data_format: "channels_last" }, [~0]),
    options: { ...options, padding: "valid" },
  };
}

/** The kernel of a convolution in groups as that of one in which every filter sees all channels: zeros for those of other groups. */
function ungrouped(kernel: WrittenWeight, groups: number): WrittenWeight {
  const [height = 1, width = 1, own = 1, filters = 1] = kernel.shape;
  const shape = [height, width, own * groups, filters];
  const data = new Float32Array(sizeOf(shape));
  const filtersOfGroup = filters / groups;
  kernel.data.forEach((value, place) => {
    const [filter, row] = [place % filters, Math.floor(place / filters)];
    const [channel, tap] = [row % own, Math.floor(row / own)];
    const group = Math.floor(filter / filtersOfGroup);
    data[(tap * own * groups + group * own + channel) * filters + filter] = value;
  });
  return { shape, data };
}

function checkSteps(options: Options): void {
  const [strides, dilations] = [pairOf(options, "strides"), pairOf(options, "dilationRate")];
  if (strides.some((one) => one > 1) && dilations.some((one) => one > 1)) {
    throw new NotWritable("a convolution with strides and dilationRate");
  }
}

const conv2d: Lower = ({ options, weights }, parts) => {
  checkSteps(options);
  const groups = number(options["groups"], 1);
  const { x, options: own } = padded(parts, options);
  const { groups: _, ...plain } = own;
  const { kernel } = weights;
  parts.layer("conv2d", plain, [x], kernel && groups > 1 ? { ...weights, kernel: ungrouped(kernel, groups) } : weights);
};

const depthwiseConv2d: Lower = ({ options, weights, inputShape, outputShape }, parts) => {
  checkSteps(options);
  const { x, options: own } = padded(parts, options);
  const { kernel, ...rest } = weights;
  if (kernel === undefined) throw new NotWritable("a layer without weights");
  if (pairOf(options, "dilationRate").every((one) => one === 1)) {
    parts.layer("depthwiseConv2d", own, [x], { depthwise_kernel: kernel, ...rest });
    return;
  }
  // TensorFlow.js leaves the dilation of this layer out: a convolution has it.
  const [height = 1, width = 1] = kernel.shape;
  const filters = channelsOf(outputShape);
  const grouped = { shape: [height, width, 1, filters], data: kernel.data };
  const {
    depthMultiplier: _,
    depthwiseInitializer: __,
    depthwiseRegularizer: ___,
    depthwiseConstraint: ____,
    ...window
  } = own;
  parts.layer("conv2d", { ...window, filters }, [x], { kernel: ungrouped(grouped, channelsOf(inputShape)), ...rest });
};

const separableConv2d: Lower = ({ options, weights }, parts) => {
  checkSteps(options);
  const { x, options: own } = padded(parts, options);
  parts.layer("separableConv2d", own, [x], weights);
};

const conv2dTranspose: Lower = ({ options, weights }, parts) => {
  const { padding, outputPadding, ...rest } = options;
  if (pairOf(options, "dilationRate").some((one) => one > 1))
    throw new NotWritable("a conv2dTranspose with dilationRate");
  const isExplicit = padding !== undefined && typeof padding !== "string";
  if (outputPadding !== undefined) throw new NotWritable("a conv2dTranspose with outputPadding");
  const y = parts.layer("conv2dTranspose", { ...rest, ...(isExplicit ? {} : { padding }) }, [~0], weights);
  if (!isExplicit) return;
  // Where a stride is larger than the kernel, Keras' result ends in what no window covers.
  const [kernel, strides] = [pairOf(options, "kernelSize"), pairOf(options, "strides")];
  const cropping = (padding as readonly (readonly [number, number])[]).map(([before, after], axis) => [
    before,
    after + Math.max(0, (strides[axis] ?? 1) - (kernel[axis] ?? 1)),
  ]);
  parts.add("Cropping2D", { cropping, data_format: "channels_last" }, [y]);
};

const pooling =
  (kind: string): Lower =>
  ({ options }, parts) => {
    const padding = options["padding"] as Padding | undefined;
    const isExplicit = padding !== undefined && typeof padding !== "string";
    if (isExplicit && padding.flat().some((side) => side > 0)) {
      throw new NotWritable(`a ${kind} whose padding is given in pixels`);
    }
    parts.layer(kind, isExplicit ? { ...options, padding: "valid" } : options, [~0]);
  };

const globalPooling =
  (kind: string): Lower =>
  ({ options, inputShape }, parts) => {
    const { keepDims, ...rest } = options;
    const y = parts.layer(kind, rest, [~0]);
    if (keepDims === true) parts.reshape(y, [1, 1, channelsOf(inputShape)]);
  };

/** Numbers, or one a channel, as a list. */
const listOf = (value: unknown, otherwise = 0): readonly number[] =>
  Array.isArray(value) ? value : [number(value, otherwise)];

const rescaling: Lower = ({ options, inputShape }, parts) => {
  const [scale, offset] = [listOf(options["scale"], 1), listOf(options["offset"])];
  if (scale.length === 1 && offset.length === 1) parts.layer("rescaling", options, [~0]);
  else parts.eachChannel(~0, channelsOf(inputShape), scale, offset);
};

const normalization: Lower = ({ options, inputShape }, parts) => {
  const channels = channelsOf(inputShape);
  const each = (values: readonly number[], channel: number) => values[values.length === 1 ? 0 : channel] ?? 0;
  const [means, variances] = [listOf(options["mean"]), listOf(options["variance"])];
  const count = Math.max(means.length, variances.length);
  // No deviation is smaller, as in the layer.
  const deviations = Array.from({ length: count }, (_, channel) => Math.max(Math.sqrt(each(variances, channel)), 1e-7));
  const scale = options["invert"] ? deviations : deviations.map((one) => 1 / one);
  const offset = deviations.map((one, channel) =>
    options["invert"] ? each(means, channel) : -each(means, channel) / one,
  );
  parts.eachChannel(~0, channels, scale, offset);
};

const reLU: Lower = ({ options }, parts) => {
  const [slope, threshold] = [number(options["negativeSlope"]), number(options["threshold"])];
  const { maxValue } = options;
  if (slope === 0 && threshold === 0) {
    parts.layer("reLU", options, [~0]);
    return;
  }
  // Above the threshold x, below it slope · (x − threshold) = −slope · relu(threshold − x).
  const above = threshold === 0 ? parts.relu(~0) : parts.add("ThresholdedReLU", { theta: threshold }, [~0]);
  const whole =
    slope === 0 ? above : parts.sum(above, parts.scale(-slope, 0, parts.relu(parts.scale(-1, threshold, ~0))));
  if (typeof maxValue !== "number") return;
  // The smaller of y and m is m − relu(m − y).
  parts.scale(-1, maxValue, parts.relu(parts.scale(-1, maxValue, whole)));
};

const elu: Lower = ({ options }, parts) => {
  const alpha = number(options["alpha"], 1);
  if (alpha === 1) parts.layer("elu", options, [~0]);
  // Above 0 both shares add up to x; below it the first is 0.
  else
    parts.sum(parts.scale(1 - alpha, 0, parts.relu(~0)), parts.scale(alpha, 0, parts.add("ELU", { alpha: 1 }, [~0])));
};

const softmax: Lower = ({ options, inputShape }, parts) => {
  const rank = inputShape.length + 1;
  const axis = number(options["axis"], -1);
  const along = axis < 0 ? rank + axis : axis;
  if (along === rank - 1) {
    parts.layer("softmax", { ...options, axis: -1 }, [~0]);
    return;
  }
  // TensorFlow.js has it over the last axis alone. Swapping twice is swapping back.
  const dims = inputShape.map((_, place) => place + 1);
  [dims[along - 1], dims[rank - 2]] = [rank - 1, along];
  const turned = parts.add("Permute", { dims }, [~0]);
  parts.add("Permute", { dims }, [parts.add("Softmax", { axis: -1 }, [turned])]);
};

const groupNormalization: Lower = ({ options, inputShape, weights }, parts) => {
  const channels = channelsOf(inputShape);
  const given = number(options["groups"], 32);
  const groups = given === -1 ? channels : given;
  const folded = parts.reshape(~0, [sizeOf(inputShape) / channels, groups, channels / groups]);
  const config = { axis: [1, 3], epsilon: number(options["epsilon"], 1e-3), center: false, scale: false };
  const y = parts.reshape(parts.add("LayerNormalization", config, [folded]), inputShape);
  const { gamma, beta } = weights;
  if (gamma || beta) parts.affine(y, { gamma, beta }, channels);
};

/** Layers that are written in a way of their own; the others as the table spells them. */
export const LOWERED: Readonly<Record<string, Lower>> = {
  activation({ options }, parts) {
    const name = String(options["activation"]);
    const own = new Parts();
    own.layer("activation", options, [~0]);
    // The layer that would hold the name does nothing where the activation is made of others.
    if (own.list.length === 1) parts.layer("activation", options, [~0]);
    else parts.activation(name, ~0);
  },
  averagePooling2d: pooling("averagePooling2d"),
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  elu,
  // A row is flat already, which TensorFlow.js' layer refuses.
  flatten: ({ options, inputShape }, parts) => {
    if (inputShape.length > 1) parts.layer("flatten", options, [~0]);
    else parts.reshape(~0, [sizeOf(inputShape)]);
  },
  globalAveragePooling2d: globalPooling("globalAveragePooling2d"),
  globalMaxPooling2d: globalPooling("globalMaxPooling2d"),
  groupNormalization,
  maxPooling2d: pooling("maxPooling2d"),
  normalization,
  reLU,
  rescaling,
  // TensorFlow.js does not work out an extent of −1 for whoever reads it.
  reshape: ({ outputShape }, parts) => {
    parts.layer("reshape", { targetShape: outputShape }, [~0]);
  },
  separableConv2d,
  softmax,
  spatialDropout2d({ options }, parts) {
    parts.layer("dropout", { ...options, noiseShape: [null, 1, 1, null] }, [~0]);
  },
  subtract(_, parts) {
    parts.sum(~0, parts.scale(-1, 0, ~1));
  },
  unitNormalization() {
    throw new NotWritable("a layer unitNormalization");
  },
  upSampling2d({ options }, parts) {
    // TensorFlow.js takes other pixels' centres for the same layer.
    if (options["interpolation"] === "bilinear") throw new NotWritable("bilinear upSampling2d");
    parts.layer("upSampling2d", options, [~0]);
  },
};

/** The layers of TensorFlow.js that compute what a layer does. Throws `NotWritable`. */
export function lowered(layer: WritableLayer): Parts {
  const parts = new Parts();
  const own = Object.hasOwn(LOWERED, layer.kind) ? LOWERED[layer.kind] : undefined;
  const inputs = Array.from({ length: layer.inputs }, (_, place) => ~place);
  if (own) own(layer, parts);
  else parts.layer(layer.kind, layer.options, inputs, layer.weights);
  return parts;
}
