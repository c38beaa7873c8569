import { describe, expect, test } from "vitest";
import { type ConvGeometry, convGeometry, type Padding } from "../../src/core/window_geometry.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import { webgpu } from "../../src/index.ts";
import { storeHalves } from "../../src/webgpu/half_storage.ts";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { winogradFilter, winogradInput, winogradMultiply, winogradOutput } from "../../src/webgpu/kernels/winograd.ts";
import { winogradPays, winogradPlan } from "../../src/webgpu/kernels/winograd_plan.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { buildProgram } from "../../src/webgpu/program.ts";
import { openDevice } from "../support/device.ts";
import { convOptions } from "../support/random.ts";
import { runKernel } from "../support/run_kernel.ts";
import { expectNear, integers, outputOf, plain, traitsOfEachKind, uniform } from "./kernels_support.ts";

const [[, hardware], [, software]] = traitsOfEachKind as [[string, DeviceTraits], [string, DeviceTraits]];

const device = await openDevice();

type Direction = "forward" | "inputGradient";
type Values = Float32Array<ArrayBuffer>;
/** Source, filters and, for bias and ReLU, the bias. */
type Operands = readonly [Values, Values, Values?];

function conv(
  input: readonly [number, number, number, number],
  filters: number,
  padding: Padding,
  options: { kernel?: number; stride?: number; dilation?: number; groups?: number } = {},
): ConvGeometry {
  const { kernel = 3, stride = 1, dilation = 1, groups = 1 } = options;
  return convGeometry("", input, [kernel, kernel, input[3] / groups, filters], {
    strides: [stride, stride],
    padding,
    dilations: [dilation, dilation],
    groups,
  });
}

/** The four kernels one after the other, as `emitWinograd` orders them. */
async function winograd(
  g: ConvGeometry,
  direction: Direction,
  [source, filters, bias]: Operands,
): Promise<Float32Array> {
  const plan = winogradPlan(g, direction);
  const last = async (...run: Parameters<typeof runKernel>) => (await runKernel(...run)).at(-1) as Values;
  const [u, v, m] = [plan.summed * plan.kept, plan.tiles * plan.summed, plan.tiles * plan.kept].map((size) =>
    new Float32Array(16 * size).fill(-7),
  ) as [Values, Values, Values];
  const transformedFilters = await last(device, winogradFilter(plan, hardware), [filters, u]);
  const transformedSource = await last(device, winogradInput(plan, hardware), [source, v]);
  const products = await last(device, winogradMultiply(plan, hardware), [transformedSource, transformedFilters, m]);
  const spec = winogradOutput(plan, { bias: bias !== undefined, relu: bias !== undefined }, hardware);
  const size = plan.batch * plan.result.height * plan.result.width * plan.kept;
  return outputOf(device, spec, bias ? [products, bias] : [products], size);
}

/** relu(conv + bias), or the input gradient, by the reference. */
async function reference(g: ConvGeometry, direction: Direction, [source, filters, bias]: Operands): Promise<number[]> {
  const graph = new Graph();
  const plan = winogradPlan(g, direction);
  const x = graph.input("x", [g.batch, plan.source.height, plan.source.width, plan.summed]);
  const w = graph.input("w", [3, 3, g.inChannels, g.outChannels]);
  const b = graph.input("b", [g.outChannels]);
  const y =
    direction === "forward"
      ? graph.relu(graph.add(graph.conv2d(x, w, convOptions(g)), b))
      : graph.conv2dInputGradient(x, w, g);
  const program = await cpu().compile(graph, { outputs: { y } });
  const fed = {
    x: source,
    w: filters,
    ...(direction === "forward" ? { b: bias ?? new Float32Array(g.outChannels) } : {}),
  };
  const out = await program.run(fed);
  program.dispose();
  return plain(out["y"]?.data ?? []);
}

const CASES: [string, ConvGeometry][] = [
  ["odd images, same padding", conv([2, 5, 7, 8], 12, "same")],
  ["no padding, channels that fill no tile", conv([1, 6, 5, 12], 4, "valid")],
  [
    "uneven padding, more than the kernel reaches",
    conv([3, 3, 2, 4], 20, [
      [3, 0],
      [1, 4],
    ]),
  ],
];

