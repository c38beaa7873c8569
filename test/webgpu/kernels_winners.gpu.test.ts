import { describe, expect, test } from "vitest";
import { type ConvGeometry, convGeometry, type Padding, type Pair } from "../../src/core/window_geometry.ts";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { webgpu } from "../../src/index.ts";
import { halfIncludes } from "../../src/webgpu/half_storage.ts";
import type { FilterGradientTile } from "../../src/webgpu/kernels/filter_gradient_tiles.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { otherTiles } from "../../src/webgpu/other_tiles.ts";
import { buildProgram } from "../../src/webgpu/program.ts";
import { conv2dFilterGradient, conv2dPoolForward, filterGradientSlices } from "../support/convolutions.ts";
import { openDevice } from "../support/device.ts";
import { convOptions } from "../support/random.ts";
import { runKernel } from "../support/run_kernel.ts";
import { expectNear, integers, plain, traitsOfEachKind, uniform } from "./kernels_support.ts";

const device = await openDevice();

interface Case {
  readonly name: string;
  readonly input: readonly [number, number, number, number];
  readonly kernel: Pair;
  readonly filters: number;
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly dilations?: Pair;
  readonly tile?: Partial<FilterGradientTile>;
}

const CASES: readonly Case[] = [
  { name: "first layer, odd image", input: [3, 9, 15, 1], kernel: [3, 3], filters: 8, padding: "same" },
  {
    name: "colour, two windows at a time of an odd row, vectors beyond the last",
    input: [2, 8, 7, 3],
    kernel: [3, 3],
    filters: 12,
    padding: "same",
    tile: { width: 4, vectors: 2 },
  },
  { name: "5 × 5, rows of taps apart", input: [2, 8, 9, 1], kernel: [5, 5], filters: 4, padding: "same" },
  {
    name: "inner layer, four channels a thread",
    input: [2, 6, 10, 8],
    kernel: [3, 3],
    filters: 16,
    tile: { unit: 4, vectors: 2 },
  },
  {
    name: "strides, dilation, uneven padding, even kernel",
    input: [1, 13, 12, 2],
    kernel: [3, 2],
    filters: 4,
    strides: [2, 1],
    dilations: [1, 3],
    padding: [
      [3, 0],
      [0, 2],
    ],
  },
];

function geometryOf({ name, input, kernel, filters, strides, padding, dilations }: Case): ConvGeometry {
  return convGeometry(name, input, [...kernel, input[3], filters], {
    strides: strides ?? [1, 1],
    padding: padding ?? "valid",
    dilations: dilations ?? [1, 1],
    groups: 1,
  });
}

type Values = Float32Array<ArrayBuffer>;
interface Operands {
  readonly input: Values;
  readonly filter: Values;
  readonly bias: Values;
  /** The gradient behind the pool. */
  readonly upstream: Values;
}

function sizesOf(g: ConvGeometry) {
  const pooledPixels = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  return {
    input: g.batch * g.inHeight * g.inWidth * g.inChannels,
    filter: g.kernelHeight * g.kernelWidth * g.inChannels * g.outChannels,
    pooled: pooledPixels * g.outChannels,
    words: (pooledPixels * g.outChannels) / 4,
  };
}

function operandsOf(g: ConvGeometry, make: (count: number, seed: number) => Values): Operands {
  const sizes = sizesOf(g);
  return {
    input: make(sizes.input, 1),
    filter: make(sizes.filter, 2),
    bias: make(g.outChannels, 3),
    upstream: make(sizes.pooled, 4),
  };
}

/** maxPool(relu(conv + bias)), and its gradients by filters and bias. */
function gradientsOf(graph: Graph, g: ConvGeometry): { pooled: Node; dw: Node; db: Node } {
  const x = graph.input("x", [g.batch, g.inHeight, g.inWidth, g.inChannels]);
  const w = graph.input("w", [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels]);
  const b = graph.input("b", [g.outChannels]);
  const dy = graph.input("dy", [g.batch, g.outHeight >> 1, g.outWidth >> 1, g.outChannels]);
  const pooled = graph.maxPool2d(graph.relu(graph.add(graph.conv2d(x, w, convOptions(g)), b)), { size: [2, 2] });
  const [dw, db] = graph.gradients(graph.sum(graph.mul(pooled, dy)), [w, b]) as [Node, Node];
  return { pooled, dw, db };
}

