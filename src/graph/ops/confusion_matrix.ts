import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, INTEGERS } from "../op.ts";

export const confusionMatrixOp = defineOp<{ classes: number }>({
  name: "confusionMatrix",
  operands: { labels: INTEGERS, predictions: INTEGERS },
  infer(given, { classes }, what) {
    const [labels, predictions] = [given.operand("labels"), given.operand("predictions")];
    if (labels.shape.length !== 1 || !sameShape(labels.shape, predictions.shape)) {
      throw new ShapeError(
        `${what}: wants labels and predictions [batch], got ${formatShape(labels.shape)} and ` +
          `${formatShape(predictions.shape)}.`,
      );
    }
    return { shape: [classes, classes], dtype: "f32" };
  },
});

/** Counts f32 [classes, classes]: row = label, column = prediction; rows with a negative label are left out. */
export function confusionMatrix(graph: Graph, labels: Node, predictions: Node, classes: number): Node {
  return graph.addNode(confusionMatrixOp, [labels, predictions], { classes });
}
