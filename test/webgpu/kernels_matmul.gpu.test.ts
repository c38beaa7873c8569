import { describe, expect, test } from "vitest";
import { openDevice } from "../support/device.ts";
import { type MatmulSizes, matmul, matmulBias, sumSlices } from "../support/kernels.ts";
import { expectNear, integers, outputOf, plain, traitsOfEachKind, uniform } from "./kernels_support.ts";

const device = await openDevice();

/** The product in f64, and Σ|a||b| for the tolerance. */
function product(a: Float32Array, b: Float32Array, { m, n, k, transposeA, transposeB }: MatmulSizes) {
  const values = new Float64Array(m * n);
  const magnitudes = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let [sum, magnitude] = [0, 0];
      for (let i = 0; i < k; i++) {
        const left = a[transposeA ? i * m + row : row * k + i] as number;
        const right = b[transposeB ? column * k + i : i * n + column] as number;
        sum += left * right;
        magnitude += Math.abs(left * right);
      }
      values[row * n + column] = sum;
      magnitudes[row * n + column] = magnitude;
    }
  }
  return { values, magnitudes };
}

const sizes: readonly [number, number, number][] = [
  [1, 1, 1],
  [1, 10, 64],
  [3, 4, 5],
  [7, 13, 4],
  [61, 9, 33],
  [64, 64, 32],
  // Few results of long sums: threads share a tile.
  [4, 4, 1000],
  [9, 10, 403],
  // Many results: the large tile, of graphics cards from 4,096 of its threads on, of software from 20 MFLOP on.
  [523, 515, 41],
  [520, 516, 40],
];
const layouts = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  describe.each(layouts)("$transposeA $transposeB", (layout) => {
    test.each(sizes)("[%i × %i] from sums of %i is exact on small integers", async (m, n, k) => {
      const size = { m, n, k, ...layout };
      const a = integers(m * k, 1);
      const b = integers(k * n, 2);
      const got = await outputOf(device, matmul(size, traits), [a, b], m * n);
      expect(plain(got)).toEqual(plain(product(a, b, size).values));
    });
  });

  test.each<[number, number, number, boolean]>([
    [61, 10, 784, false],
    [16, 32, 20, true],
    [5, 7, 9, true],
  ])("matmulBias %i × %i, K %i, ReLU %j adds the bias to every row", async (m, n, k, relu) => {
    const size = { m, n, k, transposeA: false, transposeB: false };
    const [a, b, bias] = [integers(m * k, 1), integers(k * n, 2), integers(n, 3)];
    const got = await outputOf(device, matmulBias({ ...size, relu }, traits), [a, b, bias], m * n);
    const expected = product(a, b, size).values.map((value, i) => value + (bias[i % n] as number));
    expect(plain(got)).toEqual(plain(relu ? expected.map((value) => Math.max(0, value)) : expected));
  });

  test("[64 × 3136]·[3136 × 10] stays within 8·√K·2⁻²⁴·Σ|a||b|", async () => {
    const size = { m: 64, n: 10, k: 3136, transposeA: false, transposeB: false };
    const [a, b] = [uniform(size.m * size.k, 1), uniform(size.k * size.n, 2)];
    const { values, magnitudes } = product(a, b, size);
    const got = await outputOf(device, matmul(size, traits), [a, b], 640);
    expectNear(
      got,
      values,
      magnitudes.map((magnitude) => 8 * Math.sqrt(size.k) * 2 ** -24 * magnitude),
    );
  });
});

test.each<[number, number, number]>([
  [10, 7, 10],
  [64, 5, 64],
  [12, 3, 64],
  [1, 1, 1],
])("sumSlices of %i elements in %i slices, %i apart, adds each element's slices", async (size, slices, sliceStride) => {
  const [, traits] = traitsOfEachKind[0] as (typeof traitsOfEachKind)[number];
  const partials = integers(slices * sliceStride, 4);
  const expected = Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let slice = 0; slice < slices; slice++) sum += partials[slice * sliceStride + i] as number;
    return sum;
  });
  const got = await outputOf(device, sumSlices({ size, slices, sliceStride }, traits), [partials], size);
  expect(plain(got)).toEqual(plain(expected));
});
