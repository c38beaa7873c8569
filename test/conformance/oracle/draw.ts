/** Random networks for PyTorch to judge: everything about one follows from its seed. */
import { ArgumentError, ShapeError } from "../../../src/core/errors.ts";
import type { Layer, LossConfig, Model, SymbolicTensor } from "../../../src/index.ts";
import * as corteza from "../../../src/index.ts";
import { RandomData } from "../../support/random.ts";
import { base64, floats32, type OptimizerName, type OptimizerOptions, type Question } from "./question.ts";

/** Values of an image, and of its whole batch: a network has a dozen such tensors. */
const MOST_VALUES = 1200;
const MOST_PARAMETERS = 2500;
const STEPS = 20;

const SMOOTH = ["elu", "gelu", "geluTanh", "silu", "mish", "sigmoid", "tanh", "softplus", "softsign"] as const;
/** With a kink in value or slope, which no value may sit on: their argument has a bias, or is normalised. */
const KINKED = ["relu", "relu", "relu6", "leakyRelu", "selu", "hardSigmoid", "hardSwish"] as const;

/** Draws layers on top of tensors. */
class Builder {
  readonly random: RandomData;

  constructor(random: RandomData) {
    this.random = random;
  }

  chance(share: number): boolean {
    return this.random.uniform() < share;
  }

  pair(least: number, most: number): [number, number] {
    return [this.random.integer(least, most), this.random.integer(least, most)];
  }

  activation(): string {
    return this.chance(0.5) ? this.random.pick(KINKED) : this.random.pick(SMOOTH);
  }

  /** Kernel, stride, dilation and padding of a convolution; either stride or dilation, as Keras wants it. */
  window([height = 1, width = 1]: readonly number[]) {
    // All taps of a spread kernel lie on padding where the image is a line.
    const spreads = ["none", "none", "strides", ...(Math.min(height, width) >= 3 ? ["dilationRate"] : [])];
    const spread = this.random.pick(spreads);
    return {
      kernelSize: this.pair(1, 4),
      padding: this.random.pick(["same", "valid"] as const),
      ...(spread === "strides" ? { strides: this.pair(1, 3) } : {}),
      ...(spread === "dilationRate" ? { dilationRate: this.pair(1, 2) } : {}),
    };
  }

  /** A convolution of any kind, with these options. */
  convolution(x: SymbolicTensor, options: { activation?: string; useBias?: boolean }): SymbolicTensor {
    const { random } = this;
    const channels = x.shape[2] ?? 1;
    switch (random.pick(["plain", "plain", "grouped", "depthwise", "separable", "transposed"] as const)) {
      case "plain":
        return corteza.conv2d({ filters: random.integer(1, 8), ...this.window(x.shape), ...options })(x);
      case "grouped": {
        const groups = random.pick([1, 2, 3, 4].filter((count) => channels % count === 0));
        return corteza.conv2d({ filters: groups * random.integer(1, 3), groups, ...this.window(x.shape), ...options })(
          x,
        );
      }
      case "depthwise":
        return corteza.depthwiseConv2d({ depthMultiplier: random.integer(1, 2), ...this.window(x.shape), ...options })(
          x,
        );
      case "separable":
        return corteza.separableConv2d({
          filters: random.integer(1, 6),
          depthMultiplier: random.integer(1, 2),
          ...this.window(x.shape),
          ...options,
        })(x);
      case "transposed": {
        const strides = this.pair(1, 3);
        return corteza.conv2dTranspose({
          filters: random.integer(1, 5),
          kernelSize: this.pair(1, 4),
          strides,
          padding: random.pick(["same", "valid"] as const),
          ...(this.chance(0.3) ? { outputPadding: [strides[0] - 1, random.integer(0, strides[1] - 1)] as const } : {}),
          ...options,
        })(x);
      }
    }
  }

