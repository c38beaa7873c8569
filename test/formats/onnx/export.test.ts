/** Models as ONNX files: what ONNX Runtime makes of them, and what `loadOnnx` reads back. */
import { describe, expect, it } from "vitest";
import { parseModel } from "../../../src/formats/onnx/messages.ts";
import {
  activation,
  add,
  average,
  batchNormalization,
  concatenate,
  constant,
  conv2d,
  conv2dTranspose,
  defineLayer,
  dense,
  dropout,
  flatten,
  globalAveragePooling2d,
  input,
  type Model,
  maximum,
  maxPooling2d,
  minimum,
  model,
  modelFromConfig,
  multiply,
  operation,
  prelu,
  sequential,
  splitTensor,
  subtract,
  upSampling2d,
} from "../../../src/index.ts";
import { activationNames } from "../../../src/nn/activation_names.ts";
import { loadOnnx, type ToOnnxOptions, toOnnx } from "../../../src/onnx.ts";
import { drawQuestion } from "../../conformance/oracle/draw.ts";
import { expectWithin } from "../../conformance/suite.ts";
import { LAYER_CASES } from "../../support/layer_cases.ts";
import { channelsFirst, predicted, runOnnx, type Shaped } from "../../support/onnx_runtime.ts";
import { modelOf, OPERATION_CASES } from "../../support/operations.ts";
import { RandomData } from "../../support/random.ts";

const BATCH = 3;

/** Weights that are none of those that a layer begins with. */
function settle(made: Model, random: RandomData): void {
  made.setParameters(
    new Map(
      [...made.parameters].map(([name, { shape, data }]) => {
        const noise = random.normals(data.length);
        const isSpread = name.endsWith("variance");
        return [
          name,
          {
            shape,
            data: data.map((value, i) =>
              isSpread ? 0.5 + (noise[i] as number) ** 2 : value + 0.3 * (noise[i] as number),
            ),
          },
        ];
      }),
    ),
  );
}

const expectEqual = (what: string, got: Shaped | undefined, want: Shaped) => {
  expect(got?.shape).toEqual(want.shape);
  const largest = want.data.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-3);
  expectWithin(what, got?.data, want.data, () => 1e-5 * largest);
};

interface Checked {
  readonly options?: ToOnnxOptions;
  readonly feeds?: readonly Float32Array[];
  /** Whether the file is read back; default true. */
  readonly readBack?: boolean;
}

/** ONNX Runtime gives what the model gives, and so does the model that is read back, whose weights are the same. */
async function check(made: Model, { options = {}, readBack = true, ...given }: Checked = {}): Promise<Model> {
  const random = new RandomData(5);
  const feeds =
    given.feeds ??
    made.inputShapes.map((shape) => Float32Array.from(random.normals(BATCH * shape.reduce((a, b) => a * b, 1))));
  // First: a model's rare activations need not have been fetched by anybody.
  const bytes = toOnnx(made, options);
  const wanted = await predicted(made, feeds);
  const asFile = options.imageLayout === "NHWC" ? (x: Shaped) => x : channelsFirst;
  const inputs = made.inputNames.map((name, index) => [
    name,
    asFile({ shape: [BATCH, ...(made.inputShapes[index] as number[])], data: feeds[index] as Float32Array }),
  ]);
  const results = await runOnnx(bytes, Object.fromEntries(inputs));
  made.outputNames.forEach((name, index) => {
    expectEqual(`ONNX Runtime: ${name}`, results[name], asFile(wanted[index] as Shaped));
  });
  if (!readBack) return made;
  const back = loadOnnx(bytes);
  (await predicted(back, feeds)).forEach((result, index) => {
    expectEqual(`read back: output ${index}`, result, wanted[index] as Shaped);
  });
  return back;
}

/** Every weight of a model is in the other, value for value and with its name where both have that. */
function expectSameWeights(made: Model, back: Model): void {
  const theirs = [...back.parameters.values()].map(({ data }) => [...data].sort((a, b) => a - b).join());
  for (const [name, { shape, data }] of made.parameters) {
    const same = back.parameters.get(name);
    if (same && same.shape.join() === shape.join()) expect([...same.data], name).toEqual([...data]);
    else expect(theirs, name).toContain([...data].sort((a, b) => a - b).join());
  }
}

