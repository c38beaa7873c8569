import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue, nearestName, type OptionKinds } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import type { Node } from "../graph/node.ts";
import { mul } from "../graph/ops/arithmetic.ts";
import { cast } from "../graph/ops/cast.ts";
import { equal, greater, less } from "../graph/ops/compare.ts";
import { concat } from "../graph/ops/concat.ts";
import { oneHot } from "../graph/ops/one_hot.ts";
import { sum as sumNode } from "../graph/ops/reduce.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { meanAbsoluteErrorRows, meanSquaredErrorRows } from "./losses/formulas.ts";
import { camelCase, type Loss } from "./losses.ts";
import type { BatchResults } from "./metrics/batch_results.ts";
import { areaUnderCurve, scores, thresholdCounts } from "./metrics/scores.ts";

/** How the scores of several classes become one: of all counts together, their mean, or their mean by right answers. */
export type Average = "micro" | "macro" | "weighted";

/** A metric with its options, as plain data. */
export type MetricConfig = { readonly name: string } & (
  | { readonly kind: "accuracy" }
  | { readonly kind: "binaryAccuracy"; readonly threshold: number }
  | { readonly kind: "topKCategoricalAccuracy"; readonly k: number }
  | {
      readonly kind: "precision" | "recall" | "f1Score";
      readonly average: Average;
      readonly threshold: number | "argmax" | undefined;
    }
  | { readonly kind: "auc"; readonly thresholds: number }
  | { readonly kind: "meanSquaredError" }
  | { readonly kind: "meanAbsoluteError" }
);

/** What a trainer takes as a metric: a name, or a metric with options. */
export type MetricChoice = string | MetricConfig;

interface Named {
  /** What it is called in results; default its own name. */
  name?: string;
}

/** The share of right answers; what a trainer reports in any case. */
export function accuracy(options: Named = {}): MetricConfig {
  checkOptions("accuracy", options, { name: "string" });
  return { kind: "accuracy", name: options.name ?? "accuracy" };
}

/** The share of outputs on the right side of `threshold` (default ½ of the probability), targets 0 or 1. */
export function binaryAccuracy(options: Named & { threshold?: number } = {}): MetricConfig {
  checkOptions("binaryAccuracy", options, { name: "string", threshold: "number" });
  const { threshold = 0.5, name = "binaryAccuracy" } = options;
  if (!Number.isFinite(threshold)) throw new ArgumentError(`binaryAccuracy: threshold must be a number.`);
  return { kind: "binaryAccuracy", name, threshold };
}

/** The share of rows whose right class is among the `k` largest outputs (default 5); equals count as larger together. */
export function topKCategoricalAccuracy(options: Named & { k?: number } = {}): MetricConfig {
  checkOptions("topKCategoricalAccuracy", options, { name: "string", k: "number" });
  const { k = 5, name = "topKCategoricalAccuracy" } = options;
  if (!Number.isInteger(k) || k < 1) {
    throw new ArgumentError(
      `topKCategoricalAccuracy: k must be a whole number of at least 1, got ${describeValue(k)}.`,
    );
  }
  return { kind: "topKCategoricalAccuracy", name, k };
}

interface ScoreOptions extends Named {
  average?: Average;
  /** A probability, above which an output says yes, or "argmax": the largest output of a row alone says yes. */
  threshold?: number | "argmax";
}

const SCORE: OptionKinds<ScoreOptions> = { name: "string", average: "string", threshold: "any" };

function score(
  kind: "precision" | "recall" | "f1Score",
  options: ScoreOptions,
  average: Average,
  threshold: number | undefined,
): MetricConfig {
  checkOptions(kind, options, SCORE);
  const config = { kind, name: options.name ?? kind, average: options.average ?? average };
  if (!["micro", "macro", "weighted"].includes(config.average)) {
    throw new ArgumentError(`${kind}: average must be "micro", "macro" or "weighted", got "${config.average}".`);
  }
  const chosen = options.threshold ?? threshold;
  if (chosen !== undefined && chosen !== "argmax" && !Number.isFinite(chosen)) {
    throw new ArgumentError(`${kind}: threshold must be a number or "argmax", got ${describeValue(chosen)}.`);
  }
  return { ...config, threshold: chosen };
}

/**
 * Right among those that the model says yes to, TP / (TP + FP). As in Keras an output says yes with a probability above
 * 0.5, and all outputs count together ("micro"). Where there is nothing to divide by it is 0. Single steps (`onStep`) tell
 * it for up to 100 classes.
 */
export function precision(options: ScoreOptions = {}): MetricConfig {
  return score("precision", options, "micro", 0.5);
}

