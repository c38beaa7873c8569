/** Networks with their trainings and data, whose scripts PyTorch runs (scripts/torch-script.ts). */
import * as corteza from "../../../src/index.ts";
import type { PyTorchTraining } from "../../../src/pytorch.ts";
import { RandomData } from "../../support/random.ts";

interface Values {
  readonly values: Float32Array | Uint8Array | Int32Array;
  readonly shape: readonly number[];
}

/** A network, how it is trained, and on what. */
export interface ScriptCase {
  readonly name: string;
  /** A fresh one at each call, with the same weights. */
  readonly make: () => corteza.Model;
  readonly training: PyTorchTraining;
  readonly data: {
    readonly inputs: readonly Values[];
    readonly targets: readonly Values[];
    readonly weights?: Float32Array;
    readonly dataset: () => corteza.Dataset;
  };
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Every weight moved off its beginning, so that biases and statistics are told apart. */
function moved(model: corteza.Model, seed: number): corteza.Model {
  const random = new RandomData(seed);
  const weights = new Map(
    [...model.parameters].map(([name, { shape, data }]) => {
      const noise = random.normals(data.length);
      const values = Float32Array.from(
        data,
        (value, i) => value + (/kernel/.test(name) ? 0 : 0.2 * (noise[i] as number)),
      );
      return [
        name,
        { shape, data: name.endsWith("moving_variance") ? values.map((one) => Math.abs(one) + 0.3) : values },
      ];
    }),
  );
  model.setParameters(weights);
  return model;
}

/** Images, as bytes or as floats, with labels or rows of numbers for each output. */
export function dataOf(
  model: corteza.Model,
  {
    rows,
    seed,
    bytes,
    goals,
    weighted,
  }: { rows: number; seed: number; bytes?: boolean; goals: readonly string[]; weighted?: boolean },
): ScriptCase["data"] {
  const random = new RandomData(seed);
  const inputs = model.inputShapes.map((shape): Values => {
    const values = random.normals(rows * sizeOf(shape));
    const made = bytes
      ? Uint8Array.from(values, (one) => Math.min(Math.max(Math.round(128 + 50 * one), 0), 255))
      : Float32Array.from(values);
    return { values: made, shape: [rows, ...shape] };
  });
  const targets = model.outputShapes.map((shape, place): Values => {
    const classes = shape[shape.length - 1] ?? 1;
    if (goals[place] === "labels") {
      const count = classes === 1 ? 2 : classes;
      return { values: Int32Array.from({ length: rows }, () => random.integer(0, count - 1)), shape: [rows] };
    }
    const values = Float32Array.from(random.normals(rows * sizeOf(shape)));
    const made = goals[place] === "yesOrNo" ? values.map((one) => (one > 0 ? 1 : 0)) : values;
    if (goals[place] === "shares") {
      for (let i = 0; i < made.length; i += classes) {
        const own = made.subarray(i, i + classes).map((one) => Math.exp(one));
        const sum = own.reduce((a, b) => a + b, 0);
        made.set(
          own.map((one) => one / sum),
          i,
        );
      }
    }
    return { values: made, shape: [rows, ...shape] };
  });
  const weights = weighted ? Float32Array.from({ length: rows }, () => random.integer(1, 8) / 4) : undefined;
  const taught = targets.map(({ values }, place) =>
    values instanceof Int32Array
      ? {
          labels: values,
          ...(model.outputShapes[place]?.[0] === 1 ? {} : { classes: model.outputShapes[place]?.[0] ?? 1 }),
        }
      : { targets: values as Float32Array, targetShape: model.outputShapes[place] ?? [] },
  );
  const dataset = () =>
    corteza.multiDataset({
      inputs: inputs.map(({ values, shape }) => ({
        images: values as Uint8Array | Float32Array,
        shape: shape.slice(1),
      })),
      outputs: taught,
      ...(weights ? { sampleWeights: weights } : {}),
    });
  return { inputs, targets, ...(weights ? { weights } : {}), dataset };
}

const OPTIMIZERS: Readonly<Record<string, corteza.Optimizer>> = {
  sgd: corteza.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  sgdDamped: corteza.sgd({
    learningRate: corteza.exponentialDecay({ initialLearningRate: 0.05, decaySteps: 4, decayRate: 0.8 }),
    momentum: 0.8,
    dampening: 0.3,
  }),
  adam: corteza.adam({ learningRate: corteza.oneCycle({ maxLearningRate: 0.01, totalSteps: 20 }), amsgrad: true }),
  adamKeras: corteza.adam({
    learningRate: 0.01,
    epsilon: 1e-3,
    epsilonAs: "keras",
    globalClipNorm: 0.3,
    weightDecay: 0.02,
  }),
  adamw: corteza.adamw({
    learningRate: corteza.warmup(corteza.cosineDecay({ initialLearningRate: 0.01, decaySteps: 12 }), { steps: 5 }),
  }),
  adamEma: corteza.adam({
    learningRate: 0.01,
    useEma: true,
    emaMomentum: 0.8,
    emaOverwriteFrequency: 6,
    clipValue: 0.05,
  }),
  nadam: corteza.nadam({ learningRate: 0.01 }),
  adamax: corteza.adamax({ learningRate: 0.01, clipNorm: 0.2 }),
  adamaxKeras: corteza.adamax({ learningRate: 0.01, epsilon: 1e-3, epsilonAs: "keras" }),
  rmsprop: corteza.rmsprop({ learningRate: 0.003, momentum: 0.5, centered: true, epsilon: 1e-3 }),
  rmspropKeras: corteza.rmsprop({
    learningRate: corteza.cosineDecayRestarts({ initialLearningRate: 0.003, firstDecaySteps: 5 }),
    epsilonAs: "keras",
    epsilon: 1e-3,
  }),
  adagrad: corteza.adagrad({ learningRate: 0.03 }),
  adagradKeras: corteza.adagrad({ learningRate: 0.03, epsilonAs: "keras", epsilon: 1e-3 }),
  adadelta: corteza.adadelta({ learningRate: 0.5, epsilon: 1e-4 }),
  lamb: corteza.lamb({ learningRate: 0.01, weightDecay: 0.01 }),
  lion: corteza.lion({
    learningRate: corteza.cyclicLearningRate({ baseLearningRate: 0.0005, maxLearningRate: 0.002, stepSizeUp: 3 }),
    weightDecay: 0.1,
  }),
  adafactor: corteza.adafactor({ learningRate: 0.01 }),
  ftrl: corteza.ftrl({ learningRate: 0.02, l1RegularizationStrength: 0.01, l2RegularizationStrength: 0.01, beta: 0.1 }),
};

/** A small network with constraints and penalties, for the formulas of updates. */
function small(): corteza.Model {
  const layers = [
    corteza.conv2d({
      filters: 3,
      kernelSize: 3,
      activation: "tanh",
      kernelRegularizer: corteza.l1l2({ l1: 0.001, l2: 0.01 }),
    }),
    corteza.depthwiseConv2d({
      kernelSize: 2,
      activation: "silu",
      depthwiseConstraint: corteza.minMaxNorm({ maxValue: 0.8, rate: 0.5, axis: [0, 1] }),
    }),
    corteza.flatten(),
    corteza.dense({ units: 4, kernelConstraint: corteza.maxNorm({ maxValue: 1 }), biasRegularizer: corteza.l2(0.1) }),
  ];
  return moved(corteza.sequential({ inputShape: [5, 6, 2], seed: 4 }, layers), 3);
}

/** The network of the documents with dropout; bytes, in a new order each epoch. */
function reference(): corteza.Model {
  const layers = [
    corteza.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    corteza.maxPooling2d(),
    corteza.conv2d({ filters: 6, kernelSize: 3, padding: "same", activation: "relu" }),
    corteza.maxPooling2d(),
    corteza.flatten(),
    corteza.dropout({ rate: 0.3 }),
    corteza.dense({ units: 10, activation: "softmax" }),
  ];
  return moved(corteza.sequential({ inputShape: [12, 12, 1], seed: 1 }, layers), 5);
}

/** Convolutions and pools of every form, one layer twice, two inputs. */
export function windows(): corteza.Model {
  const [image, second] = [
    corteza.input([9, 11, 4], { name: 'first"\\\n' }),
    corteza.input([9, 11, 2], { name: "__proto__" }),
  ];
  const explicit = {
    padding: [
      [2, 0],
      [1, 3],
    ],
  } as const;
  const shared = corteza.conv2d({
    filters: 4,
    kernelSize: 3,
    padding: "same",
    activation: "gelu",
    name: '"""\n\\ import os ß😀',
  });
  let x = shared(shared(image));
  x = corteza.concatenate()([x, second]);
  x = corteza.conv2d({ filters: 6, kernelSize: [3, 2], strides: 2, groups: 2, ...explicit, activation: "mish" })(x);
  x = corteza.batchNormalization({ momentum: 0.8 })(x);
  x = corteza.upSampling2d({ size: [2, 3] })(x);
  x = corteza.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })(x);
  x = corteza.averagePooling2d({
    poolSize: [2, 3],
    strides: 1,
    padding: [
      [1, 0],
      [0, 2],
    ],
  })(x);
  x = corteza.separableConv2d({
    filters: 5,
    kernelSize: 2,
    padding: "same",
    depthMultiplier: 2,
    activation: "softsign",
  })(x);
  x = corteza.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 3, padding: "same", activation: "elu" })(x);
  x = corteza.conv2dTranspose({
    filters: 3,
    kernelSize: 3,
    strides: 2,
    ...{
      padding: [
        [1, 0],
        [0, 1],
      ],
    },
    outputPadding: 1,
  })(x);
  x = corteza.depthwiseConv2d({ kernelSize: 3, dilationRate: 2, padding: "same", depthMultiplier: 2 })(x);
  x = corteza.groupNormalization({ groups: 3 })(x);
  const y = corteza.globalAveragePooling2d()(x);
  return moved(
    corteza.model({
      inputs: [image, second],
      outputs: corteza.dense({ units: 5, activation: "softmax", name: "'); raise SystemExit(1)" })(y),
    }),
    7,
  );
}

