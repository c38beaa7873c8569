import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, INTEGERS } from "../op.ts";

export const countCorrectOp = defineOp<object>({
  name: "countCorrect",
  operands: { logits: FLOATS, labels: INTEGERS },
  infer(given, _, what) {
    const [logits, labels] = [given.operand("logits"), given.operand("labels")];
    if (logits.shape.length !== 2 || !sameShape(labels.shape, logits.shape.slice(0, 1))) {
      throw new ShapeError(
        `${what}: wants logits [batch, classes] and labels [batch], got ${formatShape(logits.shape)} and ` +
          `${formatShape(labels.shape)}.`,
      );
    }
    return { shape: [2], dtype: "f32" };
  },
});

/** [rows whose first maximum is the label, rows with a label ≥ 0], as f32 [2]. Exact up to 2²⁴ rows. */
export function countCorrect(graph: Graph, logits: Node, labels: Node): Node {
  return graph.addNode(countCorrectOp, [logits, labels], {});
}
