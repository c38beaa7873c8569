import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph.ts";
import * as corteza from "../../src/index.ts";
import { ArgumentError, adam, conv2d, dense, type Layer, ShapeError, sequential } from "../../src/index.ts";

/** Everything of the library that takes an object of options, with options that work. */
const MAKERS: Readonly<Record<string, readonly [make: (options: never) => unknown, options: object]>> = {
  adadelta: [corteza.adadelta, {}],
  adafactor: [corteza.adafactor, {}],
  adagrad: [corteza.adagrad, {}],
  adam: [corteza.adam, {}],
  adamax: [corteza.adamax, {}],
  adamw: [corteza.adamw, {}],
  ftrl: [corteza.ftrl, {}],
  lamb: [corteza.lamb, {}],
  lion: [corteza.lion, {}],
  nadam: [corteza.nadam, {}],
  rmsprop: [corteza.rmsprop, {}],
  sgd: [corteza.sgd, {}],
  add: [corteza.add, {}],
  average: [corteza.average, {}],
  averagePooling2d: [corteza.averagePooling2d, {}],
  batchNormalization: [corteza.batchNormalization, {}],
  concatenate: [corteza.concatenate, {}],
  conv2d: [corteza.conv2d, { filters: 1, kernelSize: 1 }],
  conv2dTranspose: [corteza.conv2dTranspose, { filters: 1, kernelSize: 1 }],
  cropping2d: [corteza.cropping2d, {}],
  dense: [corteza.dense, { units: 1 }],
  depthwiseConv2d: [corteza.depthwiseConv2d, { kernelSize: 1 }],
  dropout: [corteza.dropout, { rate: 0.5 }],
  elu: [corteza.elu, {}],
  flatten: [corteza.flatten, {}],
  gaussianNoise: [corteza.gaussianNoise, { stddev: 1 }],
  globalAveragePooling2d: [corteza.globalAveragePooling2d, {}],
  globalMaxPooling2d: [corteza.globalMaxPooling2d, {}],
  groupNormalization: [corteza.groupNormalization, {}],
  layerNormalization: [corteza.layerNormalization, {}],
  leakyReLU: [corteza.leakyReLU, {}],
  maximum: [corteza.maximum, {}],
  maxPooling2d: [corteza.maxPooling2d, {}],
  minimum: [corteza.minimum, {}],
  multiply: [corteza.multiply, {}],
  normalization: [corteza.normalization, { mean: 0, variance: 1 }],
  permute: [corteza.permute, { dims: [1] }],
  prelu: [corteza.prelu, {}],
  reLU: [corteza.reLU, {}],
  rescaling: [corteza.rescaling, { scale: 1 }],
  reshape: [corteza.reshape, { targetShape: [1] }],
  constant: [corteza.constant, { shape: [1], data: [1] }],
  operation: [corteza.operation, { op: "relu" }],
  splitTensor: [corteza.splitTensor, { parts: 2 }],
  separableConv2d: [corteza.separableConv2d, { filters: 1, kernelSize: 1 }],
  softmax: [corteza.softmax, {}],
  spatialDropout2d: [corteza.spatialDropout2d, { rate: 0.5 }],
  subtract: [corteza.subtract, {}],
  unitNormalization: [corteza.unitNormalization, {}],
  upSampling2d: [corteza.upSampling2d, {}],
  zeroPadding2d: [corteza.zeroPadding2d, {}],
  binaryCrossentropy: [corteza.binaryCrossentropy, {}],
  categoricalCrossentropy: [corteza.categoricalCrossentropy, {}],
  categoricalHinge: [corteza.categoricalHinge, {}],
  cosineSimilarity: [corteza.cosineSimilarity, {}],
  hinge: [corteza.hinge, {}],
  huber: [corteza.huber, {}],
  kullbackLeiblerDivergence: [corteza.kullbackLeiblerDivergence, {}],
  meanAbsoluteError: [corteza.meanAbsoluteError, {}],
  meanSquaredError: [corteza.meanSquaredError, {}],
  sparseCategoricalCrossentropy: [corteza.sparseCategoricalCrossentropy, {}],
  accuracy: [corteza.accuracy, {}],
  auc: [corteza.auc, {}],
  binaryAccuracy: [corteza.binaryAccuracy, {}],
  f1Score: [corteza.f1Score, {}],
  precision: [corteza.precision, {}],
  recall: [corteza.recall, {}],
  topKCategoricalAccuracy: [corteza.topKCategoricalAccuracy, {}],
  l1l2: [corteza.l1l2, {}],
  maxNorm: [corteza.maxNorm, {}],
  minMaxNorm: [corteza.minMaxNorm, {}],
  unitNorm: [corteza.unitNorm, {}],
  cosineDecay: [corteza.cosineDecay, { initialLearningRate: 1, decaySteps: 1 }],
  cosineDecayRestarts: [corteza.cosineDecayRestarts, { initialLearningRate: 1, firstDecaySteps: 1 }],
  cyclicLearningRate: [corteza.cyclicLearningRate, { baseLearningRate: 1, maxLearningRate: 2 }],
  exponentialDecay: [corteza.exponentialDecay, { initialLearningRate: 1, decaySteps: 1, decayRate: 1 }],
  inverseTimeDecay: [corteza.inverseTimeDecay, { initialLearningRate: 1, decaySteps: 1, decayRate: 1 }],
  multiStepDecay: [corteza.multiStepDecay, { initialLearningRate: 1, milestones: [1] }],
  oneCycle: [corteza.oneCycle, { maxLearningRate: 1, totalSteps: 9 }],
  piecewiseConstantDecay: [corteza.piecewiseConstantDecay, { boundaries: [1], values: [1, 2] }],
  polynomialDecay: [corteza.polynomialDecay, { initialLearningRate: 1, decaySteps: 1 }],
  stepDecay: [corteza.stepDecay, { initialLearningRate: 1, stepSize: 1 }],
  earlyStopping: [corteza.earlyStopping, {}],
  reduceOnPlateau: [corteza.reduceOnPlateau, {}],
};
const names = Object.keys(MAKERS);

