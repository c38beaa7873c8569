import { at } from "../../core/at.ts";
import { sizeOf } from "../../core/shape.ts";
import { gatherPartOp } from "../../graph/ops/gather_part.ts";
import { defineCpuOp, read } from "../op.ts";

export const gatherPartOps = [
  defineCpuOp(gatherPartOp, ({ node, attributes: { scale, first }, input, optionalInput, output }) => {
    const [table, rows, others] = [input("table"), input("rows"), optionalInput("others")];
    const rowSize = sizeOf(node.shape.slice(1));
    const count = at(node.operand("table").shape, 0);
    rows.forEach((row, index) => {
      const isHere = row >= first && row < first + count;
      for (let i = 0; i < rowSize; i++) {
        const place = index * rowSize + i;
        output[place] = isHere ? read(table, (row - first) * rowSize + i) * scale : others ? read(others, place) : 0;
      }
    });
  }),
];
