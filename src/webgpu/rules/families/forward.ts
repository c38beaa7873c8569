import { matmulLowerings } from "../../kernels/matmul.ts";
import { convolution } from "../convolution.ts";
import { matmulWithBias } from "../matmul.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Convolutions and matrix products, and what follows them. */
export const rules: readonly Rule[] = [
  // The full-size activation never reaches memory.
  convolution,
  // A dense layer is one dispatch.
  matmulWithBias,
  ...singleOps(matmulLowerings),
];