/** Layers that move, merge and normalise values; two outputs. */
function others(): corteza.Model {
  const image = corteza.input([6, 8, 4]);
  let x = corteza.normalization({ mean: 0.1, variance: [1, 2, 3, 0.5] })(image);
  x = corteza.rescaling({ scale: [1, 2, 0.5, 1], offset: 0.1 })(x);
  x = corteza.zeroPadding2d({
    padding: [
      [1, 2],
      [0, 1],
    ],
  })(x);
  x = corteza.cropping2d({
    cropping: [
      [1, 0],
      [2, 1],
    ],
  })(x);
  x = corteza.prelu({ sharedAxes: [1, 2], alphaInitializer: { name: "constant", value: 0.2 } })(x);
  const [left, right] = corteza.splitTensor({ parts: [1, 3] })(x) as [corteza.SymbolicTensor, corteza.SymbolicTensor];
  const wide = corteza.conv2d({ filters: 3, kernelSize: 1, activation: "hardSwish" })(left);
  const sums = [corteza.add()([wide, right]), corteza.multiply()([wide, right]), corteza.subtract()([wide, right])];
  const ends = [corteza.maximum()([wide, right]), corteza.minimum()([wide, right]), corteza.average()([wide, right])];
  x = corteza.concatenate()([...sums, ...ends]);
  x = corteza.layerNormalization({ axis: [1, -1] })(x);
  x = corteza.leakyReLU({ negativeSlope: 0.1 })(
    corteza.elu({ alpha: 0.7 })(corteza.reLU({ maxValue: 2, negativeSlope: 0.1, threshold: 0.1 })(x)),
  );
  x = corteza.spatialDropout2d({ rate: 0.2 })(x);
  x = corteza.upSampling2d({ interpolation: "bilinear" })(x);
  const map = corteza.conv2d({ filters: 2, kernelSize: 3, strides: 3, activation: "geluTanh", useBias: false })(
    corteza.gaussianNoise({ stddev: 0.1 })(x),
  );
  x = corteza.permute({ dims: [3, 1, 2] })(map);
  x = corteza.softmax({ axis: 2 })(x);
  x = corteza.dropout({ rate: 0.25, noiseShape: [null, 1, null, null] })(x);
  x = corteza.conv2d({ filters: 5, kernelSize: 1, name: "mix" })(x);
  x = corteza.reshape({ targetShape: [-1, 5] })(x);
  x = corteza.batchNormalization({ scale: false })(corteza.unitNormalization()(x));
  const flat = corteza.flatten()(x);
  const y = corteza.dense({ units: 3, activation: "sigmoid" })(
    corteza.concatenate()([flat, corteza.globalMaxPooling2d()(map)]),
  );
  return moved(corteza.model({ inputs: image, outputs: [y, map] }), 8);
}

