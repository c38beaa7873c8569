import { broadcastStrides } from "../../core/axes.ts";
import { broadcastToOp } from "../../graph/ops/broadcast_to.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

export const broadcastToOps = [
  defineCpuOp(broadcastToOp, ({ node, input, output }) => {
    const x = input("x");
    walk(node.shape, broadcastStrides(node.operand("x").shape, node.shape), (index, offset) => {
      output[index] = read(x, offset);
    });
  }),
];
