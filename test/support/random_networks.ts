/** Networks drawn at random, of layers that Keras and TensorFlow.js have too, with options as a file gives them back. */
import {
  activation,
  add,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  gaussianNoise,
  globalAveragePooling2d,
  globalMaxPooling2d,
  input,
  type Layer,
  layerNormalization,
  leakyReLU,
  type Model,
  maximum,
  maxPooling2d,
  minimum,
  model,
  multiply,
  permute,
  prelu,
  reLU,
  rescaling,
  type SymbolicTensor,
  separableConv2d,
  sequential,
  softmax,
  upSampling2d,
  zeroPadding2d,
} from "../../src/index.ts";
import { RandomData } from "./random.ts";

const ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "relu6"];

/** A layer that an image of at least 4 × 4 goes through. */
function imageLayer(random: RandomData): Layer {
  const filters = random.integer(2, 4);
  const kernelSize = random.integer(1, 3);
  const padding = random.uniform() < 0.5 ? ({ padding: "same" } as const) : {};
  const after = random.uniform() < 0.6 ? { activation: random.pick(ACTIVATIONS) } : {};
  const biased = random.uniform() < 0.3 ? { useBias: false } : {};
  return random.pick([
    () => conv2d({ filters, kernelSize, ...padding, ...after, ...biased }),
    () => conv2d({ filters, kernelSize: [1, 3], strides: 2, padding: "same", kernelInitializer: "lecunNormal" }),
    () => conv2d({ filters, kernelSize: 2, dilationRate: 2, padding: "same", ...after }),
    () => depthwiseConv2d({ kernelSize, depthMultiplier: 2, ...padding, ...after, ...biased }),
    () => separableConv2d({ filters, kernelSize, padding: "same", ...after }),
    () => conv2dTranspose({ filters, kernelSize, strides: 2, ...padding, ...after }),
    () => maxPooling2d({ strides: 1, padding: "same" }),
    () => averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }),
    () => batchNormalization({ momentum: 0.9, epsilon: 1e-2 }),
    () => layerNormalization(),
    () => activation(random.pick(ACTIVATIONS)),
    () => leakyReLU({ negativeSlope: 0.1 }),
    () => prelu({ sharedAxes: [1, 2] }),
    () => reLU({ maxValue: 2 }),
    () => zeroPadding2d({ padding: [1, 2] }),
    () => upSampling2d({ size: [1, 2] }),
    () => rescaling({ scale: 0.5, offset: 0.25 }),
    () => dropout({ rate: 0.25 }),
    () => gaussianNoise({ stddev: 0.1 }),
    () => permute({ dims: [2, 1, 3] }),
  ])();
}

const shrunk = (tensor: SymbolicTensor): SymbolicTensor => {
  const [height = 1, width = 1] = tensor.shape;
  return Math.max(height, width) <= 8
    ? tensor
    : maxPooling2d(height > 8 && width > 8 ? {} : { poolSize: height > 8 ? [2, 1] : [1, 2] })(tensor);
};

const grown = (tensor: SymbolicTensor): SymbolicTensor =>
  Math.min(tensor.shape[0] ?? 1, tensor.shape[1] ?? 1) < 4 ? zeroPadding2d({ padding: 2 })(tensor) : tensor;

/** A chain, or branches that meet again; with one or two inputs and outputs. */
export function randomNetwork(seed: number): Model {
  const random = new RandomData(seed);
  if (seed % 3 === 0) {
    const layers = [
      conv2d({ filters: 4, kernelSize: 3, padding: "same" }),
      conv2d({ filters: 6, kernelSize: 3 }),
      reLU(),
    ];
    const ends = [random.pick([flatten, globalAveragePooling2d, globalMaxPooling2d])(), dense({ units: 3 }), softmax()];
    return sequential({ inputShape: [9, 7, 2] }, [...layers, imageLayer(random), ...ends]);
  }
  const inputs =
    seed % 3 === 1 ? [input([6, 6, 2])] : [input([6, 6, 2], { name: "left" }), input([6, 6, 2], { name: "right" })];
  const stem = conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", name: "stem" });
  let tensors = inputs.map((x) => stem(x));
  for (let step = random.integer(3, 6); step > 0; step--) {
    const place = random.integer(0, tensors.length - 1);
    const x = shrunk(grown(tensors[place] as SymbolicTensor));
    if (random.uniform() < 0.35) {
      const [height = 1, width = 1, channels = 1] = x.shape;
      const branch = conv2d({ filters: channels, kernelSize: 3, padding: "same" })(x);
      const merge = random.pick([add, multiply, maximum, minimum])();
      const both = height > 4 && width > 4 ? cropping2d({ cropping: [1, 0] })(merge([x, branch])) : merge([branch, x]);
      tensors[place] = random.uniform() < 0.5 ? both : concatenate()([merge([x, branch]), branch]);
    } else tensors[place] = imageLayer(random)(x);
    if (tensors.length === 1 && random.uniform() < 0.3)
      tensors = [tensors[0] as SymbolicTensor, imageLayer(random)(grown(x))];
  }
  const outputs = tensors.map((x, place) => {
    const flat = place === 0 ? globalAveragePooling2d()(x) : flatten()(x);
    return dense({ units: 2 + place, ...(random.uniform() < 0.5 ? { activation: "softmax" } : {}) })(flat);
  });
  return model({ inputs, outputs });
}
