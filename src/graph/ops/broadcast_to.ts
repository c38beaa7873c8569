import { broadcastShapes } from "../../core/axes.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

export const broadcastToOp = defineOp<{ shape: Shape }>({
  name: "broadcastTo",
  operands: { x: FLOATS },
  infer(given, { shape }, what) {
    const x = given.operand("x");
    if (!sameShape(broadcastShapes(what, x.shape, shape), shape)) {
      throw new ShapeError(`${what}: ${formatShape(x.shape)} does not stretch to ${formatShape(shape)}.`);
    }
    return { shape, dtype: "f32" };
  },
});

/** `x` stretched to `shape` by NumPy's broadcasting rule. */
export function broadcastTo(graph: Graph, x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : graph.addNode(broadcastToOp, [x], { shape: [...shape] });
}
