import { rowsOfBatch } from "../../core/rows_of_batch.ts";
import { batchRowsOp } from "../../graph/ops/batch_rows.ts";
import { defineCpuOp, read } from "../op.ts";

export const batchRowsOps = [
  defineCpuOp(batchRowsOp, ({ attributes, input, output }) => {
    output.set(rowsOfBatch(read(input("cursor"), 0), attributes));
  }),
];
