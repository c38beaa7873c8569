import { describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { cpuOps } from "../../src/cpu/ops/index.ts";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { GRADIENT_CASES } from "../support/gradient_cases/index.ts";
import { checkGradients, differentiatedOps } from "../support/gradients.ts";
import { allOps } from "../support/op_registry.ts";
import { RandomData } from "../support/random.ts";

const SEED = 20261123;
const SHAPES = 20;

describe(`gradients agree with central differences (seed ${SEED})`, () => {
  for (const [op, make] of Object.entries(GRADIENT_CASES)) {
    it(`${op}, ${SHAPES} random shapes`, async () => {
      const random = new RandomData(SEED);
      for (let shape = 0; shape < SHAPES; shape++) {
        const one = make(random);
        await checkGradients(one, random).catch((error: Error) => {
          throw new Error(`${op} ${one.name}: ${error.message}`);
        });
      }
    });
  }
});

/** Ops whose rule lets no gradient through, so that there is nothing to compare. */
const WITHOUT_FLOW: Readonly<Record<string, string>> = {
  augmentImages: "it changes images of a data set, before the network",
  gatherPart: "it fetches images of a data set, before the network",
  mixImages: "it mixes images of a data set, before the network",
  oneHot: "its input is whole numbers",
  stopGradient: "its purpose",
};

describe("every op with a gradient rule", () => {
  it(`meets central differences at ${SHAPES} random shapes or more`, async () => {
    const shapes = new Map<string, number>();
    for (const make of Object.values(GRADIENT_CASES)) {
      const random = new RandomData(SEED);
      for (let shape = 0; shape < SHAPES; shape++) {
        for (const op of differentiatedOps(make(random))) shapes.set(op, (shapes.get(op) ?? 0) + 1);
      }
    }
    const ops = allOps();
    const rules = [...ops.values()].filter(({ gradient }) => gradient !== undefined).map(({ name }) => name);
    expect(rules.filter((name) => !(name in WITHOUT_FLOW) && (shapes.get(name) ?? 0) < SHAPES)).toEqual([]);
    // An op that a backend computes and that is none of these files' exports would not be asked for.
    expect([...cpuOps.keys()].filter((name) => !ops.has(name))).toEqual([]);
  });

  it.each(Object.keys(WITHOUT_FLOW))("%s lets none through", async (name) => {
    const op = allOps().get(name);
    const graph = new Graph();
    const x = graph.input("x", [2]);
    const context = { graph, node: x, attributes: {}, upstream: x, operand: () => x, wants: () => true };
    expect(op?.gradient?.(context)).toEqual({});
  });
});

describe("gradients where differences cannot look", () => {
  const run = async (build: (graph: Graph) => Node) => {
    const graph = new Graph();
    const program = await cpu({ precision: "f64" }).compile(graph, { outputs: { y: build(graph) } });
    return [...((await program.run())["y"]?.data ?? [])];
  };

  it("give a pooling window's gradient to the first of equal maxima", async () => {
    const dx = await run((graph) => {
      const x = graph.constant([1, 3, 3, 3, 2, 2, 2, 2], [1, 2, 4, 1]);
      const y = graph.maxPool2d(x, { size: [2, 2] });
      return graph.gradients(graph.sum(graph.mul(y, graph.constant([10, 20], [1, 1, 2, 1]))), [x])[0] as Node;
    });
    expect(dx).toEqual([0, 10, 20, 0, 0, 0, 0, 0]);
  });

  it("give a maximum's gradient to the first of equals", async () => {
    const dx = await run((graph) => {
      const x = graph.constant([2, 5, 5, 7, 7, 1], [2, 3]);
      return graph.gradients(graph.sum(graph.max(x, 1)), [x])[0] as Node;
    });
    expect(dx).toEqual([0, 1, 0, 1, 0, 0]);
  });

  it("stop at stopGradient and are zero for what the loss does not depend on", async () => {
    const dx = await run((graph) => {
      const x = graph.constant([1, 2], [2]);
      return graph.gradients(graph.sum(graph.mul(graph.stopGradient(x), x)), [x])[0] as Node;
    });
    expect(dx).toEqual([1, 2]);
  });
});
