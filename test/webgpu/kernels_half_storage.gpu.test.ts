import { afterAll, beforeAll, expect, test } from "vitest";
import type { Tensor } from "../../src/core/tensor.ts";
import { cpu } from "../../src/cpu.ts";
import type { CompileOptions } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { type WebGpuBackend, webgpu } from "../../src/webgpu/backend.ts";
import { testDevice } from "../support/gpu.ts";
import { integers, uniform } from "./kernels_support.ts";

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

/** Pointwise functions, dropout with a mask an element and a channel, maxima and sums, on numbers that halves hold exactly. */
const exactKinds: Case = (g) => {
  const x = g.input("x", [4, 6, 6, 8]);
  const step = g.input("step", [], "u32");
  const kept = g.dropout(g.leakyRelu(g.neg(x), 0.5), { rate: 0.5, seed: 1, step });
  const channels = g.dropout(g.abs(g.neg(kept)), { rate: 0.5, seed: 2, step, noiseShape: [4, 1, 1, 8] });
  const most = g.max(g.neg(channels), [1, 2], true);
  // The sums' gradients are spread over the picture.
  const clipped = g.clip(g.sub(channels, most), -8, 24);
  const sums = g.add(g.sum(channels, [1, 2]), g.max(clipped, [1, 2]));
  const total = g.sum(sums, [1]);
  const [dx] = g.gradients(g.sum(g.mul(sums, sums)), [x]) as [Node];
  return { outputs: { sums, total, dx }, feeds: { x: integers(4 * 6 * 6 * 8, 7, -3, 3), step: Float32Array.of(3) } };
};

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

type Ran = Awaited<ReturnType<typeof run>>;

/** A graph's results as f32, and with 16-bit storage. Compiled once a case, for whoever asks. */
const known = new Map<Case, Promise<[Ran, Ran]>>();
function bothOf(make: Case) {
  const both = known.get(make) ?? runBoth(make);
  known.set(make, both);
  return both;
}

/** One behind the other: programs that are there at the same time share memory, which is then as large as the larger one's. */
async function runBoth(make: Case): Promise<[Ran, Ran]> {
  const whole = await run(make, {});
  return [whole, await run(make, { halfLayers: new Set(["block"]) })];
}

/** Every result, number for number, and none of them nothing but zeros. */
function expectSame(got: Readonly<Record<string, Tensor>>, want: Readonly<Record<string, Tensor>>): void {
  for (const [name, { data }] of Object.entries(want)) {
    expect(
      data.some((value) => value !== 0),
      name,
    ).toBe(true);
    expect(
      [...(got[name]?.data ?? [])].map((value) => value + 0),
      name,
    ).toEqual([...data].map((value) => value + 0));
  }
}

test("pointwise functions, dropout and reductions: numbers that halves hold pass through 16-bit storage unchanged", async () => {
  const [whole, half] = await bothOf(exactKinds);
  expect(half.scratchBytes).toBeLessThan(0.7 * whole.scratchBytes);
  const stored = half.table.split("\n").filter((row) => row.includes("16-bit storage"));
  for (const kernel of [
    / pointwise .*leakyRelu/,
    / pointwise .*gradient/,
    / dropout /,
    / reduce .*max/,
    / reduce .*sum/,
    / max_gradient /,
  ]) {
    expect(
      stored.some((row) => kernel.test(row)),
      `${kernel}`,
    ).toBe(true);
  }
  expectSame(half.results, whole.results);
});

