import { ArgumentError } from "../core/errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";

export type LossName = "sparseCategoricalCrossentropy";

interface Loss {
  /** A scalar: the mean over the rows of the batch that count. */
  build(graph: Graph, logits: Node, labels: Node): Node;
}

const LOSSES: Readonly<Record<LossName, Loss>> = {
  sparseCategoricalCrossentropy: {
    build: (graph, logits, labels) => graph.softmaxCrossEntropy(logits, labels),
  },
};

/** A loss by name. Throws `ArgumentError` that lists the known ones. */
export function lossByName(name: string): Loss {
  const loss = Object.hasOwn(LOSSES, name) ? LOSSES[name as LossName] : undefined;
  if (loss === undefined) {
    throw new ArgumentError(`Unknown loss "${name}"; known: ${Object.keys(LOSSES).join(", ")}.`);
  }
  return loss;
}
