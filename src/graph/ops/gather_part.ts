import { at } from "../../core/at.ts";
import { ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { defineOp, INTEGERS, type OpDefinition } from "../op.ts";

interface GatherPartAttributes {
  readonly scale: number;
  /** The number of the first row that lies in this table. */
  readonly first: number;
}

export const gatherPartOp: OpDefinition<GatherPartAttributes> = defineOp<GatherPartAttributes>({
  name: "gatherPart",
  operands: { table: ["f32", "u8"], rows: INTEGERS, "others?": ["f32"] },
  infer(given, _, what) {
    const [table, rows] = [given.operand("table"), given.operand("rows")];
    const shape = [at(rows.shape, 0), ...table.shape.slice(1)];
    const others = given.optionalOperand("others")?.shape ?? shape;
    if (rows.shape.length !== 1 || table.shape.length === 0 || formatShape(others) !== formatShape(shape)) {
      throw new ShapeError(
        `${what}: wants a table [rows, …], row numbers [batch] and others [batch, …], got ${formatShape(table.shape)}, ` +
          `${formatShape(rows.shape)} and ${formatShape(others)}.`,
      );
    }
    return { shape, dtype: "f32" };
  },
  // It stands where a network's data come in.
  gradient: () => ({}),
});

/**
 * As `gatherRows`, of a table that is cut into several, so that each fits a binding: rows of all of them by number, multiplied by
 * `scale`. Each table but the last has as many rows as the first. A number beyond the rows gives zeros. No gradient flows.
 */
export function gatherParts(graph: Graph, tables: readonly Node[], rows: Node, options: { scale?: number } = {}): Node {
  const { scale = 1 } = options;
  const each = at(at(tables, 0).shape, 0);
  const [first, ...rest] = tables.map((table, index) => ({ table, first: index * each }));
  if (first === undefined) throw new ShapeError("gatherParts: there are no tables.");
  return rest.reduce(
    (others, part) => graph.addNode(gatherPartOp, [part.table, rows, others], { scale, first: part.first }),
    graph.addNode(gatherPartOp, [first.table, rows], { scale, first: 0 }),
  );
}
