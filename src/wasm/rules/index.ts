import { convolution, convolutionFilterGradient, convolutionInputGradient } from "./convolution.ts";
import { matmul, matmulOfRows } from "./matmul.ts";
import { binary, gradient, sum, unary } from "./pointwise.ts";
import { maxPool, maxPoolGradient } from "./pools.ts";
import type { Rule } from "./rule.ts";

/** In this order: the first that takes a node computes it. */
export const rules: readonly Rule[] = [
  ...[convolution, convolutionInputGradient, convolutionFilterGradient],
  ...[matmul, matmulOfRows],
  ...[maxPool, maxPoolGradient],
  ...[unary, gradient, binary, sum],
];
