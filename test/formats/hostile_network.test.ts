/** Small files that froze the page, each by one thing that is out of all proportion. */
import { expect, it } from "vitest";
import type { Tensor } from "../../src/core/tensor.ts";
import { cpu } from "../../src/cpu.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/formats/checkpoint.ts";
import { checkTrainerTensors, trainerConfig } from "../../src/formats/trainer_checkpoint.ts";
import {
  adam,
  CortezaError,
  createTrainer,
  dense,
  FormatError,
  type ModelConfig,
  modelFromConfig,
  sequential,
} from "../../src/index.ts";

const layer = (kind: string, options: object, name?: string) => ({ kind, options, ...(name ? { name } : {}) });
const chain = (layers: unknown, inputShape: unknown = [784]) =>
  ({ kind: "sequential", seed: 0, inputShape, layers }) as unknown as ModelConfig;

/** Milliseconds of the processor, which other programs do not lengthen. */
function timed(work: () => unknown): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

it.each<[string, ModelConfig, RegExp]>([
  ["units: 1e6", chain([layer("dense", { units: 1e6 })]), /785,000,000 parameters are more than/],
  ["units: 1e8", chain([layer("dense", { units: 1e8 })]), /78,500,000,000 parameters are more than/],
  ["units: 1e300", chain([layer("dense", { units: 1e300 })]), /holds more (values|elements) than|2³² values/],
  [
    "20,000 dense(1)",
    chain(Array.from({ length: 20_000 }, () => layer("dense", { units: 1 }))),
    /has 20000 layers; at most 4096/,
  ],
  [
    "10,000 layers",
    chain(Array.from({ length: 10_000 }, () => layer("flatten", {}))),
    /has 10000 layers; at most 4096/,
  ],
  ["a null layer", chain([null]), /is no object, but null/],
  ["layers that are numbers", chain([1, 2]), /is no object, but 1/],
  ["null options", chain([layer("dense", null as never)]), /options of layer "dense" are no object, but null/],
  ["null units", chain([layer("dense", { units: null })]), /units must be a number, got null/],
  ["a null initializer", chain([layer("dense", { units: 1, kernelInitializer: null })]), /unknown initializer null/],
  ["a null shape", chain([layer("dense", { units: 1 })], null), /not the configuration/],
  ["null in a shape", chain([layer("dense", { units: 1 })], [null]), /whole number of at least 1, got \[null\]/],
  ["10,000 axes", chain([layer("reshape", { targetShape: Array(10_000).fill(1) })], [1]), /10000 axes; at most 7/],
  ["an image of 2³² rows", chain([layer("maxPooling2d", {})], [2 ** 32, 8, 4]), /holds more than 2³² values/],
  [
    "a bilinear enlargement to 24 million columns",
    chain([layer("upSampling2d", { size: [1, 3], interpolation: "bilinear" })], [6, 8_000_000, 4]),
    /makes sides of at most 65536/,
  ],
  [
    "axes that do not compare",
    chain([layer("permute", { dims: [{ toString: 1, valueOf: 1 }, 1] })], [2, 3]),
    /dims must name each axis/,
  ],
  [
    "deep lists",
    chain([layer("dense", { units: JSON.parse(`${"[".repeat(1000)}${"]".repeat(1000)}`) })]),
    /nested more than 8 deep/,
  ],
])("%s is refused at once, by a typed error", (_, config, message) => {
  let error: unknown;
  const took = timed(() => {
    try {
      modelFromConfig(config);
    } catch (caught) {
      error = caught;
    }
  });
  expect(error).toBeInstanceOf(CortezaError);
  expect((error as Error).message).toMatch(message);
  expect(took).toBeLessThan(1000);
});

it("as deep a network as is read is built within a second, and its summary too", () => {
  const config = chain(Array.from({ length: 4096 }, () => layer("dense", { units: 1 })));
  const took = timed(() => String(modelFromConfig(config).summary()));
  expect(took).toBeLessThan(1500);
});

it("a file's sizes are compared with its tensors before anything is made of them", () => {
  const config = chain([layer("dense", { units: 4000, kernelInitializer: "orthogonal" })], [4000]);
  const weights = new Map<string, Tensor>([["dense/kernel", { shape: [2, 2], data: new Float32Array(4) }]]);
  for (const [given, told] of [
    [weights, /"dense\/kernel" is \[2, 2\]; the model wants \[4000, 4000\]/],
    [new Map(), /"dense\/kernel" is missing; the model wants \[4000, 4000\]/],
  ] as const) {
    const took = timed(() => expect(() => modelFromConfig(config, { weights: given })).toThrow(FormatError));
    expect(() => modelFromConfig(config, { weights: given })).toThrow(told);
    expect(took).toBeLessThan(1000);
  }
});

it("a model that is read with its weights has those, as they are", () => {
  const first = sequential({ inputShape: [3], seed: 9 }, [dense({ units: 2 })]);
  const again = modelFromConfig(first.toJSON(), { weights: first.parameters });
  expect(again.parameters).toEqual(first.parameters);
  const spoilt = new Map(first.parameters).set("dense/bias", { shape: [2], data: Float32Array.of(1, Number.NaN) });
  expect(() => modelFromConfig(first.toJSON(), { weights: spoilt })).toThrow(/"dense\/bias" holds NaN/);
});

it("a checkpoint's step of 300 million is taken at once, and one that is none refused before anything is changed", async () => {
  const network = sequential({ inputShape: [2] }, [dense({ units: 2 })]);
  const options = { backend: cpu(), loss: "mse", optimizer: adam(), batchSize: 2 };
  const trainer = await createTrainer(network, options);
  const honest = decodeCheckpoint(await trainer.checkpoint());
  const at = (step: number) =>
    encodeCheckpoint({
      ...honest,
      tensors: new Map(honest.tensors).set("trainer/step", { shape: [], data: Float64Array.of(step) }),
    });
  const before = await trainer.checkpoint();
  for (const step of [-5, 0.5, 4e9, Number.NaN]) {
    const { config, tensors } = decodeCheckpoint(at(step));
    expect(() => trainerConfig(config)).not.toThrow();
    expect(() => checkTrainerTensors(tensors)).toThrow(FormatError);
    await expect(trainer.restore(at(step))).rejects.toThrow(/"trainer\/step" must be one whole number/);
    expect(await trainer.checkpoint()).toEqual(before);
  }
  const started = process.cpuUsage();
  await trainer.restore(at(3e8));
  await trainer.trainOnBatch(new Float32Array(2), [1, 0]);
  expect(trainer.stats().steps).toBe(3e8 + 1);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(1000);
  trainer.dispose();
});
