/** What model.json may look like: versions, quantized weights, and what is refused. */
import { describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../../src/index.ts";
import { loadLayersModel } from "../../../src/tfjs.ts";
import {
  expectSame,
  inputsFor,
  opened,
  ours,
  type SavedModel,
  saved,
  scatter,
  tfl,
  theirs,
} from "../../support/tfjs.ts";
import { TFJS_MODELS } from "../../support/tfjs_models.ts";

const { layers } = tfl;

/** An image model with a batch norm, saved. */
async function savedNetwork(): Promise<{ model: tfl.LayersModel; file: SavedModel }> {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, activation: "relu", name: "conv" }),
      layers.batchNormalization({ name: "norm" }),
      layers.flatten(),
      layers.dense({ units: 3, name: "scores" }),
    ],
  });
  scatter(model, 7);
  return { model, file: await saved(model) };
}

const replaced = ({ json, weights }: SavedModel, ...changes: readonly (readonly [string, string])[]): SavedModel => {
  const text = changes.reduce((all, [from, to]) => {
    expect(all).toContain(from);
    return all.replaceAll(from, to);
  }, JSON.stringify(json));
  return { json: JSON.parse(text), weights };
};

/** The largest error that storing in whole numbers makes is half a step of each weight. */
function quantized({ json, weights }: SavedModel, dtype: "uint8" | "uint16" | "float16"): SavedModel {
  const view = new DataView(weights.buffer);
  const bytes: number[] = [];
  let offset = 0;
  const entries = json.weightsManifest
    .flatMap(({ weights: list }) => list)
    .map((entry) => {
      const count = entry.shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: count }, (_, place) => view.getFloat32(offset + 4 * place, true));
      offset += 4 * count;
      if (dtype === "float16") {
        // Powers of two and zeros, whose bits are known: sign, exponent and no fraction; and subnormal ones.
        for (const value of values) {
          const exponent = Math.max(-15, Math.floor(Math.log2(Math.abs(value) || 1)));
          const bits = (value < 0 ? 0x8000 : 0) | (exponent > -15 ? (exponent + 15) << 10 : 5);
          bytes.push(bits & 255, bits >> 8);
        }
        return { ...entry, quantization: { dtype, original_dtype: "float32" as const } };
      }
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const steps = dtype === "uint8" ? 255 : 65535;
      const scale = (most - least) / steps || 1;
      for (const value of values) {
        const whole = Math.round((value - least) / scale);
        bytes.push(whole & 255, ...(dtype === "uint16" ? [whole >> 8] : []));
      }
      return { ...entry, quantization: { dtype, scale, min: least, original_dtype: "float32" as const } };
    });
  return { json: { ...json, weightsManifest: [{ paths: ["w"], weights: entries }] }, weights: Uint8Array.from(bytes) };
}

