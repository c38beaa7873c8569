import { describe, expect, it } from "vitest";
import type { Node } from "../../src/graph/node.ts";
import { Graph } from "../../src/graph.ts";
import { ArgumentError, ShapeError } from "../../src/index.ts";
import { checkGradients, tensor } from "../support/gradients.ts";
import { NORMALIZATION_CASES } from "../support/normalization_cases.ts";
import { RandomData } from "../support/random.ts";

const SEED = 88;

describe(`normalisation of each image: gradients are central differences (seed ${SEED})`, () => {
  it.each(Object.entries(NORMALIZATION_CASES))("%s", async (name, { shapes, build }) => {
    const random = new RandomData(SEED);
    await checkGradients({ name, inputs: shapes.map((shape) => tensor(random, shape)), build }, random);
  });

  it("second derivatives too: the gradient of a gradient", async () => {
    const random = new RandomData(SEED);
    const inputs = [tensor(random, [2, 3, 4]), tensor(random, [2, 3, 4])];
    await checkGradients(
      {
        name: "gradient of layerNorm",
        inputs,
        build(g, [x, dy]) {
          const y = g.layerNorm(x as Node, { axes: [1, 2] });
          return g.gradients(y, [x as Node], dy)[0] as Node;
        },
      },
      random,
    );
  });

  it("refuses groups that do not divide and an epsilon below 0", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 4, 4, 6]);
    expect(() => graph.groupNorm(x, { groups: 4 })).toThrow(ShapeError);
    expect(() => graph.groupNorm(x, { groups: 0 })).toThrow(
      /6 channels of \[2, 4, 4, 6\] cannot be split into 0 groups/,
    );
    expect(() => graph.layerNorm(x, { epsilon: -1 })).toThrow(ArgumentError);
    expect(() => graph.instanceNorm(graph.input("y", [3]))).toThrow(ShapeError);
  });
});
