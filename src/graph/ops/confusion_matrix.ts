import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { at, defineOp } from "../op.ts";

export const confusionMatrixOp = defineOp<{ classes: number }>({
  name: "confusionMatrix",
  infer(inputs, { classes }, what) {
    const [labels, predictions] = [at(inputs, 0), at(inputs, 1)];
    const fits = labels.dtype === "i32" && predictions.dtype === "i32" && labels.shape.length === 1;
    if (!fits || !sameShape(labels.shape, predictions.shape)) {
      throw new ShapeError(
        `${what}: wants labels and predictions i32 [batch], got ${labels.dtype} ${formatShape(labels.shape)} and ` +
          `${predictions.dtype} ${formatShape(predictions.shape)}.`,
      );
    }
    return { shape: [classes, classes], dtype: "f32" };
  },
});

/** Counts f32 [classes, classes]: row = label, column = prediction; rows with a negative label are left out. */
export function confusionMatrix(graph: Graph, labels: Node, predictions: Node, classes: number): Node {
  return graph.addNode(confusionMatrixOp, [labels, predictions], { classes });
}
