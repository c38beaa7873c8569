import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Backend } from "../../src/graph/backend.ts";
import {
  adam,
  createClassifier,
  createPredictor,
  createTrainer,
  DisposedError,
  dataset,
  dense,
  type EpochEvent,
  type FitOptions,
  flatten,
  reduceOnPlateau,
  type StepEvent,
  sequential,
  sgd,
  subset,
  type Trainer,
  type TrainerOptions,
  toSafetensors,
} from "../../src/index.ts";
import { backendName, testBackend } from "../support/backend.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";

const LOSS = "sparseCategoricalCrossentropy";

/** Runs of training: what counts as a pass, what ends a wait, what a run goes on from, what is left on the device. */
describe(`runs of training on ${backendName}`, () => {
  async function withTrainer<T>(
    options: Partial<TrainerOptions>,
    use: (trainer: Trainer, backend: Backend) => Promise<T>,
    model = smallNetwork(5),
  ): Promise<T> {
    const backend = options.backend ?? (await testBackend());
    const settings = { loss: LOSS, optimizer: adam(), batchSize: 4, ...options };
    const trainer = await createTrainer(model, { ...settings, backend });
    try {
      return await use(trainer, backend);
    } finally {
      trainer.dispose();
      if (!options.backend) backend.dispose();
    }
  }

  it("fit takes whole passes, counted from now, and as many steps as it is told", async () => {
    const pictures = barPictures(40);
    await withTrainer({}, async (trainer) => {
      const stepsOf = async (options: FitOptions) => (await trainer.fit(pictures, options)).stepLosses.length;
      expect(await stepsOf({ steps: 6 })).toBe(6);
      expect(await stepsOf({})).toBe(10);
      expect(await stepsOf({ steps: 25 })).toBe(25);
      expect(await stepsOf({ epochs: 2, steps: 13 })).toBe(13);
      expect(await stepsOf({ epochs: 2 })).toBe(20);
    });
  });

  it("an epoch ends with each pass over the data, wherever fits began, and tells of the whole pass", async () => {
    const pictures = barPictures(38);
    const run = (parts: FitOptions[]) =>
      withTrainer({ metrics: ["precision", "meanSquaredError"] }, async (trainer) => {
        const epochs: EpochEvent[] = [];
        for (const part of parts) epochs.push(...(await trainer.fit(pictures, part)).epochs);
        return epochs.map(({ seconds: _, ...rest }) => rest);
      });
    const whole = await run([{ epochs: 3 }]);
    expect(whole.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    expect(await run([{ steps: 7 }, { epochs: 2 }, { steps: 3 }])).toEqual(whole);
  });

  it("a run that a checkpoint interrupts in the middle of a pass reports that pass whole, and keeps its plateau", async () => {
    const pictures = barPictures(40);
    const options = () => ({ reduceOnPlateau: reduceOnPlateau({ monitor: "loss", patience: 1, minDelta: 0.5 }) });
    const settings = { optimizer: sgd({ learningRate: 0.05 }), metrics: ["recall"], seed: 3 };
    const report = ({ seconds: _, ...rest }: EpochEvent) => rest;
    const whole = await withTrainer(settings, async (trainer) => {
      const { epochs } = await trainer.fit(pictures, { ...options(), epochs: 4 });
      return { epochs: epochs.map(report), saved: await trainer.checkpoint() };
    });
    // It has to lower the rate at some time for this test to say something.
    expect(new Set(whole.epochs.map(({ learningRate }) => learningRate)).size).toBeGreaterThan(1);
    for (const stop of [5, 14, 20, 33]) {
      const [before, saved] = await withTrainer(settings, async (trainer) => {
        const { epochs } = await trainer.fit(pictures, { ...options(), steps: stop });
        return [epochs.map(report), await trainer.checkpoint()] as const;
      });
      await withTrainer(settings, async (trainer) => {
        await trainer.restore(saved);
        const { epochs } = await trainer.fit(pictures, { ...options(), steps: 40 - stop });
        expect([...before, ...epochs.map(report)], `stopped after ${stop}`).toEqual(whole.epochs);
        expect(await trainer.checkpoint(), `stopped after ${stop}`).toEqual(whole.saved);
      });
    }
  });

  it("validationSplit keeps the last images for validation and trains on the others", async () => {
    const pictures = barPictures(40);
    const run = (options: FitOptions, count = 40) =>
      withTrainer({}, async (trainer) => {
        const { epochs, stepLosses } = await trainer.fit(subset(pictures, 0, count), { ...options, epochs: 2 });
        return { stepLosses, validation: epochs.map(({ validationLoss }) => validationLoss) };
      });
    const split = await run({ validationSplit: 0.2 });
    expect(split.stepLosses).toHaveLength(16);
    expect(split).toEqual(await run({ validationData: subset(pictures, 32, 8) }, 32));
    await withTrainer({}, async (trainer) => {
      const both = trainer.fit(pictures, { validationSplit: 0.2, validationData: pictures });
      await expect(both).rejects.toThrow(/validationData or validationSplit/);
    });
  });

  it("a batch of one's own comes in between the steps of a running fit, which takes all of its own", async () => {
    const pictures = barPictures(40);
    await withTrainer({}, async (trainer) => {
      const between: Promise<unknown>[] = [];
      const steps: number[] = [];
      const onStep = ({ step }: StepEvent) => {
        steps.push(step);
        if (steps.length % 6 === 3) between.push(trainer.trainOnBatch(pictures.images.slice(0, 64), [0]));
      };
      const { stepLosses } = await trainer.fit(pictures, { epochs: 2, onStep });
      await Promise.all(between);
      expect(stepLosses).toHaveLength(20);
      expect(between.length).toBeGreaterThan(1);
      expect(trainer.stats().steps).toBe(20 + between.length);
      expect(new Set(steps).size).toBe(20);
    });
  });

  it.each(["before the fit", "in the middle"])("backend.dispose() ends a fit that is paused %s", async (when) => {
    const backend = await testBackend();
    await withTrainer({ backend }, async (trainer) => {
      let paused: Promise<void> = Promise.resolve();
      if (when === "before the fit") paused = trainer.pause();
      const onStep = ({ step }: StepEvent) => {
        if (step === 1 && when !== "before the fit") paused = trainer.pause();
      };
      const fit = trainer.fit(barPictures(40), { epochs: 50, onStep });
      const ended = expect(fit).rejects.toThrow(/backend was disposed of|device was lost/);
      while (!trainer.paused) await new Promise((resolve) => setTimeout(resolve, 5));
      await paused;
      backend.dispose();
      await ended;
    });
  });

  it("a pause ends with the fit that it holds, and holds no later one", async () => {
    await withTrainer({}, async (trainer) => {
      const abort = new AbortController();
      const onStep = ({ step }: StepEvent) => {
        if (step === 1) void trainer.pause().then(() => abort.abort());
      };
      const fit = trainer.fit(barPictures(40), { epochs: 50, signal: abort.signal, onStep });
      await expect(fit).rejects.toThrow(/abort/i);
      expect(trainer.paused).toBe(false);
      expect((await trainer.fit(barPictures(8))).stepLosses).toHaveLength(2);
    });
  });

  const underWay: [string, (trainer: Trainer) => Promise<unknown>][] = [
    ["fit", (trainer) => trainer.fit(barPictures(40))],
    ["evaluate", (trainer) => trainer.evaluate(barPictures(40))],
    ["trainOnBatch", (trainer) => trainer.trainOnBatch(new Float32Array(64), [1])],
    ["predict", (trainer) => trainer.predict(new Float32Array(64))],
    ["inspect", (trainer) => trainer.inspect(new Float32Array(64))],
    ["profile", (trainer) => trainer.profile(barPictures(40), { steps: 1 })],
  ];
  it("dispose during anything that compiles leaves nothing on the device", async () => {
    const backend = await testBackend();
    for (const [what, begin] of underWay) {
      const trainer = await createTrainer(smallNetwork(), { backend, loss: LOSS, optimizer: adam(), batchSize: 4 });
      const work = begin(trainer);
      trainer.dispose();
      await expect(work, what).rejects.toThrow(DisposedError);
      for (let wait = 0; backend.bytes > 0 && wait < 200; wait++)
        await new Promise((resolve) => setTimeout(resolve, 25));
      expect(backend.bytes, what).toBe(0);
    }
    backend.dispose();
  });

  it("the model's parameters are the trained ones after fit, and refuse to be read while they are not", async () => {
    const model = smallNetwork(5);
    const pictures = barPictures(40);
    const image = new Float32Array(64).fill(0.5);
    await withTrainer(
      {},
      async (trainer, backend) => {
        const elsewhere = async () => {
          const other = cpu();
          const predictor = await createPredictor(model, { backend: other });
          try {
            return (await predictor.predict(image))[0]?.data;
          } finally {
            predictor.dispose();
            other.dispose();
          }
        };
        const start = model.parameters.get("dense/kernel")?.data;
        let during: unknown;
        const onStep = ({ step }: StepEvent) => {
          if (step > 0) return;
          try {
            during = toSafetensors(model.parameters).length;
          } catch (error) {
            during = error;
          }
        };
        await trainer.fit(pictures, { epochs: 2, onStep });
        expect(String(during)).toMatch(/syncModel/);
        const trained = model.parameters.get("dense/kernel")?.data;
        expect(trained).not.toEqual(start);
        await trainer.syncModel();
        expect(model.parameters.get("dense/kernel")?.data).toEqual(trained);
        const classifier = await createClassifier(model, { backend });
        const { probabilities } = await classifier.predict(image);
        classifier.dispose();
        const logits = await elsewhere();
        const exps = Array.from(logits ?? [], Math.exp);
        const total = exps.reduce((a, b) => a + b, 0);
        exps.forEach((value, index) => {
          expect(value / total).toBeCloseTo(probabilities[index] ?? Number.NaN, 5);
        });

        await trainer.trainOnBatch(image, [1]);
        expect(() => model.parameters).toThrow(/syncModel/);
        await expect(elsewhere()).rejects.toThrow(/syncModel/);
        await trainer.syncModel();
        expect(model.parameters.get("dense/kernel")?.data).not.toEqual(trained);
        await elsewhere();
      },
      model,
    );
  });

  it("metrics count every image once, weighted metrics as often as its weight says", async () => {
    const model = sequential({ inputShape: [3] }, [dense({ units: 3 }), flatten()]);
    const identity = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    model.setParameters(
      new Map([
        ["dense/kernel", { shape: [3, 3], data: identity }],
        ["dense/bias", { shape: [3], data: new Float32Array(3) }],
      ]),
    );
    // Answers 0, 1, 2, 0 where 0, 1, 0, 2 are right: two of four, of the weights 1 + 4 of 8.
    const images = Float32Array.of(9, 0, 0, 0, 9, 0, 0, 0, 9, 9, 0, 0);
    const data = dataset({ images, labels: [0, 1, 0, 2], shape: [3], sampleWeights: [1, 4, 2, 1] });
    const choice = ["accuracy", "precision", "mse"];
    await withTrainer(
      { metrics: choice, weightedMetrics: choice, batchSize: 3, optimizer: sgd({ learningRate: 0 }) },
      async (trainer) => {
        const evaluated = (await trainer.evaluate(data)).metrics;
        const fitted = (await trainer.fit(data)).epochs[0]?.metrics;
        for (const metrics of [evaluated, fitted]) {
          expect(metrics).toMatchObject({ accuracy: 0.5, precision: 0.5, weightedAccuracy: 5 / 8 });
          expect(metrics?.["weightedPrecision"]).toBeCloseTo(5 / 8, 6);
          // A wrong row has two errors of nearly 1 in three places.
          expect(metrics?.["meanSquaredError"]).toBeCloseTo(1 / 3, 3);
          expect(metrics?.["weightedMeanSquaredError"]).toBeCloseTo((3 / 8) * (2 / 3), 3);
        }
      },
      model,
    );
  });
});
