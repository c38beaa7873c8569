import { stridesOf } from "../../core/axes.ts";
import { transposeOp } from "../../graph/ops/transpose.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

export const transposeOps = [
  defineCpuOp(transposeOp, ({ node, attributes, input, output }) => {
    const x = input("x");
    const strides = stridesOf(node.operand("x").shape);
    walk(
      node.shape,
      attributes.permutation.map((axis) => read(strides, axis)),
      (index, offset) => {
        output[index] = read(x, offset);
      },
    );
  }),
];