  /**
   * A normalisation of what comes from a layer without bias: it would take the bias out again, whose gradient would be
   * rounding alone.
   */
  normalization(x: SymbolicTensor, images: boolean): SymbolicTensor {
    const { random } = this;
    const channels = x.shape[x.shape.length - 1] ?? 1;
    const epsilon = random.pick([1e-3, 1e-2]);
    const places = x.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    // The groups that leave something of a value after its mean is gone.
    const groups = [-1, 1, 2, 3].filter((count) => {
      const parts = count === -1 ? channels : count;
      return channels % parts === 0 && (places * channels) / parts >= 4;
    });
    const axes = [...(channels >= 4 ? [-1] : []), ...(x.shape.length === 3 && places >= 4 ? [[1, 2, 3]] : [])];
    const layers: (() => Layer)[] = [
      ...(groups.length > 0 ? [() => corteza.groupNormalization({ groups: random.pick(groups), epsilon })] : []),
      ...(axes.length > 0 ? [() => corteza.layerNormalization({ axis: random.pick(axes), epsilon })] : []),
    ];
    // Even one image gives a variance of several values.
    if (images && places >= 6) {
      const batchNorm = () =>
        corteza.batchNormalization({ epsilon, momentum: random.pick([0.5, 0.9]), scale: this.chance(0.8) });
      layers.push(batchNorm, batchNorm);
    }
    if (layers.length === 0) throw new ShapeError("too few values to normalise");
    return random.pick(layers)()(x);
  }

  /** Functions of a value that are layers of their own. */
  activationLayer(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const layers: (() => Layer)[] = [
      () => corteza.activation(this.activation()),
      () => corteza.leakyReLU({ negativeSlope: 0.25 }),
      () => corteza.elu({ alpha: 0.75 }),
      () => corteza.prelu({ sharedAxes: x.shape.length === 3 && this.chance(0.5) ? [1, 2] : [] }),
      () => corteza.reLU({ maxValue: 1.5, negativeSlope: 0.125 }),
    ];
    return random.pick(layers)()(x);
  }

  pooling(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const options = {
      poolSize: this.pair(1, 3),
      padding: random.pick(["same", "valid"] as const),
      ...(this.chance(0.5) ? { strides: this.pair(1, 3) } : {}),
    };
    return this.chance(0.6) ? corteza.maxPooling2d(options)(x) : corteza.averagePooling2d(options)(x);
  }

  reshaping(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const sides = (): [[number, number], [number, number]] => [this.pair(0, 2), this.pair(0, 2)];
    const [height = 1, width = 1, channels = 1] = x.shape;
    const layers: (() => Layer)[] = [
      () => corteza.upSampling2d({ size: this.pair(1, 2), interpolation: random.pick(["nearest", "bilinear"]) }),
      () => corteza.zeroPadding2d({ padding: sides() }),
      () => corteza.cropping2d({ cropping: sides() }),
      () =>
        corteza.permute({
          dims: random.pick([
            [2, 1, 3],
            [3, 1, 2],
            [1, 3, 2],
          ]),
        }),
      () => corteza.reshape({ targetShape: [width, height * channels, 1] }),
      () => corteza.rescaling({ scale: 0.75, offset: 0.125 }),
      () => corteza.dropout({ rate: 0 }),
    ];
    return random.pick(layers)()(x);
  }

  /** Two branches that come together again. */
  branches(x: SymbolicTensor): SymbolicTensor {
    const { random } = this;
    const [, , channels = 1] = x.shape;
    // Smooth, so that no two values are the same 0 of two ReLUs.
    const branch = (filters = channels) =>
      corteza.conv2d({
        filters,
        kernelSize: this.pair(1, 3),
        padding: "same",
        activation: random.pick(SMOOTH),
      })(x);
    switch (random.pick(["residual", "residual", "merge", "concatenate", "squeeze", "shared"] as const)) {
      case "residual":
        return corteza.add()([branch(), x]);
      case "merge": {
        const { add, subtract, multiply, average, maximum, minimum } = corteza;
        return random.pick([add, subtract, multiply, average, maximum, minimum])()([branch(), branch()]);
      }
      case "concatenate": {
        if (this.chance(0.3)) return corteza.concatenate({ axis: random.pick([1, 2]) })([branch(), x]);
        return corteza.concatenate()([branch(random.integer(1, 4)), x, branch(random.integer(1, 3))]);
      }
      case "squeeze": {
        // Squeeze-and-excitation: a weight a channel, from the whole image.
        const squeezed = corteza.globalAveragePooling2d({ keepDims: true })(x);
        const weight = corteza.conv2d({ filters: channels, kernelSize: 1, activation: "sigmoid" })(squeezed);
        return corteza.multiply()([x, weight]);
      }
      case "shared": {
        // One layer twice: its gradients add up.
        const layer = corteza.conv2d({
          ...{ filters: channels, kernelSize: this.pair(1, 3), padding: "same", activation: random.pick(SMOOTH) },
        });
        return corteza.add()([layer(layer(x)), x]);
      }
    }
  }

