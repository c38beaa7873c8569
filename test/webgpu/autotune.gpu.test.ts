import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Program } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { memoryTuningStore, type TuningStore, webgpu } from "../../src/index.ts";
import { Autotuner } from "../../src/webgpu/autotune.ts";
import type { KernelSpec } from "../../src/webgpu/kernel.ts";
import { PipelineCache } from "../../src/webgpu/pipelines.ts";
import type { Plan, PlannedDispatch, PlannedValue } from "../../src/webgpu/plan.ts";
import type { Stopwatch } from "../../src/webgpu/stopwatch.ts";
import { expectExact } from "../support/compare.ts";
import { watchDevice } from "../support/counting_device.ts";
import { openDevice } from "../support/device.ts";
import { integers, uniform } from "./kernels_support.ts";

const device = await openDevice();

/** A convolution with both gradients, whose kernels have tiles to choose from. */
function convolution() {
  const graph = new Graph();
  const x = graph.input("x", [4, 9, 10, 4]);
  const w = graph.input("w", [3, 3, 4, 8]);
  const y = graph.conv2d(x, w, { padding: "same" });
  const [dx, dw] = graph.gradients(graph.sum(graph.mul(y, y)), [x, w]) as [Node, Node];
  return { graph, outputs: { y, dx, dw } };
}

type Feed = (count: number, seed: number) => Float32Array<ArrayBuffer>;

async function results(program: Program, feed: Feed): Promise<Record<string, ArrayLike<number>>> {
  const found = await program.run({ x: feed(4 * 9 * 10 * 4, 1), w: feed(9 * 4 * 8, 2) });
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data]));
}

/** Compiles the convolution with tuning; gives its results on each feed, and what was compiled on the way. */
async function tuned(store: TuningStore, feeds: readonly Feed[], milliseconds = Number.POSITIVE_INFINITY) {
  const backend = await webgpu({ device, quickStart: false, autotune: { store, milliseconds } });
  const watch = watchDevice(device);
  const { graph, outputs } = convolution();
  const program = await backend.compile(graph, { outputs });
  const { pipelines, buffers } = watch.take();
  const values = [];
  for (const feed of feeds) values.push(await results(program, feed));
  const kernels = String(program);
  const distinct = program.stats.pipelines;
  program.dispose();
  backend.dispose();
  return { values, pipelines, buffers, kernels, distinct };
}

const small: Feed = (count, seed) => integers(count, seed, -3, 3);

describe("tuned programs", () => {
  it("compute the same, and what was measured is not measured again", async () => {
    const { graph, outputs } = convolution();
    const program = await cpu().compile(graph, { outputs });
    const wanted = await results(program, small);
    const store = memoryTuningStore();
    const first = await tuned(store, [small, uniform]);
    for (const [name, values] of Object.entries(wanted)) expectExact(first.values[0]?.[name] ?? [], values);
    expect(first.pipelines).toBeGreaterThan(first.distinct + 3);

    const second = await tuned(store, [small, uniform]);
    expect(second.pipelines).toBe(second.distinct);
    expect(second.kernels).toBe(first.kernels);
    for (const [name, values] of Object.entries(first.values[1] ?? {})) {
      expectExact(second.values[1]?.[name] ?? [], values);
    }
  });

  it("do without a store that fails or holds something else", async () => {
    const wrong: TuningStore = {
      get: async () => "2 × 99 pixels",
      set: async () => {
        throw new Error("the disk is full");
      },
    };
    const broken: TuningStore = { ...wrong, get: () => Promise.reject(new Error("no database")) };
    for (const store of [wrong, broken]) {
      const { values, pipelines, distinct } = await tuned(store, [small], 300);
      expect(values[0]?.["y"]?.length).toBe(4 * 9 * 10 * 8);
      expect(pipelines).toBeGreaterThanOrEqual(distinct);
    }
  });

  it("measure and remember nothing without time", async () => {
    const asked: string[] = [];
    const store: TuningStore = {
      get: async () => undefined,
      async set(key) {
        asked.push(key);
      },
    };
    const { pipelines, distinct } = await tuned(store, [small], 0);
    expect(asked).toEqual([]);
    expect(pipelines).toBe(distinct);
  });
});