/** Found among those that are to be found, TP / (TP + FN); defaults as with `precision`. */
export function recall(options: ScoreOptions = {}): MetricConfig {
  return score("recall", options, "micro", 0.5);
}

/**
 * 2 TP / (2 TP + FP + FN). By default the mean over the classes ("macro"; Keras: a value a class), the largest output of
 * a row saying yes; with one output a probability above 0.5.
 */
export function f1Score(options: ScoreOptions = {}): MetricConfig {
  return score("f1Score", options, "macro", undefined);
}

/** Each is a comparison for every output of every image. */
const MOST_THRESHOLDS = 10_000;

/**
 * Area under the ROC curve, taken as Keras does: from counts at 200 `thresholds` evenly spaced over 0…1 and the
 * trapezoids between them, all outputs together. Finer than a step of 1/199 it does not tell probabilities apart. Known of
 * epochs and evaluations; of single steps (`onStep`) with at most 150 thresholds, since their counts are kept for each.
 */
export function auc(options: Named & { thresholds?: number } = {}): MetricConfig {
  checkOptions("auc", options, { name: "string", thresholds: "number" });
  const { thresholds = 200, name = "auc" } = options;
  if (!Number.isInteger(thresholds) || thresholds < 2 || thresholds > MOST_THRESHOLDS) {
    throw new ArgumentError(
      `auc: thresholds must be a whole number from 2 to ${MOST_THRESHOLDS}, got ${describeValue(thresholds)}.`,
    );
  }
  return { kind: "auc", name, thresholds };
}

function meanSquaredErrorMetric(options: Named = {}): MetricConfig {
  checkOptions("meanSquaredError", options, { name: "string" });
  return { kind: "meanSquaredError", name: options.name ?? "meanSquaredError" };
}

function meanAbsoluteErrorMetric(options: Named = {}): MetricConfig {
  checkOptions("meanAbsoluteError", options, { name: "string" });
  return { kind: "meanAbsoluteError", name: options.name ?? "meanAbsoluteError" };
}

const MAKERS: Readonly<Record<string, (options?: never) => MetricConfig>> = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy: () => accuracy({ name: "categoricalAccuracy" }),
  sparseCategoricalAccuracy: () => accuracy({ name: "sparseCategoricalAccuracy" }),
  topKCategoricalAccuracy,
  precision,
  recall,
  f1Score,
  auc,
  meanSquaredError: meanSquaredErrorMetric,
  meanAbsoluteError: meanAbsoluteErrorMetric,
};

const SHORT: Readonly<Record<string, string>> = {
  acc: "accuracy",
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
};

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

/** The loss of an output, a mean over rows. */
export const lossMetric: Metric = {
  name: "loss",
  totals: "sum",
  size: () => 1,
  build: (results) => mul(results.graph, results.lossValue(), results.rowCount()),
  value: (totals, count) => (totals[0] ?? Number.NaN) / count,
};

/** A metric for one of several outputs, called by `prefix` and its own name. */
export function headMetric(
  metric: Metric,
  { head, prefix, outputShape }: { head: number; prefix: string; outputShape: Shape },
): HeadMetric {
  // A step records the right answers of a single output only; of several each has a sum of its own.
  const own = metric.totals === "correct" ? rightAnswers(metric.name) : metric;
  return { ...own, name: `${prefix}${metric.name}`, head, size: () => own.size(outputShape) };
}

/** A mean over rows. */
function meanMetric(name: string, rows: (results: BatchResults) => Node): Metric {
  return {
    name,
    totals: "sum",
    size: () => 1,
    build: (results) => results.sumOfRows(rows(results)),
    value: (totals, count) => (totals[0] ?? Number.NaN) / count,
  };
}

/** A metric in which each row counts as often as its sample's weight says, called "weighted" and its own name. */
export function weightedMetric(metric: Metric): Metric {
  const name = `weighted${metric.name.charAt(0).toUpperCase()}${metric.name.slice(1)}`;
  if (metric.totals === "counts") return { ...metric, name, build: (results) => metric.build(results.weighted()) };
  const mean = metric.totals === "correct" ? rightAnswers(metric.name) : metric;
  return {
    name,
    totals: "counts",
    size: () => 2,
    build(results) {
      const { graph } = results;
      const weighted = results.weighted();
      return concat(
        graph,
        [mean.build(weighted), weighted.rowCount()].map((sum) => reshape(graph, sum, [1])),
        0,
      );
    },
    value: (totals) => (totals[0] ?? Number.NaN) / (totals[1] ?? Number.NaN),
  };
}

