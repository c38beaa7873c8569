/** A lost device changes nothing but the time that training takes. */
import { describe, expect, it } from "vitest";
import { goesOnWithoutGpu } from "../../src/best_backend.ts";
import { randomKey, randomUniform } from "../../src/core/random.ts";
import { cpu } from "../../src/cpu.ts";
import {
  activation,
  adam,
  batchNormalization,
  createClassifier,
  createPredictor,
  createTrainer,
  type Dataset,
  DeviceLostError,
  DisposedError,
  dataSource,
  dataset,
  dense,
  dropout,
  earlyStopping,
  type FitOptions,
  flatten,
  type Model,
  type Recovered,
  reduceOnPlateau,
  type StepEvent,
  sequential,
  sgd,
  type Trainer,
} from "../../src/index.ts";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { pictures as picturesOf } from "../support/contract/bench.ts";
import { testDevice, testGpu } from "../support/gpu.ts";

const pictures = picturesOf(10);
const validation = picturesOf(6);
const picture = Float32Array.from({ length: 16 }, (_, index) => (index % 7) / 7);
const SEED = 11;

interface Use {
  backend: WebGpuBackend;
  trainer: Trainer;
  losses: Error[];
  recovered: Recovered[];
  weights(): number[][];
}

/** With statistics and random numbers, and few kernels, which are compiled anew at each loss. */
const network = () =>
  sequential({ inputShape: [4, 4, 1], seed: 1 }, [
    ...[flatten(), dense({ units: 8 }), batchNormalization(), activation("relu"), dropout({ rate: 0.2 })],
    dense({ units: 3 }),
  ]);

async function use(precision: "float32" | "mixed" = "float32"): Promise<Use> {
  const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
  const model = network();
  const losses: Error[] = [];
  const recovered: Recovered[] = [];
  const trainer = await createTrainer(model, {
    backend,
    precision,
    loss: "sparseCategoricalCrossentropy",
    optimizer: adam({ learningRate: 0.01, useEma: true }),
    batchSize: 4,
    onDeviceLost: (error) => losses.push(error),
    onRecovered: (each) => recovered.push(each),
  });
  const weights = () => [...model.parameters].map(([, { data }]) => [...data]);
  return { backend, trainer, losses, recovered, weights };
}

/** The same pictures, read from a source in each step. */
function streamed({ images, labels, shape, count }: Dataset): Dataset {
  const size = images.length / count;
  return dataSource({
    ...{ count, sampleShape: shape, dtype: "u8", labels },
    read: async (rows, into) => {
      for (const [place, row] of rows.entries()) into.set(images.subarray(row * size, (row + 1) * size), place * size);
    },
  });
}

/** A fit with all that follows epochs; `at`: steps at which the device goes away, `pauses`: at which others may use the trainer. */
async function fitted(
  used: Use,
  data: Dataset,
  { at = [], pauses = [], ...options }: { at?: number[]; pauses?: number[] } & FitOptions,
) {
  const { backend, trainer } = used;
  const steps: number[] = [];
  const epochs: number[] = [];
  const left = new Set(at);
  const onStep = ({ step }: StepEvent) => {
    steps.push(step);
    if (pauses.includes(step))
      trainer.pause().then(
        () => trainer.resume(),
        () => undefined,
      );
    if (left.delete(step)) backend.device.destroy();
  };
  const history = await trainer.fit(data, {
    epochs: 6,
    validationData: validation,
    reduceOnPlateau: reduceOnPlateau({ monitor: "val_loss", patience: 1, factor: 0.5, minDelta: 0.05 }),
    earlyStopping: earlyStopping({ patience: 5, restoreBestWeights: true }),
    onEpoch: ({ epoch }) => epochs.push(epoch),
    ...options,
    onStep,
  });
  const untimed = history.epochs.map(({ seconds: _, ...event }) => event);
  const { stepLosses, bestEpoch } = history;
  return { steps, epochs, stepLosses, bestEpoch, untimed, weights: used.weights() };
}

