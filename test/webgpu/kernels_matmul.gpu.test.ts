import { describe, expect, test } from "vitest";
import { threadsOf } from "../../src/webgpu/kernels/conv2d_staged.ts";
import { isNarrowProduct, narrowProduct } from "../../src/webgpu/kernels/matmul_narrow.ts";
import {
  isStagedProduct,
  PRODUCT_TILES,
  SHORT_PRODUCT_TILES,
  type StagedProductTile,
  stagedProduct,
  stagedProductTile,
} from "../../src/webgpu/kernels/matmul_staged.ts";
import { openDevice } from "../support/device.ts";
import { shareOf } from "../support/gpu.ts";
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

describe("on graphics cards, through workgroup memory", () => {
  const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];
  const stored = (transposeA: boolean, transposeB: boolean) => ({ transposeA, transposeB });
  const expectExact = async (
    wanted: { sizes: MatmulSizes; bias: boolean; relu: boolean },
    tile?: StagedProductTile,
  ) => {
    const { sizes: size, bias, relu } = wanted;
    const operands = [
      integers(size.m * size.k, 1),
      integers(size.k * size.n, 2),
      ...(bias ? [integers(size.n, 3)] : []),
    ];
    const [a, b, added] = operands as [Float32Array, Float32Array, Float32Array | undefined];
    const spec = isNarrowProduct(size, traits)
      ? narrowProduct(wanted, traits)
      : stagedProduct(wanted, traits, { tile });
    const got = await outputOf(device, spec, operands, size.m * size.n);
    const sums = product(a, b, size).values.map((value, i) => value + (added?.[i % size.n] ?? 0));
    expect(plain(got)).toEqual(plain(relu ? sums.map((value) => Math.max(0, value)) : sums));
  };

  // Rows, columns and K that fill vectors and turns, and that do not; tiles that are larger than the result too.
  const everyTile = PRODUCT_TILES.flatMap((tile, index) =>
    layouts
      .filter(({ transposeA, transposeB }) => (transposeA === transposeB) === (index % 2 === 0))
      .map((layout) => {
        const sizes = layout.transposeA ? { m: 37, n: 41, k: 135, ...layout } : { m: 36, n: 40, k: 128, ...layout };
        const isTooMany = tile.slices * threadsOf(tile) > traits.maxWorkgroupSize;
        return [sizes, isTooMany ? { ...tile, slices: 2 } : tile] as const;
      }),
  );
  // One short turn, along which both operands lie.
  const short = SHORT_PRODUCT_TILES.map(
    (tile) =>
      [
        { m: 38, n: 134, k: 10, ...stored(false, true) },
        { ...tile, kTile: 10 },
      ] as const,
  );
  const odd = layouts.map((layout) => [{ m: 19, n: 37, k: 7, ...layout }, undefined] as const);

  test.each([...shareOf([...everyTile, ...odd]), ...short])(
    "a product in every tile is exact on small integers: %o %o",
    (sizes, tile) => {
      const isSliced = (tile?.slices ?? 1) > 1;
      return expectExact({ sizes, bias: isSliced, relu: isSliced }, tile);
    },
  );

  test("the tile that is chosen gives a card work, and fits", () => {
    const chosen = (m: number, n: number, k: number, given = traits) =>
      stagedProductTile({ m, n, k, ...stored(false, false) }, given);
    const large = { ...traits, maxWorkgroupSize: 256 };
    expect(chosen(1024, 1024, 1024)).toEqual(PRODUCT_TILES[0]);
    expect(chosen(64, 512, 4096, large)).toMatchObject({ slices: 4 });
    expect(chosen(32, 32, 4096, large)).toMatchObject({ slices: 16 });
    expect(chosen(32, 32, 4096, { ...traits, maxWorkgroupSize: 64 })).toMatchObject({ slices: 1 });
    expect(stagedProductTile({ m: 64, n: 3136, k: 10, ...stored(false, true) }, traits)).toEqual({
      ...SHORT_PRODUCT_TILES[0],
      kTile: 10,
    });
    // Whatever its sizes: there is a tile, which the device has room for.
    const extents = [16, 17, 23, 31, 32, 33, 63, 64, 100, 4096];
    for (const given of [64, 128, 256].map((maxWorkgroupSize) => ({ ...traits, maxWorkgroupSize }))) {
      for (const m of extents) {
        for (const n of extents.slice(1)) {
          for (const k of [1, 4, 10, 16, 17, 128, 5000]) {
            for (const layout of layouts) {
              const tile = stagedProductTile({ m, n, k, ...layout }, given);
              expect(threadsOf(tile) * tile.slices).toBeLessThanOrEqual(given.maxWorkgroupSize);
            }
          }
        }
      }
    }
  });

  const narrow: readonly MatmulSizes[] = [
    // Dense layers that tell classes, of a batch that fills workgroups and one that does not.
    { m: 22, n: 10, k: 448, ...stored(false, false) },
    { m: 61, n: 3, k: 68, ...stored(false, false) },
    { m: 17, n: 12, k: 400, ...stored(false, false) },
    { m: 35, n: 1, k: 16, ...stored(false, false) },
    // The gradients of their weights.
    { m: 276, n: 10, k: 64, ...stored(true, false) },
    { m: 68, n: 12, k: 60, ...stored(true, false) },
    { m: 516, n: 7, k: 16, ...stored(true, false) },
    { m: 20, n: 1, k: 500, ...stored(true, false) },
  ];
  test.each(shareOf(narrow))("a product of few columns is exact on small integers: %o", async (sizes) => {
    expect(isNarrowProduct(sizes, traits)).toBe(traits.maxWorkgroupSize >= 128);
    const activated = sizes.k % 3 > 0;
    await expectExact({ sizes, bias: !sizes.transposeA, relu: activated });
  });

  test("which products they are for", () => {
    const of = (m: number, n: number, k: number, transposeA = false, transposeB = false) => ({
      m,
      n,
      k,
      ...stored(transposeA, transposeB),
    });
    const is = (size: MatmulSizes, given = traits) => [isNarrowProduct(size, given), isStagedProduct(size, given)];
    expect(is(of(64, 10, 3136))).toEqual([true, false]);
    expect(is(of(64, 10, 3137))).toEqual([false, false]);
    expect(is(of(64, 10, 64, false, true))).toEqual([false, false]);
    expect(is(of(62, 10, 64, true))).toEqual([false, false]);
    expect(is(of(64, 13, 64))).toEqual([false, false]);
    expect(is(of(64, 17, 1))).toEqual([false, true]);
    expect(is(of(15, 512, 512))).toEqual([false, false]);
    for (const size of [of(64, 10, 3136), of(64, 512, 512)]) {
      expect(is(size, { ...traits, software: true })).toEqual([false, false]);
      expect(is(size, { ...traits, maxWorkgroupSize: 32 })).toEqual([false, false]);
    }
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
