import { fetchWanted } from "../core/late.ts";
import { onDemand } from "../core/on_demand.ts";
import type { Backend, Program } from "../graph/backend.ts";
import { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { softmax } from "../graph/ops/softmax.ts";
import type { Loss } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";

/** What `predict` gives of outputs: those that a loss folds an activation of become probabilities. */
export type PredictionKind = Loss["folded"];

/**
 * The model's outputs [batch, …outputShape] of fed images [batch, …inputShape], named by their places: "0", "1", … `folded`:
 * of each output the activation that makes probabilities of it; one at the model's end is not applied twice.
 */
export async function predictionGraph(
  model: Model,
  batch: number,
  folded: readonly PredictionKind[],
): Promise<{ graph: Graph; outputs: Record<string, Node> }> {
  const sigmoid = folded.includes("sigmoid")
    ? (await onDemand("activations", () => import("./sigmoid.ts"))).sigmoid
    : undefined;
  await fetchWanted();
  const graph = new Graph();
  const images = model.inputShapes.map((shape, index) => graph.input(String(index), [batch, ...shape]));
  const outputs = model.build(graph, images, { logits: model.outputShapes.map((_, index) => folded[index] ?? false) });
  const probabilities = outputs.map((y, index) => {
    const kind = folded[index];
    if (kind === undefined) return y;
    return sigmoid && kind === "sigmoid" ? sigmoid(graph, y) : softmax(graph, y);
  });
  return { graph, outputs: Object.fromEntries(probabilities.map((y, index) => [String(index), y])) };
}

/** Compiles that graph. */
export async function compilePrediction(
  backend: Backend,
  model: Model,
  batch: number,
  folded: readonly PredictionKind[],
): Promise<Program> {
  const { graph, outputs } = await predictionGraph(model, batch, folded);
  return backend.compile(graph, { outputs });
}