describe("every kind of layer in ONNX Runtime, and read back", () => {
  it.each(Object.entries(LAYER_CASES))("%s", async (_, one) => {
    const made = sequential({ inputShape: [...one.input] }, [one.make()]);
    settle(made, new RandomData(1));
    expectSameWeights(made, await check(made));
  });

  it("layers of several inputs, images that stretch, parts", async () => {
    const [x, y] = [input([4, 5, 6], { name: "left" }), input([1, 1, 6], { name: "right" })];
    const merged = [add, multiply, average, maximum, minimum].map((merge) => merge()([x, y]));
    const [a, b] = splitTensor({ parts: [2, 4] })(concatenate({ axis: 1 })([...merged, subtract()([x, y])]));
    await check(model({ inputs: [x, y], outputs: [a, b] as never }));
  });
});

it("every activation, of an image and of a vector", async () => {
  const image = input([4, 5, 6]);
  const vector = input([7]);
  const named = [image, vector].flatMap((x) => activationNames.map((name) => activation(name)(x)));
  await check(model({ inputs: [image, vector], outputs: named }));
});

describe("every operation that ONNX has", () => {
  const outside = ["softmaxCrossEntropy"];
  // Their ops are written, but not read.
  const notRead = ["gatherRows"];
  it.each(Object.entries(OPERATION_CASES).filter(([name]) => !outside.includes(name)))("%s", async (name, one) => {
    const { made, feeds } = modelOf(name, one, BATCH);
    await check(made, { feeds, readBack: !notRead.includes(name) });
  });
});

/** The network of a seed of the PyTorch oracle, with its weights. */
function drawn(seed: number): Model {
  const made = modelFromConfig(drawQuestion(seed).model);
  settle(made, new RandomData(seed));
  return made;
}

it.each([1, 2, 3, 4, 5, 6])("random network %i", async (seed) => {
  const made = drawn(seed);
  expectSameWeights(made, await check(made));
});

const classifier = () => {
  const made = sequential({ inputShape: [12, 10, 2], seed: 3 }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", useBias: false, name: "stem" }),
    batchNormalization({ momentum: 0.75 }),
    activation("relu"),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 6, kernelSize: 3, activation: "relu" }),
    flatten(),
    dropout({ rate: 0.25 }),
    dense({ units: 5, activation: "relu" }),
    dense({ units: 3, activation: "softmax", name: "scores" }),
  ]);
  settle(made, new RandomData(2));
  return made;
};

it("a file's layers keep their names, weights, statistics and dropout", async () => {
  const made = classifier();
  const back = await check(made);
  expect([...back.parameters].map(([name, { data }]) => [name, [...data]])).toEqual(
    [...made.parameters].map(([name, { data }]) => [name, [...data]]),
  );
  const configs = back.layers.map(({ layer }) => layer.config);
  expect(configs.filter(({ kind }) => kind === "dropout").map(({ options }) => options)).toEqual([{ rate: 0.25 }]);
  expect(configs.find(({ kind }) => kind === "batchNormalization")?.options).toMatchObject({ momentum: 0.75 });
});

/** The nodes of a file, by their ops. */
const opsOf = (bytes: Uint8Array) => parseModel(bytes).graph.nodes.map(({ op }) => op);

it("images are turned nowhere but for a dropout behind flatten, and weights of dense layers instead", () => {
  expect(opsOf(toOnnx(classifier()))).toEqual([
    ...["Conv", "BatchNormalization", "Relu", "MaxPool", "Conv", "Relu", "Transpose", "Flatten", "Dropout"],
    ...["Gemm", "Relu", "Gemm", "Softmax"],
  ]);
  const image = input([6, 6, 3]);
  const own = conv2d({ filters: 3, kernelSize: 3, padding: "same", activation: "silu" });
  const joined = concatenate()([
    own(image),
    prelu({ sharedAxes: [1, 2] })(image),
    upSampling2d({ size: 1 })(own(own(image))),
  ]);
  const scores = dense({ units: 2 })(activation("tanh")(flatten()(joined)));
  const pooled = globalAveragePooling2d()(conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 })(joined));
  const ops = opsOf(toOnnx(model({ inputs: image, outputs: [scores, pooled] })));
  expect(ops.filter((op) => op === "Transpose" || op === "Reshape")).toEqual([]);
});