function dataOf(g: ConvGeometry, direction: Direction, make: typeof integers | typeof uniform) {
  const { source, summed } = winogradPlan(g, direction);
  return {
    source: make(g.batch * source.height * source.width * summed, 1),
    filters: make(9 * g.inChannels * g.outChannels, 2),
    bias: make(g.outChannels, 3),
  };
}

describe.each<Direction>(["forward", "inputGradient"])("%s", (direction) => {
  // Multiples of four stay whole when the filters' transform quarters them: every number on the way is exact.
  test.each(CASES)("%s: exact on integers", async (_, g) => {
    const { source, filters, bias } = dataOf(g, direction, integers);
    const whole = filters.map((value) => 4 * value);
    const operands: Operands = direction === "forward" ? [source, whole, bias] : [source, whole];
    expect(plain(await winograd(g, direction, operands))).toEqual(await reference(g, direction, operands));
  });

  test("128 channels: within the rounding of its own sums", async () => {
    const g = conv([1, 4, 5, 128], 128, "same");
    const { source, filters } = dataOf(g, direction, uniform);
    const got = await winograd(g, direction, [source, filters]);
    const want = await reference(g, direction, [source, filters]);
    const relu = direction === "forward" ? Array.from(got, (value) => Math.max(0, value)) : got;
    // The project's bound, c · √K · 2⁻²⁴ · Σ|a||b| with c = 2, over what is really multiplied: a result adds nine places of
    // 128 products each. Values are uniform in (−1, 1), of mean square 1/3; a transformed patch adds four of them, 4/3, and
    // a transformed filter at most one's worth (the rows of G have norms of at most 1), 1/3.
    const magnitude = 9 * 128 * Math.sqrt(4 / 3) * Math.sqrt(1 / 3);
    expectNear(relu, want, 2 * Math.sqrt(128) * 2 ** -24 * magnitude);
  });
});

