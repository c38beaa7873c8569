import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { ANY_TYPE, defineOp } from "../op.ts";

export const stopGradientOp = defineOp<object>({
  name: "stopGradient",
  operands: { x: ANY_TYPE },
  infer: (given) => ({ shape: given.operand("x").shape, dtype: given.operand("x").dtype }),
  gradient: () => ({}),
});

/** `x`, through which no gradient flows. */
export function stopGradient(graph: Graph, x: Node): Node {
  return graph.addNode(stopGradientOp, [x], {});
}
