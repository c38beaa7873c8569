import { ArgumentError } from "../core/errors.ts";
import { describeValue, nearestName } from "../core/options.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";

/** Functions that a layer may end in, by Keras' names in this project's spelling; formulas and sources in graph/ops/pointwise.ts. */
const ACTIVATIONS = {
  linear: (_, x) => x,
  relu: (graph, x) => graph.relu(x),
  relu6: (graph, x) => graph.relu6(x),
  /** Slope 0.2 below 0, Keras' for the name alone; the layer `leakyReLU` takes another. */
  leakyRelu: (graph, x) => graph.leakyRelu(x, 0.2),
  elu: (graph, x) => graph.elu(x),
  selu: (graph, x) => graph.selu(x),
  gelu: (graph, x) => graph.gelu(x),
  geluTanh: (graph, x) => graph.gelu(x, { approximate: true }),
  silu: (graph, x) => graph.silu(x),
  swish: (graph, x) => graph.silu(x),
  mish: (graph, x) => graph.mish(x),
  sigmoid: (graph, x) => graph.sigmoid(x),
  /** x/6 + ½ within [0, 1], as in Keras 3. */
  hardSigmoid: (graph, x) => graph.hardSigmoid(x),
  hardSilu: (graph, x) => graph.hardSwish(x),
  hardSwish: (graph, x) => graph.hardSwish(x),
  tanh: (graph, x) => graph.tanh(x),
  softplus: (graph, x) => graph.softplus(x),
  softsign: (graph, x) => graph.softsign(x),
  exponential: (graph, x) => graph.exp(x),
  /** Over the last axis, as logSoftmax. */
  softmax: (graph, x) => graph.softmax(x),
  logSoftmax: (graph, x) => graph.logSoftmax(x),
} as const satisfies Record<string, (graph: Graph, x: Node) => Node>;

/** Name of an activation. */
export type ActivationName = keyof typeof ACTIVATIONS;

/** All names, in the order in which errors list them. */
export const activationNames = Object.keys(ACTIVATIONS) as readonly ActivationName[];

/** Checks an activation's name; "linear" where it is left out. Throws `ArgumentError` that lists the known ones. */
export function activationName(what: string, name: string | undefined): ActivationName {
  const wanted = name ?? "linear";
  if (!Object.hasOwn(ACTIVATIONS, wanted)) {
    const nearest = typeof wanted === "string" ? nearestName(wanted, activationNames) : undefined;
    const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
    throw new ArgumentError(
      `${what}: unknown activation ${describeValue(wanted)}; known: ${activationNames.join(", ")}.${hint}`,
    );
  }
  return wanted as ActivationName;
}

/** `activation(x)`, where the name has been checked. */
export function applyActivation(graph: Graph, x: Node, name: ActivationName): Node {
  return ACTIVATIONS[name](graph, x);
}