/** A network that begins with layers which do not train. */
function frozenModel(): corteza.Model {
  const layers = [
    corteza.conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
    corteza.batchNormalization(),
    corteza.dropout({ rate: 0.5 }),
    corteza.flatten(),
    corteza.dense({ units: 3 }),
  ];
  return corteza.freeze(moved(corteza.sequential({ inputShape: [6, 6, 1] }, layers), 9), { upTo: "dropout" });
}

/** Whose losses lie in `files`; of the first the script's source, too. */
export const FROZEN: readonly string[] = ["windows", "others", "mixed", "augmented"];

/** All of them. */
export function scriptCases(): ScriptCase[] {
  const labels = { loss: "sparseCategoricalCrossentropy", batchSize: 8, shuffle: false } as const;
  const simple = { rows: 20, seed: 2, goals: ["labels"] };
  const adam = corteza.adam({ learningRate: 0.005, epsilon: 1e-4 });
  const losses: [string, PyTorchTraining["loss"], string][] = [
    ["smoothed", corteza.sparseCategoricalCrossentropy({ labelSmoothing: 0.1 }), "labels"],
    ["categorical", corteza.categoricalCrossentropy({ labelSmoothing: 0.1 }), "shares"],
    ["binary", corteza.binaryCrossentropy({ labelSmoothing: 0.1 }), "yesOrNo"],
    ["mae", "mae", "numbers"],
    ["huber", corteza.huber({ delta: 0.5 }), "numbers"],
    ["hinge", "hinge", "yesOrNo"],
    ["categoricalHinge", "categoricalHinge", "shares"],
    ["kld", "kld", "shares"],
    ["cosine", "cosineSimilarity", "numbers"],
  ];
  return [
    {
      name: "reference",
      make: reference,
      training: { loss: labels.loss, optimizer: corteza.adam(), batchSize: 16, seed: 12 },
      data: dataOf(reference(), { rows: 50, seed: 1, bytes: true, goals: ["labels"] }),
    },
    { name: "windows", make: windows, training: { ...labels, optimizer: adam }, data: dataOf(windows(), simple) },
    {
      name: "others",
      make: others,
      training: { loss: ["binaryCrossentropy", "mse"], lossWeights: [1, 0.5], optimizer: adam, batchSize: 7, seed: 5 },
      data: dataOf(others(), { rows: 18, seed: 3, goals: ["yesOrNo", "numbers"] }),
    },
    {
      name: "frozen",
      make: frozenModel,
      training: { ...labels, optimizer: adam },
      data: dataOf(frozenModel(), simple),
    },
    {
      name: "augmented",
      make: reference,
      training: {
        ...{ loss: labels.loss, optimizer: adam, batchSize: 16, seed: 3 },
        augment: {
          flip: "both",
          rotate: 20,
          zoom: 0.2,
          shear: 10,
          shift: 2,
          contrast: 0.3,
          brightness: 0.3,
          noise: 0.05,
          cutout: 0.3,
        },
      },
      data: dataOf(reference(), { rows: 40, seed: 4, bytes: true, goals: ["labels"] }),
    },
    {
      name: "mixed",
      make: reference,
      training: {
        ...{ loss: labels.loss, optimizer: adam, batchSize: 15, seed: 2 ** 33 + 5, classWeight: { 3: 2, 4: 0.5 } },
        augment: { mixup: 0.4, cutMix: 1, crop: 2, fill: "reflect", flip: "horizontal" },
      },
      data: dataOf(reference(), { rows: 40, seed: 5, goals: ["labels"], weighted: true }),
    },
    ...losses.map(
      ([name, loss, goal]): ScriptCase => ({
        name: `loss ${name}`,
        make: small,
        training: { loss, optimizer: corteza.sgd({ learningRate: 0.05 }), batchSize: 8 },
        data: dataOf(small(), { rows: 20, seed: 6, goals: [goal], weighted: name === "huber" }),
      }),
    ),
    ...Object.entries(OPTIMIZERS).map(
      ([name, optimizer]): ScriptCase => ({
        name: `optimizer ${name}`,
        make: small,
        training: { ...labels, optimizer },
        data: dataOf(small(), simple),
      }),
    ),
  ];
}
