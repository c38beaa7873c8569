import { ArgumentError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import type { Node } from "../graph/node.ts";
import { mul } from "../graph/ops/arithmetic.ts";
import { cast } from "../graph/ops/cast.ts";
import { equal, greater, less } from "../graph/ops/compare.ts";
import { concat } from "../graph/ops/concat.ts";
import { oneHot } from "../graph/ops/one_hot.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { sum as sumNode } from "../graph/ops/sum.ts";
import { meanAbsoluteErrorRows, meanSquaredErrorRows } from "./losses/formulas.ts";
import { ownRows } from "./losses/own_rows.ts";
import type { Loss } from "./losses.ts";
import type { BatchResults } from "./metrics/batch_results.ts";
import {
  type MetricChoice,
  type MetricConfig,
  metricConfig,
  metricFunction,
  type NamedMetricFunction,
} from "./metrics/config.ts";
import { areaUnderCurve, scores, thresholdCounts } from "./metrics/scores.ts";
import type { HeadMetric, Metric } from "./metrics/totals.ts";

export * from "./metrics/config.ts";
export type { HeadMetric, Metric } from "./metrics/totals.ts";

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
    ...mean,
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

function ownMetric({ name, compute }: NamedMetricFunction): Metric {
  const rows = (results: BatchResults) =>
    ownRows(`metric "${name}"`, compute, results.graph, results.predictions(), results.targets);
  return { ...meanMetric(name, rows), isOwn: true };
}

/** The metrics that a trainer was given. Throws `ArgumentError` for an unknown name and for two of one name. */
export function resolveMetrics(choices: readonly MetricChoice[]): Metric[] {
  if (!Array.isArray(choices)) {
    throw new ArgumentError(`metrics: wants a list, as in ["accuracy"], got ${describeValue(choices)}.`);
  }
  const metrics = choices.map((choice) => {
    const own = metricFunction(choice);
    // A function is one that has a name by now.
    return own ? ownMetric(own) : metricOf(metricConfig(choice as string | MetricConfig));
  });
  metrics.forEach(({ name }, index) => {
    if (metrics.findIndex((other) => other.name === name) !== index) {
      throw new ArgumentError(
        `metrics: two are called "${name}"; give one of them another name: { name: "…" }, of a function { name, compute }.`,
      );
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
