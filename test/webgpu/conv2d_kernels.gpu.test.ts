import { describe, expect, test } from "vitest";
import { type ConvGeometry, convGeometry, type Padding, type Pair } from "../../src/core/window_geometry.ts";
import {
  fewChannelsFilterGradient,
  fewChannelsForward,
  fewChannelsSlices,
} from "../../src/webgpu/kernels/conv2d_few_channels.ts";
import { STAGED_TILES, stagedForward } from "../../src/webgpu/kernels/conv2d_staged.ts";
import { stagedFilterGradient, stagedInputGradient } from "../../src/webgpu/kernels/conv2d_staged_gradients.ts";
import type { BlockTile } from "../../src/webgpu/kernels/conv2d_tiles.ts";
import {
  conv2dFilterGradient,
  conv2dForward,
  conv2dInputGradient,
  conv2dPoolForward,
  filterGradientSlices,
} from "../support/convolutions.ts";
import { openDevice } from "../support/device.ts";
import { shareOf, shareWords } from "../support/gpu.ts";
import { runKernel } from "../support/run_kernel.ts";
import { integers, outputOf, plain, traitsOfEachKind } from "./kernels_support.ts";

const device = await openDevice();

interface Case {
  readonly name: string;
  readonly input: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly dilations?: Pair;
  readonly groups?: number;
}

// Between them: batches of 1 and 61, odd and oblong images, one pixel, even kernels, kernels smaller than the stride,
// dilation, uneven padding, groups, depthwise, and channels that do and do not fill vectors.
const CASES: readonly Case[] = [
  { name: "first layer, odd images", input: [2, 27, 29, 1], filter: [3, 3, 1, 5], padding: "same" },
  { name: "inner layer", input: [3, 6, 14, 32], filter: [3, 3, 32, 33], padding: "same" },
  { name: "whole vectors", input: [61, 4, 5, 8], filter: [3, 3, 8, 12] },
  {
    name: "colour, even kernel, uneven padding",
    input: [2, 7, 6, 3],
    filter: [2, 4, 3, 8],
    padding: [
      [2, 0],
      [1, 3],
    ],
  },
  { name: "1 × 1 kernel on 1 × 1 images", input: [5, 1, 1, 5], filter: [1, 1, 5, 33] },
  { name: "1 × 1 kernel", input: [1, 3, 9, 12], filter: [1, 1, 12, 16] },
  { name: "strides", input: [2, 9, 11, 4], filter: [3, 3, 4, 8], strides: [2, 3], padding: "same" },
  { name: "stride beyond the kernel", input: [1, 11, 10, 3], filter: [2, 1, 3, 4], strides: [3, 4] },
  {
    name: "strides, groups of vectors, padding beyond the kernel",
    input: [1, 7, 6, 8],
    filter: [3, 2, 4, 6],
    strides: [2, 1],
    groups: 2,
    padding: [
      [4, 0],
      [0, 3],
    ],
  },
  { name: "dilation", input: [1, 9, 12, 4], filter: [3, 2, 4, 4], dilations: [2, 3], padding: "same" },
  { name: "groups of vectors", input: [2, 5, 6, 8], filter: [3, 3, 4, 16], groups: 2, padding: "same" },
  { name: "groups that split vectors", input: [2, 5, 6, 6], filter: [3, 3, 2, 9], groups: 3, padding: "same" },
  { name: "depthwise", input: [2, 6, 5, 8], filter: [3, 3, 1, 8], groups: 8, padding: "same" },
  { name: "depthwise, two filters each", input: [1, 6, 5, 3], filter: [5, 3, 1, 6], groups: 3, padding: "same" },
  { name: "large kernel", input: [1, 8, 9, 3], filter: [7, 7, 3, 4], padding: "same" },
];

function geometryOf({ name, input, filter, strides, padding, dilations, groups }: Case): ConvGeometry {
  return convGeometry(name, input, filter, {
    strides: strides ?? [1, 1],
    padding: padding ?? "valid",
    dilations: dilations ?? [1, 1],
    groups: groups ?? 1,
  });
}

