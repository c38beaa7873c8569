import { ArgumentError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, INTEGERS } from "../op.ts";

export const oneHotOp = defineOp<{ depth: number }>({
  name: "oneHot",
  operands: { indices: INTEGERS },
  infer: (given, { depth }) => ({ shape: [...given.operand("indices").shape, depth], dtype: "f32" }),
  gradient: () => ({}),
});

/** 1 at the place that each number names, 0 elsewhere: i32 […] → f32 […, depth]. Numbers out of range give zeros. */
export function oneHot(graph: Graph, indices: Node, depth: number): Node {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ArgumentError(`oneHot: depth must be a whole number of at least 1, got ${describeValue(depth)}.`);
  }
  return graph.addNode(oneHotOp, [indices], { depth });
}
