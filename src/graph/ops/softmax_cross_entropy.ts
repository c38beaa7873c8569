import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node, Operands } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { mul } from "./arithmetic.ts";
import { reshape } from "./reshape.ts";
import { logSoftmax } from "./softmax.ts";

export type Reduction = "mean" | "sum" | "none";

export interface CrossEntropyAttributes {
  reduction: Reduction;
}

/**
 * Labels are class indices i32 [batch] (a negative label leaves its row out, of the mean's divisor too) or
 * probabilities f32 [batch, classes].
 */
function checkLogitsAndLabels(given: Operands, what: string): { logits: Node; labels: Node } {
  const [logits, labels] = [given.operand("logits"), given.operand("labels")];
  const sparse = labels.dtype === "i32" && labels.shape.length === 1 && labels.shape[0] === logits.shape[0];
  const dense = labels.dtype === "f32" && sameShape(labels.shape, logits.shape);
  if (logits.shape.length !== 2 || (!sparse && !dense)) {
    throw new ShapeError(
      `${what}: wants logits [batch, classes] and labels i32 [batch] or f32 [batch, classes], got ` +
        `${formatShape(logits.shape)} and ${labels.dtype} ${formatShape(labels.shape)}.`,
    );
  }
  return { logits, labels };
}

export const softmaxCrossEntropyOp = defineOp<CrossEntropyAttributes>({
  name: "softmaxCrossEntropy",
  operands: { logits: FLOATS, labels: ["i32", "f32"] },
  infer(given, { reduction }, what) {
    const { logits } = checkLogitsAndLabels(given, what);
    return { shape: reduction === "none" ? [at(logits.shape, 0)] : [], dtype: "f32" };
  },
  gradient({ graph, attributes: { reduction }, upstream, operand, wants }) {
    const [logits, labels] = [operand("logits"), operand("labels")];
    const toLogits = wants("logits")
      ? softmaxCrossEntropyGradient(graph, logits, labels, upstream, reduction)
      : undefined;
    if (!wants("labels") || labels.dtype !== "f32") return { logits: toLogits };
    // Towards probabilities the loss is linear: −log softmax(logits), divided by the rows for the mean.
    const [rows, classes] = [at(logits.shape, 0), at(logits.shape, 1)];
    const perRow = reduction === "none" ? reshape(graph, upstream, [rows, 1]) : upstream;
    const scale = graph.constant(reduction === "mean" ? -1 / rows : -1);
    const toLabels = mul(graph, logSoftmax(graph, logits), mul(graph, perRow, scale));
    return { logits: toLogits, labels: reshape(graph, toLabels, [rows, classes]) };
  },
});

/**
 * Cross-entropy of softmax(logits) against labels: the mean over the rows by default (a scalar), their sum, or one
 * value a row. Labels: i32 [batch] class indices (negative: row left out) or f32 [batch, classes] probabilities.
 */
export function softmaxCrossEntropy(
  graph: Graph,
  logits: Node,
  labels: Node,
  options: { reduction?: Reduction } = {},
): Node {
  return graph.addNode(softmaxCrossEntropyOp, [logits, labels], { reduction: options.reduction ?? "mean" });
}

export const softmaxCrossEntropyGradientOp = defineOp<CrossEntropyAttributes>({
  name: "softmaxCrossEntropyGradient",
  operands: { logits: FLOATS, labels: ["i32", "f32"], upstream: FLOATS },
  infer(given, { reduction }, what) {
    const { logits } = checkLogitsAndLabels(given, what);
    const upstream = given.operand("upstream");
    const expected = reduction === "none" ? [at(logits.shape, 0)] : [];
    if (!sameShape(upstream.shape, expected)) {
      throw new ShapeError(`${what}: upstream is ${formatShape(upstream.shape)}, the loss ${formatShape(expected)}.`);
    }
    return { shape: logits.shape, dtype: "f32" };
  },
});

/**
 * d loss / d logits = (softmax(logits) · Σ labels − labels) · upstream, the sum over a row's labels (1 for class
 * indices), divided by the number of rows that count for "mean".
 */
export function softmaxCrossEntropyGradient(
  graph: Graph,
  logits: Node,
  labels: Node,
  upstream: Node,
  reduction: Reduction = "mean",
): Node {
  return graph.addNode(softmaxCrossEntropyGradientOp, [logits, labels, upstream], { reduction });
}
