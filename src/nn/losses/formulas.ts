import { at } from "../../core/at.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";

/**
 * Formulas of losses: from outputs and targets, both f32 [batch, …], to one value a row, f32 [batch]. As in Keras, a
 * loss is taken along the last axis and averaged over the axes between, such as an image's height and width.
 */

/** Mean over every axis but the first: [batch, …] → [batch]. */
export function meanOfRows(graph: Graph, x: Node): Node {
  if (x.shape.length === 1) return x;
  return graph.mean(
    x,
    x.shape.slice(1).map((_, axis) => axis + 1),
  );
}

/** −Σ targets · log softmax(logits) along the last axis. */
function crossEntropy(graph: Graph, logits: Node, targets: Node): Node {
  const classes = at(logits.shape, logits.shape.length - 1);
  const places = logits.shape.slice(0, -1);
  const rows = places.reduce((product, extent) => product * extent, 1);
  const asRows = (x: Node) => (x.shape.length === 2 ? x : graph.reshape(x, [rows, classes]));
  const values = graph.softmaxCrossEntropy(asRows(logits), asRows(targets), { reduction: "none" });
  return places.length === 1 ? values : graph.reshape(values, places);
}

/** Targets mixed with the even distribution: t · (1 − smoothing) + smoothing / values (Szegedy et al. 2016). */
function smooth(graph: Graph, targets: Node, smoothing: number, values: number): Node {
  return smoothing === 0 ? targets : graph.add(graph.mul(targets, 1 - smoothing), smoothing / values);
}

/** Cross-entropy of softmax(logits) against class indices, i32 [batch]; a negative one gives 0 where nothing is smoothed. */
export function sparseCategoricalCrossentropyRows(
  graph: Graph,
  logits: Node,
  labels: Node,
  labelSmoothing: number,
): Node {
  if (labelSmoothing === 0) return graph.softmaxCrossEntropy(logits, labels, { reduction: "none" });
  const targets = graph.oneHot(labels, at(logits.shape, 1));
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
  const positive = graph.mul(t, graph.softplus(graph.neg(logits)));
  const negative = graph.mul(graph.sub(1, t), graph.softplus(logits));
  return meanOfRows(graph, graph.add(positive, negative));
}

/** (y − t)² */
export function meanSquaredErrorRows(graph: Graph, outputs: Node, targets: Node): Node {
  const difference = graph.sub(outputs, targets);
  return meanOfRows(graph, graph.mul(difference, difference));
}

/** |y − t|; the gradient where they are equal is 0. */
export function meanAbsoluteErrorRows(graph: Graph, outputs: Node, targets: Node): Node {
  return meanOfRows(graph, graph.abs(graph.sub(outputs, targets)));
}

/** ½d² for |d| ≤ delta, delta · |d| − ½delta² beyond (Huber 1964): c · (d − ½c), c being d held within ±delta. */
export function huberRows(graph: Graph, outputs: Node, targets: Node, delta: number): Node {
  const difference = graph.sub(outputs, targets);
  const held = graph.clip(difference, -delta, delta);
  return meanOfRows(graph, graph.mul(held, graph.sub(difference, graph.mul(held, 0.5))));
}

/** max(0, 1 − t · y), targets −1 or 1; a target of 0 counts as −1, as in Keras. */
export function hingeRows(graph: Graph, outputs: Node, targets: Node): Node {
  const signs = graph.where(graph.equal(targets, 0), -1, targets);
  return meanOfRows(graph, graph.relu(graph.sub(1, graph.mul(signs, outputs))));
}

/** max(0, 1 + the largest output of a wrong class − the right class's output), targets one-hot. */
export function categoricalHingeRows(graph: Graph, outputs: Node, targets: Node): Node {
  const right = graph.sum(graph.mul(targets, outputs), -1);
  const wrong = graph.max(graph.mul(graph.sub(1, targets), outputs), -1);
  return meanOfRows(graph, graph.relu(graph.add(graph.sub(wrong, right), 1)));
}

/** Below this a probability counts as this, as in Keras (`backend.epsilon()`). */
const LEAST_PROBABILITY = 1e-7;

/** Σ t · (log t − log softmax(logits)) along the last axis (Kullback and Leibler 1951); 0 · log 0 is 0. */
export function kullbackLeiblerRows(graph: Graph, logits: Node, targets: Node): Node {
  const logarithm = graph.log(graph.clip(targets, LEAST_PROBABILITY, 1));
  const negativeEntropy = graph.sum(graph.mul(targets, logarithm), -1);
  return meanOfRows(graph, graph.add(negativeEntropy, crossEntropy(graph, logits, targets)));
}

/** Below this a sum of squares counts as this, so that a row of zeros has a direction: none. */
const LEAST_SQUARES = 1e-12;

/** −cos of the angle between outputs and targets along the last axis: −1 where they point the same way. */
export function cosineSimilarityRows(graph: Graph, outputs: Node, targets: Node): Node {
  const direction = (x: Node) => {
    const squares = graph.sum(graph.mul(x, x), -1, true);
    return graph.div(x, graph.sqrt(graph.clip(squares, LEAST_SQUARES, Number.POSITIVE_INFINITY)));
  };
  const cosine = graph.sum(graph.mul(direction(targets), direction(outputs)), -1);
  return meanOfRows(graph, graph.neg(cosine));
}
