import { normalizeAxes } from "../../core/axes.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS } from "../op.ts";
import { transpose } from "./transpose.ts";

export const argmaxOp = defineOp<object>({
  name: "argmax",
  operands: { x: FLOATS },
  infer(given, _, what) {
    const x = given.operand("x");
    if (x.shape.length === 0) {
      throw new ShapeError(`${what}: wants at least one axis, got ${formatShape(x.shape)}.`);
    }
    return { shape: x.shape.slice(0, -1), dtype: "i32" };
  },
});

/** Index of the first maximum along `axis` (the last one by default), i32; the axis goes. */
export function argmax(graph: Graph, x: Node, axis = -1): Node {
  if (x.shape.length === 0) return graph.addNode(argmaxOp, [x], {});
  const [along] = normalizeAxes("argmax", axis, x.shape.length) as [number];
  const others = x.shape.map((_, other) => other).filter((other) => other !== along);
  const last = along === x.shape.length - 1;
  return graph.addNode(argmaxOp, [last ? x : transpose(graph, x, [...others, along])], {});
}
