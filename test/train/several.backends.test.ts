import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { Graph } from "../../src/graph.ts";
import {
  adam,
  add,
  concatenate,
  conv2d,
  createTrainer,
  type Dataset,
  dense,
  flatten,
  globalAveragePooling2d,
  input,
  type Model,
  model,
  multiDataset,
  precision,
  type StepEvent,
  sgd,
  subset,
  type Trainer,
} from "../../src/index.ts";
import { backendName, rounding, testBackend } from "../support/backend.ts";
import { RandomData } from "../support/random.ts";

const SEED = 4711;
const COUNT = 11;
const BATCH = 4;

/** Two inputs, a residual block, two outputs: a class of three by a softmax, and two numbers. */
function network(): Model {
  const image = input([6, 6, 1], { name: "image" });
  const facts = input([3], { name: "facts" });
  const stem = conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu" })(image);
  const branch = conv2d({ filters: 4, kernelSize: 3, padding: "same" })(stem);
  const maps = add()([stem, branch]);
  const joined = concatenate()([globalAveragePooling2d()(maps), dense({ units: 4, activation: "tanh" })(facts)]);
  const kind = dense({ units: 3, activation: "softmax", name: "kind" })(joined);
  const place = dense({ units: 2, name: "place" })(flatten()(joined));
  return model({ inputs: [image, facts], outputs: [kind, place], seed: 5 });
}

const random = new RandomData(SEED);
const bytes = Uint8Array.from({ length: COUNT * 36 }, () => random.integer(0, 255));
const facts = Float32Array.from(random.normals(COUNT * 3));
const labels = Array.from({ length: COUNT }, (_, i) => i % 3);
const targets = Float32Array.from(random.normals(COUNT * 2));

const columns = {
  image: { images: bytes, shape: [6, 6, 1] },
  facts: { images: facts, shape: [3] },
  kind: { labels, classes: 3 },
  place: { targets },
};
const listed = () => multiDataset({ inputs: [columns.image, columns.facts], outputs: [columns.kind, columns.place] });
/** The same by names, in the other order. */
const named = () =>
  multiDataset({
    inputs: { facts: columns.facts, image: columns.image },
    outputs: { place: columns.place, kind: columns.kind },
  });

const LOSSES = { kind: "sparseCategoricalCrossentropy", place: "mse" };
const WEIGHTS = { kind: 1, place: 0.25 };

function trainerOf(backend: Backend, built = network(), rate = 0.05): Promise<Trainer> {
  return createTrainer(built, {
    backend,
    loss: LOSSES,
    lossWeights: WEIGHTS,
    metrics: { kind: ["accuracy", precision()], place: ["mae"] },
    optimizer: sgd({ learningRate: rate, momentum: 0.9 }),
    batchSize: BATCH,
    seed: 3,
  });
}

