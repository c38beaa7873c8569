/** Batch normalisation by WebAssembly's kernels, whole and in slices, with images that do not count: the reference's numbers. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { batchNormOfBatch } from "../../src/graph/ops/batch_norm.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { slicing } from "../../src/wasm/slices.ts";
import { RandomData } from "../support/random.ts";

const SEED = 20261201;
const [backend, reference] = [await openWasm({ threads: 2 }), cpu({ precision: "f64" })];
const { least } = slicing;
beforeAll(() => {
  slicing.least = 1;
});
afterAll(() => {
  slicing.least = least;
  backend.dispose();
  reference.dispose();
});

async function results(on: Backend, shape: readonly number[], feeds: Record<string, Float32Array | Int32Array>) {
  const graph = new Graph();
  const channels = [shape.at(-1) ?? 0];
  const [x, dy] = [graph.input("x", shape), graph.input("dy", shape)];
  const [gamma, beta] = [graph.input("gamma", channels), graph.input("beta", channels)];
  const labels = "labels" in feeds ? graph.input("labels", shape.slice(0, 1), "i32") : undefined;
  const { y, mean, variance } = batchNormOfBatch(graph, x, gamma, beta, { labels });
  const [dx, dgamma, dbeta] = graph.gradients(y, [x, gamma, beta], dy);
  if (!dx || !dgamma || !dbeta) throw new Error("a gradient is missing");
  const program = await on.compile(graph, { outputs: { y, mean, variance, dx, dgamma, dbeta } });
  const outputs = await program.run(feeds);
  const table = String(program);
  program.dispose();
  return { outputs, table };
}

it.each([
  { shape: [3, 5, 4, 16], labels: undefined },
  { shape: [3, 5, 4, 32], labels: [2, -1, 0] },
  { shape: [5, 2, 3, 8], labels: [-1, 1, 1, -1, 0] },
  { shape: [2, 3, 3, 6], labels: [-1, 4] },
  { shape: [9, 48], labels: undefined },
  { shape: [7, 3], labels: [0, 0, 1, -1, 2, 2, -1] },
])("of $shape, labels $labels", async ({ shape, labels }) => {
  const random = new RandomData(SEED);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const channels = shape.at(-1) ?? 0;
  const values = (size: number, add = 0) => Float32Array.from({ length: size }, () => random.uniform() * 2 - 1 + add);
  const feeds = {
    ...{ x: values(count, 0.5), dy: values(count), gamma: values(channels, 2), beta: values(channels) },
    ...(labels && { labels: Int32Array.from(labels) }),
  };
  const [got, want] = [await results(backend, shape, feeds), await results(reference, shape, feeds)];
  expect(got.table.match(/batch sums/g)?.length).toBeGreaterThanOrEqual(3);
  for (const [name, { data }] of Object.entries(want.outputs)) {
    const actual = got.outputs[name]?.data ?? [];
    expect(actual).toHaveLength(data.length);
    // Sums of count / channels values below 4, of which each result takes some, over a standard deviation of 0.3 at least.
    const allowed = 2 ** -24 * 64 * Math.sqrt(count / channels) * 4;
    data.forEach((expected, index) => {
      expect(Math.abs((actual[index] ?? Number.NaN) - expected), `${name}[${index}]`).toBeLessThanOrEqual(allowed);
    });
  }
});
