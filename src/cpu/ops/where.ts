import { at } from "../../core/at.ts";
import { broadcastStrides } from "../../core/shape.ts";
import { whereOp } from "../../graph/ops/where.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk, walkPair } from "../walk.ts";

export const whereOps = [
  defineCpuOp(whereOp, ({ node, input, output }) => {
    const [condition, a, b] = [input(0), input(1), input(2)];
    const strides = node.inputs.map(({ shape }) => broadcastStrides(shape, node.shape));
    const chosen = new Uint8Array(output.length);
    walk(node.shape, at(strides, 0), (index, offset) => {
      chosen[index] = Number(read(condition, offset) !== 0);
    });
    walkPair(node.shape, at(strides, 1), at(strides, 2), (index, offsetA, offsetB) => {
      output[index] = chosen[index] === 1 ? read(a, offsetA) : read(b, offsetB);
    });
  }),
];
