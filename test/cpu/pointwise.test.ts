import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { erf, erfc } from "../../src/cpu/error_function.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { POINTWISE } from "../support/pointwise.ts";

/** Value and derivative at each of `xs`. */
async function at(build: (graph: Graph, x: Node) => Node, xs: readonly number[]) {
  const graph = new Graph();
  const x = graph.input("x", [xs.length]);
  const y = build(graph, x);
  const [dx] = graph.gradients(graph.sum(y), [x]) as [Node];
  const out = await (await cpu({ precision: "f64" }).compile(graph, { outputs: { y, dx } })).run({ x: xs });
  return { y: [...(out["y"]?.data ?? [])], dx: [...(out["dx"]?.data ?? [])] };
}

async function compute(build: (graph: Graph) => Node): Promise<number[]> {
  const graph = new Graph();
  const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { y: build(graph) } });
  return [...((await program.run())["y"]?.data ?? [])];
}

describe("functions of one number", () => {
  it("stay finite, and so do their derivatives, as far as f64 reaches", async () => {
    const far = [-1e300, -1e20, -800, -100, -40, 40, 100, 800, 1e20, 1e300];
    for (const [name, { build }] of Object.entries(POINTWISE)) {
      if (name.startsWith("pow")) continue;
      const { y, dx } = await at(build, far);
      expect(y.every(Number.isFinite), `${name}: ${y}`).toBe(true);
      expect(dx.every(Number.isFinite), `${name}': ${dx}`).toBe(true);
    }
  });

  it("hand NaN on", async () => {
    for (const [name, { build }] of Object.entries(POINTWISE)) {
      const { y } = await at(build, [Number.NaN]);
      expect(y, name).toEqual([name === "pow 0" ? 1 : Number.NaN]);
    }
  });

  it.each<[string, number[]]>([
    ["abs", [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]],
    ["elu", [-1, Number.POSITIVE_INFINITY]],
    ["erf", [-1, 1]],
    ["hardSigmoid", [0, 1]],
    ["relu6", [0, 6]],
    ["sigmoid", [0, 1]],
    ["softplus", [0, Number.POSITIVE_INFINITY]],
    ["tanh", [-1, 1]],
    ["leakyRelu", [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]],
    ["pow 3", [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]],
  ])("%s has its limits at −∞ and ∞", async (name, limits) => {
    const { y } = await at(POINTWISE[name]!.build, [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(y).toEqual(limits);
  });

  it("take PyTorch's side at their kinks", async () => {
    const slope = async (name: string, x: number[]) => (await at(POINTWISE[name]!.build, x)).dx;
    expect(await slope("abs", [0])).toEqual([0]);
    expect(await slope("relu6", [0, 6])).toEqual([0, 0]);
    expect(await slope("clip to [-1, 1.5]", [-1, 1.5])).toEqual([1, 1]);
    expect(await slope("leakyRelu, alpha 0.3", [0])).toEqual([0.3]);
    expect(await slope("hardSigmoid", [-3, 3])).toEqual([0, 0]);
    expect(await slope("pow 0", [0])).toEqual([0]);
  });

  it.each<[string, number, number]>([
    ["elu", -1, Math.expm1(-1)],
    // python3 -c "import math; print((1 + math.erf(2**-.5)) / 2)"
    ["gelu", 1, 0.8413447460685429],
    ["hardSigmoid", 1, 2 / 3],
    ["hardSigmoid", 0, 1 / 2],
    ["hardSwish", 1, 2 / 3],
    ["leakyRelu", -2, -0.02],
    // Scale, and scale · alpha, of the paper's appendix.
    ["selu", 1, 1.0507009873554805],
    ["selu", -1, 1.0507009873554805 * 1.6732632423543772 * Math.expm1(-1)],
  ])("%s takes the parameters of Keras and PyTorch where none are given: at %d it is %d", async (name, x, want) => {
    const { y } = await at(POINTWISE[name]!.build, [x]);
    expect(y[0]).toBeCloseTo(want, 14);
  });

  it("are refused a second derivative by name, unless they are straight", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1]);
    const [smooth] = graph.gradients(graph.sum(graph.gelu(x)), [x]) as [Node];
    expect(() => graph.gradients(graph.sum(smooth), [x])).toThrow(/"gelu" has no second derivative/);
    const [straight] = graph.gradients(graph.sum(graph.relu6(graph.mul(x, x))), [x]) as [Node];
    const [second] = graph.gradients(graph.sum(straight), [x]) as [Node];
    const out = await (await cpu({ precision: "f64" }).compile(graph, { outputs: { second } })).run({ x: [1.5] });
    expect(out["second"]?.data[0]).toBe(2);
  });
});

