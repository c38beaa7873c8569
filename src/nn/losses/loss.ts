import { at } from "../../core/at.ts";
import type { Shape } from "../../core/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { softmaxCrossEntropy } from "../../graph/ops/softmax_cross_entropy.ts";
import { rowLosses } from "../late_parts.ts";
import type { LossConfig } from "./config.ts";

/** How outputs, as the loss takes them, become classes. */
export type Decision =
  /** The class of the largest output. */
  | { readonly kind: "argmax" }
  /** Each output for itself: yes above this value. */
  | { readonly kind: "threshold"; readonly above: number };

/** What a trainer needs to know of a loss. */
export interface Loss {
  readonly name: string;
  /** The loss as plain data; none for a function. */
  readonly config: LossConfig | undefined;
  /** What is left out at the model's end because the loss contains it; outputs that lack it are logits. */
  readonly folded: "softmax" | "sigmoid" | undefined;
  /**
   * A row's target: "class" is an i32 index, "values" f32 of the outputs' shape, "binary" the same or, for one output,
   * class labels 0 and 1, "any" whatever the data set has.
   */
  readonly targets: "class" | "values" | "binary" | "any";
  /** None where outputs stand for no classes. */
  readonly decision: Decision | undefined;
  /** One value a row, [batch]. */
  rows(graph: Graph, outputs: Node, targets: Node): Node;
}

/**
 * How outputs [batch, …outputShape] become classes: as the loss says; under a loss of one's own by the largest of several
 * outputs where the data set has class labels. None where there is nothing to be right about, as for images of outputs.
 */
export function decisionOf(loss: Loss, outputShape: Shape, hasLabels: boolean): Decision | undefined {
  const classes = outputShape.length === 1 ? at(outputShape, 0) : 0;
  return loss.decision ?? (hasLabels && classes > 1 ? ARGMAX : undefined);
}

/** The class of the largest output. */
export const ARGMAX: Decision = { kind: "argmax" };

/** Softmax cross-entropy against class indices, by which most classifiers are trained: a trainer has it at hand and fetches others. */
export const CLASS_LABELS: Loss = {
  name: "sparseCategoricalCrossentropy",
  config: { kind: "sparseCategoricalCrossentropy", labelSmoothing: 0 },
  folded: "softmax",
  targets: "class",
  decision: ARGMAX,
  rows: (graph, logits, labels) => softmaxCrossEntropy(graph, logits, labels, { reduction: "none" }),
};

/** Whether it is `CLASS_LABELS`, whoever made it: what is different of others, and of weights of rows, is fetched (`rowLosses`). */
export function isOfClassLabels({ config }: Loss): boolean {
  return config?.kind === "sparseCategoricalCrossentropy" && config.labelSmoothing === 0;
}

/** How a batch's rows count. */
export interface RowOptions {
  /** i32 [batch]: a negative number marks a row that only fills up a last, shorter batch. */
  readonly mask?: Node | undefined;
  /** f32 [batch] */
  readonly weights?: Node | undefined;
}

/**
 * The loss of a batch, a scalar: the mean over the rows that count of weight · loss, as Keras takes it (the sum of the
 * weights is not divided by).
 */
export function batchLoss(graph: Graph, loss: Loss, outputs: Node, targets: Node, rows: RowOptions): Node {
  // In one op, which a device computes together with its gradient.
  if (rows.weights === undefined && isOfClassLabels(loss)) return softmaxCrossEntropy(graph, outputs, targets);
  return rowLosses.part.meanOfRows(graph, loss, outputs, targets, rows);
}
