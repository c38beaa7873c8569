import { describe, expect, it } from "vitest";
import { ArgumentError, adam } from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker/client.ts";
import { barPictures, residualNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";

/** The worker itself, from its source. */
const worker = () => new Worker(new URL("../../src/worker/host.ts", import.meta.url), { type: "module" });

describe.each(["webgpu", "cpu"] as const)("a residual network with batch normalisation in a worker (%s)", (backend) => {
  it("trains there, and its weights and moving statistics come back", async () => {
    const model = residualNetwork(4);
    const trainer = await createWorkerTrainer(model, {
      ...{ worker, backend, loss: LOSS, optimizer: adam({ learningRate: 0.01 }), batchSize: 16, seed: 4 },
    });
    expect(trainer.backendKind).toBe(backend);
    const pictures = barPictures(100);
    const { stepLosses } = await trainer.fit(pictures, { epochs: 4 });
    const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(mean(stepLosses.slice(-5))).toBeLessThan(0.8 * mean(stepLosses.slice(0, 5)));
    const before = model.parameters.get("batch_normalization/moving_mean")?.data;
    await trainer.syncModel();
    const after = model.parameters.get("batch_normalization/moving_mean")?.data;
    expect(after).not.toEqual(before);

    // What the page sets reaches the worker: without a scale every picture looks the same.
    const image = new Float32Array(64).map((_, i) => (i % 8 === 3 ? 1 : 0));
    const kernel = model.parameters.get("dense/kernel")!;
    model.setParameters(new Map([["dense/kernel", { ...kernel, data: kernel.data.fill(0) }]]));
    const bias = model.parameters.get("dense/bias")!.data;
    const exponentials = Array.from(bias, Math.exp);
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    const { data } = await trainer.predict(image);
    exponentials.forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value / total, 5);
    });
    const saved = await trainer.checkpoint();
    await trainer.restore(saved);
    await trainer.syncModel();
    expect(model.parameters.get("batch_normalization/moving_mean")?.data).toEqual(after);
    trainer.dispose();
  });
});

it("a model with two outputs is refused before a worker is made", async () => {
  const { input, dense, model } = await import("../../src/index.ts");
  const x = input([3]);
  const twoOutputs = model({ inputs: x, outputs: [dense({ units: 2 })(x), dense({ units: 3 })(x)] });
  let made = 0;
  const counting = () => {
    made++;
    return worker();
  };
  const trainer = createWorkerTrainer(twoOutputs, { worker: counting, loss: LOSS, optimizer: adam() });
  await expect(trainer).rejects.toThrow(ArgumentError);
  expect(made).toBe(0);
});
