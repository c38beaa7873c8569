import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, FLOATS, INTEGERS, type OpDefinition } from "../op.ts";

export const gatherRowsOp: OpDefinition<{ scale: number }> = defineOp<{ scale: number }>({
  name: "gatherRows",
  operands: { table: ["f32", "i32", "u8"], rows: INTEGERS },
  infer(given, _, what) {
    const [table, rows] = [given.operand("table"), given.operand("rows")];
    if (rows.shape.length !== 1 || table.shape.length === 0) {
      throw new ShapeError(
        `${what}: wants a table [rows, …] and row numbers [batch], got ${formatShape(table.shape)} and ` +
          `${formatShape(rows.shape)}.`,
      );
    }
    return { shape: [at(rows.shape, 0), ...table.shape.slice(1)], dtype: table.dtype === "i32" ? "i32" : "f32" };
  },
  gradient: ({ graph, attributes: { scale }, upstream, operand, wants }) => ({
    table:
      wants("table") && operand("table").dtype === "f32"
        ? graph.addNode(gatherRowsGradientOp, [operand("rows"), upstream], { scale, shape: operand("table").shape })
        : undefined,
  }),
});

/** Each row of the table gets the sum of the gradients of its copies, times `scale`; `shape` is the table's. */
export const gatherRowsGradientOp: OpDefinition<{ scale: number; shape: Shape }> = defineOp<{
  scale: number;
  shape: Shape;
}>({
  name: "gatherRowsGradient",
  operands: { rows: INTEGERS, upstream: FLOATS },
  infer: (_, { shape }) => ({ shape, dtype: "f32" }),
  gradient: ({ graph, attributes: { scale }, upstream, operand }) => ({
    upstream: graph.addNode(gatherRowsOp, [upstream, operand("rows")], { scale }),
  }),
});

/**
 * Rows of a table by number: u8 or f32 tables give f32, multiplied by `scale` (1/255 normalises pixels); i32 tables
 * give i32. A negative row number gives zeros, or −1 from an i32 table: a label that losses and metrics leave out. The gradient flows into an
 * f32 table.
 */
export function gatherRows(graph: Graph, table: Node, rows: Node, options: { scale?: number } = {}): Node {
  return graph.addNode(gatherRowsOp, [table, rows], { scale: options.scale ?? 1 });
}
