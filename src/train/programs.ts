import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { sigmoid } from "../graph/ops/pointwise.ts";
import { softmax } from "../graph/ops/softmax.ts";
import type { Loss } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";

/** What `predict` gives of outputs: those that a loss folds an activation of become probabilities. */
export type PredictionKind = Loss["folded"];

/** Outputs with the activation that their loss folds. */
export function unfolded(graph: Graph, outputs: Node, folded: PredictionKind): Node {
  if (folded === undefined) return outputs;
  return folded === "softmax" ? softmax(graph, outputs) : sigmoid(graph, outputs);
}

/**
 * The model's outputs [batch, …outputShape] of fed images [batch, …inputShape], named by their places: "0", "1", … `folded`:
 * of each output the activation that makes probabilities of it; one at the model's end is not applied twice.
 */
export function compilePrediction(
  backend: Backend,
  model: Model,
  batch: number,
  folded: readonly PredictionKind[],
): Promise<Program> {
  const graph = new Graph();
  const images = model.inputShapes.map((shape, index) => graph.input(String(index), [batch, ...shape]));
  const outputs = model.build(graph, images, { logits: model.outputShapes.map((_, index) => folded[index] ?? false) });
  return backend.compile(graph, {
    outputs: Object.fromEntries(outputs.map((y, index) => [String(index), unfolded(graph, y, folded[index])])),
  });
}
