import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node, Operands } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { mul, sub } from "./arithmetic.ts";
import { sum } from "./reduce.ts";
import { exp } from "./unary.ts";

function infer(given: Operands, _: object, what: string) {
  const x = given.operand("x");
  if (x.shape.length === 0) {
    throw new ShapeError(`${what}: wants at least one axis, got ${formatShape(x.shape)}.`);
  }
  return { shape: x.shape, dtype: "f32" as const };
}

export const softmaxOp = defineOp<object>({
  name: "softmax",
  operands: { x: FLOATS },
  infer,
  // dx = y · (dy − Σ dy·y)
  gradient({ graph, node, upstream }) {
    const weighted = sum(graph, mul(graph, upstream, node), -1, true);
    return { x: mul(graph, node, sub(graph, upstream, weighted)) };
  },
});

export const logSoftmaxOp = defineOp<object>({
  name: "logSoftmax",
  operands: { x: FLOATS },
  infer,
  // dx = dy − softmax(x) · Σ dy
  gradient({ graph, node, upstream }) {
    return { x: sub(graph, upstream, mul(graph, exp(graph, node), sum(graph, upstream, -1, true))) };
  },
});

/** eˣ / Σ eˣ over the last axis, the maximum taken out first so that large logits do not overflow. */
export function softmax(graph: Graph, logits: Node): Node {
  return graph.addNode(softmaxOp, [logits], {});
}

/** log(softmax(x)) over the last axis, computed without the detour through the exponential. */
export function logSoftmax(graph: Graph, logits: Node): Node {
  return graph.addNode(logSoftmaxOp, [logits], {});
}