/** Depthwise and strided convolutions, and what moves elements or blends them. */
const otherKinds: Case = (g) => {
  const x = g.input("x", [2, 8, 8, 8]);
  const w = g.input("w", [3, 3, 8, 1]);
  const v = g.input("v", [3, 3, 8, 4]);
  const r = g.input("r", [2, 8]);
  const y = g.depthwiseConv2d(g.neg(x), w, { padding: "same" });
  const half = g.conv2d(y, v, { strides: [2, 2], padding: "same" });
  const both = g.concat([half, g.neg(half)], 3);
  const padded = g.pad(both, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const part = g.slice(padded, [0, 1, 0, 0], [2, 4, 4, 8]);
  const turned = g.transpose(g.upsample2d(part, { size: [2, 2] }), [0, 2, 1, 3]);
  const loss = g.sum(g.mul(g.sum(turned, [1, 2]), r));
  const [dx, dw, dv] = g.gradients(loss, [x, w, v]) as [Node, Node, Node];
  const sparse = (size: number, seed: number) =>
    integers(size, seed, -1, 1).map((value, i) => (i % 3 === 0 ? value : 0));
  return {
    outputs: { loss, dx, dw, dv },
    feeds: { x: sparse(1024, 1), w: sparse(72, 2), v: sparse(288, 3), r: integers(16, 4, -1, 1) },
  };
};

test.each([
  ["depthwise_forward", / depthwise_forward /],
  ["depthwise_input_gradient", / depthwise_input_gradient /],
  ["conv2d_input_gradient_phases", / conv2d_input_gradient_phases /],
  ["strided_copy", / strided_copy /],
  ["place", / place /],
  ["transpose", / transpose /],
  ["resample_axis", / resample_axis /],
])("a network with %s passes numbers that halves hold through 16-bit storage unchanged", async (_, kernel) => {
  const [whole, half] = await bothOf(otherKinds);
  const stored = half.table.split("\n").filter((row) => row.includes("16-bit storage"));
  expect(stored.some((row) => kernel.test(row))).toBe(true);
  expectSame(half.results, whole.results);
});

/** What a rounding to 11 bits costs, relative. */
const HALF_ROUNDING = 2 ** -11;

test("pointwise functions, dropout, noise and means agree with the CPU up to the roundings on their way", async () => {
  const make: Case = (g) => {
    const x = g.input("x", [2, 8, 8, 4]);
    const step = g.input("step", [], "u32");
    const noisy = g.gaussianNoise(g.gelu(g.neg(x)), { stddev: 0.5, seed: 4, step });
    const kept = g.dropout(g.silu(noisy), { rate: 0.25, seed: 1, step });
    const y = g.mean(g.softplus(kept), [1, 2]);
    const [dx] = g.gradients(g.sum(g.mul(y, y)), [x]) as [Node];
    return { outputs: { y, dx }, feeds: { x: uniform(2 * 8 * 8 * 4, 3, -3, 3), step: Float32Array.of(2) } };
  };
  const g = new Graph();
  const { outputs, feeds } = g.inLayer("block", () => make(g));
  const expected = await (await cpu().compile(g, { outputs })).run(feeds);
  const half = await run(make, { halfLayers: new Set(["block"]) });
  for (const [name, { data }] of Object.entries(expected)) {
    const most = Math.max(...[...data].map(Math.abs));
    // Six values are stored on the way to y, and as many gradients on the way back, each of them, or what its derivative is
    // taken at, rounded once; no function here is steeper than 1.2, nor dropout than 4/3.
    const allowed = (name === "y" ? 6 : 12) * 1.2 * (4 / 3) * HALF_ROUNDING * Math.max(1, most);
    const got = [...(half.results[name]?.data ?? [])];
    const worst = got.reduce((far, value, i) => Math.max(far, Math.abs(value - (data[i] as number))), 0);
    expect(worst, name).toBeLessThan(allowed);
    // Rounded they were.
    expect(worst, name).toBeGreaterThan(2 ** -22 * most);
  }
});

test("a layer's statistics stay f32: the variance of values whose squares no half holds", async () => {
  const make: Case = (g) => {
    const x = g.input("x", [4, 32]);
    const y = g.layerNorm(g.mul(g.neg(x), g.constant([1000])));
    return { outputs: { y }, feeds: { x: uniform(4 * 32, 5, 1, 3) } };
  };
  const whole = await run(make, {});
  const half = await run(make, { halfLayers: new Set(["block"]) });
  expect(half.table).toContain("16-bit storage");
  const expected = whole.results["y"]?.data ?? [];
  // Of up to 3,000, in steps of 2 from 2,048 on; they deviate by 2,000 / √12.
  const allowed = (2 * 3000 * HALF_ROUNDING) / (2000 / Math.sqrt(12));
  for (const [i, value] of [...(half.results["y"]?.data ?? [])].entries()) {
    expect(Math.abs(value - (expected[i] as number)), `${i}`).toBeLessThan(allowed);
  }
});

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
  expectSame(half.results, whole.results);
});
