import { broadcastShapes, type Shape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientContext, type OpDefinition } from "../op.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { neg } from "./unary.ts";

/** An operand: a node, or a number that stands for a scalar constant. */
export type Operand = Node | number;

/** The node that an operand stands for. */
export function toNode(graph: Graph, operand: Operand): Node {
  return typeof operand === "number" ? graph.constant(operand) : operand;
}

/** Sums a gradient over the axes along which its value had been stretched. */
export function unbroadcast(graph: Graph, gradient: Node, shape: Shape): Node {
  const missing = gradient.shape.length - shape.length;
  const stretched = gradient.shape
    .map((extent, axis) => ({ extent, axis, own: axis < missing ? 1 : shape[axis - missing] }))
    .filter(({ extent, axis, own }) => axis < missing || (own === 1 && extent !== 1))
    .map(({ axis }) => axis);
  if (stretched.length === 0) return gradient;
  return reshape(graph, sum(graph, gradient, stretched), shape);
}

type Context = GradientContext<object>;

interface BothGradients {
  readonly a?: Node | undefined;
  readonly b?: Node | undefined;
}

/** Declares an op of two f32 operands that broadcast; the gradients that its rule gives are summed back to their shapes. */
export function elementwise(name: string, gradient: (context: Context) => BothGradients): OpDefinition {
  return defineOp<object>({
    name,
    operands: { a: FLOATS, b: FLOATS },
    infer(given, _, what) {
      const [a, b] = [given.operand("a"), given.operand("b")];
      return { shape: broadcastShapes(what, a.shape, b.shape), dtype: "f32" };
    },
    gradient(context) {
      const { a, b } = gradient(context);
      return {
        a: a && unbroadcast(context.graph, a, context.operand("a").shape),
        b: b && unbroadcast(context.graph, b, context.operand("b").shape),
      };
    },
  });
}

export const addOp = elementwise("add", ({ upstream }) => ({ a: upstream, b: upstream }));

export const subOp = elementwise("sub", ({ graph, upstream, wants }) => ({
  a: upstream,
  b: wants("b") ? neg(graph, upstream) : undefined,
}));

export const mulOp = elementwise("mul", ({ graph, upstream, operand, wants }) => ({
  a: wants("a") ? mul(graph, upstream, operand("b")) : undefined,
  b: wants("b") ? mul(graph, upstream, operand("a")) : undefined,
}));

export const divOp = elementwise("div", ({ graph, node, upstream, operand, wants }) => ({
  a: wants("a") ? div(graph, upstream, operand("b")) : undefined,
  // d(a/b)/db = -(a/b)/b
  b: wants("b") ? neg(graph, mul(graph, upstream, div(graph, node, operand("b")))) : undefined,
}));

/** a + b, broadcasting as NumPy does. */
export function add(graph: Graph, a: Operand, b: Operand): Node {
  return graph.addNode(addOp, [toNode(graph, a), toNode(graph, b)], {});
}

/** a − b, broadcasting. */
export function sub(graph: Graph, a: Operand, b: Operand): Node {
  return graph.addNode(subOp, [toNode(graph, a), toNode(graph, b)], {});
}

/** a · b element by element, broadcasting. */
export function mul(graph: Graph, a: Operand, b: Operand): Node {
  return graph.addNode(mulOp, [toNode(graph, a), toNode(graph, b)], {});
}

/** a / b, broadcasting. */
export function div(graph: Graph, a: Operand, b: Operand): Node {
  return graph.addNode(divOp, [toNode(graph, a), toNode(graph, b)], {});
}
