/**
 * How far a WebNN operator's f32 result may be from the exact one: the tolerances of the Web Platform Tests themselves
 * (web-platform-tests/wpt, webnn/resources/utils.js and the precision metrics of its older versions), in units in the
 * last place; tighter ones where WGSL's accuracies and the lengths of the sums give them.
 */
import { sizeOf } from "../../src/core/shape.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Call } from "./webnn_operators.ts";

/** Units in the last place that an operator may add: none where values are only moved or chosen. */
const ULPS: Readonly<Record<string, number>> = {
  add: 1,
  sub: 1,
  mul: 1,
  sqrt: 1,
  prelu: 1,
  leakyRelu: 1,
  div: 2,
  reciprocal: 2,
  linear: 2,
  hardSigmoid: 2,
  softsign: 3,
  hardSwish: 4,
  batchNormalization: 6,
  tanh: 16,
  elu: 18,
  gelu: 18,
  softplus: 18,
  exp: 32,
  pow: 32,
  sigmoid: 34,
  // Looser in the source: 84 for linear interpolation; 1/1024 absolute for the error function and the logarithm.
  resample2d: 4,
  erf: 18,
  log: 32,
};

/**
 * What an operator may add beside, absolutely: WGSL's log is 2⁻²¹ off near 1, and erf takes a number near 1 from 1. So does
 * gelu, whose 1 + erf cancels below 0, where a rounding of 1 becomes |x| / 2 of it, and |x| < 6 wherever the result is not 0:
 * one of the source's own values, of "batchNormalization options.axis=0 + gelu", is 34 units off the exact one.
 */
const ABSOLUTE: Readonly<Record<string, number>> = { gelu: 3 * 2 ** -24, erf: 3 * 2 ** -24, log: 2 ** -21 };

/** The source's rules by operator: two units for each product of a sum, one for each term, and a few for what follows. */
export function ulpsOf(operator: string, { tensor, optional, value }: Call, y: Node): number {
  const reduced = (x: Node) => sizeOf(x.shape) / sizeOf(y.shape);
  const layout = value("inputLayout", "nchw");
  switch (operator) {
    case "conv2d":
    case "convTranspose2d":
      return 2 * (sizeOf(tensor("filter").shape) / (y.shape[layout.indexOf("c")] ?? 1));
    case "gemm": {
      const [alpha, beta, c] = [value("alpha", 1), value("beta", 1), optional("c")];
      const added = c === undefined || beta === 0 ? 0 : beta === 1 ? 1 : 2;
      return 2 * (tensor("a").shape[value("aTranspose", false) ? 0 : 1] ?? 1) + (alpha === 1 ? 0 : 1) + added;
    }
    case "matmul":
      return 2 * (tensor("a").shape.at(-1) ?? 1);
    case "averagePool2d":
    case "l2Pool2d":
      return value<number[]>("windowDimensions", [...tensor("input").shape.slice(-2)]).reduce((a, b) => a * b, 1) + 2;
    case "cumulativeSum":
      return tensor("input").shape[value("axis", 0)] ?? 1;
    case "reduceSum":
    case "reduceL1":
    case "reduceProduct":
      return reduced(tensor("input"));
    case "reduceSumSquare":
      return 2 * reduced(tensor("input"));
    case "reduceL2":
      return 2 * reduced(tensor("input")) + 2;
    case "reduceMean":
      return reduced(tensor("input")) + 2;
    case "reduceLogSum":
      return reduced(tensor("input")) + 18;
    case "reduceLogSumExp":
      return 2 * reduced(tensor("input")) + 18;
    case "softmax":
      return 3 * (tensor("input").shape[value("axis", 1)] ?? 1) + 3;
    // The source allows 840 units for these two.
    case "instanceNormalization": {
      const { shape } = tensor("input");
      return (2 * sizeOf(shape)) / ((shape[0] ?? 1) * (shape[value("layout", "nchw").indexOf("c")] ?? 1)) + 12;
    }
    case "layerNormalization": {
      const { shape } = tensor("input");
      return 2 * sizeOf(value<number[]>("axes", [...shape.keys()].slice(1)).map((axis) => shape[axis] ?? 1)) + 12;
    }
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