const at = (data: ArrayLike<number>, index: number): number => data[index] as number;

/** Calls `visit` with the places in input, filter and output of every product that the convolution adds up. */
function forEachProduct(g: ConvGeometry, visit: (input: number, filter: number, output: number) => void): void {
  for (let image = 0; image < g.batch; image++) {
    for (let outY = 0; outY < g.outHeight; outY++) {
      for (let outX = 0; outX < g.outWidth; outX++) {
        const outPixel = (image * g.outHeight + outY) * g.outWidth + outX;
        for (let kernelY = 0; kernelY < g.kernelHeight; kernelY++) {
          const inY = outY * g.strideHeight + kernelY * g.dilationHeight - g.padTop;
          if (inY < 0 || inY >= g.inHeight) continue;
          for (let kernelX = 0; kernelX < g.kernelWidth; kernelX++) {
            const inX = outX * g.strideWidth + kernelX * g.dilationWidth - g.padLeft;
            if (inX < 0 || inX >= g.inWidth) continue;
            const inPixel = (image * g.inHeight + inY) * g.inWidth + inX;
            const tap = kernelY * g.kernelWidth + kernelX;
            for (let i = 0; i < g.groupInChannels; i++) {
              for (let out = 0; out < g.outChannels; out++) {
                const group = Math.floor(out / g.groupOutChannels);
                visit(
                  inPixel * g.inChannels + group * g.groupInChannels + i,
                  (tap * g.groupInChannels + i) * g.outChannels + out,
                  outPixel * g.outChannels + out,
                );
              }
            }
          }
        }
      }
    }
  }
}

interface Sizes {
  input: number;
  filter: number;
  output: number;
  pooledPixels: number;
  pooled: number;
  winnerWords: number;
}

function sizesOf(g: ConvGeometry): Sizes {
  const pooledPixels = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  return {
    input: g.batch * g.inHeight * g.inWidth * g.inChannels,
    filter: g.kernelHeight * g.kernelWidth * g.groupInChannels * g.outChannels,
    output: g.batch * g.outHeight * g.outWidth * g.outChannels,
    pooledPixels,
    pooled: pooledPixels * g.outChannels,
    winnerWords: pooledPixels * Math.ceil(g.outChannels / 4),
  };
}

/** Place in the full-size result of pixel `place` of a pooled value's window. */
function windowPlace(g: ConvGeometry, pooled: number, place: number): number {
  const [height, width] = [g.outHeight >> 1, g.outWidth >> 1];
  const pixel = Math.floor(pooled / g.outChannels);
  const x = (pixel % width) * 2 + (place % 2);
  const y = (Math.floor(pixel / width) % height) * 2 + (place >> 1);
  const image = Math.floor(pixel / (width * height));
  return ((image * g.outHeight + y) * g.outWidth + x) * g.outChannels + (pooled % g.outChannels);
}

/** Codes 0–4 of every pooled value, packed as the kernels pack them. */
function packWinners(g: ConvGeometry, codes: ArrayLike<number>): Uint32Array<ArrayBuffer> {
  const { pooledPixels, winnerWords } = sizesOf(g);
  const bytes = new Uint8Array(winnerWords * 4).fill(4);
  const wordsOfPixel = Math.ceil(g.outChannels / 4);
  for (let pixel = 0; pixel < pooledPixels; pixel++) {
    for (let channel = 0; channel < g.outChannels; channel++) {
      bytes[pixel * wordsOfPixel * 4 + channel] = at(codes, pixel * g.outChannels + channel);
    }
  }
  return new Uint32Array(bytes.buffer);
}

function unpooled(g: ConvGeometry, pooled: Float32Array, codes: ArrayLike<number>): Float32Array {
  const full = new Float32Array(sizesOf(g).output);
  pooled.forEach((value, index) => {
    const code = at(codes, index);
    if (code < 4) full[windowPlace(g, index, code)] = value;
  });
  return full;
}

