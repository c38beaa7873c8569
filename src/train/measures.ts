import { at } from "../core/at.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { countCorrect } from "../graph/ops/count_correct.ts";
import type { Metric } from "../nn/metrics/totals.ts";
import type { Batch } from "./dataset_variables.ts";
import type { Totals } from "./step_record.ts";

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

/** What a trainer measures beside the loss: as nodes of its steps, and on the host from what these report. */
export interface Measures {
  /** Values of a step's report behind loss, right answers and rows: sums of metrics, and behind these counts of others. */
  readonly sums: number;
  readonly recorded: number;
  /** Looks at the outputs [batch, …] of a batch as its losses take them. */
  ofBatch(graph: Graph, outputs: readonly Node[], batch: Pick<Batch, "targets" | "mask" | "weights">): MeasuredBatch;
  /** The metrics of a step, from its totals and the counts that its report holds. */
  ofStep(totals: Totals, counts: ArrayLike<number>): Record<string, number>;
  /** The metrics of many steps, from their totals and what metrics have counted. */
  ofSteps(totals: Totals, counts: ReadonlyMap<Metric, ArrayLike<number>>): Record<string, number>;
}

/** Right answers and rows of one output's rows of classes, with class labels: all that most training looks at. */
export const rightLabels: Measures = {
  sums: 0,
  recorded: 0,
  ofBatch: (graph, outputs, { targets }) => ({
    rowClass: () => at(targets, 0),
    measure: () => ({ values: [countCorrect(graph, at(outputs, 0), at(targets, 0))], counts: new Map() }),
  }),
  ofStep: () => ({}),
  ofSteps: () => ({}),
};
