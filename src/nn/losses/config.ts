import { ArgumentError } from "../../core/errors.ts";
import { nearestHint } from "../../core/hints.ts";
import { checkOptions, describeValue } from "../../core/options.ts";
import type { GraphWithOps } from "../../graph/methods.ts";
import type { Node } from "../../graph/node.ts";

/** A loss with its options, as plain data: what `huber({ delta: 2 })` and its like make. */
export type LossConfig =
  | { readonly kind: "sparseCategoricalCrossentropy"; readonly labelSmoothing: number }
  | { readonly kind: "categoricalCrossentropy"; readonly labelSmoothing: number }
  | { readonly kind: "binaryCrossentropy"; readonly labelSmoothing: number }
  | { readonly kind: "meanSquaredError" }
  | { readonly kind: "meanAbsoluteError" }
  | { readonly kind: "huber"; readonly delta: number }
  | { readonly kind: "hinge" }
  | { readonly kind: "categoricalHinge" }
  | { readonly kind: "kullbackLeiblerDivergence" }
  | { readonly kind: "cosineSimilarity" };

export type LossName = LossConfig["kind"];

/**
 * A loss of one's own, from the model's outputs [batch, …] (its last activation included) and the targets, i32 [batch]
 * class labels or f32 [batch, …], to one value a sample, f32 [batch]. The trainer weights them and takes their mean.
 */
export type LossFunction = (graph: GraphWithOps, outputs: Node, targets: Node) => Node;

/** What a trainer takes as its loss: a name, also Keras' short ones ("mse"), a loss with options, or a function. */
export type LossChoice = string | LossConfig | LossFunction;

/** An object that says nothing. */
export type NoOptions = Readonly<Record<string, never>>;

function checkSmoothing(what: string, labelSmoothing = 0): number {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new ArgumentError(`${what}: labelSmoothing must lie in [0, 1), got ${describeValue(labelSmoothing)}.`);
  }
  return labelSmoothing;
}

/**
 * Softmax cross-entropy against class indices: `dataset({ labels })`. `labelSmoothing` gives that share of the right
 * class's probability to all classes evenly. Takes logits; a final softmax is folded.
 */
export function sparseCategoricalCrossentropy(options: { labelSmoothing?: number } = {}): LossConfig {
  const kind = "sparseCategoricalCrossentropy";
  checkOptions(kind, options, { labelSmoothing: "number" });
  return { kind, labelSmoothing: checkSmoothing(kind, options.labelSmoothing) };
}

/**
 * Softmax cross-entropy against one-hot rows or probabilities: `dataset({ targets })` of the outputs' shape, classes
 * last. Takes logits; a final softmax is folded.
 */
export function categoricalCrossentropy(options: { labelSmoothing?: number } = {}): LossConfig {
  const kind = "categoricalCrossentropy";
  checkOptions(kind, options, { labelSmoothing: "number" });
  return { kind, labelSmoothing: checkSmoothing(kind, options.labelSmoothing) };
}

/**
 * Sigmoid cross-entropy of each output against a target in [0, 1]; a model with one output also takes class labels 0 and
 * 1. `labelSmoothing` moves targets towards ½. Takes logits; a final sigmoid is folded.
 */
export function binaryCrossentropy(options: { labelSmoothing?: number } = {}): LossConfig {
  const kind = "binaryCrossentropy";
  checkOptions(kind, options, { labelSmoothing: "number" });
  return { kind, labelSmoothing: checkSmoothing(kind, options.labelSmoothing) };
}

/** (y − t)² */
export function meanSquaredError(options: NoOptions = {}): LossConfig {
  checkOptions("meanSquaredError", options, {});
  return { kind: "meanSquaredError" };
}

/** |y − t| */
export function meanAbsoluteError(options: NoOptions = {}): LossConfig {
  checkOptions("meanAbsoluteError", options, {});
  return { kind: "meanAbsoluteError" };
}

/** ½d² up to |d| = `delta` (default 1), straight beyond (Huber 1964). */
export function huber(options: { delta?: number } = {}): LossConfig {
  checkOptions("huber", options, { delta: "number" });
  const { delta = 1 } = options;
  if (!(Number.isFinite(delta) && delta > 0)) {
    throw new ArgumentError(`huber: delta must be a number above 0, got ${describeValue(delta)}.`);
  }
  return { kind: "huber", delta };
}

/** max(0, 1 − t · y), targets −1 or 1, or 0 or 1; a model with one output also takes class labels 0 and 1. */
export function hinge(options: NoOptions = {}): LossConfig {
  checkOptions("hinge", options, {});
  return { kind: "hinge" };
}

/** max(0, 1 + the largest output of a wrong class − the right class's output), targets one-hot. */
export function categoricalHinge(options: NoOptions = {}): LossConfig {
  checkOptions("categoricalHinge", options, {});
  return { kind: "categoricalHinge" };
}

/** Σ t · log(t / softmax(logits)), targets probabilities. Takes logits; a final softmax is folded. */
export function kullbackLeiblerDivergence(options: NoOptions = {}): LossConfig {
  checkOptions("kullbackLeiblerDivergence", options, {});
  return { kind: "kullbackLeiblerDivergence" };
}

/** −cos of the angle between outputs and targets along the last axis. */
export function cosineSimilarity(options: NoOptions = {}): LossConfig {
  checkOptions("cosineSimilarity", options, {});
  return { kind: "cosineSimilarity" };
}

const MAKERS: Readonly<Record<LossName, (options?: never) => LossConfig>> = {
  sparseCategoricalCrossentropy,
  categoricalCrossentropy,
  binaryCrossentropy,
  meanSquaredError,
  meanAbsoluteError,
  huber,
  hinge,
  categoricalHinge,
  kullbackLeiblerDivergence,
  cosineSimilarity,
};

/** Keras' short names. */
const SHORT: Readonly<Record<string, LossName>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  bce: "binaryCrossentropy",
  kld: "kullbackLeiblerDivergence",
  klDivergence: "kullbackLeiblerDivergence",
};

/** "mean_squared_error" as "meanSquaredError", "MSE" as "mse". */
export function camelCase(name: string): string {
  const word = name === name.toUpperCase() ? name.toLowerCase() : name;
  return word.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * A loss by name, with its default options, or one with options, which are looked at again: it is plain data. Throws
 * `ArgumentError` that lists the known ones.
 */
export function lossConfig(choice: string | LossConfig): LossConfig {
  const given: unknown = choice;
  const { kind, ...options } =
    typeof given === "object" && given !== null ? { kind: undefined, ...given } : { kind: given };
  const name = typeof kind !== "string" ? "" : typeof given === "string" ? camelCase(given) : kind;
  const full = (Object.hasOwn(SHORT, name) ? SHORT[name] : undefined) ?? name;
  if (!Object.hasOwn(MAKERS, full)) {
    throw new ArgumentError(
      `Unknown loss ${describeValue(kind ?? given)}; known: ${Object.keys(MAKERS).join(", ")}, or a function (graph, outputs, ` +
        `targets) => node.${nearestHint(full, Object.keys(MAKERS))}`,
    );
  }
  return MAKERS[full as LossName](options as never);
}
