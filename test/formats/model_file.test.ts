/** A model as one file: `saveModel` and `loadModel`. */
import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  constant,
  createTrainer,
  dataset,
  defineLayer,
  dense,
  FormatError,
  flatten,
  input,
  loadModel,
  type Model,
  model,
  modelFromConfig,
  openModel,
  operation,
  safetensorsMetadata,
  saveModel,
  sequential,
  toSafetensors,
} from "../../src/index.ts";
import { graphLayers } from "../../src/nn/own_layers.ts";
import { honestConfigs, smallNetwork } from "../support/fuzz.ts";
import { fuzzModelFiles } from "../support/fuzz_model_files.ts";
import { LAYER_CASES } from "../support/layer_cases.ts";
import { importedNetwork } from "../support/operations.ts";

/** Weights as bits: a float that lost its sign of zero is another one. */
const bitsOf = (made: Model) =>
  [...made.parameters].map(([name, { shape, data }]) => [name, shape, [...new Uint32Array(data.buffer)]]);

/** The file gives the same model, and that the same file. */
function expectWhole(made: Model): void {
  const bytes = saveModel(made);
  const again = loadModel(bytes);
  expect(again.toJSON()).toEqual(JSON.parse(JSON.stringify(made)));
  expect(bitsOf(again)).toEqual(bitsOf(made));
  expect(saveModel(again)).toEqual(bytes);
}

/**
 * What a reader that knows the format alone finds: u64 length, JSON of exactly these keys, bytes behind it without a gap. Written
 * from the format's own description, and not from this library's reader.
 */
function readByTheFormat(file: Uint8Array): { metadata: Record<string, string>; tensors: Map<string, number[]> } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getUint32(0, true);
  expect(view.getUint32(4, true)).toBe(0);
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  expect(file[8]).toBe("{".charCodeAt(0));
  let end = 0;
  const tensors = new Map<string, number[]>();
  const sorted = Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(entries).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0],
  );
  for (const [name, entry] of sorted) {
    expect(Object.keys(entry).sort()).toEqual(["data_offsets", "dtype", "shape"]);
    const [from, to] = entry.data_offsets;
    const size = entry.shape.reduce((product, extent) => product * extent, 1);
    expect([entry.dtype, from, to]).toEqual(["F32", end, end + 4 * size]);
    // Readers that map a file into memory want the data aligned.
    expect((8 + length + from) % 4).toBe(0);
    tensors.set(
      name,
      Array.from({ length: size }, (_, place) => view.getFloat32(8 + length + from + 4 * place, true)),
    );
    end = to;
  }
  expect(8 + length + end).toBe(file.length);
  for (const text of Object.values(metadata)) expect(typeof text).toBe("string");
  return { metadata, tensors };
}

