import { expect, it } from "vitest";
import { createTrainer, DeviceLostError, type Recovered, sgd, type Trainer, webgpu } from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker.ts";
import { network, pictures, rejection } from "../support/contract/bench.ts";
import { testGpu } from "../support/gpu.ts";
import { bundleNodeWorker } from "../support/node_worker.ts";

const CONFIG = {
  loss: "sparseCategoricalCrossentropy",
  optimizer: sgd({ learningRate: 0.1 }),
  batchSize: 4,
  recover: false,
} as const;

/** Pauses a training after some steps, loses the device, and returns what the training ends with. */
async function endOfPausedFit(trainer: Trainer, lose: () => void): Promise<unknown> {
  let pausing: Promise<void> | undefined;
  const fitting = rejection(
    trainer.fit(pictures(), {
      epochs: 50,
      onStep: ({ step }) => {
        if (step >= 3) pausing ??= trainer.pause();
      },
    }),
  );
  await expect.poll(() => pausing !== undefined, { timeout: 20_000 }).toBe(true);
  await pausing;
  expect(trainer.paused).toBe(true);
  lose();
  const error = await fitting;
  trainer.dispose();
  return error;
}

it("without recovery, a device that is lost while a training pauses ends it with DeviceLostError", async () => {
  const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
  const trainer = await createTrainer(network(), { ...CONFIG, backend });
  expect(await endOfPausedFit(trainer, () => backend.device.destroy())).toBeInstanceOf(DeviceLostError);
});

it("without recovery, a device that is lost while a training pauses in a worker ends it with DeviceLostError", async () => {
  const worker = await bundleNodeWorker("test/support/node_host_loses.ts");
  const trainer = await createWorkerTrainer(network(), { ...CONFIG, worker, backend: "webgpu" });
  const channel = new BroadcastChannel("lose the device");
  expect(await endOfPausedFit(trainer, () => channel.postMessage("now"))).toBeInstanceOf(DeviceLostError);
  channel.close();
});

it("a worker's trainer goes on after lost devices, and tells of them: to the bits of an undisturbed run", async () => {
  const worker = await bundleNodeWorker("test/support/node_host_loses.ts");
  const channel = new BroadcastChannel("lose the device");
  const end = async (at: readonly number[]) => {
    const losses: unknown[] = [];
    const recovered: Recovered[] = [];
    const told: number[] = [];
    const model = network();
    const trainer = await createWorkerTrainer(model, {
      ...{ ...CONFIG, recover: true, worker, backend: "webgpu" },
      onDeviceLost: (error) => losses.push(error),
      onRecovered: (each) => recovered.push(each),
    });
    const lose = async () => {
      const { length } = recovered;
      channel.postMessage("now");
      await expect.poll(() => recovered.length, { timeout: 20_000 }).toBe(length + 1);
    };
    const losing: Promise<void>[] = [];
    const history = await trainer.fit(pictures(), {
      epochs: 8,
      onStep: ({ step }) => {
        told.push(step);
        if (at.includes(step) && losses.length === recovered.length) losing.push(lose());
      },
    });
    await Promise.all(losing);
    if (at.length > 0) await lose();
    const { loss, confusion } = await trainer.evaluate(pictures());
    const state = [...(await trainer.checkpoint())];
    trainer.dispose();
    expect(losses.length).toBe(recovered.length);
    expect(losses.length).toBeGreaterThanOrEqual(at.length === 0 ? 0 : 2);
    for (const error of losses) expect(error).toBeInstanceOf(DeviceLostError);
    for (const { stepsRedone, backend } of recovered) {
      expect(stepsRedone).toBeGreaterThanOrEqual(0);
      expect(backend.kind).toBe("webgpu");
    }
    return { told, stepLosses: history.stepLosses, loss, confusion, state };
  };
  expect(await end([2, 13])).toEqual(await end([]));
  channel.close();
});
