import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { formatShape } from "../../core/shape.ts";
import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { COUNTS, defineOp } from "../op.ts";

export interface BatchRowsAttributes {
  /** Rows of the data set. */
  count: number;
  batch: number;
  shuffle: boolean;
  seed: number;
}

export const batchRowsOp = defineOp<BatchRowsAttributes>({
  name: "batchRows",
  operands: { cursor: COUNTS },
  infer(given, { count, batch }, what) {
    const cursor = given.operand("cursor");
    if (cursor.shape.length !== 0) {
      throw new ShapeError(`${what}: the cursor must be a scalar, got ${formatShape(cursor.shape)}.`);
    }
    if (!Number.isInteger(batch) || batch < 1 || !Number.isInteger(count) || count < 1) {
      throw new ArgumentError(`${what}: batch (${batch}) and count (${count}) must be whole numbers of at least 1.`);
    }
    return { shape: [batch], dtype: "i32" };
  },
});

/**
 * Which rows of a data set of `count` rows make up batch number `cursor` (u32 scalar), counted through all epochs of
 * ceil(count / batch) batches: i32 [batch], −1 beyond the end of a last, shorter batch. With `shuffle`, each epoch
 * walks through its own pseudo-random permutation (`permute` in core/random, keyed by seed and epoch).
 */
export function batchRows(graph: Graph, cursor: Node, options: BatchRowsAttributes): Node {
  return graph.addNode(batchRowsOp, [cursor], { ...options });
}
