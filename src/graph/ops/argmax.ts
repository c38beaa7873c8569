import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { at, defineOp } from "../op.ts";

export const argmaxOp = defineOp<object>({
  name: "argmax",
  infer(inputs, _, what) {
    const x = at(inputs, 0);
    if (x.shape.length === 0 || x.dtype !== "f32") {
      throw new ShapeError(`${what}: wants f32 with at least one axis, got ${x.dtype} ${formatShape(x.shape)}.`);
    }
    return { shape: x.shape.slice(0, -1), dtype: "i32" };
  },
});

/** Index of the first maximum along the last axis, i32. */
export function argmax(graph: Graph, x: Node): Node {
  return graph.addNode(argmaxOp, [x], {});
}