/** Losses of each output over some rows, by the outputs that the model gives in f64. */
async function byHand(built: Model, data: Dataset) {
  const trainer = await trainerOf(cpu(), built);
  const [kind, place] = await trainer.predict([bytes, facts]);
  trainer.dispose();
  const rows = Array.from({ length: data.count }, (_, i) => i);
  const mean = (of: (row: number) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const p = (row: number, c: number) => kind?.data[row * 3 + c] ?? Number.NaN;
  const off = (row: number, c: number) => (place?.data[row * 2 + c] ?? Number.NaN) - (targets[row * 2 + c] ?? 0);
  return {
    kind_loss: mean((row) => -Math.log(p(row, labels[row] ?? 0))),
    kind_accuracy: mean((row) => Number([0, 1, 2].every((c) => p(row, labels[row] ?? 0) >= p(row, c)))),
    place_loss: mean((row) => (off(row, 0) ** 2 + off(row, 1) ** 2) / 2),
    place_meanAbsoluteError: mean((row) => (Math.abs(off(row, 0)) + Math.abs(off(row, 1))) / 2),
  };
}

/** Training with several inputs and outputs, against formulas, the CPU backend and finite differences. */
describe(`several inputs and outputs on ${backendName}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await testBackend();
  });
  afterAll(() => backend.dispose());

  const near = (got: number | undefined, want: number, what: string) =>
    expect(Math.abs((got ?? Number.NaN) - want), what).toBeLessThanOrEqual(rounding * Math.max(1, Math.abs(want)));

  it("evaluate gives each output's loss and metrics by name, and the weighted sum", async () => {
    const want = await byHand(network(), listed());
    for (const data of [listed(), named()]) {
      const trainer = await trainerOf(backend);
      const { loss, metrics, confusion, ...rest } = await trainer.evaluate(data);
      trainer.dispose();
      for (const [metric, value] of Object.entries(want)) near(metrics[metric], value, metric);
      near(loss, WEIGHTS.kind * want.kind_loss + WEIGHTS.place * want.place_loss, "loss");
      expect(Object.keys(metrics)).toEqual([
        "kind_loss",
        "kind_accuracy",
        "kind_precision",
        "place_loss",
        "place_meanAbsoluteError",
      ]);
      expect(confusion).toEqual([]);
      expect(rest).not.toHaveProperty("accuracy");
    }
  });

  it("trains as the CPU backend does in f64, by names as by order, and goes on from a checkpoint", async () => {
    const run = async (on: Backend, data: Dataset, stop: boolean) => {
      const built = network();
      let trainer = await trainerOf(on, built);
      const steps: StepEvent[] = [];
      const onStep = (event: StepEvent) => steps.push(event);
      await trainer.fit(data, { epochs: stop ? 2 : 4, onStep });
      if (stop) {
        const saved = await trainer.checkpoint();
        trainer.dispose();
        trainer = await trainerOf(on, built);
        await trainer.restore(saved);
        await trainer.fit(data, { epochs: 2, onStep });
      }
      await trainer.syncModel();
      trainer.dispose();
      const values = steps.flatMap(({ loss, metrics }) => [loss, ...Object.values(metrics)]);
      return [...values, ...[...built.parameters.values()].flatMap(({ data: all }) => [...all])];
    };
    const want = await run(cpu(), listed(), false);
    const got = await run(backend, listed(), false);
    expect(got.length).toBe(want.length);
    // Twelve steps, whose errors feed the next; accuracies and precisions are shares of up to twelve.
    got.forEach((value, i) => {
      near(value, want[i] ?? Number.NaN, `value ${i}`);
    });
    expect(await run(backend, named(), false)).toEqual(got);
    // Checkpoints hold f32; on the CPU that rounds.
    (await run(backend, listed(), true)).forEach((value, i) => {
      near(value, got[i] ?? Number.NaN, `value ${i} after a checkpoint`);
    });
  });

  it("trainOnBatch on lists takes the steps of fit, and evaluate brings every output of every image", async () => {
    const [fitted, fed] = [await trainerOf(backend), await trainerOf(backend)];
    const { stepLosses } = await fitted.fit(listed(), { epochs: 2, shuffle: false });
    for (const [step, want] of stepLosses.entries()) {
      const first = (step % 3) * BATCH;
      const rows = (values: Float32Array | Uint8Array, size: number) =>
        values.slice(first * size, (first + BATCH) * size);
      const score = await fed.trainOnBatch(
        [rows(bytes, 36), rows(facts, 3)],
        [labels.slice(first, first + BATCH), rows(targets, 2)],
      );
      near(score.loss, want, `loss of step ${step}`);
      expect(score).not.toHaveProperty("accuracy");
    }
    expect(stepLosses).toHaveLength(6);
    expect(fed.stats().steps).toBe(6);
    const want = await fitted.predict([bytes, facts]);
    const { outputs, allOutputs = [] } = await fed.evaluate(named(), { outputs: true });
    expect(outputs).toBeUndefined();
    expect(allOutputs.map(({ shape }) => shape)).toEqual([
      [COUNT, 3],
      [COUNT, 2],
    ]);
    const [logits, place] = allOutputs;
    for (let row = 0; row < COUNT; row++) {
      const exponentials = [0, 1, 2].map((c) => Math.exp(logits?.data[row * 3 + c] ?? Number.NaN));
      const sum = exponentials.reduce((total, value) => total + value, 0);
      exponentials.forEach((value, c) => {
        near(value / sum, want[0]?.data[row * 3 + c] ?? Number.NaN, `probability ${c} of image ${row}`);
      });
    }
    place?.data.forEach((value, i) => {
      near(value, want[1]?.data[i] ?? Number.NaN, `place ${i}`);
    });
    fitted.dispose();
    fed.dispose();
  });

  it("predict gives a list of outputs, probabilities where the loss folds a softmax", async () => {
    const trainer = await trainerOf(backend);
    const [kind, place] = await trainer.predict([bytes, facts]);
    trainer.dispose();
    expect([kind?.shape, place?.shape]).toEqual([
      [COUNT, 3],
      [COUNT, 2],
    ]);
    for (let row = 0; row < COUNT; row++) {
      near(
        [0, 1, 2].reduce((sum, c) => sum + (kind?.data[row * 3 + c] ?? 0), 0),
        1,
        `probabilities of row ${row}`,
      );
    }
  });
});

/** What needs no GPU. */
describe("several inputs and outputs", () => {
  it("one step of plain descent goes along the gradient that finite differences give", async () => {
    const backend = cpu({ precision: "f64" });
    const data = subset(listed(), 0, BATCH);
    const built = network();
    const before = built.parameters;
    const rate = 0.01;
    const trainer = await createTrainer(built, {
      backend,
      loss: LOSSES,
      lossWeights: WEIGHTS,
      optimizer: sgd({ learningRate: rate }),
      batchSize: BATCH,
    });
    const lossAt = async (change: Map<string, Float32Array>) => {
      built.setParameters(
        new Map([...before].map(([key, tensor]) => [key, { ...tensor, data: change.get(key) ?? tensor.data }])),
      );
      return (await trainer.evaluate(data)).loss;
    };
    const slopes: [string, number, number][] = [];
    for (const [key, { data: values }] of before) {
      const place = values.length - 1;
      const value = values[place] ?? 0;
      // What f32 makes of a small change; larger ones would cross more kinks of ReLUs.
      const [more, less] = [Math.fround(value + 2 ** -12), Math.fround(value - 2 ** -12)];
      const at = (changed: number) => lossAt(new Map([[key, values.with(place, changed)]]));
      slopes.push([key, place, ((await at(more)) - (await at(less))) / (more - less)]);
    }
    await lossAt(new Map());
    await trainer.fit(data, { steps: 1 });
    await trainer.syncModel();
    for (const [key, place, slope] of slopes) {
      const moved = (built.parameters.get(key)?.data[place] ?? 0) - (before.get(key)?.data[place] ?? 0);
      // Weights are f32, 2⁻²⁴ of one divided by the rate; the rest is for kinks within the difference.
      expect(Math.abs(-moved / rate - slope), key).toBeLessThan(2e-4);
    }
    trainer.dispose();
    backend.dispose();
  });

  it("trainOnBatch on lists is exactly fit where no output has labels and the batch is not full", async () => {
    const backend = cpu();
    const [left, right] = [input([3], { name: "left" }), input([2], { name: "right" })];
    const both = concatenate()([left, right]);
    const twoRows = dense({ units: 2, activation: "tanh" })(both);
    const built = () => model({ inputs: [left, right], outputs: [twoRows, dense({ units: 2 })(twoRows)], seed: 3 });
    const options = { backend, loss: "mae", lossWeights: [1, 0.5], optimizer: adam(), batchSize: BATCH };
    const xs = [facts.slice(0, 9), targets.slice(0, 6)];
    const ys = [targets.slice(6, 12), targets.slice(12, 18)];
    const data = multiDataset({
      inputs: xs.map((images, i) => ({ images, shape: [3 - i] })),
      outputs: ys.map((one) => ({ targets: one })),
    });
    const fitted = await createTrainer(built(), options);
    const fed = await createTrainer(built(), options);
    const { stepLosses } = await fitted.fit(data, { epochs: 3, shuffle: false });
    const losses = [];
    for (let step = 0; step < 3; step++) losses.push((await fed.trainOnBatch(xs, ys)).loss);
    expect(losses.map(Math.fround)).toEqual(stepLosses.map(Math.fround));
    expect(await fed.predict(xs)).toEqual(await fitted.predict(xs));
    backend.dispose();
  });

  it("model.build folds the activation of each output by itself", async () => {
    const graph = new Graph();
    const built = network();
    const xs = [graph.input("image", [1, 6, 6, 1]), graph.input("facts", [1, 3])];
    const [logits, place] = built.build(graph, xs, { logits: ["softmax", false] });
    expect([logits?.op.name, place?.shape]).not.toContain("softmax");
    expect(built.outputNames).toEqual(["kind", "place"]);
  });

  it("what does not fit is a typed error that names it", async () => {
    const backend = cpu();
    const optimizer = adam();
    const make = (options: object) =>
      createTrainer(network(), { backend, optimizer, loss: LOSSES, batchSize: BATCH, ...options });
    const mse = "mse";
    await expect(make({ loss: { kind: mse } })).rejects.toThrow(/loss has nothing for output "place"/);
    await expect(make({ loss: { place: mse } })).rejects.toThrow(/loss has nothing for output "kind"/);
    await expect(make({ loss: [mse] })).rejects.toThrow(/loss has 1 entries, the model 2 outputs \("kind", "place"\)/);
    await expect(make({ loss: { ...LOSSES, other: mse } })).rejects.toThrow(/loss names output "other"/);
    await expect(make({ lossWeights: { place: -1 } })).rejects.toThrow(/weight of output "place" must be/);
    await expect(make({ metrics: ["accuracy"] })).rejects.toThrow(
      /the model has 2 outputs; give metrics by their names/,
    );
    await expect(make({ metrics: { place: ["accuracy"] } })).rejects.toThrow(/no classes to be right about/);
    const trainer = await make({});
    const { image, facts: numbers, kind, place } = columns;
    const swapped = multiDataset({ inputs: [numbers, image], outputs: [kind, place] });
    await expect(trainer.fit(swapped)).rejects.toThrow(
      /images of input "image" are \[3\], the model wants \[6, 6, 1\]/,
    );
    const one = multiDataset({ inputs: [image], outputs: [kind, place] });
    await expect(trainer.fit(one)).rejects.toThrow(/has 1 inputs, the model 2 \("image", "facts"\)/);
    const misnamed = multiDataset({ inputs: { image, fact: numbers }, outputs: [kind, place] });
    await expect(trainer.fit(misnamed)).rejects.toThrow(/no input "facts"; it has "image", "fact"/);
    const turned = multiDataset({ inputs: [image, numbers], outputs: [place, kind] });
    await expect(trainer.fit(turned)).rejects.toThrow(/wants class labels, the data set has targets \[2\]/);
    expect(() =>
      multiDataset({ inputs: { image, facts: { ...numbers, images: facts.subarray(3) } }, outputs: { kind, place } }),
    ).toThrow(/multiDataset: input "facts": dataset: 11 labels/);
    expect(() => multiDataset({ inputs: {}, outputs: { kind } })).toThrow(/there are no inputs/);
    await expect(trainer.fit(listed(), { classWeight: [1, 2, 1] })).rejects.toThrow(
      /classWeight: takes models with one output/,
    );
    await expect(trainer.fit(listed(), { augment: { shift: 1 } })).rejects.toThrow(
      /augment: takes models with one input/,
    );
    await expect(trainer.predict(bytes)).rejects.toThrow(/predict: takes models with one input.*as a list/);
    await expect(trainer.predict([bytes])).rejects.toThrow(/the model has 2 inputs/);
    await expect(trainer.trainOnBatch(bytes, labels)).rejects.toThrow(/trainOnBatch.*as lists/);
    const [few, fewFacts] = [bytes.subarray(0, 72), facts.subarray(0, 6)];
    const step = (xs: readonly (Uint8Array | Float32Array)[], ys: readonly ArrayLike<number>[]) =>
      trainer.trainOnBatch(xs, ys);
    await expect(step([few], [[0, 1], targets.subarray(0, 4)])).rejects.toThrow(
      /wants a list of 2 inputs \("image", "facts"\).*\("kind", "place"\); got 1 and 2/,
    );
    await expect(step([few, fewFacts], [[0, 1]])).rejects.toThrow(/got 2 and 1\.$/);
    await expect(step([few, fewFacts], [0, 1] as never)).rejects.toThrow(/got 2 and no list of lists/);
    await expect(step([few, facts.subarray(0, 5)], [[0, 1], targets.subarray(0, 4)])).rejects.toThrow(
      /5 values of "facts"; wants 1 to 4 images of \[6, 6, 1\] of "image" and \[3\] of "facts"/,
    );
    await expect(step([few, fewFacts], [[0, 1], targets.subarray(0, 3)])).rejects.toThrow(
      /3 target values of "place".*a label of "kind" and targets \[2\] of "place" each/,
    );
    await expect(step([bytes, facts], [labels, targets])).rejects.toThrow(/wants 1 to 4 images/);
    await expect(step([few, fewFacts], [[0, 3], targets.subarray(0, 4)])).rejects.toThrow(
      /label 3 of image 1 is not one of the 3 classes of output "kind"/,
    );
    await expect(trainer.inspect(bytes)).rejects.toThrow(/inspect: takes models with one input/);
    trainer.dispose();
    backend.dispose();
  });
});
