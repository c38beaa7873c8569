import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomAffine } from "../../src/core/affine.ts";
import type { ImageAugmentation } from "../../src/core/augmentation.ts";
import { randomBits, randomKey } from "../../src/core/random.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import {
  type AffineRanges,
  ArgumentError,
  type AugmentOptions,
  adam,
  type Backend,
  createTrainer,
  type Dataset,
  dataset,
  dense,
  flatten,
  ShapeError,
  sequential,
  webgpu,
} from "../../src/index.ts";
import { testDevice } from "../support/gpu.ts";
import { barPictures, smallNetwork } from "../support/networks.ts";
import { RandomData } from "../support/random.ts";

const SEED = 5;
/** What every image may have. */
const EVERYTHING: ImageAugmentation = {
  ...{ shift: 1, rotate: 20, zoom: 0.1, shear: 5, flip: "both", crop: 2, fill: "nearest" },
  ...{ contrast: 0.5, brightness: 0.4, noise: 0.1, cutout: 0.3, fillValue: 0.25 },
};
const ALL = { shift: 2, rotate: 25, zoom: 0.2, shear: 15 };

async function moved(
  backend: Backend,
  images: Float32Array,
  shape: readonly number[],
  options: AffineRanges,
  batch = 7,
): Promise<ArrayLike<number>> {
  const graph = new Graph();
  const x = graph.input("x", [...shape]);
  const number = graph.input("batch", [], "u32");
  const program = await backend.compile(graph, {
    outputs: { y: graph.randomAffine(x, number, { ...options, seed: SEED }) },
  });
  const { y } = await program.run({ x: images, batch: [batch] });
  program.dispose();
  return y?.data ?? [];
}

/** Coordinates are rounded: a few times 2⁻²³ of the image's size, and a step of one pixel is `contrast` at most. */
const tolerance = (extent: number, contrast: number) => 16 * extent * 2 ** -23 * 2 * contrast;

/** `count` images of noise as bytes, in two classes. */
function bytesOf(count: number, shape: readonly number[]): Dataset {
  const size = shape.reduce((a, b) => a * b, 1);
  const key = randomKey(17);
  const images = Uint8Array.from({ length: count * size }, (_, index) => randomBits(key, index) >>> 24);
  return dataset({ images, labels: Array.from({ length: count }, (_, index) => index % 2), shape });
}

