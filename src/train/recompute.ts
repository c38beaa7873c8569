import { sizeOf } from "../core/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Model } from "../nn/model.ts";

/**
 * Which nodes of a model the backward pass computes once more. The outputs of its layers are cut into about √n runs of
 * neighbours; of each run the smallest output is kept, and everything between two kept ones is recomputed (Chen et al. 2016,
 * "Training deep nets with sublinear memory cost"). Nodes before number `first` are of other passes.
 */
export function recomputedNodes(graph: Graph, model: Model, first = 0): (node: Node) => boolean {
  const names = new Set(model.layers.map(({ name }) => name));
  const inside = graph.nodes.slice(first).filter((node) => node.layer !== undefined && names.has(node.layer));
  const consumed = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) consumed.set(input, [...(consumed.get(input) ?? []), node]);
  }
  const outputs = inside.filter((node) => (consumed.get(node) ?? []).some(({ layer }) => layer !== node.layer));
  const run = Math.max(1, Math.ceil(Math.sqrt(outputs.length)));
  const kept = new Set<Node>();
  for (let first = 0; first < outputs.length; first += run) {
    const neighbours = outputs.slice(first, first + run);
    // Of equal ones the last, which is nearest to what reads it.
    const smallest = neighbours.reduce((best, node) => (sizeOf(node.shape) <= sizeOf(best.shape) ? node : best));
    kept.add(smallest);
  }
  const again = new Set(inside.filter((node) => !kept.has(node)));
  return (node) => again.has(node);
}
