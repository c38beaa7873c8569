import { afterAll, beforeAll, expect, test } from "vitest";
import type { CompileOptions } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { testDevice } from "../support/gpu.ts";
import { integers } from "./kernels_support.ts";

let backend: WebGpuBackend;
beforeAll(async () => {
  backend = await webgpu({ device: await testDevice(), quickStart: false });
});
afterAll(() => backend.dispose());

/** A graph of one layer on whole numbers, which halves hold exactly up to 2,048: [output, values fed]. */
type Case = (g: Graph) => { outputs: Record<string, Node>; feeds: Record<string, Float32Array> };

function network(strides: [number, number], channels: number, pool: boolean): Case {
  return (g) => {
    const x = g.input("x", [2, 8, 8, channels]);
    const w = g.input("w", [3, 3, channels, 8]);
    const v = g.input("v", [3, 3, 8, 4]);
    const u = g.input("u", [pool ? 64 : (2 * 8 * 8 * 4) / 2 / strides[0] / strides[1], 4]);
    const options = { strides, padding: "same" as const };
    let y = g.relu(g.conv2d(g.relu(x), w, options));
    if (pool) y = g.maxPool2d(y, { size: [2, 2], strides: [2, 2] });
    // The mean of one value and a maximum over overlapping windows: kernels of their own.
    y = g.avgPool2d(y, { size: [1, 1], strides: [1, 1] });
    y = g.maxPool2d(y, { size: [3, 3], strides: [1, 1], padding: "same" });
    // A sum of two branches, whose gradients meet again.
    y = g.relu(g.conv2d(g.add(y, g.relu(g.neg(y))), v, { strides: [1, 1], padding: "same" }));
    const product = g.matmul(g.reshape(y, [2, u.shape[0] as number]), u);
    const loss = g.sum(g.mul(product, product));
    const [dx, dw, dv, du] = g.gradients(loss, [x, w, v, u]) as [Node, Node, Node, Node];
    const feeds = Object.fromEntries(
      [x, w, v, u].map((node, seed) => {
        const size = node.shape.reduce((a, b) => a * b, 1);
        return [
          "xwvu"[seed] as string,
          integers(size, seed, seed === 0 ? -2 : -1, 1).map((value, i) => (i % 3 === 0 ? value : 0)),
        ];
      }),
    );
    return { outputs: { product, dx, dw, dv, du }, feeds };
  };
}

async function run(make: Case, options: Omit<CompileOptions, "outputs">) {
  const g = new Graph();
  const { outputs, feeds } = g.inLayer("block", () => make(g));
  const program = await backend.compile(g, { outputs, ...options });
  const results = await program.run(feeds);
  const table = String(program);
  const { scratchBytes } = program.stats;
  program.dispose();
  return { results, table, scratchBytes };
}

test.each([
  ["3×3 convolutions", network([1, 1], 4, false)],
  ["strided, many channels", network([2, 2], 4, false)],
  ["with a pool", network([1, 1], 4, true)],
])("%s: whole numbers pass through 16-bit storage unchanged", async (_, make) => {
  const whole = await run(make, {});
  const half = await run(make, { halfLayers: new Set(["block"]) });
  expect(half.table).toContain("16-bit storage");
  expect(whole.table).not.toContain("16-bit storage");
  expect(half.scratchBytes).toBeLessThan(whole.scratchBytes);
  for (const [name, { data }] of Object.entries(whole.results)) {
    expect(
      data.some((value) => value !== 0),
      name,
    ).toBe(true);
    expect([...(half.results[name]?.data ?? [])], name).toEqual([...data]);
  }
});