describe("augmentation of images", () => {
  let gpu: Backend;

  beforeAll(async () => {
    gpu = await webgpu({ device: await testDevice() });
  });

  afterAll(() => gpu.dispose());

  async function augmented(
    backend: Backend,
    images: Float32Array,
    shape: readonly number[],
    options: ImageAugmentation,
  ) {
    const graph = new Graph();
    const x = graph.input("x", [...shape]);
    const y = graph.augmentImages(x, graph.input("batch", [], "u32"), { ...options, seed: SEED, clip: true });
    const program = await backend.compile(graph, { outputs: { y } });
    const { y: result } = await program.run({ x: images, batch: [7] });
    program.dispose();
    return Array.from(result?.data ?? []);
  }

  // One compilation each: what stands together is exact, or rounded, together.
  it.each<[string, readonly number[], ImageAugmentation]>([
    ["flips, crops, squares", [9, 13, 10, 3], { flip: "both", crop: 3, cutout: 0.4, fillValue: 0.5 }],
    ["nearest", [9, 6, 7, 1], { flip: "vertical", crop: 9, fill: "nearest" }],
    ["reflect", [9, 5, 7, 2], { flip: "horizontal", crop: 20, fill: "reflect", cutout: 1 }],
  ])("WebGPU gives exactly what the CPU reference gives: %s", async (_, shape, options) => {
    const images = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (__, index) => (index % 251) / 256);
    const [got, want] = [await augmented(gpu, images, shape, options), await augmented(cpu(), images, shape, options)];
    expect(got).toEqual(want);
    expect(got).not.toEqual(Array.from(images));
  });

  it.each<[string, readonly number[], ImageAugmentation]>([
    ["all of it, in colour", [5, 12, 15, 3], { ...EVERYTHING, saturation: 0.7 }],
    ["all of it but saturation, five channels, mirrored", [5, 9, 8, 5], { ...EVERYTHING, fill: "reflect" }],
    ["colours alone, grey", [5, 28, 28, 1], { contrast: 1, brightness: 1 }],
  ])("WebGPU gives what the CPU reference gives up to rounding: %s", async (_, shape, options) => {
    const [, height = 0, width = 0] = shape;
    const random = new RandomData(6);
    const images = Float32Array.from(random.normals(shape.reduce((a, b) => a * b, 1)), (value) =>
      Math.min(Math.abs(value) / 2, 1),
    );
    const [got, want] = [await augmented(gpu, images, shape, options), await augmented(cpu(), images, shape, options)];
    // Places between pixels as above; a mean of height · width values in 0…1, with a few more roundings for its weights; factors
    // of up to 2 a colour on values of up to 1; noise of up to 5.2 deviations by some twenty roundings.
    const mean = 8 * Math.sqrt(height * width) * 2 ** -24;
    const within =
      4 * (tolerance(Math.max(height, width), 1) + mean) + 2 ** -24 * (16 + 20 * 5.2 * (options.noise ?? 0));
    got.forEach((value, index) => {
      expect(Math.abs(value - (want[index] ?? 0)), `value ${index}`).toBeLessThanOrEqual(within);
    });
    expect(within).toBeLessThan(1e-3);
  });

  it("bytes are augmented in the pass that fetches them, to the bits of the same images as floats", async () => {
    const shape = [9, 7, 1];
    const bytes = bytesOf(37, shape);
    const scale = Math.fround(1 / 255);
    const floats = dataset({
      ...{ images: Float32Array.from(bytes.images, (value) => value * scale), labels: bytes.labels, shape },
    });
    const run = async (data: Dataset, augment: AugmentOptions | undefined) => {
      const model = sequential({ inputShape: shape, seed: 1 }, [flatten(), dense({ units: 2 })]);
      const trainer = await createTrainer(model, {
        ...{ backend: gpu, loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 8, seed: 3 },
      });
      const { stepLosses } = await trainer.fit(data, { steps: 12, ...(augment ? { augment } : {}) });
      const { dispatchesPerStep } = trainer.stats();
      await trainer.syncModel();
      trainer.dispose();
      return {
        stepLosses,
        dispatchesPerStep,
        weights: [...model.parameters.values()].map(({ data: own }) => [...own]),
      };
    };
    const augment = { ...EVERYTHING, contrast: 0, brightness: 0 } as const;
    const [plain, fused, alone] = [await run(bytes, undefined), await run(bytes, augment), await run(floats, augment)];
    // No dispatch of its own: as many as a step without augmentation has.
    expect(fused.dispatchesPerStep).toBe(plain.dispatchesPerStep);
    expect(alone.dispatchesPerStep).toBe(plain.dispatchesPerStep + 1);
    expect(fused.stepLosses).not.toEqual(plain.stepLosses);
    expect({ ...fused, dispatchesPerStep: 0 }).toEqual({ ...alone, dispatchesPerStep: 0 });
  });
});

