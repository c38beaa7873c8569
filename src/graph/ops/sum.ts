import { normalizeAxes, reducedShape } from "../../core/axes.ts";
import type { Graph } from "../graph.ts";
import type { Node, Operands } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { broadcastTo } from "./broadcast_to.ts";
import { reshape } from "./reshape.ts";

export interface ReduceAttributes {
  /** Ascending, non-negative. */
  axes: readonly number[];
  keepDims: boolean;
}

/** The shape of what is reduced. */
export function inferReduced(given: Operands, { axes, keepDims }: ReduceAttributes) {
  return { shape: reducedShape(given.operand("x").shape, axes, keepDims), dtype: "f32" as const };
}

/** A gradient of the reduced value, with the reduced axes put back as extents of 1. */
export function withAxes(graph: Graph, upstream: Node, input: Node, axes: readonly number[]): Node {
  return reshape(graph, upstream, reducedShape(input.shape, axes, true));
}

export const sumOp = defineOp<ReduceAttributes>({
  name: "sum",
  operands: { x: FLOATS },
  infer: inferReduced,
  gradient: ({ graph, attributes, upstream, operand }) => ({
    x: broadcastTo(graph, withAxes(graph, upstream, operand("x"), attributes.axes), operand("x").shape),
  }),
});

/** One axis, several, or all where it is left out; negative ones count from the end. */
export type Axes = number | readonly number[];

/** Sum over `axes` (all by default); `keepDims` leaves them as extents of 1. */
export function sum(graph: Graph, x: Node, axes?: Axes, keepDims = false): Node {
  return graph.addNode(sumOp, [x], { axes: normalizeAxes("sum", axes, x.shape.length), keepDims });
}