function convolved(
  g: ConvGeometry,
  input: Float32Array,
  filter: Float32Array,
  bias: Float32Array,
  relu: boolean,
): Float32Array {
  const output = new Float32Array(sizesOf(g).output).map((_, index) => at(bias, index % g.outChannels));
  forEachProduct(g, (i, f, o) => (output[o] = at(output, o) + at(input, i) * at(filter, f)));
  return relu ? output.map((value) => Math.max(0, value)) : output;
}

function pooledWithCodes(g: ConvGeometry, full: Float32Array): { pooled: number[]; codes: number[] } {
  const pooled: number[] = [];
  const codes: number[] = [];
  for (let index = 0; index < sizesOf(g).pooled; index++) {
    const window = [0, 1, 2, 3].map((place) => at(full, windowPlace(g, index, place)));
    const most = Math.max(...window);
    pooled.push(Math.max(0, most));
    codes.push(most > 0 ? window.indexOf(most) : 4);
  }
  return { pooled, codes };
}

interface Data {
  g: ConvGeometry;
  sizes: Sizes;
  input: Float32Array<ArrayBuffer>;
  filter: Float32Array<ArrayBuffer>;
  bias: Float32Array<ArrayBuffer>;
  upstream: Float32Array<ArrayBuffer>;
  pooledUpstream: Float32Array<ArrayBuffer>;
  codes: Float32Array<ArrayBuffer>;
  winners: Uint32Array<ArrayBuffer>;
}

// Sums are whole numbers far below 2²⁴: exact in f32, whatever their order.
function dataOf(one: Case): Data {
  const g = geometryOf(one);
  const sizes = sizesOf(g);
  const codes = integers(sizes.pooled, 6, 0, 4);
  return {
    g,
    sizes,
    input: integers(sizes.input, 1),
    filter: integers(sizes.filter, 2),
    bias: integers(g.outChannels, 3),
    upstream: integers(sizes.output, 4),
    pooledUpstream: integers(sizes.pooled, 5),
    codes,
    winners: packWinners(g, codes),
  };
}

type Kind = (typeof traitsOfEachKind)[number];

const hasPool = ({ g }: Data): boolean => g.outHeight > 1 && g.outWidth > 1;

/** Exactly equal everywhere; says where the first difference is. */
function expectSame(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    if (at(got, i) !== at(expected, i))
      throw new Error(`value ${i} of ${got.length} is ${at(got, i)}, expected ${at(expected, i)}`);
  }
}

const aligned = (size: number): number => Math.ceil(size / 64) * 64;