describe("model.json", () => {
  it.each(["uint8", "uint16", "float16"] as const)(
    "has weights quantized to %s, read as TensorFlow.js does",
    async (dtype) => {
      const { file } = await savedNetwork();
      const small = quantized(file, dtype);
      const theirModel = await opened(small);
      const model = loadLayersModel(small.json, small.weights);
      const kernel = theirModel.getLayer("conv").getWeights()[0]?.dataSync();
      expect(model.parameters.get("conv/kernel")?.data).toEqual(kernel);
      const inputs = inputsFor([[6, 6, 2]], 1);
      expectSame(await ours(model, inputs), theirs(theirModel, inputs));
    },
  );

  it("names the batch's shape as Keras 2 does, or as Keras 3 does, or lies in a model_config", async () => {
    const { model, file } = await savedNetwork();
    const inputs = inputsFor([[6, 6, 2]], 2);
    const want = theirs(model, inputs);
    const renamed = replaced(file, ['"batch_input_shape":', '"batch_shape":']);
    const wrapped = { ...file.json, modelTopology: { model_config: file.json.modelTopology, keras_version: "2.15.0" } };
    const { config } = file.json.modelTopology as { config: { layers: unknown[] } };
    const asList = { ...file.json, modelTopology: { class_name: "Sequential", config: config.layers } };
    for (const json of [
      renamed.json,
      wrapped,
      asList,
      JSON.stringify(file.json),
      new TextEncoder().encode(JSON.stringify(file.json)),
    ]) {
      const loaded = loadLayersModel(json, file.weights);
      expect(loaded.isSequential).toBe(true);
      expectSame(await ours(loaded, inputs), want);
    }
  });

  it("calls variables as TensorFlow does: with a number, in a scope, with a part between", async () => {
    const { model, file } = await savedNetwork();
    const inputs = inputsFor([[6, 6, 2]], 2);
    const names = [
      ['"conv/kernel"', '"my_model/conv/kernel:0"'],
      ['"norm/gamma"', '"norm/batchnorm/gamma"'],
    ] as const;
    const { json, weights } = replaced(file, ...names);
    const loaded = loadLayersModel(json, weights);
    expect(loaded.lost).toEqual([]);
    expectSame(await ours(loaded, inputs), theirs(model, inputs));
  });

  it("says what a layer is that no layer of this library computes: all of them at once", async () => {
    const x = tfl.input({ shape: [6, 6, 2] });
    const list = [
      layers.conv2d({ filters: 2, kernelSize: 1, dataFormat: "channelsFirst", name: "turned" }),
      layers.reshape({ targetShape: [6, 12] }),
      layers.lstm({ units: 3, recurrentInitializer: "glorotUniform", name: "memory" }),
      layers.repeatVector({ n: 2, name: "again" }),
    ];
    const model = tfl.model({ inputs: x, outputs: list.reduce((y, layer) => layer.apply(y) as tfl.SymbolicTensor, x) });
    const { json, weights } = await saved(model);
    const refused = () => loadLayersModel(json, weights);
    expect(refused).toThrow(FormatError);
    expect(refused).toThrow(
      /Conv2D with data_format channels_?first \("turned"\); LSTM \("memory"\); RepeatVector \("again"\)/i,
    );
  });

  it("loses what only training needs, and says so", async () => {
    const { file } = await savedNetwork();
    const { json, weights } = replaced(
      file,
      ['"kernel_constraint":null', '"kernel_constraint":{"class_name":"NonNeg","config":{}}'],
      ['"activity_regularizer":null', '"activity_regularizer":{"class_name":"L1L2","config":{"l1":0.1}}'],
    );
    const { lost } = loadLayersModel(json, weights);
    expect(lost).toContain('layer "conv": activity_regularizer');
    expect(lost.some((line) => line.startsWith('layer "scores": kernel_constraint'))).toBe(true);
  });

  it("keeps regularizers, constraints and what is not trained", async () => {
    const model = tfl.sequential({
      layers: [
        layers.conv2d({
          ...{ inputShape: [4, 4, 1], filters: 2, kernelSize: 2, trainable: false, kernelConstraint: "unitNorm" },
          ...{
            kernelRegularizer: tfl.regularizers.l2({ l2: 0.01 }),
            biasInitializer: tfl.initializers.constant({ value: 0.5 }),
          },
          kernelInitializer: tfl.initializers.randomNormal({ mean: 0, stddev: 0.3 }),
        }),
      ],
    });
    const { json, weights } = await saved(model);
    const { options } = loadLayersModel(json, weights).layers[0]?.layer.config ?? {};
    expect(options).toEqual({
      ...{ filters: 2, kernelSize: 2, trainable: false, kernelRegularizer: { l1: 0, l2: 0.01 } },
      kernelInitializer: { name: "randomNormal", stddev: 0.3 },
      biasInitializer: { name: "constant", value: 0.5 },
      kernelConstraint: { minValue: 1, maxValue: 1, rate: 1, axis: 0 },
    });
  });

  it("may leave a size open, which the caller gives", async () => {
    const x = tfl.input({ shape: [null, null, 3], name: "image" });
    const y = layers.globalAveragePooling2d({}).apply(layers.conv2d({ filters: 2, kernelSize: 3 }).apply(x));
    const { json, weights } = await saved(tfl.model({ inputs: x, outputs: y as tfl.SymbolicTensor }));
    expect(() => loadLayersModel(json, weights)).toThrow(/leaves the shape of its input "image" open/);
    expect(loadLayersModel(json, weights, { inputShapes: { image: [9, 7, 3] } }).inputShape).toEqual([9, 7, 3]);
    expect(loadLayersModel(json, weights, { inputShapes: [9, 7, 3] }).outputShape).toEqual([2]);
    expect(() => loadLayersModel(json, weights, { inputShapes: [9, -7, 3] })).toThrow(ArgumentError);
  });

  it("is refused where weights and description do not belong together", async () => {
    const { file } = await savedNetwork();
    const { json, weights } = file;
    expect(() => loadLayersModel(json, weights.slice(0, -4))).toThrow(/give every shard/);
    expect(() => loadLayersModel(json, [weights, new Uint8Array(4)])).toThrow(
      /bytes of weights, and model.json describes/,
    );
    const other = replaced(file, ['"units":3', '"units":4']);
    expect(() => loadLayersModel(other.json, weights)).toThrow(
      /layer "scores" wants kernel \[64, 4\], the file has \[64, 3\]/,
    );
    const huge = replaced(file, ['"filters":4', '"filters":4000000000000']);
    expect(() => loadLayersModel(huge.json, weights)).toThrow(FormatError);
    expect(() => loadLayersModel({ format: "graph-model", modelTopology: {} }, weights)).toThrow(/graph model/);
    expect(() => loadLayersModel(7 as never, weights)).toThrow(ArgumentError);
    expect(() => loadLayersModel(json, "weights" as never)).toThrow(ArgumentError);
  });

  it("may describe more calls than any network has, and is refused before they are made", async () => {
    const make = TFJS_MODELS["a model in a model, called twice"];
    if (make === undefined) throw new Error("no such model");
    let topology = (await saved(make())).json.modelTopology as {
      config: { layers: { class_name: string; config: unknown }[] };
    };
    const { json, weights } = await saved(make());
    // Each calls the one inside twice: 2²⁰ calls.
    for (let depth = 0; depth < 10; depth++) {
      const outer = structuredClone(json.modelTopology) as typeof topology;
      const inner = outer.config.layers.find(({ class_name }) => class_name === "Sequential");
      if (inner === undefined) throw new Error("no inner model");
      Object.assign(inner, { class_name: "Functional", config: topology.config });
      topology = outer;
    }
    expect(() => loadLayersModel({ ...json, modelTopology: topology }, weights)).toThrow(FormatError);
  });
});
