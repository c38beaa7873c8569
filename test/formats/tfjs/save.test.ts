/** Models of this library in TensorFlow.js: the same answers; and back again. */
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  activation,
  add,
  average,
  averagePooling2d,
  concatenate,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  elu,
  flatten,
  globalMaxPooling2d,
  groupNormalization,
  input,
  type Layer,
  layerNormalization,
  maximum,
  maxPooling2d,
  minimum,
  model,
  multiply,
  normalization,
  operation,
  prelu,
  reLU,
  rescaling,
  reshape,
  separableConv2d,
  sequential,
  softmax,
  splitTensor,
  subtract,
  upSampling2d,
} from "../../../src/index.ts";
import { loadLayersModel, toLayersModel } from "../../../src/tfjs.ts";
import { LAYER_CASES } from "../../support/layer_cases.ts";
import { randomNetwork } from "../../support/random_networks.ts";
import { expectSame, inputsFor, opened, ours, type SavedModel, scatterOurs, theirs } from "../../support/tfjs.ts";

const IMAGE = [6, 8, 4];
const EXPLICIT = {
  padding: [
    [1, 2],
    [0, 1],
  ],
} as const;

/** What TensorFlow.js has nothing for. */
const UNWRITABLE = ["unitNormalization", "upSampling2d"];
/** TensorFlow.js holds weights to a layer's constraints as soon as it loads them, and these are held to none. */
const CONSTRAINED = ["separableConv2d"];

const SINGLE: Readonly<Record<string, () => Layer>> = {
  ...Object.fromEntries(
    Object.entries(LAYER_CASES)
      .filter(([kind, { input: shape }]) => ![...UNWRITABLE, ...CONSTRAINED].includes(kind) && shape.length === 3)
      .map(([kind, { make }]) => [kind, make]),
  ),
  ...Object.fromEntries(
    [
      ...[
        "linear",
        "relu",
        "relu6",
        "leakyRelu",
        "elu",
        "selu",
        "gelu",
        "geluTanh",
        "silu",
        "swish",
        "mish",
        "sigmoid",
      ],
      ...["hardSigmoid", "hardSilu", "hardSwish", "tanh", "softplus", "softsign", "softmax", "logSoftmax"],
    ].flatMap((name) => [
      [`activation ${name}`, () => activation(name)],
      [`dense with ${name}`, () => dense({ units: 5, activation: name })],
    ]),
  ),
  "conv2d, padding in pixels": () => conv2d({ filters: 3, kernelSize: 3, strides: 2, ...EXPLICIT }),
  "conv2d, a group a channel": () => conv2d({ filters: 8, kernelSize: 2, groups: 4, useBias: false }),
  "depthwiseConv2d, dilated, padding in pixels": () =>
    depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, dilationRate: 2, activation: "hardSwish", ...EXPLICIT }),
  "separableConv2d, padding in pixels": () =>
    separableConv2d({ filters: 3, kernelSize: 3, depthMultiplier: 2, ...EXPLICIT }),
  "conv2dTranspose, padding in pixels": () =>
    conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, activation: "tanh", ...EXPLICIT }),
  "conv2dTranspose, a stride beyond its kernel": () =>
    conv2dTranspose({
      filters: 2,
      kernelSize: 2,
      strides: 3,
      padding: [
        [0, 0],
        [1, 0],
      ],
    }),
  "averagePooling2d, same": () => averagePooling2d({ poolSize: 3, strides: 1, padding: "same" }),
  "maxPooling2d, no padding in pixels": () =>
    maxPooling2d({
      padding: [
        [0, 0],
        [0, 0],
      ],
    }),
  "globalMaxPooling2d, keepDims": () => globalMaxPooling2d({ keepDims: true }),
  "groupNormalization, one a channel": () => groupNormalization({ groups: -1 }),
  "groupNormalization, nothing learned": () => groupNormalization({ groups: 1, center: false, scale: false }),
  "layerNormalization, one axis": () => layerNormalization({ axis: 2, center: false }),
  "normalization, backwards": () => normalization({ mean: 2, variance: [1, 4, 0, 2], invert: true }),
  "rescaling, one each": () => rescaling({ scale: 2, offset: [1, 2, 3, 4] }),
  "reLU, a threshold": () => reLU({ threshold: 0.5 }),
  "reLU, a slope": () => reLU({ negativeSlope: 0.2 }),
  "reLU, a slope and a largest value": () => reLU({ negativeSlope: 0.2, maxValue: 0.7 }),
  "elu, alpha 2": () => elu({ alpha: 2 }),
  "prelu, a slope each": () => prelu(),
  "softmax over rows": () => softmax({ axis: 1 }),
  "reshape to what is left": () => reshape({ targetShape: [4, -1] }),
};

