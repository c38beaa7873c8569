import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { elementwise, mul, type Operand, toNode } from "./arithmetic.ts";
import { lessOrEqual } from "./compare.ts";
import { clip, power } from "./pointwise.ts";
import { summedBack } from "./unbroadcast.ts";
import { where } from "./where.ts";

export const minimumOp = differentiable("minimum", ({ graph, upstream, operand }) => {
  const first = lessOrEqual(graph, operand("a"), operand("b"));
  return { a: where(graph, first, upstream, 0), b: where(graph, first, 0, upstream) };
});

export const maximumOp = differentiable("maximum", ({ graph, upstream, operand }) => {
  const first = lessOrEqual(graph, operand("b"), operand("a"));
  return { a: where(graph, first, upstream, 0), b: where(graph, first, 0, upstream) };
});

/** Derivative of prelu with respect to x: 1 above 0, the slope below and at it. */
export const preluDerivativeOp = differentiable("preluDerivative", ({ graph, upstream, operand }) => ({
  b: where(graph, lessOrEqual(graph, operand("a"), 0), upstream, 0),
}));

export const preluOp = differentiable("prelu", ({ graph, upstream, operand, wants }) => ({
  a: wants("a") ? mul(graph, upstream, graph.addNode(preluDerivativeOp, [operand("a"), operand("b")], {})) : undefined,
  b: wants("b") ? mul(graph, upstream, clip(graph, operand("a"), Number.NEGATIVE_INFINITY, 0)) : undefined,
}));

/** Derivatives of pow with respect to its base, b · a^(b − 1), and its exponent, a^b · log a; 0 where a factor is 0. */
export const powBaseDerivativeOp = elementwise("powBaseDerivative");
export const powExponentDerivativeOp = elementwise("powExponentDerivative");

export const powOp = differentiable("pow", ({ graph, upstream, operand, wants }) => ({
  a: wants("a")
    ? mul(graph, upstream, graph.addNode(powBaseDerivativeOp, [operand("a"), operand("b")], {}))
    : undefined,
  b: wants("b")
    ? mul(graph, upstream, graph.addNode(powExponentDerivativeOp, [operand("a"), operand("b")], {}))
    : undefined,
}));

function differentiable(name: string, rule: Parameters<typeof summedBack>[0]) {
  return elementwise(name, summedBack(rule));
}

/** The smaller of a and b, element by element, broadcasting. Among equals a takes the whole gradient. */
export function minimum(graph: Graph, a: Operand, b: Operand): Node {
  return graph.addNode(minimumOp, [toNode(graph, a), toNode(graph, b)], {});
}

/** The larger of a and b, element by element, broadcasting. Among equals a takes the whole gradient. */
export function maximum(graph: Graph, a: Operand, b: Operand): Node {
  return graph.addNode(maximumOp, [toNode(graph, a), toNode(graph, b)], {});
}

/** x above 0, slope · x below, with a learned slope that broadcasts (He et al. 2015). */
export function prelu(graph: Graph, x: Node, slope: Node): Node {
  return graph.addNode(preluOp, [x, slope], {});
}

/** aᵇ, broadcasting. A base below 0 has powers with whole exponents only; elsewhere the result is NaN. */
export function pow(graph: Graph, a: Node, b: Operand): Node {
  return typeof b === "number" ? power(graph, a, b) : graph.addNode(powOp, [a, b], {});
}
