import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  createTrainer,
  dataset,
  dense,
  input,
  type MetricFunction,
  type Model,
  model,
  multiDataset,
  precision,
  type StepEvent,
  sequential,
  sgd,
  type TrainerOptions,
} from "../../src/index.ts";
import { backendName, rounding, testBackend } from "../support/backend.ts";
import { clusters } from "../support/losses.ts";
import { RandomData } from "../support/random.ts";

const SEED = 3141;
const [COUNT, BATCH] = [10, 4];

/** Largest error of a row's outputs. */
const largestError: MetricFunction = (graph, outputs, targets) => graph.max(graph.abs(graph.sub(outputs, targets)), 1);

/** Probability of the right class, of labels that may be −1 in rows that do not count. */
const rightProbability: MetricFunction = (graph, outputs, labels) =>
  graph.sum(graph.mul(outputs, graph.oneHot(labels, 3)), 1);

const identity = (units: number): Model => {
  const made = sequential({ inputShape: [units] }, [dense({ units, useBias: false })]);
  const data = Float32Array.from({ length: units * units }, (_, i) => Number(i % (units + 1) === 0));
  made.setParameters(new Map([["dense/kernel", { shape: [units, units], data }]]));
  return made;
};

const meanOf = (values: readonly number[], weights: readonly number[] = values.map(() => 1)) =>
  values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / weights.reduce((sum, weight) => sum + weight, 0);

/** Metrics that are functions, through a trainer, against plain loops. `rounding`: of sums of a few numbers of order 1. */
describe(`metrics of one's own on ${backendName} (seed ${SEED})`, () => {
  async function withTrainer(
    made: Model,
    options: Omit<TrainerOptions, "backend" | "optimizer">,
    use: (trainer: Awaited<ReturnType<typeof createTrainer>>) => Promise<void>,
  ): Promise<void> {
    const backend = await testBackend();
    const trainer = await createTrainer(made, {
      ...{ batchSize: BATCH, optimizer: sgd({ learningRate: 0 }), backend },
      ...options,
    });
    try {
      await use(trainer);
    } finally {
      trainer.dispose();
      backend.dispose();
    }
  }
  const near = (got: number | undefined, want: number, what: string) =>
    expect(Math.abs((got ?? Number.NaN) - want), `${what}: ${got}, wanted ${want}`).toBeLessThanOrEqual(rounding);

  it("are means over the rows that count, in evaluate, each step, each epoch and trainOnBatch, weighted too", async () => {
    const random = new RandomData(SEED);
    const images = Float32Array.from(random.normals(COUNT * 3));
    const targets = Float32Array.from(random.normals(COUNT * 3));
    const sampleWeights = Float32Array.from({ length: COUNT }, (_, i) => (i % 4) / 2);
    const data = dataset({ images, shape: [3], targets, targetShape: [3], sampleWeights });
    const rows = Array.from({ length: COUNT }, (_, r) =>
      Math.max(...[0, 1, 2].map((i) => Math.abs(images[3 * r + i]! - targets[3 * r + i]!))),
    );
    const weighted = meanOf(rows, [...sampleWeights]);
    const metrics = [largestError, "mae", { name: "alike", compute: largestError }];
    const options = { loss: "mse", metrics, weightedMetrics: [largestError] };
    await withTrainer(identity(3), options, async (trainer) => {
      const found = (await trainer.evaluate(data)).metrics;
      expect(Object.keys(found)).toEqual(["largestError", "meanAbsoluteError", "alike", "weightedLargestError"]);
      near(found["largestError"], meanOf(rows), "evaluate");
      near(found["alike"], meanOf(rows), "evaluate by another name");
      near(found["weightedLargestError"], weighted, "evaluate, weighted");
      const steps: StepEvent[] = [];
      const { epochs } = await trainer.fit(data, {
        ...{ epochs: 2, validationData: data, shuffle: false, onStep: (event: StepEvent) => steps.push(event) },
      });
      expect(steps.length).toBe(6);
      for (const { metrics: ofStep, stepInEpoch, step } of steps) {
        const [first, last] = [BATCH * stepInEpoch, BATCH * stepInEpoch + BATCH];
        near(ofStep["largestError"], meanOf(rows.slice(first, last)), `step ${step}`);
        const weights = [...sampleWeights.slice(first, last)];
        near(ofStep["weightedLargestError"], meanOf(rows.slice(first, last), weights), `step ${step}, weighted`);
      }
      for (const { epoch, metrics: ofEpoch, validationMetrics } of epochs) {
        near(ofEpoch["largestError"], meanOf(rows), `epoch ${epoch}`);
        near(ofEpoch["weightedLargestError"], weighted, `epoch ${epoch}, weighted`);
        near(validationMetrics?.["largestError"], meanOf(rows), `validation of epoch ${epoch}`);
      }
      // A batch that is shorter than the trainer's: the rows that fill it up do not count. It has no weights.
      const batch = await trainer.trainOnBatch(images.subarray(0, 9), targets.subarray(0, 9));
      near(batch.metrics["largestError"], meanOf(rows.slice(0, 3)), "trainOnBatch");
      near(batch.metrics["weightedLargestError"], meanOf(rows.slice(0, 3)), "trainOnBatch, weighted");
      // It is no step of the next pass.
      near((await trainer.fit(data)).epochs[0]?.metrics["weightedLargestError"], weighted, "the epoch after it");
    });
  });

  it("see probabilities where the loss contains the softmax, and labels as they are", async () => {
    const data = clusters(new RandomData(SEED + 1), 11, 3);
    const rows = Array.from(data.labels, (label, r) => {
      const z = [0, 1, 2].map((i) => Math.exp(data.images[4 * r + i]!));
      return z[label]! / (z[0]! + z[1]! + z[2]!);
    });
    const made = sequential({ inputShape: [4] }, [dense({ units: 3, useBias: false, activation: "softmax" })]);
    const kernel = Float32Array.from({ length: 12 }, (_, i) => Number(Math.floor(i / 3) === i % 3));
    made.setParameters(new Map([["dense/kernel", { shape: [4, 3], data: kernel }]]));
    const options = { loss: "sparseCategoricalCrossentropy", metrics: [rightProbability, precision()] };
    await withTrainer(made, options, async (trainer) => {
      near((await trainer.evaluate(data)).metrics["rightProbability"], meanOf(rows), "evaluate");
      const batch = await trainer.trainOnBatch(data.images.subarray(0, 8), data.labels.subarray(0, 2));
      near(batch.metrics["rightProbability"], meanOf(rows.slice(0, 2)), "trainOnBatch");
    });
  });

  it("are called by the output's name and their own in a model of several outputs", async () => {
    const random = new RandomData(SEED + 2);
    const x = input([3]);
    const made = model({
      inputs: x,
      outputs: [dense({ units: 2, name: "a" })(x), dense({ units: 1, name: "b" })(x)],
    });
    const images = Float32Array.from(random.normals(COUNT * 3));
    const [a, b] = [Float32Array.from(random.normals(COUNT * 2)), Float32Array.from(random.normals(COUNT))];
    const data = multiDataset({
      inputs: [{ images, shape: [3] }],
      outputs: [
        { targets: a, targetShape: [2] },
        { targets: b, targetShape: [1] },
      ],
    });
    await withTrainer(made, { loss: "mse", metrics: { b: [largestError] } }, async (trainer) => {
      const { metrics, allOutputs } = await trainer.evaluate(data, { outputs: true });
      const said = allOutputs![1]!.data;
      near(metrics["b_largestError"], meanOf([...b].map((target, r) => Math.abs(said[r]! - target))), "b");
    });
  });
});

