import type { Node } from "../../src/graph/node.ts";
import type { Graph } from "../../src/graph.ts";

/** A normalisation of x with gamma and beta, the three inputs in this order. */
export interface NormalizationCase {
  readonly shapes: readonly [readonly number[], readonly number[], readonly number[]];
  build(graph: Graph, inputs: readonly Node[]): Node;
}

export const NORMALIZATION_CASES: Readonly<Record<string, NormalizationCase>> = {
  "layerNorm over the channels": {
    shapes: [[3, 2, 3, 5], [5], [5]],
    build: (g, [x, gamma, beta]) => g.layerNorm(x as Node, { gamma, beta }),
  },
  "layerNorm over the whole image": {
    shapes: [
      [2, 3, 2, 4],
      [3, 2, 4],
      [3, 2, 4],
    ],
    build: (g, [x, gamma, beta]) => g.layerNorm(x as Node, { axes: [1, 2, 3], gamma, beta, epsilon: 1e-5 }),
  },
  "layerNorm of a single channel, which is 0": {
    shapes: [[3, 4, 1], [1], [1]],
    build: (g, [x, gamma, beta]) => g.layerNorm(x as Node, { gamma, beta }),
  },
  "groupNorm in two groups": {
    shapes: [[2, 3, 3, 6], [6], [6]],
    build: (g, [x, gamma, beta]) => g.groupNorm(x as Node, { groups: 2, gamma, beta }),
  },
  instanceNorm: {
    shapes: [[2, 4, 3, 3], [3], [3]],
    build: (g, [x, gamma, beta]) => g.instanceNorm(x as Node, { gamma, beta }),
  },
};