/** Adds up the slices that a filter gradient leaves. */
function summed(partials: Float32Array, size: number, slices: number): number[] {
  return Array.from({ length: size }, (_, index) => {
    let sum = 0;
    for (let slice = 0; slice < slices; slice++) sum += at(partials, slice * aligned(size) + index);
    return sum;
  });
}

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  describe.each(CASES)("$name", (one) => {
    const data = dataOf(one);
    const { g, sizes, input, filter, bias, upstream, pooledUpstream, codes, winners } = data;

    test("forward, with bias and ReLU", async () => {
      const spec = conv2dForward({ geometry: g, bias: true, relu: true }, traits);
      const got = await outputOf(device, spec, [input, filter, bias], sizes.output);
      expectSame(got, convolved(g, input, filter, bias, true));
    });

    test.each(hasPool(data) ? [[]] : [])("forward with pool: values and winners", async () => {
      const spec = conv2dPoolForward({ geometry: g, bias: true, relu: true }, traits);
      const [pooled, won] = (
        await runKernel(device, spec, [
          input,
          filter,
          bias,
          new Float32Array(sizes.pooled),
          new Uint32Array(sizes.winnerWords),
        ])
      ).slice(3) as [Float32Array, Uint32Array];
      const expected = pooledWithCodes(g, convolved(g, input, filter, bias, false));
      expectSame(pooled, expected.pooled);
      expectSame(won, packWinners(g, expected.codes));
    });

    test.each(hasPool(data) ? [false, true] : [false])("input gradient, behind a pool: %s", async (unpool) => {
      const spec = conv2dInputGradient({ geometry: g, unpool }, traits);
      const operands = unpool ? [pooledUpstream, winners, filter] : [upstream, filter];
      const got = await outputOf(device, spec, operands, sizes.input);
      const full = unpool ? unpooled(g, pooledUpstream, codes) : upstream;
      const expected = new Float32Array(sizes.input);
      forEachProduct(g, (i, f, o) => (expected[i] = at(expected, i) + at(full, o) * at(filter, f)));
      expectSame(got, expected);
    });

    test.each(hasPool(data) ? [false, true] : [false])(
      "filter and bias gradients, behind a pool: %s",
      async (unpool) => {
        const slices = filterGradientSlices(g, unpool, traits);
        const spec = conv2dFilterGradient({ geometry: g, unpool, bias: true, slices }, traits);
        const operands = unpool ? [input, pooledUpstream, winners] : [input, upstream];
        const partials = [sizes.filter, g.outChannels].map((size) => new Float32Array(slices * aligned(size)).fill(-7));
        const [filters, biases] = (await runKernel(device, spec, [...operands, ...partials])).slice(-2) as [
          Float32Array,
          Float32Array,
        ];
        const full = unpool ? unpooled(g, pooledUpstream, codes) : upstream;
        const expected = new Float32Array(sizes.filter);
        forEachProduct(g, (i, f, o) => (expected[f] = at(expected, f) + at(input, i) * at(full, o)));
        expectSame(summed(filters, sizes.filter, slices), expected);
        const channelSums = new Float32Array(g.outChannels);
        for (const [index, value] of full.entries()) {
          channelSums[index % g.outChannels] = at(channelSums, index % g.outChannels) + value;
        }
        expectSame(summed(biases, g.outChannels, slices), channelSums);
      },
    );
  });
});

describe("the filter gradient's slices", () => {
  const g = geometryOf({ name: "slices", input: [3, 5, 6, 4], filter: [3, 3, 4, 8], padding: "same" });
  const { sizes, input, upstream } = dataOf({
    name: "slices",
    input: [3, 5, 6, 4],
    filter: [3, 3, 4, 8],
    padding: "same",
  });
  const expected = new Float32Array(sizes.filter);
  forEachProduct(g, (i, f, o) => (expected[f] = at(expected, f) + at(input, i) * at(upstream, o)));
  const [[, gpu]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];

  test.each([1, 2, 7, 40])("%i of them add up to the gradient, also where some have nothing to add", async (slices) => {
    const spec = conv2dFilterGradient({ geometry: g, unpool: false, bias: false, slices }, gpu);
    const partials = new Float32Array(slices * aligned(sizes.filter)).fill(-7);
    const [got] = (await runKernel(device, spec, [input, upstream, partials])).slice(-1) as [Float32Array];
    expectSame(summed(got, sizes.filter, slices), expected);
  });
});

interface TileCase extends Case {
  readonly kind: "GPU" | "software";
  readonly tile: Partial<BlockTile>;
}

