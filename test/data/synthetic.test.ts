/** Made-up pictures, and what helps with real ones: weights of classes, doubtful labels. */
import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import {
  ArgumentError,
  adam,
  balancedClassWeights,
  createTrainer,
  type Dataset,
  dataset,
  dense,
  doubtfulLabels,
  flatten,
  ShapeError,
  type SyntheticOptions,
  sequential,
  split,
  synthetic,
} from "../../src/index.ts";

async function trainedOn(data: Dataset, epochs: number) {
  const model = sequential({ inputShape: data.shape, seed: 1 }, [flatten(), dense({ units: 3 })]);
  const trainer = await createTrainer(model, {
    ...{
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: 20,
    },
  });
  await trainer.fit(data, { epochs });
  return trainer;
}

describe("synthetic", () => {
  it("draws as many of each shape, the same for the same seed, others for another", () => {
    for (const difficulty of ["easy", "medium", "hard"] as const) {
      const shapes = synthetic({ count: 31, size: [12, 16], difficulty, seed: 1 });
      expect(shapes).toMatchObject({
        count: 31,
        shape: [12, 16, 3],
        classes: 3,
        classNames: ["circle", "square", "triangle"],
      });
      expect([0, 1, 2].map((label) => shapes.labels.filter((one) => one === label).length)).toEqual([11, 10, 10]);
      expect(synthetic({ count: 31, size: [12, 16], difficulty, seed: 1 })).toEqual(shapes);
      const other = synthetic({ count: 31, size: [12, 16], difficulty, seed: 2 });
      expect(other.images).not.toEqual(shapes.images);
      // More images leave the first ones as they are.
      const more = synthetic({ count: 40, size: [12, 16], difficulty, seed: 1 });
      expect(more.images.subarray(0, shapes.images.length)).toEqual(shapes.images);
    }
    expect(synthetic().images.length).toBe(600 * 32 * 32 * 3);
  });

  it("covers as much as its shapes are large", () => {
    // Of radius 0.35 · 64: a circle of 0.9, a square of 1.6, a triangle whose height is 1.7 and base 1.96.
    const grey = synthetic({ count: 3, size: [64, 64], channels: 1, seed: 4 });
    const areas = [Math.PI * 0.81, 2.56, (1.7 * 1.963) / 2].map((area) => area * (0.35 * 64) ** 2);
    areas.forEach((area, label) => {
      const image = Array.from(grey.images.subarray(label * 4096, (label + 1) * 4096));
      const most = image.reduce((largest, value) => Math.max(largest, value), 0);
      const ground = image[0] ?? 0;
      const seen = image.reduce((sum, value) => sum + (value - ground) / (most - ground), 0);
      expect(Math.abs(seen / area - 1), `${label}: ${seen} for ${area}`).toBeLessThan(0.06);
    });
  });

  it("is as hard as it says: a linear classifier learns the easy one, and not the hard one", async () => {
    const unseen = async (difficulty: "easy" | "hard") => {
      const { training, validation } = split(synthetic({ count: 240, size: [12, 12], difficulty, seed: 5 }), {
        validation: 0.25,
      });
      const trainer = await trainedOn(training, 8);
      const { accuracy = Number.NaN } = await trainer.evaluate(validation);
      trainer.dispose();
      return accuracy;
    };
    expect(await unseen("easy")).toBe(1);
    expect(await unseen("hard")).toBeLessThan(0.7);
  });

  it.each<[object, RegExp]>([
    [{ count: 0 }, /count must be a whole number of at least 1, got 0/],
    [{ size: 32 }, /size must be \[height, width\]/],
    [{ size: [4, 4] }, /from 8 to 4096/],
    [{ channels: 4 }, /channels must be 1 or 3/],
    [{ difficulty: "extreme" }, /difficulty must be "easy"/],
    [{ seed: Number.NaN }, /seed must be a number/],
    [{ difficult: "easy" }, /did you mean "difficulty"/],
  ])("refuses %j", (options, message) => {
    expect(() => synthetic(options as SyntheticOptions)).toThrow(ArgumentError);
    expect(() => synthetic(options as SyntheticOptions)).toThrow(message);
  });
});

