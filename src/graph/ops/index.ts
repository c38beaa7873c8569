/** Every op: each builder here is also a method of `Graph`. To add an op, write its file and name it here. */

export { argmax } from "./argmax.ts";
export { add, div, mul, sub } from "./arithmetic.ts";
export { augmentImages, randomAffine } from "./augment_images.ts";
export { avgPool2d } from "./avg_pool2d.ts";
export { batchNorm } from "./batch_norm.ts";
export { batchRows } from "./batch_rows.ts";
export { maximum, minimum, pow, prelu } from "./binary.ts";
export { broadcastTo } from "./broadcast_to.ts";
export { cast } from "./cast.ts";
export { equal, greater, greaterOrEqual, less, lessOrEqual } from "./compare.ts";
export { concat } from "./concat.ts";
export { confusionMatrix } from "./confusion_matrix.ts";
export { conv2d } from "./conv2d.ts";
export { conv2dFilterGradient, conv2dInputGradient } from "./conv2d_gradients.ts";
export { conv2dTranspose } from "./conv2d_transpose.ts";
export { countCorrect } from "./count_correct.ts";
export { cumsum } from "./cumsum.ts";
export { depthwiseConv2d } from "./depthwise_conv2d.ts";
export { dropout } from "./dropout.ts";
export { finishStep } from "./finish_step.ts";
export { gatherRows } from "./gather_rows.ts";
export { gaussianNoise } from "./gaussian_noise.ts";
export { globalAvgPool2d, globalMaxPool2d } from "./global_pool2d.ts";
export { matmul } from "./matmul.ts";
export { maxPool2d } from "./max_pool2d.ts";
export { maxPool2dGradient } from "./max_pool2d_gradient.ts";
export { mixImages, mixingPlan } from "./mix_images.ts";
export { movingAverage } from "./moving_average.ts";
export { nonFinite } from "./non_finite.ts";
export { normConstraint } from "./norm_constraint.ts";
export { groupNorm, instanceNorm, layerNorm } from "./normalization.ts";
export { l1Norm, l2Norm, logSumExp } from "./norms.ts";
export { oneHot } from "./one_hot.ts";
export { optimizerUpdate } from "./optimizer_update.ts";
export { pad } from "./pad.ts";
export {
  abs,
  clip,
  elu,
  erf,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  power,
  relu6,
  rootOfSquares,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  tanh,
} from "./pointwise.ts";
export { recordStep } from "./record_step.ts";
export { max, maxGradient, mean, min, product } from "./reduce.ts";
export { relu } from "./relu.ts";
export { reluGradient } from "./relu_gradient.ts";
export { reshape } from "./reshape.ts";
export { slice, split } from "./slice.ts";
export { logSoftmax, softmax } from "./softmax.ts";
export { softmaxCrossEntropy, softmaxCrossEntropyGradient } from "./softmax_cross_entropy.ts";
export { stopGradient } from "./stop_gradient.ts";
export { sum } from "./sum.ts";
export { transpose } from "./transpose.ts";
export { exp, log, neg, sqrt } from "./unary.ts";
export { upsample2d } from "./upsample2d.ts";
export { where } from "./where.ts";