/** What is exported and takes no object of options, or is tested elsewhere: with a backend, a model, a data set. */
const OTHERS = [
  ...[
    "activation",
    "bestBackend",
    "cpu",
    "createClassifier",
    "createPredictor",
    "defineLayer",
    "createTrainer",
    "dataset",
    "fetchIdx",
  ],
  ...["adaptNormalization", "checkData", "dataSource", "readSample", "webcam", "importControl", "sampleImageData"],
  ...["previewAugmentation"],
  ...["balancedClassWeights", "doubtfulLabels", "pictureDataset", "synthetic", "withoutClass"],
  ...["csv", "npy", "npz", "parseNpy", "parseNpz", "deletePictures", "keepPictures", "listPictures", "openPictures"],
  ...["gunzip", "idx", "imageFolder", "indexedDbTuningStore", "input", "l1", "l2", "learningRateAt", "loadSafetensors"],
  ...[
    "memoryTuningStore",
    "model",
    "modelFromConfig",
    "openModel",
    "momentumAt",
    "multiDataset",
    "normalizeDigitImage",
    "parseIdx",
  ],
  ...[
    "rasterizeDigit",
    "safetensorsMetadata",
    "sample",
    "sequential",
    "smoothStroke",
    "split",
    "subset",
    "toSafetensors",
    "topK",
  ],
  ...["warmup", "wasm", "webgpu"],
  ...["features", "freeze", "loadModel", "saveModel", "splitAt", "unfreeze", "upTo", "withHead"],
];

const call = (name: string, options: unknown) => () => MAKERS[name]![0](options as never);