describe("the error function", () => {
  // python3 -c "import math; print(math.erf(x), math.erfc(x))"
  it.each([
    [1e-10, 1.1283791670955127e-10, 0.9999999998871621],
    [0.1, 0.1124629160182849, 0.887537083981715],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [1, 0.8427007929497149, 0.15729920705028513],
    [2, 0.9953222650189527, 0.004677734981047265],
    [3, 0.9999779095030014, 2.209049699858544e-5],
    [5, 0.9999999999984626, 1.5374597944280347e-12],
    [10, 1, 2.088487583762545e-45],
    [26, 1, 5.663192408856143e-296],
  ])("at ±%f is the one of the C library", (x, value, complement) => {
    expect(Math.abs(erf(x) / value - 1)).toBeLessThan(2e-15);
    expect(erf(-x)).toBe(-erf(x));
    // exp(−x²) takes the rounding of x² with it.
    expect(Math.abs(erfc(x) / complement - 1)).toBeLessThan(1e-15 + 3e-16 * x * x);
    expect(erfc(-x)).toBe(1 - erf(-x));
  });
});

describe("casts", () => {
  it("drop fractions, stay in range, keep bits between integers and make truth values", async () => {
    const cast = (values: number[], from: "f32" | "i32" | "u32", to: "f32" | "i32" | "u32" | "bool") =>
      compute((g) => g.cast(g.constant(values, [values.length], from), to));
    expect(await cast([-1.9, 1.9, 3e9, -3e9, Number.NaN], "f32", "i32")).toEqual([-1, 1, 2147483520, -2147483648, 0]);
    expect(await cast([-1.9, 1.9, 5e9], "f32", "u32")).toEqual([0, 1, 4294967040]);
    expect(await cast([-1, 7], "i32", "u32")).toEqual([4294967295, 7]);
    expect(await cast([4294967295, 7], "u32", "i32")).toEqual([-1, 7]);
    expect(await cast([-1, 7], "i32", "f32")).toEqual([-1, 7]);
    expect(await cast([-0, 0.5, Number.NaN, 3], "f32", "bool")).toEqual([0, 1, 1, 1]);
  });
});

describe("comparisons", () => {
  it("are false for NaN, and NaN goes through minimum, maximum and where", async () => {
    const nan = Number.NaN;
    const pair = (g: Graph) => [g.constant([nan, 1, 2, 2]), g.constant([1, nan, 2, 3])] as const;
    expect(await compute((g) => g.equal(...pair(g)))).toEqual([0, 0, 1, 0]);
    expect(await compute((g) => g.less(...pair(g)))).toEqual([0, 0, 0, 1]);
    expect(await compute((g) => g.greaterOrEqual(...pair(g)))).toEqual([0, 0, 1, 0]);
    expect(await compute((g) => g.greater(...pair(g)))).toEqual([0, 0, 0, 0]);
    expect(await compute((g) => g.lessOrEqual(g.constant([2, 3]), 2))).toEqual([1, 0]);
    expect(await compute((g) => g.minimum(...pair(g)))).toEqual([nan, nan, 2, 2]);
    expect(await compute((g) => g.maximum(...pair(g)))).toEqual([nan, nan, 2, 3]);
    expect(await compute((g) => g.where(g.constant([1, 0], [2], "u32"), g.constant([nan, nan]), 5))).toEqual([nan, 5]);
  });

  it("know integers, and refuse a mixture", () => {
    const g = new Graph();
    expect(() => g.less(g.input("a", [2], "i32"), g.input("b", [2]))).toThrow(/compares two of one type/);
    expect(() => g.where(g.input("c", [2]), g.input("d", [2], "i32"), g.input("e", [2]))).toThrow(/two of one type/);
  });

  it("give the whole gradient of equals to the first", async () => {
    const dx = await compute((g) => {
      const [a, b] = [g.constant([2, 1, 3]), g.constant([2, 2, 2])];
      const [da, db] = g.gradients(g.sum(g.maximum(a, b)), [a, b]) as [Node, Node];
      return g.add(da, g.mul(db, 10));
    });
    expect(dx).toEqual([1, 10, 1]);
  });
});
