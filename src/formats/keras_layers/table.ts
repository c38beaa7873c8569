/** Layers that Keras and this library both have: their classes, and how their options are spelled. */
import type { KINDS } from "./values.ts";

/** An option of a layer: its kind, what it is where it is left out, and Keras' names where they are not its own in snake case. */
export interface OptionRow {
  readonly kind: keyof typeof KINDS;
  readonly otherwise?: unknown;
  /** The first is written. */
  readonly spelled?: readonly string[];
}

/** A layer that both have. */
export interface LayerRow {
  readonly className: string;
  readonly options: Readonly<Record<string, OptionRow>>;
  /** Whether `trainable` is an option: of layers with weights. */
  readonly hasWeights?: true;
  /** Keras can put the channels on another axis; here they are the last. */
  readonly channels?: true;
  /** What else Keras' layer takes, and of which values this library has the counterpart. */
  readonly fixed?: Readonly<Record<string, readonly unknown[]>>;
}

const pair = (otherwise: unknown): OptionRow => ({ kind: "pair", otherwise });
const flag = (otherwise: boolean): OptionRow => ({ kind: "boolean", otherwise });

const activation: OptionRow = { kind: "activation", otherwise: "linear" };
const padding: OptionRow = { kind: "padding", otherwise: "valid" };

/** What may be told of a weight: how it begins, what is added to the loss for it, what it is held to. */
function weight(name: string, begins?: string): Readonly<Record<string, OptionRow>> {
  return {
    [`${name}Initializer`]: { kind: "initializer", otherwise: begins },
    [`${name}Regularizer`]: { kind: "regularizer" },
    [`${name}Constraint`]: { kind: "constraint" },
  };
}

const BIAS = { activation, useBias: flag(true), ...weight("bias", "zeros") };
const WINDOW = { kernelSize: pair(undefined), strides: pair(1), padding, dilationRate: pair(1) };
const POOL = {
  poolSize: pair(2),
  strides: { kind: "pair" },
  padding,
} as const satisfies LayerRow["options"];
const SCALE_AND_SHIFT = {
  center: flag(true),
  scale: flag(true),
  ...weight("gamma", "ones"),
  ...weight("beta", "zeros"),
};
const IMAGES = { data_format: ["channels_last", "channelsLast", null] };
/** Of convolutions that Keras cannot group, though it says so. */
const UNGROUPED = { ...IMAGES, groups: [1] };
const GLOBAL_POOL = { keepDims: { kind: "boolean", otherwise: false, spelled: ["keepdims"] } } as const;

