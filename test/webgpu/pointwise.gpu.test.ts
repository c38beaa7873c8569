import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Backend } from "../../src/graph/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { deviceOfFile } from "../support/device.ts";
import { checkPointwise, POINTWISE, sweep, valueAndDerivative } from "../support/pointwise.ts";
import { RandomData } from "../support/random.ts";

const SEED = 815;
/** Half a unit in the last place of f32, relative. */
const ROUNDING = 2 ** -24;

const gpu = await deviceOfFile();

describe(`functions of one number and their derivatives (seed ${SEED})`, () => {
  it.each(Object.entries(POINTWISE))("%s is within WGSL's accuracy of the reference", async (name, { build }) => {
    await checkPointwise(gpu.backend, name, build);
  });

  it("erf is within 3e-7 of itself, relatively, and gelu within 1e-6 where its tail is not small", async () => {
    const xs = sweep(4000, SEED).filter((x) => Math.abs(x) > 1e-20);
    for (const [name, least, bound] of [
      ["erf", Number.NEGATIVE_INFINITY, 3e-7],
      ["gelu", -2, 1e-6],
    ] as const) {
      const { build } = POINTWISE[name]!;
      const [got, want] = [
        await valueAndDerivative(gpu.backend, build, xs),
        await valueAndDerivative(cpu(), build, xs),
      ];
      let worst = 0;
      xs.forEach((x, i) => {
        const [actual, expected] = [got.y.data[i] as number, want.y.data[i] as number];
        if (x >= least) worst = Math.max(worst, Math.abs(actual / expected - 1));
      });
      expect(worst, name).toBeLessThan(bound);
    }
  });
});

describe("powers", () => {
  it("with an exponent that is a tensor agree, a base below 0 and whole exponents included", async () => {
    const random = new RandomData(SEED);
    const bases = Float32Array.from({ length: 300 }, () => (random.uniform() - 0.4) * 6);
    const exponents = bases.map((base) => (base < 0 ? random.integer(-4, 4) : random.integer(-12, 12) / 3));
    const run = async (backend: Backend) => {
      const graph = new Graph();
      const [a, b] = [graph.input("a", [300]), graph.input("b", [300])];
      const y = graph.pow(a, b);
      const [da] = graph.gradients(y, [a], graph.constant(new Float32Array(300).fill(1))) as [Node];
      const program = await backend.compile(graph, { outputs: { y, da } });
      const out = await program.run({ a: bases, b: exponents });
      program.dispose();
      return [...(out["y"]?.data ?? []), ...(out["da"]?.data ?? [])];
    };
    const [got, want] = [await run(gpu.backend), await run(cpu())];
    want.forEach((expected, i) => {
      const logarithm = Math.abs(Math.log2(Math.abs(expected) + 1e-30));
      const tolerance = ROUNDING * (64 + 16 * logarithm) * Math.abs(expected);
      expect(Math.abs((got[i] as number) - expected), `${bases[i % 300]} to ${exponents[i % 300]}`).toBeLessThanOrEqual(
        tolerance,
      );
    });
  });
});

describe("choices and casts", () => {
  it("agree exactly over 16 random shapes, integers included", async () => {
    const random = new RandomData(SEED);
    for (let index = 0; index < 16; index++) {
      const full = Array.from({ length: random.integer(1, 4) }, () => random.pick([1, 2, 3, 4, 8]));
      const part = () =>
        full.map((extent) => (random.uniform() < 0.3 ? 1 : extent)).slice(random.integer(0, full.length - 1));
      const shapes = [part(), part(), full];
      const feeds = Object.fromEntries(
        shapes.map((shape, i) => [`x${i}`, random.integers(shape.reduce((a, b) => a * b, 1))]),
      );
      const dtype = random.pick(["f32", "i32"] as const);
      const run = async (backend: Backend) => {
        const graph = new Graph();
        const [a, b, c] = shapes.map((shape, i) => graph.input(`x${i}`, shape, dtype)) as [Node, Node, Node];
        const truth = graph.less(a, b);
        const outputs = {
          truth,
          equal: graph.equal(a, c),
          lessOrEqual: graph.lessOrEqual(b, c),
          chosen: graph.where(truth, c, b),
          unsigned: graph.less(graph.cast(a, "u32"), graph.cast(c, "u32")),
          bool: graph.cast(c, "bool"),
          f32: graph.cast(c, "f32"),
          whole: graph.cast(graph.mul(graph.cast(c, "f32"), 0.7), "i32"),
        };
        const program = await backend.compile(graph, { outputs });
        const out = await program.run(feeds);
        program.dispose();
        return Object.fromEntries(
          Object.entries(out).map(([name, { data }]) => [name, Array.from(data, (x) => x + 0)]),
        );
      };
      // f32 below 0 saturates at 0 as u32, i32 keeps its bits: both backends alike.
      expect(await run(gpu.backend), `${dtype} ${shapes.join(" ")}`).toEqual(await run(cpu()));
    }
  });

  it("of numbers beyond a type's range end at the same border on both", async () => {
    const xs = Float32Array.of(3e9, -3e9, 5e9, 1e20, -1e20, 2147483520, 0.99, -0.99);
    const run = async (backend: Backend) => {
      const graph = new Graph();
      const x = graph.input("x", [8]);
      const program = await backend.compile(graph, {
        outputs: { signed: graph.cast(x, "i32"), unsigned: graph.cast(x, "u32") },
      });
      const out = await program.run({ x: xs });
      program.dispose();
      return Object.values(out).map(({ data }) => [...data]);
    };
    expect(await run(gpu.backend)).toEqual(await run(cpu()));
  });

  it("read u8 tensors byte by byte", async () => {
    const run = async (backend: Backend) => {
      const graph = new Graph();
      const x = graph.input("x", [7], "u8");
      const program = await backend.compile(graph, { outputs: { y: graph.cast(x, "f32"), n: graph.cast(x, "i32") } });
      const out = await program.run({ x: Uint8Array.of(0, 1, 127, 128, 255, 3, 4) });
      program.dispose();
      return Object.values(out).map(({ data }) => [...data]);
    };
    const bytes = [0, 1, 127, 128, 255, 3, 4];
    expect(await run(gpu.backend)).toEqual([bytes, bytes]);
    expect(await run(cpu())).toEqual([bytes, bytes]);
  });
});
