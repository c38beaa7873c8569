import { broadcastStrides } from "../../core/axes.ts";
import { whereOp } from "../../graph/ops/where.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk, walkPair } from "../walk.ts";

export const whereOps = [
  defineCpuOp(whereOp, ({ node, input, output }) => {
    const [condition, a, b] = [input("condition"), input("a"), input("b")];
    const strides = (name: string) => broadcastStrides(node.operand(name).shape, node.shape);
    const chosen = new Uint8Array(output.length);
    walk(node.shape, strides("condition"), (index, offset) => {
      chosen[index] = Number(read(condition, offset) !== 0);
    });
    walkPair(node.shape, strides("a"), strides("b"), (index, offsetA, offsetB) => {
      output[index] = chosen[index] === 1 ? read(a, offsetA) : read(b, offsetB);
    });
  }),
];
