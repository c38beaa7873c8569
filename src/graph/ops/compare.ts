import { broadcastShapes } from "../../core/axes.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, type OpDefinition, WORDS } from "../op.ts";
import { type Operand, toNode } from "./arithmetic.ts";

/** A truth value is a u32 that is 1 or 0; no gradient flows through it. */
function comparison(name: string): OpDefinition {
  return defineOp<object>({
    name,
    operands: { a: WORDS, b: WORDS },
    infer(given, _, what) {
      const [a, b] = [given.operand("a"), given.operand("b")];
      if (a.dtype !== b.dtype) {
        throw new ShapeError(`${what}: compares two of one type, got ${a.dtype} and ${b.dtype}; cast one.`);
      }
      return { shape: broadcastShapes(what, a.shape, b.shape), dtype: "u32" };
    },
    gradient: () => ({}),
  });
}

export const equalOp = comparison("equal");
export const lessOp = comparison("less");
export const lessOrEqualOp = comparison("lessOrEqual");

/** Both operands as nodes; a number takes the type of the other one. */
function compare(graph: Graph, op: OpDefinition, a: Operand, b: Operand): Node {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "f32";
  const asNode = (operand: Operand) =>
    typeof operand === "number" ? graph.constant(operand, [], dtype) : toNode(graph, operand);
  return graph.addNode(op, [asNode(a), asNode(b)], {});
}

/** 1 where a = b, else 0 (u32), broadcasting. NaN equals nothing. */
export function equal(graph: Graph, a: Operand, b: Operand): Node {
  return compare(graph, equalOp, a, b);
}

/** 1 where a < b, else 0 (u32), broadcasting. */
export function less(graph: Graph, a: Operand, b: Operand): Node {
  return compare(graph, lessOp, a, b);
}

/** 1 where a ≤ b, else 0 (u32), broadcasting. */
export function lessOrEqual(graph: Graph, a: Operand, b: Operand): Node {
  return compare(graph, lessOrEqualOp, a, b);
}

/** 1 where a > b, else 0 (u32), broadcasting. */
export function greater(graph: Graph, a: Operand, b: Operand): Node {
  return compare(graph, lessOp, b, a);
}

/** 1 where a ≥ b, else 0 (u32), broadcasting. */
export function greaterOrEqual(graph: Graph, a: Operand, b: Operand): Node {
  return compare(graph, lessOrEqualOp, b, a);
}
