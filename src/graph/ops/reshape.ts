import { ShapeError } from "../../core/errors.ts";
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { ANY_TYPE, defineOp, type GradientRule } from "../op.ts";

export const reshapeOp = defineOp<{ shape: Shape }>({
  name: "reshape",
  operands: { x: ANY_TYPE },
  infer(given, { shape }, what) {
    const x = given.operand("x");
    checkShape(what, shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `${what}: ${formatShape(x.shape)} and ${formatShape(shape)} hold different numbers of elements.`,
      );
    }
    return { shape, dtype: x.dtype };
  },
});

export const gradientOfReshape: GradientRule<{ shape: Shape }> = ({ graph, upstream, operand }) => ({
  x: reshape(graph, upstream, operand("x").shape),
});

/** The same values in row-major order under another shape. */
export function reshape(graph: Graph, x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : graph.addNode(reshapeOp, [x], { shape: [...shape] });
}