describe("random affine transforms", () => {
  let gpu: Backend;

  beforeAll(async () => {
    gpu = await webgpu({ device: await testDevice() });
  });

  afterAll(() => gpu.dispose());

  it.each([
    ["all at once", [5, 28, 28, 1], ALL],
    ["odd sizes, three colours", [3, 13, 22, 3], ALL],
    ["shift alone", [4, 9, 9, 1], { shift: 3 }],
    ["a half turn", [4, 12, 12, 2], { rotate: 180 }],
    ["zoom alone", [4, 12, 12, 1], { zoom: 0.9 }],
    ["slant alone", [4, 12, 12, 1], { shear: 45 }],
    ["further than the image", [4, 6, 6, 1], { shift: 40 }],
  ] as const)("WebGPU gives what the CPU reference gives: %s", async (_, shape, options) => {
    const random = new RandomData(3);
    const images = Float32Array.from(random.normals(shape.reduce<number>((a, b) => a * b, 1)));
    const contrast = 2 * images.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const extent = Math.max(shape[1], shape[2]) + ("shift" in options ? options.shift : 0);
    const [got, want] = [await moved(gpu, images, shape, options), await moved(cpu(), images, shape, options)];
    for (let index = 0; index < want.length; index++) {
      expect(Math.abs((got[index] ?? 0) - (want[index] ?? 0)), `value ${index}`).toBeLessThanOrEqual(
        tolerance(extent, contrast),
      );
    }
  });

  it("ranges of 0 leave every image as it is, on both backends", async () => {
    const images = Float32Array.from(new RandomData(4).normals(2 * 7 * 8 * 3));
    for (const backend of [gpu, cpu()])
      expect(Array.from(await moved(backend, images, [2, 7, 8, 3], {}))).toEqual([...images]);
  });

  it("moves a lone pixel to where the transform says", async () => {
    const side = 15;
    const image = new Float32Array(side * side);
    image[7 * side + 7] = 1;
    const shifted = await moved(cpu(), image, [1, side, side, 1], { shift: 4 });
    const t = randomAffine({ shift: 4, rotate: 0, zoom: 0, shear: 0 }, SEED, 7, 0);
    let [mass, row, column] = [0, 0, 0];
    for (let index = 0; index < side * side; index++) {
      const value = shifted[index] ?? 0;
      mass += value;
      row += value * Math.floor(index / side);
      column += value * (index % side);
    }
    expect(mass).toBeCloseTo(1, 6);
    expect(row).toBeCloseTo(7 + t.shiftRows, 5);
    expect(column).toBeCloseTo(7 + t.shiftColumns, 5);
  });

  it("draws evenly from the ranges, and independently", () => {
    const count = 20000;
    const ranges = { shift: 3, rotate: 30, zoom: 0, shear: 0 };
    const drawn = Array.from({ length: count }, (_, index) =>
      randomAffine(ranges, 1, index % 100, Math.floor(index / 100)),
    );
    const rows = drawn.map((t) => t.shiftRows / 3);
    const angles = drawn.map((t) => Math.atan2(-t.yx, t.xx) / (Math.PI / 6));
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / count;
    // Uniform in [−1, 1): mean 0, variance 1/3; five standard errors.
    const error = 5 / Math.sqrt(3 * count);
    for (const values of [rows, angles]) {
      expect(Math.abs(mean(values))).toBeLessThan(error);
      expect(Math.abs(mean(values.map((value) => value * value)) - 1 / 3)).toBeLessThan(error);
      expect(values.every((value) => value >= -1.000001 && value < 1)).toBe(true);
    }
    expect(Math.abs(mean(rows.map((value, index) => value * (angles[index] ?? 0))))).toBeLessThan(error);
    const zooms = Array.from({ length: count }, (_, index) => {
      const t = randomAffine({ shift: 0, rotate: 0, zoom: 0.25, shear: 0 }, 1, index, 0);
      return Math.log(t.xx);
    });
    expect(Math.abs(mean(zooms))).toBeLessThan((5 * Math.log(1.25)) / Math.sqrt(count));
    expect(Math.max(...zooms.map(Math.abs))).toBeLessThanOrEqual(Math.log(1.25) + 1e-9);
  });

  it("training sees other images at each step, the same again from the same seed, and learns", async () => {
    const pictures = barPictures(64);
    const run = async (backend: Backend, augment: AffineRanges | undefined, steps: number) => {
      const trainer = await createTrainer(smallNetwork(), {
        backend,
        loss: "sparseCategoricalCrossentropy",
        optimizer: adam({ learningRate: 0.01 }),
        batchSize: 16,
        seed: 9,
      });
      const { stepLosses } = await trainer.fit(pictures, { steps, ...(augment ? { augment } : {}) });
      trainer.dispose();
      return stepLosses;
    };
    const gentle = { shift: 0.5, rotate: 8, zoom: 0.05 };
    const [once, again, plain] = [await run(gpu, gentle, 60), await run(gpu, gentle, 60), await run(gpu, undefined, 1)];
    expect(again).toEqual(once);
    expect(once[0]).not.toBe(plain[0]);
    const late = once.slice(-8).reduce((sum, loss) => sum + loss, 0) / 8;
    expect(late).toBeLessThan(0.6 * (once[0] ?? 0));
    const reference = await run(cpu(), gentle, 3);
    reference.forEach((loss, step) => {
      expect(Math.abs((once[step] ?? 0) - loss)).toBeLessThan(1e-4);
    });
  });

  it("says what is wrong with ranges and shapes", async () => {
    const trainer = await createTrainer(smallNetwork(), {
      backend: cpu(),
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam(),
      batchSize: 8,
    });
    const pictures = barPictures(8);
    for (const augment of [{ shift: -1 }, { rotate: 200 }, { zoom: 1 }, { shear: 90 }, { shift: Number.NaN }]) {
      await expect(trainer.fit(pictures, { steps: 1, augment })).rejects.toThrow(ArgumentError);
    }
    trainer.dispose();
    const graph = new Graph();
    const x = graph.input("x", [4, 8]);
    expect(() => graph.randomAffine(x, graph.input("n", [], "u32"), { seed: 1 })).toThrow(ShapeError);
  });
});
