/** Features: what a base gives, computed once, trains its head to the bits of the whole network with that base frozen. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at } from "../../src/core/at.ts";
import type { Backend } from "../../src/graph/backend.ts";
import {
  activation,
  adam,
  batchNormalization,
  conv2d,
  createTrainer,
  type Dataset,
  dataSource,
  dataset,
  dense,
  dropout,
  features,
  flatten,
  freeze,
  type Model,
  maxPooling2d,
  multiDataset,
  sequential,
  splitAt,
  subset,
  synthetic,
  upTo,
  withHead,
} from "../../src/index.ts";
import { backendKind, backendName, testBackend } from "../support/backend.ts";

let backend: Backend;
let pictures: Dataset;

beforeAll(async () => {
  backend = await testBackend();
  pictures = synthetic({ count: 90, size: [12, 12], channels: 1, seed: 5 });
});
afterAll(() => backend.dispose());

const trainerOf = (model: Model) =>
  createTrainer(model, {
    ...{
      backend,
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: 20,
      seed: 3,
    },
  });

/** A network whose statistics and weights are no initial ones, with dropout in the part that is frozen later. */
async function trainedNetwork(): Promise<Model> {
  const network = sequential({ inputShape: [12, 12, 1], seed: 1 }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 8, kernelSize: 3, padding: "same", useBias: false }),
    batchNormalization({ momentum: 0.5 }),
    activation("relu"),
    maxPooling2d({ poolSize: 2, name: "last" }),
    dropout({ rate: 0.3 }),
    flatten(),
    dense({ units: 3 }),
  ]);
  const trainer = await trainerOf(network);
  await trainer.fit(pictures, { steps: 3 });
  trainer.dispose();
  return network;
}

/**
 * To the bit on WebGPU. The CPU backend keeps f64 between layers, where features are f32; WebAssembly sums the last rows of a
 * batch in another order.
 */
function expectSame(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  const expected = backendKind === "webgpu" ? (value: number) => value : (value: number) => expect.closeTo(value, 4);
  expect(Array.from(got)).toEqual(Array.from(wanted, expected));
}

describe(`features on ${backendName}`, () => {
  it("equal what the whole network computes, and train its head as the frozen network trains", async () => {
    const base = freeze(upTo(await trainedNetwork(), "last"));
    const network = withHead(base, [flatten(), dense({ units: 3 })], { seed: 7 });
    const { base: first, head } = splitAt(network, "last");
    const told: number[] = [];
    const known = await features(first, pictures, {
      backend,
      batchSize: 40,
      onProgress: ({ done }) => told.push(done),
    });
    expect(told).toEqual([40, 80, 90]);
    expect([known.count, known.shape, known.classes]).toEqual([90, [3, 3, 8], 3]);
    expect(known.labels).toBe(pictures.labels);

    const [whole, alone] = [await trainerOf(network), await trainerOf(head)];
    const outputs = async (trainer: typeof whole, data: Dataset) =>
      (await trainer.evaluate(data, { outputs: true })).outputs?.data ?? [];
    expectSame(await outputs(alone, known), await outputs(whole, pictures));
    const [wanted, got] = [await whole.fit(pictures, { epochs: 2 }), await alone.fit(known, { epochs: 2 })];
    expect(got.stepLosses).toHaveLength(wanted.stepLosses.length);
    expectSame(got.stepLosses, wanted.stepLosses);
    for (const [name, { data }] of head.parameters) expectSame(data, network.parameters.get(name)?.data ?? []);
    expect(alone.stats().flopsPerStep).toBeLessThan(whole.stats().flopsPerStep / 5);
    whole.dispose();
    alone.dispose();
  });

  it("are the same whether images are in memory or read, targets with them", async () => {
    const base = upTo(await trainedNetwork(), "last");
    const { images, shape, count } = subset(pictures, 0, 25);
    const targets = Float32Array.from({ length: 2 * count }, (_, i) => i / 8);
    const inMemory = await features(base, dataset({ images, shape, targets }), { backend, batchSize: 8 });
    const read = dataSource({
      ...{ count, sampleShape: shape, targetShape: [2] },
      read(rows, into, { targets: wanted }) {
        rows.forEach((row, place) => {
          into.set(images.subarray(row * 144, (row + 1) * 144), place * 144);
          wanted?.set(targets.subarray(2 * row, 2 * row + 2), 2 * place);
        });
      },
    });
    const streamed = await features(base, read, { backend, batchSize: 8 });
    expect(streamed.images).toEqual(inMemory.images);
    expect(streamed.targets).toEqual(inMemory.targets);
    expect([streamed.read, streamed.count]).toEqual([undefined, count]);
  });

  it("refuse what they cannot be made of, and end when they are told to", async () => {
    const base = upTo(sequential({ inputShape: [4, 4, 1] }, [flatten(), dense({ units: 2 })]), "flatten");
    await expect(features(base, pictures, { backend })).rejects.toThrow(/wants images \[4, 4, 1\].*\[12, 12, 1\]/);
    const pair = { images: new Float32Array(16), shape: [4, 4, 1] };
    const several = multiDataset({ inputs: [pair, pair], outputs: [{ labels: [0] }] });
    await expect(features(base, several, { backend })).rejects.toThrow(/2 inputs of the data set/);
    await expect(features(base, undefined as never, { backend })).rejects.toThrow(/features/);
    const abort = new AbortController();
    const small = dataset({ images: new Float32Array(16 * 9), shape: [4, 4, 1], labels: Array(9).fill(0) });
    const onProgress = () => abort.abort(new Error("enough"));
    const stopped = features(base, small, { backend, batchSize: 4, onProgress, signal: abort.signal });
    await expect(stopped).rejects.toThrow("enough");
    expect((await features(base, small, { backend })).images).toHaveLength(at([16 * 9], 0));
  });
});
