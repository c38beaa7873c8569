import { expect, it } from "vitest";
import { at } from "../../../src/core/at.ts";
import { cpu } from "../../../src/cpu.ts";
import { Graph } from "../../../src/graph.ts";
import {
  activation,
  adam,
  conv2d,
  createPredictor,
  createTrainer,
  dense,
  FormatError,
  flatten,
  type Model,
  maxPooling2d,
  sequential,
} from "../../../src/index.ts";
import { loadOnnx, onnxGraph } from "../../../src/onnx.ts";
import { type FileOf, onnxFile } from "../../support/onnx_file.ts";
import { NETWORKS } from "../../support/onnx_networks.ts";
import { RandomData } from "../../support/random.ts";

/** A network of this library, and the same as a file, with its weights as ONNX lays them out. */
function bothWays(): { own: Model; file: Uint8Array } {
  const own = sequential({ inputShape: [6, 8, 2], seed: 3 }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 3 }),
    activation("softmax"),
  ]);
  const [kernel, bias, weights, shift] = [...own.parameters.values()].map(({ data }) => [...data]);
  if (!kernel || !bias || !weights || !shift) throw new Error("no parameters");
  // HWIO → OIHW, and rows of the dense layer from [height, width, channels] to [channels, height, width].
  const oihw = Array.from({ length: 4 * 2 * 9 }, (_, place) => {
    const [out, input, tap] = [Math.floor(place / 18), Math.floor(place / 9) % 2, place % 9];
    return at(kernel, (tap * 2 + input) * 4 + out);
  });
  const columns = Array.from({ length: 4 * 12 * 3 }, (_, place) => {
    const [row, unit] = [Math.floor(place / 3), place % 3];
    const [channel, pixel] = [Math.floor(row / 12), row % 12];
    return at(weights, (pixel * 4 + channel) * 3 + unit);
  });
  const file = onnxFile({
    inputs: { x: ["n", 2, 6, 8] },
    outputs: { y: ["n", 3] },
    initializers: {
      w: { shape: [4, 2, 3, 3], data: oihw },
      b: { shape: [4], data: bias },
      d: { shape: [48, 3], data: columns },
      s: { shape: [3], data: shift },
    },
    nodes: [
      { op: "Conv", inputs: ["x", "w", "b"], outputs: ["c"], attributes: { pads: [1, 1, 1, 1] } },
      { op: "Relu", inputs: ["c"], outputs: ["r"] },
      { op: "MaxPool", inputs: ["r"], outputs: ["p"], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      { op: "Flatten", inputs: ["p"], outputs: ["f"] },
      { op: "Gemm", inputs: ["f", "d", "s"], outputs: ["l"] },
      { op: "Softmax", inputs: ["l"], outputs: ["y"] },
    ],
  });
  return { own, file };
}

it("an imported network trains as the same one made of layers does, to the same losses", async () => {
  const { own, file } = bothWays();
  const random = new RandomData(7);
  const batches = Array.from({ length: 5 }, () => ({
    x: Float32Array.from(random.normals(4 * 6 * 8 * 2)),
    y: Uint8Array.from({ length: 4 }, () => random.integer(0, 2)),
  }));
  const [losses, imported] = await Promise.all(
    [own, loadOnnx(file)].map(async (model) => {
      const trainer = await createTrainer(model, {
        ...{
          backend: cpu(),
          loss: "sparseCategoricalCrossentropy",
          optimizer: adam({ learningRate: 0.01 }),
          batchSize: 4,
        },
      });
      const results: number[] = [];
      for (const { x, y } of batches) results.push((await trainer.trainOnBatch(x, y)).loss);
      trainer.dispose();
      return results;
    }),
  );
  expect(losses?.at(-1)).not.toBe(losses?.[0]);
  expect(imported).toEqual(losses);
});

const identity: FileOf = {
  inputs: { x: ["n", 3] },
  outputs: { y: ["n", 3] },
  nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
};

it("lists all ops that are not supported in one error, with the names of their nodes", () => {
  const nodes = [
    { op: "LSTM", name: "first", inputs: ["x"], outputs: ["a"] },
    { op: "Relu", name: "fine", inputs: ["a"], outputs: ["b"] },
    { op: "LSTM", name: "second", inputs: ["b"], outputs: ["c"] },
    { op: "Attention", domain: "com.microsoft", name: "third", inputs: ["c"], outputs: ["y"] },
  ];
  const open = () => loadOnnx(onnxFile({ ...identity, nodes }));
  expect(open).toThrow(FormatError);
  expect(open).toThrow(/LSTM \("first", "second"\); com\.microsoft\.Attention \("third"\)/);
});

