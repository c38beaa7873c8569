import { ArgumentError } from "../../core/errors.ts";
import { nearestHint } from "../../core/hints.ts";
import { checkOptions, describeValue, type OptionKinds } from "../../core/options.ts";
import type { GraphWithOps } from "../../graph/methods.ts";
import type { Node } from "../../graph/node.ts";
import { camelCase } from "../losses/config.ts";

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

/**
 * A metric of one's own: from a model's outputs [batch, …] and the targets, i32 [batch] class labels or f32 [batch, …], to one
 * value a sample, f32 [batch]. Reported is the mean over the samples; a weighted metric's counts each as its weight says. The
 * outputs are probabilities where the loss contains the softmax or the sigmoid. Rows that only fill up a last, shorter batch
 * are left out of the mean, which is why a function may not take one over the batch itself. It is called for each program that
 * is compiled, and makes nodes, not numbers:
 *
 * ```ts
 * const largestError = (graph, outputs, targets) => graph.max(graph.abs(graph.sub(outputs, targets)), 1);
 * createTrainer(model, { …, loss: "mse", metrics: [largestError, "mae"] });
 * ```
 *
 * In results it is called by the function's name, "metric" where it has none. Minifiers change names of functions: name it,
 * as `{ name: "largestError", compute: largestError }`, where a build's reports are read by name. A function cannot be sent to
 * a worker.
 */
export type MetricFunction = (graph: GraphWithOps, outputs: Node, targets: Node) => Node;

/** A metric of one's own under a name. */
export interface NamedMetricFunction {
  /** What it is called in results. */
  readonly name: string;
  /** What it measures. */
  readonly compute: MetricFunction;
}

/** What a trainer takes as a metric: a name, a metric with options, or a function, with a name or without. */
export type MetricChoice = string | MetricConfig | MetricFunction | NamedMetricFunction;

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

/** A metric that is a function; undefined for every other. Throws `ArgumentError` where a name or the function is none. */
export function metricFunction(choice: MetricChoice): NamedMetricFunction | undefined {
  if (typeof choice === "function") return { name: choice.name || "metric", compute: choice };
  if (typeof choice !== "object" || choice === null || !("compute" in choice)) return undefined;
  checkOptions<NamedMetricFunction>("metric", choice, { name: "string", compute: "any" });
  const { name, compute } = choice;
  if (name && typeof compute === "function") return { name, compute };
  throw new ArgumentError(
    `metrics: { name, compute } wants a text and a function (graph, outputs, targets) => node, got ${describeValue(name)} ` +
      `and ${describeValue(compute)}.`,
  );
}

/**
 * A metric by name, also Keras' ("top_k_categorical_accuracy", "mse"), as plain data; one with options is looked at again.
 * Throws `ArgumentError` that lists the known ones.
 */
export function metricConfig(choice: string | MetricConfig): MetricConfig {
  const given: unknown = choice;
  const { kind, ...options } =
    typeof given === "object" && given !== null ? { kind: undefined, ...given } : { kind: given };
  const name = typeof kind !== "string" ? "" : typeof given === "string" ? camelCase(given) : kind;
  const full = (Object.hasOwn(SHORT, name) ? SHORT[name] : undefined) ?? name;
  const make = Object.hasOwn(MAKERS, full) ? MAKERS[full] : undefined;
  if (make === undefined) {
    throw new ArgumentError(
      `Unknown metric ${describeValue(kind ?? given)}; known: ${Object.keys(MAKERS).join(", ")}, or a function (graph, outputs, ` +
        `targets) => node.${nearestHint(full, Object.keys(MAKERS))}`,
    );
  }
  return make(options as never);
}
