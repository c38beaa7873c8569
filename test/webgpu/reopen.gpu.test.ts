/** A lost device is replaced: programs are recorded again, and variables are as they were. */
import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  createClassifier,
  createPredictor,
  createTrainer,
  DeviceLostError,
} from "../../src/index.ts";
import { webgpu } from "../../src/webgpu/backend.ts";
import { testDevice, testGpu } from "../support/gpu.ts";
import { barPictures, residualNetwork } from "../support/networks.ts";

const pictures = barPictures(20);
const picture = Float32Array.from({ length: 64 }, (_, index) => (index % 7) / 7);

/** A network in every use: what its trainer, a classifier and a predictor give, which share its variables. */
async function inUse() {
  const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
  const model = residualNetwork();
  const optimizer = adam({ learningRate: 0.01 });
  const trainer = await createTrainer(model, {
    backend,
    loss: "sparseCategoricalCrossentropy",
    optimizer,
    batchSize: 8,
    // By hand.
    recover: false,
  });
  const classifier = await createClassifier(model, { backend });
  const predictor = await createPredictor(model, { backend });
  return {
    backend,
    trainer,
    classifier,
    answers: async () => ({
      evaluation: await trainer.evaluate(pictures),
      classification: await classifier.predict(picture),
      prediction: await predictor.predict(picture),
      weights: [...model.parameters].map(([name, { data }]) => [name, [...data]]),
    }),
    dispose() {
      trainer.dispose();
      classifier.dispose();
      predictor.dispose();
    },
  };
}

describe("a backend whose device was lost", () => {
  it("goes on after reopen() to the bits of an undisturbed run: trainer, classifier and predictor", async () => {
    const disturbed = await inUse();
    await disturbed.trainer.fit(pictures, { steps: 10 });
    await disturbed.answers();
    const snapshot = await disturbed.backend.snapshot();
    const { bytes } = disturbed.backend;
    disturbed.backend.device.destroy();
    await disturbed.backend.lost;
    await expect(disturbed.classifier.predict(picture)).rejects.toThrow(DeviceLostError);
    await disturbed.backend.reopen(snapshot);
    expect(disturbed.backend.closed).toBeUndefined();
    await disturbed.trainer.fit(pictures, { steps: 10 });
    const got = await disturbed.answers();
    // Programs lend each other memory, more or less as they come; the first device's is not counted.
    expect(disturbed.backend.bytes).toBeLessThan(1.5 * bytes);

    const undisturbed = await inUse();
    await undisturbed.trainer.fit(pictures, { steps: 20 });
    expect(got).toEqual(await undisturbed.answers());

    for (const used of [disturbed, undisturbed]) {
      used.dispose();
      // Predictors dispose of what they compiled when it is there.
      await new Promise((resolve) => setTimeout(resolve));
      expect(used.backend.bytes).toBe(0);
      used.backend.dispose();
    }
  });

  it("goes on from the snapshot's step where it was lost in the middle of a run", async () => {
    const lost = await inUse();
    await lost.trainer.fit(pictures, { steps: 4 });
    const snapshot = await lost.backend.snapshot();
    const fitting = lost.trainer.fit(pictures, { epochs: 50, onStep: () => lost.backend.device.destroy() });
    await expect(fitting).rejects.toThrow(DeviceLostError);
    await lost.backend.reopen(snapshot);
    await lost.trainer.fit(pictures, { steps: 6 });
    expect(lost.trainer.stats().steps).toBe(10);

    const undisturbed = await inUse();
    await undisturbed.trainer.fit(pictures, { steps: 10 });
    expect(await lost.answers()).toEqual(await undisturbed.answers());
    lost.backend.dispose();
    undisturbed.backend.dispose();
  });

  it("has a snapshot without what is on the host anyway: the data set", async () => {
    const { backend, trainer } = await inUse();
    await trainer.fit(pictures, { steps: 2 });
    const names = [...(await backend.snapshot()).keys()].map(({ name }) => name);
    expect(names).toContain("conv2d/kernel");
    expect(names.filter((name) => name.startsWith("dataset/"))).toEqual([]);
    backend.dispose();
  });

  it("takes values that were set since the snapshot", async () => {
    const { backend, trainer } = await inUse();
    await trainer.fit(pictures, { steps: 2 });
    const snapshot = await backend.snapshot();
    const bias = [...snapshot.keys()].find(({ name }) => name === "dense/bias");
    backend.device.destroy();
    await backend.lost;
    bias?.reset(Float32Array.of(5, 0, -5));
    await backend.reopen(snapshot);
    const [scores] = [await trainer.predict(picture)];
    expect(scores.data[0]).toBeGreaterThan(0.9);
    backend.dispose();
  });

  it("refuses to go on without trained weights, and with a device that is its user's", async () => {
    const { backend, trainer } = await inUse();
    await trainer.trainOnBatch(picture, [1]);
    const refused = backend.reopen();
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow(/"conv2d\/kernel" has been trained/);
    backend.dispose();
    await expect(backend.reopen()).rejects.toThrow(/disposed/);

    const device = await testDevice();
    const borrowed = await webgpu({ device });
    await expect(borrowed.reopen()).rejects.toThrow(/a device of your own/);
    borrowed.dispose();
    device.destroy();
  });

  it("on the CPU, which loses no device, has its variables set back", async () => {
    const backend = cpu();
    const model = residualNetwork();
    const options = { backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 8 } as const;
    const trainer = await createTrainer(model, options);
    await trainer.fit(pictures, { steps: 2 });
    const { parameters } = model;
    const snapshot = await backend.snapshot();
    await trainer.fit(pictures, { steps: 2 });
    await backend.reopen(snapshot);
    await trainer.syncModel();
    expect(model.parameters).toEqual(parameters);
    await trainer.fit(pictures, { steps: 1 });
    expect(trainer.stats().steps).toBe(3);
    trainer.dispose();
    backend.dispose();
  });
});