describe("a saved model", () => {
  it.each(Object.entries(LAYER_CASES))("with %s is loaded whole", (_, { make, input: shape }) => {
    expectWhole(sequential({ inputShape: shape, seed: 3 }, [make()]));
  });

  it("of branches, several inputs and outputs, ops and constants is loaded whole, whatever the page has imported", () => {
    const made = honestConfigs()
      .filter(({ layers }) => layers.every(({ kind, options }) => kind !== "constant" || "data" in options))
      .map((config) => modelFromConfig(config, { layers: { constant, operation } }));
    for (const one of [...made, importedNetwork()]) {
      const bytes = saveModel(one);
      graphLayers.clear();
      expect(bitsOf(loadModel(bytes))).toEqual(bitsOf(one));
      expectWhole(one);
    }
  });

  it("with a layer of one's own is loaded after defineLayer, and named before it", () => {
    const scaled = defineLayer({
      kind: "scaled_for_a_file",
      weights: (shape) => ({ scale: { shape: shape.slice(-1), initializer: "ones" } }),
      build: (graph, x, { weight }) => graph.mul(x, weight("scale")),
    });
    const x = input([3]);
    expectWhole(model({ inputs: x, outputs: dense({ units: 2 })(scaled()(x)) }));
    const foreign = toSafetensors(new Map(), {
      config: JSON.stringify({ kind: "sequential", inputShape: [3], seed: 0, layers: [{ kind: "own/unheard_of" }] }),
    });
    expect(() => loadModel(foreign)).toThrow(/FormatError|"unheard_of"; call defineLayer/);
    expect(() => loadModel(foreign)).toThrow(FormatError);
  });

  it("is read by the format's description alone, and by every entrance of this library", async () => {
    const made = smallNetwork();
    const bytes = saveModel(made);
    const { metadata, tensors } = readByTheFormat(bytes);
    expect(JSON.parse(metadata["config"] ?? "")).toEqual(JSON.parse(JSON.stringify(made)));
    expect([...tensors]).toEqual([...made.parameters].map(([name, { data }]) => [name, [...data]]));
    expect(bitsOf(await openModel(bytes))).toEqual(bitsOf(made));
    const framed = new Uint8Array(bytes.length + 7);
    framed.set(bytes, 3);
    expect(bitsOf(loadModel(framed.subarray(3, 3 + bytes.length)))).toEqual(bitsOf(made));
    expect(bitsOf(loadModel(bytes.buffer))).toEqual(bitsOf(made));
  });

  it("keeps every f32 that a weight can be, and what it was read from may go", () => {
    const made = sequential({ inputShape: [2] }, [dense({ units: 4 })]);
    const kernel = Float32Array.of(-0, 1e-45, 3.4028234663852886e38, -1.1754943508222875e-38, 1 / 3, -2, 0, 7);
    made.setParameters(new Map([["dense/kernel", { shape: [2, 4], data: kernel }]]), { partial: true });
    const bytes = saveModel(made);
    const again = loadModel(bytes);
    bytes.fill(0xff);
    expect(bitsOf(again)).toEqual(bitsOf(made));
  });

  it("is refused in the middle of a training, and what a trainer saves is the same file and more", async () => {
    const made = sequential({ inputShape: [4, 4, 1], seed: 2 }, [flatten(), dense({ units: 3 })]);
    const trainer = await createTrainer(made, {
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam(),
      batchSize: 4,
      seed: 5,
    });
    await trainer.trainOnBatch(new Float32Array(32).fill(0.5), [0, 2]);
    expect(() => saveModel(made)).toThrow(/syncModel/);
    await trainer.syncModel();
    const checkpoint = await trainer.checkpoint();
    expect(bitsOf(loadModel(checkpoint))).toEqual(bitsOf(made));
    const config = JSON.parse(safetensorsMetadata(checkpoint).get("config") ?? "");
    expect(config.model).toEqual(JSON.parse(safetensorsMetadata(saveModel(made)).get("config") ?? ""));
    expect([config.optimizer.kind, config.seed]).toEqual(["adam", 5]);
    trainer.dispose();
    // Loaded, it can be trained on.
    const again = loadModel(saveModel(made));
    const other = await createTrainer(again, {
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam(),
      batchSize: 4,
    });
    await other.fit(
      dataset({
        images: new Float32Array(16 * 6).map((_, i) => (i % 7) / 7),
        shape: [4, 4, 1],
        labels: [0, 1, 2, 0, 1, 2],
      }),
      { epochs: 1 },
    );
    expect(bitsOf(again)).not.toEqual(bitsOf(made));
    other.dispose();
  });
});

describe("what is no saved model", () => {
  const weights = smallNetwork().parameters;
  const config = JSON.stringify(smallNetwork());
  const withWeight = (name: string, shape: number[], data: Float32Array) =>
    toSafetensors(new Map([...weights, [name, { shape, data }]]), { config });

  it.each<[string, () => Uint8Array, RegExp]>([
    ["weights alone", () => toSafetensors(weights), /has no "config". Write it with saveModel/],
    ["no JSON", () => toSafetensors(weights, { config: "{" }), /"config" of the file's metadata is not JSON/],
    ["a list", () => toSafetensors(weights, { config: "[]" }), /is not a JSON object/],
    ["no model's JSON", () => toSafetensors(weights, { config: "{}" }), /not the configuration of a Corteza model/],
    ["a model without a weight", () => toSafetensors(new Map(), { config }), /"conv2d\/kernel" is missing/],
    ["a weight of another shape", () => withWeight("dense/bias", [1], new Float32Array(1)), /"dense\/bias" is \[1\]/],
    [
      "a weight that is not finite",
      () => withWeight("dense/bias", [3], Float32Array.of(0, Number.NaN, 0)),
      /model cannot be made: .*"dense\/bias" holds NaN at place 1/,
    ],
    [
      "an option that no layer has",
      () => toSafetensors(weights, { config: config.replace('"rate":0.25', '"rate":2') }),
      /model cannot be made: .*rate/,
    ],
    ["nothing", () => new Uint8Array(), /0 bytes are too few/],
  ])("%s is refused by a FormatError", (_, make, message) => {
    expect(() => loadModel(make())).toThrow(FormatError);
    expect(() => loadModel(make())).toThrow(message);
  });

  it("an argument of another kind is named, with what takes it", () => {
    expect(() => loadModel("./digits.safetensors" as never)).toThrow(ArgumentError);
    expect(() => loadModel("./digits.safetensors" as never)).toThrow(/openModel\(\) opens addresses/);
    expect(() => saveModel(undefined as never)).toThrow(/saveModel: wants a model/);
    expect(() => saveModel(dense({ units: 1 }) as never)).toThrow(ArgumentError);
  });
});

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1e9);

it(`5,000 broken files are refused by FormatError alone, quickly and in little memory (FUZZ_SEED=${SEED})`, async () => {
  const report = await fuzzModelFiles(5000, SEED);
  console.log(String(report));
  expect(report.faults).toEqual([]);
  expect([...report.refused.keys()]).toEqual(["FormatError"]);
  expect(report.tried).toBe(5000);
  expect(report.opened).toBeLessThan(2500);
});