// What large work on software adapters and whole vectors on GPUs choose: blocks that divide a row or not, or span it whole.
const LARGE_TILES = (
  [
    ["GPU", { width: 4, vectors: 2, unit: 4 }],
    ["GPU", { width: 2, tapRows: 3 }],
    ["software", { width: 14, vectors: 2, unit: 1, tapRows: 1 }],
    ["software", { width: 6, vectors: 1, unit: 1, tapRows: 3 }],
    ["software", { width: 16, vectors: 1, unit: 1, tapRows: 3 }],
  ] as const
).map(
  ([kind, tile]): TileCase => ({
    name: `of ${Object.entries(tile).join(" ")}, ${shareWords}`,
    kind,
    tile,
    input: [2, 7, 15, 8],
    filter: [3, 3, 8, 16],
    padding: "same",
  }),
);
// Taps of all rows in one turn, unlike steps apart along rows and columns: for each way in which channels map to vectors.
const DILATED = { dilations: [2, 3], padding: "same", tile: { width: 2, vectors: 1, unit: 1, tapRows: 3 } } as const;
const DILATED_TILES: readonly TileCase[] = [
  {
    ...DILATED,
    name: "dilated, whole vectors",
    kind: "GPU",
    input: [1, 9, 12, 8],
    filter: [3, 2, 8, 4],
    tile: { ...DILATED.tile, unit: 4 },
  },
  { ...DILATED, name: "dilated, odd channels", kind: "software", input: [1, 9, 12, 3], filter: [3, 2, 3, 5] },
  {
    ...DILATED,
    name: "dilated, depthwise",
    kind: "software",
    input: [1, 9, 12, 8],
    filter: [3, 2, 1, 8],
    groups: 8,
  },
  {
    ...DILATED,
    name: "dilated, groups that split vectors",
    kind: "GPU",
    input: [1, 9, 12, 6],
    filter: [3, 2, 2, 9],
    groups: 3,
  },
];
describe.each([...shareOf(LARGE_TILES), ...DILATED_TILES])("$kind, tile $name", ({ kind, tile, ...one }) => {
  const { g, sizes, input, filter, bias, upstream, pooledUpstream, codes, winners } = dataOf(one);
  const [[, gpu], [, software]] = traitsOfEachKind as [Kind, Kind];
  const traits = kind === "GPU" ? gpu : software;

  test("forward, with and without pool", async () => {
    const spec = conv2dForward({ geometry: g, bias: true, relu: true }, traits, tile);
    expectSame(
      await outputOf(device, spec, [input, filter, bias], sizes.output),
      convolved(g, input, filter, bias, true),
    );
    const pool = conv2dPoolForward({ geometry: g, bias: true, relu: true }, traits, tile);
    const buffers = [input, filter, bias, new Float32Array(sizes.pooled), new Uint32Array(sizes.winnerWords)];
    const [pooled, won] = (await runKernel(device, pool, buffers)).slice(3) as [Float32Array, Uint32Array];
    const expected = pooledWithCodes(g, convolved(g, input, filter, bias, false));
    expectSame(pooled, expected.pooled);
    expectSame(won, packWinners(g, expected.codes));
  });

  test.each([false, true])("gradients, behind a pool: %s", async (unpool) => {
    const full = unpool ? unpooled(g, pooledUpstream, codes) : upstream;
    const arriving = unpool ? [pooledUpstream, winners] : [upstream];
    const spec = conv2dInputGradient({ geometry: g, unpool }, traits, tile);
    const inputGradient = new Float32Array(sizes.input);
    const filterGradient = new Float32Array(sizes.filter);
    forEachProduct(g, (i, f, o) => {
      inputGradient[i] = at(inputGradient, i) + at(full, o) * at(filter, f);
      filterGradient[f] = at(filterGradient, f) + at(full, o) * at(input, i);
    });
    expectSame(await outputOf(device, spec, [...arriving, filter], sizes.input), inputGradient);
    // The filter gradient's blocks are narrow, or rows.
    const width = tile.width === 16 ? 16 : 2;
    const sums = conv2dFilterGradient({ geometry: g, unpool, bias: false, slices: 1 }, traits, { ...tile, width });
    expectSame(await outputOf(device, sums, [input, ...arriving], sizes.filter), filterGradient);
  });
});