  /** One piece of the network. */
  block(x: SymbolicTensor): SymbolicTensor {
    const area = (x.shape[0] ?? 1) * (x.shape[1] ?? 1);
    switch (this.random.pick(["conv", "conv", "normalized", "layer", "pool", "reshape", "branches"] as const)) {
      case "conv":
        return this.convolution(x, { activation: this.activation() });
      case "normalized":
        return this.activationLayer(this.normalization(this.convolution(x, { useBias: false }), true));
      case "layer":
        return this.activationLayer(this.convolution(x, {}));
      case "pool":
        return area > 1 ? this.pooling(x) : x;
      case "reshape":
        return this.reshaping(x);
      case "branches":
        return this.branches(x);
    }
  }

  /** A vector of the image's features. */
  vector(x: SymbolicTensor): SymbolicTensor {
    const layers: (() => Layer)[] = [
      corteza.flatten,
      corteza.flatten,
      corteza.globalAveragePooling2d,
      corteza.globalMaxPooling2d,
    ];
    return this.random.pick(layers)()(x);
  }
}

/** Tries until a drawing has shapes that fit and is small enough. */
function attempt<T>(draw: () => T | undefined): T {
  for (;;) {
    try {
      const drawn = draw();
      if (drawn !== undefined) return drawn;
    } catch (error) {
      // A kernel larger than its image, or nothing left after cropping: drawn again.
      if (!(error instanceof ShapeError || error instanceof ArgumentError)) throw error;
    }
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

interface Task {
  readonly loss: LossConfig;
  readonly folded: Question["folded"];
  /** Targets are classes, rows of probabilities, or any numbers. */
  readonly targets: "labels" | "probabilities" | "yesOrNo" | "numbers";
  /** Activation of the last layer. */
  readonly last: string;
}

function drawTask(random: RandomData): Task {
  const labelSmoothing = random.pick([0, 0, 0.125]);
  const ended = random.uniform() < 0.5;
  switch (random.pick(["sparse", "sparse", "categorical", "binary", "mse", "huber"] as const)) {
    case "sparse": {
      const loss = corteza.sparseCategoricalCrossentropy({ labelSmoothing });
      return { loss, folded: ended ? "softmax" : null, targets: "labels", last: ended ? "softmax" : "linear" };
    }
    case "categorical": {
      const loss = corteza.categoricalCrossentropy({ labelSmoothing });
      return { loss, folded: ended ? "softmax" : null, targets: "probabilities", last: ended ? "softmax" : "linear" };
    }
    case "binary": {
      const loss = corteza.binaryCrossentropy({ labelSmoothing });
      return { loss, folded: ended ? "sigmoid" : null, targets: "yesOrNo", last: ended ? "sigmoid" : "linear" };
    }
    case "mse":
      return {
        loss: corteza.meanSquaredError(),
        folded: null,
        targets: "numbers",
        last: random.pick(["linear", "tanh"]),
      };
    case "huber":
      return {
        loss: corteza.huber({ delta: random.pick([0.5, 1]) }),
        folded: null,
        targets: "numbers",
        last: "linear",
      };
  }
}

function drawModel(random: RandomData, task: Task, seed: number): Model {
  const builder = new Builder(random);
  const inputs = corteza.input([random.integer(4, 11), random.integer(4, 11), random.pick([1, 2, 3, 3, 4, 5])]);
  let x = builder.convolution(inputs, { activation: builder.activation() });
  for (let left = random.integer(1, 4); left > 0; left--) {
    const from = x;
    x = attempt(() => {
      const y = builder.block(from);
      return y.shape.length === 3 && sizeOf(y.shape) <= MOST_VALUES ? y : undefined;
    });
  }
  const wholeImage = task.targets !== "labels" && builder.chance(0.3);
  if (wholeImage) {
    const filters = task.targets === "probabilities" ? random.integer(2, 4) : random.integer(1, 3);
    return corteza.model({
      inputs,
      outputs: corteza.conv2d({ filters, kernelSize: 1, activation: task.last })(x),
      seed,
    });
  }
  x = builder.vector(x);
  if (builder.chance(0.4)) x = corteza.dense({ units: random.integer(2, 12), activation: builder.activation() })(x);
  else if (builder.chance(0.3)) {
    x = corteza.dense({ units: random.integer(6, 12), useBias: false })(x);
    x = builder.activationLayer(builder.normalization(x, false));
  }
  const least = task.targets === "labels" || task.targets === "probabilities" ? 2 : 1;
  const outputs = corteza.dense({ units: random.integer(least, 10), activation: task.last })(x);
  return corteza.model({ inputs, outputs, seed });
}

/** f32 numbers, which are the same in JSON, in PyTorch and on a GPU. */
const f32 = Math.fround;

function drawOptimizer(random: RandomData): { name: OptimizerName; options: OptimizerOptions } {
  const chance = (share: number) => random.uniform() < share;
  const name = random.pick([
    "sgd",
    "sgd",
    "adam",
    "adam",
    "adamw",
    "adamax",
    "rmsprop",
    "adagrad",
    "adadelta",
  ] as const);
  const decay = chance(0.4) ? { weightDecay: f32(random.pick([1e-3, 0.01, 0.1])) } : {};
  const clips = [{}, {}, { clipNorm: 0.25 }, { globalClipNorm: 0.5 }, { clipValue: 0.0625 }];
  const common = { ...decay, ...random.pick(clips) };
  const epsilon = f32(random.pick([1e-3, 1e-4]));
  const betas = chance(0.5) ? { beta1: f32(0.8), beta2: f32(0.95) } : {};
  const amsgrad = chance(0.3) ? { amsgrad: true } : {};
  switch (name) {
    case "sgd": {
      const momentum = chance(0.6) ? { momentum: f32(random.pick([0.5, 0.9])) } : {};
      const form = "momentum" in momentum ? random.pick([{}, { nesterov: true }, { dampening: 0.25 }]) : {};
      return { name, options: { learningRate: f32(random.pick([0.01, 0.05])), ...momentum, ...form, ...common } };
    }
    case "adam":
    case "adamw":
      return { name, options: { learningRate: f32(0.003), epsilon, ...betas, ...amsgrad, ...common } };
    case "adamax":
      return { name, options: { learningRate: f32(0.004), epsilon, ...betas, ...common } };
    case "rmsprop": {
      const form = random.pick([{}, { momentum: 0.5 }, { centered: true }]);
      return { name, options: { learningRate: f32(0.002), rho: f32(0.9), epsilon, ...form, ...common } };
    }
    case "adagrad":
      return { name, options: { learningRate: f32(0.01), initialAccumulatorValue: 0.125, epsilon, ...common } };
    case "adadelta":
      return { name, options: { learningRate: f32(0.5), epsilon: f32(1e-5), ...common } };
  }
}

/** Weights as the model draws them; biases, scales and statistics, which begin as zeros and ones, moved from there. */
function drawParameters(random: RandomData, model: Model): Question["parameters"] {
  return Object.fromEntries(
    [...model.parameters].map(([name, { shape, data }]) => {
      const moved = random.normals(data.length).map((noise, i) => {
        if (name.endsWith("kernel")) return data[i] as number;
        if (name.endsWith("moving_variance")) return 1 + 0.5 * Math.abs(noise);
        return (data[i] as number) + 0.2 * noise;
      });
      return [name, { shape, data: base64(moved) }];
    }),
  );
}

function drawTargets(random: RandomData, { targets }: Task, rows: number, shape: readonly number[]) {
  const classes = shape[shape.length - 1] ?? 1;
  if (targets === "labels") return { labels: Array.from({ length: rows }, () => random.integer(0, classes - 1)) };
  const drawn = random.normals(rows * sizeOf(shape));
  const values = () => {
    if (targets === "yesOrNo") return drawn.map((value) => (value > 0 ? 1 : 0));
    if (targets === "numbers") return drawn;
    const squares = drawn.map((value) => value * value);
    return squares.map((square, i) => {
      const first = i - (i % classes);
      return square / squares.subarray(first, first + classes).reduce((sum, value) => sum + value, 0);
    });
  };
  return { targets: base64(values()), targetShape: shape };
}

function functionalConfig(model: Model): Question["model"] {
  const config = model.toJSON();
  if (config.kind !== "functional") throw new RangeError("the drawn model is no functional one");
  return config;
}

/** Whole numbers from 0 to 255 around 128. */
function pixels(normals: Float32Array): Float32Array {
  return normals.map((value) => Math.min(Math.max(Math.round(128 + 48 * value), 0), 255));
}

/** The network of a seed. */
export function drawQuestion(seed: number): Question {
  const random = new RandomData(seed);
  const task = drawTask(random);
  const model = attempt(() => {
    const drawn = drawModel(random, task, random.integer(1, 1e6));
    return drawn.arena.size <= MOST_PARAMETERS ? drawn : undefined;
  });
  const batch = random.integer(1, 9);
  // Two or three batches, the last of them full or not.
  const rows = batch * random.integer(1, 2) + random.integer(1, batch);
  const feed = random.pick(["fit", "batches"] as const);
  const targets = drawTargets(random, task, rows, model.outputShape);
  const weighted = feed === "fit" ? random.pick(["no", "no", "samples", "classes"] as const) : "no";
  const weight = () => random.integer(1, 8) / 4;
  const question: Question = {
    seed,
    model: functionalConfig(model),
    folded: task.folded,
    parameters: drawParameters(random, model),
    loss: task.loss,
    optimizer: drawOptimizer(random),
    steps: STEPS,
    batch,
    rows,
    feed,
    images: base64(random.normals(rows * sizeOf(model.inputShape))),
    ...targets,
    ...(weighted === "samples" ? { sampleWeights: Array.from({ length: rows }, weight) } : {}),
    ...(weighted === "classes" && task.targets === "labels"
      ? { classWeight: Array.from({ length: model.outputShape[0] ?? 1 }, weight) }
      : {}),
  };
  const asBytes = feed === "fit" && random.uniform() < 0.25;
  const recompute = random.uniform() < 0.2;
  return {
    ...question,
    ...(asBytes ? { images: base64(pixels(floats32(question.images))), bytes: true } : {}),
    ...(recompute ? { recompute } : {}),
  };
}

/** A network in a few lines, for the report of a failure. */
export function describeQuestion({
  seed,
  model,
  loss,
  optimizer,
  batch,
  rows,
  feed,
  bytes,
  recompute,
}: Question): string {
  const layers = model.layers.map(({ name, options }) => `${name} ${JSON.stringify(options)}`);
  return [
    `seed ${seed}, images ${JSON.stringify(model.inputs[0]?.shape)}`,
    ...layers,
    `tensors ${model.calls.map(({ layer, inputs }) => `${layer}(${inputs})`).join(" ")}`,
    `loss ${JSON.stringify(loss)}, optimizer ${optimizer.name} ${JSON.stringify(optimizer.options)}`,
    `batch ${batch} of ${rows} rows, by ${feed === "fit" ? "fit" : "trainOnBatch"}${bytes ? ", bytes" : ""}${recompute ? ", recomputing" : ""}`,
  ].join("\n    ");
}
