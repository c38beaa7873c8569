import { at } from "../core/at.ts";
import type { Shape } from "../core/shape.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { type Node, Variable } from "../graph/node.ts";
import { concat } from "../graph/ops/concat.ts";
import { countCorrect } from "../graph/ops/count_correct.ts";
import { reshape } from "../graph/ops/reshape.ts";
import type { BatchResults } from "../nn/metrics/batch_results.ts";
import { type Metric, recordedCounts, sumCount } from "../nn/metrics/totals.ts";
import type { Model } from "../nn/model.ts";

/*
 * What a step reports, f32: the loss, the right answers, the rows; the sums of metrics that sum; then what only some
 * programs record: the counts of metrics that count (a training step), or the model's outputs (an evaluation).
 */

/** Steps whose reports the device keeps until they are read. */
export const RING_STEPS = 1024;
/** Values before those of metrics. */
const FIXED_VALUES = 3;

/** What steps reported, added up; losses weighted by their rows. */
export interface Totals {
  loss: number;
  correct: number;
  rows: number;
  /** Of the metrics that sum, in their order. */
  readonly sums: number[];
}

export function noTotals(metrics = 0): Totals {
  return { loss: 0, correct: 0, rows: 0, sums: new Array<number>(metrics).fill(0) };
}

export function addTotals(to: Totals, more: Totals): void {
  to.loss += more.loss;
  to.correct += more.correct;
  to.rows += more.rows;
  more.sums.forEach((sum, index) => {
    to.sums[index] = (to.sums[index] ?? 0) + sum;
  });
}

/** Where the values of a report lie. */
export class StepRecord {
  readonly #metrics: readonly Metric[];
  readonly #outputShape: Shape;
  /** Values of metrics' sums. */
  readonly sums: number;

  constructor(metrics: readonly Metric[], { outputShape }: Pick<Model, "outputShape">) {
    this.#metrics = metrics;
    this.#outputShape = outputShape;
    this.sums = sumCount(metrics, outputShape);
  }

  /** First value of what only some programs record. */
  get end(): number {
    return FIXED_VALUES + this.sums;
  }

  /** f32 [RING_STEPS + 1, values] for `finishStep` of training steps. */
  newRing(): Variable {
    const counted = recordedCounts(this.#metrics, this.#outputShape);
    const counts = counted.reduce((size, metric) => size + metric.size(this.#outputShape), 0);
    return new Variable({ name: "metrics ring", shape: [RING_STEPS + 1, this.end + counts] });
  }

  /** The nodes of a batch's report behind its loss, and the counts of metrics that the device adds up over batches. */
  measure(all: readonly BatchResults[]): { values: Node[]; counts: ReadonlyMap<Metric, Node> } {
    const of = (wanted: Metric["totals"]) => this.#metrics.filter(({ totals }) => totals === wanted);
    // An accuracy that was asked for where nothing can be right is refused.
    for (const { name, head = 0 } of of("correct")) at(all, head).wantedCorrect(name);
    const build = (metric: Metric) => metric.build(at(all, metric.head ?? 0));
    return {
      values: [...rightAnswersAndRows(all), ...of("sum").map(build)],
      counts: new Map(of("counts").map((metric) => [metric, build(metric)])),
    };
  }

  /** Of the counts of a batch those that a training step reports. */
  recorded(counts: ReadonlyMap<Metric, Node>): Node[] {
    return recordedCounts(this.#metrics, this.#outputShape).flatMap((metric) => counts.get(metric) ?? []);
  }

  /** The totals of reports `first` … `last - 1` in `rows` rows that are filled round and round. */
  totals(ring: Tensor, rows: number, first: number, last: number): Totals {
    const width = at(ring.shape, 1);
    const totals = noTotals(this.sums);
    for (let step = first; step < last; step++) {
      const start = (step % rows) * width;
      const count = ring.data[start + 2] ?? 0;
      addTotals(totals, {
        loss: (ring.data[start] ?? Number.NaN) * count,
        correct: ring.data[start + 1] ?? 0,
        rows: count,
        sums: Array.from(ring.data.subarray(start + FIXED_VALUES, start + this.end)),
      });
    }
    return totals;
  }

  /** What a report holds behind the metrics' sums. */
  rest(ring: Tensor, rows: number, step: number): ArrayLike<number> {
    const width = at(ring.shape, 1);
    const start = (step % rows) * width;
    return ring.data.subarray(start + this.end, start + width);
  }
}

/** Right answers and rows of a batch: one node where a kernel counts both. */
function rightAnswersAndRows(all: readonly BatchResults[]): Node[] {
  const results = at(all, 0);
  const { graph, decision, outputs, targets } = results;
  if (all.length > 1) return [graph.constant(0), results.rowCount()];
  const direct = targets.dtype === "i32" && outputs.shape.length === 2 && decision?.kind === "argmax";
  if (direct) return [countCorrect(graph, outputs, targets)];
  const correct = results.correct();
  return [correct ? results.sumOfRows(correct) : graph.constant(0), results.rowCount()];
}

/** At most `most` values, those at the end put together: a kernel has only so many bindings. */
export function mergedValues(graph: Graph, values: readonly Node[], most: number): Node[] {
  if (values.length <= most) return [...values];
  const rest = values.slice(most - 1).map((value) => reshape(graph, value, [sizeOf(value.shape)]));
  return [...values.slice(0, most - 1), concat(graph, rest, 0)];
}