// Last tiles of pixels and of channels that are not full, rows that end within a tile, windows and strides that leave pixels out.
const STAGED: readonly Case[] = [
  { name: "same padding", input: [3, 7, 9, 16], filter: [3, 3, 16, 40], padding: "same" },
  { name: "strides and dilation", input: [2, 11, 10, 24], filter: [2, 3, 24, 72], strides: [2, 1], dilations: [2, 3] },
  {
    name: "dilation, uneven padding",
    input: [2, 6, 9, 24],
    filter: [3, 2, 24, 32],
    dilations: [2, 3],
    padding: "same",
  },
  { name: "1 × 1 kernel", input: [1, 5, 4, 16], filter: [1, 1, 16, 16] },
];
describe.each(STAGED)("staged in workgroup memory: $name", (one) => {
  const { g, sizes, input, filter, bias } = dataOf(one);
  const [[, traits]] = traitsOfEachKind as [Kind];
  const tiles = STAGED_TILES.map((tile, index) => [index, tile] as const);
  const specOf = (pool: boolean, tile: (typeof STAGED_TILES)[number]) => {
    const spec = stagedForward({ geometry: g, bias: true, relu: true, pool }, traits, tile);
    if (spec === undefined) throw new Error("no kernel for this convolution");
    return spec;
  };

  test.each(tiles)("forward, tile %i", async (_, tile) => {
    const got = await outputOf(device, specOf(false, tile), [input, filter, bias], sizes.output);
    expectSame(got, convolved(g, input, filter, bias, true));
  });

  test.each(tiles)("forward with pool, tile %i", async (_, tile) => {
    const buffers = [input, filter, bias, new Float32Array(sizes.pooled), new Uint32Array(sizes.winnerWords)];
    const [pooled, won] = (await runKernel(device, specOf(true, tile), buffers)).slice(3) as [
      Float32Array,
      Uint32Array,
    ];
    const expected = pooledWithCodes(g, convolved(g, input, filter, bias, false));
    expectSame(pooled, expected.pooled);
    expectSame(won, packWinners(g, expected.codes));
  });
});

describe.each(STAGED.filter(({ strides }) => strides === undefined))("staged in workgroup memory: $name", (one) => {
  const { g, sizes, filter, upstream, pooledUpstream, codes, winners } = dataOf(one);
  const [[, traits]] = traitsOfEachKind as [Kind];
  const tiles = STAGED_TILES.flatMap((tile, index) => [false, true].map((unpool) => [index, unpool, tile] as const));

  test.each(tiles)("input gradient, tile %i, behind a pool: %s", async (_, unpool, tile) => {
    const spec = stagedInputGradient({ geometry: g, unpool }, traits, tile);
    if (spec === undefined) throw new Error("no kernel for this convolution");
    const full = unpool ? unpooled(g, pooledUpstream, codes) : upstream;
    const expected = new Float32Array(sizes.input);
    forEachProduct(g, (i, f, o) => (expected[i] = at(expected, i) + at(full, o) * at(filter, f)));
    const operands = unpool ? [pooledUpstream, winners, filter] : [upstream, filter];
    expectSame(await outputOf(device, spec, operands, sizes.input), expected);
  });
});

describe.each(STAGED)("staged in workgroup memory: $name", (one) => {
  const { g, sizes, input, upstream, pooledUpstream, codes, winners } = dataOf(one);
  const [[, traits]] = traitsOfEachKind as [Kind];
  const tiles = STAGED_TILES.flatMap((tile, index) =>
    [false, true].flatMap((unpool) =>
      [
        [1, 8],
        [3, 16],
      ].map(([slices = 1, kTile = 8]) => [index, slices, unpool, { ...tile, kTile }] as const),
    ),
  );

  test.each(tiles)(
    "filter and bias gradients, tile %i, slices %i, behind a pool: %s",
    async (_, slices, unpool, tile) => {
      const spec = stagedFilterGradient({ geometry: g, unpool, bias: true, slices }, traits, tile);
      if (spec === undefined) throw new Error("no kernel for this convolution");
      const operands = unpool ? [input, pooledUpstream, winners] : [input, upstream];
      const partials = [sizes.filter, g.outChannels].map((size) => new Float32Array(slices * aligned(size)).fill(-7));
      const [filters, biases] = (await runKernel(device, spec, [...operands, ...partials])).slice(-2) as [
        Float32Array,
        Float32Array,
      ];
      const full = unpool ? unpooled(g, pooledUpstream, codes) : upstream;
      const expected = new Float32Array(sizes.filter);
      forEachProduct(g, (i, f, o) => (expected[f] = at(expected, f) + at(input, i) * at(full, o)));
      expectSame(summed(filters, sizes.filter, slices), expected);
      const channelSums = new Float32Array(g.outChannels);
      for (const [index, value] of full.entries()) {
        channelSums[index % g.outChannels] = at(channelSums, index % g.outChannels) + value;
      }
      expectSame(summed(biases, g.outChannels, slices), channelSums);
    },
  );
});

