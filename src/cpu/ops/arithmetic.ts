import { broadcastStrides } from "../../core/axes.ts";
import type { OpDefinition } from "../../graph/op.ts";
import { addOp, divOp, mulOp, subOp } from "../../graph/ops/arithmetic.ts";
import { standardizeOp } from "../../graph/ops/normalization.ts";
import { type CpuOp, defineCpuOp, read } from "../op.ts";
import { walkPair } from "../walk.ts";

/** How the CPU computes an op of two operands that broadcast. */
export function elementwise(
  op: OpDefinition,
  compute: (a: number, b: number) => number,
  [first, second]: readonly [string, string] = ["a", "b"],
): CpuOp {
  return defineCpuOp(op, ({ node, input, output }) => {
    const [a, b] = [input(first), input(second)];
    const stridesA = broadcastStrides(node.operand(first).shape, node.shape);
    const stridesB = broadcastStrides(node.operand(second).shape, node.shape);
    walkPair(node.shape, stridesA, stridesB, (index, offsetA, offsetB) => {
      output[index] = compute(read(a, offsetA), read(b, offsetB));
    });
  });
}

export const arithmeticOps = [
  elementwise(addOp, (a, b) => a + b),
  elementwise(subOp, (a, b) => a - b),
  elementwise(mulOp, (a, b) => a * b),
  elementwise(divOp, (a, b) => a / b),
  elementwise(standardizeOp, (centred, inverse) => centred * inverse, ["centred", "inverse"]),
];
