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
import type { ActivationName } from "./activation_names.ts";

/** What they are, by their names; formulas and sources in graph/ops/pointwise.ts. */
const ACTIVATIONS: Readonly<Record<ActivationName, (graph: Graph, x: Node) => Node>> = {
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
};

/** Adds an activation to a graph. */
export function activate(name: ActivationName, graph: Graph, x: Node): Node {
  return ACTIVATIONS[name](graph, x);
}
