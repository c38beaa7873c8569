import { crossEntropyLowerings } from "../../kernels/cross_entropy.ts";
import { crossEntropy } from "../cross_entropy.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Cross-entropy with the softmax before it. */
export const rules: readonly Rule[] = [
  // Loss, gradient and accuracy in one pass over the logits.
  crossEntropy,
  ...singleOps(crossEntropyLowerings),
];