/** What conv2d_few_channels_filter_gradient.wgsl is for: images of 1 to 4 channels, odd places, blocks beyond the edge, one and many slices. */
const FEW_CHANNELS: readonly Case[] = [
  { name: "grey", input: [2, 28, 26, 1], filter: [3, 3, 1, 32], padding: "same" },
  {
    name: "colours, odd places, part of a column group",
    input: [2, 13, 15, 3],
    filter: [3, 3, 3, 36],
    padding: "same",
  },
  { name: "strides", input: [3, 12, 17, 2], filter: [3, 2, 2, 4], strides: [2, 3] },
  { name: "dilation, four channels, one pixel across", input: [2, 9, 5, 4], filter: [2, 3, 4, 8], dilations: [3, 2] },
];
describe.each(FEW_CHANNELS)("filter gradient of few channels: $name", (one) => {
  const { g, sizes, input, upstream, pooledUpstream, codes, winners } = dataOf(one);
  const [[, traits]] = traitsOfEachKind as [Kind];

  test.each([false, true].filter((unpool) => !unpool || sizes.pooled > 0))("behind a pool: %s", async (unpool) => {
    const slices = fewChannelsSlices(g, unpool, traits);
    if (slices === undefined) throw new Error("no kernel for this convolution");
    expect(fewChannelsFilterGradient({ geometry: g, unpool, bias: true, slices: slices + 1 }, traits)).toBe(undefined);
    const spec = fewChannelsFilterGradient({ geometry: g, unpool, bias: true, slices }, traits);
    if (spec === undefined) throw new Error("no kernel for this convolution");
    const operands = unpool ? [input, pooledUpstream, winners] : [input, upstream];
    const partials = [sizes.filter, g.outChannels].map((size) => new Float32Array(slices * aligned(size)).fill(-7));
    const [filters, biases] = (await runKernel(device, spec, [...operands, ...partials])).slice(-2) as [
      Float32Array,
      Float32Array,
    ];
    const full = unpool ? unpooled(g, pooledUpstream, codes) : upstream;
    const expected = new Float32Array(sizes.filter);
    forEachProduct(g, (i, f, o) => (expected[f] = at(expected, f) + at(input, i) * at(full, o)));
    expectSame(summed(filters, sizes.filter, slices), expected);
    const channelSums = new Float32Array(g.outChannels);
    for (const [index, value] of full.entries()) {
      channelSums[index % g.outChannels] = at(channelSums, index % g.outChannels) + value;
    }
    expectSame(summed(biases, g.outChannels, slices), channelSums);
  });
});

/** What conv2d_few_channels.wgsl is for: one channel, with and without edges that blocks pass. */
const GREY: readonly Case[] = [
  { name: "whole blocks", input: [2, 16, 20, 1], filter: [3, 3, 1, 32], padding: "same" },
  { name: "odd places, part of a column group", input: [3, 13, 15, 1], filter: [3, 3, 1, 36], padding: "same" },
  { name: "strides and dilation", input: [2, 17, 22, 1], filter: [2, 3, 1, 4], strides: [2, 1], dilations: [1, 3] },
];
describe.each(GREY)("forward of one channel: $name", (one) => {
  const { g, sizes, input, filter, bias } = dataOf(one);
  const [[, traits]] = traitsOfEachKind as [Kind];
  const specOf = (pool: boolean, relu: boolean) => {
    const spec = fewChannelsForward({ geometry: g, bias: true, relu, pool }, traits);
    if (spec === undefined) throw new Error("no kernel for this convolution");
    return spec;
  };

  test.each([false, true])("ReLU: %s", async (relu) => {
    const got = await outputOf(device, specOf(false, relu), [input, filter, bias], sizes.output);
    expectSame(got, convolved(g, input, filter, bias, relu));
  });

  test("with pool", async () => {
    const buffers = [input, filter, bias, new Float32Array(sizes.pooled), new Uint32Array(sizes.winnerWords)];
    const [pooled, won] = (await runKernel(device, specOf(true, true), buffers)).slice(3) as [
      Float32Array,
      Uint32Array,
    ];
    const expected = pooledWithCodes(g, convolved(g, input, filter, bias, false));
    expectSame(pooled, expected.pooled);
    expectSame(won, packWinners(g, expected.codes));
  });
});

