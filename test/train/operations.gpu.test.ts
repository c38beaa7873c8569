import { afterAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { createTrainer, dataset, sgd } from "../../src/index.ts";
import { webgpu } from "../../src/webgpu/backend.ts";
import { testGpu } from "../support/gpu.ts";
import { importedNetwork, valuesOf } from "../support/operations.ts";

/** Sums of up to 100 products of values up to 8, and some functions: relative to the losses and weights of order 1. */
const ROUNDING = 1e-4;

describe("a network of ops, parts and constants on WebGPU", () => {
  const opened: Backend[] = [];
  afterAll(() => {
    for (const backend of opened) backend.dispose();
  });

  it("trains as on the CPU, a last shorter batch included, and leaves the constants as they are", async () => {
    const data = dataset({ images: valuesOf(2, 10 * 72), shape: [6, 6, 2], labels: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0] });
    const run = async (backend: Backend) => {
      opened.push(backend);
      const made = importedNetwork();
      const constants = made.parameters.get("filter/value");
      const trainer = await createTrainer(made, {
        ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.05 }), batchSize: 4 },
      });
      const { stepLosses } = await trainer.fit(data, { epochs: 2 });
      const { loss, outputs } = await trainer.evaluate(data, { outputs: true });
      const { data: probabilities } = await trainer.predict(data.images as Float32Array);
      await trainer.syncModel();
      expect(made.parameters.get("filter/value")).toEqual(constants);
      const weights = [...made.parameters.values()].flatMap((tensor) => [...tensor.data]);
      trainer.dispose();
      return [...stepLosses, loss, ...(outputs?.data ?? []), ...probabilities, ...weights];
    };
    const want = await run(cpu());
    const got = await run(await webgpu({ gpu: await testGpu(), quickStart: false }));
    expect(got.length).toBe(want.length);
    got.forEach((value, place) => {
      const wanted = want[place] ?? Number.NaN;
      expect(Math.abs(value - wanted), `value ${place}: ${value}, wanted ${wanted}`).toBeLessThanOrEqual(
        ROUNDING * Math.max(1, Math.abs(wanted)),
      );
    });
  });
});