/** The model there, and what both say. */
async function expectSameThere(own: Parameters<typeof toLayersModel>[0], seed: number): Promise<SavedModel> {
  scatterOurs(own, seed);
  const file = toLayersModel(own) as unknown as SavedModel;
  const there = await opened(
    JSON.parse(JSON.stringify(file.json)) && { ...file, json: JSON.parse(JSON.stringify(file.json)) },
  );
  const inputs = inputsFor(own.inputShapes, seed);
  expectSame(theirs(there, inputs), await ours(own, inputs));
  // And back: the same answers, also of what is several layers there.
  const back = loadLayersModel(file.json, file.weights);
  expect(back.lost).toEqual([]);
  expectSame(await ours(back, inputs), await ours(own, inputs));
  return file;
}

describe("toLayersModel", () => {
  it.each(Object.entries(SINGLE))("%s: TensorFlow.js gives the same", async (name, make) => {
    const chain = sequential({ inputShape: IMAGE }, [conv2d({ filters: 4, kernelSize: 1, name: "first" }), make()]);
    await expectSameThere(chain, name.length);
  });

  it.each(Object.entries({ add, average, maximum, minimum, multiply, subtract, concatenate }))(
    "%s: TensorFlow.js gives the same",
    async (name, make) => {
      const x = input(IMAGE);
      const y = conv2d({ filters: 4, kernelSize: 1 })(x);
      const more = name === "subtract" ? [] : [activation("tanh")(x)];
      await expectSameThere(model({ inputs: x, outputs: make()([y, x, ...more]) }), 5);
    },
  );

  it.each(Array.from({ length: 20 }, (_, index) => 100 + index))(
    "random network %d: the same there, and exact back here",
    async (seed) => {
      const own = randomNetwork(seed);
      const { json, weights } = await expectSameThere(own, seed);
      const back = loadLayersModel(json, weights);
      expect({ ...back.toJSON(), seed: own.seed }).toEqual(own.toJSON());
      expect(back.parameters).toEqual(own.parameters);
      expect(toLayersModel(back)).toEqual({ json, weights });
    },
  );

  it("writes a layer that is called twice once, in parts too", async () => {
    const [a, b] = [input(IMAGE), input(IMAGE)];
    const shared = conv2d({ filters: 4, kernelSize: 3, groups: 2, activation: "hardSigmoid", ...EXPLICIT });
    const outputs = [shared(a), flatten()(shared(b)), subtract()([shared(a), shared(b)])];
    const { json } = await expectSameThere(model({ inputs: [b, a], outputs }), 9);
    const [manifest] = json.weightsManifest;
    expect(manifest?.weights.map(({ name }) => name)).toEqual(["conv2d/kernel", "conv2d/bias"]);
  });

  it("writes a tensor that a layer reads twice so that TensorFlow.js does not free it between", async () => {
    const x = input(IMAGE);
    const y = conv2d({ filters: 4, kernelSize: 1 })(x);
    await expectSameThere(model({ inputs: x, outputs: multiply()([y, add()([y, y, x]), y]) }), 4);
  });

  it("keeps constraints, regularizers and what begins weights", () => {
    const layers = Object.entries(LAYER_CASES).filter(([, { input: shape }]) => shape.length === 3);
    for (const kind of ["batchNormalization", "separableConv2d", "prelu", "conv2dTranspose", "depthwiseConv2d"]) {
      const make = layers.find(([name]) => name === kind)?.[1].make;
      if (make === undefined) throw new Error(kind);
      const own = sequential({ inputShape: IMAGE }, [make()]);
      const { json, weights } = toLayersModel(own);
      expect(loadLayersModel(json, weights).toJSON()).toEqual(own.toJSON());
    }
  });

  it("gives names that TensorFlow.js takes", async () => {
    const own = sequential({ inputShape: [4] }, [
      dense({ units: 3, name: "größe 1" }),
      dense({ units: 3, name: "gr__e_1" }),
      dense({ units: 2, name: "__proto__" }),
    ]);
    await expectSameThere(own, 3);
  });

  it("says at once which layers TensorFlow.js cannot compute", () => {
    const x = input(IMAGE);
    const [left, right] = splitTensor({ parts: 2 })(upSampling2d({ interpolation: "bilinear" })(x)) as [
      typeof x,
      typeof x,
    ];
    const sum = operation({ op: "add" })(activation("exponential")(left), right) as typeof x;
    const own = model({ inputs: x, outputs: maxPooling2d(EXPLICIT)(sum) });
    expect(() => toLayersModel(own)).toThrow(ArgumentError);
    expect(() => toLayersModel(own)).toThrow(
      /bilinear upSampling2d \("up_sampling2d"\); a layer splitTensor .*the activation exponential .*a layer operation .*padding is given in pixels/,
    );
  });
});
