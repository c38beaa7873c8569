import { ArgumentError, ShapeError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { at, defineOp } from "../op.ts";

export const oneHotOp = defineOp<{ depth: number }>({
  name: "oneHot",
  infer(inputs, { depth }, what) {
    const indices = at(inputs, 0);
    if (indices.dtype !== "i32") throw new ShapeError(`${what}: wants i32 numbers, got ${indices.dtype}.`);
    return { shape: [...indices.shape, depth], dtype: "f32" };
  },
  gradient: () => [undefined],
});

/** 1 at the place that each number names, 0 elsewhere: i32 […] → f32 […, depth]. Numbers out of range give zeros. */
export function oneHot(graph: Graph, indices: Node, depth: number): Node {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ArgumentError(`oneHot: depth must be a whole number of at least 1, got ${String(depth)}.`);
  }
  return graph.addNode(oneHotOp, [indices], { depth });
}
