import { recordStepLowerings } from "../../kernels/record_step.ts";
import { finishStep } from "../finish_step.ts";
import { optimizerUpdate } from "../optimizer_update.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** The end of a training step. */
export const rules: readonly Rule[] = [
  // Checks gradients where the update finds them.
  finishStep,
  // Moves all parameters in one dispatch.
  optimizerUpdate,
  ...singleOps(recordStepLowerings),
];
