import {
  maximumOp,
  minimumOp,
  powBaseSlopeOp,
  powExponentSlopeOp,
  powOp,
  preluOp,
  preluSlopeOp,
} from "../../graph/ops/binary.ts";
import { equalOp, lessOp, lessOrEqualOp } from "../../graph/ops/compare.ts";
import { elementwise } from "./arithmetic.ts";

export const binaryOps = [
  elementwise(minimumOp, Math.min),
  elementwise(maximumOp, Math.max),
  elementwise(preluOp, (x, slope) => (x < 0 ? slope * x : x)),
  elementwise(preluSlopeOp, (x, slope) => (x > 0 ? 1 : slope)),
  // IEEE 754: 1 to any power is 1, which JavaScript denies for NaN and infinities.
  elementwise(powOp, (a, b) => (a === 1 ? 1 : a ** b)),
  elementwise(powBaseSlopeOp, (a, b) => (b === 0 ? 0 : b * a ** (b - 1))),
  elementwise(powExponentSlopeOp, (a, b) => (a === 0 && b >= 0 ? 0 : a ** b * Math.log(a))),
  elementwise(equalOp, (a, b) => Number(a === b)),
  elementwise(lessOp, (a, b) => Number(a < b)),
  elementwise(lessOrEqualOp, (a, b) => Number(a <= b)),
];
