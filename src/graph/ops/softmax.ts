import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node, Operands } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";

function infer(given: Operands, _: object, what: string) {
  const x = given.operand("x");
  if (x.shape.length === 0) {
    throw new ShapeError(`${what}: wants at least one axis, got ${formatShape(x.shape)}.`);
  }
  return { shape: x.shape, dtype: "f32" as const };
}

export const softmaxOp = defineOp<object>({ name: "softmax", operands: { x: FLOATS }, infer });
export const logSoftmaxOp = defineOp<object>({ name: "logSoftmax", operands: { x: FLOATS }, infer });

/** eˣ / Σ eˣ over the last axis, the maximum taken out first so that large logits do not overflow. */
export function softmax(graph: Graph, logits: Node): Node {
  return graph.addNode(softmaxOp, [logits], {});
}

/** log(softmax(x)) over the last axis, computed without the detour through the exponential. */
export function logSoftmax(graph: Graph, logits: Node): Node {
  return graph.addNode(logSoftmaxOp, [logits], {});
}
