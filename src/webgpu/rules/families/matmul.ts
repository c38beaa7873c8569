import { matmulLowerings } from "../../kernels/matmul.ts";
import { matmulWithBias } from "../matmul.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Matrix products and what follows them. */
export const rules: readonly Rule[] = [
  // A dense layer is one dispatch.
  matmulWithBias,
  ...singleOps(matmulLowerings),
];
