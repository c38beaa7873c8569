import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import { backendContract } from "../support/contract/backend.ts";

describe("the CPU backend", () => backendContract(async () => cpu()));

describe("the CPU backend holds f32 tensors", () => {
  it.each([
    ["f64", Float64Array, 0.1],
    ["f32", Float32Array, Math.fround(0.1)],
  ] as const)("as %s on request", async (precision, type, want) => {
    const graph = new Graph();
    const program = await cpu({ precision }).compile(graph, { outputs: { y: graph.input("x", [1]) } });
    const { y } = await program.run({ x: [0.1] });
    expect(y?.data).toBeInstanceOf(type);
    expect(y?.data[0]).toBe(want);
  });
});

describe("a CPU program", () => {
  it("prints its ops with layer, shape and FLOPs", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 4, 4, 3]);
    const y = graph.inLayer("stem", () => graph.conv2d(x, graph.input("w", [3, 3, 3, 8])));
    const program = await cpu().compile(graph, { outputs: { y } });
    expect(String(program)).toMatch(/layer +op +kernel +shape +FLOPs\n.*\nstem +conv2d +loops +\[2, 2, 2, 8\] +3,456/);
    expect(program.stats.flops).toBe(2 * 2 * 2 * 2 * 8 * 27);
  });
});
