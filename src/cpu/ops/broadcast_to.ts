import { at } from "../../core/at.ts";
import { broadcastStrides } from "../../core/shape.ts";
import { broadcastToOp } from "../../graph/ops/broadcast_to.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

export const broadcastToOps = [
  defineCpuOp(broadcastToOp, ({ node, input, output }) => {
    const x = input(0);
    walk(node.shape, broadcastStrides(at(node.inputs, 0).shape, node.shape), (index, offset) => {
      output[index] = read(x, offset);
    });
  }),
];
