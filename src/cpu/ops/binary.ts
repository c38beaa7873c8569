import {
  maximumOp,
  minimumOp,
  powBaseDerivativeOp,
  powExponentDerivativeOp,
  powOp,
  preluDerivativeOp,
  preluOp,
} from "../../graph/ops/binary.ts";
import { equalOp, lessOp, lessOrEqualOp } from "../../graph/ops/compare.ts";
import { elementwise } from "./arithmetic.ts";

/** aᵇ by IEEE 754: 1 to any power is 1, which JavaScript denies for NaN and infinities. */
const power = (a: number, b: number) => (a === 1 ? 1 : a ** b);

export const binaryOps = [
  elementwise(minimumOp, Math.min),
  elementwise(maximumOp, Math.max),
  elementwise(preluOp, (x, slope) => (x < 0 ? slope * x : x)),
  elementwise(preluDerivativeOp, (x, slope) => (x > 0 ? 1 : slope)),
  elementwise(powOp, power),
  elementwise(powBaseDerivativeOp, (a, b) => (b === 0 ? 0 : b * power(a, b - 1))),
  elementwise(powExponentDerivativeOp, (a, b) => (a === 0 && b >= 0 ? 0 : power(a, b) * Math.log(a))),
  elementwise(equalOp, (a, b) => Number(a === b)),
  elementwise(lessOp, (a, b) => Number(a < b)),
  elementwise(lessOrEqualOp, (a, b) => Number(a <= b)),
];
