/** Functions of one number by WebAssembly's kernels: as exact as a shader has to be, and right where f32 ends. */
import { afterAll, describe, expect, it } from "vitest";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { checkPointwise, POINTWISE, valueAndDerivative } from "../support/pointwise.ts";

const backend = await openWasm();
afterAll(() => backend.dispose());

describe("functions of one number", () => {
  it.each(Object.entries(POINTWISE))("%s is within a shader's accuracy of the reference", async (name, { build }) => {
    await checkPointwise(backend, name, build);
  });

  it.each(Object.entries(POINTWISE))("%s hands NaN on, and stays a number far out", async (name, { build }) => {
    const far = Float32Array.of(Number.NaN, -1e30, -300, -104, -90, 90, 104, 300, 1e30);
    const xs = name.startsWith("pow") ? far.filter((x) => !(Math.abs(x) > 1e6)) : far;
    const { y, dx } = await valueAndDerivative(backend, build, xs);
    expect(y.data[0]).toBe(name === "pow 0" ? 1 : Number.NaN);
    for (const values of [y.data, dx.data]) expect(Array.from(values).slice(1).every(Number.isFinite)).toBe(true);
  });

  it("made of exponentials come from kernels, not from loops", async () => {
    const graph = new Graph();
    const x = graph.input("x", [4]);
    const { gelu, tanh, mish } = POINTWISE;
    const values = { gelu: gelu!.build(graph, x), tanh: tanh!.build(graph, x), mish: mish!.build(graph, x) };
    const slopes = Object.entries(values).map(([name, y]) => [`d ${name}`, graph.gradients(y, [x], x)[0]!]);
    const outputs = { ...values, ...Object.fromEntries(slopes) };
    const program = await backend.compile(graph, { outputs });
    expect(String(program)).not.toContain("loops");
    program.dispose();
  });
});

describe("exp", () => {
  it("is within 3 units in the last place, and ends at 0 and infinity where f32 does", async () => {
    const xs = Float32Array.from({ length: 1999 }, (_, index) => (index - 1030) / 10);
    const graph = new Graph();
    const program = await backend.compile(graph, { outputs: { y: graph.exp(graph.input("x", [xs.length])) } });
    const { y } = await program.run({ x: xs });
    program.dispose();
    xs.forEach((x, index) => {
      const [got, want] = [y?.data[index] as number, Math.fround(Math.exp(x))];
      // Below 2^-126 numbers lie 2^-149 apart.
      const allowed = Number.isFinite(want) ? Math.max(3 * 2 ** -23 * want, 2 ** -149) : 0;
      expect(got === want || Math.abs(got - want) <= allowed, `exp(${x}) is ${got}, not ${want}`).toBe(true);
    });
  });

  it("of infinities and NaN is what the reference has", async () => {
    const graph = new Graph();
    const program = await backend.compile(graph, { outputs: { y: graph.exp(graph.input("x", [5])) } });
    const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: none } = Number;
    const { y } = await program.run({ x: [POSITIVE_INFINITY, NEGATIVE_INFINITY, none, 0, -0] });
    expect([...(y?.data ?? [])]).toEqual([POSITIVE_INFINITY, 0, none, 1, 1]);
    program.dispose();
  });
});