/** By their kinds here. */
export const TABLE: Readonly<Record<string, LayerRow>> = {
  activation: { className: "Activation", options: { activation: { kind: "activation" } } },
  add: { className: "Add", options: {} },
  average: { className: "Average", options: {} },
  averagePooling2d: { className: "AveragePooling2D", options: POOL, fixed: IMAGES },
  batchNormalization: {
    className: "BatchNormalization",
    hasWeights: true,
    channels: true,
    options: {
      momentum: { kind: "number", otherwise: 0.99 },
      epsilon: { kind: "number", otherwise: 1e-3 },
      ...SCALE_AND_SHIFT,
      movingMeanInitializer: { kind: "initializer", otherwise: "zeros" },
      movingVarianceInitializer: { kind: "initializer", otherwise: "ones" },
    },
    fixed: { renorm: [false, null] },
  },
  concatenate: { className: "Concatenate", options: { axis: { kind: "axis", otherwise: -1 } } },
  conv2d: {
    className: "Conv2D",
    hasWeights: true,
    options: {
      filters: { kind: "number" },
      ...WINDOW,
      groups: { kind: "number", otherwise: 1 },
      ...BIAS,
      ...weight("kernel"),
    },
    fixed: IMAGES,
  },
  conv2dTranspose: {
    className: "Conv2DTranspose",
    hasWeights: true,
    options: {
      filters: { kind: "number" },
      ...WINDOW,
      outputPadding: { kind: "pair" },
      ...BIAS,
      ...weight("kernel"),
    },
    fixed: UNGROUPED,
  },
  cropping2d: { className: "Cropping2D", options: { cropping: { kind: "sides", otherwise: 0 } }, fixed: IMAGES },
  dense: {
    className: "Dense",
    hasWeights: true,
    options: { units: { kind: "number" }, ...BIAS, ...weight("kernel") },
  },
  depthwiseConv2d: {
    className: "DepthwiseConv2D",
    hasWeights: true,
    options: { ...WINDOW, depthMultiplier: { kind: "number", otherwise: 1 }, ...BIAS, ...weight("depthwise") },
    fixed: UNGROUPED,
  },
  dropout: {
    className: "Dropout",
    options: { rate: { kind: "number" }, noiseShape: { kind: "mask" } },
  },
  elu: { className: "ELU", options: { alpha: { kind: "number", otherwise: 1 } } },
  flatten: { className: "Flatten", options: {}, fixed: IMAGES },
  gaussianNoise: { className: "GaussianNoise", options: { stddev: { kind: "number" } } },
  globalAveragePooling2d: { className: "GlobalAveragePooling2D", options: GLOBAL_POOL, fixed: IMAGES },
  globalMaxPooling2d: { className: "GlobalMaxPooling2D", options: GLOBAL_POOL, fixed: IMAGES },
  groupNormalization: {
    className: "GroupNormalization",
    hasWeights: true,
    channels: true,
    options: {
      groups: { kind: "number", otherwise: 32 },
      epsilon: { kind: "number", otherwise: 1e-3 },
      ...SCALE_AND_SHIFT,
    },
  },
  layerNormalization: {
    className: "LayerNormalization",
    hasWeights: true,
    options: {
      axis: { kind: "axes", otherwise: -1 },
      epsilon: { kind: "number", otherwise: 1e-3 },
      ...SCALE_AND_SHIFT,
    },
    fixed: { rms_scaling: [false, null] },
  },
  leakyReLU: {
    className: "LeakyReLU",
    options: { negativeSlope: { kind: "number", otherwise: 0.3, spelled: ["negative_slope", "alpha"] } },
  },
  maximum: { className: "Maximum", options: {} },
  maxPooling2d: { className: "MaxPooling2D", options: POOL, fixed: IMAGES },
  minimum: { className: "Minimum", options: {} },
  multiply: { className: "Multiply", options: {} },
  normalization: {
    className: "Normalization",
    channels: true,
    options: {
      mean: { kind: "numbers" },
      variance: { kind: "numbers" },
      invert: flag(false),
    },
  },
  permute: { className: "Permute", options: { dims: { kind: "list" } } },
  prelu: {
    className: "PReLU",
    hasWeights: true,
    options: { sharedAxes: { kind: "list" }, ...weight("alpha", "zeros") },
  },
  reLU: {
    className: "ReLU",
    options: {
      maxValue: { kind: "number" },
      negativeSlope: { kind: "number", otherwise: 0 },
      threshold: { kind: "number", otherwise: 0 },
    },
  },
  rescaling: {
    className: "Rescaling",
    options: { scale: { kind: "numbers" }, offset: { kind: "numbers", otherwise: 0 } },
  },
  reshape: { className: "Reshape", options: { targetShape: { kind: "shape" } } },
  separableConv2d: {
    className: "SeparableConv2D",
    hasWeights: true,
    options: {
      filters: { kind: "number" },
      ...WINDOW,
      depthMultiplier: { kind: "number", otherwise: 1 },
      ...BIAS,
      ...weight("depthwise", "glorotUniform"),
      ...weight("pointwise"),
    },
    fixed: UNGROUPED,
  },
  softmax: { className: "Softmax", options: { axis: { kind: "axis", otherwise: -1 } } },
  spatialDropout2d: { className: "SpatialDropout2D", options: { rate: { kind: "number" } }, fixed: IMAGES },
  subtract: { className: "Subtract", options: {} },
  unitNormalization: { className: "UnitNormalization", options: { axis: { kind: "axes", otherwise: -1 } } },
  upSampling2d: {
    className: "UpSampling2D",
    options: { size: pair(2), interpolation: { kind: "interpolation", otherwise: "nearest" } },
    fixed: IMAGES,
  },
  zeroPadding2d: { className: "ZeroPadding2D", options: { padding: { kind: "sides", otherwise: 1 } }, fixed: IMAGES },
};

/** Kinds here by Keras' classes. */
export const KIND_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(TABLE).map(([kind, { className }]) => [className, kind]),
);

/** How a kernel begins where its layer does not say: this library's own rule, by the layer's activation. */
export function kernelBegins(options: Readonly<Record<string, unknown>>): string {
  const { activation: after } = options;
  return after === "relu" || after === "relu6" ? "heNormal" : "glorotUniform";
}