/** Workgroups for milliseconds: nothing is run, so that no choice depends on how busy the machine is. */
async function countingStopwatch(): Promise<Stopwatch> {
  return {
    leastMilliseconds: 0,
    async time(encode) {
      let workgroups = 0;
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      Object.defineProperty(pass, "dispatchWorkgroups", {
        value: (x: number, y = 1, z = 1) => {
          workgroups += x * y * z;
        },
      });
      encode(pass);
      pass.end();
      encoder.finish();
      return workgroups;
    },
    dispose: () => undefined,
  };
}

describe("the choice", () => {
  const spec = (turns: number, shader?: string): KernelSpec => ({
    name: "test",
    shader:
      shader ??
      "var<storage> output: array<f32>;\n" +
        "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {\n" +
        "  output[id.x] = f32(TURNS);\n}",
    constants: { TURNS: turns },
    bindings: { output: "write" },
    workgroups: [turns, 1, 1],
    variant: `${turns} turns`,
    flops: 0,
  });
  const value: PlannedValue = { id: 0, label: "x", size: 4096, dtype: "f32", placement: { kind: "transient" } };
  const dispatch = (one: KernelSpec): PlannedDispatch => ({ spec: one, values: [value], op: "test", layer: undefined });
  const plan = (main: KernelSpec, others: readonly KernelSpec[]): Plan => ({
    dispatches: [{ ...dispatch(main), alternatives: { span: 1, lists: others.map((other) => [dispatch(other)]) } }],
    inputs: new Map(),
    outputs: new Map(),
    variables: new Set(),
  });
  const tuner = () =>
    new Autotuner(
      device,
      new PipelineCache(device),
      "test",
      { store: memoryTuningStore(), milliseconds: Number.POSITIVE_INFINITY },
      countingStopwatch,
    );
  const tune = async (wanted: Plan) => {
    return (await tuner().tune(wanted)).dispatches[0]?.spec.variant;
  };

  it("falls on the clearly faster kernel, not on one that is faster by a hair", async () => {
    expect(await tune(plan(spec(2000), [spec(1000), spec(20)]))).toBe("20 turns");
    expect(await tune(plan(spec(2000), [spec(1990)]))).toBe("2000 turns");
    expect(await tune(plan(spec(20), [spec(2000)]))).toBe("20 turns");
  });

  it("falls on another way to do a job, of several kernels, and goes on behind what it replaces", async () => {
    const step = (turns: number, id = 0) => ({
      spec: spec(turns),
      values: [{ ...value, id }],
      op: "test",
      layer: undefined,
    });
    const tuned = async (span: number, ways: readonly number[], others: readonly number[]) => {
      const dispatches = [...ways, 7].map((turns, index) => ({
        ...step(turns, index),
        ...(index === 0 ? { alternatives: { span, lists: [others.map((other, id) => step(other, id + 5))] } } : {}),
      }));
      const found = await tuner().tune({ ...plan(spec(7), []), dispatches });
      return found.dispatches.map(({ spec: { variant } }) => variant);
    };
    expect(await tuned(1, [300], [4, 5])).toEqual(["4 turns", "5 turns", "7 turns"]);
    expect(await tuned(2, [200, 201], [4])).toEqual(["4 turns", "7 turns"]);
    expect(await tuned(2, [4, 5], [300])).toEqual(["4 turns", "5 turns", "7 turns"]);
  });

  it("leaves out kernels that do not compile", async () => {
    expect(await tune(plan(spec(2000), [spec(1, "this is no shader"), spec(20)]))).toBe("20 turns");
  });
});
