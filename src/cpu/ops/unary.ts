import type { OpDefinition } from "../../graph/op.ts";
import { expOp, logOp, negOp, sqrtOp } from "../../graph/ops/unary.ts";
import { type CpuOp, defineCpuOp, read } from "../op.ts";

function unary(op: OpDefinition, compute: (x: number) => number): CpuOp {
  return defineCpuOp(op, ({ input, output }) => {
    const x = input("x");
    for (let i = 0; i < output.length; i++) output[i] = compute(read(x, i));
  });
}

export const unaryOps = [
  unary(expOp, Math.exp),
  unary(logOp, Math.log),
  unary(negOp, (x) => -x),
  unary(sqrtOp, Math.sqrt),
];
