/** Memory that does not come, at any allocation: a typed error, everything goes on, and nothing is left behind. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../src/formats/checkpoint.ts";
import {
  adam,
  conv2d,
  createTrainer,
  dense,
  flatten,
  OutOfMemoryError,
  sequential,
  sgd,
  type Trainer,
} from "../../src/index.ts";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { PICTURE, pictures as picturesOf } from "../support/contract/bench.ts";
import { shareOf, shareWords, testGpu } from "../support/gpu.ts";
import { type ScarceMemory, scarceMemory } from "../support/scarce_memory.ts";

const STEPS = 3;
const pictures = picturesOf(6);

const network = () =>
  sequential({ inputShape: [4, 4, 1], seed: 1 }, [
    ...[conv2d({ filters: 2, kernelSize: 3, activation: "relu" }), flatten(), dense({ units: 3 })],
  ]);

const trainerOn = (backend: WebGpuBackend, batchSize = 4) =>
  createTrainer(network(), { backend, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize });

async function trainedWeights(trainer: Trainer): Promise<number[]> {
  const { tensors } = decodeCheckpoint(await trainer.checkpoint());
  return [...tensors].flatMap(([name, { data }]) => (name.startsWith("trainer/") ? [] : [...data]));
}

/** Does everything once, and once more what finds no memory. */
async function everything(backend: WebGpuBackend): Promise<{ results: unknown[]; errors: unknown[] }> {
  const errors: unknown[] = [];
  const insisting = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      errors.push(error);
      return work();
    }
  };
  const trainer: Trainer = await insisting(() => trainerOn(backend));
  await insisting(async () => {
    // A step that was done is done, whatever could not be read of it.
    const steps = STEPS - trainer.stats().steps;
    if (steps > 0) await trainer.fit(pictures, { steps });
  });
  const results = [
    await insisting(() => trainer.evaluate(pictures)),
    await insisting(() => trainer.predict(PICTURE)),
    await insisting(async () => {
      const isDone = trainer.stats().steps > STEPS;
      if (!isDone) await trainer.trainOnBatch(PICTURE, [1]);
    }),
    await insisting(() => trainer.checkpoint()),
  ];
  trainer.dispose();
  return { results, errors };
}

describe("a device without memory", () => {
  let backend: WebGpuBackend;
  let memory: ScarceMemory;

  beforeAll(async () => {
    backend = await webgpu({ gpu: await testGpu(), quickStart: false });
    memory = scarceMemory(backend.device);
  });
  afterAll(() => backend.dispose());

  it(`says so at every allocation of a trainer and of all that it does (${shareWords})`, async () => {
    const wanted = await everything(backend);
    expect(wanted.errors).toEqual([]);
    const before = memory.asked;
    // Kernels are compiled by now, which takes no buffers.
    await everything(backend);
    const allocations = memory.asked - before;
    expect(allocations).toBeGreaterThan(30);
    for (const number of shareOf(Array.from({ length: allocations }, (_, index) => index + 1))) {
      memory.refuse(number);
      const { results, errors } = await everything(backend);
      expect(errors, `allocation ${number}`).toHaveLength(1);
      expect(errors[0], `allocation ${number}`).toBeInstanceOf(OutOfMemoryError);
      expect((errors[0] as OutOfMemoryError).tensor).not.toBeUndefined();
      expect((errors[0] as OutOfMemoryError).bytes).toBeGreaterThan(0);
      expect(results, `allocation ${number}`).toEqual(wanted.results);
      expect([backend.bytes, memory.live, memory.uncaptured], `allocation ${number}`).toEqual([0, 0, []]);
    }
  });

  it("is told with the largest batch that fits, which does, and one more does not", async () => {
    // By what a single buffer may be: the device tells when it is asked, by no limit of its own.
    memory.refuse(Number.POSITIVE_INFINITY);
    memory.refuseLargerThan(15_000);
    const failure = async (batchSize: number, use: (trainer: Trainer) => Promise<unknown>) => {
      const trainer = await trainerOn(backend, batchSize);
      const error = await use(trainer).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      trainer.dispose();
      expect([memory.live, memory.uncaptured]).toEqual([0, []]);
      return error as OutOfMemoryError | undefined;
    };
    for (const use of [
      (trainer: Trainer) => trainer.fit(pictures, { steps: 1 }),
      (trainer: Trainer) => trainer.trainOnBatch(PICTURE, [1]),
    ]) {
      const error = await failure(500, use);
      expect(error).toBeInstanceOf(OutOfMemoryError);
      const most = error?.largestBatch ?? 0;
      expect(most).toBeGreaterThan(1);
      expect(error?.message).toContain(`batchSize ${most} fits`);
      expect(await failure(most, use)).toBeUndefined();
      expect((await failure(most + 1, use))?.largestBatch).toBe(most);
    }
    memory.refuseLargerThan(Number.POSITIVE_INFINITY);
  });

  it("trains a batch in as few parts as fit, with the memory of one and the numbers of the whole", async () => {
    const wide = () =>
      sequential({ inputShape: [4, 4, 1], seed: 1 }, [
        ...[conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }), flatten(), dense({ units: 3 })],
      ]);
    const batchSize = 512;
    const many = picturesOf(batchSize);
    const trained = async (config: { batchSize: number; microBatches?: number | "auto" }) => {
      const trainer = await createTrainer(wide(), {
        ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), ...config },
      });
      try {
        const { stepLosses } = await trainer.fit(many, { steps: 2 });
        const { gpuBytes, datasetBytes, microBatches } = trainer.stats();
        return { stepLosses, weights: await trainedWeights(trainer), bytes: gpuBytes - datasetBytes, microBatches };
      } finally {
        trainer.dispose();
      }
    };
    const whole = await trained({ batchSize });
    const part = await trained({ batchSize: batchSize / 4 });
    memory.refuseLargerThan(100_000);
    await expect(trained({ batchSize })).rejects.toThrow(/createTrainer\(\{ microBatches: "auto" \}\)/);
    const auto = await trained({ batchSize, microBatches: "auto" });
    memory.refuseLargerThan(Number.POSITIVE_INFINITY);
    expect(auto.microBatches).toBe(4);
    expect(auto).toEqual(await trained({ batchSize, microBatches: 4 }));
    // Beside a part's own: the pictures of the batch with labels and rows, and the sums of gradients.
    const beside = batchSize * (16 + 3) * 4 + 4 * 4 * 500;
    expect(auto.bytes).toBeLessThan(part.bytes + beside);
    expect(auto.bytes).toBeLessThan(whole.bytes / 2);
    whole.weights.forEach((weight, index) => {
      expect(Math.abs((auto.weights[index] ?? Number.NaN) - weight)).toBeLessThan(2e-5);
    });
  });
});
