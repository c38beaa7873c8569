import { batchNormLowerings } from "../../kernels/batch_norm.ts";
import { movingAverageLowerings } from "../../kernels/moving_average.ts";
import { batchNormWithRelu } from "../batch_norm.ts";
import { batchNormInputGradient, batchNormSums } from "../batch_norm_gradients.ts";
import { batchStatistics } from "../batch_statistics.ts";
import { movingAverages } from "../moving_averages.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Batch normalisation. */
export const rules: readonly Rule[] = [
  // The normalised image is not read twice.
  batchNormWithRelu,
  // Mean and variance in one pass, perhaps with their moving averages: before these.
  batchStatistics,
  // Both averages in one dispatch, once the verdict on the step is there.
  movingAverages,
  // All gradients from one pass over the batch.
  batchNormSums,
  // Reads the coefficients that were made with the sums.
  batchNormInputGradient,
  ...singleOps([...batchNormLowerings, ...movingAverageLowerings]),
];
