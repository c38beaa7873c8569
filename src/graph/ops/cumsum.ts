import { normalizeAxes } from "../../core/axes.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type OpDefinition } from "../op.ts";

/** How a running sum runs. */
export interface CumsumOptions {
  /** Leave out the element itself, so that a sum begins with 0; default false. */
  exclusive?: boolean;
  /** From the end of the axis to its beginning; default false. */
  reverse?: boolean;
}

export interface CumsumAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

export const cumsumOp: OpDefinition<CumsumAttributes> = defineOp<CumsumAttributes>({
  name: "cumsum",
  operands: { x: FLOATS },
  infer: (given) => ({ shape: given.operand("x").shape, dtype: "f32" }),
  // An element is in every sum from its own place on; each gets the gradients from there to the other end.
  gradient: ({ graph, attributes, upstream }) => ({
    x: graph.addNode(cumsumOp, [upstream], { ...attributes, reverse: !attributes.reverse }),
  }),
});

/**
 * Running sums along `axis` (default the last): [1, 2, 3] → [1, 3, 6], `exclusive` [0, 1, 3], `reverse` [6, 5, 3]. Each line
 * along the axis is added up by one thread: meant for many lines, or short ones.
 */
export function cumsum(graph: Graph, x: Node, axis = -1, options: CumsumOptions = {}): Node {
  const [along] = normalizeAxes("cumsum", axis, x.shape.length) as [number];
  const { exclusive = false, reverse = false } = options;
  return graph.addNode(cumsumOp, [x], { axis: along, exclusive, reverse });
}