it.each<[string, FileOf, RegExp]>([
  [
    "arithmetic with the number of images",
    {
      ...identity,
      initializers: { zero: { shape: [], data: [0], type: 7 }, one: { shape: [], data: [1], type: 7 } },
      nodes: [
        { op: "Shape", inputs: ["x"], outputs: ["shape"] },
        { op: "Gather", inputs: ["shape", "zero"], outputs: ["images"] },
        { op: "Add", inputs: ["images", "one"], outputs: ["more"] },
        { op: "Cast", inputs: ["more"], outputs: ["float"], attributes: { to: 1 } },
        { op: "Div", inputs: ["x", "float"], outputs: ["y"] },
      ],
    },
    /number of images of a batch/,
  ],
  ["another opset", { ...identity, opset: 6 }, /opset 6; 7 to 25/],
  ["extents left open", { ...identity, inputs: { x: ["n", "width"] } }, /leaves its axis 1 open.*inputShapes/],
  ["inputs of whole numbers", { ...identity, inputType: 7 }, /no tensor of floats/],
  ["an input that nothing makes", { ...identity, nodes: [{ op: "Relu", inputs: ["z"], outputs: ["y"] }] }, /reads "z"/],
  ["a circle", { ...identity, nodes: [{ op: "Relu", inputs: ["y"], outputs: ["y"] }] }, /reads "y"/],
  [
    "an op that leaves the batch",
    { ...identity, nodes: [{ op: "ReduceSum", inputs: ["x"], outputs: ["y"], attributes: { keepdims: 0 } }] },
    /axis 0 must stay the batch/,
  ],
  [
    "more values than a file declares",
    {
      ...identity,
      initializers: { s: { shape: [2], data: [2 ** 30, 2 ** 20], type: 7 } },
      nodes: [
        { op: "ConstantOfShape", inputs: ["s"], outputs: ["big"] },
        { op: "Add", inputs: ["x", "big"], outputs: ["y"] },
      ],
    },
    /declares too much/,
  ],
  [
    "a weight with fewer values than its shape",
    { ...identity, initializers: { w: { shape: [2 ** 40], data: [1] } } },
    /holds 1 values/,
  ],
])("refuses %s", (_, file, message) => {
  const open = () => loadOnnx(onnxFile(file));
  expect(open).toThrow(FormatError);
  expect(open).toThrow(message);
});

it("computes with other extents", () => {
  const nodes = [
    { op: "Shape", inputs: ["x"], outputs: ["shape"] },
    { op: "Gather", inputs: ["shape", "one"], outputs: ["columns"] },
    { op: "Cast", inputs: ["columns"], outputs: ["float"], attributes: { to: 1 } },
    { op: "Div", inputs: ["x", "float"], outputs: ["y"] },
  ];
  const model = loadOnnx(onnxFile({ ...identity, initializers: { one: { shape: [], data: [1], type: 7 } }, nodes }));
  expect([...model.parameters.values()].map(({ data }) => [...data])).toEqual([[3]]);
});

it("takes open extents from inputShapes", () => {
  const file = onnxFile({ ...identity, inputs: { x: ["n", 3, "height", "width"] } });
  const model = loadOnnx(file, { inputShapes: { x: [3, 4, 5] } });
  expect(model.inputShape).toEqual([4, 5, 3]);
  expect(model.outputShape).toEqual([4, 5, 3]);
});

it.each([
  ["a web page", new TextEncoder().encode("<!doctype html>"), /web page/],
  ["an empty file", new Uint8Array(0), /no graph/],
  ["a zip archive", new TextEncoder().encode("PK\x03\x04rest"), /zip archive/],
])("says what %s is", (_, bytes, message) => {
  expect(() => loadOnnx(bytes)).toThrow(message);
  expect(() => onnxGraph(bytes)).toThrow(FormatError);
});

it("pushes no transpose into a network of convolutions", () => {
  const model = loadOnnx(onnxFile(at(Object.values(NETWORKS), 0)));
  const graph = new Graph();
  model.build(graph, graph.input("x", [2, ...model.inputShape]));
  expect(graph.nodes.map(({ op }) => op.name)).not.toContain("transpose");
});

it.each(["Sum", "Mean", "Max", "Min", "Add"])("a %s of nothing is refused", (op) => {
  const file = {
    inputs: { x: ["n", 2] },
    outputs: { y: ["n", 2] },
    nodes: [{ op, inputs: [], outputs: ["y"], name: "odd" }],
  };
  expect(() => loadOnnx(onnxFile(file))).toThrow(`ONNX: ${op} "odd" lacks input 0.`);
});

it("outputs that nobody reads are left out: running statistics of a file that was exported for training, statistics of a layer norm", async () => {
  const floats = (...data: number[]) => ({ shape: [data.length], data });
  const file = onnxFile({
    inputs: { x: ["n", 2, 3, 3] },
    outputs: { y: ["n", 2, 3, 3] },
    initializers: {
      scale: floats(2, 0.5),
      shift: floats(1, -1),
      mean: floats(0.5, 0),
      variance: floats(4, 1),
      ones: floats(1, 1, 1),
    },
    nodes: [
      {
        ...{ op: "BatchNormalization", inputs: ["x", "scale", "shift", "mean", "variance"], outputs: ["n", "m", "v"] },
        attributes: { training_mode: 1, epsilon: { float: 1e-5 }, momentum: { float: 0.75 } },
      },
      {
        op: "LayerNormalization",
        inputs: ["n", "ones"],
        outputs: ["l", "lm", "lv"],
        attributes: { epsilon: { float: 1e9 } },
      },
      { op: "MaxPool", inputs: ["n"], outputs: ["p", "places"], attributes: { kernel_shape: [1, 1] } },
      { op: "Add", inputs: ["l", "p"], outputs: ["y"] },
    ],
  });
  const made = loadOnnx(file);
  expect(
    made.layers.find(({ layer }) => layer.config.kind === "batchNormalization")?.layer.config.options,
  ).toMatchObject({ momentum: 0.75 });
  const predictor = await createPredictor(made, { backend: cpu() });
  const [y] = await predictor.predict(Float32Array.from({ length: 18 }, (_, i) => i % 5));
  predictor.dispose();
  // By the moving statistics, channels last; the layer norm's values are all but 0.
  for (let i = 0; i < 18; i++) {
    const value = i % 5;
    const want = i % 2 === 0 ? ((value - 0.5) / Math.sqrt(4 + 1e-5)) * 2 + 1 : (value / Math.sqrt(1 + 1e-5)) * 0.5 - 1;
    expect(Math.abs((y?.data[i] ?? Number.NaN) - want)).toBeLessThan(1e-3);
  }
});
