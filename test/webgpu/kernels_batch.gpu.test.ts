import { describe, expect, test } from "vitest";
import { permute, randomKey } from "../../src/core/random.ts";
import { openDevice } from "../support/device.ts";
import { batchRows, fetchBatch, gatherRows, recordStep } from "../support/kernels.ts";
import { runKernel } from "../support/run_kernel.ts";
import { integerOutputOf, integers, outputOf, plain, traitsOfEachKind } from "./kernels_support.ts";

const device = await openDevice();

const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];

describe("batchRows", () => {
  test.each([
    { count: 1, batch: 1, shuffle: true, seed: 0 },
    { count: 100, batch: 32, shuffle: true, seed: 1 },
    { count: 1000, batch: 1000, shuffle: true, seed: 42 },
    { count: 60000, batch: 61, shuffle: true, seed: 2 ** 40 + 3 },
    { count: 100, batch: 32, shuffle: false, seed: 1 },
  ])(
    "$count rows in batches of $batch, shuffle $shuffle, seed $seed: the rows of core/random, bit for bit",
    async (options) => {
      const { count, batch, shuffle, seed } = options;
      const perEpoch = Math.ceil(count / batch);
      for (const cursor of [0, perEpoch - 1, perEpoch, 7 * perEpoch + Math.floor(perEpoch / 2), 123456789]) {
        const epoch = Math.floor(cursor / perEpoch);
        const expected = Array.from({ length: batch }, (_, i) => {
          const position = (cursor % perEpoch) * batch + i;
          if (position >= count) return -1;
          return shuffle ? permute(randomKey(seed, epoch), position, count) : position;
        });
        const got = await integerOutputOf(device, batchRows(options, traits), [Uint32Array.of(cursor)], batch);
        expect(plain(got)).toEqual(expected);
      }
    },
  );

  test("the batches of an epoch are a permutation of all rows", async () => {
    const options = { count: 103, batch: 20, shuffle: true, seed: 5 };
    const seen: number[] = [];
    for (let cursor = 0; cursor < 6; cursor++) {
      seen.push(...(await integerOutputOf(device, batchRows(options, traits), [Uint32Array.of(cursor)], 20)));
    }
    expect(seen.filter((row) => row < 0)).toHaveLength(17);
    expect(seen.filter((row) => row >= 0).sort((a, b) => a - b)).toEqual(Array.from({ length: 103 }, (_, i) => i));
  });
});

describe("fetchBatch", () => {
  test.each([
    { rowSize: 12, dtype: "u8", shuffle: true },
    { rowSize: 7, dtype: "u8", shuffle: true },
    { rowSize: 784, dtype: "f32", shuffle: false },
    { rowSize: 3, dtype: "f32", shuffle: true },
  ] as const)("$rowSize $dtype values a row, shuffle $shuffle: images and labels of the same rows", async (options) => {
    const { rowSize, dtype, shuffle } = options;
    const [count, batch, seed] = [23, 5, 9];
    const values = integers(count * rowSize, 1, 0, 255);
    const bytes = new Uint32Array(Math.ceil(values.length / 4));
    new Uint8Array(bytes.buffer).set(values);
    const labelTable = Int32Array.from({ length: count }, (_, i) => 100 + i);
    const spec = fetchBatch({ rows: { count, batch, shuffle, seed }, rowSize, dtype, scale: 0.25 }, traits);
    for (const cursor of [0, 4, 7, 14]) {
      const rows = Array.from({ length: batch }, (_, i) => {
        const position = (cursor % 5) * batch + i;
        if (position >= count) return -1;
        return shuffle ? permute(randomKey(seed, Math.floor(cursor / 5)), position, count) : position;
      });
      const [, , , images, labels] = await runKernel(device, spec, [
        dtype === "u8" ? bytes : Float32Array.from(values),
        labelTable,
        Uint32Array.of(cursor),
        new Float32Array(batch * rowSize).fill(-9),
        new Int32Array(batch),
      ]);
      expect(plain(labels as Int32Array)).toEqual(rows.map((row) => (row < 0 ? -1 : 100 + row)));
      expect(plain(images as Float32Array)).toEqual(
        rows.flatMap((row) =>
          Array.from({ length: rowSize }, (_, i) => (row < 0 ? 0 : (values[row * rowSize + i] as number) * 0.25)),
        ),
      );
    }
  });
});

test.each([
  { rowSize: 12, dtype: "f32" },
  { rowSize: 7, dtype: "f32" },
  { rowSize: 12, dtype: "u8" },
] as const)(
  "a fetch of $rowSize $dtype values a row sees the bits of what is not finite, in fetched images and in the watched buffer",
  async ({ rowSize, dtype }) => {
    const [count, batch, watchedSize] = [10, 4, 1028];
    const rows = { count, batch, shuffle: false, seed: 0 };
    const spec = fetchBatch({ rows, rowSize, dtype, scale: 1, watchedSize }, traits);
    const seen = async (image: Float32Array, watched: Float32Array) => {
      const results = await runKernel(device, spec, [
        image,
        new Int32Array(count),
        Uint32Array.of(1),
        new Float32Array(batch * rowSize),
        new Int32Array(batch),
        watched,
        new Float32Array(spec.workgroups[0] * spec.workgroups[1]).fill(9),
      ]);
      return plain(results[6] as Float32Array).reduce((a, b) => a + b);
    };
    const images = new Float32Array(count * rowSize).fill(1);
    const watched = new Float32Array(watchedSize).fill(-3e38);
    expect(await seen(images, watched)).toBe(0);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const place of [0, 5, watchedSize - 1]) expect(await seen(images, watched.with(place, bad))).toBe(1);
      if (dtype === "u8") continue;
      // The second batch has rows 4 to 7.
      expect(await seen(images.with(5 * rowSize + 1, bad), watched)).toBe(1);
      expect(await seen(images.with(rowSize, bad), watched)).toBe(0);
    }
  },
);

