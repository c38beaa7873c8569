import type { UpdateRule } from "../../src/graph/update_rule.ts";
import type { DeviceTraits, KernelSpec } from "../../src/webgpu/kernel.ts";
import { avgPool2dLowerings } from "../../src/webgpu/kernels/avg_pool2d.ts";
import { batchLowerings } from "../../src/webgpu/kernels/batch.ts";
import { batchNormLowerings } from "../../src/webgpu/kernels/batch_norm.ts";
import { castLowerings } from "../../src/webgpu/kernels/cast.ts";
import { crossEntropyLowerings } from "../../src/webgpu/kernels/cross_entropy.ts";
import { cumsumLowerings } from "../../src/webgpu/kernels/cumsum.ts";
import { dropoutLowerings } from "../../src/webgpu/kernels/dropout.ts";
import { elementwiseLowerings } from "../../src/webgpu/kernels/elementwise.ts";
import { gatherPartLowerings } from "../../src/webgpu/kernels/gather_part.ts";
import { gaussianNoiseLowerings } from "../../src/webgpu/kernels/gaussian_noise.ts";
import { matmulLowerings } from "../../src/webgpu/kernels/matmul.ts";
import { maxPool2dLowerings } from "../../src/webgpu/kernels/max_pool2d.ts";
import { metricLowerings } from "../../src/webgpu/kernels/metrics.ts";
import { mixImagesLowerings } from "../../src/webgpu/kernels/mix_images.ts";
import { movingAverageLowerings } from "../../src/webgpu/kernels/moving_average.ts";
import { normConstraintLowerings } from "../../src/webgpu/kernels/norm_constraint.ts";
import { oneHotLowerings } from "../../src/webgpu/kernels/one_hot.ts";
import {
  type OptimizerUpdateOptions,
  optimizerUpdate as ownOptimizerUpdate,
} from "../../src/webgpu/kernels/optimizer_update.ts";
import { otherFormula } from "../../src/webgpu/kernels/other_updates.ts";
import { pointwiseLowerings } from "../../src/webgpu/kernels/pointwise.ts";
import { recordStepLowerings } from "../../src/webgpu/kernels/record_step.ts";
import { reduceLowerings } from "../../src/webgpu/kernels/reduce.ts";
import { resampleAxisLowerings } from "../../src/webgpu/kernels/resample_axis.ts";
import { sliceLowerings } from "../../src/webgpu/kernels/slice.ts";
import { softmaxLowerings } from "../../src/webgpu/kernels/softmax.ts";
import { transposeLowerings } from "../../src/webgpu/kernels/transpose.ts";
import type { Lowering } from "../../src/webgpu/lowering.ts";

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
  ...cumsumLowerings,
  ...dropoutLowerings,
  ...elementwiseLowerings,
  ...gatherPartLowerings,
  ...gaussianNoiseLowerings,
  ...matmulLowerings,
  ...maxPool2dLowerings,
  ...metricLowerings,
  ...mixImagesLowerings,
  ...movingAverageLowerings,
  ...normConstraintLowerings,
  ...oneHotLowerings,
  ...pointwiseLowerings,
  ...recordStepLowerings,
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
} from "../../src/webgpu/kernels/adafactor.ts";
export { augmentImages } from "../../src/webgpu/kernels/augment_images.ts";
export { avgPool2d } from "../../src/webgpu/kernels/avg_pool2d.ts";
export {
  batchRows,
  type GatherRowsOptions,
  gatherRows,
  gatherRowsGradient,
} from "../../src/webgpu/kernels/batch.ts";
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
} from "../../src/webgpu/kernels/batch_norm.ts";
export { cast } from "../../src/webgpu/kernels/cast.ts";
export { copy } from "../../src/webgpu/kernels/copy.ts";
export {
  type CrossEntropyOptions,
  crossEntropyGradient,
  crossEntropyRows,
  crossEntropyTotal,
} from "../../src/webgpu/kernels/cross_entropy.ts";
export { crossEntropyStep } from "../../src/webgpu/kernels/cross_entropy_step.ts";
export { cumsum } from "../../src/webgpu/kernels/cumsum.ts";
export { dropout } from "../../src/webgpu/kernels/dropout.ts";
export { type BinaryOperation, elementwise, type UnaryOperation } from "../../src/webgpu/kernels/elementwise.ts";
export { type FetchBatchOptions, fetchBatch, MOST_FETCHED_ROWS } from "../../src/webgpu/kernels/fetch_batch.ts";
export {
  COUNTS_PLACE,
  type FinishStepOptions,
  finishStep,
  GUARDS_PLACE,
} from "../../src/webgpu/kernels/finish_step.ts";
export { gatherPart } from "../../src/webgpu/kernels/gather_part.ts";
export { gaussianNoise } from "../../src/webgpu/kernels/gaussian_noise.ts";
export {
  type ClipFactorsOptions,
  clipFactors,
  clipGroups,
  gradientSquares,
  trustRatios,
} from "../../src/webgpu/kernels/gradient_norms.ts";
export { unscaleGradients } from "../../src/webgpu/kernels/loss_scaling.ts";
export { type MatmulSizes, matmul, matmulBias } from "../../src/webgpu/kernels/matmul.ts";
export { maxPool2d, maxPool2dGradient } from "../../src/webgpu/kernels/max_pool2d.ts";
export { confusionMatrix, countCorrect } from "../../src/webgpu/kernels/metrics.ts";
export { mixImages, mixingPlan } from "../../src/webgpu/kernels/mix_images.ts";
export { movingAverage, movingAverages } from "../../src/webgpu/kernels/moving_average.ts";
export { normConstraint } from "../../src/webgpu/kernels/norm_constraint.ts";
export { oneHot } from "../../src/webgpu/kernels/one_hot.ts";
export type { OptimizerUpdateOptions } from "../../src/webgpu/kernels/optimizer_update.ts";
export { pointwise } from "../../src/webgpu/kernels/pointwise.ts";
export { type RecordStepOptions, recordStep } from "../../src/webgpu/kernels/record_step.ts";
export { maxGradient, type ReduceOperation, type ReduceStage, reduceStages } from "../../src/webgpu/kernels/reduce.ts";
export { resampleAxis } from "../../src/webgpu/kernels/resample_axis.ts";
export type { Rows } from "../../src/webgpu/kernels/rows.ts";
export { place, slice, stridedCopy } from "../../src/webgpu/kernels/slice.ts";
export { argmax, softmax } from "../../src/webgpu/kernels/softmax.ts";
export { type SumSlicesOptions, sumSlices } from "../../src/webgpu/kernels/sum_slices.ts";
export { transpose } from "../../src/webgpu/kernels/transpose.ts";

/** An update by any rule: that of other rules than SGD and Adam gets its formula from a module of its own. */
export function optimizerUpdate(options: OptimizerUpdateOptions, traits: DeviceTraits): KernelSpec {
  return ownOptimizerUpdate({ formula: formulaOf(options.rule), ...options }, traits);
}

/** What follows the blocks in an update's table. */
export function ruleTable(rule: UpdateRule): Uint32Array {
  return formulaOf(rule)?.table ?? new Uint32Array(0);
}

function formulaOf(rule: UpdateRule) {
  return rule.kind === "sgd" || rule.kind === "adam" ? undefined : otherFormula(rule);
}
