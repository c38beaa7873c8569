import { broadcastStrides } from "../../core/axes.ts";
import { dropoutMask } from "../../core/dropout.ts";
import { dropoutOp } from "../../graph/ops/dropout.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

export const dropoutOps = [
  defineCpuOp(dropoutOp, ({ node, attributes: { rate, seed, stream, maskShape }, input, output }) => {
    const x = input("x");
    const kept = dropoutMask(rate, seed, stream, read(input("step"), 0));
    const scale = 1 / (1 - rate);
    walk(node.shape, broadcastStrides(maskShape, node.shape), (index, place) => {
      output[index] = kept(place) ? read(x, index) * scale : 0;
    });
  }),
];
