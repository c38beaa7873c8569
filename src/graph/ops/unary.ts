import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientContext, type OpDefinition } from "../op.ts";
import { div, mul } from "./arithmetic.ts";

function unary(name: string, gradient: (context: GradientContext<object>) => Node): OpDefinition {
  return defineOp<object>({
    name,
    operands: { x: FLOATS },
    infer: (given) => ({ shape: given.operand("x").shape, dtype: "f32" }),
    gradient: (context) => ({ x: gradient(context) }),
  });
}

export const expOp = unary("exp", ({ graph, node, upstream }) => mul(graph, upstream, node));
export const logOp = unary("log", ({ graph, upstream, operand }) => div(graph, upstream, operand("x")));
export const negOp = unary("neg", ({ graph, upstream }) => neg(graph, upstream));
export const sqrtOp = unary("sqrt", ({ graph, node, upstream }) => div(graph, upstream, mul(graph, node, 2)));

/** eˣ */
export function exp(graph: Graph, x: Node): Node {
  return graph.addNode(expOp, [x], {});
}

/** Natural logarithm. */
export function log(graph: Graph, x: Node): Node {
  return graph.addNode(logOp, [x], {});
}

/** −x */
export function neg(graph: Graph, x: Node): Node {
  return graph.addNode(negOp, [x], {});
}

/** √x */
export function sqrt(graph: Graph, x: Node): Node {
  return graph.addNode(sqrtOp, [x], {});
}
