import { ShapeError } from "../../core/errors.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientRule } from "../op.ts";

/** The result tells as much as the input: it is above zero exactly where the input is. */
export const gradientOfRelu: GradientRule = ({ graph, node, upstream }) => ({ x: reluGradient(graph, node, upstream) });

export const reluGradientOp = defineOp<object>({
  name: "reluGradient",
  operands: { y: FLOATS, upstream: FLOATS },
  infer(given, _, what) {
    const [y, upstream] = [given.operand("y"), given.operand("upstream")];
    if (!sameShape(y.shape, upstream.shape)) {
      throw new ShapeError(`${what}: ${formatShape(y.shape)} and ${formatShape(upstream.shape)} differ.`);
    }
    return { shape: y.shape, dtype: "f32" };
  },
  gradient: ({ graph, upstream, operand }) => ({ upstream: reluGradient(graph, operand("y"), upstream) }),
});

/** `upstream` where `y` (the result of ReLU) is above zero, else 0. At exactly 0 the gradient is 0, as in PyTorch. */
export function reluGradient(graph: Graph, y: Node, upstream: Node): Node {
  return graph.addNode(reluGradientOp, [y, upstream], {});
}
