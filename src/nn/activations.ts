import { ArgumentError } from "../core/errors.ts";
import { nearestHint } from "../core/hints.ts";
import { describeValue, shortened } from "../core/options.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import {
  elu as eluNode,
  gelu as geluNode,
  hardSigmoid as hardSigmoidNode,
  hardSwish as hardSwishNode,
  leakyRelu as leakyReluNode,
  mish as mishNode,
  relu6 as relu6Node,
  selu as seluNode,
  sigmoid as sigmoidNode,
  silu as siluNode,
  softplus as softplusNode,
  softsign as softsignNode,
  tanh as tanhNode,
} from "../graph/ops/pointwise.ts";
import { relu as reluNode } from "../graph/ops/relu.ts";
import { logSoftmax as logSoftmaxNode, softmax as softmaxNode } from "../graph/ops/softmax.ts";
import { exp } from "../graph/ops/unary.ts";
import type { Activation } from "./usual_activations.ts";

/** Functions that a layer may end in, by Keras' names in this project's spelling; formulas and sources in graph/ops/pointwise.ts. */
const ACTIVATIONS = {
  linear: (_, x) => x,
  relu: (graph, x) => reluNode(graph, x),
  relu6: (graph, x) => relu6Node(graph, x),
  /** Slope 0.2 below 0, Keras' for the name alone; the layer `leakyReLU` takes another. */
  leakyRelu: (graph, x) => leakyReluNode(graph, x, 0.2),
  elu: (graph, x) => eluNode(graph, x),
  selu: (graph, x) => seluNode(graph, x),
  gelu: (graph, x) => geluNode(graph, x),
  geluTanh: (graph, x) => geluNode(graph, x, { approximate: true }),
  silu: (graph, x) => siluNode(graph, x),
  swish: (graph, x) => siluNode(graph, x),
  mish: (graph, x) => mishNode(graph, x),
  sigmoid: (graph, x) => sigmoidNode(graph, x),
  /** x/6 + ½ within [0, 1], as in Keras 3. */
  hardSigmoid: (graph, x) => hardSigmoidNode(graph, x),
  hardSilu: (graph, x) => hardSwishNode(graph, x),
  hardSwish: (graph, x) => hardSwishNode(graph, x),
  tanh: (graph, x) => tanhNode(graph, x),
  softplus: (graph, x) => softplusNode(graph, x),
  softsign: (graph, x) => softsignNode(graph, x),
  exponential: (graph, x) => exp(graph, x),
  /** Over the last axis, as logSoftmax. */
  softmax: (graph, x) => softmaxNode(graph, x),
  logSoftmax: (graph, x) => logSoftmaxNode(graph, x),
} as const satisfies Record<string, (graph: Graph, x: Node) => Node>;

/** Name of an activation. */
export type ActivationName = keyof typeof ACTIVATIONS;

/** All names, in the order in which errors list them. */
export const activationNames = Object.keys(ACTIVATIONS) as readonly ActivationName[];

/** An activation by its name; "linear" where it is left out. Throws `ArgumentError` that lists the known ones. */
export function activationOf(what: string, name: string | undefined): Activation {
  const wanted = name ?? "linear";
  if (!Object.hasOwn(ACTIVATIONS, wanted)) {
    const plain = typeof wanted === "string" ? shortened(wanted) : null;
    throw new ArgumentError(
      `${what}: unknown activation ${describeValue(wanted)}; known: ${activationNames.join(", ")}.` +
        nearestHint(plain, activationNames),
    );
  }
  const known = wanted as ActivationName;
  return { name: known, apply: ACTIVATIONS[known] };
}
