import { convolution, convolutionFilterGradient, convolutionInputGradient } from "./convolution.ts";
import type { Rule } from "./rule.ts";

/** In this order: the first that takes a node computes it. */
export const rules: readonly Rule[] = [convolution, convolutionInputGradient, convolutionFilterGradient];
