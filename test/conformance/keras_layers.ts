import {
  activation,
  add,
  average,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  dropout,
  elu,
  flatten,
  gaussianNoise,
  globalAveragePooling2d,
  globalMaxPooling2d,
  type Layer,
  leakyReLU,
  maximum,
  maxPooling2d,
  minimum,
  multiply,
  permute,
  prelu,
  reLU,
  rescaling,
  reshape,
  type SymbolicTensor,
  separableConv2d,
  subtract,
  upSampling2d,
  zeroPadding2d,
} from "../../src/index.ts";
import { OutOfScope } from "./suite.ts";

/** Attributes of a Keras layer as keras-js stores them, in Python's spelling. */
export type KerasAttributes = Readonly<Record<string, unknown>>;

type Call = (inputs: readonly SymbolicTensor[]) => SymbolicTensor;

/** "hard_sigmoid" → "hardSigmoid". */
function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Attributes in this project's spelling, without those of the other backends and None. */
function optionsOf(attributes: KerasAttributes): Record<string, unknown> {
  const own = Object.entries(attributes).filter(
    ([key, value]) => value !== null && key !== "data_format" && key !== "gpu",
  );
  return Object.fromEntries(
    own.map(([key, value]) => [camelCase(key), key === "activation" ? camelCase(String(value)) : value]),
  );
}

const chain =
  (...layers: readonly Layer[]): Call =>
  (inputs) => {
    const [first, ...others] = layers;
    if (first === undefined) throw new Error("an empty chain");
    return others.reduce((tensor, layer) => layer(tensor), first(inputs));
  };

/** Keras' activations by name; Keras 2's hard_sigmoid had the slope 0.2. */
export function activationCall(name: string, options: { alpha?: number; maxValue?: number } = {}): Call {
  if (name === "hard_sigmoid") return chain(rescaling({ scale: 0.2, offset: 0.5 }), reLU({ maxValue: 1 }));
  if (name === "elu" && options.alpha !== undefined) return chain(elu({ alpha: options.alpha }));
  if (name === "relu" && (options.alpha !== undefined || options.maxValue !== undefined)) {
    const { alpha = 0, maxValue } = options;
    return chain(reLU({ negativeSlope: alpha, ...(maxValue === undefined ? {} : { maxValue }) }));
  }
  return chain(activation(camelCase(name)));
}

/** Axis `axis` of [axis 1, axis 2, …] moved to the end, a layer, and back: what Keras' `axis` means there. */
function alongAxis(axis: number, rank: number, layer: Layer): Call {
  if (axis === -1 || axis === rank) return chain(layer);
  const there = [...Array.from({ length: rank }, (_, i) => i + 1).filter((i) => i !== axis), axis];
  const back = Array.from({ length: rank }, (_, i) => there.indexOf(i + 1) + 1);
  return chain(permute({ dims: there }), layer, permute({ dims: back }));
}

/** Layers of images, which Keras also has for channels that come first. */
const IMAGE_LAYERS: Readonly<Record<string, (options: never) => Layer>> = {
  AveragePooling2D: averagePooling2d,
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  Cropping2D: cropping2d,
  GlobalAveragePooling2D: globalAveragePooling2d,
  GlobalMaxPooling2D: globalMaxPooling2d,
  MaxPooling2D: maxPooling2d,
  SeparableConv2D: separableConv2d,
  UpSampling2D: upSampling2d,
  ZeroPadding2D: zeroPadding2d,
};

const MERGING_LAYERS: Readonly<Record<string, (options: { axis?: number; name?: string }) => Layer>> = {
  Add: add,
  Average: average,
  Concatenate: concatenate,
  Maximum: maximum,
  Minimum: minimum,
  Multiply: multiply,
  Subtract: subtract,
};

/** Which layers of Keras this library does not have, and why. */
function reasonAgainst(layer: string): string {
  if (/1D$/.test(layer)) return "1-D layers (this library's are 2-D)";
  if (/3D$/.test(layer)) return "3-D layers (this library's are 2-D)";
  if (/^(GRU|LSTM|SimpleRNN|Bidirectional|TimeDistributed)$/.test(layer)) return "recurrent layers and their wrappers";
  if (/^(Embedding|Dot)$/.test(layer)) return "layers for words and for the likeness of vectors, which no CNN here has";
  return `no layer ${layer}`;
}

/** A Keras layer as layers of this library; `name` is the one that holds its weights. Throws `OutOfScope`. */
export function kerasLayer(layer: string, attributes: KerasAttributes, name: string, rank: number): Call {
  const options = { ...optionsOf(attributes), name };
  const image = IMAGE_LAYERS[layer];
  if (image !== undefined) {
    const made = image(options as never);
    if (attributes["data_format"] !== "channels_first") return chain(made);
    const last = permute({ dims: [2, 3, 1] });
    return layer.startsWith("Global") ? chain(last, made) : chain(last, made, permute({ dims: [3, 1, 2] }));
  }
  const merging = MERGING_LAYERS[layer];
  if (merging !== undefined) {
    const { axis } = attributes;
    return chain(merging(typeof axis === "number" ? { axis } : {}));
  }
  switch (layer) {
    case "Activation":
      return activationCall(String(attributes["activation"]));
    case "BatchNormalization": {
      const { axis, ...rest } = options as { axis?: number; name: string };
      return alongAxis(axis ?? -1, rank, batchNormalization(rest));
    }
    case "Dense":
      return chain(dense(options as never));
    case "Dropout":
      return chain(dropout({ rate: Number(attributes["rate"] ?? attributes["p"]) }));
    case "ELU":
      return chain(elu({ alpha: Number(attributes["alpha"]) }));
    case "Flatten":
      return chain(flatten());
    case "GaussianNoise":
      return chain(gaussianNoise({ stddev: Number(attributes["stddev"] ?? attributes["sigma"]) }));
    case "LeakyReLU":
      return chain(leakyReLU({ negativeSlope: Number(attributes["alpha"]) }));
    case "Permute":
      return chain(permute({ dims: attributes["dims"] as number[] }));
    case "PReLU":
      return chain(prelu({ name }));
    case "RepeatVector":
      return (inputs) => {
        const row = reshape({ targetShape: [1, -1] })(inputs);
        const count = Number(attributes["n"]);
        return count === 1 ? row : concatenate({ axis: 1 })(Array.from({ length: count }, () => row));
      };
    case "Reshape":
      return chain(reshape({ targetShape: attributes["target_shape"] as number[] }));
    case "ThresholdedReLU":
      return chain(reLU({ threshold: Number(attributes["theta"]) }));
    default:
      throw new OutOfScope(reasonAgainst(layer));
  }
}

export type { Call };