describe("balancedClassWeights", () => {
  it("makes all classes count alike", () => {
    const uneven = dataset({ images: new Uint8Array(8), shape: [1], labels: [0, 0, 0, 0, 0, 0, 2, 2], classes: 4 });
    const weights = balancedClassWeights(uneven);
    // scikit-learn: n / (classes · count).
    expect(weights).toEqual([8 / 12, 1, 8 / 4, 1]);
    expect(() => balancedClassWeights([] as never)).toThrow(ArgumentError);
    const values = dataset({ images: new Uint8Array(2), shape: [1], targets: [0, 1] });
    expect(() => balancedClassWeights(values)).toThrow(/wants a data set with class labels/);
  });
});

describe("doubtfulLabels", () => {
  it("finds labels that were changed", async () => {
    const shapes = synthetic({ count: 120, size: [8, 8], seed: 6 });
    const wrong = [7, 50, 91];
    const labels = shapes.labels.map((label, index) => (wrong.includes(index) ? (label + 1) % 3 : label));
    const data = { ...shapes, labels, names: Array.from(labels, (_, index) => `${index}.png`) };
    const trainer = await trainedOn(data, 15);
    const evaluation = await trainer.evaluate(data, { outputs: true });
    const found = doubtfulLabels(data, evaluation, { most: 5 });
    trainer.dispose();
    expect(found).toHaveLength(5);
    expect(new Set(found.slice(0, 3).map(({ index }) => index))).toEqual(new Set(wrong));
    for (const { index, name, label, predicted, probability, predictedProbability } of found.slice(0, 3)) {
      expect([name, label, predicted]).toEqual([`${index}.png`, labels[index], shapes.labels[index]]);
      expect(probability).toBeLessThan(predictedProbability);
    }
    const doubts = found.map(({ probability }) => probability);
    expect(doubts).toEqual([...doubts].sort((a, b) => a - b));
  });

  it("takes softmax of logits, and the sigmoid of a single one, also of large ones", () => {
    const two = dataset({ images: new Uint8Array(4), shape: [1], labels: [0, 1, 0, 1] });
    const single = doubtfulLabels(two, {
      outputs: { shape: [4, 1], data: Float32Array.of(-1000, 1000, Math.log(3), -900) },
    });
    expect(single.map(({ index }) => index)).toEqual([3, 2, 0, 1]);
    expect(single[1]?.probability).toBeCloseTo(0.25, 6);
    expect([single[0]?.probability, single[2]?.probability]).toEqual([0, 1]);
    const outputs = { shape: [4, 2], data: Float32Array.of(0, Math.log(3), 0, 0, 5000, 0, 0, 9000) };
    const [first] = doubtfulLabels(two, { outputs }, { most: 1 });
    expect(first).toMatchObject({ index: 0, name: "0", label: 0, predicted: 1 });
    expect([first?.probability, first?.predictedProbability].map((one) => one?.toFixed(6))).toEqual([
      "0.250000",
      "0.750000",
    ]);
  });

  it("says what is missing", () => {
    const two = dataset({ images: new Uint8Array(2), shape: [1], labels: [0, 1] });
    const outputs = { shape: [2, 2], data: new Float32Array(4) };
    expect(() => doubtfulLabels(two, {})).toThrow(/there are no outputs; ask for them/);
    expect(() => doubtfulLabels(two, { outputs: { shape: [3, 2], data: new Float32Array(6) } })).toThrow(ShapeError);
    const three = dataset({ images: new Uint8Array(2), shape: [1], labels: [0, 1], classes: 3 });
    expect(() => doubtfulLabels(three, { outputs })).toThrow(
      /2 images of 3 classes want outputs \[2, 3\], got \[2, 2\]/,
    );
    expect(() => doubtfulLabels(two, { outputs }, { most: 0 })).toThrow(/most must be a whole number/);
    const values = dataset({ images: new Uint8Array(2), shape: [1], targets: [0, 1] });
    expect(() => doubtfulLabels(values, { outputs })).toThrow(/it has targets|has targets in the place/);
  });
});
