import { adafactor } from "./adafactor.ts";
import { batchNormWithRelu } from "./batch_norm.ts";
import { batchNormInputGradient, batchNormSums } from "./batch_norm_gradients.ts";
import { batchStatistics } from "./batch_statistics.ts";
import { convolution } from "./convolution.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { fetchBatch } from "./fetch_batch.ts";
import { filterGradient } from "./filter_gradient.ts";
import { finishStep } from "./finish_step.ts";
import { inputGradient } from "./input_gradient.ts";
import { lamb } from "./lamb.ts";
import { constantLeaf, inputLeaf, reshapeView, stopGradientView, variableLeaf } from "./leaves.ts";
import { matmulWithBias } from "./matmul.ts";
import { movingAverages } from "./moving_averages.ts";
import { nonFinite } from "./non_finite.ts";
import { optimizerUpdate } from "./optimizer_update.ts";
import type { Rule } from "./rule.ts";
import { singleOps } from "./single_op.ts";

/** The rules in the order in which they are asked, each with its reason: a node that one has taken is not offered to those below. */
export const rules: readonly Rule[] = [
  // A fed value has a buffer of its own.
  inputLeaf,
  // A constant is written once, when the program is made.
  constantLeaf,
  // A variable lives in the backend's storage.
  variableLeaf,
  // Another shape is no other memory.
  reshapeView,
  // The same value, to its readers.
  stopGradientView,
  // The full-size activation never reaches memory; before the gradients, which it unpools.
  convolution,
  // A dense layer is one dispatch.
  matmulWithBias,
  // Loss, gradient and accuracy in one pass over the logits.
  crossEntropy,
  // One dispatch for a batch, and the weights are looked through beside it.
  fetchBatch,
  // The bias gradient reads what the filter gradient reads; takes channel sums first.
  filterGradient,
  // Reads a pooled gradient in its loads.
  inputGradient,
  // The normalised image is not read twice.
  batchNormWithRelu,
  // Mean and variance in one pass; before the moving averages, which it may take.
  batchStatistics,
  // Both averages in one dispatch, once the verdict on the step is there.
  movingAverages,
  // All gradients of a normalisation from one pass; takes what sums are left.
  batchNormSums,
  // Reads the coefficients that were made with the sums.
  batchNormInputGradient,
  // Looks through an arena as a whole, where no fetch does.
  nonFinite,
  // Checks gradients where the update finds them.
  finishStep,
  // Measures its step before it moves.
  lamb,
  // Moves by directions that it makes of gradients.
  adafactor,
  // Every other rule moves all parameters in one dispatch.
  optimizerUpdate,
  // What no fusion takes.
  ...singleOps,
];