describe("options that do not exist", () => {
  it.each(names)("%s refuses one, and names the nearest right one", (name) => {
    const [, options] = MAKERS[name]!;
    expect(call(name, options)).not.toThrow();
    expect(call(name, { ...options, surely_not: 1 })).toThrow(ArgumentError);
    expect(call(name, { ...options, surely_not: 1 })).toThrow(`${name}: unknown option "surely_not"; `);
    for (const one of Object.keys(options)) {
      expect(call(name, { ...options, [`${one}e`]: 1 })).toThrow(`did you mean "${one}"?`);
    }
  });

  it.each(names)("%s says what to write instead of something that is no object", (name) => {
    for (const options of [0.5, "text", null, [1]]) {
      expect(call(name, options)).toThrow(ArgumentError);
      expect(call(name, options)).toThrow(`${name}: wants an object of options`);
    }
  });

  it("every function that is exported is among them, or among those that take no such object", () => {
    const functions = Object.entries(corteza).filter(
      ([, value]) => typeof value === "function" && !/^class /.test(Function.prototype.toString.call(value)),
    );
    const known = new Set([...names, ...OTHERS]);
    expect(functions.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
  });

  it("an option is named by the spelling of the issue's examples", () => {
    expect(() => dense({ units: 1, activaton: "relu" } as never)).toThrow('did you mean "activation"?');
    expect(() => adam({ learningrate: 1 } as never)).toThrow('did you mean "learningRate"?');
    expect(() => conv2d({ filters: 1, kernel_size: 3 } as never)).toThrow('did you mean "kernelSize"?');
    expect(() => corteza.leakyReLU({ alpha: 0.3 } as never)).toThrow("it is called negativeSlope");
  });
});

describe("values that are no options", () => {
  it.each([
    [
      "activation({ activation })",
      () => corteza.activation({ activation: "relu" } as never),
      /activation\("relu"\).*an object with activation/,
    ],
    ["an activation's wrong name", () => dense({ units: 1, activation: "Relu" }), /Did you mean "relu"\?/],
    [
      "an initializer's wrong name",
      () => dense({ units: 1, kernelInitializer: "he_normal" as never }),
      /did you mean "heNormal"\?/,
    ],
    [
      "a regularizer that is a number",
      () => dense({ units: 1, kernelRegularizer: 0.01 as never }),
      /wants a regularizer, as l2\(1e-4\)/,
    ],
    ["a regularizer that is null", () => dense({ units: 1, kernelRegularizer: null as never }), /wants a regularizer/],
    [
      "a constraint that is null",
      () => dense({ units: 1, kernelConstraint: null as never }),
      /wants a constraint, as maxNorm\(\)/,
    ],
    [
      "a constraint's axis",
      () => dense({ units: 1, kernelConstraint: corteza.maxNorm({ axis: ["0"] as never }) }),
      /axis must be/,
    ],
    ["a BigInt", () => dense({ units: 5n as never }), /units must be a number, got the BigInt 5n/],
    [
      "a BigInt as a window",
      () => conv2d({ filters: 1, kernelSize: 3n as never }),
      /kernelSize must be.*the BigInt 3n/,
    ],
    ["an object that has no text", () => conv2d({ filters: 1, kernelSize: Object.create(null) }), /kernelSize must be/],
    ["a name that is no text", () => dense({ units: 1, name: 5 as never }), /name must be a text, got 5/],
    [
      "a text where a boolean is wanted",
      () => dense({ units: 1, useBias: "no" as never }),
      /useBias must be true or false/,
    ],
    [
      "no layers",
      () => sequential({ inputShape: [4] }, undefined as never),
      /its layers are undefined; write sequential/,
    ],
    [
      "a list of layers without options",
      () => sequential([dense({ units: 1 })] as never, undefined as never),
      /wants options before the list/,
    ],
    [
      "no inputShape",
      () => sequential({} as never, [dense({ units: 1 })]),
      /inputShape is undefined; write sequential/,
    ],
    [
      "a function in the place of a layer",
      () => sequential({ inputShape: [4] }, [corteza.flatten as never]),
      /layer 0 is no layer.*call it/,
    ],
    [
      "nothing in the place of a layer",
      () => sequential({ inputShape: [4] }, [undefined as never]),
      /layer 0 is no layer, but undefined/,
    ],
    [
      "a seed that is no number",
      () => sequential({ inputShape: [4], seed: Number.NaN }, [dense({ units: 1 })]),
      /seed must be a number/,
    ],
    [
      "an option of sequential",
      () => sequential({ input_shape: [4] } as never, [dense({ units: 1 })]),
      /did you mean "inputShape"/,
    ],
    ["an option of model", () => corteza.model({ input: 1 } as never), /did you mean "inputs"/],
    ["an option of input", () => corteza.input([1], { named: "x" } as never), /did you mean "name"/],
    [
      "a shape of too many axes",
      () => sequential({ inputShape: Array(8).fill(1) }, [dense({ units: 1 })]),
      /8 axes; at most 7/,
    ],
    ["a loss with a wrong option", () => corteza.huber({ dalta: 1 } as never), /did you mean "delta"/],
  ])("%s is told", (_, make, message) => {
    expect(make).toThrow(/\S/);
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      expect(error instanceof ArgumentError || error instanceof ShapeError).toBe(true);
    }
  });
});

