import { broadcastStrides } from "../../core/shape.ts";
import { at, type OpDefinition } from "../../graph/op.ts";
import { addOp, divOp, mulOp, subOp } from "../../graph/ops/arithmetic.ts";
import { type CpuOp, defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";

function elementwise(op: OpDefinition, compute: (a: number, b: number) => number): CpuOp {
  return defineCpuOp(op, ({ node, input, output }) => {
    const [a, b] = [input(0), input(1)];
    const stridesB = broadcastStrides(at(node.inputs, 1).shape, node.shape);
    const offsetsB = new Uint32Array(output.length);
    walk(node.shape, stridesB, (index, offset) => {
      offsetsB[index] = offset;
    });
    walk(node.shape, broadcastStrides(at(node.inputs, 0).shape, node.shape), (index, offset) => {
      output[index] = compute(read(a, offset), read(b, offsetsB[index] as number));
    });
  });
}

export const arithmeticOps = [
  elementwise(addOp, (a, b) => a + b),
  elementwise(subOp, (a, b) => a - b),
  elementwise(mulOp, (a, b) => a * b),
  elementwise(divOp, (a, b) => a / b),
];
