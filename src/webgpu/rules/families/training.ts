import { crossEntropy } from "../cross_entropy.ts";
import { fetchBatch } from "../fetch_batch.ts";
import { filterGradient } from "../filter_gradient.ts";
import { finishStep } from "../finish_step.ts";
import { inputGradient } from "../input_gradient.ts";
import { optimizerUpdate } from "../optimizer_update.ts";
import { poolGradients } from "../pool_gradients.ts";
import type { Rule } from "../rule.ts";

/** What flows back through a pool behind a convolution. */
export const poolRules: readonly Rule[] = [poolGradients];

/** What flows back through convolutions: nearly every network that is trained has some. */
export const gradientRules: readonly Rule[] = [
  // The bias gradient reads what the filter gradient reads.
  filterGradient,
  // Reads a pooled gradient in its loads.
  inputGradient,
];

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
