/** Steps that take their batch in parts: the results of whole batches. */
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  adam,
  averagePooling2d,
  batchNormalization,
  conv2d,
  createTrainer,
  type Dataset,
  DivergedError,
  dataset,
  dense,
  dropout,
  type FitOptions,
  flatten,
  l2,
  type Model,
  maxPooling2d,
  sequential,
  sgd,
  type Trainer,
  type TrainerConfig,
} from "../../src/index.ts";
import { backendName, isCpu, testBackend } from "../support/backend.ts";
import { weightsOf } from "../support/contract/bench.ts";
import { barPictures } from "../support/networks.ts";
import { RandomData } from "../support/random.ts";

const [COUNT, BATCH] = [20, 8];
/** Sums of some hundred products, in another order, over a few steps. */
const rounding = isCpu ? 1e-6 : 5e-5;
const bars = barPictures(COUNT);
const floats = Float32Array.from(new RandomData(7).normals(COUNT * 64));
const weighted = dataset({
  ...{ images: floats, labels: bars.labels, shape: bars.shape },
  sampleWeights: Float32Array.from({ length: COUNT }, (_, index) => 0.5 + (index % 4) / 2),
});

const network = (seed = 3): Model =>
  sequential({ inputShape: [8, 8, 1], seed }, [
    flatten(),
    dense({ units: 5, activation: "relu", kernelRegularizer: l2(0.01) }),
    dense({ units: 3 }),
  ]);

const convolutions = (seed = 3): Model =>
  sequential({ inputShape: [8, 8, 1], seed }, [
    conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", kernelRegularizer: l2(0.01) }),
    ...[maxPooling2d({ poolSize: 2 }), conv2d({ filters: 6, kernelSize: 3, activation: "relu" }), flatten()],
    dense({ units: 3 }),
  ]);