it("outputs that are inputs, given twice, or read on, have the model's names", async () => {
  const x = input([3, 4, 2], { name: "picture" });
  const y = conv2d({ filters: 2, kernelSize: 1, activation: "relu", name: "first" })(x);
  await check(
    model({ inputs: x, outputs: [y, flatten({ name: "row" })(y), dropout({ rate: 0, name: "same" })(x)] as never }),
  );
});

it("an output that is given twice is two outputs of the file", async () => {
  const x = input([3], { name: "row" });
  const y = dense({ units: 2, name: "scores" })(x);
  const bytes = toOnnx(model({ inputs: x, outputs: [y, y] as never }));
  const results = await runOnnx(bytes, { row: { shape: [1, 3], data: Float32Array.of(1, 2, 3) } });
  expect(results["scores_1"]).toEqual(results["scores"]);
  expect(parseModel(bytes).graph.outputs.map(({ name }) => name)).toEqual(["scores", "scores_1"]);
});

it("a layer that is called twice comes back as one, equal layers as two", async () => {
  const x = input([6, 5, 3]);
  const shared = conv2d({ filters: 3, kernelSize: 3, padding: "same", name: "shared" });
  const own = conv2d({ filters: 3, kernelSize: 3, padding: "same", name: "own" });
  const scores = dense({ units: 3, name: "scores" });
  const y = flatten()(own(activation("relu")(shared(shared(x)))));
  const made = model({ inputs: x, outputs: scores(scores(dense({ units: 3 })(y))) });
  settle(made, new RandomData(4));
  const all = made.parameters;
  const same = ["kernel", "bias"].map((name) => [`own/${name}`, all.get(`shared/${name}`) as never] as const);
  made.setParameters(new Map(same), { partial: true });
  const back = await check(made);
  expect([...back.parameters.keys()]).toEqual([...made.parameters.keys()]);
});

it("layers and constants of one's own, as far as ONNX has their ops", async () => {
  const gate = defineLayer({
    kind: "gate",
    weights: (shape) => ({ scale: { shape: shape.slice(-1) } }),
    build: (graph, x, { weight }) =>
      graph.mul(x, graph.sigmoid(graph.mul(graph.mean(x, [1, 2], true), weight("scale")))),
  });
  const x = input([4, 4, 3]);
  const filter = constant({ shape: [3, 3, 1, 6], data: Float32Array.from(new RandomData(3).normals(54)) });
  const y = operation({ op: "conv2d", attributes: { groups: 3, padding: "same" } })(gate()(x), filter);
  const z = operation({
    op: "avgPool2d",
    attributes: { size: [2, 2], dilations: [2, 1], countIncludePad: true, padding: "same" },
  })(y);
  await check(model({ inputs: x, outputs: z }));
});

it("one error lists all that ONNX has not, with the layers that have it", () => {
  const winners = defineLayer({
    kind: "winners",
    build: (graph, x) => graph.maxGradient(x, graph.max(x, [-1], true), [3]),
  });
  const averages = defineLayer({ kind: "averages", build: (graph, x) => graph.movingAverage(x, graph.neg(x), 0.5) });
  const x = input([4, 4, 2]);
  const made = model({
    inputs: x,
    outputs: [
      winners({ name: "odd" })(conv2d({ filters: 1, kernelSize: 1 })(winners({ name: "even" })(x))),
      averages({ name: "slow" })(x),
    ] as never,
  });
  expect(() => toOnnx(made)).toThrow(
    'toOnnx: these cannot be written: maxGradient has nothing like it in ONNX\' opset 17 ("even", "odd"); movingAverage has nothing ' +
      'like it in ONNX\' opset 17 ("slow"). Compose',
  );
});

it("refuses another layout than the two", () => {
  expect(() => toOnnx(classifier(), { imageLayout: "CHWN" as never })).toThrow(
    'imageLayout is "NCHW" or "NHWC", got "CHWN"',
  );
});

it("images last in the file where that is asked for", async () => {
  await check(classifier(), { options: { imageLayout: "NHWC" }, readBack: false });
});