/** What a metric may not be, on the reference backend. */
describe("a metric of one's own is refused", () => {
  const images = Float32Array.from({ length: COUNT * 3 }, (_, i) => i);
  const data = dataset({ images, shape: [3], targets: images, targetShape: [3] });
  const evaluated = async (metrics: TrainerOptions["metrics"] & object) => {
    const backend = cpu();
    try {
      const trainer = await createTrainer(identity(3), { backend, loss: "mse", optimizer: "sgd", metrics });
      return await trainer.evaluate(data);
    } finally {
      backend.dispose();
    }
  };
  const cases: readonly [string, unknown, string, RegExp][] = [
    [
      "one value of the whole batch",
      meanAll,
      "ShapeError",
      /one f32 value a sample, \[32\]: take no mean over the batch/,
    ],
    [
      "several values a sample",
      (_: never, y: never) => y,
      "ShapeError",
      /gave f32 \[32, 3\].*take graph\.mean\(x, 1\)/,
    ],
    [
      "truth values",
      { name: "yes", compute: ((g, y) => g.greater(g.max(y, 1), 0)) as MetricFunction },
      "ShapeError",
      /metric "yes".*gave u32 \[32\].*graph\.cast\(x, "f32"\)/,
    ],
    ["nothing", () => undefined, "ArgumentError", /metric "metric": your function gave undefined; wants a node/],
    ["a number", () => 3, "ArgumentError", /gave 3; wants a node/],
    [
      "no function",
      { name: "x", compute: 3 },
      "ArgumentError",
      /\{ name, compute \} wants a text and a function.*"x" and 3/,
    ],
    ["no name", { compute: largestError }, "ArgumentError", /wants a text and a function.*undefined/],
    ["an unknown option", { name: "x", compute: largestError, fn: 1 }, "ArgumentError", /unknown option "fn"/],
  ];
  it.each(cases)("where it gives %s", async (_, metric, kind, message) => {
    const error = await evaluated([metric as MetricFunction]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: kind, message: expect.stringMatching(message) });
  });

  it("where two have one name, as two without a name have", async () => {
    const two = [(...all: Parameters<MetricFunction>) => largestError(...all), largestError, largestError];
    await expect(evaluated(two)).rejects.toThrow(/two are called "largestError".*\{ name, compute \}/);
  });

  it('but not where it has no name: it is called "metric"', async () => {
    const { metrics } = await evaluated([(...all) => largestError(...all)]);
    expect(metrics["metric"]).toBe(0);
  });
});

const meanAll: MetricFunction = (graph, outputs) => graph.mean(outputs);
