import { batchLowerings } from "../../kernels/batch.ts";
import { crossEntropyLowerings } from "../../kernels/cross_entropy.ts";
import { metricLowerings } from "../../kernels/metrics.ts";
import { recordStepLowerings } from "../../kernels/record_step.ts";
import { singleOps } from "../single_op.ts";

/** Kernels of single ops that look at the rows of a tensor: batches of a table, cross-entropy, counts. */
export const rules = singleOps([
  ...batchLowerings,
  ...crossEntropyLowerings,
  ...metricLowerings,
  ...recordStepLowerings,
]);
