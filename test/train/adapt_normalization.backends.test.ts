import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  adam,
  adaptNormalization,
  createClassifier,
  createPredictor,
  createTrainer,
  type Dataset,
  dataSource,
  dataset,
  dense,
  flatten,
  type Layer,
  openModel,
  sequential,
  toSafetensors,
} from "../../src/index.ts";
import { testBackend } from "../support/backend.ts";
import { RandomData } from "../support/random.ts";

const SHAPE = [4, 3, 2];
const SIZE = 24;
/** More than are read at a time. */
const COUNT = 600;

/** Bytes of which the second channel is brighter and of less contrast. */
function bytes(): Dataset {
  const noise = new RandomData(8).normals(COUNT * SIZE);
  const images = Uint8Array.from(noise, (value, index) =>
    Math.min(Math.max(Math.round(index % 2 === 0 ? 60 + 50 * value : 180 + 10 * value), 0), 255),
  );
  return dataset({ images, shape: SHAPE, labels: Array.from({ length: COUNT }, (_, index) => index % 2) });
}

const read = (whole: Dataset): Dataset =>
  dataSource({
    ...{ count: whole.count, sampleShape: whole.shape, labels: whole.labels },
    dtype: whole.images instanceof Uint8Array ? "u8" : "f32",
    read(rows, into) {
      rows.forEach((row, place) => {
        into.set(whole.images.subarray(row * SIZE, (row + 1) * SIZE), place * SIZE);
      });
    },
  });

const momentsOf = (layer: Layer) => layer.config.options as { mean: number[]; variance: number[] };

describe("a normalization that is fitted to a data set", async () => {
  const backend = await testBackend();
  const whole = bytes();

  it("has the mean and the variance of each channel, as the network sees them, also of what is read", async () => {
    const layer = await adaptNormalization(whole);
    const { mean, variance } = momentsOf(layer);
    for (const channel of [0, 1]) {
      const values = [...whole.images].filter((_, index) => index % 2 === channel).map((value) => value / 255);
      const wanted = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - wanted) ** 2, 0) / values.length;
      // Sums of 7,200 values in f64.
      expect(Math.abs((mean[channel] ?? 0) - wanted)).toBeLessThan(1e-12);
      expect(Math.abs((variance[channel] ?? 0) - squares)).toBeLessThan(1e-12);
    }
    expect((await adaptNormalization(read(whole))).config).toEqual(layer.config);
    const floats = dataset({
      ...{ images: Float32Array.from(whole.images, (value) => value - 100), shape: SHAPE, labels: whole.labels },
    });
    const ofFloats = momentsOf(await adaptNormalization(floats));
    ofFloats.mean.forEach((value, channel) => {
      expect(Math.abs(value - 255 * (mean[channel] ?? 0) + 100)).toBeLessThan(1e-9);
    });
    expect(momentsOf(await adaptNormalization(read(floats)))).toEqual(ofFloats);
  });

  it("brings inputs to mean 0 and variance 1, is trained with, and travels with the model", async () => {
    const layer = await adaptNormalization(whole, { name: "input" });
    const alone = await createPredictor(sequential({ inputShape: SHAPE, seed: 1 }, [layer]), { backend });
    const data = (await alone.predict(whole.images)).flatMap((tensor) => [...tensor.data]);
    for (const channel of [0, 1]) {
      const values = data.filter((_, index) => index % 2 === channel);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      // Values of up to some 20 deviations, each rounded a few times.
      expect(Math.abs(mean)).toBeLessThan(20 * 4 * 2 ** -24);
      expect(Math.abs(square - 1)).toBeLessThan(20 * 20 * 4 * 2 ** -24);
    }
    const model = sequential({ inputShape: SHAPE, seed: 1 }, [layer, flatten(), dense({ units: 2 })]);
    const trainer = await createTrainer(model, {
      ...{ backend, loss: "sparseCategoricalCrossentropy", optimizer: adam({ learningRate: 0.01 }), batchSize: 50 },
    });
    await trainer.fit(whole, { steps: 5, augment: { flip: "both" } });
    const wanted = await trainer.predict(whole.images.subarray(0, 5 * SIZE));
    const file = toSafetensors(model.parameters, { config: JSON.stringify(model) });
    for (const saved of [file, await trainer.checkpoint()]) {
      const opened = await openModel(saved);
      expect(opened.layers[0]?.layer.config).toEqual(layer.config);
      const classifier = await createClassifier(opened, { backend, labels: ["even", "odd"] });
      const { probabilities } = await classifier.predict(
        Float32Array.from(whole.images.subarray(0, SIZE), (value) => value / 255),
      );
      probabilities.forEach((value, index) => {
        expect(Math.abs(value - (wanted.data[index] ?? 0))).toBeLessThan(1e-5);
      });
      classifier.dispose();
    }
    trainer.dispose();
    alone.dispose();
    backend.dispose();
  });

  it("says what it cannot be fitted to", async () => {
    const images = new Float32Array(SIZE * 2);
    images[SIZE + 3] = Number.NaN;
    await expect(adaptNormalization(dataset({ images, shape: SHAPE, labels: [0, 1] }))).rejects.toThrow(
      /adaptNormalization: image 1 holds NaN/,
    );
    await expect(adaptNormalization(whole, { axis: 1 } as object)).rejects.toThrow(ArgumentError);
  });
});
