import {
  activation,
  averagePooling2d,
  batchNormalization,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  depthwiseConv2d,
  dropout,
  elu,
  flatten,
  gaussianNoise,
  globalAveragePooling2d,
  globalMaxPooling2d,
  groupNormalization,
  type Layer,
  l1,
  l1l2,
  l2,
  layerNormalization,
  leakyReLU,
  maxNorm,
  maxPooling2d,
  minMaxNorm,
  permute,
  prelu,
  reLU,
  rescaling,
  reshape,
  separableConv2d,
  softmax,
  spatialDropout2d,
  unitNorm,
  unitNormalization,
  upSampling2d,
  zeroPadding2d,
} from "../../src/index.ts";

/** A layer, what it makes of one image's shape, and its counts by hand. */
export interface LayerCase {
  readonly make: () => Layer;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

const IMAGE = [6, 8, 4];

/** Every layer of one input with options that change something. */
export const LAYER_CASES: Readonly<Record<string, LayerCase>> = {
  activation: { make: () => activation("gelu"), input: IMAGE, output: IMAGE, parameters: 0, multiplyAdds: 0 },
  averagePooling2d: {
    make: () => averagePooling2d({ poolSize: [2, 3], strides: 2, padding: "same" }),
    input: IMAGE,
    output: [3, 4, 4],
    parameters: 0,
    multiplyAdds: 0,
  },
  batchNormalization: {
    make: () => batchNormalization({ gammaInitializer: { name: "constant", value: 0.5 }, trainable: false }),
    input: IMAGE,
    output: IMAGE,
    parameters: 16,
    multiplyAdds: 192,
  },
  conv2d: {
    make: () => conv2d({ filters: 6, kernelSize: 3, groups: 2, kernelRegularizer: l2(), activation: "mish" }),
    input: IMAGE,
    output: [4, 6, 6],
    parameters: 3 * 3 * 2 * 6 + 6,
    multiplyAdds: 4 * 6 * 6 * 9 * 2,
  },
  conv2dTranspose: {
    make: () => conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2, kernelConstraint: maxNorm() }),
    input: IMAGE,
    output: [12, 16, 3],
    parameters: 2 * 2 * 3 * 4 + 3,
    multiplyAdds: 6 * 8 * 4 * 4 * 3,
  },
  cropping2d: {
    make: () =>
      cropping2d({
        cropping: [
          [1, 2],
          [3, 0],
        ],
      }),
    input: IMAGE,
    output: [3, 5, 4],
    parameters: 0,
    multiplyAdds: 0,
  },
  dense: {
    make: () => dense({ units: 5, biasInitializer: "ones", kernelInitializer: { name: "randomNormal", stddev: 0.1 } }),
    input: [7],
    output: [5],
    parameters: 40,
    multiplyAdds: 35,
  },
  depthwiseConv2d: {
    make: () => depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same", depthwiseRegularizer: l1(0.1) }),
    input: IMAGE,
    output: [6, 8, 8],
    parameters: 3 * 3 * 4 * 2 + 8,
    multiplyAdds: 6 * 8 * 8 * 9,
  },
  dropout: {
    make: () => dropout({ rate: 0.25, noiseShape: [null, 1, 8, 1] }),
    input: IMAGE,
    output: IMAGE,
    parameters: 0,
    multiplyAdds: 0,
  },
  elu: { make: () => elu({ alpha: 0.5 }), input: IMAGE, output: IMAGE, parameters: 0, multiplyAdds: 0 },
  flatten: { make: () => flatten(), input: IMAGE, output: [192], parameters: 0, multiplyAdds: 0 },
  globalAveragePooling2d: {
    make: () => globalAveragePooling2d({ keepDims: true }),
    input: IMAGE,
    output: [1, 1, 4],
    parameters: 0,
    multiplyAdds: 0,
  },
  globalMaxPooling2d: {
    make: () => globalMaxPooling2d(),
    input: IMAGE,
    output: [4],
    parameters: 0,
    multiplyAdds: 0,
  },
  groupNormalization: {
    make: () => groupNormalization({ groups: 2, center: false }),
    input: IMAGE,
    output: IMAGE,
    parameters: 4,
    multiplyAdds: 192,
  },
  layerNormalization: {
    make: () => layerNormalization({ axis: [1, 3], epsilon: 1e-5 }),
    input: IMAGE,
    output: IMAGE,
    parameters: 2 * 6 * 4,
    multiplyAdds: 192,
  },
  leakyReLU: { make: () => leakyReLU(), input: IMAGE, output: IMAGE, parameters: 0, multiplyAdds: 0 },
  maxPooling2d: { make: () => maxPooling2d(), input: IMAGE, output: [3, 4, 4], parameters: 0, multiplyAdds: 0 },
  permute: {
    make: () => permute({ dims: [3, 1, 2] }),
    input: IMAGE,
    output: [4, 6, 8],
    parameters: 0,
    multiplyAdds: 0,
  },
  prelu: {
    make: () =>
      prelu({ sharedAxes: [1, 2], alphaInitializer: "heNormal", alphaRegularizer: l1l2({ l1: 0.1, l2: 0.2 }) }),
    input: IMAGE,
    output: IMAGE,
    parameters: 4,
    multiplyAdds: 192,
  },
  reLU: {
    make: () => reLU({ maxValue: 4, negativeSlope: 0.1, threshold: 1 }),
    input: IMAGE,
    output: IMAGE,
    parameters: 0,
    multiplyAdds: 0,
  },
  rescaling: {
    make: () => rescaling({ scale: [1, 2, 3, 4], offset: -1 }),
    input: IMAGE,
    output: IMAGE,
    parameters: 0,
    multiplyAdds: 192,
  },
  reshape: {
    make: () => reshape({ targetShape: [-1, 12] }),
    input: IMAGE,
    output: [16, 12],
    parameters: 0,
    multiplyAdds: 0,
  },
  separableConv2d: {
    make: () =>
      separableConv2d({
        filters: 5,
        kernelSize: 3,
        depthMultiplier: 2,
        pointwiseConstraint: unitNorm({ axis: [0, 1, 2] }),
        depthwiseConstraint: minMaxNorm({ minValue: 0.1, axis: [0, 1] }),
      }),
    input: IMAGE,
    output: [4, 6, 5],
    parameters: 3 * 3 * 4 * 2 + 8 * 5 + 5,
    multiplyAdds: 4 * 6 * 8 * 9 + 4 * 6 * 8 * 5,
  },
  softmax: { make: () => softmax({ axis: 1 }), input: IMAGE, output: IMAGE, parameters: 0, multiplyAdds: 0 },
  gaussianNoise: {
    make: () => gaussianNoise({ stddev: 0.5 }),
    input: IMAGE,
    output: IMAGE,
    parameters: 0,
    multiplyAdds: 0,
  },
  spatialDropout2d: {
    make: () => spatialDropout2d({ rate: 0.5 }),
    input: IMAGE,
    output: IMAGE,
    parameters: 0,
    multiplyAdds: 0,
  },
  unitNormalization: {
    make: () => unitNormalization({ axis: [1, 2] }),
    input: IMAGE,
    output: IMAGE,
    parameters: 0,
    multiplyAdds: 192,
  },
  upSampling2d: {
    make: () => upSampling2d({ size: [1, 3], interpolation: "bilinear" }),
    input: IMAGE,
    output: [6, 24, 4],
    parameters: 0,
    multiplyAdds: 0,
  },
  zeroPadding2d: {
    make: () => zeroPadding2d({ padding: [1, 2] }),
    input: IMAGE,
    output: [8, 12, 4],
    parameters: 0,
    multiplyAdds: 0,
  },
};