describe("a model that is too large", () => {
  it("is refused at once, and names what makes it so", () => {
    const make = () => sequential({ inputShape: [784] }, [dense({ units: 1e8, name: "wide" })]);
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(/78,500,000,000 parameters are more than .*"wide\/kernel" \[784, 100000000\]/);
  });

  it("draws no initial value before somebody asks for one", () => {
    const started = performance.now();
    const made = sequential({ inputShape: [4000] }, [dense({ units: 4000, kernelInitializer: "orthogonal" })]);
    const weights = { shape: [4000, 4000], data: new Float32Array(4000 * 4000) };
    made.setParameters(
      new Map([
        ["dense/kernel", weights],
        ["dense/bias", { shape: [4000], data: new Float32Array(4000) }],
      ]),
    );
    expect(made.parameters.get("dense/kernel")?.data[7]).toBe(0);
    // To draw them takes more than 15 s.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("an initializer that does not make the shape is refused before", () => {
    const make = () =>
      sequential({ inputShape: [4, 4, 1] }, [conv2d({ filters: 1, kernelSize: 2, kernelInitializer: "identity" })]);
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(/"conv2d\/kernel": initializer "identity" makes matrices only/);
  });
});

describe("setParameters", () => {
  const build = () => sequential({ inputShape: [2] }, [dense({ units: 1 })]);
  const kernel = { shape: [2, 1], data: Float32Array.of(3, 4) };
  const bias = { shape: [1], data: Float32Array.of(0.5) };
  const set = (parameters: unknown, options?: { partial?: boolean }) => () => {
    const made = build();
    const before = made.parameters;
    try {
      made.setParameters(parameters as never, options);
    } catch (error) {
      expect(made.parameters).toEqual(before);
      throw error;
    }
    return made.parameters;
  };

  it("sets all, and with partial those that are named", () => {
    expect(
      set(
        new Map([
          ["dense/kernel", kernel],
          ["dense/bias", bias],
        ]),
      )().get("dense/bias"),
    ).toEqual(bias);
    const parameters = set(new Map([["dense/kernel", kernel]]), { partial: true })();
    expect(parameters.get("dense/kernel")).toEqual(kernel);
    expect(parameters.get("dense/bias")?.data[0]).toBe(0);
  });

  it.each([
    [{}, /wants a Map of tensors by name.*an empty object; new Map\(Object.entries\(object\)\)/],
    [undefined, /wants a Map/],
    [new Map([["dense/kernel", kernel]]), /nothing for dense\/bias; give all parameters, or \{ partial: true \}/],
    [
      new Map<string, unknown>([
        ["dense/kernel", kernel],
        ["dense/bias", bias],
        ["dense/x", bias],
      ]),
      /no parameter "dense\/x"; it has dense\/kernel, dense\/bias/,
    ],
    [
      new Map<string, unknown>([
        ["dense/kernel", kernel],
        ["dense/bias", undefined],
      ]),
      /"dense\/bias" wants a tensor/,
    ],
    [
      new Map<string, unknown>([
        ["dense/kernel", kernel],
        ["dense/bias", { shape: [1], data: [1] }],
      ]),
      /"dense\/bias" wants a tensor.*typed array/,
    ],
    [
      new Map<string, unknown>([
        ["dense/kernel", kernel],
        ["dense/bias", { shape: [1], data: BigInt64Array.of(1n) }],
      ]),
      /"dense\/bias" wants a tensor/,
    ],
    [
      new Map([
        ["dense/kernel", kernel],
        ["dense/bias", { ...bias, shape: [1, 1] }],
      ]),
      /"dense\/bias" has shape \[1\], got \[1, 1\]/,
    ],
    [
      new Map([
        ["dense/kernel", kernel],
        ["dense/bias", { ...bias, data: Float32Array.of(1, 2) }],
      ]),
      /"dense\/bias"/,
    ],
    [
      new Map([
        ["dense/kernel", kernel],
        ["dense/bias", { ...bias, data: Float32Array.of(Number.NaN) }],
      ]),
      /"dense\/bias" holds NaN at place 0/,
    ],
  ])("refuses %o and changes nothing", (parameters, message) => {
    expect(set(parameters)).toThrow(message);
    expect(set(parameters)).toThrow(/^setParameters: /);
  });
});

describe("initial values that are made when somebody asks", () => {
  it("are the same whenever that is, and in whatever order", () => {
    const layers = (): Layer[] => [dense({ units: 3, kernelInitializer: "orthogonal" }), dense({ units: 2 })];
    const [one, two] = [
      sequential({ inputShape: [4], seed: 5 }, layers()),
      sequential({ inputShape: [4], seed: 5 }, layers()),
    ];
    const later = two.variables.at(-2)?.initial;
    expect(later).toEqual(one.parameters.get("dense_1/kernel")?.data);
    expect(two.parameters).toEqual(one.parameters);
    expect(two.variables[0]?.initial).toBe(two.variables[0]?.initial);
    expect(new Graph().variable(two.variables[0]!).shape).toEqual([4, 3]);
  });
});
