import { expect, test } from "vitest";
import { SCHEDULE_COLUMNS, SCHEDULE_ROWS } from "../../src/core/schedule.ts";
import { Arena, Variable } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { sgd } from "../../src/nn/optimizers.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";

const TRAITS = { maxWorkgroupSize: 256, maxWorkgroupStorage: 16384, software: false };

const variable = (name: string, shape: number[], dtype: "f32" | "u32" = "f32") => new Variable({ name, shape, dtype });

async function kernelsOf(graph: Graph, outputs: Parameters<typeof lowerGraph>[1] = {}): Promise<string[]> {
  return (await lowerGraph(graph, outputs, TRAITS)).dispatches.map(({ spec }) => spec.name);
}

test("a gradient that no kernel writes in its place is copied there", async () => {
  const graph = new Graph();
  const parameters = new Arena("parameters", [{ name: "w", shape: [4] }]);
  const schedule = variable("schedule", [SCHEDULE_ROWS, SCHEDULE_COLUMNS]);
  const step = graph.variable(variable("step", [], "u32"));
  const { rule } = sgd();
  graph.optimizerUpdate(step, graph.variable(schedule), [graph.input("gradient", [4])], {
    rule,
    parameters,
    state: [],
  });
  expect(await kernelsOf(graph)).toEqual(["copy", "optimizer_update"]);
});

test("what an effect, or an output, is to see as it was before another effect is kept by a copy", async () => {
  const [a, b] = [variable("a", [8]), variable("b", [8])];
  const swap = new Graph();
  swap.assign(a, swap.variable(b));
  swap.assign(b, swap.variable(a));
  expect(await kernelsOf(swap)).toEqual(["copy", "copy", "copy"]);
  const shown = new Graph();
  shown.assign(a, shown.input("x", [8]));
  expect(await kernelsOf(shown, { before: shown.variable(a) })).toEqual(["copy", "copy"]);
});