function end({ backend, trainer }: Use): void {
  trainer.dispose();
  backend.dispose();
}

describe("a trainer that recovers", () => {
  it.each([
    ["pictures on the device", pictures, "float32", 4],
    ["pictures that are read", streamed(pictures), "float32", 2],
    ["mixed precision", pictures, "mixed", 2],
  ] as const)(
    "has after losses at random steps the bits of an undisturbed run: %s",
    async (_, data, precision, count) => {
      const undisturbed = await use(precision);
      const wanted = await fitted(undisturbed, data, {});
      const batch = await undisturbed.trainer.trainOnBatch(picture, [1]);
      end(undisturbed);
      const key = randomKey(SEED);
      const steps = Array.from({ length: count }, (_, index) => Math.floor(randomUniform(key, index) * 17));
      const disturbed = await use(precision);
      const pauses = [4, 9];
      expect(await fitted(disturbed, data, { at: steps, pauses })).toEqual(wanted);
      disturbed.backend.device.destroy();
      expect(await disturbed.trainer.trainOnBatch(picture, [1])).toEqual(batch);
      // Steps that are told of together may have lost one device together; the last was lost alone.
      const { losses, recovered } = disturbed;
      const { kind, description } = disturbed.backend;
      expect(losses.length).toBeGreaterThanOrEqual(2);
      expect(losses.length).toBeLessThanOrEqual(new Set(steps).size + 1);
      expect(losses[0]).toBeInstanceOf(DeviceLostError);
      expect(recovered.map((each) => each.backend)).toEqual(losses.map(() => ({ kind, description })));
      expect(disturbed.trainer.stats().steps).toBe(wanted.steps.length + 1);
      end(disturbed);
    },
  );

  it("leaves out the same batches, and goes back to the same states, after losses too", async () => {
    const run = async (
      model: Model,
      data: Dataset,
      at: number[],
      { learningRate, ...options }: FitOptions & { learningRate: number },
    ) => {
      const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
      const loss = data.targets ? "mse" : "sparseCategoricalCrossentropy";
      const trainer = await createTrainer(model, { backend, loss, optimizer: sgd({ learningRate }), batchSize: 4 });
      const left = new Set(at);
      const told: number[] = [];
      const { stepLosses, divergences } = await trainer.fit(data, {
        ...options,
        onStep: ({ step }) => {
          told.push(step);
          if (left.delete(step)) backend.device.destroy();
        },
      });
      const weights = [...model.parameters.values()].map(({ data }) => [...data]);
      trainer.dispose();
      backend.dispose();
      return { stepLosses, divergences, told, weights };
    };
    const images = Float32Array.from(pictures.images, (value) => value / 255);
    images[16 * 3 + 2] = Number.NaN;
    const spoilt = dataset({ images, labels: pictures.labels, shape: pictures.shape });
    const skipping = (at: number[]) => {
      const model = sequential({ inputShape: [4, 4, 1], seed: 1 }, [flatten(), dense({ units: 3 })]);
      return run(model, spoilt, at, { learningRate: 0.1, onDiverge: "skip", epochs: 4 });
    };
    const skipped = await skipping([]);
    expect(skipped.told).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await skipping([1, 4, 5])).toEqual(skipped);

    // The error grows by 139 a step with a rate of 1.6, and falls with 0.2.
    const values = 300 * 4;
    const points = dataset({
      ...{ images: new Float32Array(values).fill(2), shape: [1] },
      ...{ targets: new Float32Array(values).fill(6), targetShape: [1] },
    });
    const goingBack = (at: number[]) => {
      const model = sequential({ inputShape: [1], seed: 1 }, [dense({ units: 1, useBias: false })]);
      return run(model, points, at, { learningRate: 1.6, onDiverge: "rollback", steps: 280 });
    };
    const wanted = await goingBack([]);
    expect(wanted.divergences).toHaveLength(3);
    const got = await goingBack([2, 40, 270]);
    expect({ ...got, told: got.told.slice(-280) }).toEqual({ ...wanted, told: wanted.told.slice(-280) });
  });

  it("does again what was lost beside a fit: each request, steps on fed batches, and changes in between", async () => {
    const all = async ({ trainer, backend, weights }: Use, lose: boolean) => {
      const losing = async <T>(work: () => Promise<T>) => {
        const working = work();
        // Each loss has every program compiled anew.
        if (lose) backend.device.destroy();
        return working;
      };
      const results: unknown[] = [];
      results.push(await trainer.trainOnBatch(picture, [1]));
      trainer.setLearningRate(0.02);
      results.push(await losing(() => trainer.trainOnBatch(picture, [2])));
      results.push(await losing(() => trainer.evaluate(pictures)));
      results.push([...(await losing(() => trainer.predict(picture))).data]);
      const saved = await losing(() => trainer.checkpoint());
      results.push([...saved]);
      await losing(() => trainer.swapEma());
      results.push(weights());
      results.push(await trainer.trainOnBatch(picture, [0]));
      await losing(() => trainer.profile(pictures, { steps: 1 }));
      results.push((await losing(() => trainer.inspect(picture))).layers.map(({ output }) => [...output.data]));
      await losing(() => trainer.prepare(pictures));
      results.push((await trainer.fit(pictures, { steps: 4 })).stepLosses);
      await losing(() => trainer.restore(saved));
      results.push((await losing(() => trainer.fit(pictures, { steps: 2 }))).stepLosses);
      await trainer.syncModel();
      results.push(weights());
      return results;
    };
    const undisturbed = await use();
    const wanted = await all(undisturbed, false);
    end(undisturbed);
    const disturbed = await use();
    expect(await all(disturbed, true)).toEqual(wanted);
    expect(disturbed.recovered.length).toBeGreaterThan(5);
    end(disturbed);
  });

  it("changes the learning rate at the same step again, and stays paused through a loss", async () => {
    const run = async (used: Use, lose: boolean) => {
      const { trainer, backend, recovered } = used;
      let isChanged = false;
      let paused: Promise<void> | undefined;
      const fitting = trainer.fit(pictures, {
        steps: 12,
        onStep: ({ step }) => {
          // Once the host has sent the first steps, whichever the step is that the device has come to.
          if (step === 2) paused = trainer.pause();
        },
      });
      while (paused === undefined) await new Promise((resolve) => setTimeout(resolve));
      await paused;
      const { steps } = trainer.stats();
      if (!isChanged) trainer.setLearningRate(0.001);
      isChanged = true;
      if (lose) {
        backend.device.destroy();
        while (recovered.length === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      expect(trainer.paused).toBe(true);
      expect(trainer.stats().steps).toBe(steps);
      trainer.resume();
      if (lose) backend.device.destroy();
      const { stepLosses } = await fitting;
      return { steps, stepLosses, weights: used.weights() };
    };
    const disturbed = await use();
    const got = await run(disturbed, true);
    end(disturbed);
    // As many steps before the change as there were.
    const undisturbed = await use();
    await undisturbed.trainer.fit(pictures, { steps: got.steps });
    undisturbed.trainer.setLearningRate(0.001);
    await undisturbed.trainer.fit(pictures, { steps: 12 - got.steps });
    expect(got.weights).toEqual(undisturbed.weights());
    end(undisturbed);
  });

  it("ends at once when aborted or disposed of meanwhile, and leaves a device of the user's own alone", async () => {
    const used = await use();
    const controller = new AbortController();
    const fitting = used.trainer.fit(pictures, {
      steps: 100,
      signal: controller.signal,
      onStep: () => used.backend.device.destroy(),
    });
    while (used.losses.length === 0) await new Promise((resolve) => setTimeout(resolve));
    controller.abort(new Error("enough"));
    await expect(fitting).rejects.toThrow("enough");
    const asked = used.trainer.evaluate(pictures);
    used.backend.device.destroy();
    used.trainer.dispose();
    await expect(asked).rejects.toThrow(DisposedError);
    used.backend.dispose();

    const device = await testDevice();
    const backend = await webgpu({ device });
    const trainer = await createTrainer(network(), {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: "adam" },
    });
    await trainer.trainOnBatch(picture, [1]);
    device.destroy();
    await expect(trainer.trainOnBatch(picture, [1])).rejects.toThrow(DeviceLostError);
    trainer.dispose();
    backend.dispose();
  });

  it("has classifiers and predictors go on too, also where there is no trainer", async () => {
    const backend = await webgpu({ gpu: await testGpu(), quickStart: false });
    const model = network();
    const classifier = await createClassifier(model, { backend });
    const predictor = await createPredictor(model, { backend });
    const wanted = [await classifier.predict(picture), await predictor.predict(picture)];
    for (let loss = 0; loss < 2; loss++) {
      const under = predictor.predict(picture);
      backend.device.destroy();
      expect([await classifier.predict(picture), await under]).toEqual(wanted);
    }
    const byHand = await createClassifier(model, { backend, recover: false });
    backend.device.destroy();
    await expect(byHand.predict(picture)).rejects.toThrow(DeviceLostError);
    backend.dispose();
    await expect(classifier.predict(picture)).rejects.toThrow(DeviceLostError);
  });

  it("goes on without a graphics card where none comes back: from the last point, with all that ran there", async () => {
    const gpu = await testGpu();
    let isGone = false;
    const leaving = { requestAdapter: async () => (isGone ? null : gpu.requestAdapter()) } as unknown as GPU;
    const run = async (lose: boolean) => {
      const backend = await webgpu({ gpu: lose ? leaving : gpu, quickStart: false });
      // As bestBackend does.
      goesOnWithoutGpu(backend, async () => cpu());
      const model = network();
      const recovered: Recovered[] = [];
      const trainer = await createTrainer(model, {
        ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: "adam", batchSize: 4 },
        onRecovered: (each) => recovered.push(each),
      });
      const classifier = await createClassifier(model, { backend });
      await classifier.predict(picture);
      await trainer.fit(pictures, { steps: 5 });
      const first = await trainer.evaluate(pictures);
      const steps: number[] = [];
      const { stepLosses } = await trainer.fit(pictures, {
        steps: 7,
        onStep: ({ step }) => {
          steps.push(step);
          if (step !== 7 || !lose) return;
          isGone = true;
          backend.device.destroy();
        },
      });
      const { probabilities } = await classifier.predict(picture);
      const last = await trainer.evaluate(pictures);
      const saved = await trainer.checkpoint();
      await trainer.restore(saved);
      expect((await trainer.evaluate(pictures)).loss).toBe(last.loss);
      await trainer.trainOnBatch(picture, [1]);
      const stats = trainer.stats();
      trainer.dispose();
      backend.dispose();
      return { steps, values: [first.loss, ...stepLosses, last.loss, ...probabilities], recovered, stats };
    };
    const wanted = await run(false);
    const got = await run(true);
    expect(got.steps).toEqual(wanted.steps);
    expect(got.values.length).toBe(wanted.values.length);
    // Other sums in the same order of steps: a few units in the last place a step, which Adam's first steps make larger.
    got.values.forEach((value, index) => {
      expect(Math.abs(value - (wanted.values[index] ?? 0))).toBeLessThan(1e-3);
    });
    expect(got.recovered.map(({ backend }) => backend.kind)).toEqual(["wasm"]);
    expect(got.stats.backend).toBe(got.recovered[0]?.backend.description);
    expect(got.stats.steps).toBe(13);
  });
});
