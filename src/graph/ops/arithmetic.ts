import { broadcastShapes } from "../../core/axes.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, type GradientRule, type OpDefinition } from "../op.ts";

/** An operand: a node, or a number that stands for a scalar constant. */
export type Operand = Node | number;

/** The node that an operand stands for. */
export function toNode(graph: Graph, operand: Operand): Node {
  return typeof operand === "number" ? graph.constant(operand) : operand;
}

/** Declares an op of two f32 operands that broadcast. */
export function elementwise(name: string, gradient?: GradientRule): OpDefinition {
  return defineOp<object>({
    name,
    operands: { a: FLOATS, b: FLOATS },
    infer(given, _, what) {
      const [a, b] = [given.operand("a"), given.operand("b")];
      return { shape: broadcastShapes(what, a.shape, b.shape), dtype: "f32" };
    },
    ...(gradient && { gradient }),
  });
}

export const addOp = elementwise("add");
export const subOp = elementwise("sub");
export const mulOp = elementwise("mul");
export const divOp = elementwise("div");

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
