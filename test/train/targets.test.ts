import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  activation,
  adam,
  auc,
  conv2d,
  createTrainer,
  dataset,
  dense,
  earlyStopping,
  f1Score,
  flatten,
  huber,
  ShapeError,
  sequential,
  topK,
} from "../../src/index.ts";
import { createWorkerTrainer } from "../../src/worker/remote_trainer.ts";

const network = (units = 3) => sequential({ inputShape: [4], seed: 1 }, [dense({ units })]);
const trainerOf = (loss: Parameters<typeof createTrainer>[1]["loss"], units = 3) =>
  createTrainer(network(units), { backend: cpu(), optimizer: adam(), loss, batchSize: 4 });
const images = new Float32Array(4 * 6).map((_, i) => (i % 5) / 5);
const labelled = dataset({ images, labels: [0, 1, 2, 0, 1, 2], shape: [4] });
const numbers = dataset({ images, targets: new Float32Array(12), shape: [4] });

describe("loss, targets and outputs that do not fit give a typed error with the fix", () => {
  it("targets of another shape than the outputs name both", async () => {
    const trainer = await trainerOf("mse");
    await expect(trainer.fit(numbers)).rejects.toThrow(ShapeError);
    await expect(trainer.fit(numbers)).rejects.toThrow(/targets are \[2\].*"dense" are \[3\].*targetShape/);
    await expect(trainer.evaluate(numbers)).rejects.toThrow(ShapeError);
    await expect(trainer.trainOnBatch(images.subarray(0, 8), new Float32Array(5))).rejects.toThrow(
      /5 target values and 8 values.*targets \[3\]/,
    );
    trainer.dispose();
  });

  it("class labels where values are wanted, and the other way round, name the loss that fits", async () => {
    const values = await trainerOf("categoricalCrossentropy");
    await expect(values.fit(labelled)).rejects.toThrow(ArgumentError);
    await expect(values.fit(labelled)).rejects.toThrow(/targets of \[3\].*"sparseCategoricalCrossentropy"/);
    const classes = await trainerOf("sparseCategoricalCrossentropy");
    await expect(classes.fit(numbers)).rejects.toThrow(/wants class labels.*targets \[2\].*"categoricalCrossentropy"/);
    const binary = await trainerOf("binaryCrossentropy", 1);
    await expect(binary.fit(labelled)).rejects.toThrow(/3 classes.*\[1\]/);
  });

  it("a loss over classes refuses a model that ends in an image or in the other activation", async () => {
    const image = sequential({ inputShape: [4, 4, 1] }, [conv2d({ filters: 2, kernelSize: 3 })]);
    const options = { backend: cpu(), optimizer: adam() };
    const sparse = createTrainer(image, { ...options, loss: "sparseCategoricalCrossentropy" });
    await expect(sparse).rejects.toThrow(/\[2, 2, 2\].*flatten/);
    const probabilities = sequential({ inputShape: [4] }, [dense({ units: 2 }), activation("softmax")]);
    const binary = createTrainer(probabilities, { ...options, loss: "bce" });
    await expect(binary).rejects.toThrow(ArgumentError);
    await expect(binary).rejects.toThrow(/"activation" ends in softmax.*"categoricalCrossentropy"/);
  });

  it("a softmax that is reshaped afterwards would be applied twice, and is refused where the loss contains it", async () => {
    const model = sequential({ inputShape: [4] }, [
      dense({ units: 2, activation: "softmax", name: "scores" }),
      flatten(),
    ]);
    const options = { backend: cpu(), optimizer: adam() };
    const twice = createTrainer(model, { ...options, loss: "sparseCategoricalCrossentropy" });
    await expect(twice).rejects.toThrow(ArgumentError);
    await expect(twice).rejects.toThrow(/softmax.*"scores".*second time.*"flatten" comes after it/);
    const once = await createTrainer(model, { ...options, loss: "mse" });
    once.dispose();
  });

  it("an own loss that gives no value a sample says what it gave", async () => {
    const trainer = await trainerOf((graph, outputs, targets) => graph.mul(outputs, targets));
    const data = dataset({ images, targets: new Float32Array(18), shape: [4] });
    await expect(trainer.fit(data)).rejects.toThrow(/your function gave f32 \[4, 3\].*\[4\]/);
  });

  it("an own loss cannot go to a worker, and no worker is made", async () => {
    let made = 0;
    const made1 = createWorkerTrainer(network(), {
      worker: () => {
        made++;
        throw new Error("made");
      },
      loss: (graph, outputs) => graph.mean(outputs, 1),
      optimizer: adam(),
    });
    await expect(made1).rejects.toThrow(ArgumentError);
    await expect(made1).rejects.toThrow(/function.*worker.*createTrainer/);
    expect(made).toBe(0);
  });

  it("metrics: unknown names, doubles and those that a loss has no answer to", async () => {
    const make = (loss: string, metrics: Parameters<typeof createTrainer>[1]["metrics"] & object) =>
      createTrainer(network(), { backend: cpu(), optimizer: adam(), loss, metrics });
    await expect(make("mse", ["sharpness"])).rejects.toThrow(/"sharpness".*topKCategoricalAccuracy/);
    await expect(make("mse", ["accuracy"])).rejects.toThrow(/"meanSquaredError" has no classes/);
    await expect(make("categoricalCrossentropy", [topK({ k: 1 }), topK({ k: 2 })])).rejects.toThrow(/two are called/);
    expect(() => topK({ k: 0 })).toThrow(/k must/);
    expect(() => auc({ thresholds: 1 })).toThrow(/thresholds/);
    expect(() => f1Score({ average: "mean" as never })).toThrow(/average/);
  });

  it("weights and early stopping out of range name the thing", async () => {
    const trainer = await trainerOf("sparseCategoricalCrossentropy");
    await expect(trainer.fit(labelled, { classWeight: { 3: 1 } })).rejects.toThrow(/class 3.*0 … 2/);
    await expect(trainer.fit(labelled, { classWeight: [1, -1, 1] })).rejects.toThrow(/class 1.*-1/);
    await expect(trainer.fit(labelled, { earlyStopping: earlyStopping() })).rejects.toThrow(
      /"val_loss".*validationData.*loss, accuracy/,
    );
    expect(() => earlyStopping({ patience: -1 })).toThrow(/patience/);
    const of = (sampleWeights: number[]) => () =>
      dataset({ images, labels: [0, 1, 2, 0, 1, 2], shape: [4], sampleWeights });
    expect(of([1, 2])).toThrow(/6 images.*2/);
    expect(of([1, 1, 1, 1, 1, -1])).toThrow(/image 5 is -1/);
    trainer.dispose();
  });

  it("a data set wants labels or targets, and targets that divide into rows", () => {
    expect(() => dataset({ images, shape: [4] })).toThrow(/either labels.*or targets.*neither/);
    expect(() => dataset({ images, shape: [4], labels: [0], targets: new Float32Array(6) })).toThrow(/both/);
    expect(() => dataset({ images, shape: [4], targets: new Float32Array(7) })).toThrow(ShapeError);
    expect(() => dataset({ images, shape: [4], targets: new Float32Array(12), targetShape: [3] })).toThrow(
      /6 images with targets of \[3\] want 18 values.*12/,
    );
    expect(() => dataset({ images: new Uint8Array(7), shape: [4], targets: new Float32Array(1) })).toThrow(ShapeError);
  });
});

it("a checkpoint names the loss, and a run with other targets goes on from it", async () => {
  const data = dataset({ images, targets: new Float32Array(18).fill(0.5), shape: [4] });
  const first = await trainerOf(huber({ delta: 2 }));
  await first.fit(data, { epochs: 1 });
  const saved = await first.checkpoint();
  const second = await trainerOf(huber({ delta: 2 }));
  await second.restore(saved);
  const [a, b] = [await first.fit(data), await second.fit(data)];
  // The CPU computes in f64 and saves f32.
  b.stepLosses.forEach((loss, step) => {
    expect(loss).toBeCloseTo(a.stepLosses[step]!, 6);
  });
});
