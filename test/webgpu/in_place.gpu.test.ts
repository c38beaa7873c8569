import { expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { webgpu } from "../../src/index.ts";
import { writeInPlace } from "../../src/webgpu/in_place.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { planMemory } from "../../src/webgpu/memory.ts";
import { rootOf } from "../../src/webgpu/plan.ts";
import { expectExact } from "../support/compare.ts";
import { openDevice } from "../support/device.ts";
import { integers } from "./kernels_support.ts";

const device = await openDevice();

const TRAITS = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, software: true };

/** How many kernels write over an operand, and the bytes of the plan before and after. */
async function planned(graph: Graph, outputs: Record<string, Node>) {
  const plan = await lowerGraph(graph, outputs, TRAITS);
  const better = writeInPlace(plan);
  const bytes = (one: typeof plan) => planMemory(one).reduce((sum, slot) => sum + slot.bytes, 0);
  const inPlace = better.dispatches.filter(
    ({ spec, values }, index) =>
      values.length < (plan.dispatches[index]?.values.length ?? 0) &&
      Object.keys(spec.bindings).length === values.length,
  ).length;
  for (const { values } of better.dispatches) {
    const roots = values.map(rootOf);
    // WebGPU refuses one buffer in two bindings where one of them writes.
    const output = roots.at(-1);
    expect(roots.slice(0, -1)).not.toContain(output);
  }
  return { inPlace, before: bytes(plan), after: bytes(better) };
}

async function agrees(graph: Graph, outputs: Record<string, Node>, size: number): Promise<void> {
  const feeds = { x: integers(size, 1, -3, 3) };
  const backend = await webgpu({ device });
  const [program, reference] = [await backend.compile(graph, { outputs }), await cpu().compile(graph, { outputs })];
  const [found, wanted] = [await program.run(feeds), await reference.run(feeds)];
  for (const [name, { data }] of Object.entries(wanted)) expectExact(found[name]?.data ?? [], data);
  program.dispose();
  backend.dispose();
}

it.each([
  ["vectors of four", [3, 8]],
  ["single elements", [3, 7]],
])("a chain of elementwise kernels stays in one buffer: %s", async (_, shape) => {
  const size = (shape[0] ?? 1) * (shape[1] ?? 1);
  const graph = new Graph();
  const x = graph.input("x", shape);
  const a = graph.relu(graph.add(x, 1));
  // `a` is read twice: the first reader must leave it alone, the second may replace it, as either operand.
  const y = graph.sub(graph.mul(graph.neg(a), 3), a);
  const outputs = { y };
  const { inPlace, before, after } = await planned(graph, outputs);
  expect(inPlace).toBeGreaterThanOrEqual(3);
  expect(after).toBeLessThan(before);
  await agrees(graph, outputs, size);
});

it("replaces the second operand where only that one is over", async () => {
  const graph = new Graph();
  const x = graph.input("x", [5, 4]);
  const [a, b] = [graph.add(x, 2), graph.mul(x, 3)];
  const difference = graph.sub(a, b);
  const outputs = { difference, sum: graph.add(graph.mul(a, a), difference) };
  expect((await planned(graph, outputs)).inPlace).toBeGreaterThanOrEqual(1);
  await agrees(graph, outputs, 20);
});

it("leaves alone what is still read, given back, stretched, or both operands", async () => {
  const graph = new Graph();
  const x = graph.input("x", [4, 1]);
  const kept = graph.add(x, 1);
  const outputs = { kept, wide: graph.add(kept, graph.constant([1, 2, 3], [1, 3])), twice: graph.mul(kept, kept) };
  expect((await planned(graph, outputs)).inPlace).toBe(0);
  await agrees(graph, outputs, 4);
});
