import type { Shape } from "../../core/shape.ts";
import type { Node } from "../../graph/node.ts";
import type { BatchResults } from "./batch_results.ts";

/** A metric that a program can measure. */
export interface Metric {
  readonly name: string;
  /** Which of a model's several outputs it looks at; default the first. */
  readonly head?: number;
  /**
   * Whether its totals are one sum, added up in f64 from the steps' records, or counts that the device adds up, or the
   * right answers, which every step records.
   */
  readonly totals: "sum" | "counts" | "correct";
  /** Whether it is a function of the user's own, which calls ops as methods of the graph. */
  readonly isOwn?: boolean;
  /** Values of its totals for a model with these outputs. */
  size(outputShape: Shape): number;
  /** A batch's totals: f32 [] or f32 [size]. */
  build(results: BatchResults): Node;
  /** The metric, from the totals of all batches. */
  value(totals: ArrayLike<number>, rows: number): number;
}

/** A metric of one of several outputs. */
export interface HeadMetric extends Metric {
  /** Which output it looks at. */
  readonly head: number;
}

/**
 * The metrics' values from `sums`, one for each that sums in their order, the `counts` of the others, the right answers
 * and the rows.
 */
export function metricValues(
  metrics: readonly Metric[],
  totals: {
    readonly sums: readonly number[];
    readonly counts: ReadonlyMap<Metric, ArrayLike<number>>;
    readonly correct: number;
    readonly rows: number;
  },
): Record<string, number> {
  const sums = [...totals.sums];
  return Object.fromEntries(
    metrics.map((metric) => {
      const own =
        metric.totals === "sum"
          ? [sums.shift() ?? Number.NaN]
          : metric.totals === "correct"
            ? [totals.correct]
            : (totals.counts.get(metric) ?? []);
      return [metric.name, metric.value(own, totals.rows)];
    }),
  );
}

/** Counts that a training step's record takes of one metric at most: those of 100 classes. */
const MOST_RECORDED = 300;

/** Metrics whose counts of each training step are recorded, beside being added up; the others are known of epochs alone. */
export function recordedCounts(metrics: readonly Metric[], outputShape: Shape): Metric[] {
  return metrics.filter((metric) => metric.totals === "counts" && metric.size(outputShape) <= MOST_RECORDED);
}

/** The metrics of one training step, from what its record holds behind the metrics' sums; those that it does not know are left out. */
export function recordedMetricValues(
  metrics: readonly Metric[],
  outputShape: Shape,
  record: {
    readonly sums: readonly number[];
    readonly counts: ArrayLike<number>;
    readonly correct: number;
    readonly rows: number;
  },
): Record<string, number> {
  const counts = new Map<Metric, ArrayLike<number>>();
  let start = 0;
  for (const metric of recordedCounts(metrics, outputShape)) {
    const end = start + metric.size(outputShape);
    counts.set(metric, Array.from(record.counts).slice(start, end));
    start = end;
  }
  const known = metrics.filter((metric) => metric.totals !== "counts" || counts.has(metric));
  return metricValues(known, { ...record, counts });
}

/** Values that the metrics' sums add to a step's record. */
export function sumCount(metrics: readonly Metric[], outputShape: Shape): number {
  return metrics.reduce((count, metric) => count + (metric.totals === "sum" ? metric.size(outputShape) : 0), 0);
}
