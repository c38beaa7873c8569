import { expect, test } from "vitest";
import { Variable } from "../../src/graph/node.ts";
import { neededNodes, outdatedOperands } from "../../src/graph/schedule.ts";
import { Graph } from "../../src/graph.ts";

test("an effect's operand is outdated where it shows, through views too, what an earlier effect changed", () => {
  const g = new Graph();
  const [a, b] = [new Variable({ name: "a", shape: [4] }), new Variable({ name: "b", shape: [4] })];
  const shown = g.stopGradient(g.reshape(g.reshape(g.variable(a), [2, 2]), [4]));
  const first = g.assign(a, g.variable(b));
  const second = g.assign(b, shown);
  expect([...outdatedOperands(g.effects)]).toEqual([
    [first, []],
    [second, [shown]],
  ]);
});

test("needed nodes leave out what neither an output nor an effect is made of, and effects", () => {
  const g = new Graph();
  const a = new Variable({ name: "a", shape: [] });
  const x = g.input("x", []);
  g.neg(x);
  const y = g.exp(x);
  const moved = g.add(g.variable(a), 1);
  g.assign(a, moved);
  expect(neededNodes(g, [y])).toEqual([x, y, ...moved.inputs, moved]);
});
