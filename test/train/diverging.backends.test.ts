/** Steps that do not count, behind which a `fit` goes on. */
import { afterAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  createTrainer,
  type Dataset,
  DivergedError,
  dataset,
  dense,
  type EpochEvent,
  type FitOptions,
  flatten,
  type Model,
  type StepEvent,
  sequential,
  sgd,
  type TrainerConfig,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";
import { weightsOf } from "../support/contract/bench.ts";
import { RandomData } from "../support/random.ts";

const BATCH = 4;
const values = Float32Array.from(new RandomData(11).normals(24 * 16));

/** Images of six batches, those of `bad` with a number that is not finite, and without those of `without`. */
function pictures({ bad = [], without = [] }: { bad?: number[]; without?: number[] }): Dataset {
  const images = values.slice();
  for (const batch of bad) images[batch * BATCH * 16 + 7] = Number.NaN;
  const rows = Array.from({ length: 24 }, (_, row) => row).filter((row) => !without.includes(Math.floor(row / BATCH)));
  return dataset({
    images: Float32Array.from(rows.flatMap((row) => [...images.subarray(row * 16, (row + 1) * 16)])),
    labels: rows.map((row) => row % 3),
    shape: [4, 4, 1],
  });
}

const classifying = () => sequential({ inputShape: [4, 4, 1], seed: 1 }, [flatten(), dense({ units: 3 })]);

describe(`fit goes on behind steps that do not count, on ${backendName}`, async () => {
  const backend = await testBackend();
  afterAll(() => backend.dispose());

  async function fitted(
    data: Dataset,
    options: FitOptions,
    {
      model = classifying(),
      learningRate = 0.1,
      ...config
    }: Partial<TrainerConfig> & { model?: Model; learningRate?: number } = {},
  ) {
    const trainer = await createTrainer(model, {
      ...{
        backend,
        loss: "sparseCategoricalCrossentropy",
        optimizer: sgd({ learningRate }),
        batchSize: BATCH,
        ...config,
      },
    });
    const steps: StepEvent[] = [];
    const epochs: EpochEvent[] = [];
    const fit = trainer.fit(data, {
      ...{ shuffle: false, ...options },
      onStep: (event) => steps.push(event),
      onEpoch: (event) => epochs.push(event),
    });
    const result = await fit.then(
      (history) => ({ history, error: undefined }),
      (error: unknown) => ({ history: undefined, error }),
    );
    const stats = trainer.stats();
    await trainer.syncModel();
    trainer.dispose();
    return { ...result, steps, epochs, taken: stats.steps, weights: weightsOf(model) };
  }

  it.each([
    ["in the middle", [2]],
    ["at the end", [5]],
    ["at the beginning, in a row", [0, 1]],
  ])("leaves out batches %s, and takes all others as if these were not there", async (_, bad) => {
    const got = await fitted(pictures({ bad }), { epochs: 2, onDiverge: "skip" });
    const wanted = await fitted(pictures({ without: bad }), { epochs: 2 });
    expect(got.history?.stepLosses).toEqual(wanted.history?.stepLosses);
    expect(got.weights).toEqual(wanted.weights);
    expect(got.taken).toBe(wanted.taken);
    expect(got.epochs.map(({ epoch, loss }) => [epoch, loss])).toEqual(
      wanted.epochs.map(({ epoch, loss }) => [epoch, loss]),
    );
    const places = [0, 1, 2, 3, 4, 5].filter((place) => !bad.includes(place));
    expect(got.steps.map(({ epoch, stepInEpoch }) => [epoch, stepInEpoch])).toEqual(
      [0, 1].flatMap((epoch) => places.map((place) => [epoch, place])),
    );
    const [first = 0] = bad;
    const perEpoch = bad.map(() => first);
    expect(got.history?.divergences?.map(({ step }) => step)).toEqual([
      ...perEpoch,
      ...perEpoch.map((step) => step + places.length),
    ]);
    expect(wanted.history?.divergences).toBeUndefined();
  });

  it("counts what it leaves out as steps that it was asked for, and ends where ten in a row are bad", async () => {
    const some = await fitted(pictures({ bad: [1] }), { steps: 4, onDiverge: "skip" });
    expect([some.history?.stepLosses.length, some.taken]).toEqual([3, 3]);
    const all = await fitted(pictures({ bad: [0, 1, 2, 3, 4, 5] }), { epochs: 3, onDiverge: "skip" });
    expect(all.error).toBeInstanceOf(DivergedError);
    expect(all.taken).toBe(0);
    expect(all.weights).toEqual(weightsOf(classifying()));
  });

  /** One weight, whose square error a step multiplies by (1 − 2 · rate · 4)². */
  const line = () => sequential({ inputShape: [1], seed: 1 }, [dense({ units: 1, useBias: false })]);
  const points = dataset({
    images: new Float32Array(400 * BATCH).fill(2),
    targets: new Float32Array(400 * BATCH).fill(6),
    shape: [1],
    targetShape: [1],
  });

  it("goes back with half the rate, to the weights of a run that had it from there on", async () => {
    const config = { loss: "mse", model: line() } as const;
    // At 1.6 the error grows by 139 a step, at 0.8 by 29, at 0.4 by 4.8; at 0.2 it falls.
    const got = await fitted(points, { steps: 300, onDiverge: "rollback" }, { ...config, learningRate: 1.6 });
    const divergences = got.history?.divergences ?? [];
    expect(divergences.map(({ learningRate }) => learningRate)).toEqual(
      [0.8, 0.4, 0.2].map((rate) => expect.closeTo(rate, 6)),
    );
    const wanted = await fitted(points, { steps: 300 }, { loss: "mse", model: line(), learningRate: 0.2 });
    expect(got.history?.stepLosses).toEqual(wanted.history?.stepLosses);
    expect(got.weights).toEqual(wanted.weights);
    expect(got.weights[0]).toBeCloseTo(3, 5);
    expect(got.taken).toBe(300);
    // What was taken anew is told anew.
    expect(got.steps.slice(-300).map(({ step }) => step)).toEqual(Array.from({ length: 300 }, (_, step) => step));
    expect(got.steps.slice(-300).map(({ loss }) => loss)).toEqual(wanted.history?.stepLosses);
  });

  it("goes back to the last epoch, and ends where it does not get past a step", async () => {
    const bad = await fitted(pictures({ bad: [4] }), { epochs: 2, onDiverge: "rollback" });
    expect(bad.error).toBeInstanceOf(DivergedError);
    expect(String(bad.error)).toMatch(/Image 16 of the data set holds NaN/);
    expect(bad.steps.map(({ step }) => step)).toEqual(Array.from({ length: 6 }, () => [0, 1, 2, 3]).flat());
    // The rate grows so much in the second epoch that all is lost at once; the first is not taken again.
    const trainer = await createTrainer(classifying(), {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: sgd({ learningRate: 0.1 }), batchSize: BATCH },
    });
    const steps: number[] = [];
    const { divergences, stepLosses } = await trainer.fit(pictures({}), {
      ...{ epochs: 2, onDiverge: "rollback", shuffle: false },
      onStep: ({ step }) => {
        steps.push(step);
        if (step === 5 && steps.length === 6) trainer.setLearningRate(3e38);
      },
    });
    expect(divergences?.length).toBeGreaterThanOrEqual(1);
    expect(stepLosses).toHaveLength(12);
    expect(steps.filter((step) => step < 6)).toEqual([0, 1, 2, 3, 4, 5]);
    trainer.dispose();
  });

  it("refuses what is no such policy", async () => {
    const { error } = await fitted(pictures({}), { onDiverge: "ignore" as "skip" });
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toMatch(/onDiverge must be "stop", "skip" or "rollback", got "ignore"/);
  });
});
