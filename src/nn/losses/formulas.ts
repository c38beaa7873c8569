import { at } from "../../core/at.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { add, div, mul, sub } from "../../graph/ops/arithmetic.ts";
import { equal } from "../../graph/ops/compare.ts";
import { oneHot } from "../../graph/ops/one_hot.ts";
import { abs, clip, softplus } from "../../graph/ops/pointwise.ts";
import { max, mean } from "../../graph/ops/reduce.ts";
import { relu } from "../../graph/ops/relu.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { softmaxCrossEntropy } from "../../graph/ops/softmax_cross_entropy.ts";
import { sum } from "../../graph/ops/sum.ts";
import { log, neg, sqrt } from "../../graph/ops/unary.ts";
import { where } from "../../graph/ops/where.ts";

/**
 * Formulas of losses: from outputs and targets, both f32 [batch, …], to one value a row, f32 [batch]. As in Keras, a
 * loss is taken along the last axis and averaged over the axes between, such as an image's height and width.
 */

/** Mean over every axis but the first: [batch, …] → [batch]. */
export function meanOfRows(graph: Graph, x: Node): Node {
  if (x.shape.length === 1) return x;
  return mean(
    graph,
    x,
    x.shape.slice(1).map((_, axis) => axis + 1),
  );
}

/** −Σ targets · log softmax(logits) along the last axis. */
function crossEntropy(graph: Graph, logits: Node, targets: Node): Node {
  const classes = at(logits.shape, logits.shape.length - 1);
  const places = logits.shape.slice(0, -1);
  const rows = places.reduce((product, extent) => product * extent, 1);
  const asRows = (x: Node) => (x.shape.length === 2 ? x : reshape(graph, x, [rows, classes]));
  const values = softmaxCrossEntropy(graph, asRows(logits), asRows(targets), { reduction: "none" });
  return places.length === 1 ? values : reshape(graph, values, places);
}

/** Targets mixed with the even distribution: t · (1 − smoothing) + smoothing / values (Szegedy et al. 2016). */
function smooth(graph: Graph, targets: Node, smoothing: number, values: number): Node {
  return smoothing === 0 ? targets : add(graph, mul(graph, targets, 1 - smoothing), smoothing / values);
}

/** Cross-entropy of softmax(logits) against class indices, i32 [batch]; a negative one gives 0 where nothing is smoothed. */
export function sparseCategoricalCrossentropyRows(
  graph: Graph,
  logits: Node,
  labels: Node,
  labelSmoothing: number,
): Node {
  if (labelSmoothing === 0) return softmaxCrossEntropy(graph, logits, labels, { reduction: "none" });
  const targets = oneHot(graph, labels, at(logits.shape, 1));
  return categoricalCrossentropyRows(graph, logits, targets, labelSmoothing);
}

/** Cross-entropy of softmax(logits) against a probability for each class. */
export function categoricalCrossentropyRows(graph: Graph, logits: Node, targets: Node, labelSmoothing: number): Node {
  const classes = at(logits.shape, logits.shape.length - 1);
  return meanOfRows(graph, crossEntropy(graph, logits, smooth(graph, targets, labelSmoothing, classes)));
}

/**
 * −t · log σ(z) − (1 − t) · log(1 − σ(z)), written with softplus so that no digit is lost for large logits of either
 * sign: t · softplus(−z) + (1 − t) · softplus(z).
 */
export function binaryCrossentropyRows(graph: Graph, logits: Node, targets: Node, labelSmoothing: number): Node {
  const t = smooth(graph, targets, labelSmoothing, 2);
  const positive = mul(graph, t, softplus(graph, neg(graph, logits)));
  const negative = mul(graph, sub(graph, 1, t), softplus(graph, logits));
  return meanOfRows(graph, add(graph, positive, negative));
}

/** (y − t)² */
export function meanSquaredErrorRows(graph: Graph, outputs: Node, targets: Node): Node {
  const difference = sub(graph, outputs, targets);
  return meanOfRows(graph, mul(graph, difference, difference));
}

/** |y − t|; the gradient where they are equal is 0. */
export function meanAbsoluteErrorRows(graph: Graph, outputs: Node, targets: Node): Node {
  return meanOfRows(graph, abs(graph, sub(graph, outputs, targets)));
}

/** ½d² for |d| ≤ delta, delta · |d| − ½delta² beyond (Huber 1964): c · (d − ½c), c being d held within ±delta. */
export function huberRows(graph: Graph, outputs: Node, targets: Node, delta: number): Node {
  const difference = sub(graph, outputs, targets);
  const held = clip(graph, difference, -delta, delta);
  return meanOfRows(graph, mul(graph, held, sub(graph, difference, mul(graph, held, 0.5))));
}

/** max(0, 1 − t · y), targets −1 or 1; a target of 0 counts as −1, as in Keras. */
export function hingeRows(graph: Graph, outputs: Node, targets: Node): Node {
  const signs = where(graph, equal(graph, targets, 0), -1, targets);
  return meanOfRows(graph, relu(graph, sub(graph, 1, mul(graph, signs, outputs))));
}

/** max(0, 1 + the largest output of a wrong class − the right class's output), targets one-hot. */
export function categoricalHingeRows(graph: Graph, outputs: Node, targets: Node): Node {
  const right = sum(graph, mul(graph, targets, outputs), -1);
  const wrong = max(graph, mul(graph, sub(graph, 1, targets), outputs), -1);
  return meanOfRows(graph, relu(graph, add(graph, sub(graph, wrong, right), 1)));
}

/** Below this a probability counts as this, as in Keras (`backend.epsilon()`). */
const LEAST_PROBABILITY = 1e-7;

/** Σ t · (log t − log softmax(logits)) along the last axis (Kullback and Leibler 1951); 0 · log 0 is 0. */
export function kullbackLeiblerRows(graph: Graph, logits: Node, targets: Node): Node {
  const logarithm = log(graph, clip(graph, targets, LEAST_PROBABILITY, 1));
  const negativeEntropy = sum(graph, mul(graph, targets, logarithm), -1);
  return meanOfRows(graph, add(graph, negativeEntropy, crossEntropy(graph, logits, targets)));
}

/** Below this a sum of squares counts as this, so that a row of zeros has a direction: none. */
const LEAST_SQUARES = 1e-12;

/** −cos of the angle between outputs and targets along the last axis: −1 where they point the same way. */
export function cosineSimilarityRows(graph: Graph, outputs: Node, targets: Node): Node {
  const direction = (x: Node) => {
    const squares = sum(graph, mul(graph, x, x), -1, true);
    return div(graph, x, sqrt(graph, clip(graph, squares, LEAST_SQUARES, Number.POSITIVE_INFINITY)));
  };
  const cosine = sum(graph, mul(graph, direction(targets), direction(outputs)), -1);
  return meanOfRows(graph, neg(graph, cosine));
}
