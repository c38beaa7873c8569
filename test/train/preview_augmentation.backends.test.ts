import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  type AugmentOptions,
  createTrainer,
  type Dataset,
  dataSource,
  dataset,
  dense,
  flatten,
  previewAugmentation,
  ShapeError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { testBackend } from "../support/backend.ts";
import { barPictures } from "../support/networks.ts";

const AUGMENT: AugmentOptions = {
  ...{ flip: "both", shift: 1, rotate: 20, crop: 1, fill: "reflect" },
  ...{ contrast: 0.3, brightness: 0.2, noise: 0.1, cutout: 0.3 },
};

describe("previewAugmentation", async () => {
  const backend = await testBackend();
  const whole = barPictures(23);
  const read = dataSource({
    ...{ count: whole.count, sampleShape: whole.shape, labels: whole.labels },
    read(rows, into) {
      rows.forEach((row, place) => {
        into.set(whole.images.subarray(row * 64, (row + 1) * 64), place * 64);
      });
    },
  });

  /** What each step of a trainer sees: the mean of its images' pixels, by a network that adds them up and learns nothing. */
  async function seen(data: Dataset, steps: number): Promise<readonly number[]> {
    const model = sequential({ inputShape: [8, 8, 1], seed: 1 }, [
      flatten(),
      dense({ units: 3, kernelInitializer: "ones", useBias: false }),
    ]);
    const trainer = await createTrainer(model, {
      ...{ backend, optimizer: sgd({ learningRate: 0 }), batchSize: 8, seed: 4 },
      loss: (graph, outputs) => graph.mean(outputs, 1),
    });
    const { stepLosses } = await trainer.fit(data, { steps, augment: AUGMENT });
    trainer.dispose();
    return stepLosses;
  }

  it("shows what training sees at a step, of an epoch's last, shorter batch too, and of data that are read", async () => {
    const losses = await seen(whole, 5);
    for (const step of [0, 2, 4]) {
      const { images, rows } = await previewAugmentation(whole, AUGMENT, { backend, count: 8, seed: 4, step });
      expect(images.shape).toEqual([step === 2 ? 7 : 8, 8, 8, 1]);
      expect(new Set(rows).size).toBe(rows.length);
      const sum = images.data.reduce((total, value) => total + value, 0) / rows.length;
      // Sums of 512 values of up to 2 in f32.
      expect(Math.abs(sum - (losses[step] ?? 0))).toBeLessThan(64 * 2 * 8 * Math.sqrt(512) * 2 ** -24);
      const again = await previewAugmentation(read, AUGMENT, { backend, count: 8, seed: 4, step });
      expect(again).toEqual({ images, rows });
    }
  });

  it("without options shows the images as they are, in their order where it is asked for", async () => {
    const { images, rows } = await previewAugmentation(whole, {}, { backend, count: 100, shuffle: false });
    expect([...rows]).toEqual([...Array(23).keys()]);
    images.data.forEach((value, index) => {
      // 1/255 is rounded to f32, and the product.
      expect(Math.abs(value - (whole.images[index] ?? 0) / 255)).toBeLessThan(2 ** -23);
    });
  });

  it("says what is wrong", async () => {
    const preview = (augment: object, options: object = {}, data: Dataset = whole) =>
      previewAugmentation(data, augment, { backend, ...options });
    await expect(preview({ flip: "no" })).rejects.toThrow(/previewAugmentation: flip must be/);
    await expect(preview({ saturation: 0.5 })).rejects.toThrow(/previewAugmentation: saturation wants images of 3/);
    await expect(preview({ flips: "both" })).rejects.toThrow(/did you mean "flip"/);
    await expect(preview({}, { count: 0 })).rejects.toThrow(/count must be a whole number/);
    await expect(preview({}, { step: -1 })).rejects.toThrow(/step must be a whole number/);
    await expect(preview({}, { epochs: 1 })).rejects.toThrow(ArgumentError);
    const rowsOfNumbers = dataset({ images: [1, 2], shape: [2], labels: [0] });
    await expect(preview({}, {}, rowsOfNumbers)).rejects.toThrow(ShapeError);
    backend.dispose();
  });
});
