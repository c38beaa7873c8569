import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { type Node, Variable } from "../../src/graph/node.ts";
import { batchNormOfBatch } from "../../src/graph/ops/batch_norm.ts";
import { Graph } from "../../src/graph.ts";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { buildProgram } from "../../src/webgpu/program.ts";
import {
  AWKWARD_BATCHES,
  type BatchNormCase,
  batchNormCase,
  batchNormReference,
  buildBatchNorm,
  expectWithin,
  feedsOf,
} from "../support/batch_norm.ts";
import { deviceOfFile } from "../support/device.ts";
import { isWhole } from "../support/gpu.ts";
import { RandomData } from "../support/random.ts";

const SEED = 20150211;
const SHAPES = 24;
/** Each one compiles six kernels of its own. */
const COMPILED_SHAPES = isWhole ? SHAPES : SHAPES / 2;

const gpu = await deviceOfFile({ quickStart: false });

const limits = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384 };
/** Both ways in which kernels choose their slices must be right on every device. */
const TRAITS: readonly [string, DeviceTraits][] = [
  ["slices for a GPU", { ...limits, software: false }],
  ["slices for a software adapter", { ...limits, software: true }],
];

async function onGpu(one: BatchNormCase, traits: DeviceTraits) {
  const graph = new Graph();
  const program = await buildProgram(gpu.backend, await lowerGraph(graph, buildBatchNorm(graph, one), traits));
  const results = await program.run(feedsOf(one));
  const table = String(program);
  const { dispatches } = program.stats;
  program.dispose();
  return { results, table, dispatches };
}

const describeCase = ({ shape, epsilon, labels }: BatchNormCase) =>
  `${shape}, epsilon ${epsilon}${labels ? `, labels ${labels}` : ""}`;

describe.each(TRAITS)(`batch normalisation on WebGPU, %s (seed ${SEED})`, (_, traits) => {
  it.each([
    ["alone", { relu: false, masked: false }],
    ["before a ReLU", { relu: true, masked: false }],
    ["with images that do not count", { relu: false, masked: true }],
    ["before a ReLU, with images that do not count", { relu: true, masked: true }],
  ])(`%s, agrees with the formulas on ${COMPILED_SHAPES} shapes`, async (__, options) => {
    const random = new RandomData(SEED);
    const misses: string[] = [];
    for (let index = 0; index < COMPILED_SHAPES; index++) {
      const shape = AWKWARD_BATCHES[index];
      const one = batchNormCase(random, shape ? { ...options, shape } : options);
      const reference = batchNormReference(one);
      try {
        expectWithin((await onGpu(one, traits)).results, reference);
      } catch (error) {
        misses.push(`${describeCase(one)}: ${(error as Error).message}`);
      }
    }
    expect(misses).toEqual([]);
  });

  it("takes three dispatches forward and three backward, the ReLU and its gradient among them", async () => {
    const one = batchNormCase(new RandomData(SEED), { shape: [8, 12, 12, 16], relu: true, masked: true });
    const { table, dispatches } = await onGpu(one, traits);
    expect(dispatches).toBe(6);
    expect(table).toMatch(/batchNorm \+ relu/);
    expect(table).not.toMatch(/elementwise|reduce/);
  });

  it("gives the same bits every time", async () => {
    const one = batchNormCase(new RandomData(SEED), { shape: [7, 31, 29, 6], relu: true, masked: true });
    const bits = async () =>
      Object.values((await onGpu(one, traits)).results).map(({ data }) => [...new Uint32Array(data.buffer)]);
    expect(await bits()).toEqual(await bits());
  });

  it("keeps the variance of values a thousand deviations from 0", async () => {
    const one = batchNormCase(new RandomData(SEED), { shape: [4, 60, 61, 4], offset: 1000 });
    const { values } = batchNormReference(one);
    const { results } = await onGpu(one, traits);
    // E[x²] − E[x]² in f32 would be off by about 1000² · 2⁻²⁴ = 0.06.
    values.variance.forEach((expected, channel) => {
      expect(Math.abs((results["variance"]?.data[channel] as number) - expected)).toBeLessThan(2e-4 * expected);
    });
  });
});

it(`the CPU reference computes the same formulas, in f64 (seed ${SEED})`, async () => {
  const random = new RandomData(SEED);
  const backend = cpu({ precision: "f64" });
  for (let index = 0; index < SHAPES; index++) {
    const shape = AWKWARD_BATCHES[index];
    const options = { relu: index % 2 === 0, masked: index % 3 === 0 };
    const one = batchNormCase(random, shape ? { ...options, shape } : options);
    const graph = new Graph();
    const program = await backend.compile(graph, { outputs: buildBatchNorm(graph, one) });
    const reference = batchNormReference(one);
    // Allowed are f32's roundings; f64's are 2⁻²⁹ of them.
    expectWithin(await program.run(feedsOf(one)), reference, 2 ** -24);
    program.dispose();
  }
});