test("the filter gradient of few channels is for graphics cards and small filters, and gives a card work", () => {
  const [[, traits]] = traitsOfEachKind as [Kind];
  const of = (channels: number, size: number, out: number, given = traits) =>
    fewChannelsSlices(
      dataOf({ name: "", input: [2, 12, 12, channels], filter: [size, size, channels, out] }).g,
      false,
      given,
    );
  expect(of(4, 3, 8)).toBeGreaterThan(0);
  expect(of(5, 3, 8)).toBe(undefined);
  expect(of(3, 5, 8)).toBe(undefined);
  expect(of(3, 3, 6)).toBe(undefined);
  expect(of(3, 3, 8, { ...traits, software: true })).toBe(undefined);
  const reference = { name: "", input: [64, 28, 28, 1], filter: [3, 3, 1, 32], padding: "same" } as const;
  const options = { strides: [1, 1], dilations: [1, 1], groups: 1, padding: reference.padding } as const;
  expect(fewChannelsSlices(convGeometry("", reference.input, reference.filter, options), true, traits)).toBeGreaterThan(
    128,
  );
});

describe("the input gradient with strides, in software tiles", () => {
  const [, [, traits]] = traitsOfEachKind as [Kind, Kind];
  const { g, sizes, filter, upstream } = dataOf({
    name: "phases",
    input: [1, 9, 13, 8],
    filter: [3, 3, 8, 8],
    strides: [2, 2],
    padding: "same",
  });

  // What large work takes, and what small work does.
  test.each<Partial<BlockTile>>([
    { width: 8, unit: 4 },
    { width: 4, unit: 1 },
  ])("runs in phases of tile %o", async (tile) => {
    const spec = conv2dInputGradient({ geometry: g, unpool: false }, traits, tile);
    expect(spec.name).toBe("conv2d_input_gradient_phases");
    const expected = new Float32Array(sizes.input);
    forEachProduct(g, (i, f, o) => (expected[i] = at(expected, i) + at(upstream, o) * at(filter, f)));
    expectSame(await outputOf(device, spec, [upstream, filter], sizes.input), expected);
  });
});

describe("pool ties", () => {
  const one: Case = { name: "ties", input: [1, 4, 4, 1], filter: [1, 1, 1, 4] };
  const g = geometryOf(one);

  test.each(traitsOfEachKind)(
    "%s: the first of equal maxima wins, and nothing wins at or below zero",
    async (_, traits) => {
      const input = Float32Array.of(1, 1, 0, 2, 1, 1, 2, 2, -1, 0, -3, -3, 0, -1, -3, -2);
      const filter = Float32Array.of(1, -1, 0, 2);
      const bias = new Float32Array(4);
      const spec = conv2dPoolForward({ geometry: g, bias: true, relu: true }, traits);
      const [pooled, won] = (
        await runKernel(device, spec, [input, filter, bias, new Float32Array(16), new Uint32Array(4)])
      ).slice(3);
      expect(plain(pooled as Float32Array)).toEqual([1, 0, 0, 2, 2, 0, 0, 4, 0, 1, 0, 0, 0, 3, 0, 0]);
      const codes = [0, 4, 4, 0, 1, 4, 4, 1, 4, 0, 4, 4, 4, 0, 4, 4];
      expect(Array.from(won as Uint32Array)).toEqual(Array.from(packWinners(g, codes)));
    },
  );
});
