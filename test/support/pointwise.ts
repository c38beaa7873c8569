import type { Node } from "../../src/graph/node.ts";
import type { Graph } from "../../src/graph.ts";

/** A function of one number as a test sees it: how to build it, and where its slope jumps. */
export interface PointwiseCase {
  readonly build: (graph: Graph, x: Node) => Node;
  readonly kinks: readonly number[];
}

/** Every function of one number that a graph has, relu, exp, log, sqrt and neg aside. */
export const POINTWISE: Readonly<Record<string, PointwiseCase>> = {
  abs: { build: (g, x) => g.abs(x), kinks: [0] },
  "clip to [-1, 1.5]": { build: (g, x) => g.clip(x, -1, 1.5), kinks: [-1, 1.5] },
  "clip to [-∞, 2]": { build: (g, x) => g.clip(x, Number.NEGATIVE_INFINITY, 2), kinks: [2] },
  elu: { build: (g, x) => g.elu(x), kinks: [0] },
  "elu, alpha 0.3": { build: (g, x) => g.elu(x, 0.3), kinks: [0] },
  erf: { build: (g, x) => g.erf(x), kinks: [] },
  gelu: { build: (g, x) => g.gelu(x), kinks: [] },
  "gelu with tanh": { build: (g, x) => g.gelu(x, { approximate: true }), kinks: [] },
  hardSigmoid: { build: (g, x) => g.hardSigmoid(x), kinks: [-3, 3] },
  "hardSigmoid of ONNX": { build: (g, x) => g.hardSigmoid(x, { alpha: 0.2, beta: 0.5 }), kinks: [-2.5, 2.5] },
  hardSwish: { build: (g, x) => g.hardSwish(x), kinks: [-3, 3] },
  leakyRelu: { build: (g, x) => g.leakyRelu(x), kinks: [0] },
  "leakyRelu, alpha 0.3": { build: (g, x) => g.leakyRelu(x, 0.3), kinks: [0] },
  mish: { build: (g, x) => g.mish(x), kinks: [] },
  "pow 0": { build: (g, x) => g.pow(x, 0), kinks: [] },
  "pow 2": { build: (g, x) => g.pow(x, 2), kinks: [] },
  "pow 3": { build: (g, x) => g.pow(x, 3), kinks: [] },
  relu6: { build: (g, x) => g.relu6(x), kinks: [0, 6] },
  selu: { build: (g, x) => g.selu(x), kinks: [0] },
  sigmoid: { build: (g, x) => g.sigmoid(x), kinks: [] },
  silu: { build: (g, x) => g.silu(x), kinks: [] },
  softplus: { build: (g, x) => g.softplus(x), kinks: [] },
  softsign: { build: (g, x) => g.softsign(x), kinks: [0] },
  tanh: { build: (g, x) => g.tanh(x), kinks: [] },
};