/** The share of right answers as a metric with a sum of its own. */
function rightAnswers(name: string): Metric {
  return meanMetric(name, (results) => results.wantedCorrect(name));
}

/** 1 where the right class has fewer than k classes above it. */
function amongLargest(results: BatchResults, k: number): Node {
  const { graph, outputs } = results;
  const right = oneHot(graph, results.rightClass(), results.classes);
  const own = sumNode(graph, mul(graph, outputs, right), -1, true);
  const above = sumNode(graph, cast(graph, greater(graph, outputs, own), "f32"), -1);
  return cast(graph, less(graph, above, k), "f32");
}

function metricOf(config: MetricConfig): Metric {
  const { name } = config;
  switch (config.kind) {
    case "accuracy":
      return {
        name,
        totals: "correct",
        size: () => 0,
        build: (results) => results.graph.constant(0),
        value: (totals, rows) => (totals[0] ?? Number.NaN) / rows,
      };
    case "binaryAccuracy":
      return meanMetric(name, (results) => {
        const { graph } = results;
        const said = greater(graph, results.predictions(), config.threshold);
        return cast(graph, equal(graph, said, greater(graph, results.targetValues(), 0.5)), "f32");
      });
    case "topKCategoricalAccuracy":
      return meanMetric(name, (results) => amongLargest(results, config.k));
    case "meanSquaredError":
      return meanMetric(name, (results) =>
        meanSquaredErrorRows(results.graph, results.predictions(), results.targetValues()),
      );
    case "meanAbsoluteError":
      return meanMetric(name, (results) =>
        meanAbsoluteErrorRows(results.graph, results.predictions(), results.targetValues()),
      );
    case "precision":
    case "recall":
    case "f1Score":
      return {
        name,
        totals: "counts",
        size: (shape) => 3 * (shape[shape.length - 1] ?? 1),
        build: (results) => scores.build(results, config.threshold),
        value: (totals) => scores.value(config.kind, config.average, totals),
      };
    case "auc":
      return {
        name,
        totals: "counts",
        size: () => 2 * config.thresholds,
        build: (results) => thresholdCounts(results, config.thresholds),
        value: (totals) => areaUnderCurve(totals),
      };
    default:
      throw new ArgumentError(`Unknown metric ${describeValue(config)}.`);
  }
}

/**
 * A metric by name, also Keras' ("top_k_categorical_accuracy", "mse"), as plain data; one with options is looked at again.
 * Throws `ArgumentError` that lists the known ones.
 */
export function metricConfig(choice: MetricChoice): MetricConfig {
  const given: unknown = choice;
  const { kind, ...options } =
    typeof given === "object" && given !== null ? { kind: undefined, ...given } : { kind: given };
  const name = typeof kind !== "string" ? "" : typeof given === "string" ? camelCase(given) : kind;
  const full = (Object.hasOwn(SHORT, name) ? SHORT[name] : undefined) ?? name;
  const make = Object.hasOwn(MAKERS, full) ? MAKERS[full] : undefined;
  if (make === undefined) {
    const nearest = nearestName(full, Object.keys(MAKERS));
    throw new ArgumentError(
      `Unknown metric ${describeValue(kind ?? given)}; known: ${Object.keys(MAKERS).join(", ")}.` +
        `${nearest === undefined ? "" : ` Did you mean "${nearest}"?`}`,
    );
  }
  return make(options as never);
}

/** The metrics that a trainer was given. Throws `ArgumentError` for an unknown name and for two of one name. */
export function resolveMetrics(choices: readonly MetricChoice[]): Metric[] {
  if (!Array.isArray(choices)) {
    throw new ArgumentError(`metrics: wants a list, as in ["accuracy"], got ${describeValue(choices)}.`);
  }
  const metrics = choices.map((choice) => metricOf(metricConfig(choice)));
  metrics.forEach(({ name }, index) => {
    if (metrics.findIndex((other) => other.name === name) !== index) {
      throw new ArgumentError(`metrics: two are called "${name}"; give one of them another name: { name: "…" }.`);
    }
  });
  return metrics;
}

/** Throws where a metric wants to know of right answers and the loss has no classes. */
export function checkMetricsFitLoss(metrics: readonly Metric[], loss: Loss): void {
  const asks = metrics.find(({ totals }) => totals === "correct");
  if (asks === undefined || loss.decision !== undefined || loss.targets === "any") return;
  throw new ArgumentError(
    `metric "${asks.name}": loss "${loss.name}" has no classes to be right about; take "meanAbsoluteError", or ` +
      `"binaryAccuracy" for outputs that are probabilities.`,
  );
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
