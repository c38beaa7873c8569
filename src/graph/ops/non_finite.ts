import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

export const nonFiniteOp = defineOp<object>({
  name: "nonFinite",
  operands: { first: FLOATS, "...others": FLOATS },
  infer: () => ({ shape: [], dtype: "f32" }),
});

/**
 * 0 where every element of all these f32 tensors is a finite number, else more: told by the bits, since arithmetic on a
 * GPU may take NaN for any number (its ReLU makes 0 of it). No gradient.
 */
export function nonFinite(graph: Graph, tensors: readonly Node[]): Node {
  return graph.addNode(nonFiniteOp, tensors, {});
}
