/** What normalising costs: MNIST's test digits, rendered anywhere and at any size, before a network that was trained. */
import { expect, it } from "vitest";
import {
  adam,
  conv2d,
  createTrainer,
  dataset,
  dense,
  flatten,
  maxPooling2d,
  normalizeDigitImage,
  sequential,
  wasm,
} from "../../src/index.ts";
import { mnistFile } from "../support/mnist_files.ts";
import { RandomData } from "../support/random.ts";

const SIZE = 784;
const TRAINED = 10_000;
const TESTED = 3000;

/** An MNIST digit `factor` times as large on a larger sheet, dark on light, by linear interpolation. */
function rendered(digit: Uint8Array, factor: number, left: number, top: number) {
  const side = Math.round(28 * factor);
  const [width, height] = [side + left + 7, side + top + 5];
  const sheet = new Uint8Array(width * height).fill(255);
  const at = (row: number, column: number) => digit[Math.min(row, 27) * 28 + Math.min(column, 27)]!;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const y = Math.max(0, (row + 0.5) / factor - 0.5);
      const x = Math.max(0, (column + 0.5) / factor - 0.5);
      const [y0, x0] = [Math.floor(y), Math.floor(x)];
      const [down, right] = [y - y0, x - x0];
      const upper = at(y0, x0) * (1 - right) + at(y0, x0 + 1) * right;
      const lower = at(y0 + 1, x0) * (1 - right) + at(y0 + 1, x0 + 1) * right;
      sheet[(row + top) * width + column + left] = 255 - Math.round(upper * (1 - down) + lower * down);
    }
  }
  return { sheet, width, height };
}

it("costs at most 0.3 points of accuracy, at any scale and offset", async () => {
  const backend = await wasm();
  const digits = (part: string, count: number) => ({
    images: mnistFile(`${part}-images-idx3-ubyte`).slice(16, 16 + count * SIZE),
    labels: mnistFile(`${part}-labels-idx1-ubyte`).slice(8, 8 + count),
    shape: [28, 28, 1],
    classes: 10,
  });
  const model = sequential({ inputShape: [28, 28, 1], seed: 3 }, [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);
  const trainer = await createTrainer(model, {
    ...{ backend, loss: "sparseCategoricalCrossentropy", batchSize: 50, seed: 3 },
    optimizer: adam({ learningRate: 3e-3 }),
  });
  await trainer.fit(dataset(digits("train", TRAINED)), { epochs: 2 });

  const original = digits("t10k", TESTED);
  const random = new RandomData(29);
  const images = new Float32Array(TESTED * SIZE);
  for (let index = 0; index < TESTED; index++) {
    const digit = original.images.subarray(index * SIZE, (index + 1) * SIZE);
    const factor = 0.9 + 4.1 * random.uniform();
    const { sheet, width, height } = rendered(digit, factor, random.integer(0, 60), random.integer(0, 60));
    images.set(normalizeDigitImage(sheet, width, height)!, index * SIZE);
  }
  const before = (await trainer.evaluate(dataset(original))).accuracy!;
  const after = (await trainer.evaluate(dataset({ ...original, images }))).accuracy!;
  console.log(
    `seed 29: ${(100 * before).toFixed(2)} % as they are, ${(100 * after).toFixed(2)} % rendered and normalised`,
  );
  expect(before).toBeGreaterThan(0.95);
  expect(before - after).toBeLessThanOrEqual(0.003);
  trainer.dispose();
  backend.dispose();
});