/** The same by the reference. */
async function expected(g: ConvGeometry, { input, filter, bias, upstream }: Operands): Promise<[number[], number[]]> {
  const graph = new Graph();
  const program = await cpu().compile(graph, { outputs: gradientsOf(graph, g) });
  const out = await program.run({ x: input, w: filter, b: bias, dy: upstream });
  program.dispose();
  return [plain(out["dw"]?.data ?? []), plain(out["db"]?.data ?? [])];
}

const aligned = (size: number): number => Math.ceil(size / 64) * 64;

/** Adds up slices, in f64. */
function total(partials: Float32Array, size: number, slices: number): number[] {
  return Array.from({ length: size }, (_, index) => {
    let sum = 0;
    for (let slice = 0; slice < slices; slice++) sum += partials[slice * aligned(size) + index] as number;
    return sum;
  });
}

type Traits = (typeof traitsOfEachKind)[number][1];

/** The same by the kernels: winners by the forward kernel, then the gradient of these alone. */
async function computed(
  g: ConvGeometry,
  operands: Operands,
  traits: Traits,
  choice: Partial<FilterGradientTile>,
): Promise<{ filters: number[]; biases: number[]; partials: Float32Array }> {
  const sizes = sizesOf(g);
  const { input, filter, bias, upstream } = operands;
  const forward = conv2dPoolForward({ geometry: g, bias: true, relu: true }, traits);
  const buffers = [input, filter, bias, new Float32Array(sizes.pooled), new Uint32Array(sizes.words)];
  const winners = (await runKernel(device, forward, buffers)).at(-1) as Uint32Array<ArrayBuffer>;
  const tile = { ...choice, winners: true };
  const slices = filterGradientSlices(g, true, traits, tile);
  const spec = conv2dFilterGradient({ geometry: g, unpool: true, bias: true, slices }, traits, tile);
  expect(spec.name).toBe("conv2d_winners_filter_gradient");
  const places = [sizes.filter, g.outChannels].map((size) => new Float32Array(slices * aligned(size)).fill(-7));
  const [filters, biases] = (await runKernel(device, spec, [input, upstream, winners, ...places])).slice(-2) as [
    Float32Array,
    Float32Array,
  ];
  return {
    filters: total(filters, sizes.filter, slices),
    biases: total(biases, g.outChannels, slices),
    partials: filters,
  };
}

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  // Small whole numbers: pools are full of ties and dead ReLUs, and sums are exact in any order.
  test.each(CASES)("$name: exact on integers, with ties", async (one) => {
    const g = geometryOf(one);
    const operands = operandsOf(g, (count, seed) => integers(count, seed, -2, 2));
    const [filters, biases] = await expected(g, operands);
    const got = await computed(g, operands, traits, one.tile ?? {});
    expect(plain(got.filters)).toEqual(filters);
    expect(plain(got.biases)).toEqual(biases);
  });
});

const [[, hardware], [, software]] = traitsOfEachKind as [[string, Traits], [string, Traits]];

test("random numbers: within the rounding of the sum, and the same bits twice", async () => {
  const g = geometryOf(CASES[0] as Case);
  const operands = operandsOf(g, uniform);
  const [filters] = await expected(g, operands);
  const got = await computed(g, operands, hardware, {});
  // c · √K · 2⁻²⁴ · Σ|a||b| with c = 2, of K winners with values below 1.
  const winners = g.batch * (g.outHeight >> 1) * (g.outWidth >> 1);
  expectNear(got.filters, filters, 2 * Math.sqrt(winners) * 2 ** -24 * winners);
  expect((await computed(g, operands, hardware, {})).partials).toEqual(got.partials);
});

test("a gradient that is not finite goes to its winner, and nowhere where none has won", async () => {
  const g = geometryOf({ name: "", input: [1, 2, 4, 1], kernel: [1, 1], filters: 4 });
  // Channel by channel: the first window's winner is its last pixel, or none; the second window's the first, or none.
  const input = Float32Array.of(1, 1, 5, 1, 1, 3, 1, 1);
  const operands: Operands = {
    input,
    filter: Float32Array.of(1, -1, 1, -1),
    bias: new Float32Array(4),
    upstream: Float32Array.of(2, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, 10, Number.NaN, 1, Number.NaN),
  };
  const { filters, biases } = await computed(g, operands, hardware, {});
  expect(filters).toEqual([2 * 3 + 10 * 5, 0, Number.POSITIVE_INFINITY, 0]);
  expect(biases).toEqual([12, 0, Number.POSITIVE_INFINITY, 0]);
});