describe("the rule", () => {
  const large = conv([8, 14, 14, 128], 128, "same");
  const pays = (g: ConvGeometry, traits = hardware) => winogradPays(g, "forward", traits);

  test("asks for hardware, 3 × 3 taps side by side, no strides, no groups, and 128 channels", () => {
    expect(pays(large)).toBe(true);
    expect(pays(large, software)).toBe(false);
    expect(pays(large, { ...hardware, winograd: false })).toBe(false);
    expect(pays(conv([8, 14, 14, 64], 128, "same"))).toBe(false);
    expect(pays(conv([8, 14, 14, 128], 130, "same"))).toBe(false);
    for (const options of [{ kernel: 1 }, { stride: 2 }, { dilation: 2 }, { groups: 2 }]) {
      expect(pays(conv([8, 14, 14, 256], 256, "same", options)), JSON.stringify(options)).toBe(false);
    }
  });

  test("makes no tensor that a device may be unable to bind", () => {
    expect(pays(conv([64, 56, 56, 128], 128, "same"))).toBe(false);
  });

  test("leaves the choice to the autotuner from 32 channels on, whichever it is itself", async () => {
    const ways = async (channels: number, traits: DeviceTraits) => {
      const graph = new Graph();
      const [x, w] = [graph.input("x", [2, 6, 6, channels]), graph.input("w", [3, 3, channels, channels])];
      const { dispatches } = await lowerGraph(graph, { y: graph.conv2d(x, w, { padding: "same" }) }, traits);
      const { span, lists: others } = dispatches[0]?.alternatives ?? {};
      return [dispatches.length, span, others?.map((way) => way.map(({ spec }) => spec.name))];
    };
    const four = ["winograd_filter", "winograd_input", "winograd_multiply", "winograd_output"];
    expect(await ways(32, hardware)).toEqual([1, 1, [four]]);
    expect(await ways(128, hardware)).toEqual([4, 4, [["conv2d_staged"]]]);
    expect(await ways(16, hardware)).toEqual([1, undefined, undefined]);
    expect(await ways(128, software)).toEqual([1, undefined, undefined]);
    for (const channels of [32, 128]) {
      expect(await ways(channels, { ...hardware, winograd: false })).toEqual([1, undefined, undefined]);
    }
  });

  test("holds for the same numbers whichever way is taken, in a program with its gradient", async () => {
    const graph = new Graph();
    const [x, w, b] = [graph.input("x", [2, 5, 7, 32]), graph.input("w", [3, 3, 32, 32]), graph.input("b", [32])];
    const y = graph.relu(graph.add(graph.conv2d(x, w, { padding: "same" }), b));
    const [dx] = graph.gradients(graph.sum(graph.mul(y, y)), [x]) as [typeof y];
    const fed = {
      x: integers(2 * 35 * 32, 1),
      // Quarters of these are whole.
      w: integers(9 * 32 * 32, 2, -1, 1).map((value) => 4 * value),
      b: integers(32, 3),
    };
    const backend = await webgpu({ device });
    const lowered = await lowerGraph(graph, { y, dx }, hardware);
    const dispatches = lowered.dispatches.flatMap((dispatch) => dispatch.alternatives?.lists[0] ?? [dispatch]);
    expect(dispatches.length).toBe(lowered.dispatches.length + 2 * 3);
    const other = await buildProgram(backend, { ...lowered, dispatches });
    const program = await cpu().compile(graph, { outputs: { y, dx } });
    const [got, want] = [await other.run(fed), await program.run(fed)];
    for (const name of ["y", "dx"]) expect(plain(got[name]?.data ?? [])).toEqual(plain(want[name]?.data ?? []));
    for (const one of [other, program, backend]) one.dispose();
  });

  test("reads and writes 16-bit storage, and then leaves nothing to the autotuner, which knows no other", async () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [1, 6, 6, 128]), graph.input("w", [3, 3, 128, 128])];
    const outputs = graph.inLayer("block", () => {
      const y = graph.neg(graph.conv2d(graph.neg(x), w, { padding: "same" }));
      const [dx] = graph.gradients(graph.sum(graph.mul(y, x)), [x]);
      return { y, dx: dx as typeof y };
    });
    const fed = {
      x: integers(36 * 128, 1, -1, 1),
      // Quarters of these are whole, and sums of them below 8,192 are halves.
      w: integers(9 * 128 * 128, 2, -1, 1).map((value) => 4 * value),
    };
    const backend = await webgpu({ device });
    const whole = await lowerGraph(graph, outputs, hardware);
    const half = storeHalves(whole, new Set(["block"]));
    const stored = half.dispatches.filter(({ spec }) => spec.variant?.includes("16-bit storage"));
    expect(stored.map(({ spec }) => spec.name)).toEqual(
      expect.arrayContaining(["winograd_input", "winograd_output", "elementwise"]),
    );
    expect(whole.dispatches.filter(({ alternatives }) => alternatives)).toHaveLength(2);
    expect(half.dispatches.filter(({ alternatives }) => alternatives)).toHaveLength(0);
    const programs = [await buildProgram(backend, half), await cpu().compile(graph, { outputs })];
    const [got, want] = [await programs[0]?.run(fed), await programs[1]?.run(fed)];
    for (const name of ["y", "dx"]) expect(plain(got?.[name]?.data ?? [])).toEqual(plain(want?.[name]?.data ?? []));
    for (const one of [...programs, backend]) one.dispose();
  });

  test("decides what a graph becomes: four dispatches forward, four for the input gradient", async () => {
    const graph = new Graph();
    const [x, w] = [graph.input("x", [8, 14, 14, 128]), graph.input("w", [3, 3, 128, 128])];
    const y = graph.relu(graph.add(graph.conv2d(x, w, { padding: "same" }), graph.input("b", [128])));
    const [dx] = graph.gradients(graph.sum(y), [x]);
    const kernels = async (traits: DeviceTraits) =>
      (await lowerGraph(graph, { y, dx: dx as typeof y }, traits)).dispatches
        .map(({ spec }) => spec.name)
        .filter((name) => /winograd|conv2d/.test(name));
    const four = ["winograd_filter", "winograd_input", "winograd_multiply", "winograd_output"];
    expect(await kernels(hardware)).toEqual([...four, ...four]);
    expect(await kernels(software)).toEqual(["conv2d_forward", "conv2d_input_gradient"]);
  });
});
