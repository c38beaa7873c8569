import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { at, defineOp } from "../op.ts";

export const stopGradientOp = defineOp<object>({
  name: "stopGradient",
  infer: (inputs) => ({ shape: at(inputs, 0).shape, dtype: at(inputs, 0).dtype }),
  gradient: () => [undefined],
});

/** `x`, through which no gradient flows. */
export function stopGradient(graph: Graph, x: Node): Node {
  return graph.addNode(stopGradientOp, [x], {});
}