describe("by given statistics", () => {
  it("agrees with the CPU reference, gradients towards the statistics included", async () => {
    const random = new RandomData(SEED);
    for (const shape of [...AWKWARD_BATCHES, [3, 5, 7, 6]]) {
      const channels = shape[shape.length - 1] as number;
      const build = (graph: Graph) => {
        const x = graph.input("x", shape);
        const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((name) =>
          graph.input(name, [channels]),
        ) as [Node, Node, Node, Node];
        const y = graph.batchNorm(x, gamma, beta, { mean, variance });
        const dy = graph.input("dy", shape);
        const [dx, dmean, dvariance] = graph.gradients(y, [x, mean, variance], dy) as [Node, Node, Node];
        const turned = graph.batchNorm(x, beta, gamma, { mean, variance });
        const active = graph.relu(graph.batchNorm(x, beta, gamma, { mean, variance }));
        // A value that is wanted before and after its ReLU.
        return { y, active, both: graph.add(turned, graph.relu(turned)), dx, dmean, dvariance };
      };
      const size = shape.reduce((a, b) => a * b, 1);
      const feeds = {
        ...{ x: random.normals(size), dy: random.normals(size) },
        ...{ gamma: random.normals(channels), beta: random.normals(channels), mean: random.normals(channels) },
        variance: random.normals(channels).map((value) => Math.fround(Math.abs(value) + 0.5)),
      };
      const [graph, twin] = [new Graph(), new Graph()];
      const [program, reference] = [
        await gpu.backend.compile(graph, { outputs: build(graph) }),
        await cpu({ precision: "f64" }).compile(twin, { outputs: build(twin) }),
      ];
      const [got, want] = [await program.run(feeds), await reference.run(feeds)];
      program.dispose();
      // Every term of these sums is of order one.
      const allowed = 64 * Math.sqrt(size / channels) * 2 ** -24 * (size / channels);
      for (const [name, { data }] of Object.entries(want)) {
        const limit = name === "dmean" || name === "dvariance" ? allowed : 64 * 2 ** -24;
        data.forEach((expected, i) => {
          const distance = Math.abs((got[name]?.data[i] as number) - expected) / Math.max(1, Math.abs(expected));
          if (!(distance <= limit)) throw new Error(`${shape}: ${name}[${i}]: ${got[name]?.data[i]}, not ${expected}`);
        });
      }
    }
  });
});

describe.each(["cpu", "webgpu"] as const)("moving statistics on %s", (kind) => {
  const backendOf = () => (kind === "cpu" ? cpu({ precision: "f64" }) : gpu.backend);

  /** A step that normalises `x` once or twice with the same moving statistics. */
  function movingStep(shape: readonly number[], times: number, watched?: "itself" | "doubled") {
    const graph = new Graph();
    const x = graph.input("x", shape);
    const moving = ["mean", "variance"].map(
      (name) => new Variable({ name, shape: [shape[shape.length - 1] as number] }),
    );
    let current = moving.map((variable) => graph.variable(variable));
    const [gamma, beta] = [1, 0].map((value) => graph.constant(new Array(shape[shape.length - 1]).fill(value)));
    let y = x;
    for (let time = 0; time < times; time++) {
      const found = batchNormOfBatch(graph, graph.add(y, time + 1), gamma as Node, beta as Node);
      current = [found.mean, found.variance].map((value, i) => graph.movingAverage(current[i] as Node, value, 0.75));
      y = found.y;
    }
    moving.forEach((variable, i) => {
      graph.assign(variable, current[i] as Node);
    });
    const [before] = moving.map((variable) => graph.variable(variable)) as [Node];
    const outputs = watched === "itself" ? { y, before } : watched ? { y, before: graph.mul(before, 2) } : { y };
    return { graph, moving, outputs };
  }

  it("follow the batch's as Keras writes it, in the dispatch that makes these", async () => {
    const { graph, moving, outputs } = movingStep([2, 3, 1, 5], 1);
    const program = await backendOf().compile(graph, { outputs });
    if (kind === "webgpu") expect(String(program)).not.toMatch(/assign|movingAverage/);
    const random = new RandomData(SEED);
    const want = [new Float64Array(5), new Float64Array(5)];
    for (let step = 0; step < 3; step++) {
      const x = random.normals(30);
      await program.run({ x });
      for (let channel = 0; channel < 5; channel++) {
        const column = Array.from(x).filter((_, i) => i % 5 === channel);
        const mean = column.reduce((sum, value) => sum + value + 1, 0) / 6;
        const variance = column.reduce((sum, value) => sum + (value + 1 - mean) ** 2, 0) / 6;
        [mean, variance].forEach((value, i) => {
          const list = want[i] as Float64Array;
          list[channel] = (list[channel] as number) * 0.75 + value * 0.25;
        });
      }
    }
    const got = await program.enqueue({ steps: 0, read: moving });
    got.forEach(({ data }, i) => {
      data.forEach((value, channel) => {
        expect(Math.abs(value - (want[i]?.[channel] as number))).toBeLessThan(100 * 2 ** -24);
      });
    });
    program.dispose();
  });

  it("go two steps where a batch is normalised twice", async () => {
    const { graph, moving, outputs } = movingStep([4, 3], 2);
    const program = await backendOf().compile(graph, { outputs });
    await program.run({ x: Array.from({ length: 12 }, (_, i) => i) });
    const [mean] = await program.enqueue({ steps: 0, read: moving });
    // First mean of column c: 4.5 + c + 1; second: that of normalised values plus 2.
    [0, 1, 2].forEach((c) => {
      expect(mean?.data[c]).toBeCloseTo((5.5 + c) * 0.25 * 0.75 + 2 * 0.25, 5);
    });
    program.dispose();
  });

  it.each([
    ["itself", 1],
    ["doubled", 2],
  ] as const)("are seen by outputs, %s, as they were before the step", async (watched, factor) => {
    const { graph, outputs } = movingStep([4, 3], 1, watched);
    const program = await backendOf().compile(graph, { outputs });
    const x = Array.from({ length: 12 }, (_, i) => i);
    expect([...((await program.run({ x }))["before"]?.data ?? [])]).toEqual([0, 0, 0]);
    expect((await program.run({ x }))["before"]?.data[0]).toBeCloseTo(factor * 5.5 * 0.25, 6);
    program.dispose();
  });
});
