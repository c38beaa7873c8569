import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

export const reluOp = defineOp<object>({
  name: "relu",
  operands: { x: FLOATS },
  infer: (given) => ({ shape: given.operand("x").shape, dtype: "f32" }),
});

/** max(0, x) */
export function relu(graph: Graph, x: Node): Node {
  return graph.addNode(reluOp, [x], {});
}