test("16-bit gradients and images give the same where they are whole numbers", async () => {
  const one = CASES[3] as Case;
  const g = geometryOf(one);
  const { input, upstream } = operandsOf(g, integers);
  const slices = filterGradientSlices(g, true, hardware, { winners: true });
  const codes = Uint32Array.from(integers(sizesOf(g).words, 9, 0, 4), (code) => code * 0x01010101);
  // Binary16 of 0 to 4, and the sign's bit.
  const bitsOf = (value: number) =>
    (value < 0 ? 0x8000 : 0) | ([0, 0x3c00, 0x4000, 0x4200, 0x4400][Math.abs(value)] as number);
  const halves = (values: Values) => new Uint32Array(Uint16Array.from(values, bitsOf).buffer);
  for (const unit of [1, 4]) {
    const spec = conv2dFilterGradient({ geometry: g, unpool: true, bias: false, slices }, hardware, {
      winners: true,
      unit,
    });
    const place = () => new Float32Array(slices * aligned(sizesOf(g).filter)).fill(-7);
    const stored = spec.variants?.make({ halves: ["input", "upstream"], includes: halfIncludes });
    if (stored === undefined) throw new Error("no 16-bit variant");
    const [whole] = (await runKernel(device, spec, [input, upstream, codes, place()])).slice(-1);
    const [half] = (await runKernel(device, stored, [halves(input), halves(upstream), codes, place()])).slice(-1);
    expect(half).toEqual(whole);
  }
});

describe("the choice", () => {
  const named = (one: Partial<Case>, traits: Traits, unpool = true) => {
    const g = geometryOf({ ...(CASES[0] as Case), ...one });
    const slices = filterGradientSlices(g, unpool, traits);
    return conv2dFilterGradient({ geometry: g, unpool, bias: true, slices }, traits);
  };

  test("is all four places by a kernel of its own in first layers of small filters on hardware, and the winners alone of larger ones", () => {
    const few = "conv2d_few_channels_filter_gradient";
    expect(named({}, hardware).name).toBe(few);
    expect(named({ input: [1, 9, 9, 3] }, hardware).name).toBe(few);
    expect(named({}, hardware, false).name).toBe(few);
    expect(named({ input: [1, 40, 40, 1], dilations: [1, 12] }, hardware).name).toBe(few);
    expect(named({ kernel: [5, 5] }, hardware).name).toBe("conv2d_winners_filter_gradient");
    expect(named({ kernel: [5, 5] }, hardware, false).name).toBe("conv2d_filter_gradient");
    expect(named({}, software).name).toBe("conv2d_filter_gradient");
    expect(named({ filters: 5 }, hardware).name).toBe("conv2d_filter_gradient");
    expect(named({ input: [1, 9, 9, 8] }, hardware).name).toBe("conv2d_filter_gradient");
  });

  test("costs a program no dispatch, and is right in one", async () => {
    const one = CASES[1] as Case;
    const g = geometryOf(one);
    const operands = operandsOf(g, (count, seed) => integers(count, seed, -2, 2));
    const graph = new Graph();
    const outputs = gradientsOf(graph, g);
    const kernels = async (traits: Traits) =>
      (await lowerGraph(graph, outputs, traits)).dispatches.map(({ spec }) => spec.name);
    expect(await kernels(hardware)).toContain("conv2d_few_channels_filter_gradient");
    expect(await kernels(software)).toContain("conv2d_filter_gradient");
    // Of one slice nothing has to be summed.
    expect((await kernels(hardware)).length).toBeLessThanOrEqual((await kernels(software)).length);
    const backend = await webgpu({ device });
    const program = await buildProgram(backend, await lowerGraph(graph, outputs, hardware));
    const { input, filter, bias, upstream } = operands;
    const out = await program.run({ x: input, w: filter, b: bias, dy: upstream });
    expect([plain(out["dw"]?.data ?? []), plain(out["db"]?.data ?? [])]).toEqual(await expected(g, operands));
    program.dispose();
    backend.dispose();
  });

  test("leaves either way to the autotuner, on every device", () => {
    for (const traits of [hardware, software]) {
      const spec = named({ input: [1, 9, 9, 8] }, traits);
      const others = otherTiles(spec);
      expect(new Set(others.map(({ name }) => name))).toEqual(
        new Set(["conv2d_filter_gradient", "conv2d_winners_filter_gradient"]),
      );
      for (const other of others) expect(other.bindings).toEqual(spec.bindings);
    }
  });
});
