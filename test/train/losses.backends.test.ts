import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Backend } from "../../src/graph/backend.ts";
import {
  auc,
  conv2d,
  createTrainer,
  type Dataset,
  DivergedError,
  dataset,
  dense,
  earlyStopping,
  f1Score,
  flatten,
  type Model,
  maxPooling2d,
  precision,
  recall,
  type StepEvent,
  sequential,
  sgd,
  type TrainerOptions,
  topK,
} from "../../src/index.ts";
import { backendName, rounding, testBackend } from "../support/backend.ts";
import { clusters, LOSS_CASES, lossByHand, targetsFor } from "../support/losses.ts";
import { RandomData } from "../support/random.ts";

const SEED = 2112;
const COUNT = 10;
const BATCH = 4;

const linear = (units: number, features = 4): Model =>
  sequential({ inputShape: [features], seed: 3 }, [dense({ units })]);

/** Outputs of `linear`, in f64. */
function outputsOf(model: Model, images: Float32Array, units: number): number[] {
  const kernel = model.parameters.get("dense/kernel")!.data;
  const bias = model.parameters.get("dense/bias")!.data;
  return Array.from({ length: (images.length / 4) * units }, (_, i) => {
    const [row, unit] = [Math.floor(i / units), i % units];
    return [0, 1, 2, 3].reduce((sum, k) => sum + images[row * 4 + k]! * kernel[k * units + unit]!, bias[unit]!);
  });
}

const softmax = (z: number[]) => {
  const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / total);
};

/** TP, FP and FN of each class. */
function countsOf(said: boolean[][], wanted: boolean[][]) {
  return said[0]!.map((_, c) => {
    const rows = (test: (s: boolean, w: boolean) => boolean) =>
      said.filter((row, r) => test(row[c]!, wanted[r]![c]!)).length;
    return { tp: rows((s, w) => s && w), fp: rows((s, w) => s && !w), fn: rows((s, w) => !s && w) };
  });
}

