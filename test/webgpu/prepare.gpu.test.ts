import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  type Backend,
  createTrainer,
  DisposedError,
  ShapeError,
  webgpu,
} from "../../src/index.ts";
import { watchDevice } from "../support/counting_device.ts";
import { testGpu } from "../support/gpu.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const OPTIONS = {
  loss: "sparseCategoricalCrossentropy",
  optimizer: adam(),
  batchSize: 16,
  seed: 3,
} as const;
const AUGMENT = { shift: 1, rotate: 5 };

async function losses(backend: Backend, prepares: (data: ReturnType<typeof barPictures>) => object | undefined) {
  const data = barPictures(40);
  const trainer = await createTrainer(smallNetwork(), { backend, ...OPTIONS });
  const options = prepares(data);
  if (options) await trainer.prepare(data, options);
  const { stepLosses } = await trainer.fit(data, { steps: 4, augment: AUGMENT });
  trainer.dispose();
  return stepLosses;
}

describe("prepare", () => {
  it("leaves nothing to compile and nothing to upload to fit, which takes its steps at once", async () => {
    const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
    const data = barPictures(40);
    const trainer = await createTrainer(smallNetwork(), { backend, ...OPTIONS });
    const device = watchDevice(backend.device);
    await trainer.prepare(data, { augment: AUGMENT });
    expect(trainer.stats().steps).toBe(0);
    expect(trainer.stats().dispatchesPerStep).toBeGreaterThan(5);
    const before = device.take();
    expect(before.pipelines).toBeGreaterThan(5);
    expect(before.uploadedBytes).toBeGreaterThanOrEqual(40 * 64);
    await trainer.fit(data, { steps: 1, augment: AUGMENT });
    const during = device.take();
    expect(during.pipelines).toBe(0);
    expect(during.bindGroups).toBe(0);
    expect(during.dispatches).toBe(trainer.stats().dispatchesPerStep);
    trainer.dispose();
    backend.dispose();
  });

  it("is shared with a fit that is called meanwhile", async () => {
    const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
    const data = barPictures(40);
    const trainer = await createTrainer(smallNetwork(), { backend, ...OPTIONS });
    const device = watchDevice(backend.device);
    await Promise.all([trainer.prepare(data), trainer.fit(data, { steps: 1 })]);
    // One bind group a dispatch: what was compiled once was bound once.
    expect(device.take().bindGroups).toBe(trainer.stats().dispatchesPerStep);
    trainer.dispose();
    backend.dispose();
  });

  it.each([
    ["cpu", async () => cpu()],
    ["webgpu", async () => webgpu({ gpu: await testGpu() })],
  ] as const)("changes no step of the training that follows (%s)", async (_, open) => {
    const backend = await open();
    const plain = await losses(backend, () => undefined);
    expect(await losses(backend, () => ({ augment: AUGMENT }))).toEqual(plain);
    // What was prepared is of no use to this fit, and does no harm.
    expect(await losses(backend, () => ({ shuffle: false }))).toEqual(plain);
    backend.dispose();
  });

  it("rejects at once when it is aborted, and fit goes on from what it compiles", async () => {
    const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
    const data = barPictures(40);
    const trainer = await createTrainer(smallNetwork(), { backend, ...OPTIONS });
    const device = watchDevice(backend.device);
    const abort = new AbortController();
    const preparing = trainer.prepare(data, { signal: abort.signal });
    const reason = new Error("somebody pressed Train");
    abort.abort(reason);
    // Kernels take some hundred milliseconds to compile; none is awaited.
    await expect(preparing).rejects.toBe(reason);
    expect(trainer.stats().dispatchesPerStep).toBe(0);
    const { stepLosses } = await trainer.fit(data, { steps: 1 });
    expect(stepLosses).toHaveLength(1);
    expect(device.take().bindGroups).toBe(trainer.stats().dispatchesPerStep);
    await expect(trainer.prepare(data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    trainer.dispose();
    backend.dispose();
  });

  it("leaves nothing on the device when the trainer goes meanwhile", async () => {
    const backend = await webgpu({ gpu: await testGpu() });
    const trainer = await createTrainer(smallNetwork(), { backend, ...OPTIONS });
    const device = watchDevice(backend.device);
    const preparing = trainer.prepare(barPictures(40));
    // While kernels are being compiled, which takes some hundred milliseconds.
    while (device.take().pipelines === 0) await new Promise((resolve) => setTimeout(resolve));
    trainer.dispose();
    await expect(preparing).rejects.toThrow(DisposedError);
    expect(backend.bytes).toBe(0);
    backend.dispose();
  });

  it("refuses what fit refuses, and a running fit, by name", async () => {
    const backend = cpu();
    const data = barPictures(40);
    const trainer = await createTrainer(smallNetwork(), { backend, ...OPTIONS });
    await expect(trainer.prepare(data, { augment: { rotate: -1 } })).rejects.toThrow(ArgumentError);
    await expect(trainer.prepare({ ...data, shape: [8, 4, 2] })).rejects.toThrow(ShapeError);
    const fitting = trainer.fit(data, { steps: 2 });
    await expect(trainer.prepare(data)).rejects.toThrow(/prepare: this trainer is training/);
    await fitting;
    trainer.dispose();
    await expect(trainer.prepare(data)).rejects.toThrow(/disposed/);
  });
});
