import { augmentImages } from "./augment.ts";
import { batchNorm, batchNormGammaGradient, batchNormInputGradient, batchStatistics } from "./batch_norm.ts";
import { convolution, convolutionFilterGradient, convolutionInputGradient } from "./convolution.ts";
import { depthwise } from "./depthwise.ts";
import { dropout } from "./dropout.ts";
import { matmul, matmulOfRows } from "./matmul.ts";
import { binary, broadcast, gradient, sum, unary } from "./pointwise.ts";
import { avgPool, maxPool, maxPoolGradient } from "./pools.ts";
import type { Rule } from "./rule.ts";
import { exp, smooth } from "./smooth.ts";
import { stridedInputGradient } from "./strided.ts";
import { gatherBytes, nonFinite } from "./training.ts";
import { unpool, winnersFilterGradient, winnersInputGradient, winnersSum } from "./winners.ts";
import { winogradConvolution, winogradFilterGradient, winogradInputGradient } from "./winograd.ts";

/** In this order: the first that takes a node computes it. */
export const rules: readonly Rule[] = [
  // Before the rules of their ops: what a pool keeps is less.
  ...[unpool, winnersSum, winnersFilterGradient, winnersInputGradient],
  ...[depthwise, batchStatistics, batchNorm, batchNormGammaGradient, batchNormInputGradient],
  // Fewer products, where they are what a convolution takes.
  ...[winogradConvolution, winogradInputGradient, winogradFilterGradient],
  ...[convolution, stridedInputGradient, convolutionInputGradient, convolutionFilterGradient],
  ...[matmul, matmulOfRows],
  ...[maxPool, maxPoolGradient, avgPool],
  ...[dropout, unary, gradient, smooth, exp, binary, broadcast, sum],
  ...[gatherBytes, augmentImages, nonFinite],
];
