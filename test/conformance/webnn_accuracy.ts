/** How far a WebNN operator's f32 result may be from the exact one: by WGSL's accuracies and the lengths of its sums. */
import { sizeOf } from "../../src/core/shape.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Call } from "./webnn_operators.ts";

/** Units in the last place that an operator may add: none where values are only moved or chosen. */
const ULPS: Readonly<Record<string, number>> = {
  add: 1,
  sub: 1,
  mul: 1,
  reciprocal: 3,
  div: 3,
  prelu: 1,
  leakyRelu: 1,
  linear: 2,
  hardSigmoid: 2,
  softsign: 4,
  hardSwish: 4,
  resample2d: 4,
  batchNormalization: 6,
  sqrt: 4,
  elu: 18,
  gelu: 18,
  softplus: 18,
  tanh: 18,
  erf: 18,
  exp: 32,
  log: 32,
  sigmoid: 34,
  // 2^(b · log₂ a), in WGSL: 3 + 2 · |b · log₂ a| of exp2, and log2's 2⁻²¹ times b, for powers up to 6 of bases up to 3.
  pow: 64,
};

/**
 * What an operator may add beside, absolutely: gelu's 1 + erf cancels below 0, where a rounding of 1 becomes |x| / 2 of
 * it, and |x| < 6 wherever the result is not 0; WGSL's log is 2⁻²¹ off near 1;
 * erf takes a number near 1 from 1.
 */
const ABSOLUTE: Readonly<Record<string, number>> = { gelu: 3 * 2 ** -24, erf: 3 * 2 ** -24, log: 2 ** -21 };

/** Two units for each product of a sum, which is the source's own rule for conv2d, and a few for what follows it. */
export function ulpsOf(operator: string, { tensor, value }: Call, y: Node): number {
  const perResult = (x: Node) => sizeOf(x.shape) / sizeOf(y.shape);
  const layout = value("inputLayout", "nchw");
  switch (operator) {
    case "conv2d":
    case "convTranspose2d":
      return 2 * (sizeOf(tensor("filter").shape) / (y.shape[layout.indexOf("c")] ?? 1)) + 1;
    case "gemm":
      return 2 * (tensor("a").shape[value("aTranspose", false) ? 0 : 1] ?? 1) + 3;
    case "matmul":
      return 2 * (tensor("a").shape.at(-1) ?? 1);
    case "averagePool2d":
      return value<number[]>("windowDimensions", [...tensor("input").shape.slice(-2)]).reduce((a, b) => a * b, 1) + 2;
    case "l2Pool2d":
      return value<number[]>("windowDimensions", [...tensor("input").shape.slice(-2)]).reduce((a, b) => a * b, 1) + 7;
    case "reduceSum":
    case "reduceL1":
    case "reduceProduct":
      return 2 * perResult(tensor("input"));
    case "reduceSumSquare":
      return 2 * perResult(tensor("input")) + 1;
    case "reduceL2":
      return perResult(tensor("input")) + 5;
    case "reduceLogSum":
    case "reduceLogSumExp":
      return ULPS.log ?? 0;
    case "instanceNormalization": {
      const { shape } = tensor("input");
      return (2 * sizeOf(shape)) / ((shape[0] ?? 1) * (shape[value("layout", "nchw").indexOf("c")] ?? 1)) + 12;
    }
    case "layerNormalization": {
      const { shape } = tensor("input");
      return 2 * sizeOf(value<number[]>("axes", [...shape.keys()].slice(1)).map((axis) => shape[axis] ?? 1)) + 12;
    }
    case "reduceMean":
      return 2 * perResult(tensor("input")) + 2;
    case "softmax":
      return 3 * Math.max(...y.shape) + 3;
    default:
      return ULPS[operator] ?? 0;
  }
}

/** One unit in the last place of a number in f32. */
export const ulp = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

/** What an operator may add absolutely: a logarithm's argument that is relatively off by δ moves it by δ. */
export function absoluteOf(operator: string, { tensor }: Call, y: Node): number {
  const sum = () => (2 * sizeOf(tensor("input").shape)) / sizeOf(y.shape);
  if (operator === "reduceLogSum") return (ABSOLUTE.log ?? 0) + sum() * 2 ** -24;
  if (operator === "reduceLogSumExp") return (ABSOLUTE.log ?? 0) + (sum() + (ULPS.exp ?? 0)) * 2 ** -24;
  return ABSOLUTE[operator] ?? 0;
}