describe("gatherRows", () => {
  const rows = Int32Array.of(3, 0, -1, 4, 3);

  test.each([1, 7, 12])("bytes of rows of %i become floats times the scale", async (rowSize) => {
    const bytes = Uint8Array.from(integers(5 * rowSize, 1, 0, 255));
    const words = new Uint32Array(Math.ceil(bytes.length / 4));
    new Uint8Array(words.buffer).set(bytes);
    const spec = gatherRows({ batch: 5, rowSize, dtype: "u8", scale: 0.25 }, traits);
    const expected = Array.from(rows).flatMap((row) =>
      Array.from({ length: rowSize }, (_, i) => (row < 0 ? 0 : (bytes[row * rowSize + i] as number) * 0.25)),
    );
    expect(plain(await outputOf(device, spec, [words, rows], 5 * rowSize))).toEqual(expected);
  });

  test.each([1, 7, 12])("floats of rows of %i are scaled, and a negative row is zeros", async (rowSize) => {
    const table = integers(5 * rowSize, 2);
    const spec = gatherRows({ batch: 5, rowSize, dtype: "f32", scale: 2 }, traits);
    const expected = Array.from(rows).flatMap((row) =>
      Array.from({ length: rowSize }, (_, i) => (row < 0 ? 0 : (table[row * rowSize + i] as number) * 2)),
    );
    expect(plain(await outputOf(device, spec, [table, rows], 5 * rowSize))).toEqual(plain(expected));
  });

  test.each([1, 8])("integers of rows of %i stay as they are, and a negative row is −1", async (rowSize) => {
    const table = Int32Array.from(integers(5 * rowSize, 3, 0, 9));
    const spec = gatherRows({ batch: 5, rowSize, dtype: "i32", scale: 1 }, traits);
    const expected = Array.from(rows).flatMap((row) =>
      Array.from({ length: rowSize }, (_, i) => (row < 0 ? -1 : (table[row * rowSize + i] as number))),
    );
    expect(plain(await integerOutputOf(device, spec, [table, rows], 5 * rowSize))).toEqual(expected);
  });
});

describe("recordStep", () => {
  test.each([0, 1])(
    "a guard of which element 99 is %i makes NaN of the first value where it is not 0",
    async (value) => {
      const spec = recordStep({ sizes: [1, 2], capacity: 2, counters: 1, guardSize: 100 }, traits);
      const results = await runKernel(device, spec, [
        Float32Array.of(5),
        Float32Array.of(6, 7),
        new Float32Array(6),
        Uint32Array.of(1),
        new Float32Array(100).with(99, value),
      ]);
      expect(plain(results[2] as Float32Array)).toEqual([0, 0, 0, value === 0 ? 5 : Number.NaN, 6, 7]);
      expect(plain(results[3] as Uint32Array)).toEqual([2]);
    },
  );

  test("values fill the ring's row of the first counter, and every counter grows by one", async () => {
    const spec = recordStep({ sizes: [1, 2, 100], capacity: 3, counters: 3 }, traits);
    const values = [Float32Array.of(5), Float32Array.of(6, 7), integers(100, 1)];
    const results = await runKernel(device, spec, [
      ...values,
      new Float32Array(3 * 103).fill(-1),
      Uint32Array.of(7),
      Uint32Array.of(100),
      Uint32Array.of(0xffffffff),
    ]);
    const [ring, ...counters] = results.slice(3) as [Float32Array, ...Uint32Array[]];
    const untouched = new Array<number>(103).fill(-1);
    expect(plain(ring)).toEqual([...untouched, 5, 6, 7, ...plain(values[2] as Float32Array), ...untouched]);
    expect(counters.map((counter) => counter[0])).toEqual([8, 101, 0]);
  });

  test("one value and one counter are enough", async () => {
    const spec = recordStep({ sizes: [1], capacity: 2, counters: 1 }, traits);
    const [, ring, counter] = await runKernel(device, spec, [
      Float32Array.of(5),
      new Float32Array(2),
      Uint32Array.of(0),
    ]);
    expect([...(ring as Float32Array), ...(counter as Uint32Array)]).toEqual([5, 0, 1]);
  });

  test("more buffers than WebGPU promises are refused", () => {
    expect(() => recordStep({ sizes: [1, 1, 1, 1, 1], capacity: 2, counters: 3 }, traits)).toThrow(
      "need 9 buffers, more than 8",
    );
  });
});
