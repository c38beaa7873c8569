import type { Lowering } from "../lowering.ts";
import { avgPool2dLowerings } from "./avg_pool2d.ts";
import { batchLowerings } from "./batch.ts";
import { batchNormLowerings } from "./batch_norm.ts";
import { castLowerings } from "./cast.ts";
import { crossEntropyLowerings } from "./cross_entropy.ts";
import { dropoutLowerings } from "./dropout.ts";
import { elementwiseLowerings } from "./elementwise.ts";
import { gaussianNoiseLowerings } from "./gaussian_noise.ts";
import { matmulLowerings } from "./matmul.ts";
import { maxPool2dLowerings } from "./max_pool2d.ts";
import { metricLowerings } from "./metrics.ts";
import { movingAverageLowerings } from "./moving_average.ts";
import { normConstraintLowerings } from "./norm_constraint.ts";
import { oneHotLowerings } from "./one_hot.ts";
import { pointwiseLowerings } from "./pointwise.ts";
import { randomAffineLowerings } from "./random_affine.ts";
import { recordStepLowerings } from "./record_step.ts";
import { reduceLowerings } from "./reduce.ts";
import { resampleAxisLowerings } from "./resample_axis.ts";
import { sliceLowerings } from "./slice.ts";
import { softmaxLowerings } from "./softmax.ts";
import { transposeLowerings } from "./transpose.ts";

/**
 * How ops become dispatches by themselves, one entry an op. What depends on what is around it is the business of `rules/`:
 * leaves, views, convolutions, batch statistics, gradients of batch normalisation, optimizer updates.
 */
export const lowerings: readonly Lowering[] = [
  ...avgPool2dLowerings,
  ...batchLowerings,
  ...batchNormLowerings,
  ...castLowerings,
  ...crossEntropyLowerings,
  ...dropoutLowerings,
  ...elementwiseLowerings,
  ...gaussianNoiseLowerings,
  ...matmulLowerings,
  ...maxPool2dLowerings,
  ...metricLowerings,
  ...movingAverageLowerings,
  ...normConstraintLowerings,
  ...oneHotLowerings,
  ...pointwiseLowerings,
  ...recordStepLowerings,
  ...randomAffineLowerings,
  ...reduceLowerings,
  ...resampleAxisLowerings,
  ...sliceLowerings,
  ...softmaxLowerings,
  ...transposeLowerings,
];

export {
  adafactorColumns,
  adafactorDirection,
  adafactorRows,
  adafactorScales,
  adafactorTables,
} from "./adafactor.ts";
export { avgPool2d } from "./avg_pool2d.ts";
export {
  batchRows,
  type FetchBatchOptions,
  fetchBatch,
  type GatherRowsOptions,
  gatherRows,
  gatherRowsGradient,
  MOST_FETCHED_ROWS,
} from "./batch.ts";
export {
  batchNormalize,
  batchNormGradientSums,
  batchNormGradientTotal,
  batchNormInputGradient,
  batchNormMoments,
  batchNormMomentsTotal,
  emitBatchNormSums,
  emitBatchStatistics,
  type UpstreamValues,
} from "./batch_norm.ts";
export { cast } from "./cast.ts";
export {
  type CrossEntropyOptions,
  crossEntropyGradient,
  crossEntropyRows,
  crossEntropyStep,
  crossEntropyTotal,
} from "./cross_entropy.ts";
export { dropout } from "./dropout.ts";
export { type BinaryOperation, copy, elementwise, type UnaryOperation } from "./elementwise.ts";
export { COUNTS_PLACE, type FinishStepOptions, finishStep, GUARDS_PLACE } from "./finish_step.ts";
export { gaussianNoise } from "./gaussian_noise.ts";
export { unscaleGradients } from "./loss_scaling.ts";
export { type MatmulSizes, matmul, matmulBias } from "./matmul.ts";
export { maxPool2d, maxPool2dGradient } from "./max_pool2d.ts";
export { confusionMatrix, countCorrect } from "./metrics.ts";
export { movingAverage, movingAverages } from "./moving_average.ts";
export { normConstraint } from "./norm_constraint.ts";
export { oneHot } from "./one_hot.ts";
export {
  type ClipFactorsOptions,
  clipFactors,
  clipGroups,
  gradientSquares,
  type OptimizerUpdateOptions,
  optimizerUpdate,
  ruleTable,
  type SumSlicesOptions,
  sumSlices,
  trustRatios,
} from "./optimizer_update.ts";
export { pointwise } from "./pointwise.ts";
export { randomAffine } from "./random_affine.ts";
export { type RecordStepOptions, recordStep } from "./record_step.ts";
export { maxGradient, type ReduceOperation, type ReduceStage, reduceStages } from "./reduce.ts";
export { resampleAxis } from "./resample_axis.ts";
export { place, slice, stridedCopy } from "./slice.ts";
export { argmax, type Rows, softmax } from "./softmax.ts";
export { transpose } from "./transpose.ts";
