import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape, sameShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { mul } from "./arithmetic.ts";

export const movingAverageOp = defineOp<{ momentum: number }>({
  name: "movingAverage",
  operands: { old: FLOATS, value: FLOATS },
  infer(given, { momentum }, what) {
    const [old, value] = [given.operand("old"), given.operand("value")];
    if (!sameShape(old.shape, value.shape)) {
      throw new ShapeError(
        `${what}: wants two values of one shape, got ${formatShape(old.shape)} and ${formatShape(value.shape)}.`,
      );
    }
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new ArgumentError(`${what}: momentum must lie in [0, 1], got ${describeValue(momentum)}.`);
    }
    return { shape: old.shape, dtype: "f32" };
  },
  gradient: ({ graph, attributes: { momentum }, upstream }) => ({
    old: mul(graph, upstream, momentum),
    value: mul(graph, upstream, 1 - momentum),
  }),
});

/** old · momentum + value · (1 − momentum), both of one shape: one step of an exponentially weighted mean. */
export function movingAverage(graph: Graph, old: Node, value: Node, momentum: number): Node {
  return graph.addNode(movingAverageOp, [old, value], { momentum });
}
