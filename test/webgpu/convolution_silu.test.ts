import { describe, expect, test } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { buildProgram } from "../../src/webgpu/program.ts";
import { deviceOfFile } from "../support/device.ts";
import { expectNear, integers, traitsOfEachKind } from "./kernels_support.ts";

const gpu = await deviceOfFile();

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly padding: "same" | "valid";
  readonly bias: boolean;
}

const CASES: Readonly<Record<string, Case>> = {
  "a first layer": { x: [2, 7, 6, 1], w: [3, 3, 1, 8], padding: "same", bias: true },
  "whole vectors": { x: [2, 6, 5, 8], w: [3, 3, 8, 12], padding: "same", bias: true },
  "odd channels without bias": { x: [3, 6, 6, 3], w: [5, 3, 3, 4], padding: "valid", bias: false },
};

/** Small numbers, so that SiLU is curved. */
const eighths = (count: number, seed: number) => Float32Array.from(integers(count, seed, -3, 3), (value) => value / 8);

function build(graph: Graph, { x, w, padding, bias }: Case): { y: Node; gradients: Readonly<Record<string, Node>> } {
  const [input, filter, b] = [graph.input("x", x), graph.input("w", w), graph.input("b", [w[3]])];
  const sum = graph.conv2d(input, filter, { padding });
  const y = graph.silu(bias ? graph.add(sum, b) : sum);
  const wanted = bias ? [input, filter, b] : [input, filter];
  const found = graph.gradients(graph.sum(graph.mul(y, y)), wanted);
  const gradients = Object.fromEntries(found.map((node, index) => [`d${index}`, node]));
  return { y, gradients };
}

function feeds({ x, w, bias }: Case): Record<string, Float32Array> {
  const size = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
  return { x: eighths(size(x), 1), w: eighths(size(w), 2), ...(bias && { b: eighths(w[3], 3) }) };
}

async function agrees(one: Case, graph: Graph, outputs: Readonly<Record<string, Node>>, traits: DeviceTraits) {
  const program = await buildProgram(gpu.backend, await lowerGraph(graph, outputs, traits));
  const reference = await cpu().compile(graph, { outputs });
  const [got, want] = [await program.run(feeds(one)), await reference.run(feeds(one))];
  for (const name of Object.keys(outputs)) expectNear(got[name]!.data, want[name]!.data, 1e-4);
  for (const each of [program, reference]) each.dispose();
}

const operations = async (graph: Graph, outputs: Readonly<Record<string, Node>>, traits: DeviceTraits) =>
  (await lowerGraph(graph, outputs, traits)).dispatches.map(({ op }) => op);

describe.each(traitsOfEachKind)("convolution, bias and SiLU in one kernel, on %s", (_, traits) => {
  test.each(Object.entries(CASES))("%s: gives the CPU's values", async (__, one) => {
    const graph = new Graph();
    const { y } = build(graph, one);
    expect(await operations(graph, { y }, traits)).toEqual(["conv2d + silu"]);
    await agrees(one, graph, { y }, traits);
  });

  test.each(Object.entries(CASES))("%s: gives the CPU's gradients, which load the derivative", async (__, one) => {
    const graph = new Graph();
    const { y, gradients } = build(graph, one);
    const outputs = { y, ...gradients };
    expect(await operations(graph, outputs, traits)).not.toContain("siluGradient");
    await agrees(one, graph, outputs, traits);
  });
});

test("a sum that is an output is not fused away", async () => {
  const graph = new Graph();
  const sum = graph.conv2d(graph.input("x", [1, 4, 4, 4]), graph.input("w", [3, 3, 4, 4]));
  const [, traits] = traitsOfEachKind[0]!;
  expect(await operations(graph, { sum, y: graph.silu(sum) }, traits)).toEqual(["conv2d", "silu"]);
});
