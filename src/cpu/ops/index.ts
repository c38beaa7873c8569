import type { CpuOp } from "../op.ts";
import { argmaxOps } from "./argmax.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { augmentImagesOps } from "./augment_images.ts";
import { avgPool2dOps } from "./avg_pool2d.ts";
import { batchNormOps } from "./batch_norm.ts";
import { batchRowsOps } from "./batch_rows.ts";
import { binaryOps } from "./binary.ts";
import { broadcastToOps } from "./broadcast_to.ts";
import { castOps } from "./cast.ts";
import { confusionMatrixOps } from "./confusion_matrix.ts";
import { conv2dOps } from "./conv2d.ts";
import { countCorrectOps } from "./count_correct.ts";
import { cumsumOps } from "./cumsum.ts";
import { dropoutOps } from "./dropout.ts";
import { finishStepOps } from "./finish_step.ts";
import { gatherPartOps } from "./gather_part.ts";
import { gatherRowsOps } from "./gather_rows.ts";
import { gaussianNoiseOps } from "./gaussian_noise.ts";
import { matmulOps } from "./matmul.ts";
import { maxPool2dOps } from "./max_pool2d.ts";
import { mixImagesOps } from "./mix_images.ts";
import { movingAverageOps } from "./moving_average.ts";
import { nonFiniteOps } from "./non_finite.ts";
import { normConstraintOps } from "./norm_constraint.ts";
import { oneHotOps } from "./one_hot.ts";
import { optimizerUpdateOps } from "./optimizer_update.ts";
import { pointwiseCpuOps } from "./pointwise.ts";
import { recordStepOps } from "./record_step.ts";
import { reduceOps } from "./reduce.ts";
import { reluOps } from "./relu.ts";
import { resampleAxisOps } from "./resample_axis.ts";
import { sliceOps } from "./slice.ts";
import { softmaxOps } from "./softmax.ts";
import { softmaxCrossEntropyOps } from "./softmax_cross_entropy.ts";
import { transposeOps } from "./transpose.ts";
import { unaryOps } from "./unary.ts";
import { whereOps } from "./where.ts";

/** How each op is computed, by its name. Leaves and views (reshape, stopGradient) are the backend's business. */
export const cpuOps: ReadonlyMap<string, CpuOp> = new Map(
  [
    ...argmaxOps,
    ...arithmeticOps,
    ...augmentImagesOps,
    ...avgPool2dOps,
    ...batchNormOps,
    ...batchRowsOps,
    ...binaryOps,
    ...broadcastToOps,
    ...castOps,
    ...confusionMatrixOps,
    ...conv2dOps,
    ...countCorrectOps,
    ...cumsumOps,
    ...dropoutOps,
    ...finishStepOps,
    ...gatherPartOps,
    ...gatherRowsOps,
    ...gaussianNoiseOps,
    ...matmulOps,
    ...maxPool2dOps,
    ...mixImagesOps,
    ...movingAverageOps,
    ...normConstraintOps,
    ...nonFiniteOps,
    ...oneHotOps,
    ...optimizerUpdateOps,
    ...pointwiseCpuOps,
    ...recordStepOps,
    ...reduceOps,
    ...reluOps,
    ...resampleAxisOps,
    ...sliceOps,
    ...softmaxOps,
    ...softmaxCrossEntropyOps,
    ...transposeOps,
    ...unaryOps,
    ...whereOps,
  ].map((op) => [op.op, op]),
);
