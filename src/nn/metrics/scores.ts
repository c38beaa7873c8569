import type { Node } from "../../graph/node.ts";
import { argmax } from "../../graph/ops/argmax.ts";
import { mul, sub } from "../../graph/ops/arithmetic.ts";
import { cast } from "../../graph/ops/cast.ts";
import { greater } from "../../graph/ops/compare.ts";
import { concat } from "../../graph/ops/concat.ts";
import { matmul } from "../../graph/ops/matmul.ts";
import { oneHot } from "../../graph/ops/one_hot.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { sum as sumNode } from "../../graph/ops/sum.ts";
import type { BatchResults } from "./batch_results.ts";
import type { Average } from "./config.ts";

/** Predictions or targets [batch, …, classes] as [rows, classes], zeros in the rows that do not count. */
function asMaskedRows(results: BatchResults, values: Node): Node {
  const masked = results.masked(values);
  const { classes } = results;
  const rows = masked.shape.reduce((product, extent) => product * extent, 1) / classes;
  return masked.shape.length === 2 ? masked : reshape(results.graph, masked, [rows, classes]);
}

/** Counts a batch: [TP of each class, yes said of each class, yes to be said of each class]. */
function build(results: BatchResults, threshold: number | "argmax" | undefined): Node {
  const { graph, classes } = results;
  const decision = threshold ?? (classes === 1 ? 0.5 : "argmax");
  const predictions = results.predictions();
  const yes =
    decision === "argmax"
      ? oneHot(graph, argmax(graph, results.outputs), classes)
      : cast(graph, greater(graph, predictions, decision), "f32");
  const wanted = cast(graph, greater(graph, results.targetValues(), 0.5), "f32");
  const sums = [mul(graph, yes, wanted), yes, wanted].map((values) => sumNode(graph, asMaskedRows(results, values), 0));
  return concat(graph, sums, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function value(kind: "precision" | "recall" | "f1Score", average: Average, totals: ArrayLike<number>): number {
  const classes = totals.length / 3;
  const each = Array.from({ length: classes }, (_, index) => ({
    right: totals[index] ?? 0,
    said: totals[classes + index] ?? 0,
    wanted: totals[2 * classes + index] ?? 0,
  }));
  type Counts = (typeof each)[number];
  const of = ({ right, said, wanted }: Counts) =>
    kind === "precision"
      ? ratio(right, said)
      : kind === "recall"
        ? ratio(right, wanted)
        : ratio(2 * right, said + wanted);
  const sum = (pick: (counts: Counts) => number) => each.reduce((total, counts) => total + pick(counts), 0);
  if (average === "micro") {
    return of({ right: sum((c) => c.right), said: sum((c) => c.said), wanted: sum((c) => c.wanted) });
  }
  if (average === "macro") return sum(of) / classes;
  return ratio(
    sum((counts) => of(counts) * counts.wanted),
    sum((counts) => counts.wanted),
  );
}

/** Precision, recall and F1 from counts of each class, as scikit-learn and Keras average them. */
export const scores = { build, value };

/** Thresholds as Keras places them: evenly over 0…1, the first just below and the last just above. */
function thresholdsOf(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) =>
    index === 0 ? -1e-7 : index === count - 1 ? 1 + 1e-6 : index / (count - 1),
  );
}

/**
 * Counts a batch: of the outputs whose target is 1, how many predictions lie above each threshold, then the same for
 * targets of 0; [2 · thresholds]. Compares every output with every threshold and adds up by a matrix product.
 */
export function thresholdCounts(results: BatchResults, count: number): Node {
  const { graph } = results;
  const flat = (x: Node) => reshape(graph, x, [1, x.shape.reduce((product, extent) => product * extent, 1)]);
  const wanted = cast(graph, greater(graph, results.targetValues(), 0.5), "f32");
  const isYes = flat(results.masked(wanted));
  const isNo = flat(results.masked(sub(graph, 1, wanted)));
  const predictions = flat(results.predictions());
  const size = predictions.shape[1] ?? 1;
  const thresholds = graph.constant(thresholdsOf(count), [1, count]);
  const above = cast(graph, greater(graph, reshape(graph, predictions, [size, 1]), thresholds), "f32");
  return reshape(graph, matmul(graph, concat(graph, [isYes, isNo], 0), above), [2 * count]);
}

/** Trapezoids under the curve of (false positive rate, true positive rate) (Davis and Goadrich 2006). */
export function areaUnderCurve(totals: ArrayLike<number>): number {
  const count = totals.length / 2;
  // Everything lies above the first threshold.
  const [positives, negatives] = [totals[0] ?? 0, totals[count] ?? 0];
  let area = 0;
  for (let index = 0; index + 1 < count; index++) {
    const rate = (offset: number, all: number) => ratio(totals[offset] ?? 0, all);
    const width = rate(count + index, negatives) - rate(count + index + 1, negatives);
    area += (width * (rate(index, positives) + rate(index + 1, positives))) / 2;
  }
  return area;
}