describe(`micro-batches on ${backendName}`, async () => {
  const backend = await testBackend();
  afterAll(() => backend.dispose());

  const trainerOf = (model: Model, config: Partial<TrainerConfig>): Promise<Trainer> =>
    createTrainer(model, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
      ...{ batchSize: BATCH, seed: 5, ...config },
    });

  /** Everything that a training tells and leaves. */
  async function trained(data: Dataset, config: Partial<TrainerConfig>, options: FitOptions, model = network()) {
    const trainer = await trainerOf(model, config);
    const steps: unknown[] = [];
    const history = await trainer.fit(data, {
      ...{ epochs: 2, ...options },
      onStep: ({ step, loss, accuracy, metrics }) => steps.push([step, loss, accuracy, ...Object.values(metrics)]),
    });
    const { loss, accuracy, confusion } = await trainer.evaluate(data);
    const batch = await trainer.trainOnBatch(floats.subarray(0, 3 * 64), [0, 2, 1]);
    await trainer.syncModel();
    const epochs = history.epochs.map((event) => [event.loss, event.accuracy, ...Object.values(event.metrics)]);
    trainer.dispose();
    return { numbers: [steps, epochs, loss, accuracy, confusion, batch.loss].flat(4), weights: weightsOf(model) };
  }

  const near = (got: readonly unknown[], wanted: readonly unknown[]) => {
    expect(got).toHaveLength(wanted.length);
    const misses = wanted.flatMap((value, index) => {
      const error = Math.abs(Number(got[index]) - Number(value)) / Math.max(1, Math.abs(Number(value)));
      return error <= rounding ? [] : [`${index}: ${got[index]} instead of ${value}`];
    });
    expect(misses).toEqual([]);
  };

  it.each<[string, number, Dataset, Partial<TrainerConfig>, FitOptions]>([
    ["two parts, and a last batch of half the size", 2, bars, {}, {}],
    [
      "three, of which one is shorter, with weights of samples and classes",
      3,
      weighted,
      {},
      { classWeight: [1, 3, 0.5] },
    ],
    ["as many as images, clipped, with metrics", 8, bars, { clipNorm: 0.5, metrics: ["mse", "auc", "f1Score"] }, {}],
    ["more than images", 20, bars, {}, { steps: 2 }],
    ["recomputed layers", 2, bars, { recompute: true }, {}],
    [
      "images that are changed and mixed",
      4,
      weighted,
      {},
      { augment: { flip: "both", shift: 0.2, mixup: 0.5, cutMix: 0.3 } },
    ],
    ["mixed precision", 2, bars, { precision: "mixed" }, { steps: 2 }],
    [
      "a loss of one's own",
      2,
      bars,
      { loss: (graph, outputs, targets) => graph.softmaxCrossEntropy(outputs, targets, { reduction: "none" }) },
      {},
    ],
  ])("%s: the losses, metrics and weights of whole batches", async (name, microBatches, data, config, options) => {
    const make = name.startsWith("two parts") ? convolutions : network;
    const wanted = await trained(data, config, options, make());
    const got = await trained(data, { ...config, microBatches }, options, make());
    // 16-bit activations round the same way, but losses are of sums in another order.
    near(got.numbers, wanted.numbers);
    near(got.weights, wanted.weights);
  });

  it("normalises each part by itself, and moves the statistics once, by their means", async () => {
    const normalized = () =>
      sequential({ inputShape: [8, 8, 1], seed: 1 }, [
        ...[batchNormalization({ momentum: 0.5 }), averagePooling2d({ poolSize: 4 }), flatten(), dense({ units: 3 })],
      ]);
    const [whole, parts] = [normalized(), normalized()];
    await trained(weighted, {}, { steps: 1, shuffle: false }, whole);
    const trainer = await trainerOf(parts, { microBatches: 2 });
    await trainer.fit(weighted, { steps: 1, shuffle: false });
    await trainer.syncModel();
    trainer.dispose();
    const of = (first: number) => {
      const values = [...floats.subarray(first * 64, (first + BATCH / 2) * 64)];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
    };
    const [first, second] = [of(0), of(BATCH / 2)];
    const statistic = (name: string) => parts.parameters.get(`batch_normalization/${name}`)?.data ?? [];
    near([...statistic("moving_mean")], [(first.mean + second.mean) / 4]);
    near([...statistic("moving_variance")], [0.5 + (first.variance + second.variance) / 4]);
  });

  it("goes on from a checkpoint at every step to the bits of a run that did not stop", async () => {
    const random = (seed = 3) =>
      sequential({ inputShape: [8, 8, 1], seed }, [
        ...[flatten(), dense({ units: 5, activation: "relu" }), dropout({ rate: 0.3 }), dense({ units: 3 })],
      ]);
    const config: Partial<TrainerConfig> = { microBatches: 3, optimizer: adam() };
    const whole = random();
    const run = await trainerOf(whole, config);
    const saved: Uint8Array[] = [];
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) {
      saved.push(await run.checkpoint());
      losses.push(...(await run.fit(bars, { steps: 1 })).stepLosses);
    }
    await run.syncModel();
    run.dispose();
    for (const [step, bytes] of saved.entries()) {
      const model = random(9);
      const resumed = await trainerOf(model, config);
      await resumed.restore(bytes);
      const { stepLosses } = await resumed.fit(bars, { steps: 5 - step });
      await resumed.syncModel();
      expect([...stepLosses], `step ${step}`).toEqual(losses.slice(step));
      expect(weightsOf(model), `step ${step}`).toEqual(weightsOf(whole));
      resumed.dispose();
    }
  });

  it("names the image that is not finite, in a part behind the first, and leaves the weights alone", async () => {
    const images = floats.slice();
    images[6 * 64 + 5] = Number.NaN;
    const data = dataset({ images, labels: bars.labels, shape: bars.shape });
    const model = network();
    const trainer = await trainerOf(model, { microBatches: 4 });
    const before = weightsOf(model);
    const error = await trainer.fit(data, { shuffle: false }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    expect(String(error)).toMatch(/Image 6 of the data set holds NaN/);
    await trainer.syncModel();
    expect(weightsOf(model)).toEqual(before);
    const fed = await trainer
      .trainOnBatch(images.subarray(0, 7 * 64), [0, 1, 2, 0, 1, 2, 0])
      .catch((reason: unknown) => reason);
    expect(String(fed)).toMatch(/Image 6 of the batch holds NaN/);
    trainer.dispose();
  });

  it("refuses what is no number of parts", async () => {
    for (const microBatches of [0, 1.5, -1, Number.NaN, "many", null]) {
      const made = trainerOf(network(), { microBatches: microBatches as number });
      await expect(made).rejects.toThrow(ArgumentError);
      await expect(made).rejects.toThrow(/microBatches must be "auto" or a whole number of at least 1/);
    }
    const trainer = await trainerOf(network(), { microBatches: 2 });
    const mixed = trainer.fit(bars, { classWeight: [1, 2, 3], augment: { mixup: 1 } });
    await expect(mixed).rejects.toThrow(/classWeight and mixup or cutMix/);
    expect(trainer.stats().microBatches).toBe(2);
    trainer.dispose();
  });
});
