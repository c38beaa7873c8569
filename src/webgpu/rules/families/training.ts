import { crossEntropy } from "../cross_entropy.ts";
import { fetchBatch } from "../fetch_batch.ts";
import { finishStep } from "../finish_step.ts";
import { optimizerUpdate } from "../optimizer_update.ts";
import type { Rule } from "../rule.ts";

/** What a training step has around its network. */
export const rules: readonly Rule[] = [
  // Loss, gradient and accuracy in one pass over the logits.
  crossEntropy,
  // One dispatch for a batch, and the weights are looked through beside it.
  fetchBatch,
];

/** The end of a training step. */
export const endRules: readonly Rule[] = [
  // Checks gradients where the update finds them.
  finishStep,
  // Moves all parameters in one dispatch.
  optimizerUpdate,
];
