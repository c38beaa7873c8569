import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { type Node, Variable } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { checkAgreement, tensor } from "../support/agreement.ts";
import { deviceOfFile } from "../support/device.ts";
import { NORMALIZATION_CASES } from "../support/normalization_cases.ts";
import { RandomData } from "../support/random.ts";
import { expectNear } from "./kernels_support.ts";

const SEED = 99;

const gpu = await deviceOfFile();

describe("dropout on the GPU", () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ["each value for itself", [3, 5, 7, 3], [3, 5, 7, 3]],
    ["whole channels", [3, 5, 7, 3], [3, 1, 1, 3]],
    ["whole images", [9, 4], [9, 1]],
    ["one decision for all", [2, 3], [1, 1]],
  ])("drops what the CPU reference drops, in results and gradients: %s", async (_, shape, noiseShape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = new RandomData(SEED).integers(size, 8).map((value) => value || 1);
    const results = await Promise.all(
      [gpu.backend, cpu()].map(async (backend) => {
        const graph = new Graph();
        const x = graph.input("x", shape);
        const step = graph.input("step", [], "u32");
        // A rate of a half doubles: exact in f32. In the place of the square, which nobody reads afterwards.
        const y = graph.dropout(graph.mul(x, x), { rate: 0.5, seed: 2 ** 40 + 1, stream: 7, step, noiseShape });
        const [dx] = graph.gradients(graph.sum(y), [x]);
        const program = await backend.compile(graph, { outputs: { y, dx: dx as Node } });
        const runs = [];
        for (const at of [0, 1, 4294967295]) {
          const out = await program.run({ x: values, step: [at] });
          runs.push([...(out["y"]?.data ?? [])], [...(out["dx"]?.data ?? [])]);
        }
        program.dispose();
        return runs;
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });
});

describe("Gaussian noise on the GPU", () => {
  it("is the CPU reference's up to rounding, normal, other at each step, and lets gradients pass", async () => {
    const shape = [64, 5, 13, 5];
    const size = shape.reduce((a, b) => a * b, 1);
    const values = new RandomData(SEED).normals(size);
    const [got, want] = await Promise.all(
      [gpu.backend, cpu()].map(async (backend) => {
        const graph = new Graph();
        const x = graph.input("x", shape);
        const step = graph.input("step", [], "u32");
        const noisy = graph.gaussianNoise(x, { stddev: 2, seed: 2 ** 40 + 1, stream: 7, step });
        const y = graph.sub(noisy, x);
        const [dx] = graph.gradients(graph.sum(noisy), [x]);
        const program = await backend.compile(graph, { outputs: { y, dx: dx as Node } });
        const runs: number[][] = [];
        for (const at of [0, 4294967295]) {
          const out = await program.run({ x: values, step: [at] });
          runs.push([...(out["y"]?.data ?? [])]);
          expect(new Set(out["dx"]?.data)).toEqual(new Set([1]));
        }
        program.dispose();
        return runs;
      }),
    );
    // Noise of up to 2 · 5.2 standard deviations by some twenty roundings, and two of values up to 16.
    want?.forEach((noise, run) => {
      expectNear(got?.[run] ?? [], noise, 2 ** -24 * (20 * 10.4 + 2 * 16));
    });
    const [first = [], second = []] = want ?? [];
    const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / size;
    const within = (value: number, expected: number, deviation: number) =>
      expect(Math.abs(value - expected)).toBeLessThan((5 * deviation) / Math.sqrt(size));
    within(mean(first), 0, 2);
    within(mean(first.map((value) => value ** 2)), 4, 4 * Math.SQRT2);
    // Fourth moments of normal values: 3 σ⁴, itself with a deviation of √96 σ⁴.
    within(mean(first.map((value) => value ** 4)), 48, 16 * Math.sqrt(96));
    within(mean(first.map((value, i) => value * (second[i] ?? 0))), 0, 4);
  });
});

describe("norm constraints on the GPU", () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ["the weights into each unit", [30, 7], [0]],
    ["those of each filter", [3, 3, 4, 5], [0, 1, 2]],
    ["an axis between others", [4, 6, 3], [1]],
    ["the whole", [5, 5], [0, 1]],
  ])("hold norms as the CPU reference does: %s", async (_, shape, axes) => {
    const initial = Float32Array.from(new RandomData(SEED).normals(shape.reduce((a, b) => a * b, 1)));
    for (const range of [
      { minValue: 0, maxValue: 1.5, rate: 1 },
      { minValue: 2, maxValue: 3, rate: 0.25 },
    ]) {
      const [got, want] = await Promise.all(
        [gpu.backend, cpu()].map(async (backend) => {
          const variable = new Variable({ name: "w", shape, initial });
          const graph = new Graph();
          graph.normConstraint(variable, { axes, ...range });
          const program = await backend.compile(graph, { outputs: {} });
          const [tensorAfter] = await program.enqueue({ steps: 1, read: [variable] });
          program.dispose();
          return [...(tensorAfter?.data ?? [])];
        }),
      );
      const length = axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
      want?.forEach((value, i) => {
        // The norm is a sum of `length` squares; a division and a root follow.
        expect(Math.abs((got?.[i] ?? 0) - value)).toBeLessThanOrEqual(
          8 * Math.sqrt(length + 4) * 2 ** -24 * Math.abs(value),
        );
      });
      expect(want).not.toEqual([...initial]);
    }
  });
});

describe(`normalisation of each image on the GPU agrees with the CPU reference (seed ${SEED})`, () => {
  it.each(Object.entries(NORMALIZATION_CASES))("%s", async (name, { shapes, build }) => {
    const random = new RandomData(SEED);
    const [x] = shapes;
    await checkAgreement(gpu.backend, {
      name,
      inputs: [...shapes, x].map((shape) => tensor(shape, (n) => random.normals(n).map((v) => v + 0.5))),
      sumLength: 24,
      // Means are taken out: what is left is smaller than what it was made of.
      functionError: 64,
      build(graph, nodes) {
        const xs = nodes.slice(0, 3);
        const y = build(graph, xs);
        const [dx, dgamma, dbeta] = graph.gradients(y, xs, nodes[3] as Node) as [Node, Node, Node];
        return { y, dx, dgamma, dbeta };
      },
    });
  });
});
