import { at } from "../core/at.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { countCorrect } from "../graph/ops/count_correct.ts";
import type { Metric } from "../nn/metrics/totals.ts";
import type { Batch } from "./dataset_variables.ts";

/** A batch as a training step measures it beside its loss. Nodes are made when they are first asked for. */
export interface MeasuredBatch {
  /** The class of each row, i32 [batch], −1 in rows that do not count; none unless a row is of one class. */
  rowClass(): Node | undefined;
  /**
   * At most `most` values of the step's report behind its loss, and the counts of metrics that the device adds up over
   * batches. `losses`: of each output.
   */
  measure(losses: readonly Node[], most: number): { values: readonly Node[]; counts: ReadonlyMap<Metric, Node> };
}

/** Looks at the outputs [batch, …] of a batch as its losses take them. */
export type Measures = (
  graph: Graph,
  outputs: readonly Node[],
  batch: Pick<Batch, "targets" | "mask" | "weights">,
) => MeasuredBatch;

/** Right answers and rows of one output's rows of classes, with class labels: all that most training looks at. */
export const rightLabels: Measures = (graph, outputs, { targets }) => ({
  rowClass: () => at(targets, 0),
  measure: () => ({ values: [countCorrect(graph, at(outputs, 0), at(targets, 0))], counts: new Map() }),
});
