import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { relu } from "../graph/ops/relu.ts";
import { softmax } from "../graph/ops/softmax.ts";
import type { ActivationName } from "./activation_names.ts";

/** An activation by its name, and what it does. */
export interface Activation {
  readonly name: ActivationName;
  apply(graph: Graph, x: Node): Node;
}

/** Those of most networks, by their names: what a page has at once that opens a model. */
export const usualActivations: Readonly<Record<string, Activation>> = {
  linear: { name: "linear", apply: (_, x) => x },
  relu: { name: "relu", apply: relu },
  softmax: { name: "softmax", apply: softmax },
};
