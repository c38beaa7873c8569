import { describe, expect, test } from "vitest";
import { type ConvGeometry, convGeometry, type Padding, type Pair } from "../../src/core/window_geometry.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { conv2dFilterGradient } from "../../src/webgpu/kernels/conv2d_filter_gradient.ts";
import { depthwiseForward, depthwiseInputGradient, depthwiseTile } from "../../src/webgpu/kernels/depthwise_conv2d.ts";
import { conv2dForward, conv2dInputGradient } from "../support/convolutions.ts";
import { openDevice } from "../support/device.ts";
import { convOptions } from "../support/random.ts";
import { integers, outputOf, plain, traitsOfEachKind } from "./kernels_support.ts";

const device = await openDevice();

interface Case {
  readonly name: string;
  readonly input: readonly [number, number, number, number];
  readonly kernel: Pair;
  readonly multiplier: number;
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly dilations?: Pair;
}

const CASES: readonly Case[] = [
  { name: "whole vectors, odd images", input: [2, 9, 11, 8], kernel: [3, 3], multiplier: 1, padding: "same" },
  { name: "strides", input: [2, 8, 9, 4], kernel: [3, 3], multiplier: 1, strides: [2, 2], padding: "same" },
  { name: "uneven strides, a rest of channels", input: [1, 7, 10, 6], kernel: [3, 2], multiplier: 1, strides: [2, 3] },
  {
    name: "two filters a channel, dilation, uneven padding",
    input: [2, 8, 7, 3],
    kernel: [3, 3],
    multiplier: 2,
    dilations: [2, 1],
    padding: [
      [3, 0],
      [0, 2],
    ],
  },
  { name: "four filters a channel, even kernel", input: [1, 6, 8, 5], kernel: [2, 4], multiplier: 4, strides: [2, 1] },
  {
    name: "uneven strides, windows that overlap",
    input: [1, 5, 15, 4],
    kernel: [3, 5],
    multiplier: 1,
    strides: [1, 2],
  },
  { name: "7 × 7", input: [1, 9, 8, 5], kernel: [7, 7], multiplier: 1, padding: "same" },
  { name: "a stride beyond the kernel", input: [1, 8, 9, 8], kernel: [1, 2], multiplier: 1, strides: [3, 4] },
  {
    name: "padding beyond the kernel",
    input: [1, 4, 5, 4],
    kernel: [3, 3],
    multiplier: 1,
    strides: [1, 2],
    padding: [
      [4, 3],
      [5, 3],
    ],
  },
  { name: "one row of pixels", input: [3, 1, 6, 2], kernel: [1, 3], multiplier: 3, padding: "same" },
];

interface Data {
  readonly g: ConvGeometry;
  readonly input: Float32Array<ArrayBuffer>;
  readonly filter: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
  readonly upstream: Float32Array<ArrayBuffer>;
}

// Sums are whole numbers far below 2²⁴: exact in f32, whatever their order.
function dataOf({ name, input, kernel, multiplier, strides, padding, dilations }: Case): Data {
  const channels = input[3];
  const g = convGeometry(name, input, [...kernel, 1, channels * multiplier], {
    strides: strides ?? [1, 1],
    padding: padding ?? "valid",
    dilations: dilations ?? [1, 1],
    groups: channels,
  });
  return {
    g,
    input: integers(
      input.reduce((a, b) => a * b),
      1,
    ),
    filter: integers(g.kernelHeight * g.kernelWidth * g.outChannels, 2),
    bias: integers(g.outChannels, 3),
    upstream: integers(g.batch * g.outHeight * g.outWidth * g.outChannels, 4),
  };
}

/** relu(conv + bias), the input gradient and the filter gradient of the convolution alone, by the reference. */
async function expected({ g, input, filter, bias, upstream }: Data): Promise<Record<"y" | "dx" | "dw", number[]>> {
  const graph = new Graph();
  const x = graph.input("x", [g.batch, g.inHeight, g.inWidth, g.inChannels]);
  const w = graph.input("w", [g.kernelHeight, g.kernelWidth, 1, g.outChannels]);
  const b = graph.input("b", [g.outChannels]);
  const dy = graph.input("dy", [g.batch, g.outHeight, g.outWidth, g.outChannels]);
  const program = await cpu().compile(graph, {
    outputs: {
      y: graph.relu(graph.add(graph.conv2d(x, w, convOptions(g)), b)),
      dx: graph.conv2dInputGradient(dy, w, g),
      dw: graph.conv2dFilterGradient(x, dy, g),
    },
  });
  const out = await program.run({ x: input, w: filter, b: bias, dy: upstream });
  program.dispose();
  const valuesOf = (name: string) => plain(out[name]?.data ?? []);
  return { y: valuesOf("y"), dx: valuesOf("dx"), dw: valuesOf("dw") };
}

async function run(spec: KernelSpec, inputs: readonly Float32Array[], size: number): Promise<number[]> {
  return plain(await outputOf(device, spec, inputs, size));
}

describe.each(traitsOfEachKind)("%s", (_, traits) => {
  test.each(CASES)("$name: forward with bias and ReLU, both gradients, exact", async (one) => {
    const data = dataOf(one);
    const { g, input, filter, bias, upstream } = data;
    const want = await expected(data);
    const forward = conv2dForward({ geometry: g, bias: true, relu: true }, traits);
    const inputGradient = conv2dInputGradient({ geometry: g, unpool: false }, traits);
    expect([forward.name, inputGradient.name]).toEqual(["depthwise_forward", "depthwise_input_gradient"]);
    expect(await run(forward, [input, filter, bias], upstream.length)).toEqual(want.y);
    expect(await run(inputGradient, [upstream, filter], input.length)).toEqual(want.dx);
    const filterGradient = conv2dFilterGradient({ geometry: g, unpool: false, bias: false, slices: 1 }, traits);
    expect(await run(filterGradient, [input, upstream], filter.length)).toEqual(want.dw);
  });
});

test.each([CASES[0] as Case, CASES.find(({ name }) => name === "uneven strides, windows that overlap") as Case])(
  "a strip that does not divide its row, as large work on a GPU has: $name",
  async (one) => {
    const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];
    const data = dataOf(one);
    const { g, input, filter, bias, upstream } = data;
    const want = await expected(data);
    const tile = { height: 2, width: 2, steps: 4 };
    const forward = depthwiseForward({ geometry: g, bias: true, relu: true }, traits, tile);
    const gradient = depthwiseInputGradient({ geometry: g, unpool: false }, traits, tile);
    if (forward === undefined || gradient === undefined) throw new Error("no depthwise kernels");
    expect(await run(forward, [input, filter, bias], upstream.length)).toEqual(want.y);
    expect(await run(gradient, [upstream, filter], input.length)).toEqual(want.dx);
  },
);

test("patches that no thread could keep are left to grouped convolution, and so is a single channel", () => {
  const [[, traits]] = traitsOfEachKind as [(typeof traitsOfEachKind)[number]];
  const wide = dataOf({ name: "", input: [1, 40, 40, 4], kernel: [9, 9], multiplier: 1 }).g;
  const far = dataOf({ name: "", input: [1, 40, 40, 4], kernel: [3, 3], multiplier: 1, dilations: [6, 6] }).g;
  const single = dataOf({ name: "", input: [1, 9, 9, 1], kernel: [3, 3], multiplier: 4 }).g;
  for (const g of [wide, far, single]) {
    expect(depthwiseTile(g, "forward", traits)).toBeUndefined();
    expect(depthwiseTile(g, "inputGradient", traits)).toBeUndefined();
  }
});
