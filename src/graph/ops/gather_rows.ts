import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { at, defineOp } from "../op.ts";

export const gatherRowsOp = defineOp<{ scale: number }>({
  name: "gatherRows",
  infer(inputs, _, what) {
    const [table, rows] = [at(inputs, 0), at(inputs, 1)];
    if (rows.dtype !== "i32" || rows.shape.length !== 1 || table.shape.length === 0) {
      throw new ShapeError(
        `${what}: wants a table [rows, …] and row numbers i32 [batch], got ${formatShape(table.shape)} and ` +
          `${rows.dtype} ${formatShape(rows.shape)}.`,
      );
    }
    return { shape: [at(rows.shape, 0), ...table.shape.slice(1)], dtype: table.dtype === "i32" ? "i32" : "f32" };
  },
});

/**
 * Rows of a table by number: u8 or f32 tables give f32, multiplied by `scale` (1/255 normalises pixels); i32 tables
 * give i32. A negative row number gives zeros, or −1 from an i32 table: a label that losses and metrics leave out.
 */
export function gatherRows(graph: Graph, table: Node, rows: Node, options: { scale?: number } = {}): Node {
  return graph.addNode(gatherRowsOp, [table, rows], { scale: options.scale ?? 1 });
}
