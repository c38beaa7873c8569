import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { broadcastShapes, formatShape, type Shape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { unbroadcast } from "./arithmetic.ts";

export const broadcastToOp = defineOp<{ shape: Shape }>({
  name: "broadcastTo",
  operands: { x: FLOATS },
  infer(inputs, { shape }, what) {
    const x = at(inputs, 0);
    if (!sameShape(broadcastShapes(what, x.shape, shape), shape)) {
      throw new ShapeError(`${what}: ${formatShape(x.shape)} does not stretch to ${formatShape(shape)}.`);
    }
    return { shape, dtype: "f32" };
  },
  gradient: ({ graph, upstream, input }) => [unbroadcast(graph, upstream, input(0).shape)],
});

/** `x` stretched to `shape` by NumPy's broadcasting rule. */
export function broadcastTo(graph: Graph, x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : graph.addNode(broadcastToOp, [x], { shape: [...shape] });
}
