import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import { dataset } from "../../src/data/dataset.ts";
import {
  adam,
  conv2d,
  createTrainer,
  dense,
  flatten,
  OutOfMemoryError,
  sequential,
  sgd,
  webgpu,
} from "../../src/index.ts";
import { watchDevice } from "../support/counting_device.ts";
import { openDevice } from "../support/device.ts";
import { barPictures, referenceNetwork, smallNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";

const device = await openDevice();

describe("training on WebGPU within the spec's default limits", () => {
  it("has a device that offers no more than the defaults", () => {
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
    expect(device.limits.maxComputeWorkgroupStorageSize).toBe(16384);
    expect(device.limits.maxStorageBufferBindingSize).toBe(128 * 2 ** 20);
  });

  it("learns to tell bars apart", async () => {
    const backend = await webgpu({ device });
    const trainer = await createTrainer(smallNetwork(), {
      backend,
      loss: LOSS,
      optimizer: adam({ learningRate: 5e-3 }),
      batchSize: 16,
    });
    const history = await trainer.fit(barPictures(240), { epochs: 8, validationData: barPictures(60, 8) });
    expect(history.stepLosses).toHaveLength(120);
    expect(history.epochs).toHaveLength(8);
    expect(history.epochs[7]?.validationAccuracy).toBeGreaterThan(0.95);
    const { accuracy, confusion } = await trainer.evaluate(barPictures(60, 8));
    expect(accuracy).toBe(history.epochs[7]?.validationAccuracy);
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(60);
    trainer.dispose();
    backend.dispose();
  });

  it("makes nothing, uploads nothing and submits at most once a step in the steady state", async () => {
    const backend = await webgpu({ device });
    const pictures = dataset({
      images: new Uint8Array(256 * 784).map((_, i) => (i * 37) % 256),
      labels: new Uint8Array(256).map((_, i) => i % 10),
      shape: [28, 28, 1],
    });
    const trainer = await createTrainer(referenceNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 64 });
    const watch = watchDevice(device);
    // The listener runs while steps are in flight; the first steps warm up staging buffers.
    await trainer.fit(pictures, { epochs: 1 });
    await trainer.settled();
    const before = watch.take();
    expect(before.dispatches).toBeGreaterThan(0);
    await trainer.fit(pictures, { epochs: 2 });
    const counts = watch.take();
    const steps = 8;
    expect(counts.buffers).toBe(0);
    expect(counts.bindGroups).toBe(0);
    expect(counts.pipelines).toBe(0);
    expect(counts.shaderModules).toBe(0);
    expect(counts.uploadedBytes).toBe(0);
    expect(counts.submits).toBeLessThanOrEqual(steps);
    expect(counts.dispatches / steps).toBeLessThanOrEqual(12);
    expect(counts.dispatches).toBe(trainer.stats().dispatchesPerStep * steps);
    trainer.dispose();
    backend.dispose();
  });

  it.each([
    ["adam", adam()],
    ["sgd with Nesterov momentum", sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
  ])("gives the same weights, bit for bit, from the same seed (%s)", async (_, optimizer) => {
    const run = async () => {
      const backend = await webgpu({ device });
      const model = smallNetwork(5);
      const trainer = await createTrainer(model, { backend, loss: LOSS, optimizer, batchSize: 16, seed: 5 });
      await trainer.fit(barPictures(100), { epochs: 3 });
      await trainer.syncModel();
      trainer.dispose();
      backend.dispose();
      return [...model.parameters.values()].flatMap((tensor) => [...new Uint32Array(tensor.data.buffer)]);
    };
    expect(await run()).toEqual(await run());
  });

  it("continues a run exactly from a checkpoint", async () => {
    const pictures = barPictures(100);
    const start = async () => {
      const backend = await webgpu({ device });
      const model = smallNetwork(5);
      const trainer = await createTrainer(model, { backend, loss: LOSS, optimizer: adam(), batchSize: 16, seed: 5 });
      return { backend, model, trainer };
    };
    const whole = await start();
    await whole.trainer.fit(pictures, { epochs: 3 });
    await whole.trainer.syncModel();

    const first = await start();
    await first.trainer.fit(pictures, { steps: 10, epochs: 3 });
    const saved = await first.trainer.checkpoint();
    const second = await start();
    await second.trainer.restore(saved);
    await second.trainer.fit(pictures, { steps: 11 });
    await second.trainer.syncModel();
    expect(second.trainer.stats().steps).toBe(21);
    for (const [name, tensor] of whole.model.parameters)
      expect(second.model.parameters.get(name)?.data).toEqual(tensor.data);
    for (const { backend, trainer } of [whole, first, second]) {
      trainer.dispose();
      backend.dispose();
    }
  });

  it("finds a plan over the device's limits before it compiles anything for it, and goes on", async () => {
    const backend = await webgpu({ device });
    const watch = watchDevice(device);
    // Batch 4,096 of 64×64×32 f32 is 2 GiB; the default limit of a binding is 128 MiB.
    const wide = sequential({ inputShape: [64, 64, 1] }, [
      conv2d({ filters: 32, kernelSize: 3, padding: "same" }),
      flatten(),
      dense({ units: 2 }),
    ]);
    const trainer = await createTrainer(wide, { backend, loss: LOSS, optimizer: adam(), batchSize: 4096 });
    watch.take();
    const failed = trainer.trainOnBatch(new Float32Array(64 * 64), [1]);
    await expect(failed).rejects.toThrow(OutOfMemoryError);
    await expect(failed).rejects.toThrow(/conv2d.*2\.15 GB.*134 MB.*batch size/);
    // Of a smaller batch memory is taken, for a moment, to see which one fits: 128 MiB of 64×64×32 f32.
    await expect(failed).rejects.toMatchObject({ largestBatch: 256, tensor: expect.stringContaining("conv2d") });
    expect(watch.take()).toMatchObject({ bindGroups: 0, pipelines: 0, submits: 0 });
    trainer.dispose();
    const small = await createTrainer(smallNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 16 });
    expect((await small.fit(barPictures(32))).stepLosses).toHaveLength(2);
    small.dispose();
    backend.dispose();
  });

  it("evaluates with each image's outputs, which the counts agree with and the CPU computes too", async () => {
    const pictures = barPictures(70);
    const options = { loss: LOSS, optimizer: adam({ learningRate: 5e-3 }), metrics: ["mse"], batchSize: 16 };
    const backend = await webgpu({ device });
    const trainer = await createTrainer(smallNetwork(), { backend, ...options });
    await trainer.fit(pictures, { epochs: 2 });
    // Asked for at the same time, they are done one after the other.
    const [plain, evaluation] = await Promise.all([
      trainer.evaluate(pictures),
      trainer.evaluate(pictures, { outputs: true }),
    ]);
    const { outputs, allOutputs, ...counts } = evaluation;
    expect(counts).toEqual(plain);
    expect(allOutputs).toEqual([outputs]);
    expect(outputs?.shape).toEqual([70, 3]);
    const rows = Array.from({ length: 70 }, (_, row) => [...(outputs?.data.subarray(3 * row, 3 * row + 3) ?? [])]);
    const confusion = [0, 1, 2].map(() => [0, 0, 0]);
    rows.forEach((scores, row) => {
      confusion[pictures.labels[row]!]![scores.indexOf(Math.max(...scores))]! += 1;
    });
    expect(confusion).toEqual(evaluation.confusion);
    const losses = rows.map(
      (scores, row) => Math.log(scores.reduce((sum, z) => sum + Math.exp(z), 0)) - scores[pictures.labels[row]!]!,
    );
    // Sums of 70 terms in f32.
    expect(losses.reduce((a, b) => a + b) / 70).toBeCloseTo(evaluation.loss, 5);
    const reference = cpu();
    const there = await createTrainer(smallNetwork(), { backend: reference, ...options });
    await there.restore(await trainer.checkpoint());
    const expected = (await there.evaluate(pictures, { outputs: true })).outputs;
    // Three layers of at most 96 products each; scores are below 10 in size.
    outputs?.data.forEach((score, place) => {
      expect(score).toBeCloseTo(expected?.data[place] ?? Number.NaN, 4);
    });
    for (const one of [trainer, there]) one.dispose();
    reference.dispose();
    backend.dispose();
  });

  it("gives back the memory of a data set that is released, and takes it up again", async () => {
    const backend = await webgpu({ device });
    const trainer = await createTrainer(smallNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 16 });
    const round = async () => {
      const pictures = barPictures(640);
      await trainer.fit(pictures, { steps: 1 });
      const { accuracy } = await trainer.evaluate(pictures, { outputs: true });
      await trainer.release(pictures);
      expect((await trainer.evaluate(pictures)).accuracy).toBe(accuracy);
      await trainer.release(pictures);
      return backend.bytes - backend.context.readback.bytes;
    };
    const first = await round();
    for (let again = 0; again < 3; again++) expect(await round()).toBe(first);
    trainer.dispose();
    backend.dispose();
  });

  it("frees every buffer that a trainer held", async () => {
    const backend = await webgpu({ device });
    const trainer = await createTrainer(smallNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 16 });
    await trainer.fit(barPictures(32), { validationData: barPictures(16) });
    await trainer.predict(new Float32Array(64));
    expect(trainer.stats().gpuBytes).toBeGreaterThan(0);
    trainer.dispose();
    // Programs that were being compiled free themselves in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(backend.bytes).toBe(0);
    backend.dispose();
  });
});
