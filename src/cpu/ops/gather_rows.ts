import { sizeOf } from "../../core/shape.ts";
import { gatherRowsGradientOp, gatherRowsOp } from "../../graph/ops/gather_rows.ts";
import { defineCpuOp, read, storeSums, zeroSums } from "../op.ts";

export const gatherRowsOps = [
  defineCpuOp(gatherRowsOp, ({ node, attributes: { scale }, input, output }) => {
    const [table, rows] = [input("table"), input("rows")];
    const rowSize = sizeOf(node.shape.slice(1));
    const missing = node.dtype === "i32" ? -1 : 0;
    const lastRow = table.length / rowSize - 1;
    rows.forEach((row, index) => {
      // As it is: large rows of floats, such as features, would cost more here than what learns from them.
      if (scale === 1 && row >= 0 && row <= lastRow) {
        output.set(table.subarray(row * rowSize, (row + 1) * rowSize), index * rowSize);
        return;
      }
      for (let i = 0; i < rowSize; i++) {
        const value = row < 0 ? missing : read(table, row * rowSize + i);
        output[index * rowSize + i] = node.dtype === "i32" ? value : value * scale;
      }
    });
  }),
  defineCpuOp(gatherRowsGradientOp, ({ node, attributes: { scale }, input, output }) => {
    const [rows, upstream] = [input("rows"), input("upstream")];
    const rowSize = sizeOf(node.shape.slice(1));
    const sums = zeroSums(output);
    rows.forEach((row, index) => {
      if (row < 0 || row * rowSize >= sums.length) return;
      for (let i = 0; i < rowSize; i++) {
        const place = row * rowSize + i;
        sums[place] = read(sums, place) + read(upstream, index * rowSize + i) * scale;
      }
    });
    storeSums(sums, output);
  }),
];
