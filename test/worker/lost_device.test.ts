import { expect, it } from "vitest";
import { createTrainer, DeviceLostError, sgd, type Trainer, webgpu } from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker.ts";
import { network, pictures, rejection } from "../support/contract/bench.ts";
import { testGpu } from "../support/gpu.ts";
import { bundleNodeWorker } from "../support/node_worker.ts";

const CONFIG = { loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: 4 } as const;

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

it("a device that is lost while a training pauses ends it with DeviceLostError", async () => {
  const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
  const trainer = await createTrainer(network(), { ...CONFIG, backend });
  expect(await endOfPausedFit(trainer, () => backend.device.destroy())).toBeInstanceOf(DeviceLostError);
});

it("a device that is lost while a training pauses in a worker ends it with DeviceLostError", async () => {
  const worker = await bundleNodeWorker("test/support/node_host_loses.ts");
  const trainer = await createWorkerTrainer(network(), { ...CONFIG, worker, backend: "webgpu" });
  const channel = new BroadcastChannel("lose the device");
  expect(await endOfPausedFit(trainer, () => channel.postMessage("now"))).toBeInstanceOf(DeviceLostError);
  channel.close();
});