/** Losses, metrics and weights through a trainer, against formulas in f64. `rounding`: of sums of a few numbers of order 1. */
describe(`losses and metrics on ${backendName} (seed ${SEED})`, () => {
  type Options = Omit<TrainerOptions, "backend" | "optimizer"> & { rate?: number };
  async function withTrainer<T>(
    model: Model,
    { rate = 0, ...options }: Options,
    use: (trainer: Awaited<ReturnType<typeof createTrainer>>) => Promise<T>,
    backend?: Backend,
  ): Promise<T> {
    const own = backend ?? (await testBackend());
    const trainer = await createTrainer(model, {
      batchSize: BATCH,
      ...options,
      backend: own,
      optimizer: sgd({ learningRate: rate }),
    });
    try {
      return await use(trainer);
    } finally {
      trainer.dispose();
      own.dispose();
    }
  }
  const near = (got: number, want: number, what: string) =>
    expect(Math.abs(got - want), `${what}: ${got}, wanted ${want}`).toBeLessThanOrEqual(
      rounding * Math.max(1, Math.abs(want)),
    );

  it("every loss is its formula over all rows, a last shorter batch included, and trains as in f64", async () => {
    const random = new RandomData(SEED);
    for (const [what, one] of Object.entries(LOSS_CASES)) {
      const images = Float32Array.from(random.normals(COUNT * 4));
      const targets = Float32Array.from(targetsFor(random, one.targets, COUNT, 3));
      const data = dataset({ images, shape: [4], targets, targetShape: [3] });
      const run = async (backend?: Backend) => {
        const model = linear(3);
        return withTrainer(
          model,
          { loss: one.loss, rate: 0.1 },
          async (trainer) => {
            const { loss } = await trainer.evaluate(data);
            near(loss, lossByHand(one, outputsOf(model, images, 3), targets, 3), what);
            const { stepLosses } = await trainer.fit(data, { epochs: 2 });
            const batch = await trainer.trainOnBatch(images.subarray(0, 8), targets.subarray(0, 6));
            await trainer.syncModel();
            return [...stepLosses, batch.loss, ...model.parameters.get("dense/kernel")!.data];
          },
          backend,
        );
      };
      const want = await run(cpu());
      (await run()).forEach((got, i) => {
        near(got, want[i]!, `${what}, value ${i}`);
      });
    }
  });

  it("metrics are those of plain loops, in evaluate and over an epoch of fit", async () => {
    const [count, classes] = [23, 4];
    const data = clusters(new RandomData(SEED), count, classes);
    const model = linear(classes);
    const metrics = [
      "accuracy",
      topK({ k: 2 }),
      precision(),
      recall({ average: "macro", threshold: "argmax" }),
      f1Score(),
      f1Score({ average: "weighted", name: "weightedF1" }),
      auc(),
      "mse",
    ];
    const outputs = outputsOf(model, data.images, classes);
    const rows = Array.from(data.labels, (label, r) => ({
      label,
      z: outputs.slice(r * classes, (r + 1) * classes),
    })).map(({ label, z }) => ({ label, z, p: softmax(z), best: z.indexOf(Math.max(...z)) }));
    const share = (test: (row: (typeof rows)[number]) => boolean) => rows.filter(test).length / count;
    const wanted = rows.map(({ label }) => [0, 1, 2, 3].map((c) => c === label));
    const above = countsOf(
      rows.map(({ p }) => p.map((value) => value > 0.5)),
      wanted,
    );
    const byArgmax = countsOf(
      rows.map(({ best }) => [0, 1, 2, 3].map((c) => c === best)),
      wanted,
    );
    const total = (key: "tp" | "fp" | "fn", of: typeof above) => of.reduce((sum, one) => sum + one[key], 0);
    const f1 = ({ tp, fp, fn }: (typeof above)[number]) => (2 * tp) / (2 * tp + fp + fn || 1);
    const ofClass = (c: number) => rows.filter(({ label }) => label === c).length;
    // The rank statistic, equal ones half: what the area is the limit of.
    const flat = rows.flatMap(({ p, label }) => p.map((value, c) => ({ value, yes: c === label })));
    const pairs = flat
      .filter(({ yes }) => yes)
      .flatMap((a) => flat.filter(({ yes }) => !yes).map((b) => a.value - b.value));
    const exactAuc = pairs.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0) / pairs.length;
    const want: Record<string, number> = {
      accuracy: share(({ best, label }) => best === label),
      topKCategoricalAccuracy: share(({ z, label }) => z.filter((value) => value > z[label]!).length < 2),
      precision: total("tp", above) / (total("tp", above) + total("fp", above)),
      recall: byArgmax.reduce((sum, { tp, fn }) => sum + tp / (tp + fn), 0) / classes,
      f1Score: byArgmax.reduce((sum, one) => sum + f1(one), 0) / classes,
      weightedF1: byArgmax.reduce((sum, one, c) => sum + f1(one) * ofClass(c), 0) / count,
      meanSquaredError: flat.reduce((sum, { value, yes }) => sum + (value - Number(yes)) ** 2, 0) / (count * classes),
    };
    await withTrainer(model, { loss: "sparseCategoricalCrossentropy", metrics, batchSize: 8 }, async (trainer) => {
      const evaluation = await trainer.evaluate(data);
      expect(evaluation.confusion.flat().reduce((a, b) => a + b)).toBe(count);
      for (const [metric, value] of Object.entries(want)) near(evaluation.metrics[metric]!, value, metric);
      // 200 thresholds round probabilities to steps of 1/199.
      expect(Math.abs(evaluation.metrics["auc"]! - exactAuc)).toBeLessThan(0.02);
      const steps: StepEvent[] = [];
      const onStep = (event: StepEvent) => steps.push(event);
      const history = await trainer.fit(data, { epochs: 2, validationData: data, shuffle: false, onStep });
      expect(steps.length).toBe(6);
      for (const { metrics: ofStep, stepInEpoch, step } of steps) {
        const inBatch = rows.slice(8 * stepInEpoch, 8 * stepInEpoch + 8);
        const part = (test: (row: (typeof rows)[number]) => boolean) => inBatch.filter(test).length / inBatch.length;
        const yes = inBatch.flatMap(({ p, label }) => p.flatMap((value, c) => (value > 0.5 ? [c === label] : [])));
        const errors = inBatch.flatMap(({ p, label }) => p.map((value, c) => (value - Number(c === label)) ** 2));
        near(
          ofStep["accuracy"]!,
          part(({ best, label }) => best === label),
          `accuracy of step ${step}`,
        );
        near(ofStep["precision"]!, yes.filter(Boolean).length / (yes.length || 1), `precision of step ${step}`);
        near(
          ofStep["meanSquaredError"]!,
          errors.reduce((a, b) => a + b) / errors.length,
          `meanSquaredError of step ${step}`,
        );
        // The area keeps 400 counts, too many for each step.
        const known = Object.keys(evaluation.metrics).filter((metric) => metric !== "auc");
        expect(Object.keys(ofStep)).toEqual(known);
      }
      for (const epoch of history.epochs) {
        // The learning rate is 0: training sees the same network.
        for (const [metric, value] of Object.entries(evaluation.metrics)) {
          near(epoch.metrics[metric]!, value, `${metric} of epoch ${epoch.epoch}`);
          near(epoch.validationMetrics![metric]!, value, `validation ${metric}`);
        }
      }
    });
  });

  it("a model with one output takes class labels 0 and 1: probability, accuracy, confusion, AUC", async () => {
    const data = clusters(new RandomData(SEED + 1), 21, 2);
    const model = linear(1);
    const z = outputsOf(model, data.images, 1);
    await withTrainer(
      model,
      { loss: "binaryCrossentropy", metrics: ["binaryAccuracy", precision()] },
      async (trainer) => {
        const { loss, accuracy, confusion, metrics } = await trainer.evaluate(data);
        near(loss, lossByHand(LOSS_CASES["binaryCrossentropy"]!, z, [...data.labels], 1), "loss");
        const cell = (label: number, said: boolean) =>
          z.filter((v, r) => data.labels[r] === label && v > 0 === said).length;
        expect(confusion).toEqual([
          [cell(0, false), cell(0, true)],
          [cell(1, false), cell(1, true)],
        ]);
        near(accuracy!, (cell(0, false) + cell(1, true)) / 21, "accuracy");
        near(metrics["binaryAccuracy"]!, accuracy!, "binaryAccuracy");
        near(metrics["precision"]!, cell(1, true) / (cell(0, true) + cell(1, true)), "precision");
        const { shape, data: said } = await trainer.predict(data.images);
        expect(shape).toEqual([21, 1]);
        near(said[5]!, 1 / (1 + Math.exp(-z[5]!)), "probability");
      },
    );
  });

  it("class and sample weights multiply the rows' losses, and move the weights as in f64", async () => {
    const plain = clusters(new RandomData(SEED + 2), COUNT, 3);
    const sampleWeights = Float32Array.from({ length: COUNT }, (_, i) => i % 3);
    const data: Dataset = dataset({ images: plain.images, labels: plain.labels, shape: [4], sampleWeights });
    const classWeight = { 0: 1, 2: 5 };
    const of = [1, 1, 5];
    const run = async (backend?: Backend) => {
      const model = linear(3);
      return withTrainer(
        model,
        { loss: "sparseCategoricalCrossentropy", rate: 0.2 },
        async (trainer) => {
          const outputs = outputsOf(model, plain.images, 3);
          const rows = Array.from(
            plain.labels,
            (label, r) => -Math.log(softmax(outputs.slice(r * 3, r * 3 + 3))[label]!),
          );
          const mean = (weight: (r: number) => number, end = COUNT) =>
            rows.slice(0, end).reduce((sum, loss, r) => sum + weight(r) * loss, 0) / end;
          // Without classWeight an evaluation counts the samples' weights alone, as in Keras.
          near(
            (await trainer.evaluate(data)).loss,
            mean((r) => sampleWeights[r]!),
            "evaluation",
          );
          const { stepLosses } = await trainer.fit(data, { epochs: 2, shuffle: false, classWeight });
          near(
            stepLosses[0]!,
            mean((r) => sampleWeights[r]! * of[plain.labels[r]!]!, BATCH),
            "first step",
          );
          await trainer.syncModel();
          return [...stepLosses, ...model.parameters.get("dense/kernel")!.data];
        },
        backend,
      );
    };
    const want = await run(cpu());
    (await run()).forEach((got, i) => {
      near(got, want[i]!, `value ${i}`);
    });
  });

  it("a loss of one's own, and images as targets", async () => {
    const random = new RandomData(SEED + 3);
    const images = Float32Array.from(random.normals(6 * 16));
    const data = dataset({ images, shape: [4, 4, 1], targets: images.map((x) => 2 * x), targetShape: [4, 4, 1] });
    const network = () =>
      sequential({ inputShape: [4, 4, 1], seed: 1 }, [conv2d({ filters: 1, kernelSize: 3, padding: "same" })]);
    const losses = await withTrainer(network(), { loss: "mse", rate: 0.3, metrics: ["mae"] }, async (trainer) => {
      const { epochs, stepLosses } = await trainer.fit(data, { epochs: 6 });
      for (const report of [epochs[0]!, await trainer.evaluate(data)]) expect(report).not.toHaveProperty("accuracy");
      expect(epochs[5]!.metrics["meanAbsoluteError"]).toBeLessThan(epochs[0]!.metrics["meanAbsoluteError"]!);
      expect((await trainer.predict(images.subarray(0, 32))).shape).toEqual([2, 4, 4, 1]);
      return stepLosses;
    });
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    const own: TrainerOptions["loss"] = (graph, outputs, targets) => {
      const d = graph.sub(outputs, targets);
      return graph.mean(graph.mul(d, d), [1, 2, 3]);
    };
    await withTrainer(network(), { loss: own, rate: 0.3 }, async (trainer) => {
      (await trainer.fit(data, { epochs: 2 })).stepLosses.forEach((loss, step) => {
        near(loss, losses[step]!, `own loss, step ${step}`);
      });
    });
  });

  it("a number that is not finite, in an image or in a weight, is a DivergedError of that very step", async () => {
    const loss = "sparseCategoricalCrossentropy";
    // A ReLU and a pool, which make numbers of NaN on a GPU.
    const network = () =>
      sequential({ inputShape: [4, 4, 1], seed: 1 }, [
        conv2d({ filters: 2, kernelSize: 3, padding: "same", activation: "relu" }),
        maxPooling2d({ poolSize: 2 }),
        flatten(),
        dense({ units: 3 }),
      ]);
    const labels = Array.from({ length: 14 }, (_, i) => i % 3);
    const good = Float32Array.from(new RandomData(SEED + 5).normals(14 * 16));
    const failing = async (model: Model, data: Dataset, rate = 0) =>
      withTrainer(model, { loss, rate }, async (trainer) => {
        const error = await trainer.fit(data, { epochs: 2, shuffle: false }).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(DivergedError);
        return error as DivergedError;
      });
    for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const error = await failing(network(), dataset({ images: good.with(9 * 16 + 5, bad), labels, shape: [4, 4, 1] }));
      // Image 9 is in the third batch of four.
      expect(error.step).toBe(2);
      expect(error.message).toContain(`Image 9 of the data set holds ${bad}`);
    }
    const bytes = dataset({
      images: new Uint8Array(14 * 16).map((_, i) => (i * 37) % 256),
      labels,
      shape: [4, 4, 1],
    });
    for (const data of [bytes, dataset({ images: good, labels, sampleWeights: labels, shape: [4, 4, 1] })]) {
      const spoilt = network();
      const kernel = spoilt.variables.find(({ name }) => name === "conv2d/kernel")!;
      // What `setParameters` refuses.
      kernel.reset(Float32Array.from(kernel.initial!).with(7, Number.NaN));
      const error = await failing(spoilt, data);
      expect(error.step).toBe(0);
      expect(error.message).toContain('"conv2d/kernel" holds a number that is not finite');
      await withTrainer(spoilt, { loss }, async (trainer) => {
        expect((await trainer.evaluate(bytes)).loss).toBeNaN();
        const step = trainer.trainOnBatch(good.subarray(0, 16), [1]);
        await expect(step).rejects.toThrow(/step 0.*"conv2d\/kernel" holds a number that is not finite/);
        expect(trainer.stats().steps).toBe(0);
      });
    }
  });

  it("early stopping ends a run that gets no better, and puts back the best weights", async () => {
    const data = clusters(new RandomData(SEED + 4), 12, 3);
    const loss = "sparseCategoricalCrossentropy";
    await withTrainer(linear(3), { loss }, async (trainer) => {
      const { epochs, stoppedEarly, bestEpoch } = await trainer.fit(data, {
        epochs: 9,
        validationData: data,
        earlyStopping: earlyStopping({ patience: 2 }),
      });
      expect([epochs.length, stoppedEarly, bestEpoch]).toEqual([3, true, 0]);
    });
    // What is learnt is wrong for these: their loss rises.
    const { images, labels } = data;
    const validationData = dataset({ images, labels: labels.map((label) => (label + 1) % 3), shape: [4] });
    await withTrainer(linear(3), { loss, rate: 0.5 }, async (trainer) => {
      const { epochs, bestEpoch } = await trainer.fit(data, {
        epochs: 12,
        validationData,
        earlyStopping: earlyStopping({ monitor: "validationLoss", patience: 3, restoreBestWeights: true }),
      });
      const lossesSeen = epochs.map(({ validationLoss }) => validationLoss!);
      const best = Math.min(...lossesSeen);
      expect(lossesSeen[bestEpoch!]).toBe(best);
      expect((await trainer.evaluate(validationData)).loss).toBe(best);
      expect(lossesSeen.at(-1)).toBeGreaterThan(best);
    });
  });
});
